/* The phases and outcomes as words. */
#include "agent/phase.h"

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
