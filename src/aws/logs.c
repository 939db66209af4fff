/* CloudWatch Logs. */
#include "aws/logs.h"

#include <string.h>

enum { LOGS_PAGES_MAX = 200 };

static json_t *logs_body(const struct logs_query *query, const char *next, size_t most) {
    json_t *body = json_object();

    json_put_str(body, "logGroupName", query->group);
    json_put_str(body, "filterPattern", query->filter);
    json_put_str(body, "nextToken", next);
    json_put_int(body, "startTime", query->since_ms);
    json_put_int(body, "limit", (int64_t)most);
    if (query->until_ms > 0) {
        json_put_int(body, "endTime", query->until_ms);
    }
    return body;
}

static enum err_code logs_page(const struct aws *aws, const struct logs_query *query,
                               const char *next, size_t most, json_t **out, struct err *err) {
    CLEANUP(json_decrefp) json_t *body = logs_body(query, next, most);
    CLEANUP(freep) char *text = json_text(body);
    struct aws_reply reply = {0};
    struct aws_request request = {.service = AWS_LOGS,
                                  .action = "FilterLogEvents",
                                  .body = str_from(text),
                                  .expected = {"ResourceNotFoundException"}};
    enum err_code code = ERR_NONE;

    if (aws_call(aws, &request, &reply, err) != ERR_NONE) {
        return err->code;
    }
    if (reply.code[0] != '\0') {
        *out = json_object(); /* nothing was ever written there */
    } else if (json_read(buf_str(&reply.http.body), out, err) != ERR_NONE) {
        code = err_set(err, ERR_PROTOCOL, "the answer of CloudWatch Logs is not JSON");
    }
    aws_reply_done(&reply);
    return code;
}

static void logs_take(const struct logs_query *query, const json_t *page, json_t *lines) {
    const json_t *event;
    size_t i;

    json_array_foreach(json_object_get(page, "events"), i, event) {
        json_t *line = json_object();
        struct str text = str_trim(str_from(json_str_or(event, "message", "")));

        json_put_int(line, "time_ms", json_int_or(event, "timestamp", 0));
        json_put_str(line, "group", query->group);
        json_put_strn(line, "text", text);
        (void)json_array_append_new(lines, line);
    }
}

enum err_code logs_filter(const struct aws *aws, const struct logs_query *query, json_t *lines,
                          struct err *err) {
    CLEANUP(freep) char *next = NULL;
    size_t most = json_array_size(lines) + query->limit;

    /* A page may be empty and still have a next one. */
    for (int pages = 0; pages < LOGS_PAGES_MAX && json_array_size(lines) < most; pages++) {
        CLEANUP(json_decrefp) json_t *page = NULL;

        if (logs_page(aws, query, next, most - json_array_size(lines), &page, err) != ERR_NONE) {
            return err->code;
        }
        logs_take(query, page, lines);
        freep(&next);
        next = mem_strdup(json_str_at(page, "nextToken"));
        if (next == NULL) {
            break;
        }
    }
    return ERR_NONE;
}
