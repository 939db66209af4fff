/* aws_deployer, secrets: their names and versions, and the values that a person gave, straight into
 * Parameter Store. A value is in no argument and no result: it is taken from the vault. */
#include <string.h>

#include "aws/ssm.h"
#include "tool/aws_deployer/deployer.h"
#include "tool/secret_op.h"

/* ---- secrets_ls ---- */

enum err_code deployer_secrets_ls(struct op *op, json_t **out, struct err *err) {
    CLEANUP(json_decrefp) json_t *rows = NULL;
    json_t *row;
    size_t i;
    struct aws aws;

    if (services_aws(op, &aws, err) != ERR_NONE ||
        ssm_list_names(&aws, deployer_arg(op, "path"), &rows, err) != ERR_NONE) {
        return err->code;
    }
    json_array_foreach(rows, i, row) {
        CLEANUP(freep) char *writer = NULL;

        if (ssm_last_writer(&aws, json_str_or(row, "name", ""), &writer, err) != ERR_NONE) {
            return err->code;
        }
        json_put_str(row, "by", writer);
    }
    *out = json_pack("{s:O}", "parameters", rows);
    return ERR_NONE;
}

/* ---- What both effects ask before and after ---- */

/* The version of `name` among what Parameter Store listed; 0: it is not there. */
static int64_t version_of(const json_t *listed, const char *name) {
    return json_int_or(json_row(listed, "name", name), "version", 0);
}

/* Whether every row stands at its version plus `step`; with `step` -1, is gone. */
static bool is_at(const json_t *rows, const json_t *listed, int64_t step) {
    const json_t *row;
    size_t i;

    json_array_foreach(rows, i, row) {
        int64_t before = json_int_or(row, "version", 0);
        int64_t want = step < 0 ? 0 : before + step;

        if (version_of(listed, json_str_or(row, "name", "")) != want) {
            return false;
        }
    }
    return true;
}

/* Approval, account, digest of the names; and that nobody else wrote since they were shown. */
static enum err_code secrets_check(struct op *op, const struct aws *aws, struct err *err) {
    CLEANUP(json_decrefp) json_t *listed = NULL;
    const json_t *rows = json_object_get(op->args, "rows");
    struct sha256_hex digest = secret_op_digest(deployer_arg(op, "path"), rows);

    if (deployer_check(op, aws, err) != ERR_NONE) {
        return err->code;
    }
    if (strcmp(digest.text, deployer_arg(op, "parameters_sha256")) != 0) {
        return err_set(err, ERR_STALE, "these are not the names that were approved");
    }
    if (ssm_list_names(aws, deployer_arg(op, "path"), &listed, err) != ERR_NONE) {
        return err->code;
    }
    return is_at(rows, listed, 0)
               ? ERR_NONE
               : err_set(err, ERR_STALE, "somebody else changed the parameters meanwhile");
}

/* {"ok","status","parameters":[{"name","version","type","modified_ms"}]} of the rows. */
static json_t *secrets_result(const json_t *rows, const json_t *listed, const char *status) {
    json_t *found = json_array();
    json_t *row;
    size_t i;

    json_array_foreach(listed, i, row) {
        const json_t *wanted;
        size_t k;

        json_array_foreach(rows, k, wanted) {
            if (strcmp(json_str_or(row, "name", ""), json_str_or(wanted, "name", "-")) == 0) {
                (void)json_array_append(found, row);
            }
        }
    }
    return json_pack("{s:b, s:s, s:o}", "ok", 1, "status", status, "parameters", found);
}

/* ---- put_secret ---- */

static enum err_code put_one(struct op *op, const struct aws *aws, const json_t *row,
                             struct err *err) {
    const char *name = json_str_or(row, "name", "");
    CLEANUP(secret_freep)
    struct secret *value = vault_take(op->services->vault, secret_op_variable(name));
    struct ssm_secret secret = {.name = name,
                                .value = secret_str(value),
                                .is_new = json_int_or(row, "version", 0) == 0,
                                .tags = json_object_get(op->args, "tags")};

    if (value == NULL) {
        err_set(err, ERR_MISSING, "the value of %s is not known to this process any more",
                secret_op_variable(name));
        return err_remedy(err, "aws-copilot secrets set %s takes it again",
                          secret_op_variable(name));
    }
    return ssm_put_secret(aws, &secret, err);
}

