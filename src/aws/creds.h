/* aws/creds.h: where the credentials come from, and keeping them fresh.
 *
 * Order, the first that is configured counts: keys of the environment (off when a flag names the
 * profile); a role that the profile assumes; web identity; IAM Identity Center (SSO); the shared
 * credentials file; `aws login`; credential_process; the config file; the container; the instance
 * (IMDSv2). SSO and `aws login` are left to `aws configure export-credentials`.
 * Source: AWS SDKs and Tools Reference Guide; the resolver of botocore 1.43.
 */
#pragma once

#include "aws/client.h"
#include "guard/secret.h"

enum { CREDS_FRESH_MS = 5 * 60 * 1000 }; /* less time left: they are fetched anew */

/* One set of keys, immutable, counted; any thread. */
struct aws_creds {
    atomic_int refs;
    char *access_key;
    struct secret *secret_key;
    struct secret *token; /* NULL: long-lived keys */
    int64_t expires_ms;   /* 0: not known, or never */
    char *source;         /* in words: "profile dev, assumed role arn:..." */
};

/* Makes a set with one reference; takes the secrets over. */
struct aws_creds *creds_new(const char *access_key, struct secret *secret_key, struct secret *token,
                            int64_t expires_ms, const char *source);
void creds_release(const struct aws_creds *creds); /* accepts NULL */
void creds_releasep(const struct aws_creds **creds);

struct creds_provider; /* opaque; any thread */

/* Reads the variables now; asks nobody. `config` outlives the provider. */
struct creds_provider *creds_provider_new(const struct aws_config *config,
                                          const struct aws_env *env);
void creds_provider_free(struct creds_provider *provider); /* accepts NULL; wipes */

/* The credentials, fetched on the first call and again when less than CREDS_FRESH_MS are left. The
 * caller releases them. Blocks: files, a child (10 s), STS, metadata (1 s); one thread fetches,
 * others wait. Errors: ERR_CREDENTIALS (each source with its sentence and remedy), ERR_CANCELLED.
 */
MUST_CHECK enum err_code creds_get(struct creds_provider *provider, const struct aws *aws,
                                   const struct aws_creds **out, struct err *err);

/* The region that the instance metadata tells, the caller's to free(); NULL when it tells none. */
char *creds_instance_region(struct creds_provider *provider, const struct aws *aws);

/* Appends what a person should know about `creds`, one sentence a line. */
void creds_warn(const struct creds_provider *provider, const struct aws_creds *creds,
                struct buf *out);

/* Refuses to send AWS's keys to a host that is not AWS's unless a flag or a variable names it, and
 * an emulator's keys to AWS. `creds` is NULL for a call that carries a token in its body.
 * Errors: ERR_CREDENTIALS. */
MUST_CHECK enum err_code creds_check_host(const struct aws_creds *creds, struct str host,
                                          bool is_explicit, struct err *err);
