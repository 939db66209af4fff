/* test/drivers/bundle_probe.c: one operation of the bundle floor from the command line, for
 * test_bundle.py.
 *
 *   bundle_probe OPERATION ROOT CACHE '{"dir":…}'    prints one JSON object; exit 0
 *   operations: fetch check bundle (python.h), node_fetch node_build (node.h), probe (the sandbox)
 * A failure prints {"error":{"code","text","remedy"}} and exits with the program's status for it.
 * "known" in the arguments is a secret that the redactor knows. Progress goes to standard error.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bundle/node.h"
#include "bundle/python.h"
#include "sys/sandbox.h"

static void say(void *ctx, const char *line) {
    (void)ctx;
    fprintf(stderr, "%s\n", line);
}

static struct python_app python_app_of(const json_t *args) {
    const char *platform = json_str_or(args, "platform", "host");

    return (struct python_app){.dir = json_str_or(args, "dir", "backend"),
                               .cwd = json_str_at(args, "cwd"),
                               .target = json_str_or(args, "target", "app.main:app"),
                               .is_factory = json_bool_at(args, "factory"),
                               .python = json_str_at(args, "python"),
                               .needs = json_str_at(args, "needs"),
                               .manager = json_str_at(args, "manager"),
                               .manifest = json_str_at(args, "manifest"),
                               .lock = json_str_at(args, "lock"),
                               .packages = json_at(args, "packages"),
                               .extras = json_at(args, "extras"),
                               .may_lock = json_bool_at(args, "may_lock"),
                               .site = json_str_at(args, "site"),
                               .also = json_at(args, "also"),
                               .platform = strcmp(platform, "arm64") == 0    ? PYTHON_ARM64
                                           : strcmp(platform, "x86_64") == 0 ? PYTHON_X86_64
                                                                             : PYTHON_HOST};
}

/* A JSON null says that there is none; what is left out is as in the example. */
static const char *text_of(const json_t *args, const char *name, const char *otherwise) {
    return json_is_null(json_at(args, name)) ? NULL : json_str_or(args, name, otherwise);
}

static struct node_app node_app_of(const json_t *args) {
    return (struct node_app){.dir = json_str_or(args, "dir", "frontend"),
                             .manager = json_str_or(args, "manager", "pnpm"),
                             .manager_version = json_str_at(args, "manager_version"),
                             .manifest = json_str_or(args, "manifest", "frontend/package.json"),
                             .lock = text_of(args, "lock", "frontend/pnpm-lock.yaml"),
                             .may_lock = json_bool_at(args, "may_lock"),
                             .node = json_str_at(args, "node"),
                             .script = text_of(args, "script", "build"),
                             .out = json_str_at(args, "out"),
                             .variables = json_at(args, "variables")};
}

static enum err_code run_bundle(const struct build_env *env, const json_t *args, json_t **out,
                                struct err *err) {
    struct python_app app = python_app_of(args);
    CLEANUP(python_zip_done) struct python_zip zip = {0};
    CLEANUP(json_decrefp) json_t *settings = json_pack("{s:s}", "AWSCOPILOT_APP", app.target);
    struct python_use use = {
        .kind = TEMPLATE_LAMBDA_HTTP,
        .function = {.runtime = "python3.11", .architecture = "arm64", .settings = settings},
        .parameters = json_at(args, "parameters")};

    if (python_bundle(env, &app, &use, &zip, err) != ERR_NONE) {
        return err->code;
    }
    *out = json_object();
    json_put_str(*out, "path", zip.path);
    json_put_str(*out, "sha256", sha256_hex(zip.sha256).text);
    json_put_str(*out, "build_id", zip.build_id);
    json_put_int(*out, "bytes", zip.bytes);
    json_put_int(*out, "unzipped", zip.unzipped);
    json_put_int(*out, "entries", (int64_t)zip.entries);
    json_put_bool(*out, "cached", zip.was_cached);
    json_put(*out, "warnings", json_incref(zip.warnings));
    return ERR_NONE;
}

