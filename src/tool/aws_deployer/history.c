/* aws_deployer, the history that machines share: releases and seals as write-once objects.
 *
 * `releases/STACK/CREATED-SESSION.json` and `seals/STACK/SESSION-SEQ.json` in the artifact bucket
 * hold the documents of the store that kept them. Whoever deploys the stack from another machine
 * takes up the releases that it does not know, and can go back to them. docs/durability.md. */
#include <stdlib.h>
#include <string.h>

#include "aws/s3.h"
#include "guard/limits.h"
#include "tool/aws_deployer/deployer.h"

enum { HISTORY_OBJECTS_MAX = 1000 };

#define RELEASES "releases"
#define SEALS "seals"

/* ---- Out ---- */

/* Documents were masked when they were stored; what leaves is masked again, by rules of today. */
static enum err_code history_put(struct op *op, const struct aws *aws, const char *key,
                                 struct str body, int64_t *written, struct err *err) {
    CLEANUP(masked_done) struct masked masked = {0};
    enum s3_put_result result = S3_NONE;

    redact_text(op->services->redactor, body, &masked);
    if (deployer_put_json(op, aws, key, masked_str(&masked), &result, err) != ERR_NONE) {
        return err->code;
    }
    *written += result == S3_WRITTEN;
    return ERR_NONE;
}

static enum err_code history_put_release(struct op *op, const struct aws *aws, int64_t *written,
                                         struct err *err) {
    CLEANUP(json_decrefp) json_t *release = NULL;
    CLEANUP(freep) char *key = NULL;
    const struct store_doc *doc = NULL;

    if (store_get_doc(op->services->store, RELEASES, str_from(op->session), op->arena, &doc, err) !=
        ERR_NONE) {
        return err->code;
    }
    if (doc == NULL) {
        return ERR_NONE; /* nothing was proven to answer */
    }
    if (json_read(doc->body, &release, err) != ERR_NONE) {
        return err->code;
    }
    key = mem_format(RELEASES "/%s/%013lld-%s.json", deployer_arg(op, "stack"),
                     (long long)json_int_or(release, "created_ms", 0), op->session);
    return history_put(op, aws, key, doc->body, written, err);
}

static enum err_code history_put_seals(struct op *op, const struct aws *aws, int64_t *written,
                                       struct err *err) {
    const char *prefix = arena_format(op->arena, "%s/", op->session);
    const struct store_find find = {.collection = SEALS, .key_prefix = str_from(prefix)};
    const struct store_doc *docs = NULL;
    size_t n = 0;

    if (store_find_docs(op->services->store, &find, op->arena, &docs, &n, err) != ERR_NONE) {
        return err->code;
    }
    for (size_t i = 0; i < n; i++) {
        struct str seq = str_slice(docs[i].id, strlen(prefix), docs[i].id.len);
        CLEANUP(freep)
        char *key = mem_format(SEALS "/%s/%s-" STR_FMT ".json", deployer_arg(op, "stack"),
                               op->session, STR_ARG(seq));

        if (history_put(op, aws, key, docs[i].body, written, err) != ERR_NONE) {
            return err->code;
        }
    }
    return ERR_NONE;
}

enum err_code deployer_publish(struct op *op, json_t **out, struct err *err) {
    int64_t written = 0;
    struct aws aws;

    if (services_aws(op, &aws, err) != ERR_NONE ||
        history_put_release(op, &aws, &written, err) != ERR_NONE ||
        history_put_seals(op, &aws, &written, err) != ERR_NONE) {
        return err->code;
    }
    *out = json_pack("{s:I}", "written", (json_int_t)written);
    return ERR_NONE;
}

/* ---- In ---- */

/* Whether an object of the bucket is a release of this very stack. */
static bool history_is_release(const struct op *op, const json_t *release, const char *key) {
    CLEANUP(freep)
    char *named = mem_format(RELEASES "/%s/%013lld-%s.json", json_str_or(release, "stack", ""),
                             (long long)json_int_or(release, "created_ms", 0),
                             json_str_or(release, "session", ""));

    return json_int_or(release, "schema", 0) <= 1 && strcmp(named, key) == 0 &&
           strcmp(json_str_or(release, "stack", ""), deployer_arg(op, "stack")) == 0 &&
           strcmp(json_str_or(release, "account", ""), deployer_arg(op, "account")) == 0 &&
           strcmp(json_str_or(release, "region", ""), deployer_arg(op, "region")) == 0;
}

/* The session that a key names, "releases/STACK/CREATED-SESSION.json". */
static struct str history_session(struct str key) {
    const char *slash = memrchr(key.ptr, '/', key.len);
    struct str rest =
        str_slice(key, slash == NULL ? 0 : (size_t)(slash - key.ptr) + 1 + 14, key.len);

    return str_slice(rest, 0, rest.len < 5 ? 0 : rest.len - 5);
}

static enum err_code history_keep(struct op *op, struct str session, const json_t *release,
                                  struct err *err) {
    CLEANUP(masked_done) struct masked masked = {0};
    CLEANUP(freep)
    char *key =
        mem_format("%s/%s/%s/%013lld", deployer_arg(op, "account"), deployer_arg(op, "region"),
                   deployer_arg(op, "stack"), (long long)json_int_or(release, "created_ms", 0));
    struct store_put put = {
        .collection = RELEASES, .id = session, .key = str_from(key), .body = &masked};
    bool existed = false;

    redact_json(op->services->redactor, release, &masked);
    return store_put_once(op->services->store, &put, &existed, err);
}

/* Takes up one release that this machine does not know. One that is no release is passed over:
 * whoever may write there could otherwise stop every deployment. */
static enum err_code history_take(struct op *op, const struct aws *aws, const char *key,
                                  int64_t *taken, struct err *err) {
    CLEANUP(buf_done) struct buf text = BUF_INIT((size_t)limit(LIMIT_DOCUMENT_BYTES));
    CLEANUP(json_decrefp) json_t *release = NULL;
    struct str session = history_session(str_from(key));
    const struct store_doc *known = NULL;
    struct err unread = {0};

    if (store_get_doc(op->services->store, RELEASES, session, op->arena, &known, &unread) !=
            ERR_NONE ||
        known != NULL) {
        return ERR_NONE;
    }
    if (s3_get(aws, deployer_arg(op, "bucket"), key, text.max, &text, err) != ERR_NONE) {
        return err->code;
    }
    if (json_read(buf_str(&text), &release, &unread) != ERR_NONE ||
        !history_is_release(op, release, key)) {
        return ERR_NONE;
    }
    *taken += 1;
    return history_keep(op, session, release, err);
}

enum err_code deployer_pull(struct op *op, json_t **out, struct err *err) {
    CLEANUP(s3_list_done) struct s3_list list = {0};
    CLEANUP(freep) char *prefix = mem_format(RELEASES "/%s/", deployer_arg(op, "stack"));
    size_t keep = (size_t)limit(LIMIT_RELEASES);
    int64_t taken = 0;
    struct aws aws;

    if (services_aws(op, &aws, err) != ERR_NONE ||
        s3_list(&aws, deployer_arg(op, "bucket"), prefix, HISTORY_OBJECTS_MAX, &list, err) !=
            ERR_NONE) {
        return err->code;
    }
    for (size_t i = list.n > keep ? list.n - keep : 0; i < list.n; i++) {
        if (history_take(op, &aws, list.rows[i].key, &taken, err) != ERR_NONE) {
            return err->code;
        }
    }
    *out = json_pack("{s:I}", "taken", (json_int_t)taken);
    return ERR_NONE;
}
