/* front/render/live.h: the lines at the bottom of a terminal that are drawn over: one a resource
 * that is being worked on, and one for what is going on otherwise.
 *
 * Between two calls the cursor is below the region. A thread of its own redraws once a second, for
 * the clocks. On a screen that is not live all of it does nothing but live_print().
 */
#pragma once

#include "front/render/screen.h"

struct live; /* opaque; one thread calls */

struct live *live_new(const struct screen *screen);
void live_free(struct live *live); /* takes the region away; accepts NULL */

/* Writes `text` above the region and empties it. */
void live_print(struct live *live, struct buf *text);

/* Shows the row `key` with these words, adding it when it is new. `at_ms` is when its work began,
 * by the clock of whoever reports. */
void live_row(struct live *live, const char *key, const char *status, const char *detail,
              int64_t at_ms);

/* Takes the row away; how long its work took until `at_ms`, -1 when there is no such row. */
int64_t live_settle(struct live *live, const char *key, int64_t at_ms);

/* Says what is going on; NULL: nothing. Its clock starts when `is_new`. */
void live_note(struct live *live, const char *text, bool is_new);

/* Keeps `line`, laid out, of so many columns, above the rows: it is still being written. 0 columns:
 * none. Shown by the next call that draws. */
void live_tail(struct live *live, const char *line, int columns);

/* Takes the region away until the next call that changes it. */
void live_hide(struct live *live);

/* Forgets all rows and the note. */
void live_clear(struct live *live);
