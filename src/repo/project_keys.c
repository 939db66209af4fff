/* The keys of aws-copilot.yml and the checks of their values. */
#include "repo/project_keys.h"

#include "guard/redact/redact.h"
#include "repo/path.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* --- checks of single values --- */

static bool is_lower(char c) { return c >= 'a' && c <= 'z'; }

static bool is_digit(char c) { return c >= '0' && c <= '9'; }

static bool is_letter(char c) { return is_lower(c) || (c >= 'A' && c <= 'Z'); }

/* Lower-case words joined by single hyphens, a letter first, at most `max` bytes. */
static bool is_slug(const char *text, size_t max) {
    size_t n = strlen(text);

    if (n == 0 || n > max || !is_lower(text[0]) || text[n - 1] == '-' ||
        strstr(text, "--") != NULL) {
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        if (!is_lower(text[i]) && !is_digit(text[i]) && text[i] != '-') {
            return false;
        }
    }
    return true;
}

/* "artifacts" would meet the artifact bucket of the account. */
static bool is_app_name(const char *text) {
    return is_slug(text, PROJECT_NAME_MAX) && strcmp(text, "artifacts") != 0;
}

static bool is_env_name(const char *text) { return is_slug(text, PROJECT_ENV_MAX); }

/* Parameter Store keeps names that begin with aws or ssm for itself. */
static bool is_qualifier(const char *text) {
    return is_slug(text, PROJECT_QUALIFIER_MAX) && strchr(text, '-') == NULL &&
           strncmp(text, "aws", 3) != 0 && strncmp(text, "ssm", 3) != 0;
}

static bool is_account(const char *text) {
    return strlen(text) == 12 && strspn(text, "0123456789") == 12;
}

/* "eu-west-1", "us-gov-east-1": words of letters, then a number. */
static bool is_region(const char *text) {
    size_t words = 0;
    size_t at = 0;

    for (;;) {
        size_t n = strspn(text + at, "abcdefghijklmnopqrstuvwxyz");

        if (n == 0) {
            break;
        }
        if (text[at + n] != '-' || (words == 0 && n != 2) || n > 12) {
            return false;
        }
        words++;
        at += n + 1;
    }
    return words >= 2 && words <= 4 && is_digit(text[at]) &&
           strlen(text + at) == strspn(text + at, "0123456789") && strlen(text + at) <= 2;
}

static bool has_only_path_bytes(const char *text) {
    for (const char *c = text; *c != '\0'; c++) {
        if ((unsigned char)*c < 0x20 || *c == 0x7f || *c == '\\' || *c == '\'' || *c == '"') {
            return false;
        }
    }
    return str_is_utf8(str_from(text));
}

static bool has_parent_part(const char *text) {
    struct str rest = str_from(text);
    struct str part = {0};

    while (str_next(&rest, '/', &part)) {
        if (str_eq(part, STR(".."))) {
            return true;
        }
    }
    return false;
}

static bool is_out_folder(const char *text) {
    size_t n = strlen(text);

    return n > 0 && n <= 200 && text[0] != '/' && has_only_path_bytes(text);
}

static bool is_folder(const char *text) { return is_out_folder(text) && !has_parent_part(text); }

/* A Python name at `*at`; moves past it. */
static bool skip_name(const char **at) {
    const char *c = *at;

    if (!is_letter(*c) && *c != '_') {
        return false;
    }
    while (is_letter(*c) || is_digit(*c) || *c == '_') {
        c++;
    }
    *at = c;
    return true;
}

static bool skip_dotted(const char **at) {
    while (skip_name(at)) {
        if (**at != '.') {
            return true;
        }
        (*at)++;
    }
    return false;
}

static bool is_asgi(const char *text) {
    const char *at = text;

    if (strlen(text) > 200 || !skip_dotted(&at) || *at++ != ':' || !skip_dotted(&at)) {
        return false;
    }
    return *at == '\0' || strcmp(at, "()") == 0;
}

static bool is_health(const char *text) {
    size_t n = strlen(text);

    if (n == 0 || n > 200 || text[0] != '/') {
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        if (!is_letter(text[i]) && !is_digit(text[i]) && strchr("/-_.~", text[i]) == NULL) {
            return false;
        }
    }
    return !has_parent_part(text) && strstr(text, "//") == NULL;
}

