/* The curator's brief: what a reader must know of the repository, in one or two paragraphs and a
 * list of files. Computed from the survey, so the same survey gives the same brief. */
#include "repo/lines.h"
#include "repo/survey.h"

#include <string.h>

enum { BRIEF_ROWS_MAX = 12, BRIEF_FILES_MAX = 24, BRIEF_NAME_MAX = 120 };

static const char *at(const json_t *survey, const char *path) {
    return json_str_or(survey, path, "");
}

/* A name of the repository's own, cut: it is data, and must not become the text. */
static void add_name(struct buf *out, const char *name) {
    struct str cut = str_slice(str_from(name), 0, BRIEF_NAME_MAX);

    for (size_t i = 0; i < cut.len; i++) {
        buf_add_c(out, cut.ptr[i] == '`' ? '?' : cut.ptr[i]);
    }
}

/* How the site finds the API; a name only where the code has one. */
static void add_api_base(struct buf *out, const json_t *frontend) {
    static const struct {
        const char *kind;
        const char *words;
    } rows[] = {
        {"same-origin", "at its own address"},
        {"env", "by a variable of its build"},
        {"hardcoded", "at an address in its code"},
        {"proxy-rewrite", "at its own address, below a prefix that the API does not see"},
    };
    const char *name = at(frontend, "api_base.name");

    for (size_t i = 0; i < ARRAY_N(rows); i++) {
        if (strcmp(at(frontend, "api_base.kind"), rows[i].kind) == 0) {
            buf_addf(out, "The site finds the API %s%s", rows[i].words,
                     name[0] == '\0' ? "" : ", ");
            add_name(out, name);
            buf_add_s(out, ". ");
        }
    }
}

static void add_parts(struct buf *out, const json_t *survey) {
    const json_t *backend = json_at(survey, "backend");
    const json_t *frontend = json_at(survey, "frontend");

    add_name(out, at(survey, "name"));
    buf_add_s(out, " has ");
    if (json_is_object(backend)) {
        buf_addf(out, "a %s back end (folder %s, object %s imported from %s, packages by %s",
                 lines_title(at(backend, "framework")), at(backend, "dir"),
                 at(backend, "asgi.target"), at(backend, "asgi.cwd"),
                 lines_title(at(backend, "manager")));
        buf_addf(out, "%s%s)", json_str_at(backend, "python") == NULL ? "" : ", Python ",
                 at(backend, "python"));
    }
    if (json_is_object(frontend)) {
        const char *title = lines_title(at(frontend, "framework"));

        buf_addf(out, "%s%s %s front end (folder %s, %s, packages by %s, output %s)",
                 json_is_object(backend) ? " and " : "", title[0] == 'A' ? "an" : "a", title,
                 at(frontend, "dir"), lines_title(json_str_or(frontend, "bundler", "not Vite")),
                 lines_title(at(frontend, "manager")), json_str_or(frontend, "out", "unknown"));
    }
    if (!json_is_object(backend) && !json_is_object(frontend)) {
        buf_add_s(out, "neither a back end nor a front end that could be deployed");
    }
    buf_add_s(out, ". ");
    if (json_is_object(backend)) {
        buf_addf(out, "Its API has %lld routes under %s; health is %s. ",
                 (long long)json_int_or(backend, "routes", 0),
                 json_str_or(backend, "prefix", "several prefixes"),
                 json_str_or(backend, "health.path", "not found"));
    }
    add_api_base(out, frontend);
}

/* "LEAD a, b, c. " of the rows of a list, by one member; nothing when there are none. */
static void add_list(struct buf *out, const char *lead, const json_t *rows, const char *member,
                     const char *flag) {
    const json_t *row = NULL;
    size_t i = 0;
    size_t n = 0;

    json_array_foreach(rows, i, row) {
        if ((flag != NULL && !json_bool_at(row, flag)) || n == BRIEF_ROWS_MAX) {
            continue;
        }
        buf_add_s(out, n++ == 0 ? lead : ", ");
        add_name(out, at(row, member));
    }
    if (n > 0) {
        buf_add_s(out, n == BRIEF_ROWS_MAX ? " and others. " : ". ");
    }
}

