/* One record as bytes. */
#include "store/record.h"

#include "guard/limits.h"
#include "guard/redact/redact.h"
#include "store/pack.h"

#include <string.h>

enum { FORM = 1, FLAG_ENCRYPTED = 1, WORD_MAX = 64, ID_MAX = 256 };

enum record_grammar { GRAMMAR_WORD, GRAMMAR_ID, GRAMMAR_HEX };

#define BIT(field) (1u << FIELD_##field)

static const struct {
    const char *name;
    unsigned must; /* fields, as bits */
    enum record_life life;
} kinds[RECORD_N] = {
    [RECORD_NONE] = {"none", 0, LIFE_EVER},
#define RECORD(name, wire, fields, life) [RECORD_##name] = {wire, fields, LIFE_##life},
#include "store/record.def"
#undef RECORD
};

static const struct {
    const char *name;
    enum record_grammar grammar;
} fields[FIELD_N] = {
#define FIELD(name, wire, grammar) [FIELD_##name] = {wire, GRAMMAR_##grammar},
#include "store/record.def"
#undef FIELD
};

static const struct {
    const char *others; /* beside 0-9 and a-z */
    size_t len_max;
    size_t len_min;
    bool has_upper;
} grammars[] = {
    [GRAMMAR_WORD] = {"_.-", WORD_MAX, 1, false},
    [GRAMMAR_ID] = {"._:/@+=,-", ID_MAX, 1, true},
    [GRAMMAR_HEX] = {"", SHA256_HEX, SHA256_HEX, false},
};

const char *record_name(enum record_kind kind) {
    return kinds[kind < RECORD_N ? kind : RECORD_NONE].name;
}

const char *record_field_name(enum record_field field) {
    return field < FIELD_N ? fields[field].name : "none";
}

enum record_life record_life_of(enum record_kind kind) { return kinds[kind].life; }

struct record_chain record_chain_start(struct str session) {
    CLEANUP(buf_done) struct buf text = BUF_INIT(2 * STORE_ID_MAX);

    buf_add_s(&text, "aws-copilot journal 1|");
    buf_add(&text, session);
    return (struct record_chain){.session = session, .hash = sha256_of(buf_str(&text))};
}

/* ---- Checking ---- */

static bool record_is_valid(enum record_grammar grammar, struct str value) {
    for (size_t i = 0; i < value.len; i++) {
        char c = value.ptr[i];
        bool is_plain = (c >= '0' && c <= '9') ||
                        (c >= 'a' && c <= (grammar == GRAMMAR_HEX ? 'f' : 'z')) ||
                        (grammars[grammar].has_upper && c >= 'A' && c <= 'Z');

        if (!is_plain && (c == '\0' || strchr(grammars[grammar].others, c) == NULL)) {
            return false;
        }
    }
    return value.len >= grammars[grammar].len_min && value.len <= grammars[grammar].len_max;
}

enum err_code record_check(const struct journal_entry *entry, struct err *err) {
    const size_t max = (size_t)limit(LIMIT_RECORD_BYTES);
    size_t n = entry->body == NULL ? 0 : masked_str(entry->body).len;

    if (entry->kind <= RECORD_NONE || entry->kind >= RECORD_N) {
        return err_set(err, ERR_INVALID, "a record has no kind");
    }
    if (n > max) {
        return err_set(err, ERR_TOO_LARGE,
                       "the body of a %s record has %zu bytes, %zu is the limit",
                       kinds[entry->kind].name, n, max);
    }
    for (size_t f = 0; f < FIELD_N; f++) {
        if (entry->fields[f].len == 0 && (kinds[entry->kind].must & 1u << f) != 0) {
            return err_set(err, ERR_INVALID, "a %s record lacks the field %s",
                           kinds[entry->kind].name, fields[f].name);
        }
        if (entry->fields[f].len > 0 && !record_is_valid(fields[f].grammar, entry->fields[f])) {
            return err_set(err, ERR_INVALID, "the field %s of a %s record is not valid",
                           fields[f].name, kinds[entry->kind].name);
        }
    }
    return ERR_NONE;
}

/* ---- Writing ---- */

static void record_add_number(struct buf *out, int64_t value) {
    uint64_t rest = (uint64_t)value;

    for (; rest >= 0x80; rest >>= 7) {
        buf_add_c(out, (char)(rest | 0x80));
    }
    buf_add_c(out, (char)rest);
}

static void record_add_hash(struct buf *out, const struct sha256 *hash) {
    buf_add(out, (struct str){(const char *)hash->bytes, SHA256_BYTES});
}

void record_write(struct record_chain *chain, const struct journal_entry *entry, int64_t ts_ms,
                  int64_t epoch, struct buf *out) {
    struct str body = entry->body == NULL ? STR("") : masked_str(entry->body);
    CLEANUP(buf_done) struct buf link = BUF_INIT(SIZE_MAX / 2);
    struct sha256 body_hash;

    record_add_hash(&link, &chain->hash);
    buf_add_c(&link, FORM);
    buf_add_c(&link, (char)entry->kind);
    buf_add_c(&link, entry->is_sensitive ? FLAG_ENCRYPTED : 0);
    record_add_number(&link, chain->seq + 1);
    record_add_number(&link, ts_ms);
    record_add_number(&link, epoch);
    record_add_number(&link, entry->call);
    record_add_number(&link, (int64_t)body.len);
    if (body.len > 0) {
        body_hash = sha256_of(body);
        record_add_hash(&link, &body_hash);
    }
    for (size_t f = 0; f < FIELD_N; f++) {
        if (entry->fields[f].len > 0) {
            buf_add_c(&link, (char)f);
            record_add_number(&link, (int64_t)entry->fields[f].len);
            buf_add(&link, entry->fields[f]);
        }
    }
    chain->hash = sha256_of(buf_str(&link));
    chain->seq++;
    buf_add(out, str_slice(buf_str(&link), SHA256_BYTES, link.len));
    record_add_hash(out, &chain->hash);
}