static bool is_python(const char *text) {
    return text[0] == '3' && text[1] == '.' && is_digit(text[2]) &&
           strspn(text + 2, "0123456789") == strlen(text + 2) && strlen(text) <= 4;
}

static bool is_script(const char *text) {
    size_t n = strlen(text);

    for (size_t i = 0; i < n; i++) {
        if (!is_letter(text[i]) && !is_digit(text[i]) && strchr(":-_.", text[i]) == NULL) {
            return false;
        }
    }
    return n > 0 && n <= 80 && text[0] != '-';
}

static bool is_profile(const char *text) {
    size_t n = strlen(text);

    return n > 0 && n <= 64 && has_only_path_bytes(text);
}

static bool is_code(const char *text) {
    size_t n = strlen(text);

    return n > 0 && n <= 40 && strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789") == n;
}

/* Names that Lambda sets itself, and ours. A row that ends with '_' stands for all that begin so.
 */
static const char *const reserved_names[] = {
    "_HANDLER",           "_X_AMZN_TRACE_ID",   "AWS_ACCESS_KEY",
    "AWS_ACCESS_KEY_ID",  "AWS_DEFAULT_REGION", "AWS_EXECUTION_ENV",
    "AWS_LAMBDA_",        "AWS_REGION",         "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",  "AWS_XRAY_",          "AWSCOPILOT_",
    "LAMBDA_RUNTIME_DIR", "LAMBDA_TASK_ROOT",   "LD_",
};

static bool is_variable_name(const char *text) {
    const char *at = text;

    if (strlen(text) > 128 || !skip_name(&at) || *at != '\0') {
        return false;
    }
    for (size_t i = 0; i < ARRAY_N(reserved_names); i++) {
        size_t n = strlen(reserved_names[i]);

        if (strncmp(text, reserved_names[i], n) == 0 &&
            (text[n] == '\0' || (n > 1 && reserved_names[i][n - 1] == '_'))) {
            return false;
        }
    }
    return true;
}

/* clang-format off */
static const struct key_rule rule_app_name = { is_app_name,
    "must be 1 to 18 lower-case letters, digits and single hyphens, a letter first (and not \"artifacts\")",
    "for example: todo" };
const struct key_rule rule_env_name = { is_env_name,
    "must be 1 to 12 lower-case letters, digits and single hyphens, a letter first",
    "for example: dev" };
static const struct key_rule rule_qualifier = { is_qualifier,
    "must be 1 to 6 lower-case letters and digits, a letter first, and may not begin with aws or ssm",
    "leave it out to take depl" };
const struct key_rule rule_account = { is_account,
    "must be the 12 digits of an AWS account",
    "aws sts get-caller-identity shows them; in a file they stand in quotes" };
static const struct key_rule rule_region = { is_region,
    "must be an AWS region",
    "for example: eu-west-1" };
static const struct key_rule rule_folder = { is_folder,
    "must be a folder inside the repository, relative to its root",
    "for example: backend" };
static const struct key_rule rule_out = { is_out_folder,
    "must be a folder relative to the front end's",
    "for example: dist" };
static const struct key_rule rule_asgi = { is_asgi,
    "must be MODULE:OBJECT, with () behind a factory",
    "for example: app.main:app, or app.main:create_app()" };
static const struct key_rule rule_health = { is_health,
    "must be a path that begins with / and has no parameters",
    "for example: /api/health" };
static const struct key_rule rule_python = { is_python,
    "must be a minor version of Python 3",
    "for example: \"3.13\", in quotes" };
static const struct key_rule rule_script = { is_script,
    "must be the name of a script in package.json",
    "for example: build" };
static const struct key_rule rule_code = { is_code,
    "must be a code that inspect shows",
    "aws-copilot inspect lists them" };
const struct key_rule rule_profile = { is_profile,
    "must be the name of an AWS profile",
    "aws configure list-profiles shows them" };
const struct key_rule rule_variable_name = { is_variable_name,
    "must be letters, digits and _, a digit not first, and none of the names that Lambda or aws-copilot set",
    "" };
/* clang-format on */

/* --- errors --- */

