/* S3: single objects and buckets. */
#include "aws/s3.h"

#include "aws/s3_room.h"
#include "base/clock.h"
#include "base/encode.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void s3_object_done(struct s3_object *object) {
    free(object->key);
    free(object->version);
    *object = (struct s3_object){0};
}

enum err_code s3_start(struct s3_request *r, const struct aws *aws, const char *action,
                       const char *method, const char *bucket, const char *key, struct err *err) {
    const char *account = aws_config_account(aws_client_config(aws->client));

    r->path = BUF_INIT(S3_KEY_MAX * 3 + 2);
    r->aws = (struct aws_request){.service = AWS_S3,
                                  .action = action,
                                  .method = method,
                                  .bucket = bucket,
                                  .headers = r->headers,
                                  .query = r->query,
                                  .is_bulk = true};
    if (key != NULL && (key[0] == '\0' || strlen(key) > S3_KEY_MAX)) {
        return err_set(err, ERR_INVALID, "S3 %s: '%.100s' is no object key", action, key);
    }
    if (key != NULL) {
        buf_add_c(&r->path, '/');
        percent_add(&r->path, str_from(key), true);
    }
    r->aws.path = buf_str(&r->path);
    s3_add_header(r, "x-amz-expected-bucket-owner", account);
    return ERR_NONE;
}

void s3_done(struct s3_request *r) { buf_done(&r->path); }

void s3_add_header(struct s3_request *r, const char *name, const char *value) {
    if (value != NULL) {
        r->headers[r->aws.header_n++] = (struct http_header){name, str_from(value)};
    }
}

void s3_add_query(struct s3_request *r, const char *name, const char *value) {
    r->query[r->aws.query_n++] =
        (struct aws_param){name, value == NULL ? (struct str){0} : str_from(value)};
}

void s3_copy_etag(char *out, size_t size, struct str etag) {
    if (etag.len >= 2 && etag.ptr[0] == '"') {
        etag = str_slice(etag, 1, etag.len - 1);
    }
    (void)snprintf(out, size, STR_FMT, STR_ARG(etag));
}

/* A checksum of the whole object. Where it is one of its parts ("...-3"), what s3_put() recorded,
 * which anybody who may write can; an object without either was not put by this program. */
static void object_read_sha256(struct s3_object *object, const struct http_reply *http) {
    CLEANUP(buf_done) struct buf bytes = BUF_INIT(64);
    CLEANUP(buf_done) struct buf hex = BUF_INIT(80);
    struct str sum = http_header(http, "x-amz-checksum-sha256");
    struct err ignored = {0};

    if (sum.len > 0 && str_find(sum, STR("-")) < 0 &&
        base64_read(sum, &bytes, &ignored) == ERR_NONE && bytes.len == SHA256_BYTES) {
        hex_add(&hex, bytes.ptr, bytes.len);
    } else if (sum.len > 0) {
        buf_add(&hex, http_header(http, "x-amz-meta-sha256"));
    }
    if (hex.len == SHA256_HEX) {
        (void)snprintf(object->sha256, sizeof object->sha256, "%s", buf_cstr(&hex));
    }
}

static enum err_code object_read(struct s3_object *object, const struct http_reply *http,
                                 struct err *err) {
    struct str version = http_header(http, "x-amz-version-id");
    struct err ignored = {0};

    if (str_to_i64(http_header(http, "content-length"), 0, INT64_MAX, &object->bytes, err) !=
        ERR_NONE) {
        err->code = ERR_PROTOCOL;
        return err_prefix(err, "S3 HeadObject, the length");
    }
    object->version = version.len == 0 ? NULL : str_dup(version);
    s3_copy_etag(object->etag, sizeof object->etag, http_header(http, "etag"));
    object_read_sha256(object, http);
    if (clock_read_http(http_header(http, "last-modified"), &object->modified_ms, &ignored) !=
        ERR_NONE) {
        object->modified_ms = 0;
    }
    return ERR_NONE;
}

enum err_code s3_head(const struct aws *aws, const char *bucket, const char *key,
                      struct s3_object *out, struct err *err) {
    CLEANUP(s3_done) struct s3_request r = {0};
    CLEANUP(aws_reply_done) struct aws_reply reply = {0};
    struct s3_object object = {0};

    if (s3_start(&r, aws, "GetObject", "HEAD", bucket, key, err) != ERR_NONE) {
        return err->code;
    }
    s3_add_header(&r, "x-amz-checksum-mode", "ENABLED");
    r.aws.expected[0] = "404";
    if (aws_call(aws, &r.aws, &reply, err) != ERR_NONE) {
        return err->code;
    }
    object.is_there = reply.code[0] == '\0';
    if (object.is_there && object_read(&object, &reply.http, err) != ERR_NONE) {
        return err->code;
    }
    object.key = mem_strdup(key);
    *out = object;
    return ERR_NONE;
}

