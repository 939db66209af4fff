/* guard/review_rights.c: what bearers can become by all that they carry together, and which rights
 * the deployed template does not give. */
#include "guard/review.h"

#include "base/json.h"
#include "guard/iam/actions.h"
#include "guard/iam/paths.h"
#include "guard/walk.h"

#include <stdlib.h>
#include <string.h>

enum { PATHS_SHOWN_MAX = 8 };

/* ---- statements of a bearer ---- */

/* Adds every statement of a document, those of both branches of an Fn::If too. */
static void add_statements(const json_t *value, json_t *out) {
    const json_t *branches = json_object_get(value, "Fn::If");
    size_t i = 0;
    json_t *item = NULL;

    if (json_is_array(branches)) {
        add_statements(json_array_get(branches, 1), out);
        add_statements(json_array_get(branches, 2), out);
    } else if (json_is_array(value)) {
        json_array_foreach(value, i, item) { add_statements(item, out); }
    } else if (json_object_get(value, "Effect") != NULL) {
        (void)json_array_append(out, walk(value));
    } else if (json_object_get(value, "PolicyDocument") != NULL) {
        add_statements(json_object_get(value, "PolicyDocument"), out);
    } else if (json_object_get(value, "Statement") != NULL) {
        add_statements(json_object_get(value, "Statement"), out);
    }
}

static bool refers_to(const json_t *value, const char *name) {
    size_t i = 0;
    json_t *item = NULL;

    json_array_foreach(value, i, item) {
        if (refers_to(item, name)) {
            return true;
        }
    }
    return strcmp(json_str_or(value, "Ref", ""), name) == 0;
}

static bool is_bearer(const char *type) {
    return strcmp(type, "AWS::IAM::Role") == 0 || strcmp(type, "AWS::IAM::User") == 0 ||
           strcmp(type, "AWS::IAM::Group") == 0 || strcmp(type, "AWS::Serverless::Function") == 0 ||
           strcmp(type, "AWS::Serverless::StateMachine") == 0;
}

static bool is_attached(const json_t *policy, const char *name) {
    static const char *const members[] = {"Roles",    "Users",    "Groups",
                                          "RoleName", "UserName", "GroupName"};
    const json_t *properties = json_object_get(policy, "Properties");

    for (size_t i = 0; i < ARRAY_N(members); i++) {
        if (refers_to(json_object_get(properties, members[i]), name)) {
            return true;
        }
    }
    return false;
}

/* All that a role, user or group of the template carries: its own, what is attached to it, and
 * managed policies of the template that it names. */
static json_t *statements_of(const struct review *review, const char *name,
                             const json_t *resource) {
    const json_t *properties = json_object_get(resource, "Properties");
    json_t *out = json_array();
    const char *other = NULL;
    json_t *policy = NULL;

    add_statements(json_object_get(properties, "Policies"), out);
    add_statements(json_object_get(properties, "PolicyDocument"), out);
    review_managed_statements(review, json_object_get(properties, "ManagedPolicyArns"), out);
    if (strncmp(json_str_or(resource, "Type", ""), "AWS::Serverless::", 17) == 0) {
        review_managed_statements(review, json_object_get(properties, "Policies"), out);
    }
    json_object_foreach(walk(json_object_get(review->template, "Resources")), other, policy) {
        if (strcmp(other, name) != 0 &&
            strncmp(json_str_or(policy, "Type", ""), "AWS::IAM::", 10) == 0 &&
            (is_attached(policy, name) ||
             refers_to(json_object_get(properties, "ManagedPolicyArns"), other))) {
            add_statements(json_at(policy, "Properties.PolicyDocument"), out);
        }
    }
    return out;
}

/* ---- paths ---- */

struct match {
    struct str action;
    bool is_match;
};

static bool note_match(const char *pattern, void *with) {
    struct match *match = with;

    match->is_match = match->is_match || iam_is_match(str_from(pattern), match->action);
    return true;
}

static bool speaks_of(const struct review *review, const json_t *statement, struct str action) {
    struct match is = {.action = action};
    struct match is_not = {.action = action};
    const json_t *other = json_object_get(statement, "NotAction");

    (void)review_texts(review, json_object_get(statement, "Action"), note_match, &is);
    (void)review_texts(review, other, note_match, &is_not);
    return json_object_get(statement, "Action") != NULL ? is.is_match
                                                        : other != NULL && !is_not.is_match;
}

