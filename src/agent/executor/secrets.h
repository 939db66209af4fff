/* agent/executor/secrets.h: the executor's part in secrets. Not for other agents. */
#pragma once

#include "agent/agent.h"

/* Reads which secrets Parameter Store holds for the application into "stored"; false with the
 * problem kept as `*outcome` when that fails. */
bool secrets_read(struct turn *turn, enum outcome *outcome);

/* PREFLIGHT of a deployment: reads which secrets Parameter Store holds into the state member
 * "stored" and, where one that the application needs is not there, asks for its value and parks for
 * the child session that stores it. */
enum outcome secrets_need(struct turn *turn);

/* PREFLIGHT, DRY_RUN and EXECUTE of a session of kind "secrets": flags "names" (of variables) and
 * "action" ("set" or "rm"). */
enum outcome secrets_ask(struct turn *turn);
enum outcome secrets_dry_run(struct turn *turn);
enum outcome secrets_execute(struct turn *turn);

/* Says that going back to the release that the state member `release` is does not undo a new
 * secret. */
void secrets_tell_not_undone(struct turn *turn, const char *release);
