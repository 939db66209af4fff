/* tool/aws_deployer/deployer.h: what the operations of aws_deployer share. Not for other rooms. */
#pragma once

#include "aws/cfn.h"
#include "aws/s3.h"
#include "aws/stack_state.h"
#include "tool/services.h"
#include "tool/tool.h"

/* One operation a function, as struct operation wants them; schemas stand in aws_deployer.c. */
enum err_code deployer_identity(struct op *op, json_t **out, struct err *err);
enum err_code deployer_stack_status(struct op *op, json_t **out, struct err *err);
enum err_code deployer_events(struct op *op, json_t **out, struct err *err);
enum err_code deployer_outputs(struct op *op, json_t **out, struct err *err);
enum err_code deployer_inventory(struct op *op, json_t **out, struct err *err);
enum err_code deployer_logs(struct op *op, json_t **out, struct err *err);
enum err_code deployer_parameters(struct op *op, json_t **out, struct err *err);
enum err_code deployer_probe(struct op *op, json_t **out, struct err *err);
enum err_code deployer_lock(struct op *op, json_t **out, struct err *err);
enum err_code deployer_publish(struct op *op, json_t **out, struct err *err);
enum err_code deployer_pull(struct op *op, json_t **out, struct err *err);
enum err_code deployer_share(struct op *op, json_t **out, struct err *err);
enum err_code deployer_join(struct op *op, json_t **out, struct err *err);
enum err_code deployer_waiting(struct op *op, json_t **out, struct err *err);
enum err_code deployer_take_session(struct op *op, json_t **out, struct err *err);
enum err_code deployer_decide(struct op *op, json_t **out, struct err *err);
void deployer_lock_abandon(struct op *op, const json_t *out);
enum err_code deployer_lock_status(struct op *op, json_t **out, struct err *err);
enum err_code deployer_unlock(struct op *op, json_t **out, struct err *err);
enum err_code deployer_upload(struct op *op, json_t **out, struct err *err);
enum err_code deployer_preview(struct op *op, json_t **out, struct err *err);
enum err_code deployer_discard(struct op *op, json_t **out, struct err *err);
enum err_code deployer_apply(struct op *op, json_t **out, struct err *err);
enum err_code deployer_rollback(struct op *op, json_t **out, struct err *err);
enum err_code deployer_destroy(struct op *op, json_t **out, struct err *err);
enum err_code deployer_diagnose(struct op *op, json_t **out, struct err *err);
enum err_code deployer_wait(struct op *op, json_t **out, struct err *err);
enum err_code deployer_recover(struct op *op, json_t **out, struct err *err);
enum err_code deployer_permissions(struct op *op, json_t **out, struct err *err);
enum err_code deployer_drift(struct op *op, json_t **out, struct err *err);
enum err_code deployer_secrets_ls(struct op *op, json_t **out, struct err *err);
enum err_code deployer_put_secret(struct op *op, json_t **out, struct err *err);
enum err_code deployer_secrets_rm(struct op *op, json_t **out, struct err *err);

enum err_code deployer_reconcile_preview(struct op *op, enum reconciled *state, json_t **out,
                                         struct err *err);
enum err_code deployer_reconcile_apply(struct op *op, enum reconciled *state, json_t **out,
                                       struct err *err);
enum err_code deployer_reconcile_destroy(struct op *op, enum reconciled *state, json_t **out,
                                         struct err *err);
enum err_code deployer_reconcile_recover(struct op *op, enum reconciled *state, json_t **out,
                                         struct err *err);
enum err_code deployer_reconcile_put_secret(struct op *op, enum reconciled *state, json_t **out,
                                            struct err *err);
enum err_code deployer_reconcile_secrets_rm(struct op *op, enum reconciled *state, json_t **out,
                                            struct err *err);

/* Digits of a paper's digest in the names of its answers. */
enum { DEPLOYER_DIGEST_DIGITS = 16 };

/* The argument `name`, or "" when it is absent. Borrowed. */
const char *deployer_arg(const struct op *op, const char *name);