enum err_code key_fail(const struct key_source *source, const struct yaml_node *node,
                       struct err *err, const char *fmt, ...) {
    char text[400];
    va_list args;

    va_start(args, fmt);
    vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    if (source->file == NULL) {
        return err_set(err, ERR_INVALID, "%s", text);
    }
    return err_set(err, ERR_CONFIG, "%s:%d: %s", source->file, node->line, text);
}

enum err_code key_check(const struct key_source *source, const struct yaml_node *node,
                        const char *label, const char *text, const struct key_rule *rule,
                        struct err *err) {
    if (rule->is_ok(text)) {
        return ERR_NONE;
    }
    (void)key_fail(source, node, err, "%s '%.80s' %s", label, text, rule->must);
    return err_remedy(err, "%s", rule->remedy);
}

static enum err_code need_kind(const struct key_source *source, const struct yaml_node *node,
                               const char *label, enum yaml_kind kind, struct err *err) {
    static const char *const words[] = {[YAML_SCALAR] = "one value",
                                        [YAML_MAP] = "a map of names and values",
                                        [YAML_LIST] = "a list"};

    if (node->kind != kind) {
        return key_fail(source, node, err, "%s must be %s", label, words[kind]);
    }
    return ERR_NONE;
}

/* --- readers, one a type of value --- */

enum err_code key_read_text(const struct key_source *source, const struct yaml_node *node,
                            const struct key *key, void *at, struct err *err) {
    enum err_code code = need_kind(source, node, key->name, YAML_SCALAR, err);

    code = code != ERR_NONE ? code : key_check(source, node, key->name, node->text, key->rule, err);
    if (code == ERR_NONE) {
        *(const char **)at = arena_str(source->arena, str_from(node->text));
    }
    return code;
}

static enum err_code read_flag(const struct key_source *source, const struct yaml_node *node,
                               const struct key *key, void *at, struct err *err) {
    if (node->kind != YAML_SCALAR ||
        (strcmp(node->text, "true") != 0 && strcmp(node->text, "false") != 0)) {
        return key_fail(source, node, err, "%s must be true or false", key->name);
    }
    *(bool *)at = strcmp(node->text, "true") == 0;
    return ERR_NONE;
}

static enum err_code read_target(const struct key_source *source, const struct yaml_node *node,
                                 const struct key *key, void *at, struct err *err) {
    for (enum project_target i = PROJECT_TARGET_NONE + 1; i < PROJECT_TARGET_N; i++) {
        if (node->kind == YAML_SCALAR && strcmp(node->text, project_target_word(i)) == 0) {
            *(enum project_target *)at = i;
            return ERR_NONE;
        }
    }
    return key_fail(source, node, err, "%s must be lambda-http, lambda-stream, container or static",
                    key->name);
}

static enum err_code read_approve(const struct key_source *source, const struct yaml_node *node,
                                  const struct key *key, void *at, struct err *err) {
    if (node->kind == YAML_SCALAR && strcmp(node->text, "never") == 0) {
        (void)key_fail(source, node, err,
                       "%s: never cannot be set by a repository, only by the person who runs it",
                       key->name);
        return err_remedy(err, "use any-change here; never belongs in your own settings, "
                               "~/.config/aws-copilot/config.yml, for one account");
    }
    for (enum project_approve i = 0; i < PROJECT_APPROVE_NEVER; i++) {
        if (node->kind == YAML_SCALAR && strcmp(node->text, project_approve_word(i)) == 0) {
            *(enum project_approve *)at = i;
            return ERR_NONE;
        }
    }
    return key_fail(source, node, err, "%s must be any-change or broadening", key->name);
}

/* "120" or "120.50". */
static bool money_of(const char *text, int64_t *out_cents) {
    struct str rest = str_from(text);
    struct str whole = {0};
    struct str part = {0};
    struct err ignored = {0};
    int64_t dollars = 0;
    int64_t cents = 0;

    if (!str_next(&rest, '.', &whole) ||
        str_to_i64(whole, 0, 1000000, &dollars, &ignored) != ERR_NONE) {
        return false;
    }
    if (str_next(&rest, '.', &part) &&
        (part.len != 2 || str_to_i64(part, 0, 99, &cents, &ignored) != ERR_NONE || rest.len > 0)) {
        return false;
    }
    *out_cents = dollars * 100 + cents;
    return true;
}

