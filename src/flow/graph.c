/* The road every session takes, as one total table. */
#include "flow/graph.h"

/* clang-format off */
#define CANNOT PHASE_ESCALATED
static const enum phase edges[PHASE_N][OUTCOME_N] = {
    /* from                 OK                DONE             FAIL             STALE           VETO             CANCEL */
    [PHASE_INTAKE]     = { PHASE_CONTEXT,    CANNOT,          PHASE_INTAKE,    CANNOT,         PHASE_CLOSURE,   PHASE_CLOSURE  },
    [PHASE_CONTEXT]    = { PHASE_ASK,        CANNOT,          PHASE_INTAKE,    CANNOT,         PHASE_ESCALATED, PHASE_CLOSURE  },
    [PHASE_ASK]        = { PHASE_PREFLIGHT,  PHASE_CLOSURE,   PHASE_ASK,       CANNOT,         PHASE_CLOSURE,   PHASE_CLOSURE  },
    [PHASE_PREFLIGHT]  = { PHASE_PLAN,       CANNOT,          PHASE_ASK,       CANNOT,         PHASE_ESCALATED, PHASE_CLOSURE  },
    [PHASE_PLAN]       = { PHASE_REVIEW,     CANNOT,          PHASE_ASK,       CANNOT,         PHASE_ESCALATED, PHASE_CLOSURE  },
    [PHASE_REVIEW]     = { PHASE_DRY_RUN,    CANNOT,          PHASE_PLAN,      CANNOT,         PHASE_ESCALATED, PHASE_CLOSURE  },
    [PHASE_DRY_RUN]    = { PHASE_REVIEW_SET, PHASE_CLOSURE,   PHASE_PLAN,      PHASE_PLAN,     PHASE_ESCALATED, PHASE_CLOSURE  },
    [PHASE_REVIEW_SET] = { PHASE_WAIT,       CANNOT,          PHASE_PLAN,      PHASE_PLAN,     PHASE_ESCALATED, PHASE_CLOSURE  },
    [PHASE_WAIT]       = { PHASE_EXECUTE,    CANNOT,          PHASE_CLOSURE,   PHASE_PLAN,     PHASE_ESCALATED, PHASE_CLOSURE  },
    [PHASE_EXECUTE]    = { PHASE_VALIDATE,   CANNOT,          PHASE_ROLLBACK,  PHASE_WAIT,     PHASE_ESCALATED, PHASE_ROLLBACK },
    [PHASE_VALIDATE]   = { PHASE_CLOSURE,    CANNOT,          PHASE_ROLLBACK,  CANNOT,         PHASE_ESCALATED, PHASE_ROLLBACK },
    [PHASE_ROLLBACK]   = { PHASE_ASK,        PHASE_CLOSURE,   PHASE_ESCALATED, CANNOT,         PHASE_ESCALATED, PHASE_ROLLBACK },
    [PHASE_CLOSURE]    = { PHASE_CLOSURE,    PHASE_CLOSURE,   PHASE_CLOSURE,   PHASE_CLOSURE,  PHASE_CLOSURE,   PHASE_CLOSURE  },
    [PHASE_ESCALATED]  = { PHASE_ESCALATED,  PHASE_ESCALATED, PHASE_ESCALATED, PHASE_ESCALATED, PHASE_ESCALATED, PHASE_ESCALATED },
};
/* clang-format on */

enum phase graph_next(enum phase from, enum outcome outcome) {
    if (from <= PHASE_NONE || from >= PHASE_N || outcome >= OUTCOME_N) {
        return PHASE_ESCALATED;
    }
    return edges[from][outcome];
}

bool graph_is_end(enum phase phase) { return phase == PHASE_CLOSURE || phase == PHASE_ESCALATED; }

bool graph_is_return(enum phase from, enum phase to) {
    return (from == PHASE_ROLLBACK || from == PHASE_DRY_RUN) && to <= from && !graph_is_end(to);
}
