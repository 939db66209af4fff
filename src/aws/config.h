/* aws/config.h: profile, region and endpoints, decided once from flags, environment and files. */
#pragma once

#include "aws/endpoint.h"

/* Where variables are read; get() returns a borrowed value or NULL. */
struct aws_env {
    const char *(*get)(const void *ctx, const char *name);
    const void *ctx;
};

/* The value of a variable, never empty; NULL when it is not set. A NULL `env` is the process's. */
const char *aws_env_get(const struct aws_env *env, const char *name);

/* What the command line and the project file say; NULL: nothing. All is borrowed for the call. */
struct aws_options {
    const char *profile;
    const char *region;
    const char *endpoint_url;  /* for every service; a flag, so it counts as given explicitly */
    const char *account;       /* 12 digits: sts_get_caller_identity() refuses another one */
    const char *user_agent;    /* NULL: "aws-copilot" */
    const struct aws_env *env; /* NULL: the process environment */
};

/* Opaque; immutable, so any thread may read it. */
struct aws_config;

/* Reads the files and decides.
 *
 * Region: option, AWS_REGION, AWS_DEFAULT_REGION, the profile's; else it stays NULL here, the
 * client asks the instance metadata, and no default exists.
 * Endpoint: option, AWS_ENDPOINT_URL_<SERVICE>, AWS_ENDPOINT_URL, the profile's services section,
 * the profile's endpoint_url, unless AWS_IGNORE_CONFIGURED_ENDPOINT_URLS is true.
 * Errors: ERR_CONFIG (a profile that does not exist, a malformed file or value, plain http to
 * another machine), ERR_UNSUPPORTED (a region of another partition), ERR_IO.
 * Source: AWS SDKs and Tools Reference Guide. */
MUST_CHECK enum err_code aws_config_new(const struct aws_options *options, struct aws_config **out,
                                        struct err *err);
void aws_config_free(struct aws_config *config); /* accepts NULL */
void aws_config_freep(struct aws_config **config);

const char *aws_config_profile(const struct aws_config *config);   /* "default"; never NULL */
const char *aws_config_region(const struct aws_config *config);    /* NULL: not configured */
const char *aws_config_account(const struct aws_config *config);   /* NULL: not pinned */
const char *aws_config_ca_bundle(const struct aws_config *config); /* NULL: the system's */
int aws_config_attempts(const struct aws_config *config);          /* of one call, 3 */

/* Whether a flag, not the environment, chose the profile: then keys of the environment are off. */
bool aws_config_is_profile_flag(const struct aws_config *config);

/* Whether AWS_PROFILE or a flag names a profile. */
bool aws_config_has_profile(const struct aws_config *config);

/* The endpoint that replaces AWS's own for `service`, without a slash at its end; NULL: none. To be
 * shown loudly. `*out_is_explicit` (may be NULL) tells whether a flag or an environment variable
 * says so, not a file. */
const char *aws_config_endpoint(const struct aws_config *config, enum aws_service service,
                                bool *out_is_explicit);

/* Whether any service has an endpoint that is not AWS's own. */
bool aws_config_is_custom(const struct aws_config *config);

/* Appends the address of `service`: the custom one, or AWS's own in `region`.
 * Errors: those of aws_endpoint_add(). */
MUST_CHECK enum err_code aws_config_add_url(const struct aws_config *config,
                                            enum aws_service service, const char *region,
                                            struct buf *out, struct err *err);

/* Settings of a profile, borrowed, NULL when absent; for creds.c. They differ by file because the
 * shared credentials file and the config file have different places in the order of sources. */
const char *aws_config_of_config(const struct aws_config *config, const char *profile,
                                 const char *key);
const char *aws_config_of_credentials(const struct aws_config *config, const char *profile,
                                      const char *key);
/* The config file's, else the credentials file's. */
const char *aws_config_of_profile(const struct aws_config *config, const char *profile,
                                  const char *key);
bool aws_config_is_profile(const struct aws_config *config, const char *profile);
