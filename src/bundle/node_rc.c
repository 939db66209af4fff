/* bundle/node_rc.c: reduces settings files of package managers to what is followed. */
#include "bundle/node_rc.h"

#include <stdlib.h>
#include <string.h>

#include "repo/toml.h"
#include "repo/yaml_tree.h"

enum { RC_BYTES_MAX = 64 * 1024, RC_DEPTH_MAX = 8 };

/* --- what is followed --- */

/* clang-format off */

/* Of the repository, and of the person. npm, pnpm. */
static const char *const npm_keys[] = {
    "registry", "always-auth", "legacy-peer-deps", "strict-peer-deps", "engine-strict",
    "install-strategy", "install-links", "workspaces", "prefer-dedupe", "package-lock",
    "lockfile-version", "save-exact", "save-prefix", "fund", "audit", "auto-install-peers",
    "strict-peer-dependencies", "dedupe-peer-dependents", "resolve-peers-from-workspace-root",
    "node-linker", "hoist", "hoist-pattern", "public-hoist-pattern", "shamefully-hoist",
    "symlink", "link-workspace-packages", "prefer-workspace-packages",
    "shared-workspace-lockfile", "inject-workspace-packages", "exclude-links-from-lockfile",
    "resolution-mode", "enable-pre-post-scripts", "only-built-dependencies", "network-timeout",
    "fetch-retries", "fetch-timeout", "min-release-age", "minimum-release-age", "audit-level", NULL };
static const char *const npm_users[] = {
    "cafile", "ca", "cert", "key", "proxy", "https-proxy", "noproxy", "strict-ssl", NULL };

static const char *const yarn_keys[] = {
    "registry", "network-timeout", "ignore-engines", "--install.ignore-engines",
    "--ignore-engines", "workspaces-experimental", "save-prefix", "--save-exact",
    "version-git-tag", NULL };
static const char *const yarn_users[] = {
    "cafile", "ca", "proxy", "https-proxy", "noproxy", "strict-ssl", NULL };

static const char *const berry_keys[] = {
    "nodeLinker", "pnpMode", "pnpFallbackMode", "pnpIgnorePatterns", "pnpEnableEsmLoader",
    "pnpEnableInlining", "nmMode", "nmHoistingLimits", "nmSelfReferences", "packageExtensions",
    "supportedArchitectures", "catalog", "catalogs", "compressionLevel", "checksumBehavior",
    "defaultSemverRangePrefix", "defaultProtocol", "enableTransparentWorkspaces", "enableScripts",
    "logFilters", "npmMinimalAgeGate", "npmPreapprovedPackages", "npmRegistryServer",
    "npmRegistries", "npmScopes", "npmAlwaysAuth", "npmAuthToken", "npmAuthIdent", NULL };
static const char *const berry_users[] = {
    "httpProxy", "httpsProxy", "httpsCaFilePath", "httpsCertFilePath", "httpsKeyFilePath",
    "enableStrictSsl", "networkSettings", NULL };

/* Of [install]. */
static const char *const bun_keys[] = {
    "registry", "scopes", "linker", "exact", "peer", "optional", "dev", "hoistPattern",
    "publicHoistPattern", "saveTextLockfile", "minimumReleaseAge", NULL };
static const char *const bun_users[] = {
    "ca", "cafile", NULL };

/* Left out without a word: a build has its own, or they change nothing that is built. */
static const char *const own_keys[] = {
    "cache", "store-dir", "progress", "color", "loglevel", "update-notifier",
    "manage-package-manager-versions", "package-manager-strict", "ignore-scripts",
    "lastUpdateCheck", "cacheFolder", "globalFolder", "enableColors", "enableGlobalCache",
    "enableHyperlinks", "enableImmutableInstalls", "enableMirror", "enableProgressBars",
    "enableTelemetry", "frozenLockfile", NULL };
/* clang-format on */

enum rc_format { RC_LINES, RC_YAML, RC_TOML };

static const struct rc_file {
    const char *name;
    const char *users; /* in the home folder */
    enum rc_format format;
    char separator; /* RC_LINES: between key and value */
    const char *const *keys;
    const char *const *user_keys;
} files[] = {
    {".npmrc", ".npmrc", RC_LINES, '=', npm_keys, npm_users},
    {".yarnrc", ".yarnrc", RC_LINES, ' ', yarn_keys, yarn_users},
    {".yarnrc.yml", ".yarnrc.yml", RC_YAML, 0, berry_keys, berry_users},
    {"bunfig.toml", ".bunfig.toml", RC_TOML, 0, bun_keys, bun_users},
};

