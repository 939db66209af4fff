/* The model client: one exchange, tries, the fallback. */
#include "model/client.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/rand.h"
#include "guard/limits.h"
#include "model/room.h"

enum { BODY_BYTES = 4 << 20, SLEEP_MS = 50, REPLY_BYTES = 256 << 10, KEY_BYTES = 4096 };

/* ---- The client ---- */

/* The host of "scheme://host:port/path"; empty where there is a user name in it. */
static struct str url_host(struct str url, size_t scheme_n) {
    struct str rest = str_slice(url, scheme_n, url.len);
    ptrdiff_t slash = str_find(rest, STR("/"));
    ptrdiff_t end;

    rest = str_slice(rest, 0, slash < 0 ? rest.len : (size_t)slash);
    if (str_find(rest, STR("@")) >= 0) {
        return STR("");
    }
    if (str_starts(rest, STR("["))) {
        end = str_find(rest, STR("]"));
        return end < 0 ? STR("") : str_slice(rest, 1, (size_t)end);
    }
    end = str_find(rest, STR(":"));
    return str_slice(rest, 0, end < 0 ? rest.len : (size_t)end);
}

static enum err_code client_take_url(struct model_client *client, const char *given,
                                     struct err *err) {
    struct str url = str_from(given == NULL ? MODEL_BASE_URL : given);
    bool is_tls = str_starts(url, STR("https://"));
    bool is_plain = str_starts(url, STR("http://"));
    struct str host = url_host(url, is_tls ? 8 : 7);

    while (str_ends(url, STR("/"))) {
        url = str_slice(url, 0, url.len - 1);
    }
    if ((!is_tls && !is_plain) || host.len == 0) {
        err_set(err, ERR_CONFIG, "OPENAI_BASE_URL is no address of a model server");
        return err_remedy(err, "write it as https://HOST/v1, or http://127.0.0.1:PORT/v1 for a "
                               "server on this machine");
    }
    if (!is_tls && !http_is_loopback(host)) {
        err_set(err, ERR_CONFIG,
                "OPENAI_BASE_URL names " STR_FMT " without https: key and prompts would be "
                "readable on the way",
                STR_ARG(host));
        return err_remedy(err, "use https, or a server on this machine");
    }
    client->base_url = str_dup(url);
    client->host = str_dup(host);
    return ERR_NONE;
}

enum err_code model_client_new(const struct model_options *options, struct model_client **out,
                               struct err *err) {
    struct model_client *client = mem_alloc(sizeof *client);
    const struct http_options http = {.ca_bundle = options->ca_bundle,
                                      .user_agent = "aws-copilot/" AWSCOPILOT_VERSION};

    if (client_take_url(client, options->base_url, err) != ERR_NONE) {
        free(client);
        return err->code;
    }
    client->key = options->key.len == 0 ? NULL : secret_new(options->key);
    client->primary = options->primary;
    client->fallback = options->fallback;
    client->embedder = mem_strdup(options->embedder);
    client->stall_ms = options->stall_ms > 0 ? options->stall_ms : limit(LIMIT_MODEL_STALL_MS);
    client->http = http_new(&http);
    *out = client;
    return ERR_NONE;
}

void model_client_free(struct model_client *client) {
    if (client != NULL) {
        secret_free(client->key);
        http_free(client->http);
        free(client->base_url);
        free(client->host);
        free(client->embedder);
        free(client);
    }
}

const struct model_row *model_client_primary(const struct model_client *client) {
    return &client->primary;
}

const struct model_row *model_client_fallback(const struct model_client *client) {
    return client->fallback.name[0] == '\0' ? NULL : &client->fallback;
}

const char *model_client_host(const struct model_client *client) { return client->host; }

void model_answer_done(struct model_answer *answer) {
    chat_answer_done(&answer->chat);
    json_decref(answer->json);
    *answer = (struct model_answer){0};
}

/* ---- One exchange ---- */

