/* package.json, the lock file that belongs to it, and the package manager that both name. */
#include "repo/path.h"
#include "repo/site_room.h"
#include "repo/yaml_tree.h"

#include <fnmatch.h>
#include <string.h>

enum { WORKSPACE_PATTERNS_MAX = 100 };

/* clang-format off */
static const struct {
    const char *lock;
    const char *manager;
} locks[] = {
    { "pnpm-lock.yaml", "pnpm" }, { "bun.lock", "bun" },           { "bun.lockb", "bun" },
    { "yarn.lock", "yarn" },      { "package-lock.json", "npm" },  { "npm-shrinkwrap.json", "npm" },
};
/* clang-format on */

json_t *node_manifest_json(struct room *room, const char *dir) {
    const char *path = path_join(room->arena, dir, "package.json");
    struct str text = {0};
    json_t *json = NULL;
    struct err err = {0};

    if (!tree_read(&room->tree, path, TREE_SOURCE_MAX, &room->text)) {
        return NULL;
    }
    text = buf_str(&room->text);
    if (str_starts(text, STR("\xef\xbb\xbf"))) { /* a byte order mark, which npm accepts */
        text = str_slice(text, 3, text.len);
    }
    if (json_read(text, &json, &err) != ERR_NONE || !json_is_object(json)) {
        room_say(room, REASON_NODE_MANIFEST_BROKEN, path, path);
        json_decref(json);
        return NULL;
    }
    return json;
}

bool node_manifest_has(const json_t *package, const char *name) {
    return json_object_get(json_object_get(package, "dependencies"), name) != NULL ||
           json_object_get(json_object_get(package, "devDependencies"), name) != NULL;
}

/* --- workspaces --- */

/* A pattern such as "packages/?" or "./ui" against "packages/ui". */
static bool pattern_fits(struct room *room, struct str pattern, const char *rel) {
    const char *text = NULL;

    pattern = str_starts(pattern, STR("./")) ? str_slice(pattern, 2, pattern.len) : pattern;
    while (str_ends(pattern, STR("/"))) {
        pattern = str_slice(pattern, 0, pattern.len - 1);
    }
    text = arena_str(room->arena, pattern);
    return fnmatch(text, rel, strstr(text, "**") == NULL ? FNM_PATHNAME : 0) == 0;
}

static bool list_fits(struct room *room, const json_t *patterns, const char *rel) {
    const json_t *row = NULL;
    size_t i = 0;
    bool fits = false;

    json_array_foreach(patterns, i, row) {
        struct str pattern = str_from(json_string_value(row));

        if (i == WORKSPACE_PATTERNS_MAX) {
            break;
        }
        if (str_starts(pattern, STR("!"))) {
            fits = fits && !pattern_fits(room, str_slice(pattern, 1, pattern.len), rel);
        } else {
            fits = fits || pattern_fits(room, pattern, rel);
        }
    }
    return fits;
}

static json_t *pnpm_packages(struct room *room, const char *dir) {
    const char *path = path_join(room->arena, dir, "pnpm-workspace.yaml");
    struct yaml_node *tree = NULL;
    json_t *list = json_array();
    struct err ignored = {0};

    if (!tree_read(&room->tree, path, YAML_BYTES_MAX, &room->text) ||
        yaml_read(buf_str(&room->text), path, room->arena, &tree, &ignored) != ERR_NONE) {
        return list;
    }
    for (const struct yaml_node *at = tree->first; at != NULL; at = at->next) {
        for (const struct yaml_node *row = at->first;
             row != NULL && at->key != NULL && strcmp(at->key, "packages") == 0; row = row->next) {
            if (row->kind == YAML_SCALAR) {
                json_array_append_new(list, json_string_of(str_from(row->text)));
            }
        }
    }
    return list;
}

/* Whether the workspace at `top` takes in the folder `dir` below it. */
static bool is_member(struct room *room, const char *top, const char *dir) {
    json_t *package = node_manifest_json(room, top);
    const json_t *patterns = json_object_get(package, "workspaces");
    json_t *packages = pnpm_packages(room, top);
    const char *rel = path_from(dir, top);
    bool is_one = false;

    patterns = json_is_object(patterns) ? json_object_get(patterns, "packages") : patterns;
    is_one = list_fits(room, patterns, rel) || list_fits(room, packages, rel);
    json_decref(package);
    json_decref(packages);
    return is_one;
}

json_t *node_manifest_top(struct room *room, const struct node_manifest *manifest) {
    const char *top = manifest->lock == NULL ? NULL : path_dir(room->arena, manifest->lock);

    return top == NULL || strcmp(top, manifest->dir) == 0 ? NULL : node_manifest_json(room, top);
}

/* --- the manager --- */

/* "pnpm@9.1.0+sha512…" of packageManager, or volta's row for the manager. */
static void read_declared(struct room *room, const json_t *package, struct node_manifest *out) {
    struct str text = str_from(json_str_at(package, "packageManager"));
    struct str name = {0};
    struct str version = {0};

    if (out->version == NULL && str_next(&text, '@', &name) && name.len > 0) {
        (void)str_next(&text, '+', &version);
        out->manager = arena_str(room->arena, str_slice(name, 0, 20));
        out->version = arena_str(room->arena, str_slice(version, 0, 40));
        return;
    }
    for (size_t i = 0; out->version == NULL && i < ARRAY_N(locks); i++) {
        const char *pinned =
            json_string_value(json_object_get(json_object_get(package, "volta"), locks[i].manager));

        if (pinned != NULL) {
            out->manager = locks[i].manager;
            out->version = arena_str(room->arena, str_slice(str_from(pinned), 0, 40));
        }
    }
}

