/* guard/redact/run.c: long runs of letters and digits: AWS secret keys, and what is encoded.
 *
 * Nearly all of them are digests, ids and paths. Text in Base64 or hexadecimal is told from those
 * by its first dozen bytes: all of ASCII, which chance makes once in 100,000. A run begins where
 * its alphabet does, so text may begin at any of four places of a group.
 * Text beyond ASCII in Base64 is told where the run begins: by a byte order mark (once in 30,000),
 * or by UTF8_MIN bytes of UTF-8 without control characters. Of n random bytes that makes 0.465^n,
 * once in ten million: 0.465 is x in 1 = 98/256/x + 30/256*64/256/x^2 + 16/256*(64/256)^2/x^3,
 * one byte of text, or two, or three, and then what is left. */
#include "guard/redact/pass.h"

#include <stdlib.h>
#include <string.h>

enum {
    AWS_SECRET = 40,
    WORDS_DIGITS = 2, /* at most, as in EC2 and S3 */
    WORDS_PAIRS = 19, /* small letters after small ones; a key has six */
    HINT_NEAR = 256,
    HEX_ID = 32,
    HEX_KEY = 16,
    HEX_KEY_MAX = 64,
    MAILGUN = 50,   /* 32-8-8 */
    ESCAPE_MAX = 6, /* \uXXXX */
    TEXT_MIN = 12,  /* bytes, all of ASCII, that tell text from chance */
    GROUP = 4,      /* characters of Base64 that make three bytes */
    GROUPS_MIN = TEXT_MIN / 3,
    UTF8_GROUPS = 7, /* that tell UTF-8 from chance */
    UTF8_MIN = UTF8_GROUPS * 3,
    UTF8_CUT = 3 /* bytes of a character that another group ends */
};

static bool is_near_hint(const struct scan *scan, size_t from, size_t to) {
    return scan_has_hint(scan, from > HINT_NEAR ? from - HINT_NEAR : 0, to + HINT_NEAR);
}

/* ---- AWS secret keys ---- */

/* Whether AWS_SECRET characters are words, in CamelCase or a path ("policy/AWSLambdaFullAccess"):
 * small letters in rows, two of seven of them vowels. One key of 127,000 made by chance is so. */
static bool is_words(const char *p) {
    size_t digits = 0;
    size_t smalls = 0;
    size_t vowels = 0;
    size_t pairs = 0;
    bool was_small = false;

    for (size_t i = 0; i < AWS_SECRET; i++) {
        bool is_small = is_letter(p[i]) && p[i] == fold(p[i]);
        if (p[i] == '+') {
            return false;
        }
        digits += is_digit(p[i]);
        smalls += is_small;
        vowels += is_any(p[i], "aeiou");
        pairs += is_small && was_small;
        was_small = is_small;
    }
    return digits <= WORDS_DIGITS && pairs >= WORDS_PAIRS && vowels * 7 >= smalls * 2;
}

/* Where the next `c` in [from, n) stands; `n` when there is none. */
static size_t char_next(const char *p, size_t from, size_t n, char c) {
    const char *at = from < n ? memchr(p + from, c, n - from) : NULL;

    return at == NULL ? n : (size_t)(at - p);
}

/* The next piece of exactly 40 of A-Z a-z 0-9 + / with both cases in [*at, n) that is no words;
 * false after the last one. `*at` becomes where it ends. */
static bool aws_secret_next(const char *p, size_t n, size_t *at) {
    size_t low = char_next(p, *at, n, '_');
    size_t dash = char_next(p, *at, n, '-');
    size_t begin = *at;

    while (begin <= n) {
        size_t end = low < dash ? low : dash;
        bool has_upper = false;
        bool has_lower = false;
        bool is_all_hex = true;
        for (size_t k = begin; k < end && end - begin == AWS_SECRET; k++) {
            has_upper = has_upper || (is_letter(p[k]) && p[k] != fold(p[k]));
            has_lower = has_lower || (is_letter(p[k]) && p[k] == fold(p[k]));
            is_all_hex = is_all_hex && is_hex(p[k]);
        }
        bool is_key = has_upper && has_lower && !is_all_hex && !is_words(p + begin);
        begin = end + 1;
        low = low < begin ? char_next(p, begin, n, '_') : low;
        dash = dash < begin ? char_next(p, begin, n, '-') : dash;
        if (is_key) {
            *at = end;
            return true;
        }
    }
    return false;
}

