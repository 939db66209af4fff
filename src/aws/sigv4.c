/* Signature Version 4: canonical request, string to sign, key chain, signature. */
#include "aws/sigv4.h"

#include "base/clock.h"
#include "base/encode.h"
#include "base/hash.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { CACHE_ROWS = 16, PARTS_MAX = 256, CANONICAL_BYTES = 1 << 20 };

/* Hop-by-hop headers, and those that libraries and proxies add or change. */
static const char *const unsigned_headers[] = {
    "authorization",
    "connection",
    "expect",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "user-agent",
    "x-amzn-trace-id",
};

struct sigv4_cache {
    pthread_mutex_t lock;
    size_t next; /* the row that is written next: the oldest */
    struct {
        struct sha256 of; /* date, region, service, key id and secret */
        struct sha256 key;
    } rows[CACHE_ROWS];
};

/* A name and a value on their way into a sorted list. */
struct pair {
    struct str name;
    struct str value;
    size_t at; /* its place before sorting: qsort() is not stable */
};

struct sigv4_cache *sigv4_cache_new(void) {
    struct sigv4_cache *cache = mem_alloc(sizeof *cache);

    (void)pthread_mutex_init(&cache->lock, NULL);
    return cache;
}

void sigv4_cache_free(struct sigv4_cache *cache) {
    if (cache == NULL) {
        return;
    }
    (void)pthread_mutex_destroy(&cache->lock);
    mem_wipe(cache, sizeof *cache);
    free(cache);
}

/* Appends the path as every service but S3 hashes it: without empty and dot segments, and encoded
 * once more. */
static void canonical_add_path(struct buf *out, struct str path) {
    struct str kept[PARTS_MAX];
    struct str rest = path;
    struct str part;
    size_t n = 0;

    while (rest.len > 0 && str_next(&rest, '/', &part)) {
        if (str_eq(part, STR(".."))) {
            n -= n > 0 ? 1 : 0;
        } else if (part.len > 0 && !str_eq(part, STR(".")) && n < PARTS_MAX) {
            kept[n++] = part;
        }
    }
    for (size_t i = 0; i < n; i++) {
        buf_add_c(out, '/');
        percent_add(out, kept[i], false);
    }
    if (n == 0 || str_ends(path, STR("/"))) {
        buf_add_c(out, '/');
    }
}

static int pair_cmp_query(const void *a, const void *b) {
    const struct pair *x = a;
    const struct pair *y = b;
    int order = str_cmp(x->name, y->name);

    return order != 0 ? order : str_cmp(x->value, y->value);
}

static enum err_code canonical_add_query(struct buf *out, struct str query, struct err *err) {
    struct pair pairs[PARTS_MAX];
    struct str rest = query;
    struct str part;
    size_t n = 0;

    while (rest.len > 0 && str_next(&rest, '&', &part)) {
        ptrdiff_t equals = str_find(part, STR("="));
        size_t name_len = equals < 0 ? part.len : (size_t)equals;

        if (n == PARTS_MAX) {
            return err_set(err, ERR_INVALID, "a query of more than %d parts", (int)PARTS_MAX);
        }
        pairs[n++] = (struct pair){.name = str_slice(part, 0, name_len),
                                   .value = str_slice(part, name_len + 1, part.len)};
    }
    qsort(pairs, n, sizeof pairs[0], pair_cmp_query);
    for (size_t i = 0; i < n; i++) {
        buf_add_s(out, i == 0 ? "" : "&");
        buf_add(out, pairs[i].name);
        buf_add_c(out, '=');
        buf_add(out, pairs[i].value);
    }
    return ERR_NONE;
}

static int header_cmp(const void *a, const void *b) {
    const struct pair *x = a;
    const struct pair *y = b;
    size_t n = x->name.len < y->name.len ? x->name.len : y->name.len;
    int order = strncasecmp(x->name.ptr, y->name.ptr, n);

    if (order == 0) {
        order = (x->name.len > y->name.len) - (x->name.len < y->name.len);
    }
    return order != 0 ? order : (x->at > y->at) - (x->at < y->at);
}