/* Waits so long. Errors: ERR_CANCELLED, as soon as the call is. */
MUST_CHECK enum err_code deployer_sleep(struct op *op, int64_t ms, struct err *err);

/* Waits before the next look of a polling loop: LIMIT_POLL_MIN_MS at first, growing to
 * LIMIT_POLL_MAX_MS, and to LIMIT_POLL_SLOW_MS once the wait has taken a minute. Says every
 * LIMIT_HEARTBEAT_MS that it goes on. {0} is a loop that begins.
 * Errors: ERR_CANCELLED, ERR_TIMEOUT (the operation's deadline). */
struct poll {
    int64_t started_ms;
    int64_t pause_ms;
    int64_t told_ms; /* when it last said that it goes on; 0: not yet */
};
MUST_CHECK enum err_code deployer_pause(struct op *op, struct poll *poll, struct err *err);

/* Watches an operation of a stack until the stack rests: reports each of its events once, in order.
 * A status at rest counts only when the operation's own events have led to it. */
enum follow_end {
    FOLLOW_CHANGE = 0, /* a creation or an update was started */
    FOLLOW_DELETE,     /* a deletion was started */
    FOLLOW_BACK,       /* a way back was started: it ends at rest with the version before */
    FOLLOW_REST,       /* nothing was started: waits for whoever works on it; reads no events */
};
struct follow {
    const char *stack_id;
    const char *token; /* of the operation's events; NULL for FOLLOW_REST */
    int64_t since_ms;  /* AWS's clock; older events are not asked for */
    enum follow_end end;
};
struct followed {
    const struct stack_state *state; /* where it came to rest */
    const char *status;              /* in op->arena */
    bool is_ok;                      /* that is where it was to go */
    json_t *root_cause;              /* {"logical_id","type","status","reason"} or null; owned */
    int64_t cancelled;               /* resources that only failed because another one did */
    bool is_unwanted;                /* a person cancelled the run meanwhile */
    json_t *outputs;                 /* owned */
    int64_t at_ms; /* when it came to rest, by AWS's clock; 0 where no event of it was read */
};
void followed_done(struct followed *followed);
/* `*out` is {0} before. Errors: ERR_SERVICE (AWS took the call and no event of it ever came),
 * ERR_TIMEOUT, ERR_CANCELLED, those of aws_call(). */
MUST_CHECK enum err_code deployer_follow(struct op *op, const struct follow *follow,
                                         struct followed *out, struct err *err);

/* How deep stacks in stacks are looked into. */
enum { DEPLOYER_NESTED_MAX = 8 };

/* Whether a resource of this type and physical id is a stack that `parent_id` holds. */
bool deployer_is_nested(const char *parent_id, const char *type, const char *physical_id);

/* The oldest failure of a stack since then that is no consequence of another one, looked for in the
 * stacks that it holds as well: {"logical_id","type","status","reason"}, new reference. NULL: there
 * is none, or it cannot be read. */
json_t *deployer_find_cause(struct op *op, const struct aws *aws, const char *stack_id,
                            int64_t since_ms);

/* The result that apply, rollback and destroy share: {"status","ok","root_cause","cancelled",
 * "outputs","at_ms"}, and "unwanted" where a person cancelled the run meanwhile. */
json_t *deployer_result(const struct followed *followed);

/* The digest that names a change set: its ARN, stack, changes and the digests of what went in. */
struct sha256_hex deployer_set_digest(const char *arn, const char *stack_id, const json_t *changes,
                                      const char *template_sha256, const char *parameters_sha256);

/* A copy of a set's changes for whoever reads them: each with "purpose", what the template says its
 * resource is for; values that are long are cut, values of properties that a NoEcho parameter goes
 * into are not shown. New reference. */
json_t *deployer_annotate(const json_t *changes, const json_t *template);

/* Reads an object of the bucket (argument "bucket") as JSON, of at most `max` bytes; `*out`, the
 * caller's, stays NULL where it is gone or no JSON. Errors: those of s3_get(). */
MUST_CHECK enum err_code deployer_get_json(const struct op *op, const struct aws *aws,
                                           const char *key, size_t max, json_t **out,
                                           struct err *err);

