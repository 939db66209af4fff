/* aws-copilot.yml: writing. The same project gives the same bytes. */
#include "repo/project.h"

#include "repo/project_keys.h"

#include <inttypes.h>
#include <string.h>

/* Whether YAML 1.1 reads `text` as itself without quotes: a word that is no number, date, boolean
 * or null, with no character that YAML reads otherwise. */
static bool is_plain(const char *text) {
    static const char *const words[] = {"true", "false", "yes", "no", "on",
                                        "off",  "null",  "y",   "n",  "none"};

    for (const char *c = text; *c != '\0'; c++) {
        bool letter = (*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z');

        if (!letter && !(*c >= '0' && *c <= '9') && strchr("_-./", *c) == NULL) {
            return false;
        }
    }
    for (size_t i = 0; i < ARRAY_N(words); i++) {
        if (str_eq_nocase(str_from(text), str_from(words[i]))) {
            return false;
        }
    }
    return strchr("-.0123456789", text[0]) == NULL; /* finds the end of an empty text too */
}

void project_add_scalar(struct buf *out, const char *text) {
    if (is_plain(text)) {
        buf_add_s(out, text);
        return;
    }
    buf_add_c(out, '"'); /* JSON's escapes are YAML's too */
    for (const char *c = text; *c != '\0'; c++) {
        if (*c == '"' || *c == '\\') {
            buf_add_c(out, '\\');
            buf_add_c(out, *c);
        } else if ((unsigned char)*c < 0x20 || *c == 0x7f) {
            buf_addf(out, "\\x%02x", (unsigned)(unsigned char)*c);
        } else {
            buf_add_c(out, *c);
        }
    }
    buf_add_c(out, '"');
}

static void add_line(struct buf *out, int indent, const char *key, const char *value) {
    if (value != NULL) {
        buf_addf(out, "%*s", indent, "");
        project_add_scalar(out, key);
        buf_add_s(out, ": ");
        project_add_scalar(out, value);
        buf_add_c(out, '\n');
    }
}

static void add_variables(struct buf *out, const char *key, const struct project_variable *rows,
                          size_t n) {
    if (n > 0) {
        buf_addf(out, "    %s:\n", key);
    }
    for (size_t i = 0; i < n; i++) {
        add_line(out, 6, rows[i].name, rows[i].value);
    }
}

static void add_names(struct buf *out, int indent, const char *key, const char *const *names,
                      size_t n) {
    if (n > 0) {
        buf_addf(out, "%*s%s:\n", indent, "", key);
    }
    for (size_t i = 0; i < n; i++) {
        buf_addf(out, "%*s- ", indent + 2, "");
        project_add_scalar(out, names[i]);
        buf_add_c(out, '\n');
    }
}

static void add_ttl(struct buf *out, int64_t ttl_ms) {
    const int64_t hours = ttl_ms / 3600000;

    if (ttl_ms > 0) {
        buf_addf(out, "    ttl: %" PRId64 "%s\n",
                 hours % 24 == 0 && hours > 72 ? hours / 24 : hours,
                 hours % 24 == 0 && hours > 72 ? "d" : "h");
    }
}

static void add_env(struct buf *out, const struct project_env *env) {
    const int64_t cents = env->cost_ceiling_cents;

    buf_add_s(out, "  ");
    project_add_scalar(out, env->name);
    buf_add_s(out, ":\n");
    add_line(out, 4, "account", env->account);
    add_line(out, 4, "region", env->region);
    if (strcmp(env->qualifier, "depl") != 0) {
        add_line(out, 4, "qualifier", env->qualifier);
    }
    if (env->target != PROJECT_TARGET_NONE) {
        add_line(out, 4, "target", project_target_word(env->target));
    }
    add_line(out, 4, "approve", project_approve_word(env->approve));
    if (env->has_second_approver) {
        buf_add_s(out, "    second_approver: true\n");
    }
    if (cents >= 0 && cents % 100 == 0) {
        buf_addf(out, "    cost_ceiling_usd: %" PRId64 "\n", cents / 100);
    } else if (cents >= 0) {
        buf_addf(out, "    cost_ceiling_usd: %" PRId64 ".%02" PRId64 "\n", cents / 100,
                 cents % 100);
    }
    add_ttl(out, env->ttl_ms);
    add_variables(out, "variables", env->variables, env->variable_n);
    add_variables(out, "build_variables", env->build, env->build_n);
    add_names(out, 4, "secrets", env->secrets, env->secret_n);
}

static void add_backend(struct buf *out, const struct project_backend *backend) {
    if (backend->dir == NULL && backend->asgi == NULL) {
        return;
    }
    buf_add_s(out, "  backend:\n");
    add_line(out, 4, "dir", backend->dir);
    add_line(out, 4, "cwd", backend->cwd);
    add_line(out, 4, "asgi", backend->asgi);
    add_line(out, 4, "health", backend->health);
    add_line(out, 4, "python", backend->python);
}

static void add_frontend(struct buf *out, const struct project_frontend *frontend) {
    if (frontend->dir == NULL) {
        return;
    }
    buf_add_s(out, "  frontend:\n");
    add_line(out, 4, "dir", frontend->dir);
    add_line(out, 4, "build", frontend->build);
    add_line(out, 4, "out", frontend->out);
}

void project_write(const struct project *project, struct buf *out) {
    buf_add_s(out,
              "# What aws-copilot deploys, and where to. Commit it; secrets appear by name only.\n"
              "version: 1\n"
              "app:\n");
    add_line(out, 2, "name", project->name);
    add_backend(out, &project->backend);
    add_frontend(out, &project->frontend);
    add_names(out, 2, "accept", project->accepts, project->accept_n);
    if (project->env_n > 0) {
        buf_add_s(out, "environments:\n");
    }
    for (size_t i = 0; i < project->env_n; i++) {
        add_env(out, &project->envs[i]);
    }
}
