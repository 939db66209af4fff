/* guard/redact/person_word.c: what the words before a number say it is. */
#include "guard/redact/person.h"

#include "guard/redact/charset.h"

#include <stdlib.h>
#include <string.h>

enum {
    WORD_MAX = 24,    /* bytes, and one more */
    WORDS_BEFORE = 6, /* between the name and the number, at most */
    JOINT_MAX = 12,   /* characters between two words */
    TAG_MAX = 64,
    LISTED_MIN = 5, /* digits of a number before, in a list */
    LIST_MAX = 80,
    NAME_DIGITS = 2 /* phone2 */
};

/* ---- words anywhere before ---- */

/* Of a word; all of UTF-8 that is not ASCII counts. */
static bool is_word_char(char c) { return is_letter(c) || (unsigned char)c > 0x7f; }

/* Whether a word ends at `at`: no letter follows, or a capital after a small one. */
static bool is_word_end(struct str text, size_t at) {
    char before = text.ptr[at - 1];
    char after = str_char(text, at);

    return !is_word_char(after) || (is_upper(after) && !is_upper(before));
}

/* Whether the word at `word` stands at `at`, before `to`: _ is a blank, a hyphen, an underscore or
 * nothing; of one that ends with * only the beginning. */
static bool word_stands(struct str text, size_t at, size_t to, struct str word) {
    for (size_t i = 0; i < word.len; i++) {
        char c = at < to ? fold(text.ptr[at]) : '\0';
        if (word.ptr[i] == '*') {
            return true;
        }
        if (word.ptr[i] == '_') {
            at += is_any(c, " -_") ? 1 : 0;
        } else if (c != word.ptr[i]) {
            return false;
        } else {
            at++;
        }
    }
    return is_word_end(text, at);
}

/* Whether none of the eight bytes at `p` is above '?', as letters are. */
static bool has_no_letter(const char *p) {
    uint64_t eight = 0;

    memcpy(&eight, p, sizeof eight);
    return (eight & UINT64_C(0xc0c0c0c0c0c0c0c0)) == 0;
}

static bool is_word_begin(struct str text, size_t from, size_t at) {
    char c = text.ptr[at];

    return is_word_char(c) && (at == from || !is_word_char(text.ptr[at - 1]) ||
                               (is_upper(c) && !is_upper(text.ptr[at - 1])));
}

/* A bit for each letter that one of the words begins with; bytes that share one are told apart
 * later. */
static uint32_t first_letters(const char *words) {
    uint32_t letters = 0;

    for (const char *p = words; *p != '\0'; p++) {
        letters |= p == words || p[-1] == ' ' ? UINT32_C(1) << (*p & 31) : 0;
    }
    return letters;
}

static bool any_stands(struct str text, size_t at, size_t to, const char *words) {
    struct str rest = str_from(words);
    struct str word = {0};

    while (str_next(&rest, ' ', &word)) {
        if (word.ptr[0] == fold(text.ptr[at]) && word_stands(text, at, to, word)) {
            return true;
        }
    }
    return false;
}

bool person_is_said(struct str text, size_t at, size_t reach, const char *words) {
    uint32_t letters = first_letters(words);
    size_t from = at;

    while (from > 0 && at - from < reach && !is_line_end(text.ptr[from - 1])) {
        from--;
    }
    for (size_t i = from; i < at; i++) {
        if (at - i >= sizeof(uint64_t) && has_no_letter(text.ptr + i)) {
            i += sizeof(uint64_t) - 1;
            continue;
        }
        bool may_stand = (letters >> (text.ptr[i] & 31) & 1) != 0;
        if (may_stand && is_word_begin(text, from, i) && any_stands(text, i, at, words)) {
            return true;
        }
    }
    return false;
}

/* ---- the name of a telephone number ---- */

enum word_class {
    WORD_NONE = 0,
    WORD_GLUE,
    WORD_OWNER,
    WORD_TELLING,
    WORD_LETTER,
    WORD_VERB,
    WORD_MEDIUM,
    WORD_PHONE
};

struct word {
    char text[WORD_MAX];
    enum word_class class;
};

static const struct word words[] = {
#define WORD(text, class) {text, WORD_##class},
#include "guard/redact/person_word.def"
#undef WORD
};

static int word_order(const void *a, const void *b) { return memcmp(a, b, WORD_MAX); }

/* Of the word [from, to). */
static enum word_class word_class(struct str text, size_t from, size_t to) {
    struct word key = {0};
    const struct word *found = NULL;

    for (size_t i = from; i < to && to - from < WORD_MAX; i++) {
        key.text[i - from] = fold(text.ptr[i]);
    }
    if (key.text[0] != '\0') {
        found = bsearch(&key, words, ARRAY_N(words), sizeof words[0], word_order);
    }
    return found == NULL ? WORD_NONE : found->class;
}

/* Where the word that ends at `to` begins. */
static size_t word_begin(struct str text, size_t to) {
    size_t from = to;

    while (from > 0 && to - from < WORD_MAX && is_word_char(text.ptr[from - 1])) {
        from--;
    }
    return from;
}

/* The last word of contactPhone: it begins with a capital after a small letter. */
static size_t last_begin(struct str text, size_t from, size_t to) {
    for (size_t at = to - 1; at > from; at--) {
        if (is_upper(text.ptr[at]) && is_letter(text.ptr[at - 1]) && !is_upper(text.ptr[at - 1])) {
            return at;
        }
    }
    return from;
}

static bool is_joint(char c) {
    return c == ' ' || c == '\t' || c == ':' || c == '=' || is_quote(c) || is_any(c, "([{<>.#") ||
           is_any(c, "-_/\\*&");
}