enum err_code model_post(struct model_client *client, const struct model_post *post,
                         struct http_reply *reply, struct err *err) {
    CLEANUP(buf_done) struct buf bearer = BUF_INIT(KEY_BYTES);
    CLEANUP(freep) char *url = mem_format("%s%s", client->base_url, post->path);
    int64_t left_ms = post->deadline_mono_ms - clock_mono_ms();
    struct http_header headers[] = {
        {"Content-Type", STR("application/json")},
        {"Accept", post->sink == NULL ? STR("application/json") : STR("text/event-stream")},
        {"Authorization", {0}},
    };
    struct http_request request = {.method = "POST",
                                   .url = url,
                                   .headers = headers,
                                   .header_n = client->key == NULL ? 2 : 3,
                                   .body = post->body,
                                   .timeout_ms = left_ms,
                                   .stall_ms = client->stall_ms,
                                   .body_max = REPLY_BYTES,
                                   .sink = post->sink,
                                   .sink_ctx = post->sink_ctx,
                                   .cancel = post->cancel};
    enum err_code code;

    if (left_ms <= 0) {
        return err_set(err, ERR_TIMEOUT, "the model did not answer in time");
    }
    if (client->key != NULL) {
        buf_add_s(&bearer, "Bearer ");
        buf_add(&bearer, secret_str(client->key));
        headers[2].value = buf_str(&bearer);
    }
    code = http_send(client->http, &request, reply, err);
    if (bearer.ptr != NULL) {
        mem_wipe(bearer.ptr, bearer.len);
    }
    return code;
}

bool model_pause(int64_t ms, int64_t deadline_mono_ms, const atomic_bool *cancel) {
    int64_t until_ms = clock_mono_ms() + ms;

    if (until_ms >= deadline_mono_ms) {
        return false;
    }
    while (clock_mono_ms() < until_ms) {
        int64_t left_ms = until_ms - clock_mono_ms();

        if (cancel != NULL && atomic_load(cancel)) {
            return false;
        }
        clock_sleep_ms(left_ms < SLEEP_MS ? left_ms : SLEEP_MS);
    }
    return true;
}

static void body_add_json(struct buf *out, const char *name, const json_t *value) {
    buf_addf(out, ",\"%s\":", name);
    json_add(out, value);
}

void model_request_body(const struct model_row *row, const struct model_request *request,
                        struct buf *out) {
    CLEANUP(json_decrefp) json_t *name = json_string(row->name);

    buf_add_s(out, "{\"model\":");
    json_add(out, name);
    buf_addf(out, ",\"messages\":%s", masked_cstr(request->messages));
    buf_addf(out, ",\"stream\":true,\"stream_options\":{\"include_usage\":true}");
    buf_addf(out, ",\"temperature\":%.2g,\"max_completion_tokens\":%u", request->temperature,
             request->answer_max);
    if (request->schema != SCHEMA_NONE) {
        /* As it is written: a model answers in the order of its members. */
        buf_addf(out,
                 ",\"response_format\":{\"type\":\"json_schema\",\"json_schema\":{\"name\":\"%s\","
                 "\"strict\":true,\"schema\":",
                 schema_name(request->schema));
        buf_add(out, str_trim(schema_text(request->schema)));
        buf_add_s(out, "}}");
    }
    if (json_array_size(request->functions) > 0) {
        body_add_json(out, "tools", request->functions);
        buf_add_s(out, ",\"parallel_tool_calls\":false");
    }
    buf_add_c(out, '}');
}

/* What the answer is good for: a refusal and an answer that was cut at its length are none. */
static enum err_code answer_judge(const struct model_request *request, struct model_answer *answer,
                                  struct err *err) {
    struct chat_answer *chat = &answer->chat;

    if (chat->refusal.len > 0) {
        return err_set(err, ERR_SERVICE, "the model does not answer this: %.200s",
                       buf_cstr(&chat->refusal));
    }
    if (chat->finish == CHAT_FINISH_FILTER) {
        return err_set(err, ERR_SERVICE, "the model server's own filter stopped the answer");
    }
    if (request->schema == SCHEMA_NONE || chat->call_n > 0) {
        return ERR_NONE;
    }
    if (chat->finish == CHAT_FINISH_LENGTH) {
        return err_set(err, ERR_PROTOCOL, "the model's answer did not fit into %u tokens",
                       request->answer_max);
    }
    return schema_read(request->schema, buf_str(&chat->text), &answer->json, err);
}

