/* agent/claims.h: whether the words of a model may be shown to a person.
 *
 * What a model says is shown beside facts, and read as one. So a text that names a number, an
 * address, a file or an amount that nobody gave to the model is not shown; nor is one that asks for
 * a secret or presses for a yes. Words, in one language: it can be talked around, and then the
 * text is what it is announced as, a model's words that decide nothing. Pure.
 */
#pragma once

#include "base/str.h"

enum claims {
    CLAIMS_FOREIGN = 0, /* it names something that nobody gave */
    CLAIMS_SECRET,      /* it asks the person for a secret */
    CLAIMS_PRESSING,    /* it presses for an approval */
    CLAIMS_UNREADABLE,  /* control characters, or nothing at all */
    CLAIMS_GIVEN,       /* it may be shown */
};

/* Judges `text` by what the model was told, `given`. */
enum claims claims_judge(struct str text, struct str given);

/* Why it is not shown, as half a sentence; "" for CLAIMS_GIVEN. */
const char *claims_text(enum claims claims);
