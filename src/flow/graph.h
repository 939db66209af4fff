/* flow/graph.h: the road every session takes, as one total table.
 *
 * Pure. The only edge into EXECUTE is WAIT's OK. A cell that cannot happen leads to ESCALATED, so
 * that a defect ends with a person and not with an effect.
 */
#pragma once

#include <stdbool.h>

#include "agent/phase.h"

/* The phase after `from` ends with `outcome`; CLOSURE and ESCALATED lead to themselves.
 * Never PHASE_NONE for a phase of the table. */
enum phase graph_next(enum phase from, enum outcome outcome);

/* Whether nothing follows. */
bool graph_is_end(enum phase phase);

/* Whether the edge is a return that counts against LIMIT_ROUNDS: out of ROLLBACK or DRY_RUN, back
 * to a phase before it or to itself. */
bool graph_is_return(enum phase from, enum phase to);
