/* uv_client: the Python half of an application: locked install, import check, zip. */
#include <string.h>

#include "base/encode.h"
#include "bundle/python.h"
#include "tool/build_op.h"
#include "tool/run_op.h"

/* clang-format off */
/* What the survey says of the back end: repo/survey.h. */
#define BACKEND_IN \
    { "dir", JSON_TEXT, false }, { "asgi", JSON_MAP, false }, { "manager", JSON_TEXT, false }, \
    { "manifest", JSON_TEXT, true }, { "lock", JSON_TEXT, true }, { "extras", JSON_LIST, true }, \
    { "packages", JSON_LIST, true }, { "may_lock", JSON_FLAG, false }, { "site", JSON_TEXT, true }

static const struct json_field fetch_in[] = { BACKEND_IN, { "python", JSON_TEXT, true }, {0} };
static const struct json_field fetch_out[] = {
    { "python", JSON_TEXT, false }, { "interpreter", JSON_TEXT, false }, { "architecture", JSON_TEXT, false },
    { "packages", JSON_COUNT, false }, { "list", JSON_TEXT, false }, { "resolved", JSON_FLAG, false },
    { "cached", JSON_FLAG, false }, { "warnings", JSON_LIST, false }, {0} };

static const struct json_field check_in[] = {
    BACKEND_IN, { "python", JSON_TEXT, true },
    { "variables", JSON_MAP, false }, { "dummies", JSON_LIST, false }, {0} };
static const struct json_field check_out[] = {
    { "python", JSON_TEXT, false }, { "architecture", JSON_TEXT, false }, { "routes", JSON_LIST, false },
    { "missing", JSON_LIST, false }, { "places", JSON_MAP, false }, { "writes", JSON_LIST, false },
    { "wrote", JSON_LIST, false }, { "contacted", JSON_LIST, false }, { "also", JSON_LIST, false },
    { "inside", JSON_TEXT, true }, { "warnings", JSON_LIST, false }, { "cached", JSON_FLAG, true }, {0} };

static const struct json_field bundle_in[] = {
    BACKEND_IN, { "python", JSON_TEXT, false }, { "also", JSON_LIST, true },
    { "architecture", JSON_TEXT, false }, { "kind", JSON_TEXT, false }, { "settings", JSON_MAP, false },
    { "variables", JSON_MAP, false }, { "parameters", JSON_MAP, false }, {0} };
static const struct json_field bundle_out[] = {
    { "zip", JSON_TEXT, false }, { "sha256", JSON_TEXT, false }, { "sha256_base64", JSON_TEXT, false },
    { "build_id", JSON_TEXT, false }, { "bytes", JSON_COUNT, false }, { "unzipped", JSON_COUNT, false },
    { "entries", JSON_COUNT, false }, { "cached", JSON_FLAG, false }, { "warnings", JSON_LIST, false }, {0} };
/* clang-format on */

/* What runs functions decides for which machine and Python they are packaged. */
static struct python_app uv_app(const struct op *op) {
    const struct endpoint_profile *profile = op->services->profile;
    const char *architecture = json_str_or(op->args, "architecture", "arm64");
    struct python_app app = {
        .dir = json_str_at(op->args, "dir"),
        .cwd = json_str_at(op->args, "asgi.cwd"),
        .target = json_str_or(op->args, "asgi.target", ""),
        .is_factory = json_bool_at(op->args, "asgi.factory"),
        .python = json_str_at(op->args, "python"),
        .manager = json_str_at(op->args, "manager"),
        .manifest = json_str_at(op->args, "manifest"),
        .lock = json_str_at(op->args, "lock"),
        .packages = json_object_get(op->args, "packages"),
        .extras = json_object_get(op->args, "extras"),
        .may_lock = json_bool_at(op->args, "may_lock"),
        .site = json_str_at(op->args, "site"),
        .also = json_object_get(op->args, "also"),
        .platform = strcmp(architecture, "x86_64") == 0 ? PYTHON_X86_64 : PYTHON_ARM64,
    };

