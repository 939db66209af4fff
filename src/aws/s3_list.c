/* S3: lists of objects and versions, and deleting what a list holds. */
#include "aws/s3.h"

#include "aws/s3_room.h"
#include "aws/xml.h"
#include "base/clock.h"
#include "base/encode.h"

#include <stdlib.h>
#include <string.h>

enum { PAGE_BYTES = 8 << 20, DELETE_BYTES = 8 << 20, PAGES_MAX = 1000 };

void s3_list_done(struct s3_list *list) {
    for (size_t i = 0; i < list->n; i++) {
        s3_object_done(&list->rows[i]);
    }
    free(list->rows);
    *list = (struct s3_list){0};
}

/* Decodes what `encoding-type=url` encoded: %XX, and '+' for a blank. What is not that stays. */
static char *url_decode(const char *text) {
    CLEANUP(freep) char *plain = mem_strdup(text);
    CLEANUP(buf_done) struct buf out = BUF_INIT(strlen(text) + 1);
    struct err ignored = {0};

    for (char *c = plain; *c != '\0'; c++) {
        *c = *c == '+' ? ' ' : *c;
    }
    return percent_read(str_from(plain), &out, &ignored) == ERR_NONE ? mem_strdup(buf_cstr(&out))
                                                                     : TAKE(plain);
}

static enum err_code list_add(struct s3_list *list, const struct xml_node *node, bool is_encoded,
                              struct err *err) {
    const char *key = xml_text_at(node, "Key");
    const char *version = xml_text_at(node, "VersionId");
    const char *size = xml_text_at(node, "Size");
    const char *modified = xml_text_at(node, "LastModified");
    struct s3_object object = {.is_delete_marker = strcmp(node->name, "DeleteMarker") == 0,
                               .is_there = true};
    struct err ignored = {0};

    if (key == NULL || (size == NULL && !object.is_delete_marker) ||
        (size != NULL &&
         str_to_i64(str_from(size), 0, INT64_MAX, &object.bytes, &ignored) != ERR_NONE)) {
        return err_set(err, ERR_PROTOCOL, "S3 ListBucket: an entry without a key or a size");
    }
    if (modified != NULL &&
        clock_read_iso(str_from(modified), &object.modified_ms, &ignored) != ERR_NONE) {
        object.modified_ms = 0;
    }
    object.key = is_encoded ? url_decode(key) : mem_strdup(key);
    object.version = mem_strdup(version);
    s3_copy_etag(object.etag, sizeof object.etag, str_from(xml_text_at(node, "ETag")));
    if ((list->n & (list->n - 1)) == 0) { /* at each power of two */
        list->rows = mem_resize(list->rows, (list->n == 0 ? 1 : list->n * 2) * sizeof object);
    }
    list->rows[list->n++] = object;
    return ERR_NONE;
}

/* Where the next page begins; owned. */
struct cursor {
    char *token; /* of ListObjectsV2, or the key marker */
    char *version_marker;
    bool is_end;
};

static void cursor_done(struct cursor *cursor) {
    free(cursor->token);
    free(cursor->version_marker);
}

static enum err_code page_read(struct s3_list *list, const struct xml_node *root, size_t max,
                               bool is_versions, struct cursor *cursor, struct err *err) {
    bool is_encoded = xml_text_at(root, "EncodingType") != NULL;
    const char *cut = xml_text_at(root, "IsTruncated");
    const char *token = xml_text_at(root, is_versions ? "NextKeyMarker" : "NextContinuationToken");

    for (const struct xml_node *node = root->child; node != NULL; node = node->next) {
        bool is_row = is_versions ? strcmp(node->name, "Version") == 0 ||
                                        strcmp(node->name, "DeleteMarker") == 0
                                  : strcmp(node->name, "Contents") == 0;

        if (is_row && list->n == max) {
            list->is_cut = true;
            cursor->is_end = true;
            return ERR_NONE;
        }
        if (is_row && list_add(list, node, is_encoded, err) != ERR_NONE) {
            return err->code;
        }
    }
    cursor->is_end = cut == NULL || strcmp(cut, "true") != 0;
    if (!cursor->is_end && token == NULL) {
        return err_set(err, ERR_PROTOCOL,
                       "S3 ListBucket: a page says that there are more, not where");
    }
    cursor_done(cursor);
    cursor->token =
        is_versions && is_encoded && token != NULL ? url_decode(token) : mem_strdup(token);
    cursor->version_marker = mem_strdup(xml_text_at(root, "NextVersionIdMarker"));
    return ERR_NONE;
}

static enum err_code page_get(const struct aws *aws, const char *bucket, const char *prefix,
                              size_t max, bool is_versions, struct s3_list *list,
                              struct cursor *cursor, struct err *err) {
    CLEANUP(s3_done) struct s3_request r = {0};
    CLEANUP(aws_reply_done) struct aws_reply reply = {0};
    CLEANUP(arena_freep) struct arena *arena = arena_new();
    const struct xml_node *root = NULL;

    if (s3_start(&r, aws, is_versions ? "ListBucketVersions" : "ListBucket", "GET", bucket, NULL,
                 err) != ERR_NONE) {
        return err->code;
    }
    s3_add_query(&r, is_versions ? "versions" : "list-type", is_versions ? NULL : "2");
    s3_add_query(&r, "prefix", prefix);
    s3_add_query(&r, "encoding-type", "url");
    if (cursor->token != NULL) {
        s3_add_query(&r, is_versions ? "key-marker" : "continuation-token", cursor->token);
    }
    if (cursor->version_marker != NULL) {
        s3_add_query(&r, "version-id-marker", cursor->version_marker);
    }
    r.aws.body_max = PAGE_BYTES;
    if (aws_call(aws, &r.aws, &reply, err) != ERR_NONE ||
        xml_read(buf_str(&reply.http.body), arena, &root, err) != ERR_NONE) {
        return err->code;
    }
    return page_read(list, root, max, is_versions, cursor, err);
}

