/* How fast the redactor masks a stream and an event.
 *
 *   redact_bench RUNS [FILE]     FILE: gets the clean text, for others to read
 *
 * The text is made here: build and deployment logs with digests, ARNs, paths and UUIDs ("clean"),
 * and the same with a secret in about every tenth line ("dense"). Streams come in writes of 4 KiB;
 * an event is 2 KiB of it. Each with and without 1,000 known values, and with persons' data masked
 * too. "hostile" is the slowest of texts of a MB that repeat what the redactor looks for, persons'
 * data masked too; "mixed" of mixtures of such pieces: the slowest that a search once found, in
 * which every way to read a text differs and finds something, and of MIXTURES made by chance. The
 * floor copies the same text, line by line. Times are CPU times of this thread; of streams the best
 * of RUNS counts, of an event the best of three, since others use the machine as well. Prints rows
 * for people, then one JSON object a line.
 */
#include "base/buf.h"
#include "guard/redact/redact.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    TEXT_BYTES = 8 << 20,
    WRITE_BYTES = 4096,
    EVENTS = 20000,
    EVENT_BYTES = 2048,
    KNOWN = 1000,
    HOSTILE_BYTES = 1000000,
    MIXTURES = 200,
    PIECES_MAX = 8
};

#define HOSTILE_SHOWN 40 /* MB/s: slower ones are printed */

static uint32_t seed = 1;

static uint32_t next_random(void) {
    seed = seed * 1664525 + 1013904223;
    return seed >> 8;
}

