/* bundle/python_text.c: the files of a lock as text, TOML and JSON. */
#include <string.h>

#include "bundle/python_lock.h"
#include "repo/toml.h"

char *locking_beside(const char *path, const char *name) {
    const char *slash = strrchr(path, '/');

    name = strncmp(name, "./", 2) == 0 ? name + 2 : name;
    return slash == NULL ? mem_strdup(name)
                         : mem_format("%.*s/%s", (int)(slash - path), path, name);
}

enum err_code locking_text(const struct locking *in, const char *path, struct buf *out,
                           struct err *err) {
    CLEANUP(buf_done) struct buf raw = BUF_INIT(BUILD_TEXT_MAX);

    if (fs_read_at(&in->root, path, BUILD_TEXT_MAX, &raw, err) != ERR_NONE) {
        if (err->code == ERR_TOO_LARGE) {
            return err_set(err, ERR_BUILD, "%s is larger than %d MB", path, BUILD_TEXT_MAX >> 20);
        }
        return err_prefix(err, "%s", path);
    }
    requirements_decode(buf_str(&raw), out);
    return ERR_NONE;
}

/* The end of the first piece: where the next package or the metadata begins. */
static size_t toml_piece(struct str text) {
    static const char *const heads[] = {"\n[[", "\n[metadata"};
    size_t end = text.len;

    for (size_t i = 0; i < ARRAY_N(heads); i++) {
        ptrdiff_t at = str_find(str_slice(text, 1, text.len), str_from(heads[i]));
        end = at >= 0 && (size_t)at + 1 < end ? (size_t)at + 1 : end;
    }
    return end;
}

/* Adds the tables of a piece to those before it: lists go on, tables are filled. */
static void toml_merge(json_t *all, const json_t *piece) {
    const char *key = NULL;
    json_t *value = NULL;

    json_object_foreach((json_t *)(uintptr_t)piece, key, value) {
        json_t *known = json_object_get(all, key);
        if (json_is_array(known) && json_is_array(value)) {
            json_array_extend(known, value);
        } else if (json_is_object(known) && json_is_object(value)) {
            json_object_update(known, value);
        } else {
            json_put(all, key, json_incref(value));
        }
    }
}

static int lines_of(struct str text) {
    int n = 0;

    for (size_t i = 0; i < text.len; i++) {
        n += text.ptr[i] == '\n' ? 1 : 0;
    }
    return n;
}

/* In pieces: a lock of a hundred packages is longer than what is parsed at once. */
static enum err_code toml_pieces(struct syntax_parser *parser, struct str text, json_t *all,
                                 int *broken_line, struct err *err) {
    int before = 0;

    while (text.len > 0 && *broken_line == 0) {
        CLEANUP(json_decrefp) json_t *json = NULL;
        struct str piece = str_slice(text, 0, toml_piece(text));
        int line = 0;
        if (toml_read(parser, piece, &json, &line, err) != ERR_NONE) {
            return err->code;
        }
        toml_merge(all, json);
        *broken_line = line > 0 ? before + line : 0;
        before += lines_of(piece);
        text = str_slice(text, piece.len, text.len);
    }
    return ERR_NONE;
}

enum err_code locking_toml(const struct locking *in, const char *path, json_t **out,
                           struct err *err) {
    CLEANUP(buf_done) struct buf text = BUF_INIT(2 * BUILD_TEXT_MAX);
    CLEANUP(json_decrefp) json_t *all = json_object();
    int line = 0;

    if (locking_text(in, path, &text, err) != ERR_NONE) {
        return err->code;
    }
    struct syntax_parser *parser = syntax_parser_new();
    json_t *whole = NULL;
    enum err_code code = toml_read(parser, buf_str(&text), &whole, &line, err);
    if (code == ERR_NONE) {
        json_decref(all);
        all = whole;
    } else if (code == ERR_TOO_LARGE) {
        code = toml_pieces(parser, buf_str(&text), all, &line, err);
    }
    syntax_parser_free(parser);
    if (code != ERR_NONE) {
        return err_prefix(err, "%s", path);
    }
    if (line > 0) {
        err_set(err, ERR_BUILD, "%s:%d cannot be read as TOML", path, line);
        return err_remedy(err, "correct the file at that line");
    }
    *out = TAKE(all);
    return ERR_NONE;
}

enum err_code locking_json(const struct locking *in, const char *path, json_t **out,
                           struct err *err) {
    CLEANUP(buf_done) struct buf text = BUF_INIT(2 * BUILD_TEXT_MAX);

    if (locking_text(in, path, &text, err) != ERR_NONE) {
        return err->code;
    }
    return json_read(buf_str(&text), out, err) == ERR_NONE
               ? ERR_NONE
               : err_set(err, ERR_BUILD, "%s cannot be read: %s", path, err->text);
}
