/* S3: uploads, whole or in parts, each checked by S3 against its SHA-256. */
#include "aws/s3.h"

#include "aws/s3_room.h"
#include "aws/xml.h"
#include "base/clock.h"
#include "base/encode.h"
#include "sys/fs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { ABORT_MS = 10000, COMPLETE_BYTES = 4 << 20, PIECE_BYTES = 64 << 10, UPLOAD_ID_MAX = 1024 };

static const char octets[] = "application/octet-stream";

/* What goes up: bytes, or an open file. */
struct source {
    const struct s3_put *put;
    int fd; /* -1: bytes */
    int64_t len;
};

/* One piece of the source and its hash, as the request wants them. */
struct part {
    struct http_file file;
    struct str bytes;
    struct sha256_hex hex;
    struct buf base64;
};

static enum err_code source_open(struct source *s, const struct s3_put *put, struct err *err) {
    struct stat st;

    *s = (struct source){.put = put, .fd = -1, .len = (int64_t)put->bytes.len};
    if (put->path == NULL) {
        return ERR_NONE;
    }
    s->fd = open(put->path, O_RDONLY | O_CLOEXEC);
    if (s->fd < 0 || fstat(s->fd, &st) != 0) {
        return err_errno(err, errno, "%s", put->path);
    }
    if (!S_ISREG(st.st_mode)) {
        return err_set(err, ERR_INVALID, "%s is not a regular file", put->path);
    }
    s->len = st.st_size;
    return ERR_NONE;
}

static void source_done(struct source *s) {
    if (s->fd >= 0) {
        (void)close(s->fd);
    }
}

static enum err_code source_hash(const struct source *s, int64_t offset, int64_t len,
                                 struct sha256 *out, struct err *err) {
    char piece[PIECE_BYTES];
    struct sha256_stream *stream;

    if (s->fd < 0) {
        *out = sha256_of(str_slice(s->put->bytes, (size_t)offset, (size_t)(offset + len)));
        return ERR_NONE;
    }
    stream = sha256_start();
    for (int64_t at = 0; at < len;) {
        size_t want = len - at < PIECE_BYTES ? (size_t)(len - at) : PIECE_BYTES;
        ssize_t n = pread(s->fd, piece, want, (off_t)(offset + at));

        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n <= 0) {
            (void)sha256_end(stream);
            return n < 0 ? err_errno(err, errno, "%s", s->put->path)
                         : err_set(err, ERR_IO, "%s became shorter", s->put->path);
        }
        sha256_feed(stream, (struct str){piece, (size_t)n});
        at += n;
    }
    *out = sha256_end(stream);
    return ERR_NONE;
}

/* `known` is the piece's hash, or NULL. */
static enum err_code part_open(struct part *part, const struct source *s, int64_t offset,
                               int64_t len, const struct sha256 *known, struct err *err) {
    struct sha256 hash;

    if (known != NULL) {
        hash = *known;
    } else if (source_hash(s, offset, len, &hash, err) != ERR_NONE) {
        return err->code;
    }
    part->file = (struct http_file){s->fd, offset, len};
    part->bytes = s->fd < 0 ? str_slice(s->put->bytes, (size_t)offset, (size_t)(offset + len))
                            : (struct str){0};
    part->hex = sha256_hex(hash);
    part->base64 = BUF_INIT(64);
    base64_add(&part->base64, hash.bytes, SHA256_BYTES);
    return ERR_NONE;
}

static void part_done(struct part *part) { buf_done(&part->base64); }

/* Makes the part the request's body. */
static void part_attach(const struct part *part, struct s3_request *r) {
    r->aws.body = part->bytes;
    r->aws.file = part->file.fd < 0 ? NULL : &part->file;
    r->aws.sha256_hex = part->hex.text;
    r->aws.timeout_ms = S3_TRANSFER_MS;
    r->aws.stall_ms = S3_STALL_MS;
    s3_add_header(r, "x-amz-checksum-sha256", buf_cstr(&part->base64));
}

static void put_add_type(const struct s3_put *put, struct s3_request *r) {
    s3_add_header(r, "Content-Type", put->content_type == NULL ? octets : put->content_type);
    s3_add_header(r, "Cache-Control", put->cache_control);
}

