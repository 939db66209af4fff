/* guard/iam/paths.c: the sets of actions by which somebody becomes more. */
#include "guard/iam/paths.h"

static const struct iam_path paths[] = {
#define PATH(id, actions) {id, actions},
#include "guard/iam/paths.def"
#undef PATH
};

size_t iam_path_n(void) { return ARRAY_N(paths); }

const struct iam_path *iam_path(size_t i) { return &paths[i]; }
