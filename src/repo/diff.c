/* The difference between the last commit and the files, by libgit2. */
#include "repo/diff.h"

#include <stdlib.h>
#include <string.h>

#include "guard/limits.h"
#include "repo/git_lib.h"

struct patch {
    struct buf *out;
    bool is_cut;
};

/* One line of the patch; libgit2 gives the sign of a changed line apart from it. */
static int patch_line(const git_diff_delta *delta, const git_diff_hunk *hunk,
                      const git_diff_line *line, void *ctx) {
    struct patch *patch = ctx;
    bool has_sign = line->origin == GIT_DIFF_LINE_ADDITION ||
                    line->origin == GIT_DIFF_LINE_DELETION || line->origin == GIT_DIFF_LINE_CONTEXT;

    (void)delta;
    (void)hunk;
    if (patch->out->len + line->content_len + 1 > patch->out->max) {
        patch->is_cut = true;
        return GIT_EUSER;
    }
    if (has_sign) {
        buf_add(patch->out, (struct str){&line->origin, 1});
    }
    buf_add(patch->out, (struct str){line->content, line->content_len});
    return 0;
}

/* The tree of the last commit; NULL before the first one, when every tracked file is new. */
static git_tree *head_tree(const struct git_lib *git, git_repository *repository) {
    git_reference *head = NULL;
    git_object *tree = NULL;

    if (git->repository_head(&head, repository) != 0) {
        return NULL;
    }
    (void)git->reference_peel(&tree, head, GIT_OBJECT_TREE);
    git->reference_free(head);
    return (git_tree *)tree;
}

/* The path of `root` inside the work tree; "" for all of it. Owned by the caller. */
static char *below_of(const struct git_lib *git, git_repository *repository, const char *root) {
    const char *workdir = git->repository_workdir(repository);
    char *real = realpath(root, NULL);
    char *below = real != NULL && str_starts(str_from(real), str_from(workdir))
                      ? mem_strdup(real + strlen(workdir))
                      : mem_strdup("");

    free(real);
    return below;
}

static enum err_code diff_write(const struct git_lib *git, git_repository *repository,
                                const char *root, struct patch *patch, struct err *err) {
    CLEANUP(freep) char *below = below_of(git, repository, root);
    git_diff_options options = GIT_DIFF_OPTIONS_INIT;
    git_tree *tree = head_tree(git, repository);
    git_diff *diff = NULL;
    bool is_well;

    options.flags = GIT_DIFF_DISABLE_PATHSPEC_MATCH | GIT_DIFF_IGNORE_SUBMODULES;
    options.max_size = limit(LIMIT_FILE_BYTES);
    if (below[0] != '\0') {
        options.pathspec = (git_strarray){&below, 1};
    }
    is_well =
        git->diff_tree_to_workdir_with_index(&diff, repository, tree, &options) == 0 &&
        (git->diff_print(diff, GIT_DIFF_FORMAT_PATCH, patch_line, patch) == 0 || patch->is_cut);
    git->diff_free(diff);
    git->object_free((git_object *)tree);
    return is_well ? ERR_NONE : err_set(err, ERR_IO, "git cannot compare the files of %s", root);
}

enum err_code repo_diff(const char *root, struct buf *out, struct repo_diff *result,
                        struct err *err) {
    struct patch patch = {.out = out};
    struct err unread = {0};
    const struct git_lib *git = git_lib_get(&unread);
    git_repository *repository = NULL;
    enum err_code code = ERR_NONE;

    if (git == NULL || git->repository_open_ext(&repository, root, 0, NULL) != 0) {
        *result = (struct repo_diff){0};
        return ERR_NONE;
    }
    if (!git->repository_is_bare(repository)) {
        code = diff_write(git, repository, root, &patch, err);
    }
    git->repository_free(repository);
    if (code == ERR_NONE) {
        *result = (struct repo_diff){.is_repository = true, .is_cut = patch.is_cut};
    }
    return code;
}

bool repo_diff_texts(const char *path, struct str before, struct str after, struct buf *out) {
    struct patch patch = {.out = out};
    struct err unread = {0};
    const struct git_lib *git = git_lib_get(&unread);
    git_patch *made = NULL;

    if (git != NULL && git->patch_from_buffers(&made, before.ptr, before.len, path, after.ptr,
                                               after.len, path, NULL) == 0) {
        (void)git->patch_print(made, patch_line, &patch);
        git->patch_free(made);
    }
    return !patch.is_cut;
}

bool repo_is_tracked(const char *root, const char *path) {
    struct err unread = {0};
    const struct git_lib *git = git_lib_get(&unread);
    git_repository *repository = NULL;
    git_index *index = NULL;
    bool is_tracked = false;

    if (git == NULL || git->repository_open_ext(&repository, root, 0, NULL) != 0) {
        return false;
    }
    if (!git->repository_is_bare(repository) && git->repository_index(&index, repository) == 0) {
        CLEANUP(freep) char *below = below_of(git, repository, root);
        CLEANUP(freep)
        char *full =
            mem_format("%s%s%s", below,
                       below[0] == '\0' || str_ends(str_from(below), STR("/")) ? "" : "/", path);
        is_tracked = git->index_get_bypath(index, full, 0) != NULL;
        git->index_free(index);
    }
    git->repository_free(repository);
    return is_tracked;
}
