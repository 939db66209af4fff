/* Credentials that a link-local service hands out: of the container, of the instance (IMDSv2). */
#include "aws/creds_source.h"
#include "sys/fs.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { METADATA_MS = 1000, METADATA_BYTES = 16 << 10, TOKEN_FILE_MAX = 16 << 10 };

static const char container_host[] = "http://169.254.170.2";
static const char instance_host[] = "http://169.254.169.254";
static const char instance_roles[] = "/latest/meta-data/iam/security-credentials/";

/* Where a full URL may lead with plain http; anywhere with https. */
static const char *const container_hosts[] = {"169.254.170.2", "169.254.170.23", "fd00:ec2::23"};

/* One exchange with a metadata service; `*out` gets the body of a 200, and stays empty otherwise.
 */
static enum err_code metadata_send(const struct aws *aws, const char *method, const char *url,
                                   const struct http_header *header, struct buf *out,
                                   struct err *err) {
    CLEANUP(http_reply_done) struct http_reply reply = {0};
    struct http_request request = {.method = method,
                                   .url = url,
                                   .headers = header,
                                   .header_n = header == NULL ? 0 : 1,
                                   .timeout_ms = METADATA_MS,
                                   .body_max = METADATA_BYTES,
                                   .cancel = aws->cancel};

    if (http_send(aws_client_http(aws->client), &request, &reply, err) != ERR_NONE) {
        return err->code;
    }
    if (reply.status == 200) {
        buf_add(out, buf_str(&reply.body));
    }
    if (reply.body.ptr != NULL) {
        mem_wipe(reply.body.ptr, reply.body.len);
    }
    return ERR_NONE;
}

static bool is_container_url(struct str url) {
    bool is_plain = str_starts(url, STR("http://"));
    struct str host = str_slice(url, is_plain ? 7 : 8, url.len);
    size_t n = 0;

    if (!is_plain) {
        return str_starts(url, STR("https://"));
    }
    while (n < host.len && host.ptr[n] != '/' && host.ptr[n] != '?') {
        n++;
    }
    host = str_slice(host, 0, n);
    if (host.len > 0 && host.ptr[0] == '[') {
        ptrdiff_t end = str_find(host, STR("]"));

        host = str_slice(host, 1, end < 0 ? 1 : (size_t)end);
    } else {
        ptrdiff_t colon = str_find(host, STR(":"));

        host = str_slice(host, 0, colon < 0 ? host.len : (size_t)colon);
    }
    for (size_t i = 0; i < ARRAY_N(container_hosts); i++) {
        if (str_eq(host, str_from(container_hosts[i]))) {
            return true;
        }
    }
    return http_is_loopback(host);
}

/* The token that the container service wants; a file of it is read anew each time. */
static enum err_code container_token(const struct creds_provider *provider, struct buf *out,
                                     struct err *err) {
    struct str file = creds_var(provider, VAR_CONTAINER_TOKEN_FILE);
    CLEANUP(freep) char *path = str_dup(file);

    if (file.len == 0) {
        buf_add(out, creds_var(provider, VAR_CONTAINER_TOKEN));
    } else if (fs_read_file(path, TOKEN_FILE_MAX, out, err) != ERR_NONE) {
        err->code = ERR_CREDENTIALS;
        return err_prefix(err, "the container's credentials");
    }
    for (size_t i = 0; i < out->len; i++) {
        if (out->ptr[i] == '\r' || out->ptr[i] == '\n') {
            return err_set(err, ERR_CREDENTIALS,
                           "the container's credentials: the authorization "
                           "token has a line break in it");
        }
    }
    return ERR_NONE;
}

