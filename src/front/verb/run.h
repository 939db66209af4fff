/* front/verb/run.h: what verbs that run a session have in common. */
#pragma once

#include "front/cli/cli_room.h"

enum {
    RUN_OPTIONS = OPTIONS_WHERE | OPTIONS_ASK | OPTIONS_TRUST | OPTIONS_PROGRESS | OPTIONS_CHANGE |
                  OPTIONS_ROAD,
    RUN_OPTIONS_DEPLOY = RUN_OPTIONS | OPTIONS_SANDBOX | OPTIONS_APPROVAL | OPTIONS_FAILURE |
                         OPTIONS_TAGS | OPTIONS_TTL | OPTIONS_USAGE,
};

/* Opens the flow, shows where the run goes, makes a session of `kind` from the command line, runs
 * it to its end or pause. Where the region is not known yet, the session shows where it goes once
 * it is. Errors: also those of cli_where(). */
MUST_CHECK enum err_code run_new(struct cli *cli, const char *kind, struct err *err);

/* The same with flags of the caller's, which it takes over. */
MUST_CHECK enum err_code run_flags(struct cli *cli, const char *kind, json_t *flags,
                                   struct err *err);

/* The same for a run that reaches no AWS: nothing is shown, and no credentials are needed. */
MUST_CHECK enum err_code run_here(struct cli *cli, const char *kind, json_t *flags,
                                  struct err *err);

/* Shows where session `id` goes, takes it up, runs it to its end or pause. Errors: those of
 * glance_read(), cli_where() and session_open(). */
MUST_CHECK enum err_code run_again(struct cli *cli, const char *id, struct err *err);

/* The same without showing where, for a verb that has. */
MUST_CHECK enum err_code run_on(struct cli *cli, const char *id, struct err *err);

/* What a session was when its last phase was entered, and what it waits for; read from its journal
 * without a lease. */
struct glance {
    char phase[32];
    char status[16];
    char kind[32];
    json_t *state;       /* owned; NULL where none is on record */
    json_t *question;    /* owned; the open approval question, or NULL */
    int64_t decided_ms;  /* of the last decision about that question; 0: none */
    char decision[8];    /* "yes" or "no" */
    char end_status[16]; /* "" while it goes on */
    json_t *result;      /* owned; of the END record, or NULL */
    bool is_foreign;     /* begun on another machine, see run_find() */
};
void glance_done(struct glance *glance);

/* The flags for a question about the session's own place, with its own credentials, but for what
 * the command line says. New reference. */
json_t *glance_flags(const struct cli *cli, const struct glance *glance);

/* Whether a yes or no can still be given to what the session asks.
 * Errors: ERR_USED (decided already, or the session has ended), ERR_NOT_FOUND (it asks for no
 * approval now), ERR_EXPIRED. */
MUST_CHECK enum err_code glance_may_decide(const struct glance *glance, const char *id,
                                           int64_t now_ms, struct err *err);

/* Sets ERR_NOT_FOUND for a session that is none, and returns it. */
enum err_code run_unknown(const char *id, struct err *err);

/* Reads it. Errors: ERR_NOT_FOUND (no such session), those of journal_replay(). */
MUST_CHECK enum err_code glance_read(struct cli *cli, const char *id, struct glance *out,
                                     struct err *err);

/* The same, also of a session that other machines know: what they recorded is taken up first, and
 * one that is unknown here is looked for in the artifact bucket of the command line's target.
 * Errors: also those of flow_join(). */
MUST_CHECK enum err_code run_find(struct cli *cli, const char *id, struct glance *out,
                                  struct joined *joined, struct err *err);

/* The artifact bucket of the account, NULL where there is no bootstrap stack; the caller frees.
 * `target` as flow_target() says it. Errors: those of cli_query(). */
MUST_CHECK enum err_code run_bucket(struct cli *cli, const json_t *flags, const json_t *target,
                                    char **out, struct err *err);

/* Says that another machine runs the session, or answered what it asks; false: neither. */
bool run_say_joined(struct cli *cli, const char *id, const struct joined *joined);

/* What waits for a yes in the artifact bucket, of the stack of this repository: {"stack","rows"} as
 * aws_deployer.waiting says them; `*out`, the caller's, stays NULL where there is nothing to ask.
 * Says first where it asks, unless that was said. Where AWS cannot be asked that is said in a
 * sentence, and is no error. Errors: ERR_INTERRUPTED. */
MUST_CHECK enum err_code waiting_elsewhere(struct cli *cli, bool is_where_said, json_t **out,
                                           struct err *err);

/* Those of its rows whose session this machine does not know: an array, the caller's. */
MUST_CHECK enum err_code waiting_unknown(struct cli *cli, const json_t *others, json_t **out,
                                         struct err *err);

/* The command that answers it; the caller frees. */
char *waiting_next(const json_t *row);

/* Whether another process or this one holds the session now; `owner` says who, for a sentence. */
MUST_CHECK enum err_code run_owner(struct cli *cli, const char *id, bool *out_is_held, char *owner,
                                   size_t size, struct err *err);

/* The newest session of this repository that has not ended; NULL: none. In `arena`. */
MUST_CHECK enum err_code run_open_session(struct cli *cli, struct arena *arena, const char **out,
                                          struct err *err);

/* Watches session `id` to its end; takes it over when nobody holds it. Errors: ERR_NOT_FOUND,
 * ERR_TIMEOUT, ERR_INTERRUPTED, those of run_again(). */
MUST_CHECK enum err_code attach_watch(struct cli *cli, const char *id, struct err *err);

/* The same for a session that this process has shown up to here. */
MUST_CHECK enum err_code attach_follow(struct cli *cli, const char *id, struct err *err);

/* The newest session of this repository that is no question; NULL: none. In `arena`. */
MUST_CHECK enum err_code run_newest_session(struct cli *cli, struct arena *arena, const char **out,
                                            struct err *err);

/* The session that the command line names, or else the one that is under way. In `arena`. Errors:
 * ERR_NOT_FOUND (none is), those of cli_flow(). */
MUST_CHECK enum err_code run_named_session(struct cli *cli, struct arena *arena, const char **out,
                                           struct err *err);

/* "12 min", "expired": how long until `at_ms`. */
struct elapsed run_until(int64_t at_ms);

/* "2026-11-24 14:46": local time. */
struct elapsed run_date(int64_t at_ms);
