/* aws/creds_source.h: what the sources of credentials share; for creds*.c only. */
#pragma once

#include <pthread.h>

#include "aws/creds.h"

/* The variables that sources read, taken once. */
enum creds_var {
    VAR_ACCESS_KEY = 0,
    VAR_SECRET_KEY,
    VAR_TOKEN,
    VAR_ROLE,
    VAR_WEB_TOKEN_FILE,
    VAR_SESSION_NAME,
    VAR_CONTAINER_PATH,
    VAR_CONTAINER_URL,
    VAR_CONTAINER_TOKEN,
    VAR_CONTAINER_TOKEN_FILE,
    VAR_INSTANCE_OFF,
    VAR_INSTANCE_URL,
    VAR_FOR, /* set by us for a child: the profile that it is asked for */
    VAR_N
};

struct creds_provider {
    const struct aws_config *config;
    struct secret *vars[VAR_N]; /* NULL: not set */
    pthread_mutex_t lock;       /* guards `cached`, and lets one thread fetch */
    const struct aws_creds *cached;
};

/* One look-up. A source sets `*out` when it is configured and gave credentials, leaves it NULL when
 * it is not configured, and fails when it is configured and does not work. */
struct creds_lookup {
    struct creds_provider *provider;
    const struct aws *aws;
    const char *profile;
    int depth; /* of source_profile */
};

typedef enum err_code creds_source(const struct creds_lookup *lookup, struct aws_creds **out,
                                   struct err *err);

struct str creds_var(const struct creds_provider *provider,
                     enum creds_var var); /* empty: not set */
const char *creds_var_name(enum creds_var var);

creds_source creds_from_env;
creds_source creds_from_variables; /* the same, whatever names the profile */
creds_source creds_from_shared_file;
creds_source creds_from_config_file;

/* creds_role.c */
creds_source creds_from_role;
creds_source creds_from_web_identity;

/* creds_child.c */
creds_source creds_from_sso;
creds_source creds_from_login;
creds_source creds_from_process;

/* creds_http.c */
creds_source creds_from_container;
creds_source creds_from_instance;

/* Reads the JSON that processes, containers and instances answer, whose token is called
 * `token_key`. Errors: ERR_CREDENTIALS; the text is never quoted. */
MUST_CHECK enum err_code creds_read_json(struct str text, const char *token_key, const char *source,
                                         struct aws_creds **out, struct err *err);
