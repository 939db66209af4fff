/* The HTTP client, by libcurl: a pool of easy handles, each with its own connections. */
#include "net/http.h"

#include "base/clock.h"
#include "guard/limits.h"
#include "net/curl_lib.h"

#include <arpa/inet.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* From here on, over TLS, the server may refuse the headers before the body is sent. */
enum { EXPECT_BYTES = 1 << 20 };

struct http {
    pthread_mutex_t lock; /* guards the handles; the rest never changes */
    pthread_cond_t freed;
    CURL *idle[HTTP_HANDLES_MAX]; /* a stack: the warmest connection is on top */
    size_t idle_n;
    size_t busy_n;
    char *ca_bundle;
    char *user_agent;
};

/* One request under way; the callbacks see it. */
struct exchange {
    const struct http_request *request;
    const struct curl_lib *lib;
    struct http_reply reply;
    CURL *curl;
    struct curl_slist *headers;
    struct curl_slist *connect_to;
    char where[280];  /* "host:port", for sentences */
    bool is_local;    /* this machine or link-local: never through a proxy */
    int64_t file_at;  /* bytes of the file that were read */
    curl_off_t moved; /* bytes both ways, and when they last changed: for stall_ms */
    int64_t moved_at_ms;
    enum err_code stop; /* why a callback ended the exchange */
    struct err err;     /* with its sentence */
};

/* clang-format off */
static const struct {
    CURLcode curl;
    enum err_code code;
    const char *what; /* after "host:port " */
} failures[] = {
    { CURLE_COULDNT_RESOLVE_HOST,     ERR_UNREACHABLE, "is not a known host name" },
    { CURLE_COULDNT_RESOLVE_PROXY,    ERR_UNREACHABLE, "lies behind a proxy whose name is not known" },
    { CURLE_COULDNT_CONNECT,          ERR_UNREACHABLE, "does not take the connection" },
    { CURLE_SSL_CONNECT_ERROR,        ERR_UNREACHABLE, "does not speak TLS with us" },
    { CURLE_PEER_FAILED_VERIFICATION, ERR_UNREACHABLE, "shows a certificate that is not trusted" },
    { CURLE_PROXY,                    ERR_UNREACHABLE, "lies behind a proxy that does not let us through" },
    { CURLE_SSL_CACERT_BADFILE,       ERR_CONFIG,      "cannot be checked: the CA bundle is not readable" },
    { CURLE_URL_MALFORMAT,            ERR_INVALID,     "is not part of a valid URL" },
    { CURLE_UNSUPPORTED_PROTOCOL,     ERR_PROTOCOL,    "sent something that is not HTTP" },
    { CURLE_WEIRD_SERVER_REPLY,       ERR_PROTOCOL,    "sent something that is not HTTP" },
    { CURLE_SEND_ERROR,               ERR_PROTOCOL,    "closed the connection while the request was sent" },
    { CURLE_RECV_ERROR,               ERR_PROTOCOL,    "closed the connection before its answer" },
    { CURLE_GOT_NOTHING,              ERR_PROTOCOL,    "closed the connection without an answer" },
    { CURLE_PARTIAL_FILE,             ERR_PROTOCOL,    "closed the connection in the middle of its answer" },
};
/* clang-format on */

struct http *http_new(const struct http_options *options) {
    struct http *http = mem_alloc(sizeof *http);

    (void)pthread_mutex_init(&http->lock, NULL);
    (void)pthread_cond_init(&http->freed, NULL);
    http->ca_bundle = mem_strdup(options->ca_bundle);
    http->user_agent = mem_strdup(options->user_agent);
    return http;
}

void http_free(struct http *http) {
    struct err ignored = {0};
    const struct curl_lib *lib;

    if (http == NULL) {
        return;
    }
    lib = http->idle_n == 0 ? NULL : curl_lib_get(&ignored);
    for (size_t i = 0; lib != NULL && i < http->idle_n; i++) {
        lib->easy_cleanup(http->idle[i]);
    }
    (void)pthread_cond_destroy(&http->freed);
    (void)pthread_mutex_destroy(&http->lock);
    free(http->ca_bundle);
    free(http->user_agent);
    free(http);
}

void http_freep(struct http **http) {
    http_free(*http);
    *http = NULL;
}

