/* aws/cfn.h: CloudFormation: stacks, change sets, events.
 *
 * Everything that a call gives lives in the arena. Text of AWS is passed as it is, references
 * decoded; an empty element is absent, "". All calls block and may be made from any thread.
 * Source: CloudFormation API Reference, version 2010-05-15.
 */
#pragma once

#include "aws/client.h"
#include "base/arena.h"
#include "base/json.h"

struct cfn_stack {
    const char *id; /* ARN */
    const char *name;
    const char *status;
    const char *reason;
    const char *role_arn;
    bool is_protected;  /* termination protection */
    int64_t changed_ms; /* when it was last updated, or else created; AWS's clock */
    json_t *outputs;    /* object of strings; owned: cfn_stack_done() */
    json_t *parameters; /* object of strings; those that AWS masks are left out */
    json_t *tags;       /* object of strings */
};
void cfn_stack_done(struct cfn_stack *stack);

/* DescribeStacks for one name or ARN. An absent stack is an answer: *out_exists is false.
 * After the first read use the ARN: a deleted stack still answers by it. */
MUST_CHECK enum err_code cfn_describe_stack(const struct aws *aws, struct arena *arena,
                                            const char *stack, bool *out_exists,
                                            struct cfn_stack *out, struct err *err);

/* Whether a bucket's name says that CloudFormation made it for this stack, by its name:
 * "STACK-...". Source: CloudFormation User Guide, "Name type". */
bool cfn_is_bucket_of(const char *stack, const char *bucket);

/* The text of the template that is deployed, JSON or YAML, as whoever deployed it wrote it; the
 * caller's to free(). An absent stack is ERR_NOT_FOUND. */
MUST_CHECK enum err_code cfn_get_template(const struct aws *aws, const char *stack, char **out,
                                          struct err *err);

struct cfn_new_set {
    const char *stack; /* name */
    const char *name;  /* of the set: [a-zA-Z][-a-zA-Z0-9]*, at most 128 */
    const char *token; /* ClientToken */
    bool is_create;
    bool reverts_drift;   /* what differs from the template is part of the change */
    const char *body;     /* template text */
    const char *url;      /* or where it lies in S3 */
    const char *role_arn; /* NULL or "": none */
    const char *description;
    const json_t *parameters;   /* object: name -> string, or true for UsePreviousValue */
    const json_t *capabilities; /* array of strings */
    const json_t *tags;         /* object of strings */
};

/* CreateChangeSet. The same token with the same request is safe to send again.
 * Errors: ERR_CONFLICT (the name exists), ERR_STALE (the stack is in another state than it was read
 * in), ERR_TEMPLATE (AWS refuses the template or its parameters), ERR_DENIED (a capability or
 * permission is missing), those of aws_call(). */
MUST_CHECK enum err_code cfn_create_set(const struct aws *aws, struct arena *arena,
                                        const struct cfn_new_set *set, const char **out_arn,
                                        const char **out_stack_id, struct err *err);

struct cfn_set {
    const char *arn;
    const char *name;
    const char *stack_id;
    const char *stack;
    const char *status;           /* CREATE_PENDING, CREATE_COMPLETE, FAILED, ... */
    const char *execution_status; /* AVAILABLE, UNAVAILABLE, EXECUTE_COMPLETE, OBSOLETE, ... */
    const char *reason;
    int64_t created_ms;
    json_t *changes;    /* array, the shape of guard/policy.h; owned: cfn_set_done() */
    json_t *parameters; /* array of names; values are never kept: NoEcho ones come in clear */
};
void cfn_set_done(struct cfn_set *set);

/* DescribeChangeSet, all pages, by ARN, or by name with `stack`. An absent set is an answer.
 * Errors: ERR_TOO_LARGE (a set that would be known in part only). */
MUST_CHECK enum err_code cfn_describe_set(const struct aws *aws, struct arena *arena,
                                          const char *set, const char *stack, bool *out_exists,
                                          struct cfn_set *out, struct err *err);

struct cfn_set_row {
    const char *arn;
    const char *name;
    const char *status;
    const char *execution_status;
    const char *description;
    int64_t created_ms;
};

/* ListChangeSets of a stack, all pages. An absent stack has none. */
MUST_CHECK enum err_code cfn_list_sets(const struct aws *aws, struct arena *arena,
                                       const char *stack, struct cfn_set_row **out, size_t *out_n,
                                       struct err *err);

/* ExecuteChangeSet by ARN. `is_kept`: what fails is left as it is, CloudFormation puts nothing
 * back. Errors: ERR_STALE (it is not AVAILABLE any more), those of aws_call().
 */
MUST_CHECK enum err_code cfn_execute_set(const struct aws *aws, const char *arn, const char *stack,
                                         const char *token, bool is_kept, struct err *err);

