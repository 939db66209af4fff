/* test/support/scratch.h: a folder of a test below /tmp, removed with all that is in it. */
#pragma once

#include <string.h>

#include "sys/fs.h"

/* Removes the folder `path`, "/tmp/NAME". Returns 0, or -1 where something stays. */
static inline int scratch_remove(const char *path) {
    CLEANUP(fs_root_done) struct fs_root tmp = {0};
    struct err err = {0};

    if (fs_root_open("/tmp", &tmp, &err) != ERR_NONE) {
        return -1;
    }
    return fs_remove_tree(&tmp, path + strlen("/tmp/"), &err) == ERR_NONE ? 0 : -1;
}
