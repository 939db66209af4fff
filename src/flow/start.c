/* What a session starts from: flags, project file, user settings, what this machine remembers. */
#include <stdlib.h>
#include <string.h>

#include "aws/config.h"
#include "flow/flow_room.h"

enum { HOUR_MS = 3600 * 1000 }; /* the file's ttl is a whole number of them */

static json_t *start_pairs(const struct project_variable *rows, size_t n) {
    json_t *object = json_object();

    for (size_t i = 0; i < n; i++) {
        json_put_strn(object, rows[i].name, str_from(rows[i].value));
    }
    return object;
}

static json_t *start_project(const struct project *project, const struct project_env *env) {
    json_t *object = agent_args("app", project->name, NULL);
    json_t *secrets = json_array();

    if (env != NULL) {
        json_put_str(object, "env", env->name);
        json_put_str(object, "account", env->account);
        json_put_str(object, "region", env->region);
        json_put_str(object, "qualifier", env->qualifier);
        json_put_str(object, "approve", project_approve_word(env->approve));
        json_put_str(object, "target",
                     env->target == PROJECT_TARGET_NONE ? NULL : project_target_word(env->target));
        if (env->ttl_ms > 0) {
            json_put(object, "ttl", json_sprintf("%lldh", (long long)(env->ttl_ms / HOUR_MS)));
        }
        json_put_bool(object, "second_approver", env->has_second_approver);
        json_put_int(object, "cost_ceiling_cents", env->cost_ceiling_cents);
        json_put(object, "variables", start_pairs(env->variables, env->variable_n));
        json_put(object, "build", start_pairs(env->build, env->build_n));
        for (size_t i = 0; i < env->secret_n; i++) {
            (void)json_array_append_new(secrets, json_string_of(str_from(env->secrets[i])));
        }
    }
    json_put(object, "secret_names", secrets);
    return object;
}

/* ---- What a person confirmed before, on this machine ---- */

/* Two facts: this folder's code may run here; this environment's target is meant. */
static char *trust_code_id(const struct flow *flow) {
    return mem_format("code/%s", flow->project_key);
}

static char *trust_target_id(const struct flow *flow, const struct project_env *env) {
    return mem_format("target/%s/%s", flow->project_key,
                      sha256_hex(project_trust_digest(flow->project, env)).text);
}

static bool trust_has(struct flow *flow, char *owned_id) {
    CLEANUP(freep) char *id = owned_id;
    CLEANUP(arena_freep) struct arena *arena = arena_new();
    const struct store_doc *doc = NULL;
    struct err unread = {0};

    return store_get_doc(flow->store, "trust", str_from(id), arena, &doc, &unread) == ERR_NONE &&
           doc != NULL;
}

static enum err_code trust_put(struct flow *flow, char *owned_id, struct err *err) {
    CLEANUP(freep) char *id = owned_id;
    CLEANUP(json_decrefp) json_t *body = json_pack("{s:s}", "answer", "yes");
    CLEANUP(masked_done) struct masked masked = {0};
    struct store_put put = {.collection = "trust", .id = str_from(id), .body = &masked};

    redact_json(flow->redactor, body, &masked);
    return store_put_doc(flow->store, &put, err);
}

enum err_code trust_keep(struct flow *flow, const json_t *state, struct err *err) {
    const struct project_env *env = NULL;

    if (json_bool_at(state, "fields.trust_code") &&
        trust_put(flow, trust_code_id(flow), err) != ERR_NONE) {
        return err->code;
    }
    if (flow_find_env(flow, json_str_at(state, "flags.env"), &env, err) != ERR_NONE) {
        return err->code;
    }
    return env == NULL ? ERR_NONE : trust_put(flow, trust_target_id(flow, env), err);
}

/* Without a person, the account and region that the command line or the environment of the process
 * name, equal to the file's, are the confirmation. What the file says never confirms itself. */
static bool start_flags_confirm(const json_t *flags, const struct project_env *env) {
    const char *account = json_str_at(flags, "account");
    const char *region = json_str_or(flags, "region", json_str_at(flags, "region_found"));

    return account != NULL && region != NULL &&
           (env == NULL || ((env->account == NULL || strcmp(account, env->account) == 0) &&
                            (env->region == NULL || strcmp(region, env->region) == 0)));
}

static enum err_code start_region(json_t *flags, struct err *err) {
    CLEANUP(aws_config_freep) struct aws_config *config = NULL;
    struct aws_options options = {.profile = json_str_at(flags, "profile"),
                                  .endpoint_url = json_str_at(flags, "endpoint_url")};

    if (aws_config_new(&options, &config, err) != ERR_NONE) {
        return err->code;
    }
    json_put_str(flags, "region_found", aws_config_region(config));
    return ERR_NONE;
}

/* How long a new version may take until it answers, for the impatient and for tests. */
static enum err_code start_probe_wait(json_t *flags, struct err *err) {
    const char *text = getenv("AWSCOPILOT_PROBE_WAIT");
    int64_t wait_ms = 0;

