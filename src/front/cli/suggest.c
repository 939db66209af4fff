/* "Did you mean": optimal string alignment distance over short words. */
#include "front/cli/suggest.h"

#include <string.h>

enum { SUGGEST_MAX = 32 };

static size_t least(size_t a, size_t b) { return a < b ? a : b; }

/* Both words are at most SUGGEST_MAX long. */
static size_t distance(const char *a, const char *b) {
    size_t rows[SUGGEST_MAX + 1][SUGGEST_MAX + 1];
    size_t an = strlen(a);
    size_t bn = strlen(b);

    for (size_t i = 0; i <= an; i++) {
        rows[i][0] = i;
    }
    for (size_t k = 0; k <= bn; k++) {
        rows[0][k] = k;
    }
    for (size_t i = 1; i <= an; i++) {
        for (size_t k = 1; k <= bn; k++) {
            size_t replace = rows[i - 1][k - 1] + (a[i - 1] != b[k - 1]);

            rows[i][k] = least(replace, least(rows[i - 1][k], rows[i][k - 1]) + 1);
            if (i > 1 && k > 1 && a[i - 1] == b[k - 2] && a[i - 2] == b[k - 1]) {
                rows[i][k] = least(rows[i][k], rows[i - 2][k - 2] + 1);
            }
        }
    }
    return rows[an][bn];
}

const char *suggest_nearest(const char *word, const char *const *candidates, size_t n) {
    const char *best = NULL;
    size_t length = strlen(word);
    size_t best_distance = length / 3 + 1; /* one more than allowed */

    if (length < 2 || length > SUGGEST_MAX) {
        return NULL;
    }
    for (size_t i = 0; i < n; i++) {
        size_t d;

        if (strncmp(candidates[i], word, length) == 0) {
            return candidates[i];
        }
        if (strlen(candidates[i]) > SUGGEST_MAX) {
            continue;
        }
        d = distance(word, candidates[i]);
        if (d < best_distance) {
            best = candidates[i];
            best_distance = d;
        }
    }
    return best;
}
