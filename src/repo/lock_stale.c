/* Lock files that are behind their manifests, as far as reading shows it: a frozen install refuses
 * them. */
#include "repo/lock_hash.h"
#include "repo/path.h"
#include "repo/python_names.h"
#include "repo/site_room.h"
#include "repo/toml.h"

#include <string.h>

enum { STALE_NAMES_MAX = 5 };

struct stale {
    struct room *room;
    struct str lock; /* its text */
    struct buf names;
    size_t n;
};

static void add_name(struct stale *stale, const char *name) {
    if (stale->n < STALE_NAMES_MAX) {
        buf_addf(&stale->names, "%s%s", stale->n == 0 ? "" : ", ", name);
    }
    stale->n++;
}

static void say(struct stale *stale, const char *lock, const char *manifest) {
    struct room *room = stale->room;

    if (stale->n > STALE_NAMES_MAX) {
        buf_addf(&stale->names, " and %zu more", stale->n - STALE_NAMES_MAX);
    }
    if (stale->n > 0) {
        room_say(room, REASON_LOCK_STALE, lock,
                 arena_format(room->arena, "%s does not fit %s: %s", lock, manifest,
                              buf_cstr(&stale->names)));
    }
    buf_done(&stale->names);
}

/* --- Python --- */

static json_t *manifest_toml(struct room *room, const char *path) {
    json_t *toml = NULL;
    struct err ignored = {0};
    int line = 0;

    if (!tree_read(&room->tree, path, TREE_SOURCE_MAX, &room->text) ||
        toml_read(room->parser, buf_str(&room->text), &toml, &line, &ignored) != ERR_NONE) {
        return NULL;
    }
    if (line > 0) { /* what does not parse is left out: nothing can be said */
        json_decref(toml);
        return NULL;
    }
    return toml;
}

/* The content-hash of poetry.lock, which is written near its end. */
static const char *poetry_hash(struct room *room, struct str lock) {
    const struct str mark = STR("\ncontent-hash = \"");
    ptrdiff_t at = str_find(lock, mark);
    struct str rest = at < 0 ? (struct str){0} : str_slice(lock, (size_t)at + mark.len, lock.len);
    ptrdiff_t end = str_find(rest, STR("\""));

    return end <= 0 ? NULL : arena_str(room->arena, str_slice(rest, 0, (size_t)end));
}

/* By the digest, where the lock keeps one; whether that could be told. */
static bool compare_digest(struct stale *stale, const struct manifest *manifest) {
    CLEANUP(json_decrefp) json_t *toml = manifest_toml(stale->room, manifest->path);
    CLEANUP(json_decrefp) json_t *lock = NULL;
    const char *wanted = NULL;
    struct err ignored = {0};
    bool is_same = true;

    if (strcmp(manifest->manager, "poetry") == 0) {
        wanted = poetry_hash(stale->room, stale->lock);
        is_same = wanted == NULL || toml == NULL || lock_fits_poetry(toml, wanted);
    } else if (strcmp(manifest->manager, "pipenv") == 0) {
        is_same = toml == NULL || json_read(stale->lock, &lock, &ignored) != ERR_NONE ||
                  lock_fits_pipenv(toml, lock);
    } else {
        return false;
    }
    if (!is_same) {
        add_name(stale, "it was made of another version of that file");
    }
    return true;
}

static void compare_names(struct stale *stale, const struct manifest *manifest) {
    const json_t *row = NULL;
    size_t i = 0;

    json_array_foreach(manifest->dependencies, i, row) {
        if (json_object_get(manifest->locked, json_string_value(row)) == NULL) {
            add_name(stale, json_string_value(row));
        }
    }
}

/* uv.lock repeats what the project asks for: { name = "a", specifier = "==1" }. Of several clauses
 * it changes the order, so only one is compared. */
static void compare_wishes(struct stale *stale, const struct manifest *manifest) {
    CLEANUP(json_decrefp) json_t *toml = manifest_toml(stale->room, manifest->path);
    const json_t *row = NULL;
    size_t i = 0;

    if (str_find(stale->lock, STR("requires-dist = [")) < 0) {
        return;
    }
    json_array_foreach(json_at(toml, "project.dependencies"), i, row) {
        const char *text = json_is_string(row) ? json_string_value(row) : "";
        const size_t n = strcspn(text, "<>=!~ ");
        CLEANUP(buf_done) struct buf wish = BUF_INIT(300);
        char name[PYTHON_NAME_MAX];

        if (strpbrk(text, "[;,@") != NULL || text[n] == '\0') {
            continue;
        }
        python_normal_name((struct str){text, n}, name);
        buf_addf(&wish, "name = \"%s\", specifier = \"", name);
        for (const char *c = text + n; *c != '\0'; c++) {
            if (*c != ' ') {
                buf_add_c(&wish, *c);
            }
        }
        buf_add_c(&wish, '"');
        if (!wish.failed && json_object_get(manifest->locked, name) != NULL &&
            str_find(stale->lock, buf_str(&wish)) < 0) {
            add_name(stale, arena_str(stale->room->arena, str_from(text)));
        }
    }
}

