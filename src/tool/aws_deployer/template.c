/* aws_deployer, templates: artefacts named by their digest, here and in the bucket. */
#include <string.h>

#include "aws/cfn.h"
#include "aws/s3.h"
#include "repo/template_file.h"
#include "sys/fs.h"
#include "tool/aws_deployer/deployer.h"

enum err_code deployer_deployed_template(const struct aws *aws, const char *stack, json_t **out,
                                         struct err *err) {
    CLEANUP(freep) char *text = NULL;
    struct err unread = {0};

    if (cfn_get_template(aws, stack, &text, err) != ERR_NONE) {
        return err->code;
    }
    if (template_file_read(str_from(text), "template", out, &unread) != ERR_NONE) {
        err_set(err, ERR_UNSUPPORTED, "the template of stack %s cannot be read: %s", stack,
                unread.text);
        return err_remedy(err, "deploy one that can be read, or delete the stack in AWS's console");
    }
    return ERR_NONE;
}

static char *template_path(const struct op *op, const char *sha256) {
    return mem_format("%s/%s.json", op->services->artefact_dir, sha256);
}

static char *template_key(const char *sha256) { return mem_format("templates/%s.json", sha256); }

enum err_code deployer_keep_template(struct op *op, const struct aws *aws, struct str text,
                                     struct err *err) {
    struct sha256 sha256 = sha256_of(text);
    struct sha256_hex hex = sha256_hex(sha256);
    CLEANUP(freep) char *path = template_path(op, hex.text);
    CLEANUP(freep) char *key = template_key(hex.text);
    enum s3_put_result result = S3_NONE;
    struct s3_put put = {
        .bucket = deployer_arg(op, "bucket"),
        .key = key,
        .bytes = text,
        .sha256 = &sha256,
        .content_type = "application/json",
        .is_new = true,
    };

    if (fs_write_file(path, text, 0600, err) != ERR_NONE) {
        return err->code;
    }
    return put.bucket[0] == '\0' ? ERR_NONE : s3_put(aws, &put, &result, err);
}

/* Nothing is sent that has not the digest of what was approved. */
static enum err_code template_is_other(const char *where, const char *remedy, struct err *err) {
    err_set(err, ERR_CORRUPT,
            "%s holds other bytes than its name says: somebody has replaced it, and nothing was "
            "made of it",
            where);
    return err_remedy(err, "%s", remedy);
}

enum err_code deployer_find_template(struct op *op, const struct aws *aws, struct buf *out,
                                     struct err *err) {
    const char *sha256 = deployer_arg(op, "template_sha256");
    CLEANUP(freep) char *path = template_path(op, sha256);
    CLEANUP(freep) char *key = template_key(sha256);
    const char *bucket = deployer_arg(op, "bucket");
    CLEANUP(freep) char *url = mem_format("s3://%s/%s", bucket, key);
    struct err failure = {0};
    enum err_code code = fs_read_file(path, out->max, out, &failure);
    bool is_here = code == ERR_NONE;

    if (code == ERR_NOT_FOUND && bucket[0] != '\0') {
        code = s3_get(aws, bucket, key, out->max, out, &failure);
    }
    if (code == ERR_NOT_FOUND) {
        err_set(err, ERR_NOT_FOUND, "the template %s is neither on this machine nor in the bucket",
                sha256);
        return err_remedy(err, "deploy the old commit again");
    }
    if (code != ERR_NONE) {
        *err = failure;
        return code;
    }
    if (strcmp(sha256_hex(sha256_of(buf_str(out))).text, sha256) != 0) {
        return is_here ? template_is_other(path, "remove it: the bucket has the template, too", err)
                       : template_is_other(url,
                                           "put its first version back (the bucket keeps what is "
                                           "overwritten), or deploy that commit again",
                                           err);
    }
    return ERR_NONE;
}
