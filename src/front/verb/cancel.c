/* cancel: stop a run from any terminal, and see it go back. */
#include "front/verb/run.h"

static enum err_code cancel_put(struct cli *cli, const char *id, const struct glance *glance,
                                struct err *err) {
    CLEANUP(freep)
    char *actor =
        mem_format("%s,terminal", json_str_or(glance->state, "identity.arn", "whoever started it"));
    CLEANUP(json_decrefp) json_t *message = agent_args("type", "cancel", "actor", actor, NULL);
    CLEANUP(masked_done) struct masked masked = {0};

    redact_json(flow_redactor(cli->flow), message, &masked);
    return store_put_message(flow_store(cli->flow), str_from(id), &masked, err);
}

static enum err_code cancel_run(struct cli *cli, struct err *err) {
    CLEANUP(arena_freep) struct arena *arena = arena_new();
    CLEANUP(glance_done) struct glance glance = {0};
    struct joined joined;
    const char *id = NULL;

    if (run_named_session(cli, arena, &id, err) != ERR_NONE) {
        return err->code;
    }
    if (run_find(cli, id, &glance, &joined, err) != ERR_NONE) {
        return err->code;
    }
    if (glance.end_status[0] != '\0') {
        err_set(err, ERR_USED, "session %s has ended (%s); nothing is left to cancel", id,
                glance.end_status);
        return err_remedy(err, "aws-copilot rollback goes back to an earlier release");
    }
    if (joined.is_run) {
        err_set(err, ERR_LOCKED, "session %s is run by %s on %s since %s", id, joined.actor,
                joined.host, run_date(joined.since_ms).text);
        return err_remedy(err, "cancel it there; aws-copilot attach %s watches it", id);
    }
    return cancel_put(cli, id, &glance, err) != ERR_NONE ? err->code : attach_watch(cli, id, err);
}

const struct verb verb_cancel = {
    .name = "cancel",
    .words = "[ID]",
    .word_max = 1,
    .summary = "stop a run from any terminal; what was under way goes back",
    .more =
        "Before the yes the change set is deleted. While CloudFormation updates, it is told to "
        "go back; a creation cannot be stopped, so its end is waited for. Then the version "
        "before is put back, as was approved. Without ID: the newest session of this repository "
        "that has not ended.\n"
        "Exit 8: cancelled. Exit 1: it had ended. Exit 6: unknown.",
    .section = VERBS_DEPLOY,
    .options = OPTIONS_WHERE | OPTIONS_ASK | OPTIONS_PROGRESS,
    .run = cancel_run,
};