/* Every resource, every role, every function of an account: nothing is named. */
static bool note_wide(const char *text, void *with) {
    bool *is_wide = with;
    struct str rest = review_arn_part(str_from(text), 5);
    size_t from = 0;

    while (from < rest.len && rest.ptr[from] != '/' && rest.ptr[from] != ':') {
        from++;
    }
    struct str name = str_slice(rest, from, rest.len);
    bool is_bare = rest.len > 0 && name.len > 1 && review_is_blank(name);
    *is_wide = *is_wide || review_is_blank(str_from(text)) ||
               (rest.len > 0 && review_is_blank(rest)) || is_bare;
    return true;
}

/* Whether a condition may keep its bearer from something: one on the time, the place or the way of
 * a request does not. */
static bool has_hold(const struct review *review, const json_t *condition) {
    static const char *const free_keys[] = {
        "aws:CurrentTime",    "aws:EpochTime", "aws:RequestedRegion", "aws:SecureTransport",
        "aws:TokenIssueTime", "aws:UserAgent", "aws:PrincipalType",
    };
    const char *operator= NULL;
    const char *key = NULL;
    json_t *keys = NULL;
    json_t *value = NULL;

    json_object_foreach(walk(condition), operator, keys) {
        bool is_free = json_is_object(keys);

        json_object_foreach(keys, key, value) {
            bool is_listed = review_is_everything(review, key, value);

            for (size_t i = 0; i < ARRAY_N(free_keys); i++) {
                is_listed = is_listed || str_eq_nocase(str_from(key), str_from(free_keys[i]));
            }
            is_free = is_free && is_listed;
        }
        if (!is_free) {
            return true;
        }
    }
    return false;
}

enum hold { HOLD_NONE = 0, HOLD_NAMED, HOLD_WIDE };

static enum hold hold_of(const struct review *review, const json_t *statement) {
    const json_t *resource = json_object_get(statement, "Resource");
    bool is_wide = resource == NULL;

    (void)review_texts(review, resource, note_wide, &is_wide);
    return is_wide && !has_hold(review, json_object_get(statement, "Condition")) ? HOLD_WIDE
                                                                                 : HOLD_NAMED;
}

/* How an action may be used by whoever has these statements. */
static enum hold may_use(const struct review *review, const json_t *statements, struct str action) {
    enum hold best = HOLD_NONE;
    size_t i = 0;
    json_t *statement = NULL;

    json_array_foreach(statements, i, statement) {
        enum hold hold = hold_of(review, statement);
        bool is_deny = strcmp(json_str_or(statement, "Effect", ""), "Deny") == 0;

        if (!speaks_of(review, statement, action)) {
            continue;
        }
        if (is_deny && hold == HOLD_WIDE) {
            return HOLD_NONE;
        }
        best = !is_deny && hold > best ? hold : best;
    }
    return best;
}

static enum hold may_walk(const struct review *review, const json_t *statements,
                          const struct iam_path *path) {
    enum hold worst = HOLD_WIDE;
    struct str rest = str_from(path->actions);
    struct str action = {0};

    while (worst != HOLD_NONE && rest.len > 0 && str_next(&rest, ' ', &action)) {
        enum hold hold = may_use(review, statements, action);
        worst = hold < worst ? hold : worst;
    }
    return worst;
}

static void find_paths(struct review *review, const char *name, const json_t *statements,
                       enum hold hold, enum review_rule rule) {
    CLEANUP(buf_done) struct buf ids = BUF_INIT(4096);
    CLEANUP(freep) char *where = mem_format("Resources.%s", name);
    const struct iam_path *first = NULL;
    size_t n = 0;

    for (size_t i = 0; i < iam_path_n(); i++) {
        const struct iam_path *path = iam_path(i);

        if (may_walk(review, statements, path) != hold) {
            continue;
        }
        if (n++ < PATHS_SHOWN_MAX) {
            buf_addf(&ids, "%s%s", first == NULL ? "" : ", ", path->id);
        }
        first = first == NULL ? path : first;
    }
    if (n > PATHS_SHOWN_MAX) {
        buf_addf(&ids, " and %zu more", n - PATHS_SHOWN_MAX);
    }
    if (first != NULL) {
        review_find(review, rule, where, "it may do %s, by which it can become more (%s)",
                    first->actions, buf_cstr(&ids));
    }
}

static bool is_policy_of_a_bearer(const struct review *review, const char *name,
                                  const json_t *policy) {
    const char *other = NULL;
    json_t *resource = NULL;

    json_object_foreach(walk(json_object_get(review->template, "Resources")), other, resource) {
        if (is_bearer(json_str_or(resource, "Type", "")) &&
            (is_attached(policy, other) ||
             refers_to(json_at(resource, "Properties.ManagedPolicyArns"), name))) {
            return true;
        }
    }
    return false;
}