static enum err_code read_money(const struct key_source *source, const struct yaml_node *node,
                                const struct key *key, void *at, struct err *err) {
    int64_t cents = 0;

    if (node->kind != YAML_SCALAR || !money_of(node->text, &cents) || cents == 0) {
        return key_fail(source, node, err, "%s must be an amount of dollars, such as 120 or 120.50",
                        key->name);
    }
    *(int64_t *)at = cents;
    return ERR_NONE;
}

static enum err_code read_ttl(const struct key_source *source, const struct yaml_node *node,
                              const struct key *key, void *at, struct err *err) {
    const int64_t hour_ms = 3600000;
    struct err ignored = {0};
    int64_t ttl_ms = 0;

    if (node->kind != YAML_SCALAR ||
        str_to_duration_ms(str_from(node->text), &ttl_ms, &ignored) != ERR_NONE ||
        ttl_ms < hour_ms || ttl_ms > 366 * 24 * hour_ms || ttl_ms % hour_ms != 0) {
        return key_fail(source, node, err,
                        "%s must be whole hours or days from 1h to 366d, such as 72h", key->name);
    }
    *(int64_t *)at = ttl_ms;
    return ERR_NONE;
}

static size_t count_entries(const struct yaml_node *node) {
    size_t n = 0;

    for (const struct yaml_node *at = node->first; at != NULL; at = at->next) {
        n++;
    }
    return n;
}

/* A list of names, each by the rule, none twice. The count lies behind the pointer. */
struct name_list {
    const char *const *rows;
    size_t n;
};

static enum err_code read_names(const struct key_source *source, const struct yaml_node *node,
                                const struct key *key, void *at, struct err *err) {
    size_t n = count_entries(node);
    const char **names = ARENA_ARRAY(source->arena, const char *, n + 1);
    size_t filled = 0;

    if (need_kind(source, node, key->name, YAML_LIST, err) != ERR_NONE) {
        return err->code;
    }
    if (n > PROJECT_VARIABLES_MAX) {
        return key_fail(source, node, err, "%s has more than %d entries", key->name,
                        PROJECT_VARIABLES_MAX);
    }
    for (const struct yaml_node *item = node->first; item != NULL; item = item->next) {
        if (need_kind(source, item, key->name, YAML_SCALAR, err) != ERR_NONE ||
            key_check(source, item, key->name, item->text, key->rule, err) != ERR_NONE) {
            return err->code;
        }
        for (size_t i = 0; i < filled; i++) {
            if (strcmp(names[i], item->text) == 0) {
                return key_fail(source, item, err, "%s names '%s' twice", key->name, item->text);
            }
        }
        names[filled++] = arena_str(source->arena, str_from(item->text));
    }
    *(struct name_list *)at = (struct name_list){names, n};
    return ERR_NONE;
}

/* "postgres://user:password@host/": a password between ':' and '@' after "//". */
static bool has_password_in_url(const char *value) {
    const char *host = strstr(value, "://");
    const char *at = host == NULL ? NULL : strchr(host, '@');
    const char *colon = host == NULL ? NULL : strchr(host + 3, ':');

    return at != NULL && colon != NULL && colon < at && colon + 1 < at;
}

enum err_code key_check_variable(const struct key_source *source, const struct yaml_node *node,
                                 const char *name, const char *value, struct err *err) {
    if (key_check(source, node, "the variable", name, &rule_variable_name, err) != ERR_NONE) {
        return err->code;
    }
    if (strlen(value) > PROJECT_VARIABLE_BYTES_MAX || !str_is_utf8(str_from(value))) {
        return key_fail(source, node, err, "the value of %s is longer than %d bytes", name,
                        PROJECT_VARIABLE_BYTES_MAX);
    }
    if (redact_is_secret_key(str_from(name)) || has_password_in_url(value)) {
        (void)key_fail(source, node, err,
                       "%s holds a secret, and secrets do not belong in this file", name);
        return err_remedy(err, "write only its name, under secrets: [%s]", name);
    }
    return ERR_NONE;
}

struct variable_list {
    const struct project_variable *rows;
    size_t n;
};

