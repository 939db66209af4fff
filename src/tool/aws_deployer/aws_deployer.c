/* aws_deployer: the only tool that reaches AWS. Operations, their effects and their shapes. */
#include "tool/aws_deployer/deployer.h"

/* clang-format off */
#define END {0}
static const struct json_field none[] = { END };

static const struct json_field identity_out[] = {
    { "account", JSON_TEXT, false }, { "arn", JSON_TEXT, false }, { "user_id", JSON_TEXT, false },
    { "region", JSON_TEXT, false }, { "endpoint", JSON_TEXT, false }, { "endpoint_port", JSON_COUNT, false },
    { "profile", JSON_TEXT, false }, { "source", JSON_TEXT, true }, { "warnings", JSON_LIST, false },
    { "clock_offset_ms", JSON_COUNT, false }, END };

static const struct json_field stack_in[] = { { "stack", JSON_TEXT, false }, END };
static const struct json_field status_out[] = {
    { "exists", JSON_FLAG, false }, { "status", JSON_TEXT, false }, { "stack_id", JSON_TEXT, false },
    { "class", JSON_TEXT, false }, { "can_update", JSON_FLAG, false }, { "can_fix", JSON_FLAG, false },
    { "sentence", JSON_TEXT, false }, { "remedy", JSON_TEXT, false }, { "reason", JSON_TEXT, false }, { "protected", JSON_FLAG, false },
    { "changed_ms", JSON_COUNT, false },
    { "outputs", JSON_MAP, false }, { "parameters", JSON_MAP, false }, { "tags", JSON_MAP, false }, END };

static const struct json_field events_in[] = { { "stack_id", JSON_TEXT, false }, { "since_ms", JSON_COUNT, true }, END };
static const struct json_field events_out[] = { { "events", JSON_LIST, false }, END };
static const struct json_field outputs_out[] = { { "outputs", JSON_MAP, false }, { "status", JSON_TEXT, false }, END };
static const struct json_field inventory_out[] = { { "resources", JSON_LIST, false }, END };

static const struct json_field logs_in[] = {
    { "stack", JSON_TEXT, false }, { "since_ms", JSON_COUNT, true }, { "until_ms", JSON_COUNT, true },
    { "filter", JSON_TEXT, true }, { "limit", JSON_COUNT, true }, END };
static const struct json_field logs_out[] = { { "lines", JSON_LIST, false }, { "next_ms", JSON_COUNT, false }, END };

static const struct json_field parameters_in[] = { { "path", JSON_TEXT, false }, END };
static const struct json_field parameters_out[] = { { "parameters", JSON_LIST, false }, END };

static const struct json_field probe_in[] = {
    { "url", JSON_TEXT, false }, { "build_id", JSON_TEXT, true }, { "health_path", JSON_TEXT, true },
    { "index_sha256", JSON_TEXT, true }, { "asset", JSON_MAP, true }, { "deadline_ms", JSON_COUNT, false }, END };
static const struct json_field probe_out[] = {
    { "passed", JSON_FLAG, false }, { "attempts", JSON_COUNT, false }, { "in_row", JSON_COUNT, false },
    { "elapsed_ms", JSON_COUNT, false }, { "hops", JSON_LIST, false }, { "failed_hop", JSON_TEXT, false },
    { "sentence", JSON_TEXT, false }, END };

static const struct json_field lock_in[] = {
    { "bucket", JSON_TEXT, false }, { "stack", JSON_TEXT, false }, { "action", JSON_TEXT, false },
    { "epoch", JSON_COUNT, true }, END };
static const struct json_field lock_out[] = { { "held", JSON_FLAG, false }, { "epoch", JSON_COUNT, false }, END };

static const struct json_field publish_in[] = {
    { "bucket", JSON_TEXT, false }, { "stack", JSON_TEXT, false }, END };
static const struct json_field publish_out[] = { { "written", JSON_COUNT, false }, END };
static const struct json_field pull_in[] = {
    { "bucket", JSON_TEXT, false }, { "stack", JSON_TEXT, false }, { "account", JSON_TEXT, false },
    { "region", JSON_TEXT, false }, END };
static const struct json_field pull_out[] = { { "taken", JSON_COUNT, false }, END };
static const struct json_field share_in[] = {
    { "bucket", JSON_TEXT, false }, { "stack", JSON_TEXT, false }, { "session", JSON_TEXT, false },
    { "from", JSON_COUNT, false }, { "rest", JSON_COUNT, true }, { "site", JSON_MAP, true }, END };
