/* guard/redact/redact.c: the makers of `struct masked`: one text, one tree, one stream. */
#include "guard/redact/maker.h"

#include "base/encode.h"
#include "base/json.h"
#include "guard/limits.h"
#include "guard/redact/charset.h"
#include "guard/redact/key.h"
#include "guard/redact/redactor.h"
#include "guard/redact/release.h"
#include "guard/redact/segment.h"
#include "guard/walk.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

static const char mask[] = "***";

/* ---- masked ---- */

/* Another one in each process, and nothing that a pointer and a length happen to be followed by. */
static uintptr_t seal_of(const void *ptr, size_t len) {
    return ((uintptr_t)ptr + len * UINT64_C(0x9e3779b97f4a7c15)) ^ (uintptr_t)mask;
}

/* Of `len` bytes and a NUL that are masked. */
static struct masked sealed(char *text, size_t len) {
    return (struct masked){(struct masked_bytes *)text, len, seal_of(text, len)};
}

static char *unsealed(const struct masked *masked) {
    if (masked->masked_ptr != NULL &&
        masked->masked_seal != seal_of(masked->masked_ptr, masked->masked_len)) {
        abort(); /* text that nobody masked was to leave */
    }
    return (char *)masked->masked_ptr;
}

void masked_done(struct masked *masked) {
    free(unsealed(masked));
    *masked = (struct masked){0};
}

struct str masked_str(const struct masked *masked) {
    char *text = unsealed(masked);

    return text == NULL ? (struct str){0} : (struct str){text, masked->masked_len};
}

const char *masked_cstr(const struct masked *masked) {
    const char *text = unsealed(masked);

    return text == NULL ? "" : text;
}

void masked_of_record(struct str text, struct masked *out) {
    *out = sealed(str_dup(text), text.len);
}

void masked_copy(const struct masked *masked, struct masked *out) {
    masked_of_record(masked_str(masked), out);
}

/* ---- the redactor ---- */

struct masker;
static void masker_free(struct masker *masker);

enum { IDLE_MAX = 8, RELEASE_MAX = 1024 };

struct redactor_shared {
    pthread_rwlock_t lock;
    struct redactor_core core;
    pthread_mutex_t idle_lock;
    struct masker *idle[IDLE_MAX]; /* with their memory, for the next text */
    size_t idle_n;
    struct counts counts;
};

struct redactor {
    struct redactor_shared *shared; /* so that a const redactor can be locked */
};

struct redactor *redactor_new(void) {
    struct redactor *redactor = mem_alloc(sizeof *redactor);

    redactor->shared = mem_alloc(sizeof *redactor->shared);
    (void)pthread_rwlock_init(&redactor->shared->lock, NULL); /* cannot fail without attributes */
    (void)pthread_mutex_init(&redactor->shared->idle_lock, NULL);
    redactor->shared->core.anchors = anchors_new();
    redactor->shared->core.budget = BUDGET_MAX;
    return redactor;
}

void redactor_free(struct redactor *redactor) {
    if (redactor == NULL) {
        return;
    }
    anchors_free(redactor->shared->core.anchors);
    known_done(&redactor->shared->core.known);
    while (redactor->shared->idle_n > 0) {
        masker_free(redactor->shared->idle[--redactor->shared->idle_n]);
    }
    (void)pthread_mutex_destroy(&redactor->shared->idle_lock);
    (void)pthread_rwlock_destroy(&redactor->shared->lock);
    free(redactor->shared);
    free(redactor);
}

void redactor_freep(struct redactor **redactor) {
    redactor_free(*redactor);
    *redactor = NULL;
}

void redactor_add_known(struct redactor *redactor, const char *name, struct str value) {
    struct redactor_core *core = &redactor->shared->core;

    (void)pthread_rwlock_wrlock(&redactor->shared->lock);
    known_add(&core->known, str_from(name), value);
    anchors_update(core->anchors, &core->known);
    (void)pthread_rwlock_unlock(&redactor->shared->lock);
}

static int count_compare(const void *a, const void *b) {
    const struct redact_count *x = a;
    const struct redact_count *y = b;

    return strcmp(x->kind, y->kind);
}

size_t redactor_counts(const struct redactor *redactor, struct redact_count *rows,
                       size_t rows_max) {
    struct redactor_shared *shared = redactor->shared;
    size_t n = 0;

    (void)pthread_mutex_lock(&shared->idle_lock);
    for (; n < shared->counts.n && n < rows_max; n++) {
        rows[n] = shared->counts.rows[n];
    }
    (void)pthread_mutex_unlock(&shared->idle_lock);
    qsort(rows, n, sizeof rows[0], count_compare);
    return n;
}

