/* guard/redact/known.c: spellings of known values. */
#include "guard/redact/known.h"

#include "base/encode.h"
#include "guard/redact/charset.h"

#include <stdlib.h>
#include <string.h>

/* Longer values become several literals, whose spans touch: no literal may be wider than what a
 * stream holds back. */
enum { PIECE_BYTES = 1024, KNOWN_VALUE_MAX = 1 << 20, WINDOW = 28, QUOTED_MAX = 3 };

/* clang-format off */
/* Words that are values of many settings and give nothing away; masked only under their name. */
static const char *const plain_words[] = {
    "true", "false", "null", "none", "yes", "no", "on", "off", "debug", "info", "warning", "error",
    "enabled", "disabled", "development", "production", "staging", "testing", "default",
    /* What a session's own record says of itself: masked, it could not go on. */
    "deploy", "bootstrap", "destroy", "secrets", "rollback", "lambda-http", "static", "container",
    "backend", "frontend", "stored", "removed", "update", "create", "modify", "remove", "absent",
    "localhost", "127.0.0.1", "0.0.0.0", "http", "https", "utf-8", "UTF-8",
};
/* clang-format on */

static bool is_region(struct str value) {
    size_t dashes = 0;

    for (size_t i = 0; i + 1 < value.len; i++) {
        dashes += value.ptr[i] == '-';
        if (value.ptr[i] != '-' &&
            (!is_letter(value.ptr[i]) || value.ptr[i] != fold(value.ptr[i]))) {
            return false;
        }
    }
    return value.len >= 9 && value.len <= 16 && dashes >= 2 && is_digit(value.ptr[value.len - 1]);
}

static bool is_plain(struct str value) {
    for (size_t i = 0; i < ARRAY_N(plain_words); i++) {
        if (str_eq_nocase(value, str_from(plain_words[i]))) {
            return true;
        }
    }
    return is_region(value);
}

static bool has_blank(struct str text) {
    for (size_t i = 0; i < text.len; i++) {
        if (is_blank(text.ptr[i])) {
            return true;
        }
    }
    return false;
}

static void blank_add(struct known *known, size_t literal) {
    size_t len = known->literals[literal].len;

    if (known->blank_n == known->blank_cap) {
        known->blank_cap = known->blank_cap == 0 ? 16 : known->blank_cap * 2;
        known->blanks = mem_resize(known->blanks, known->blank_cap * sizeof known->blanks[0]);
    }
    known->blanks[known->blank_n++] = literal;
    known->blank_max = len > known->blank_max ? len : known->blank_max;
}

/* Spellings of one value are often the same; `known->value_from` is where those of this one begin.
 */
static void literal_add(struct known *known, struct str text, bool is_encoded) {
    if (text.len < KNOWN_LITERAL_MIN) {
        return;
    }
    for (size_t i = known->value_from; i < known->literal_n; i++) {
        if (str_eq((struct str){known->literals[i].ptr, known->literals[i].len}, text)) {
            return;
        }
    }
    if (known->literal_n == known->literal_cap) {
        known->literal_cap = known->literal_cap == 0 ? 32 : known->literal_cap * 2;
        known->literals =
            mem_resize(known->literals, known->literal_cap * sizeof known->literals[0]);
    }
    known->literals[known->literal_n++] = (struct known_literal){
        .ptr = memcpy(mem_alloc(text.len), text.ptr, text.len),
        .len = text.len,
        .is_encoded = is_encoded,
    };
    if (has_blank(text)) {
        blank_add(known, known->literal_n - 1);
    }
}

static void add_hex(struct known *known, struct str value) {
    CLEANUP(buf_done) struct buf text = BUF_INIT(2 * PIECE_BYTES);

    buf_reserve(&text, 2 * PIECE_BYTES); /* one block of memory to wipe, no copies left behind */
    hex_add(&text, value.ptr, value.len);
    literal_add(known, buf_str(&text), true);
    for (size_t i = 0; i < text.len; i++) {
        text.ptr[i] = is_letter(text.ptr[i]) ? (char)(text.ptr[i] & ~0x20) : text.ptr[i];
    }
    literal_add(known, buf_str(&text), true);
    mem_wipe(text.ptr, text.len);
}

/* `before` unknown bytes stand before the value in what was encoded: of its first and last
 * characters only those stay that the value alone decides. */
