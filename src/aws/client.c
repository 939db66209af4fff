/* The client: what all calls share, and the loop around one call. */
#include "aws/client.h"

#include "aws/creds.h"
#include "aws/error.h"
#include "aws/retry.h"
#include "aws/sigv4.h"
#include "aws/wire.h"
#include "base/clock.h"
#include "base/rand.h"
#include "guard/limits.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

/* A clock that is wrong by less is not why AWS refuses; an answer that took longer says nothing
 * about the time now. */
enum { SKEW_MIN_MS = 4 * 60 * 1000, SKEW_ELAPSED_MAX_MS = 15 * 60 * 1000, SLEEP_MS = 100 };

struct aws_client {
    struct aws_config *config;
    struct creds_provider *creds;
    struct http *http;
    struct sigv4_cache *keys;
    pthread_mutex_t lock; /* guards all below */
    char *region;         /* from the instance metadata */
    bool is_region_asked;
    struct bucket buckets[AWS_SERVICE_N];
    struct retry_bucket retries;
    int64_t offset_ms[AWS_SERVICE_N]; /* AWS's clock minus ours, used when signing */
    int64_t seen_ms[AWS_SERVICE_N];   /* the same as last seen, for people */
};

/* One call under way. */
struct call {
    const struct aws *aws;
    const struct aws_request *request;
    const char *region;
    const struct aws_creds *creds;     /* signs; NULL: nothing does */
    const struct aws_creds *own_creds; /* the reference to them that this call holds, or NULL */
    struct wire wire;
    struct aws_reply reply;
    struct err err; /* of the transport */
    enum retry_class last_retry;
    int retries;
    bool is_skew_tried;
    bool is_region_tried;
    char bucket_region[40];
};

enum err_code aws_client_new(const struct aws_options *options, struct aws_client **out,
                             struct err *err) {
    struct aws_config *config = NULL;
    struct aws_client *client;

    if (aws_config_new(options, &config, err) != ERR_NONE) {
        return err->code;
    }
    client = mem_alloc(sizeof *client);
    client->config = config;
    client->creds = creds_provider_new(config, options->env);
    client->http = http_new(&(struct http_options){
        .ca_bundle = aws_config_ca_bundle(config),
        .user_agent = options->user_agent == NULL ? "aws-copilot" : options->user_agent});
    client->keys = sigv4_cache_new();
    (void)pthread_mutex_init(&client->lock, NULL);
    *out = client;
    return ERR_NONE;
}

void aws_client_free(struct aws_client *client) {
    if (client == NULL) {
        return;
    }
    creds_provider_free(client->creds);
    http_free(client->http);
    sigv4_cache_free(client->keys);
    aws_config_free(client->config);
    (void)pthread_mutex_destroy(&client->lock);
    free(client->region);
    free(client);
}

void aws_client_freep(struct aws_client **client) {
    aws_client_free(*client);
    *client = NULL;
}

const struct aws_config *aws_client_config(const struct aws_client *client) {
    return client->config;
}

struct http *aws_client_http(struct aws_client *client) {
    return client->http;
}

enum err_code aws_region(const struct aws *aws, const char **out, struct err *err) {
    struct aws_client *client = aws->client;
    const char *region = aws_config_region(client->config);

    if (region == NULL) {
        (void)pthread_mutex_lock(&client->lock);
        if (!client->is_region_asked) {
            client->region = creds_instance_region(client->creds, aws);
            client->is_region_asked = true;
        }
        region = client->region;
        (void)pthread_mutex_unlock(&client->lock);
    }
    if (region == NULL) {
        err_set(err, ERR_CONFIG, "no AWS region is configured, and there is no default");
        return err_remedy(err, "name one with --region eu-central-1, AWS_REGION, or `aws configure "
                               "set region eu-central-1`");
    }
    *out = region;
    return ERR_NONE;
}

enum err_code aws_credentials_describe(const struct aws *aws, struct buf *out_source,
                                       struct buf *out_warnings, struct err *err) {
    CLEANUP(creds_releasep) const struct aws_creds *creds = NULL;

    if (creds_get(aws->client->creds, aws, &creds, err) != ERR_NONE) {
        return err->code;
    }
    buf_add_s(out_source, creds->source);
    creds_warn(aws->client->creds, creds, out_warnings);
    return ERR_NONE;
}

enum err_code aws_credentials(const struct aws *aws, const struct aws_creds **out,
                              struct err *err) {
    return creds_get(aws->client->creds, aws, out, err);
}

