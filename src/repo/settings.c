/* The user's own settings: the only place where a machine can be allowed to say yes. */
#include "repo/project_keys.h"
#include "sys/fs.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { SETTINGS_ACCOUNTS_MAX = 64, SETTINGS_MODELS_MAX = 32, MODEL_NAME_CHARS = 95 };

void settings_free(struct settings *settings) {
    if (settings != NULL) {
        arena_free(settings->arena);
        free(settings);
    }
}

void settings_freep(struct settings **settings) { settings_free(*settings); }

static enum err_code read_own_approve(const struct key_source *source, const struct yaml_node *node,
                                      const struct key *key, void *at, struct err *err) {
    struct settings_account *account = at;

    for (enum project_approve i = 0; i < PROJECT_APPROVE_N; i++) {
        if (node->kind == YAML_SCALAR && strcmp(node->text, project_approve_word(i)) == 0) {
            account->approve = i;
            account->has_approve = true;
            return ERR_NONE;
        }
    }
    return key_fail(source, node, err, "%s must be any-change, broadening or never", key->name);
}

/* clang-format off */
static const struct key rows_account[] = {
    { "approve", read_own_approve, 0, NULL },
    { "profile", key_read_text, offsetof(struct settings_account, profile), &rule_profile },
    { 0 },
};
/* clang-format on */
static const struct key_table keys_account = {"an account", rows_account};

static enum err_code read_accounts(const struct key_source *source, const struct yaml_node *node,
                                   const struct key *key, void *at, struct err *err) {
    struct settings *settings = at;
    struct settings_account *rows =
        ARENA_ARRAY(source->arena, struct settings_account, SETTINGS_ACCOUNTS_MAX);
    size_t n = 0;

    if (node->kind != YAML_MAP) {
        return key_fail(source, node, err, "%s must be a map of account numbers", key->name);
    }
    for (const struct yaml_node *item = node->first; item != NULL; item = item->next) {
        if (n == SETTINGS_ACCOUNTS_MAX) {
            return key_fail(source, item, err, "there are more than %d accounts",
                            SETTINGS_ACCOUNTS_MAX);
        }
        if (key_check(source, item, "the account", item->key, &rule_account, err) != ERR_NONE ||
            keys_read_map(source, item, &keys_account, &rows[n], err) != ERR_NONE) {
            return err->code;
        }
        rows[n++].account = item->key;
    }
    settings->accounts = rows;
    settings->account_n = n;
    return ERR_NONE;
}

/* ---- Models ---- */

static bool is_model_name(const char *text) {
    static const char others[] = "._:/@+-";
    size_t n = 0;

    for (; text[n] != '\0'; n++) {
        char c = text[n];

        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
              strchr(others, c) != NULL)) {
            return false;
        }
    }
    return n > 0 && n <= MODEL_NAME_CHARS;
}

static const struct key_rule rule_model = {
    is_model_name, "must be the name of a model as its server writes it, without blanks", ""};

static enum err_code read_tokens(const struct key_source *source, const struct yaml_node *node,
                                 const struct key *key, void *at, struct err *err) {
    struct err unread = {0};

    return node->kind == YAML_SCALAR &&
                   str_to_i64(str_from(node->text), 1, 100000000, at, &unread) == ERR_NONE
               ? ERR_NONE
               : key_fail(source, node, err, "%s must be a number of tokens", key->name);
}

/* US dollars a million tokens, "0.15", as billionths of a dollar a token: a thousand times. */
static enum err_code read_price(const struct key_source *source, const struct yaml_node *node,
                                const struct key *key, void *at, struct err *err) {
    struct str rest = str_from(node->kind == YAML_SCALAR ? node->text : "");
    struct str whole = {0};
    char digits[4] = "000";
    int64_t dollars = 0;
    int64_t thousandths = 0;
    struct err unread = {0};

    if (!str_next(&rest, '.', &whole) || rest.len > 3 ||
        str_to_i64(whole, 0, 100000, &dollars, &unread) != ERR_NONE) {
        return key_fail(source, node, err,
                        "%s must be US dollars for a million tokens, such as "
                        "\"0.15\"",
                        key->name);
    }
    if (rest.len > 0) {
        memcpy(digits, rest.ptr, rest.len);
    }
    if (str_to_i64(str_from(digits), 0, 999, &thousandths, &unread) != ERR_NONE) {
        return key_fail(source, node, err,
                        "%s must be US dollars for a million tokens, such as "
                        "\"0.15\"",
                        key->name);
    }
    *(int64_t *)at = dollars * 1000 + thousandths;
    return ERR_NONE;
}

/* clang-format off */
static const struct key rows_model[] = {
    { "context", read_tokens, offsetof(struct settings_model, context),  NULL },
    { "answer",  read_tokens, offsetof(struct settings_model, answer),   NULL },
    { "in_usd",  read_price,  offsetof(struct settings_model, in_nano),  NULL },
    { "out_usd", read_price,  offsetof(struct settings_model, out_nano), NULL },
    { 0 },
};
/* clang-format on */
static const struct key_table keys_model = {"a model", rows_model};

