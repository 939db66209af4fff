/* sys/tty.h: what the terminal is and can do, and text made safe for it. */
#pragma once

#include "base/buf.h"

bool tty_is_terminal(int fd);
int tty_width(int fd);  /* columns; 80 when unknown, at most 500 */
int tty_height(int fd); /* lines; 0 when unknown */

/* Colour is wanted: `fd` is a terminal, NO_COLOR is unset or empty, TERM is not "dumb". */
bool tty_has_color(int fd);

/* Appends `text` with everything that could drive a terminal made visible: C0 and C1 controls but
 * tab and newline, DEL, bidirectional and other invisible format characters as "\u{202E}", bytes
 * that are not UTF-8 as "\xFF". */
void tty_escape(struct buf *out, struct str text);

/* Holds the terminal for somebody who may type while nobody asks: what is typed is not echoed and
 * is kept, byte by byte, for whoever reads next from `in`; a paste comes between marks (ESC [200~
 * and ESC [201~) where the terminal can. Ctrl-C and Ctrl-Z still make signals. Again: the same once
 * more, after somebody else had the terminal. It is as before after tty_release(), while the
 * program is stopped by Ctrl-Z, and after its end by exit(), _exit() behind tty_restore(), or a
 * signal that it does not watch for and that can be caught. Writes the marks to `out`, the same
 * terminal. */
void tty_hold(int in, int out);
void tty_release(void);
void tty_restore(void); /* the same, safe in a signal handler, for an end */
bool tty_is_held(void);
bool tty_is_back(void); /* once after each stop: what stood on the terminal may be gone */

/* Asked three times a second while a person types: true gives the line up. */
struct tty_poll {
    bool (*is_over)(void *ctx); /* NULL: never */
    void *ctx;
};

/* Writes `prompt` to the terminal and reads one line without echo, straight from /dev/tty, into
 * `out` (without its newline; wipe it with mem_wipe() after use). A paste between marks may have
 * several lines and is all of it the value. `out` must have room reserved, so that no copy stays
 * behind. Errors: ERR_MISSING (no terminal, or end of input), ERR_INTERRUPTED
 * (Ctrl-C; the echo is restored first), ERR_WAITING (`poll` gave it up), ERR_TOO_LARGE, ERR_IO. */
MUST_CHECK enum err_code tty_read_hidden(const char *prompt, struct tty_poll poll, struct buf *out,
                                         struct err *err);