int64_t aws_clock_offset_ms(const struct aws *aws, enum aws_service service) {
    int64_t ms;

    (void)pthread_mutex_lock(&aws->client->lock);
    ms = aws->client->seen_ms[service];
    (void)pthread_mutex_unlock(&aws->client->lock);
    return ms;
}

void aws_reply_done(struct aws_reply *reply) { http_reply_done(&reply->http); }

enum err_code aws_refused(const struct aws_request *request, const struct aws_reply *reply,
                          struct err *err) {
    return aws_error_set(request, reply, err);
}

/* Whether the call may go on. Errors: ERR_CANCELLED, ERR_TIMEOUT. */
static enum err_code call_check(const struct call *call, struct err *err) {
    const struct aws *aws = call->aws;
    const char *title = aws_service_row(call->request->service)->title;

    if (aws->cancel != NULL && atomic_load(aws->cancel)) {
        return err_set(err, ERR_CANCELLED, "%s %s was cancelled", title, call->request->action);
    }
    if (aws->deadline_ms != 0 && clock_mono_ms() >= aws->deadline_ms) {
        return err_set(err, ERR_TIMEOUT, "%s %s: the time for it has run out", title,
                       call->request->action);
    }
    return ERR_NONE;
}

/* Sleeps in pieces, so that cancellation and deadline end it soon. */
static enum err_code call_wait(const struct call *call, const char *why, int64_t ms,
                               struct err *err) {
    int64_t end_ms = clock_mono_ms() + ms;

    if (ms > 0 && call->aws->on_wait != NULL) {
        call->aws->on_wait(call->aws->on_wait_ctx, call->request->service, why, ms);
    }
    for (;;) {
        int64_t left_ms = end_ms - clock_mono_ms();

        if (call_check(call, err) != ERR_NONE) {
            return err->code;
        }
        if (left_ms <= 0) {
            return ERR_NONE;
        }
        clock_sleep_ms(left_ms < SLEEP_MS ? left_ms : SLEEP_MS);
    }
}

/* Waits for a token of the service's bucket. */
static enum err_code call_pace(const struct call *call, struct err *err) {
    struct aws_client *client = call->aws->client;

    while (!call->request->is_bulk) {
        int64_t wait_ms;

        (void)pthread_mutex_lock(&client->lock);
        wait_ms = bucket_take(&client->buckets[call->request->service], limit(LIMIT_AWS_PER_S),
                              limit(LIMIT_AWS_BURST), clock_mono_ms());
        (void)pthread_mutex_unlock(&client->lock);
        if (wait_ms == 0) {
            break;
        }
        if (call_wait(call, "to stay below the rate of calls", wait_ms, err) != ERR_NONE) {
            return err->code;
        }
    }
    return call_check(call, err);
}

/* Gets the keys and refuses the wrong place for them. */
static enum err_code call_take_creds(struct call *call, struct err *err) {
    ptrdiff_t colon = str_find(call->wire.host, STR(":"));
    struct str host =
        str_slice(call->wire.host, 0, colon < 0 ? call->wire.host.len : (size_t)colon);

    call->creds = call->aws->creds;
    if (call->request->is_unsigned) {
        call->creds = NULL;
    } else if (call->creds == NULL) {
        creds_releasep(&call->own_creds);
        if (creds_get(call->aws->client->creds, call->aws, &call->own_creds, err) != ERR_NONE) {
            return err->code;
        }
        call->creds = call->own_creds;
    }
    return creds_check_host(call->creds, host, call->wire.is_explicit, err);
}

static int64_t call_timeout_ms(const struct call *call) {
    int64_t ms = call->request->timeout_ms == 0 ? AWS_TIMEOUT_MS : call->request->timeout_ms;
    int64_t left_ms = call->aws->deadline_ms - clock_mono_ms();

    return call->aws->deadline_ms != 0 && left_ms < ms ? (left_ms > 0 ? left_ms : 1) : ms;
}

static void call_note_clock(struct call *call) {
    struct aws_client *client = call->aws->client;

    if (call->reply.http.date_ms != 0) {
        (void)pthread_mutex_lock(&client->lock);
        client->seen_ms[call->request->service] = call->reply.http.date_ms - clock_now_ms();
        (void)pthread_mutex_unlock(&client->lock);
    }
}

/* Signs and sends once. Errors: those that end the call at once; what the transport says is left in
 * `call->err`. */
