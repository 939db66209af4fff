/* drift: what differs from the template at AWS, and a plan that undoes it. */
#include <string.h>

#include "front/verb/run.h"

static void drift_print(struct cli *cli, const json_t *rows) {
    const json_t *row;
    size_t i;

    json_array_foreach(rows, i, row) {
        const json_t *difference;
        size_t k;

        cli_print(cli, "%-9s %s (%s)\n", json_str_or(row, "status", ""),
                  json_str_or(row, "logical_id", ""), json_str_or(row, "type", ""));
        json_array_foreach(json_object_get(row, "differences"), k, difference) {
            cli_print(cli, "          %s: %s, the template says %s\n",
                      json_str_or(difference, "path", "?"),
                      strcmp(json_str_or(difference, "kind", ""), "REMOVE") == 0
                          ? "removed"
                          : json_str_or(difference, "actual", "?"),
                      strcmp(json_str_or(difference, "kind", ""), "ADD") == 0
                          ? "nothing"
                          : json_str_or(difference, "expected", "?"));
        }
    }
}

/* What was not compared, by name. */
static void drift_print_rest(struct cli *cli, const char *why, const json_t *rows) {
    CLEANUP(buf_done) struct buf names = BUF_INIT(8192);
    const json_t *row;
    size_t i;

    json_array_foreach(rows, i, row) {
        buf_addf(&names, "%s%s (%s)", i == 0 ? "" : ", ", json_str_or(row, "logical_id", ""),
                 json_str_or(row, "type", ""));
    }
    if (json_array_size(rows) > 0) {
        cli_say(cli, "%s: %s", why, buf_cstr(&names));
    }
}

static enum err_code drift_show(struct cli *cli, json_t *flags, json_t **out, struct err *err) {
    CLEANUP(json_decrefp) json_t *target = NULL;
    CLEANUP(json_decrefp) json_t *where = NULL;
    CLEANUP(json_decrefp) json_t *found = NULL;
    const char *stack;

    if (flow_target(cli->flow, flags, &target, err) != ERR_NONE ||
        cli_where(cli, flags, &where, err) != ERR_NONE) {
        return err->code;
    }
    stack = json_str_or(target, "stack", "");
    cli_say(cli, "CloudFormation compares %s with its template", stack);
    if (cli_query(cli, flags, "drift", agent_args("stack", stack, NULL), &found, err) != ERR_NONE) {
        return err->code;
    }
    json_put_str(found, "stack", stack);
    cli_event(cli, "drift", json_incref(found));
    drift_print(cli, json_object_get(found, "resources"));
    drift_print_rest(cli, "CloudFormation cannot compare", json_object_get(found, "unsupported"));
    drift_print_rest(cli, "CloudFormation could not compare", json_object_get(found, "unknown"));
    if (!json_bool_at(found, "drifted") && json_bool_at(found, "complete")) {
        cli_say(cli, "nothing was changed by hand in what CloudFormation can compare");
    }
    json_put(flags, "where", json_incref(where));
    *out = TAKE(found);
    return ERR_NONE;
}

/* What was not compared is not known to be as the template says. */
static enum err_code drift_judge(const json_t *found, struct err *err) {
    const char *reason = json_str_or(found, "reason", "");

    if (json_bool_at(found, "drifted")) {
        err_set(err, ERR_CONFLICT, "the stack differs from its template");
        return err_remedy(
            err, "aws-copilot drift --repair plans what undoes it; a change that is wanted "
                 "belongs into aws-copilot.yml or the repository");
    }
    if (!json_bool_at(found, "complete")) {
        err_set(err, ERR_SERVICE, "not everything could be compared%s%s",
                reason[0] == '\0' ? "" : ": ", reason);
        return err_remedy(err, "run aws-copilot drift again; if it stays so, look at that resource "
                               "in AWS, and whether your credentials may read it");
    }
    return ERR_NONE;
}

static enum err_code drift_run(struct cli *cli, struct err *err) {
    CLEANUP(json_decrefp) json_t *flags = cli_flags(cli);
    CLEANUP(json_decrefp) json_t *found = NULL;

    if (cli_flow(cli, err) != ERR_NONE || drift_show(cli, flags, &found, err) != ERR_NONE) {
        return err->code;
    }
    if (json_bool_at(found, "drifted") && args_is(&cli->args, OPT_REPAIR)) {
        json_put_bool(flags, "repair", true);
        return run_here(cli, "rollback", TAKE(flags), err);
    }
    return drift_judge(found, err);
}

const struct verb verb_drift = {
    .name = "drift",
    .words = "",
    .summary = "what was changed by hand at AWS; --repair plans what undoes it",
    .more = "Exit 1 when something differs, or could not be compared. --repair makes a change set "
            "that takes what differs back to the template of the release that runs, and asks; "
            "CloudFormation calls that REVERT_DRIFT.",
    .section = VERBS_LOOK,
    .options = RUN_OPTIONS | OPTIONS_APPROVAL | OPTIONS_FAILURE | OPTIONS_DRIFT,
    .run = drift_run,
};
