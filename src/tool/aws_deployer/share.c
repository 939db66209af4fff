/* aws_deployer, sessions that machines share: the journal in parts, decisions, and whose turn it
 * is.
 *
 * `sessions/STACK/SESSION/part-SEQ.json` holds records from number SEQ on as the journal has them,
 * so that another machine goes on with the same chain. `take-N.json` says who runs it, written with
 * If-None-Match; `take-N.rest` that nobody does. `approvals/STACK/SESSION/DIGEST/USER.json` is a
 * yes or no, where USER is the STS user id of whoever wrote it, so that a policy can hold the name
 * of the object against ${aws:userid}. All are written once. docs/durability.md. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "aws/s3.h"
#include "aws/sts.h"
#include "base/clock.h"
#include "store/journal.h"
#include "sys/fs.h"
#include "tool/aws_deployer/deployer.h"

enum {
    SHARE_SCHEMA = 1,
    SHARE_OBJECTS_MAX = 1000,
    SHARE_PART_BYTES = 64 << 20,
    SHARE_NOTE_BYTES = 8192, /* of a take, of a decision */
    SHARE_TAKE_MS = 2 * 3600 * 1000,
};

#define REST ".rest"

/* What the bucket holds of a session. */
struct share {
    struct s3_list list;
    char *prefix;
    int64_t to;       /* the last record that is there; 0: none, or not looked for */
    int64_t last;     /* where the last part begins */
    int64_t take;     /* the highest one; 0: nobody ever took it */
    bool is_resting;  /* that one was given back */
    json_t *taken_by; /* its body; NULL: nobody ever took it */
    bool is_open;     /* another state folder took it last, and did not give it back */
    bool is_run;      /* and may still be running it */
};

static void share_done(struct share *share) {
    s3_list_done(&share->list);
    free(share->prefix);
    json_decref(share->taken_by);
}

static char *share_prefix(const struct op *op, const char *what) {
    return mem_format("%s/%s/%s/", what, deployer_arg(op, "stack"), deployer_arg(op, "session"));
}

/* The number in "part-00000012.json"; 0 for a name that is none of ours. */
static int64_t share_number(struct str name, const char *word, const char *end) {
    struct str digits = str_slice(name, strlen(word), name.len - strlen(end));
    struct err unread = {0};
    int64_t n = 0;

    if (name.len <= strlen(word) + strlen(end) || !str_starts(name, str_from(word)) ||
        !str_ends(name, str_from(end))) {
        return 0;
    }
    return str_to_i64(digits, 1, INT64_MAX, &n, &unread) == ERR_NONE ? n : 0;
}

static enum err_code share_list(struct op *op, const struct aws *aws, struct share *out,
                                struct err *err) {
    out->prefix = share_prefix(op, "sessions");
    if (s3_list(aws, deployer_arg(op, "bucket"), out->prefix, SHARE_OBJECTS_MAX, &out->list, err) !=
        ERR_NONE) {
        return err->code;
    }
    if (out->list.is_cut) {
        return err_set(err, ERR_TOO_LARGE, "there are more than %d objects below %s",
                       (int)SHARE_OBJECTS_MAX, out->prefix);
    }
    for (size_t i = 0; i < out->list.n; i++) {
        struct str name = str_from(out->list.rows[i].key + strlen(out->prefix));
        int64_t take = share_number(name, "take-", ".json");
        int64_t from = share_number(name, "part-", ".json");

        out->last = from > out->last ? from : out->last;
        out->take = take > out->take ? take : out->take;
    }
    for (size_t i = 0; i < out->list.n; i++) {
        struct str name = str_from(out->list.rows[i].key + strlen(out->prefix));

        out->is_resting =
            out->is_resting || (out->take > 0 && share_number(name, "take-", REST) == out->take);
    }
    return ERR_NONE;
}

/* Everything in it was masked; what leaves is masked again, by the rules of today. */
static enum err_code share_put(struct op *op, const struct aws *aws, const char *key,
                               const json_t *body, enum s3_put_result *out, struct err *err) {
    CLEANUP(masked_done) struct masked masked = {0};

    redact_json(op->services->redactor, body, &masked);
    return deployer_put_json(op, aws, key, masked_str(&masked), out, err);
}