static const struct json_field share_out[] = { { "written", JSON_COUNT, false }, { "to", JSON_COUNT, false }, END };
static const struct json_field join_in[] = {
    { "bucket", JSON_TEXT, false }, { "stack", JSON_TEXT, false }, { "session", JSON_TEXT, false },
    { "project", JSON_TEXT, false }, { "known", JSON_TEXT, true }, END };
static const struct json_field join_out[] = {
    { "found", JSON_FLAG, false }, { "imported", JSON_COUNT, false }, { "to", JSON_COUNT, true }, { "live", JSON_FLAG, true },
    { "shared_to", JSON_COUNT, true }, { "last", JSON_COUNT, true }, { "take", JSON_COUNT, true }, { "open", JSON_FLAG, true }, { "run", JSON_FLAG, true }, { "taken_by", JSON_MAP, true }, { "decisions", JSON_LIST, true }, END };
static const struct json_field waiting_in[] = { { "bucket", JSON_TEXT, false }, { "stack", JSON_TEXT, false }, END };
static const struct json_field waiting_out[] = { { "rows", JSON_LIST, false }, { "cut", JSON_FLAG, false }, END };
static const struct json_field take_in[] = {
    { "bucket", JSON_TEXT, false }, { "stack", JSON_TEXT, false }, { "session", JSON_TEXT, false },
    { "after", JSON_COUNT, false }, { "site", JSON_MAP, true }, END };
static const struct json_field take_out[] = { { "take", JSON_COUNT, false }, { "interrupted", JSON_FLAG, false }, END };
static const struct json_field decide_in[] = {
    { "bucket", JSON_TEXT, false }, { "stack", JSON_TEXT, false }, { "session", JSON_TEXT, false },
    { "digest", JSON_TEXT, false }, { "answer", JSON_TEXT, false }, END };
static const struct json_field decide_out[] = { { "written", JSON_FLAG, false }, { "actor", JSON_TEXT, false }, END };
static const struct json_field lock_status_in[] = { { "bucket", JSON_TEXT, false }, { "stack", JSON_TEXT, false }, END };
static const struct json_field lock_status_out[] = {
    { "held", JSON_FLAG, false }, { "epoch", JSON_COUNT, false }, { "stale", JSON_FLAG, false },
    { "run", JSON_TEXT, false }, { "user", JSON_TEXT, false }, { "host", JSON_TEXT, false },
    { "pid", JSON_COUNT, false }, { "since_ms", JSON_COUNT, false }, { "expires_ms", JSON_COUNT, false }, END };
static const struct json_field unlock_in[] = {
    { "bucket", JSON_TEXT, false }, { "stack", JSON_TEXT, false }, { "epoch", JSON_COUNT, false },
    { "is_stale", JSON_FLAG, true }, { "account", JSON_TEXT, false }, END };

static const struct json_field upload_in[] = {
    { "bucket", JSON_TEXT, false }, { "base", JSON_TEXT, true }, { "files", JSON_LIST, false }, END };
static const struct json_field upload_out[] = {
    { "uploaded", JSON_COUNT, false }, { "skipped", JSON_COUNT, false }, { "bytes", JSON_COUNT, false }, END };

static const struct json_field preview_in[] = {
    { "kind", JSON_TEXT, false }, { "stack", JSON_TEXT, false }, { "template", JSON_MAP, true },
    { "bucket", JSON_TEXT, true }, { "template_sha256", JSON_TEXT, false }, { "parameters", JSON_MAP, false }, { "role_arn", JSON_TEXT, true },
    { "tags", JSON_MAP, false }, { "description", JSON_TEXT, false }, { "capabilities", JSON_LIST, false },
    { "artefacts", JSON_LIST, false }, { "keep", JSON_FLAG, true }, { "revert_drift", JSON_FLAG, true }, { "usage", JSON_MAP, true },
    { "planned_for", JSON_TEXT, true }, END };
