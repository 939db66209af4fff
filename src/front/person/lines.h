/* front/person/lines.h: where a person's lines come from: a terminal with line editing, or a pipe.
 *
 * While it waits it calls `poll` at least three times a second, also between two keys.
 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

struct lines; /* opaque */

/* Lines from the terminal on stdin and stdout's or stderr's terminal. The caller frees.
 * Errors: ERR_IO (the editor cannot be set up). */
MUST_CHECK enum err_code lines_open_terminal(struct lines **out, struct err *err);

/* Lines from a pipe on stdin, one a turn; nothing is echoed. The caller frees. */
struct lines *lines_open_pipe(int fd);
void lines_close(struct lines *lines); /* accepts NULL */
bool lines_is_terminal(const struct lines *lines);

enum line_end {
    LINE_NONE = 0,    /* the input is at its end */
    LINE_READ,        /* `*out` is the line without its newline */
    LINE_POLLED,      /* `poll` gave true */
    LINE_INTERRUPTED, /* Ctrl-C */
    LINE_LATE,        /* the deadline passed */
};

struct line_wait {
    bool (*poll)(void *ctx); /* may be NULL */
    void *ctx;
    const atomic_bool *interrupted;
    int64_t deadline_mono_ms; /* 0: none */
};

/* Forgets what was typed on a terminal before it was asked for: a yes is given by somebody who has
 * read what it means. A pipe keeps its lines. */
void lines_forget(struct lines *lines);

/* Puts a line of a pipe back, for whoever reads next: it was no answer to what was asked. */
void lines_return(struct lines *lines, const char *line);

/* Reads one line; `prompt` is shown on a terminal. `*out` is the caller's to free() and is set for
 * LINE_READ only. A line over LIMIT_INPUT_LINE_BYTES is cut. */
enum line_end lines_read(struct lines *lines, const char *prompt, const struct line_wait *wait,
                         char **out);

/* Keeps what was typed in the history file, loaded when it is named. Text must be masked. */
void lines_name_history(struct lines *lines, const char *path);
void lines_keep(struct lines *lines, const char *masked);