static const char *outcome_words(const char *outcome) {
    return strcmp(outcome, "deploy") == 0 ? "it can be deployed"
           : strcmp(outcome, "ask") == 0  ? "it can be deployed once its questions are answered"
                                          : "it cannot be deployed as it is";
}

static void add_needs(struct buf *out, const json_t *survey) {
    add_list(out, "Variables it needs: ", json_at(survey, "env"), "name", "required");
    add_list(out, "Variables its build needs: ", json_at(survey, "build_env"), "name", "required");
    add_list(out, "Services: ", json_at(survey, "services"), "kind", NULL);
    if (json_is_object(json_at(survey, "migrations"))) {
        buf_addf(out, "Migrations: %s, run %s. ", at(survey, "migrations.tool"),
                 at(survey, "migrations.when"));
    }
    buf_addf(out, "Target: %s; %s. ", json_str_or(survey, "target.chosen", "none"),
             outcome_words(json_str_or(survey, "outcome", "")));
    add_list(out, "Refused for: ", json_at(survey, "refuse"), "code", NULL);
    add_list(out, "To be asked: ", json_at(survey, "ask"), "field", NULL);
    add_list(out, "Findings: ", json_at(survey, "findings"), "code", NULL);
}

/* --- the files --- */

struct files {
    struct buf *out;
    json_t *seen; /* object: path -> true */
};

static void add_file(struct files *files, const char *where, const char *why) {
    CLEANUP(freep) char *path = mem_strdup(where);
    char *colon = path == NULL ? NULL : strrchr(path, ':');

    if (path == NULL || json_object_size(files->seen) == BRIEF_FILES_MAX) {
        return;
    }
    if (colon != NULL) {
        *colon = '\0';
    }
    if (json_object_get(files->seen, path) == NULL) {
        json_object_set_new(files->seen, path, json_true());
        buf_add_s(files->out, "- ");
        add_name(files->out, path);
        buf_addf(files->out, ": %s\n", why);
    }
}

static void add_rows(struct files *files, const json_t *rows, const char *why) {
    const json_t *row = NULL;
    size_t i = 0;

    json_array_foreach(rows, i, row) { add_file(files, json_str_at(row, "where"), why); }
}

static void add_files(struct buf *out, const json_t *survey) {
    struct files files = {.out = out, .seen = json_object()};

    buf_add_s(out, "\n\nCritical files:\n");
    add_file(&files, json_str_at(survey, "backend.asgi.where"), "the application object");
    add_file(&files, json_str_at(survey, "backend.manifest"), "Python packages");
    add_file(&files, json_str_at(survey, "backend.lock"), "Python lock");
    add_file(&files, json_str_at(survey, "frontend.manifest"), "Node packages and scripts");
    add_file(&files, json_str_at(survey, "frontend.lock"), "Node lock");
    add_file(&files, json_str_at(survey, "backend.health.where"), "the health route");
    add_file(&files, json_str_at(survey, "migrations.where"), "migrations");
    add_rows(&files, json_at(survey, "services"), "opens a service");
    add_rows(&files, json_at(survey, "env"), "reads variables");
    add_rows(&files, json_at(survey, "build_env"), "reads build variables");
    add_rows(&files, json_at(survey, "refuse"), "a reason to refuse");
    add_rows(&files, json_at(survey, "findings"), "a finding");
    add_rows(&files, json_at(survey, "backend.route_list"), "routes");
    json_decref(files.seen);
}

void survey_brief(const json_t *given, struct buf *out) {
    CLEANUP(json_decrefp) json_t *survey = lines_clean(given);
    CLEANUP(buf_done) struct buf text = BUF_INIT(4 * SURVEY_BRIEF_BYTES);
    struct str cut = {0};

    add_parts(&text, survey);
    buf_add_s(&text, "\n\n");
    add_needs(&text, survey);
    add_files(&text, survey);
    cut = str_slice(buf_str(&text), 0, SURVEY_BRIEF_BYTES);
    while (cut.len > 0 && cut.len == SURVEY_BRIEF_BYTES && cut.ptr[cut.len - 1] != '\n') {
        cut.len--; /* a list that is too long loses whole lines */
    }
    lines_plain(out, cut);
}
