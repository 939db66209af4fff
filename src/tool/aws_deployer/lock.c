/* aws_deployer, the stack's lock: write-once objects, so that two machines cannot both hold it.
 *
 * `locks/STACK/EPOCH` is written with If-None-Match and names its owner and expiry;
 * `locks/STACK/EPOCH.released` gives it back. Whoever finds the highest epoch released, expired, or
 * left by a dead process of this machine writes the next one; S3 decides who was first. The highest
 * epoch is never deleted; old ones below it are. docs/lock.md. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "aws/s3.h"
#include "base/clock.h"
#include "tool/aws_deployer/deployer.h"

enum { LOCK_MS = 2 * 3600 * 1000, LOCK_OBJECTS_MAX = 1000, LOCK_BYTES_MAX = 4096, LOCK_TRIES = 3 };

#define RELEASED ".released"

struct lock_head {
    int64_t epoch; /* 0: nobody ever held it */
    bool is_released;
};

static char *lock_key(const struct op *op, int64_t epoch, const char *suffix) {
    return mem_format("locks/%s/%012lld%s", deployer_arg(op, "stack"), (long long)epoch, suffix);
}

/* The epoch that a key names; 0 for a key that is none of ours. */
static int64_t lock_epoch(const char *key, size_t prefix_len, bool *out_is_release) {
    struct str rest = str_from(key + prefix_len);
    struct err unread = {0};
    int64_t epoch = 0;

    *out_is_release = str_ends(rest, STR(RELEASED));
    rest = str_slice(rest, 0, rest.len - (*out_is_release ? strlen(RELEASED) : 0));
    return str_to_i64(rest, 1, INT64_MAX, &epoch, &unread) == ERR_NONE ? epoch : 0;
}

static enum err_code lock_list(const struct op *op, const struct aws *aws, const char *bucket,
                               struct s3_list *list, struct lock_head *out, struct err *err) {
    CLEANUP(freep) char *prefix = mem_format("locks/%s/", deployer_arg(op, "stack"));

    if (s3_list(aws, bucket, prefix, LOCK_OBJECTS_MAX, list, err) != ERR_NONE) {
        return err->code;
    }
    if (list->is_cut) {
        err_set(err, ERR_TOO_LARGE, "there are more than %d objects below %s in %s",
                (int)LOCK_OBJECTS_MAX, prefix, bucket);
        return err_remedy(err, "delete the older ones");
    }
    for (size_t i = 0; i < list->n; i++) {
        bool is_release = false;
        int64_t epoch = lock_epoch(list->rows[i].key, strlen(prefix), &is_release);

        if (epoch > 0 && epoch >= out->epoch) { /* keys sort as their epochs do */
            out->is_released = is_release;
            out->epoch = epoch;
        }
    }
    return ERR_NONE;
}

/* Objects below the epoch that we hold say nothing any more. Young ones stay: a run that listed
 * them before we came must still find the next epoch taken. That some stay longer harms nobody. */
static void lock_sweep(const struct op *op, const struct aws *aws, const struct s3_list *list) {
    int64_t old_ms = clock_now_ms() + aws_clock_offset_ms(aws, AWS_S3) - LOCK_MS;
    struct s3_list old = {.rows = ARENA_ARRAY(op->arena, struct s3_object, list->n + 1)};
    struct err ignored = {0};

    for (size_t i = 0; i < list->n; i++) {
        if (list->rows[i].modified_ms > 0 && list->rows[i].modified_ms < old_ms) {
            old.rows[old.n++] = list->rows[i];
        }
    }
    if (old.n > 0) {
        (void)!s3_delete_all(aws, deployer_arg(op, "bucket"), &old, &ignored);
    }
}

/* Who holds the lock, for the person who is kept waiting by it. */
static char *lock_user(void) {
    const char *user = getenv("USER");

    return user != NULL && user[0] != '\0' ? mem_strdup(user)
                                           : mem_format("uid %d", (int)geteuid());
}

static json_t *lock_body(const struct op *op) {
    CLEANUP(freep) char *user = lock_user();
    struct store_owner owner = store_owner_self();
    json_t *body =
        json_pack("{s:s, s:s, s:s}", "run", op->session, "host", owner.host, "user", user);

    json_put_int(body, "pid", owner.pid);
    json_put_int(body, "start", owner.start);
    json_put_int(body, "lease", op->epoch);
    json_put_int(body, "take", op->services->take);
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
        /* Ours, from before an interruption; or of the process that took the session over from
         * this one while it slept. Leases count on one machine, takes between machines. */
        int64_t take = json_int_or(body, "take", 0);

        return take != op->services->take ? take > op->services->take
                                          : json_int_or(body, "lease", 0) > op->epoch;
    }
    return json_int_or(body, "expires_ms", 0) > clock_now_ms() && !store_owner_is_dead(&owner);
}

