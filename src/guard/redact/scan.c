/* guard/redact/scan.c: what all matchers need. */
#include "guard/redact/scan.h"

#include "guard/redact/lead.h"

#include <string.h>

enum { COLOUR_MAX = 24, DEEP = 16 /* backslashes of a quote */ };

#define ALNUM_HI (SET_UPPER_HI | SET_LOWER_HI)

/* clang-format off */
#define TWO(c, class) [c] = (class), [(c) + 1] = (class)
#define TEN(c, class) TWO(c, class), TWO((c) + 2, class), TWO((c) + 4, class), TWO((c) + 6, class), TWO((c) + 8, class)
#define LETTERS(a, class)                                                                          \
    TWO(a, (class) | CHAR_HEX), TWO((a) + 2, (class) | CHAR_HEX), TWO((a) + 4, (class) | CHAR_HEX), \
    TEN((a) + 6, class), TEN((a) + 16, class)
const uint8_t char_classes[256] = {
    TEN('0', CHAR_DIGIT | CHAR_HEX), LETTERS('A', CHAR_UPPER), LETTERS('a', CHAR_LOWER),
    ['_'] = CHAR_NAME | CHAR_BASE64, ['-'] = CHAR_NAME | CHAR_BASE64, ['.'] = CHAR_NAME,
    ['+'] = CHAR_BASE64, ['/'] = CHAR_BASE64, ['='] = CHAR_BASE64,
    [' '] = CHAR_BLANK, ['\t'] = CHAR_BLANK, ['\n'] = CHAR_BLANK, ['\r'] = CHAR_BLANK,
    ['"'] = CHAR_QUOTE, ['\''] = CHAR_QUOTE, ['`'] = CHAR_QUOTE,
};
/* clang-format on */

/* clang-format off */
const struct charset charsets[SET_N] = {
    [SET_ALNUM]     = {{SET_DIGIT_LO, ALNUM_HI}},
    [SET_CAPITALS]  = {{SET_DIGIT_LO, SET_UPPER_HI}},
    [SET_HEXDIGITS] = {{SET_DIGIT_LO, SET_HEX_HI}},
    [SET_WORD]      = {{SET_DIGIT_LO | SET_LO('-'), ALNUM_HI | SET_HI('_')}},
    [SET_TOKEN]     = {{SET_DIGIT_LO | SET_LO('-') | SET_LO('.'), ALNUM_HI | SET_HI('_')}},
    [SET_BASE64]    = {{SET_DIGIT_LO | SET_LO('-') | SET_LO('+') | SET_LO('/') | SET_LO('='),
                       ALNUM_HI | SET_HI('_')}},
    [SET_CAPITAL_DASH] = {{SET_DIGIT_LO | SET_LO('-'), SET_UPPER_HI}},
    [SET_CRYPT]     = {{SET_DIGIT_LO | SET_LO('.') | SET_LO('/') | SET_LO('$') | SET_LO('=') |
                       SET_LO(',') | SET_LO('+') | SET_LO('-'), ALNUM_HI}},
    [SET_AZURE]     = {{SET_DIGIT_LO | SET_LO('-') | SET_LO('.'),
                       ALNUM_HI | SET_HI('_') | SET_HI('~')}},
    [SET_HOOK]      = {{SET_DIGIT_LO | SET_LO('-') | SET_LO('/'),
                       ALNUM_HI | SET_HI('_') | SET_HI('@')}},
    [SET_COOKIE]    = {{SET_DIGIT_LO | SET_LO('-') | SET_LO('+') | SET_LO('/') | SET_LO('=') |
                       SET_LO('%') | SET_LO('.'), ALNUM_HI | SET_HI('_')}},
    /* All of 0x21-0x7e but " ' < > ` \ */
    [SET_OPAQUE]    = {{UINT64_C(0xafffff7a00000000), UINT64_C(0x7ffffffeefffffff)}},
};
/* clang-format on */

