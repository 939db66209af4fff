/* flow/flow.h: sessions on their road: made, run to an end or a pause, taken up again.
 *
 * `struct flow` is what one process works with: store, redactor, bus, folders, settings. A session
 * belongs to whoever holds its lease; one thread runs it. Everything it did is in its journal, so a
 * process killed at any instruction is continued by session_open() in another one.
 */
#pragma once

#include "agent/ask_model.h"
#include "guard/moderation.h"
#include "guard/tokens/tokens.h"
#include "repo/project.h"
#include "store/journal.h"
#include "telemetry/bus.h"

struct flow; /* opaque */

struct flow_options {
    const char *root;               /* the repository's folder; NULL: the working directory */
    const struct person *person;    /* outlives the flow */
    const atomic_bool *interrupted; /* set by SIGINT */
    const int64_t
        *deadline_mono_ms; /* of what runs now, by clock_mono_ms(); 0 there: none; or NULL */
    const struct store_ops *backend; /* NULL: store_sqlite in the user's state folder */
    bool is_sandboxed;
    bool is_sharing; /* sessions that wait for a yes can be answered and run by other machines */
};

/* Opens store, settings and project file; the known values of the repository's .env files go to
 * the redactor. Asks nobody and reaches no network. The caller closes.
 * Errors: those of store_open(), project_load(), settings_load(). */
MUST_CHECK enum err_code flow_open(const struct flow_options *options, struct flow **out,
                                   struct err *err);
void flow_close(struct flow *flow); /* accepts NULL */
void flow_closep(struct flow **flow);

/* The folder of the user's state, also where it cannot be opened; the caller frees. Errors:
 * ERR_CONFIG (no HOME). */
MUST_CHECK enum err_code flow_state_dir(char **out, struct err *err);

struct store *flow_store(struct flow *flow);
struct bus *flow_bus(struct flow *flow); /* add sinks before a session runs */
struct redactor *flow_redactor(struct flow *flow);

/* Makes known to `redactor` what is secret here, whatever is run: the values of the .env files
 * below `folder`, and the credentials of this process. */
void flow_learn_secrets(const char *folder, struct redactor *redactor);
const struct project *flow_project(const struct flow *flow);   /* NULL: no file */
const struct settings *flow_settings(const struct flow *flow); /* never NULL */
const char *flow_root(const struct flow *flow);                /* absolute */
const char *flow_cache_dir(const struct flow *flow);           /* absolute */
const char *flow_project_key(const struct flow *flow); /* of the sessions of this repository */

/* Keeps a value for the session that stores it: known to the redactor from now on, and in no
 * record. The caller wipes its own copy. Errors: those of vault_put(). */
MUST_CHECK enum err_code flow_give_secret(struct flow *flow, const char *name, struct str value,
                                          struct err *err);

struct session; /* opaque */

/* Makes a session of a kind ("deploy", "bootstrap", "destroy", "init") and takes its lease. Takes
 * over `flags`, what the command line says: text members env, app, account, region, profile,
 * endpoint_url, role_arn, require_approval, ttl, text; true members yes, trust_repository,
 * no_rollback, stop_at_wait, stop_at_plan; the object tags; and "where", what the person was shown
 * of it already. The caller closes. Errors: ERR_CONFIG (no such environment or profile), those of
 * the store. */
MUST_CHECK enum err_code session_new(struct flow *flow, const char *kind, json_t *flags,
                                     struct session **out, struct err *err);

/* Takes up a session where its journal ends. Errors: ERR_NOT_FOUND, ERR_LOCKED (its owner lives),
 * ERR_USED (it has ended). */
MUST_CHECK enum err_code session_open(struct flow *flow, const char *id, struct session **out,
                                      struct err *err);
void session_close(struct session *session); /* releases the lease; accepts NULL */
void session_closep(struct session **session);

const char *session_id(const struct session *session);
enum phase session_phase(const struct session *session);
const json_t *session_state(const struct session *session); /* borrowed */

/* How a run of a session came to rest. */
struct session_end {
    char status[16]; /* success, no_change, waiting, rolled_back, failed, refused, escalated,
                        cancelled, timed_out */
    int exit_status;
    json_t *result; /* {"status","exit","url","error",...}; new reference */
};
void session_end_done(struct session_end *end);

/* Runs the session until it ends, or waits for a person that is not there, or is interrupted.
 * Errors: what stopped this process but not the session: ERR_INTERRUPTED, ERR_STALE (another
 * process took over), ERR_LOCKED (another machine goes on with it while this process waited for an
 * answer), ERR_DISK_FULL and kin, ERR_DEFECT. Its sentence says how to go on. */