static void run_aws_secret(struct scan *scan, size_t from, size_t to, bool is_near_line) {
    const char *p = scan->text.ptr;

    for (size_t at = from; at < to && aws_secret_next(p, to, &at); at++) {
        if (is_near_line || is_near_hint(scan, at - AWS_SECRET, at)) {
            scan_add(scan, at - AWS_SECRET, at, "aws-secret-key", SPAN_PLAIN);
        }
    }
}

/* ---- tokens of hexadecimal ---- */

static bool is_all_hex(const char *p, size_t n) {
    size_t i = 0;

    while (i < n && is_hex(p[i])) {
        i++;
    }
    return i == n;
}

/* Where a token ends that has no beginning of its own but is made of the run [from, to): 32 digits
 * of hexadecimal and -8-8 more (Mailgun), or 32 and behind a dot a key with a digit and a capital
 * (Zhipu, Ollama); 0 when there is none. */
static size_t hex_token_end(struct str text, size_t from, size_t to) {
    const char *p = text.ptr + from;
    size_t n = to - from;
    size_t key = to + 1;
    bool has_digit = false;
    bool has_upper = false;

    if (n == MAILGUN) {
        return is_all_hex(p, HEX_ID) && p[HEX_ID] == '-' && is_all_hex(p + HEX_ID + 1, 8) &&
                       p[HEX_ID + 9] == '-' && is_all_hex(p + HEX_ID + 10, 8)
                   ? to
                   : 0;
    }
    if (n != HEX_ID || str_char(text, to) != '.' || !is_all_hex(p, HEX_ID)) {
        return 0;
    }
    while (key < text.len && key - to <= HEX_KEY_MAX &&
           charset_has(&charsets[SET_WORD], text.ptr[key])) {
        has_digit = has_digit || is_digit(text.ptr[key]);
        has_upper = has_upper || is_upper(text.ptr[key]);
        key++;
    }
    return key - to > HEX_KEY && has_digit && has_upper ? key : 0;
}

/* ---- text inside ---- */

static bool is_ascii_text(unsigned char c) {
    return (c >= 0x20 && c < 0x7f) || c == '\n' || c == '\r' || c == '\t' || c == '\0';
}

static bool is_text(unsigned char c) { return is_ascii_text(c) || c > 0x7f; }

/* Either alphabet; of characters of a run. */
static uint32_t base64_value(char c) {
    static const uint8_t values[128] = {
        ['+'] = 62, ['-'] = 62, ['/'] = 63, ['_'] = 63, ['0'] = 52, ['1'] = 53, ['2'] = 54,
        ['3'] = 55, ['4'] = 56, ['5'] = 57, ['6'] = 58, ['7'] = 59, ['8'] = 60, ['9'] = 61,
        ['A'] = 0,  ['B'] = 1,  ['C'] = 2,  ['D'] = 3,  ['E'] = 4,  ['F'] = 5,  ['G'] = 6,
        ['H'] = 7,  ['I'] = 8,  ['J'] = 9,  ['K'] = 10, ['L'] = 11, ['M'] = 12, ['N'] = 13,
        ['O'] = 14, ['P'] = 15, ['Q'] = 16, ['R'] = 17, ['S'] = 18, ['T'] = 19, ['U'] = 20,
        ['V'] = 21, ['W'] = 22, ['X'] = 23, ['Y'] = 24, ['Z'] = 25, ['a'] = 26, ['b'] = 27,
        ['c'] = 28, ['d'] = 29, ['e'] = 30, ['f'] = 31, ['g'] = 32, ['h'] = 33, ['i'] = 34,
        ['j'] = 35, ['k'] = 36, ['l'] = 37, ['m'] = 38, ['n'] = 39, ['o'] = 40, ['p'] = 41,
        ['q'] = 42, ['r'] = 43, ['s'] = 44, ['t'] = 45, ['u'] = 46, ['v'] = 47, ['w'] = 48,
        ['x'] = 49, ['y'] = 50, ['z'] = 51};

    return values[(unsigned char)c & 0x7f];
}

static uint32_t group_at(const char *p) {
    return base64_value(p[0]) << 18 | base64_value(p[1]) << 12 | base64_value(p[2]) << 6 |
           base64_value(p[3]);
}

