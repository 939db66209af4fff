/* What git says about the repository. Read with libgit2: no hook, filter or pager of the repository
 * runs, as they could with the git program. */
#include "repo/git_lib.h"
#include "repo/path.h"
#include "repo/survey_room.h"

#include <stdlib.h>
#include <string.h>

enum { GIT_CONFIG_MAX = 64 * 1024, GIT_ENTRIES_MAX = 20000, GIT_DEPTH_MAX = 8 };

/* --- whether its folder may be opened --- */

/* Settings that make libgit2 open another file or walk another folder. */
static bool config_leads_away(const struct fs_root *root) {
    static const char *const keys[] = {"include", "worktree", "excludesfile", "attributesfile"};
    CLEANUP(buf_done) struct buf text = BUF_INIT(GIT_CONFIG_MAX);
    struct err ignored = {0};

    if (fs_read_at(root, ".git/config", GIT_CONFIG_MAX, &text, &ignored) != ERR_NONE) {
        return true;
    }
    for (size_t i = 0; i < ARRAY_N(keys); i++) {
        if (strcasestr(buf_cstr(&text), keys[i]) != NULL) {
            return true;
        }
    }
    return false;
}

/* Whether everything in ".git" is a folder or a file: opening a FIFO would wait for ever, and a
 * link or a list of other object folders leads out. */
static bool folder_is_plain(const struct fs_root *root) {
    const struct fs_walk walk = {
        .depth_max = GIT_DEPTH_MAX, .entry_max = GIT_ENTRIES_MAX, .bytes_max = INT64_MAX};
    CLEANUP(fs_list_done) struct fs_list list = {0};
    struct err ignored = {0};
    bool is_plain = fs_list_tree(root, ".git", &walk, &list, &ignored) == ERR_NONE && !list.is_cut;

    for (size_t i = 0; is_plain && i < list.n; i++) {
        is_plain = (list.rows[i].kind == FS_FILE || list.rows[i].kind == FS_DIR) &&
                   !str_ends(str_from(list.rows[i].path), STR("info/alternates"));
    }
    return is_plain;
}

/* ".git" as a file names the folder of a worktree or a submodule; inside the tree it is neither. */
static bool file_leads_in(const struct fs_root *root) {
    CLEANUP(buf_done) struct buf text = BUF_INIT(4096);
    CLEANUP(freep) char *top = realpath(root->path, NULL);
    CLEANUP(freep) char *named = NULL;
    CLEANUP(freep) char *real = NULL;
    struct err ignored = {0};

    if (top == NULL || fs_read_at(root, ".git", 4096, &text, &ignored) != ERR_NONE ||
        !str_starts(buf_str(&text), STR("gitdir:"))) {
        return true;
    }
    named = str_dup(str_trim(str_slice(buf_str(&text), strlen("gitdir:"), text.len)));
    real = named[0] == '/' ? realpath(named, NULL) : NULL;
    if (named[0] != '/') {
        CLEANUP(freep) char *full = fs_join(top, named);

        real = realpath(full, NULL);
    }
    return real == NULL || path_is_below(real, top);
}

/* A repository that holds the root is the person's own and is opened as it is; what the root
 * itself brings along is looked at first. */
static bool may_open(const struct fs_root *root) {
    switch (fs_kind_at(root, ".git")) {
    case FS_NONE:
        return true;
    case FS_DIR:
        return folder_is_plain(root) && !config_leads_away(root);
    case FS_FILE:
        return !file_leads_in(root);
    case FS_LINK:
    case FS_OTHER:
        break;
    }
    return false;
}

/* --- facts --- */

/* The way from the work tree of `repository` to the folder `root`: "" or "a/b/"; NULL when the root
 * does not lie in it. */
static const char *below_of(struct room *room, git_repository *repository, const char *root) {
    const char *workdir = room->git->repository_workdir(repository);
    CLEANUP(freep) char *real = realpath(root, NULL);
    size_t n = workdir == NULL ? 0 : strlen(workdir); /* with '/' at the end */

    if (real == NULL || n == 0 || strncmp(real, workdir, n - 1) != 0 ||
        (real[n - 1] != '/' && real[n - 1] != '\0')) {
        return NULL;
    }
    return real[n - 1] == '\0' || real[n] == '\0' ? "" : arena_format(room->arena, "%s/", real + n);
}

void git_open(struct room *room, const char *root) {
    git_repository *repository = NULL;
    const char *below = NULL;

    if (!may_open(&room->tree.root)) {
        room_say(room, REASON_GIT_NOT_READ, ".git", NULL);
        return;
    }
    if (room->git->repository_open_ext(&repository, root, 0, NULL) != 0) {
        if (fs_kind_at(&room->tree.root, ".git") != FS_NONE) {
            room_say(room, REASON_GIT_NOT_READ, ".git", NULL);
        }
        return;
    }
    below = room->git->repository_is_bare(repository) ? NULL : below_of(room, repository, root);
    if (below == NULL) {
        room->git->repository_free(repository);
        return;
    }
    room->repository = repository;
    room->below = below;
    if (room->git->repository_index(&room->index, repository) != 0) {
        room->index = NULL;
    }
}

void git_close(struct room *room) {
    if (room->repository != NULL) {
        room->git->index_free(room->index);
        room->git->repository_free(room->repository);
    }
}

/* "." or "../.." from the root to the folder that git calls its own. */
static const char *way_up(struct room *room) {
    const char *up = ".";

    for (const char *c = room->below; *c != '\0'; c++) {
        if (*c == '/') {
            up = strcmp(up, ".") == 0 ? ".." : arena_format(room->arena, "../%s", up);
        }
    }
    return up;
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

/* The name of who wrote the commit; an address is a person's and is not kept. */
static void put_author(const struct git_lib *git, json_t *json, git_reference *head) {
    git_object *commit = NULL;
    const git_signature *author;

    if (git->reference_peel(&commit, head, GIT_OBJECT_COMMIT) != 0) {
        return;
    }
    author = git->commit_author((const git_commit *)commit);
    if (author != NULL) {
        json_put_strn(json, "author", str_slice(str_from(author->name), 0, 100));
    }
    git->object_free(commit);
}

static void put_head(const struct git_lib *git, json_t *json, git_repository *repository) {
    git_reference *head = NULL;
    char hex[GIT_OID_HEXSZ + 1] = "";
    const git_oid *oid = NULL;

    json_put(json, "head", json_null());
    json_put(json, "branch", json_null());
    json_put(json, "author", json_null());
    if (git->repository_head(&head, repository) != 0) {
        return;
    }
    oid = git->reference_target(head);
    if (oid != NULL) {
        json_put_str(json, "head", git->oid_tostr(hex, sizeof(hex), oid));
    }
    put_author(git, json, head);
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

json_t *git_find(struct room *room) {
    json_t *json = NULL;

    if (room->repository == NULL) {
        return json_null();
    }
    json = json_object();
    json_put_str(json, "root", way_up(room));
    put_head(room->git, json, room->repository);
    json_put_bool(json, "dirty", is_dirty(room->git, room->repository, room->below));
    put_remote(room->git, json, room->repository);
    return json;
}

bool git_ignores(struct room *room, const char *path) {
    const char *full = arena_format(room->arena, "%s%s", room->below, path);
    int ignored = 0;

    if (room->repository == NULL ||
        (room->index != NULL && room->git->index_get_bypath(room->index, full, 0) != NULL)) {
        return false;
    }
    return room->git->ignore_path_is_ignored(&ignored, room->repository, full) == 0 && ignored == 1;
}
