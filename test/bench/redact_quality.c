/* What the redactor misses and what it masks in vain.
 *
 *   redact_quality CASES
 *
 * Leaks: every kind of token in nine contexts, written in eight ways (raw, JSON-escaped, percent,
 * Base64 at three alignments, hexadecimal, UTF-16), until CASES texts were masked; one counts when
 * a piece of 8 characters of the secret is left, in what is shown or in what it decodes to. Wrongly
 * masked: CASES git ids, UUIDs, digests, versions, ARNs and paths in lines of logs. Persons: CASES
 * lines with an e-mail address, a telephone number, a card, an IBAN or an SSN in the forms people
 * write, and as many with numbers that only look so; recall, and precision over both. Everything is
 * made here, from a fixed seed. Prints rows for people, then one JSON object a line.
 */
#include "guard/redact/redact_fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char hex[] = "0123456789abcdef";
static const char digits[] = "0123456789";
static const char lower[] = "abcdefghijklmnopqrstuvwxyz";

static void add_some(struct buf *out, const char *of, size_t n) {
    size_t all = strlen(of);

    for (size_t i = 0; i < n; i++) {
        buf_add_c(out, of[next_random() % all]);
    }
}

/* ---- leaks ---- */

static int64_t count_leaks(const struct redactor *redactor, int64_t cases) {
    int64_t leaks_n = 0;

    for (int64_t i = 0; i < cases; i++) {
        size_t n = (size_t)i;
        const struct kind *kind = &kinds[n % kind_n];
        const char *context = contexts[n / kind_n % context_n];
        enum encoding encoding = (enum encoding)(n / kind_n / context_n % ENCODING_N);
        CLEANUP(freep) char *secret = secret_of(kind);

        if (is_leaking(redactor, context, encoding, secret)) {
            leaks_n++;
            (void)printf("leak: %s, encoding %d, %s\n", kind->name, (int)encoding, context);
        }
    }
    return leaks_n;
}

/* ---- wrongly masked ---- */

/* clang-format off */
/* %h, %H: 40 and 64 hexadecimal digits, %7: 7 of them, %u a UUID, %v a version, %d digits, %w a word,
 * %b 86 characters of Base64 and ==. */
static const char *const lookalikes[] = {
    "commit %h", "HEAD is now at %7 %w: %w", "checkout %w@%h", "git+https://example.com/%w.git#%h", "* %7 (origin/%w) %w",
    "request %u done", "x-request-id: %u", "{\"requestId\":\"%u\",\"trace\":\"00-%i-%I-01\"}", "session/%u/events",
    "sha256:%H", "digest: sha256:%H size: %d", "\"integrity\": \"sha512-%b\"", "ETag: \"%i\"", "%H  dist/%w.tar.gz", "image@sha256:%H",
    "%w-%v", "+ %w@%v", "node v%v, npm %v", "%w>=%v,<%v", "Python %v (main, %w)", "\"%w\": \"^%v\"",
    "arn:aws:lambda:eu-central-1:%a:function:%w-%w", "arn:aws:iam::%a:role/%w-%w-%C", "arn:aws:cloudformation:eu-central-1:%a:stack/%w/%u",
    "arn:aws:s3:::%w-%w-%a/%w/%w.zip", "arn:aws:kms:eu-central-1:%a:key/%u",
    "/usr/lib/python3/dist-packages/%w/%w/%w.py:%d", "src/%w/%w/%w.tsx", "C:\\Users\\%w\\%w\\%w.txt", "./node_modules/@%w/%w/dist/%w.js",
    "dist/assets/%w-%8.js  %d.%d kB", "/var/task/%w/%w.cpython-311-x86_64-linux-gnu.so", "https://example.com/%w/%w?page=%d&sort=%w",
};
/* clang-format on */

