/* guard/review_cedar.c: policies in Cedar, of Verified Permissions and Verified Access.
 *
 * What permits is read; what forbids lets nobody in. Source: Cedar Policy Language Reference,
 * "Grammar". */
#include "guard/review.h"

#include "base/json.h"

#include <ctype.h>
#include <string.h>

enum { TOKENS_MAX = 8192, DEPTH_MAX = 64 };

/* Tokens of a document: words, texts with their quotes, and signs. */
struct tokens {
    struct str *at;
    size_t n;
};

static bool is_name(char c) { return isalnum((unsigned char)c) || c == '_' || c == '?'; }

/* A text, with its quotes; 0 where it does not end. */
static size_t text_len(struct str text) {
    for (size_t i = 1; i < text.len; i++) {
        if (text.ptr[i] == '\\') {
            i++;
        } else if (text.ptr[i] == '"') {
            return i + 1;
        }
    }
    return 0;
}

/* How long the token at the beginning of a text is; 0 where it is none. */
static size_t token_len(struct str text) {
    static const char *const pairs[] = {"==", "!=", "<=", ">=", "&&", "||", "::"};
    size_t n = 0;

    if (text.ptr[0] == '"') {
        return text_len(text);
    }
    while (n < text.len && is_name(text.ptr[n])) {
        n++;
    }
    for (size_t i = 0; n == 0 && i < ARRAY_N(pairs); i++) {
        n = str_starts(text, str_from(pairs[i])) ? 2 : 0;
    }
    return n > 0 ? n : strchr("(){}[],;.<>!@:+-*", text.ptr[0]) != NULL ? 1 : 0;
}

/* False where it is none of Cedar's, or too long. */
static bool tokens_read(struct str text, struct tokens *out) {
    while (text.len > 0) {
        size_t skip = isspace((unsigned char)text.ptr[0]) ? 1 : 0;

        if (str_starts(text, STR("//"))) {
            ptrdiff_t end = str_find(text, STR("\n"));
            skip = end < 0 ? text.len : (size_t)end;
        }
        if (skip == 0) {
            skip = text.ptr[0] == '\0' || out->n == TOKENS_MAX ? 0 : token_len(text);
            if (skip == 0) {
                return false;
            }
            out->at[out->n++] = str_slice(text, 0, skip);
        }
        text = str_slice(text, skip, text.len);
    }
    return true;
}

static struct tokens tokens_part(struct tokens in, size_t from, size_t to) {
    return (struct tokens){in.at + from, to - from};
}

static bool is_at(struct tokens in, size_t i, const char *word) {
    return i < in.n && str_eq(in.at[i], str_from(word));
}

static bool is_open(struct str token) { return token.len == 1 && strchr("([{", token.ptr[0]); }

static bool is_shut(struct str token) { return token.len == 1 && strchr(")]}", token.ptr[0]); }

/* Where the next `word` stands that no bracket holds, or the end. */
static size_t find_outside(struct tokens in, size_t from, const char *word) {
    int depth = 0;

    for (size_t i = from; i < in.n; i++) {
        if (depth == 0 && is_at(in, i, word)) {
            return i;
        }
        depth += is_open(in.at[i]) ? 1 : is_shut(in.at[i]) ? -1 : 0;
    }
    return in.n;
}

/* Where the bracket at `from` is shut, or the end. */
static size_t shut_of(struct tokens in, size_t from) {
    int depth = 0;

    for (size_t i = from; i < in.n; i++) {
        depth += is_open(in.at[i]) ? 1 : is_shut(in.at[i]) ? -1 : 0;
        if (depth == 0) {
            return i;
        }
    }
    return in.n;
}

/* ---- conditions ---- */

static bool is_same(struct tokens a, struct tokens b) {
    for (size_t i = 0; i < a.n && i < b.n; i++) {
        if (!str_eq(a.at[i], b.at[i])) {
            return false;
        }
    }
    return a.n == b.n;
}

static bool is_root(struct str token) {
    return str_eq(token, STR("principal")) || str_eq(token, STR("resource")) ||
           str_eq(token, STR("context")) || str_eq(token, STR("action"));
}

/* "context has idc" is met by whoever has signed in; 'groups has "c242..."' is a membership. */
static bool is_weak_has(struct tokens in, size_t i) {
    return is_at(in, i, "has") && i + 1 < in.n && in.at[i + 1].ptr[0] != '"';
}

/* like "*", or a block of addresses that is the whole internet's. */
static bool is_everything(struct tokens in, size_t i) {
    struct str text = in.at[i];

    if (text.len < 2 || text.ptr[0] != '"') {
        return false;
    }
    text = str_slice(text, 1, text.len - 1);
    return review_is_world(text) || (i > 0 && is_at(in, i - 1, "like") && review_is_blank(text));
}

