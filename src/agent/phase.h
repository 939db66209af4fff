/* agent/phase.h: the phases of a session and the ways they can end, as words. The edges between
 * them are flow/graph.h. */
#pragma once

enum phase {
    PHASE_NONE = 0,
#define PHASE(name, word, step, sentence) PHASE_##name,
#include "agent/phase.def"
#undef PHASE
    PHASE_N
};

enum outcome {
    OUTCOME_OK,     /* the phase did its work */
    OUTCOME_DONE,   /* nothing more to do */
    OUTCOME_FAIL,   /* it did not work; the session's problem says why */
    OUTCOME_STALE,  /* the world moved; nothing was sent */
    OUTCOME_VETO,   /* policy or compliance forbids it */
    OUTCOME_CANCEL, /* a person wants to stop */
    OUTCOME_N,
    OUTCOME_PARK = OUTCOME_N, /* not an edge: the session waits where it is */
};

const char *phase_word(enum phase phase);     /* "dry_run"; "none" for PHASE_NONE */
const char *phase_sentence(enum phase phase); /* for a person */

/* The same in a session of this kind, which may do something else there. */
const char *phase_sentence_of(enum phase phase, const char *kind);
int phase_step(enum phase phase);             /* step of the specification, 1..8 */
enum phase phase_from_word(const char *word); /* PHASE_NONE when unknown */
const char *outcome_word(enum outcome outcome);