/* What sets a colour before `to` and was left out of a view is no part of what ends there; `last`
 * is its last character. */
static size_t before_colours(struct str source, size_t last, size_t to) {
    for (size_t begin = text_colour_begin(source, to); begin < to && begin > last;
         begin = text_colour_begin(source, to)) {
        to = begin;
        while (to > last + 1 && source.ptr[to - 1] == '\\') {
            to--;
        }
    }
    return to;
}

void scan_add(struct scan *scan, size_t from, size_t to, const char *kind, enum span_style style) {
    bool is_masked = to == from + 3 && memcmp(scan->text.ptr + from, "***", 3) == 0;

    if (scan->out == NULL || from >= to || is_masked) {
        return; /* not asked for, nothing, or masked already */
    }
    if (scan->map != NULL) {
        size_t last = scan->map[to - 1];
        from = scan->map[from];
        to = before_colours(scan->source->text, last, scan->map[to]);
    }
    spans_add(scan->out, (struct span){from, to, kind, style});
}

/* ---- Strings and lines ---- */

size_t scan_quoting_slashes(size_t slashes) {
    while ((slashes & (slashes + 1)) != 0) {
        slashes--;
    }
    return slashes;
}

size_t scan_string_end(const struct scan *scan, size_t at, char quote, size_t slashes) {
    size_t run = 0;

    for (size_t i = at; i < scan->text.len; i++) {
        char c = scan->text.ptr[i];

        if (scan_is_outer_quote(scan, i)) {
            return i;
        }
        if (c == quote && run % (slashes + 1) != slashes) {
            return i - run;
        }
        if (c == quote && run % (2 * (slashes + 1)) == slashes) {
            return i - slashes;
        }
        run = c == '\\' ? run + 1 : 0;
    }
    size_t end = scan->text.len;
    while (end > at && (scan->text.ptr[end - 1] == '\n' || scan->text.ptr[end - 1] == '\r')) {
        end--;
    }
    return end;
}

size_t text_line_end(struct str text) {
    const char *end = text.len == 0 ? NULL : memchr(text.ptr, '\n', text.len);

    text.len = end == NULL ? text.len : (size_t)(end - text.ptr);
    end = text.len == 0 ? NULL : memchr(text.ptr, '\r', text.len);
    return end == NULL ? text.len : (size_t)(end - text.ptr);
}

size_t scan_line_near(const struct scan *scan, size_t from, size_t most) {
    struct str near = str_slice(scan->text, from, from + most);

    near.len = text_line_end(near);
    for (size_t at = 0; scan->is_unescaped && at < near.len; at++) {
        const char *quote = memchr(near.ptr + at, '"', near.len - at);
        at = quote == NULL ? near.len : (size_t)(quote - near.ptr);
        if (quote != NULL && scan_is_outer_quote(scan, from + at)) {
            near.len = at;
        }
    }
    return from + near.len;
}

size_t scan_line_end(const struct scan *scan, size_t at) {
    struct line *line = scan->line;

    if (line != NULL && line->len == scan->text.len && at >= line->from && at <= line->to) {
        return line->to; /* names one after the other ask for the same line */
    }
    size_t to = scan_line_near(scan, at, scan->text.len);
    while (to > 0 && is_blank(scan->text.ptr[to - 1])) {
        to--;
    }
    if (line != NULL && to >= at) {
        *line = (struct line){.from = at, .to = to, .len = scan->text.len};
    }
    return to;
}

size_t scan_next_line(const struct scan *scan, size_t at) {
    const char *end =
        at < scan->text.len ? memchr(scan->text.ptr + at, '\n', scan->text.len - at) : NULL;

    return end == NULL ? scan->text.len : (size_t)(end + 1 - scan->text.ptr);
}

bool scan_is_line_over(const struct scan *scan, size_t at) {
    while (scan_char(scan, at) == ' ' || scan_char(scan, at) == '\t') {
        at++;
    }
    return at >= scan->text.len || scan->text.ptr[at] == '\n' || scan->text.ptr[at] == '\r' ||
           scan_is_outer_quote(scan, at);
}

