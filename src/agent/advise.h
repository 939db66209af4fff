/* agent/advise.h: a model's part of an agent's work: asked with a form, or absent.
 *
 * Every agent has its result without a model. Where the session has one it is asked for words and
 * proposals, which the agent judges; whatever becomes of that, the agent goes on with its own.
 */
#pragma once

#include "agent/ask_model.h"
#include "agent/context.h"

struct advice {
    const char *form;  /* a name of model/schema.def */
    const char *rules; /* what the model is asked to do */
    const struct context_part *parts;
    size_t n;
    bool is_creative;
    const char *const *offer; /* as in struct ask_model */
};

enum { ADVICE_PARTS_MAX = 12 };

/* Asks. `*out` is the answer, which keeps to its form, the caller's; or NULL: there is no model, or
 * it does not answer, which is told once a session. `given`, or NULL, gets what the model was told,
 * for claims_judge(). Tells the person where what was read speaks to a model. OUTCOME_OK, or what
 * agent_fail() makes of a person who wants to stop and of the gate's faults. */
enum outcome advise(struct turn *turn, const struct advice *advice, struct buf *given,
                    json_t **out);

/* The member `path` as the text of a part; "" where there is none. The caller's to free(). */
char *advise_json(const json_t *json, const char *path);

/* The rules and the parts as the messages of a question, for who asks outside an agent: [{"role",
 * "content"}]. Foreign text in parts loses what hides; `*is_speaking` says whether it spoke to a
 * model. The caller decrefs. */
json_t *advise_messages(const struct advice *advice, struct buf *given, enum encoding encoding,
                        bool *is_speaking);

/* The words that may be shown: `text` where claims_judge() lets it, else NULL, and that it is left
 * out is told. */
const char *advise_words(struct turn *turn, const char *text, const struct buf *given);