/* Reads what the highest epoch says of its owner; `*out` stays NULL where the object is gone or is
 * no lock. */
static enum err_code lock_read(struct op *op, const struct aws *aws, int64_t epoch, json_t **out,
                               struct err *err) {
    CLEANUP(buf_done) struct buf text = BUF_INIT(LOCK_BYTES_MAX);
    CLEANUP(freep) char *key = lock_key(op, epoch, "");
    struct err unread = {0};
    enum err_code code = s3_get(aws, deployer_arg(op, "bucket"), key, LOCK_BYTES_MAX, &text, err);

    if (code != ERR_NONE && code != ERR_NOT_FOUND) {
        return code;
    }
    *err = (struct err){0};
    if (code == ERR_NONE && json_read(buf_str(&text), out, &unread) != ERR_NONE) {
        *out = NULL;
    }
    return ERR_NONE;
}

/* ERR_LOCKED when the highest epoch is held. One that a faster run swept away is not. */
static enum err_code lock_check_holder(struct op *op, const struct aws *aws, int64_t epoch,
                                       struct err *err) {
    CLEANUP(buf_done) struct buf text = BUF_INIT(LOCK_BYTES_MAX);
    CLEANUP(json_decrefp) json_t *body = NULL;
    CLEANUP(freep) char *key = lock_key(op, epoch, "");
    struct str rest;
    struct str host = STR("?");
    enum err_code code = s3_get(aws, deployer_arg(op, "bucket"), key, LOCK_BYTES_MAX, &text, err);

    if (code != ERR_NONE) {
        return code == ERR_NOT_FOUND ? ERR_NONE : code;
    }
    if (json_read(buf_str(&text), &body, err) != ERR_NONE) {
        err_set(err, ERR_CORRUPT, "the lock %s in %s cannot be read", key,
                deployer_arg(op, "bucket"));
        return err_remedy(err, "when nobody deploys, write an empty object %s" RELEASED, key);
    }
    if (!lock_is_alive(op, body)) {
        return ERR_NONE;
    }
    rest = str_from(json_str_or(body, "host", "?"));
    (void)str_next(&rest, '/', &host); /* "name/boot/namespace" */
    err_set(err, ERR_LOCKED,
            "stack %s is being changed by run %s (%s on " STR_FMT ", process %lld, since %s)",
            deployer_arg(op, "stack"), json_str_or(body, "run", "?"),
            json_str_or(body, "user", "?"), STR_ARG(host), (long long)json_int_or(body, "pid", 0),
            clock_iso(json_int_or(body, "since_ms", 0)).text);
    return err_remedy(err, "wait for it: aws-copilot attach %s shows it; it gives way by %s",
                      json_str_or(body, "run", ""),
                      clock_iso(json_int_or(body, "expires_ms", 0)).text);
}

static enum err_code lock_write(struct op *op, const struct aws *aws, const char *key,
                                json_t *owned_body, enum s3_put_result *out, struct err *err) {
    CLEANUP(json_decrefp) json_t *body = owned_body;
    CLEANUP(freep) char *text = json_text(body);

    return deployer_put_json(op, aws, key, str_from(text), out, err);
}

