/* destroy: the stack goes, after its name was typed back; what stays is told. */
#include "front/verb/run.h"

static enum err_code destroy_run(struct cli *cli, struct err *err) {
    return run_new(cli, "destroy", err);
}

const struct verb verb_destroy = {
    .name = "destroy",
    .words = "",
    .summary = "delete the stack, then report what is left behind",
    .more = "Shows every resource that goes and that stays, and wants the stack's name typed. "
            "Buckets that go with the stack are emptied, all versions. With --purge the site's "
            "bucket and the secrets go too. Ends with what is left behind and its monthly cost. "
            "prod is refused, with the way to do it.",
    .section = VERBS_DEPLOY,
    .options = RUN_OPTIONS | OPTIONS_RECOVER | OPTIONS_DESTROY,
    .run = destroy_run,
};
