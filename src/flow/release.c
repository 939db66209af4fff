/* What was deployed and proven to answer. */
#include "flow/release.h"

#include <stdio.h>
#include <string.h>

#include "guard/limits.h"
#include "tool/template_op.h"

#define RELEASES "releases"

/* The template itself, so that going back can be reviewed: of a release that was gone back to, that
 * of the release; else it is made from the same inputs once more. NULL where that fails: such a
 * release can still be gone back to automatically, by its digest. */
static json_t *release_template(const json_t *state) {
    CLEANUP(template_text_done) struct template_text text = {0};
    json_t *restored = json_at(state, "target_release.template");
    struct err unmade = {0};

    if (restored != NULL) {
        return json_deep_copy(restored);
    }
    return template_op_emit(json_at(state, "template"), &text, &unmade) == ERR_NONE
               ? json_deep_copy(text.json)
               : NULL;
}

/* When the release came to be, by the one clock that all machines share, which is AWS's: releases
 * are ordered by it, and the newest is what a failure goes back to. */
static int64_t release_created_ms(const json_t *state, int64_t now_ms) {
    int64_t at_ms = json_int_or(state, "applied.at_ms", 0);

    return at_ms > 0 ? at_ms : now_ms;
}

/* Where it comes from, and how it was proven. One that goes back is of the commit that it goes back
 * to. */
static void release_add_origin(json_t *release, const json_t *state) {
    static const char *const proof[] = {"passed", "attempts", "elapsed_ms", "sentence"};
    const json_t *from = json_at(state, "target_release");
    json_t *probe = json_object();

    json_put_str(release, "by", json_str_at(state, "identity.arn"));
    json_put_str(release, "commit",
                 json_str_or(from, "commit", json_str_at(state, "survey.git.head")));
    json_put_str(release, "author",
                 json_str_or(from, "author", json_str_at(state, "survey.git.author")));
    json_put_bool(release, "dirty",
                  from != NULL ? json_bool_at(from, "dirty")
                               : json_bool_at(state, "survey.git.dirty"));
    for (size_t i = 0; i < ARRAY_N(proof); i++) {
        json_t *value = json_object_get(json_object_get(state, "probe"), proof[i]);

        if (value != NULL) {
            json_put(probe, proof[i], json_incref(value));
        }
    }
    json_put(release, "probe", probe);
}

static json_t *release_body(const char *session, const json_t *state, int64_t created_ms) {
    json_t *release = json_object();
    json_t *template = release_template(state);
    json_t *applied = json_at(state, "applied.outputs");
    /* Of what runs already and was proven to answer, nothing was applied. */
    const json_t *outputs = applied != NULL ? applied : json_at(state, "before.outputs");
    static const char *const copies[][2] = {
        /* member       path in the state */
        {"stack", "fields.stack"},       {"account", "identity.account"},
        {"region", "identity.region"},   {"template_sha256", "plan.template.sha256"},
        {"parameters", "parameters"},    {"artefacts", "plan.artefacts"},
        {"build_id", "plan.build_id"},   {"expected", "expected"},
        {"stored", "stored.parameters"}, {"target", "plan.target"},
        {"tags", "plan.tags"},           {"restores", "target_release.id"},
    };

    json_put_int(release, "schema", RELEASE_SCHEMA);
    json_put_str(release, "id", session);
    json_put_str(release, "session", session);
    json_put_int(release, "created_ms", created_ms);
    json_put_str(release, "version", json_str_or(outputs, "BackendVersion", NULL));
    json_put_str(release, "url", json_str_or(outputs, "Url", NULL));
    for (size_t i = 0; i < ARRAY_N(copies); i++) {
        json_t *value = json_at(state, copies[i][1]);

        if (value != NULL) {
            json_put(release, copies[i][0], json_deep_copy(value));
        }
    }
    if (template != NULL) {
        json_put(release, "template", template);
    }
    release_add_origin(release, state);
    /* The stack has its own value by then; a release never holds it. */
    if (json_at(release, "parameters.OriginVerify") != NULL) {
        json_put(json_object_get(release, "parameters"), "OriginVerify",
                 json_pack("{s:s}", "use", "previous"));
    }
    return release;
}

