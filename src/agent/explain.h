/* agent/explain.h: why a run failed, in a model's words, with proposals that were judged.
 *
 * The deterministic cause and remedy come first and stand without this. A proposal is shown, never
 * done: a field with a value that its validator takes, a command of this program or one that
 * refreshes a lock, a diff whose old lines stand in the file that it names, or advice.
 */
#pragma once

#include "agent/advise.h"

/* What the model is asked: the question's advice without its parts. */
extern const char explain_rules[];

/* Judges the answer, a form "explain": {"cause","proposals":[{"kind","target","text","why"}]}, by
 * what the model was told; what does not hold is taken out, "left_out" counts it. A diff needs its
 * file, which `read` gives, the caller's to free(), or NULL. */
void explain_judge(json_t *form, struct str given, char *(*read)(void *ctx, const char *file),
                   void *ctx);

/* The lines that a person is shown of a judged form. The caller decrefs: an array of strings. */
json_t *explain_lines(const json_t *form);

/* In an agent's turn, after its problem is known: asks and judges. `*out` is the lines to show, the
 * caller's, or NULL. Of decisions of a person, refusals and what was explained already nothing is
 * asked. OUTCOME_OK, or as advise(). */
enum outcome explain_problem(struct turn *turn, json_t **out);
