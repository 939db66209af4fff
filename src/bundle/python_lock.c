/* bundle/python_lock.c: which manager pins the packages, and the exact list that follows. */
#include "bundle/python_lock.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    LOCK_EXPORT_MS = 120000,
    LOCK_RESOLVE_MS = 300000,
    LOCK_RECIPE = 2, /* raised when a list would be made differently */
};

/* clang-format off */
static const struct build_symptom symptoms[] = {
    { "needs to be updated", ERR_BUILD, "uv.lock does not fit pyproject.toml",
      "run 'uv lock' and commit uv.lock" },
    { "Failed to parse", ERR_BUILD, "a project file cannot be read", "correct it at the place shown" },
    { "Couldn't parse requirement", ERR_BUILD, "a requirements file cannot be read", "correct the line shown" },
    UV_SYMPTOMS,
    { "No solution found", ERR_BUILD, "the requirements cannot be met together",
      "loosen the one named, or give it a version that exists for this Python" },
    { "are unsatisfiable", ERR_BUILD, "the requirements cannot be met together",
      "loosen the one named, or give it a version that exists for this Python" },
    GIT_SYMPTOMS,
    { "Git operation failed", ERR_UNREACHABLE, "a git dependency cannot be fetched",
      "name it with git+https://, publish it to an index, or copy its code into the repository" },
    { "Failed to fetch", ERR_UNREACHABLE, "the package index cannot be reached",
      "check the network and, for an own index, UV_INDEX and HTTPS_PROXY" },
    { "dns error", ERR_UNREACHABLE, "the package index cannot be reached", "check the network" },
    { NULL, ERR_NONE, NULL, NULL },
};
/* clang-format on */

static const char *app_dir(const struct locking *in) {
    return strcmp(in->app->dir, ".") == 0 ? "" : in->app->dir;
}

static bool has_file(const struct locking *in, const char *path) {
    return fs_kind_at(&in->root, path) == FS_FILE;
}

/* The nearest file called `name` in the application's folder or one above it (a workspace); NULL
 * when there is none. */
static char *find_up(const struct locking *in, const char *name) {
    CLEANUP(freep) char *at = mem_strdup(app_dir(in));

    for (;;) {
        char *file = at[0] == '\0' ? mem_strdup(name) : fs_join(at, name);
        if (has_file(in, file)) {
            return file;
        }
        free(file);
        if (at[0] == '\0') {
            return NULL;
        }
        char *slash = strrchr(at, '/');
        *(slash == NULL ? at : slash) = '\0';
    }
}

static char *in_dir(const struct locking *in, const char *name) {
    return app_dir(in)[0] == '\0' ? mem_strdup(name) : fs_join(app_dir(in), name);
}

/* --- uv --- */

static enum err_code locking_copy(struct locking *in, struct err *err) {
    if (in->copy != NULL) {
        return ERR_NONE;
    }
    in->copy = fs_join(in->work, "src");
    return build_copy(in->env, in->copy, err);
}

/* Runs uv in the application's folder of the copy and appends the file it makes. */
static enum err_code locking_uv(struct locking *in, const char *const *argv, const char *file,
                                struct str named, const char *title, int64_t timeout_ms,
                                struct buf *out, struct err *err) {
    CLEANUP(freep)
    char *cwd = app_dir(in)[0] == '\0' ? mem_strdup(in->copy) : fs_join(in->copy, app_dir(in));
    CLEANUP(proc_result_done) struct proc_result result = {0};
    const struct uv_call call = {.title = title,
                                 .argv = argv,
                                 .cwd = cwd,
                                 .work = in->work,
                                 .named = named,
                                 .timeout_ms = timeout_ms};
    if (uv_run(in->env, in->place, &call, &result, err) != ERR_NONE) {
        return err->code;
    }
    if (!proc_is_ok(&result)) {
        struct python_place *place = in->place;
        if (uv_lacks_wheel(buf_str(&result.text[PROC_ERR]), place->missing,
                           sizeof place->missing)) {
            err_set(err, ERR_BUILD, "%s has no wheel for Python %s", place->missing, place->minor);
            return err_remedy(err, "take a version of %s that has one", place->missing);
        }
        return build_blame(&result, symptoms, "uv", err);
    }
    return fs_read_file(file, BUILD_TEXT_MAX, out, err);
}

