/* aws/s3.h: objects: put once, read, list, delete.
 *
 * Every call names the account that must own the bucket (`x-amz-expected-bucket-owner`) when the
 * client is pinned to one. A bucket in another region is followed there once. Keys are bytes, not
 * encoded. All block; any thread.
 */
#pragma once

#include "aws/client.h"
#include "base/hash.h"

/* From S3_MULTIPART_BYTES on an object goes up in parts, one after the other. */
enum { S3_MULTIPART_BYTES = 16 << 20, S3_PART_BYTES = 8 << 20, S3_PARTS_MAX = 10000 };
enum { S3_KEY_MAX = 1024, S3_LIST_MAX = 100000, S3_DELETE_MAX = 1000 };

struct s3_put {
    const char *bucket;
    const char *key;
    struct str bytes;            /* or ... */
    const char *path;            /* ... a file; NULL: `bytes` */
    const struct sha256 *sha256; /* of the content when known; NULL: computed here */
    const char *content_type;    /* NULL: application/octet-stream */
    const char *cache_control;   /* or NULL */
    bool is_new;                 /* If-None-Match: *: an object that is there stays as it is */
};

enum s3_put_result { S3_NONE = 0, S3_WRITTEN, S3_WAS_THERE };

/* Uploads one object, in parts from S3_MULTIPART_BYTES on; S3 checks the SHA-256 of all it gets.
 * A multipart upload that fails is aborted. S3_WAS_THERE is a success that only `is_new` can give.
 * Errors: ERR_NOT_FOUND (bucket, or the file), ERR_TOO_LARGE, ERR_IO, those of aws_call(). */
MUST_CHECK enum err_code s3_put(const struct aws *aws, const struct s3_put *put,
                                enum s3_put_result *out, struct err *err);

struct s3_object {
    char *key;     /* owned; empty after s3_head() */
    char *version; /* owned; NULL where no version is told */
    int64_t bytes;
    char etag[80];         /* without quotes */
    char sha256[65];       /* hex: S3's checksum of the whole object, or, for one that s3_put() sent
                              in parts, what it recorded beside it; else empty */
    int64_t modified_ms;   /* 0 when not told */
    bool is_delete_marker; /* s3_list_versions() only */
    bool is_there;         /* s3_head() only */
};
void s3_object_done(struct s3_object *object);

/* Asks for one object; an absent one is an answer (`is_there` false).
 * Without s3:ListBucket S3 says 403 for an absent key: ERR_DENIED. */
MUST_CHECK enum err_code s3_head(const struct aws *aws, const char *bucket, const char *key,
                                 struct s3_object *out, struct err *err);

/* Appends the object's bytes. Errors: ERR_NOT_FOUND, ERR_TOO_LARGE (over `max`). */
MUST_CHECK enum err_code s3_get(const struct aws *aws, const char *bucket, const char *key,
                                size_t max, struct buf *out, struct err *err);

/* Writes the object into a new or truncated file at `path`, which is removed on failure. */
MUST_CHECK enum err_code s3_get_file(const struct aws *aws, const char *bucket, const char *key,
                                     const char *path, struct err *err);

struct s3_list {
    struct s3_object *rows; /* sorted by key as S3 does */
    size_t n;
    bool is_cut; /* `max` was reached and there are more */
};
void s3_list_done(struct s3_list *list);

/* Lists up to `max` (<= S3_LIST_MAX) objects whose key begins with `prefix`, all pages. */
MUST_CHECK enum err_code s3_list(const struct aws *aws, const char *bucket, const char *prefix,
                                 size_t max, struct s3_list *out, struct err *err);

/* The same for all versions and delete markers. */
MUST_CHECK enum err_code s3_list_versions(const struct aws *aws, const char *bucket,
                                          const char *prefix, size_t max, struct s3_list *out,
                                          struct err *err);

/* Deletes one object, or one version of it when `version` is not NULL; an absent one is fine. */
MUST_CHECK enum err_code s3_delete(const struct aws *aws, const char *bucket, const char *key,
                                   const char *version, struct err *err);

/* Deletes all rows (key and version), S3_DELETE_MAX a request. Errors: ERR_SERVICE naming the first
 * key that S3 would not delete; those before it are gone. */
MUST_CHECK enum err_code s3_delete_all(const struct aws *aws, const char *bucket,
                                       const struct s3_list *list, struct err *err);

enum s3_bucket { S3_BUCKET_NONE = 0, S3_BUCKET_OURS, S3_BUCKET_DENIED };

/* Asks for a bucket: absent, ours to use, or somebody's who does not let us in.
 * `out_region` (may be NULL) gets its region when S3 tells. */
MUST_CHECK enum err_code s3_head_bucket(const struct aws *aws, const char *bucket,
                                        enum s3_bucket *out, char out_region[32], struct err *err);

/* Deletes an empty bucket; an absent one is fine. Errors: those of aws_call(), also where it is not
 * empty. */
MUST_CHECK enum err_code s3_delete_bucket(const struct aws *aws, const char *bucket,
                                          struct err *err);