json_t *redactor_counts_json(const struct redactor *redactor) {
    struct redact_count rows[REDACT_KINDS_MAX];
    size_t n = redactor_counts(redactor, rows, ARRAY_N(rows));
    json_t *list = json_array();

    for (size_t i = 0; i < n; i++) {
        (void)json_array_append_new(
            list, json_pack("{s:s, s:I}", "kind", rows[i].kind, "n", (json_int_t)rows[i].n));
    }
    return list;
}

/* What \n and the like mean in a value between double quotes. */
static void env_unescape(struct str value, struct buf *out) {
    static const char letters[] = "nrt";
    static const char meant[] = "\n\r\t";

    for (size_t i = 0; i < value.len; i++) {
        char next = value.ptr[i] == '\\' ? str_char(value, i + 1) : '\0';
        const char *letter = next == '\0' ? NULL : strchr(letters, next);
        if (next != '\0') {
            i++;
        }
        buf_add_c(out, letter != NULL ? meant[letter - letters] : value.ptr[i]);
    }
}

/* Where the quote that opens `value` is closed; 0 when nowhere. */
static size_t env_quote_end(struct str value) {
    char quote = str_char(value, 0);
    size_t at = 1;

    while (at < value.len && value.ptr[at] != quote) {
        at += value.ptr[at] == '\\' && quote == '"' ? 2 : 1;
    }
    return at < value.len ? at : 0;
}

/* Readers differ in what a comment is and what quotes hold, so a value is known in each reading. */
static void env_add(struct redactor *redactor, const char *name, struct str value) {
    bool is_quoted = str_char(value, 0) == '"' || str_char(value, 0) == '\'';
    size_t end = is_quoted ? env_quote_end(value) : 0;
    ptrdiff_t comment = is_quoted ? -1 : str_find(value, STR(" #"));

    if (value.len >= 2 && is_quoted && value.ptr[value.len - 1] == value.ptr[0]) {
        redactor_add_known(redactor, name, str_slice(value, 1, value.len - 1));
    } else if (end == 0) {
        redactor_add_known(redactor, name, value);
        redactor_add_known(redactor, name, str_slice(value, is_quoted ? 1 : 0, value.len));
    }
    if (comment > 0) {
        redactor_add_known(redactor, name, str_trim(str_slice(value, 0, (size_t)comment)));
    }
    if (end > 0) {
        CLEANUP(buf_done) struct buf text = BUF_INIT(value.len + 1);
        struct str inside = str_slice(value, 1, end);

        buf_reserve(&text, value.len + 1); /* one block of memory to wipe */
        redactor_add_known(redactor, name, inside);
        if (value.ptr[0] == '"' && str_find(inside, STR("\\")) >= 0) {
            env_unescape(inside, &text);
            redactor_add_known(redactor, name, buf_str(&text));
        }
        mem_wipe(text.ptr, text.len);
    }
}

/* The UTF-8 of `text` in UTF-16, whose byte order mark tells its order. */
static void env_of_utf16(struct str text, struct buf *out) {
    enum { LONE = 0xfffd };
    size_t low = text.ptr[0] == '\xff' ? 0 : 1; /* where the lower byte of a unit is */
    uint32_t high = 0;                          /* the first half of a pair */

    for (size_t i = 2; i + 1 < text.len; i += 2) {
        uint32_t unit =
            (uint32_t)(unsigned char)text.ptr[i + 1 - low] << 8 | (unsigned char)text.ptr[i + low];
        bool is_second = unit >= 0xdc00 && unit < 0xe000;
        if (unit >= 0xd800 && unit < 0xdc00) {
            high = unit;
            continue;
        }
        uint32_t pair = 0x10000 + ((high - 0xd800) << 10) + (unit - 0xdc00);
        utf8_add_point(out, !is_second ? unit : high != 0 ? pair : LONE);
        high = 0;
    }
}