/* Adds "--extra X" or "--group X" for each name that is wanted. */
static size_t add_extras(const struct locking *in, const json_t *project, const char **argv,
                         size_t n, size_t max) {
    const json_t *row = NULL;
    size_t i = 0;

    json_array_foreach(in->app->extras, i, row) {
        const char *name = json_string_value(row);
        bool is_group =
            json_object_get(json_object_get(project, "dependency-groups"), name) != NULL;
        if (name != NULL && n + 3 < max) {
            argv[n++] = is_group ? "--group" : "--extra";
            argv[n++] = name;
        }
    }
    return n;
}

enum { UV_EXPORT_MODE = 2 }; /* where "--locked" or "--frozen" stands in the words of an export */

/* A lock that only lags behind the project's own version gives the same packages before and after
 * it is locked again in the copy: then it fits. True with the list in `out`. */
static bool uv_fits_anyway(struct locking *in, const char **argv, const char *file,
                           struct str named) {
    CLEANUP(freep) char *lock = fs_join(in->copy, in->lock);
    CLEANUP(buf_done) struct buf before = BUF_INIT(BUILD_TEXT_MAX);
    CLEANUP(buf_done) struct buf after = BUF_INIT(BUILD_TEXT_MAX);
    CLEANUP(buf_done) struct buf unused = BUF_INIT(BUILD_TEXT_MAX);
    const char *const relock[] = {in->place->uv,          "lock",    "--no-build", "--python",
                                  in->place->interpreter, "--quiet", NULL};
    struct err ignored = {0};

    argv[UV_EXPORT_MODE] = "--frozen";
    if (locking_uv(in, argv, file, named, "reading uv.lock", LOCK_EXPORT_MS, &before, &ignored) !=
            ERR_NONE ||
        locking_uv(in, relock, lock, named, "comparing uv.lock", LOCK_RESOLVE_MS, &unused,
                   &ignored) != ERR_NONE ||
        locking_uv(in, argv, file, named, "reading it again", LOCK_EXPORT_MS, &after, &ignored) !=
            ERR_NONE ||
        !str_eq(buf_str(&before), buf_str(&after))) {
        return false;
    }
    build_warn(in->warnings, "%s is not up to date, but names the same packages; run 'uv lock'",
               in->lock);
    buf_add(&in->out, buf_str(&before));
    return true;
}

static enum err_code uv_list(struct locking *in, struct err *err) {
    CLEANUP(freep) char *file = fs_join(in->work, "requirements.txt");
    CLEANUP(buf_done) struct buf lock = BUF_INIT(3 * BUILD_TEXT_MAX);
    CLEANUP(json_decrefp) json_t *project = NULL;
    /* --no-build: no build back end of the repository runs here. */
    const char *argv[48] = {in->place->uv,
                            "export",
                            "--locked",
                            "--no-build",
                            "--no-dev",
                            "--no-emit-project",
                            "--no-header",
                            "--no-annotate",
                            "--emit-index-url",
                            "--python",
                            in->place->interpreter,
                            "--format",
                            "requirements-txt",
                            "--output-file",
                            file,
                            "--quiet"};

    if (locking_copy(in, err) != ERR_NONE || locking_text(in, in->lock, &lock, err) != ERR_NONE ||
        locking_toml(in, in->manifest, &project, err) != ERR_NONE ||
        locking_text(in, in->manifest, &lock, err) != ERR_NONE) {
        return err->code;
    }
    free(in->base);
    in->base = locking_beside(in->lock, ""); /* paths are told from the workspace's root */
    add_extras(in, project, argv, 16, ARRAY_N(argv));
    struct err why = {0};
    if (locking_uv(in, argv, file, buf_str(&lock), "checking uv.lock", LOCK_EXPORT_MS, &in->out,
                   &why) == ERR_NONE ||
        (why.code == ERR_BUILD && uv_fits_anyway(in, argv, file, buf_str(&lock)))) {
        return ERR_NONE;
    }
    *err = why;
    return err->code;
}

