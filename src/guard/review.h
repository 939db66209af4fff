/* guard/review.h: the pieces of the two reviews, for this floor only. */
#pragma once

#include "guard/policy.h"

/* One review under way. */
struct review {
    const struct review_ctx *ctx;
    const json_t *template; /* an object */
    json_t *findings;
    enum verdict verdict; /* the strictest so far */
    bool is_bootstrap;    /* the set-up stack makes the roles that others are held by */
};

/* Adds a finding. `where` is a path such as "Resources.Role.Properties"; `code` and `remedy` are
 * constants, the text must not hold a secret. */
void review_find(struct review *review, const char *code, enum verdict verdict, const char *where,
                 const char *remedy, const char *fmt, ...) PRINTF_LIKE(6, 7);

/* The template's resources, whatever is in the plan or the change set. */
void review_template(struct review *review);

/* review_iam.c: the policies, trust and managed policies that one resource carries. */
void review_iam(struct review *review, const char *where, const char *type,
                const json_t *properties);

/* review_iam.c: one policy document that says what its bearer may do. */
void review_grants(struct review *review, const char *where, const json_t *document);

/* review_secret.c: secrets in any string of the template. */
void review_secrets(struct review *review);

/* review_secret.c: secrets in any string of `json`, which is shown as `where`. */
void review_secrets_in(struct review *review, const char *where, const json_t *json);

/* ARNs of accounts that are not the pinned one, in any string. */
void review_accounts(struct review *review, const char *where, const json_t *json);

/* The text an intrinsic yields, as far as it can be told: Ref X as "${X}", Fn::Sub as its text,
 * Fn::Join joined. NULL when it begins with a parameter, which can be anything, or depends on what
 * only CloudFormation knows. The caller frees. */
char *review_resolve(const struct review *review, const json_t *value);

/* Part `index` of an ARN (3 region, 4 account, 5 everything after it), with ${...} left whole;
 * empty when it has fewer. */
struct str review_arn_part(struct str arn, int index);

/* Calls `each` for a value, or for both branches of its Fn::If, or for each element of a list. */
void review_branches(struct review *review, const char *where, const json_t *value,
                     void (*each)(struct review *review, const char *where, const json_t *value));

/* Whether an account is the pinned one or one that the user's own settings allow. */
bool review_is_own_account(const struct review *review, struct str account);

/* Whether losing the resource loses what users have put there. */
bool review_is_data(const char *type);
