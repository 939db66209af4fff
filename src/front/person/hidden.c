/* The value of a secret, read without a trace. */
#include "front/person/hidden.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "sys/tty.h"

/* Above what can be stored, so that a value that is too long is told from one that was cut. */
enum { HIDDEN_BYTES_MAX = 16 * 1024 };

void hidden_wipep(char **value) {
    if (*value != NULL) {
        mem_wipe(*value, strlen(*value));
        free(*value);
        *value = NULL;
    }
}

static void wiped_done(struct buf *text) {
    if (text->ptr != NULL) {
        mem_wipe(text->ptr, text->cap);
    }
    buf_done(text);
}

/* ---- The terminal ---- */

static bool hidden_is_over(void *ctx) {
    const struct line_wait *wait = ctx;

    return (wait->poll != NULL && wait->poll(wait->ctx)) ||
           (wait->deadline_mono_ms != 0 && clock_mono_ms() > wait->deadline_mono_ms);
}

static enum err_code hidden_terminal(const struct line_wait *wait, char **out, struct err *err) {
    CLEANUP(wiped_done) struct buf text = BUF_INIT(HIDDEN_BYTES_MAX);
    struct tty_poll poll = {hidden_is_over, (void *)(uintptr_t)wait};
    enum err_code code;

    (void)buf_reserve(&text, text.max - 1); /* so that growing leaves no copy behind */
    code = tty_read_hidden("  (not shown) > ", poll, &text, err);
    if (code == ERR_MISSING) {
        return err_set(err, ERR_CANCELLED, "you cancelled; nothing more was done");
    }
    if (code == ERR_NONE) {
        *out = mem_strdup(buf_cstr(&text));
    }
    return code;
}

/* ---- A pipe ---- */

static enum err_code hidden_pipe(struct lines *lines, const struct line_wait *wait, char **out,
                                 struct err *err) {
    switch (lines_read(lines, "", wait, out)) {
    case LINE_READ:
    case LINE_POLLED:
        return ERR_NONE;
    case LINE_INTERRUPTED:
        return err_set(err, ERR_INTERRUPTED, "stopped by Ctrl-C");
    case LINE_LATE:
        return err_set(err, ERR_WAITING, "nobody answered in time");
    case LINE_NONE:
        break;
    }
    return err_set(err, ERR_CANCELLED, "the input ended before the value; nothing was stored");
}

enum err_code hidden_read(struct lines *lines, const struct line_wait *wait, char **out,
                          struct err *err) {
    return lines_is_terminal(lines) ? hidden_terminal(wait, out, err)
                                    : hidden_pipe(lines, wait, out, err);
}

/* ---- Standard input as a whole ---- */

static enum err_code hidden_fill(int fd, struct buf *text, struct err *err) {
    for (;;) {
        ssize_t n = read(fd, text->ptr + text->len, text->cap - text->len - 1);

        if (n < 0 && errno != EINTR) {
            return err_errno(err, errno, "standard input");
        }
        if (n == 0) {
            text->ptr[text->len] = '\0';
            return ERR_NONE;
        }
        text->len += n > 0 ? (size_t)n : 0;
        if (text->len + 1 >= text->cap) {
            err_set(err, ERR_TOO_LARGE, "what comes by standard input is too long");
            return err_remedy(err, "a secret has at most 4096 bytes");
        }
    }
}

enum err_code hidden_read_all(int fd, char **out, struct err *err) {
    CLEANUP(wiped_done) struct buf text = BUF_INIT(HIDDEN_BYTES_MAX);

    (void)buf_reserve(&text, text.max - 1);
    if (hidden_fill(fd, &text, err) != ERR_NONE) {
        return err->code;
    }
    while (text.len > 0 && (text.ptr[text.len - 1] == '\n' || text.ptr[text.len - 1] == '\r')) {
        text.len--;
    }
    text.ptr[text.len] = '\0';
    if (strlen(text.ptr) != text.len) {
        err_set(err, ERR_INVALID, "the value is not text: there is a NUL in it");
        return err_remedy(err, "encode it, for instance by base64");
    }
    *out = mem_strdup(text.ptr);
    return ERR_NONE;
}
