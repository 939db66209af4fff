/* guard/moderation.h: requests that this program does not help with, and text that speaks to a
 * model.
 *
 * Pure, small and honest: the local rows know plain words for plain harm, in English and, fewer, in
 * a dozen other languages, however they are spelled; OpenAI's filter knows more, where there is a
 * key. Paper: docs/moderation.md.
 */
#pragma once

#include "base/buf.h"

enum moderation_verdict {
    MODERATION_END = 0, /* the conversation ends, with the reason's code */
    MODERATION_DECLINE, /* nothing is done about it and no model sees it; the conversation goes on
                         */
    MODERATION_PASS,
    MODERATION_N
};

struct moderation {
    enum moderation_verdict verdict;
    const char *code; /* constant: "phishing", "self_harm", ...; "" where it passes */
};

/* What the local rows say of a person's text. */
struct moderation moderation_judge(struct str text);

/* What a category of OpenAI's filter means; one that is not known is declined.
 * Source: OpenAI, "Moderation", content classifications of omni-moderation-latest. */
struct moderation moderation_of_category(const char *category);

/* The stricter of two. */
struct moderation moderation_strictest(struct moderation a, struct moderation b);

/* One sentence for the person, without a full stop. */
const char *moderation_text(struct moderation moderation);

/* Appends foreign text as it may stand in a prompt: without characters that no screen shows, which
 * can hide words from the person. Returns whether it had any, or has words that are meant for a
 * model ("ignore all previous instructions"): worth a warning, and no more than that. */
bool moderation_add_foreign(struct str text, struct buf *out);
