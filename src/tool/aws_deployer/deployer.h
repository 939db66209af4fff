/* tool/aws_deployer/deployer.h: what the operations of aws_deployer share. Not for other rooms. */
#pragma once

#include "aws/cfn.h"
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
enum err_code deployer_upload(struct op *op, json_t **out, struct err *err);
enum err_code deployer_preview(struct op *op, json_t **out, struct err *err);
enum err_code deployer_discard(struct op *op, json_t **out, struct err *err);
enum err_code deployer_apply(struct op *op, json_t **out, struct err *err);
enum err_code deployer_rollback(struct op *op, json_t **out, struct err *err);
enum err_code deployer_destroy(struct op *op, json_t **out, struct err *err);

enum err_code deployer_reconcile_preview(struct op *op, enum reconciled *state, json_t **out,
                                         struct err *err);
enum err_code deployer_reconcile_apply(struct op *op, enum reconciled *state, json_t **out,
                                       struct err *err);
enum err_code deployer_reconcile_destroy(struct op *op, enum reconciled *state, json_t **out,
                                         struct err *err);

/* The argument `name`, or "" when it is absent. Borrowed. */
const char *deployer_arg(const struct op *op, const char *name);

/* Waits before the next look of a polling loop: LIMIT_POLL_MIN_MS at first, growing to
 * LIMIT_POLL_MAX_MS, and to LIMIT_POLL_SLOW_MS once the wait has taken a minute.
 * Errors: ERR_CANCELLED, ERR_TIMEOUT (the operation's deadline). */
struct poll {
    int64_t started_ms;
    int64_t pause_ms;
};
MUST_CHECK enum err_code deployer_pause(struct op *op, struct poll *poll, struct err *err);

/* Watches an operation of a stack until the stack rests: reports each event once, in order. */
struct follow {
    const char *stack_id;
    const char *token; /* of the operation's events; NULL: all since `since_ms` */
    int64_t since_ms;  /* AWS's clock */
    bool is_idle;      /* nothing was started: the stack rests already */
};
struct followed {
    const struct stack_state *state; /* where it came to rest */
    const char *status;
    json_t *root_cause; /* {"logical_id","type","status","reason"} or null; owned */
    int64_t cancelled;  /* resources that only failed because another one did */
    json_t *outputs;    /* owned */
};
void followed_done(struct followed *followed);
MUST_CHECK enum err_code deployer_follow(struct op *op, const struct follow *follow,
                                         struct followed *out, struct err *err);

/* The result that apply, rollback and destroy share: {"status","ok","root_cause","cancelled",
 * "outputs"}. */
json_t *deployer_result(const struct followed *followed);

/* The digest that names a change set: its ARN, stack, changes and the digests of what went in. */
struct sha256_hex deployer_set_digest(const char *arn, const char *stack_id, const json_t *changes,
                                      const char *template_sha256, const char *parameters_sha256);

/* Keeps a template's text under its digest: in the artefact folder, and in the bucket (argument
 * "bucket", when there is one) as templates/SHA256.json, so that any machine can go back to it.
 * Errors: ERR_IO, those of s3_put(). */
MUST_CHECK enum err_code deployer_keep_template(struct op *op, const struct aws *aws,
                                                struct str text, struct err *err);

/* Appends the text of the template that the argument "template_sha256" names.
 * Errors: ERR_NOT_FOUND, ERR_CORRUPT (other bytes under this name). */
MUST_CHECK enum err_code deployer_find_template(struct op *op, const struct aws *aws,
                                                struct buf *out, struct err *err);

/* Creates a change set and waits until it is AVAILABLE or FAILED. A set without changes is deleted
 * and is an answer: `out->arn` is "". */
struct wanted_set {
    const char *stack;
    const char *name;
    const char *token;
    const char *body;
    const char *role_arn;
    const char *description;
    bool is_create;
    const json_t *parameters; /* as cfn_create_set() takes them */
    const json_t *capabilities;
    const json_t *tags;
};
MUST_CHECK enum err_code deployer_make_set(struct op *op, const struct wanted_set *wanted,
                                           struct cfn_set *out, struct err *err);

/* Waits for a set that was begun, as deployer_make_set() does. */
MUST_CHECK enum err_code deployer_await_set(struct op *op, const char *arn, const char *stack,
                                            struct cfn_set *out, struct err *err);
