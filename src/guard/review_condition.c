/* guard/review_condition.c: what the conditions of a statement hold it to. Source: IAM User Guide,
 * condition operators, global condition keys, policy variables. */
#include "guard/review.h"

#include "base/json.h"
#include "guard/walk.h"

#include <string.h>

/* ---- operators ---- */

/* An operator that lets only likeness pass: not its opposite, not an order, not Null, and not one
 * that a request without the key passes. */
static bool is_holding_operator(const char *name) {
    struct str text = str_from(name);
    ptrdiff_t set = str_find(text, STR(":"));
    struct str plain = set < 0 ? text : str_slice(text, (size_t)set + 1, text.len);

    return (set < 0 || str_starts(text, STR("ForAnyValue"))) && !str_ends(plain, STR("IfExists")) &&
           str_find(plain, STR("Not")) < 0 && str_find(plain, STR("Than")) < 0 &&
           !str_eq(plain, STR("Null"));
}

/* ---- values ---- */

/* What stands before the first wildcard; all of it where there is none. */
static struct str told_of(struct str text) {
    size_t n = 0;

    while (n < text.len && text.ptr[n] != '*' && text.ptr[n] != '?') {
        n++;
    }
    return str_slice(text, 0, n);
}

static bool has_wildcard(struct str text) { return told_of(text).len < text.len; }

/* A variable that IAM puts in from the request, "${aws:PrincipalAccount}", or as Fn::Sub writes it:
 * whoever asks meets it. That of the resource says whose it is, and "${AWS::Region}" is
 * CloudFormation's. */
static bool has_variable(struct str text) {
    ptrdiff_t open;

    while ((open = str_find(text, STR("${"))) >= 0) {
        text = str_slice(text, (size_t)open + 2, text.len);
        if (str_starts(text, STR("!"))) {
            text = str_slice(text, 1, text.len);
        }
        if (str_starts_nocase(text, STR("aws:")) && !str_starts(text, STR("AWS::")) &&
            !str_starts_nocase(text, STR("aws:Resource"))) {
            return true;
        }
    }
    return false;
}

/* A service of whose names each is one thing in all accounts: AWS gives them, or S3 takes none
 * twice. */
static bool is_named_once(struct str service) {
    static const char *const services[] = {
        "apigateway",  "cloudfront",  "cognito-identity",
        "cognito-idp", "execute-api", "elasticfilesystem",
        "kms",         "s3",
    };

    for (size_t i = 0; i < ARRAY_N(services); i++) {
        if (str_eq(service, str_from(services[i]))) {
            return true;
        }
    }
    return false;
}

/* An ARN of any account: everybody can make a thing of that name in their own. Where nobody can,
 * one without a name: "arn:aws:s3:::" and "arn:aws:cloudfront::*:distribution/" before a star. */
static bool is_every_arn(struct str text) {
    struct str service = review_arn_part(text, 2);
    struct str account = review_arn_part(text, 4);
    struct str rest = review_arn_part(text, 5);
    /* what stands first in it is the name, not its kind */
    bool is_bare = str_eq(service, STR("s3")) || str_eq(service, STR("execute-api"));
    size_t from = 0;

    if (!str_starts(text, STR("arn")) || !has_wildcard(text)) {
        return false;
    }
    if (has_wildcard(account) && !is_named_once(service)) {
        return true;
    }
    while (from < rest.len && rest.ptr[from] != '/' && rest.ptr[from] != ':') {
        from++;
    }
    return review_is_blank(account) &&
           (review_is_blank(str_slice(rest, 0, is_bare ? from : rest.len)) ||
            (!is_bare && from < rest.len && review_is_blank(str_slice(rest, from, rest.len))));
}

/* A subject of an identity provider that serves the whole world, in which no owner is named before
 * the first wildcard: "repo:" and a star. Source: GitHub, OpenID Connect reference, "sub"; EKS User
 * Guide, IAM roles for service accounts. */
static bool is_every_subject(struct str text) {
    struct str told = told_of(text);
    ptrdiff_t colon = str_find(told, STR(":"));
    struct str account = STR("system:serviceaccount:"); /* of Kubernetes: namespace, then name */
    bool has_owner = colon >= 0 && (size_t)colon + 1 < told.len;

    if (str_starts(told, STR("repo:")) || str_starts(told, STR("project_path:"))) {
        has_owner = str_find(told, STR("/")) >= 0;
    } else if (str_starts(told, STR("system:"))) {
        has_owner = str_starts(told, account) &&
                    str_find(str_slice(told, account.len, told.len), STR(":")) > 0;
    }
    return has_wildcard(text) && !has_owner;
}