    if (profile->is_host_packaged) {
        app.platform = PYTHON_HOST;
        app.needs = profile->python == NULL ? NULL : app.python;
        app.python = profile->python == NULL ? app.python : profile->python;
    }
    return app;
}

static enum err_code uv_run(struct op *op, json_t **out, struct err *err) {
    return run_op_tool(op, BUILD_UV, out, err);
}

static enum err_code uv_fetch(struct op *op, json_t **out, struct err *err) {
    struct build_env env = build_op_env(op);
    struct python_app app = uv_app(op);

    return python_fetch(&env, &app, out, err);
}

static enum err_code uv_check(struct op *op, json_t **out, struct err *err) {
    struct build_env env = build_op_env(op);
    struct python_app app = uv_app(op);

    return python_check(&env, &app, json_object_get(op->args, "variables"),
                        json_object_get(op->args, "dummies"), out, err);
}

static json_t *bundle_json(const struct python_zip *zip) {
    CLEANUP(buf_done) struct buf base64 = BUF_INIT(64);
    json_t *json;

    base64_add(&base64, zip->sha256.bytes, SHA256_BYTES);
    json =
        json_pack("{s:s, s:s, s:s, s:s}", "zip", zip->path, "sha256", sha256_hex(zip->sha256).text,
                  "sha256_base64", buf_cstr(&base64), "build_id", zip->build_id);
    json_put_int(json, "bytes", zip->bytes);
    json_put_int(json, "unzipped", zip->unzipped);
    json_put_int(json, "entries", (int64_t)zip->entries);
    json_put_bool(json, "cached", zip->was_cached);
    json_put(json, "warnings", zip->warnings == NULL ? json_array() : json_incref(zip->warnings));
    return json;
}

static enum err_code uv_bundle(struct op *op, json_t **out, struct err *err) {
    CLEANUP(python_zip_done) struct python_zip zip = {0};
    struct build_env env = build_op_env(op);
    struct python_app app = uv_app(op);
    CLEANUP(freep) char *runtime = mem_format("python%s", json_str_or(op->args, "python", ""));
    struct python_use use = {
        .kind = template_kind_find(json_str_or(op->args, "kind", "")),
        .function = {.runtime = runtime,
                     .architecture = json_str_at(op->args, "architecture"),
                     .settings = json_object_get(op->args, "settings"),
                     .variables = json_object_get(op->args, "variables")},
        .parameters = json_object_get(op->args, "parameters"),
    };

    if (python_bundle(&env, &app, &use, &zip, err) != ERR_NONE) {
        return err->code;
    }
    *out = bundle_json(&zip);
    return ERR_NONE;
}

/* clang-format off */
static const struct operation operations[] = {
    /* name, effect, purpose, deadline, in, out, run, reconcile */
    { "fetch",  EFFECT_LOCAL, "install the locked packages, nothing of them run", LIMIT_JOB_TIMEOUT_MS, fetch_in,  fetch_out,  uv_fetch,  NULL },
    { "check",  EFFECT_LOCAL, "compile, import for real, list the routes",        LIMIT_JOB_TIMEOUT_MS, check_in,  check_out,  uv_check,  NULL },
    { "bundle", EFFECT_LOCAL, "make the function's zip, the same for the same",   LIMIT_JOB_TIMEOUT_MS, bundle_in, bundle_out, uv_bundle, NULL },
    { "run",    EFFECT_LOCAL, "a script of the back end, offline and read-only",  LIMIT_TOOL_TIMEOUT_MS, run_op_in, run_op_out, uv_run,   NULL },
};
/* clang-format on */

const struct tool tool_uv_client = {
    .name = "uv_client",
    .purpose = "Python packages and the function's zip",
    .operations = operations,
    .operation_n = ARRAY_N(operations),
};