/* What Parameter Store says afterwards counts, also where an answer was lost. */
static enum err_code put_confirm(struct op *op, const struct aws *aws, const struct err *failure,
                                 json_t **out, struct err *err) {
    CLEANUP(json_decrefp) json_t *listed = NULL;
    const json_t *rows = json_object_get(op->args, "rows");
    json_t *row;
    size_t i;

    if (ssm_list_names(aws, deployer_arg(op, "path"), &listed, err) != ERR_NONE) {
        return err->code;
    }
    if (is_at(rows, listed, 1)) {
        *out = secrets_result(rows, listed, "STORED");
        return ERR_NONE;
    }
    *err = *failure;
    if (failure->code == ERR_NONE) {
        return err_set(err, ERR_CONFLICT, "somebody else wrote the same parameters just now");
    }
    json_array_foreach(rows, i, row) {
        const char *name = json_str_or(row, "name", "");

        if (version_of(listed, name) == json_int_or(row, "version", 0) + 1) {
            (void)err_prefix(err, "%s is stored, but", secret_op_variable(name));
        }
    }
    return err->code;
}

enum err_code deployer_put_secret(struct op *op, json_t **out, struct err *err) {
    struct err failure = {0};
    json_t *row;
    size_t i;
    struct aws aws;

    if (services_aws(op, &aws, err) != ERR_NONE || secrets_check(op, &aws, err) != ERR_NONE) {
        return err->code;
    }
    json_array_foreach(json_object_get(op->args, "rows"), i, row) {
        if (put_one(op, &aws, row, &failure) != ERR_NONE) {
            break;
        }
    }
    return put_confirm(op, &aws, &failure, out, err);
}

/* By the versions: each is one higher than it was, or the call had no effect. */
enum err_code deployer_reconcile_put_secret(struct op *op, enum reconciled *state, json_t **out,
                                            struct err *err) {
    CLEANUP(json_decrefp) json_t *listed = NULL;
    const json_t *rows = json_object_get(op->args, "rows");
    struct aws aws;

    if (services_aws(op, &aws, err) != ERR_NONE ||
        ssm_list_names(&aws, deployer_arg(op, "path"), &listed, err) != ERR_NONE) {
        return err->code;
    }
    *state = is_at(rows, listed, 1) ? RECONCILED_DONE : RECONCILED_NOT_STARTED;
    if (*state == RECONCILED_DONE) {
        *out = secrets_result(rows, listed, "STORED");
    }
    return ERR_NONE;
}

/* ---- secrets_rm ---- */

static enum err_code remove_all(struct op *op, const struct aws *aws, struct err *err) {
    CLEANUP(json_decrefp) json_t *names = json_array();
    const json_t *row;
    size_t i;

    json_array_foreach(json_object_get(op->args, "rows"), i, row) {
        (void)json_array_append(names, json_object_get(row, "name"));
    }
    return ssm_delete(aws, names, err);
}

enum err_code deployer_secrets_rm(struct op *op, json_t **out, struct err *err) {
    struct aws aws;

    if (services_aws(op, &aws, err) != ERR_NONE || secrets_check(op, &aws, err) != ERR_NONE ||
        remove_all(op, &aws, err) != ERR_NONE) {
        return err->code;
    }
    *out = secrets_result(NULL, NULL, "REMOVED");
    return ERR_NONE;
}

enum err_code deployer_reconcile_secrets_rm(struct op *op, enum reconciled *state, json_t **out,
                                            struct err *err) {
    CLEANUP(json_decrefp) json_t *listed = NULL;
    struct aws aws;

    if (services_aws(op, &aws, err) != ERR_NONE ||
        ssm_list_names(&aws, deployer_arg(op, "path"), &listed, err) != ERR_NONE) {
        return err->code;
    }
    *state = is_at(json_object_get(op->args, "rows"), listed, -1) ? RECONCILED_DONE
                                                                  : RECONCILED_NOT_STARTED;
    if (*state == RECONCILED_DONE) {
        *out = secrets_result(NULL, NULL, "REMOVED");
    }
    return ERR_NONE;
}