static enum err_code read_model_table(const struct key_source *source, const struct yaml_node *node,
                                      const struct key *key, void *at, struct err *err) {
    struct settings *settings = at;
    struct settings_model *rows =
        ARENA_ARRAY(source->arena, struct settings_model, SETTINGS_MODELS_MAX);
    size_t n = 0;

    if (node->kind != YAML_MAP) {
        return key_fail(source, node, err, "%s must be a map of models", key->name);
    }
    for (const struct yaml_node *item = node->first; item != NULL; item = item->next) {
        if (n == SETTINGS_MODELS_MAX) {
            return key_fail(source, item, err, "there are more than %d models",
                            SETTINGS_MODELS_MAX);
        }
        rows[n] = (struct settings_model){.name = item->key, .in_nano = -1, .out_nano = -1};
        if (key_check(source, item, "the model", item->key, &rule_model, err) != ERR_NONE ||
            keys_read_map(source, item, &keys_model, &rows[n], err) != ERR_NONE) {
            return err->code;
        }
        n++;
    }
    settings->models = rows;
    settings->model_n = n;
    return ERR_NONE;
}

/* clang-format off */
static const struct key rows_models[] = {
    { "primary",  key_read_text,    offsetof(struct settings, model_primary),  &rule_model },
    { "fallback", key_read_text,    offsetof(struct settings, model_fallback), &rule_model },
    { "embeddings", key_read_text,  offsetof(struct settings, model_embeddings), &rule_model },
    { "table",    read_model_table, 0, NULL },
    { 0 },
};
/* clang-format on */
static const struct key_table keys_models = {"models", rows_models};

static enum err_code read_models(const struct key_source *source, const struct yaml_node *node,
                                 const struct key *key, void *at, struct err *err) {
    (void)key;
    return keys_read_map(source, node, &keys_models, at, err);
}

static enum err_code read_version(const struct key_source *source, const struct yaml_node *node,
                                  const struct key *key, void *at, struct err *err) {
    (void)at;
    return node->kind == YAML_SCALAR && strcmp(node->text, "1") == 0
               ? ERR_NONE
               : key_fail(source, node, err, "%s must be 1", key->name);
}

/* clang-format off */
static const struct key rows_settings[] = {
    { "version",     read_version,  0, NULL },
    { "environment", key_read_text, offsetof(struct settings, environment), &rule_env_name },
    { "profile",     key_read_text, offsetof(struct settings, profile),     &rule_profile },
    { "accounts",    read_accounts, 0, NULL },
    { "models",      read_models,   0, NULL },
    { 0 },
};
/* clang-format on */
static const struct key_table keys_settings = {"the file", rows_settings};

enum err_code settings_read(struct str text, const char *file, struct settings **out,
                            struct err *err) {
    CLEANUP(settings_freep) struct settings *settings = mem_alloc(sizeof(*settings));
    struct key_source source = {.file = file};
    struct yaml_node *root = NULL;

    settings->arena = arena_new();
    source.arena = settings->arena;
    if (yaml_read(text, file, settings->arena, &root, err) != ERR_NONE ||
        keys_read_map(&source, root, &keys_settings, settings, err) != ERR_NONE) {
        return err->code;
    }
    *out = TAKE(settings);
    return ERR_NONE;
}

/* The heap path of the user's file, the caller's to free(). */
static char *settings_path(void) {
    const char *config = getenv("XDG_CONFIG_HOME");
    const char *home = getenv("HOME");

    if (config != NULL && config[0] == '/') { /* the XDG specification ignores relative ones */
        return mem_format("%s/aws-copilot/config.yml", config);
    }
    return mem_format("%s/.config/aws-copilot/config.yml", home == NULL ? "" : home);
}

/* Who else could have written that a machine may say yes? */
static enum err_code check_owner(const char *path, struct err *err) {
    struct stat at = {0};

    if (stat(path, &at) != 0) {
        return ERR_NONE; /* reading it says why */
    }
    if ((at.st_mode & (S_IWGRP | S_IWOTH)) == 0) {
        return ERR_NONE;
    }
    (void)err_set(err, ERR_CONFIG, "%s can be written by other users, so it is not trusted", path);
    return err_remedy(err, "chmod go-w %s", path);
}

enum err_code settings_load(const char *path, struct settings **out, struct err *err) {
    CLEANUP(freep) char *own = path == NULL ? settings_path() : mem_strdup(path);
    CLEANUP(buf_done) struct buf text = BUF_INIT(YAML_BYTES_MAX);
    struct err why = {0};

    if (check_owner(own, err) != ERR_NONE) {
        return err->code;
    }
    if (fs_read_file(own, YAML_BYTES_MAX, &text, &why) != ERR_NONE && why.code != ERR_NOT_FOUND) {
        *err = why;
        return why.code;
    }
    return settings_read(buf_str(&text), own, out, err);
}

enum project_approve settings_approve(const struct settings *settings,
                                      const struct project_env *env) {
    for (size_t i = 0; settings != NULL && env->account != NULL && i < settings->account_n; i++) {
        if (settings->accounts[i].has_approve &&
            strcmp(settings->accounts[i].account, env->account) == 0) {
            return settings->accounts[i].approve;
        }
    }
    return env->approve;
}
