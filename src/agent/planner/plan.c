/* The plan: what would be done, with which bytes, for how much. */
#include "agent/planner/plan.h"

#include <stdio.h>
#include <string.h>

#include "agent/secrets.h"
#include "base/clock.h"
#include "guard/price/cost.h"
#include "tool/template_op.h"

bool plan_has_backend(const struct turn *turn) {
    return json_is_object(json_at(turn->state, "survey.backend"));
}

/* Whether the session's kind makes a stack from a template of ours. */
static bool plan_has_template(const struct turn *turn) {
    return agent_is_kind(turn, "deploy") || agent_is_kind(turn, "bootstrap");
}

bool plan_has_frontend(const struct turn *turn) {
    return json_is_object(json_at(turn->state, "survey.frontend"));
}

static enum template_kind plan_template_kind(const struct turn *turn) {
    if (agent_is_kind(turn, "bootstrap")) {
        return TEMPLATE_BOOTSTRAP;
    }
    if (!plan_has_backend(turn)) {
        return TEMPLATE_STATIC;
    }
    return plan_has_frontend(turn) ? TEMPLATE_LAMBDA_HTTP : TEMPLATE_API;
}

/* Adds the project file's values, then the answers whose field begins with `prefix`. */
static void plan_add_values(const struct turn *turn, const char *member, const char *prefix,
                            json_t *all) {
    const char *name;
    json_t *value;

    json_object_foreach(json_at(turn->state, member), name, value) {
        json_put(all, name, json_incref(value));
    }
    json_object_foreach(json_object_get(turn->state, "answers"), name, value) {
        if (strncmp(name, prefix, strlen(prefix)) == 0 && json_is_string(value)) {
            json_put(all, name + strlen(prefix), json_incref(value));
        }
    }
}

json_t *plan_variables(const struct turn *turn) {
    json_t *all = json_object();

    plan_add_values(turn, "project.variables", "env.", all);
    return all;
}

json_t *plan_build_variables(const struct turn *turn) {
    json_t *all = json_object();
    const json_t *row;
    size_t i;

    /* A build does not see the repository's .env files; what they preset is passed by name. */
    json_array_foreach(json_at(turn->state, "survey.build_env"), i, row) {
        const char *preset = json_str_at(row, "default");

        if (preset != NULL && strcmp(json_str_or(row, "from", ""), "file") == 0) {
            json_put_str(all, json_str_or(row, "name", ""), preset);
        }
    }
    plan_add_values(turn, "project.build", "build_env.", all);
    return all;
}

/* ---- What the function is ---- */

static json_t *plan_settings(const struct turn *turn) {
    const char *prefix = json_str_at(turn->state, "survey.backend.prefix");
    const char *kind = json_str_or(turn->state, "survey.frontend.api_base.kind", "");
    CLEANUP(freep) char *versions = secrets_versions(turn);
    json_t *settings = agent_args("AWSCOPILOT_APP", agent_text(turn, "survey.backend.asgi.target"),
                                  "AWSCOPILOT_PREFIX", prefix, "AWSCOPILOT_BACKEND_DIR",
                                  json_str_at(turn->state, "check.inside"), NULL);

    if (json_bool_at(turn->state, "survey.backend.asgi.factory")) {
        json_put_str(settings, "AWSCOPILOT_FACTORY", "1");
    }
    if (strcmp(kind, "proxy-rewrite") == 0) { /* the development server strips the prefix */
        json_put_str(settings, "AWSCOPILOT_ROOT_PATH", prefix == NULL ? "/api" : prefix);
    }
    if (versions[0] != '\0') {
        json_put_str(settings, "AWSCOPILOT_PARAMETERS", versions);
    }
    return settings;
}

static const char *plan_architecture(const struct turn *turn) {
    return json_str_or(turn->state, "check.architecture", "arm64");
}

/* Parameters whose values do not depend on the bundle: they are part of the build id. */
static json_t *plan_base_parameters(const struct turn *turn) {
    CLEANUP(freep) char *path = secrets_path(turn);

    return agent_args("ArtifactBucket", agent_text(turn, "bootstrap.Artifacts"), "SecretsPath",
                      path, "PermissionsBoundary",
                      json_str_at(turn->state, "bootstrap.RoleBoundary"), NULL);
}

bool plan_accepts(const struct turn *turn, const char *code) {
    CLEANUP(freep) char *field = mem_format("accept.%s", code);
    const json_t *row;
    size_t i;

    json_array_foreach(json_at(turn->state, "survey.findings"), i, row) {
        if (strcmp(json_str_or(row, "code", ""), code) == 0) {
            return true;
        }
    }
    return json_object_get(json_object_get(turn->state, "answers"), field) != NULL;
}

