/* repo/project_keys.h: the keys of aws-copilot.yml and of the user's settings, one row each, and
 * the checks of their values. Used by project.c, project_answers.c and settings.c; not by other
 * floors.
 */
#pragma once

#include "repo/project.h"
#include "repo/yaml_tree.h"

enum {
    PROJECT_NAME_MAX = 18,
    PROJECT_ENV_MAX = 12,
    PROJECT_QUALIFIER_MAX = 6,
    PROJECT_ENVS_MAX = 16,
    PROJECT_VARIABLES_MAX = 64,
    PROJECT_VARIABLE_BYTES_MAX = 3584 /* all names and values: Lambda allows 4 KB with ours */
};

/* What a value is read for: where it stands, and where its text is kept. */
struct key_source {
    const char *file; /* NULL: an answer */
    struct arena *arena;
};

/* "FILE:LINE: …", or for an answer just the sentence; ERR_CONFIG or ERR_INVALID. */
enum err_code key_fail(const struct key_source *source, const struct yaml_node *node,
                       struct err *err, const char *fmt, ...) PRINTF_LIKE(4, 5);

struct key_rule {
    bool (*is_ok)(const char *text);
    const char *must;   /* continues "LABEL 'TEXT' …" */
    const char *remedy; /* or "" */
};

struct key {
    const char *name;
    enum err_code (*read)(const struct key_source *source, const struct yaml_node *node,
                          const struct key *key, void *at, struct err *err);
    size_t offset; /* of the member in its struct */
    const struct key_rule *rule;
};

/* A table of rows that ends with {0}, and what one of its maps is called in sentences. */
struct key_table {
    const char *name;
    const struct key *rows;
};

extern const struct key_table keys_project;  /* of struct project: the map "app" */
extern const struct key_table keys_backend;  /* of struct project_backend */
extern const struct key_table keys_frontend; /* of struct project_frontend */
extern const struct key_table keys_env;      /* of struct project_env */

extern const struct key_rule rule_env_name;
extern const struct key_rule rule_account;
extern const struct key_rule rule_profile;
extern const struct key_rule rule_variable_name;

/* Reads every entry of the map `node` into `object`. Unknown keys are refused with the nearest. */
MUST_CHECK enum err_code keys_read_map(const struct key_source *source,
                                       const struct yaml_node *node, const struct key_table *table,
                                       void *object, struct err *err);

const struct key *keys_find(const struct key_table *table, const char *name); /* or NULL */

/* The row of `table` that `name` may have meant; NULL when none is near. */
const char *keys_nearest(const struct key_table *table, const char *name);

/* Checks `text` by `rule`. `label` is the word for it in the sentence. */
MUST_CHECK enum err_code key_check(const struct key_source *source, const struct yaml_node *node,
                                   const char *label, const char *text, const struct key_rule *rule,
                                   struct err *err);

/* Reads a scalar that `key->rule` allows. */
enum err_code key_read_text(const struct key_source *source, const struct yaml_node *node,
                            const struct key *key, void *at, struct err *err);

/* Checks that a plain variable holds no secret. */
MUST_CHECK enum err_code key_check_variable(const struct key_source *source,
                                            const struct yaml_node *node, const char *name,
                                            const char *value, struct err *err);

/* An environment as it is before its keys are read. */
struct project_env keys_env_default(const char *name, int line);

/* Appends `text` as YAML reads it back, quoted where it has to be. */
void project_add_scalar(struct buf *out, const char *text);

/* Checks what concerns several keys of one environment. */
MUST_CHECK enum err_code keys_check_env(const struct key_source *source,
                                        const struct yaml_node *node, const struct project_env *env,
                                        struct err *err);
