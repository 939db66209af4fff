/* aws_deployer, probing: does the build that was just deployed answer, and nothing but it.
 *
 * Three rounds in a row must be right: the health path answers 2xx with our build's id, "/" has the
 * digest of the released index.html, one hashed asset has its digest. An answer without our header
 * is never trusted: a function without code, a cached page or a stranger can say 200 too.
 * docs/probe.md. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "net/http.h"
#include "tool/aws_deployer/deployer.h"

enum { PROBE_BODY_MAX = 8 << 20, PROBE_TIMEOUT_MS = 35000, PROBE_REPORT_MS = 10000 };

struct prober {
    struct op *op;
    struct http *http;   /* the AWS client's: the same proxies and certificates */
    const char *url;     /* "https://d111.cloudfront.net" */
    char *host;          /* owned; of the URL */
    char *base;          /* owned; what requests are sent to */
    int64_t deadline_ms; /* of clock_mono_ms() */
};

static void prober_done(struct prober *prober) {
    freep(&prober->host);
    freep(&prober->base);
}

/* A local AWS serves the data plane at its own port under the public host name. */
static enum err_code prober_open(struct op *op, struct prober *out, struct err *err) {
    const struct endpoint_profile *profile = op->services->profile;
    struct str url = str_from(deployer_arg(op, "url"));
    ptrdiff_t at = str_find(url, STR("://"));
    struct str host = at < 0 ? url : str_slice(url, (size_t)at + 3, url.len);
    struct str first = {0};
    const char *endpoint;
    struct aws aws;

    if (services_aws(op, &aws, err) != ERR_NONE) {
        return err->code;
    }
    if (at < 0 || !str_next(&host, '/', &first) || first.len == 0) {
        return err_set(err, ERR_INVALID, "the stack's Url output '%s' is not a URL",
                       deployer_arg(op, "url"));
    }
    endpoint = aws_config_endpoint(aws_client_config(aws.client), AWS_CLOUDFORMATION, NULL);
    *out = (struct prober){
        .op = op,
        .http = aws_client_http(aws.client),
        .url = deployer_arg(op, "url"),
        .host = str_dup(first),
        .base = profile->is_plane_local && endpoint != NULL
                    ? mem_strdup(endpoint)
                    : str_dup(str_slice(url, 0, (size_t)at + 3 + first.len)),
        .deadline_ms = clock_mono_ms() + json_int_or(op->args, "deadline_ms", 0),
    };
    return ERR_NONE;
}

/* No request outlives the probe by more than a second: the last one may still be the right one. */
static int64_t probe_timeout_ms(const struct prober *prober) {
    int64_t left_ms = prober->deadline_ms - clock_mono_ms();

    left_ms = left_ms < 1000 ? 1000 : left_ms;
    return left_ms < PROBE_TIMEOUT_MS ? left_ms : PROBE_TIMEOUT_MS;
}

/* One GET; what cannot be reached is an answer here: `*out_status` 0 and a sentence. */
static enum err_code probe_get(struct prober *prober, const char *path, struct http_reply *reply,
                               char *sentence, size_t size, struct err *err) {
    const struct endpoint_profile *profile = prober->op->services->profile;
    CLEANUP(freep) char *url = mem_format("%s%s", prober->base, path);
    struct err failure = {0};
    struct http_header headers[4];
    size_t n = 0;
    struct http_request request = {.method = "GET",
                                   .url = url,
                                   .headers = headers,
                                   .timeout_ms = probe_timeout_ms(prober),
                                   .body_max = PROBE_BODY_MAX,
                                   .cancel = prober->op->cancel};

    headers[n++] = (struct http_header){"Host", str_from(prober->host)};
    headers[n++] = (struct http_header){"Cache-Control", STR("no-cache")};
    if (profile->forwarded_proto != NULL) {
        headers[n++] =
            (struct http_header){"X-Forwarded-Proto", str_from(profile->forwarded_proto)};
    }
    request.header_n = n;
    if (http_send(prober->http, &request, reply, &failure) == ERR_NONE) {
        return ERR_NONE;
    }
    if (failure.code == ERR_CANCELLED) {
        *err = failure;
        return err->code;
    }
    (void)snprintf(sentence, size, "%s", failure.text);
    *reply = (struct http_reply){0};
    return ERR_NONE;
}