static CURL *http_take_handle(struct http *http, const struct curl_lib *lib) {
    CURL *curl = NULL;

    (void)pthread_mutex_lock(&http->lock);
    while (http->busy_n == HTTP_HANDLES_MAX) {
        (void)pthread_cond_wait(&http->freed, &http->lock);
    }
    http->busy_n++;
    if (http->idle_n > 0) {
        curl = http->idle[--http->idle_n];
    }
    (void)pthread_mutex_unlock(&http->lock);
    return curl != NULL ? curl : lib->easy_init();
}

static void http_give_handle(struct http *http, const struct curl_lib *lib, CURL *curl) {
    if (curl != NULL) {
        lib->easy_reset(curl); /* keeps the connections */
    }
    (void)pthread_mutex_lock(&http->lock);
    http->busy_n--;
    if (curl != NULL) {
        http->idle[http->idle_n++] = curl;
    }
    (void)pthread_cond_signal(&http->freed);
    (void)pthread_mutex_unlock(&http->lock);
}

bool http_is_loopback(struct str host) {
    char text[64] = {0};
    struct in_addr v4;
    struct in6_addr v6;

    if (str_eq_nocase(host, STR("localhost")) ||
        (host.len > 10 && str_ends_nocase(host, STR(".localhost")))) {
        return true;
    }
    if (host.len >= sizeof text) {
        return false;
    }
    memcpy(text, host.len == 0 ? "" : host.ptr, host.len);
    if (inet_pton(AF_INET, text, &v4) == 1) {
        return ntohl(v4.s_addr) >> 24 == 127;
    }
    return inet_pton(AF_INET6, text, &v6) == 1 && IN6_IS_ADDR_LOOPBACK(&v6);
}

/* The addresses of instance and container metadata are link-local, but for one IPv6 prefix. */
static bool http_is_link_local(struct str host) {
    return str_starts(host, STR("169.254.")) || str_starts(host, STR("fe80:")) ||
           str_starts(host, STR("fd00:ec2:"));
}

/* Writes "host:port" of the URL; leaves it empty for one that is malformed, has a user name in it,
 * or is neither http nor https. */
static void exchange_read_url(struct exchange *x) {
    CURLU *url = x->lib->url();
    char *scheme = NULL;
    char *host = NULL;
    char *port = NULL;

    if (x->lib->url_set(url, CURLUPART_URL, x->request->url,
                        CURLU_PATH_AS_IS | CURLU_DISALLOW_USER) == CURLUE_OK &&
        x->lib->url_get(url, CURLUPART_SCHEME, &scheme, 0) == CURLUE_OK &&
        x->lib->url_get(url, CURLUPART_HOST, &host, 0) == CURLUE_OK &&
        x->lib->url_get(url, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT) == CURLUE_OK &&
        (strcmp(scheme, "http") == 0 || strcmp(scheme, "https") == 0)) {
        (void)snprintf(x->where, sizeof x->where, "%s:%s", host, port);
    }
    x->lib->free(scheme);
    x->lib->free(host);
    x->lib->free(port);
    x->lib->url_cleanup(url);
}

/* Sets `where` and `is_local`. Errors: ERR_INVALID. */
static enum err_code exchange_find_host(struct exchange *x) {
    struct str host;

    exchange_read_url(x);
    if (x->where[0] == '\0') {
        return err_set(&x->err, ERR_INVALID, "'%.200s' is not a URL", x->request->url);
    }
    if (x->request->connect_to != NULL) {
        if (strchr(x->request->connect_to, ':') == NULL) {
            return err_set(&x->err, ERR_INVALID, "'%.200s' is not HOST:PORT",
                           x->request->connect_to);
        }
        (void)snprintf(x->where, sizeof x->where, "%s", x->request->connect_to);
    }
    host = (struct str){x->where, (size_t)(strrchr(x->where, ':') - x->where)};
    if (host.len > 2 && host.ptr[0] == '[') {
        host = str_slice(host, 1, host.len - 1);
    }
    x->is_local = http_is_loopback(host) || http_is_link_local(host);
    return ERR_NONE;
}

static bool has_control(struct str s) {
    for (size_t i = 0; i < s.len; i++) {
        if ((unsigned char)s.ptr[i] < ' ' && s.ptr[i] != '\t') {
            return true;
        }
    }
    return false;
}

