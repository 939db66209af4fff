/* What the import check found, where the survey said otherwise: reading proposes, this decides. */
#include "agent/planner/found.h"

#include <stdio.h>
#include <string.h>

#include "agent/planner/plan.h"
#include "repo/env_name.h"

/* ---- Routes ---- */

/* What a health route is called, best first. */
static const char *const health_ends[] = {"/health", "/healthz",      "/health/live",
                                          "/livez",  "/health-check", "/healthcheck",
                                          "/ping",   "/status"};

static bool is_same_path(const char *a, const char *b) {
    size_t an = strlen(a);
    size_t bn = strlen(b);

    an -= an > 1 && a[an - 1] == '/' ? 1 : 0;
    bn -= bn > 1 && b[bn - 1] == '/' ? 1 : 0;
    return an == bn && strncmp(a, b, an) == 0;
}

/* The first GET route that `path` names, or that ends as it; NULL when there is none. */
static const char *route_find(const json_t *routes, const char *path, bool is_end) {
    const json_t *route;
    size_t i;

    json_array_foreach(routes, i, route) {
        const char *found = json_str_or(route, "path", "");

        if (strcmp(json_str_or(route, "method", ""), "GET") == 0 && strchr(found, '{') == NULL &&
            (is_end ? str_ends(str_from(found), str_from(path)) : is_same_path(found, path))) {
            return found;
        }
    }
    return NULL;
}

static bool has_mount(const json_t *routes) {
    const json_t *route;
    size_t i;

    json_array_foreach(routes, i, route) {
        if (strcmp(json_str_or(route, "method", ""), "MOUNT") == 0) {
            return true;
        }
    }
    return false;
}

/* A mounted application answers below its path, with routes that no table shows. */
static void found_health(struct turn *turn, const json_t *routes) {
    json_t *backend = json_at(turn->state, "survey.backend");
    const char *said = json_str_at(backend, "health.path");
    const char *real = NULL;

    if (said != NULL && (has_mount(routes) || route_find(routes, said, false) != NULL)) {
        return;
    }
    for (size_t i = 0; i < ARRAY_N(health_ends) && real == NULL; i++) {
        real = route_find(routes, health_ends[i], true);
    }
    if (said != NULL) {
        agent_warn(turn, "routes_differ",
                   "name the health route under app.backend in aws-copilot.yml",
                   "the application has no route GET %s; %s%s is asked instead", said,
                   real == NULL ? "only its start" : "GET ", real == NULL ? "" : real);
    }
    if (said != NULL || real != NULL) {
        json_t *health = agent_args("path", real, NULL);

        json_put_bool(health, "found", real != NULL);
        json_put(backend, "health", health);
    }
}

/* "/api" of "/api/v1/items"; what is no prefix of others ("/", "/{id}") gives "". */
static void first_segment(const char *path, char out[64]) {
    size_t n = path[0] == '/' ? 1 + strcspn(path + 1, "/") : 0;

    snprintf(out, 64, "%.*s", n > 1 && n < 64 && path[1] != '{' && path[n] == '/' ? (int)n : 0,
             path);
}

/* The first segment that most routes have; "" when there is none. */
static void most_common(const json_t *routes, char out[64]) {
    CLEANUP(json_decrefp) json_t *seen = json_object();
    const json_t *route;
    int64_t best = 0;
    size_t i;

    out[0] = '\0';
    json_array_foreach(routes, i, route) {
        char segment[64];
        first_segment(json_str_or(route, "path", ""), segment);
        int64_t n = json_int_or(json_object_get(seen, segment), "n", 0) + 1;
        json_t *count = json_object();
        json_put_int(count, "n", n);
        json_put(seen, segment, count);
        if (segment[0] != '\0' && n > best) {
            best = n;
            memcpy(out, segment, sizeof segment);
        }
    }
}

/* Where the development server takes the prefix off, the routes do not have it. */
static void found_prefix(struct turn *turn, const json_t *routes) {
    json_t *backend = json_at(turn->state, "survey.backend");
    const char *said = json_str_at(backend, "prefix");
    const json_t *route;
    char real[64];
    size_t i;

    if (strcmp(json_str_or(turn->state, "survey.frontend.api_base.kind", ""), "proxy-rewrite") ==
        0) {
        return;
    }
    json_array_foreach(routes, i, route) {
        const char *path = json_str_or(route, "path", "");

        if (said != NULL && strncmp(path, said, strlen(said)) == 0) {
            return;
        }
    }
    most_common(routes, real);
    if (said != NULL || real[0] != '\0') {
        json_put(backend, "prefix", real[0] == '\0' ? json_null() : json_string(real));
    }
}

