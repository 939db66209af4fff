/* How a failure travels: a code, one sentence, one remedy. */
#include "base/err.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const struct {
    const char *wire;
    const char *sentence;
    int exit_status;
} rows[ERR_N] = {
#define ERR(name, wire, exit_status, sentence) [ERR_##name] = {wire, sentence, exit_status},
#include "base/err.def"
#undef ERR
};

enum err_code err_set(struct err *err, enum err_code code, const char *fmt, ...) {
    va_list args;

    err->code = code;
    /* Whatever the answer was, this is what a person can do about one that is not understood. */
    (void)snprintf(err->remedy, sizeof err->remedy, "%s",
                   code == ERR_PROTOCOL ? "repeat the command; if it stays so, check the endpoint "
                                          "and whether a proxy answers in its place"
                                        : "");
    va_start(args, fmt);
    (void)vsnprintf(err->text, sizeof err->text, fmt, args);
    va_end(args);
    if (err->text[0] == '\0') {
        (void)snprintf(err->text, sizeof err->text, "%s", rows[code].sentence);
    }
    return code;
}

enum err_code err_remedy(struct err *err, const char *fmt, ...) {
    va_list args;

    va_start(args, fmt);
    (void)vsnprintf(err->remedy, sizeof err->remedy, fmt, args);
    va_end(args);
    return err->code;
}

enum err_code err_prefix(struct err *err, const char *fmt, ...) {
    char old[sizeof err->text];
    va_list args;
    int n;

    memcpy(old, err->text, sizeof old);
    va_start(args, fmt);
    n = vsnprintf(err->text, sizeof err->text, fmt, args);
    va_end(args);
    if (n >= 0 && (size_t)n < sizeof err->text) {
        (void)snprintf(err->text + n, sizeof err->text - (size_t)n, ": %s", old);
    }
    return err->code;
}

enum err_code err_errno(struct err *err, int errno_value, const char *fmt, ...) {
    char what[320];
    va_list args;
    enum err_code code = ERR_IO;

    va_start(args, fmt);
    (void)vsnprintf(what, sizeof what, fmt, args);
    va_end(args);
    if (errno_value == ENOSPC || errno_value == EDQUOT) {
        code = ERR_DISK_FULL;
    } else if (errno_value == ENOENT) {
        code = ERR_NOT_FOUND;
    }
    /* No colon: the name of a file may be that of a secret, and its value would be masked. */
    err_set(err, code, "%s (%s)", what, strerror(errno_value));
    if (code == ERR_DISK_FULL) {
        err_remedy(err, "free some space and run the same command again; it goes on where it was");
    }
    return code;
}

const char *err_wire(enum err_code code) { return rows[code].wire; }

enum err_code err_from_wire(const char *wire) {
    for (enum err_code c = ERR_NONE; c < ERR_N; c++) {
        if (wire != NULL && strcmp(rows[c].wire, wire) == 0) {
            return c;
        }
    }
    return ERR_DEFECT;
}

int err_exit(enum err_code code) { return rows[code].exit_status; }
