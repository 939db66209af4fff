/* split: the patterns of the encodings, alternative by alternative. */
#include "guard/tokens/split.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/mem.h"
#include "guard/tokens/character.h"

/* Made by scripts/token_table.c: the block of each code point, then the classes of each block. The
 * first block is that of ASCII. */
extern const struct {
    uint16_t block[CHARACTER_BLOCKS];
    unsigned char class[][CHARACTER_BLOCK];
} token_characters;

struct here {
    enum character class;
    uint32_t len; /* bytes; 0 at the end */
};

static struct here wide_at(const unsigned char *p) {
    uint32_t len = p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : 4;
    uint32_t point = p[0] & (0x7fu >> len);

    for (uint32_t i = 1; i < len; i++) {
        point = point << 6 | (p[i] & 0x3fu);
    }
    return (struct here){token_characters.class[token_characters.block[point / CHARACTER_BLOCK]]
                                               [point % CHARACTER_BLOCK],
                         len};
}

static inline struct here look(const unsigned char *text, size_t n, size_t at) {
    if (at >= n) {
        return (struct here){CHARACTER_NONE, 0};
    }
    if (text[at] < 0x80) {
        return (struct here){token_characters.class[0][text[at]], 1};
    }
    return wide_at(text + at);
}

#define CLASS(word) (1u << CHARACTER_##word)
enum {
    LETTERS = CLASS(UPPER) | CLASS(LOWER) | CLASS(LETTER),
    SIGNS = CLASS(MARK) | CLASS(OTHER), /* neither space, letter nor number */
    SPACES = CLASS(SPACE) | CLASS(NEWLINE),
};

static inline bool is_in(struct here here, unsigned classes) {
    return (classes >> here.class & 1) != 0;
}

/* The end of the run of these classes that begins at `at`. */
static inline size_t run(const unsigned char *text, size_t n, size_t at, unsigned classes) {
    for (struct here here = look(text, n, at); is_in(here, classes); here = look(text, n, at)) {
        at += here.len;
    }
    return at;
}

/* ---- What both have ---- */

/* What may follow an apostrophe, in either case; U+017F is an s whose capital is S. */
static const char *const contractions[] = {"s", "t", "re", "ve", "m", "ll", "d", "\xc5\xbf"};

static bool is_followed_by(const unsigned char *text, size_t n, const char *word) {
    size_t i = 0;

    while (word[i] != '\0' && i < n &&
           (text[i] < 0x80 ? text[i] | 0x20 : text[i]) == (unsigned char)word[i]) {
        i++;
    }
    return word[i] == '\0';
}

/* The end of the contraction at `at`; `at` when there is none. */
static size_t contraction(const unsigned char *text, size_t n, size_t at) {
    if (at == n || text[at] != '\'') {
        return at;
    }
    for (size_t i = 0; i < ARRAY_N(contractions); i++) {
        if (is_followed_by(text + at + 1, n - at - 1, contractions[i])) {
            return at + 1 + strlen(contractions[i]);
        }
    }
    return at;
}

/* One to three numbers. */
static size_t numbers(const unsigned char *text, size_t n, size_t at) {
    for (int i = 0; i < 3; i++) {
        struct here here = look(text, n, at);

        if (!is_in(here, CLASS(NUMBER))) {
            break;
        }
        at += here.len;
    }
    return at;
}

/* A run of spaces and newlines up to its last newline; without one up to the last character before
 * something else, which that character goes with. */
static size_t spaces(const unsigned char *text, size_t n, size_t at) {
    size_t end = at, last = at, newline = at;
    struct here here;

    for (here = look(text, n, end); is_in(here, SPACES); here = look(text, n, end)) {
        last = end;
        end += here.len;
        if (here.class == CHARACTER_NEWLINE) {
            newline = end;
        }
    }
    if (newline > at) {
        return newline;
    }
    return here.class == CHARACTER_NONE || last == at ? end : last;
}

/* How many of the eight bytes at `p` are a to z, from the first on. Of each byte the high bit of a
 * sum tells on which side of a border it is. */
static inline size_t lower_of_eight(const unsigned char *p) {
    const uint64_t ones = UINT64_C(0x0101010101010101), high = ones << 7;
    uint64_t eight, low, is_lower;

    memcpy(&eight, p, sizeof(eight));
    low = eight & ~high;
    is_lower = (low + (0x80 - 'a') * ones) & ~(low + (0x7f - 'z') * ones) & ~eight & high;
    return is_lower == high ? 8 : (size_t)__builtin_ctzll(is_lower ^ high) / 8;
}