static bool group_is_text(const char *p) {
    uint32_t bytes = group_at(p);

    return (bytes & 0x808080) == 0 && is_ascii_text((unsigned char)(bytes >> 16)) &&
           is_ascii_text((unsigned char)(bytes >> 8)) && is_ascii_text((unsigned char)bytes);
}

/* Where the next row of GROUPS_MIN groups of text begins at or after `at`, in steps of groups; -1
 * when there is none. A row holds a group at a multiple of its length: only those are read. */
static ptrdiff_t base64_find(const char *p, size_t n, size_t at) {
    size_t floor = at;

    for (size_t look = at + (GROUPS_MIN - 1) * GROUP; look + GROUP <= n;
         look += (size_t)GROUPS_MIN * GROUP) {
        size_t first = look;
        size_t to = look;

        if (!group_is_text(p + look)) {
            continue;
        }
        while (first >= floor + GROUP && group_is_text(p + first - GROUP)) {
            first -= GROUP;
        }
        while (to + GROUP <= n && to - first < (size_t)GROUPS_MIN * GROUP &&
               group_is_text(p + to)) {
            to += GROUP;
        }
        if (to - first >= (size_t)GROUPS_MIN * GROUP) {
            return (ptrdiff_t)first;
        }
    }
    return -1;
}

/* Whole bytes from `*at` on as far as they are text; `*at` becomes where reading ended. */
static size_t base64_decode(const char *p, size_t n, size_t *at, char *out) {
    size_t bytes = 0;
    uint32_t bits = 0;
    int bit_n = 0;

    for (; *at + GROUP <= n; *at += GROUP, bytes += 3) { /* whole groups of text */
        uint32_t three = group_at(p + *at);

        out[bytes] = (char)(three >> 16);
        out[bytes + 1] = (char)(three >> 8 & 0xff);
        out[bytes + 2] = (char)(three & 0xff);
        if (!is_text((unsigned char)out[bytes]) || !is_text((unsigned char)out[bytes + 1]) ||
            !is_text((unsigned char)out[bytes + 2])) {
            break;
        }
    }
    for (; *at < n; (*at)++) {
        bits = bits << 6 | base64_value(p[*at]);
        bit_n += 6;
        if (bit_n >= 8) {
            bit_n -= 8;
            out[bytes] = (char)(bits >> bit_n & 0xff);
            if (!is_text((unsigned char)out[bytes])) {
                break;
            }
            bytes++;
        }
    }
    return bytes;
}

/* Whether what is encoded begins with U+FEFF, in UTF-16 of either order or in UTF-8. */
static bool has_mark(const char *p, size_t n) {
    uint32_t bytes = n < GROUP ? 0 : group_at(p);

    return bytes >> 8 == 0xfffe || bytes >> 8 == 0xfeff || bytes == 0xefbbbf;
}

/* Whether UTF8_MIN bytes are UTF-8, where the last character may be cut. */
static bool is_cut_utf8(const char *bytes) {
    for (size_t cut = 0; cut <= UTF8_CUT; cut++) {
        if (str_is_utf8((struct str){bytes, UTF8_MIN - cut})) {
            return true;
        }
    }
    return false;
}

/* Whether UTF-8 without control characters begins at the run's begin. */
static bool has_utf8(const char *p, size_t n) {
    char bytes[UTF8_MIN];

    for (size_t i = 0; i < UTF8_GROUPS; i++) {
        uint32_t three = (i + 1) * GROUP > n ? 0 : group_at(p + i * GROUP);

        bytes[i * 3] = (char)(three >> 16);
        bytes[i * 3 + 1] = (char)(three >> 8 & 0xff);
        bytes[i * 3 + 2] = (char)(three & 0xff);
        if (((unsigned char)bytes[0] > 0x7f && (unsigned char)bytes[0] < 0xc2) ||
            !is_text((unsigned char)bytes[i * 3]) || !is_text((unsigned char)bytes[i * 3 + 1]) ||
            !is_text((unsigned char)bytes[i * 3 + 2])) {
            return false;
        }
    }
    return is_cut_utf8(bytes);
}

static bool is_all_ascii_text(const char *p, size_t n) {
    size_t i = 0;

    while (i < n && is_ascii_text((unsigned char)p[i])) {
        i++;
    }
    return i == n;
}

