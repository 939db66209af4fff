/* What `inspect` shows a person. */
#include "repo/lines.h"
#include "repo/survey.h"

#include <string.h>

enum { RENDER_ROWS_MAX = 20, RENDER_LINE_MAX = 2000 };

static const char *at(const json_t *survey, const char *path) {
    return json_str_or(survey, path, "");
}

/* "backend/"; "this folder" for the root. */
static const char *folder(const char *dir, struct buf *out) {
    buf_clear(out);
    if (strcmp(dir, ".") == 0) {
        buf_add_s(out, "this folder");
    } else {
        buf_addf(out, "%s/", dir);
    }
    return buf_cstr(out);
}

static void label(struct buf *out, const char *name, struct buf *line) {
    lines_label(out, name, buf_cstr(line));
    buf_clear(line);
}

/* --- what was found --- */

static void add_routes(struct buf *out, const json_t *backend, struct buf *line) {
    const int64_t n = json_int_or(backend, "routes", 0);
    const char *prefix = json_str_at(backend, "prefix");

    buf_addf(line, "%lld route%s", (long long)n, n == 1 ? "" : "s");
    if (prefix != NULL) {
        buf_addf(line, ", %s under %s", n == 1 ? "it is" : "all", prefix);
    }
    if (json_str_at(backend, "health.path") != NULL) {
        buf_addf(line, "; health: GET %s", at(backend, "health.path"));
    } else {
        buf_add_s(line, "; no health route");
    }
    label(out, "", line);
}

static void add_backend(struct buf *out, const json_t *backend, struct buf *line) {
    CLEANUP(buf_done) struct buf dir = BUF_INIT(RENDER_LINE_MAX);

    buf_addf(line, "%s in %s", lines_title(at(backend, "framework")),
             folder(at(backend, "dir"), &dir));
    label(out, "Back end", line);
    buf_addf(line, "%s %s%s", json_bool_at(backend, "asgi.factory") ? "factory" : "application",
             at(backend, "asgi.target"), json_bool_at(backend, "asgi.factory") ? "()" : "");
    buf_addf(line, ", imported from %s (%s)", folder(at(backend, "asgi.cwd"), &dir),
             at(backend, "asgi.where"));
    label(out, "", line);
    buf_addf(line, "packages by %s", lines_title(at(backend, "manager")));
    if (json_str_at(backend, "lock") != NULL) {
        buf_addf(line, ", locked in %s", at(backend, "lock"));
    } else {
        buf_add_s(line, ", not locked");
    }
    if (json_str_at(backend, "python") != NULL) {
        buf_addf(line, "; Python %s", at(backend, "python"));
    }
    label(out, "", line);
    add_routes(out, backend, line);
}

static void add_api(struct buf *out, const json_t *api, struct buf *line) {
    const char *kind = at(api, "kind");
    const char *value = json_str_at(api, "value");

    if (strcmp(kind, "same-origin") == 0) {
        buf_addf(line, "calls the API at its own address, %s", value);
    } else if (strcmp(kind, "env") == 0) {
        buf_addf(line, "calls the API at the address in %s", at(api, "name"));
        if (value != NULL) {
            buf_addf(line, ", otherwise %s", value[0] == '\0' ? "its own address" : value);
        }
    } else if (strcmp(kind, "hardcoded") == 0) {
        buf_addf(line, "calls the API at %s, written in the code", value);
    } else if (strcmp(kind, "proxy-rewrite") == 0) {
        buf_addf(line, "calls the API at %s, which only Vite's development proxy understands",
                 value);
    } else {
        buf_add_s(line, "no calls of an API were found");
    }
    label(out, "", line);
}

