/* What git says about the repository. Read with libgit2: no hook, filter or pager of the repository
 * runs, as they could with the git program. */
#include "repo/survey_room.h"

#include <git2.h>
#include <stdlib.h>
#include <string.h>

enum { GIT_STATUS_MAX = 20000 };

static void repository_freep(git_repository **repository) { git_repository_free(*repository); }

static void reference_freep(git_reference **reference) { git_reference_free(*reference); }

static void remote_freep(git_remote **remote) { git_remote_free(*remote); }

/* The repository that `root` lies in, or NULL. */
static git_repository *open_at(const char *root) {
    git_repository *repository = NULL;

    git_libgit2_init();
    if (git_repository_open_ext(&repository, root, 0, NULL) != 0) {
        return NULL;
    }
    if (git_repository_is_bare(repository)) {
        git_repository_free(repository);
        return NULL;
    }
    return repository;
}

/* "." or "../.." from `root` to the folder that git calls its own; the path of `root` below it in
 * `below`, with '/' at the end, or "". */
static const char *root_of(struct arena *arena, git_repository *repository, const char *root,
                           const char **below) {
    const char *workdir = git_repository_workdir(repository);
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
static bool is_dirty(git_repository *repository, const char *below) {
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
    if (git_status_list_new(&list, repository, &options) == 0) {
        dirty = git_status_list_entrycount(list) > 0;
        git_status_list_free(list);
    }
    free(pathspec);
    return dirty;
}

static void put_head(json_t *json, git_repository *repository) {
    CLEANUP(reference_freep) git_reference *head = NULL;
    char hex[GIT_OID_HEXSZ + 1] = "";
    const git_oid *oid = NULL;

    json_put(json, "head", json_null());
    json_put(json, "branch", json_null());
    if (git_repository_head(&head, repository) != 0) {
        return;
    }
    oid = git_reference_target(head);
    if (oid != NULL) {
        json_put_str(json, "head", git_oid_tostr(hex, sizeof(hex), oid));
    }
    if (git_reference_is_branch(head) == 1) {
        json_put_strn(json, "branch", str_from(git_reference_shorthand(head)));
    }
}

/* The address of "origin" is only ever kept as a hash: it may hold a token. */
static void put_remote(json_t *json, git_repository *repository) {
    CLEANUP(remote_freep) git_remote *remote = NULL;

    json_put(json, "remote_sha256", json_null());
    if (git_remote_lookup(&remote, repository, "origin") == 0 && git_remote_url(remote) != NULL) {
        json_put_str(json, "remote_sha256",
                     sha256_hex(sha256_of(str_from(git_remote_url(remote)))).text);
    }
}

json_t *git_find(struct room *room, const char *root) {
    CLEANUP(repository_freep) git_repository *repository = open_at(root);
    const char *below = NULL;
    json_t *json = NULL;

    if (repository == NULL) {
        return json_null();
    }
    json = json_object();
    json_put_str(json, "root", root_of(room->arena, repository, root, &below));
    put_head(json, repository);
    json_put_bool(json, "dirty", is_dirty(repository, below));
    put_remote(json, repository);
    return json;
}

bool git_ignores(struct room *room, const char *root, const char *path) {
    CLEANUP(repository_freep) git_repository *repository = open_at(root);
    const char *below = NULL;
    git_index *index = NULL;
    const char *full = NULL;
    int ignored = 0;
    bool is_tracked = false;

    if (repository == NULL) {
        return false;
    }
    (void)root_of(room->arena, repository, root, &below);
    full = arena_format(room->arena, "%s%s", below, path);
    if (git_repository_index(&index, repository) == 0) {
        is_tracked = git_index_get_bypath(index, full, 0) != NULL;
        git_index_free(index);
    }
    return !is_tracked && git_ignore_path_is_ignored(&ignored, repository, full) == 0 &&
           ignored == 1;
}