size_t base64_text(struct str text, char *out) {
    size_t at = 0;
    bool is_ascii_first = base64_find(text.ptr, text.len, 0) == 0;

    while (text.len > 0 && text.ptr[text.len - 1] == '=') {
        text.len--;
    }
    bool is_marked = has_mark(text.ptr, text.len);
    if (!is_ascii_first && !is_marked && !has_utf8(text.ptr, text.len)) {
        return 0;
    }
    size_t bytes = base64_decode(text.ptr, text.len, &at, out);
    bool is_whole = at == text.len && (is_ascii_first || bytes >= UTF8_MIN);
    bool is_read =
        is_marked || is_all_ascii_text(out, bytes) || str_is_utf8((struct str){out, bytes});
    return is_whole && is_read ? bytes : 0;
}

/* The next run of hexadecimal digits of at least SIEVE_RUN in [*from, n) of the text that was
 * sifted, as [*from, result); 0 when there is none. */
static size_t hex_stretch(const struct sift *sift, size_t n, size_t *from) {
    size_t bit = bits_next(sift->hexes, sift->hexes, *from, n);

    if (bit == n) {
        return 0;
    }
    size_t first = bit >= SIEVE_RUN - 1 ? bit - (SIEVE_RUN - 1) : 0;
    *from = first > *from ? first : *from;
    return bits_next_clear(sift->hexes, bit, n);
}

static unsigned char hex_byte(const char *p) {
    return (unsigned char)(hex_value(p[0]) << 4 | hex_value(p[1]));
}

/* Whether UTF8_MIN bytes that begin beyond ASCII are UTF-8 without control characters. */
static bool hex_has_utf8(const char *p, size_t n) {
    char bytes[UTF8_MIN];

    if (n < 2 * UTF8_MIN || hex_byte(p) < 0xc2) {
        return false;
    }
    for (size_t i = 0; i < UTF8_MIN; i++) {
        bytes[i] = (char)hex_byte(p + 2 * i);
        if (!is_text((unsigned char)bytes[i])) {
            return false;
        }
    }
    return is_cut_utf8(bytes);
}

/* As base64_decode(), of at least TEXT_MIN bytes of ASCII first, or of UTF-8; `out` may be NULL to
 * ask only. */
static size_t hex_decode(const char *p, size_t n, char *out) {
    size_t bytes = 0;
    size_t ascii = hex_has_utf8(p, n) ? 0 : TEXT_MIN;

    for (size_t i = 0; i + 1 < n; i += 2, bytes++) {
        unsigned char c = hex_byte(p + i);
        if (bytes < ascii ? !is_ascii_text(c) : !is_text(c)) {
            break;
        }
        if (out != NULL) {
            out[bytes] = (char)c;
        }
    }
    return bytes < ascii ? 0 : bytes;
}

/* Whether the first TEXT_MIN bytes of the digits at `p`, or at `p + 1`, may all be ASCII: none of
 * the upper digits is 8 or more; or the first two bytes at `p` be of a character beyond it: their
 * upper digits are C to F and 8 to B. Without a branch. */
SIEVE_INLINE bool may_be_hex_text(const char *p) {
    static const uint64_t evens = UINT64_C(0x0048004800480048); /* of letters, 8 and 9 */
    uint64_t eights[SIEVE_RUN / 8];

    memcpy(eights, p, sizeof eights);
    uint64_t any = eights[0] | eights[1] | eights[2];
    unsigned first = (unsigned char)p[0] | 0x20; /* in lower case; digits have that bit too */
    unsigned second = (unsigned char)p[2] | 0x20;
    int is_ascii = (int)((any & evens) == 0) | (int)((any & evens << 8) == 0);
    int is_next = (int)(second - '8' < 2) | (int)(second - 'a' < 2);
    return (is_ascii | ((int)(first - 'c' < 4) & is_next)) != 0;
}

/* Whether [from, to) of the text holds text in hexadecimal. */
static bool is_hex_text(const char *p, const struct sift *sift, size_t from, size_t to) {
    for (size_t end = hex_stretch(sift, to, &from); end > 0; end = hex_stretch(sift, to, &from)) {
        bool is_short = end - from < SIEVE_RUN;
        if ((is_short || may_be_hex_text(p + from)) &&
            (hex_decode(p + from, end - from, NULL) > 0 ||
             hex_decode(p + from + 1, end - from - 1, NULL) > 0)) {
            return true;
        }
        from = end;
    }
    return false;
}

/* Whether [from, to), a run, may be one that scan_run() finds something in. Text in Base64 and
 * AWS's secrets have capitals. */