/* ---- Whose turn it is ---- */

/* Says of which state folder a take is: whoever holds the session's lease there knows that an older
 * process of the same folder is gone, also after a restart of the machine. */
static enum err_code share_install(const struct op *op, struct sha256 *out, struct err *err) {
    return store_mac(op->services->store, STR("aws-copilot/install/1"), STR("session"), out, err);
}

static char *share_take_key(const struct share *share, int64_t take, const char *end) {
    return mem_format("%stake-%06lld%s", share->prefix, (long long)take, end);
}

/* `*out` stays NULL where nobody ever took it. */
static enum err_code share_read_take(struct op *op, const struct aws *aws,
                                     const struct share *share, json_t **out, struct err *err) {
    CLEANUP(freep) char *key = share_take_key(share, share->take, ".json");

    return share->take == 0 ? ERR_NONE
                            : deployer_get_json(op, aws, key, SHARE_NOTE_BYTES, out, err);
}

static enum err_code share_is_run(const struct op *op, struct share *share, struct err *err) {
    const json_t *take = share->taken_by;
    struct store_owner owner = {.pid = json_int_or(take, "pid", 0),
                                .start = json_int_or(take, "start", 0)};
    struct sha256 install;

    if (share_install(op, &install, err) != ERR_NONE) {
        return err->code;
    }
    (void)snprintf(owner.host, sizeof owner.host, "%s", json_str_or(take, "host", ""));
    share->is_open = share->take > 0 && !share->is_resting &&
                     strcmp(json_str_or(take, "install", ""), sha256_hex(install).text) != 0;
    share->is_run = share->is_open && json_int_or(take, "expires_ms", 0) > clock_now_ms() &&
                    !store_owner_is_dead(&owner);
    return ERR_NONE;
}

static enum err_code share_find_once(struct op *op, const struct aws *aws, struct share *out,
                                     struct err *err) {
    return share_list(op, aws, out, err) != ERR_NONE ||
                   share_read_take(op, aws, out, &out->taken_by, err) != ERR_NONE
               ? err->code
               : share_is_run(op, out, err);
}

/* Whoever ran it may have come to its end since the list was read, and its last records are older
 * than that end: where it is seen to be gone, the list is read again. */
static enum err_code share_find(struct op *op, const struct aws *aws, struct share *out,
                                struct err *err) {
    if (share_find_once(op, aws, out, err) != ERR_NONE || !out->is_open || out->is_run) {
        return err->code;
    }
    share_done(out);
    *out = (struct share){0};
    return share_find_once(op, aws, out, err);
}

static enum err_code share_say_run(const struct op *op, const json_t *take, struct err *err) {
    struct str rest = str_from(json_str_or(take, "host", "?"));
    struct str host = STR("?");

    (void)str_next(&rest, '/', &host);
    err_set(err, ERR_LOCKED,
            "session %s is run by %s (%s on " STR_FMT
            ", process %lld) since %s, not by this machine",
            deployer_arg(op, "session"), json_str_or(take, "actor", "?"),
            json_str_or(take, "user", "?"), STR_ARG(host), (long long)json_int_or(take, "pid", 0),
            clock_iso(json_int_or(take, "since_ms", 0)).text);
    return err_remedy(err, "aws-copilot attach %s watches it; it gives way by %s",
                      deployer_arg(op, "session"),
                      clock_iso(json_int_or(take, "expires_ms", 0)).text);
}

static json_t *share_take_body(const struct op *op, const char *arn, struct sha256 install) {
    struct store_owner owner = store_owner_self();
    const char *user = getenv("USER");
    json_t *body =
        json_pack("{s:s, s:s, s:s, s:s, s:s}", "session", deployer_arg(op, "session"), "actor", arn,
                  "host", owner.host, "user", user == NULL || user[0] == '\0' ? "?" : user,
                  "install", sha256_hex(install).text);

    json_put_int(body, "schema", SHARE_SCHEMA);
    json_put_int(body, "pid", owner.pid);
    json_put_int(body, "start", owner.start);
    json_put_int(body, "since_ms", clock_now_ms());
    json_put_int(body, "expires_ms", clock_now_ms() + SHARE_TAKE_MS);
    return body;
}

