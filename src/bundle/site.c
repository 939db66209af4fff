/* bundle/site.c: looks at a built site: what is in it, whether it can be served from "/". */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "bundle/build_run.h"
#include "bundle/node.h"

enum {
    SITE_INDEX_MAX = 1 << 20,
    SITE_SCAN_MAX = 16 << 20,
    SITE_NAMED_MAX = 5,  /* files named in a warning of one kind */
    SITE_HASH_CHARS = 8, /* of a Vite file name: index-B3x9aQ_z.js */
};

/* clang-format off */
static const struct {
    const char *end;
    const char *type;
    bool is_text; /* scanned for secrets and addresses of this machine */
} types[] = {
    { ".html",        "text/html; charset=utf-8",              true },
    { ".js",          "text/javascript; charset=utf-8",        true },
    { ".mjs",         "text/javascript; charset=utf-8",        true },
    { ".css",         "text/css; charset=utf-8",               true },
    { ".json",        "application/json",                      true },
    { ".webmanifest", "application/manifest+json",             true },
    { ".svg",         "image/svg+xml",                         true },
    { ".xml",         "application/xml",                       true },
    { ".txt",         "text/plain; charset=utf-8",             true },
    { ".md",          "text/markdown; charset=utf-8",          true },
    { ".png",         "image/png",                             false },
    { ".jpg",         "image/jpeg",                            false },
    { ".jpeg",        "image/jpeg",                            false },
    { ".gif",         "image/gif",                             false },
    { ".webp",        "image/webp",                            false },
    { ".avif",        "image/avif",                            false },
    { ".ico",         "image/vnd.microsoft.icon",              false },
    { ".woff2",       "font/woff2",                            false },
    { ".woff",        "font/woff",                             false },
    { ".ttf",         "font/ttf",                              false },
    { ".otf",         "font/otf",                              false },
    { ".mp4",         "video/mp4",                             false },
    { ".webm",        "video/webm",                            false },
    { ".mp3",         "audio/mpeg",                            false },
    { ".ogg",         "audio/ogg",                             false },
    { ".wav",         "audio/wav",                             false },
    { ".pdf",         "application/pdf",                       false },
    { ".wasm",        "application/wasm",                      false },
};
/* clang-format on */

/* Addresses that are the user's own machine, wherever the page is opened. With a port: libraries
 * name the bare host as a placeholder. */
static const char *const local_addresses[] = {
    "://localhost:", "://127.0.0.1:", "://0.0.0.0:", "://[::1]:"};

static size_t type_row(const char *path) {
    const char *dot = strrchr(path, '.');
    size_t i = 0;

    while (i < ARRAY_N(types) && (dot == NULL || strcasecmp(types[i].end, dot) != 0)) {
        i++;
    }
    return i;
}

const char *site_content_type(const char *path) {
    size_t i = type_row(path);

    return i < ARRAY_N(types) ? types[i].type : "application/octet-stream";
}

void site_done(struct site *site) {
    for (size_t i = 0; i < site->file_n; i++) {
        free(site->files[i].path);
    }
    free(site->files);
    free(site->dir);
    json_decref(site->warnings);
    *site = (struct site){0};
}

static const struct site_file *site_find(const struct site *site, struct str path) {
    for (size_t i = 0; i < site->file_n; i++) {
        if (str_eq(str_from(site->files[i].path), path)) {
            return &site->files[i];
        }
    }
    return NULL;
}

/* --- files --- */

static bool skip_maps(void *ctx, const char *path, const char *name, bool is_dir) {
    (void)ctx;
    (void)path;
    return !is_dir && str_ends(str_from(name), STR(".map"));
}

static enum err_code site_list(const struct fs_root *root, struct site *site, struct err *err) {
    const struct fs_walk walk = {BUILD_DEPTH_MAX, SITE_FILES_MAX, SITE_BYTES_MAX, skip_maps, NULL};
    CLEANUP(fs_list_done) struct fs_list list = {0};
    struct sha256_stream *stream = NULL;

    if (fs_digest_tree(root, "", &walk, &list, err) != ERR_NONE) {
        return err_prefix(err, "the built site");
    }
    stream = sha256_start();
    site->files = mem_array(list.n + 1, sizeof *site->files);
    for (size_t i = 0; i < list.n; i++) {
        const struct fs_entry *row = &list.rows[i];
        if (row->kind != FS_FILE) {
            continue;
        }
        struct site_file *file = &site->files[site->file_n++];
        file->path = mem_strdup(row->path);
        file->hash = row->hash;
        file->bytes = row->size;
        file->content_type = site_content_type(row->path);
        file->is_asset = strncmp(row->path, "assets/", 7) == 0;
        site->bytes += row->size;
        build_feed(stream, row->path);
        build_feed(stream, sha256_hex(row->hash).text);
    }
    site->release = sha256_end(stream);
    return ERR_NONE;
}

/* Vite's own names: "-" and eight characters before the ending. */
static bool name_has_hash(const char *path) {
    const char *slash = strrchr(path, '/');
    const char *name = slash == NULL ? path : slash + 1;
    const char *dot = strrchr(name, '.');

    return dot != NULL && dot - name > SITE_HASH_CHARS && dot[-SITE_HASH_CHARS - 1] == '-';
}

static void warn_unhashed(struct site *site) {
    int named = 0;

    for (size_t i = 0; i < site->file_n && named < SITE_NAMED_MAX; i++) {
        const struct site_file *file = &site->files[i];
        if (file->is_asset && !name_has_hash(file->path)) {
            build_warn(site->warnings,
                       "%s has no digest in its name: a later release cannot change it; import it "
                       "from the code, or move it out of public/assets",
                       file->path);
            named++;
        }
    }
}

