/* aws_deployer, uploading: files named by their content, several at once, what is there not again.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "aws/s3.h"
#include "sys/fs.h"
#include "sys/pool.h"
#include "tool/aws_deployer/deployer.h"

enum { UPLOAD_THREADS = 8, UPLOAD_FILES_MAX = 20000 };

struct upload_file {
    const json_t *row; /* {"path","key","sha256","bytes","content_type","cache_control"} */
    struct op *op;
    const struct aws *aws;
    const char *bucket;
    char *path; /* owned */
    enum s3_put_result result;
    struct err err;
};

/* The same name with other bytes: an object that was there must be what we would have sent. */
static enum err_code upload_compare(struct upload_file *file, struct sha256 sha256) {
    struct s3_object object = {0};
    const char *key = json_str_or(file->row, "key", "");
    enum err_code code = s3_head(file->aws, file->bucket, key, &object, &file->err);

    bool is_other =
        object.bytes != json_int_or(file->row, "bytes", object.bytes) ||
        (object.sha256[0] != '\0' && strcmp(object.sha256, sha256_hex(sha256).text) != 0);

    if (code == ERR_NONE && object.is_there && is_other) {
        err_set(&file->err, ERR_CONFLICT, "%s is there with other content", key);
        err_remedy(&file->err, "give the file a name with its hash in it, as Vite does by default");
    }
    s3_object_done(&object);
    return file->err.code;
}

static void upload_one(void *arg) {
    struct upload_file *file = arg;
    struct sha256 sha256;
    struct s3_put put = {
        .bucket = file->bucket,
        .key = json_str_or(file->row, "key", ""),
        .path = file->path,
        .sha256 = &sha256,
        .content_type = json_str_at(file->row, "content_type"),
        .cache_control = json_str_at(file->row, "cache_control"),
        .is_new = true,
    };

    if (atomic_load(file->op->cancel)) {
        err_set(&file->err, ERR_CANCELLED, "the upload was cancelled");
        return;
    }
    if (sha256_read(str_from(json_str_or(file->row, "sha256", "")), &sha256, &file->err) !=
            ERR_NONE ||
        s3_put(file->aws, &put, &file->result, &file->err) != ERR_NONE) {
        return;
    }
    if (file->result == S3_WAS_THERE && strncmp(put.key, "shared/", 7) == 0) {
        (void)!upload_compare(file, sha256);
    }
}

static void upload_report(struct op *op, size_t done, size_t n) {
    json_t *event = json_pack("{s:s, s:s}", "type", "progress", "text", "uploading");

    json_put_int(event, "done", (int64_t)done);
    json_put_int(event, "of", (int64_t)n);
    op_progress(op, event);
}

static enum err_code upload_all(struct op *op, struct upload_file *files, size_t n,
                                struct err *err) {
    struct pool *pool = NULL;
    struct upload_file *done;
    size_t sent = 0;
    size_t finished = 0;
    enum err_code code = pool_open(UPLOAD_THREADS, &pool, err);

    while (code == ERR_NONE && finished < n) {
        while (sent < n && sent - finished < 2 * UPLOAD_THREADS && code == ERR_NONE) {
            code = pool_submit(pool, upload_one, &files[sent++], err);
        }
        done = pool_wait(pool);
        finished++;
        if (done != NULL && done->err.code != ERR_NONE) {
            *err = done->err;
            code = done->err.code;
        }
        if (n > 1 && (finished % 16 == 0 || finished == n)) {
            upload_report(op, finished, n);
        }
    }
    pool_close(pool);
    return code;
}

static void upload_count(const struct upload_file *files, size_t n, json_t **out) {
    int64_t uploaded = 0;
    int64_t skipped = 0;
    int64_t bytes = 0;

    for (size_t i = 0; i < n; i++) {
        if (files[i].result == S3_WRITTEN) {
            uploaded++;
            bytes += json_int_or(files[i].row, "bytes", 0);
        } else {
            skipped++;
        }
    }
    *out = json_pack("{s:I, s:I, s:I}", "uploaded", (json_int_t)uploaded, "skipped",
                     (json_int_t)skipped, "bytes", (json_int_t)bytes);
}

char *deployer_site_folder(const struct op *op, const char *dir) {
    return mem_format("%s/sites/%.16s", op->services->artefact_dir,
                      sha256_hex(sha256_of(str_from(dir))).text);
}

/* Files of another machine's build lie below the artefact folder (share.c). */
static char *upload_base(const struct op *op) {
    const char *base = deployer_arg(op, "base");

    return base[0] == '\0' || access(base, R_OK) == 0 ? mem_strdup(base)
                                                      : deployer_site_folder(op, base);
}

enum err_code deployer_upload(struct op *op, json_t **out, struct err *err) {
    const json_t *rows = json_object_get(op->args, "files");
    CLEANUP(freep) char *base = upload_base(op);
    size_t n = json_array_size(rows);
    struct upload_file *files;
    enum err_code code;
    struct aws aws;

    if (n > UPLOAD_FILES_MAX) {
        return err_set(err, ERR_TOO_LARGE, "the site has %zu files, the limit is %d", n,
                       (int)UPLOAD_FILES_MAX);
    }
    if (services_aws(op, &aws, err) != ERR_NONE) {
        return err->code;
    }
    files = ARENA_ARRAY(op->arena, struct upload_file, n + 1);
    for (size_t i = 0; i < n; i++) {
        const json_t *row = json_array_get(rows, i);
        const char *path = json_str_or(row, "path", "");

        files[i] = (struct upload_file){
            .row = row, .op = op, .aws = &aws, .bucket = deployer_arg(op, "bucket")};
        files[i].path = base[0] == '\0' ? mem_strdup(path) : fs_join(base, path);
    }
    code = upload_all(op, files, n, err);
    if (code == ERR_NONE) {
        upload_count(files, n, out);
    }
    for (size_t i = 0; i < n; i++) {
        free(files[i].path);
    }
    return code;
}

enum err_code deployer_put_json(const struct op *op, const struct aws *aws, const char *key,
                                struct str json, enum s3_put_result *out, struct err *err) {
    const struct s3_put put = {.bucket = deployer_arg(op, "bucket"),
                               .key = key,
                               .bytes = json,
                               .content_type = "application/json",
                               .is_new = true};

    return s3_put(aws, &put, out, err);
}

enum err_code deployer_get_json(const struct op *op, const struct aws *aws, const char *key,
                                size_t max, json_t **out, struct err *err) {
    CLEANUP(buf_done) struct buf text = BUF_INIT(max);
    struct err unread = {0};
    enum err_code code = s3_get(aws, deployer_arg(op, "bucket"), key, max, &text, err);

    if (code == ERR_NOT_FOUND) {
        *err = (struct err){0};
        return ERR_NONE;
    }
    if (code != ERR_NONE) {
        return code;
    }
    if (json_read(buf_str(&text), out, &unread) != ERR_NONE) {
        *out = NULL;
    }
    return ERR_NONE;
}