static void add_lookalike(struct buf *out, const char *line) {
    for (const char *p = line; *p != '\0'; p++) {
        if (*p != '%') {
            buf_add_c(out, *p);
            continue;
        }
        switch (*++p) {
        case 'h':
            add_some(out, hex, 40);
            break;
        case 'H':
            add_some(out, hex, 64);
            break;
        case 'i':
            add_some(out, hex, 32);
            break;
        case 'I':
            add_some(out, hex, 16);
            break;
        case '7':
            add_some(out, hex, 7);
            break;
        case '8':
            add_some(out, alnum, 8);
            break;
        case 'u':
            add_some(out, hex, 8);
            buf_add_s(out, "-9d1f-4e0a-8a55-");
            add_some(out, hex, 12);
            break;
        case 'v':
            buf_addf(out, "%u.%u.%u", next_random() % 30, next_random() % 100, next_random() % 300);
            break;
        case 'd':
            buf_addf(out, "%u", next_random() % 100000);
            break;
        case 'a':
            add_some(out, digits, 12);
            break;
        case 'b':
            add_some(out, base64s, 86);
            buf_add_s(out, "==");
            break;
        case 'C':
            add_some(out, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", 12);
            break;
        default:
            add_some(out, lower, 3 + next_random() % 9);
            break;
        }
    }
}

static int64_t count_wrong(const struct redactor *redactor, int64_t cases) {
    int64_t wrong = 0;

    for (int64_t i = 0; i < cases; i++) {
        CLEANUP(buf_done) struct buf line = BUF_INIT(TEXT_MAX);
        size_t len = 0;

        add_lookalike(&line, lookalikes[(size_t)i % ARRAY_N(lookalikes)]);
        CLEANUP(freep) char *masked = mask_of(redactor, buf_str(&line), &len);
        if (len != line.len || memcmp(masked, line.ptr, len) != 0) {
            wrong++;
            if (wrong <= 10) {
                (void)printf("wrong: %s -> %s\n", buf_cstr(&line), masked);
            }
        }
    }
    return wrong;
}

/* ---- persons ---- */

static void add_email(struct buf *out) {
    static const char *const joints[] = {"", ".", "_", "-", "+"};
    static const char *const ends[] = {".com", ".org",    ".de",    ".co.uk",
                                       ".io",  ".museum", ".com.br"};

    add_some(out, lower, 2 + next_random() % 8);
    buf_add_s(out, joints[next_random() % ARRAY_N(joints)]);
    add_some(out, lower, 1 + next_random() % 8);
    add_some(out, digits, next_random() % 3);
    buf_add_c(out, '@');
    add_some(out, lower, 2 + next_random() % 10);
    buf_add_s(out, ends[next_random() % ARRAY_N(ends)]);
}

static int luhn_digit(const char *number, size_t n) {
    int sum = 0;

    for (size_t i = 0; i < n; i++) {
        int digit = number[n - 1 - i] - '0';
        digit = i % 2 == 0 ? digit * 2 : digit;
        sum += digit > 9 ? digit - 9 : digit;
    }
    return (10 - sum % 10) % 10;
}

static void add_grouped(struct buf *out, const char *number, const char *shape, char separator) {
    for (const char *group = shape; *group != '\0'; group++) {
        if (group != shape && separator != '\0') {
            buf_add_c(out, separator);
        }
        size_t n = (size_t)(*group - '0');
        buf_add(out, (struct str){number, n});
        number += n;
    }
}

static void add_card(struct buf *out) {
    static const struct {
        const char *begin;
        size_t n;
        const char *shape;
    } issuers[] = {{"4", 16, "4444"},    {"51", 16, "4444"}, {"55", 16, "4444"},
                   {"2221", 16, "4444"}, {"34", 15, "465"},  {"37", 15, "465"},
                   {"6011", 16, "4444"}, {"65", 16, "4444"}, {"3530", 16, "4444"},
                   {"36", 14, "464"},    {"62", 16, "4444"}};
    size_t i = next_random() % ARRAY_N(issuers);
    CLEANUP(buf_done) struct buf number = BUF_INIT(32);

    buf_add_s(&number, issuers[i].begin);
    add_some(&number, digits, issuers[i].n - 1 - number.len);
    buf_addf(&number, "%d", luhn_digit(number.ptr, number.len));
    add_grouped(out, number.ptr, issuers[i].shape, "\0 -"[next_random() % 3]);
}

static void add_iban(struct buf *out) {
    static const struct {
        const char *country;
        size_t n; /* after the check digits */
        size_t letters;
    } rows[] = {{"DE", 18, 0}, {"GB", 18, 4}, {"FR", 23, 0}, {"NL", 14, 4},
                {"ES", 20, 0}, {"CH", 17, 0}, {"NO", 11, 0}};
    size_t i = next_random() % ARRAY_N(rows);
    CLEANUP(buf_done) struct buf body = BUF_INIT(64);
    CLEANUP(buf_done) struct buf whole = BUF_INIT(64);
    int rest = 0;

    add_some(&body, "ABCDEFGHIJKLMNOPQRSTUVWXYZ", rows[i].letters);
    add_some(&body, digits, rows[i].n - rows[i].letters);
    buf_addf(&whole, "%s%s00", body.ptr, rows[i].country);
    for (const char *p = whole.ptr; *p != '\0'; p++) {
        rest = *p <= '9' ? (rest * 10 + (*p - '0')) % 97 : (rest * 100 + (*p - 'A' + 10)) % 97;
    }
    buf_clear(&whole);
    buf_addf(&whole, "%s%02d%s", rows[i].country, 98 - rest, body.ptr);
    bool has_blanks = next_random() % 2 == 0;
    for (size_t k = 0; k < whole.len; k++) {
        if (has_blanks && k > 0 && k % 4 == 0) {
            buf_add_c(out, ' ');
        }
        buf_add_c(out, whole.ptr[k]);
    }
}

/* 'n' is a digit from 2 to 9, 'd' any. */
static void add_shape(struct buf *out, const char *shape) {
    for (const char *p = shape; *p != '\0'; p++) {
        if (*p == 'n') {
            add_some(out, "23456789", 1);
        } else if (*p == 'd') {
            add_some(out, digits, 1);
        } else {
            buf_add_c(out, *p);
        }
    }
}

static void add_phone(struct buf *out) {
    static const char *const shapes[] = {
        "+1 nnd ndd dddd",  "+1-nnd-ndd-dddd",   "+1 (nnd) ndd-dddd", "(nnd) ndd-dddd",
        "nnd-ndd-dddd",     "1-nnd-ndd-dddd",    "+49 nd dddddd",     "+49 ndd ddddddd",
        "+44 20 nddd dddd", "+33 n dd dd dd dd", "+91-ndddd-ddddd",   "+86 138 dddd dddd",
        "+4915nddddddddd",  "+1nndndddddd",      "nnd-ndd-dddd x123", "0n0-nddd-dddd",
        "(nnd)ndd-dddd",    "+61 2 nddd dddd"};

    add_shape(out, shapes[next_random() % ARRAY_N(shapes)]);
}

static void add_ssn(struct buf *out) {
    buf_addf(out, "%03u-%02u-%04u", 101 + next_random() % 400, 1 + next_random() % 99,
             1 + next_random() % 9999);
}

static void (*const adders[])(struct buf *) = {add_email, add_phone, add_card, add_iban, add_ssn};

/* clang-format off */
static const char *const around[] = {
    "user %p signed in", "{\"contact\": \"%p\", \"id\": %d}", "%p", "INFO  customer=%p plan=basic", "invoice for %p, due 2026-11-24",
    "{\\\"who\\\": \\\"%p\\\"}", "<td>%p</td>", "to: %p;", "(%p)", "\"%p\",\"%w\"",
};
static const char *const no_persons[] = {
    "2026-11-24 14:46:13.%d INFO %w", "took %d.%d s, %d of %d", "id=%d order=%d-%d", "%u", "account %a", "10.%v", "%w@%v", "port %d, pid %d",
    "1732459%d%d ns", "%H", "build %d.%d.%d (%7)", "%d x %d x %d px", "@%w/%w %v", "size %d bytes (%d KiB)", "%w %d-%d-%d",
};
/* clang-format on */

struct found {
    int64_t right;
    int64_t all;
    int64_t wanted;
};

/* Adds the line with its person, and says where that stands. */
static void add_around(struct buf *out, const char *line, struct str person) {
    for (const char *p = line; *p != '\0'; p++) {
        if (p[0] == '%' && p[1] == 'p') {
            buf_add(out, person);
            p++;
        } else if (p[0] == '%') {
            const char one[] = {p[0], p[1], '\0'};
            add_lookalike(out, one);
            p++;
        } else {
            buf_add_c(out, *p);
        }
    }
}

static struct found find_persons(const struct redactor *redactor, int64_t cases) {
    struct found found = {0};
    struct redact_hit hits[8];

    for (int64_t i = 0; i < cases; i++) {
        CLEANUP(buf_done) struct buf person = BUF_INIT(128);
        CLEANUP(buf_done) struct buf line = BUF_INIT(TEXT_MAX);
        CLEANUP(buf_done) struct buf other = BUF_INIT(TEXT_MAX);
        size_t len = 0;

        adders[(size_t)i % ARRAY_N(adders)](&person);
        add_around(&line, around[next_random() % ARRAY_N(around)], buf_str(&person));
        CLEANUP(freep) char *masked = mask_of(redactor, buf_str(&line), &len);
        bool is_right = str_find((struct str){masked, len}, buf_str(&person)) < 0 &&
                        !leaks(masked, len, person.ptr);
        if (!is_right && found.wanted - found.right < 10) {
            (void)printf("missed: %s -> %s\n", buf_cstr(&line), masked);
        }
        found.wanted++;
        found.right += is_right;
        found.all += (int64_t)redact_find(redactor, buf_str(&line), hits, ARRAY_N(hits));
        add_lookalike(&other, no_persons[(size_t)i % ARRAY_N(no_persons)]);
        size_t wrong = redact_find(redactor, buf_str(&other), hits, ARRAY_N(hits));
        found.all += (int64_t)wrong;
        if (wrong > 0 && found.all - found.right < 10) {
            (void)printf("in vain: %s (%s)\n", buf_cstr(&other), hits[0].kind);
        }
    }
    return found;
}

static void print_row(const char *name, double value, const char *unit, int64_t runs) {
    (void)printf("{\"name\":\"%s\",\"value\":%.4f,\"unit\":\"%s\",\"runs\":%lld}\n", name, value,
                 unit, (long long)runs);
}

int main(int argc, char **argv) {
    CLEANUP(redactor_freep) struct redactor *redactor = redactor_new();
    struct err err;
    int64_t cases = 0;

    if (argc != 2 || str_to_i64(str_from(argv[1]), 1, 10000000, &cases, &err) != ERR_NONE) {
        (void)fprintf(stderr, "usage: redact_quality CASES\n");
        return 2;
    }
    int64_t leaks_n = count_leaks(redactor, cases);
    redactor_mask_persons(redactor, false);
    int64_t wrong = count_wrong(redactor, cases);
    struct found found = find_persons(redactor, cases);
    double recall = 100.0 * (double)found.right / (double)found.wanted;
    double precision = 100.0 * (double)found.right / (double)found.all;

    (void)printf("leaks                     %lld of %lld\n", (long long)leaks_n, (long long)cases);
    (void)printf("wrongly masked            %lld of %lld\n", (long long)wrong, (long long)cases);
    (void)printf("persons, recall           %.2f %%\n", recall);
    (void)printf("persons, precision        %.2f %%\n", precision);
    print_row("redact_leaks", (double)leaks_n, "texts", cases);
    print_row("redact_wrong", 100.0 * (double)wrong / (double)cases, "%", cases);
    print_row("redact_persons_missed", 100.0 - recall, "%", cases);
    print_row("redact_persons_in_vain", 100.0 - precision, "%", cases);
    return 0;
}
