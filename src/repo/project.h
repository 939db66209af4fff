/* repo/project.h: aws-copilot.yml, the one committed file, and the user's own settings.
 *
 * A `struct project` owns all of its text (one arena) and does not change after it was made.
 * The file lies in the repository, so it is material to check: sizes, depth, no anchors or aliases,
 * no unknown keys, no secrets, and it can only tighten (`approve: never` is not read here).
 * Error sentences begin with FILE:LINE. Pure but for the two *_load functions.
 */
#pragma once

#include "base/json.h"

#define PROJECT_FILE "aws-copilot.yml"

enum project_target {
    PROJECT_TARGET_NONE, /* not said: the survey chooses */
    PROJECT_TARGET_LAMBDA_HTTP,
    PROJECT_TARGET_LAMBDA_STREAM,
    PROJECT_TARGET_CONTAINER,
    PROJECT_TARGET_STATIC,
    PROJECT_TARGET_N
};

enum project_approve {
    PROJECT_APPROVE_ANY_CHANGE, /* the default: a person sees every change */
    PROJECT_APPROVE_BROADENING, /* a person sees what widens rights or loses data */
    PROJECT_APPROVE_NEVER,      /* only from the user's settings, for a pinned account */
    PROJECT_APPROVE_N
};

struct project_variable {
    const char *name;
    const char *value;
};

struct project_env {
    const char *name;      /* at most 12 characters */
    const char *account;   /* 12 digits; NULL when not pinned yet */
    const char *region;    /* NULL when not said */
    const char *qualifier; /* of the bootstrap stack, at most 6 characters; "depl" when not said */
    enum project_target target;
    enum project_approve approve; /* never PROJECT_APPROVE_NEVER */
    bool has_second_approver;
    int64_t cost_ceiling_cents;               /* a month; -1 when there is none */
    int64_t ttl_ms;                           /* 0: lives on */
    const struct project_variable *variables; /* plain values for the function */
    size_t variable_n;
    const struct project_variable *build; /* plain values for the front-end build: VITE_* */
    size_t build_n;
    const char *const *secrets; /* names only */
    size_t secret_n;
    int line; /* in the file; 0 when made in memory */
};

struct project_backend {
    const char *dir;  /* where the manifest is; NULL: not said; "none": leave it out */
    const char *cwd;  /* where the ASGI object is imported from; NULL: the same as dir */
    const char *asgi; /* "app.main:app", a factory with "()" behind it; NULL when not said */
    const char *health;
    const char *python; /* "3.11" */
};

struct project_frontend {
    const char *dir;   /* NULL: not said; "none": leave it out */
    const char *build; /* the script of package.json */
    const char *out;   /* relative to dir */
};

struct project {
    struct arena *arena; /* owns everything below */
    const char *name;    /* of the application, at most 18 characters */
    struct project_backend backend;
    struct project_frontend frontend;
    const char *const *accepts; /* reason codes that the person accepted: reason.def */
    size_t accept_n;
    const struct project_env *envs; /* in the order of the file */
    size_t env_n;
};

void project_free(struct project *project); /* accepts NULL */
void project_freep(struct project **project);

/* Reads the text of an aws-copilot.yml; `file` is its name for error sentences. The caller frees.
 * Errors: ERR_CONFIG with "FILE:LINE: …" and a remedy; ERR_TOO_LARGE. */
MUST_CHECK enum err_code project_read(struct str text, const char *file, struct project **out,
                                      struct err *err);

/* Reads PROJECT_FILE in the folder `root`. A repository without one is an answer: *out = NULL.
 * Errors: those of project_read(), ERR_IO. Blocks. */
MUST_CHECK enum err_code project_load(const char *root, struct project **out, struct err *err);

/* The environment called `name`; with NULL the only one, or else "dev". NULL when there is none. */
const struct project_env *project_env(const struct project *project, const char *name);

/* Appends the file's text: the same project always gives the same bytes, and project_read() of them
 * gives the same project. At most PROJECT_BYTES_MAX. */
enum { PROJECT_BYTES_MAX = 64 * 1024 };
void project_write(const struct project *project, struct buf *out);

