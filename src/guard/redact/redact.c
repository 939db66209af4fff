/* guard/redact/redact.c: the makers of `struct masked`: one text, one tree, one stream. */
#include "guard/redact/maker.h"

#include "base/json.h"
#include "guard/limits.h"
#include "guard/redact/charset.h"
#include "guard/redact/key.h"
#include "guard/redact/pair.h"
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

/* What a member names whose key is a label: "Name": "DB_PASSWORD", "loc": ["body", "password"] */
static struct str labelled_name(const char *key, const json_t *value) {
    const json_t *last =
        json_is_array(value) ? json_array_get(value, json_array_size(value) - 1) : value;

    return pair_is_name_label(str_from(key)) ? str_from(json_string_value(last)) : (struct str){0};
}

/* Whether `key` is the label of a value whose name, behind a label beside it, is a secret's. */
static bool is_pair_value(const struct masker *masker, const json_t *object, const char *key) {
    const char *other = NULL;
    json_t *value = NULL;

    if (!pair_is_value_label(str_from(key))) {
        return false;
    }
    json_object_foreach(walk(object), other, value) {
        struct str name = labelled_name(other, value);

        if (name.len > 0 && is_secret_name(masker, name)) {
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

static json_t *mask_array(struct masker *masker, const json_t *json, int depth) {
    json_t *array = json_array();
    size_t i = 0;
    json_t *value = NULL;

    json_array_foreach(json, i, value) {
        (void)json_array_append_new(array, mask_node(masker, value, depth + 1));
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

/* The tree first: a string is a text of its own, whose lines and blocks end with it, and whatever
 * is below a secret's name is masked however large it is. Then the tree as a text, which shows what
 * stands apart: names and values behind labels, arguments, cookies. */
void redact_json(const struct redactor *redactor, const json_t *json, struct masked *out) {
    CLEANUP(masker_givep) struct masker *masker = masker_take(redactor);
    CLEANUP(json_decrefp) json_t *tree = mask_node(masker, json, 0);
    CLEANUP(freep) char *text = json_text(tree);
    CLEANUP(json_decrefp) json_t *shown = NULL;
    struct str masked = masker_run(masker, str_from(text));
    struct err err = {0};

    if (!str_eq(masked, str_from(text))) { /* maybe a key, whose place is another one now */
        shown = json_read(masked, &shown, &err) == ERR_NONE ? shown : mask_leaf();
        free(text);
        text = json_text(shown);
    }
    *out = sealed(text, strlen(text));
    text = NULL;
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
