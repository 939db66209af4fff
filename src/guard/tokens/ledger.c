/* ledger: two sums in one word, changed by compare and swap. */
#include "guard/tokens/ledger.h"

#include "guard/limits.h"

/* The most that one call counts for: far above any ceiling, and no number of calls at once runs
 * over a half of the word, whatever a server says they used. */
enum { CALL_TOKENS_MAX = 1 << 24 };

static uint64_t bounded(uint32_t n) { return n < CALL_TOKENS_MAX ? n : CALL_TOKENS_MAX; }

static uint64_t packed(struct token_sum sum) { return bounded(sum.in) << 32 | bounded(sum.out); }

static struct token_sum unpacked(uint64_t word) {
    return (struct token_sum){(uint32_t)(word >> 32), (uint32_t)word};
}

static struct token_sum sum_of(enum limit in, enum limit out) {
    return (struct token_sum){(uint32_t)limit(in), (uint32_t)limit(out)};
}

static uint32_t left_of(uint32_t budget, uint32_t taken) {
    return taken < budget ? budget - taken : 0;
}

void token_ledger_init(struct token_ledger *ledger, struct token_sum spent) {
    atomic_store(&ledger->taken, packed(spent));
    atomic_store(&ledger->budget, packed(sum_of(LIMIT_TOKENS_IN, LIMIT_TOKENS_OUT)));
    atomic_store(&ledger->margin, 0);
}

void token_ledger_spend(struct token_ledger *ledger, struct token_sum spent) {
    atomic_fetch_add(&ledger->taken, packed(spent));
}

void token_ledger_raise(struct token_ledger *ledger) {
    atomic_store(&ledger->budget,
                 packed(sum_of(LIMIT_TOKENS_IN_CEILING, LIMIT_TOKENS_OUT_CEILING)));
}

enum token_answer token_ledger_hold(struct token_ledger *ledger, uint32_t counted, uint32_t least,
                                    uint32_t wanted, struct token_hold *hold) {
    const struct token_sum budget = unpacked(atomic_load(&ledger->budget));
    const uint64_t in = (uint64_t)counted + atomic_load(&ledger->margin);
    uint64_t word = atomic_load(&ledger->taken);
    struct token_sum held;

    do {
        struct token_sum taken = unpacked(word);
        uint32_t out = left_of(budget.out, taken.out);

        out = wanted < out ? wanted : out;
        if (in > left_of(budget.in, taken.in) || out < least) {
            return TOKENS_REFUSED;
        }
        held = (struct token_sum){(uint32_t)in, out};
    } while (!atomic_compare_exchange_strong(&ledger->taken, &word, word + packed(held)));
    *hold = (struct token_hold){held, counted};
    return TOKENS_HELD;
}

bool token_ledger_settle(struct token_ledger *ledger, struct token_hold *hold,
                         const struct token_sum *used) {
    const struct token_hold was = *hold;
    uint32_t margin, above;

    *hold = (struct token_hold){{0, 0}, 0};
    if (used == NULL) {
        return false;
    }
    /* Neither half goes below zero, so one sum of the words is the two sums. */
    atomic_fetch_add(&ledger->taken, packed(*used) - packed(was.held));
    above = used->in > was.counted ? used->in - was.counted : 0;
    margin = atomic_load(&ledger->margin);
    while (above > margin) {
        if (atomic_compare_exchange_strong(&ledger->margin, &margin, above)) {
            return true;
        }
    }
    return false;
}

struct token_sum token_ledger_taken(struct token_ledger *ledger) {
    return unpacked(atomic_load(&ledger->taken));
}

struct token_sum token_ledger_budget(struct token_ledger *ledger) {
    return unpacked(atomic_load(&ledger->budget));
}

static enum token_level level_of(uint32_t taken, uint32_t budget, uint32_t ceiling) {
    if (taken >= ceiling) {
        return TOKEN_LEVEL_CEILING;
    }
    if (taken >= budget) {
        return TOKEN_LEVEL_SPENT;
    }
    return taken >= budget / 5 * 4 ? TOKEN_LEVEL_NEAR : TOKEN_LEVEL_LOW;
}

enum token_level token_ledger_level(struct token_ledger *ledger) {
    const struct token_sum taken = token_ledger_taken(ledger);
    const struct token_sum budget = token_ledger_budget(ledger);
    const struct token_sum ceiling = sum_of(LIMIT_TOKENS_IN_CEILING, LIMIT_TOKENS_OUT_CEILING);
    enum token_level in = level_of(taken.in, budget.in, ceiling.in);
    enum token_level out = level_of(taken.out, budget.out, ceiling.out);

    return in > out ? in : out;
}