json_t *plan_backend_args(const struct turn *turn, const char *python) {
    const json_t *survey = json_at(turn->state, "survey.backend");
    const json_t *asgi = json_object_get(survey, "asgi");
    const json_t *extras = json_object_get(survey, "extras");
    json_t *args =
        agent_args("dir", json_str_or(survey, "dir", "."), "python", python, "manager",
                   json_str_or(survey, "manager", "none"), "manifest",
                   json_str_at(survey, "manifest"), "lock", json_str_at(survey, "lock"), NULL);

    json_put(args, "asgi", asgi == NULL ? json_object() : json_deep_copy(asgi));
    json_put(args, "extras", extras == NULL ? json_array() : json_deep_copy(extras));
    json_put_bool(args, "may_lock", plan_accepts(turn, "NO_LOCK"));
    json_put_str(args, "site", json_str_at(turn->state, "survey.frontend.dir"));
    if (json_str_at(survey, "manifest") == NULL && plan_accepts(turn, "NO_MANIFEST")) {
        json_put(args, "packages", json_deep_copy(json_object_get(survey, "dependencies")));
        json_put_bool(args, "may_lock", true);
    }
    return args;
}

json_t *plan_bundle_args(const struct turn *turn) {
    json_t *args = plan_backend_args(turn, agent_text(turn, "check.python"));

    json_put(args, "also", json_deep_copy(json_at(turn->state, "check.also")));
    json_put_str(args, "architecture", plan_architecture(turn));
    json_put_str(args, "kind", template_kind_name(plan_template_kind(turn)));
    json_put(args, "settings", plan_settings(turn));
    json_put(args, "variables", plan_variables(turn));
    json_put(args, "parameters", plan_base_parameters(turn));
    return args;
}

/* ---- Parameters ---- */

/* As the template functions take them: true where the value is not ours to know. */
static json_t *plan_parameters(const struct turn *turn) {
    enum template_kind kind = plan_template_kind(turn);
    json_t *all;

    if (kind == TEMPLATE_BOOTSTRAP) {
        return agent_args("Qualifier", agent_text(turn, "fields.qualifier"), NULL);
    }
    all = kind == TEMPLATE_STATIC ? json_object() : plan_base_parameters(turn);
    if (kind != TEMPLATE_API) {
        CLEANUP(freep) char *path = mem_format("/releases/%s", agent_text(turn, "site.release"));

        json_put_str(all, "ReleasePath", path);
    }
    if (kind != TEMPLATE_STATIC) {
        CLEANUP(freep) char *key = mem_format("backend/%s.zip", agent_text(turn, "backend.sha256"));

        json_put_str(all, "BackendKey", key);
        json_put_str(all, "BackendSha256B64", agent_text(turn, "backend.sha256_base64"));
        json_put(all, "OriginVerify", json_true());
    }
    return all;
}

/* As aws_deployer.preview takes them: how the value that is not ours to know is found. */
static json_t *plan_preview_parameters(const struct turn *turn, const json_t *parameters) {
    bool is_update = json_bool_at(turn->state, "before.can_update");
    json_t *all = json_deep_copy(parameters);

    if (json_object_get(all, "OriginVerify") != NULL) {
        json_put(all, "OriginVerify",
                 agent_args("use", is_update ? "previous" : "origin_verify", NULL));
    }
    return all;
}

/* ---- Routes ---- */

static void plan_add_path(json_t *paths, const char *path) {
    if (path != NULL && path[0] == '/') {
        (void)json_array_append_new(paths, json_string_of(str_from(path)));
    }
}

/* What the API answers, seen from outside. Behind a rewriting proxy everything is below its prefix.
 */
static json_t *plan_paths(const struct turn *turn) {
    json_t *paths = json_array();
    const char *prefix = json_str_or(turn->state, "survey.backend.prefix", "/api");
    const char *kind = json_str_or(turn->state, "survey.frontend.api_base.kind", "");
    CLEANUP(freep) char *health = mem_format("%s/.aws-copilot/health", prefix);
    const json_t *route;
    size_t i;

    plan_add_path(paths, health);
    if (strcmp(kind, "proxy-rewrite") == 0) {
        return paths;
    }
    json_array_foreach(json_at(turn->state, "check.routes"), i, route) {
        plan_add_path(paths, json_str_at(route, "path"));
    }
    return paths;
}