static const struct json_field preview_out[] = {
    { "no_change", JSON_FLAG, false }, { "arn", JSON_TEXT, false }, { "name", JSON_TEXT, false },
    { "stack_id", JSON_TEXT, false }, { "stack", JSON_TEXT, false }, { "type", JSON_TEXT, false },
    { "status", JSON_TEXT, false }, { "changes", JSON_LIST, false }, { "parameters", JSON_LIST, false },
    { "warnings", JSON_LIST, false }, { "sha256", JSON_TEXT, false }, { "parameters_sha256", JSON_TEXT, false }, { "cost", JSON_MAP, true }, { "before", JSON_MAP, true }, END };

static const struct json_field permissions_in[] = {
    { "policy", JSON_MAP, false }, { "arn", JSON_TEXT, false }, END };
static const struct json_field permissions_out[] = {
    { "how", JSON_TEXT, false }, { "why", JSON_TEXT, false }, { "missing", JSON_LIST, false }, { "unsure", JSON_LIST, false }, END };

static const struct json_field discard_in[] = {
    { "arn", JSON_TEXT, false }, { "stack_id", JSON_TEXT, false }, { "stack", JSON_TEXT, false }, END };
static const struct json_field discard_out[] = { { "deleted", JSON_FLAG, false }, { "stack_deleted", JSON_FLAG, false }, END };

static const struct json_field apply_in[] = {
    { "approval", JSON_TEXT, false }, { "arn", JSON_TEXT, false }, { "stack_id", JSON_TEXT, false },
    { "stack", JSON_TEXT, false }, { "template_sha256", JSON_TEXT, false },
    { "parameters_sha256", JSON_TEXT, false }, { "set_sha256", JSON_TEXT, false },
    { "account", JSON_TEXT, false }, { "lock", JSON_MAP, true }, { "function", JSON_TEXT, true },
    { "alias_version", JSON_TEXT, true }, { "code_sha256", JSON_TEXT, true }, { "artefacts", JSON_LIST, true }, END };
static const struct json_field apply_out[] = {
    { "status", JSON_TEXT, false }, { "ok", JSON_FLAG, false }, { "root_cause", JSON_ANY, false },
    { "cancelled", JSON_COUNT, false }, { "outputs", JSON_MAP, false }, { "at_ms", JSON_COUNT, true }, { "unwanted", JSON_FLAG, true },
    { "refused", JSON_TEXT, true }, { "remedy", JSON_TEXT, true }, END };

static const struct json_field rollback_in[] = {
    { "release", JSON_TEXT, false }, { "stack", JSON_TEXT, false }, { "stack_id", JSON_TEXT, false },
    { "function", JSON_TEXT, false }, { "alias_version", JSON_TEXT, false },
    { "template_sha256", JSON_TEXT, false }, { "parameters", JSON_MAP, false }, { "role_arn", JSON_TEXT, true },
    { "bucket", JSON_TEXT, true }, { "tags", JSON_MAP, false }, { "lock", JSON_MAP, true }, END };
static const struct json_field rollback_out[] = {
    { "status", JSON_TEXT, false }, { "ok", JSON_FLAG, false }, { "root_cause", JSON_ANY, false },
    { "cancelled", JSON_COUNT, false }, { "outputs", JSON_MAP, false }, { "at_ms", JSON_COUNT, true }, { "alias_moved", JSON_FLAG, false }, { "unwanted", JSON_FLAG, true }, END };

static const struct json_field diagnose_out[] = {
    { "exists", JSON_FLAG, false }, { "status", JSON_TEXT, false }, { "stack_id", JSON_TEXT, false },
    { "class", JSON_TEXT, false }, { "cure", JSON_TEXT, false }, { "sentence", JSON_TEXT, false },
    { "loses", JSON_TEXT, false }, { "remedy", JSON_TEXT, false }, { "reason", JSON_TEXT, false },
    { "protected", JSON_FLAG, false }, { "is_empty", JSON_FLAG, false }, { "failed", JSON_LIST, false },
    { "cause", JSON_MAP, true }, { "sets", JSON_LIST, false }, END };
static const struct json_field wait_in[] = { { "stack_id", JSON_TEXT, false }, END };
static const struct json_field wait_out[] = { { "status", JSON_TEXT, false }, { "sentence", JSON_TEXT, false }, END };
static const struct json_field drift_out[] = {
    { "drifted", JSON_FLAG, false }, { "complete", JSON_FLAG, false }, { "status", JSON_TEXT, false },
    { "reason", JSON_TEXT, false }, { "resources", JSON_LIST, false }, { "unknown", JSON_LIST, false },
    { "unsupported", JSON_LIST, false }, END };