/* DeleteChangeSet; an absent one is fine. */
MUST_CHECK enum err_code cfn_delete_set(const struct aws *aws, const char *arn, const char *stack,
                                        struct err *err);

/* ---- Acting on a stack (cfn_act.c) ----
 *
 * All by ARN, with a ClientRequestToken. `role_arn` is the role that CloudFormation acts as from
 * then on; "": the one that the stack has. Errors of all: ERR_STALE (the state changed meanwhile),
 * ERR_CONFLICT (protected, imported by another stack, the role is gone), those of aws_call(). */

/* DeleteStack. `retain` (array of logical ids, or NULL) are resources that stay: for a stack in
 * DELETE_FAILED only. */
MUST_CHECK enum err_code cfn_delete_stack(const struct aws *aws, const char *stack_id,
                                          const json_t *retain, const char *role_arn,
                                          const char *token, struct err *err);

/* RollbackStack, of one in CREATE_FAILED or UPDATE_FAILED. Errors: ERR_STALE (it is in another
 * state), those of aws_call(). */
MUST_CHECK enum err_code cfn_rollback_stack(const struct aws *aws, const char *stack_id,
                                            const char *role_arn, const char *token,
                                            struct err *err);

/* ContinueUpdateRollback, of one in UPDATE_ROLLBACK_FAILED; `skip` (array of logical ids, may be
 * empty) are resources that count as rolled back. Errors: as above. */
MUST_CHECK enum err_code cfn_continue_rollback(const struct aws *aws, const char *stack_id,
                                               const json_t *skip, const char *role_arn,
                                               const char *token, struct err *err);

/* CancelUpdateStack, of one in UPDATE_IN_PROGRESS: CloudFormation goes back. Errors: as above. */
MUST_CHECK enum err_code cfn_cancel_update(const struct aws *aws, const char *stack_id,
                                           const char *token, struct err *err);

/* ---- Drift (cfn_drift.c) ---- */

/* DetectStackDrift: begins to look. `*out_id` is in the arena. Errors: ERR_STALE (the stack does
 * not rest), ERR_NOT_FOUND, those of aws_call(). */
MUST_CHECK enum err_code cfn_detect_drift(const struct aws *aws, struct arena *arena,
                                          const char *stack, const char **out_id, struct err *err);

struct cfn_drift_look {
    const char *detection; /* DETECTION_IN_PROGRESS, DETECTION_COMPLETE, DETECTION_FAILED */
    const char *drift;     /* DRIFTED, IN_SYNC, UNKNOWN, NOT_CHECKED; "" while it is looked for */
    const char *reason;
    int64_t began_ms; /* AWS's clock */
};
MUST_CHECK enum err_code cfn_drift_status(const struct aws *aws, struct arena *arena,
                                          const char *id, struct cfn_drift_look *out,
                                          struct err *err);

/* DescribeStackResourceDrifts, all pages, in sync or not: an array of {"logical_id","physical_id",
 * "type","status","at_ms" (when it was compared, AWS's clock),"differences":[{"path","kind":
 * "ADD|REMOVE|NOT_EQUAL","expected","actual"}]}. New reference. */
MUST_CHECK enum err_code cfn_list_drifts(const struct aws *aws, const char *stack, json_t **out,
                                         struct err *err);

struct cfn_event {
    const char *id;
    const char *logical_id;
    const char *physical_id;
    const char *type;
    const char *status;
    const char *reason;
    const char *token;
    int64_t time_ms;
};

/* DescribeStackEvents, newest first, page by page until an event is older than `since_ms`; of more
 * than CFN_EVENTS_MAX the newest. */
enum { CFN_EVENTS_MAX = 2000 };
MUST_CHECK enum err_code cfn_list_events(const struct aws *aws, struct arena *arena,
                                         const char *stack_id, int64_t since_ms,
                                         struct cfn_event **out, size_t *out_n, struct err *err);

/* The validation errors of a change set (DescribeEvents with FailedEvents, all pages), an array of
 * {"name","mode":"FAIL|WARN","path","logical_id","text"}. A place without that call gives none. New
 * reference. */
MUST_CHECK enum err_code cfn_list_validations(const struct aws *aws, const char *set_arn,
                                              json_t **out, struct err *err);

struct cfn_resource {
    const char *logical_id;
    const char *physical_id;
    const char *type;
    const char *status;
    const char *reason;
};

/* DescribeStackResources, in the order of AWS. Errors: ERR_NOT_FOUND (no such stack). */
MUST_CHECK enum err_code cfn_list_resources(const struct aws *aws, struct arena *arena,
                                            const char *stack, struct cfn_resource **out,
                                            size_t *out_n, struct err *err);
