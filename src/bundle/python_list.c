/* bundle/python_list.c: the exact list, kept: what an index gives apart from what is built. */
#include <stdlib.h>
#include <string.h>

#include "bundle/python_lock.h"

/* Whether a line names something that is built from source: a path, or "NAME @ URL". */
static bool is_source(struct str line) {
    return str_starts(line, STR("-e ")) || str_starts(line, STR(".")) ||
           str_starts(line, STR("/")) || str_starts(line, STR("file:")) ||
           str_find(line, STR(" @ ")) >= 0;
}

/* The path behind "-e ", "NAME @ file://" and before " ;". */
static struct str source_word(struct str line) {
    ptrdiff_t marker = str_find(line, STR(" ;"));
    ptrdiff_t at = str_find(line, STR(" @ "));

    line = str_slice(line, 0, marker < 0 ? line.len : (size_t)marker);
    line = str_starts(line, STR("-e ")) ? str_slice(line, 3, line.len) : line;
    line = at < 0 ? line : str_slice(line, (size_t)at + 3, line.len);
    return str_trim(str_starts(line, STR("file://")) ? str_slice(line, 7, line.len) : line);
}

/* "backend/../libs/x" as "libs/x"; NULL when it leads out of the repository. */
static char *path_normal(struct str path) {
    CLEANUP(buf_done) struct buf out = BUF_INIT(4096);
    struct str part = {0};

    while (str_next(&path, '/', &part)) {
        if (str_eq(part, STR(".."))) {
            if (out.len == 0) {
                return NULL;
            }
            while (out.len > 0 && out.ptr[--out.len] != '/') {
            }
        } else if (part.len > 0 && !str_eq(part, STR("."))) {
            buf_addf(&out, out.len == 0 ? STR_FMT : "/" STR_FMT, STR_ARG(part));
        }
    }
    return out.failed ? NULL : mem_format("%.*s", (int)out.len, out.len == 0 ? "" : out.ptr);
}

/* The folder or file of the repository that a line names, relative to its root, or a commit of git.
 * Errors: ERR_UNSUPPORTED: another address, or outside. */
static enum err_code source_find(const struct locking *in, struct str line, char **out,
                                 struct err *err) {
    struct str word = source_word(line);
    struct str copy = str_from(in->copy);
    CLEANUP(freep) char *text = str_dup(word);
    char *path = NULL;

    if (git_is_source(text)) {
        if (git_check(line, word, err) != ERR_NONE) {
            return err->code;
        }
        *out = TAKE(text);
        return ERR_NONE;
    }
    if (in->copy != NULL && str_starts(word, copy)) {
        path = path_normal(str_slice(word, copy.len, word.len));
    } else if (str_find(word, STR("://")) < 0 && !str_starts(word, STR("/"))) {
        CLEANUP(freep) char *full = mem_format("%s/" STR_FMT, in->base, STR_ARG(word));
        path = path_normal(str_from(full));
    }
    if (path != NULL) {
        *out = path;
        return ERR_NONE;
    }
    err_set(err, ERR_UNSUPPORTED,
            "the back end depends on '" STR_FMT "', which is neither a release of a package index "
            "nor in the repository",
            STR_ARG(str_slice(line, 0, 100)));
    return err_remedy(err, "publish it to an index, or copy its code into the repository");
}

enum err_code locking_keep(struct locking *in, const char *file, const char *facts,
                           struct err *err) {
    CLEANUP(buf_done) struct buf wheels = BUF_INIT(BUILD_TEXT_MAX);
    CLEANUP(json_decrefp) json_t *json = json_object();
    json_t *sources = json_array();
    struct str rest = buf_str(&in->out);
    struct str line = {0};
    int64_t packages = 0;
    bool is_skipping = false;

    while (str_next(&rest, '\n', &line)) {
        bool is_more = line.len > 0 && line.ptr[0] == ' ';
        is_skipping = is_more ? is_skipping : is_source(line);
        packages += !is_more && str_find(line, STR("==")) > 0 ? 1 : 0;
        if (is_skipping && !is_more) {
            char *path = NULL;
            if (source_find(in, line, &path, err) != ERR_NONE) {
                json_decref(sources);
                return err->code;
            }
            json_array_append_new(sources, json_string_of(str_from(path)));
            free(path);
        } else if (!is_skipping) {
            buf_add(&wheels, line);
            buf_add_c(&wheels, '\n');
        }
    }
    json_put(json, "sources", sources);
    json_put(json, "hosts", words_json(&in->place->hosts));
    json_put_bool(json, "resolved", in->is_resolved);
    json_put_int(json, "packages", packages);
    json_put(json, "warnings", json_incref(in->warnings));
    if (packages > LOCK_PACKAGES_MAX) {
        return err_set(err, ERR_TOO_LARGE, "%s has more than %d packages", in->manifest,
                       LOCK_PACKAGES_MAX);
    }
    return fs_write_file(file, buf_str(&wheels), 0600, err) == ERR_NONE
               ? build_remember(facts, json, err)
               : err->code;
}