/* Makes a project from a survey, the answers so far, and the project before (or NULL).
 *
 * Shape of `answers`: a flat object whose keys are the fields of the survey's "ask" and these:
 *   app.name, environment (default "dev"), account, region, qualifier, target, approve,
 *   second_approver, cost_ceiling_usd, ttl, backend.{dir,cwd,asgi,health,python},
 *   frontend.{dir,build,out}: strings as in the file;
 *   env.NAME: a string is a plain variable; true says that a secret of this name is stored;
 *   build_env.NAME: a string; accept.CODE: true.
 *
 * Every answer passes the same checks as a line of the file. What is not answered is taken from
 * `before`, then from the survey, or is not written. Errors: ERR_INVALID with the sentence to show.
 */
MUST_CHECK enum err_code project_from_survey(const json_t *survey, const json_t *answers,
                                             const struct project *before, struct project **out,
                                             struct err *err);

/* Checks one answer as project_from_survey() would, without making anything; for asking again at
 * once. Errors: ERR_INVALID with the sentence and remedy to show. */
MUST_CHECK enum err_code project_check_answer(const char *field, const char *value,
                                              struct err *err);

/* Checks that `name` may be the name of a secret: that of a variable that Lambda lets us set.
 * Errors: ERR_INVALID with the sentence and remedy to show. */
MUST_CHECK enum err_code project_check_secret(const char *name, struct err *err);

/* What the person confirms once per machine: SHA-256 over the application's name and the
 * environment's name, account, region, qualifier, approve, ceiling and second approver, canonical
 * JSON. Any change of these changes it. */
struct sha256 project_trust_digest(const struct project *project, const struct project_env *env);

/* The words used in the file; never NULL. "" for PROJECT_TARGET_NONE. */
const char *project_target_word(enum project_target target);
const char *project_approve_word(enum project_approve approve);

/* The user's own settings, $XDG_CONFIG_HOME/aws-copilot/config.yml:
 *   version: 1
 *   environment: dev          # taken when -e is absent
 *   profile: work             # AWS profile taken when --profile is absent
 *   accounts:
 *     "123456789012": { approve: never, profile: sandbox }
 *   models:
 *     primary: gpt-4.1-mini   # asked first
 *     fallback: gpt-4o-mini   # when that one does not answer, or the budget is low; none: nobody
 *     table:                  # what the program does not know, or knows otherwise
 *       qwen3: { context: 32768, answer: 4096, in_usd: "0.15", out_usd: "0.60" }  # a million
 * tokens
 */
struct settings_model {
    const char *name;
    int64_t context; /* tokens of prompt and answer; 0: not said */
    int64_t answer;  /* tokens of an answer; 0: not said */
    int64_t in_nano; /* billionths of a US dollar a token; -1: not said */
    int64_t out_nano;
};

struct settings_account {
    const char *account; /* 12 digits */
    enum project_approve approve;
    bool has_approve;
    const char *profile; /* or NULL */
};

struct settings {
    struct arena *arena;     /* owns everything below */
    const char *environment; /* or NULL */
    const char *profile;     /* or NULL */
    const struct settings_account *accounts;
    size_t account_n;
    const char *model_primary;    /* or NULL */
    const char *model_fallback;   /* or NULL; "none": no model */
    const char *model_embeddings; /* who makes embeddings; NULL: this machine */
    const struct settings_model *models;
    size_t model_n;
};

void settings_free(struct settings *settings); /* accepts NULL */
void settings_freep(struct settings **settings);

/* As project_read() and project_load(); a file that is absent gives empty settings. `path` NULL
 * means the place above ($HOME/.config without XDG_CONFIG_HOME). A file that others may write is
 * refused with ERR_CONFIG. */
MUST_CHECK enum err_code settings_read(struct str text, const char *file, struct settings **out,
                                       struct err *err);
MUST_CHECK enum err_code settings_load(const char *path, struct settings **out, struct err *err);

/* What decides whether a machine may say yes in `env`: the user's setting for its account when the
 * account is pinned and there is one, otherwise the file's. `settings` may be NULL. */
enum project_approve settings_approve(const struct settings *settings,
                                      const struct project_env *env);