enum err_code s3_get(const struct aws *aws, const char *bucket, const char *key, size_t max,
                     struct buf *out, struct err *err) {
    CLEANUP(s3_done) struct s3_request r = {0};
    CLEANUP(aws_reply_done) struct aws_reply reply = {0};

    if (s3_start(&r, aws, "GetObject", "GET", bucket, key, err) != ERR_NONE) {
        return err->code;
    }
    r.aws.body_max = max;
    r.aws.timeout_ms = S3_TRANSFER_MS;
    r.aws.stall_ms = S3_STALL_MS;
    if (aws_call(aws, &r.aws, &reply, err) != ERR_NONE) {
        return err->code;
    }
    buf_add(out, buf_str(&reply.http.body));
    if (out->failed) {
        return err_set(err, ERR_TOO_LARGE, "S3 GetObject: %s is larger than its place", key);
    }
    return ERR_NONE;
}

/* Where s3_get_file() writes. */
struct file_sink {
    const char *path;
    int fd;
};

static enum err_code file_sink_take(void *ctx, struct str piece, struct err *err) {
    struct file_sink *sink = ctx;

    if (piece.len == 0 && (ftruncate(sink->fd, 0) != 0 || lseek(sink->fd, 0, SEEK_SET) != 0)) {
        return err_errno(err, errno, "%s", sink->path);
    }
    while (piece.len > 0) {
        ssize_t n = write(sink->fd, piece.ptr, piece.len);

        if (n < 0 && errno != EINTR) {
            return err_errno(err, errno, "%s", sink->path);
        }
        piece = str_slice(piece, n < 0 ? 0 : (size_t)n, piece.len);
    }
    return ERR_NONE;
}

static enum err_code get_into(const struct aws *aws, const char *bucket, const char *key,
                              struct file_sink *sink, struct err *err) {
    CLEANUP(s3_done) struct s3_request r = {0};
    CLEANUP(aws_reply_done) struct aws_reply reply = {0};

    if (s3_start(&r, aws, "GetObject", "GET", bucket, key, err) != ERR_NONE) {
        return err->code;
    }
    r.aws.sink = file_sink_take;
    r.aws.sink_ctx = sink;
    r.aws.timeout_ms = S3_TRANSFER_MS;
    r.aws.stall_ms = S3_STALL_MS;
    return aws_call(aws, &r.aws, &reply, err);
}

enum err_code s3_get_file(const struct aws *aws, const char *bucket, const char *key,
                          const char *path, struct err *err) {
    struct file_sink sink = {path, open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600)};
    enum err_code code;

    if (sink.fd < 0) {
        return err_errno(err, errno, "%s", path);
    }
    code = get_into(aws, bucket, key, &sink, err);
    if (close(sink.fd) != 0 && code == ERR_NONE) {
        code = err_errno(err, errno, "%s", path);
    }
    if (code != ERR_NONE) {
        (void)unlink(path);
    }
    return code;
}

enum err_code s3_delete(const struct aws *aws, const char *bucket, const char *key,
                        const char *version, struct err *err) {
    CLEANUP(s3_done) struct s3_request r = {0};
    CLEANUP(aws_reply_done) struct aws_reply reply = {0};
    const char *action = version == NULL ? "DeleteObject" : "DeleteObjectVersion";

    if (s3_start(&r, aws, action, "DELETE", bucket, key, err) != ERR_NONE) {
        return err->code;
    }
    if (version != NULL) {
        s3_add_query(&r, "versionId", version);
    }
    r.aws.expected[0] = "NoSuchKey";
    r.aws.expected[1] = "NoSuchVersion";
    return aws_call(aws, &r.aws, &reply, err);
}

enum err_code s3_head_bucket(const struct aws *aws, const char *bucket, enum s3_bucket *out,
                             char out_region[32], struct err *err) {
    CLEANUP(s3_done) struct s3_request r = {0};
    CLEANUP(aws_reply_done) struct aws_reply reply = {0};

    if (s3_start(&r, aws, "ListBucket", "HEAD", bucket, NULL, err) != ERR_NONE) {
        return err->code;
    }
    r.aws.is_bulk = false;
    r.aws.expected[0] = "404";
    r.aws.expected[1] = "403";
    if (aws_call(aws, &r.aws, &reply, err) != ERR_NONE) {
        return err->code;
    }
    if (out_region != NULL) {
        (void)snprintf(out_region, 32, STR_FMT,
                       STR_ARG(http_header(&reply.http, "x-amz-bucket-region")));
    }
    *out = reply.code[0] == '\0'      ? S3_BUCKET_OURS
           : reply.http.status == 403 ? S3_BUCKET_DENIED
                                      : S3_BUCKET_NONE;
    return ERR_NONE;
}

enum err_code s3_delete_bucket(const struct aws *aws, const char *bucket, struct err *err) {
    CLEANUP(s3_done) struct s3_request r = {0};
    CLEANUP(aws_reply_done) struct aws_reply reply = {0};

    if (s3_start(&r, aws, "DeleteBucket", "DELETE", bucket, NULL, err) != ERR_NONE) {
        return err->code;
    }
    r.aws.expected[0] = "NoSuchBucket";
    return aws_call(aws, &r.aws, &reply, err);
}