static bool run_is_worth(struct str text, const struct sift *sift, size_t from, size_t to) {
    bool has_upper = bits_next(sift->uppers, sift->uppers, from, to) < to;
    const char *p = text.ptr + from;
    size_t n = to - from;
    size_t at = 0;

    if (has_upper && (aws_secret_next(p, n, &at) || has_utf8(p, n))) {
        return true;
    }
    for (size_t phase = 0; has_upper && phase < GROUP; phase++) {
        if (base64_find(p, n, phase) >= 0) {
            return true;
        }
    }
    return is_hex_text(text.ptr, sift, from, to) || hex_token_end(text, from, to) > 0;
}

/* Where a run that may begin with the letter of an escape, as in \n, begins in truth. */
static size_t after_escape(struct str text, size_t from, size_t to) {
    struct escape escape;

    return escape_around(text, from, &escape) && escape.to < to ? escape.to : from;
}

/* A run's first character, of the bit that stands for its 24th. */
static size_t run_first(size_t bit) { return bit - (SIEVE_RUN - 1); }

/* `n` bits from `at` on, at most 64. */
SIEVE_INLINE uint64_t bits_of(const uint64_t *bits, size_t at, size_t n) {
    uint64_t word = bits[at / 64] >> at % 64 | bits[at / 64 + 1] << 1 << (63 - at % 64);

    return word & ~UINT64_C(0) >> (64 - n);
}

/* Whether run_is_worth() must be asked about the run of `n` characters, at most 64, at `from`: it
 * has capitals, or is as long as a token, or an escape may stand before it, or it has hexadecimal
 * digits in a row, but for a digest whose first ones are no text. Without a branch, as most runs
 * are digests, ids and paths, and nothing tells which comes next. */
SIEVE_INLINE bool may_be_worth(const char *p, const struct sift *sift, size_t from, size_t n) {
    size_t rows = n - (SIEVE_RUN - 1);
    uint64_t hexes = bits_of(sift->hexes, from + (SIEVE_RUN - 1), rows);
    size_t before = from < ESCAPE_MAX ? 0 : from - ESCAPE_MAX;
    /* as numbers: clang warns of & between booleans */
    int is_all = hexes == ~UINT64_C(0) >> (64 - rows);
    int is_digest = is_all & (int)!may_be_hex_text(p + from);
    int has_row = (int)(hexes != 0) & (is_digest ^ 1);
    int has_upper = bits_of(sift->uppers, from, n) != 0;
    int has_escape = bits_of(sift->odds, before, ESCAPE_MAX) != 0;
    int is_token = (int)(n == HEX_ID) | (int)(n == MAILGUN);

    return (has_row | has_upper | has_escape | is_token) != 0;
}

static void run_prune(struct str text, struct sift *sift, size_t bit, size_t to) {
    if (!run_is_worth(text, sift, after_escape(text, run_first(bit), to), to)) {
        bits_clear(sift->runs, bit, to);
    }
}

SIEVE_INLINE void runs_look(struct str text, struct sift *sift) {
    for (size_t bit = bits_next(sift->runs, sift->runs, 0, text.len); bit < text.len;) {
        size_t to = bits_next_clear(sift->runs, bit, text.len);
        size_t from = run_first(bit);
        bool is_long = to - from > 64;

        if (is_long || may_be_worth(text.ptr, sift, from, to - from)) {
            run_prune(text, sift, bit, to);
        } else {
            bits_clear(sift->runs, bit, to);
        }
        bit = bits_next(sift->runs, sift->runs, to, text.len);
    }
}

#if defined(__x86_64__)
SIEVE_TARGET_BITS static void runs_look_bits(struct str text, struct sift *sift) {
    runs_look(text, sift);
}
#endif

void runs_prune(struct str text, struct sift *sift) {
#if defined(__x86_64__)
    if (sift->way != SIEVE_PLAIN) {
        runs_look_bits(text, sift);
        return;
    }
#endif
    runs_look(text, sift);
}

/* Whether nothing but blanks and NUL is there, which say nothing. */
static bool is_all_blank(struct str text) {
    size_t i = 0;

    while (i < text.len && (is_blank(text.ptr[i]) || text.ptr[i] == '\0')) {
        i++;
    }
    return i == text.len;
}

