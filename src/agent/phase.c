/* The phases and outcomes as words. */
#include "agent/phase.h"

#include "base/mem.h"

#include <stddef.h>
#include <string.h>

static const struct {
    const char *word;
    const char *sentence;
    int step;
} phases[PHASE_N] = {
    [PHASE_NONE] = {"none", "", 0},
#define PHASE(name, word, step, sentence) [PHASE_##name] = {word, sentence, step},
#include "agent/phase.def"
#undef PHASE
};

static const char *const outcomes[OUTCOME_N + 1] = {
    [OUTCOME_OK] = "ok",       [OUTCOME_DONE] = "done", [OUTCOME_FAIL] = "fail",
    [OUTCOME_STALE] = "stale", [OUTCOME_VETO] = "veto", [OUTCOME_CANCEL] = "cancel",
    [OUTCOME_PARK] = "park",
};

const char *phase_word(enum phase phase) { return phases[phase].word; }

const char *phase_sentence(enum phase phase) { return phases[phase].sentence; }

/* clang-format off */
static const struct {
    enum phase phase;
    const char *kind;
    const char *sentence;
} others[] = {
    { PHASE_DRY_RUN,  "destroy",   "What would be deleted, and what would stay" },
    { PHASE_EXECUTE,  "destroy",   "The stack is deleted" },
    { PHASE_VALIDATE, "destroy",   "What is left is looked at" },
    { PHASE_ROLLBACK, "destroy",   "There is no way back from a deletion" },
    { PHASE_DRY_RUN,  "recover",   "What would be done to the stack, and what would be lost" },
    { PHASE_EXECUTE,  "recover",   "The stack is recovered" },
    { PHASE_VALIDATE, "recover",   "Whether it helped is looked at" },
    { PHASE_ROLLBACK, "recover",   "There is no way back from a recovery" },
    { PHASE_DRY_RUN,  "secrets",   "What would be stored or removed" },
    { PHASE_EXECUTE,  "secrets",   "The secrets are stored or removed" },
    { PHASE_VALIDATE, "secrets",   "What Parameter Store has now is looked at" },
    { PHASE_ROLLBACK, "secrets",   "There is no way back for secrets" },
    { PHASE_VALIDATE, "bootstrap", "Whether the account is set up is looked at" },
    { PHASE_VALIDATE, "rollback",  "That release is proven to answer" },
};
/* clang-format on */

const char *phase_sentence_of(enum phase phase, const char *kind) {
    for (size_t i = 0; i < ARRAY_N(others); i++) {
        if (others[i].phase == phase && strcmp(others[i].kind, kind) == 0) {
            return others[i].sentence;
        }
    }
    return phase_sentence(phase);
}

int phase_step(enum phase phase) { return phases[phase].step; }

enum phase phase_from_word(const char *word) {
    for (enum phase p = PHASE_NONE + 1; p < PHASE_N; p++) {
        if (word != NULL && strcmp(phases[p].word, word) == 0) {
            return p;
        }
    }
    return PHASE_NONE;
}

const char *outcome_word(enum outcome outcome) { return outcomes[outcome]; }