/* ---- The hops ---- */

/* How long the same failure is looked at before it counts as definite; 0: as long as there is
 * time. */
enum {
    PATIENCE_STARTUP_MS =
        20000, /* the function cannot start, or has no code: waiting mends nothing */
    PATIENCE_ANSWER_MS = 60000, /* the front door or the new build itself says no */
};

struct hop {
    const char *name;
    const char *path;
    bool is_ok;
    int status;
    int64_t patience_ms;
    char got[80];
    char text[400];
};

static void hop_say(struct hop *hop, int64_t patience_ms, const char *fmt, ...) PRINTF_LIKE(3, 4);
static void hop_say(struct hop *hop, int64_t patience_ms, const char *fmt, ...) {
    va_list args;

    hop->patience_ms = patience_ms;
    va_start(args, fmt);
    (void)vsnprintf(hop->text, sizeof hop->text, fmt, args);
    va_end(args);
}

/* What an answer without our header says of itself: the only explanation of a function that does
 * not start. Masked, one line, cut; "" for a page of HTML. */
struct said {
    char text[200];
    bool is_startup; /* {"errorMessage": ...}: the runtime's own word */
};

static struct said answer_says(const struct prober *prober, const struct http_reply *reply) {
    CLEANUP(json_decrefp) json_t *json = NULL;
    CLEANUP(masked_done) struct masked masked = {0};
    struct said said = {0};
    struct err unread = {0};
    struct str body = str_trim(buf_str(&reply->body));
    const char *failure = NULL;

    if (json_read(body, &json, &unread) == ERR_NONE) {
        failure = json_str_at(json, "errorMessage");
        body = str_from(failure != NULL ? failure : json_str_or(json, "message", ""));
    } else if (str_starts(body, STR("<"))) {
        body = STR("");
    }
    redact_text(prober->op->services->redactor, body, &masked);
    (void)snprintf(said.text, sizeof said.text, "%s", masked_cstr(&masked));
    for (char *c = said.text; *c != '\0'; c++) {
        *c = (unsigned char)*c < ' ' ? ' ' : *c;
    }
    said.is_startup = failure != NULL;
    return said;
}

/* An answer without our header came from something else than the new version. */
static void stranger_judge(struct prober *prober, struct hop *hop, const struct http_reply *reply) {
    struct said said = answer_says(prober, reply);

    if (str_find(buf_str(&reply->body), STR("Mock response")) >= 0) {
        hop_say(hop, PATIENCE_STARTUP_MS,
                "the function has no code: the local AWS answers with a mock response");
    } else if (said.is_startup) {
        hop_say(hop, PATIENCE_STARTUP_MS, "the function does not start, %s answers %d: %s",
                hop->path, reply->status, said.text);
    } else if (reply->status < 400) {
        hop_say(hop, 0, "%s answers %d without our build header, so it is not the new version",
                hop->path, reply->status);
    } else {
        hop_say(hop, reply->status < 500 ? PATIENCE_ANSWER_MS : 0,
                "%s answers %d without our build header%s%s", hop->path, reply->status,
                said.text[0] == '\0' ? "" : ": ", said.text);
    }
}

static void health_judge(struct prober *prober, struct hop *hop, const struct http_reply *reply) {
    const char *want = deployer_arg(prober->op, "build_id");
    struct str got = http_header(reply, "x-aws-copilot-build");

    (void)snprintf(hop->got, sizeof hop->got, STR_FMT, STR_ARG(got));
    if (got.len == 0) {
        stranger_judge(prober, hop, reply);
    } else if (want[0] != '\0' && !str_eq(got, str_from(want))) {
        hop_say(hop, 0, "%s answers with build %.40s, the new one is %s", hop->path, hop->got,
                want);
    } else if (reply->status < 200 || reply->status > 299) {
        hop_say(hop, PATIENCE_ANSWER_MS, "%s of the new build answers %d", hop->path,
                reply->status);
    } else {
        hop->is_ok = true;
        hop_say(hop, 0, "%s answers %d with build %.40s", hop->path, reply->status, hop->got);
    }
}