/* Trims, and makes one blank of each run of blanks. */
static void canonical_add_value(struct buf *out, struct str value) {
    bool is_blank = false;

    value = str_trim(value);
    for (size_t i = 0; i < value.len; i++) {
        bool was_blank = is_blank;

        is_blank = value.ptr[i] == ' ' || value.ptr[i] == '\t';
        if (!is_blank) {
            buf_add_c(out, value.ptr[i]);
        } else if (!was_blank) {
            buf_add_c(out, ' ');
        }
    }
}

static void canonical_add_lower(struct buf *out, struct str name) {
    for (size_t i = 0; i < name.len; i++) {
        char c = name.ptr[i];

        buf_add_c(out, c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c);
    }
}

static bool is_signed(const char *name) {
    for (size_t i = 0; i < ARRAY_N(unsigned_headers); i++) {
        if (strcasecmp(name, unsigned_headers[i]) == 0) {
            return false;
        }
    }
    return true;
}

/* The headers to sign, sorted: those of the request and those that are implied. */
struct header_set {
    struct pair rows[HTTP_HEADERS_MAX + 4];
    size_t n;
};

static void header_set_add(struct header_set *set, const char *name, struct str value) {
    set->rows[set->n] = (struct pair){str_from(name), value, set->n};
    set->n++;
}

static enum err_code header_set_fill(struct header_set *set, const struct sigv4_request *request,
                                     const struct sigv4_identity *identity, struct str date,
                                     struct err *err) {
    if (request->host.len == 0 || request->header_n > HTTP_HEADERS_MAX) {
        return err_set(err, ERR_INVALID, "a request without a host or with too many headers");
    }
    header_set_add(set, "host", request->host);
    header_set_add(set, "x-amz-date", date);
    if (identity->token.len > 0) {
        header_set_add(set, "x-amz-security-token", identity->token);
    }
    if (strcmp(identity->service, "s3") == 0) {
        header_set_add(set, "x-amz-content-sha256", request->payload_hash);
    }
    for (size_t i = 0; i < request->header_n; i++) {
        if (is_signed(request->headers[i].name)) {
            header_set_add(set, request->headers[i].name, request->headers[i].value);
        }
    }
    qsort(set->rows, set->n, sizeof set->rows[0], header_cmp);
    return ERR_NONE;
}

/* Whether row `i` only adds a value to the header before it. */
static bool header_set_repeats(const struct header_set *set, size_t i) {
    return i > 0 && str_eq_nocase(set->rows[i].name, set->rows[i - 1].name);
}

static void canonical_add_headers(struct buf *out, const struct header_set *set) {
    for (size_t i = 0; i < set->n; i++) {
        if (header_set_repeats(set, i)) {
            buf_add_c(out, ',');
        } else {
            buf_add_s(out, i == 0 ? "" : "\n");
            canonical_add_lower(out, set->rows[i].name);
            buf_add_c(out, ':');
        }
        canonical_add_value(out, set->rows[i].value);
    }
}

static void canonical_add_names(struct buf *out, const struct header_set *set) {
    for (size_t i = 0; i < set->n; i++) {
        if (!header_set_repeats(set, i)) {
            buf_add_s(out, i == 0 ? "" : ";");
            canonical_add_lower(out, set->rows[i].name);
        }
    }
}

static enum err_code canonical_hash(const struct sigv4_request *request,
                                    const struct sigv4_identity *identity,
                                    const struct header_set *set, struct sha256 *out,
                                    struct err *err) {
    CLEANUP(buf_done) struct buf text = BUF_INIT(CANONICAL_BYTES);

    buf_addf(&text, "%s\n", request->method);
    if (strcmp(identity->service, "s3") == 0) {
        buf_add(&text, request->path.len == 0 ? STR("/") : request->path);
    } else {
        canonical_add_path(&text, request->path);
    }
    buf_add_c(&text, '\n');
    if (canonical_add_query(&text, request->query, err) != ERR_NONE) {
        return err->code;
    }
    buf_add_c(&text, '\n');
    canonical_add_headers(&text, set);
    buf_add_s(&text, "\n\n");
    canonical_add_names(&text, set);
    buf_add_c(&text, '\n');
    buf_add(&text, request->payload_hash);
    if (text.failed) {
        return err_set(err, ERR_TOO_LARGE, "a request too large to be signed");
    }
    *out = sha256_of(buf_str(&text));
    return ERR_NONE;
}

