/* What the policies of a caller allow. Source: IAM User Guide, "Policy evaluation logic": a Deny
 * wins, then an Allow of an identity's own, and a boundary has to allow it too; "IAM JSON policy
 * elements: Resource", wildcards. */
#include "guard/iam/actions.h"
#include "guard/role/role.h"
#include "guard/walk.h"

#include <string.h>

/* What a statement, a document or all of them say about one right. */
enum word {
    NO = 0, /* whatever the request */
    PERHAPS,
    YES, /* whatever the request */
};

struct right {
    const char *action;
    const char *resource;
    const json_t *condition; /* what its calls come with, or NULL */
};

enum { PATTERN_MAX = 2048 };

/* ---- Patterns ---- */

/* Whether every text that `text` stands for is one that `pattern` stands for: a star in `text` is
 * only met by a star, and a variable of the policy by the same one. */
static bool is_covered(const char *pattern, const char *text) {
    const char *star = NULL;
    const char *retry = NULL;

    while (*text != '\0') {
        if (*pattern == '*') {
            star = pattern++;
            retry = text;
        } else if (*text != '*' && (*pattern == *text || *pattern == '?')) {
            pattern++;
            text++;
        } else if (star != NULL) {
            pattern = star + 1;
            text = ++retry;
        } else {
            return false;
        }
    }
    while (*pattern == '*') {
        pattern++;
    }
    return *pattern == '\0';
}

/* The next character of a pattern, where a variable of the policy stands for any text. */
static size_t step(const char *text, bool *is_any) {
    const char *shut = text[0] == '$' && text[1] == '{' ? strchr(text, '}') : NULL;

    *is_any = text[0] == '*' || shut != NULL;
    return shut == NULL ? 1 : (size_t)(shut - text) + 1;
}

/* Whether some text is what both patterns stand for. */
static bool is_overlap(const char *a, const char *b) {
    size_t n = strlen(b);
    bool now[PATTERN_MAX + 1] = {true};
    bool is_any = false;

    if (n > PATTERN_MAX) {
        return true; /* too long to be told */
    }
    for (size_t j = 0; j < n; j++) {
        now[j + 1] = now[j] && b[j] == '*';
    }
    for (size_t len = step(a, &is_any); *a != '\0'; a += len, len = step(a, &is_any)) {
        bool corner = now[0]; /* before this character of `a`, and of `b` */

        now[0] = now[0] && is_any;
        for (size_t j = 0; j < n; j++) {
            bool above = now[j + 1];
            bool is_same = a[0] == b[j] || a[0] == '?' || b[j] == '?';

            now[j + 1] = ((is_any || b[j] == '*') && (above || now[j])) || (corner && is_same);
            corner = above;
        }
    }
    return now[n];
}

/* ---- One statement ---- */

/* An element that is one value or a list of them. */
static const json_t *item_at(const json_t *value, size_t i) {
    return json_is_array(value) ? json_array_get(value, i) : i == 0 ? value : NULL;
}

static bool has_action(const json_t *patterns, const char *action) {
    const json_t *pattern = item_at(patterns, 0);

    for (size_t i = 0; pattern != NULL; i++, pattern = item_at(patterns, i)) {
        if (iam_is_match(str_from(json_string_value(pattern)), str_from(action))) {
            return true;
        }
    }
    return false;
}

static enum word has_resource(const json_t *patterns, const char *resource) {
    const json_t *pattern = item_at(patterns, 0);
    enum word word = NO;

    for (size_t i = 0; pattern != NULL; i++, pattern = item_at(patterns, i)) {
        const char *text = json_string_value(pattern);

        if (text == NULL) {
            continue;
        }
        if (is_covered(text, resource)) {
            return YES;
        }
        word = is_overlap(text, resource) ? PERHAPS : word;
    }
    return word;
}

/* Whether what `held` demands is also demanded by `needed`: then the call meets it. */
static bool is_met(const json_t *held, const json_t *needed) {
    const char *operator= NULL;
    const json_t *keys = NULL;

    json_object_foreach(walk(held), operator, keys) {
        const char *key = NULL;
        const json_t *value = NULL;

        json_object_foreach(walk(keys), key, value) {
            if (!json_equal(value, json_object_get(json_object_get(needed, operator), key))) {
                return false;
            }
        }
    }
    return true;
}