static enum err_code share_write_take(struct op *op, const struct aws *aws,
                                      const struct share *share, json_t **out, struct err *err) {
    CLEANUP(sts_identity_done) struct sts_identity who = {0};
    CLEANUP(json_decrefp) json_t *body = NULL;
    CLEANUP(json_decrefp) json_t *winner = NULL;
    CLEANUP(freep) char *key = share_take_key(share, share->take + 1, ".json");
    enum s3_put_result result = S3_NONE;
    struct sha256 install;

    if (sts_get_caller_identity(aws, &who, err) != ERR_NONE ||
        share_install(op, &install, err) != ERR_NONE) {
        return err->code;
    }
    body = share_take_body(op, who.arn, install);
    if (share_put(op, aws, key, body, &result, err) != ERR_NONE) {
        return err->code;
    }
    if (result != S3_WRITTEN) { /* S3 decided: another one was first */
        return deployer_get_json(op, aws, key, SHARE_NOTE_BYTES, &winner, err) != ERR_NONE
                   ? err->code
                   : share_say_run(op, winner, err);
    }
    *out = json_pack("{s:I, s:b}", "take", (json_int_t)share->take + 1, "interrupted",
                     share->take > 0 && !share->is_resting);
    return ERR_NONE;
}

enum err_code deployer_rest_take(struct op *op, const struct aws *aws, const char *session,
                                 int64_t take, struct err *err) {
    CLEANUP(freep)
    char *key = mem_format("sessions/%s/%s/take-%06lld" REST, deployer_arg(op, "stack"), session,
                           (long long)take);
    CLEANUP(json_decrefp) json_t *body = json_object();
    enum s3_put_result result = S3_NONE;

    return take < 1 || session[0] == '\0' ? ERR_NONE : share_put(op, aws, key, body, &result, err);
}

/* The files of the site, which another machine built: below the artefact folder, where
 * deployer_upload() looks for them. */
static enum err_code share_fetch_site(struct op *op, const struct aws *aws, struct err *err) {
    const json_t *site = json_object_get(op->args, "site");
    CLEANUP(freep) char *folder = deployer_site_folder(op, json_str_or(site, "dir", ""));
    const json_t *file;
    size_t i;

    if (site == NULL || access(json_str_or(site, "dir", ""), R_OK) == 0) {
        return ERR_NONE;
    }
    json_array_foreach(json_object_get(site, "files"), i, file) {
        const char *name = json_str_or(file, "path", "");
        CLEANUP(freep) char *path = fs_join(folder, name);
        CLEANUP(freep) char *parent = mem_strdup(path);
        CLEANUP(freep)
        char *key = mem_format("sites/%s/%s", json_str_or(site, "release", ""), name);

        if (strstr(name, "..") != NULL || name[0] == '/') {
            return err_set(err, ERR_CORRUPT, "the site has a file '%s'", name);
        }
        *strrchr(parent, '/') = '\0';
        if (access(path, R_OK) != 0 &&
            (fs_mkdirs(parent, 0700, err) != ERR_NONE ||
             s3_get_file(aws, deployer_arg(op, "bucket"), key, path, err) != ERR_NONE)) {
            return err->code;
        }
    }
    return ERR_NONE;
}

enum err_code deployer_take_session(struct op *op, json_t **out, struct err *err) {
    CLEANUP(share_done) struct share share = {0};
    struct aws aws;

    if (services_aws(op, &aws, err) != ERR_NONE || share_find(op, &aws, &share, err) != ERR_NONE) {
        return err->code;
    }
    if (share.is_run) {
        return share_say_run(op, share.taken_by, err);
    }
    if (share.last > json_int_or(op->args, "after", 0)) {
        err_set(err, ERR_LOCKED, "another machine has gone on with session %s meanwhile",
                deployer_arg(op, "session"));
        return err_remedy(err, "aws-copilot attach %s shows how", deployer_arg(op, "session"));
    }
    if (share_fetch_site(op, &aws, err) != ERR_NONE) {
        return err->code;
    }
    return share_write_take(op, &aws, &share, out, err);
}

