/* guard/tokens/ledger.h: the tokens that one session may spend, reserved before a call, settled
 * after it.
 *
 * A call gets what it may need at worst, or nothing, in one atomic step, so calls at once never
 * spend more than the budget together. What a call did not use comes back; of a call whose use is
 * not known everything is spent. Pure, no lock, any thread. The caller keeps the record: it writes
 * a hold down before it sends, and after a restart counts the open ones as spent.
 */
#pragma once

#include "base/mem.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/* Tokens of prompts (cached ones too) and of answers (reasoning too). */
struct token_sum {
    uint32_t in, out;
};

struct token_ledger {
    _Atomic uint64_t taken;  /* used and held: in << 32 | out */
    _Atomic uint64_t budget; /* the same */
    _Atomic uint32_t margin; /* how much more than the local count a prompt turned out to be */
};

/* What one call may spend. {0}: nothing. */
struct token_hold {
    struct token_sum held;
    uint32_t counted; /* the local count of its prompt; held.in has the margin too */
};

enum token_answer {
    TOKENS_REFUSED = 0, /* nothing was taken; the call must not be sent */
    TOKENS_HELD,
};

/* How far a session is, by the fuller of its two budgets. */
enum token_level {
    TOKEN_LEVEL_LOW = 0, /* below 80 % */
    TOKEN_LEVEL_NEAR,    /* a call may soon be refused */
    TOKEN_LEVEL_SPENT,   /* the budget is used up; a person may raise it */
    TOKEN_LEVEL_CEILING, /* so is the highest there is */
    TOKEN_LEVEL_N
};

/* A session with the default budget that has spent `spent`. */
void token_ledger_init(struct token_ledger *ledger, struct token_sum spent);

/* Counts what an earlier process spent, whatever the budget. */
void token_ledger_spend(struct token_ledger *ledger, struct token_sum spent);

/* Raises the budget to the ceiling. For a person's yes only. */
void token_ledger_raise(struct token_ledger *ledger);

/* Holds `counted` tokens and the margin for a prompt, and for its answer `wanted` tokens or what is
 * left, but no fewer than `least`. `hold->held.out` is the max_completion_tokens to send. */
MUST_CHECK enum token_answer token_ledger_hold(struct token_ledger *ledger, uint32_t counted,
                                               uint32_t least, uint32_t wanted,
                                               struct token_hold *hold);

/* Gives back what was held and takes what was `used`; NULL: not known, all of it. A hold is settled
 * once. Returns true when the prompt was further above its count than any before: an alarm, and
 * from now on the margin. */
bool token_ledger_settle(struct token_ledger *ledger, struct token_hold *hold,
                         const struct token_sum *used);

struct token_sum token_ledger_taken(struct token_ledger *ledger);
struct token_sum token_ledger_budget(struct token_ledger *ledger);
enum token_level token_ledger_level(struct token_ledger *ledger);