static enum err_code plan_patterns(struct turn *turn, json_t **out, struct err *err) {
    CLEANUP(json_decrefp) json_t *paths = plan_paths(turn);
    CLEANUP(json_decrefp) json_t *shadowed = NULL;
    const json_t *path;
    size_t i;

    if (template_patterns(paths, out, &shadowed, err) != ERR_NONE) {
        return err->code;
    }
    json_array_foreach(shadowed, i, path) {
        agent_warn(turn, "shadowed_route", "give it a prefix such as /api",
                   "the route %s is answered by the site, not by the API", json_string_value(path));
    }
    return ERR_NONE;
}

/* ---- The template ---- */

/* Everything that the template depends on, as tool/template_op.h takes it. */
static enum err_code plan_template_inputs(struct turn *turn, const json_t *parameters, json_t **out,
                                          struct err *err) {
    enum template_kind kind = plan_template_kind(turn);
    CLEANUP(json_decrefp)
    json_t *inputs = agent_args("kind", template_kind_name(kind), "profile",
                                agent_text(turn, "identity.profile"), "account",
                                agent_text(turn, "identity.account"), NULL);

    json_put_int(inputs, "endpoint_port", json_int_or(turn->state, "identity.endpoint_port", 0));
    json_put(inputs, "parameters", json_deep_copy(parameters));
    if (kind == TEMPLATE_LAMBDA_HTTP || kind == TEMPLATE_API) {
        CLEANUP(freep) char *runtime = mem_format("python%s", agent_text(turn, "check.python"));
        json_t *patterns = NULL;

        if (plan_patterns(turn, &patterns, err) != ERR_NONE) {
            return err->code;
        }
        json_put(inputs, "patterns", patterns);
        json_put_str(inputs, "runtime", runtime);
        json_put_str(inputs, "architecture", plan_architecture(turn));
        json_put(inputs, "settings", plan_settings(turn));
        json_put(inputs, "variables", plan_variables(turn));
        json_put_str(inputs, "build_id", agent_text(turn, "backend.build_id"));
        json_put_str(inputs, "code", agent_text(turn, "backend.sha256"));
    }
    *out = TAKE(inputs);
    return ERR_NONE;
}

/* ---- What the plan says ---- */

static void plan_step(json_t *steps, const char *tool, const char *op, const char *effect,
                      const char *text) {
    json_t *step = agent_args("tool", tool, "op", op, "effect", effect, "text", text, NULL);

    json_put_int(step, "n", (int64_t)json_array_size(steps) + 1);
    (void)json_array_append_new(steps, step);
}

/* What `recover` and `destroy` do, in the order they do it. */
static void plan_cure_steps(const struct turn *turn, json_t *steps) {
    static const struct {
        const char *action;
        const char *text;
    } rows[] = {
        {"discard", "delete what nobody executed"},
        {"delete", "delete the stack and report what stays"},
        {"rollback", "roll the failed update back to the version before"},
        {"continue", "go on with the rollback to the version before"},
    };
    const json_t *cure = json_object_get(turn->state, "cure");
    const char *operation = agent_text(turn, "kind");

    if (json_array_size(json_object_get(cure, "empty")) > 0) {
        plan_step(steps, "aws_deployer", operation, "apply",
                  "empty the buckets that go with the stack, all versions");
    }
    for (size_t i = 0; i < ARRAY_N(rows); i++) {
        if (strcmp(json_str_or(cure, "action", ""), rows[i].action) == 0) {
            plan_step(steps, "aws_deployer", operation, "apply", rows[i].text);
        }
    }
    if (json_array_size(json_object_get(cure, "purge")) > 0 ||
        json_array_size(json_object_get(cure, "secrets")) > 0) {
        plan_step(steps, "aws_deployer", operation, "apply",
                  "delete what would outlive it: buckets with all versions, secrets");
    }
    plan_step(steps, "aws_deployer", "stack_status", "read", "look whether the stack rests");
}

/* " (build B, commit C)", as far as it is on record. Heap string. */
static char *plan_origin(const json_t *release) {
    const char *build = json_str_at(release, "build_id");
    const char *commit = json_str_at(release, "commit");

    if (build == NULL && commit == NULL) {
        return mem_strdup("");
    }
    return mem_format(" (%s%s%s%s%.12s)", build == NULL ? "" : "build ", build == NULL ? "" : build,
                      build == NULL || commit == NULL ? "" : ", ", commit == NULL ? "" : "commit ",
                      commit == NULL ? "" : commit);
}

