/* aws/template.h: the CloudFormation templates: embedded, filled in, checked.
 *
 * Pure: no clock, no network, no files. The same input gives the same bytes, so an unchanged
 * program is an unchanged deployment. docs/templates.md says what is written where, and why.
 */
#pragma once

#include "aws/profile.h"
#include "base/json.h"

enum template_kind {
    TEMPLATE_NONE = 0,
    TEMPLATE_BOOTSTRAP,   /* once per account and Region */
    TEMPLATE_STATIC,      /* a site */
    TEMPLATE_LAMBDA_HTTP, /* a site and an API */
    TEMPLATE_API,         /* an API: lambda-http without the site */
    TEMPLATE_N
};

/* "bootstrap", "static", "lambda-http", "api"; never NULL. */
const char *template_kind_name(enum template_kind kind);

/* The kind of this name; TEMPLATE_NONE when there is none. */
enum template_kind template_kind_find(const char *name);

/* Returns the embedded template of `kind` as it is in its file, the caller's to decref.
 * TEMPLATE_API gives what lambda-http.json leaves of itself without the site. */
json_t *template_load(enum template_kind kind);

/* The limits of CloudFormation and CloudFront that are checked here. */
enum {
    TEMPLATE_BYTES_MAX = 51200,    /* TemplateBody */
    TEMPLATE_VARIABLES_MAX = 4096, /* bytes: names and values of a function's environment */
    TEMPLATE_PATTERNS_MAX = 24,    /* one less than the default quota of behaviours */
    TEMPLATE_BUILD_ID = 16,        /* hex digits */
    TEMPLATE_VERSION_ID = 8,       /* hex digits behind "BackendVersion" */
};

/* Which paths go to the API when a site answers all others.
 *
 * Shape of `paths`: array of strings, each a route as it is seen from outside: "/api/items/{id}",
 * "/docs", "/api/.aws-copilot/health". Duplicates are fine.
 * `*out_patterns`: array of CloudFront path patterns, sorted, at least one: a first segment
 * ("/docs"), or all below one ("/api/" and a star).
 * `*out_shadowed`: array of those paths that the site answers: "/", a first segment with a
 * parameter, "/assets" and below; to be told to the person. Both are the caller's to decref.
 * Errors: ERR_INVALID (a path without a slash in front), ERR_UNSUPPORTED with a remedy (no pattern
 * at all, a character that CloudFront does not allow, more than TEMPLATE_PATTERNS_MAX).
 * Source: CloudFront Developer Guide, "Cache behavior settings", path pattern. */
MUST_CHECK enum err_code template_patterns(const json_t *paths, json_t **out_patterns,
                                           json_t **out_shadowed, struct err *err);

/* What runs. Borrowed; TEMPLATE_LAMBDA_HTTP and TEMPLATE_API only. */
struct template_function {
    const char *runtime;      /* "python3.13" */
    const char *architecture; /* "arm64" or "x86_64" */
    /* Object of strings, ours: AWSCOPILOT_APP (required), AWSCOPILOT_ROOT_PATH, ...;
     * AWSCOPILOT_SECRETS_PATH comes from the parameter. */
    const json_t *settings;
    const json_t *variables; /* object of strings, the user's; NULL for none */
};

/* Parameters of a change set, as all functions below take them: an object, name -> value. A value
 * is a string; or true, which says that the value is not here: a secret, or UsePreviousValue. A
 * parameter that is absent keeps its Default. */

/* Appends the build id of a function: the first 16 hex digits of
 * SHA-256(entries in hex, LF, configuration), where `entries` is the digest over the zip's entries
 * without the id file, and the configuration is the canonical JSON of the function's versioned
 * properties without its Code.
 * Errors: those of template_emit() that concern the function. */
MUST_CHECK enum err_code template_build_id(enum template_kind kind,
                                           const struct template_function *function,
                                           const json_t *parameters, struct sha256 entries,
                                           struct buf *out, struct err *err);

struct template_input {
    enum template_kind kind;
    const struct endpoint_profile *profile; /* not NULL */
    int endpoint_port;                      /* of a profile that has_local_api; else unused */
    const json_t *parameters;

    /* TEMPLATE_LAMBDA_HTTP and TEMPLATE_API. */
    const char *account; /* 12 digits */
    struct template_function function;
    const char *build_id;   /* 16 hex digits */
    struct sha256 code;     /* of the zip */
    const json_t *patterns; /* of template_patterns(); TEMPLATE_LAMBDA_HTTP only */
};

/* A template that is ready to be sent. */
struct template_text {
    json_t *json;         /* owned */
    char *text;           /* owned; canonical, minified: the TemplateBody */
    size_t len;           /* bytes */
    struct sha256 sha256; /* of the text; what an approval names */
    bool needs_iam;       /* it has IAM resources: send CAPABILITY_IAM */
    char version[64];     /* logical id of the function's version; empty without a function */
};
void template_text_done(struct template_text *text);

/* Fills in a template.
 *
 * `*out` is the caller's to template_text_done(). Errors: ERR_INVALID with a remedy (an account,
 * runtime, architecture, build id or pattern of the wrong form; a variable whose name is reserved
 * or malformed, whose value asks CloudFormation to resolve a secret, or that passes the limit of
 * TEMPLATE_VARIABLES_MAX), ERR_TOO_LARGE. */
MUST_CHECK enum err_code template_emit(const struct template_input *input,
                                       struct template_text *out, struct err *err);

/* Reads a template and its parameters as CloudFormation would, and stricter than a local AWS does.
 *
 * Appends to the array `findings` one object a finding,
 * {"code","logical_id","path","text","remedy"}, all strings: "unresolved_ref", "unresolved_getatt",
 * "unresolved_sub", "unknown_condition", "unknown_function", "bad_depends_on", "bad_resource",
 * "dynamic_reference", "unknown_parameter", "missing_parameter", "bad_parameter", "too_large",
 * "bad_set_name". `path` is dotted, from the top: "Resources.Backend.Properties.Role"; logical_id
 * is the name of the resource, output, condition or parameter, or empty. No text holds the value of
 * a parameter. Returns the number of findings; a change set is made only when it is 0. */
size_t template_check(const json_t *template, const json_t *parameters, const char *set_name,
                      json_t *findings);