static void add_frontend(struct buf *out, const json_t *frontend, struct buf *line) {
    CLEANUP(buf_done) struct buf dir = BUF_INIT(RENDER_LINE_MAX);
    const bool is_vite = json_str_at(frontend, "bundler") != NULL;

    buf_addf(line, "%s%s in %s", lines_title(at(frontend, "framework")),
             is_vite ? " with Vite" : "", folder(at(frontend, "dir"), &dir));
    label(out, "Front end", line);
    if (!is_vite) {
        return;
    }
    if (json_str_at(frontend, "build") != NULL && json_str_at(frontend, "out") != NULL) {
        buf_addf(line, "built by %s into %s", at(frontend, "build"),
                 folder(at(frontend, "out"), &dir));
        label(out, "", line);
    }
    buf_addf(line, "packages by %s%s%s", lines_title(at(frontend, "manager")),
             json_str_at(frontend, "manager_version") != NULL ? " " : "",
             at(frontend, "manager_version"));
    if (json_str_at(frontend, "lock") != NULL) {
        buf_addf(line, ", locked in %s", at(frontend, "lock"));
    } else {
        buf_add_s(line, ", not locked");
    }
    label(out, "", line);
    add_api(out, json_at(frontend, "api_base"), line);
}

/* Names of the rows that pass, joined; those past the ceiling are counted. */
static size_t add_names(struct buf *line, const json_t *rows, const char *member, bool wanted) {
    const json_t *row = NULL;
    size_t i = 0;
    size_t n = 0;

    json_array_foreach(rows, i, row) {
        if (json_bool_at(row, member) != wanted) {
            continue;
        }
        if (n < RENDER_ROWS_MAX) {
            buf_addf(line, "%s%s", n == 0 ? "" : ", ", at(row, "name"));
            buf_add_s(line, json_bool_at(row, "secret") ? " (secret)" : "");
        }
        n++;
    }
    if (n > RENDER_ROWS_MAX) {
        buf_addf(line, " and %zu more", n - RENDER_ROWS_MAX);
    }
    return n;
}

static void add_variables(struct buf *out, const json_t *rows, const char *name, struct buf *line) {
    const char *first = name;

    buf_add_s(line, "needed: ");
    if (add_names(line, rows, "required", true) > 0) {
        lines_label(out, first, buf_cstr(line));
        first = "";
    }
    buf_clear(line);
    buf_add_s(line, "optional: ");
    if (add_names(line, rows, "required", false) > 0) {
        lines_label(out, first, buf_cstr(line));
    }
    buf_clear(line);
}

static void add_services(struct buf *out, const json_t *survey, struct buf *line) {
    const json_t *row = NULL;
    size_t i = 0;

    json_array_foreach(json_at(survey, "services"), i, row) {
        buf_addf(line, "%s, ", at(row, "kind"));
        if (json_str_at(row, "via") != NULL) {
            buf_addf(line, "address from %s", at(row, "via"));
        } else {
            buf_add_s(line, json_bool_at(row, "required") ? "address in the code"
                                                          : "named as a package, not seen in use");
        }
        buf_addf(line, " (%s)", at(row, "where"));
        label(out, i == 0 ? "Services" : "", line);
    }
    if (json_is_object(json_at(survey, "migrations"))) {
        buf_addf(line, "%s (%s)", at(survey, "migrations.tool"), at(survey, "migrations.where"));
        label(out, "Migrations", line);
    }
}

/* --- the judgement --- */

/* Each target with what speaks for it or against it. */
static void add_targets(struct buf *out, const json_t *survey, struct buf *line) {
    const json_t *row = NULL;
    size_t i = 0;
    const char *first = "Targets";

    if (json_str_at(survey, "target.chosen") != NULL) {
        buf_addf(line, "%s: chosen", at(survey, "target.chosen"));
        label(out, first, line);
        first = "";
    }
    json_array_foreach(json_at(survey, "target.why"), i, row) {
        buf_addf(line, "%s: %s", at(row, "target"), at(row, "reason"));
        label(out, first, line);
        first = "";
    }
}

static void add_place(struct buf *out, const json_t *row) {
    if (json_str_at(row, "where") != NULL) {
        buf_addf(out, "     %s\n", at(row, "where"));
    }
}