static void exchange_add_header(struct exchange *x, const char *name, struct str value) {
    CLEANUP(buf_done) struct buf line = BUF_INIT(SIZE_MAX / 2);

    buf_add_s(&line, name);
    if (value.len == 0) {
        buf_add_c(&line, ';'); /* libcurl's way to say: present, without a value */
    } else {
        buf_add_s(&line, ": ");
        buf_add(&line, value);
    }
    x->headers = x->lib->slist_append(x->headers, buf_cstr(&line));
}

static enum err_code exchange_set_headers(struct exchange *x) {
    const struct http_request *r = x->request;
    bool has_type = false;

    if (r->header_n > HTTP_HEADERS_MAX) {
        return err_set(&x->err, ERR_INVALID, "%zu headers are too many", r->header_n);
    }
    for (size_t i = 0; i < r->header_n; i++) {
        if (has_control(str_from(r->headers[i].name)) || has_control(r->headers[i].value)) {
            return err_set(&x->err, ERR_INVALID, "the header %.60s has a line break in it",
                           r->headers[i].name);
        }
        has_type = has_type || strcasecmp(r->headers[i].name, "content-type") == 0;
        exchange_add_header(x, r->headers[i].name, r->headers[i].value);
    }
    if (!has_type) {
        x->headers = x->lib->slist_append(x->headers, "Content-Type:"); /* libcurl's own guess */
    }
    if (!str_starts(str_from(r->url), STR("https:")) ||
        (r->file == NULL ? (int64_t)r->body.len : r->file->len) < EXPECT_BYTES) {
        x->headers = x->lib->slist_append(x->headers, "Expect:");
    }
    return ERR_NONE;
}

static size_t on_header(char *line, size_t size, size_t n, void *ctx) {
    struct exchange *x = ctx;
    struct str text = str_trim((struct str){line, size * n});

    if (str_starts(text, STR("HTTP/"))) {
        buf_clear(&x->reply.headers); /* those before were of an interim answer */
    } else if (text.len > 0) {
        buf_add(&x->reply.headers, text);
        buf_add_c(&x->reply.headers, '\n');
    }
    if (x->reply.headers.failed) {
        x->stop = err_set(&x->err, ERR_TOO_LARGE, "%s sent more than %zu bytes of headers",
                          x->where, x->reply.headers.max);
        return CURL_WRITEFUNC_ERROR;
    }
    return size * n;
}

static size_t on_body(char *bytes, size_t size, size_t n, void *ctx) {
    struct exchange *x = ctx;
    struct str piece = {bytes, size * n};
    long status = 0;

    (void)x->lib->easy_getinfo(x->curl, CURLINFO_RESPONSE_CODE, &status);
    if (x->request->sink != NULL && status / 100 == 2) {
        x->stop = x->request->sink(x->request->sink_ctx, piece, &x->err);
        return x->stop == ERR_NONE ? piece.len : CURL_WRITEFUNC_ERROR;
    }
    buf_add(&x->reply.body, piece);
    if (x->reply.body.failed) {
        x->stop = err_set(&x->err, ERR_TOO_LARGE, "%s answered with more than %zu bytes", x->where,
                          x->reply.body.max);
        return CURL_WRITEFUNC_ERROR;
    }
    return piece.len;
}

static size_t on_read(char *out, size_t size, size_t n, void *ctx) {
    struct exchange *x = ctx;
    const struct http_file *file = x->request->file;
    int64_t left = file->len - x->file_at;
    size_t want = size * n < (uint64_t)left ? size * n : (size_t)left;
    ssize_t got;

    if (want == 0) {
        return 0;
    }
    do {
        got = pread(file->fd, out, want, (off_t)(file->offset + x->file_at));
    } while (got < 0 && errno == EINTR);
    if (got <= 0) {
        x->stop = got < 0 ? err_errno(&x->err, errno, "a file to be sent")
                          : err_set(&x->err, ERR_IO, "a file to be sent became shorter");
        return CURL_READFUNC_ABORT;
    }
    x->file_at += got;
    return (size_t)got;
}

static int on_seek(void *ctx, curl_off_t offset, int origin) {
    struct exchange *x = ctx;

    if (origin != SEEK_SET) {
        return CURL_SEEKFUNC_CANTSEEK;
    }
    x->file_at = offset;
    return CURL_SEEKFUNC_OK;
}

