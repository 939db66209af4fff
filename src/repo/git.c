/* What git says about the repository. Read with libgit2: no hook, filter or pager of the repository
 * runs, as they could with the git program. */
#include "repo/git_lib.h"
#include "repo/survey_room.h"

#include <stdlib.h>
#include <string.h>

enum { GIT_STATUS_MAX = 20000 };

/* The repository that `root` lies in, or NULL. */
static git_repository *open_at(const struct git_lib *git, const char *root) {
    git_repository *repository = NULL;

    if (git->repository_open_ext(&repository, root, 0, NULL) != 0) {
        return NULL;
    }
    if (git->repository_is_bare(repository)) {
        git->repository_free(repository);
        return NULL;
    }
    return repository;
}

/* "." or "../.." from `root` to the folder that git calls its own; the path of `root` below it in
 * `below`, with '/' at the end, or "". */
static const char *root_of(const struct room *room, git_repository *repository, const char *root,
                           const char **below) {
    struct arena *arena = room->arena;
    const char *workdir = room->git->repository_workdir(repository);
    char *real = realpath(root, NULL);
    const char *up = "";
    struct str rest = {0};
    struct str part = {0};

    *below = "";
    if (real != NULL && workdir != NULL && strncmp(real, workdir, strlen(workdir)) == 0) {
        *below = arena_format(arena, "%s/", real + strlen(workdir));
        rest = str_from(real + strlen(workdir));
        while (str_next(&rest, '/', &part)) {
            up = up[0] == '\0' ? ".." : arena_format(arena, "../%s", up);
        }
    }
    free(real);
    return up[0] == '\0' ? "." : up;
}

/* Whether tracked files differ from the last commit, or new ones wait, below `root`. */
static bool is_dirty(const struct git_lib *git, git_repository *repository, const char *below) {
    git_status_options options = GIT_STATUS_OPTIONS_INIT;
    git_status_list *list = NULL;
    char *pathspec = mem_format("%s*", below);
    bool dirty = true; /* what cannot be told is not clean */

    options.show = GIT_STATUS_SHOW_INDEX_AND_WORKDIR;
    options.flags = GIT_STATUS_OPT_INCLUDE_UNTRACKED | GIT_STATUS_OPT_RECURSE_UNTRACKED_DIRS |
                    GIT_STATUS_OPT_EXCLUDE_SUBMODULES | GIT_STATUS_OPT_NO_REFRESH;
    if (below[0] != '\0') {
        options.pathspec = (git_strarray){&pathspec, 1};
    }
    if (git->status_list_new(&list, repository, &options) == 0) {
        dirty = git->status_list_entrycount(list) > 0;
        git->status_list_free(list);
    }
    free(pathspec);
    return dirty;
}

static void put_head(const struct git_lib *git, json_t *json, git_repository *repository) {
    git_reference *head = NULL;
    char hex[GIT_OID_HEXSZ + 1] = "";
    const git_oid *oid = NULL;

    json_put(json, "head", json_null());
    json_put(json, "branch", json_null());
    if (git->repository_head(&head, repository) != 0) {
        return;
    }
    oid = git->reference_target(head);
    if (oid != NULL) {
        json_put_str(json, "head", git->oid_tostr(hex, sizeof(hex), oid));
    }
    if (git->reference_is_branch(head) == 1) {
        json_put_strn(json, "branch", str_from(git->reference_shorthand(head)));
    }
    git->reference_free(head);
}

/* The address of "origin" is only ever kept as a hash: it may hold a token. Read as a setting:
 * git_remote_lookup() of libgit2 1.5 searches by a pattern and leaks 20 KB. */
static void put_remote(const struct git_lib *git, json_t *json, git_repository *repository) {
    git_config *config = NULL;
    const char *url = NULL;

    json_put(json, "remote_sha256", json_null());
    if (git->repository_config_snapshot(&config, repository) != 0) {
        return;
    }
    if (git->config_get_string(&url, config, "remote.origin.url") == 0) {
        json_put_str(json, "remote_sha256", sha256_hex(sha256_of(str_from(url))).text);
    }
    git->config_free(config);
}

json_t *git_find(struct room *room, const char *root) {
    git_repository *repository = open_at(room->git, root);
    const char *below = NULL;
    json_t *json = NULL;

    if (repository == NULL) {
        return json_null();
    }
    json = json_object();
    json_put_str(json, "root", root_of(room, repository, root, &below));
    put_head(room->git, json, repository);
    json_put_bool(json, "dirty", is_dirty(room->git, repository, below));
    put_remote(room->git, json, repository);
    room->git->repository_free(repository);
    return json;
}

bool git_ignores(struct room *room, const char *root, const char *path) {
    const struct git_lib *git = room->git;
    git_repository *repository = open_at(git, root);
    const char *below = NULL;
    git_index *index = NULL;
    const char *full = NULL;
    int ignored = 0;
    bool is_tracked = false;
    bool is_left_out = false;

    if (repository == NULL) {
        return false;
    }
    (void)root_of(room, repository, root, &below);
    full = arena_format(room->arena, "%s%s", below, path);
    if (git->repository_index(&index, repository) == 0) {
        is_tracked = git->index_get_bypath(index, full, 0) != NULL;
        git->index_free(index);
    }
    is_left_out =
        !is_tracked && git->ignore_path_is_ignored(&ignored, repository, full) == 0 && ignored == 1;
    git->repository_free(repository);
    return is_left_out;
}
