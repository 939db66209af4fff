/* guard/iam/paths.h: the known ways to become more than one was.
 *
 * Source: pathfinding.cloud, every path of it, each as the set of actions that it needs.
 */
#pragma once

#include "base/str.h"

struct iam_path {
    const char *id;      /* "lambda-001" */
    const char *actions; /* blank-separated, all of which are needed */
};

size_t iam_path_n(void);
const struct iam_path *iam_path(size_t i);
