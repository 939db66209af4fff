/* aws/config.h: profile, region and endpoints, decided once from flags, environment and files. */
#pragma once

#include "aws/endpoint.h"

/* Where variables are read; get() returns a borrowed value or NULL. */
struct aws_env {
    const char *(*get)(const void *ctx, const char *name);
    const void *ctx;
};

/* What the command line and the project file say; NULL: nothing. All is borrowed for the call. */
struct aws_options {
    const char *profile;
    const char *region;
    const char *endpoint_url;  /* for every service; counts as given explicitly */
    const char *account;       /* 12 digits: calls are refused under another one */
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
 * another machine). Source: AWS SDKs and Tools Reference Guide. */
MUST_CHECK enum err_code aws_config_new(const struct aws_options *options, struct aws_config **out,
                                        struct err *err);
void aws_config_free(struct aws_config *config); /* accepts NULL */
void aws_config_freep(struct aws_config **config);

const char *aws_config_profile(const struct aws_config *config); /* "default"; never NULL */
const char *aws_config_region(const struct aws_config *config);  /* NULL: not configured */
const char *aws_config_account(const struct aws_config *config); /* NULL: not pinned */

/* The endpoint that replaces AWS's own for `service`, without a slash at its end; NULL: none. To be
 * shown loudly. `*out_is_explicit` (may be NULL) tells whether a flag or an environment variable
 * says so, not a file. */
const char *aws_config_endpoint(const struct aws_config *config, enum aws_service service,
                                bool *out_is_explicit);

/* Whether any service has an endpoint that is not AWS's own. */
bool aws_config_is_custom(const struct aws_config *config);