/* The end of the run of a to z that begins at `at`. */
static inline size_t lower_run(const unsigned char *text, size_t n, size_t at) {
    while (n - at >= 8) {
        size_t lower = lower_of_eight(text + at);

        at += lower;
        if (lower < 8) {
            return at;
        }
    }
    while (at < n && text[at] >= 'a' && text[at] <= 'z') {
        at++;
    }
    return at;
}

/* ---- o200k_base ---- */

/* [\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+, else the same with the first run of
 * at least one and the second of any length; then a contraction. Both runs take Lm, Lo and M, so
 * where no lower-case letter comes the first gives back all after the last of these. `has_shared`:
 * the character before `at` is one of these, and the word may end after it. */
static size_t word_o200k(const unsigned char *text, size_t n, size_t at, bool has_shared) {
    size_t shared = has_shared ? at : 0; /* the end of the last Lm, Lo or M */
    struct here here;

    for (here = look(text, n, at); is_in(here, CLASS(UPPER) | CLASS(LETTER) | CLASS(MARK));
         here = look(text, n, at)) {
        at += here.len;
        if (here.class != CHARACTER_UPPER) {
            shared = at;
        }
    }
    if (here.class == CHARACTER_LOWER) {
        at = run(text, n, at, CLASS(LOWER) | CLASS(LETTER) | CLASS(MARK));
    } else if (shared > 0) {
        at = shared;
    }
    return contraction(text, n, at);
}

/* The end of what most pieces are, all of it and what is behind it ASCII: a blank, a sign or
 * nothing, a capital or none, small letters; `at` for any other. */
static inline size_t plain_word(const unsigned char *text, size_t n, size_t at) {
    bool has_lead = text[at] < 0x80 && is_in(look(text, n, at), CLASS(SPACE) | CLASS(OTHER));
    size_t from = at + has_lead;
    size_t end;

    from += from < n && text[from] >= 'A' && text[from] <= 'Z';
    end = lower_run(text, n, from);
    return end > from && (end == n || text[end] < 0x80) ? end : at;
}

size_t split_o200k(const unsigned char *text, size_t n, size_t at) {
    size_t plain = plain_word(text, n, at);
    struct here here;
    size_t next;

    if (plain > at) {
        return plain < n && text[plain] == '\'' ? contraction(text, n, plain) : plain;
    }
    here = look(text, n, at);
    next = at + here.len;
    if (is_in(here, LETTERS)) {
        return word_o200k(text, n, at, false);
    }
    if (here.class == CHARACTER_MARK) {
        return word_o200k(text, n, next, true);
    }
    if (here.class == CHARACTER_NUMBER) {
        return numbers(text, n, at);
    }
    if (here.class != CHARACTER_NEWLINE) {
        struct here after = look(text, n, next);

        if (is_in(after, LETTERS | CLASS(MARK))) {
            return word_o200k(text, n, next, false);
        }
        if (here.class == CHARACTER_OTHER || (text[at] == ' ' && is_in(after, SIGNS))) {
            at = run(text, n, next, SIGNS);
            while (at < n && (text[at] == '\r' || text[at] == '\n' || text[at] == '/')) {
                at++;
            }
            return at;
        }
    }
    return spaces(text, n, at);
}

/* ---- cl100k_base ---- */

size_t split_cl100k(const unsigned char *text, size_t n, size_t at) {
    struct here here = look(text, n, at);
    size_t next = at + here.len;
    size_t end = contraction(text, n, at);

    if (end > at) {
        return end;
    }
    if (is_in(here, LETTERS)) {
        return run(text, n, next, LETTERS);
    }
    if (here.class == CHARACTER_NUMBER) {
        return numbers(text, n, at);
    }
    if (here.class != CHARACTER_NEWLINE) {
        struct here after = look(text, n, next);

        if (is_in(after, LETTERS)) {
            return run(text, n, next, LETTERS);
        }
        if (is_in(here, SIGNS) || (text[at] == ' ' && is_in(after, SIGNS))) {
            return run(text, n, run(text, n, next, SIGNS), CLASS(NEWLINE));
        }
    }
    end = run(text, n, at, SPACES);
    return end == n ? end : spaces(text, n, at);
}