void lock_stale_python(struct room *room, const struct manifest *manifest) {
    struct stale stale = {.room = room, .names = BUF_INIT(1000)};

    if (manifest->lock == NULL || manifest->path == NULL || manifest->broken_line > 0 ||
        json_object_size(manifest->locked) == 0 ||
        !tree_read(&room->tree, manifest->lock, SURVEY_LOCK_MAX, &room->lock_text)) {
        return;
    }
    stale.lock = buf_str(&room->lock_text);
    if (!compare_digest(&stale, manifest)) {
        compare_names(&stale, manifest);
        if (strcmp(manifest->manager, "uv") == 0) {
            compare_wishes(&stale, manifest);
        }
    }
    say(&stale, manifest->lock, manifest->path);
}

/* --- Node --- */

/* Whether the lock holds the text; `%s` in `form` are the name and the range. */
static bool holds(const struct stale *stale, const char *form, const char *name,
                  const char *range) {
    CLEANUP(buf_done) struct buf text = BUF_INIT(1000);

    for (const char *c = form; *c != '\0'; c++) {
        if (*c == 'N' || *c == 'R') {
            buf_add_s(&text, *c == 'N' ? name : range);
        } else {
            buf_add_c(&text, *c);
        }
    }
    return text.failed || str_find(stale->lock, buf_str(&text)) >= 0;
}

/* How a lock writes down what a manifest asks for: N is the name, R the range. */
static const struct {
    const char *manager;
    const char *forms[10];
} written[] = {
    {"yarn", {"\nN@R:", "\nN@R,", "\"N@R\"", " N@R,", " N@R:"}},
    {"yarn-berry", {"N@npm:R\"", "N@npm:R,", "N@R\"", "N@R,"}},
    {"bun", {"\"N\": \"R\""}},
    {"npm", {"\"N\": \"R\""}},
    {"pnpm",
     {"N:\n        specifier: R\n", "N':\n        specifier: R\n", "N:\n        specifier: 'R'\n",
      "N':\n        specifier: 'R'\n", "N:\n    specifier: R\n", "N':\n    specifier: R\n",
      "N:\n    specifier: 'R'\n", "N':\n    specifier: 'R'\n"}},
};

/* Ranges that a lock writes in its own way: links, workspaces, catalogs, tags, addresses. */
static bool is_plain_range(const char *range) {
    return range[0] != '\0' && strpbrk(range, ":/\\\"") == NULL;
}

/* Where a workspace or a settings file changes what is asked for, nothing can be said. */
static bool is_overridden(const struct stale *stale, const json_t *package, const json_t *top) {
    static const char *const keys[] = {"overrides", "resolutions", "pnpm", "patchedDependencies"};

    for (size_t i = 0; i < ARRAY_N(keys); i++) {
        if (json_object_get(package, keys[i]) != NULL || json_object_get(top, keys[i]) != NULL) {
            return true;
        }
    }
    return str_find(stale->lock, STR("\noverrides:")) >= 0;
}

static void compare_table(struct stale *stale, const char *manager, const json_t *table) {
    const char *name = NULL;
    json_t *range = NULL;

    json_object_foreach((json_t *)(uintptr_t)table, name, range) {
        const char *text = json_string_value(range);
        bool is_there = false;

        if (text == NULL || !is_plain_range(text) || !room_spend(stale->room)) {
            continue;
        }
        for (size_t i = 0; i < ARRAY_N(written); i++) {
            for (size_t j = 0; j < ARRAY_N(written[i].forms) && written[i].forms[j] != NULL &&
                               strcmp(written[i].manager, manager) == 0 && !is_there;
                 j++) {
                is_there = holds(stale, written[i].forms[j], name, text);
            }
        }
        if (!is_there) {
            add_name(stale, arena_format(stale->room->arena, "%s %s", name, text));
        }
    }
}

/* Older forms do not write down what was asked for. */
static bool tells_ranges(const struct stale *stale, const struct node_manifest *manifest) {
    const struct str head = str_slice(stale->lock, 0, 2000);

    if (strcmp(manifest->manager, "pnpm") == 0) {
        return str_find(stale->lock, STR("specifier: ")) >= 0;
    }
    if (strcmp(manifest->manager, "npm") == 0) {
        return str_find(head, STR("\"lockfileVersion\": 1")) < 0;
    }
    return strcmp(manifest->manager, "none") != 0 &&
           !str_ends(str_from(manifest->lock), STR(".lockb"));
}

void lock_stale_node(struct room *room, const struct node_manifest *manifest) {
    static const char *const tables[] = {"dependencies", "devDependencies"};
    CLEANUP(json_decrefp) json_t *top = NULL;
    struct stale stale = {.room = room, .names = BUF_INIT(1000)};

    if (manifest->lock == NULL ||
        !tree_read(&room->tree, manifest->lock, SURVEY_LOCK_MAX, &room->lock_text)) {
        return;
    }
    stale.lock = buf_str(&room->lock_text);
    top = node_manifest_top(room, manifest);
    if (strcmp(manifest->manager, "yarn-berry") == 0 &&
        str_find(stale.lock, STR("__metadata:")) < 0) {
        add_name(&stale, "Yarn 1 made it, and a later one is asked for");
    } else if (stale.lock.len > 0 && tells_ranges(&stale, manifest) &&
               !is_overridden(&stale, manifest->json, top)) {
        for (size_t i = 0; i < ARRAY_N(tables); i++) {
            compare_table(&stale, manifest->manager, json_object_get(manifest->json, tables[i]));
        }
    }
    say(&stale, manifest->lock, manifest->path);
}
