/* Requests of the five protocols as bytes. */
#include "aws/wire.h"

#include "base/clock.h"
#include "base/encode.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

enum { URL_BYTES = 64 << 10, FORM_BYTES = 4 << 20, AUTHORIZATION_BYTES = 8 << 10 };

/* Headers that signing adds, at most. */
enum { SIGNING_HEADERS = 4 };

static void wire_add_header(struct wire *wire, const char *name, struct str value) {
    wire->headers[wire->header_n++] = (struct http_header){name, value};
}

/* A bucket that can stand before S3's host; with a dot in it the certificate would not fit. */
static bool is_host_label(const char *bucket) {
    size_t n = strlen(bucket);

    return n >= 3 && n <= 63 && strspn(bucket, "abcdefghijklmnopqrstuvwxyz0123456789-") == n;
}

static void wire_add_query(struct wire *wire, const struct aws_request *request) {
    for (size_t i = 0; i < request->query_n; i++) {
        buf_add_c(&wire->url, i == 0 ? '?' : '&');
        percent_add(&wire->url, str_from(request->query[i].name), false);
        if (request->query[i].value.ptr != NULL) {
            buf_add_c(&wire->url, '=');
            percent_add(&wire->url, request->query[i].value, false);
        }
    }
}

/* Writes the URL and finds its pieces. */
static enum err_code wire_build_url(struct wire *wire, const struct aws_config *config,
                                    const struct aws_request *request, const char *region,
                                    struct err *err) {
    CLEANUP(buf_done) struct buf base = BUF_INIT(1024);
    bool is_custom = aws_config_endpoint(config, request->service, &wire->is_explicit) != NULL;
    const char *bucket = request->bucket;
    bool is_in_host = bucket != NULL && !is_custom && is_host_label(bucket);
    struct str scheme = STR("https://");
    struct str all;
    size_t host_at;
    size_t path_at;
    size_t query_at;

    if (aws_config_add_url(config, request->service, region, &base, err) != ERR_NONE) {
        return err->code;
    }
    scheme.len -= str_starts(buf_str(&base), scheme) ? 0 : 1;
    host_at = scheme.len;
    buf_add(&wire->url, str_slice(buf_str(&base), 0, host_at));
    if (is_in_host) {
        buf_addf(&wire->url, "%s.", bucket);
    }
    buf_add(&wire->url, str_slice(buf_str(&base), host_at, base.len));
    path_at = wire->url.len;
    if (bucket != NULL && !is_in_host) {
        buf_add_c(&wire->url, '/');
        percent_add(&wire->url, str_from(bucket), false);
    }
    buf_add(&wire->url, request->path);
    buf_add_s(&wire->url, wire->url.len == path_at ? "/" : "");
    query_at = wire->url.len;
    wire_add_query(wire, request);
    if (wire->url.failed) {
        return err_set(err, ERR_TOO_LARGE, "a request to %s with too long an address",
                       aws_service_row(request->service)->title);
    }
    all = buf_str(&wire->url);
    wire->host = str_slice(all, host_at, path_at);
    wire->path = str_slice(all, path_at, query_at);
    wire->query = str_slice(all, query_at + 1, all.len);
    return ERR_NONE;
}

static void wire_build_form(struct wire *wire, const struct aws_request *request) {
    buf_addf(&wire->form, "Action=%s&Version=%s", request->action,
             aws_service_row(request->service)->version);
    for (size_t i = 0; i < request->form_n; i++) {
        buf_add_c(&wire->form, '&');
        percent_add(&wire->form, str_from(request->form[i].name), false);
        buf_add_c(&wire->form, '=');
        percent_add(&wire->form, request->form[i].value, false);
    }
}

static bool has_header(const struct aws_request *request, const char *name) {
    for (size_t i = 0; i < request->header_n; i++) {
        if (strcasecmp(request->headers[i].name, name) == 0) {
            return true;
        }
    }
    return false;
}