/* --- resolving --- */

/* Has uv choose versions: of WORK/wishes.in, or of pyproject.toml when that is empty. */
static enum err_code resolve(struct locking *in, struct str wishes, struct str limits,
                             const json_t *project, struct err *err) {
    CLEANUP(freep) char *input = fs_join(in->work, "wishes.in");
    CLEANUP(freep) char *bounds = fs_join(in->work, "bounds.in");
    CLEANUP(freep) char *file = fs_join(in->work, "requirements.txt");
    CLEANUP(buf_done) struct buf named = BUF_INIT(4 * BUILD_TEXT_MAX);
    const char *platform = python_uv_platform(in->app->platform, in->place->minor);
    const char *argv[64] = {in->place->uv,
                            "pip",
                            "compile",
                            "--generate-hashes",
                            "--no-build",
                            "--no-header",
                            "--no-annotate",
                            "--emit-index-url",
                            "--quiet",
                            "--python",
                            in->place->interpreter,
                            "--output-file",
                            file,
                            "--constraints",
                            bounds};
    size_t n = 15;

    if (platform != NULL) { /* never ours: versions are chosen once, where most wheels are */
        argv[n++] = "--python-platform";
        argv[n++] = python_uv_platform(PYTHON_X86_64, in->place->minor);
    }
    argv[n++] = wishes.len > 0 ? input : "pyproject.toml";
    n = wishes.len > 0 ? n : add_extras(in, project, argv, n, ARRAY_N(argv));
    buf_add(&named, wishes);
    buf_add(&named, limits);
    if (locking_copy(in, err) != ERR_NONE ||
        (wishes.len == 0 && locking_text(in, in->manifest, &named, err) != ERR_NONE) ||
        fs_write_file(input, wishes, 0600, err) != ERR_NONE ||
        fs_write_file(bounds, limits, 0600, err) != ERR_NONE) {
        return err->code;
    }
    return locking_uv(in, argv, file, buf_str(&named), "resolving the packages", LOCK_RESOLVE_MS,
                      &in->out, err);
}

/* What a person has to say before versions are chosen here. */
static enum err_code ask_to_resolve(const struct locking *in, const char *why, struct err *err) {
    err_set(err, ERR_MISSING, "%s", why);
    return err_remedy(err,
                      "pin all packages and commit the lock, or put 'accept: [NO_LOCK]' under "
                      "app in aws-copilot.yml: then the versions of today are taken%s",
                      in->lock == NULL ? "" : ", within what is pinned");
}

static enum err_code resolved_list(struct locking *in, struct str wishes, struct str limits,
                                   const json_t *project, struct err *err) {
    CLEANUP(freep)
    char *why = mem_format("nothing pins the packages that %s names", in->manifest);

    if (!in->app->may_lock) {
        return ask_to_resolve(in, why, err);
    }
    in->is_resolved = true;
    return resolve(in, wishes, limits, project, err);
}

/* --- requirements --- */

/* {name: "==1.2"} of the lines that pin. */
static json_t *pins_of(struct str lines) {
    json_t *pins = json_object();
    struct str line = {0};

    while (str_next(&lines, '\n', &line)) {
        struct requirement requirement;
        if (requirement_read(line, &requirement) &&
            (requirement_is_pinned(&requirement) || requirement.url.len > 0)) {
            json_put_strn(pins, requirement.name, requirement.spec);
        }
    }
    return pins;
}

static bool all_have_hashes(struct str lines) {
    struct str line = {0};
    bool has_one = false;

    while (str_next(&lines, '\n', &line)) {
        if (str_find(line, STR("--hash=")) < 0) {
            return false;
        }
        has_one = true;
    }
    return has_one;
}

/* Addresses of git that can never be fetched are told before uv tries. */
static enum err_code git_check_lines(struct str lines, struct err *err) {
    struct str line = {0};