static void add_questions(struct buf *out, const json_t *rows) {
    const json_t *row = NULL;
    size_t i = 0;

    json_array_foreach(rows, i, row) {
        buf_addf(out, "%3zu. ", i + 1);
        lines_wrap(out, 5, 5, at(row, "question"));
        add_place(out, row);
        if (json_str_at(row, "otherwise") != NULL) {
            buf_add_s(out, "     or: ");
            lines_wrap(out, 9, 9, at(row, "otherwise"));
        }
    }
}

static void add_refusals(struct buf *out, const json_t *rows) {
    const json_t *row = NULL;
    size_t i = 0;

    json_array_foreach(rows, i, row) {
        buf_addf(out, "%3zu. ", i + 1);
        lines_wrap(out, 5, 5, at(row, "text"));
        add_place(out, row);
        if (at(row, "remedy")[0] != '\0') {
            buf_add_s(out, "     to do: ");
            lines_wrap(out, 12, 12, at(row, "remedy"));
        }
    }
}

static void add_findings(struct buf *out, const json_t *rows) {
    const json_t *row = NULL;
    size_t i = 0;

    if (json_array_size(rows) > 0) {
        buf_add_s(out, "\nWorth knowing\n");
    }
    json_array_foreach(rows, i, row) {
        if (i == RENDER_ROWS_MAX) {
            buf_addf(out, "     and %zu more; --json shows all\n",
                     json_array_size(rows) - RENDER_ROWS_MAX);
            return;
        }
        buf_add_s(out, strcmp(at(row, "severity"), "high") == 0 ? "  !  " : "  -  ");
        lines_wrap(out, 5, 5, at(row, "text"));
        add_place(out, row);
        if (at(row, "remedy")[0] != '\0') {
            buf_add_s(out, "     to do: ");
            lines_wrap(out, 12, 12, at(row, "remedy"));
        }
    }
}

static void add_outcome(struct buf *out, const json_t *survey) {
    const char *outcome = at(survey, "outcome");
    const size_t asked = json_array_size(json_at(survey, "ask"));

    buf_add_c(out, '\n');
    if (strcmp(outcome, "deploy") == 0) {
        buf_addf(out, "It can be deployed as %s. Nothing is missing.\n",
                 at(survey, "target.chosen"));
    } else if (strcmp(outcome, "ask") == 0) {
        buf_addf(out, "It can be deployed as %s when %s answered:\n", at(survey, "target.chosen"),
                 asked == 1 ? "this is" : "these are");
        add_questions(out, json_at(survey, "ask"));
    } else {
        buf_add_s(out, "It cannot be deployed as it is:\n");
        add_refusals(out, json_at(survey, "refuse"));
        if (asked > 0) {
            buf_add_s(out, "\nBeside that, these questions would be asked:\n");
            add_questions(out, json_at(survey, "ask"));
        }
    }
}

void survey_render(const json_t *given, struct buf *out) {
    CLEANUP(json_decrefp) json_t *survey = lines_clean(given);
    CLEANUP(buf_done) struct buf text = BUF_INIT(SURVEY_TEXT_BYTES - 1);
    CLEANUP(buf_done) struct buf line = BUF_INIT(RENDER_LINE_MAX);

    if (json_is_object(json_at(survey, "backend"))) {
        add_backend(&text, json_at(survey, "backend"), &line);
    }
    if (json_is_object(json_at(survey, "frontend"))) {
        add_frontend(&text, json_at(survey, "frontend"), &line);
    }
    add_variables(&text, json_at(survey, "env"), "Variables", &line);
    add_variables(&text, json_at(survey, "build_env"), "At build", &line);
    add_services(&text, survey, &line);
    add_targets(&text, survey, &line);
    add_outcome(&text, survey);
    add_findings(&text, json_at(survey, "findings"));
    lines_plain(out, buf_str(&text));
}
