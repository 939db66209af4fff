/* bundle/python_source.c: packages that have no wheel: folders of the repository, commits of git,
 * source packages.
 *
 * The source and what builds it (as wheels) are fetched; then the wheel is built, and installed,
 * offline.
 */
#include <stdio.h>
#include <string.h>

#include "bundle/python_lock.h"

enum { SOURCE_FETCH_MS = 300000, SOURCE_BUILD_MS = 300000 };

/* clang-format off */
static const struct build_symptom source_symptoms[] = {
    { "Failed to resolve requirements", ERR_BUILD, "a package of the repository cannot be built",
      "see that its [build-system] requires names all it needs" },
    { NULL, ERR_NONE, NULL, NULL },
};
/* clang-format on */

enum err_code python_sources_hash(const struct build_env *env, const struct python_place *place,
                                  struct sha256 *out, struct err *err) {
    CLEANUP(fs_root_done) struct fs_root root = {0};
    const struct fs_walk walk = {BUILD_DEPTH_MAX, BUILD_ENTRIES_MAX, BUILD_BYTES_MAX, build_skips,
                                 NULL};
    const json_t *row = NULL;
    size_t i = 0;

    if (fs_root_open(env->root, &root, err) != ERR_NONE) {
        return err->code;
    }
    struct sha256_stream *stream = sha256_start();
    enum err_code code = ERR_NONE;
    json_array_foreach(place->sources, i, row) {
        CLEANUP(fs_list_done) struct fs_list list = {0};
        build_feed(stream, json_string_value(row));
        if (code == ERR_NONE && !git_is_source(json_string_value(row))) { /* a commit says all */
            code = fs_digest_tree(&root, json_string_value(row), &walk, &list, err);
        }
        build_feed(stream, sha256_hex(fs_list_hash(&list)).text);
    }
    *out = sha256_end(stream);
    return code;
}

/* What builds the package: [build-system] requires, or setuptools as PEP 517 has it. */
static enum err_code source_requires(const char *dir, struct buf *out, struct err *err) {
    CLEANUP(fs_root_done) struct fs_root root = {0};
    CLEANUP(json_decrefp) json_t *project = NULL;
    const json_t *row = NULL;
    size_t i = 0;

    if (fs_root_open(dir, &root, err) != ERR_NONE) {
        return err->code;
    }
    if (fs_kind_at(&root, "pyproject.toml") == FS_FILE) {
        const struct locking in = {.root = root};
        if (locking_toml(&in, "pyproject.toml", &project, err) != ERR_NONE) {
            return err->code;
        }
    }
    json_array_foreach(json_at(project, "build-system.requires"), i, row) {
        buf_addf(out, "%s\n", json_string_value(row));
    }
    buf_add_s(out, i == 0 ? "setuptools>=61\n" : "");
    return ERR_NONE;
}

/* Fetches what builds the package in `dir`, as wheels. */
static enum err_code source_tools(const struct build_env *env, struct python_place *place,
                                  const char *work, const char *dir, const char *tools,
                                  struct err *err) {
    CLEANUP(buf_done) struct buf requires = BUF_INIT(64 * 1024);
    CLEANUP(freep) char *file = fs_join(work, "requires.txt");
    CLEANUP(proc_result_done) struct proc_result result = {0};
    const char *const argv[] = {place->uv,
                                "pip",
                                "install",
                                "--no-config",
                                "--target",
                                tools,
                                "--python",
                                place->interpreter,
                                "--only-binary",
                                ":all:",
                                "--requirements",
                                file,
                                "--link-mode",
                                "copy",
                                NULL};

    if (source_requires(dir, &requires, err) != ERR_NONE ||
        fs_write_file(file, buf_str(&requires), 0600, err) != ERR_NONE) {
        return err->code;
    }
    const struct uv_call call = {.title = "fetching what builds a source package",
                                 .argv = argv,
                                 .cwd = work,
                                 .work = work,
                                 .named = buf_str(&requires),
                                 .timeout_ms = SOURCE_FETCH_MS};
    if (uv_run(env, place, &call, &result, err) != ERR_NONE) {
        return err->code;
    }
    return proc_is_ok(&result) ? ERR_NONE
                               : build_blame(&result, source_symptoms, "uv pip install", err);
}

