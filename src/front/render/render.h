/* front/render/render.h: what happens, drawn for people; and the same as NDJSON for programs.
 *
 * Both are sinks of the bus: they take masked JSON and nothing else. One thread emits; the renderer
 * has a second one that moves the clocks of what is under way, on a terminal only.
 */
#pragma once

#include "front/render/screen.h"
#include "telemetry/bus.h"

enum progress {
    PROGRESS_BAR,    /* on a terminal: a line a resource, updated in place */
    PROGRESS_EVENTS, /* a line an event */
    PROGRESS_ERRORS, /* failures only */
};

struct render; /* opaque */

/* A renderer on `screen`, which is copied. `is_verbose` shows decisions that went well too. The
 * caller frees. */
struct render *render_new(const struct screen *screen, enum progress progress, bool is_verbose);
void render_free(struct render *render); /* accepts NULL */

/* Sinks; the context is a struct render. The second one also shows every tool call. */
extern const struct sink render_sink;
extern const struct sink render_sink_verbose;

/* Draws one event. `json` is borrowed. */
void render_event(struct render *render, enum event event, const json_t *json);

/* Writes `text` above what moves, and empties it. */
void render_print(struct render *render, struct buf *text);

/* Takes away what moves, before somebody else writes to the screen. The next event brings it back.
 */
void render_rest(struct render *render);

/* Forgets what is under way, for a run whose end is shown in another way. */
void render_clear(struct render *render);

/* Says how a run ended, {"status","error","next"}: what failed, what was done, what to do; then the
 * warnings of the run once more. */
void render_end(struct render *render, const json_t *result);

/* The last change set and the last plan that were shown; NULL: none yet. Borrowed. */
const json_t *render_change_set(const struct render *render);
const json_t *render_plan(const struct render *render);

/* Shows a plan: its steps, what it ships and names, what it costs and what a failure does.
 * `is_verbose` lists all permissions. */
void render_planned(const struct screen *screen, bool is_verbose, struct buf *out,
                    const json_t *plan);

/* Shows a change set as the table that users of SAM know, and what would be lost; for those who
 * have one at hand. */
void render_changes(const struct screen *screen, struct buf *out, const json_t *change_set);

/* Explains each change in plain words: what the resource is for, why it changes, what goes. Where
 * the question names resources, only those. */
void render_why(const struct screen *screen, struct buf *out, const json_t *change_set,
                const char *question);

/* Shows the lines of a model, announced as what they are; nothing for NULL. */
void render_words(const struct screen *screen, struct buf *out, const json_t *words);

/* Shows an error and what can be done. */
void render_error(const struct screen *screen, struct buf *out, const char *text,
                  const char *remedy);

/* The line "account 123456789012 (pinned) · eu-west-1 · role deployer · endpoint AWS" of a `where`
 * event. */
void render_where(const struct screen *screen, struct buf *out, const json_t *where);

/* ---- NDJSON ---- */

struct ndjson {
    FILE *to;
    int failed;          /* errno of the first write that failed: all later ones are left out */
    bool ends_in_result; /* the last line was the result */
};

/* Sinks; the context is a struct ndjson. The second one also gets tool calls. */
extern const struct sink ndjson_sink;
extern const struct sink ndjson_sink_debug;

/* Writes one line at once. */
void ndjson_write(struct ndjson *ndjson, const struct masked *json);