/* What the protocol says about the body; the caller's own Content-Type counts more. */
static void wire_build_body(struct wire *wire, const struct aws_request *request) {
    const struct aws_service_row *row = aws_service_row(request->service);
    struct str type = {0};

    wire->body = request->body;
    switch (row->protocol) {
    case AWS_QUERY:
        wire_build_form(wire, request);
        wire->body = buf_str(&wire->form);
        type = STR("application/x-www-form-urlencoded; charset=utf-8");
        break;
    case AWS_JSON11:
        (void)snprintf(wire->target, sizeof wire->target, "%s.%s", row->target_prefix,
                       request->action);
        wire_add_header(wire, "X-Amz-Target", str_from(wire->target));
        wire->body = request->body.len == 0 ? STR("{}") : request->body;
        type = STR("application/x-amz-json-1.1");
        break;
    case AWS_REST_JSON:
        type = request->body.len == 0 ? type : STR("application/json");
        break;
    case AWS_REST_XML:
        type = request->body.len == 0 ? type : STR("application/xml");
        break;
    case AWS_NO_PROTOCOL:
        break;
    }
    if (type.len > 0 && !has_header(request, "content-type")) {
        wire_add_header(wire, "Content-Type", type);
    }
}

enum err_code wire_build(struct wire *wire, const struct aws_config *config,
                         const struct aws_request *request, const char *region, struct err *err) {
    *wire = (struct wire){.url = BUF_INIT(URL_BYTES),
                          .form = BUF_INIT(FORM_BYTES),
                          .authorization = BUF_INIT(AUTHORIZATION_BYTES)};
    if (request->header_n + SIGNING_HEADERS + 4 > HTTP_HEADERS_MAX ||
        (request->file != NULL && request->sha256_hex == NULL)) {
        return err_set(err, ERR_DEFECT, "%s: too many headers, or a file without its hash",
                       request->action);
    }
    if (wire_build_url(wire, config, request, region, err) != ERR_NONE) {
        return err->code;
    }
    for (size_t i = 0; i < request->header_n; i++) {
        wire->headers[wire->header_n++] = request->headers[i];
    }
    wire_build_body(wire, request);
    if (wire->form.failed) {
        return err_set(err, ERR_TOO_LARGE, "%s %s: a request of more than %d bytes",
                       aws_service_row(request->service)->title, request->action, (int)FORM_BYTES);
    }
    if (request->sha256_hex != NULL) {
        (void)snprintf(wire->hash.text, sizeof wire->hash.text, "%s", request->sha256_hex);
    } else {
        wire->hash = sha256_hex(sha256_of(wire->body));
    }
    wire->signed_n = wire->header_n;
    return ERR_NONE;
}

enum err_code wire_sign(struct wire *wire, struct sigv4_cache *cache,
                        const struct aws_request *request, const struct aws_creds *creds,
                        const char *region, int64_t now_ms, struct err *err) {
    const struct aws_service_row *row = aws_service_row(request->service);
    size_t unsigned_n = wire->header_n;

    if (creds != NULL) {
        const struct sigv4_request to_sign = {
            .method = row->protocol == AWS_QUERY || row->protocol == AWS_JSON11 ? "POST"
                                                                                : request->method,
            .host = wire->host,
            .path = wire->path,
            .query = wire->query,
            .headers = wire->headers,
            .header_n = wire->header_n,
            .payload_hash = str_from(wire->hash.text)};
        const struct sigv4_identity identity = {.access_key = str_from(creds->access_key),
                                                .secret_key = secret_str(creds->secret_key),
                                                .token = secret_str(creds->token),
                                                .service = row->signing,
                                                .region =
                                                    aws_signing_region(request->service, region)};

        buf_clear(&wire->authorization);
        if (sigv4_sign(cache, &to_sign, &identity, now_ms, &wire->authorization, err) != ERR_NONE) {
            return err->code;
        }
        (void)snprintf(wire->date, sizeof wire->date, "%s", clock_basic(now_ms).text);
        wire_add_header(wire, "Authorization", buf_str(&wire->authorization));
        wire_add_header(wire, "X-Amz-Date", str_from(wire->date));
        if (identity.token.len > 0) {
            wire_add_header(wire, "X-Amz-Security-Token", identity.token);
        }
        if (request->service == AWS_S3) {
            wire_add_header(wire, "X-Amz-Content-Sha256", str_from(wire->hash.text));
        }
    }
    wire_add_header(wire, "Host", wire->host);
    wire->signed_n = wire->header_n;
    wire->header_n = unsigned_n;
    return ERR_NONE;
}

void wire_done(struct wire *wire) {
    buf_done(&wire->url);
    buf_done(&wire->form);
    buf_done(&wire->authorization);
}