static char *release_prefix(const char *account, const char *region, const char *stack) {
    return mem_format("%s/%s/%s/", account, region, stack);
}

static enum err_code release_prune(struct store *store, const char *prefix, struct err *err) {
    CLEANUP(arena_freep) struct arena *arena = arena_new();
    struct store_find find = {
        .collection = RELEASES, .key_prefix = str_from(prefix), .is_descending = true};
    const struct store_doc *docs = NULL;
    size_t n = 0;

    if (store_find_docs(store, &find, arena, &docs, &n, err) != ERR_NONE) {
        return err->code;
    }
    for (size_t i = (size_t)limit(LIMIT_RELEASES); i < n; i++) {
        if (store_delete_doc(store, RELEASES, docs[i].id, err) != ERR_NONE) {
            return err->code;
        }
    }
    return ERR_NONE;
}

enum err_code release_keep(struct store *store, const struct redactor *redactor,
                           const char *session, json_t *state, int64_t now_ms, struct err *err) {
    int64_t created_ms = release_created_ms(state, now_ms);
    CLEANUP(json_decrefp) json_t *release = release_body(session, state, created_ms);
    CLEANUP(freep)
    char *prefix =
        release_prefix(json_str_or(release, "account", "-"), json_str_or(release, "region", "-"),
                       json_str_or(release, "stack", "-"));
    CLEANUP(freep) char *key = mem_format("%s%013lld", prefix, (long long)created_ms);
    CLEANUP(masked_done) struct masked masked = {0};
    struct store_put put = {
        .collection = RELEASES, .id = str_from(session), .key = str_from(key), .body = &masked};
    bool existed = false;

    redact_json(redactor, release, &masked);
    if (store_put_once(store, &put, &existed, err) != ERR_NONE) {
        return err->code;
    }
    json_put(state, "release", json_pack("{s:s}", "id", session));
    return release_prune(store, prefix, err);
}

bool release_is(const json_t *release, const json_t *state) {
    static const char *const same[][2] = {{"template_sha256", "plan.template.sha256"},
                                          {"build_id", "plan.build_id"},
                                          {"artefacts", "plan.artefacts"}};

    for (size_t i = 0; i < ARRAY_N(same); i++) {
        const json_t *kept = json_object_get(release, same[i][0]);
        const json_t *now = json_at(state, same[i][1]);

        if ((kept == NULL) != (now == NULL) || (now != NULL && !json_equal(kept, now))) {
            return false;
        }
    }
    return release != NULL;
}

enum err_code release_list(struct store *store, const char *account, const char *region,
                           const char *stack, size_t max, json_t **out, struct err *err) {
    CLEANUP(arena_freep) struct arena *arena = arena_new();
    CLEANUP(freep) char *prefix = release_prefix(account, region, stack);
    CLEANUP(json_decrefp) json_t *list = json_array();
    struct store_find find = {.collection = RELEASES,
                              .key_prefix = str_from(prefix),
                              .is_descending = true,
                              .limit = max};
    const struct store_doc *docs = NULL;
    size_t n = 0;

    if (store_find_docs(store, &find, arena, &docs, &n, err) != ERR_NONE) {
        return err->code;
    }
    for (size_t i = 0; i < n; i++) {
        json_t *release = NULL;

        if (json_read(docs[i].body, &release, err) != ERR_NONE) {
            return err->code;
        }
        if (json_int_or(release, "schema", 0) > RELEASE_SCHEMA) {
            json_decref(release);
            continue;
        }
        (void)json_array_append_new(list, release);
    }
    *out = TAKE(list);
    return ERR_NONE;
}