size_t scan_skip_colours(const struct scan *scan, size_t at) {
    for (size_t to = lead_colour_end(scan->text, at); to > at;
         to = lead_colour_end(scan->text, at)) {
        at = to;
    }
    return at;
}

size_t scan_unquoted_end(const struct scan *scan, size_t from) {
    size_t to = from;

    while (to < scan->text.len && !is_blank(scan->text.ptr[to]) && !is_quote(scan->text.ptr[to])) {
        to++;
    }
    return to;
}

bool scan_is_in_string(const struct scan *scan, size_t at) {
    bool is_in = false;

    for (size_t i = 0; i < ARRAY_N(scan->strings); i++) {
        is_in = is_in || (at >= scan->strings[i].begin && at < scan->strings[i].end);
    }
    return is_in;
}

size_t scan_next_string(const struct scan *scan, size_t at) {
    size_t slashes = scan_skip_slashes(scan, at) - at;
    char quote = scan_char(scan, at + slashes);

    if (!is_quote(quote)) {
        return 0;
    }
    size_t end = scan_string_end(scan, at + slashes + 1, quote, scan_quoting_slashes(slashes));
    size_t comma = scan_skip_blanks(scan, scan_skip_slashes(scan, end) + 1);
    size_t next = scan_skip_blanks(scan, comma + 1);
    return scan_char(scan, comma) == ',' && is_quote(scan_char(scan, scan_skip_slashes(scan, next)))
               ? next
               : 0;
}

size_t scan_line_begin(const struct scan *scan, size_t at) {
    size_t from = at > BEFORE_MAX ? at - BEFORE_MAX : 0;
    const char *end = memrchr(scan->text.ptr + from, '\n', at - from);

    return end == NULL ? from : (size_t)(end + 1 - scan->text.ptr);
}

size_t scan_before_slashes(const struct scan *scan, size_t from, size_t to) {
    if (!is_quote(scan_char(scan, to))) {
        return to;
    }
    while (to > from && scan->text.ptr[to - 1] == '\\') {
        to--;
    }
    return to;
}

/* ---- Strings of JSON ---- */

/* Backslashes that were read out of the source escape nothing there. */
static bool is_string_quote(const struct scan *scan, size_t from, size_t quote, bool has_read) {
    size_t before = 0;

    if (!has_read && scan->is_unescaped) {
        return scan_is_plain(scan, quote);
    }
    while (quote - before > from && scan->text.ptr[quote - before - 1] == '\\') {
        before++;
    }
    return before % 2 == 0 && (has_read || scan_is_plain(scan, quote));
}

/* Where a line ends in [from, to), of which an escaped line break is a part; `to` when none does.
 */
static size_t line_end_in(const struct scan *scan, size_t from, size_t to, bool has_read) {
    const char *text = scan->text.ptr;

    while (from < to) {
        const char *line = memchr(text + from, '\n', to - from);
        if (line == NULL) {
            return to;
        }
        from = (size_t)(line - text);
        if (has_read || scan_is_plain(scan, from)) {
            return from;
        }
        from++;
    }
    return to;
}

/* The first quote on the line of `at`, at or after it, that no backslash escapes, of all or of
 * those that stand in the source; the end of the line or of the text when there is none. */
static size_t string_quote(const struct scan *scan, size_t at, bool has_read) {
    const char *text = scan->text.ptr;
    size_t from = at;

    while (from < scan->text.len) {
        const char *quote = memchr(text + from, '"', scan->text.len - from);
        size_t to = quote == NULL ? scan->text.len : (size_t)(quote - text);
        size_t line = line_end_in(scan, from, to, has_read);
        if (line < to || quote == NULL || is_string_quote(scan, at, to, has_read)) {
            return line;
        }
        from = to + 1;
    }
    return scan->text.len;
}

