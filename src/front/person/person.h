/* front/person/person.h: the person at the other side, as the gate sees one.
 *
 * An asker with lines is somebody: questions are shown on its screen and answered by a line. One
 * without lines is nobody: with `takes_proposals` it still answers what a question proposes itself,
 * but never an approval and never whether this repository's code may run.
 */
#pragma once

#include "front/person/lines.h"
#include "front/render/render.h"
#include "tool/gate.h"

struct asker {
    struct lines *lines;   /* borrowed; NULL: nobody */
    struct render *render; /* where questions are shown; borrowed */
    struct screen screen;
    bool is_silent;           /* questions are shown as NDJSON only */
    bool takes_proposals;     /* --yes */
    bool is_planning;         /* approvals wait for another process, and this one does not */
    bool is_detached;         /* they wait for another process, and this one waits with them */
    int64_t deadline_mono_ms; /* of what runs now; 0: none. Within a session the gate watches it */
    const atomic_bool *interrupted;

    /* Looks at a line that may not answer the question, for instance "change region to ...";
     * `is_free` when any text could be its answer. True: it ends the run, which is then cancelled.
     * May be NULL. */
    bool (*aside)(void *ctx, const char *line, bool is_free);
    void *aside_ctx;
};

/* The person that `asker` is; it must outlive the person. */
struct person asker_person(struct asker *asker);

/* Asks yes or no outside a session. Errors: ERR_WAITING (nobody), ERR_CANCELLED, ERR_INTERRUPTED.
 */
MUST_CHECK enum err_code asker_confirm(struct asker *asker, const char *question, bool proposal,
                                       bool *out, struct err *err);

/* Asks which of `choices`, an array of strings, outside a session; `*out` is the caller's. Errors:
 * as above. */
MUST_CHECK enum err_code asker_choose(struct asker *asker, const char *question, json_t *choices,
                                      char **out, struct err *err);

/* Asks for a line outside a session; `*out` is the caller's to free(). Errors: as above. */
MUST_CHECK enum err_code asker_text(struct asker *asker, const char *question, char **out,
                                    struct err *err);