/* Called at least once a second. */
static int on_progress(void *ctx, curl_off_t down_total, curl_off_t down, curl_off_t up_total,
                       curl_off_t up) {
    struct exchange *x = ctx;
    int64_t now_ms = clock_mono_ms();

    (void)down_total;
    (void)up_total;
    if (x->request->cancel != NULL && atomic_load(x->request->cancel)) {
        x->stop = err_set(&x->err, ERR_CANCELLED, "the call to %s was cancelled", x->where);
        return 1;
    }
    if (down + up != x->moved) {
        x->moved = down + up;
        x->moved_at_ms = now_ms;
    }
    if (x->request->stall_ms > 0 && now_ms - x->moved_at_ms > x->request->stall_ms) {
        x->stop = err_set(&x->err, ERR_TIMEOUT, "the exchange with %s stands still", x->where);
        return 1;
    }
    return 0;
}

static void exchange_set_body(struct exchange *x) {
    const struct http_request *r = x->request;
    bool has_body =
        r->body.len > 0 || strcmp(r->method, "POST") == 0 || strcmp(r->method, "PUT") == 0;

    if (r->file != NULL) {
        x->lib->easy_setopt(x->curl, CURLOPT_UPLOAD, 1L);
        x->lib->easy_setopt(x->curl, CURLOPT_INFILESIZE_LARGE, (curl_off_t)r->file->len);
        x->lib->easy_setopt(x->curl, CURLOPT_READFUNCTION, on_read);
        x->lib->easy_setopt(x->curl, CURLOPT_READDATA, x);
        x->lib->easy_setopt(x->curl, CURLOPT_SEEKFUNCTION, on_seek);
        x->lib->easy_setopt(x->curl, CURLOPT_SEEKDATA, x);
    } else if (has_body) {
        x->lib->easy_setopt(x->curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)r->body.len);
        x->lib->easy_setopt(x->curl, CURLOPT_POSTFIELDS, r->body.len == 0 ? "" : r->body.ptr);
    }
    if (strcmp(r->method, "HEAD") == 0) {
        x->lib->easy_setopt(x->curl, CURLOPT_NOBODY, 1L);
    } else {
        x->lib->easy_setopt(x->curl, CURLOPT_CUSTOMREQUEST, r->method);
    }
}

static void exchange_set_options(struct exchange *x, const struct http *http) {
    const struct http_request *r = x->request;
    int64_t connect_ms = limit(LIMIT_HTTP_CONNECT_MS);
    CURL *curl = x->curl;

    x->lib->easy_setopt(curl, CURLOPT_URL, r->url);
    x->lib->easy_setopt(curl, CURLOPT_PATH_AS_IS, 1L);
    x->lib->easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    x->lib->easy_setopt(curl, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    x->lib->easy_setopt(curl, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    x->lib->easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    x->lib->easy_setopt(curl, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
    x->lib->easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)r->timeout_ms);
    x->lib->easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS,
                        (long)(r->timeout_ms < connect_ms ? r->timeout_ms : connect_ms));
    x->lib->easy_setopt(curl, CURLOPT_FRESH_CONNECT, r->is_once ? 1L : 0L);
    x->lib->easy_setopt(curl, CURLOPT_HTTPHEADER, x->headers);
    x->lib->easy_setopt(curl, CURLOPT_HEADERFUNCTION, on_header);
    x->lib->easy_setopt(curl, CURLOPT_HEADERDATA, x);
    x->lib->easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_body);
    x->lib->easy_setopt(curl, CURLOPT_WRITEDATA, x);
    x->lib->easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
    x->lib->easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, on_progress);
    x->lib->easy_setopt(curl, CURLOPT_XFERINFODATA, x);
    if (x->is_local) {
        x->lib->easy_setopt(curl, CURLOPT_PROXY, ""); /* whatever the environment says */
    }
    if (http->user_agent != NULL) {
        x->lib->easy_setopt(curl, CURLOPT_USERAGENT, http->user_agent);
    }
    if (http->ca_bundle != NULL) {
        x->lib->easy_setopt(curl, CURLOPT_CAINFO, http->ca_bundle);
    }
    if (r->connect_to != NULL) {
        CLEANUP(buf_done) struct buf rule = BUF_INIT(sizeof x->where + 2);

        buf_addf(&rule, "::%s", x->where);
        x->connect_to = x->lib->slist_append(NULL, buf_cstr(&rule));
        x->lib->easy_setopt(curl, CURLOPT_CONNECT_TO, x->connect_to);
    }
}

/* What libcurl says as an error of ours; nothing went out while it counts no byte of a request. */
static enum err_code exchange_fail(struct exchange *x, CURLcode result) {
    long sent = 0;
    long os_errno = 0;