    while (str_next(&lines, '\n', &line)) {
        struct requirement requirement;
        if (requirement_read(line, &requirement) && str_starts(requirement.url, STR("git+")) &&
            !str_starts(requirement.url, STR("git+http")) &&
            git_check(line, requirement.url, err) != ERR_NONE) {
            return err->code;
        }
    }
    return ERR_NONE;
}

/* Appends the names in `list` that are not among the pins; returns how many. */
static size_t add_unpinned(struct str list, const json_t *pins, struct buf *out) {
    struct str line = {0};
    size_t n = 0;

    while (str_next(&list, '\n', &line)) {
        struct requirement requirement;
        if (line.len > 0 && line.ptr[0] != ' ' && requirement_read(line, &requirement) &&
            json_object_get(pins, requirement.name) == NULL) {
            if (n < 5) {
                buf_addf(out, "%s%s", n == 0 ? "" : ", ", requirement.name);
            }
            n++;
        }
    }
    if (n > 5) {
        buf_addf(out, " and %zu more", n - 5);
    }
    return n;
}

/* A requirements file is a lock when it pins all that is installed. */
static enum err_code requirements_list(struct locking *in, struct err *err) {
    CLEANUP(requirements_done) struct requirements all = {0};
    CLEANUP(buf_done) struct buf names = BUF_INIT(4000);
    const char *file = in->lock == NULL ? in->manifest : in->lock;

    if (requirements_read(&in->root, file, &all, err) != ERR_NONE) {
        return err->code;
    }
    if (git_check_lines(buf_str(&all.lines), err) != ERR_NONE) {
        return err->code;
    }
    if (all_have_hashes(buf_str(&all.lines))) {
        buf_add(&in->out, buf_str(&all.options));
        buf_add(&in->out, buf_str(&all.lines));
        return ERR_NONE;
    }
    CLEANUP(json_decrefp) json_t *pins = pins_of(buf_str(&all.lines));
    CLEANUP(json_decrefp) json_t *limits = pins_of(buf_str(&all.constraints));
    json_object_update(pins, limits);
    buf_add(&all.options, buf_str(&all.lines));
    if (resolve(in, buf_str(&all.options), buf_str(&all.constraints), NULL, err) != ERR_NONE) {
        return err->code;
    }
    if (add_unpinned(buf_str(&in->out), pins, &names) == 0) {
        return ERR_NONE;
    }
    in->is_resolved = true;
    CLEANUP(freep) char *why = mem_format("%s does not pin %s", file, buf_cstr(&names));
    return in->app->may_lock ? ERR_NONE : ask_to_resolve(in, why, err);
}

/* requirements.in or pyproject.toml, and the file that pip-compile made of it. */
static enum err_code tools_list(struct locking *in, struct err *err) {
    CLEANUP(requirements_done) struct requirements wishes = {0};
    CLEANUP(requirements_done) struct requirements pinned = {0};
    CLEANUP(buf_done) struct buf missing = BUF_INIT(4000);
    CLEANUP(json_decrefp) json_t *project = NULL;
    bool is_toml = str_ends(str_from(in->manifest), STR(".toml"));

    if ((is_toml ? locking_toml(in, in->manifest, &project, err)
                 : requirements_read(&in->root, in->manifest, &wishes, err)) != ERR_NONE) {
        return err->code;
    }
    if (in->lock == NULL) {
        return resolved_list(in, buf_str(&wishes.lines), buf_str(&wishes.constraints), project,
                             err);
    }
    if (requirements_read(&in->root, in->lock, &pinned, err) != ERR_NONE) {
        return err->code;
    }
    CLEANUP(json_decrefp) json_t *pins = pins_of(buf_str(&pinned.lines));
    if (is_toml) {
        const json_t *row = NULL;
        size_t i = 0;
        wishes.lines = BUF_INIT(BUILD_TEXT_MAX);
        json_array_foreach(json_at(project, "project.dependencies"), i, row) {
            buf_addf(&wishes.lines, "%s\n", json_string_value(row));
        }
    }
    if (add_unpinned(buf_str(&wishes.lines), pins, &missing) > 0) {
        err_set(err, ERR_BUILD, "%s does not fit %s: it has no %s", in->lock, in->manifest,
                buf_cstr(&missing));
        return err_remedy(err, "run 'pip-compile' (or 'uv pip compile') and commit its result");
    }
    return requirements_list(in, err);
}

