/* tool/meter.h: what one person's session spends on models, over all sessions of the flow that one
 * process runs, its conversation's runs and their children.
 *
 * The ledger (guard/tokens/ledger.h) is in memory; the record is the journal of the session that
 * spends: what a call holds is in its intent, written before the call is sent, what it used in its
 * result. gate_recall() puts together again what an earlier process spent; an intent without a
 * result is spent whole. The gate alone holds and settles.
 */
#pragma once

#include "guard/tokens/ledger.h"
#include "tool/tool.h"

struct meter; /* opaque */

struct meter *meter_new(void) __attribute__((returns_nonnull));
void meter_free(struct meter *meter); /* accepts NULL */

/* The session's ledger. Any thread. */
struct token_ledger *meter_ledger(struct meter *meter);

/* Takes a session in; true for one that this process did not know, whose records are to be counted.
 */
bool meter_join(struct meter *meter, const char *session);

/* The question whether the budget may be raised, the same each time. New reference. */
json_t *meter_question(void);
struct sha256_hex meter_question_digest(void);

/* Keeps the answer of a person, given now or on record. */
void meter_answered(struct meter *meter, bool is_yes);
bool meter_may_ask(const struct meter *meter); /* nobody has answered yet */
bool meter_is_raised(const struct meter *meter);

/* The level that the session has come to since it was last told, or TOKEN_LEVEL_LOW. */
enum token_level meter_news(struct meter *meter);

/* Notes that a prompt was billed above its hold; true for the first, of which a person is told. */
bool meter_alarm(struct meter *meter);