/* Whether a string of JSON may begin with the quote at `at`. */
static bool string_opens(struct str text, size_t at) {
    at = text_before_blanks(text, at);
    return at == 0 || is_any(text.ptr[at - 1], ",:[{(\n");
}

bool scan_string_closes(struct str text, size_t at) {
    do {
        at++;
    } while (at < text.len && (text.ptr[at] == ' ' || text.ptr[at] == '\t'));
    return at >= text.len || is_any(text.ptr[at], ",:]})\r\n");
}

/* The last string that begins before `at`. */
static const struct json_string *string_before(struct scan *scan, size_t at, bool has_read) {
    struct json_string *string = &scan->strings[has_read];
    struct str text = scan->text;

    while (string->at <= at && string->at < text.len) {
        size_t quote = string_quote(scan, string->at, has_read);
        string->at = quote + 1;
        if (quote < text.len && text.ptr[quote] == '"' && string_opens(text, quote)) {
            size_t end = string_quote(scan, quote + 1, has_read);
            bool is_string =
                end < text.len && text.ptr[end] == '"' && scan_string_closes(text, end);
            string->begin = quote + 1;
            string->end = is_string ? end : 0;
            string->at = is_string ? end + 1 : quote + 1;
        }
    }
    return string;
}

struct within scan_all(const struct scan *scan) {
    return (struct within){.len = scan->text.len, .login = scan->login};
}

struct within scan_narrow(struct scan *scan, size_t at, bool is_whole_string) {
    struct within whole = scan_all(scan);

    for (int has_read = 0; has_read <= (scan->is_unescaped && !is_whole_string ? 1 : 0);
         has_read++) {
        const struct json_string *string = string_before(scan, at, has_read != 0);
        if (at >= string->begin && at < string->end && string->end < scan->text.len) {
            scan->text.len = string->end;
        }
    }
    return whole;
}

void scan_widen(struct scan *scan, struct within whole) {
    if (scan->text.len < whole.len) {
        scan->text.len = whole.len;
        scan->login = whole.login;
    }
}

/* The backslashes before the quote at `at`, in the source. */
static size_t slashes_before(const struct scan *scan, size_t at) {
    struct str source = scan->source == NULL ? scan->text : scan->source->text;
    size_t quote = scan->map == NULL ? at : scan->map[at];

    while (str_char(source, quote) == '\\') { /* of its escape; what sets a colour may follow it */
        quote++;
    }
    return quote - text_back_over(source, quote, DEEP, "\\");
}

size_t scan_string_limit(const struct scan *scan, size_t line, size_t string, size_t max) {
    size_t slashes = 0;
    size_t to = max < scan->text.len ? max : scan->text.len;

    if (string > 0) {
        slashes = slashes_before(scan, string - 1);
    } else {
        bool is_break = scan->map != NULL && line > 0 && scan->text.ptr[line - 1] == '\n';
        size_t n = is_break ? scan->map[line] - scan->map[line - 1] : 0;
        if (n < 2) {
            return to; /* a line of the text itself */
        }
        slashes = n - 2; /* \n in a string that ", \\n in one that \" closes */
    }
    for (size_t at = string > line ? string : line; at < to; at++) {
        if (scan->text.ptr[at] == '"' && slashes_before(scan, at) <= slashes) {
            return text_back_over(scan->text, at, at, "\\");
        }
    }
    return to;
}

size_t scan_run_end(struct scan *scan, enum set set, size_t at) {
    struct memo *memo = &scan->runs[set];
    const struct charset *charset = &charsets[set];
    size_t to = at;

    if (at >= memo->from && at < memo->to) {
        return memo->to;
    }
    while (to < scan->text.len && charset_has(charset, scan->text.ptr[to])) {
        to++;
    }
    *memo = (struct memo){.from = at, .to = to};
    return to;
}

/* Blanks, quotes, < and >. */
static const struct charset word_ends = {{SET_LO(' ') | SET_LO('\t') | SET_LO('\n') | SET_LO('\r') |
                                              SET_LO('"') | SET_LO('\'') | SET_LO('<') |
                                              SET_LO('>'),
                                          SET_HI('`')}};