/* Behind "//HOST/PATH:" of an .npmrc. Not tokenHelper: it is a program. */
static const char *const host_keys[] = {"_authToken", "_auth",       "username", "_password",
                                        "email",      "always-auth", NULL};

/* One file on its way through. */
struct rc {
    const struct rc_file *file;
    bool is_users;
    struct buf *out;
    struct words *readable; /* of the person's: certificates; may be NULL */
    struct buf *dropped;    /* names, with commas; may be NULL */
};

static bool is_listed(const char *const *list, struct str key) {
    for (size_t i = 0; list[i] != NULL; i++) {
        if (str_eq(key, str_from(list[i]))) {
            return true;
        }
    }
    return false;
}

static bool is_host_key(struct str key) {
    for (size_t i = key.len; i > 0; i--) {
        if (key.ptr[i - 1] == ':') {
            return is_listed(host_keys, str_slice(key, i, key.len));
        }
    }
    return false;
}

static void rc_drop(struct rc *rc, struct str key) {
    if (rc->dropped != NULL && !is_listed(own_keys, key)) {
        buf_addf(rc->dropped, "%s" STR_FMT, rc->dropped->len > 0 ? ", " : "",
                 STR_ARG(str_slice(key, 0, 60)));
    }
}

static bool rc_follows(struct rc *rc, struct str key) {
    bool is_scope = str_starts(key, STR("@")) && str_ends(key, STR(":registry"));
    bool is_host = str_starts(key, STR("//")) && is_host_key(key);

    if (is_listed(rc->file->keys, key) || is_scope || is_host ||
        (rc->is_users && is_listed(rc->file->user_keys, key))) {
        return true;
    }
    rc_drop(rc, key);
    return false;
}

static struct str unquote(struct str text) {
    bool is_quoted = text.len > 1 && text.ptr[0] == '"' && text.ptr[text.len - 1] == '"';

    return is_quoted ? str_slice(text, 1, text.len - 1) : text;
}

static void rc_certificate(struct rc *rc, struct str key, struct str value) {
    if (rc->readable != NULL && value.len > 0 && value.ptr[0] == '/' &&
        (str_eq(key, STR("cafile")) || str_ends(key, STR("FilePath")))) {
        CLEANUP(freep) char *path = str_dup(value);
        words_add(rc->readable, path);
    }
}

/* "key=value" or "key value" lines; "key[]=value" is a list. */
static void rc_lines(struct rc *rc, struct str text) {
    struct str line = {0};

    while (str_next(&text, '\n', &line)) {
        line = str_trim(line);
        if (line.len == 0 || line.ptr[0] == '#' || line.ptr[0] == ';') {
            continue;
        }
        const char *sep = memchr(line.ptr, rc->file->separator, line.len);
        size_t at = sep == NULL ? line.len : (size_t)(sep - line.ptr);
        struct str key = unquote(str_trim(str_slice(line, 0, at)));
        key = str_ends(key, STR("[]")) ? str_slice(key, 0, key.len - 2) : key;
        if (rc_follows(rc, key)) {
            rc_certificate(rc, key, unquote(str_trim(str_slice(line, at + 1, line.len))));
            buf_addf(rc->out, STR_FMT "\n", STR_ARG(line));
        }
    }
}

/* Yarn reads every scalar as text, so JSON with texts says the same. */
static json_t *rc_yaml_json(const struct yaml_node *node, int depth) {
    if (node->kind == YAML_SCALAR || depth > RC_DEPTH_MAX) {
        return json_string_of(str_from(node->text));
    }
    json_t *json = node->kind == YAML_MAP ? json_object() : json_array();
    for (const struct yaml_node *child = node->first; child != NULL; child = child->next) {
        json_t *value = rc_yaml_json(child, depth + 1);
        if (node->kind == YAML_MAP) {
            json_put(json, child->key, value);
        } else {
            (void)json_array_append_new(json, value);
        }
    }
    return json;
}

