/* guard/review.h: the pieces of the two reviews, for this floor only. */
#pragma once

#include "guard/policy.h"
#include "guard/template_value.h"

/* One review under way. */
struct review {
    const struct review_ctx *ctx;
    const json_t *written;       /* the template as it is written */
    struct template_facts facts; /* of it */
    json_t *template;            /* with all put in that is told; owned */
    json_t *before;              /* the deployed one, the same way; owned, or NULL */
    json_t *findings;
    enum verdict verdict; /* the strictest so far */
    bool is_bootstrap;    /* the set-up stack makes the roles that others are held by */
    bool is_made_over;    /* a transform makes resources that the template does not name */
};

/* Puts into the review's template what is told by the values that parameters get (NULL: anybody may
 * still give others), or by their Defaults. review_end() lets it go. */
void review_begin(struct review *review, const json_t *template, const json_t *values);
void review_end(struct review *review);

/* What a value cannot be told by: a parameter that has none here, which asks, or anything else. */
void review_unresolved(struct review *review, const char *where, const json_t *value,
                       const char *text);

/* Adds a finding of this rule. `where` is a path such as "Resources.Role.Properties"; the text must
 * not hold a secret. */
void review_find(struct review *review, enum review_rule rule, const char *where, const char *fmt,
                 ...) PRINTF_LIKE(4, 5);

/* review_find.c: adds to the set `out` the parameters that a value refers to. */
void review_parameters_in(const struct review *review, const json_t *value, json_t *out);

/* review_transform.c: who else works on the template, before it is one. */
void review_transforms(struct review *review);

/* review_transform.c: what SAM makes of a resource. */
void review_sam_events(struct review *review, const char *where, const char *type,
                       const json_t *properties);

/* review_web.c: what stands between the web and an application. */
void review_web(struct review *review, const char *where, const char *name, const char *type,
                const json_t *properties);

/* review_template.c: the template's resources, whatever is in the plan or the change set. */
void review_template(struct review *review);

/* review_property.c: what a resource's properties have to say, by review_property.def. */
void review_properties(struct review *review, const char *where, const char *type,
                       const json_t *properties);

/* review_network.c: from which addresses one may come. */
void review_network(struct review *review, const char *where, const char *type,
                    const json_t *properties);

/* A place, for callbacks that look at one text. */
struct review_at {
    struct review *review;
    const char *where;
};

/* review_access.c: who gets access in a service's own way: entries of clusters, documents of
 * collections, grants of lakes, shares. */
void review_access(struct review *review, const char *where, const char *type,
                   const json_t *properties);

/* review_cedar.c: one document of policies in Cedar. */
void review_cedar(struct review *review, const char *where, const json_t *document);

/* review_openapi.c: which operations of an API's document nobody checks. */
void review_openapi(struct review *review, const char *where, const char *type,
                    const json_t *properties);

/* review_network.c: whether a block of addresses ("0.0.0.0/0") is everybody's, or a large part of
 * it. */
bool review_is_world(struct str block);

/* The same of a property that has to be a block: what is none, such as a reference that AWS
 * resolves, may be everybody's. */
bool review_may_be_world(struct str block);

/* review_iam.c: the policies and managed policies that one resource carries. */
void review_iam(struct review *review, const char *where, const char *type,
                const json_t *properties);

/* review_iam.c: one policy document that says what its bearer may do. */
void review_grants(struct review *review, const char *where, const json_t *document);

/* review_iam.c: whether a statement covers every resource; `*is_known` says whether that could be
 * told. */
bool review_covers_everything(const struct review *review, const json_t *statement, bool *is_known);

/* review_managed.c: the managed policies that a bearer carries, by ARN or, in SAM, by name. */
void review_managed(struct review *review, const char *where, const json_t *value);

/* review_managed.c: adds the statements of those of AWS among them to the array `out`. */
void review_managed_statements(const struct review *review, const json_t *value, json_t *out);

/* review_property.c: whether "KEY=VALUE" stands among {"Key","Value"} pairs; in both
 * branches of an Fn::If; of a key that is there twice the last one holds. */
bool review_has_pair(const json_t *pairs, struct str want);

/* review_trust.c: who may become a role, and whom a resource's own policy lets in. */
void review_trust(struct review *review, const char *where, const char *type,
                  const json_t *properties);

/* review_trust.c: whom a property lets in that names principals: "*", accounts, ARNs. */
void review_principal_list(struct review *review, const char *where, const json_t *value);

/* review_trust.c: the policies that a resource of this type carries itself, each with its place
 * below Properties, as an array of {"place","document"}. The caller decrefs. */