static struct str hash_bytes(const struct sha256 *hash) {
    return (struct str){(const char *)hash->bytes, SHA256_BYTES};
}

static struct sha256 key_derive(const struct sigv4_identity *identity, struct str day) {
    const struct str steps[] = {day, str_from(identity->region), str_from(identity->service),
                                STR("aws4_request")};
    size_t first_len = 4 + identity->secret_key.len;
    char *first = mem_alloc(first_len);
    struct str key = {first, first_len};
    struct sha256 hash = {{0}};

    memcpy(first, "AWS4", 4);
    memcpy(first + 4, identity->secret_key.ptr, identity->secret_key.len);
    for (size_t i = 0; i < ARRAY_N(steps); i++) {
        hash = hmac_sha256(key, steps[i]);
        key = hash_bytes(&hash);
    }
    mem_wipe(first, first_len);
    free(first);
    return hash;
}

/* The name of a key chain: a hash, so that the cache holds no second copy of the secret. */
static struct sha256 key_name(const struct sigv4_identity *identity, struct str day) {
    struct sha256_stream *s = sha256_start();
    const struct str parts[] = {day, str_from(identity->region), str_from(identity->service),
                                identity->access_key, identity->secret_key};

    for (size_t i = 0; i < ARRAY_N(parts); i++) {
        sha256_feed(s, parts[i]);
        sha256_feed(s, STR("\n"));
    }
    return sha256_end(s);
}

static struct sha256 key_get(struct sigv4_cache *cache, const struct sigv4_identity *identity,
                             struct str day) {
    struct sha256 name = key_name(identity, day);
    struct sha256 key;

    (void)pthread_mutex_lock(&cache->lock);
    for (size_t i = 0; i < CACHE_ROWS; i++) {
        if (sha256_eq(cache->rows[i].of, name)) {
            key = cache->rows[i].key;
            (void)pthread_mutex_unlock(&cache->lock);
            return key;
        }
    }
    key = key_derive(identity, day);
    cache->rows[cache->next].of = name;
    cache->rows[cache->next].key = key;
    cache->next = (cache->next + 1) % CACHE_ROWS;
    (void)pthread_mutex_unlock(&cache->lock);
    return key;
}

enum err_code sigv4_sign(struct sigv4_cache *cache, const struct sigv4_request *request,
                         const struct sigv4_identity *identity, int64_t now_ms, struct buf *out,
                         struct err *err) {
    CLEANUP(buf_done) struct buf to_sign = BUF_INIT(1024);
    struct clock_text date = clock_basic(now_ms);
    struct str day = str_slice(str_from(date.text), 0, 8);
    struct header_set set = {.n = 0};
    struct sha256 hash;
    struct sha256 key;

    if (header_set_fill(&set, request, identity, str_from(date.text), err) != ERR_NONE ||
        canonical_hash(request, identity, &set, &hash, err) != ERR_NONE) {
        return err->code;
    }
    buf_addf(&to_sign, "AWS4-HMAC-SHA256\n%s\n" STR_FMT "/%s/%s/aws4_request\n%s", date.text,
             STR_ARG(day), identity->region, identity->service, sha256_hex(hash).text);
    key = key_get(cache, identity, day);
    buf_addf(out, "AWS4-HMAC-SHA256 Credential=" STR_FMT "/" STR_FMT "/%s/%s/aws4_request, ",
             STR_ARG(identity->access_key), STR_ARG(day), identity->region, identity->service);
    buf_add_s(out, "SignedHeaders=");
    canonical_add_names(out, &set);
    buf_addf(out, ", Signature=%s",
             sha256_hex(hmac_sha256(hash_bytes(&key), buf_str(&to_sign))).text);
    mem_wipe(&key, sizeof key);
    if (out->failed || to_sign.failed) {
        return err_set(err, ERR_TOO_LARGE, "a signature too large for its header");
    }
    return ERR_NONE;
}