void redactor_add_env(struct redactor *redactor, struct str text, bool is_all) {
    struct str line = {0};

    if (str_starts(text, STR("\xff\xfe")) || str_starts(text, STR("\xfe\xff"))) {
        CLEANUP(buf_done) struct buf utf8 = BUF_INIT(2 * text.len + 1);

        buf_reserve(&utf8, 2 * text.len + 1); /* one block of memory to wipe */
        env_of_utf16(text, &utf8);
        redactor_add_env(redactor, buf_str(&utf8), is_all);
        mem_wipe(utf8.ptr, utf8.len);
        return;
    }
    text = str_slice(text, str_starts(text, STR("\xef\xbb\xbf")) ? 3 : 0, text.len);
    while (str_next(&text, '\n', &line)) {
        const char *stop = line.ptr + line.len;
        line = str_trim(line);
        line = str_starts(line, STR("export ")) ? str_slice(line, 7, line.len) : line;
        ptrdiff_t at = str_find(line, STR("="));
        if (at <= 0 || str_starts(line, STR("#"))) {
            continue;
        }
        struct str name = str_trim(str_slice(line, 0, (size_t)at));
        struct str value = str_trim(str_slice(line, (size_t)at + 1, line.len));
        bool is_open = (str_char(value, 0) == '"' || str_char(value, 0) == '\'') &&
                       env_quote_end(value) == 0 && text.len > 0;
        struct str whole = is_open
                               ? (struct str){value.ptr, (size_t)(text.ptr + text.len - value.ptr)}
                               : (struct str){0};
        size_t end = is_open ? env_quote_end(whole) : 0;
        if (is_all || redact_is_secret_key(name)) {
            CLEANUP(freep) char *key = str_dup(name);

            env_add(redactor, key, end > 0 ? str_slice(whole, 0, end + 1) : value);
        }
        if (end > 0 && whole.ptr + end >= stop) { /* its lines are read */
            text = str_slice(whole, end + 1, whole.len);
        }
    }
}

void redactor_mask_persons(struct redactor *redactor, bool has_addresses) {
    (void)pthread_rwlock_wrlock(&redactor->shared->lock);
    anchors_look_for_persons(redactor->shared->core.anchors, has_addresses);
    (void)pthread_rwlock_unlock(&redactor->shared->lock);
}

const struct redactor_core *redactor_lock(const struct redactor *redactor) {
    (void)pthread_rwlock_rdlock(&redactor->shared->lock);
    return &redactor->shared->core;
}

void redactor_unlock(const struct redactor *redactor) {
    (void)pthread_rwlock_unlock(&redactor->shared->lock);
}

void redactor_set_budget(struct redactor *redactor, int64_t steps) {
    (void)pthread_rwlock_wrlock(&redactor->shared->lock);
    redactor->shared->core.budget = steps;
    (void)pthread_rwlock_unlock(&redactor->shared->lock);
}

bool redact_is_secret_key(struct str key) { return key_is_secret(key); }

/* ---- writing ---- */

static void masker_put(void *user, const struct segment *segment) {
    struct buf *out = user;

    buf_add(out, segment->text);
}

/* Takes what was masked. */
static struct masked out_take(struct buf *out) {
    size_t len = out->len;

    return sealed(buf_take(out), len);
}

/* ---- one text ---- */

/* Reused from text to text of one tree. */
struct masker {
    struct segmenter segmenter;
    struct buf out;
};

static struct masker *masker_take(const struct redactor *redactor) {
    struct redactor_shared *shared = redactor->shared;
    struct masker *masker = NULL;

    (void)pthread_mutex_lock(&shared->idle_lock);
    if (shared->idle_n > 0) {
        masker = shared->idle[--shared->idle_n];
    }
    (void)pthread_mutex_unlock(&shared->idle_lock);
    if (masker == NULL) {
        masker = mem_alloc(sizeof *masker);
        masker->out = BUF_INIT(SIZE_MAX / 2);
        segmenter_init(&masker->segmenter, redactor, masker_put, &masker->out);
        masker->segmenter.is_masking = true;
    }
    return masker;
}

static void masker_free(struct masker *masker) {
    segmenter_done(&masker->segmenter);
    buf_done(&masker->out);
    free(masker);
}

/* Gives a masker back, without a trace of what it read. */
static void masker_give(struct masker *masker) {
    struct redactor_shared *shared = masker->segmenter.redactor->shared;
    bool is_kept = false;

    segmenter_forget(&masker->segmenter);
    buf_clear(&masker->out);
    (void)pthread_mutex_lock(&shared->idle_lock);
    counts_move(&masker->segmenter.counts, &shared->counts);
    is_kept = shared->idle_n < IDLE_MAX;
    if (is_kept) {
        shared->idle[shared->idle_n++] = masker;
    }
    (void)pthread_mutex_unlock(&shared->idle_lock);
    if (!is_kept) {
        masker_free(masker);
    }
}

static void masker_givep(struct masker **masker) { masker_give(*masker); }