json_t *review_own_policies(const struct review *review, const char *type,
                            const json_t *properties);

/* review_rights.c: what the bearers of rights can become, over the whole template. */
void review_paths(struct review *review);

/* review_rights.c: which statements allow, or let in, more than the deployed template does. */
void review_wider(struct review *review, const char *where, const char *name);

/* review_secret.c: secrets in any string of the template. */
void review_secrets(struct review *review);

/* review_secret.c: secrets in any string of `json`, which is shown as `where`. */
void review_secrets_in(struct review *review, const char *where, const json_t *json);

/* ARNs of accounts that are not the pinned one, in any string. */
void review_accounts(struct review *review, const char *where, const json_t *json);

/* Accounts that are named by number alone, where a property says that it is an account. */
void review_owners(struct review *review, const char *where, const json_t *properties);

/* The text an intrinsic yields, as far as it can be told: Ref X as "${X}", Fn::Sub as its text,
 * Fn::Join joined. NULL when it begins with a parameter, which can be anything, or depends on what
 * only CloudFormation knows. The caller frees. */
char *review_resolve(const struct review *review, const json_t *value);

/* Part `index` of an ARN (3 region, 4 account, 5 everything after it), with ${...} left whole;
 * empty when it has fewer. */
struct str review_arn_part(struct str arn, int index);

/* Whether a name, or a part of an ARN, is nothing but wildcards and what parts a name: it names
 * nobody.
 */
bool review_is_blank(struct str text);

/* Calls `each` for a value, or for both branches of its Fn::If, or for each element of a list. */
void review_branches(struct review *review, const char *where, const json_t *value,
                     void (*each)(struct review *review, const char *where, const json_t *value));

/* Calls `each` for a string, or for each of a list of strings, in every branch of an Fn::If; false
 * when one of them cannot be told, or `each` says so. */
bool review_texts(const struct review *review, const json_t *value,
                  bool (*each)(const char *text, void *with), void *with);

/* A document that is written as a text of JSON; NULL where it is not. The caller decrefs. */
json_t *review_document(const json_t *document);

/* The same of the text that review_resolve() tells. */
json_t *review_resolve_document(const struct review *review, const json_t *value);

/* Whether `value` is {"Ref": "AWS::NoValue"}: as if it were not there. */
bool review_is_no_value(const json_t *value);

/* Whether a word is true, or false, as CloudFormation reads it. */
bool review_is_true(const json_t *value);
bool review_is_false(const json_t *value);

/* Whether an account is the pinned one or one that the user's own settings allow; false where none
 * is pinned. */
bool review_is_own_account(const struct review *review, struct str account);

/* What a condition does: nothing, as everybody meets it; what only another stack, a parameter or
 * AWS can say; or it lets only what it names pass. */
enum review_hold { REVIEW_HOLD_NONE = 0, REVIEW_HOLD_UNTOLD, REVIEW_HOLD_SURE };

/* What holds a statement, and the value that does, borrowed; {0}: nothing. */
struct review_held {
    enum review_hold hold;
    const json_t *by;
};

/* What holds more, the first of equals: who may is held by all conditions together. */
static inline struct review_held review_held_best(struct review_held a, struct review_held b) {
    return b.hold > a.hold ? b : a;
}

/* review_condition.c: the best that a condition of the statement with this key (any case) does:
 * with an operator that compares for likeness and does not pass an absent key, by review_hold_by().
 * `key` is a key, or ":end" of one, as that of an identity provider begins with its host, or
 * "begin:", after which its user says what. */
struct review_held review_hold(const struct review *review, const json_t *statement,
                               const char *key);

/* review_condition.c: whether that is more than nothing. */
bool review_is_held(const struct review *review, const json_t *statement, const char *key);

/* review_condition.c: what a value does by which a condition on `key` asks who comes, of a list and
 * of an Fn::If the loosest: nothing are wildcards, an ARN of any account, a variable of whoever
 * asks, and a value that is absent. */
enum review_hold review_hold_by(const struct review *review, const char *key, const json_t *value);

/* review_condition.c: whether that is nothing. */
bool review_is_everything(const struct review *review, const char *key, const json_t *value);

/* Whether losing the resource loses what users have put there. */
bool review_is_data(const char *type);

/* Whether a DeletionPolicy keeps what the resource holds. */
bool review_is_kept(const char *policy);

/* Whether `name` is a parameter of the template. */
bool review_is_parameter(const struct review *review, struct str name);

/* The resource called `name`, in the deployed template; NULL. */
const json_t *review_before(const struct review *review, const char *name);
