/* agent/context.h: what a model is told: parts by priority, cut to a budget of tokens.
 *
 * Before each question to a model the parts that are at hand are put in order and cut to
 * LIMIT_CONTEXT_TOKENS: what the person requires, the plan, the newest outputs of tools, then the
 * newest turns of the conversation. Pure.
 */
#pragma once

#include <jansson.h>

#include "guard/tokens/tokens.h"

enum context_kind {                       /* in the order in which they are kept */
                    CONTEXT_RULES,        /* what the model is asked to do; whole or not at all */
                    CONTEXT_QUESTION,     /* the line of the person that is answered */
                    CONTEXT_REQUIREMENTS, /* fields, answers */
                    CONTEXT_PLAN,
                    CONTEXT_OUTPUT, /* of a tool; of several the last is the newest */
                    CONTEXT_TURN,   /* of the conversation; as above */
                    CONTEXT_N
};

struct context_part {
    enum context_kind kind;
    const char *name; /* a heading, for the model */
    const char *text; /* masked or of the program's own making; the gate masks it once more */
};

/* Makes the messages of a question, [{"role","content"}], of at most `most` tokens: rules are the
 * system's, all else the user's, in the order of the parts. A part that does not fit is cut in the
 * middle, and says so; what is left no room is dropped. `*out_dropped` is how many parts, or NULL.
 * The caller decrefs. */
json_t *context_messages(const struct context_part *parts, size_t n, enum encoding encoding,
                         size_t most, size_t *out_dropped);