/* ---- Out: the records ---- */

/* A body that would be changed would not be its header's any more. */
static enum err_code share_check_masked(const struct op *op, const struct journal_part *part,
                                        struct err *err) {
    const json_t *row;
    size_t i;

    json_array_foreach(part->records, i, row) {
        if (!redact_is_clean(op->services->redactor, str_from(json_str_or(row, "body", "")))) {
            err_set(err, ERR_POLICY,
                    "record %lld of session %s holds what is now known as a secret",
                    (long long)part->from + (long long)i, deployer_arg(op, "session"));
            return err_remedy(err, "go on with it on this machine");
        }
    }
    return ERR_NONE;
}

/* Bodies are written as they are: share_check_masked() has shown that masking changes none. */
static enum err_code share_put_part(struct op *op, const struct aws *aws, const struct share *share,
                                    const struct journal_part *part, struct err *err) {
    CLEANUP(json_decrefp)
    json_t *body = json_pack("{s:i, s:s, s:s, s:s, s:O}", "schema", SHARE_SCHEMA, "session",
                             deployer_arg(op, "session"), "stack", deployer_arg(op, "stack"),
                             "hash", sha256_hex(part->hash).text, "records", part->records);
    CLEANUP(freep) char *text = NULL;
    CLEANUP(freep)
    char *key = mem_format("%spart-%08lld.json", share->prefix, (long long)part->from);
    enum s3_put_result result = S3_NONE;

    json_put_int(body, "from", part->from);
    json_put_int(body, "to", part->to);
    text = json_text(body);
    if (deployer_put_json(op, aws, key, str_from(text), &result, err) != ERR_NONE) {
        return err->code;
    }
    if (result == S3_WAS_THERE) {
        err_set(err, ERR_STALE, "another machine has gone on with session %s after record %lld",
                deployer_arg(op, "session"), (long long)part->from - 1);
        return err_remedy(err, "aws-copilot attach %s shows how", deployer_arg(op, "session"));
    }
    return ERR_NONE;
}

static enum err_code share_put_parts(struct op *op, const struct aws *aws, struct share *share,
                                     int64_t *written, struct err *err) {
    int64_t from = json_int_or(op->args, "from", 1);
    bool has_more = true;

    while (has_more) {
        CLEANUP(journal_part_done) struct journal_part part = {0};

        if (journal_export(op->services->store, str_from(deployer_arg(op, "session")), from, &part,
                           err) != ERR_NONE) {
            return err->code;
        }
        has_more = part.to >= part.from;
        if (has_more && (share_check_masked(op, &part, err) != ERR_NONE ||
                         share_put_part(op, aws, share, &part, err) != ERR_NONE)) {
            return err->code;
        }
        *written += has_more;
        from = part.to + 1;
        share->to = part.to;
    }
    return ERR_NONE;
}

/* The site was built here only; whoever goes on elsewhere needs its files. */
static enum err_code share_put_site(struct op *op, struct err *err) {
    const json_t *site = json_object_get(op->args, "site");
    CLEANUP(json_decrefp) json_t *args = NULL;
    CLEANUP(json_decrefp) json_t *out = NULL;
    const json_t *own = op->args;
    enum err_code code;
    json_t *file;
    size_t i;

    if (site == NULL) {
        return ERR_NONE;
    }
    args = json_pack("{s:s, s:s, s:o}", "bucket", deployer_arg(op, "bucket"), "base",
                     json_str_or(site, "dir", ""), "files",
                     json_deep_copy(json_object_get(site, "files")));
    json_array_foreach(json_object_get(args, "files"), i, file) {
        CLEANUP(freep)
        char *key = mem_format("sites/%s/%s", json_str_or(site, "release", ""),
                               json_str_or(file, "path", ""));

        (void)json_object_del(file, "asset");
        json_put_str(file, "key", key);
    }
    op->args = args; /* it is the same call: its events find it by its place in memory */
    code = deployer_upload(op, &out, err);
    op->args = own;
    return code;
}

