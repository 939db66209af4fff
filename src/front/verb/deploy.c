/* deploy, plan, bootstrap: one road, with different ends. */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "front/verb/run.h"
#include "sys/fs.h"

/* ---- plan ---- */

static void plan_tell_how(struct cli *cli) {
    const char *id = json_str_or(cli->result, "session", "");

    if (cli->result == NULL || strcmp(json_str_or(cli->result, "status", ""), "waiting") != 0) {
        return;
    }
    cli_say(cli, "aws-copilot approve %s says yes, aws-copilot reject %s says no", id, id);
    cli_say(cli, "aws-copilot deploy --plan %s then executes it", id);
    cli_print(cli, "%s\n", id);
}

static enum err_code plan_run(struct cli *cli, struct err *err) {
    json_t *flags = cli_flags(cli);
    enum err_code code;

    json_put_bool(flags, "stop_at_wait", true);
    cli->asker.is_planning = true;
    code = run_flags(cli, "deploy", flags, err);
    cli->asker.is_planning = false;
    if (code == ERR_NONE) {
        plan_tell_how(cli);
    }
    return code;
}

static const char *const plan_aliases[] = {"diff", "preview", NULL};

const struct verb verb_plan = {
    .name = "plan",
    .aliases = plan_aliases,
    .words = "",
    .summary = "everything up to the change set and both reviews; executes nothing",
    .more = "Ends with exit 10 while the change set waits for a yes. The session's id goes to "
            "stdout; aws-copilot approve ID, then aws-copilot deploy --plan ID, executes exactly "
            "that.",
    .section = VERBS_DEPLOY,
    .options = RUN_OPTIONS_DEPLOY | OPTIONS_PLAN,
    .run = plan_run,
};

/* ---- deploy ---- */

/* A file that cannot be written is told before anything runs, not after it. */
static enum err_code deploy_check_outputs(const struct cli *cli, struct err *err) {
    const char *path = args_text(&cli->args, OPT_OUTPUTS_FILE);
    const char *slash = path == NULL ? NULL : strrchr(path, '/');
    CLEANUP(freep) char *folder = NULL;
    struct stat st;

    if (path == NULL) {
        return ERR_NONE;
    }
    folder =
        slash == NULL ? mem_strdup(".") : str_dup((struct str){path, (size_t)(slash - path) + 1});
    if (access(folder, W_OK | X_OK) != 0) {
        err_set(err, ERR_USAGE, "--outputs-file: %s (%s)", folder, strerror(errno));
    } else if (stat(path, &st) == 0 && S_ISDIR(st.st_mode)) {
        err_set(err, ERR_USAGE, "--outputs-file: %s is a folder", path);
    } else {
        return ERR_NONE;
    }
    return err_remedy(err, "name a file in a folder that can be written; nothing was begun");
}

static enum err_code deploy_write_outputs(struct cli *cli, struct err *err) {
    const char *path = args_text(&cli->args, OPT_OUTPUTS_FILE);
    const json_t *outputs = json_at(cli->result, "outputs");
    CLEANUP(masked_done) struct masked masked = {0};

    if (path == NULL || outputs == NULL) {
        return ERR_NONE;
    }
    redact_json(flow_redactor(cli->flow), outputs, &masked);
    return fs_write_file(path, masked_str(&masked), 0644, err);
}

/* What a session was planned with stays: another wish is another plan. */
static enum err_code deploy_check_plan(const struct cli *cli, struct err *err) {
    static const enum option wishes[] = {OPT_NO_EXECUTE,  OPT_DRY_RUN,       OPT_NO_ROLLBACK,
                                         OPT_TAGS,        OPT_TTL,           OPT_REQUESTS,
                                         OPT_DURATION_MS, OPT_SITE_REQUESTS, OPT_STORAGE_GB,
                                         OPT_TRANSFER_GB, OPT_LOG_KB,        OPT_FREE_TIER};

    for (size_t i = 0; i < ARRAY_N(wishes); i++) {
        if (cli->args.is_typed[wishes[i]]) {
            err_set(err, ERR_USAGE, "--plan and --%s contradict each other",
                    option_rows[wishes[i]].name);
            return err_remedy(err, "leave one of them out");
        }
    }
    return ERR_NONE;
}

static enum err_code deploy_run(struct cli *cli, struct err *err) {
    const char *id = args_text(&cli->args, OPT_PLAN);
    enum err_code code;

    if ((id != NULL && deploy_check_plan(cli, err) != ERR_NONE) ||
        deploy_check_outputs(cli, err) != ERR_NONE) {
        return err->code;
    }
    if (args_is(&cli->args, OPT_NO_EXECUTE)) {
        return plan_run(cli, err);
    }
    code = id == NULL ? run_new(cli, "deploy", err) : run_again(cli, id, err);
    return code != ERR_NONE ? code : deploy_write_outputs(cli, err);
}

static const char *const deploy_aliases[] = {"up", NULL};

const struct verb verb_deploy = {
    .name = "deploy",
    .aliases = deploy_aliases,
    .words = "",
    .summary = "build, show what would change, ask, execute, prove that it answers",
    .more = "The address of the application goes to stdout. Nothing at AWS that runs is changed "
            "before a yes to exactly the change set that was shown. When the new version does not "
            "answer, the version before is put back.",
    .section = VERBS_DEPLOY,
    .options = RUN_OPTIONS_DEPLOY | OPTIONS_DEPLOY,
    .run = deploy_run,
};

/* ---- bootstrap ---- */

static enum err_code bootstrap_run(struct cli *cli, struct err *err) {
    return run_new(cli, "bootstrap", err);
}

const struct verb verb_bootstrap = {
    .name = "bootstrap",
    .words = "",
    .summary = "once per account and region: artifact bucket and roles",
    .more = "The first deploy offers it. It is a change set of its own, with a yes of its own.",
    .section = VERBS_DEPLOY,
    .options = RUN_OPTIONS | OPTIONS_FAILURE | OPTIONS_TAGS,
    .run = bootstrap_run,
};
