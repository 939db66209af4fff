/* What went wrong, kept so that it is found by meaning the next time. */
#include "flow/lesson.h"

#include <string.h>

#include "base/json.h"
#include "guard/limits.h"
#include "vector/vector.h"

/* What no machine did wrong. */
static bool is_decision(const char *code) {
    static const enum err_code decisions[] = {ERR_CANCELLED,  ERR_REJECTED, ERR_MISSING,
                                              ERR_WAITING,    ERR_USED,     ERR_EXPIRED,
                                              ERR_INTERRUPTED};

    for (size_t i = 0; i < ARRAY_N(decisions); i++) {
        if (strcmp(code, err_wire(decisions[i])) == 0) {
            return true;
        }
    }
    return false;
}

/* "fastapi" and "vite" by the survey; "aws" where AWS had a part in it. */
static json_t *lesson_tags(const json_t *state) {
    const char *phase = json_str_or(state, "problem.phase", "");
    json_t *tags = json_array();

    if (json_str_at(state, "survey.backend.framework") != NULL) {
        (void)json_array_append_new(tags,
                                    json_string(json_str_at(state, "survey.backend.framework")));
    }
    if (json_str_at(state, "survey.frontend.bundler") != NULL) {
        (void)json_array_append_new(tags,
                                    json_string(json_str_at(state, "survey.frontend.bundler")));
    }
    if (strcmp(phase, "context") != 0 && strcmp(phase, "intake") != 0) {
        (void)json_array_append_new(tags, json_string("aws"));
    }
    return tags;
}

enum err_code lesson_keep(struct store *store, struct redactor *redactor, const char *session,
                          const json_t *state, int64_t now_ms, struct err *err) {
    const json_t *problem = json_at(state, "problem");
    const char *code = json_str_or(problem, "code", "");
    CLEANUP(freep)
    char *text =
        mem_format("%s. %s", json_str_or(problem, "text", ""), json_str_or(problem, "remedy", ""));
    CLEANUP(json_decrefp) json_t *body = NULL;
    CLEANUP(masked_done) struct masked masked = {0};
    struct vector_put put = {.collection = LESSONS,
                             .id = str_from(session),
                             .body = &masked,
                             .now_ms = now_ms,
                             .expires_ms = now_ms + limit(LIMIT_TTL_BODY_MS)};

    if (problem == NULL || is_decision(code)) {
        return ERR_NONE;
    }
    body = json_pack("{s:s, s:o, s:{s:s, s:s, s:s, s:s, s:I}}", "text", text, "tags",
                     lesson_tags(state), "payload", "session", session, "code", code, "stack",
                     json_str_or(state, "fields.stack", ""), "phase",
                     json_str_or(problem, "phase", ""), "ended_ms", (json_int_t)now_ms);
    redact_json(redactor, body, &masked);
    return vector_upsert(store, &put, err);
}
