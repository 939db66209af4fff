/* aws/s3_room.h: what the files of S3 share; for s3*.c only. */
#pragma once

#include "aws/s3.h"

enum { S3_HEADERS_MAX = 12, S3_QUERY_MAX = 8 };

/* A transfer may take long as long as bytes move. */
enum { S3_TRANSFER_MS = 60 * 60 * 1000, S3_STALL_MS = 60 * 1000 };

/* A request in the making; what is added is borrowed until it was sent. */
struct s3_request {
    struct aws_request aws;
    struct buf path;
    struct http_header headers[S3_HEADERS_MAX];
    struct aws_param query[S3_QUERY_MAX];
};

/* Begins a request for a bucket, and for `key` when it is not NULL; `action` is the name of the IAM
 * permission. Errors: ERR_INVALID. */
MUST_CHECK enum err_code s3_start(struct s3_request *r, const struct aws *aws, const char *action,
                                  const char *method, const char *bucket, const char *key,
                                  struct err *err);
void s3_done(struct s3_request *r);

void s3_add_header(struct s3_request *r, const char *name, const char *value); /* NULL: not */
void s3_add_query(struct s3_request *r, const char *name, const char *value); /* NULL: name alone */

/* Copies `etag` without its quotes; cut to `size` - 1 bytes. */
void s3_copy_etag(char *out, size_t size, struct str etag);