static enum err_code put_whole(const struct aws *aws, const struct source *s,
                               enum s3_put_result *out, struct err *err) {
    CLEANUP(s3_done) struct s3_request r = {0};
    CLEANUP(part_done) struct part part = {0};
    CLEANUP(aws_reply_done) struct aws_reply reply = {0};
    const struct s3_put *put = s->put;

    if (s3_start(&r, aws, "PutObject", "PUT", put->bucket, put->key, err) != ERR_NONE ||
        part_open(&part, s, 0, s->len, put->sha256, err) != ERR_NONE) {
        return err->code;
    }
    part_attach(&part, &r);
    put_add_type(put, &r);
    if (put->is_new) {
        s3_add_header(&r, "If-None-Match", "*");
        r.aws.expected[0] = "412";
    }
    if (aws_call(aws, &r.aws, &reply, err) != ERR_NONE) {
        return err->code;
    }
    *out = reply.code[0] == '\0' ? S3_WRITTEN : S3_WAS_THERE;
    return ERR_NONE;
}

/* A multipart upload under way. */
struct upload {
    const struct aws *aws;
    const struct source *source;
    char id[UPLOAD_ID_MAX];
    struct buf parts; /* the body of CompleteMultipartUpload */
};

static enum err_code upload_create(struct upload *u, const char *sha256, struct err *err) {
    CLEANUP(s3_done) struct s3_request r = {0};
    CLEANUP(aws_reply_done) struct aws_reply reply = {0};
    CLEANUP(arena_freep) struct arena *arena = arena_new();
    const struct s3_put *put = u->source->put;
    const struct xml_node *root = NULL;
    const char *id;

    if (s3_start(&r, u->aws, "PutObject", "POST", put->bucket, put->key, err) != ERR_NONE) {
        return err->code;
    }
    s3_add_query(&r, "uploads", NULL);
    s3_add_header(&r, "x-amz-checksum-algorithm", "SHA256");
    s3_add_header(&r, "x-amz-meta-sha256", sha256);
    put_add_type(put, &r);
    if (aws_call(u->aws, &r.aws, &reply, err) != ERR_NONE ||
        xml_read(buf_str(&reply.http.body), arena, &root, err) != ERR_NONE) {
        return err->code;
    }
    id = xml_text_at(root, "UploadId");
    if (id == NULL || strlen(id) >= sizeof u->id) {
        return err_set(err, ERR_PROTOCOL, "S3 PutObject: the answer names no upload");
    }
    (void)snprintf(u->id, sizeof u->id, "%s", id);
    return ERR_NONE;
}

static enum err_code upload_send_part(struct upload *u, int number, struct err *err) {
    CLEANUP(s3_done) struct s3_request r = {0};
    CLEANUP(part_done) struct part part = {0};
    CLEANUP(aws_reply_done) struct aws_reply reply = {0};
    CLEANUP(freep) char *number_text = mem_format("%d", number);
    const struct source *s = u->source;
    int64_t offset = (int64_t)(number - 1) * S3_PART_BYTES;
    int64_t len = s->len - offset < S3_PART_BYTES ? s->len - offset : S3_PART_BYTES;
    char etag[80];

    if (s3_start(&r, u->aws, "PutObject", "PUT", s->put->bucket, s->put->key, err) != ERR_NONE ||
        part_open(&part, s, offset, len, NULL, err) != ERR_NONE) {
        return err->code;
    }
    part_attach(&part, &r);
    s3_add_query(&r, "partNumber", number_text);
    s3_add_query(&r, "uploadId", u->id);
    if (aws_call(u->aws, &r.aws, &reply, err) != ERR_NONE) {
        return err->code;
    }
    s3_copy_etag(etag, sizeof etag, http_header(&reply.http, "etag"));
    if (strlen(etag) < 32 || strpbrk(etag, "<>&\"") != NULL) {
        return err_set(err, ERR_PROTOCOL, "S3 PutObject: a part was answered without an ETag");
    }
    buf_addf(&u->parts,
             "<Part><PartNumber>%d</PartNumber><ETag>&quot;%s&quot;</ETag>"
             "<ChecksumSHA256>%s</ChecksumSHA256></Part>",
             number, etag, buf_cstr(&part.base64));
    return ERR_NONE;
}