enum err_code deployer_share(struct op *op, json_t **out, struct err *err) {
    CLEANUP(share_done) struct share share = {.prefix = share_prefix(op, "sessions")};
    int64_t written = 0;
    struct aws aws;

    if (services_aws(op, &aws, err) != ERR_NONE || share_put_site(op, err) != ERR_NONE ||
        share_put_parts(op, &aws, &share, &written, err) != ERR_NONE ||
        deployer_rest_take(op, &aws, deployer_arg(op, "session"), json_int_or(op->args, "rest", 0),
                           err) != ERR_NONE) {
        return err->code;
    }
    *out = json_pack("{s:I, s:I}", "written", (json_int_t)written, "to", (json_int_t)share.to);
    return ERR_NONE;
}

/* ---- In: the records ---- */

/* The records of a part that this chain does not have yet; NULL where it is no part of ours. */
static json_t *share_new_records(const struct op *op, const json_t *part, int64_t last) {
    const json_t *records = json_object_get(part, "records");
    int64_t from = json_int_or(part, "from", 0);
    json_t *list = json_array();

    if (json_int_or(part, "schema", 0) != SHARE_SCHEMA || from < 1 || from > last + 1 ||
        strcmp(json_str_or(part, "session", ""), deployer_arg(op, "session")) != 0 ||
        strcmp(json_str_or(part, "stack", ""), deployer_arg(op, "stack")) != 0) {
        json_decref(list);
        return NULL;
    }
    for (size_t i = (size_t)(last + 1 - from); i < json_array_size(records); i++) {
        (void)json_array_append(list, json_array_get(records, i));
    }
    return list;
}

static enum err_code share_say_other(const struct op *op, int64_t seq, struct err *err) {
    err_set(err, ERR_CONFLICT,
            "this machine's copy of session %s went on differently after record %lld than the one "
            "that another machine goes on with",
            deployer_arg(op, "session"), (long long)seq);
    return err_remedy(err, "nothing is done here; aws-copilot status says what runs");
}

struct share_look {
    int64_t seq;
    struct sha256 hash;
};

static enum err_code share_look_visit(const struct journal_record *record, void *context,
                                      struct err *err) {
    struct share_look *look = context;

    (void)err;
    if (record->seq == look->seq) {
        look->hash = record->hash;
    }
    return ERR_NONE;
}

/* What is here already has to be the chain that is there. */
static enum err_code share_compare(struct op *op, const json_t *part, struct err *err) {
    struct share_look look = {.seq = json_int_or(part, "to", 0)};

    if (look.seq < 1) {
        return share_say_other(op, look.seq, err);
    }
    if (journal_replay(op->services->store, str_from(deployer_arg(op, "session")), look.seq,
                       share_look_visit, &look, err) != ERR_NONE) {
        return err->code;
    }
    return strcmp(sha256_hex(look.hash).text, json_str_or(part, "hash", "")) == 0
               ? ERR_NONE
               : share_say_other(op, look.seq, err);
}

static enum err_code share_import_part(struct op *op, const struct aws *aws, const char *key,
                                       struct share *share, struct journal *journal,
                                       struct err *err) {
    CLEANUP(json_decrefp) json_t *part = NULL;
    CLEANUP(json_decrefp) json_t *records = NULL;
    int64_t last = journal_last_seq(journal);
    enum err_code code;

    if (deployer_get_json(op, aws, key, SHARE_PART_BYTES, &part, err) != ERR_NONE) {
        return err->code;
    }
    records = share_new_records(op, part, last);
    if (records == NULL) {
        err_set(err, ERR_CORRUPT, "%s in %s is no part of session %s that this program can read",
                key, deployer_arg(op, "bucket"), deployer_arg(op, "session"));
        return err_remedy(err, "a newer version may have written it; else start a new run");
    }
    share->to = json_int_or(part, "to", 0);
    if (last >= share->to) {
        return share_compare(op, part, err);
    }
    code = journal_import(journal, records, str_from(deployer_arg(op, "project")), err);
    return code == ERR_CORRUPT && last > 0 ? share_say_other(op, last, err) : code;
}

