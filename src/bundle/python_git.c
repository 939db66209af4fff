/* bundle/python_git.c: packages from git: the commit that the lock names, fetched as files. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "bundle/python_lock.h"

enum { GIT_MS = 300000, GIT_COMMIT_DIGITS = 40 };

#define GIT_MARK "git+"

static const struct build_symptom git_symptoms[] = {GIT_SYMPTOMS, {NULL, ERR_NONE, NULL, NULL}};

bool git_is_source(const char *word) { return strncmp(word, GIT_MARK, strlen(GIT_MARK)) == 0; }

/* The part behind "#subdirectory=", or empty. */
static struct str git_folder(struct str source) {
    ptrdiff_t at = str_find(source, STR("subdirectory="));
    struct str rest = at < 0 ? (struct str){0}
                             : str_slice(source, (size_t)at + strlen("subdirectory="), source.len);
    ptrdiff_t end = str_find(rest, STR("&"));

    return end < 0 ? rest : str_slice(rest, 0, (size_t)end);
}

/* "https://host/x.git" and "COMMIT" of "git+https://host/x.git@COMMIT#subdirectory=y". */
static bool git_split(struct str source, struct str *url, struct str *commit) {
    ptrdiff_t hash = str_find(source, STR("#"));
    const char *at = NULL;

    source = str_slice(source, strlen(GIT_MARK), hash < 0 ? source.len : (size_t)hash);
    at = source.len == 0 ? NULL : memrchr(source.ptr, '@', source.len);
    if (at == NULL || source.ptr + source.len - at - 1 != GIT_COMMIT_DIGITS) {
        return false;
    }
    *url = str_slice(source, 0, (size_t)(at - source.ptr));
    *commit = str_slice(source, (size_t)(at - source.ptr) + 1, source.len);
    for (size_t i = 0; i < commit->len; i++) {
        if (!isxdigit((unsigned char)commit->ptr[i])) {
            return false;
        }
    }
    return true;
}

enum err_code git_check(struct str line, struct str source, struct err *err) {
    struct str url = {0};
    struct str commit = {0};
    struct str name = str_slice(line, 0, line.len < 100 ? line.len : 100);

    if (!git_split(source, &url, &commit)) {
        err_set(err, ERR_UNSUPPORTED,
                "the back end depends on '" STR_FMT "', and nothing says which commit of it",
                STR_ARG(name));
        return err_remedy(err, "lock it (uv lock, poetry lock), or write the commit's 40 digits "
                               "behind an @");
    }
    if (!str_starts(url, STR("https://")) && !str_starts(url, STR("http://"))) {
        err_set(err, ERR_UNSUPPORTED,
                "the back end depends on '" STR_FMT "', which is not fetched over https",
                STR_ARG(name));
        return err_remedy(err, "name it with git+https:// and lock it again; a token for a private "
                               "host stands in ~/.netrc");
    }
    return ERR_NONE;
}

/* One run of git in `dir`; where the network is needed, held to the host of `url`. */
static enum err_code git_run(const struct build_env *env, const char *dir, const char *tmp,
                             struct str url, const char *title, const char *const *words,
                             struct proc_result *result, struct err *err) {
    /* Nothing that the repository or its host says makes git run a program. */
    const char *argv[32] = {NULL,
                            "-c",
                            "core.hooksPath=/dev/null",
                            "-c",
                            "protocol.allow=never",
                            "-c",
                            "protocol.https.allow=always",
                            "-c",
                            "protocol.http.allow=always",
                            "-c",
                            "core.fsmonitor=false"};
    size_t n = 11;
    CLEANUP(freep) char *program = proc_find("git", NULL);
    CLEANUP(words_done) struct words readable = {0};
    CLEANUP(words_done) struct words writable = {0};
    CLEANUP(words_done) struct words hosts = {0};
    CLEANUP(proc_env_done) struct proc_env vars = {0};

    if (program == NULL) {
        err_set(err, ERR_BUILD, "git, which fetches a package, is not installed");
        return err_remedy(err, "install git");
    }
    argv[0] = program;
    while (*words != NULL && n < ARRAY_N(argv) - 1) {
        argv[n++] = *words++;
    }
    build_expose(&readable, program);
    words_add(&writable, dir);
    build_pass_settings(&vars, &readable, &hosts);
    words_done(&hosts);
    build_add_hosts(&hosts, url);
    proc_env_set(&vars, "PATH", "/usr/bin:/bin");
    proc_env_set(&vars, "GIT_CONFIG_NOSYSTEM", "1");
    proc_env_set(&vars, "GIT_CONFIG_GLOBAL", "/dev/null");
    proc_env_set(&vars, "GIT_TERMINAL_PROMPT", "0");
    if (getenv("SSL_CERT_FILE") != NULL) {
        proc_env_set(&vars, "GIT_SSL_CAINFO", getenv("SSL_CERT_FILE"));
    }
    struct build_step step = {.title = title,
                              .argv = argv,
                              .vars = &vars,
                              .cwd = dir,
                              .readable = &readable,
                              .writable = &writable,
                              .hosts = url.len == 0 ? NULL : &hosts,
                              .tmp = tmp,
                              .timeout_ms = GIT_MS,
                              .is_quiet = true};
    return build_run(env, &step, result, err);
}

