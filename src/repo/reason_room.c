/* Saying reasons, and the small helpers of one survey. */
#include "repo/project.h"
#include "repo/survey_room.h"

#include <string.h>

bool room_spend(struct room *room) {
    room->work++;
    if (room->work > SURVEY_WORK_MAX && room->tree.cut == NULL) {
        room->tree.cut = "its parts refer to each other too often";
    }
    room->is_spent = room->is_spent || room->work > SURVEY_WORK_MAX ||
                     (room->work % 256 == 0 && tree_is_late(&room->tree));
    return !room->is_spent;
}

const char *room_where(struct room *room, const char *path, int line) {
    return line <= 0 ? path : arena_format(room->arena, "%s:%d", path, line);
}

bool room_has(const json_t *list, const char *key, const char *value) {
    return json_row(list, key, value) != NULL;
}

void room_add(json_t *list, json_t *row) {
    json_t *at = NULL;
    size_t i = 0;

    json_array_foreach(list, i, at) {
        if (json_equal(at, row)) {
            json_decref(row);
            return;
        }
    }
    if (json_array_size(list) < SURVEY_LIST_MAX) {
        json_array_append_new(list, row);
    } else {
        json_decref(row);
    }
}

void place_add(json_t *list, const char *key, const char *value, const char *where) {
    json_t *row = json_object();

    json_put_strn(row, key, str_from(value));
    json_put_strn(row, "where", str_from(where));
    room_add(list, row);
}

static json_t *said(const char *text, const char *subject) {
    CLEANUP(buf_done) struct buf out = BUF_INIT(1000);

    reason_say(text, subject == NULL ? "" : subject, &out);
    return json_string_of(buf_str(&out));
}

static json_t *reason_json(const struct reason_row *row, const char *where, const char *subject) {
    json_t *json = json_object();

    json_put_str(json, "code", row->code);
    json_put_str(json, "severity", row->severity);
    json_put(json, "where", where == NULL ? json_null() : json_string_of(str_from(where)));
    json_put(json, "text", said(row->text, subject));
    json_put(json, "remedy", said(row->remedy, subject));
    return json;
}

/* The statement of a question "STATEMENT; go on?", for somebody who went on. */
static json_t *reason_accepted(const struct reason_row *row, const char *where,
                               const char *subject) {
    json_t *json = reason_json(row, where, subject);
    const char *text = json_str_or(json, "text", "");
    const char *question = strrchr(text, ';');

    if (question != NULL) {
        json_put(json, "text", json_string_of((struct str){text, (size_t)(question - text)}));
    }
    return json;
}

static bool is_accepted(const struct room *room, const char *code) {
    const struct project *project = room->options->project;

    for (size_t i = 0; project != NULL && i < project->accept_n; i++) {
        if (strcmp(project->accepts[i], code) == 0) {
            return true;
        }
    }
    return false;
}

/* Whether the environment that the survey is for gives the variable. */
static bool env_answers(const struct room *room, const char *name, bool is_build) {
    const struct project *project = room->options->project;
    const struct project_env *env =
        project == NULL ? NULL : project_env(project, room->options->env);

    if (env == NULL) {
        return false;
    }
    for (size_t i = 0; is_build && i < env->build_n; i++) {
        if (strcmp(env->build[i].name, name) == 0) {
            return true;
        }
    }
    for (size_t i = 0; !is_build && i < env->variable_n; i++) {
        if (strcmp(env->variables[i].name, name) == 0) {
            return true;
        }
    }
    for (size_t i = 0; !is_build && i < env->secret_n; i++) {
        if (strcmp(env->secrets[i], name) == 0) {
            return true;
        }
    }
    return false;
}

static bool is_answered(const struct room *room, const char *field) {
    const struct project *project = room->options->project;

    if (strncmp(field, "env.", 4) == 0) {
        return env_answers(room, field + 4, false);
    }
    if (strncmp(field, "build_env.", 10) == 0) {
        return env_answers(room, field + 10, true);
    }
    if (project == NULL) {
        return false;
    }
    return (strcmp(field, "backend.dir") == 0 && project->backend.dir != NULL) ||
           (strcmp(field, "backend.asgi") == 0 && project->backend.asgi != NULL) ||
           (strcmp(field, "frontend.dir") == 0 && project->frontend.dir != NULL) ||
           (strcmp(field, "frontend.out") == 0 && project->frontend.out != NULL);
}

void room_ask(struct room *room, enum reason reason, const char *field, const char *where,
              const char *subject) {
    const struct reason_row *row = reason_row(reason);
    json_t *json = NULL;

    if (is_answered(room, field) || room_has(room->ask, "field", field)) {
        return;
    }
    json = json_object();
    json_put_strn(json, "field", str_from(field));
    json_put(json, "question", said(row->text, subject));
    json_put_str(json, "code", row->code);
    json_put(json, "where", where == NULL ? json_null() : json_string_of(str_from(where)));
    if (row->remedy[0] != '\0') {
        json_put(json, "otherwise", said(row->remedy, subject));
    }
    room_add(room->ask, json);
}

void room_say(struct room *room, enum reason reason, const char *where, const char *subject) {
    const struct reason_row *row = reason_row(reason);

    switch (row->kind) {
    case REASON_KIND_FINDING:
        room_add(room->findings, reason_json(row, where, subject));
        break;
    case REASON_KIND_REFUSE:
        room_add(room->refuse, reason_json(row, where, subject));
        break;
    case REASON_KIND_ACCEPT:
        if (is_accepted(room, row->code)) {
            room_add(room->findings, reason_accepted(row, where, subject));
        } else {
            room_ask(room, reason, arena_format(room->arena, "accept.%s", row->code), where,
                     subject);
        }
        break;
    case REASON_KIND_SITE:
        room_add(room->site_problems, reason_json(row, where, subject));
        break;
    case REASON_KIND_ASK:
        break; /* has no field of its own: room_ask() */
    }
}
