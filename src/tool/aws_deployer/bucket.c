/* aws_deployer, buckets: what is in them, and emptying those of the stack that goes. */
#include <string.h>

#include "aws/s3.h"
#include "tool/aws_deployer/deployer.h"

enum { WEIGHED_MAX = 1000, EMPTIED_AT_ONCE = 5000 };

void deployer_add_load(const struct aws *aws, const char *bucket, bool is_ours, json_t *row) {
    CLEANUP(s3_list_done) struct s3_list list = {0};
    struct err unread = {0};
    enum err_code code =
        is_ours ? s3_list_versions(aws, bucket, "", WEIGHED_MAX, &list, &unread) : ERR_DENIED;
    int64_t bytes = 0;

    if (code == ERR_DENIED) {
        unread = (struct err){0};
        code = s3_list(aws, bucket, "", WEIGHED_MAX, &list, &unread);
    }
    if (code != ERR_NONE) {
        return;
    }
    for (size_t i = 0; i < list.n; i++) {
        bytes += list.rows[i].bytes;
    }
    json_put_int(row, "objects", (int64_t)list.n);
    json_put_int(row, "bytes", bytes);
    if (list.is_cut) {
        json_put_bool(row, "is_more", true);
    }
}

static enum err_code bucket_check_ours(const struct op *op, const char *bucket, struct err *err) {
    if (cfn_is_bucket_of(deployer_arg(op, "stack"), bucket)) {
        return ERR_NONE;
    }
    err_set(err, ERR_POLICY, "bucket %s is not one that stack %s made", bucket,
            deployer_arg(op, "stack"));
    return err_remedy(err, "empty it yourself, if it is to go");
}

enum err_code deployer_empty_bucket(struct op *op, const struct aws *aws, const char *bucket,
                                    struct err *err) {
    int64_t deleted = 0;

    if (bucket_check_ours(op, bucket, err) != ERR_NONE) {
        return err->code;
    }
    for (;;) {
        CLEANUP(s3_list_done) struct s3_list list = {0};
        CLEANUP(freep) char *text = NULL;
        enum err_code code = s3_list_versions(aws, bucket, "", EMPTIED_AT_ONCE, &list, err);

        if (code == ERR_NOT_FOUND) {
            *err = (struct err){0};
            return ERR_NONE;
        }
        if (code != ERR_NONE ||
            (list.n > 0 && s3_delete_all(aws, bucket, &list, err) != ERR_NONE)) {
            return err->code;
        }
        deleted += (int64_t)list.n;
        if (list.n > 0) {
            text =
                mem_format("bucket %s: %lld object versions deleted", bucket, (long long)deleted);
            op_progress(op, json_pack("{s:s, s:s}", "type", "progress", "text", text));
        }
        if (!list.is_cut) {
            return ERR_NONE;
        }
    }
}