static json_t *plan_rollback_steps(const struct turn *turn) {
    json_t *steps = json_array();
    bool is_repair = json_bool_at(turn->state, "flags.repair");
    CLEANUP(freep) char *from = plan_origin(json_at(turn->state, "last_release"));
    CLEANUP(freep) char *to = plan_origin(json_at(turn->state, "target_release"));
    CLEANUP(freep)
    char *text =
        mem_format("change set from release %s%s back to release %s of %s%s, and review it",
                   agent_text(turn, "last_release.id"), from, agent_text(turn, "target_release.id"),
                   clock_iso(json_int_or(turn->state, "target_release.created_ms", 0)).text, to);

    plan_step(steps, "aws_deployer", "preview", "preview",
              is_repair ? "change set that undoes what was changed by hand, and review it" : text);
    plan_step(steps, "aws_deployer", "apply", "apply",
              json_str_at(turn->state, "target_release.version") == NULL
                  ? "execute the change set, after your yes"
                  : "after your yes: the alias at once, then the change set");
    plan_step(steps, "aws_deployer", "probe", "read", "probe until that release answers");
    return steps;
}

static json_t *plan_steps(const struct turn *turn) {
    json_t *steps = json_array();
    bool has_site = agent_is_kind(turn, "deploy") && plan_has_frontend(turn);
    bool is_update = json_bool_at(turn->state, "before.can_update");

    if (agent_is_kind(turn, "rollback")) {
        json_decref(steps);
        return plan_rollback_steps(turn);
    }
    if (agent_is_kind(turn, "destroy") || agent_is_kind(turn, "recover")) {
        plan_cure_steps(turn, steps);
        return steps;
    }
    if (agent_is_kind(turn, "secrets")) {
        bool is_removal = strcmp(agent_text(turn, "flags.action"), "rm") == 0;

        plan_step(steps, "aws_deployer", is_removal ? "secrets_rm" : "put_secret", "apply",
                  is_removal ? "remove them from Parameter Store, after your yes"
                             : "store them in Parameter Store, after your yes");
        return steps;
    }
    if (agent_is_kind(turn, "bootstrap")) {
        plan_step(steps, "aws_deployer", "preview", "preview",
                  "change set for the bootstrap stack");
        plan_step(steps, "aws_deployer", "bootstrap", "apply", "execute it, after your yes");
        return steps;
    }
    plan_step(steps, "aws_deployer", "upload", "preview", "upload the artefacts by their digests");
    plan_step(steps, "aws_deployer", "preview", "preview", "create the change set and review it");
    if (has_site && is_update) {
        plan_step(steps, "aws_deployer", "upload", "preview", "upload the new release of the site");
    }
    plan_step(steps, "aws_deployer", "apply", "apply", "execute the change set, after your yes");
    if (has_site && !is_update) {
        plan_step(steps, "aws_deployer", "upload", "preview",
                  "upload the site into its new bucket");
    }
    plan_step(steps, "aws_deployer", "probe", "read", "probe until the new build answers");
    return steps;
}

static void plan_add_actions(json_t *seen, const json_t *actions) {
    size_t n = json_is_array(actions) ? json_array_size(actions) : 1;

    for (size_t i = 0; i < n; i++) {
        const json_t *action = json_is_array(actions) ? json_array_get(actions, i) : actions;

        if (json_is_string(action)) {
            json_put(seen, json_string_value(action), json_true());
        }
    }
}

/* Every action that a role of the template is allowed, each once. */
static json_t *plan_permissions(const json_t *template) {
    CLEANUP(json_decrefp) json_t *seen = json_object();
    json_t *permissions = json_array();
    const char *name;
    json_t *value;

    json_object_foreach(json_object_get(template, "Resources"), name, value) {
        const json_t *policy;
        const json_t *statement;
        size_t p;
        size_t s;

        json_array_foreach(json_at(value, "Properties.Policies"), p, policy) {
            json_array_foreach(json_at(policy, "PolicyDocument.Statement"), s, statement) {
                plan_add_actions(seen, json_object_get(statement, "Action"));
            }
        }
    }
    json_object_foreach(seen, name, value) {
        (void)json_array_append_new(permissions, json_string_of(str_from(name)));
    }
    return permissions;
}

static void plan_artefact(json_t *list, const char *kind, const char *sha256, int64_t bytes) {
    json_t *artefact = agent_args("kind", kind, "sha256", sha256, NULL);

    json_put_int(artefact, "bytes", bytes);
    (void)json_array_append_new(list, artefact);
}

