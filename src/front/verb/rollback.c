/* rollback: back to a release that was proven to answer, as a planned change. */
#include "front/verb/run.h"

static enum err_code rollback_run(struct cli *cli, struct err *err) {
    json_t *flags = cli_flags(cli);

    json_put_str(flags, "release", cli_word(cli, 0));
    return run_flags(cli, "rollback", flags, err);
}

const struct verb verb_rollback = {
    .name = "rollback",
    .words = "[RELEASE]",
    .word_max = 1,
    .summary = "back to an earlier release, as a planned change",
    .more = "Without RELEASE: the newest that differs from what runs. Nothing is built: the "
            "template, the package and the files of that release are used as they were. After your "
            "yes the alias moves at once and the change set follows; then that release has to "
            "answer. Secrets are not undone, and it says which. aws-copilot history lists the "
            "releases.",
    .section = VERBS_DEPLOY,
    .options = RUN_OPTIONS | OPTIONS_APPROVAL | OPTIONS_FAILURE,
    .run = rollback_run,
};