/* Writes JSON that every machine reads into the bucket (argument "bucket"), once: an object that is
 * there stays as it is, and `*out` says so. Errors: those of s3_put(). */
MUST_CHECK enum err_code deployer_put_json(const struct op *op, const struct aws *aws,
                                           const char *key, struct str json,
                                           enum s3_put_result *out, struct err *err);

/* The template that is deployed, JSON or, where somebody deployed one by hand, YAML. New reference.
 * Errors: ERR_NOT_FOUND (no such stack), ERR_UNSUPPORTED (not to be read). */
MUST_CHECK enum err_code deployer_deployed_template(const struct aws *aws, const char *stack,
                                                    json_t **out, struct err *err);

/* Keeps a template's text under its digest: in the artefact folder, and in the bucket (argument
 * "bucket", when there is one) as templates/SHA256.json, so that any machine can go back to it.
 * Errors: ERR_IO, those of s3_put(). */
MUST_CHECK enum err_code deployer_keep_template(struct op *op, const struct aws *aws,
                                                struct str text, struct err *err);

/* Appends the text of the template that the argument "template_sha256" names.
 * Errors: ERR_NOT_FOUND, ERR_CORRUPT (other bytes under this name). */
MUST_CHECK enum err_code deployer_find_template(struct op *op, const struct aws *aws,
                                                struct buf *out, struct err *err);

/* Gives back take `take` of session `session`, whose lock was taken away; 0: it is not shared. */
MUST_CHECK enum err_code deployer_rest_take(struct op *op, const struct aws *aws,
                                            const char *session, int64_t take, struct err *err);

/* Where the files of a site lie that another machine built in its folder `dir`. Heap string. */
char *deployer_site_folder(const struct op *op, const char *dir);

/* ---- Change sets (set.c) ---- */

/* Creates a change set and waits until it is AVAILABLE or FAILED. A set without changes is deleted
 * and is an answer: `out->arn` is "". One that failed is deleted too, with the stack that it made.
 * Errors: ERR_TEMPLATE (with the reason of early validation), ERR_STALE (it is gone),
 * those of cfn_create_set(). */
struct wanted_set {
    const char *stack;
    const char *name;
    const char *token;
    const char *body;
    const char *role_arn;
    const char *description;
    bool is_create;
    bool reverts_drift;
    const json_t *parameters; /* as cfn_create_set() takes them */
    const json_t *capabilities;
    const json_t *tags;
};
MUST_CHECK enum err_code deployer_make_set(struct op *op, const struct wanted_set *wanted,
                                           struct cfn_set *out, struct err *err);

/* Waits for a set that was begun, as deployer_make_set() does. */
MUST_CHECK enum err_code deployer_await_set(struct op *op, const char *arn, const char *stack,
                                            struct cfn_set *out, struct err *err);

/* ExecuteChangeSet, once: where the answer was lost, AWS is asked whether the set runs.
 * Errors: ERR_STALE (it was not executed and cannot be), those of aws_call(). */
MUST_CHECK enum err_code deployer_execute_set(struct op *op, const struct aws *aws,
                                              const struct cfn_set *set, const char *stack,
                                              const char *token, bool is_kept, struct err *err);

/* Deletes a set and waits until it is gone. */
MUST_CHECK enum err_code deployer_delete_set(struct op *op, const struct aws *aws, const char *arn,
                                             const char *stack, struct err *err);

/* The same, and deletes the stack too if it was never created and holds no other set. */
MUST_CHECK enum err_code deployer_drop_set(struct op *op, const struct aws *aws, const char *arn,
                                           const char *stack, const char *stack_id,
                                           bool *out_stack_deleted, struct err *err);

/* Whether the session that made the set of this name is on record here and has ended: nobody can
 * say yes to the set any more, however young it is. */
bool deployer_set_is_orphan(struct op *op, const char *name);

/* ---- What guards an effect (apply.c, lock.c): asked now, never read from the journal ---- */

/* Errors: ERR_ACCOUNT when the credentials are not those of `account`. */
MUST_CHECK enum err_code deployer_check_account(const struct aws *aws, const char *account,
                                                struct err *err);