void review_paths(struct review *review) {
    const char *name = NULL;
    json_t *resource = NULL;

    json_object_foreach(walk(json_object_get(review->template, "Resources")), name, resource) {
        const char *type = json_str_or(resource, "Type", "");
        bool is_policy = strncmp(type, "AWS::IAM::", 10) == 0 && !is_bearer(type) &&
                         json_at(resource, "Properties.PolicyDocument") != NULL;

        if (!is_bearer(type) && (!is_policy || is_policy_of_a_bearer(review, name, resource))) {
            continue;
        }
        CLEANUP(json_decrefp) json_t *statements = statements_of(review, name, resource);
        find_paths(review, name, statements, HOLD_WIDE, REVIEW_ESCALATION_PATH);
        if (!review->is_bootstrap) { /* its roles are held by boundary and prefix */
            find_paths(review, name, statements, HOLD_NAMED, REVIEW_ESCALATION_HELD);
        }
    }
}

/* ---- wider than what is deployed ---- */

static bool note_text(const char *text, void *with) {
    (void)json_array_append_new(with, json_string(text));
    return true;
}

/* The strings of a member, resolved; NULL when one of them cannot be told. */
static json_t *texts_of(const struct review *review, const json_t *value) {
    json_t *out = json_array();

    if (value != NULL && !review_texts(review, value, note_text, out)) {
        json_decref(out);
        return NULL;
    }
    return out;
}

/* Whether each string of `narrow` is within one of `wide`. */
static bool is_within_texts(const struct review *review, const json_t *narrow, const json_t *wide) {
    CLEANUP(json_decrefp) json_t *have = texts_of(review, narrow);
    CLEANUP(json_decrefp) json_t *had = texts_of(review, wide);
    size_t i = 0;
    size_t k = 0;
    json_t *one = NULL;
    json_t *other = NULL;

    if (have == NULL || had == NULL) {
        return json_equal(narrow, wide); /* the same words, whatever they mean */
    }
    json_array_foreach(have, i, one) {
        bool is_covered = false;

        json_array_foreach(had, k, other) {
            is_covered = is_covered || iam_is_within(str_from(json_string_value(one)),
                                                     str_from(json_string_value(other)));
        }
        if (!is_covered) {
            return false;
        }
    }
    return true;
}

/* Whether all that `now` allows, `before` allowed. */
static bool is_within(const struct review *review, const json_t *now, const json_t *before) {
    static const char *const same[] = {"Effect",    "NotAction",    "NotResource",
                                       "Principal", "NotPrincipal", "Condition"};

    for (size_t i = 0; i < ARRAY_N(same); i++) {
        const json_t *have = json_object_get(now, same[i]);
        const json_t *had = json_object_get(before, same[i]);
        bool is_dropped_hold = strcmp(same[i], "Condition") == 0 && had == NULL;

        if (!is_dropped_hold && (have == NULL ? had != NULL : !json_equal(have, had))) {
            return false;
        }
    }
    return is_within_texts(review, json_object_get(now, "Action"),
                           json_object_get(before, "Action")) &&
           is_within_texts(review, json_object_get(now, "Resource"),
                           json_object_get(before, "Resource"));
}

static bool is_covered(const struct review *review, const json_t *statement,
                       const json_t *statements) {
    size_t i = 0;
    json_t *one = NULL;

    json_array_foreach(statements, i, one) {
        if (is_within(review, statement, one)) {
            return true;
        }
    }
    return false;
}

static bool is_allow(const json_t *statement) {
    return strcmp(json_str_or(statement, "Effect", ""), "Deny") != 0;
}

static void add_list(const struct review *review, const json_t *value, struct buf *out) {
    CLEANUP(json_decrefp) json_t *texts = texts_of(review, value);
    size_t i = 0;
    json_t *text = NULL;

    if (texts == NULL) {
        buf_add_s(out, "what cannot be told");
    }
    json_array_foreach(texts, i, text) {
        buf_addf(out, "%s%s", i > 0 ? ", " : "", json_string_value(text));
    }
}

static void find_wider(struct review *review, const char *where, const json_t *statement) {
    CLEANUP(buf_done) struct buf text = BUF_INIT(2048);
    const json_t *principal = json_object_get(statement, "Principal");

    add_list(review, json_object_get(statement, "Action"), &text);
    if (json_object_get(statement, "Resource") != NULL) {
        buf_add_s(&text, " on ");
        add_list(review, json_object_get(statement, "Resource"), &text);
    }
    if (principal != NULL) {
        CLEANUP(freep) char *who = json_text(principal);
        buf_addf(&text, " for %s", who);
    }
    review_find(review, REVIEW_RIGHTS_WIDER, where, "it newly allows %s", buf_cstr(&text));
}