/* --- where nothing pins --- */

static enum err_code pyproject_list(struct locking *in, struct err *err) {
    CLEANUP(json_decrefp) json_t *project = NULL;

    if (locking_toml(in, in->manifest, &project, err) != ERR_NONE) {
        return err->code;
    }
    return resolved_list(in, STR(""), STR(""), project, err);
}

static enum err_code poetry_or_wishes(struct locking *in, struct err *err) {
    CLEANUP(buf_done) struct buf wishes = BUF_INIT(BUILD_TEXT_MAX);

    if (in->lock != NULL) {
        return poetry_list(in, err);
    }
    if (poetry_wishes(in, &wishes, err) != ERR_NONE) {
        return err->code;
    }
    return wishes.len == 0 ? pyproject_list(in, err)
                           : resolved_list(in, buf_str(&wishes), STR(""), NULL, err);
}

static enum err_code pipenv_or_wishes(struct locking *in, struct err *err) {
    CLEANUP(buf_done) struct buf wishes = BUF_INIT(BUILD_TEXT_MAX);

    if (in->lock != NULL) {
        return pipenv_list(in, err);
    }
    return pipenv_wishes(in, &wishes, err) == ERR_NONE
               ? resolved_list(in, buf_str(&wishes), STR(""), NULL, err)
               : err->code;
}

static enum err_code uv_or_wishes(struct locking *in, struct err *err) {
    return in->lock != NULL ? uv_list(in, err) : pyproject_list(in, err);
}

/* No manifest at all: a person said that the packages are those that are imported. */
static enum err_code imported_list(struct locking *in, struct err *err) {
    CLEANUP(buf_done) struct buf wishes = BUF_INIT(BUILD_TEXT_MAX);
    const json_t *name = NULL;
    size_t i = 0;

    json_array_foreach(in->app->packages, i, name) {
        buf_addf(&wishes, "%s\n", json_string_value(name));
    }
    if (wishes.len == 0) {
        err_set(err, ERR_BUILD, "%s has no list of its Python packages", in->app->dir);
        return err_remedy(err, "add a pyproject.toml that names them, then run 'uv lock'");
    }
    return resolved_list(in, buf_str(&wishes), STR(""), NULL, err);
}

/* --- the managers --- */

/* clang-format off */
static const struct manager {
    const char *name;     /* as the survey says it */
    const char *lock;     /* its name, or NULL: a requirements file */
    const char *manifest;
    enum err_code (*list)(struct locking *in, struct err *err);
} managers[] = {
    { "uv",           "uv.lock",      "pyproject.toml",   uv_or_wishes },
    { "poetry",       "poetry.lock",  "pyproject.toml",   poetry_or_wishes },
    { "pipenv",       "Pipfile.lock", "Pipfile",          pipenv_or_wishes },
    { "pip-tools",    NULL,           "requirements.in",  tools_list },
    { "requirements", NULL,           "requirements.txt", requirements_list },
    { "pyproject",    NULL,           "pyproject.toml",   pyproject_list },
    { "none",         NULL,           NULL,               imported_list },
};
/* clang-format on */

/* The row of the application's manager; where nobody said one, the first whose files are there. */
static const struct manager *manager_find(const struct locking *in) {
    for (size_t i = 0; i < ARRAY_N(managers); i++) {
        const struct manager *row = &managers[i];
        CLEANUP(freep) char *lock = row->lock == NULL ? NULL : find_up(in, row->lock);
        CLEANUP(freep)
        char *manifest = row->manifest == NULL ? NULL : in_dir(in, row->manifest);
        if (in->app->manager != NULL
                ? strcmp(in->app->manager, row->name) == 0
                : lock != NULL ||
                      (row->lock == NULL && (manifest == NULL || has_file(in, manifest)))) {
            return row;
        }
    }
    return NULL;
}

