/* aws-copilot: the table of verbs. */
#include "front/cli/verb.h"
#include "sys/core.h"
#include "sys/standard.h"

#include <stddef.h>

extern const struct verb verb_approvals, verb_approve, verb_attach, verb_audit, verb_backup,
    verb_bootstrap, verb_cancel, verb_chat, verb_completion, verb_deploy, verb_destroy, verb_doctor,
    verb_drift, verb_env, verb_estimate, verb_help, verb_history, verb_import, verb_init,
    verb_inspect, verb_logs, verb_outputs, verb_permissions, verb_plan, verb_policy, verb_recover,
    verb_redact, verb_reject, verb_restore, verb_rollback, verb_run, verb_secrets, verb_status,
    verb_tables, verb_tokens, verb_unlock, verb_version;

/* In the order of help. A new verb: one file, and one line here. */
static const struct verb *const verbs[] = {
    &verb_chat,      &verb_init,
    &verb_plan,      &verb_deploy,
    &verb_attach,    &verb_cancel,
    &verb_recover,   &verb_rollback,
    &verb_destroy,   &verb_unlock,
    &verb_bootstrap, &verb_secrets,
    &verb_import,    &verb_env,
    &verb_status,    &verb_drift,
    &verb_outputs,   &verb_logs,
    &verb_history,   &verb_approvals,
    &verb_approve,   &verb_reject,
    &verb_audit,     &verb_backup,
    &verb_restore,   &verb_inspect,
    &verb_estimate,  &verb_permissions,
    &verb_doctor,    &verb_policy,
    &verb_run,       &verb_redact,
    &verb_tokens,    &verb_completion,
    &verb_version,   &verb_help,
    &verb_tables,    NULL,
};

int main(int argc, char **argv) {
    standard_hold();
    core_forbid();
    return cli_main(verbs, argc, argv);
}