static void add_base64(struct known *known, struct str value, size_t before) {
    CLEANUP(buf_done) struct buf bytes = BUF_INIT(PIECE_BYTES + 2);
    CLEANUP(buf_done) struct buf text = BUF_INIT(2 * PIECE_BYTES);
    static const size_t unsure[] = {0, 2, 3};

    buf_reserve(&bytes, PIECE_BYTES + 2);
    buf_reserve(&text, 2 * PIECE_BYTES);
    buf_add(&bytes, str_slice(STR("--"), 0, before));
    buf_add(&bytes, value);
    base64_add(&text, bytes.ptr, bytes.len);
    size_t sure_bits = bytes.len * 8;
    struct str sure = str_slice(buf_str(&text), unsure[before], sure_bits / 6);
    literal_add(known, sure, true);
    for (size_t i = 0; i < text.len; i++) {
        text.ptr[i] = text.ptr[i] == '+' ? '-' : text.ptr[i] == '/' ? '_' : text.ptr[i];
    }
    literal_add(known, sure, true);
    mem_wipe(bytes.ptr, bytes.len);
    mem_wipe(text.ptr, text.len);
}

/* How a kind of text writes a character. */
struct written {
    char c;
    const char *as;
};

enum { WRITTEN_MAX = 6 };

/* HTML, by three writers; a shell, in single quotes by two, SQL and YAML, CSV, a shell in double
 * quotes; Python's repr() and
 * that of bytes; a form: what it writes with a percent sign is undone elsewhere. */
static const struct writing {
    struct written rows[WRITTEN_MAX];
    bool has_bytes; /* what is not ASCII is written \xNN */
} writings[] = {
    {{{'&', "&amp;"}, {'<', "&lt;"}, {'>', "&gt;"}}, false},
    {{{'&', "&amp;"}, {'<', "&lt;"}, {'>', "&gt;"}, {'"', "&quot;"}, {'\'', "&#x27;"}}, false},
    {{{'&', "&amp;"}, {'<', "&lt;"}, {'>', "&gt;"}, {'"', "&quot;"}, {'\'', "&#39;"}}, false},
    {{{'\'', "'\\''"}}, false},
    {{{'\'', "'\\\\''"}}, false},
    {{{'\'', "'\"'\"'"}}, false},
    {{{'\'', "''"}}, false},
    {{{'"', "\"\""}}, false},
    {{{'\\', "\\\\"}, {'"', "\\\""}, {'$', "\\$"}, {'`', "\\`"}}, false},
    {{{'\\', "\\\\"}, {'\'', "\\'"}}, false},
    {{{'\\', "\\\\"}, {'\'', "\\'"}}, true},
    {{{'\\', "\\\\"}}, true},
    {{{' ', "+"}}, false},
};

static const char *written_as(const struct writing *writing, char c) {
    for (size_t i = 0; i < WRITTEN_MAX && writing->rows[i].as != NULL; i++) {
        if (writing->rows[i].c == c) {
            return writing->rows[i].as;
        }
    }
    return NULL;
}

/* As JSON writes it in a string in a string, `depth` times in all; once is among the writings. */
static void add_quoted_at(struct known *known, struct str value, unsigned depth) {
    CLEANUP(buf_done) struct buf text = BUF_INIT(16 * PIECE_BYTES);

    if (memchr(value.ptr, '"', value.len) == NULL && memchr(value.ptr, '\\', value.len) == NULL) {
        return;
    }
    buf_reserve(&text, 16 * PIECE_BYTES);
    for (size_t i = 0; i < value.len; i++) {
        char c = value.ptr[i];
        size_t slashes = c == '\\' ? (1U << depth) - 1 : c == '"' ? (1U << depth) - 1 : 0;
        for (size_t k = 0; k < slashes; k++) {
            buf_add_c(&text, '\\');
        }
        buf_add_c(&text, c);
    }
    if (text.len <= 4 * PIECE_BYTES) { /* as wide as repr() of bytes makes one */
        literal_add(known, buf_str(&text), false);
    }
    mem_wipe(text.ptr, text.len);
}

static void add_quoted(struct known *known, struct str value) {
    for (unsigned depth = 2; depth <= QUOTED_MAX; depth++) {
        add_quoted_at(known, value, depth);
    }
}

static void add_written(struct known *known, struct str value, const struct writing *writing) {
    CLEANUP(buf_done) struct buf text = BUF_INIT(8 * PIECE_BYTES);

    buf_reserve(&text, 8 * PIECE_BYTES);
    for (size_t i = 0; i < value.len; i++) {
        const char *as = written_as(writing, value.ptr[i]);
        if (as != NULL) {
            buf_add_s(&text, as);
        } else if (writing->has_bytes && (unsigned char)value.ptr[i] > 0x7e) {
            buf_add_s(&text, "\\x");
            hex_add(&text, value.ptr + i, 1);
        } else {
            buf_add_c(&text, value.ptr[i]);
        }
    }
    literal_add(known, buf_str(&text), false);
    add_quoted(known, buf_str(&text));
    mem_wipe(text.ptr, text.len);
}