/* How much of a value has to stand before its first wildcard to name somebody; 0: all of it. */
static const struct {
    const char *key;
    const char *start; /* what each value begins with */
    size_t least;      /* characters behind it */
} key_rows[] = {
    {"aws:PrincipalOrgID", "o-", 1},
    {"aws:SourceOrgID", "o-", 1},
    {"aws:PrincipalOrgPaths", "o-", 1},
    {"aws:SourceOrgPaths", "o-", 1},
    {"aws:SourceVpc", "vpc-", 1},
    {"aws:SourceVpce", "vpce-", 1},
    {"aws:userId", "", 12},
    {"iam:PassedToService", "", 1},
    {"aws:SourceAccount", "", 0},
    {"aws:PrincipalAccount", "", 0},
    {"aws:SourceOwner", "", 0},
    {"kms:CallerAccount", "", 0},
    {"s3:DataAccessPointAccount", "", 0},
};

static bool is_short(struct str key, struct str text) {
    struct str told = told_of(text);

    for (size_t i = 0; i < ARRAY_N(key_rows) && has_wildcard(text); i++) {
        if (str_eq_nocase(key, str_from(key_rows[i].key))) {
            return key_rows[i].least == 0 ||
                   told.len < strlen(key_rows[i].start) + key_rows[i].least;
        }
    }
    return false;
}

static bool is_every_text(struct str key, struct str text) {
    return (text.len > 0 && review_is_blank(text)) || is_every_arn(text) || is_short(key, text) ||
           (str_starts_nocase(key, STR("aws:")) && has_variable(text)) ||
           (str_eq_nocase(key, STR("aws:SourceIp")) && review_may_be_world(text)) ||
           (str_ends_nocase(key, STR(":sub")) && is_every_subject(text)) ||
           (str_ends_nocase(key, STR(":amr")) && str_eq(text, STR("unauthenticated")));
}

/* The looser of two: what one of a list, or of two branches, lets in is let in. */
static enum review_hold hold_of_either(enum review_hold a, enum review_hold b) {
    return a < b ? a : b;
}

/* Of a value, or of one in a list, where AWS::NoValue is no more there; alone it takes the
 * condition away. */
static enum review_hold hold_of_value(const struct review *review, const char *key,
                                      const json_t *value, bool is_listed) {
    const json_t *branches = json_object_get(value, "Fn::If");
    enum review_hold hold = REVIEW_HOLD_SURE;
    size_t i = 0;
    json_t *item = NULL;

    if (value == NULL || review_is_no_value(value)) { /* template_resolve() takes it out of an If */
        return is_listed ? REVIEW_HOLD_SURE : REVIEW_HOLD_NONE;
    }
    if (json_is_array(branches)) {
        return hold_of_either(hold_of_value(review, key, json_array_get(branches, 1), is_listed),
                              hold_of_value(review, key, json_array_get(branches, 2), is_listed));
    }
    if (json_is_array(value)) {
        json_array_foreach(value, i, item) {
            hold = hold_of_either(hold, hold_of_value(review, key, item, true));
        }
        return hold;
    }
    CLEANUP(freep) char *text = review_resolve(review, value);
    if (text != NULL && is_every_text(str_from(key), str_from(text))) {
        return REVIEW_HOLD_NONE;
    }
    return text == NULL || strstr(text, "{{resolve:") != NULL ? REVIEW_HOLD_UNTOLD
                                                              : REVIEW_HOLD_SURE;
}

enum review_hold review_hold_by(const struct review *review, const char *key, const json_t *value) {
    return hold_of_value(review, key, value, false);
}

bool review_is_everything(const struct review *review, const char *key, const json_t *value) {
    return review_hold_by(review, key, value) == REVIEW_HOLD_NONE;
}

/* ---- statements ---- */

static bool is_key(const char *have, const char *key) {
    struct str text = str_from(have);
    size_t len = strlen(key);

    if (len > 0 && key[len - 1] == ':') {
        return str_starts_nocase(text, str_from(key));
    }
    return key[0] == ':' ? text.len > len && str_ends_nocase(text, str_from(key))
                         : str_eq_nocase(text, str_from(key));
}

struct review_held review_hold(const struct review *review, const json_t *statement,
                               const char *key) {
    struct review_held best = {0};
    const char *operator= NULL;
    const char *name = NULL;
    json_t *keys = NULL;
    json_t *value = NULL;

    json_object_foreach(walk(json_object_get(statement, "Condition")), operator, keys) {
        json_object_foreach(keys, name, value) {
            if (is_key(name, key) && is_holding_operator(operator)) {
                best = review_held_best(
                    best, (struct review_held){review_hold_by(review, name, value), value});
            }
        }
    }
    return best;
}

bool review_is_held(const struct review *review, const json_t *statement, const char *key) {
    return review_hold(review, statement, key).hold != REVIEW_HOLD_NONE;
}