static enum err_code upload_complete(struct upload *u, enum s3_put_result *out, struct err *err) {
    CLEANUP(s3_done) struct s3_request r = {0};
    CLEANUP(aws_reply_done) struct aws_reply reply = {0};
    const struct s3_put *put = u->source->put;

    if (s3_start(&r, u->aws, "PutObject", "POST", put->bucket, put->key, err) != ERR_NONE) {
        return err->code;
    }
    s3_add_query(&r, "uploadId", u->id);
    buf_add_s(&u->parts, "</CompleteMultipartUpload>");
    r.aws.body = buf_str(&u->parts);
    r.aws.timeout_ms = S3_TRANSFER_MS; /* S3 sends blanks while it works */
    if (put->is_new) {
        s3_add_header(&r, "If-None-Match", "*");
        r.aws.expected[0] = "412";
    }
    if (aws_call(u->aws, &r.aws, &reply, err) != ERR_NONE) {
        return err->code;
    }
    *out = reply.code[0] == '\0' ? S3_WRITTEN : S3_WAS_THERE;
    return ERR_NONE;
}

/* Parts that are left behind cost money; best effort, also after a cancellation. */
static void upload_abort(const struct upload *u) {
    CLEANUP(s3_done) struct s3_request r = {0};
    CLEANUP(aws_reply_done) struct aws_reply reply = {0};
    struct aws calm = *u->aws;
    struct err ignored = {0};
    const struct s3_put *put = u->source->put;

    calm.cancel = NULL;
    calm.deadline_ms = clock_mono_ms() + ABORT_MS;
    if (s3_start(&r, &calm, "AbortMultipartUpload", "DELETE", put->bucket, put->key, &ignored) ==
        ERR_NONE) {
        s3_add_query(&r, "uploadId", u->id);
        ignored.code = aws_call(&calm, &r.aws, &reply, &ignored);
    }
}

static enum err_code put_parts(const struct aws *aws, const struct source *s,
                               enum s3_put_result *out, struct err *err) {
    struct upload u = {.aws = aws, .source = s, .parts = BUF_INIT(COMPLETE_BYTES)};
    int part_n = (int)((s->len + S3_PART_BYTES - 1) / S3_PART_BYTES);
    enum s3_put_result result = S3_NONE;
    struct sha256 hash;
    enum err_code code;

    if (s->put->sha256 != NULL) {
        hash = *s->put->sha256;
    } else if (source_hash(s, 0, s->len, &hash, err) != ERR_NONE) {
        return err->code;
    }
    if (upload_create(&u, sha256_hex(hash).text, err) != ERR_NONE) {
        return err->code;
    }
    buf_add_s(&u.parts, "<CompleteMultipartUpload "
                        "xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">");
    code = ERR_NONE;
    for (int i = 1; i <= part_n && code == ERR_NONE; i++) {
        code = upload_send_part(&u, i, err);
    }
    if (code == ERR_NONE) {
        code = upload_complete(&u, &result, err);
    }
    if (result != S3_WRITTEN) {
        upload_abort(&u);
    }
    buf_done(&u.parts);
    if (code == ERR_NONE) {
        *out = result;
    }
    return code;
}

enum err_code s3_put(const struct aws *aws, const struct s3_put *put, enum s3_put_result *out,
                     struct err *err) {
    CLEANUP(source_done) struct source s = {.fd = -1};

    if (source_open(&s, put, err) != ERR_NONE) {
        return err->code;
    }
    if (s.len > (int64_t)S3_PART_BYTES * S3_PARTS_MAX) {
        return err_set(err, ERR_TOO_LARGE, "%s: %lld bytes are more than an upload may have",
                       put->key, (long long)s.len);
    }
    return s.len >= S3_MULTIPART_BYTES ? put_parts(aws, &s, out, err)
                                       : put_whole(aws, &s, out, err);
}
