/* How the tools that build turn a call into a build environment. */
#include "tool/build_op.h"

static void build_op_say(void *ctx, const char *line) {
    json_t *event = json_pack("{s:s}", "type", "progress");

    json_put_strn(event, "text", str_from(line));
    op_progress(ctx, event);
}

struct build_env build_op_env(struct op *op) {
    return (struct build_env){
        .root = op->services->root,
        .cache_dir = op->services->cache_dir,
        .state_dir = op->services->state_dir,
        .redactor = op->services->redactor,
        .cancel = op->cancel,
        .is_sandboxed = op->services->is_sandboxed,
        .say = build_op_say,
        .ctx = op,
    };
}