static enum err_code call_send(struct call *call, struct err *err) {
    struct aws_client *client = call->aws->client;
    const struct aws_request *r = call->request;
    enum aws_protocol protocol = aws_service_row(r->service)->protocol;
    struct http_request request = {
        .method = protocol == AWS_QUERY || protocol == AWS_JSON11 ? "POST" : r->method,
        .url = buf_cstr(&call->wire.url),
        .headers = call->wire.headers,
        .body = call->wire.body,
        .file = r->file,
        .timeout_ms = call_timeout_ms(call),
        .stall_ms = r->stall_ms,
        .body_max = r->body_max,
        .sink = r->sink,
        .sink_ctx = r->sink_ctx,
        .is_once = r->is_once,
        .cancel = call->aws->cancel};
    int64_t offset_ms;

    (void)pthread_mutex_lock(&client->lock);
    offset_ms = client->offset_ms[r->service];
    (void)pthread_mutex_unlock(&client->lock);
    if (wire_sign(&call->wire, client->keys, r, call->creds, call->region,
                  clock_now_ms() + offset_ms, err) != ERR_NONE) {
        return err->code;
    }
    if (r->sink != NULL && r->sink(r->sink_ctx, (struct str){0}, err) != ERR_NONE) {
        return err->code;
    }
    request.header_n = call->wire.signed_n;
    aws_reply_done(&call->reply);
    call->reply = (struct aws_reply){0};
    call->err = (struct err){0};
    if (http_send(client->http, &request, &call->reply.http, &call->err) == ERR_NONE) {
        call_note_clock(call);
        aws_error_read(&call->reply);
    }
    return ERR_NONE;
}

/* Whether the root element is <Error>. Blanks may stand before the XML declaration and after it. */
static bool is_error_document(struct str body) {
    body = str_trim(body);
    if (str_starts(body, STR("<?xml"))) {
        ptrdiff_t end = str_find(body, STR("?>"));

        body = str_trim(str_slice(body, end < 0 ? body.len : (size_t)end + 2, body.len));
    }
    return str_starts(body, STR("<Error>"));
}

/* S3 can say 200 and mean an error, after a long operation; it is as good as a 500. */
static void call_unmask(struct call *call) {
    if (call->request->service == AWS_S3 && call->reply.http.status == 200 &&
        strcmp(call->request->method, "POST") == 0 &&
        is_error_document(buf_str(&call->reply.http.body))) {
        call->reply.http.status = 500;
        aws_error_read(&call->reply);
    }
}

static bool is_answer(const struct call *call) {
    return call->err.code == ERR_NONE && call->reply.http.status / 100 == 2;
}

static bool is_expected(const struct call *call) {
    CLEANUP(freep) char *status = mem_format("%d", call->reply.http.status);

    for (size_t i = 0; i < AWS_EXPECTED_MAX && call->err.code == ERR_NONE; i++) {
        const char *expected = call->request->expected[i];

        if (expected != NULL &&
            (strcmp(expected, call->reply.code) == 0 || strcmp(expected, status) == 0)) {
            return true;
        }
    }
    return false;
}

/* Whether AWS may have refused our clock. The answer to HEAD has no body that would tell. */
static bool is_clock_refused(const struct call *call) {
    bool is_mute = call->reply.http.status == 403 && call->reply.http.body.len == 0;

    return call->err.code == ERR_NONE && call->reply.http.status / 100 == 4 &&
           (is_mute || aws_error_is_clock(call->reply.code, call->reply.message));
}

/* Takes over AWS's clock when it refuses ours; true when the call is worth another try. */
static bool call_fix_clock(struct call *call) {
    struct aws_client *client = call->aws->client;
    const struct http_reply *http = &call->reply.http;
    int64_t offset_ms = http->date_ms - clock_now_ms();
    int64_t change_ms;

    if (call->is_skew_tried || !is_clock_refused(call) || http->date_ms == 0 ||
        http_header(http, "age").len > 0 || http->elapsed_ms > SKEW_ELAPSED_MAX_MS) {
        return false;
    }
    call->is_skew_tried = true;
    (void)pthread_mutex_lock(&client->lock);
    change_ms = offset_ms - client->offset_ms[call->request->service];
    if (change_ms >= SKEW_MIN_MS || change_ms <= -SKEW_MIN_MS) {
        client->offset_ms[call->request->service] = offset_ms;
    }
    (void)pthread_mutex_unlock(&client->lock);
    return change_ms >= SKEW_MIN_MS || change_ms <= -SKEW_MIN_MS;
}

