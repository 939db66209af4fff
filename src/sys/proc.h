/* sys/proc.h: runs one program to its end: no shell, a built environment, a deadline, bounded
 * output.
 *
 * The child has its own process group, no terminal, /dev/null or the given bytes as input, no other
 * open files, and dies with the thread that runs it. What it prints goes through the caller's
 * filter before anything is kept, so raw bytes never rest. Ends are told apart: exit, signal,
 * timeout, cancellation, flood, full disk. Blocking; any number of threads at once.
 */
#pragma once

#include "base/buf.h"
#include "sys/sandbox.h"

#include <stdatomic.h>

enum {
    PROC_HEAD_BYTES = 32 * 1024,         /* kept of each stream: the beginning ... */
    PROC_TAIL_BYTES = 96 * 1024,         /* ... and the end */
    PROC_FLOOD_BYTES = 64 * 1024 * 1024, /* raw bytes of both streams together; more: killed */
    PROC_LINE_BYTES = 4096,              /* a longer line reaches the line callback in pieces */
    PROC_GRACE_MS = 2000,                /* between TERM and KILL */
    PROC_BEAT_MS = 10000,                /* of silence, until it is said that it still runs */
};

enum proc_stream { PROC_OUT = 0, PROC_ERR, PROC_STREAM_N };

/* What comes after a piece of output. */
enum proc_rest {
    PROC_MORE = 0,
    PROC_ENDED, /* nothing: the program has exited */
    PROC_CUT    /* nothing: it was stopped, and what came last may be half of what it meant */
};

/* Turns raw output into what may be kept. Called on the thread of proc_run(). */
struct proc_filter {
    /* Appends to `out` what is clean of `raw`; may hold bytes back until later. Called a last time
     * for each stream with an empty `raw`, and not PROC_MORE. */
    void (*feed)(void *ctx, enum proc_stream stream, struct str raw, enum proc_rest rest,
                 struct buf *out);
    void *ctx;
};

/* The filter that keeps everything: for programs whose output is ours. */
extern const struct proc_filter proc_filter_none;

/* The filter that keeps nothing: for output that nobody may see. */
extern const struct proc_filter proc_filter_drop;

struct proc_spec {
    const char *const *argv; /* ends with NULL; argv[0] is an absolute path, see proc_find() */
    const char *const *env;  /* "NAME=value", ends with NULL; NULL = empty. Nothing is inherited. */
    const char *cwd;         /* absolute */
    struct str input;        /* for stdin; empty = /dev/null */
    int64_t timeout_ms;      /* from the start; must be positive */
    const atomic_bool *cancel;     /* looked at ten times a second; may be NULL */
    const struct sandbox *sandbox; /* NULL = none: limits of `struct sandbox` do not apply either */
    struct proc_filter filter;     /* feed must be set */

    /* Called with each filtered line, without its newline, as it comes; may be NULL. */
    void (*line)(void *ctx, enum proc_stream stream, struct str line);
    void *line_ctx;

    /* Called after each `beat_ms` (0: PROC_BEAT_MS) of silence, with how long it runs; may be NULL.
     */
    void (*beat)(void *ctx, int64_t ms);
    void *beat_ctx;
    int64_t beat_ms;
};

enum proc_end {
    PROC_NONE = 0,
    PROC_EXITED,    /* `value` is the exit status */
    PROC_SIGNALLED, /* `value` is the signal */
    PROC_TIMEOUT,
    PROC_CANCELLED,
    PROC_FLOOD, /* over PROC_FLOOD_BYTES of output */
    PROC_DISK,  /* it left less than the sandbox's disk_free_min or disk_files_min */
    PROC_END_N
};

struct proc_result {
    enum proc_end end;
    int value;
    int64_t ms;                     /* how long it ran */
    struct buf text[PROC_STREAM_N]; /* filtered; where bytes were dropped a line says how many */
    int64_t dropped[PROC_STREAM_N]; /* filtered bytes that were not kept */
    bool is_confined;               /* a sandbox was on */
};
void proc_result_done(struct proc_result *result);

/* Runs the program and waits for its end. An end of any kind is an answer, not an error.
 * Errors: ERR_NOT_FOUND (no such program), ERR_SANDBOX (a wall is missing; the sentence names it),
 * ERR_INVALID (a relative path, no time), ERR_IO. */
MUST_CHECK enum err_code proc_run(const struct proc_spec *spec, struct proc_result *out,
                                  struct err *err);

/* True when it exited with status 0. */
bool proc_is_ok(const struct proc_result *result);

/* The reason code of an end: "exit", "signal", "timeout", "cancelled", "flood", "disk"; constant.
 */
const char *proc_end_name(enum proc_end end);

/* Appends how it ended, for instance "exited with status 3", "was killed by SIGSEGV". */
void proc_describe_end(const struct proc_result *result, struct buf *out);

/* The absolute path of the executable `name` in `path` (a PATH value; NULL = that of this process),
 * the caller's to free(); NULL when there is none. A name with '/' is checked and returned whole.
 */
char *proc_find(const char *name, const char *path);

/* An environment in the making. proc_env_done() frees it. */
struct proc_env {
    char **vars; /* ends with NULL once something was set; pass as `env` */
    size_t n;
};
void proc_env_set(struct proc_env *env, const char *name, const char *value); /* replaces */
/* Takes over from this process each variable of the NULL-terminated list that is set. */
void proc_env_inherit(struct proc_env *env, const char *const *names);
void proc_env_done(struct proc_env *env);