static enum err_code rc_yaml(struct rc *rc, struct str text, struct err *err) {
    CLEANUP(arena_freep) struct arena *arena = arena_new();
    CLEANUP(json_decrefp) json_t *kept = json_object();
    struct yaml_node *root = NULL;

    if (yaml_read(text, rc->file->name, arena, &root, err) != ERR_NONE) {
        return err->code;
    }
    for (const struct yaml_node *row = root->kind == YAML_MAP ? root->first : NULL; row != NULL;
         row = row->next) {
        if (rc_follows(rc, str_from(row->key))) {
            rc_certificate(rc, str_from(row->key), str_from(row->text));
            json_put(kept, row->key, rc_yaml_json(row, 0));
        }
    }
    json_add(rc->out, kept);
    buf_add_c(rc->out, '\n');
    return ERR_NONE;
}

/* A value of TOML as TOML; of objects, what texts they hold. */
static void rc_toml_value(struct buf *out, const json_t *value) {
    const char *name;
    json_t *member;
    bool is_first = true;

    if (!json_is_object(value)) {
        json_add(out, value);
        return;
    }
    buf_add_c(out, '{');
    json_object_foreach((json_t *)(uintptr_t)value, name, member) {
        CLEANUP(json_decrefp) json_t *key = json_string(name);
        buf_add(out, is_first ? STR(" ") : STR(", "));
        json_add(out, key);
        buf_add(out, STR(" = "));
        rc_toml_value(out, member);
        is_first = false;
    }
    buf_add(out, STR(" }"));
}

static enum err_code rc_toml(struct rc *rc, struct str text, struct err *err) {
    struct syntax_parser *parser = syntax_parser_new();
    CLEANUP(json_decrefp) json_t *json = NULL;
    const char *name;
    json_t *value;
    int broken = 0;
    enum err_code code = toml_read(parser, text, &json, &broken, err);

    syntax_parser_free(parser);
    if (code != ERR_NONE) {
        return code;
    }
    if (broken > 0) {
        return err_set(err, ERR_CONFIG, "%s:%d: this is no TOML", rc->file->name, broken);
    }
    json_object_foreach(json, name, value) {
        if (strcmp(name, "install") != 0) {
            rc_drop(rc, str_from(name));
        }
    }
    buf_add(rc->out, STR("[install]\n"));
    json_object_foreach(json_object_get(json, "install"), name, value) {
        if (rc_follows(rc, str_from(name))) {
            rc_certificate(rc, str_from(name), str_from(json_string_value(value)));
            buf_addf(rc->out, "%s = ", name);
            rc_toml_value(rc->out, value);
            buf_add_c(rc->out, '\n');
        }
    }
    return ERR_NONE;
}

static enum err_code rc_reduce(struct rc *rc, struct str text, struct err *err) {
    switch (rc->file->format) {
    case RC_LINES:
        rc_lines(rc, text);
        return ERR_NONE;
    case RC_YAML:
        return rc_yaml(rc, text, err);
    case RC_TOML:
        return rc_toml(rc, text, err);
    }
    return ERR_NONE;
}

/* --- the person's --- */

enum err_code node_rc_users(const char *home, struct words *readable, struct words *hosts,
                            struct err *err) {
    const char *from_dir = getenv("HOME");
    struct err none = {0};

    for (size_t i = 0; from_dir != NULL && i < ARRAY_N(files); i++) {
        CLEANUP(freep) char *from = fs_join(from_dir, files[i].users);
        CLEANUP(freep) char *to = fs_join(home, files[i].users);
        CLEANUP(buf_done) struct buf text = BUF_INIT(RC_BYTES_MAX);
        CLEANUP(buf_done) struct buf out = BUF_INIT(4 * RC_BYTES_MAX);
        struct rc rc = {&files[i], true, &out, readable, NULL};

        if (fs_read_file(from, RC_BYTES_MAX, &text, &none) != ERR_NONE) {
            continue; /* there is none */
        }
        if (rc_reduce(&rc, buf_str(&text), err) != ERR_NONE ||
            fs_write_file(to, buf_str(&out), 0600, err) != ERR_NONE) {
            return err->code;
        }
        build_add_hosts(hosts, buf_str(&out));
    }
    return ERR_NONE;
}

/* --- the repository's --- */

