/* front/render/speech.h: text of a model, laid out while it comes: wrapped at the width, a little
 * of Markdown (headings, lists, **bold**, `code`, fences) made plain.
 *
 * Pieces may be cut anywhere, also inside a character or a mark. They are masked already, and made
 * safe here.
 */
#pragma once

#include "front/render/screen.h"

struct speech; /* opaque */

/* Words at an indent on `screen`, which is borrowed. The caller frees. */
struct speech *speech_new(const struct screen *screen, int indent);
void speech_free(struct speech *speech); /* accepts NULL */

/* Takes a piece; lines that are whole, each with its newline, are appended to `out`. */
void speech_add(struct speech *speech, struct str piece, struct buf *out);

/* The end: what is left is a line too. */
void speech_end(struct speech *speech, struct buf *out);

/* Appends the line that is under way, as it would stand, without a newline; returns its columns,
 * never more than the screen has. 0: there is none. */
int speech_tail(const struct speech *speech, struct buf *out);
