/* aws/sts.h: who we are, and becoming somebody else. */
#pragma once

#include "aws/client.h"
#include "guard/secret.h"

struct sts_identity {
    char account[13];        /* 12 digits */
    char *arn;               /* owned */
    char *user_id;           /* owned */
    int64_t clock_offset_ms; /* AWS's clock minus ours, to a second */
};
void sts_identity_done(struct sts_identity *identity);

/* GetCallerIdentity, the first call of every run. Compares with the pinned account.
 * `*out` is the caller's to sts_identity_done(). Errors: ERR_ACCOUNT (another account than the
 * pinned one), ERR_PROTOCOL, those of aws_call(). */
MUST_CHECK enum err_code sts_get_caller_identity(const struct aws *aws, struct sts_identity *out,
                                                 struct err *err);

struct sts_role {
    const char *arn;
    const char *session_name;
    const char *external_id; /* or NULL */
    int64_t duration_s;      /* 0: AWS's default of an hour */
    struct str web_token;    /* not empty: AssumeRoleWithWebIdentity, unsigned */
};

struct sts_session {
    char *access_key; /* owned, as the other two */
    struct secret *secret_key;
    struct secret *token;
    int64_t expires_ms;
};
void sts_session_done(struct sts_session *session);

/* AssumeRole, or AssumeRoleWithWebIdentity when the role has a token.
 * `*out` is the caller's to sts_session_done(). Errors: ERR_PROTOCOL, those of aws_call(). */
MUST_CHECK enum err_code sts_assume_role(const struct aws *aws, const struct sts_role *role,
                                         struct sts_session *out, struct err *err);