/* Calls `each` for every settings file in `dir` and above. */
static enum err_code rc_walk(const struct fs_root *root, const char *dir,
                             enum err_code (*each)(void *ctx, const struct rc_file *file,
                                                   const char *path, struct str text,
                                                   struct err *err),
                             void *ctx, struct err *err) {
    CLEANUP(freep) char *at = mem_strdup(strcmp(dir, ".") == 0 ? "" : dir);

    for (;;) {
        for (size_t i = 0; i < ARRAY_N(files); i++) {
            CLEANUP(freep)
            char *path = at[0] == '\0' ? mem_strdup(files[i].name) : fs_join(at, files[i].name);
            CLEANUP(buf_done) struct buf text = BUF_INIT(RC_BYTES_MAX);
            if (fs_kind_at(root, path) == FS_NONE) {
                continue;
            }
            if (fs_read_at(root, path, RC_BYTES_MAX, &text, err) != ERR_NONE ||
                each(ctx, &files[i], path, buf_str(&text), err) != ERR_NONE) {
                return err->code;
            }
        }
        if (at[0] == '\0') {
            return ERR_NONE;
        }
        char *slash = strrchr(at, '/');
        *(slash == NULL ? at : slash) = '\0';
    }
}

struct rc_copy {
    const char *src;
    struct words *hosts;
    json_t *warnings;
};

static enum err_code rc_follow(const struct rc_file *file, const char *path, struct str text,
                               struct buf *out, json_t *warnings, struct err *err) {
    CLEANUP(buf_done) struct buf dropped = BUF_INIT(400);
    struct rc rc = {file, false, out, NULL, &dropped};

    if (rc_reduce(&rc, text, err) != ERR_NONE) {
        return err->code;
    }
    if (dropped.len > 0) {
        build_warn(warnings, "%s sets %s, which is not followed while packages are fetched", path,
                   buf_cstr(&dropped));
    }
    return ERR_NONE;
}

static enum err_code rc_reduce_one(void *ctx, const struct rc_file *file, const char *path,
                                   struct str text, struct err *err) {
    struct rc_copy *copy = ctx;
    CLEANUP(buf_done) struct buf out = BUF_INIT(4 * RC_BYTES_MAX);
    CLEANUP(freep) char *to = fs_join(copy->src, path);

    if (rc_follow(file, path, text, &out, copy->warnings, err) != ERR_NONE ||
        fs_write_file(to, buf_str(&out), 0600, err) != ERR_NONE) {
        return err->code;
    }
    build_add_hosts(copy->hosts, buf_str(&out));
    return ERR_NONE;
}

static const struct rc_file *rc_of(const char *path) {
    const char *slash = strrchr(path, '/');
    const char *name = slash == NULL ? path : slash + 1;

    for (size_t i = 0; i < ARRAY_N(files); i++) {
        if (strcmp(files[i].name, name) == 0) {
            return &files[i];
        }
    }
    return NULL;
}

bool node_rc_is(const char *path) { return rc_of(path) != NULL; }

enum err_code node_rc_follow(const char *path, struct str text, struct buf *out, json_t *warnings,
                             struct err *err) {
    return rc_follow(rc_of(path), path, text, out, warnings, err);
}

enum err_code node_rc_reduce(const char *src, const char *dir, struct words *hosts,
                             json_t *warnings, struct err *err) {
    CLEANUP(fs_root_done) struct fs_root root = {0};
    struct rc_copy copy = {src, hosts, warnings};

    if (fs_root_open(src, &root, err) != ERR_NONE) {
        return err->code;
    }
    return rc_walk(&root, dir, rc_reduce_one, &copy, err);
}

static enum err_code rc_restore_one(void *ctx, const struct rc_file *file, const char *path,
                                    struct str text, struct err *err) {
    const struct rc_copy *copy = ctx;
    CLEANUP(freep) char *to = fs_join(copy->src, path);

    (void)file;
    return fs_write_file(to, text, 0600, err);
}

enum err_code node_rc_restore(const struct build_env *env, const char *src, const char *dir,
                              struct err *err) {
    CLEANUP(fs_root_done) struct fs_root root = {0};
    struct rc_copy copy = {src, NULL, NULL};

    if (fs_root_open(env->root, &root, err) != ERR_NONE) {
        return err->code;
    }
    return rc_walk(&root, dir, rc_restore_one, &copy, err);
}