static double now_us(clockid_t clock) {
    struct timespec t;

    (void)clock_gettime(clock, &t);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static void add_random(struct buf *out, const char *alphabet, size_t n) {
    size_t all = strlen(alphabet);

    for (size_t i = 0; i < n; i++) {
        buf_add_c(out, alphabet[next_random() % all]);
    }
}

static const char hex[] = "0123456789abcdef";
static const char alnum[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/* clang-format off */
/* %h is a digest, %u a UUID, %n a number. */
static const char *const clean_lines[] = {
    "2026-11-24T14:46:13.%nZ INFO  build: transformed %n modules in %n ms\n",
    "#12 sha256:%h 4.19MB / 28.23MB 0.3s\n",
    "dist/assets/index-%n.js   143.12 kB | gzip: 46.01 kB | map: 512.33 kB\n",
    "REPORT RequestId: %u\tDuration: %n ms\tBilled Duration: %n ms\tMemory Size: 1024 MB\n",
    "arn:aws:cloudformation:eu-central-1:123456789012:stack/depl-todo-dev/%u UPDATE_IN_PROGRESS\n",
    "{\"level\":\"info\",\"requestId\":\"%u\",\"path\":\"/api/items/%n\",\"status\":200,\"ms\":%n}\n",
    "backend/app/routes/items.py:%n: in create_item\n    return await store.put(item)\n",
    "Downloading fastapi-0.115.%n-py3-none-any.whl (%n kB), hash sha256=%h\n",
    "+ @types/react 18.3.%n\n+ vite 5.4.%n (6.0.%n is available)\n",
    "CREATE_COMPLETE      AWS::Lambda::Function                Backend\n",
};
static const char *const secret_lines[] = {
    "export DB_PASSWORD=%a\n",
    "{\"headers\":{\"Authorization\":\"Bearer %a\",\"accept\":\"*/*\"}}\n",
    "connecting to postgresql://app:%a@db.internal:5432/app\n",
    "using key %K for upload\n",
};
/* clang-format on */

static void add_line(struct buf *out, const char *line) {
    for (const char *p = line; *p != '\0'; p++) {
        if (*p != '%') {
            buf_add_c(out, *p);
            continue;
        }
        switch (*++p) {
        case 'h':
            add_random(out, hex, 64);
            break;
        case 'u':
            add_random(out, hex, 8);
            buf_add_s(out, "-9d1f-4e0a-8a55-");
            add_random(out, hex, 12);
            break;
        case 'n':
            buf_addf(out, "%u", (unsigned)(next_random() % 1000));
            break;
        case 'a':
            add_random(out, alnum, 24);
            break;
        default:
            buf_addf(out, "%s%s", "AK", "IA");
            add_random(out, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", 16);
            break;
        }
    }
}

static void make_text(struct buf *out, size_t bytes, unsigned secret_of_lines) {
    while (out->len < bytes) {
        bool is_secret = secret_of_lines > 0 && next_random() % secret_of_lines == 0;
        add_line(out, is_secret ? secret_lines[next_random() % ARRAY_N(secret_lines)]
                                : clean_lines[next_random() % ARRAY_N(clean_lines)]);
    }
}

static void count_put(void *user, const struct masked *piece) {
    size_t *bytes = user;

    *bytes += masked_str(piece).len;
}

static double stream_mb_per_s(const struct redactor *redactor, struct str text, int64_t runs) {
    double best = 0;

    for (int64_t i = 0; i < runs; i++) {
        double from = now_us(CLOCK_THREAD_CPUTIME_ID);
        size_t bytes = 0;
        struct redact_stream *stream = redact_stream_new(redactor, count_put, &bytes);

        for (size_t at = 0; at < text.len; at += WRITE_BYTES) {
            redact_stream_write(stream, str_slice(text, at, at + WRITE_BYTES));
        }
        redact_stream_end(stream);
        double rate = (double)text.len / (now_us(CLOCK_THREAD_CPUTIME_ID) - from);
        best = rate > best ? rate : best;
    }
    return best;
}

/* What reading and writing lines costs by itself. */
static double floor_mb_per_s(struct str text, int64_t runs) {
    CLEANUP(buf_done) struct buf out = BUF_INIT(TEXT_BYTES);
    double best = 0;

    for (int64_t i = 0; i < runs; i++) {
        double from = now_us(CLOCK_THREAD_CPUTIME_ID);

        for (size_t at = 0; at < text.len; at += WRITE_BYTES) {
            struct str rest = str_slice(text, at, at + WRITE_BYTES);
            struct str line = {0};
            buf_clear(&out);
            while (str_next(&rest, '\n', &line)) {
                buf_add(&out, line);
                buf_add_c(&out, '\n');
            }
        }
        double rate = (double)text.len / (now_us(CLOCK_THREAD_CPUTIME_ID) - from);
        best = rate > best ? rate : best;
    }
    return best;
}

static bool write_text(const char *path, struct str text) {
    FILE *file = fopen(path, "w");
    bool is_written = file != NULL && fwrite(text.ptr, 1, text.len, file) == text.len;

    return file != NULL && fclose(file) == 0 && is_written;
}

static int compare_times(const void *a, const void *b) {
    const double *x = a;
    const double *y = b;

    return (*x > *y) - (*x < *y);
}

static double event_p99_us(const struct redactor *redactor, struct str text) {
    double *times = mem_array(EVENTS, sizeof *times);

    for (size_t i = 0; i < EVENTS; i++) {
        size_t at = i * 97 % (text.len - EVENT_BYTES);

        for (int run = 0; run < 3; run++) {
            struct masked masked = {0};
            double from = now_us(CLOCK_THREAD_CPUTIME_ID);

            redact_text(redactor, str_slice(text, at, at + EVENT_BYTES), &masked);
            double us = now_us(CLOCK_THREAD_CPUTIME_ID) - from;
            times[i] = run == 0 || us < times[i] ? us : times[i];
            masked_done(&masked);
        }
    }
    qsort(times, EVENTS, sizeof *times, compare_times);
    double p99 = times[EVENTS * 99 / 100];
    free(times);
    return p99;
}

static void add_known(struct redactor *redactor) {
    for (size_t i = 0; i < KNOWN; i++) {
        CLEANUP(buf_done) struct buf value = BUF_INIT(64);

        add_random(&value, alnum, 16 + i % 24);
        redactor_add_known(redactor, "NAME", buf_str(&value));
    }
}

/* clang-format off */
static const char *const repeated[] = {
    "eyJ", "-eyJ.", "sk-", "-----BEGIN ", "password", "password=", "token:token:", "key ",
    "://", "://a@", "a://b:c@", "{\"secret\":{", "[", "\\", "\"", "\\\"", "%", "%41",
    "secret:\n ", "AKIA", "aws ", "curl -u ", "Basic ", "@", "=", "xoxb-", "token=f(",
    "Cookie: ", "1 ", "1-", "+1", "4111", "a@b.co ", "\"password\": \"", ".atlasv1.",
    "QUJDREVGR0hJSktM", "414243", "\n", "a=", "DE89", "Q~", "<password>", "-eyJabcdefghijk",
    "-----BEGIN PRIVATE KEY-----\"", "password ", "token=f(a", "+49 30 1234567 ",
    "4111 1111 1111 1111 ", "12 ", "201 7 45 ", "1234567,", "DE89 3704 0044 0532 0130 00 ", "password 1 ",
};
/* Found by a search over pieces like those, each with its own views and values. */
static const char *const mixed[] = {
    "token:secret:\n \xef\xbb\xbf%22SG.",
    "\xc2\xad<signature==-eyJ.password \"abc1defg\" \\/%12.34.password \"abc1defg\" access",
    "curl -u \xef\xbb\xbf\\ncurl -u a://b:c@pat.",
    "\\/\xe2\x80\x8b&token=",
    "phone curl -u \\u0070:AA",
    "dsn+49 30 1234567 \"\\u0041%70curl -u ?key=0",
    "seed=Qm7rTz2KpX9wLc4vNs8yJd3h \xe2\x80\x8b%41\\/secretKeyAccess",
    ("4111 1111 1111 1111 AAAAa://b:c@\xe2\x80\x8b" "Bearer %41"),
    "]\\\"-eyJ._password=",
    "seed=Qm7rTz2KpX9wLc4vNs8yJd3h \"name\": \"abc\", Set-Cookie: a=b\n\\secret:\n ",
    "pw=a\nthe password is abc1def. AKIADE89 3704 0044 0532 0130 00 \\%born 1990-01-02 \\",
    "70617373776f72643d616263646566676869://a@AKIAvault login [a://b:c@DE89a={\"credentials\": {\"a\": 1}, ",
    "(415) 555-0132 \"pw=a\nQUJDREVGR0hJSktM\"password\": \"",
    "https://u:p@example.com/?token=x&key=y DE89eyJpassword ",
    "-----END RSA PRIVATE KEY----------BEGIN RSA PRIVATE KEY-----",
    ("seed=Qm7rTz2KpX9wLc4vNs8yJd3h born 1990-01-02 pw=a\nthe password is abc1def. AKIADE89 3704 0044 0532 0130 00 \\%born 1990-01-02 \\Q~\"AKIACookie: "
     "cGFzc3dvcmQ6IGFiY2RlZmdoaWprbA"),
};
static const char *const other[] = {
    "\xe2\x80\x8b", "\xef\xbb\xbf", "\xc2\xad", "\\u200b", "%41", "\\u0041", "\\n", "\\\\\\\"", "c2VjcmV0PWh1bnRlcjI=", "cGFzc3dvcmQ6IGFiY2RlZmdoaWprbA",
    "70617373776f72643d616263646566676869", "-----BEGIN RSA PRIVATE KEY-----", "-----END RSA PRIVATE KEY-----", "https://u:p@example.com/?token=x&key=y ",
    "DE89 3704 0044 0532 0130 00 ", "536-22-1234 ", "ssn 536-22-1234 ", "born 1990-01-02 ", "(415) 555-0132 ", "seed=Qm7rTz2KpX9wLc4vNs8yJd3h ",
    "\"name\": \"abc\", ", "{\"credentials\": {\"a\": 1}, ", "secret:\n  - a\n", "PuTTY-User-Key-File-3: ", "vault login ", "mysql -pabc ", "the password is abc1def. ",
    "{'token': 'x'}", "<token>x</token>", "Set-Cookie: a=b\n", "key\n", "pw=a\n",
};
/* clang-format on */

/* How fast a text that repeats `piece` is masked, in lines or without. */
static double repeated_mb_per_s(const struct redactor *redactor, struct str piece, bool has_lines,
                                int64_t runs) {
    CLEANUP(buf_done) struct buf text = BUF_INIT(TEXT_BYTES);

    while (text.len < HOSTILE_BYTES) {
        buf_add(&text, piece);
        if (has_lines && text.len % 97 < piece.len) {
            buf_add_c(&text, '\n');
        }
    }
    double rate = stream_mb_per_s(redactor, buf_str(&text), runs < 3 ? runs : 3);
    if (rate < HOSTILE_SHOWN) {
        CLEANUP(json_decrefp) json_t *shown = json_stringn(piece.ptr, piece.len);
        CLEANUP(freep) char *quoted = json_dumps(shown, JSON_ENCODE_ANY);

        (void)printf("hostile %s%s %7.1f ms for a MB\n", quoted, has_lines ? " in lines" : "",
                     1000 / rate);
    }
    return rate;
}

/* The slowest of texts that repeat one of `pieces`. */
static double hostile_mb_per_s(const struct redactor *redactor, const char *const *pieces,
                               size_t piece_n, int64_t runs) {
    double slowest = 1e9;

    for (size_t i = 0; i < piece_n * 2; i++) {
        double rate = repeated_mb_per_s(redactor, str_from(pieces[i / 2]), i % 2 != 0, runs);

        slowest = rate < slowest ? rate : slowest;
    }
    return slowest;
}

/* The slowest of texts that repeat a few of what stands above, or of what is encoded, hidden or a
 * person's, one after the other. */
static double chance_mb_per_s(const struct redactor *redactor, int64_t runs) {
    double slowest = 1e9;

    for (int i = 0; i < MIXTURES; i++) {
        CLEANUP(buf_done) struct buf piece = BUF_INIT(TEXT_BYTES);

        for (uint32_t n = 2 + next_random() % PIECES_MAX; n > 0; n--) {
            size_t k = next_random() % (ARRAY_N(repeated) + ARRAY_N(mixed) + ARRAY_N(other));
            bool is_repeated = k < ARRAY_N(repeated);
            size_t rest = is_repeated ? 0 : k - ARRAY_N(repeated);
            buf_add_s(&piece, is_repeated             ? repeated[k]
                              : rest < ARRAY_N(mixed) ? mixed[rest]
                                                      : other[rest - ARRAY_N(mixed)]);
        }
        double rate = repeated_mb_per_s(redactor, buf_str(&piece), next_random() % 2 != 0, runs);
        slowest = rate < slowest ? rate : slowest;
    }
    return slowest;
}

static void print_row(const char *name, int digits, double value, const char *unit, int64_t runs) {
    (void)printf("{\"name\":\"%s\",\"value\":%.*f,\"unit\":\"%s\",\"runs\":%d}\n", name, digits,
                 value, unit, (int)runs);
}

int main(int argc, char **argv) {
    CLEANUP(redactor_freep) struct redactor *plain = redactor_new();
    CLEANUP(redactor_freep) struct redactor *full = redactor_new();
    CLEANUP(buf_done) struct buf clean = BUF_INIT(TEXT_BYTES * 2);
    CLEANUP(buf_done) struct buf dense = BUF_INIT(TEXT_BYTES * 2);
    struct err err;
    int64_t runs = 0;

    if (argc < 2 || argc > 3 || str_to_i64(str_from(argv[1]), 1, 1000, &runs, &err) != ERR_NONE) {
        (void)fprintf(stderr, "usage: redact_bench RUNS [FILE]\n");
        return 2;
    }
    make_text(&clean, TEXT_BYTES, 0);
    make_text(&dense, TEXT_BYTES, 10);
    if (argc == 3 && !write_text(argv[2], buf_str(&clean))) {
        (void)fprintf(stderr, "redact_bench: %s cannot be written\n", argv[2]);
        return 1;
    }
    double from = now_us(CLOCK_MONOTONIC);
    add_known(full);
    double known_ms = (now_us(CLOCK_MONOTONIC) - from) / 1e3;
    double rate = stream_mb_per_s(full, buf_str(&clean), runs);
    double p99 = event_p99_us(full, buf_str(&dense));

    redactor_mask_persons(full, false);
    double persons = stream_mb_per_s(full, buf_str(&clean), runs);
    double hostile = hostile_mb_per_s(full, repeated, ARRAY_N(repeated), runs);
    double mixture = hostile_mb_per_s(full, mixed, ARRAY_N(mixed), runs);
    double chance = chance_mb_per_s(full, runs);
    mixture = chance < mixture ? chance : mixture;
    double floor = floor_mb_per_s(buf_str(&clean), runs);

    (void)printf("clean log, 4 KiB writes        %7.0f MB/s\n",
                 stream_mb_per_s(plain, buf_str(&clean), runs));
    (void)printf("dense log, 4 KiB writes        %7.0f MB/s\n",
                 stream_mb_per_s(plain, buf_str(&dense), runs));
    (void)printf("clean log, 1,000 known values  %7.0f MB/s\n", rate);
    (void)printf("the same, persons' data too    %7.0f MB/s\n", persons);
    (void)printf("hostile text, the slowest      %7.0f MB/s\n", hostile);
    (void)printf("hostile mixture, the slowest   %7.0f MB/s\n", mixture);
    (void)printf("2 KiB event, p99               %7.1f us\n", p99);
    (void)printf("1,000 values become known in   %7.0f ms\n", known_ms);
    print_row("redact_stream_4k", 1, rate, "MB/s", runs);
    print_row("redact_ms_per_mb", 3, 1000 / rate, "ms", runs);
    print_row("redact_floor_ms_per_mb", 4, 1000 / floor, "ms", runs);
    print_row("redact_persons_ms_per_mb", 3, 1000 / persons, "ms", runs);
    print_row("redact_persons_4k", 1, persons, "MB/s", runs);
    print_row("redact_hostile_ms_per_mb", 3, 1000 / hostile, "ms", runs);
    print_row("redact_hostile_mixed_ms_per_mb", 3, 1000 / mixture, "ms", runs);
    print_row("redact_event_p99", 1, p99, "us", EVENTS);
    return 0;
}