/* --- index.html --- */

/* The next value of src="…" or href="…"; false at the end. */
static bool next_reference(struct str *html, struct str *out) {
    static const char *const names[] = {"src=", "href="};

    for (;;) {
        ptrdiff_t best = -1;
        size_t skip = 0;
        for (size_t i = 0; i < ARRAY_N(names); i++) {
            ptrdiff_t at = str_find(*html, str_from(names[i]));
            if (at >= 0 && (best < 0 || at < best)) {
                best = at;
                skip = strlen(names[i]);
            }
        }
        if (best < 0) {
            return false;
        }
        *html = str_slice(*html, (size_t)best + skip, html->len);
        char quote = html->len > 0 ? html->ptr[0] : '\0';
        if (quote != '"' && quote != '\'') {
            continue;
        }
        *html = str_slice(*html, 1, html->len);
        size_t end = 0;
        while (end < html->len && html->ptr[end] != quote) {
            end++;
        }
        *out = str_slice(*html, 0, end);
        return true;
    }
}

/* A script or style sheet of the site itself. */
static bool is_own_code(struct str ref) {
    bool is_code =
        str_ends(ref, STR(".js")) || str_ends(ref, STR(".mjs")) || str_ends(ref, STR(".css"));

    return is_code && str_find(ref, STR("://")) < 0 && !str_starts(ref, STR("//")) &&
           !str_starts(ref, STR("data:"));
}

static enum err_code site_read_index(const struct fs_root *root, struct site *site,
                                     struct err *err) {
    CLEANUP(buf_done) struct buf html = BUF_INIT(SITE_INDEX_MAX);
    struct str rest;
    struct str ref = {0};

    if (fs_read_at(root, "index.html", SITE_INDEX_MAX, &html, err) != ERR_NONE) {
        if (err->code != ERR_NOT_FOUND) {
            return err->code;
        }
        err_set(err, ERR_BUILD, "the build left no index.html in its output folder");
        return err_remedy(err, "name the folder that the build writes under frontend.out");
    }
    site->index_hash = sha256_of(buf_str(&html));
    rest = buf_str(&html);
    while (next_reference(&rest, &ref)) {
        if (!is_own_code(ref)) {
            continue;
        }
        const struct site_file *file =
            ref.ptr[0] == '/' ? site_find(site, str_slice(ref, 1, ref.len)) : NULL;
        if (file == NULL) {
            err_set(err, ERR_BUILD,
                    "index.html loads '" STR_FMT "', which is not at that place below /",
                    STR_ARG(str_slice(ref, 0, 100)));
            return err_remedy(err, "set base to '/' in the Vite configuration");
        }
        if (file->is_asset && name_has_hash(file->path) &&
            (site->probe == NULL || str_ends(str_from(file->path), STR(".js")))) {
            site->probe = file;
        }
    }
    return ERR_NONE;
}

/* --- content --- */

static enum err_code site_scan_file(const struct fs_root *root, const struct redactor *redactor,
                                    const struct site_file *file, struct site *site,
                                    struct err *err) {
    CLEANUP(buf_done) struct buf text = BUF_INIT(SITE_SCAN_MAX);

    if (fs_read_at(root, file->path, SITE_SCAN_MAX, &text, err) != ERR_NONE) {
        return err->code;
    }
    const char *kind = build_find_secret(redactor, buf_str(&text));
    if (kind != NULL) {
        err_set(err, ERR_POLICY, "%s would be public and holds a secret (%s)", file->path, kind);
        return err_remedy(err,
                          "move it to the back end; every VITE_ variable is readable by everyone");
    }
    for (size_t i = 0; i < ARRAY_N(local_addresses); i++) {
        ptrdiff_t at = str_find(buf_str(&text), str_from(local_addresses[i]));
        if (at >= 0) {
            struct str found = str_slice(buf_str(&text), (size_t)at, (size_t)at + 24);
            size_t end = 3;
            while (end < found.len && strchr("/\"'`?# \n<>,;)", found.ptr[end]) == NULL) {
                end++;
            }
            build_warn(site->warnings,
                       "%s names " STR_FMT
                       ", which is the visitor's own machine; call the API by a "
                       "relative path such as /api",
                       file->path, STR_ARG(str_slice(found, 3, end)));
            break;
        }
    }
    return ERR_NONE;
}

static enum err_code site_scan(const struct fs_root *root, const struct redactor *redactor,
                               struct site *site, struct err *err) {
    for (size_t i = 0; i < site->file_n; i++) {
        const struct site_file *file = &site->files[i];
        size_t row = type_row(file->path);
        if (row < ARRAY_N(types) && types[row].is_text && file->bytes <= SITE_SCAN_MAX &&
            site_scan_file(root, redactor, file, site, err) != ERR_NONE) {
            return err->code;
        }
    }
    return ERR_NONE;
}

enum err_code site_inspect(const char *dir, const struct redactor *redactor, struct site *out,
                           struct err *err) {
    CLEANUP(fs_root_done) struct fs_root root = {0};
    CLEANUP(site_done) struct site site = {0};

    if (fs_root_open(dir, &root, err) != ERR_NONE) {
        return err->code;
    }
    site.dir = mem_strdup(dir);
    site.warnings = json_array();
    if (site_list(&root, &site, err) != ERR_NONE ||
        site_read_index(&root, &site, err) != ERR_NONE ||
        site_scan(&root, redactor, &site, err) != ERR_NONE) {
        return err->code;
    }
    warn_unhashed(&site);
    *out = site;
    site = (struct site){0};
    return ERR_NONE;
}
