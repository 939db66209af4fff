/* What a release has to answer, and how the probe is told. */
#include "agent/probe.h"

int64_t probe_wait_ms(const struct turn *turn) {
    return json_int_or(turn->state, "flags.probe_wait_ms", limit(LIMIT_PROBE_WAIT_MS));
}

json_t *probe_args(const char *url, const json_t *expected, int64_t deadline_ms) {
    json_t *args = agent_args("url", url, "build_id", json_str_at(expected, "build_id"),
                              "health_path", json_str_at(expected, "health_path"), "index_sha256",
                              json_str_at(expected, "index_sha256"), NULL);
    const json_t *asset = json_at(expected, "asset");

    if (json_is_object(asset)) {
        json_put(args, "asset", json_deep_copy(asset));
    }
    json_put_int(args, "deadline_ms", deadline_ms);
    return args;
}

json_t *probe_expected(const struct turn *turn) {
    const char *prefix = json_str_or(turn->state, "survey.backend.prefix", "/api");
    CLEANUP(freep) char *own = mem_format("%s/.aws-copilot/health", prefix);
    const char *found = json_str_at(turn->state, "survey.backend.health.path");
    json_t *expected =
        agent_args("build_id", json_str_at(turn->state, "backend.build_id"), "index_sha256",
                   json_str_at(turn->state, "site.index_sha256"), NULL);
    const json_t *asset = json_at(turn->state, "site.asset");

    if (json_at(turn->state, "backend") != NULL) {
        json_put_str(expected, "health_path", found == NULL ? own : found);
    }
    if (json_is_object(asset)) {
        json_put(expected, "asset", json_deep_copy(asset));
    }
    return expected;
}
