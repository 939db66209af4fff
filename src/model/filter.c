/* The moderation filter of the server. */
#include <string.h>

#include "base/clock.h"
#include "base/rand.h"
#include "guard/limits.h"
#include "model/room.h"

enum { TRIES = 2 };

/* {"results":[{"flagged","categories":{name:bool}}]} */
static enum filter filter_read(const struct http_reply *reply, json_t **categories,
                               struct err *why) {
    CLEANUP(json_decrefp) json_t *body = NULL;
    CLEANUP(json_decrefp) json_t *names = json_array();
    const json_t *result;
    const char *name;
    json_t *is_flagged;

    if (json_read(buf_str(&reply->body), &body, why) != ERR_NONE) {
        err_set(why, ERR_PROTOCOL, "the filter's answer is not JSON");
        return FILTER_UNKNOWN;
    }
    result = json_array_get(json_object_get(body, "results"), 0);
    if (!json_is_boolean(json_object_get(result, "flagged")) ||
        !json_is_object(json_object_get(result, "categories"))) {
        err_set(why, ERR_PROTOCOL, "the filter's answer is not understood");
        return FILTER_UNKNOWN;
    }
    json_object_foreach(json_object_get(result, "categories"), name, is_flagged) {
        if (json_is_true(is_flagged)) {
            (void)json_array_append_new(names, json_string_of(str_from(name)));
        }
    }
    if (!json_is_true(json_object_get(result, "flagged")) && json_array_size(names) == 0) {
        return FILTER_PASSED;
    }
    *categories = TAKE(names);
    return FILTER_FLAGGED;
}

static enum filter filter_once(struct model_client *client, const struct model_post *post,
                               json_t **categories, struct failure *failure, struct err *why) {
    CLEANUP(http_reply_done) struct http_reply reply = {0};

    *failure = (struct failure){0};
    if (model_post(client, post, &reply, why) != ERR_NONE) {
        *failure = failure_of_error(why);
        return FILTER_UNKNOWN;
    }
    if (reply.status == 404 && strcmp(client->host, "api.openai.com") != 0) {
        return FILTER_ABSENT;
    }
    if (reply.status != 200) {
        *failure = failure_of_reply(&reply, "", clock_now_ms(), why);
        return FILTER_UNKNOWN;
    }
    return filter_read(&reply, categories, why);
}

enum filter model_filter(struct model_client *client, const struct masked *text,
                         int64_t deadline_mono_ms, const atomic_bool *cancel, json_t **categories,
                         struct err *why) {
    CLEANUP(json_decrefp)
    json_t *asked =
        json_pack("{s:s, s:s}", "model", "omni-moderation-latest", "input", masked_cstr(text));
    CLEANUP(freep) char *body = json_text(asked);
    int64_t latest_ms = clock_mono_ms() + limit(LIMIT_FILTER_MS);
    struct model_post post = {.path = "/moderations",
                              .body = str_from(body),
                              .deadline_mono_ms =
                                  latest_ms < deadline_mono_ms ? latest_ms : deadline_mono_ms,
                              .cancel = cancel};

    for (int n = 1;; n++) {
        struct failure failure;
        enum filter filter = filter_once(client, &post, categories, &failure, why);
        int64_t wait_ms = failure.wait_ms >= 0 ? failure.wait_ms : failure_delay_ms(n, rand_unit());

        if (filter != FILTER_UNKNOWN || n == TRIES || failure.next != FAILURE_AGAIN ||
            !model_pause(wait_ms, post.deadline_mono_ms, cancel)) {
            return filter;
        }
    }
}
