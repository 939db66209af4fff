/* base/err.h: how a failure travels: a code, one sentence, one remedy.
 *
 * A fallible function returns `enum err_code` and takes `struct err *err` last. On failure its out
 * parameters are untouched and `err` is set; on success `err` is untouched. An expected answer
 * (unhealthy, no change, not ours) is a value, never an error.
 */
#pragma once

#include "base/mem.h"

enum err_code {
#define ERR(name, wire, exit_status, sentence) ERR_##name,
#include "base/err.def"
#undef ERR
    ERR_N
};

struct err {
    enum err_code code; /* ERR_NONE = 0 */
    char text[480];     /* one sentence for a person, no full stop; cut if longer */
    char remedy[320];   /* what the person can do next; empty when nothing is known */
};

/* Sets code and sentence, clears the remedy (ERR_PROTOCOL has one of its own), and returns `code`,
 * so that `return err_set(...)` reads well. */
enum err_code err_set(struct err *err, enum err_code code, const char *fmt, ...) PRINTF_LIKE(3, 4);

/* Adds the remedy to an error that is set, and returns its code. */
enum err_code err_remedy(struct err *err, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* Puts "CONTEXT: " before the sentence that is there, and returns the code. */
enum err_code err_prefix(struct err *err, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* Sets ERR_IO, ERR_DISK_FULL (ENOSPC, EDQUOT) or ERR_NOT_FOUND (ENOENT) from `errno_value`, the
 * sentence being "WHAT (strerror)". */
enum err_code err_errno(struct err *err, int errno_value, const char *fmt, ...) PRINTF_LIKE(3, 4);

/* The word used in JSON for `code`, for instance "not_found"; never NULL. */
const char *err_wire(enum err_code code);

/* The code whose wire name is `wire`; ERR_DEFECT when there is none. */
enum err_code err_from_wire(const char *wire);

/* The program's exit status for `code`. */
int err_exit(enum err_code code);
