/* Files that should not be there: .env files with values, AWS keys, links out, odd files. */
#include "repo/path.h"
#include "repo/survey_room.h"

#include <string.h>
#include <unistd.h>

enum { DOTENV_BYTES_MAX = 64 * 1024, DOTENV_FILES_MAX = 100 };

/* ".env", ".env.production", "prod.env"; not ".env.example" and its kind. */
static bool is_dotenv(const char *path) {
    static const char *const samples[] = {"example",  "sample", "template", "dist",
                                          "defaults", "schema", "tpl"};
    const char *name = path_name(path);

    if (strncmp(name, ".env", 4) != 0 && !str_ends(str_from(name), STR(".env"))) {
        return false;
    }
    if (strncmp(name, ".envrc", 6) == 0) {
        return false;
    }
    for (size_t i = 0; i < ARRAY_N(samples); i++) {
        if (strstr(name, samples[i]) != NULL) {
            return false;
        }
    }
    return true;
}

/* NAME=VALUE of a line, without `export`, quotes and a comment behind. */
static bool split_line(struct str line, struct str *name, struct str *value) {
    ptrdiff_t at = 0;

    line = str_trim(line);
    if (str_starts(line, STR("export "))) {
        line = str_trim(str_slice(line, 7, line.len));
    }
    at = str_find(line, STR("="));
    if (line.len == 0 || line.ptr[0] == '#' || at <= 0) {
        return false;
    }
    *name = str_trim(str_slice(line, 0, (size_t)at));
    *value = str_trim(str_slice(line, (size_t)at + 1, line.len));
    if (value->len >= 2 && (value->ptr[0] == '"' || value->ptr[0] == '\'')) {
        *value = str_slice(*value, 1, value->len - 1);
    }
    return name->len <= 128;
}

static bool is_aws_key(const char *name) {
    return strcmp(name, "AWS_ACCESS_KEY_ID") == 0 || strcmp(name, "AWS_SECRET_ACCESS_KEY") == 0 ||
           strcmp(name, "AWS_SESSION_TOKEN") == 0;
}

/* "${OTHER}" and empty values hold nothing. */
static bool is_empty(struct str value) {
    return value.len == 0 || str_starts(value, STR("${")) || str_starts(value, STR("<"));
}

static bool holds_password(struct str value) {
    ptrdiff_t scheme = str_find(value, STR("://"));
    struct str host =
        scheme < 0 ? (struct str){0} : str_slice(value, (size_t)scheme + 3, value.len);
    ptrdiff_t at = str_find(host, STR("@"));

    return at > 0 && memchr(host.ptr, ':', (size_t)at) != NULL;
}

void dotenv_read(struct room *room, const char *path, dotenv_line *each, void *ctx) {
    struct str rest = {0};
    struct str line = {0};

    if (!tree_read(&room->tree, path, DOTENV_BYTES_MAX, &room->text)) {
        return;
    }
    rest = buf_str(&room->text);
    for (int n = 1; str_next(&rest, '\n', &line); n++) {
        struct str name = {0};
        struct str value = {0};

        if (split_line(line, &name, &value) && str_is_utf8(name)) {
            each(ctx, arena_str(room->arena, name), value, n);
        }
    }
}

struct judging {
    struct room *room;
    const char *path;
    bool is_in_git;
};

static void judge_line(void *ctx, const char *name, struct str value, int line) {
    const struct judging *judging = ctx;
    struct room *room = judging->room;
    const char *where = room_where(room, judging->path, line);

    if (is_empty(value)) {
        return;
    }
    if (is_aws_key(name)) {
        room_say(room, REASON_AWS_KEYS_IN_ENV, where, name);
    } else if (judging->is_in_git && (holds_password(value) || env_is_secret(name)) &&
               strncmp(name, "VITE_", 5) != 0) {
        room_say(room, REASON_SECRET_COMMITTED, where, name);
    }
}

/* Whether a link points out of the repository, by its text alone: it is never followed. */
static bool leads_out(struct room *room, const char *path) {
    char target[4096];
    ssize_t n = readlinkat(room->tree.root.fd, path, target, sizeof(target) - 1);

    if (n <= 0) {
        return true;
    }
    target[n] = '\0';
    return path_join(room->arena, path_dir(room->arena, path), target) == NULL;
}

void dotenv_find(struct room *room) {
    int files = 0;

    for (size_t i = 0; i < room->tree.list.n && !tree_is_late(&room->tree); i++) {
        const struct fs_entry *entry = &room->tree.list.rows[i];

        if (entry->kind == FS_LINK && leads_out(room, entry->path)) {
            room_say(room, REASON_LINK_OUTSIDE, entry->path, entry->path);
        } else if (entry->kind == FS_OTHER) {
            room_say(room, REASON_ODD_FILE, entry->path, entry->path);
        } else if (entry->kind == FS_FILE && is_dotenv(entry->path) && files < DOTENV_FILES_MAX) {
            files++;
            struct judging judging = {room, entry->path, !git_ignores(room, entry->path)};
            dotenv_read(room, entry->path, judge_line, &judging);
        }
    }
}