static void digest_judge(struct hop *hop, const struct http_reply *reply, const char *want) {
    struct sha256_hex got = sha256_hex(sha256_of(buf_str(&reply->body)));

    (void)snprintf(hop->got, sizeof hop->got, "%.12s", got.text);
    if (reply->status != 200) {
        hop_say(hop, 0, "%s answers %d", hop->path, reply->status);
    } else if (strcmp(got.text, want) != 0) {
        hop_say(hop, 0, "%s is not the file of this release", hop->path);
    } else {
        hop->is_ok = true;
        hop_say(hop, 0, "%s is the file of this release", hop->path);
    }
}

static enum err_code hop_run(struct prober *prober, struct hop *hop, const char *want_digest,
                             struct err *err) {
    struct http_reply reply = {0};
    char unreachable[sizeof hop->text] = {0};

    if (probe_get(prober, hop->path, &reply, unreachable, sizeof unreachable, err) != ERR_NONE) {
        return err->code;
    }
    hop->status = reply.status;
    if (reply.status == 0) {
        hop_say(hop, 0, "%s", unreachable);
    } else if (want_digest == NULL) {
        health_judge(prober, hop, &reply);
    } else {
        digest_judge(hop, &reply, want_digest);
    }
    http_reply_done(&reply);
    return ERR_NONE;
}

enum { HOPS_MAX = 3 };

/* What has to answer, in the order in which a failure explains most. */
static size_t probe_hops(const struct op *op, struct hop *hops, const char **digests,
                         char **asset_path) {
    const char *asset = json_str_at(op->args, "asset.path");
    size_t n = 0;

    if (deployer_arg(op, "health_path")[0] != '\0') {
        digests[n] = NULL;
        hops[n++] = (struct hop){.name = "health", .path = deployer_arg(op, "health_path")};
    }
    if (deployer_arg(op, "index_sha256")[0] != '\0') {
        digests[n] = deployer_arg(op, "index_sha256");
        hops[n++] = (struct hop){.name = "index", .path = "/"};
    }
    if (asset != NULL) {
        *asset_path = mem_format("/%s", asset);
        digests[n] = json_str_or(op->args, "asset.sha256", "");
        hops[n++] = (struct hop){.name = "asset", .path = *asset_path};
    }
    return n;
}

/* ---- Rounds ---- */

static json_t *hops_json(const struct prober *prober, const struct hop *hops, size_t n) {
    json_t *list = json_array();

    for (size_t i = 0; i < n; i++) {
        CLEANUP(freep) char *url = mem_format("%s%s", prober->url, hops[i].path);
        json_t *hop = json_pack("{s:s, s:s, s:b, s:i}", "name", hops[i].name, "url", url, "ok",
                                hops[i].is_ok, "status", hops[i].status);

        json_put_strn(hop, "got", str_from(hops[i].got));
        json_put_strn(hop, "text", str_from(hops[i].text));
        (void)json_array_append_new(list, hop);
    }
    return list;
}

static const struct hop *hops_failed(const struct hop *hops, size_t n) {
    for (size_t i = 0; i < n; i++) {
        if (!hops[i].is_ok) {
            return &hops[i];
        }
    }
    return NULL;
}

struct rounds {
    int64_t attempts;
    int64_t in_row;
    int64_t started_ms;
    int64_t since_ms;    /* when the present failure was first met */
    int64_t reported_ms; /* when it was last told */
    char failure[400];   /* its sentence */
};