/* What pip-compile makes of requirements.in, where nobody said it. */
static char *find_compiled(const struct locking *in) {
    static const char *const names[] = {"requirements.lock", "requirements.txt"};

    for (size_t i = 0; i < ARRAY_N(names); i++) {
        CLEANUP(freep) char *path = in_dir(in, names[i]);
        if (has_file(in, path)) {
            return TAKE(path);
        }
    }
    return NULL;
}

static enum err_code locking_open(struct locking *in, const struct manager *manager,
                                  struct err *err) {
    in->base = mem_strdup(app_dir(in));
    if (manager->manifest == NULL) {
        in->manifest = mem_strdup(in->app->dir);
        return ERR_NONE;
    }
    in->manifest = in->app->manifest != NULL && manager->lock == NULL
                       ? mem_strdup(in->app->manifest)
                       : in_dir(in, manager->manifest);
    in->lock = manager->lock != NULL ? find_up(in, manager->lock) : mem_strdup(in->app->lock);
    if (in->lock == NULL && manager->list == tools_list) {
        in->lock = find_compiled(in);
    }
    if (manager->lock != NULL && in->lock != NULL && !has_file(in, in->manifest)) {
        free(in->manifest);
        in->manifest = locking_beside(in->lock, manager->manifest);
    }
    if (!has_file(in, in->manifest)) {
        err_set(err, ERR_BUILD, "there is no %s, so nothing says which packages are needed",
                in->manifest);
        return err_remedy(err, "add one that names them, lock it, and commit both");
    }
    return ERR_NONE;
}

/* The lock decides; a requirements file beside it that says otherwise is told. */
static void tell_disagreement(const struct locking *in, const struct manager *manager) {
    CLEANUP(requirements_done) struct requirements other = {0};
    CLEANUP(freep) char *path = in_dir(in, "requirements.txt");
    CLEANUP(json_decrefp) json_t *pins = NULL;
    CLEANUP(json_decrefp) json_t *others = NULL;
    struct err ignored = {0};
    const char *name = NULL;
    json_t *spec = NULL;

    if (manager->lock == NULL || in->lock == NULL || !has_file(in, path) ||
        requirements_read(&in->root, path, &other, &ignored) != ERR_NONE) {
        return;
    }
    pins = pins_of(buf_str(&in->out));
    others = pins_of(buf_str(&other.lines));
    json_object_foreach(others, name, spec) {
        const json_t *mine = json_object_get(pins, name);
        if (mine != NULL && !json_equal(mine, spec)) {
            build_warn(in->warnings, "%s says %s%s and %s says %s%s; %s decides", path, name,
                       json_string_value(spec), in->lock, name, json_string_value(mine), in->lock);
            return;
        }
    }
}

/* --- the kept list --- */

static enum err_code list_make(struct locking *in, const struct manager *manager, const char *file,
                               const char *facts, struct err *err) {
    in->place->was_cached = false;
    if (build_temp(in->env, &in->work, err) != ERR_NONE) {
        return err->code;
    }
    enum err_code code = manager->list(in, err);
    if (code == ERR_NONE && in->out.failed) {
        code = err_set(err, ERR_TOO_LARGE, "%s names too many packages", in->manifest);
    }
    if (code == ERR_NONE) {
        tell_disagreement(in, manager);
        code = locking_keep(in, file, facts, err);
    }
    build_remove(in->env, in->work);
    return code;
}

/* Files that can decide which packages are installed. */
static bool is_irrelevant(void *ctx, const char *path, const char *name, bool is_dir) {
    static const char *const ends[] = {".toml", ".lock", ".txt", ".in", ".cfg"};

    (void)ctx;
    if (is_dir) {
        return build_skips(NULL, path, name, is_dir);
    }
    for (size_t i = 0; i < ARRAY_N(ends); i++) {
        if (str_ends(str_from(name), str_from(ends[i]))) {
            return false;
        }
    }
    return strncmp(name, "Pipfile", 7) != 0;
}