/* ---- Questions ---- */

static bool is_asked(const struct turn *turn, const char *field) {
    return json_row(json_at(turn->state, "survey.ask"), "field", field) != NULL;
}

static void add_question(struct turn *turn, const char *field, const char *code, const char *where,
                         const char *question) {
    json_t *asks = json_at(turn->state, "survey.ask");

    if (!is_asked(turn, field)) {
        (void)json_array_append_new(asks, agent_args("field", field, "code", code, "where", where,
                                                     "question", question, NULL));
    }
}

/* A variable that nobody read in the code: from now on the survey knows it. */
static void add_variable(struct turn *turn, const char *name, const char *where) {
    json_t *rows = json_at(turn->state, "survey.env");
    json_t *row = json_row(rows, "name", name);

    if (row != NULL) {
        json_put_bool(row, "required", true);
        return;
    }
    row = agent_args("name", name, "where", where, "use", "import", NULL);
    json_put_bool(row, "required", true);
    json_put_bool(row, "secret", env_is_secret(name));
    (void)json_array_append_new(rows, row);
}

static enum outcome found_missing(struct turn *turn) {
    const json_t *missing = json_at(turn->state, "check.missing");
    CLEANUP(buf_done) struct buf names = BUF_INIT(4000);
    const json_t *value;
    size_t i;

    if (json_array_size(missing) == 0) {
        return OUTCOME_OK;
    }
    json_array_foreach(missing, i, value) {
        const char *name = json_string_value(value);
        const char *where = json_str_at(json_at(turn->state, "check.places"), name);
        CLEANUP(freep) char *field = mem_format("env.%s", name);
        CLEANUP(freep)
        char *question = mem_format(
            "the application does not start without %s%s%s%s; which value should it have?", name,
            where == NULL ? "" : " (", where == NULL ? "" : where, where == NULL ? "" : ")");

        buf_addf(&names, "%s%s", i == 0 ? "" : ", ", name);
        add_variable(turn, name, where);
        add_question(turn, field, env_is_secret(name) ? "SECRET_MISSING" : "ENV_MISSING", where,
                     question);
    }
    return agent_problem(turn, ERR_MISSING,
                         "add it under environments.<env>.variables in aws-copilot.yml, or under "
                         "secrets when it is one",
                         "the application needs %s and nobody gave a value", buf_cstr(&names));
}

/* Written beside the code, which Lambda does not allow: unless the survey asked about it already.
 */
static enum outcome found_writes(struct turn *turn) {
    const char *path = json_string_value(json_array_get(json_at(turn->state, "check.writes"), 0));
    const json_t *first = json_array_get(json_at(turn->state, "check.wrote"), 0);
    const char *where = json_str_at(first, "where");

    if (path == NULL || plan_accepts(turn, "WRITES_AT_START") ||
        is_asked(turn, "accept.WRITES_AT_START")) {
        return OUTCOME_OK;
    }
    CLEANUP(freep)
    char *question = mem_format(
        "%s is written when the program starts%s%s%s; beside the code Lambda "
        "cannot write; go on?",
        path, where == NULL ? "" : " (", where == NULL ? "" : where, where == NULL ? "" : ")");
    add_question(turn, "accept.WRITES_AT_START", "WRITES_AT_START", where, question);
    return agent_problem(turn, ERR_MISSING,
                         "write below /tmp, or accept it: 'accept: [WRITES_AT_START]' under app in "
                         "aws-copilot.yml",
                         "%s is written beside the code when the program starts, where Lambda "
                         "cannot write",
                         path);
}

void found_unpinned(struct turn *turn) {
    if (strcmp(agent_text(turn, "problem.code"), err_wire(ERR_MISSING)) == 0) {
        CLEANUP(freep)
        char *question =
            mem_format("%s; take the versions of today?", agent_text(turn, "problem.text"));

        add_question(turn, "accept.NO_LOCK", "NO_LOCK",
                     json_str_at(turn->state, "survey.backend.manifest"), question);
    }
}

enum outcome found_overrule(struct turn *turn) {
    const json_t *routes = json_at(turn->state, "check.routes");
    enum outcome outcome;

    if (json_array_size(routes) > 0) {
        found_health(turn, routes);
        found_prefix(turn, routes);
    }
    outcome = found_missing(turn);
    return outcome == OUTCOME_OK ? found_writes(turn) : outcome;
}