static enum err_code git_must(const struct build_env *env, const char *dir, const char *tmp,
                              struct str url, const char *title, const char *const *words,
                              struct err *err) {
    CLEANUP(proc_result_done) struct proc_result result = {0};

    if (git_run(env, dir, tmp, url, title, words, &result, err) != ERR_NONE) {
        return err->code;
    }
    return proc_is_ok(&result) ? ERR_NONE : build_blame(&result, git_symptoms, "git", err);
}

/* Fetches the commit alone where the host gives it, else all branches and tags. */
static enum err_code git_fetch(const struct build_env *env, const char *dir, const char *tmp,
                               struct str url, struct str commit, struct err *err) {
    CLEANUP(proc_result_done) struct proc_result result = {0};
    CLEANUP(freep) char *address = str_dup(url);
    CLEANUP(freep) char *wanted = str_dup(commit);
    const char *const init[] = {"init", "--quiet", ".", NULL};
    const char *const one[] = {"fetch", "--quiet", "--depth", "1", "--no-tags",
                               "--",    address,   wanted,    NULL};
    const char *const all[] = {"fetch", "--quiet", "--", address, "+refs/*:refs/of/*", NULL};
    const char *const checkout[] = {"checkout", "--quiet", "--detach", wanted, NULL};

    if (git_must(env, dir, tmp, (struct str){0}, "preparing git", init, err) != ERR_NONE ||
        git_run(env, dir, tmp, url, "fetching a package from git", one, &result, err) != ERR_NONE ||
        (!proc_is_ok(&result) &&
         git_must(env, dir, tmp, url, "fetching it whole", all, err) != ERR_NONE)) {
        return err->code;
    }
    return git_must(env, dir, tmp, (struct str){0}, "checking it out", checkout, err);
}

enum err_code python_git(const struct build_env *env, const char *source, const char *work,
                         const char *name, char **out_dir, struct err *err) {
    CLEANUP(freep) char *dir = mem_format("%s/%s-git", work, name);
    CLEANUP(freep) char *tmp = mem_format("%s/%s-git-tmp", work, name);
    struct str folder = git_folder(str_from(source));
    struct str url = {0};
    struct str commit = {0};

    if (!git_split(str_from(source), &url, &commit)) {
        return err_set(err, ERR_DEFECT, "a package from git without its commit");
    }
    if (fs_mkdirs(dir, 0700, err) != ERR_NONE || fs_mkdirs(tmp, 0700, err) != ERR_NONE ||
        build_lend_logins(tmp, err) != ERR_NONE) {
        return err->code;
    }
    enum err_code code = git_fetch(env, dir, tmp, url, commit, err);
    build_take_logins(tmp);
    if (code != ERR_NONE) {
        return code;
    }
    if (folder.len == 0) {
        *out_dir = TAKE(dir);
        return ERR_NONE;
    }
    CLEANUP(fs_root_done) struct fs_root root = {0};
    CLEANUP(freep) char *below = str_dup(folder);
    if (fs_root_open(dir, &root, err) != ERR_NONE || fs_kind_at(&root, below) != FS_DIR) {
        return err_set(err, ERR_BUILD, "the git repository of a package has no folder %s", below);
    }
    *out_dir = fs_join(dir, below);
    return ERR_NONE;
}
