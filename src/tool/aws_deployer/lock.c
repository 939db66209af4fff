/* aws_deployer, the stack's lock: write-once objects, so that two machines cannot both hold it.
 *
 * `locks/STACK/EPOCH` is written with If-None-Match and names its owner and expiry;
 * `locks/STACK/EPOCH.released` gives it back. Whoever finds the highest epoch released, expired, or
 * left by a dead process of this machine writes the next one; the store decides who was first. The
 * highest epoch is never deleted. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "aws/s3.h"
#include "base/clock.h"
#include "tool/aws_deployer/deployer.h"

enum { LOCK_MS = 2 * 3600 * 1000, LOCK_OBJECTS_MAX = 1000, LOCK_BYTES_MAX = 4096, LOCK_TRIES = 3 };

struct lock_head {
    int64_t epoch; /* 0: nobody ever held it */
    bool is_released;
};

static char *lock_key(const struct op *op, int64_t epoch, const char *suffix) {
    return mem_format("locks/%s/%012lld%s", deployer_arg(op, "stack"), (long long)epoch, suffix);
}

/* Keys sort as their epochs do. */
static enum err_code lock_find_head(struct op *op, const struct aws *aws, struct lock_head *out,
                                    struct err *err) {
    CLEANUP(s3_list_done) struct s3_list list = {0};
    CLEANUP(freep) char *prefix = mem_format("locks/%s/", deployer_arg(op, "stack"));
    struct err unread = {0};

    if (s3_list(aws, deployer_arg(op, "bucket"), prefix, LOCK_OBJECTS_MAX, &list, err) != ERR_NONE) {
        return err->code;
    }
    for (size_t i = 0; i < list.n; i++) {
        struct str rest = str_from(list.rows[i].key + strlen(prefix));
        bool is_release = str_ends(rest, STR(".released"));
        int64_t epoch = 0;

        rest = is_release ? str_slice(rest, 0, rest.len - 9) : rest;
        if (str_to_i64(rest, 1, INT64_MAX, &epoch, &unread) == ERR_NONE && epoch >= out->epoch) {
            out->is_released = is_release;
            out->epoch = epoch;
        }
    }
    return ERR_NONE;
}

static json_t *lock_body(const struct op *op) {
    struct store_owner owner = store_owner_self();
    json_t *body = json_pack("{s:s, s:s, s:s}", "run", op->session, "host", owner.host, "user",
                             getenv("USER") == NULL ? "" : getenv("USER"));

    json_put_int(body, "pid", owner.pid);
    json_put_int(body, "start", owner.start);
    json_put_int(body, "since_ms", clock_now_ms());
    json_put_int(body, "expires_ms", clock_now_ms() + LOCK_MS);
    return body;
}

/* Whether the owner of the highest epoch still counts. */
static bool lock_is_alive(const struct op *op, const json_t *body) {
    struct store_owner owner = {.pid = json_int_or(body, "pid", 0),
                                .start = json_int_or(body, "start", 0)};

    (void)snprintf(owner.host, sizeof owner.host, "%s", json_str_or(body, "host", ""));
    if (strcmp(json_str_or(body, "run", ""), op->session) == 0) {
        return false; /* ours, from before an interruption */
    }
    return json_int_or(body, "expires_ms", 0) > clock_now_ms() && !store_owner_is_dead(&owner);
}

static enum err_code lock_check_holder(struct op *op, const struct aws *aws, int64_t epoch,
                                       struct err *err) {
    CLEANUP(buf_done) struct buf text = BUF_INIT(LOCK_BYTES_MAX);
    CLEANUP(json_decrefp) json_t *body = NULL;
    CLEANUP(freep) char *key = lock_key(op, epoch, "");

    if (s3_get(aws, deployer_arg(op, "bucket"), key, LOCK_BYTES_MAX, &text, err) != ERR_NONE ||
        json_read(buf_str(&text), &body, err) != ERR_NONE) {
        return err->code;
    }
    if (!lock_is_alive(op, body)) {
        return ERR_NONE;
    }
    err_set(err, ERR_LOCKED, "stack %s is being changed by run %s (%s, process %lld, since %s)",
            deployer_arg(op, "stack"), json_str_or(body, "run", "?"),
            json_str_or(body, "user", "?"), (long long)json_int_or(body, "pid", 0),
            clock_iso(json_int_or(body, "since_ms", 0)).text);
    return err_remedy(err, "wait for it: aws-copilot attach %s shows it",
                      json_str_or(body, "run", ""));
}

static enum err_code lock_write(struct op *op, const struct aws *aws, const char *key,
                                json_t *owned_body, enum s3_put_result *out, struct err *err) {
    CLEANUP(json_decrefp) json_t *body = owned_body;
    CLEANUP(freep) char *text = json_text(body);
    struct s3_put put = {
        .bucket = deployer_arg(op, "bucket"),
        .key = key,
        .bytes = str_from(text),
        .content_type = "application/json",
        .is_new = true,
    };

    return s3_put(aws, &put, out, err);
}

static enum err_code lock_acquire(struct op *op, const struct aws *aws, json_t **out,
                                  struct err *err) {
    for (int tries = 0; tries < LOCK_TRIES; tries++) {
        struct lock_head head = {0};
        enum s3_put_result result = S3_NONE;
        CLEANUP(freep) char *key = NULL;

        if (lock_find_head(op, aws, &head, err) != ERR_NONE ||
            (head.epoch > 0 && !head.is_released &&
             lock_check_holder(op, aws, head.epoch, err) != ERR_NONE)) {
            return err->code;
        }
        key = lock_key(op, head.epoch + 1, "");
        if (lock_write(op, aws, key, lock_body(op), &result, err) != ERR_NONE) {
            return err->code;
        }
        if (result == S3_WRITTEN) {
            *out = json_pack("{s:b, s:I}", "held", 1, "epoch", (json_int_t)head.epoch + 1);
            return ERR_NONE;
        }
    }
    err_set(err, ERR_LOCKED, "others take the lock of stack %s faster", deployer_arg(op, "stack"));
    return err_remedy(err, "run this again");
}

static enum err_code lock_release(struct op *op, const struct aws *aws, json_t **out,
                                  struct err *err) {
    int64_t epoch = json_int_or(op->args, "epoch", 0);
    CLEANUP(freep) char *key = lock_key(op, epoch, ".released");
    enum s3_put_result result = S3_NONE;

    if (lock_write(op, aws, key, json_pack("{s:s}", "run", op->session), &result, err) != ERR_NONE) {
        return err->code;
    }
    *out = json_pack("{s:b, s:I}", "held", 0, "epoch", (json_int_t)epoch);
    return ERR_NONE;
}

enum err_code deployer_lock(struct op *op, json_t **out, struct err *err) {
    struct aws aws;

    if (services_aws(op, &aws, err) != ERR_NONE) {
        return err->code;
    }
    if (strcmp(deployer_arg(op, "action"), "release") == 0) {
        return lock_release(op, &aws, out, err);
    }
    return lock_acquire(op, &aws, out, err);
}
