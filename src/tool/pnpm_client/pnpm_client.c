/* pnpm_client: the Node half of an application, by any package manager: locked install, production
 * build, release. */
#include "bundle/node.h"
#include "repo/survey.h"
#include "tool/build_op.h"
#include "tool/run_op.h"

/* clang-format off */
#define APP_FIELDS \
    { "dir", JSON_TEXT, false }, { "manager", JSON_TEXT, false }, { "manager_version", JSON_TEXT, true }, \
    { "manifest", JSON_TEXT, false }, { "lock", JSON_TEXT, true }, { "may_lock", JSON_FLAG, true }, \
    { "node", JSON_TEXT, true }
static const struct json_field fetch_in[] = { APP_FIELDS, {0} };
static const struct json_field fetch_out[] = {
    { "node", JSON_TEXT, false }, { "manager", JSON_TEXT, false }, { "version", JSON_TEXT, true },
    { "cached", JSON_FLAG, false }, { "warnings", JSON_LIST, false }, {0} };

static const struct json_field build_in[] = {
    APP_FIELDS, { "script", JSON_TEXT, true }, { "out", JSON_TEXT, true }, { "variables", JSON_MAP, false }, {0} };
static const struct json_field build_out[] = {
    { "dir", JSON_TEXT, false }, { "release", JSON_TEXT, false }, { "index_sha256", JSON_TEXT, false },
    { "asset", JSON_MAP, true }, { "files", JSON_LIST, false }, { "bytes", JSON_COUNT, false },
    { "cached", JSON_FLAG, false }, { "warnings", JSON_LIST, false }, {0} };
/* clang-format on */

/* By the package manager of the repository's front end, whichever it is, in its own version. */
static enum err_code pnpm_exec(struct op *op, json_t **out, struct err *err) {
    const struct survey_options options = {.project = op->services->project};
    struct build_env env = build_op_env(op);
    CLEANUP(json_decrefp) json_t *survey = NULL;
    CLEANUP(freep) char *program = NULL;
    CLEANUP(freep) char *path = NULL;

    if (survey_run(op->services->root, &options, &survey, err) != ERR_NONE) {
        return err->code;
    }
    const json_t *site = json_at(survey, "frontend");
    if (!json_is_object(site) || json_str_at(site, "manifest") == NULL) {
        return run_op_tool(op, BUILD_PNPM, out, err); /* no front end says which */
    }
    const struct node_app app = node_app_of_site(site);
    if (node_program(&env, &app, &program, &path, err) != ERR_NONE) {
        return err->code;
    }
    return run_op_program(op,
                          &(struct run_op){.program = program,
                                           .args = json_object_get(op->args, "args"),
                                           .dir = json_str_or(op->args, "dir", app.dir),
                                           .path = path},
                          out, err);
}

/* What both operations are told; no "script": `vite build`. */
static struct node_app pnpm_app(const struct op *op) {
    return (struct node_app){.dir = json_str_at(op->args, "dir"),
                             .manager = json_str_at(op->args, "manager"),
                             .manager_version = json_str_at(op->args, "manager_version"),
                             .manifest = json_str_at(op->args, "manifest"),
                             .lock = json_str_at(op->args, "lock"),
                             .may_lock = json_bool_at(op->args, "may_lock"),
                             .node = json_str_at(op->args, "node"),
                             .script = json_str_at(op->args, "script"),
                             .out = json_str_at(op->args, "out"),
                             .variables = json_object_get(op->args, "variables")};
}

static enum err_code pnpm_fetch(struct op *op, json_t **out, struct err *err) {
    struct build_env env = build_op_env(op);
    struct node_app app = pnpm_app(op);

    return node_fetch(&env, &app, out, err);
}

static json_t *file_json(const struct site_file *file) {
    json_t *json =
        json_pack("{s:s, s:s}", "path", file->path, "sha256", sha256_hex(file->hash).text);

    json_put_int(json, "bytes", file->bytes);
    json_put_str(json, "content_type", file->content_type);
    json_put_bool(json, "asset", file->is_asset);
    return json;
}

static json_t *site_json(const struct site *site) {
    json_t *files = json_array();
    json_t *json =
        json_pack("{s:s, s:s, s:s}", "dir", site->dir, "release", sha256_hex(site->release).text,
                  "index_sha256", sha256_hex(site->index_hash).text);

    for (size_t i = 0; i < site->file_n; i++) {
        (void)json_array_append_new(files, file_json(&site->files[i]));
    }
    json_put(json, "files", files);
    json_put_int(json, "bytes", site->bytes);
    json_put_bool(json, "cached", site->was_cached);
    json_put(json, "warnings", site->warnings == NULL ? json_array() : json_incref(site->warnings));
    if (site->probe != NULL) {
        json_put(json, "asset",
                 json_pack("{s:s, s:s}", "path", site->probe->path, "sha256",
                           sha256_hex(site->probe->hash).text));
    }
    return json;
}

static enum err_code pnpm_build(struct op *op, json_t **out, struct err *err) {
    CLEANUP(site_done) struct site site = {0};
    struct build_env env = build_op_env(op);
    struct node_app app = pnpm_app(op);

    if (node_build(&env, &app, &site, err) != ERR_NONE) {
        return err->code;
    }
    *out = site_json(&site);
    return ERR_NONE;
}

/* clang-format off */
static const struct operation operations[] = {
    /* name, effect, purpose, deadline, in, out, run, reconcile */
    { "fetch", EFFECT_LOCAL, "install the locked packages, nothing of them run", LIMIT_JOB_TIMEOUT_MS, fetch_in, fetch_out, pnpm_fetch, NULL },
    { "build", EFFECT_LOCAL, "build for production, offline; scan what came out", LIMIT_JOB_TIMEOUT_MS, build_in, build_out, pnpm_build, NULL },
    { "exec",  EFFECT_LOCAL, "a command of the front end, offline and read-only", LIMIT_TOOL_TIMEOUT_MS, run_op_in, run_op_out, pnpm_exec, NULL },
};
/* clang-format on */

const struct tool tool_pnpm_client = {
    .name = "pnpm_client",
    .purpose = "Node packages and the site",
    .operations = operations,
    .operation_n = ARRAY_N(operations),
};