/* Masks a closed text; the result stands in the masker until the next one. */
static struct str masker_run(struct masker *masker, struct str text) {
    buf_clear(&masker->out);
    segmenter_restart(&masker->segmenter);
    buf_reserve(&masker->out, text.len + 64);
    (void)segmenter_feed(&masker->segmenter, text, true);
    return buf_str(&masker->out);
}

void redact_text(const struct redactor *redactor, struct str text, struct masked *out) {
    CLEANUP(masker_givep) struct masker *masker = masker_take(redactor);

    (void)masker_run(masker, text);
    *out = out_take(&masker->out);
}

/* ---- one tree ---- */

static json_t *mask_node(struct masker *masker, const json_t *json, int depth);

static json_t *mask_leaf(void) { return json_string(mask); }

/* A string is no text of JSON: a number that is all of it gets no quotes of its own. */
static json_t *mask_string(struct masker *masker, struct str text) {
    struct str masked = masker_run(masker, text);
    bool is_number = str_eq(masked, STR("\"***\"")) && text.len > 0 && text.ptr[0] != '"';

    return is_number ? mask_leaf() : json_string_of(masked);
}

/* A number is masked when it is a known value, digit for digit. */
static json_t *mask_number(struct masker *masker, const json_t *json) {
    CLEANUP(freep) char *digits = json_text(json);
    bool is_same = str_eq(masker_run(masker, str_from(digits)), str_from(digits));

    return is_same ? json_deep_copy(json) : mask_leaf();
}

/* Every leaf below a secret's key. */
static json_t *mask_all(const json_t *json, int depth) {
    const char *key = NULL;
    size_t i = 0;
    json_t *value = NULL;

    if (depth > limit(LIMIT_JSON_DEPTH)) {
        return mask_leaf();
    }
    if (json_is_null(json)) {
        return json_null();
    }
    if (json_is_boolean(json)) {
        return json_boolean(json_is_true(json)); /* {"name":"DB_PASSWORD","secret":true} */
    }
    if (json_is_array(json)) {
        json_t *array = json_array();
        json_array_foreach(json, i, value) {
            (void)json_array_append_new(array, mask_all(value, depth + 1));
        }
        return array;
    }
    if (json_is_object(json)) {
        json_t *object = json_object();
        json_object_foreach(walk(json), key, value) {
            json_put(object, key, mask_all(value, depth + 1));
        }
        return object;
    }
    return mask_leaf();
}

static bool is_secret_name(const struct masker *masker, struct str key) {
    const struct redactor_core *core = redactor_lock(masker->segmenter.redactor);
    bool is_known = known_has_name(&core->known, key);

    redactor_unlock(masker->segmenter.redactor);
    return is_known || key_is_secret(key);
}

/* {"Name": "DB_PASSWORD", "Value": "..."}: the key stands in a value. */
static const struct {
    const char *name;
    const char *value;
} pair_rows[] = {
    {"name", "value"},
    {"Name", "Value"},
    {"key", "value"},
    {"Key", "Value"},
    {"ParameterKey", "ParameterValue"},
    {"HeaderName", "HeaderValue"},
    {"OutputKey", "OutputValue"},
};

/* Whether `key` holds the value of a pair whose name, beside it, is a secret's. */
static bool is_pair_value(const struct masker *masker, const json_t *object, const char *key) {
    for (size_t i = 0; i < ARRAY_N(pair_rows); i++) {
        const json_t *name = json_object_get(object, pair_rows[i].name);

        if (strcmp(key, pair_rows[i].value) == 0 && json_is_string(name) &&
            is_secret_name(masker, str_from(json_string_value(name)))) {
            return true;
        }
    }
    return false;
}

static bool is_harmless_leaf(struct str key, const json_t *value) {
    const char *text = json_is_true(value) ? "true" : json_is_false(value) ? "false" : NULL;

    text = json_is_string(value) ? json_string_value(value) : text;
    return text != NULL && key_value_is_harmless(key, str_from(text));
}

static json_t *mask_object(struct masker *masker, const json_t *json, int depth) {
    json_t *object = json_object();
    const char *key = NULL;
    json_t *value = NULL;

    json_object_foreach(walk(json), key, value) {
        struct str name = str_from(key);
        bool is_secret = (is_secret_name(masker, name) && !is_harmless_leaf(name, value)) ||
                         is_pair_value(masker, json, key);
        json_t *masked =
            is_secret ? mask_all(value, depth + 1) : mask_node(masker, value, depth + 1);
        CLEANUP(freep) char *shown = str_dup(masker_run(masker, name));

        json_put(object, shown, masked);
    }
    return object;
}

