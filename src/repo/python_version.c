/* Constraints on the version of Python: PEP 440 and Poetry's caret, on minor versions of Python 3.
 */
#include "repo/survey_room.h"

#include <stdlib.h>
#include <string.h>

struct version {
    int major;
    int minor;
    bool has_minor;
    bool has_patch;
};

static struct version version_of(const char *text) {
    struct version version = {0};
    char *end = NULL;

    version.major = (int)strtol(text, &end, 10);
    if (*end == '.' && end[1] >= '0' && end[1] <= '9') {
        version.has_minor = true;
        version.minor = (int)strtol(end + 1, &end, 10);
        version.has_patch = *end == '.' && end[1] >= '0' && end[1] <= '9';
    }
    return version;
}

/* Takes the operator off the beginning of a clause; one without any means its version. */
static const char *take_operator(const char **at) {
    static const char *const operators[] = {
        "===", ">=", "<=", "==", "!=", "~=", "^", "~", ">", "<", "="};

    for (size_t i = 0; i < ARRAY_N(operators); i++) {
        if (strncmp(*at, operators[i], strlen(operators[i])) == 0) {
            *at += strlen(operators[i]);
            return operators[i];
        }
    }
    return "==";
}

/* One clause, such as "<3.13". A patch version says nothing about a minor, but for its own. */
static bool clause_allows(struct str clause, int minor) {
    CLEANUP(freep) char *text = str_dup(str_trim(clause));
    const char *at = text;
    const char *operator_ = take_operator(&at);
    struct version version = version_of(at + strspn(at, " v"));
    int order = version.major != 3  ? 3 - version.major
                : version.has_minor ? minor - version.minor
                                    : 0;

    switch (operator_[0]) {
    case '>':
        return order >= 0; /* >3.11 still allows 3.11.1 */
    case '<':
        return operator_[1] == '=' || version.has_patch ? order <= 0 : order < 0;
    case '!':
        return order != 0 || version.has_patch;
    case '^':
        return version.major == 3 && order >= 0;
    case '~': /* ~=3.11 is >=3.11,==3.*; ~=3.11.2 and Poetry's ~3.11 stay on 3.11 */
        return operator_[1] == '=' && !version.has_patch ? version.major == 3 && order >= 0
                                                         : order == 0;
    default:
        return order == 0;
    }
}

bool python_allows(const char *constraint, int minor) {
    struct str rest = str_from(constraint);
    struct str clause = {0};

    if (strstr(constraint, "||") != NULL || strcmp(constraint, "*") == 0) {
        return true;
    }
    while (str_next(&rest, ',', &clause)) {
        if (str_trim(clause).len > 0 && !clause_allows(clause, minor)) {
            return false;
        }
    }
    return true;
}