static json_t *plan_artefacts(const struct turn *turn) {
    const json_t *kept = json_at(turn->state, "target_release.artefacts");
    json_t *list;

    if (kept != NULL) {
        return json_deep_copy(kept);
    }
    list = json_array();

    if (json_at(turn->state, "backend") != NULL) {
        plan_artefact(list, "backend", agent_text(turn, "backend.sha256"),
                      json_int_or(turn->state, "backend.bytes", 0));
    }
    if (json_at(turn->state, "site") != NULL) {
        plan_artefact(list, "site", agent_text(turn, "site.release"),
                      json_int_or(turn->state, "site.bytes", 0));
    }
    return list;
}

/* Tags of the stack, which CloudFormation gives to everything in it that takes tags. How long it is
 * wanted is a duration and no date: an unchanged program stays an unchanged deployment. */
static json_t *plan_tags(const struct turn *turn) {
    json_t *said = json_at(turn->state, "flags.tags");
    const json_t *kept = json_at(turn->state, "target_release.tags");
    json_t *tags = said == NULL ? json_object() : json_deep_copy(said);

    if (kept != NULL) {
        json_decref(tags);
        return json_deep_copy(kept);
    }

    if (agent_is_kind(turn, "deploy")) {
        json_put_str(tags, "app", agent_text(turn, "fields.app"));
        json_put_str(tags, "env", agent_text(turn, "fields.env"));
        json_put_str(tags, "managed-by", "aws-copilot");
        json_put_str(tags, "ttl", json_str_at(turn->state, "fields.ttl"));
    }
    return tags;
}

/* As the person chose, or back to the last good release, when there is one to go back to: from a
 * change, not from a deletion or from what gets a stack out of a state. */
static char *plan_on_failure(const struct turn *turn) {
    const char *release = json_str_at(turn->state, "last_release.id");
    bool is_undone = agent_is_kind(turn, "deploy") || agent_is_kind(turn, "rollback");

    if (json_bool_at(turn->state, "flags.no_rollback") || agent_is_kind(turn, "secrets")) {
        return mem_strdup("keep");
    }
    if (is_undone && release != NULL && json_bool_at(turn->state, "before.can_update")) {
        return mem_format("restore:%s", release);
    }
    return mem_strdup("leave");
}

static const char *plan_target(const struct turn *turn) {
    if (agent_is_kind(turn, "secrets")) {
        return "Parameter Store";
    }
    if (agent_is_kind(turn, "rollback")) {
        return json_str_or(turn->state, "target_release.target", "the release as it was");
    }
    return plan_has_template(turn) ? template_kind_name(plan_template_kind(turn))
                                   : "the stack as it is";
}

/* What the stack would cost a month; what has no template costs nothing by itself. */
static enum err_code plan_cost(const struct turn *turn, const json_t *template,
                               const json_t *parameters, json_t **out, struct err *err) {
    struct cost_use use;

    if (cost_use_read(json_at(turn->state, "flags.usage"), &use, err) != ERR_NONE) {
        return err->code;
    }
    *out = template == NULL
               ? json_object()
               : cost_of_template(template, parameters, agent_text(turn, "identity.region"), &use);
    return ERR_NONE;
}

/* What the plan says of the template that would be deployed. */
struct planned_template {
    const char *sha256; /* "" where there is none */
    size_t bytes;
    const json_t *json; /* NULL: there is none */
};

/* Of a deployment, what it sets; of a release, what it had; of a stack as it is, nothing. */
static json_t *plan_shown_variables(const struct turn *turn, const json_t *template) {
    const json_t *kept = json_at(template, "Resources.Backend.Properties.Environment.Variables");
    json_t *all;
    const char *name;
    json_t *value;

    if (agent_is_kind(turn, "deploy")) {
        return plan_variables(turn);
    }
    all = json_object();
    if (!agent_is_kind(turn, "rollback")) {
        return all;
    }
    json_object_foreach((json_t *)(uintptr_t)kept, name, value) {
        if (strncmp(name, "AWSCOPILOT_", 11) != 0) {
            json_put(all, name, json_incref(value));
        }
    }
    return all;
}

