/* guard/redact/run.c: long runs of letters and digits: AWS secret keys, and what is encoded. */
#include "guard/redact/pass.h"

#include <stdlib.h>
#include <string.h>

enum {
    RUN_MIN = 24, /* what is worth decoding */
    AWS_SECRET = 40,
    HINT_NEAR = 256
};

/* Letters, digits, + / - _ */
static const struct charset run_set = {{SET_DIGIT_LO | SET_LO('+') | SET_LO('/') | SET_LO('-'),
                                        SET_UPPER_HI | SET_LOWER_HI | SET_HI('_')}};

static bool is_near_hint(const struct scan *scan, size_t from, size_t to, bool is_near_line) {
    if (is_near_line || scan->hint_n == HINTS_MAX) {
        return true;
    }
    for (size_t i = 0; i < scan->hint_n; i++) {
        if (scan->hints[i] + HINT_NEAR > from && scan->hints[i] < to + HINT_NEAR) {
            return true;
        }
    }
    return false;
}

/* Exactly 40 of A-Z a-z 0-9 + / with both cases, where AWS is talked about. */
static void run_aws_secret(struct scan *scan, size_t from, size_t to, bool is_near_line) {
    const char *p = scan->text.ptr;
    size_t begin = from;

    for (size_t i = from; i <= to; i++) {
        if (i < to && p[i] != '_' && p[i] != '-') {
            continue;
        }
        bool has_upper = false;
        bool has_lower = false;
        bool is_all_hex = true;
        for (size_t k = begin; k < i && i - begin == AWS_SECRET; k++) {
            has_upper = has_upper || (is_letter(p[k]) && p[k] != fold(p[k]));
            has_lower = has_lower || (is_letter(p[k]) && p[k] == fold(p[k]));
            is_all_hex = is_all_hex && is_hex(p[k]);
        }
        if (has_upper && has_lower && !is_all_hex && is_near_hint(scan, begin, i, is_near_line)) {
            scan_add(scan, begin, i, "aws-secret-key", SPAN_PLAIN);
        }
        begin = i + 1;
    }
}

static bool is_text(const char *p, size_t n) {
    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)p[i];
        if ((c < 0x20 && c != '\n' && c != '\r' && c != '\t' && c != '\0') || c == 0x7f) {
            return false;
        }
    }
    return n > 0;
}

static int base64_value(char c) {
    if (is_digit(c)) {
        return c - '0' + 52;
    }
    if (is_letter(c)) {
        return c == fold(c) ? c - 'a' + 26 : c - 'A';
    }
    return c == '+' || c == '-' ? 62 : 63;
}

/* Either alphabet, whole bytes only; returns their number. Stops at the first byte that is no text:
 * most runs are digests and names. */
static size_t decode_base64(const char *p, size_t n, char *out) {
    size_t bytes = 0;
    uint32_t bits = 0;
    int bit_n = 0;

    for (size_t i = 0; i < n; i++) {
        bits = bits << 6 | (uint32_t)base64_value(p[i]);
        bit_n += 6;
        if (bit_n >= 8) {
            bit_n -= 8;
            out[bytes] = (char)(bits >> bit_n & 0xff);
            if (!is_text(out + bytes, 1)) {
                return 0;
            }
            bytes++;
        }
    }
    return bytes;
}

static size_t decode_hex(const char *p, size_t n, char *out) {
    for (size_t i = 0; i + 1 < n; i += 2) {
        if (!is_hex(p[i]) || !is_hex(p[i + 1])) {
            return 0;
        }
        out[i / 2] = (char)(hex_value(p[i]) << 4 | hex_value(p[i + 1]));
        if (!is_text(out + i / 2, 1)) {
            return 0;
        }
    }
    return n / 2;
}

/* Whether what `n` characters at `p` encode holds something to mask. */
static bool is_secret_inside(const struct pass *pass, const char *p, size_t n) {
    CLEANUP(spans_done) struct spans found = {0};
    struct scratch *scratch = pass->scratch;

    if (scratch->decoded_cap < n) {
        mem_wipe(scratch->decoded, scratch->decoded_cap);
        free(scratch->decoded);
        scratch->decoded = mem_alloc(n);
        scratch->decoded_cap = n;
    }
    for (int way = 0; way < 2 && found.n == 0; way++) {
        size_t bytes =
            way == 0 ? decode_base64(p, n, scratch->decoded) : decode_hex(p, n, scratch->decoded);
        pass_inner(pass, (struct str){scratch->decoded, bytes}, &found);
    }
    return found.n > 0;
}

static void scan_run(const struct pass *pass, struct scan *scan, size_t from, size_t to) {
    run_aws_secret(scan, from, to, pass->is_near_line);
    if (!scan->is_decoded && is_secret_inside(pass, scan->text.ptr + from, to - from)) {
        scan_add(scan, from, to, "encoded", SPAN_PLAIN);
    }
}

static bool is_run_char(char c) { return charset_has(&run_set, c); }

/* Every run of at least `min` characters holds one at a multiple of `min`: only those are read. */
void runs_scan(const struct pass *pass, struct scan *scan, size_t begin) {
    const char *p = scan->text.ptr;
    size_t n = scan->text.len;
    size_t from = begin;

    for (size_t at = begin + RUN_MIN - 1; at < n; at += RUN_MIN) {
        if (!is_run_char(p[at])) {
            continue;
        }
        size_t first = at;
        size_t to = at;
        while (first > from && is_run_char(p[first - 1])) {
            first--;
        }
        while (to < n && is_run_char(p[to])) {
            to++;
        }
        if (to - first >= RUN_MIN) {
            scan_run(pass, scan, first, to);
        }
        from = to;
        at = to > at ? to - 1 : at;
    }
}
