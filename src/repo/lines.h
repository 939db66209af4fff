/* repo/lines.h: text for a terminal: wrapped lines, a column of labels, nothing that moves a
 * cursor. */
#pragma once

#include "base/json.h"

enum { LINES_COLUMNS = 80, LINES_LABEL = 12 };

/* Appends `text` wrapped at words to LINES_COLUMNS, the first line after what stands there already
 * (`at` columns), the following ones `indent` columns in; ends the line. */
void lines_wrap(struct buf *out, int at, int indent, const char *text);

/* Appends "LABEL       text", wrapped below the text. An empty label continues the one before. */
void lines_label(struct buf *out, const char *label, const char *text);

/* Appends `text` with every control, bidirectional and zero-width character as '?'; '\n' stays. */
void lines_plain(struct buf *out, struct str text);

/* A copy in which no text has a control character: a name with a line end in it must not become a
 * line of its own. The caller decrefs. */
json_t *lines_clean(const json_t *json);

/* What a survey calls a framework, bundler or package manager, in its product's own spelling:
 * "FastAPI" for "fastapi". What is in no row is written as it is. */
const char *lines_title(const char *name);
