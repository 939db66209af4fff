/* sys/tty.h: what the terminal is and can do, and text made safe for it. */
#pragma once

#include "base/buf.h"

bool tty_is_terminal(int fd);
int tty_width(int fd); /* columns; 80 when unknown, at most 500 */

/* Colour is wanted: `fd` is a terminal, NO_COLOR is unset or empty, TERM is not "dumb". */
bool tty_has_color(int fd);

/* Appends `text` with everything that could drive a terminal made visible: C0 and C1 controls but
 * tab and newline, DEL, bidirectional and other invisible format characters as "\u{202E}", bytes
 * that are not UTF-8 as "\xFF". */
void tty_escape(struct buf *out, struct str text);

/* Asked three times a second while a person types: true gives the line up. */
struct tty_poll {
    bool (*is_over)(void *ctx); /* NULL: never */
    void *ctx;
};

/* Writes `prompt` to the terminal and reads one line without echo, straight from /dev/tty, into
 * `out` (without its newline; wipe it with mem_wipe() after use). `out` must have room reserved, so
 * that no copy stays behind. Errors: ERR_MISSING (no terminal, or end of input), ERR_INTERRUPTED
 * (Ctrl-C; the echo is restored first), ERR_WAITING (`poll` gave it up), ERR_TOO_LARGE, ERR_IO. */
MUST_CHECK enum err_code tty_read_hidden(const char *prompt, struct tty_poll poll, struct buf *out,
                                         struct err *err);
