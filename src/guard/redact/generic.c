/* guard/redact/generic.c: NAME=value, "name": "value", --name value, ?name=value, where the value
 * has no more than 2.5 characters a token.
 *
 * Words, paths and identifiers have more, random characters nearly never: counted over generated
 * values and over the files of sixty public repositories. */
#include "guard/redact/generic.h"

#include "guard/redact/body.h"
#include "guard/redact/key.h"
#include "guard/redact/pass.h"
#include "guard/redact/word.h"
#include "guard/tokens/tokens.h"

#include <string.h>

enum {
    VALUE_MAX = 256,  /* what is longer is data, ... */
    NUMBER_MAX = 700, /* ... but for the private numbers of a JSON Web Key with 4096 bits */
    NAME_MAX = 64,
    NAMED_NEAR = 64,
    BLANKS_MAX = 8,
    SLASHES_MAX = 7,
    SHORT = 20,
    FOLDER_MIN = 3,
    ODD_MIN = 12,     /* characters in parts that are neither words nor numbers */
    ODD_PERCENT = 60, /* of them all */
    OPAQUE_MIN = 16,
    OPAQUE_DIGITS = 2,
    NUMBER_MIN = 20, /* digits that are no time or count */
    CASELESS_MIN =
        SIEVE_VALUE + 2 /* of a part with letters of one case, or ids of machines would be meant */
};

/* ---- the value ---- */

/* A part of a value between - _ + / */
struct part {
    size_t digits;
    size_t uppers;
    size_t lowers;
    bool is_hex;
};

static struct part part_read(struct str part) {
    struct part out = {.is_hex = true};

    for (size_t i = 0; i < part.len; i++) {
        char c = part.ptr[i];

        out.digits += is_digit(c);
        out.uppers += is_upper(c);
        out.lowers += is_letter(c) && !is_upper(c);
        out.is_hex = out.is_hex && is_hex(c);
    }
    return out;
}

/* Whether nobody would write such a part: not a word or several, no number, no digest. */
static bool is_odd_part(struct str text) {
    struct part part = part_read(text);
    size_t letters = part.uppers + part.lowers;

    if (part.is_hex && (part.uppers == 0 || part.lowers == 0)) {
        return false;
    }
    if (part.digits == 0) {
        return letters >= 4 && word_case_changes(text) * 5 >= letters * 2;
    }
    return letters > 0 && (part.uppers == 0 || part.lowers == 0 ? text.len >= CASELESS_MIN : true);
}

static bool has_odd_parts(struct str value) {
    size_t odd = 0;
    size_t from = 0;

    for (size_t i = 0; i <= value.len; i++) {
        if (i < value.len && is_alnum(value.ptr[i])) {
            continue;
        }
        struct str part = str_slice(value, from, i);
        odd += part.len > 0 && is_odd_part(part) ? part.len : 0;
        from = i + 1;
    }
    return odd >= ODD_MIN && odd * 100 >= value.len * ODD_PERCENT;
}

/* What says by its own beginning that it may be seen. */
static bool is_public_value(struct str value) {
    static const struct str beginnings[] = {W("sha1-"), W("sha256-"),  W("sha384-"), W("sha512-"),
                                            W("md5-"),  W("pk_live_"), W("pk_test_")};

    if (!is_any(str_char(value, 0), "smp")) {
        return false;
    }
    for (size_t i = 0; i < ARRAY_N(beginnings); i++) {
        if (str_starts(value, beginnings[i])) {
            return true;
        }
    }
    return false;
}

/* Base64 of sentences or of JSON, which run.c has looked into. */
static bool is_prose_inside(struct str value) {
    char bytes[VALUE_MAX];
    struct str text = {bytes, base64_text(value, bytes)};
    size_t beyond = 0; /* of scripts that write no blanks */

    for (size_t i = 0; i < text.len; i++) {
        beyond += (unsigned char)text.ptr[i] > 0x7f;
    }
    bool is_prose =
        str_find(text, STR(" ")) >= 0 || str_find(text, STR("\"")) >= 0 || beyond * 2 > text.len;

    mem_wipe(bytes, sizeof bytes);
    return is_prose;
}