/* A \n that the value itself holds is read as a break where JSON quotes it, as all of them are. */
static void add_breaks(struct known *known, struct str value) {
    CLEANUP(buf_done) struct buf text = BUF_INIT(PIECE_BYTES);

    buf_reserve(&text, PIECE_BYTES);
    for (size_t i = 0; i < value.len; i++) {
        char next = value.ptr[i] == '\\' ? str_char(value, i + 1) : '\0';
        bool is_break = next == 'n' || next == 'r';
        buf_add_c(&text, !is_break ? value.ptr[i] : next == 'n' ? '\n' : '\r');
        i += is_break ? 1 : 0;
    }
    literal_add(known, buf_str(&text), false);
    mem_wipe(text.ptr, text.len);
}

static bool is_all_base64(struct str value) {
    for (size_t i = 0; i < value.len; i++) {
        if (!is_base64(value.ptr[i])) {
            return false;
        }
    }
    return true;
}

/* A long value in Base64 may be wrapped anew: whatever the width, a line has one of these. */
static void add_windows(struct known *known, struct str value) {
    for (size_t at = 0; value.len > 2 * WINDOW && at + WINDOW <= value.len; at += WINDOW) {
        literal_add(known, str_slice(value, at, at + WINDOW), true);
    }
}

static void add_piece(struct known *known, struct str piece) {
    if (piece.len < KNOWN_LITERAL_MIN) {
        return;
    }
    literal_add(known, piece, false);
    if (is_all_base64(piece)) {
        add_windows(known, piece);
    }
    for (size_t i = 0; i < ARRAY_N(writings); i++) {
        add_written(known, piece, &writings[i]);
    }
    add_quoted(known, piece);
    add_breaks(known, piece);
    add_hex(known, piece);
    for (size_t before = 0; before < 3; before++) {
        add_base64(known, piece, before);
    }
}

/* In pieces that fit; the last one overlaps rather than being short. */
static void add_spellings(struct known *known, struct str value) {
    for (size_t at = 0; at < value.len; at += PIECE_BYTES) {
        size_t left = value.len - at;
        size_t from = left < PIECE_BYTES && at > 0 ? value.len - PIECE_BYTES : at;
        add_piece(known, str_slice(value, from, from + PIECE_BYTES));
    }
}

/* Of 256; of a name that is not empty. */
static unsigned name_mark(struct str name) {
    unsigned char first = (unsigned char)name.ptr[0];
    unsigned char last = (unsigned char)name.ptr[name.len - 1];

    return ((unsigned)name.len * 31U + first * 7U + last) & 255U;
}

static void name_add(struct known *known, struct str name) {
    if (name.len == 0 || known_has_name(known, name)) {
        return;
    }
    if (known->name_n == known->name_cap) {
        known->name_cap = known->name_cap == 0 ? 16 : known->name_cap * 2;
        known->names = mem_resize(known->names, known->name_cap * sizeof known->names[0]);
    }
    known->names[known->name_n++] = str_dup(name);
    known->name_marks[name_mark(name) / 64] |= UINT64_C(1) << name_mark(name) % 64;
}

void known_add(struct known *known, struct str name, struct str value) {
    struct str whole = str_trim(str_slice(value, 0, KNOWN_VALUE_MAX));
    struct str rest = whole;
    struct str line = {0};

    name_add(known, name);
    known->value_from = known->literal_n;
    if (whole.len < KNOWN_LITERAL_MIN || is_plain(whole)) {
        return;
    }
    add_spellings(known, whole);
    while (str_next(&rest, '\n', &line)) {
        add_spellings(known, str_trim(line));
    }
}

bool known_has_name(const struct known *known, struct str key) {
    if (key.len == 0 || (known->name_marks[name_mark(key) / 64] >> name_mark(key) % 64 & 1) == 0) {
        return false;
    }
    for (size_t i = 0; i < known->name_n; i++) {
        if (str_eq(key, str_from(known->names[i]))) {
            return true;
        }
    }
    return false;
}

void known_done(struct known *known) {
    for (size_t i = 0; i < known->literal_n; i++) {
        mem_wipe(known->literals[i].ptr, known->literals[i].len);
        free(known->literals[i].ptr);
    }
    for (size_t i = 0; i < known->name_n; i++) {
        free(known->names[i]);
    }
    free(known->literals);
    free(known->blanks);
    free(known->names);
    *known = (struct known){0};
}
