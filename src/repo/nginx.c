/* Snippets of nginx configuration: `location`, `proxy_pass` and `rewrite`, read word by word. */
#include "repo/nginx.h"

#include "repo/path.h"

#include <string.h>

enum { NGINX_BYTES_MAX = 128 * 1024, NGINX_FILES_MAX = 20, NGINX_DEPTH_MAX = 16 };

static bool is_nginx(const char *path) {
    struct str name = str_from(path_name(path));

    return str_ends(name, STR(".conf")) || str_ends(name, STR(".conf.template")) ||
           str_ends(name, STR(".conf.template.j2")) || str_eq(name, STR("nginx.conf.tmpl"));
}

/* One statement: words up to ';', '{' or '}'. */
struct statement {
    struct str words[6];
    size_t n;
    char end; /* 0 at the end of the text */
    int line;
};

static void take_word(struct statement *out, struct str word) {
    if (word.len > 0 && out->n < ARRAY_N(out->words)) {
        out->words[out->n++] = word;
    }
}

static bool is_end(char c) { return c == ';' || c == '{' || c == '}'; }

static bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

/* The index of the last character of a comment that starts at `i`. */
static size_t comment_end(struct str text, size_t i) {
    while (i + 1 < text.len && text.ptr[i + 1] != '\n') {
        i++;
    }
    return i;
}

static bool next_statement(struct str *rest, int *line, struct statement *out) {
    size_t start = 0;

    *out = (struct statement){.line = *line};
    for (size_t i = 0; i < rest->len; i++) {
        const char c = rest->ptr[i];

        if (c != '#' && !is_end(c) && !is_blank(c)) {
            continue;
        }
        take_word(out, str_slice(*rest, start, i));
        i = c == '#' ? comment_end(*rest, i) : i;
        start = i + 1;
        *line += c == '\n';
        out->line = out->n == 0 ? *line : out->line;
        if (is_end(c)) {
            out->end = c;
            *rest = str_slice(*rest, i + 1, rest->len);
            return true;
        }
    }
    return false;
}

/* proxy_pass with a path behind the host puts that path in place of the location's prefix. */
static bool passes_without(struct str target, const char *prefix) {
    ptrdiff_t scheme = str_find(target, STR("://"));
    struct str host = scheme < 0 ? target : str_slice(target, (size_t)scheme + 3, target.len);
    ptrdiff_t slash = str_find(host, STR("/"));

    return slash >= 0 && !str_starts(str_slice(host, (size_t)slash, host.len), str_from(prefix));
}

static bool location_is(struct str location, const char *prefix) {
    while (str_ends(location, STR("/"))) {
        location = str_slice(location, 0, location.len - 1);
    }
    return str_eq(location, str_from(prefix));
}

static bool is_location(const struct statement *at, const char *prefix) {
    return at->n >= 2 && str_eq(at->words[0], STR("location")) &&
           location_is(at->words[at->n - 1], prefix);
}

static bool takes_off(const struct statement *at, const char *prefix) {
    if (at->n >= 2 && str_eq(at->words[0], STR("proxy_pass"))) {
        return passes_without(at->words[1], prefix);
    }
    return at->n >= 3 && str_eq(at->words[0], STR("rewrite")) &&
           str_find(at->words[1], str_from(prefix)) >= 0 &&
           !str_starts(at->words[2], str_from(prefix));
}

/* The line that takes the prefix off, or 0. */
static int rewriting_line(struct str text, const char *prefix) {
    struct statement at = {0};
    bool is_inside[NGINX_DEPTH_MAX] = {false};
    int depth = 0;
    int line = 1;

    while (next_statement(&text, &line, &at)) {
        if (at.end == '{') {
            depth++;
            if (depth < NGINX_DEPTH_MAX) {
                is_inside[depth] = is_location(&at, prefix);
            }
        } else if (at.end == '}') {
            depth -= depth > 0;
        } else if (depth < NGINX_DEPTH_MAX && is_inside[depth] && takes_off(&at, prefix)) {
            return at.line;
        }
    }
    return 0;
}

bool nginx_find_rewrite(struct room *room, const char *prefix, struct nginx_rewrite *out) {
    int files = 0;

    for (size_t i = 0; i < room->tree.list.n && files < NGINX_FILES_MAX; i++) {
        const struct fs_entry *entry = &room->tree.list.rows[i];
        int line = 0;

        if (entry->kind != FS_FILE || !is_nginx(entry->path) ||
            !str_is_utf8(str_from(entry->path)) ||
            !tree_read(&room->tree, entry->path, NGINX_BYTES_MAX, &room->text)) {
            continue;
        }
        files++;
        line = rewriting_line(buf_str(&room->text), prefix);
        if (line > 0) {
            out->where = room_where(room, entry->path, line);
            return true;
        }
    }
    return false;
}
