/* recover: gets a stack out of a stuck state. */
#include "front/verb/run.h"

static enum err_code recover_run(struct cli *cli, struct err *err) {
    return run_new(cli, "recover", err);
}

const struct verb verb_recover = {
    .name = "recover",
    .words = "",
    .summary = "get the stack out of a stuck state",
    .more = "Says what state the stack is in, what gets it out and what that loses; asks; does it; "
            "and looks whether it helped. Waits where somebody works on the stack. Deletes change "
            "sets that nobody executed. A stack that can take changes is left alone.",
    .section = VERBS_DEPLOY,
    .options = RUN_OPTIONS | OPTIONS_RECOVER,
    .run = recover_run,
};