/* What was read backwards from a number. */
struct back {
    size_t at;        /* where what was read begins */
    size_t list_to;   /* numbers of a list before may end here; 0: none did */
    bool is_assigned; /* : or = stood right before, or it is inside an element */
    bool has_telling;
    bool has_word;
};

/* Passes a tag such as </td> or <td class="x"> that ends before `back->at`: the name of an element
 * that holds the number is a word. Returns whether one ends there. */
static bool tag_pass(struct str text, struct back *back) {
    size_t to = back->at - 1;
    size_t from = to;

    while (from > 0 && to - from < TAG_MAX && !is_any(text.ptr[from - 1], "<\n\r")) {
        from--;
    }
    if (from == 0 || text.ptr[from - 1] != '<') {
        return false;
    }
    size_t end = from;
    while (end < to && is_word_char(text.ptr[end])) {
        end++;
    }
    bool is_name = word_class(text, from, end) >= WORD_MEDIUM;
    back->at = is_name ? end : from - 1;
    back->is_assigned = true;
    return true;
}

/* Passes numbers of a list, with a comma or the like behind, or masks; returns whether it did. */
static bool list_pass(struct str text, struct back *back) {
    size_t at = back->at;
    size_t digits = 0;
    bool has_comma = false;

    while (at > 0 &&
           (is_blank(text.ptr[at - 1]) || is_quote(text.ptr[at - 1]) ||
            is_any(text.ptr[at - 1], ",;/|")) &&
           !is_line_end(text.ptr[at - 1])) {
        at--;
        has_comma = has_comma || is_any(text.ptr[at], ",;/|");
    }
    if (at >= 3 && str_eq(str_slice(text, at - 3, at), STR("***"))) {
        back->at = at - 3;
        return has_comma;
    }
    size_t to = at;
    while (at > 0 && to - at < LIST_MAX &&
           (is_digit(text.ptr[at - 1]) || is_any(text.ptr[at - 1], " -.()+"))) {
        at--;
        digits += is_digit(text.ptr[at]);
    }
    back->at = at;
    return has_comma && digits >= LISTED_MIN;
}

/* Passes the digits of a name such as phone2. */
static void name_digits_pass(struct str text, struct back *back) {
    size_t at = back->at;

    while (at > 0 && back->at - at < NAME_DIGITS && is_digit(text.ptr[at - 1])) {
        at--;
    }
    back->at = at > 0 && is_letter(text.ptr[at - 1]) ? at : back->at;
}

/* Passes what may stand between a word and the number; false where something else does. */
static bool joints_pass(struct str text, struct back *back) {
    for (size_t n = 0; back->at > 0 && n < JOINT_MAX; n++) {
        char c = text.ptr[back->at - 1];
        bool is_close = c == ')' && (back->has_word || back->is_assigned);
        if (c == '>' && tag_pass(text, back)) {
            continue;
        }
        if (!is_joint(c) && !is_close) {
            break;
        }
        back->is_assigned = back->is_assigned || (!back->has_word && (c == ':' || c == '='));
        back->at--;
    }
    name_digits_pass(text, back);
    return back->at > 0 && is_word_char(text.ptr[back->at - 1]);
}

/* "iPhone" is none. */
static bool is_apple(struct str text, size_t from) {
    return from > 0 && text.ptr[from - 1] == 'i' && str_char(text, from) == 'P';
}

/* What a word at `from` says of the number at `at`, with what stands between them. */
static enum person_name name_of(enum word_class class, const struct back *back, struct str text,
                                size_t from, size_t at) {
    switch (class) {
    case WORD_NONE:
    case WORD_GLUE:
    case WORD_TELLING:
        break;
    case WORD_OWNER: /* "my number is" */
        return back->has_telling ? PERSON_NAME_HINTED : PERSON_NAME_NONE;
    case WORD_LETTER:
        return back->is_assigned && is_any(text.ptr[at], "0(") ? PERSON_NAME_HINTED
                                                               : PERSON_NAME_NONE;
    case WORD_VERB:
    case WORD_MEDIUM:
        if (back->has_telling) {
            return PERSON_NAME_SAID;
        }
        return class == WORD_VERB ? PERSON_NAME_HINTED : PERSON_NAME_MEANT;
    case WORD_PHONE:
        return is_apple(text, from) ? PERSON_NAME_NONE
               : back->is_assigned  ? PERSON_NAME_GIVEN
                                    : PERSON_NAME_SAID;
    }
    return PERSON_NAME_NONE;
}

static bool is_between(enum word_class class) {
    return class == WORD_GLUE || class == WORD_TELLING || class == WORD_OWNER;
}

enum person_name person_phone_name(struct str text, size_t at) {
    struct back back = {.at = at};

    for (size_t i = 0; i < WORDS_BEFORE; i++) {
        struct back list = back;
        if (!joints_pass(text, &back)) {
            if (back.has_word || !list_pass(text, &list)) {
                return PERSON_NAME_NONE;
            }
            back = list;
            continue;
        }
        size_t from = word_begin(text, back.at);
        enum word_class class = word_class(text, from, back.at);
        if (class == WORD_NONE) {
            from = last_begin(text, from, back.at);
            class = word_class(text, from, back.at);
        }
        enum person_name name = name_of(class, &back, text, from, at);
        if (name != PERSON_NAME_NONE || !is_between(class)) {
            return name;
        }
        back.has_telling = back.has_telling || class == WORD_TELLING;
        back.has_word = true;
        back.at = from;
    }
    return PERSON_NAME_NONE;
}