/* In an argument vector, what follows "--password". */
static bool is_flag_of_secret(const struct masker *masker, const json_t *before) {
    struct str flag = str_from(json_string_value(before));

    return str_starts(flag, STR("--")) && str_find(flag, STR("=")) < 0 &&
           is_secret_name(masker, str_slice(flag, 2, flag.len));
}

static json_t *mask_array(struct masker *masker, const json_t *json, int depth) {
    json_t *array = json_array();
    size_t i = 0;
    json_t *value = NULL;

    json_array_foreach(json, i, value) {
        bool is_value = i > 0 && json_is_string(value) &&
                        is_flag_of_secret(masker, json_array_get(json, i - 1));
        (void)json_array_append_new(array,
                                    is_value ? mask_leaf() : mask_node(masker, value, depth + 1));
    }
    return array;
}

static json_t *mask_node(struct masker *masker, const json_t *json, int depth) {
    if (depth > limit(LIMIT_JSON_DEPTH)) {
        return mask_leaf();
    }
    switch (json_typeof(json)) {
    case JSON_OBJECT:
        return mask_object(masker, json, depth);
    case JSON_ARRAY:
        return mask_array(masker, json, depth);
    case JSON_STRING:
        return mask_string(masker, (struct str){json_string_value(json), json_string_length(json)});
    case JSON_INTEGER:
    case JSON_REAL:
        return mask_number(masker, json);
    case JSON_TRUE:
    case JSON_FALSE:
    case JSON_NULL:
        break;
    }
    return json_deep_copy(json);
}

void redact_json(const struct redactor *redactor, const json_t *json, struct masked *out) {
    CLEANUP(masker_givep) struct masker *masker = masker_take(redactor);
    CLEANUP(json_decrefp) json_t *masked = mask_node(masker, json, 0);
    char *text = json_text(masked);

    *out = sealed(text, strlen(text));
}

/* ---- looking, not masking ---- */

struct finder {
    struct redact_hit *hits;
    size_t n;
    size_t max;
    size_t at; /* offset of the next segment */
};

static void finder_put(void *user, const struct segment *segment) {
    struct finder *finder = user;

    for (size_t i = 0; i < segment->spans->n && finder->n < finder->max; i++) {
        const struct span *span = &segment->spans->rows[i];
        finder->hits[finder->n++] = (struct redact_hit){
            .kind = span->kind, .at = finder->at + span->from, .len = span->to - span->from};
    }
    finder->at += segment->text.len;
}

size_t redact_find(const struct redactor *redactor, struct str text, struct redact_hit *hits,
                   size_t hits_max) {
    struct finder finder = {.hits = hits, .max = hits_max};
    CLEANUP(segmenter_done) struct segmenter segmenter;

    segmenter_init(&segmenter, redactor, finder_put, &finder);
    (void)segmenter_feed(&segmenter, text, true);
    return finder.n;
}

/* ---- a stream ---- */

struct redact_stream {
    struct masker *masker;
    struct buf pending; /* the beginning of a segment whose end has not come */
    size_t given;       /* bytes that were shown already of what is yet to be masked */
    bool is_stuck;      /* no more of it is before its end */
    void (*put)(void *user, const struct masked *piece);
    void *user;
};

struct redact_stream *redact_stream_new(const struct redactor *redactor,
                                        void (*put)(void *user, const struct masked *piece),
                                        void *user) {
    struct redact_stream *stream = mem_alloc(sizeof *stream);

    stream->masker = masker_take(redactor);
    segmenter_restart(&stream->masker->segmenter);
    stream->pending = BUF_INIT(SIZE_MAX / 2);
    stream->put = put;
    stream->user = user;
    return stream;
}

/* Hands what was masked to the owner, outside the redactor's lock, but for what was shown already.
 */
static void stream_give(struct redact_stream *stream) {
    struct buf *out = &stream->masker->out;
    size_t skip = stream->given < out->len ? stream->given : out->len;

    if (skip < out->len) {
        struct masked piece = sealed(out->ptr + skip, out->len - skip);

        stream->put(stream->user, &piece);
    }
    stream->given -= skip;
    buf_clear(out);
}