static enum err_code share_import(struct op *op, const struct aws *aws, struct share *share,
                                  struct journal *journal, int64_t *out_n, struct err *err) {
    int64_t first = journal_last_seq(journal);

    for (size_t i = 0; i < share->list.n; i++) {
        const char *key = share->list.rows[i].key;
        int64_t from = share_number(str_from(key + strlen(share->prefix)), "part-", ".json");
        int64_t next =
            i + 1 < share->list.n
                ? share_number(str_from(share->list.rows[i + 1].key + strlen(share->prefix)),
                               "part-", ".json")
                : 0;

        if (from > 0 && (next == 0 || next > journal_last_seq(journal) + 1) &&
            share_import_part(op, aws, key, share, journal, err) != ERR_NONE) {
            return err->code;
        }
    }
    *out_n = journal_last_seq(journal) - first;
    return ERR_NONE;
}

/* Under the session's lease: who runs it on this machine needs to be told nothing. */
static enum err_code share_import_leased(struct op *op, const struct aws *aws, struct share *share,
                                         json_t *out, struct err *err) {
    CLEANUP(journal_closep) struct journal *journal = NULL;
    struct store_lease lease;
    struct err ignored = {0};
    int64_t n = 0;
    enum err_code code =
        store_take_lease(op->services->store, str_from(deployer_arg(op, "session")),
                         limit(LIMIT_LEASE_MS), &lease, err);

    if (code == ERR_LOCKED) { /* an answer, no failure */
        *err = (struct err){0};
        json_put_bool(out, "live", true);
        return ERR_NONE;
    }
    if (code != ERR_NONE) {
        return code;
    }
    code = journal_open(op->services->store, &lease, &journal, err);
    if (code == ERR_NONE) {
        code = share_import(op, aws, share, journal, &n, err);
        json_put_int(out, "to", journal_last_seq(journal));
    }
    json_put_int(out, "imported", n);
    if (store_release_lease(op->services->store, &lease, &ignored) != ERR_NONE) {
        /* it expires by itself */
    }
    return code;
}

/* ---- Decisions ---- */

/* A decision counts only below the name of whoever the body says it is of. */
static bool share_is_decision(const struct op *op, const json_t *body, struct str name) {
    CLEANUP(freep)
    char *wanted = mem_format("%.*s/%s.json", DEPLOYER_DIGEST_DIGITS,
                              json_str_or(body, "digest", ""), json_str_or(body, "user_id", ""));
    const char *answer = json_str_or(body, "answer", "");

    return str_eq(name, str_from(wanted)) &&
           strcmp(json_str_or(body, "session", ""), deployer_arg(op, "session")) == 0 &&
           (strcmp(answer, "yes") == 0 || strcmp(answer, "no") == 0);
}

static enum err_code share_decisions(struct op *op, const struct aws *aws, json_t **out,
                                     struct err *err) {
    CLEANUP(s3_list_done) struct s3_list list = {0};
    CLEANUP(freep) char *prefix = share_prefix(op, "approvals");
    CLEANUP(json_decrefp) json_t *rows = json_array();

    if (s3_list(aws, deployer_arg(op, "bucket"), prefix, SHARE_OBJECTS_MAX, &list, err) !=
        ERR_NONE) {
        return err->code;
    }
    for (size_t i = 0; i < list.n; i++) {
        CLEANUP(json_decrefp) json_t *body = NULL;

        if (deployer_get_json(op, aws, list.rows[i].key, SHARE_NOTE_BYTES, &body, err) !=
            ERR_NONE) {
            return err->code;
        }
        if (body != NULL &&
            share_is_decision(op, body, str_from(list.rows[i].key + strlen(prefix)))) {
            (void)json_array_append(rows, body);
        }
    }
    *out = TAKE(rows);
    return ERR_NONE;
}