static json_t *probe_result(const struct prober *prober, const struct rounds *rounds,
                            const struct hop *hops, size_t n) {
    const struct hop *failed = hops_failed(hops, n);
    json_t *result = json_pack(
        "{s:b, s:I, s:I, s:I, s:o}", "passed", rounds->in_row >= limit(LIMIT_PROBE_ROW), "attempts",
        (json_int_t)rounds->attempts, "in_row", (json_int_t)rounds->in_row, "elapsed_ms",
        (json_int_t)(clock_mono_ms() - rounds->started_ms), "hops", hops_json(prober, hops, n));

    json_put_str(result, "failed_hop", failed == NULL ? "" : failed->name);
    json_put_str(result, "sentence", failed == NULL ? "the new version answers" : failed->text);
    return result;
}

static void probe_report(struct op *op, struct rounds *rounds, const struct hop *hop) {
    json_t *event = json_pack("{s:s, s:I, s:I}", "type", "progress", "attempt",
                              (json_int_t)rounds->attempts, "in_row", (json_int_t)rounds->in_row);

    rounds->reported_ms = clock_mono_ms();
    json_put_str(event, "text", hop->text);
    op_progress(op, event);
}

/* Counts a round, and tells what is new: another failure, the same one after a while, the end. */
static void rounds_count(struct op *op, struct rounds *rounds, const struct hop *failed,
                         const struct hop *first) {
    int64_t now_ms = clock_mono_ms();

    rounds->attempts++;
    rounds->in_row = failed == NULL ? rounds->in_row + 1 : 0;
    if (failed == NULL) {
        rounds->failure[0] = '\0';
        if (rounds->in_row == limit(LIMIT_PROBE_ROW)) {
            probe_report(op, rounds, first);
        }
        return;
    }
    if (strcmp(rounds->failure, failed->text) != 0) {
        (void)snprintf(rounds->failure, sizeof rounds->failure, "%s", failed->text);
        rounds->since_ms = now_ms;
        rounds->reported_ms = 0;
    }
    if (now_ms - rounds->reported_ms >= PROBE_REPORT_MS) {
        probe_report(op, rounds, failed);
    }
}

/* A row that has begun is finished, whatever the time. */
static bool rounds_are_over(const struct prober *prober, const struct rounds *rounds,
                            const struct hop *failed) {
    int64_t now_ms = clock_mono_ms();

    if (failed == NULL) {
        return rounds->in_row >= limit(LIMIT_PROBE_ROW);
    }
    return now_ms >= prober->deadline_ms ||
           (failed->patience_ms > 0 && now_ms - rounds->since_ms >= failed->patience_ms);
}

static enum err_code probe_rounds(struct prober *prober, struct hop *hops, const char **digests,
                                  size_t n, struct rounds *rounds, struct err *err) {
    for (;;) {
        const struct hop *failed;

        for (size_t i = 0; i < n; i++) {
            hops[i].is_ok = false;
            if (hop_run(prober, &hops[i], digests[i], err) != ERR_NONE) {
                return err->code;
            }
        }
        failed = hops_failed(hops, n);
        rounds_count(prober->op, rounds, failed, &hops[0]);
        if (rounds_are_over(prober, rounds, failed)) {
            return ERR_NONE;
        }
        if (deployer_sleep(prober->op, failed == NULL ? 0 : limit(LIMIT_PROBE_PAUSE_MS), err) !=
            ERR_NONE) {
            return err->code;
        }
    }
}

enum err_code deployer_probe(struct op *op, json_t **out, struct err *err) {
    CLEANUP(prober_done) struct prober prober = {0};
    CLEANUP(freep) char *asset_path = NULL;
    struct hop hops[HOPS_MAX] = {0};
    const char *digests[HOPS_MAX] = {0};
    struct rounds rounds = {.started_ms = clock_mono_ms()};
    size_t n;

    if (prober_open(op, &prober, err) != ERR_NONE) {
        return err->code;
    }
    n = probe_hops(op, hops, digests, &asset_path);
    if (n == 0) {
        return err_set(err, ERR_INVALID, "there is nothing to probe: no health path and no site");
    }
    if (probe_rounds(&prober, hops, digests, n, &rounds, err) != ERR_NONE) {
        return err->code;
    }
    *out = probe_result(&prober, &rounds, hops, n);
    return ERR_NONE;
}