/* Shows what of an unfinished line stays as it is whatever follows. */
static void stream_release(struct redact_stream *stream) {
    struct segmenter *segmenter = &stream->masker->segmenter;
    struct str line = buf_str(&stream->pending);
    bool is_open = segmenter->raw.is_waiting || !segmenter_is_idle(segmenter);

    if (stream->is_stuck || is_open || line.len == stream->given) {
        return;
    }
    const struct redactor_core *core = redactor_lock(segmenter->redactor);
    size_t to = release_to(core->anchors, &core->known, line, stream->given, &segmenter->sift,
                           &stream->is_stuck);
    redactor_unlock(segmenter->redactor);
    if (to > stream->given) {
        struct buf *out = &stream->masker->out;
        struct masked piece;

        buf_add(out, str_slice(line, stream->given, to));
        piece = sealed(out->ptr, out->len);
        stream->put(stream->user, &piece);
        buf_clear(out);
        stream->given = to;
    }
}

/* Whether there may be more to show of an unfinished line after `part`. */
static bool is_release_due(const struct redact_stream *stream, struct str part) {
    return stream->pending.len - stream->given < RELEASE_MAX ||
           memchr(part.ptr, ' ', part.len) != NULL;
}

/* Whether lines of Base64 may go on with `s`: no other character, no blank behind one. */
static bool is_base64_on(struct str s) {
    for (size_t i = 0; i < s.len; i++) {
        bool is_gap = (s.ptr[i] == ' ' || s.ptr[i] == '\t') && i > 0 && is_base64(s.ptr[i - 1]);
        if (is_gap || (!is_base64(s.ptr[i]) && !is_blank(s.ptr[i]))) {
            return false;
        }
    }
    return true;
}

void redact_stream_write(struct redact_stream *stream, struct str piece) {
    struct segmenter *segmenter = &stream->masker->segmenter;
    struct buf *pending = &stream->pending;

    while (piece.len > 0) {
        struct str part = str_slice(piece, 0, SEGMENT_MAX);
        size_t handled = 0;

        piece = str_slice(piece, part.len, piece.len);
        if (pending->len == 0) {
            handled = segmenter_feed(segmenter, part, false);
            buf_add(pending, str_slice(part, handled, part.len));
        } else {
            bool is_complete =
                segmenter->raw.is_waiting ? !is_base64_on(part) : segment_has_end(part);
            is_complete = is_complete || pending->len + part.len >= SEGMENT_MAX;
            buf_add(pending, part);
            handled = is_complete ? segmenter_feed(segmenter, buf_str(pending), false) : 0;
            memmove(pending->ptr, pending->ptr + handled, pending->len - handled);
            pending->len -= handled;
        }
        stream_give(stream);
        stream->is_stuck = stream->is_stuck && handled == 0;
        if (is_release_due(stream, part)) {
            stream_release(stream);
        }
    }
}

void redact_stream_end(struct redact_stream *stream) {
    if (stream == NULL) {
        return;
    }
    (void)segmenter_feed(&stream->masker->segmenter, buf_str(&stream->pending), true);
    stream_give(stream);
    redact_stream_drop(stream);
}

void redact_stream_drop(struct redact_stream *stream) {
    if (stream == NULL) {
        return;
    }
    mem_wipe(stream->pending.ptr, stream->pending.cap);
    buf_done(&stream->pending);
    masker_give(stream->masker);
    free(stream);
}

/* ---- Of what was masked before ---- */

static bool is_text_clean(const struct redactor *redactor, struct str text) {
    CLEANUP(masked_done) struct masked masked = {0};

    redact_text(redactor, text, &masked);
    return str_eq(masked_str(&masked), text);
}

static bool is_tree_clean(const struct redactor *redactor, const json_t *json, size_t depth) {
    const char *key;
    json_t *member;
    size_t i;

    if (json_is_string(json)) {
        return is_text_clean(redactor, str_from(json_string_value(json)));
    }
    if (depth > (size_t)limit(LIMIT_JSON_DEPTH)) {
        return false;
    }
    json_array_foreach(walk(json), i, member) {
        if (!is_tree_clean(redactor, member, depth + 1)) {
            return false;
        }
    }
    json_object_foreach(walk(json), key, member) {
        if (!is_text_clean(redactor, str_from(key)) ||
            !is_tree_clean(redactor, member, depth + 1)) {
            return false;
        }
    }
    return true;
}

bool redact_is_clean(const struct redactor *redactor, struct str text) {
    CLEANUP(json_decrefp) json_t *json = NULL;
    struct err unread = {0};

    return json_read(text, &json, &unread) == ERR_NONE ? is_tree_clean(redactor, json, 0)
                                                       : is_text_clean(redactor, text);
}