enum err_code deployer_decide(struct op *op, json_t **out, struct err *err) {
    CLEANUP(sts_identity_done) struct sts_identity who = {0};
    CLEANUP(json_decrefp) json_t *body = NULL;
    CLEANUP(freep) char *prefix = share_prefix(op, "approvals");
    CLEANUP(freep) char *key = NULL;
    enum s3_put_result result = S3_NONE;
    struct aws aws;

    if (services_aws(op, &aws, err) != ERR_NONE ||
        sts_get_caller_identity(&aws, &who, err) != ERR_NONE) {
        return err->code;
    }
    key = mem_format("%s%.*s/%s.json", prefix, DEPLOYER_DIGEST_DIGITS, deployer_arg(op, "digest"),
                     who.user_id);
    body = json_pack("{s:i, s:s, s:s, s:s, s:s, s:s}", "schema", SHARE_SCHEMA, "session",
                     deployer_arg(op, "session"), "digest", deployer_arg(op, "digest"), "answer",
                     deployer_arg(op, "answer"), "actor", who.arn, "user_id", who.user_id);
    json_put_int(body, "at_ms", clock_now_ms());
    if (share_put(op, &aws, key, body, &result, err) != ERR_NONE) {
        (void)err_prefix(err, "the answer could not be written into the artifact bucket");
        return err->code == ERR_DENIED
                   ? err_remedy(err,
                                "%s may not write approvals there; who may is said by the "
                                "account's policies (aws-copilot permissions approve)",
                                who.arn)
                   : err->code;
    }
    *out = json_pack("{s:b, s:s}", "written", result == S3_WRITTEN, "actor", who.arn);
    return ERR_NONE;
}

/* ---- All of it: what another machine knows of this session ---- */

static enum err_code share_answer(struct op *op, const struct aws *aws, json_t **out,
                                  struct err *err) {
    CLEANUP(share_done) struct share share = {0};
    CLEANUP(json_decrefp) json_t *found = json_object();
    json_t *decisions = NULL;

    if (share_find(op, aws, &share, err) != ERR_NONE) {
        return err->code;
    }
    json_put_bool(found, "found", share.list.n > 0);
    json_put_int(found, "imported", 0);
    if (share.list.n == 0) {
        *out = TAKE(found);
        return ERR_NONE;
    }
    if (share_import_leased(op, aws, &share, found, err) != ERR_NONE ||
        share_decisions(op, aws, &decisions, err) != ERR_NONE) {
        return err->code;
    }
    json_put_int(found, "shared_to", share.to);
    json_put_int(found, "last", share.last);
    json_put_int(found, "take", share.take);
    json_put_bool(found, "open", share.is_open);
    json_put_bool(found, "run", share.is_run);
    json_put(found, "taken_by",
             share.taken_by == NULL ? json_object() : json_incref(share.taken_by));
    json_put(found, "decisions", decisions);
    *out = TAKE(found);
    return ERR_NONE;
}

/* Whoever knows the answer already, by its digest, gets the next one that is another; or the same
 * shortly before the call's time is over. So nothing is recorded of looks that show nothing. */
enum err_code deployer_join(struct op *op, json_t **out, struct err *err) {
    const char *known = json_str_or(op->args, "known", "");
    int64_t last_mono_ms = op->deadline_mono_ms - limit(LIMIT_TOOL_TIMEOUT_MS) / 4;
    struct aws aws;

    if (services_aws(op, &aws, err) != ERR_NONE) {
        return err->code;
    }
    for (;;) {
        json_t *answer = NULL;

        if (share_answer(op, &aws, &answer, err) != ERR_NONE) {
            return err->code;
        }
        if (strcmp(sha256_hex(json_hash(answer)).text, known) != 0 ||
            clock_mono_ms() > last_mono_ms) {
            *out = answer;
            return ERR_NONE;
        }
        json_decref(answer);
        if (deployer_sleep(op, limit(LIMIT_ASK_LOOK_MS), err) != ERR_NONE) {
            return err->code;
        }
    }
}