static bool has_digit_or_sign(struct str value) {
    for (size_t i = 0; i < value.len; i++) {
        if (is_digit(value.ptr[i]) || is_any(value.ptr[i], "+=")) {
            return true;
        }
    }
    return false;
}

/* Over the folders of a path such as policy/ and service-role/, in small letters. */
static struct str without_folders(struct str value) {
    size_t from = 0;

    for (size_t i = 0; i < value.len; i++) {
        char c = value.ptr[i];
        if (c == '/' && i - from >= FOLDER_MIN) {
            from = i + 1;
        } else if (!(c >= 'a' && c <= 'z') && c != '-') {
            break;
        }
    }
    return str_slice(value, from, value.len);
}

/* The shorter it is, the likelier are the long tokens of words. */
static bool is_random(struct str value, size_t most) {
    struct str whole = value;

    value = without_folders(value);
    if (value.len < whole.len && value.len < SIEVE_VALUE) {
        return false;
    }
    size_t tenths = value.len < SHORT ? 22 : 25;

    return value.len <= most && has_digit_or_sign(value) && !is_public_value(value) &&
           has_odd_parts(value) && !is_prose_inside(str_slice(value, 0, VALUE_MAX)) &&
           tokens_reach(ENCODING_O200K_BASE, value, (value.len * 10 + tenths - 1) / tenths);
}

/* Letters and digits in one part: no word, number or name. */
static bool is_opaque_part(struct str text) {
    struct part part = part_read(text);

    return part.digits > 0 && (part.uppers + part.lowers > 0 || part.digits >= NUMBER_MIN);
}

bool value_is_opaque(struct str text, size_t at, bool is_key) {
    size_t to = at;
    size_t opaque = 0;
    size_t digits = 0;
    size_t from = at;

    while (to < text.len && to - at <= VALUE_MAX &&
           (is_base64(text.ptr[to]) || text.ptr[to] == '.')) {
        to++;
    }
    size_t end = to;
    while (end > at && is_any(text.ptr[end - 1], ".=")) {
        end--;
    }
    struct str value = str_slice(text, at, end);
    bool is_whole = to == text.len || is_blank(text.ptr[to]) || is_any(text.ptr[to], ",;)\"'\\");
    if (!is_whole || value.len < OPAQUE_MIN || !is_alnum(value.ptr[0])) {
        return false;
    }
    if (body_is_uuid(value)) {
        return !is_key; /* a key of KMS has such an id */
    }
    for (size_t i = at; i <= end; i++) {
        if (i < end && is_alnum(text.ptr[i])) {
            digits += is_digit(text.ptr[i]);
            continue;
        }
        opaque += is_opaque_part(str_slice(text, from, i)) ? i - from : 0;
        from = i + 1;
    }
    return digits >= OPAQUE_DIGITS && opaque * 100 >= value.len * ODD_PERCENT;
}

/* ---- the name ---- */

/* Over the quote that opens the value, or closes the name, and its backslashes. */
static size_t back_over_quote(struct str text, size_t at) {
    return at > 0 && is_quote(text.ptr[at - 1]) ? text_back_over(text, at - 1, SLASHES_MAX, "\\")
                                                : at;
}

static const struct charset name_chars = {
    {SET_DIGIT_LO | SET_LO('-') | SET_LO('.') | SET_LO(':') | SET_LO('/'),
     SET_UPPER_HI | SET_LOWER_HI | SET_HI('_')}};

static struct str name_before(struct str text, size_t to) {
    size_t from = to;

    while (from > 0 && to - from < NAME_MAX && charset_has(&name_chars, text.ptr[from - 1])) {
        from--;
    }
    return str_slice(text, from, to);
}

/* INFO: of uvicorn and others: how grave a line is, no name of what follows. */
static bool is_level(struct str name) {
    static const struct str levels[] = {W("INFO"),  W("DEBUG"), W("WARNING"),
                                        W("ERROR"), W("TRACE"), W("CRITICAL")};

    return word_is_exactly_one_of(name, levels, ARRAY_N(levels));
}