static json_t *plan_body(const struct turn *turn, const struct planned_template *template,
                         const json_t *parameters, json_t *cost) {
    CLEANUP(freep) char *on_failure = plan_on_failure(turn);
    const json_t *named = json_at(turn->state, "flags.names");
    json_t *plan = agent_args(
        "kind", agent_text(turn, "kind"), "app", agent_text(turn, "fields.app"), "env",
        agent_text(turn, "fields.env"), "account", agent_text(turn, "identity.account"), "region",
        agent_text(turn, "identity.region"), "stack", agent_text(turn, "fields.stack"), "target",
        plan_target(turn), "role_arn",
        json_str_or(turn->state, "fields.role_arn",
                    json_str_or(turn->state, "bootstrap.ExecutionRole", "")),
        "endpoint", agent_text(turn, "identity.endpoint"), "on_failure", on_failure, "build_id",
        json_str_or(turn->state, "target_release.build_id",
                    json_str_at(turn->state, "backend.build_id")),
        NULL);

    json_put_int(plan, "version", 1);
    json_put(plan, "steps", plan_steps(turn));
    json_put(plan, "template", agent_args("sha256", template->sha256, NULL));
    json_put_int(json_object_get(plan, "template"), "bytes", (int64_t) template->bytes);
    json_put(plan, "parameters", json_deep_copy(parameters));
    json_put(plan, "permissions",
             template->json == NULL ? json_array() : plan_permissions(template->json));
    json_put(plan, "artefacts", plan_artefacts(turn));
    json_put(plan, "cost", cost);
    json_put(plan, "variables", plan_shown_variables(turn, template->json));
    json_put(plan, "tags", plan_tags(turn));
    if (json_at(turn->state, "cure") != NULL) {
        json_put(plan, "cure", json_deep_copy(json_at(turn->state, "cure")));
    }
    json_put(plan, "secrets", named == NULL ? secrets_all_names(turn) : json_deep_copy(named));
    return plan;
}

static void plan_keep(struct turn *turn, const struct planned_template *template,
                      const json_t *parameters, json_t *cost) {
    json_put(turn->state, "plan", plan_body(turn, template, parameters, cost));
    json_put_str(turn->state, "plan_sha256",
                 sha256_hex(json_hash(json_object_get(turn->state, "plan"))).text);
}

/* A release as it was: nothing is built and nothing is made anew. */
static enum err_code plan_compute_rollback(struct turn *turn, struct err *err) {
    const json_t *release = json_object_get(turn->state, "target_release");
    const json_t *kept = json_object_get(release, "parameters");
    CLEANUP(json_decrefp) json_t *parameters = json_object();
    const json_t *template = json_object_get(release, "template");
    CLEANUP(freep) char *text = json_text(template);
    struct planned_template planned = {json_str_or(release, "template_sha256", ""), strlen(text),
                                       template};
    json_t *cost = NULL;
    const char *name;
    json_t *value;

    json_object_foreach((json_t *)(uintptr_t)kept, name, value) {
        json_put(parameters, name, json_is_string(value) ? json_incref(value) : json_true());
    }
    json_put(turn->state, "parameters",
             kept == NULL ? json_object() : json_deep_copy(kept)); /* as preview takes them */
    if (plan_cost(turn, template, parameters, &cost, err) != ERR_NONE) {
        return err->code;
    }
    plan_keep(turn, &planned, parameters, cost);
    return ERR_NONE;
}

enum err_code plan_compute(struct turn *turn, struct err *err) {
    CLEANUP(template_text_done) struct template_text template = {0};
    CLEANUP(json_decrefp) json_t *parameters = json_object();
    CLEANUP(freep) char *set_name = mem_format("d-%s", turn->session);
    struct planned_template planned = {.sha256 = ""};
    struct sha256_hex sha256;
    json_t *cost = NULL;

    if (agent_is_kind(turn, "rollback")) {
        return plan_compute_rollback(turn, err);
    }
    if (plan_has_template(turn)) {
        json_t *inputs = NULL;

        json_decref(parameters);
        parameters = plan_parameters(turn);
        if (plan_template_inputs(turn, parameters, &inputs, err) != ERR_NONE) {
            return err->code;
        }
        json_put(turn->state, "template", inputs);
        json_put(turn->state, "parameters", plan_preview_parameters(turn, parameters));
        if (template_op_emit(inputs, &template, err) != ERR_NONE ||
            template_op_check(template.json, parameters, set_name, err) != ERR_NONE) {
            return err->code;
        }
        sha256 = sha256_hex(template.sha256);
        planned = (struct planned_template){sha256.text, template.len, template.json};
    }
    if (plan_cost(turn, template.json, parameters, &cost, err) != ERR_NONE) {
        return err->code;
    }
    plan_keep(turn, &planned, parameters, cost);
    return ERR_NONE;
}