/* Follows a bucket into its region, once; true when the call is to be sent there. */
static bool call_fix_region(struct call *call) {
    struct str told = http_header(&call->reply.http, "x-amz-bucket-region");
    int status = call->reply.http.status;

    if (call->is_region_tried || call->err.code != ERR_NONE || call->request->bucket == NULL ||
        (status != 301 && status != 307 && status != 400) || told.len == 0 ||
        told.len >= sizeof call->bucket_region || str_eq(told, str_from(call->region))) {
        return false;
    }
    call->is_region_tried = true;
    memcpy(call->bucket_region, told.ptr, told.len);
    call->bucket_region[told.len] = '\0';
    call->region = call->bucket_region;
    return aws_partition(call->region) != NULL;
}

/* Whether to try again, and then waits until it is time. */
static bool call_may_retry(struct call *call, struct err *err) {
    struct aws_client *client = call->aws->client;
    const struct retry_outcome outcome = {.service = call->request->service,
                                          .transport = call->err.code,
                                          .status = call->reply.http.status,
                                          .code = call->reply.code};
    enum retry_class class = retry_classify(&outcome);
    bool may_be_done = outcome.transport == ERR_NONE ? class == RETRY_TRANSIENT
                                                     : outcome.transport != ERR_UNREACHABLE;
    int64_t hint_ms = -1;
    struct err ignored = {0};
    bool is_paid;

    if (class == RETRY_NEVER || call->retries + 1 >= aws_config_attempts(client->config) ||
        (call->request->is_once && may_be_done)) {
        return false;
    }
    (void)pthread_mutex_lock(&client->lock);
    is_paid = retry_bucket_pay(&client->retries, class);
    (void)pthread_mutex_unlock(&client->lock);
    if (!is_paid) {
        return false;
    }
    if (outcome.transport != ERR_NONE ||
        str_to_i64(http_header(&call->reply.http, "x-amz-retry-after"), 0, INT32_MAX, &hint_ms,
                   &ignored) != ERR_NONE) {
        hint_ms = -1;
    }
    call->last_retry = class;
    return call_wait(call,
                     class == RETRY_THROTTLED ? "because AWS asks for fewer calls"
                                              : "to try again after a failure",
                     retry_delay_ms(class, call->retries++, rand_unit(), hint_ms), err) == ERR_NONE;
}

/* What became of the last attempt, as the caller's error. */
static enum err_code call_fail(const struct call *call, struct err *err) {
    if (call->err.code == ERR_NONE) {
        return aws_error_set(call->request, &call->reply, err);
    }
    *err = call->err;
    aws_error_advise(err);
    return err_prefix(err, "%s %s", aws_service_row(call->request->service)->title,
                      call->request->action);
}

static enum err_code call_build(struct call *call, struct err *err) {
    wire_done(&call->wire);
    if (wire_build(&call->wire, call->aws->client->config, call->request, call->region, err) !=
        ERR_NONE) {
        return err->code;
    }
    return call_take_creds(call, err);
}

static enum err_code call_run(struct call *call, struct err *err) {
    if (call_check(call, err) != ERR_NONE ||
        aws_region(call->aws, &call->region, err) != ERR_NONE ||
        call_build(call, err) != ERR_NONE) {
        return err->code;
    }
    for (;;) {
        struct err stop = {0};

        if (call_pace(call, err) != ERR_NONE || call_send(call, err) != ERR_NONE) {
            return err->code;
        }
        call_unmask(call);
        if (call_fix_clock(call)) {
            continue;
        }
        if (call_fix_region(call)) {
            if (call_build(call, err) != ERR_NONE) {
                return err->code;
            }
            continue;
        }
        if (is_answer(call) || is_expected(call)) {
            return ERR_NONE;
        }
        if (!call_may_retry(call, &stop)) {
            if (stop.code != ERR_NONE) {
                *err = stop;
                return err->code;
            }
            return call_fail(call, err);
        }
    }
}

enum err_code aws_call(const struct aws *aws, const struct aws_request *request,
                       struct aws_reply *reply, struct err *err) {
    struct call call = {.aws = aws, .request = request};
    enum err_code code = call_run(&call, err);

    if (code == ERR_NONE && is_answer(&call)) {
        (void)pthread_mutex_lock(&aws->client->lock);
        retry_bucket_refund(&aws->client->retries, call.last_retry);
        (void)pthread_mutex_unlock(&aws->client->lock);
    }
    wire_done(&call.wire);
    creds_release(call.own_creds);
    if (code != ERR_NONE) {
        aws_reply_done(&call.reply);
        return code;
    }
    *reply = call.reply;
    return ERR_NONE;
}