static json_t *all_statements(const struct review *review, const json_t *resource) {
    const json_t *properties = json_object_get(resource, "Properties");
    CLEANUP(json_decrefp) json_t *own = NULL;
    json_t *out = json_array();
    size_t i = 0;
    json_t *policy = NULL;

    add_statements(json_object_get(properties, "Policies"), out);
    add_statements(json_object_get(properties, "PolicyDocument"), out);
    own = review_own_policies(review, json_str_or(resource, "Type", ""), properties);
    json_array_foreach(own, i, policy) { add_statements(json_object_get(policy, "document"), out); }
    return out;
}

/* Who else carries a policy now, or acts as which role. */
static size_t wider_bearers(struct review *review, const char *where, const json_t *now,
                            const json_t *before) {
    static const char *const bearers[] = {"Roles",    "Users",    "Groups",
                                          "RoleName", "UserName", "GroupName"};
    static const char *const roles[] = {"Role",          "RoleArn",     "RoleARN",
                                        "ExecutionRole", "TaskRoleArn", "ExecutionRoleArn",
                                        "JobRoleArn",    "ServiceRole", "IamInstanceProfile"};
    const json_t *have = json_object_get(now, "Properties");
    const json_t *had = json_object_get(before, "Properties");
    bool is_iam = strncmp(json_str_or(now, "Type", ""), "AWS::IAM::", 10) == 0;
    size_t n = 0;

    for (size_t i = 0; i < ARRAY_N(bearers) && is_iam && before != NULL; i++) {
        if (!is_within_texts(review, json_object_get(have, bearers[i]),
                             json_object_get(had, bearers[i]))) {
            review_find(review, REVIEW_RIGHTS_WIDER, where, "others carry it now (%s)", bearers[i]);
            n++;
        }
    }
    for (size_t i = 0; i < ARRAY_N(roles) && !is_iam; i++) {
        const json_t *role = json_object_get(have, roles[i]);
        CLEANUP(freep) char *text = review_resolve(review, role);
        bool is_of_template =
            text != NULL && strncmp(text, "${", 2) == 0 && strncmp(text, "${AWS::", 7) != 0;

        if (role != NULL && !json_equal(role, json_object_get(had, roles[i])) && !is_of_template) {
            review_find(review, REVIEW_RIGHTS_WIDER, where,
                        "it acts as a role that is not in the template");
            n++;
        }
    }
    return n;
}

/* What holds a role beside its statements. */
static size_t wider_attachments(struct review *review, const char *where, const json_t *now,
                                const json_t *before) {
    const json_t *boundary = json_at(before, "Properties.PermissionsBoundary");
    size_t n = 0;

    if (!is_within_texts(review, json_at(now, "Properties.ManagedPolicyArns"),
                         json_at(before, "Properties.ManagedPolicyArns"))) {
        review_find(review, REVIEW_RIGHTS_WIDER, where,
                    "it carries a managed policy that it did not");
        n++;
    }
    if (boundary != NULL && !json_equal(boundary, json_at(now, "Properties.PermissionsBoundary"))) {
        review_find(review, REVIEW_RIGHTS_WIDER, where, "its permissions boundary goes or changes");
        n++;
    }
    return n;
}

void review_wider(struct review *review, const char *where, const char *name) {
    const json_t *now = json_object_get(json_object_get(review->template, "Resources"), name);
    const json_t *before = review_before(review, name);
    bool is_iam = strncmp(json_str_or(now, "Type", ""), "AWS::IAM::", 10) == 0;
    CLEANUP(json_decrefp) json_t *have = all_statements(review, now);
    CLEANUP(json_decrefp) json_t *had = all_statements(review, before);
    size_t n = 0;
    size_t i = 0;
    json_t *statement = NULL;

    if (review->ctx->template_before == NULL) {
        return;
    }
    json_array_foreach(have, i, statement) {
        if (is_allow(statement) && !is_covered(review, statement, had)) {
            find_wider(review, where, statement);
            n++;
        }
    }
    json_array_foreach(had, i, statement) {
        if (!is_allow(statement) && !is_covered(review, statement, have)) {
            review_find(review, REVIEW_RIGHTS_WIDER, where,
                        "a statement that denies goes or changes");
            n++;
        }
    }
    n += wider_attachments(review, where, now, before);
    n += wider_bearers(review, where, now, before);
    if (is_iam && n == 0 && !json_equal(now, before)) {
        review_find(review, REVIEW_RIGHTS_CHANGED, where, "the rights of %s change", name);
    }
}