static enum err_code run_site(const struct build_env *env, const json_t *args, json_t **out,
                              struct err *err) {
    struct node_app app = node_app_of(args);
    CLEANUP(site_done) struct site site = {0};

    if (node_build(env, &app, &site, err) != ERR_NONE) {
        return err->code;
    }
    json_t *files = json_array();
    for (size_t i = 0; i < site.file_n; i++) {
        json_t *file = json_object();
        json_put_str(file, "path", site.files[i].path);
        json_put_str(file, "sha256", sha256_hex(site.files[i].hash).text);
        json_put_str(file, "type", site.files[i].content_type);
        json_put_bool(file, "asset", site.files[i].is_asset);
        json_array_append_new(files, file);
    }
    *out = json_object();
    json_put_str(*out, "dir", site.dir);
    json_put_str(*out, "release", sha256_hex(site.release).text);
    json_put_str(*out, "index", sha256_hex(site.index_hash).text);
    json_put_str(*out, "probe", site.probe == NULL ? NULL : site.probe->path);
    json_put_bool(*out, "cached", site.was_cached);
    json_put(*out, "files", files);
    json_put(*out, "warnings", json_incref(site.warnings));
    return ERR_NONE;
}

static enum err_code run_probe(json_t **out) {
    const struct sandbox_caps *caps = sandbox_probe();

    *out = json_object();
    json_put_int(*out, "landlock", caps->landlock_abi);
    json_put_bool(*out, "namespaces", caps->has_namespaces);
    json_put_bool(*out, "seccomp", caps->has_seccomp);
    json_put_str(*out, "missing", caps->missing);
    return ERR_NONE;
}

static enum err_code run(const char *op, const struct build_env *env, const json_t *args,
                         json_t **out, struct err *err) {
    struct python_app python = python_app_of(args);
    struct node_app node = node_app_of(args);

    if (strcmp(op, "fetch") == 0) {
        return python_fetch(env, &python, out, err);
    }
    if (strcmp(op, "check") == 0) {
        return python_check(env, &python, json_at(args, "variables"), json_at(args, "dummies"), out,
                            err);
    }
    if (strcmp(op, "bundle") == 0) {
        return run_bundle(env, args, out, err);
    }
    if (strcmp(op, "node_fetch") == 0) {
        return node_fetch(env, &node, out, err);
    }
    if (strcmp(op, "node_build") == 0) {
        return run_site(env, args, out, err);
    }
    if (strcmp(op, "probe") == 0) {
        return run_probe(out);
    }
    return err_set(err, ERR_USAGE, "no operation '%s'", op);
}

int main(int argc, char **argv) {
    CLEANUP(redactor_freep) struct redactor *redactor = redactor_new();
    CLEANUP(json_decrefp) json_t *args = NULL;
    CLEANUP(json_decrefp) json_t *out = NULL;
    struct err err = {0};

    if (argc != 5 || json_read(str_from(argv[4]), &args, &err) != ERR_NONE) {
        fprintf(stderr, "bundle_probe OPERATION ROOT CACHE JSON: %s\n", err.text);
        return 2;
    }
    struct build_env env = {.root = argv[2],
                            .cache_dir = argv[3],
                            .redactor = redactor,
                            .is_sandboxed = !json_bool_at(args, "no_sandbox"),
                            .say = say};
    redactor_add_known(redactor, "KNOWN", str_from(json_str_or(args, "known", "")));
    if (run(argv[1], &env, args, &out, &err) != ERR_NONE) {
        out = json_pack("{s:{s:s,s:s,s:s}}", "error", "code", err_wire(err.code), "text", err.text,
                        "remedy", err.remedy);
    }
    CLEANUP(freep) char *text = json_text(out);
    puts(text);
    return err_exit(err.code);
}