/* How far one statement is about a right. */
static enum word statement_word(const json_t *statement, const struct right *right) {
    const json_t *not_resource = json_object_get(statement, "NotResource");
    const json_t *not_action = json_object_get(statement, "NotAction");
    bool is_about = not_action != NULL
                        ? !has_action(not_action, right->action)
                        : has_action(json_object_get(statement, "Action"), right->action);
    enum word word = NO;

    if (!is_about) {
        return NO;
    }
    word =
        has_resource(not_resource != NULL ? not_resource : json_object_get(statement, "Resource"),
                     right->resource);
    if (not_resource != NULL) {
        word = word == NO ? YES : word == YES ? NO : PERHAPS;
    }
    return word == YES && !is_met(json_object_get(statement, "Condition"), right->condition)
               ? PERHAPS
               : word;
}

/* ---- Documents ---- */

/* The strongest word of all statements with this effect. */
static enum word document_word(const json_t *document, const char *effect,
                               const struct right *right) {
    const json_t *statements = json_object_get(document, "Statement");
    const json_t *statement = item_at(statements, 0);
    enum word word = NO;

    for (size_t i = 0; statement != NULL; i++, statement = item_at(statements, i)) {
        if (strcmp(json_str_or(statement, "Effect", ""), effect) == 0) {
            enum word one = statement_word(statement, right);
            word = one > word ? one : word;
        }
    }
    return word;
}

static enum word allow_word(const json_t *document, const struct right *right) {
    return document_word(document, "Allow", right);
}

static enum word held_word(const json_t *held, const struct right *right) {
    const json_t *boundary = json_object_get(held, "boundary");
    enum word allow = NO;
    enum word deny = document_word(boundary, "Deny", right);
    size_t i = 0;
    const json_t *document = NULL;

    json_array_foreach(json_object_get(held, "documents"), i, document) {
        enum word one = allow_word(document, right);
        enum word other = document_word(document, "Deny", right);

        allow = one > allow ? one : allow;
        deny = other > deny ? other : deny;
    }
    if (boundary != NULL) {
        enum word ceiling = allow_word(boundary, right);
        allow = ceiling < allow ? ceiling : allow;
    }
    return deny == YES || allow == NO ? NO : deny == PERHAPS ? PERHAPS : allow;
}

/* ---- Rights ---- */

/* What `held` gives of one right. */
typedef enum word (*word_of)(const json_t *held, const struct right *right);

static const char *text_of(const json_t *value) {
    const char *text = json_string_value(value);

    return text == NULL ? "" : text;
}

static void judge_statement(const json_t *statement, const json_t *held, word_of ask,
                            json_t *missing, json_t *unsure) {
    const json_t *actions = json_object_get(statement, "Action");
    const json_t *resources = json_object_get(statement, "Resource");
    const json_t *action = item_at(actions, 0);

    for (size_t a = 0; action != NULL; a++, action = item_at(actions, a)) {
        const json_t *resource = item_at(resources, 0);

        for (size_t r = 0; resource != NULL; r++, resource = item_at(resources, r)) {
            const struct right right = {text_of(action), text_of(resource),
                                        json_object_get(statement, "Condition")};
            enum word word = ask(held, &right);

            if (word != YES) {
                (void)json_array_append_new(
                    word == NO ? missing : unsure,
                    json_pack("{s:s, s:s}", "action", right.action, "resource", right.resource));
            }
        }
    }
}

/* The rights of `needed` that are not given for sure: what is unsure goes to `unsure`, or, where
 * that is NULL, is missing as well. */
static json_t *judge(const json_t *needed, const json_t *held, word_of ask, json_t *unsure) {
    json_t *missing = json_array();
    const json_t *statement;
    size_t i;

    json_array_foreach(json_object_get(needed, "Statement"), i, statement) {
        judge_statement(statement, held, ask, missing, unsure == NULL ? missing : unsure);
    }
    return missing;
}

json_t *role_missing(const json_t *needed, const json_t *held) {
    return judge(needed, held, allow_word, NULL);
}

json_t *role_judge(const json_t *needed, const json_t *held, json_t *unsure) {
    return judge(needed, held, held_word, unsure);
}