enum err_code creds_from_container(const struct creds_lookup *lookup, struct aws_creds **out,
                                   struct err *err) {
    struct str path = creds_var(lookup->provider, VAR_CONTAINER_PATH);
    struct str full = creds_var(lookup->provider, VAR_CONTAINER_URL);
    CLEANUP(buf_done) struct buf token = BUF_INIT(TOKEN_FILE_MAX);
    CLEANUP(buf_done) struct buf body = BUF_INIT(METADATA_BYTES);
    CLEANUP(buf_done) struct buf url = BUF_INIT(2048);
    enum err_code code;

    if (path.len == 0 && full.len == 0) {
        return ERR_NONE;
    }
    buf_add_s(&url, path.len == 0 ? "" : container_host);
    buf_add(&url, path.len == 0 ? full : path);
    if (url.failed || !is_container_url(buf_str(&url))) {
        return err_set(err, ERR_CREDENTIALS,
                       "%s is neither https nor an address of this machine or "
                       "of its container service",
                       creds_var_name(VAR_CONTAINER_URL));
    }
    if (container_token(lookup->provider, &token, err) != ERR_NONE) {
        return err->code;
    }
    const struct http_header header = {"Authorization", buf_str(&token)};

    if (metadata_send(lookup->aws, "GET", buf_cstr(&url), token.len == 0 ? NULL : &header, &body,
                      err) != ERR_NONE) {
        err->code = err->code == ERR_CANCELLED ? ERR_CANCELLED : ERR_CREDENTIALS;
        return err_prefix(err, "the container's credentials");
    }
    code = creds_read_json(buf_str(&body), "Token", "the container", out, err);
    if (body.ptr != NULL) {
        mem_wipe(body.ptr, body.len);
    }
    return code;
}

static bool is_instance_off(const struct creds_provider *provider) {
    return str_eq_nocase(creds_var(provider, VAR_INSTANCE_OFF), STR("true"));
}

static void instance_url(const struct creds_provider *provider, const char *path, struct buf *out) {
    struct str host = creds_var(provider, VAR_INSTANCE_URL);

    while (host.len > 0 && host.ptr[host.len - 1] == '/') {
        host.len--;
    }
    buf_clear(out);
    buf_add(out, host.len > 0 ? host : str_from(instance_host));
    buf_add_s(out, path);
}

/* Gets `path` with a session token, which is what makes it IMDSv2. False when there is no metadata
 * service, or it does not tell. */
static bool instance_get(const struct creds_provider *provider, const struct aws *aws,
                         const char *path, struct buf *out) {
    static const struct http_header ttl = {"X-aws-ec2-metadata-token-ttl-seconds",
                                           {"21600", sizeof "21600" - 1}};
    CLEANUP(buf_done) struct buf url = BUF_INIT(2048);
    CLEANUP(buf_done) struct buf token = BUF_INIT(METADATA_BYTES);
    struct http_header header = {"X-aws-ec2-metadata-token", {0}};
    struct err ignored = {0};

    instance_url(provider, "/latest/api/token", &url);
    if (metadata_send(aws, "PUT", buf_cstr(&url), &ttl, &token, &ignored) != ERR_NONE ||
        token.len == 0) {
        return false;
    }
    header.value = buf_str(&token);
    instance_url(provider, path, &url);
    return metadata_send(aws, "GET", buf_cstr(&url), &header, out, &ignored) == ERR_NONE &&
           out->len > 0;
}

enum err_code creds_from_instance(const struct creds_lookup *lookup, struct aws_creds **out,
                                  struct err *err) {
    CLEANUP(buf_done) struct buf role = BUF_INIT(METADATA_BYTES);
    CLEANUP(buf_done) struct buf body = BUF_INIT(METADATA_BYTES);
    CLEANUP(freep) char *path = NULL;
    CLEANUP(freep) char *source = NULL;
    struct str name;
    enum err_code code;

    if (is_instance_off(lookup->provider) ||
        !instance_get(lookup->provider, lookup->aws, instance_roles, &role)) {
        return ERR_NONE;
    }
    name = str_trim(buf_str(&role));
    path = mem_format("%s" STR_FMT, instance_roles, STR_ARG(name));
    source = mem_format("the instance, role " STR_FMT, STR_ARG(name));
    if (!instance_get(lookup->provider, lookup->aws, path, &body)) {
        return err_set(err, ERR_CREDENTIALS, "%s: the metadata service does not tell its keys",
                       source);
    }
    code = creds_read_json(buf_str(&body), "Token", source, out, err);
    mem_wipe(body.ptr, body.len);
    return code;
}

char *creds_instance_region(struct creds_provider *provider, const struct aws *aws) {
    CLEANUP(buf_done) struct buf region = BUF_INIT(64);

    if (is_instance_off(provider) ||
        !instance_get(provider, aws, "/latest/meta-data/placement/region", &region) ||
        aws_partition(buf_cstr(&region)) == NULL) {
        return NULL;
    }
    return buf_take(&region);
}