    if (text == NULL || text[0] == '\0') {
        return ERR_NONE;
    }
    if (str_to_duration_ms(str_from(text), &wait_ms, err) != ERR_NONE) {
        (void)err_prefix(err, "AWSCOPILOT_PROBE_WAIT");
        return err_remedy(err, "write it as 90s or 5m, or unset it");
    }
    json_put_int(flags, "probe_wait_ms", wait_ms);
    return ERR_NONE;
}

static json_t *start_settings(struct flow *flow, const struct project_env *env) {
    json_t *object = agent_args("environment", flow->settings->environment, NULL);

    if (env != NULL && settings_approve(flow->settings, env) == PROJECT_APPROVE_NEVER) {
        json_put_str(object, "approve", project_approve_word(PROJECT_APPROVE_NEVER));
    }
    json_put_bool(object, "trust_code", trust_has(flow, trust_code_id(flow)));
    json_put_bool(object, "target_known",
                  env != NULL && trust_has(flow, trust_target_id(flow, env)));
    return object;
}

/* Whether there is a model is a fact of the session: a re-run asks no other questions because a
 * variable is gone. */
static json_t *start_model(const struct model_client *model) {
    const struct model_row *fallback = model_client_fallback(model);

    return agent_args("primary", model_client_primary(model)->name, "fallback",
                      fallback == NULL ? NULL : fallback->name, "host", model_client_host(model),
                      NULL);
}

enum err_code start_state(struct flow *flow, const char *kind, json_t *flags, json_t **out,
                          struct err *err) {
    CLEANUP(json_decrefp) json_t *owned = flags;
    const struct project_env *env = NULL;
    json_t *state;

    if (json_str_at(owned, "profile") == NULL) {
        json_put_str(owned, "profile", flow->settings->profile);
    }
    if (flow_find_env(flow, json_str_at(owned, "env"), &env, err) != ERR_NONE ||
        start_region(owned, err) != ERR_NONE || start_probe_wait(owned, err) != ERR_NONE) {
        return err->code;
    }
    json_put_bool(owned, "is_confirmed",
                  json_bool_at(owned, "is_confirmed") || start_flags_confirm(owned, env) ||
                      (env != NULL && trust_has(flow, trust_target_id(flow, env))));
    state = agent_args("kind", kind, NULL);
    json_put(state, "flags", json_incref(owned));
    json_put(state, "settings", start_settings(flow, env));
    if (flow->model != NULL) {
        json_put(state, "model", start_model(flow->model));
    }
    json_put(state, "project",
             flow->project == NULL ? json_object() : start_project(flow->project, env));
    *out = state;
    return ERR_NONE;
}

/* A region of the file counts before one of the environment or the profile. */
static const char *place_region(const json_t *flags, const struct project_env *env) {
    const char *filed = env == NULL ? NULL : env->region;

    return json_str_or(flags, "region", filed != NULL ? filed : json_str_at(flags, "region_found"));
}

enum err_code flow_place(struct flow *flow, const json_t *flags, json_t **out, struct err *err) {
    const struct project_env *env = NULL;
    CLEANUP(json_decrefp) json_t *copy = json_deep_copy(flags);

    if (flow_find_env(flow, json_str_at(flags, "env"), &env, err) != ERR_NONE ||
        start_region(copy, err) != ERR_NONE) {
        return err->code;
    }
    *out = agent_args("env", json_str_or(flags, "env", env == NULL ? "dev" : env->name), "account",
                      json_str_or(flags, "account", env == NULL ? NULL : env->account), "region",
                      place_region(copy, env), "qualifier", env == NULL ? "depl" : env->qualifier,
                      NULL);
    return ERR_NONE;
}

enum err_code flow_check_endpoint(const char *id, const json_t *state, const char *now,
                                  struct err *err) {
    const char *began = json_str_at(state, "identity.endpoint");

    if (began == NULL || strcmp(began, now) == 0) {
        return ERR_NONE;
    }
    err_set(err, ERR_CONFIG,
            "session %s was begun at %s, and the endpoint is %s now; nothing was sent", id, began,
            now);
    return err_remedy(err,
                      strcmp(began, "AWS") == 0
                          ? "unset AWS_ENDPOINT_URL and the profile's endpoint_url, or plan anew"
                          : "set AWS_ENDPOINT_URL to that address, or plan anew");
}

enum err_code flow_target(struct flow *flow, const json_t *flags, json_t **out, struct err *err) {
    CLEANUP(json_decrefp) json_t *target = NULL;
    const char *app = json_str_or(flags, "app", flow->project == NULL ? NULL : flow->project->name);
    CLEANUP(freep) char *stack = NULL;

    if (flow_place(flow, flags, &target, err) != ERR_NONE) {
        return err->code;
    }
    if (app == NULL) {
        err_set(err, ERR_MISSING, "which application? there is no %s here", PROJECT_FILE);
        return err_remedy(
            err,
            "give it with --app, or run this in its repository; aws-copilot init makes the file");
    }
    stack =
        mem_format("%s-%s-%s", json_str_at(target, "qualifier"), app, json_str_at(target, "env"));
    json_put_str(target, "app", app);
    json_put_str(target, "stack", stack);
    *out = TAKE(target);
    return ERR_NONE;
}