static const struct json_field destroy_in[] = {
    { "approval", JSON_TEXT, false }, { "stack", JSON_TEXT, false }, { "stack_id", JSON_TEXT, false },
    { "account", JSON_TEXT, false }, { "cure", JSON_MAP, false }, { "lock", JSON_MAP, true },
    { "role_arn", JSON_TEXT, true }, END };
static const struct json_field destroy_out[] = {
    { "status", JSON_TEXT, false }, { "ok", JSON_FLAG, false }, { "root_cause", JSON_ANY, false },
    { "cancelled", JSON_COUNT, false }, { "outputs", JSON_MAP, false }, { "at_ms", JSON_COUNT, true }, { "left_behind", JSON_LIST, false }, { "unwanted", JSON_FLAG, true }, END };

static const struct json_field put_secret_in[] = {
    { "approval", JSON_TEXT, false }, { "path", JSON_TEXT, false }, { "rows", JSON_LIST, false },
    { "parameters_sha256", JSON_TEXT, false }, { "account", JSON_TEXT, false }, { "tags", JSON_MAP, false }, END };
static const struct json_field secrets_rm_in[] = {
    { "approval", JSON_TEXT, false }, { "path", JSON_TEXT, false }, { "rows", JSON_LIST, false },
    { "parameters_sha256", JSON_TEXT, false }, { "account", JSON_TEXT, false }, END };
static const struct json_field secrets_out[] = {
    { "ok", JSON_FLAG, false }, { "status", JSON_TEXT, false }, { "parameters", JSON_LIST, false }, END };