/* The lock in one folder: that of the declared manager before any other. */
static bool take_lock(struct room *room, const char *dir, struct node_manifest *out) {
    size_t found = ARRAY_N(locks);
    const char *declared = out->version == NULL ? NULL : out->manager;
    CLEANUP(buf_done) struct buf names = BUF_INIT(300);
    size_t n = 0;

    for (size_t i = 0; i < ARRAY_N(locks); i++) {
        if (tree_has_file(&room->tree, path_join(room->arena, dir, locks[i].lock))) {
            const bool is_wanted = declared != NULL && strcmp(declared, locks[i].manager) == 0;
            const bool has_wanted = found < ARRAY_N(locks) && declared != NULL &&
                                    strcmp(declared, locks[found].manager) == 0;

            buf_addf(&names, "%s%s", n++ == 0 ? "" : ", ", locks[i].lock);
            found = found == ARRAY_N(locks) || (is_wanted && !has_wanted) ? i : found;
        }
    }
    if (found == ARRAY_N(locks)) {
        return false;
    }
    out->lock = path_join(room->arena, dir, locks[found].lock);
    if (n > 1) {
        room_say(room, REASON_SEVERAL_LOCKS, out->lock, buf_cstr(&names));
    }
    if (declared != NULL && strcmp(declared, locks[found].manager) != 0) {
        room_say(room, REASON_LOCK_CONTRADICTS, out->lock,
                 arena_format(room->arena, "%s %s", declared, out->version));
        out->version = NULL;
    }
    out->manager = locks[found].manager; /* the lock that is there decides */
    return true;
}

/* The lock beside the manifest, or at the top of the workspace that it belongs to. */
static void find_lock(struct room *room, struct node_manifest *out) {
    for (const char *at = out->dir;; at = path_dir(room->arena, at)) {
        const bool is_own = strcmp(at, out->dir) == 0;

        if (is_own || is_member(room, at, out->dir)) {
            if (!is_own) {
                json_t *package = node_manifest_json(room, at);

                read_declared(room, package, out);
                json_decref(package);
            }
            if (take_lock(room, at, out)) {
                return;
            }
        }
        if (strcmp(at, ".") == 0) {
            return;
        }
    }
}

static bool is_berry(struct room *room, const struct node_manifest *manifest) {
    const char *dir =
        manifest->lock != NULL ? path_dir(room->arena, manifest->lock) : manifest->dir;

    if (manifest->version != NULL) {
        return manifest->version[0] > '1' && manifest->version[0] <= '9';
    }
    if (tree_has_file(&room->tree, path_join(room->arena, dir, ".yarnrc.yml"))) {
        return true;
    }
    return manifest->lock != NULL &&
           tree_read(&room->tree, manifest->lock, SURVEY_LOCK_MAX, &room->lock_text) &&
           str_find(str_slice(buf_str(&room->lock_text), 0, 1000), STR("__metadata:")) >= 0;
}

/* pnpm changed the form of its lock with 7, 8 and 9; older forms need the pnpm that wrote them. */
static const char *version_of_lock(struct room *room, const struct node_manifest *manifest) {
    static const char *const forms[][2] = {{"lockfileVersion: 5.4", "7"},
                                           {"lockfileVersion: '6.", "8"}};

    if (strcmp(manifest->manager, "pnpm") != 0 || manifest->lock == NULL ||
        !tree_read(&room->tree, manifest->lock, SURVEY_LOCK_MAX, &room->lock_text)) {
        return NULL;
    }
    for (size_t i = 0; i < ARRAY_N(forms); i++) {
        if (str_starts(buf_str(&room->lock_text), str_from(forms[i][0]))) {
            return forms[i][1];
        }
    }
    return NULL;
}

/* --- Node --- */

/* "engines", or the one version that volta or a file pins, which later ones of its kind replace. */
static const char *node_version(struct room *room, const struct node_manifest *manifest) {
    static const char *const files[] = {".nvmrc", ".node-version"};
    const char *dirs[] = {manifest->dir, "."};
    const char *said = json_str_at(manifest->json, "engines.node");

    if (said != NULL) {
        return arena_str(room->arena, str_slice(str_from(said), 0, 60));
    }
    said = json_str_at(manifest->json, "volta.node");
    if (said != NULL) {
        return arena_format(room->arena, "^%.40s", said);
    }
    for (size_t i = 0; i < ARRAY_N(files) * ARRAY_N(dirs); i++) {
        const char *path = path_join(room->arena, dirs[i / 2], files[i % 2]);

        if (tree_read(&room->tree, path, 100, &room->text)) {
            struct str text = str_trim(buf_str(&room->text));

            text = str_starts(text, STR("v")) ? str_slice(text, 1, text.len) : text;
            if (text.len > 0 && text.ptr[0] >= '0' && text.ptr[0] <= '9') {
                return arena_format(room->arena, "^%.40s", arena_str(room->arena, text));
            }
        }
    }
    return NULL;
}

void node_manifest_read(struct room *room, const char *dir, struct node_manifest *out) {
    *out = (struct node_manifest){.dir = dir,
                                  .path = path_join(room->arena, dir, "package.json"),
                                  .json = node_manifest_json(room, dir),
                                  .manager = "none"};
    read_declared(room, out->json, out);
    find_lock(room, out);
    if (strcmp(out->manager, "yarn") == 0) {
        out->manager = is_berry(room, out) ? "yarn-berry" : "yarn";
    }
    out->version = out->version == NULL ? version_of_lock(room, out) : out->version;
    out->node = node_version(room, out);
}

void node_manifest_done(struct node_manifest *manifest) { json_decref(manifest->json); }
