/* guard/policy_sink.c: where a value that decides what is changed may come from. */
#include "guard/policy.h"

#include "base/json.h"

static const struct policy_sink sinks[] = {
#define SINK(argument, effects, origins, verdict) {argument, effects, origins, VERDICT_##verdict},
#include "guard/policy_sink.def"
#undef SINK
};

size_t policy_sink_n(void) { return ARRAY_N(sinks); }

void policy_sink(size_t i, struct policy_sink *out) { *out = sinks[i]; }

const char *origin_name(enum origin origin) {
    switch (origin) {
    case ORIGIN_USER:
        return "person";
    case ORIGIN_CONFIG:
        return "config";
    case ORIGIN_PLAN:
        return "plan";
    case ORIGIN_REPO:
        return "repository";
    case ORIGIN_TOOL:
        return "tool";
    case ORIGIN_MODEL:
        return "model";
    case ORIGIN_NONE:
        break;
    }
    return "unknown";
}

/* A value carries the labels of all its inputs, and each has to be accepted. */
static bool is_accepted(const struct policy_sink *sink, int64_t origins) {
    return origins != ORIGIN_NONE && (origins & ~(int64_t)sink->origins) == 0;
}

bool policy_sink_refuses(const struct call *call, enum verdict verdict) {
    for (size_t i = 0; call->origins != NULL && i < ARRAY_N(sinks); i++) {
        bool is_sink = sinks[i].verdict == verdict &&
                       (sinks[i].effects & 1U << call->effect) != 0 &&
                       json_object_get(call->args, sinks[i].arg) != NULL;

        if (is_sink &&
            !is_accepted(&sinks[i], json_int_or(call->origins, sinks[i].arg, ORIGIN_MODEL))) {
            return true;
        }
    }
    return false;
}