/* One try with one model. `*failure` is set where it returns an error. */
static enum err_code try_once(struct model_client *client, const struct model_row *row,
                              const struct model_request *request, struct model_answer *out,
                              struct failure *failure, struct err *err) {
    CLEANUP(buf_done) struct buf body = BUF_INIT(BODY_BYTES);
    CLEANUP(chat_reader_freep)
    struct chat_reader *reader =
        chat_reader_new(request->answer_max, request->watch.piece, request->watch.ctx);
    CLEANUP(http_reply_done) struct http_reply reply = {0};
    struct model_post post = {.path = "/chat/completions",
                              .deadline_mono_ms = request->deadline_mono_ms,
                              .cancel = request->cancel,
                              .sink = chat_reader_feed,
                              .sink_ctx = reader};

    model_request_body(row, request, &body);
    post.body = buf_str(&body);
    if (body.failed) {
        *failure = (struct failure){0};
        return err_set(err, ERR_TOO_LARGE, "the prompt has more than %d bytes", BODY_BYTES);
    }
    if (model_post(client, &post, &reply, err) != ERR_NONE) {
        *failure = failure_of_error(err);
        return err->code;
    }
    if (reply.status / 100 != 2) {
        *failure = failure_of_reply(&reply, row->name, clock_now_ms(), err);
        return err->code;
    }
    *failure = (struct failure){FAILURE_STOP, -1, !reader->answer.is_used_known};
    if (chat_reader_end(reader, err) != ERR_NONE) {
        failure->is_spent = true; /* an answer that is cut says nothing of what it cost */
        return err->code;
    }
    out->row = *row;
    out->chat = reader->answer;
    reader->answer = (struct chat_answer){0};
    return answer_judge(request, out, err);
}

/* ---- Tries ---- */

struct tries {
    struct model_client *client;
    const struct model_request *request;
    struct failure failure;
};

static void tell_wait(const struct model_request *request, int64_t ms, const struct err *err) {
    if (request->watch.wait != NULL) {
        request->watch.wait(request->watch.ctx, ms, err->text);
    }
}

/* Tries one model as often as it may be tried. */
static enum err_code try_model(struct tries *tries, const struct model_row *row,
                               struct model_answer *out, struct err *err) {
    const struct model_request *request = tries->request;

    for (int n = 1;; n++) {
        int64_t wait_ms;
        enum err_code code = try_once(tries->client, row, request, out, &tries->failure, err);

        if (code == ERR_NONE || tries->failure.next != FAILURE_AGAIN ||
            n == limit(LIMIT_MODEL_TRIES)) {
            return code;
        }
        wait_ms =
            tries->failure.wait_ms >= 0 ? tries->failure.wait_ms : failure_delay_ms(n, rand_unit());
        if (wait_ms > limit(LIMIT_MODEL_WAIT_MS)) {
            return code;
        }
        tell_wait(request, wait_ms, err);
        if (!model_pause(wait_ms, request->deadline_mono_ms, request->cancel)) {
            return request->cancel != NULL && atomic_load(request->cancel)
                       ? err_set(err, ERR_CANCELLED, "the call to the model was cancelled")
                       : code;
        }
    }
}

enum err_code model_complete(struct model_client *client, const struct model_request *request,
                             struct model_answer *out, enum model_cost *cost, struct err *err) {
    struct tries tries = {.client = client, .request = request};
    const struct model_row *other = model_client_fallback(client);
    bool is_cheap = request->is_cheap && other != NULL;
    enum err_code code = try_model(&tries, is_cheap ? other : &client->primary, out, err);

    if (code != ERR_NONE && !is_cheap && other != NULL && tries.failure.next != FAILURE_STOP &&
        !tries.failure.is_spent && code != ERR_CANCELLED) {
        code = try_model(&tries, other, out, err);
    }
    *cost = code != ERR_NONE && !tries.failure.is_spent ? MODEL_COST_NOTHING : MODEL_COST_UNKNOWN;
    if (code != ERR_NONE && out->chat.is_used_known) {
        *cost = MODEL_COST_UNKNOWN; /* the answer says what it cost */
    }
    return code;
}