static enum err_code list_all(const struct aws *aws, const char *bucket, const char *prefix,
                              size_t max, bool is_versions, struct s3_list *out, struct err *err) {
    CLEANUP(s3_list_done) struct s3_list list = {0};
    CLEANUP(cursor_done) struct cursor cursor = {0};

    if (max > S3_LIST_MAX) {
        return err_set(err, ERR_INVALID, "a list of %zu objects is too long", max);
    }
    for (int page = 0; !cursor.is_end; page++) {
        if (page == PAGES_MAX) {
            return err_set(err, ERR_PROTOCOL, "S3 ListBucket: more than %d pages", page);
        }
        if (page_get(aws, bucket, prefix, max, is_versions, &list, &cursor, err) != ERR_NONE) {
            return err->code;
        }
    }
    *out = list;
    list = (struct s3_list){0};
    return ERR_NONE;
}

enum err_code s3_list(const struct aws *aws, const char *bucket, const char *prefix, size_t max,
                      struct s3_list *out, struct err *err) {
    return list_all(aws, bucket, prefix, max, false, out, err);
}

enum err_code s3_list_versions(const struct aws *aws, const char *bucket, const char *prefix,
                               size_t max, struct s3_list *out, struct err *err) {
    return list_all(aws, bucket, prefix, max, true, out, err);
}

static void xml_add_text(struct buf *out, const char *text) {
    for (const char *p = text; *p != '\0'; p++) {
        unsigned char c = (unsigned char)*p;

        if (c < ' ' || c == '&' || c == '<' || c == '>' || c == '"') {
            buf_addf(out, "&#%u;", c);
        } else {
            buf_add_c(out, *p);
        }
    }
}

static enum err_code delete_read(const struct xml_node *root, struct err *err) {
    const struct xml_node *error = xml_at(root, "Error");
    const char *key = xml_text_at(error, "Key");
    const char *code = xml_text_at(error, "Code");
    const char *message = xml_text_at(error, "Message");

    if (error == NULL) {
        return ERR_NONE;
    }
    return err_set(err,
                   code != NULL && strcmp(code, "AccessDenied") == 0 ? ERR_DENIED : ERR_SERVICE,
                   "S3 DeleteObject: %s was not deleted (%s)%s%s", key == NULL ? "an object" : key,
                   code == NULL ? "no code" : code, message == NULL ? "" : ": ",
                   message == NULL ? "" : message);
}

/* Deletes rows [from, to). */
static enum err_code delete_some(const struct aws *aws, const char *bucket,
                                 const struct s3_list *list, size_t from, size_t to,
                                 struct err *err) {
    CLEANUP(s3_done) struct s3_request r = {0};
    CLEANUP(aws_reply_done) struct aws_reply reply = {0};
    CLEANUP(arena_freep) struct arena *arena = arena_new();
    CLEANUP(buf_done) struct buf body = BUF_INIT(DELETE_BYTES);
    CLEANUP(buf_done) struct buf sum = BUF_INIT(64);
    const struct xml_node *root = NULL;
    struct sha256 hash;

    buf_add_s(&body, "<Delete xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">"
                     "<Quiet>true</Quiet>");
    for (size_t i = from; i < to; i++) {
        buf_add_s(&body, "<Object><Key>");
        xml_add_text(&body, list->rows[i].key);
        buf_add_s(&body, "</Key>");
        if (list->rows[i].version != NULL) {
            buf_add_s(&body, "<VersionId>");
            xml_add_text(&body, list->rows[i].version);
            buf_add_s(&body, "</VersionId>");
        }
        buf_add_s(&body, "</Object>");
    }
    buf_add_s(&body, "</Delete>");
    if (s3_start(&r, aws, "DeleteObject", "POST", bucket, NULL, err) != ERR_NONE) {
        return err->code;
    }
    hash = sha256_of(buf_str(&body));
    base64_add(&sum, hash.bytes, SHA256_BYTES);
    s3_add_query(&r, "delete", NULL);
    s3_add_header(&r, "x-amz-checksum-sha256", buf_cstr(&sum));
    r.aws.body = buf_str(&body);
    if (body.failed) {
        return err_set(err, ERR_TOO_LARGE,
                       "S3 DeleteObject: the keys are too long for one request");
    }
    if (aws_call(aws, &r.aws, &reply, err) != ERR_NONE ||
        xml_read(buf_str(&reply.http.body), arena, &root, err) != ERR_NONE) {
        return err->code;
    }
    return delete_read(root, err);
}

enum err_code s3_delete_all(const struct aws *aws, const char *bucket, const struct s3_list *list,
                            struct err *err) {
    for (size_t from = 0; from < list->n; from += S3_DELETE_MAX) {
        size_t to = list->n - from < S3_DELETE_MAX ? list->n : from + S3_DELETE_MAX;

        if (delete_some(aws, bucket, list, from, to, err) != ERR_NONE) {
            return err->code;
        }
    }
    return ERR_NONE;
}