static enum err_code read_variables(const struct key_source *source, const struct yaml_node *node,
                                    const struct key *key, void *at, struct err *err) {
    size_t n = count_entries(node);
    struct project_variable *rows = ARENA_ARRAY(source->arena, struct project_variable, n + 1);
    struct project_variable *row = rows;

    if (need_kind(source, node, key->name, YAML_MAP, err) != ERR_NONE) {
        return err->code;
    }
    if (n > PROJECT_VARIABLES_MAX) {
        return key_fail(source, node, err, "%s has more than %d entries", key->name,
                        PROJECT_VARIABLES_MAX);
    }
    for (const struct yaml_node *item = node->first; item != NULL; item = item->next) {
        if (need_kind(source, item, item->key, YAML_SCALAR, err) != ERR_NONE ||
            key_check_variable(source, item, item->key, item->text, err) != ERR_NONE) {
            return err->code;
        }
        *row++ =
            (struct project_variable){item->key, arena_str(source->arena, str_from(item->text))};
    }
    *(struct variable_list *)at = (struct variable_list){rows, n};
    return ERR_NONE;
}

static enum err_code read_backend(const struct key_source *source, const struct yaml_node *node,
                                  const struct key *key, void *at, struct err *err) {
    (void)key;
    return keys_read_map(source, node, &keys_backend, at, err);
}

static enum err_code read_frontend(const struct key_source *source, const struct yaml_node *node,
                                   const struct key *key, void *at, struct err *err) {
    struct project_frontend *frontend = at;

    (void)key;
    if (keys_read_map(source, node, &keys_frontend, at, err) != ERR_NONE) {
        return err->code;
    }
    if (frontend->out != NULL &&
        path_join(source->arena, frontend->dir == NULL ? "." : frontend->dir, frontend->out) ==
            NULL) {
        return key_fail(source, node, err, "out '%s' leaves the repository", frontend->out);
    }
    return ERR_NONE;
}

/* --- the tables --- */

/* clang-format off */
#define AT(type, member) offsetof(struct type, member)

static const struct key rows_project[] = {
    { "name",     key_read_text, AT(project, name),     &rule_app_name },
    { "backend",  read_backend,  AT(project, backend),  NULL },
    { "frontend", read_frontend, AT(project, frontend), NULL },
    { "accept",   read_names,    AT(project, accepts),  &rule_code },
    { 0 },
};
static const struct key rows_backend[] = {
    { "dir",    key_read_text, AT(project_backend, dir),    &rule_folder },
    { "cwd",    key_read_text, AT(project_backend, cwd),    &rule_folder },
    { "asgi",   key_read_text, AT(project_backend, asgi),   &rule_asgi },
    { "health", key_read_text, AT(project_backend, health), &rule_health },
    { "python", key_read_text, AT(project_backend, python), &rule_python },
    { 0 },
};
static const struct key rows_frontend[] = {
    { "dir",   key_read_text, AT(project_frontend, dir),   &rule_folder },
    { "build", key_read_text, AT(project_frontend, build), &rule_script },
    { "out",   key_read_text, AT(project_frontend, out),   &rule_out },
    { 0 },
};
static const struct key rows_env[] = {
    { "account",          key_read_text,  AT(project_env, account),             &rule_account },
    { "region",           key_read_text,  AT(project_env, region),              &rule_region },
    { "qualifier",        key_read_text,  AT(project_env, qualifier),           &rule_qualifier },
    { "target",           read_target,    AT(project_env, target),              NULL },
    { "approve",          read_approve,   AT(project_env, approve),             NULL },
    { "second_approver",  read_flag,      AT(project_env, has_second_approver), NULL },
    { "cost_ceiling_usd", read_money,     AT(project_env, cost_ceiling_cents),  NULL },
    { "ttl",              read_ttl,       AT(project_env, ttl_ms),              NULL },
    { "variables",        read_variables, AT(project_env, variables),           NULL },
    { "build_variables",  read_variables, AT(project_env, build),               NULL },
    { "secrets",          read_names,     AT(project_env, secrets),             &rule_variable_name },
    { 0 },
};
/* clang-format on */

_Static_assert(AT(project, accept_n) == AT(project, accepts) + offsetof(struct name_list, n),
               "a count lies behind its list");
_Static_assert(AT(project_env, secret_n) ==
                   AT(project_env, secrets) + offsetof(struct name_list, n),
               "a count lies behind its list");