static enum err_code list_key(const struct locking *in, const struct manager *manager,
                              struct sha256 *out, struct err *err) {
    CLEANUP(fs_list_done) struct fs_list files = {0};
    CLEANUP(freep) char *extras = in->app->extras == NULL ? NULL : json_text(in->app->extras);
    CLEANUP(freep)
    char *packages = in->app->packages == NULL ? NULL : json_text(in->app->packages);
    const struct fs_walk walk = {BUILD_DEPTH_MAX, BUILD_ENTRIES_MAX, BUILD_BYTES_MAX, is_irrelevant,
                                 NULL};
    CLEANUP(freep)
    char *recipe = mem_format("%d %d %d", LOCK_RECIPE, in->app->platform, in->app->may_lock);

    if (fs_digest_tree(&in->root, "", &walk, &files, err) != ERR_NONE) {
        return err->code;
    }
    struct sha256_stream *stream = sha256_start();
    build_feed(stream, recipe);
    build_feed(stream, manager->name);
    build_feed_tool(stream, in->place->uv);
    build_feed(stream, in->target.version);
    build_feed(stream, in->target.machine);
    build_feed(stream, in->app->dir);
    build_feed(stream, in->lock);
    build_feed(stream, extras);
    build_feed(stream, packages);
    build_feed(stream, sha256_hex(fs_list_hash(&files)).text);
    *out = sha256_end(stream);
    return ERR_NONE;
}

static enum err_code list_take(struct python_place *place, const char *file, const char *facts,
                               struct err *err) {
    CLEANUP(json_decrefp) json_t *known = build_recall(facts);
    CLEANUP(buf_done) struct buf text = BUF_INIT(BUILD_TEXT_MAX);
    const json_t *host = NULL;
    size_t i = 0;

    if (fs_read_file(file, BUILD_TEXT_MAX, &text, err) != ERR_NONE) {
        return err->code;
    }
    build_touch(file);
    build_touch(facts);
    place->requirements_hash = sha256_of(buf_str(&text));
    place->requirements = mem_strdup(file);
    place->packages = (int)json_int_or(known, "packages", 0);
    place->is_resolved = json_bool_at(known, "resolved");
    place->sources = json_deep_copy(json_object_get(known, "sources"));
    json_array_foreach(json_object_get(known, "hosts"), i, host) {
        words_add(&place->hosts, json_string_value(host));
    }
    json_array_extend(place->warnings, json_object_get(known, "warnings"));
    return ERR_NONE;
}

static void locking_done(struct locking *in) {
    fs_root_done(&in->root);
    buf_done(&in->out);
    free(in->base);
    free(in->manifest);
    free(in->lock);
    free(in->work);
    free(in->copy);
    json_decref(in->warnings);
}

enum err_code python_lock(const struct build_env *env, const struct python_app *app,
                          struct python_place *place, struct err *err) {
    CLEANUP(locking_done)
    struct locking in = {.env = env,
                         .app = app,
                         .place = place,
                         .target = {place->version, python_machine(app->platform)},
                         .out = BUF_INIT(BUILD_TEXT_MAX),
                         .warnings = json_array()};
    CLEANUP(freep) char *file = NULL;
    CLEANUP(freep) char *facts = NULL;
    struct sha256 key;

    if (fs_root_open(env->root, &in.root, err) != ERR_NONE) {
        return err->code;
    }
    const struct manager *manager = manager_find(&in);
    if (manager == NULL) {
        err_set(err, ERR_UNSUPPORTED, "packages locked by %s cannot be installed yet",
                app->manager);
        return err_remedy(err, "run 'uv lock' or 'pip-compile' and commit the result");
    }
    if (locking_open(&in, manager, err) != ERR_NONE ||
        list_key(&in, manager, &key, err) != ERR_NONE ||
        build_cache_path(env, "python", key, ".requirements", &file, err) != ERR_NONE ||
        build_cache_path(env, "python", key, ".facts", &facts, err) != ERR_NONE) {
        return err->code;
    }
    if ((access(file, R_OK) != 0 || access(facts, R_OK) != 0) &&
        list_make(&in, manager, file, facts, err) != ERR_NONE) {
        return err->code;
    }
    return list_take(place, file, facts, err);
}
