/* The words of a script in package.json: which tools it runs, and the flags of `vite build`. */
#include "repo/site_room.h"

#include <string.h>

enum { SCRIPT_DEPTH_MAX = 6, SCRIPT_WORDS_MAX = 200 };

/* Words that run another script of the same file, and words that do nothing of their own. */
static const char *const runners[] = {"npm",          "pnpm",        "yarn",  "bun",  "run",
                                      "npx",          "run-p",       "run-s", "bunx", "npm-run-all",
                                      "concurrently", "-p",          "-s",    "exec", "--",
                                      "npm-run-all2", "--if-present"};
static const char *const checkers[] = {"tsc", "vue-tsc", "svelte-check"};

static bool is_in(struct str word, const char *const *list, size_t n) {
    for (size_t i = 0; i < n; i++) {
        if (str_eq(word, str_from(list[i]))) {
            return true;
        }
    }
    return false;
}

static bool next_word(struct str *rest, struct str *word) {
    *rest = str_trim(*rest);
    if (rest->len == 0 || !str_next(rest, ' ', word)) {
        return false;
    }
    if (word->len >= 2 && (word->ptr[0] == '"' || word->ptr[0] == '\'')) {
        *word = str_slice(*word, 1, word->len);
    }
    while (word->len > 0 && strchr("\"';", word->ptr[word->len - 1]) != NULL) {
        *word = str_slice(*word, 0, word->len - 1);
    }
    return true;
}

/* "--outDir=x" and "--outDir x". */
static bool take_flag(struct room *room, struct str word, struct str *rest, const char *flag,
                      const char **out) {
    struct str name = str_from(flag);
    struct str value = {0};

    if (!str_starts(word, name)) {
        return false;
    }
    if (word.len > name.len && word.ptr[name.len] == '=') {
        value = str_slice(word, name.len + 1, word.len);
    } else if (word.len != name.len || !next_word(rest, &value)) {
        return false;
    }
    *out = arena_str(room->arena, str_slice(value, 0, 300));
    return true;
}

/* What follows `vite build`: its flags and the folder that it builds. */
static void read_flags(struct room *room, struct str rest, struct build_script *out) {
    struct str word = {0};

    while (next_word(&rest, &word)) {
        if (!take_flag(room, word, &rest, "--outDir", &out->out) &&
            !take_flag(room, word, &rest, "--base", &out->base) &&
            !take_flag(room, word, &rest, "--config", &out->config) &&
            !take_flag(room, word, &rest, "-c", &out->config) &&
            !take_flag(room, word, &rest, "--mode", &out->mode) &&
            !take_flag(room, word, &rest, "-m", &out->mode) && word.len > 0 && word.ptr[0] != '-' &&
            word.ptr[0] != '{' && out->root == NULL) {
            out->root = arena_str(room->arena, str_slice(word, 0, 300));
        }
    }
}

static void read_text(struct room *room, const json_t *scripts, const char *text, int depth,
                      struct build_script *out);

/* One command between "&&": its own tool, or other scripts. */
static void read_command(struct room *room, const json_t *scripts, struct str command, int depth,
                         struct build_script *out) {
    struct str word = {0};
    bool runs_others = false;

    for (int i = 0; i < SCRIPT_WORDS_MAX && next_word(&command, &word); i++) {
        const char *name = arena_str(room->arena, str_slice(word, 0, 100));
        const char *other = runs_others ? json_string_value(json_object_get(scripts, name)) : NULL;

        if (other != NULL && depth < SCRIPT_DEPTH_MAX) {
            read_text(room, scripts, other, depth + 1, out);
        } else if (is_in(word, runners, ARRAY_N(runners))) {
            runs_others = true;
        } else if (is_in(word, checkers, ARRAY_N(checkers))) {
            out->has_check = out->has_check || !out->has_vite;
            return;
        } else if (str_eq(word, STR("vite"))) {
            struct str rest = command;

            out->has_vite = next_word(&rest, &word) && str_eq(word, STR("build"));
            if (out->has_vite) {
                read_flags(room, rest, out);
            }
            return;
        } else if (!runs_others && !str_eq(word, STR("cross-env")) &&
                   memchr(word.ptr, '=', word.len) == NULL) {
            out->has_maker = true;
            return;
        }
    }
}

static void read_text(struct room *room, const json_t *scripts, const char *text, int depth,
                      struct build_script *out) {
    struct str rest = str_from(text);
    struct str part = {0};

    while (room_spend(room) && str_next(&rest, '&', &part)) {
        if (str_trim(part).len > 0) {
            read_command(room, scripts, part, depth, out);
        }
    }
}

void build_script_read(struct room *room, const json_t *package, const char *name,
                       struct build_script *out) {
    static const char *const before[] = {"prebuild", "prepare", "postinstall", "preinstall",
                                         "install"};
    const json_t *scripts = json_object_get(package, "scripts");
    const char *text = json_string_value(json_object_get(scripts, name));

    *out = (struct build_script){0};
    if (text != NULL) {
        out->name = arena_str(room->arena, str_from(name));
        read_text(room, scripts, text, 0, out);
    }
    for (size_t i = 0; i < ARRAY_N(before); i++) {
        const char *other = json_string_value(json_object_get(scripts, before[i]));

        /* git hooks are put in place there more often than anything else */
        if (other != NULL && strstr(other, "husky") == NULL && strstr(other, "lefthook") == NULL &&
            strstr(other, "git ") == NULL) {
            out->has_maker = true;
        }
    }
}
