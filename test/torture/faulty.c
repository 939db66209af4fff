/* The program with tools that fail: main.c, the real agents, gate and operations, and this table in
 * the place of tool/tools.c. Each operation is the real one, but for one call:
 *
 *   FAULTY_LOG=FILE   a line a call: TOOL.OPERATION
 *   FAULTY_AT=N       in the Nth call of this process
 *   FAULTY_DO=fail    nothing is done, and it says that it failed
 *            =told    it is done, and it says that it failed
 *   FAULTY_CODE=WORD  with this error (base/err.def)
 */
#include "tool/tool.h"

#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define TOOL(name) extern const struct tool tool_##name;
#include "tool/tool.def"
#undef TOOL

static const struct tool *const real[] = {
#define TOOL(name) &tool_##name,
#include "tool/tool.def"
#undef TOOL
};

enum { REAL_N = ARRAY_N(real), ROWS_MAX = 100 };

static struct operation rows[ROWS_MAX];
static const struct operation *of[ROWS_MAX]; /* the real row */
static const char *tool_of[ROWS_MAX];
static size_t row_n;
static atomic_long calls;

/* One write a line: calls run on several threads. */
static void faulty_log(size_t i) {
    const char *path = getenv("FAULTY_LOG");
    CLEANUP(freep) char *line = mem_format("%s.%s\n", tool_of[i], of[i]->name);
    int fd = path == NULL ? -1 : open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);

    if (fd >= 0) {
        (void)!write(fd, line, strlen(line));
        (void)close(fd);
    }
}

static enum err_code faulty(size_t i, struct op *op, json_t **out, struct err *err) {
    const char *at = getenv("FAULTY_AT");
    const char *what = getenv("FAULTY_DO");
    const char *code = getenv("FAULTY_CODE");
    long number = atomic_fetch_add(&calls, 1) + 1;

    faulty_log(i);
    if (at == NULL || number != strtol(at, NULL, 10)) {
        return of[i]->run(op, out, err);
    }
    if (what != NULL && strcmp(what, "told") == 0) {
        (void)of[i]->run(op, out, err);
        json_decref(*out);
        *out = NULL;
    }
    err_set(err, err_from_wire(code == NULL ? "unreachable" : code),
            "the laboratory says that %s failed", of[i]->name);
    return err_remedy(err, "end the experiment");
}

/* A row knows nothing of itself when it is called: a function each. */
#define ROW(i)                                                                                     \
    static enum err_code row_##i(struct op *op, json_t **out, struct err *err) {                   \
        return faulty(i, op, out, err);                                                            \
    }
#define TEN(d)                                                                                     \
    ROW(d##0)                                                                                      \
    ROW(d##1) ROW(d##2) ROW(d##3) ROW(d##4) ROW(d##5) ROW(d##6) ROW(d##7) ROW(d##8) ROW(d##9)
/* Without a leading zero, which would be octal. */
/* clang-format off */
TEN() TEN(1) TEN(2) TEN(3) TEN(4) TEN(5) TEN(6) TEN(7) TEN(8) TEN(9)
/* clang-format on */
#undef ROW
#undef TEN

#define TEN(d)                                                                                     \
    row_##d##0, row_##d##1, row_##d##2, row_##d##3, row_##d##4, row_##d##5, row_##d##6,            \
        row_##d##7, row_##d##8, row_##d##9,
    static enum err_code (*const runs[ROWS_MAX])(struct op *, json_t **, struct err *) = {
        TEN() TEN(1) TEN(2) TEN(3) TEN(4) TEN(5) TEN(6) TEN(7) TEN(8) TEN(9)};
#undef TEN

_Static_assert(REAL_N == 9, "a tool more: name its copy below");

static struct tool copies[REAL_N];
const struct tool *const tools[REAL_N] = {&copies[0], &copies[1], &copies[2],
                                          &copies[3], &copies[4], &copies[5],
                                          &copies[6], &copies[7], &copies[8]};
const size_t tool_n = REAL_N;

__attribute__((constructor)) static void faulty_make(void) {
    for (size_t t = 0; t < REAL_N; t++) {
        copies[t] = *real[t];
        copies[t].operations = &rows[row_n];
        for (size_t i = 0; i < real[t]->operation_n; i++) {
            if (row_n == ROWS_MAX) {
                abort();
            }
            of[row_n] = &real[t]->operations[i];
            tool_of[row_n] = real[t]->name;
            rows[row_n] = real[t]->operations[i];
            rows[row_n].run = runs[row_n];
            row_n++;
        }
    }
}