/* One run of uv without network: the package's own code may run in it. */
static enum err_code source_offline(const struct build_env *env, const struct python_place *place,
                                    const char *work, const char *tools, const char *title,
                                    const char *const *argv, struct err *err) {
    CLEANUP(freep) char *tmp = fs_join(work, "tmp");
    CLEANUP(freep) char *cache = fs_join(work, "uv");
    CLEANUP(words_done) struct words readable = {0};
    CLEANUP(words_done) struct words writable = {0};
    CLEANUP(proc_env_done) struct proc_env vars = {0};

    build_expose(&readable, place->uv);
    python_expose(place, &readable);
    words_add(&writable, work);
    uv_settings(&vars, cache);
    proc_env_set(&vars, "PYTHONPATH", tools);
    struct build_step step = {.title = title,
                              .argv = argv,
                              .vars = &vars,
                              .cwd = work,
                              .readable = &readable,
                              .writable = &writable,
                              .tmp = tmp,
                              .timeout_ms = SOURCE_BUILD_MS,
                              .is_quiet = true};
    return fs_mkdirs(tmp, 0700, err) == ERR_NONE
               ? build_must(env, &step, source_symptoms, "building a source package", err)
               : err->code;
}

/* The wheel in the folder `dir`: its path, the caller's to free(). Machine code that was made here
 * is for this machine and its C library. */
static enum err_code source_wheel(const struct python_place *place, const char *dir, char **out,
                                  struct err *err) {
    CLEANUP(fs_root_done) struct fs_root root = {0};
    CLEANUP(fs_list_done) struct fs_list list = {0};
    const struct fs_walk walk = {1, 16, 0, NULL, NULL};

    if (fs_root_open(dir, &root, err) != ERR_NONE ||
        fs_list_tree(&root, "", &walk, &list, err) != ERR_NONE) {
        return err->code;
    }
    for (size_t i = 0; i < list.n; i++) {
        const char *name = list.rows[i].path;
        if (!str_ends(str_from(name), STR(".whl"))) {
            continue;
        }
        if (!place->may_compile && !str_ends(str_from(name), STR("-none-any.whl"))) {
            err_set(err, ERR_UNSUPPORTED,
                    "%s holds machine code that was made here, not for Lambda", name);
            return err_remedy(err, "take a version of it that has wheels for Linux");
        }
        *out = fs_join(dir, name);
        return ERR_NONE;
    }
    return err_set(err, ERR_BUILD, "a source package was built and gave no wheel");
}

/* Builds the package in `dir` (below `work`) and installs it into `site`. `name` is ours. */
static enum err_code source_install(const struct build_env *env, struct python_place *place,
                                    const char *work, const char *dir, const char *name,
                                    const char *site, struct err *err) {
    CLEANUP(freep) char *tools = mem_format("%s/%s-tools", work, name);
    CLEANUP(freep) char *wheels = mem_format("%s/%s-wheels", work, name);
    CLEANUP(freep) char *wheel = NULL;
    const char *const build[] = {
        place->uv,          "build",     "--wheel",    "--no-build-isolation",
        "--no-config",      "--offline", "--no-index", "--python",
        place->interpreter, "--out-dir", wheels,       dir,
        "--quiet",          NULL};

    if (source_tools(env, place, work, dir, tools, err) != ERR_NONE ||
        source_offline(env, place, work, tools, "building a source package", build, err) !=
            ERR_NONE ||
        source_wheel(place, wheels, &wheel, err) != ERR_NONE) {
        return err->code;
    }
    const char *const install[] = {
        place->uv,          "pip",         "install",  "--no-config", "--offline",
        "--no-index",       "--no-deps",   "--target", site,          "--python",
        place->interpreter, "--link-mode", "copy",     wheel,         NULL};
    return source_offline(env, place, work, tools, "installing it", install, err);
}

enum err_code python_add_sources(const struct build_env *env, struct python_place *place,
                                 const char *work, const char *site, struct err *err) {
    CLEANUP(freep) char *copy = fs_join(work, "src");
    const json_t *row = NULL;
    size_t i = 0;

    if (json_array_size(place->sources) == 0) {
        return ERR_NONE;
    }
    if (build_copy(env, copy, err) != ERR_NONE) {
        return err->code;
    }
    json_array_foreach(place->sources, i, row) {
        const char *source = json_string_value(row);
        CLEANUP(freep) char *name = mem_format("local%zu", i);
        CLEANUP(freep) char *dir = git_is_source(source) ? NULL : fs_join(copy, source);
        if ((dir == NULL && python_git(env, source, work, name, &dir, err) != ERR_NONE) ||
            source_install(env, place, work, dir, name, site, err) != ERR_NONE) {
            return err_prefix(err, "%s", json_string_value(row));
        }
    }
    return ERR_NONE;
}