size_t scan_word_end(struct scan *scan, size_t at) {
    struct memo *memo = &scan->word;
    size_t to = at;

    if (at >= memo->from && at < memo->to) {
        return memo->to;
    }
    while (to < scan->text.len && !charset_has(&word_ends, scan->text.ptr[to])) {
        to++;
    }
    const char *sign = to > at ? memrchr(scan->text.ptr + at, '@', to - at) : NULL;
    *memo = (struct memo){
        .from = at, .to = to, .last_at = sign == NULL ? 0 : (size_t)(sign + 1 - scan->text.ptr)};
    return to;
}

size_t text_before_blanks(struct str text, size_t at) {
    while (at > 0 && (text.ptr[at - 1] == ' ' || text.ptr[at - 1] == '\t')) {
        at--;
    }
    return at;
}

size_t text_colour_begin(struct str text, size_t at) {
    static const char *const escapes[] = {"\x1b", "\\x1b",   "\\x1B",  "\\033",
                                          "\\e",  "\\u001b", "\\u001B"};
    const char *p = text.ptr;
    size_t i = at > 0 && is_letter(p[at - 1]) ? at - 1 : 0;

    while (i > 0 && at - i < COLOUR_MAX && (is_digit(p[i - 1]) || p[i - 1] == ';')) {
        i--;
    }
    if (i == 0 || p[i - 1] != '[') {
        return at;
    }
    struct str before = str_slice(text, 0, i - 1);
    for (size_t k = 0; k < ARRAY_N(escapes); k++) {
        if (str_ends(before, str_from(escapes[k]))) {
            return i - 1 - strlen(escapes[k]);
        }
    }
    return at;
}

bool text_is_after_escape(struct str text, size_t at) {
    const char *p = text.ptr;
    char before = p[at - 1];

    if (at >= 2 && p[at - 2] == '\\' && is_any(before, "bfnrt")) {
        return true; /* \n */
    }
    bool may_be_colour = at >= 2 && is_letter(before) &&
                         (is_digit(p[at - 2]) || p[at - 2] == ';' || p[at - 2] == '[');
    if (may_be_colour && text_colour_begin(text, at) < at) {
        return true;
    }
    if (at >= 3 && p[at - 3] == '%' && is_hex(p[at - 2]) && is_hex(before)) {
        return true; /* %3D */
    }
    return at >= 6 && p[at - 6] == '\\' && p[at - 5] == 'u' && is_hex(p[at - 4]) &&
           is_hex(p[at - 3]) && is_hex(p[at - 2]) && is_hex(before); /* \u003d */
}

bool scan_is_start(const struct scan *scan, size_t at) {
    return text_is_start(scan->text, at, scan->before);
}

ptrdiff_t scan_find(const struct scan *scan, size_t from, size_t to, const char *text) {
    ptrdiff_t at = str_find(str_slice(scan->text, from, to), str_from(text));

    return at < 0 ? -1 : at + (ptrdiff_t)from;
}

ptrdiff_t scan_find_next(const struct scan *scan, struct find *memo, size_t from,
                         const char *text) {
    bool is_old =
        memo->is_known && from >= memo->from && (memo->at < 0 || from <= (size_t)memo->at);

    if (!is_old) {
        *memo = (struct find){
            .is_known = true, .from = from, .at = scan_find(scan, from, scan->text.len, text)};
    }
    return memo->at;
}

void scan_hint(struct scan *scan, size_t at) { bit_set(scan->sift->hints, scan->sift_at + at); }

bool scan_has_hint(const struct scan *scan, size_t from, size_t to) {
    const uint64_t *hints = scan->sift->hints;
    size_t end = scan->sift_at + (to < scan->text.len ? to : scan->text.len);

    return bits_next(hints, hints, scan->sift_at + from, end) < end;
}
