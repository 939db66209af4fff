/* bundle/node_range.c: npm's version ranges. */
#include "bundle/node_range.h"

#include <string.h>

enum { NODE_PART_MAX = 1000000000, NODE_RANGE_MAX = 400 };

/* A version of which the last parts may be absent or "x". */
struct partial {
    struct node_version version;
    int n; /* parts that are numbers, from the left */
};

static bool is_blank(char c) { return c == ' ' || c == '\t'; }

static void skip_blanks(struct str *rest) {
    while (rest->len > 0 && is_blank(rest->ptr[0])) {
        *rest = str_slice(*rest, 1, rest->len);
    }
}

static bool skip_char(struct str *rest, char c) {
    if (rest->len == 0 || rest->ptr[0] != c) {
        return false;
    }
    *rest = str_slice(*rest, 1, rest->len);
    return true;
}

static bool is_digit(struct str rest) {
    return rest.len > 0 && rest.ptr[0] >= '0' && rest.ptr[0] <= '9';
}

static bool skip_wildcard(struct str *rest) {
    return skip_char(rest, 'x') || skip_char(rest, 'X') || skip_char(rest, '*');
}

static int64_t read_number(struct str *rest) {
    int64_t value = 0;

    while (is_digit(*rest)) {
        value = value < NODE_PART_MAX ? value * 10 + (rest->ptr[0] - '0') : value;
        *rest = str_slice(*rest, 1, rest->len);
    }
    return value;
}

static void skip_tag(struct str *rest) {
    if (rest->len > 0 && (rest->ptr[0] == '-' || rest->ptr[0] == '+')) {
        while (rest->len > 0 && !is_blank(rest->ptr[0])) {
            *rest = str_slice(*rest, 1, rest->len);
        }
    }
}

/* "1.2.3-rc.1+b", "1.x", "*": false when there is no version here. */
static bool read_partial(struct str *rest, struct partial *out) {
    bool is_open = false; /* after an "x" no number counts */

    *out = (struct partial){0};
    (void)(skip_char(rest, 'v') || skip_char(rest, 'V'));
    for (int i = 0; i < 3 && (i == 0 || skip_char(rest, '.')); i++) {
        if (skip_wildcard(rest)) {
            is_open = true;
            continue;
        }
        if (!is_digit(*rest)) {
            return false;
        }
        int64_t value = read_number(rest);
        if (!is_open) {
            out->version.part[i] = value;
            out->n = i + 1;
        }
    }
    skip_tag(rest);
    return rest->len == 0 || is_blank(rest->ptr[0]);
}

static int compare(struct node_version a, struct node_version b) {
    for (int i = 0; i < 3; i++) {
        if (a.part[i] != b.part[i]) {
            return a.part[i] < b.part[i] ? -1 : 1;
        }
    }
    return 0;
}

/* The first version above all that share the parts up to `at`. */
static struct node_version after(struct node_version version, int at) {
    for (int i = at + 1; i < 3; i++) {
        version.part[i] = 0;
    }
    version.part[at]++;
    return version;
}

/* The part that "^" holds: the first that is not zero. */
static int caret_part(const struct partial *p) {
    int at = 0;

    while (at < p->n - 1 && p->version.part[at] == 0) {
        at++;
    }
    return at;
}

enum relation { IS, AT_LEAST, ABOVE, AT_MOST, BELOW, TILDE, CARET };

static enum relation read_relation(struct str *rest) {
    if (skip_char(rest, '>')) {
        return skip_char(rest, '=') ? AT_LEAST : ABOVE;
    }
    if (skip_char(rest, '<')) {
        return skip_char(rest, '=') ? AT_MOST : BELOW;
    }
    if (skip_char(rest, '~')) {
        (void)skip_char(rest, '>');
        return TILDE;
    }
    if (skip_char(rest, '^')) {
        return CARET;
    }
    (void)skip_char(rest, '=');
    return IS;
}

static bool relation_holds(enum relation relation, const struct partial *p,
                           struct node_version version) {
    int order = compare(version, p->version);

    if (p->n == 0) {
        return relation != ABOVE && relation != BELOW;
    }
    switch (relation) {
    case IS:
        return order >= 0 && compare(version, after(p->version, p->n - 1)) < 0;
    case AT_LEAST:
        return order >= 0;
    case ABOVE:
        return compare(version, after(p->version, p->n - 1)) >= 0;
    case AT_MOST:
        return compare(version, after(p->version, p->n - 1)) < 0;
    case BELOW:
        return order < 0;
    case TILDE:
        return order >= 0 && compare(version, after(p->version, p->n > 1 ? 1 : 0)) < 0;
    case CARET:
        return order >= 0 && compare(version, after(p->version, caret_part(p))) < 0;
    }
    return false;
}

/* One alternative: comparators that all have to hold. `*is_good` becomes false when it is none. */
static bool alternative_holds(struct str text, struct node_version version, bool *is_good) {
    bool holds = true;

    for (skip_blanks(&text); text.len > 0; skip_blanks(&text)) {
        enum relation relation = read_relation(&text);
        struct partial low = {0};
        struct partial high = {0};
        skip_blanks(&text);
        if (!read_partial(&text, &low)) {
            *is_good = false;
            return false;
        }
        skip_blanks(&text);
        if (relation == IS && str_starts(text, STR("- "))) {
            text = str_slice(text, 2, text.len);
            skip_blanks(&text);
            if (!read_partial(&text, &high)) {
                *is_good = false;
                return false;
            }
            holds = holds && relation_holds(AT_LEAST, &low, version) &&
                    relation_holds(AT_MOST, &high, version);
            continue;
        }
        holds = holds && relation_holds(relation, &low, version);
    }
    return holds;
}

bool node_range_allows(const char *range, struct node_version version) {
    struct str rest = str_trim(str_from(range));
    bool is_good = true;
    bool holds = false;

    if (rest.len == 0 || rest.len > NODE_RANGE_MAX) {
        return true;
    }
    for (;;) {
        ptrdiff_t bar = str_find(rest, STR("||"));
        struct str piece = str_slice(rest, 0, bar < 0 ? rest.len : (size_t)bar);
        holds = alternative_holds(piece, version, &is_good) || holds;
        if (bar < 0) {
            break;
        }
        rest = str_slice(rest, (size_t)bar + 2, rest.len);
    }
    return holds || !is_good;
}

bool node_version_read(struct str text, struct node_version *out) {
    struct str rest = str_trim(text);
    struct partial p = {0};

    if (!read_partial(&rest, &p) || p.n < 1) {
        return false;
    }
    *out = p.version;
    return true;
}

bool node_version_is_exact(struct str text) {
    struct str rest = text;
    struct partial p = {0};

    return text.len > 0 && is_digit(text) && read_partial(&rest, &p) && p.n == 3 && rest.len == 0 &&
           memchr(text.ptr, '+', text.len) == NULL && memchr(text.ptr, '*', text.len) == NULL;
}