/* --- source packages of an index --- */

/* Takes the entry of the package (its line and those that go on) out of the list, into `entry`. */
static bool list_take(struct buf *list, const char *name, struct buf *entry) {
    CLEANUP(buf_done) struct buf rest = BUF_INIT(BUILD_TEXT_MAX);
    struct str text = buf_str(list);
    struct str line = {0};
    bool is_inside = false;

    while (str_next(&text, '\n', &line)) {
        struct requirement requirement;
        if (line.len == 0 || line.ptr[0] != ' ') {
            is_inside = requirement_read(line, &requirement) && strcmp(requirement.name, name) == 0;
        }
        buf_add(is_inside ? entry : &rest, line);
        buf_add_c(is_inside ? entry : &rest, '\n');
    }
    buf_clear(list);
    buf_add(list, buf_str(&rest));
    return entry->len > 0;
}

/* Every word of `text` behind `mark`, as a list. */
static json_t *words_behind(struct str text, const char *mark) {
    json_t *list = json_array();
    ptrdiff_t at = 0;

    while ((at = str_find(text, str_from(mark))) >= 0) {
        size_t end = (size_t)at + strlen(mark);
        size_t start = end;
        while (end < text.len && strchr(" \n\\", text.ptr[end]) == NULL) {
            end++;
        }
        json_array_append_new(list, json_string_of(str_slice(text, start, end)));
        text = str_slice(text, end, text.len);
    }
    return list;
}

static json_t *sdist_request(const struct python_place *place, const char *name, struct str entry,
                             struct str list, const char *to) {
    CLEANUP(buf_done) struct buf options = BUF_INIT(2 * BUILD_TEXT_MAX);
    struct requirement requirement;
    json_t *request = json_object();

    buf_add_s(&options, place->index);
    buf_add_c(&options, '\n');
    buf_add(&options, list);
    (void)requirement_read(entry, &requirement);
    json_put_str(request, "name", name);
    json_put_strn(request, "version", requirement.spec);
    json_put(request, "hashes", words_behind(entry, "--hash="));
    json_put(request, "indexes", words_behind(buf_str(&options), "index-url "));
    json_put_str(request, "to", to);
    return request;
}

static enum err_code sdist_fetch(const struct build_env *env, struct python_place *place,
                                 const char *work, const json_t *request, struct err *err) {
    CLEANUP(freep) char *script = fs_join(work, "sdist.py");
    CLEANUP(freep) char *input = json_text(request);
    CLEANUP(proc_result_done) struct proc_result result = {0};
    const char *const argv[] = {place->interpreter, "-I", "-B", "-X", "utf8", script, NULL};
    const struct uv_call call = {.title = "fetching a source package",
                                 .argv = argv,
                                 .cwd = work,
                                 .work = work,
                                 .input = str_from(input),
                                 .named = STR(""),
                                 .timeout_ms = SOURCE_FETCH_MS};

    if (fs_write_file(script, python_sdist_source, 0600, err) != ERR_NONE ||
        uv_run(env, place, &call, &result, err) != ERR_NONE) {
        return err->code;
    }
    return proc_is_ok(&result) ? ERR_NONE
                               : build_blame(&result, source_symptoms, "fetching it", err);
}

enum err_code python_add_sdist(const struct build_env *env, struct python_place *place,
                               const char *work, const char *site, struct buf *list,
                               struct err *err) {
    CLEANUP(buf_done) struct buf entry = BUF_INIT(BUILD_TEXT_MAX);
    char name[REQUIREMENT_NAME_MAX];

    python_normal_name(str_slice(str_from(place->missing), 0, strcspn(place->missing, "=<>! ")),
                       name);
    if (!list_take(list, name, &entry)) {
        return err_set(err, ERR_BUILD, "%s is not in the list", name);
    }
    CLEANUP(freep) char *to = mem_format("%s/%s-source", work, name);
    CLEANUP(freep) char *dir = fs_join(to, "package");
    CLEANUP(json_decrefp)
    json_t *request = sdist_request(place, name, buf_str(&entry), buf_str(list), to);
    if (sdist_fetch(env, place, work, request, err) != ERR_NONE) {
        return err->code;
    }
    return source_install(env, place, work, dir, name, site, err);
}
