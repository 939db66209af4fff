/* front/render/screen.h: text for people: colours, columns, wrapping, nothing that drives the
 * terminal but what we put there.
 *
 * Values are untrusted: they pass screen_text() or screen_word(), which make control characters
 * visible. Text is gathered in a `struct buf` and written at once.
 */
#pragma once

#include <stdio.h>

#include "base/buf.h"

struct screen {
    FILE *to;
    bool has_color;
    bool is_live;     /* lines may be drawn over */
    bool is_terminal; /* its size is asked for anew each time: screen_width() */
    int width;        /* columns, of what is no terminal; and its lines: */
    int height;       /* 0: nobody scrolls */
};

enum style {
    STYLE_PLAIN,
    STYLE_BOLD,
    STYLE_DIM,
    STYLE_GOOD,
    STYLE_BAD,
    STYLE_WARN,
    STYLE_LOUD, /* what nobody may overlook */
    STYLE_N
};

/* The screen of a file descriptor's terminal, or of a pipe. `is_plain`: no colour, no motion. */
struct screen screen_of(FILE *to, int fd, bool is_plain);

/* Columns and lines as they are now; lines are 0 where nobody
 * scrolls. */
int screen_width(const struct screen *screen);
int screen_height(const struct screen *screen);

/* Appends `text`, in the style where the screen has colours. */
void screen_styled(const struct screen *screen, struct buf *out, enum style style,
                   const char *text);

/* Appends a value as one line, safe: line ends become blanks. */
void screen_word(struct buf *out, const char *value);

/* Appends a safe value in exactly `columns`: cut with an ellipsis, or filled with blanks. */
void screen_cell(struct buf *out, const char *value, int columns);

/* Appends safe text, wrapped at the width, each line indented by `indent`; ends with a newline. */
void screen_text(const struct screen *screen, struct buf *out, int indent, const char *text);

/* Appends lines that were laid out for a wide screen: one that is wider than the terminal goes on
 * below its last column. Lines with styles and of JSON stay, and all where there is no terminal. */
void screen_fit(const struct screen *screen, struct buf *out, struct str text);

/* As screen_text(), indented by four, with a styled mark of one column before the first line. */
void screen_bullet(const struct screen *screen, struct buf *out, enum style style, const char *mark,
                   const char *text);

/* Appends "  label        value", the value wrapped beside its label. */
void screen_pair(const struct screen *screen, struct buf *out, const char *label,
                 const char *value);

/* The type of a resource as far as there is room for it: "AWS::Lambda::Function", else
 * "Lambda::Function", else "Function". */
const char *screen_type(const char *type, int columns);

/* Columns that well-formed text takes: one a character, two for wide ones, none for combining. */
int screen_columns(const char *text);

/* Bytes of the beginning of a word that a line end may not part: all of it, or up to its first wide
 * character, behind which East Asian text may go on on the next line. */
size_t screen_chunk(const char *text);

/* Writes and empties the buffer. */
void screen_write(const struct screen *screen, struct buf *text);

/* "0.4 s", "12 s", "3 min 05 s", "2 h 10 min". */
struct elapsed {
    char text[24];
};
struct elapsed screen_elapsed(int64_t ms);

/* "734 B", "12 kB", "1.4 MB". */
struct elapsed screen_bytes(int64_t bytes);