/* ---- Reading ---- */

/* Cuts `n` bytes from the front of `rest`; false, and nothing cut, when there are fewer. */
static bool record_take(struct str *rest, size_t n, struct str *out) {
    if (rest->len < n) {
        return false;
    }
    *out = str_slice(*rest, 0, n);
    *rest = str_slice(*rest, n, rest->len);
    return true;
}

static bool record_take_number(struct str *rest, int64_t *out) {
    uint64_t value = 0;
    struct str byte;

    for (unsigned shift = 0; shift < 63; shift += 7) {
        if (!record_take(rest, 1, &byte)) {
            return false;
        }
        value |= (uint64_t)((unsigned char)byte.ptr[0] & 0x7f) << shift;
        if (((unsigned char)byte.ptr[0] & 0x80) == 0) {
            *out = (int64_t)value;
            return true;
        }
    }
    return false;
}

static bool record_take_hash(struct str *rest, struct sha256 *out) {
    struct str bytes;

    if (!record_take(rest, SHA256_BYTES, &bytes)) {
        return false;
    }
    memcpy(out->bytes, bytes.ptr, SHA256_BYTES);
    return true;
}

static bool record_take_fields(struct str *rest, struct journal_record *r) {
    struct str tag;
    int64_t n;

    while (record_take(rest, 1, &tag)) {
        size_t f = (unsigned char)tag.ptr[0];

        if (f >= FIELD_N || !record_take_number(rest, &n) ||
            !record_take(rest, (size_t)n, &r->fields[f])) {
            return false;
        }
    }
    return true;
}

static bool record_parse(struct str head, struct journal_record *r) {
    struct str rest = head;
    struct str start;
    int64_t body_len;

    if (!record_take(&rest, 3, &start) || start.ptr[0] != FORM || start.ptr[1] <= RECORD_NONE ||
        start.ptr[1] >= RECORD_N) {
        return false;
    }
    r->kind = (enum record_kind)start.ptr[1];
    r->is_sensitive = start.ptr[2] == FLAG_ENCRYPTED;
    if (!record_take_number(&rest, &r->seq) || !record_take_number(&rest, &r->ts_ms) ||
        !record_take_number(&rest, &r->epoch) || !record_take_number(&rest, &r->call) ||
        !record_take_number(&rest, &body_len)) {
        return false;
    }
    r->body_len = (size_t)body_len;
    return (body_len == 0 || record_take_hash(&rest, &r->body_hash)) &&
           record_take_fields(&rest, r);
}

static struct sha256 record_link(struct sha256 before, struct str header) {
    return sha256_of_two((struct str){(const char *)before.bytes, SHA256_BYTES}, header);
}

static struct str record_header(const struct store_row *row) {
    return str_slice(row->head, 0, row->head.len < SHA256_BYTES ? 0 : row->head.len - SHA256_BYTES);
}

bool record_peek(const struct store_row *row, struct journal_record *out) {
    struct str header = record_header(row);
    struct str stored = str_slice(row->head, header.len, row->head.len);
    struct journal_record r = {.has_body = row->body.len > 0};

    if (!record_take_hash(&stored, &r.hash) || !record_parse(header, &r)) {
        return false;
    }
    *out = r;
    return true;
}

const char *record_read(struct record_chain *chain, const struct store_row *row,
                        struct journal_record *out) {
    struct journal_record r;

    if (row->seq != chain->seq + 1) {
        return "the record is missing";
    }
    if (!record_peek(row, &r)) {
        return "the header cannot be read";
    }
    if (r.seq != row->seq) {
        return "another record stands in its place";
    }
    if (!sha256_eq(r.hash, record_link(chain->hash, record_header(row)))) {
        return "the header was changed, or the one before it was";
    }
    chain->seq = r.seq;
    chain->hash = r.hash;
    *out = r;
    return NULL;
}

/* ---- Bodies ---- */

/* The place that an encrypted body is bound to. */
static void record_bind(struct str session, int64_t seq, struct buf *aad) {
    buf_add_s(aad, "record|");
    buf_add(aad, session);
    buf_addf(aad, "|%lld", (long long)seq);
}

enum err_code record_pack(struct crypt *crypt, struct str session, int64_t seq,
                          const struct journal_entry *entry, struct buf *out, struct err *err) {
    CLEANUP(buf_done) struct buf aad = BUF_INIT(4 * STORE_ID_MAX);

    if (entry->body == NULL) {
        return ERR_NONE;
    }
    if (entry->is_sensitive) {
        record_bind(session, seq, &aad);
    }
    return pack_body(masked_str(entry->body), entry->is_sensitive ? crypt : NULL, buf_str(&aad),
                     out, err);
}

enum err_code record_unpack(struct crypt *crypt, struct str session, const struct store_row *row,
                            struct journal_record *record, struct buf *plain, struct err *err) {
    CLEANUP(buf_done) struct buf aad = BUF_INIT(4 * STORE_ID_MAX);

    buf_clear(plain);
    record->body = STR("");
    if (!record->has_body) {
        return ERR_NONE;
    }
    if (pack_is_encrypted(row->body)) {
        record_bind(session, record->seq, &aad);
    }
    if (unpack_body(row->body, crypt, buf_str(&aad), plain, err) != ERR_NONE) {
        return err->code;
    }
    record->body = buf_str(plain);
    if (plain->len != record->body_len || !sha256_eq(sha256_of(record->body), record->body_hash)) {
        return err_set(err, ERR_CORRUPT, "the body was changed");
    }
    return ERR_NONE;
}