_Static_assert(AT(project_env, variable_n) ==
                   AT(project_env, variables) + offsetof(struct variable_list, n),
               "a count lies behind its list");
_Static_assert(AT(project_env, build_n) ==
                   AT(project_env, build) + offsetof(struct variable_list, n),
               "a count lies behind its list");

const struct key_table keys_project = {"app", rows_project};
const struct key_table keys_backend = {"backend", rows_backend};
const struct key_table keys_frontend = {"frontend", rows_frontend};
const struct key_table keys_env = {"an environment", rows_env};

/* --- maps --- */

const struct key *keys_find(const struct key_table *table, const char *name) {
    for (const struct key *row = table->rows; row->name != NULL; row++) {
        if (strcmp(row->name, name) == 0) {
            return row;
        }
    }
    return NULL;
}

/* Edits between two short words: insertions, deletions, changes, swaps of neighbours. */
static int word_distance(const char *a, const char *b) {
    enum { WORD_MAX = 24 };
    int d[WORD_MAX + 1][WORD_MAX + 1];
    size_t n = strlen(a);
    size_t m = strlen(b);

    if (n > WORD_MAX || m > WORD_MAX) {
        return WORD_MAX;
    }
    for (size_t i = 0; i <= n; i++) {
        for (size_t j = 0; j <= m; j++) {
            int best = i == 0 ? (int)j : (int)i;

            if (i > 0 && j > 0) {
                best = d[i - 1][j - 1] + (a[i - 1] != b[j - 1]);
                best = d[i - 1][j] + 1 < best ? d[i - 1][j] + 1 : best;
                best = d[i][j - 1] + 1 < best ? d[i][j - 1] + 1 : best;
                if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
                    d[i - 2][j - 2] + 1 < best) {
                    best = d[i - 2][j - 2] + 1;
                }
            }
            d[i][j] = best;
        }
    }
    return d[n][m];
}

const char *keys_nearest(const struct key_table *table, const char *name) {
    const char *nearest = NULL;
    int best = 3; /* farther is another word */

    for (const struct key *row = table->rows; row->name != NULL; row++) {
        int distance = word_distance(name, row->name);

        if (distance < best && distance < (int)strlen(row->name)) {
            best = distance;
            nearest = row->name;
        }
    }
    return nearest;
}

enum err_code keys_read_map(const struct key_source *source, const struct yaml_node *node,
                            const struct key_table *table, void *object, struct err *err) {
    if (need_kind(source, node, table->name, YAML_MAP, err) != ERR_NONE) {
        return err->code;
    }
    for (const struct yaml_node *item = node->first; item != NULL; item = item->next) {
        const struct key *key = keys_find(table, item->key);
        const struct yaml_node at = {.line = item->key_line};

        if (key == NULL) {
            const char *nearest = keys_nearest(table, item->key);

            return nearest == NULL
                       ? key_fail(source, &at, err, "unknown key '%.40s'", item->key)
                       : key_fail(source, &at, err, "unknown key '%.40s'; did you mean '%s'?",
                                  item->key, nearest);
        }
        if (key->read(source, item, key, (char *)object + key->offset, err) != ERR_NONE) {
            return err->code;
        }
    }
    return ERR_NONE;
}

struct project_env keys_env_default(const char *name, int line) {
    return (struct project_env){
        .name = name, .qualifier = "depl", .cost_ceiling_cents = -1, .line = line};
}

enum err_code keys_check_env(const struct key_source *source, const struct yaml_node *node,
                             const struct project_env *env, struct err *err) {
    size_t bytes = 0;

    for (size_t i = 0; i < env->variable_n; i++) {
        bytes += strlen(env->variables[i].name) + strlen(env->variables[i].value);
        for (size_t j = 0; j < env->secret_n; j++) {
            if (strcmp(env->variables[i].name, env->secrets[j]) == 0) {
                return key_fail(source, node, err,
                                "%s is under variables and under secrets; one of them is enough",
                                env->secrets[j]);
            }
        }
    }
    if (bytes > PROJECT_VARIABLE_BYTES_MAX) {
        return key_fail(source, node, err,
                        "the variables of %s are %zu bytes; Lambda allows %d beside ours",
                        env->name, bytes, PROJECT_VARIABLE_BYTES_MAX);
    }
    return ERR_NONE;
}