/* Whether the lock that the argument "lock" ({"bucket","epoch"}) names is still held; without the
 * argument (the bootstrap has no bucket) there is nothing to check. Errors: ERR_LOCKED. */
MUST_CHECK enum err_code deployer_check_lock(struct op *op, const struct aws *aws, struct err *err);

/* Whether the objects of the argument "artefacts" ([{"bucket","key","sha256"}]) are what they were
 * planned as. Errors: ERR_STALE before an effect; ERR_CONFLICT, ERR_NOT_FOUND, ERR_STALE else. */
MUST_CHECK enum err_code deployer_check_artefacts(const struct op *op, const struct aws *aws,
                                                  struct err *err);

/* What every effect that names an approval begins with: expiry, what was approved, account, lock.
 * Errors: ERR_EXPIRED, ERR_STALE, ERR_ACCOUNT, ERR_LOCKED, ERR_DEFECT (no approval). */
MUST_CHECK enum err_code deployer_check(struct op *op, const struct aws *aws, struct err *err);

/* Points the alias of the argument "function" to its published version "alias_version", whose code
 * has the digest `code_sha256` (Base64; "" for any); nothing where the call names none. That the
 * version is gone or has other code, or that AWS refuses, is told and left to the change set.
 * Errors: the others of aws/lambda.h. */
MUST_CHECK enum err_code deployer_move_alias(struct op *op, const struct aws *aws,
                                             const char *code_sha256, bool *out_moved,
                                             struct err *err);

/* The argument "parameters" of a release: texts, and true for what the stack knows already. New
 * reference. */
json_t *deployer_release_parameters(const struct op *op);

/* ---- A cure (recover.c, destroy.c) ----
 *
 * What `recover` and `destroy` do is one object, and its digest is what was approved:
 * {"action": a word of stack_cure_word(), "status": of the stack when it was shown, "sets": [ARNs
 * of change sets to delete], "skip": [logical ids that count as rolled back], "retain": [logical
 * ids that may stay where they cannot be deleted], "empty": [buckets of the stack to empty first],
 * "purge": [buckets that would outlive the stack, to delete after it], "secrets": [whole names of
 * parameters to delete after it]}. */

/* The argument "cure" has to be what was approved, and the stack as it was shown: in `status`; NULL
 * where it is gone, and what it left is tidied up. Errors: ERR_STALE. */
MUST_CHECK enum err_code deployer_check_cure(const struct op *op, const char *status,
                                             struct err *err);

/* Deletes the stack as the argument "cure" says (NULL: nothing but the stack) and follows it to its
 * end. `*out` is as deployer_result(), with "left_behind". Errors: ERR_CONFLICT (it does not rest,
 * or is protected), ERR_DENIED, those of deployer_follow(). */
MUST_CHECK enum err_code deployer_delete(struct op *op, const struct aws *aws, json_t **out,
                                         struct err *err);

/* Whether a deletion was begun, by the stack's id, and if so its end. As an operation's
 * reconcile(). */
MUST_CHECK enum err_code deployer_reconcile_delete(struct op *op, enum reconciled *state,
                                                   json_t **out, struct err *err);

/* ---- Buckets (bucket.c) ---- */

/* Adds "objects", "bytes" and, where there are more than were counted, "is_more" to a row about a
 * bucket: of the stack's own all versions, of another, or where they may not be listed, what is
 * current. One that cannot be looked into adds nothing. */
void deployer_add_load(const struct aws *aws, const char *bucket, bool is_ours, json_t *row);

/* Deletes every version of every object of a bucket of this stack, whose name says so; of another
 * one ERR_POLICY. An absent bucket is empty. Errors: those of s3_list_versions() and
 * s3_delete_all(). */
MUST_CHECK enum err_code deployer_empty_bucket(struct op *op, const struct aws *aws,
                                               const char *bucket, struct err *err);

/* Whether a resource outlives its stack. */
bool deployer_is_retained(const json_t *template, const struct cfn_resource *row);

/* A time of AWS's clock from which on events of a call that begins now are found. */
int64_t deployer_since(const struct aws *aws);
