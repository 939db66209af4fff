/* agent/ask_model.h: an agent's question to the model, with the reads that it may ask for.
 *
 * A model words and proposes. What it asks for is called through the gate as this agent, with
 * arguments that come from a model; what it answers is one text or one form, for validators to
 * judge. Whoever asks goes on without an answer, in plain words, whatever the error.
 */
#pragma once

#include "agent/agent.h"

struct ask_model {
    const json_t *messages;   /* array of {"role","content"}; borrowed */
    const char *form;         /* a name of model/schema.def; NULL: text */
    bool is_creative;         /* wording for a person; else planning */
    bool is_shown;            /* to the person, as it comes: events of type "delta" */
    int64_t answer_max;       /* tokens; 0: LIMIT_ANSWER_TOKENS */
    const char *const *offer; /* reads that this agent is granted, "tool.operation", NULL-ended;
                                 NULL: none */
};

/* Whether this session was begun with a model. */
bool has_model(const struct turn *turn);

/* Asks, does what the model asks for in at most LIMIT_MODEL_ROUNDS rounds, and asks once more after
 * an answer that was cut or does not keep to its form. `*out` is the caller's: "json" of a form,
 * else "text"; "model", "finish". Errors: ERR_UNSUPPORTED (no model), ERR_BUDGET, ERR_TOO_LARGE
 * (the prompt), those of model_complete(), those of gate_fault(). */
MUST_CHECK enum err_code ask_model(struct turn *turn, const struct ask_model *ask, json_t **out,
                                   struct err *err);