/* The name of the value that begins at `at`, which may stand in quotes; empty when there is none.
 * Nothing before the line is looked at. */
static struct str name_of(struct str text, size_t at) {
    size_t quote = back_over_quote(text, at);
    size_t sign = text_back_over(text, quote, BLANKS_MAX, " \t");
    char c = sign > 0 ? text.ptr[sign - 1] : '\0';

    if (c == ':' && sign > 1 && text.ptr[sign - 2] == ':') {
        return (struct str){0}; /* Module::Name */
    }
    if (c == '=' || c == ':' || (c == '>' && sign > 1 && text.ptr[sign - 2] == '=')) {
        size_t end = text_back_over(text, sign, 3, "=:>?|+");
        end = text_back_over(text, end, BLANKS_MAX, " \t");
        end = end > 0 && text.ptr[end - 1] == ']' ? end - 1 : end;
        end = text_colour_begin(text, end); /* of the name */
        struct str name = name_before(text, back_over_quote(text, end));
        return c == ':' && is_level(name) ? (struct str){0} : name;
    }
    struct str name = sign < quote ? name_before(text, sign) : (struct str){0}; /* --name value */
    return str_starts(name, STR("--")) ? name : (struct str){0};
}

/* ---- both ---- */

/* Where the value that begins with the run [at, run_to) ends; 0 when more than it stands there. */
static size_t value_end(struct str text, size_t at, size_t run_to) {
    size_t to = run_to;

    while (to < text.len && to - at <= VALUE_MAX && text.ptr[to] == '=') {
        to++;
    }
    return to == text.len || is_blank(text.ptr[to]) || is_any(text.ptr[to], "\"'`,;)]}&<\\") ? to
                                                                                             : 0;
}

/* "key: VALUE" and the "primaryKey" of Azure, where it is as long as the Base64 of 32 or 64 bytes,
 * with or without its end: no path, tag or digest is under such a name. */
static bool is_raw_key(struct str name, size_t len) {
    enum { BASE64_OF_32 = 44, BASE64_OF_64 = 88 };
    bool is_primary = str_eq_nocase(name, STR("primaryKey")) || str_eq(name, STR("primary_key"));

    return (str_eq_nocase(name, STR("key")) || is_primary) &&
           (len == BASE64_OF_32 - 1 || len == BASE64_OF_32 || len == BASE64_OF_64);
}

/* Whether the name is that of a private number, or of the secret, of a JSON Web Key (RFC 7518, 6).
 */
static bool is_key_number(struct str name) {
    static const struct str names[] = {W("d"), W("p"), W("q"), W("dp"), W("dq"), W("qi"), W("k")};

    return word_is_exactly_one_of(name, names, ARRAY_N(names));
}

/* The name of the value [at, to), `to` 0 when it is none; empty when none has a say in it. */
static struct str name_of_value(struct str text, size_t at, size_t to) {
    struct str name = to > 0 ? name_of(text, at) : (struct str){0};

    /* no other name has one letter, which stands in quotes */
    bool is_number = name.len == 1 && is_key_number(name) && to - at > SHORT &&
                     name.ptr > text.ptr && name.ptr[-1] == '"';
    bool is_name = (name.len > 1 || is_number) && !str_starts(name, STR("arn:"));
    return is_name ? name : (struct str){0};
}

static bool is_value(struct str name, struct str value) {
    return is_random(value, is_key_number(name) ? NUMBER_MAX : VALUE_MAX) &&
           (!key_is_public(name) || is_raw_key(name, value.len));
}

/* Whether an anchor stands on the line before `at`, near it, so that the line is read: what stands
 * at `at` may be found to be the value of a secret's name, and whether it is one by itself is asked
 * only when it was not. */
static bool is_asked_later(const struct sift *sift, size_t at) {
    size_t from = bits_last(sift->ends, at > NAMED_NEAR ? at - NAMED_NEAR : 0, at);

    return bits_next(sift->anchors, sift->anchors, from, at) < at;
}

/* Whether a value may begin at `at`: something stands before it, and one without capitals is
 * longer. Without a branch, which nothing could foretell. `p` is the text. */