static bool is_secret_in(const struct pass *pass, size_t bytes) {
    CLEANUP(spans_done) struct spans found = {0};

    if (is_all_blank((struct str){pass->scratch->decoded, bytes})) {
        return false;
    }
    pass_inner(pass, (struct str){pass->scratch->decoded, bytes}, &found);
    return found.n > 0;
}

static void decoded_reserve(struct scratch *scratch, size_t n) {
    if (scratch->decoded_cap < n) {
        mem_wipe(scratch->decoded, scratch->decoded_cap);
        free(scratch->decoded);
        scratch->decoded = mem_alloc(n);
        scratch->decoded_cap = n;
    }
}

static bool is_secret_in_base64(const struct pass *pass, const char *p, size_t n) {
    char *out = pass->scratch->decoded;

    if (has_utf8(p, n)) {
        size_t at = 0;
        if (is_secret_in(pass, base64_decode(p, n, &at, out))) {
            return true;
        }
    }
    for (size_t phase = 0; phase < GROUP; phase++) {
        ptrdiff_t begin = base64_find(p, n, phase);
        while (begin >= 0) {
            size_t at = (size_t)begin;
            size_t bytes = base64_decode(p, n, &at, out);
            if (is_secret_in(pass, bytes)) {
                return true;
            }
            begin = base64_find(p, n, at + (GROUP - (at - phase) % GROUP) % GROUP);
        }
    }
    return false;
}

static bool is_secret_in_hex(const struct pass *pass, const struct scan *scan, size_t from,
                             size_t to) {
    const char *p = scan->text.ptr - scan->sift_at; /* offsets as in `sift` */
    char *out = pass->scratch->decoded;
    size_t at = from + scan->sift_at;
    size_t end_all = to + scan->sift_at;

    for (size_t end = hex_stretch(scan->sift, end_all, &at); end > 0;
         end = hex_stretch(scan->sift, end_all, &at)) {
        for (size_t skip = 0; skip < 2 && at + skip < end; skip++) {
            size_t bytes = hex_decode(p + at + skip, end - at - skip, out);
            if (bytes > 0 && is_secret_in(pass, bytes)) {
                return true;
            }
        }
        at = end;
    }
    return false;
}

/* Whether a run of a view stands in its source too, whole and by itself, so that it was decoded
 * there. */
static bool is_of_source(const struct scan *scan, size_t from, size_t to) {
    const struct scan *source = scan->source;
    size_t first = source == NULL ? 0 : scan->map[from];
    size_t end = source == NULL ? 0 : scan->map[to];

    if (end - first != to - from) {
        return false;
    }
    struct escape escape;
    const uint64_t *letters = source->sift->letters;
    bool is_begin = first == 0 || !bit_has(letters, source->sift_at + first - 1) ||
                    (escape_around(source->text, first - 1, &escape) && escape.to == first);
    return is_begin && (end == source->text.len || !bit_has(letters, source->sift_at + end));
}

static void scan_run(const struct pass *pass, struct scan *scan, size_t from, size_t to) {
    from = after_escape(scan->text, from, to);
    budget_take(scan->budget, (to - from) * BUDGET_RUN_BYTE);
    run_aws_secret(scan, from, to, pass->is_near_line);
    size_t token = hex_token_end(scan->text, from, to);
    if (token > 0) {
        scan_add(scan, from, token, "hex-token", SPAN_PLAIN);
    }
    if (scan->is_decoded || is_of_source(scan, from, to)) {
        return;
    }
    decoded_reserve(pass->scratch, to - from);
    if (is_secret_in_base64(pass, scan->text.ptr + from, to - from) ||
        is_secret_in_hex(pass, scan, from, to)) {
        scan_add(scan, from, to, "encoded", SPAN_PLAIN);
    }
}

void runs_scan(const struct pass *pass, struct scan *scan, size_t begin) {
    const uint64_t *runs = scan->sift->runs;
    size_t base = scan->sift_at;
    size_t end = base + scan->text.len;

    for (size_t bit = bits_next(runs, runs, base + begin, end);
         bit < end && !budget_is_spent(scan->budget);) {
        size_t to = bits_next_clear(runs, bit, end);
        size_t first = bit > base + begin || bit == 0 || !bit_has(runs, bit - 1)
                           ? run_first(bit)
                           : bit; /* in the middle of one */
        size_t from = first < base + begin ? begin : first - base;

        if (to - base - from >= SIEVE_RUN) {
            scan_run(pass, scan, from, to - base);
        }
        bit = bits_next(runs, runs, to, end);
    }
}