    (void)x->lib->easy_getinfo(x->curl, CURLINFO_REQUEST_SIZE, &sent);
    (void)x->lib->easy_getinfo(x->curl, CURLINFO_OS_ERRNO, &os_errno);
    if (result == CURLE_OPERATION_TIMEDOUT) {
        if (sent > 0) {
            err_set(&x->err, ERR_TIMEOUT, "%s did not answer within %.3g s", x->where,
                    (double)x->request->timeout_ms / 1000);
        } else {
            err_set(&x->err, ERR_UNREACHABLE, "%s does not take the connection in time", x->where);
        }
        return err_remedy(&x->err, "check the network and the endpoint, then repeat the command");
    }
    for (size_t i = 0; i < ARRAY_N(failures); i++) {
        if (failures[i].curl == result) {
            bool has_reason = result == CURLE_COULDNT_CONNECT && os_errno != 0;

            err_set(&x->err, failures[i].code, "%s %s%s%s", x->where, failures[i].what,
                    has_reason ? ": " : "", has_reason ? strerror((int)os_errno) : "");
            return result == CURLE_PEER_FAILED_VERIFICATION
                       ? err_remedy(&x->err, "if a proxy of your company stands between, name its "
                                             "certificates with AWS_CA_BUNDLE")
                       : x->err.code;
        }
    }
    return err_set(&x->err, sent > 0 ? ERR_PROTOCOL : ERR_UNREACHABLE, "%s: %s", x->where,
                   x->lib->easy_strerror(result));
}

static enum err_code exchange_run(struct exchange *x, const struct http *http) {
    int64_t start_ms = clock_mono_ms();
    struct err ignored = {0};
    CURLcode result;
    long status = 0;

    if (exchange_find_host(x) != ERR_NONE || exchange_set_headers(x) != ERR_NONE) {
        return x->err.code;
    }
    exchange_set_options(x, http);
    exchange_set_body(x);
    x->moved_at_ms = start_ms;
    result = x->lib->easy_perform(x->curl);
    if (x->stop != ERR_NONE) {
        return x->stop;
    }
    if (result != CURLE_OK) {
        return exchange_fail(x, result);
    }
    (void)x->lib->easy_getinfo(x->curl, CURLINFO_RESPONSE_CODE, &status);
    x->reply.status = (int)status;
    x->reply.elapsed_ms = clock_mono_ms() - start_ms;
    if (clock_read_http(http_header(&x->reply, "date"), &x->reply.date_ms, &ignored) != ERR_NONE) {
        x->reply.date_ms = 0;
    }
    return ERR_NONE;
}

enum err_code http_send(struct http *http, const struct http_request *request,
                        struct http_reply *reply, struct err *err) {
    struct exchange x = {.request = request, .lib = curl_lib_get(err)};
    size_t body_max =
        request->body_max > 0 ? request->body_max : (size_t)limit(LIMIT_HTTP_BODY_BYTES);
    enum err_code code;

    if (x.lib == NULL) {
        return err->code;
    }
    x.curl = http_take_handle(http, x.lib);
    x.reply.headers = BUF_INIT((size_t)limit(LIMIT_HTTP_HEADER_BYTES));
    x.reply.body = BUF_INIT(body_max);
    code = x.curl == NULL ? err_set(&x.err, ERR_DEFECT, "libcurl cannot be started")
                          : exchange_run(&x, http);
    http_give_handle(http, x.lib, x.curl);
    x.lib->slist_free_all(x.headers);
    x.lib->slist_free_all(x.connect_to);
    if (code != ERR_NONE) {
        http_reply_done(&x.reply);
        *err = x.err;
        return code;
    }
    *reply = x.reply;
    return ERR_NONE;
}

void http_reply_done(struct http_reply *reply) {
    buf_done(&reply->headers);
    buf_done(&reply->body);
}

struct str http_header(const struct http_reply *reply, const char *name) {
    struct str rest = buf_str(&reply->headers);
    struct str wanted = str_from(name);
    struct str line;

    while (rest.len > 0 && str_next(&rest, '\n', &line)) {
        if (line.len > wanted.len && line.ptr[wanted.len] == ':' &&
            str_starts_nocase(line, wanted)) {
            return str_trim(str_slice(line, wanted.len + 1, line.len));
        }
    }
    return STR("");
}