static bool is_worth(const char *p, const struct sift *sift, size_t at) {
    static const struct charset opening = {
        {SET_LO('=') | SET_LO(':') | SET_LO('"') | SET_LO('\'') | SET_LO(' ') | SET_LO('\t'),
         SET_HI('`')}};
    const char *v = p + at;
    size_t end = at + SIEVE_VALUE;
    uint64_t before = sift->uppers[at / 64] >> at % 64;
    uint64_t after = sift->uppers[at / 64 + 1] << 1 << (63 - at % 64);
    bool is_opened = charset_has(&opening, v[-1]);
    /* "sha256:" and the account of an ARN are no names */
    bool is_numbered = (v[-1] == ':') & (v[-2] >= '0') & (v[-2] <= '9');
    bool is_cased = ((before | after) & ((UINT64_C(1) << SIEVE_VALUE) - 1)) != 0;
    /* as numbers: clang warns of & between booleans */
    bool is_long = ((int)bit_has(sift->letters, end) & (int)bit_has(sift->letters, end + 1)) != 0;

    return is_opened & !is_numbered & (is_cased | is_long);
}

/* Leaves of the places of values those at which one may begin. */
static size_t places_keep(struct str text, const struct sift *sift, uint32_t *places, size_t n) {
    size_t kept = 0;

    for (size_t i = 0; i < n; i++) {
        size_t bit = places[i];
        bool is_kept = bit > SIEVE_VALUE && is_worth(text.ptr, sift, bit - (SIEVE_VALUE - 1));
        places[kept] = (uint32_t)bit;
        kept += is_kept;
    }
    return kept;
}

void values_prune(struct str text, struct sift *sift) {
    uint32_t places[SIEVE_PLACES];

    for (size_t word = 0; word < sift->words; word += SIEVE_BATCH) {
        size_t n = sift_take_places(sift, sift->values, word, places);

        n = places_keep(text, sift, places, n);
        for (size_t i = 0; i < n; i++) {
            size_t at = places[i] - (SIEVE_VALUE - 1);
            size_t run_to = bits_next_clear(sift->letters, places[i], text.len);
            size_t to = value_end(text, at, run_to);
            struct str name = name_of_value(text, at, to);
            if (name.len > 0 &&
                (is_asked_later(sift, at) || is_value(name, str_slice(text, at, to)))) {
                bit_set(sift->values, places[i]);
            }
        }
    }
}

/* Whether [at, to) was found to be a secret; `*seen` of what was found ends before it, and is moved
 * up to there. What was found comes in the order of the text, nearly always. */
static bool is_found(const struct scan *scan, size_t *seen, size_t at, size_t to) {
    const struct spans *out = scan->out;
    size_t from = scan->map == NULL ? at : scan->map[at];
    size_t end = scan->map == NULL ? to : scan->map[to];

    while (*seen < out->n && out->rows[*seen].to <= from) {
        (*seen)++;
    }
    return *seen < out->n && out->rows[*seen].from <= from && out->rows[*seen].to >= end;
}

void values_scan(struct scan *scan, size_t from) {
    const uint64_t *values = scan->sift->values;
    size_t base = scan->sift_at;
    size_t end = base + scan->text.len;
    size_t seen = 0;

    for (size_t bit = bits_next(values, values, base + from, end); bit < end;
         bit = bits_next(values, values, bit + 1, end)) {
        if (bit - base < from + SIEVE_VALUE - 1) {
            continue;
        }
        size_t at = bit - base - (SIEVE_VALUE - 1);
        size_t run_to = bits_next_clear(scan->sift->letters, bit, end) - base;
        size_t to = value_end(scan->text, at, run_to);
        bool is_open = is_asked_later(scan->sift, base + at); /* values_prune() did not ask */
        if (is_open && is_found(scan, &seen, at, to)) {
            continue;
        }
        budget_take(scan->budget, BUDGET_VALUE);
        if (!is_open ||
            is_value(name_of_value(scan->text, at, to), str_slice(scan->text, at, to))) {
            scan_add(scan, at, to, "generic", SPAN_PLAIN);
        }
    }
}
