/* repo/git_lib.h: libgit2, loaded when the first repository is read: sys/dynlib.h. */
#pragma once

#include <git2.h>

#include "base/err.h"

/* The functions that git.c and diff.c use, each a member without its "git_". */
#define GIT_LIB_FUNCTIONS(X)                                                                       \
    X(commit_author)                                                                               \
    X(config_free)                                                                                 \
    X(config_get_string)                                                                           \
    X(diff_free)                                                                                   \
    X(diff_print)                                                                                  \
    X(diff_tree_to_workdir_with_index)                                                             \
    X(ignore_path_is_ignored)                                                                      \
    X(index_free)                                                                                  \
    X(index_get_bypath)                                                                            \
    X(libgit2_init)                                                                                \
    X(object_free)                                                                                 \
    X(oid_tostr)                                                                                   \
    X(patch_free)                                                                                  \
    X(patch_from_buffers)                                                                          \
    X(patch_print)                                                                                 \
    X(reference_free)                                                                              \
    X(reference_is_branch)                                                                         \
    X(reference_peel)                                                                              \
    X(reference_shorthand)                                                                         \
    X(reference_target)                                                                            \
    X(repository_config_snapshot)                                                                  \
    X(repository_free)                                                                             \
    X(repository_head)                                                                             \
    X(repository_index)                                                                            \
    X(repository_is_bare)                                                                          \
    X(repository_open_ext)                                                                         \
    X(repository_workdir)                                                                          \
    X(status_list_entrycount)                                                                      \
    X(status_list_free)                                                                            \
    X(status_list_new)

struct git_lib {
#define GIT_LIB_MEMBER(name) __typeof__(git_##name) *name;
    GIT_LIB_FUNCTIONS(GIT_LIB_MEMBER)
#undef GIT_LIB_MEMBER
};

/* The library, loaded and initialised once; NULL with `err` set when it cannot be. Any thread.
 * Errors: ERR_UNSUPPORTED. */
const struct git_lib *git_lib_get(struct err *err);