MUST_CHECK enum err_code session_run(struct session *session, struct session_end *out,
                                     struct err *err);

/* ---- Sessions that other machines may have gone on with (docs/durability.md) ---- */

/* What the artifact bucket says of a session. */
struct joined {
    bool is_found;      /* it was shared; false: all else is empty */
    bool is_live;       /* a process of this machine runs it, and knows better */
    bool is_run;        /* another machine may be running it */
    bool is_open;       /* another machine took it and did not give it back: it runs it, or died */
    bool is_foreign;    /* it was begun on another machine, with its names for profiles */
    int64_t imported;   /* records that were new here, and are in the journal now */
    int64_t last;       /* where the last part in the bucket begins */
    char actor[256];    /* ARN of whoever took it last; "": nobody did */
    char host[80];      /* where */
    int64_t since_ms;   /* since when */
    char decision[8];   /* "yes" or "no" to `digest`; "": nobody decided */
    char decider[256];  /* ARN */
    int64_t decided_ms; /* by the decider's clock */
    char digest[SHA256_HEX + 1];
};

/* Takes up what other machines recorded of session `id`, each record as the chain has it. `where`:
 * {"bucket","stack"} and, in "flags", the place; NULL: what the session's own records say. A
 * session that was never shared is not asked for, unless `where` is given. Blocks for AWS. Errors:
 * those of flow_query(), ERR_CONFLICT (this machine went on by itself), ERR_CORRUPT. */
MUST_CHECK enum err_code flow_join(struct flow *flow, const char *id, const json_t *where,
                                   struct joined *out, struct err *err);

/* What this machine keeps of a shared session: {"bucket","stack","foreign"} and, where another
 * machine went on with it, "continued_by": {"actor","host","since_ms"}. `*out`, the caller's, stays
 * NULL for one that is not shared. */
MUST_CHECK enum err_code flow_shared(struct flow *flow, const char *id, json_t **out,
                                     struct err *err);

/* Whether the endpoint is the one that the session of this `state` was begun at: a plan, a change
 * set and a yes are of one AWS. `now` is "AWS" where none is set. Errors: ERR_CONFIG. */
MUST_CHECK enum err_code flow_check_endpoint(const char *id, const json_t *state, const char *now,
                                             struct err *err);

/* Writes the caller's yes or no to `digest` where other machines find it; nothing for a session
 * that is not shared. Errors: ERR_DENIED (the account's policies let others approve), those of
 * flow_query(). */
MUST_CHECK enum err_code flow_decide(struct flow *flow, const char *id, const char *digest,
                                     bool is_yes, struct err *err);

/* What the command line says of the way to AWS ("profile", "endpoint_url"), for sessions that were
 * begun on another machine, with its names. Borrowed until the next call. */
void flow_set_way(struct flow *flow, const json_t *flags);

/* One question to AWS or to the repository, outside the road: `agent` calls one operation through
 * the gate in a session of kind "query" that ends at once. Takes over `args`; `flags` as for
 * session_new(), taken over too. `*out` is the caller's. */
MUST_CHECK enum err_code flow_query(struct flow *flow, const struct agent *agent, json_t *flags,
                                    const char *tool, const char *operation, json_t *args,
                                    json_t **out, struct err *err);

/* Whether a model is configured, and whose tokens it counts. */
bool flow_has_model(const struct flow *flow);
enum encoding flow_encoding(const struct flow *flow);

/* One question to the model, outside the road, as `agent`; see ask_model(). Takes over `flags`;
 * `*out` is the caller's. `said`, when not NULL, is text of the person in it: it is moderated
 * first, and `*judged` says what came of it. Errors: ERR_POLICY (it does not pass), those of
 * ask_model() and session_new(). */
MUST_CHECK enum err_code flow_ask_model(struct flow *flow, const struct agent *agent, json_t *flags,
                                        const struct ask_model *ask, const char *said,
                                        struct moderation *judged, json_t **out, struct err *err);

/* Where a run would go: {"env","account","region","qualifier"}, each where known. New reference.
 * Errors: ERR_CONFIG (no such environment or profile). */
MUST_CHECK enum err_code flow_place(struct flow *flow, const json_t *flags, json_t **out,
                                    struct err *err);

/* The same with "app" and "stack", for verbs that ask about a stack. New reference. Errors:
 * ERR_CONFIG (no such environment), ERR_MISSING (no project file, and the flags do not say). */
MUST_CHECK enum err_code flow_target(struct flow *flow, const json_t *flags, json_t **out,
                                     struct err *err);
