/* What becomes of a site that cannot be built: nothing is deployed, or the API alone. */
#include "repo/project.h"
#include "repo/survey_room.h"

#include <string.h>

static bool is_about_site(const char *field) {
    static const char *const starts[] = {"build_env.",           "frontend.",
                                         "accept.HARDCODED_API", "accept.PROXY_REWRITE",
                                         "accept.NO_NODE_LOCK",  "accept.API_UNANSWERED",
                                         "accept.BASE_UNKNOWN"};

    for (size_t i = 0; i < ARRAY_N(starts); i++) {
        if (strncmp(field, starts[i], strlen(starts[i])) == 0) {
            return true;
        }
    }
    return false;
}

/* Without the site its questions would be asked in vain. */
static void drop_questions(json_t *ask) {
    for (size_t i = json_array_size(ask); i > 0; i--) {
        if (is_about_site(json_str_or(json_array_get(ask, i - 1), "field", ""))) {
            json_array_remove(ask, i - 1);
        }
    }
}

static void move_all(struct room *room, json_t *to) {
    json_t *row = NULL;
    size_t i = 0;

    json_array_foreach(room->site_problems, i, row) { room_add(to, json_incref(row)); }
}

bool judge_site(struct room *room, json_t *survey) {
    const json_t *first = json_array_get(room->site_problems, 0);
    const char *left_out = reason_row(REASON_FRONTEND_LEFT_OUT)->code;

    if (first == NULL) {
        return json_str_at(survey, "frontend.bundler") != NULL;
    }
    if (room->app == NULL) {
        move_all(room, room->refuse);
        return false;
    }
    move_all(room, room->findings);
    drop_questions(room->ask);
    room_say(room, REASON_FRONTEND_LEFT_OUT, json_str_at(first, "where"),
             json_str_at(first, "text"));
    if (room_has(room->findings, "code", left_out)) { /* the answer was yes */
        json_put(survey, "frontend", json_null());
        json_put(survey, "build_env", json_array());
        json_put_str(survey, "layout", "backend");
    }
    return false;
}