/* One comparison, attribute or call: whether it can be false for somebody. */
static bool is_holding(struct tokens in) {
    static const char *const alike[] = {"==", "in", "<=", ">="};
    bool has_root = false;

    for (size_t i = 0; i < in.n; i++) {
        has_root = has_root || is_root(in.at[i]);
        if (is_at(in, i, "!") || is_at(in, i, "!=") || is_at(in, i, "if") || is_at(in, i, "then") ||
            is_at(in, i, "else") || is_weak_has(in, i) || is_everything(in, i)) {
            return false;
        }
    }
    for (size_t k = 0; k < ARRAY_N(alike); k++) {
        size_t i = find_outside(in, 0, alike[k]);
        if (i < in.n && is_same(tokens_part(in, 0, i), tokens_part(in, i + 1, in.n))) {
            return false;
        }
    }
    return has_root;
}

/* Whether a condition holds: one of what && joins does, and each of what || joins. */
static bool holds(struct tokens in, int depth) {
    if (depth > DEPTH_MAX || in.n == 0) {
        return false;
    }
    if (is_at(in, 0, "(") && shut_of(in, 0) == in.n - 1) {
        return holds(tokens_part(in, 1, in.n - 1), depth + 1);
    }
    for (int is_or = 1; is_or >= 0; is_or--) { /* && binds closer */
        const char *sign = is_or == 1 ? "||" : "&&";
        size_t i = find_outside(in, 0, sign);

        if (i < in.n) {
            bool left = holds(tokens_part(in, 0, i), depth + 1);
            bool right = holds(tokens_part(in, i + 1, in.n), depth + 1);
            return is_or == 1 ? left && right : left || right;
        }
    }
    return is_holding(in);
}

/* ---- policies ---- */

struct permit {
    bool has_principal; /* named, not only by its kind */
    bool has_action;
    bool has_resource;
    bool has_condition;
    bool is_held; /* by a condition */
};

/* "principal == User::"x"", "action in [...]"; "principal is User" is every user. */
static bool is_named(struct tokens part) {
    return find_outside(part, 0, "==") < part.n || find_outside(part, 0, "in") < part.n;
}

static bool read_scope(struct tokens scope, struct permit *out) {
    size_t first = find_outside(scope, 0, ",");
    size_t second = find_outside(scope, first + 1, ",");

    if (!is_at(scope, 0, "principal") || !is_at(scope, first + 1, "action") ||
        !is_at(scope, second + 1, "resource")) {
        return false;
    }
    out->has_principal = is_named(tokens_part(scope, 0, first));
    out->has_action = is_named(tokens_part(scope, first + 1, second));
    out->has_resource = is_named(tokens_part(scope, second + 1, scope.n));
    return true;
}

/* What follows the scope, up to the semicolon. */
static bool read_conditions(struct tokens in, struct permit *out) {
    for (size_t i = 0; i < in.n;) {
        size_t shut = shut_of(in, i + 1);
        bool is_when = is_at(in, i, "when");

        if ((!is_when && !is_at(in, i, "unless")) || !is_at(in, i + 1, "{") || shut == in.n) {
            return false;
        }
        out->has_condition = true;
        out->is_held = out->is_held || (is_when && holds(tokens_part(in, i + 2, shut), 0));
        i = shut + 1;
    }
    return true;
}

static void judge(struct review *review, const char *where, const struct permit *permit) {
    if (permit->is_held) {
        return;
    }
    if (!permit->has_principal && !permit->has_resource && !permit->has_condition) {
        review_find(review, REVIEW_PUBLIC_ACCESS, where,
                    "it lets everybody in: its permit names neither principal nor resource");
    } else if (!permit->has_principal) {
        review_find(review, REVIEW_CEDAR_OPEN, where,
                    "its permit names no principal, and no condition is sure to hold anybody");
    } else if (!permit->has_action && !permit->has_resource) {
        review_find(review, REVIEW_CEDAR_OPEN, where,
                    "its permit names neither action nor resource");
    }
}

/* One policy, without its semicolon; false where it cannot be read. */
static bool review_policy(struct review *review, const char *where, struct tokens in) {
    struct permit permit = {0};
    size_t from = 0;

    while (is_at(in, from, "@")) { /* @id("...") */
        from = is_at(in, from + 2, "(") ? shut_of(in, from + 2) + 1 : from + 2;
    }
    bool is_permit = is_at(in, from, "permit");
    size_t shut = from + 1 < in.n ? shut_of(in, from + 1) : in.n;

    if ((!is_permit && !is_at(in, from, "forbid")) || !is_at(in, from + 1, "(") || shut == in.n ||
        !read_scope(tokens_part(in, from + 2, shut), &permit) ||
        !read_conditions(tokens_part(in, shut + 1, in.n), &permit)) {
        return false;
    }
    if (is_permit) {
        judge(review, where, &permit);
    }
    return true;
}

void review_cedar(struct review *review, const char *where, const json_t *document) {
    CLEANUP(freep) char *text = review_resolve(review, document);
    CLEANUP(freep) struct str *room = mem_array(TOKENS_MAX, sizeof *room);
    struct tokens tokens = {.at = room};
    bool is_read = text != NULL && tokens_read(str_from(text), &tokens);

    for (size_t from = 0; is_read && from < tokens.n;) {
        size_t to = find_outside(tokens, from, ";");
        is_read = to < tokens.n && review_policy(review, where, tokens_part(tokens, from, to));
        from = to + 1;
    }
    if (!is_read) {
        review_unresolved(review, where, document, "a policy in Cedar cannot be read");
    }
}
