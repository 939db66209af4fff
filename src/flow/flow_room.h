/* flow/flow_room.h: what the files of the flow share. Not for other rooms. */
#pragma once

#include "flow/flow.h"
#include "guard/secret.h"
#include "tool/services.h"

struct flow {
    struct flow_options options;
    const char *version; /* of this program, as the records name it */
    char *root;
    char *project_key;
    char *state_dir;
    char *artefact_dir;
    char *cache_dir;
    struct store *store;
    struct redactor *redactor;
    struct vault *vault; /* values that a person gave and nobody has stored yet */
    struct bus *bus;
    struct meter *meter;        /* of the tokens that this process's sessions spend */
    struct model_client *model; /* or NULL */
    struct err model_problem;   /* why there is none although it was asked for */
    struct project *project;    /* or NULL */
    struct settings *settings;  /* never NULL */
    struct gate *waiting;       /* of the session whose child runs in this process, or NULL */
    const json_t *way;          /* see flow_set_way(); borrowed, or NULL */
};

/* How a session stands between machines. */
struct sharing {
    bool is_on;      /* other machines know it */
    bool is_foreign; /* it was begun on another one */
    bool is_off;     /* the bucket could not be written; told once */
    int64_t to;      /* the last record that is in the bucket */
    int64_t take;    /* by which this process runs it; 0: it does not */
};

struct session {
    struct flow *flow;
    char *id;
    enum phase phase;
    int64_t entered_ms; /* when the phase was entered, as journaled */
    int64_t first_call; /* of the phase */
    int64_t rounds;     /* returns so far, against LIMIT_ROUNDS */
    bool is_ended;
    json_t *state;
    struct store_lease lease;
    struct journal *journal;
    struct gate *gate;
    struct services services;
    struct aws_client *aws;
    bool is_aws_lent; /* another session's */
    struct sharing sharing;
    struct elsewhere *elsewhere; /* while it waits for a yes; see elsewhere.c */
};

/* Enters a phase: journals it with the state, in one sync with what is pending, and tells whoever
 * watches. The only place that assigns a session's phase. */
MUST_CHECK enum err_code session_enter(struct session *session, enum phase phase, struct err *err);

/* A turn of `agent` in the session's phase; what it makes in `arena` dies with it. */
struct turn session_turn(struct session *session, const struct agent *agent, struct arena *arena);

/* Makes the AWS client from what the fields say, once. */
MUST_CHECK enum err_code session_reach_aws(struct session *session, struct err *err);

/* The environment called `name` of the project file, or NULL without a file.
 * Errors: ERR_CONFIG (the file has no such environment). */
MUST_CHECK enum err_code flow_find_env(const struct flow *flow, const char *name,
                                       const struct project_env **out, struct err *err);

/* What a session starts from: {"kind","flags","project","settings"}; takes over `flags`. */
MUST_CHECK enum err_code start_state(struct flow *flow, const char *kind, json_t *flags,
                                     json_t **out, struct err *err);

/* Remembers on this machine what the person confirmed: this repository's code, this target. */
MUST_CHECK enum err_code trust_keep(struct flow *flow, const json_t *state, struct err *err);

/* Makes the model client from OPENAI_API_KEY, OPENAI_BASE_URL and the user's settings, where either
 * variable is set; the key is known to the redactor from then on. What is wrong with them is no
 * error but a warning of each session: everything works without a model. */
void flow_open_model(struct flow *flow);

/* ---- share.c ---- */

/* Before session `id` is opened: takes up what other machines did, and takes its turn.
 * `*out_is_uncertain`: whoever had it before died in the middle. Errors: ERR_LOCKED (another
 * machine runs it), those of flow_join(). */
MUST_CHECK enum err_code share_before_open(struct flow *flow, const char *id, struct sharing *out,
                                           bool *out_is_uncertain, struct err *err);

/* The hooks of a session's gate. */
struct gate_hooks share_hooks(struct session *session);

/* Tells other machines what is on record; `is_resting`: and that this process does not go on. A
 * failure is a warning. */
void share_tell(struct session *session, bool is_resting);

/* {"bucket","stack","session"} of a session that is shared. New reference. */
json_t *share_session_args(const struct session *session);

/* Reads what join answered, with "digest", of what is asked now. */
void share_read(const json_t *answer, struct joined *out);

/* A yes or no of another machine becomes a message, as one of another process is. */
MUST_CHECK enum err_code share_deliver(struct flow *flow, const char *id,
                                       const struct joined *joined, struct err *err);

/* ---- elsewhere.c ---- */

/* While a session waits for a yes: looks now and then, without blocking, whether another machine
 * answered. An answer that nobody acts on becomes a message. Errors: ERR_LOCKED (another machine
 * goes on with it). */
MUST_CHECK enum err_code elsewhere_look(struct session *session, struct err *err);
void elsewhere_end(struct session *session); /* also where nothing was looked for */

/* ---- query.c ---- */

/* Opens a session of kind "query" of `flow` beside `beside`, with the same AWS client; the caller
 * gives it to query_close(). */
MUST_CHECK enum err_code query_open(struct flow *flow, const struct session *beside,
                                    struct session **out, struct err *err);
void query_close(struct session *query); /* accepts NULL */

/* One call of the executor beside the session, in a session of kind "query" with the same AWS
 * client, shown to nobody. Takes over `args`; `*out` is the caller's. */
MUST_CHECK enum err_code query_aside(struct session *session, const char *operation, json_t *args,
                                     json_t **out, struct err *err);

/* Has session->services speak through `aws`, which stays the caller's. */
void session_borrow_aws(struct session *session, struct aws_client *aws);

/* session_new() with an id of the caller's: for child sessions, whose id derives from the parent's.
 */
MUST_CHECK enum err_code session_begin(struct flow *flow, const char *id, const char *kind,
                                       json_t *flags, struct session **out, struct err *err);