static const struct operation operations[] = {
    /* name, effect, purpose, deadline, in, out, run, reconcile, abandon */
    { "identity",     EFFECT_READ,    "who the credentials are",              LIMIT_TOOL_TIMEOUT_MS,   none,          identity_out,   deployer_identity,     NULL },
    { "stack_status", EFFECT_READ,    "what a stack is and can take",         LIMIT_TOOL_TIMEOUT_MS,   stack_in,      status_out,     deployer_stack_status, NULL },
    { "events",       EFFECT_READ,    "what happened to a stack",             LIMIT_TOOL_TIMEOUT_MS,   events_in,     events_out,     deployer_events,       NULL },
    { "outputs",      EFFECT_READ,    "what a stack offers",                  LIMIT_TOOL_TIMEOUT_MS,   stack_in,      outputs_out,    deployer_outputs,      NULL },
    { "inventory",    EFFECT_READ,    "what a stack consists of",             LIMIT_TOOL_TIMEOUT_MS,   stack_in,      inventory_out,  deployer_inventory,    NULL },
    { "logs",         EFFECT_READ,    "what function and gateway wrote",      LIMIT_TOOL_TIMEOUT_MS,   logs_in,       logs_out,       deployer_logs,         NULL },
    { "parameters",   EFFECT_READ,    "names and versions of parameters",     LIMIT_TOOL_TIMEOUT_MS,   parameters_in, parameters_out, deployer_parameters,   NULL },
    { "secrets_ls",   EFFECT_READ,    "names, versions, dates, who wrote them", LIMIT_TOOL_TIMEOUT_MS, parameters_in, parameters_out, deployer_secrets_ls,   NULL },
    { "probe",        EFFECT_READ,    "whether a build answers",              LIMIT_JOB_TIMEOUT_MS,    probe_in,      probe_out,      deployer_probe,        NULL },
    { "diagnose",     EFFECT_READ,    "what gets a stack out of its state",   LIMIT_TOOL_TIMEOUT_MS,   stack_in,      diagnose_out,   deployer_diagnose,     NULL },
    { "wait",         EFFECT_READ,    "wait until a stack rests",             LIMIT_STACK_WAIT_MS,     wait_in,       wait_out,       deployer_wait,         NULL },
    { "permissions",  EFFECT_READ,    "what of a policy the caller lacks",    LIMIT_TOOL_TIMEOUT_MS,   permissions_in, permissions_out, deployer_permissions, NULL },
    { "drift",        EFFECT_READ,    "what was changed by hand",             LIMIT_CHANGESET_WAIT_MS, stack_in,      drift_out,      deployer_drift,        NULL },
    { "lock",         EFFECT_PREVIEW, "take or give back the stack's lock",   LIMIT_TOOL_TIMEOUT_MS,   lock_in,       lock_out,       deployer_lock,         NULL, deployer_lock_abandon },
    { "publish",      EFFECT_PREVIEW, "release and seals for other machines",  LIMIT_TOOL_TIMEOUT_MS,   publish_in,    publish_out,    deployer_publish,      NULL },
    { "pull",         EFFECT_LOCAL,   "take up releases of other machines",   LIMIT_TOOL_TIMEOUT_MS,   pull_in,       pull_out,       deployer_pull,         NULL },
    { "share",        EFFECT_PREVIEW, "a session for other machines",         LIMIT_JOB_TIMEOUT_MS,    share_in,      share_out,      deployer_share,        NULL },
    { "join",         EFFECT_LOCAL,   "what others did to a shared session",  LIMIT_TOOL_TIMEOUT_MS,   join_in,       join_out,       deployer_join,         NULL },
    { "waiting",      EFFECT_READ,    "shared sessions that wait for a yes",  LIMIT_TOOL_TIMEOUT_MS,   waiting_in,    waiting_out,    deployer_waiting,      NULL },
    { "take",         EFFECT_PREVIEW, "go on with a shared session here",     LIMIT_JOB_TIMEOUT_MS,    take_in,       take_out,       deployer_take_session, NULL },
    { "decide",       EFFECT_PREVIEW, "a yes or no, for other machines",      LIMIT_TOOL_TIMEOUT_MS,   decide_in,     decide_out,     deployer_decide,       NULL },
    { "lock_status",  EFFECT_READ,    "whose the stack's lock is",            LIMIT_TOOL_TIMEOUT_MS,   lock_status_in, lock_status_out, deployer_lock_status, NULL },
    { "unlock",       EFFECT_PREVIEW, "give back another run's lock",         LIMIT_TOOL_TIMEOUT_MS,   unlock_in,     lock_out,       deployer_unlock,       NULL },
    { "upload",       EFFECT_PREVIEW, "put files named by their content",     LIMIT_JOB_TIMEOUT_MS,    upload_in,     upload_out,     deployer_upload,       NULL },
    { "preview",      EFFECT_PREVIEW, "make a change set",                    LIMIT_CHANGESET_WAIT_MS, preview_in,    preview_out,    deployer_preview,      deployer_reconcile_preview },
    { "discard",      EFFECT_PREVIEW, "delete a change set of ours",          LIMIT_TOOL_TIMEOUT_MS,   discard_in,    discard_out,    deployer_discard,      NULL },
    { "apply",        EFFECT_APPLY,   "execute the approved change set",      LIMIT_STACK_WAIT_MS,     apply_in,      apply_out,      deployer_apply,        deployer_reconcile_apply },
    { "bootstrap",    EFFECT_APPLY,   "execute the bootstrap's change set",   LIMIT_STACK_WAIT_MS,     apply_in,      apply_out,      deployer_apply,        deployer_reconcile_apply },
    { "rollback",     EFFECT_APPLY,   "go back to a release, as approved",    LIMIT_STACK_WAIT_MS,     rollback_in,   rollback_out,   deployer_rollback,     NULL },
    { "destroy",      EFFECT_APPLY,   "delete a stack and say what stays",    LIMIT_STACK_WAIT_MS,     destroy_in,    destroy_out,    deployer_destroy,      deployer_reconcile_destroy },
    { "recover",      EFFECT_APPLY,   "get a stack out of a stuck state",     LIMIT_STACK_WAIT_MS,     destroy_in,    destroy_out,    deployer_recover,      deployer_reconcile_recover },
    { "put_secret",   EFFECT_APPLY,   "store the values that a person gave",  LIMIT_TOOL_TIMEOUT_MS,   put_secret_in, secrets_out,    deployer_put_secret,   deployer_reconcile_put_secret },
    { "secrets_rm",   EFFECT_APPLY,   "remove secrets, as approved",          LIMIT_TOOL_TIMEOUT_MS,   secrets_rm_in, secrets_out,    deployer_secrets_rm,   deployer_reconcile_secrets_rm },
};
/* clang-format on */

const struct tool tool_aws_deployer = {
    .name = "aws_deployer",
    .purpose = "AWS: reads, previews, and applies what was approved",
    .operations = operations,
    .operation_n = ARRAY_N(operations),
};
