/* agent/executor/executor.h: what the executor tidies up when the road leaves its phases. */
#pragma once

#include "agent/agent.h"

/* Deletes the change set when it will not be executed (`is_unexecuted`), and releases the stack's
 * lock when it is held. Called by flow within the phase that is left. A failure is a problem for
 * nobody: the set expires and the lock is stepped over. */
void executor_leave(struct turn *turn, bool is_unexecuted);

/* Writes the session's release and its seals into the artifact bucket, write-once, for other
 * machines; a failure is a warning. Called by flow once the release is kept. */
void executor_publish(struct turn *turn);
