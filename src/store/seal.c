/* Seals of journal heads. */
#include "store/seal.h"

#include "base/encode.h"
#include "base/json.h"
#include "store/backend.h"

#include <stdlib.h>
#include <string.h>

enum { SEQ_DIGITS = 8 };

static const char seals[] = "seals";

static enum err_code seal_mac(struct store *store, struct str session,
                              const struct journal_seal *seal, struct sha256 *out,
                              struct err *err) {
    CLEANUP(buf_done) struct buf text = BUF_INIT(4 * STORE_ID_MAX);

    buf_addf(&text, STR_FMT "|%lld|%s", STR_ARG(session), (long long)seal->seq,
             sha256_hex(seal->hash).text);
    return store_mac(store, STR("aws-copilot/seal/1"), buf_str(&text), out, err);
}

static char *seal_id(struct str session, int64_t seq) {
    return mem_format(STR_FMT "/%0*lld", STR_ARG(session), SEQ_DIGITS, (long long)seq);
}

enum err_code seal_write(struct store *store, struct str session, struct journal_seal *seal,
                         struct err *err) {
    CLEANUP(json_decrefp) json_t *json = json_object();
    CLEANUP(freep) char *id = seal_id(session, seal->seq);
    CLEANUP(freep) char *text = NULL;

    if (seal_mac(store, session, seal, &seal->mac, err) != ERR_NONE) {
        return err->code;
    }
    json_put_strn(json, "session", session);
    json_put_int(json, "seq", seal->seq);
    json_put_str(json, "hash", sha256_hex(seal->hash).text);
    json_put_str(json, "mac", sha256_hex(seal->mac).text);
    text = json_text(json);
    return store_put_seal(store, seals, str_from(id), str_from(text), err);
}

static bool seal_parse(const struct store_doc *doc, struct journal_seal *out) {
    CLEANUP(json_decrefp) json_t *json = NULL;
    struct err why;

    return json_read(doc->body, &json, &why) == ERR_NONE &&
           json_int_or(json, "seq", 0) == out->seq &&
           hex_read(str_from(json_str_at(json, "hash")), out->hash.bytes, SHA256_BYTES, &why) ==
               ERR_NONE &&
           hex_read(str_from(json_str_at(json, "mac")), out->mac.bytes, SHA256_BYTES, &why) ==
               ERR_NONE;
}

/* Whether the document is the seal of record out->seq, made under this install key. */
static enum err_code seal_check(struct store *store, struct str session,
                                const struct store_doc *doc, struct journal_seal *out,
                                bool *out_is_good, struct err *err) {
    struct sha256 mac;

    *out_is_good = seal_parse(doc, out);
    if (*out_is_good && seal_mac(store, session, out, &mac, err) != ERR_NONE) {
        return err->code;
    }
    *out_is_good = *out_is_good && sha256_eq(mac, out->mac);
    return ERR_NONE;
}

enum err_code seal_read_all(struct store *store, struct str session, struct arena *arena,
                            struct journal_seal **out, size_t *out_n, int64_t *out_bad_seq,
                            struct err *err) {
    const char *prefix = arena_format(arena, STR_FMT "/", STR_ARG(session));
    const struct store_find find = {.collection = seals, .key_prefix = str_from(prefix)};
    const struct store_doc *docs;
    struct journal_seal *rows;
    size_t doc_n;
    size_t n = 0;
    int64_t bad_seq = 0;

    if (store_find_docs(store, &find, arena, &docs, &doc_n, err) != ERR_NONE) {
        return err->code;
    }
    rows = ARENA_ARRAY(arena, struct journal_seal, doc_n);
    for (size_t i = 0; i < doc_n; i++) {
        struct str digits = str_slice(docs[i].id, strlen(prefix), docs[i].id.len);
        struct err why;
        bool is_good;

        if (str_to_i64(digits, 1, STORE_SEQ_MAX, &rows[n].seq, &why) != ERR_NONE) {
            continue; /* of the session "SESSION/..." */
        }
        if (seal_check(store, session, &docs[i], &rows[n], &is_good, err) != ERR_NONE) {
            return err->code;
        }
        bad_seq = is_good || bad_seq != 0 ? bad_seq : rows[n].seq;
        n += is_good;
    }
    *out = rows;
    *out_n = n;
    *out_bad_seq = bad_seq;
    return ERR_NONE;
}