static enum err_code lock_acquire(struct op *op, const struct aws *aws, json_t **out,
                                  struct err *err) {
    for (int tries = 0; tries < LOCK_TRIES; tries++) {
        CLEANUP(s3_list_done) struct s3_list list = {0};
        CLEANUP(freep) char *key = NULL;
        struct lock_head head = {0};
        enum s3_put_result result = S3_NONE;

        if (lock_list(op, aws, deployer_arg(op, "bucket"), &list, &head, err) != ERR_NONE ||
            (head.epoch > 0 && !head.is_released &&
             lock_check_holder(op, aws, head.epoch, err) != ERR_NONE)) {
            return err->code;
        }
        key = lock_key(op, head.epoch + 1, "");
        if (lock_write(op, aws, key, lock_body(op), &result, err) != ERR_NONE) {
            return err->code;
        }
        if (result == S3_WRITTEN) {
            lock_sweep(op, aws, &list);
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
    CLEANUP(freep) char *key = lock_key(op, epoch, RELEASED);
    enum s3_put_result result = S3_NONE;

    if (epoch < 1) {
        return err_set(err, ERR_INVALID, "a lock is released by its epoch");
    }
    if (lock_write(op, aws, key, json_pack("{s:s}", "run", op->session), &result, err) !=
        ERR_NONE) {
        return err->code;
    }
    *out = json_pack("{s:b, s:I}", "held", 0, "epoch", (json_int_t)epoch);
    return ERR_NONE;
}

void deployer_lock_abandon(struct op *op, const json_t *out) {
    CLEANUP(freep) char *key = lock_key(op, json_int_or(out, "epoch", 0), RELEASED);
    enum s3_put_result result = S3_NONE;
    struct err ignored = {0}; /* then it gives way when this process is gone, or after its time */
    struct aws aws;

    if (json_bool_at(out, "held") && services_aws(op, &aws, &ignored) == ERR_NONE) {
        (void)!lock_write(op, &aws, key, json_pack("{s:s}", "run", op->session), &result, &ignored);
    }
}

/* ---- Whose it is, and taking it away ---- */

enum err_code deployer_lock_status(struct op *op, json_t **out, struct err *err) {
    CLEANUP(s3_list_done) struct s3_list list = {0};
    CLEANUP(json_decrefp) json_t *body = NULL;
    struct lock_head head = {0};
    struct str rest;
    struct str host = STR("?");
    struct aws aws;
    bool is_held;

    if (services_aws(op, &aws, err) != ERR_NONE ||
        lock_list(op, &aws, deployer_arg(op, "bucket"), &list, &head, err) != ERR_NONE ||
        (head.epoch > 0 && lock_read(op, &aws, head.epoch, &body, err) != ERR_NONE)) {
        return err->code;
    }
    is_held = head.epoch > 0 && !head.is_released;
    rest = str_from(json_str_or(body, "host", "?"));
    (void)str_next(&rest, '/', &host);
    *out = json_pack("{s:b, s:I, s:b, s:s, s:s}", "held", is_held, "epoch", (json_int_t)head.epoch,
                     "stale", is_held && body != NULL && !lock_is_alive(op, body), "run",
                     json_str_or(body, "run", "?"), "user", json_str_or(body, "user", "?"));
    json_put_strn(*out, "host", host);
    json_put_int(*out, "pid", json_int_or(body, "pid", 0));
    json_put_int(*out, "since_ms", json_int_or(body, "since_ms", 0));
    json_put_int(*out, "expires_ms", json_int_or(body, "expires_ms", 0));
    return ERR_NONE;
}

/* Gives back somebody else's epoch, if it is still the highest one; as dead only what is dead. */
enum err_code deployer_unlock(struct op *op, json_t **out, struct err *err) {
    CLEANUP(s3_list_done) struct s3_list list = {0};
    CLEANUP(json_decrefp) json_t *body = NULL;
    struct lock_head head = {0};
    int64_t epoch = json_int_or(op->args, "epoch", 0);
    struct aws aws;

    if (services_aws(op, &aws, err) != ERR_NONE ||
        lock_list(op, &aws, deployer_arg(op, "bucket"), &list, &head, err) != ERR_NONE ||
        (head.epoch > 0 && lock_read(op, &aws, head.epoch, &body, err) != ERR_NONE)) {
        return err->code;
    }
    if (head.epoch != epoch || head.is_released) {
        err_set(err, ERR_STALE, "the lock of stack %s changed hands meanwhile",
                deployer_arg(op, "stack"));
        return err_remedy(err, "run this again to see whose it is now");
    }
    if (json_bool_at(op->args, "is_stale") && (body == NULL || lock_is_alive(op, body))) {
        err_set(err, ERR_LOCKED, "whoever holds the lock of stack %s is not known to be dead",
                deployer_arg(op, "stack"));
        return err_remedy(err, "aws-copilot unlock shows who it is");
    }
    if (lock_release(op, &aws, out, err) != ERR_NONE) {
        return err->code;
    }
    return deployer_rest_take(op, &aws, json_str_or(body, "run", ""), json_int_or(body, "take", 0),
                              err);
}

enum err_code deployer_check_lock(struct op *op, const struct aws *aws, struct err *err) {
    CLEANUP(s3_list_done) struct s3_list list = {0};
    struct lock_head head = {0};
    const char *bucket = json_str_at(op->args, "lock.bucket");

    if (bucket == NULL) {
        return ERR_NONE;
    }
    if (lock_list(op, aws, bucket, &list, &head, err) != ERR_NONE) {
        return err->code;
    }
    if (head.epoch != json_int_or(op->args, "lock.epoch", 0) || head.is_released) {
        err_set(err, ERR_LOCKED, "this run does not hold the lock of stack %s any more",
                deployer_arg(op, "stack"));
        return err_remedy(err, "run this again");
    }
    return ERR_NONE;
}

enum err_code deployer_lock(struct op *op, json_t **out, struct err *err) {
    const char *action = deployer_arg(op, "action");
    struct aws aws;

    if (services_aws(op, &aws, err) != ERR_NONE) {
        return err->code;
    }
    if (strcmp(action, "acquire") == 0) {
        return lock_acquire(op, &aws, out, err);
    }
    if (strcmp(action, "release") == 0) {
        return lock_release(op, &aws, out, err);
    }
    return err_set(err, ERR_INVALID, "a lock is acquired or released, not '%s'", action);
}
