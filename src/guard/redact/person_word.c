/* guard/redact/person_word.c: what the words before a number say it is. */
#include "guard/redact/person.h"

#include "guard/redact/charset.h"

#include <assert.h>
#include <pthread.h>
#include <string.h>

enum {
    WORD_MAX = 24,    /* bytes, and one more */
    WORDS_BEFORE = 6, /* between the name and the number, at most */
    JOINT_MAX = 12,   /* characters between two words */
    TAG_MAX = 64,
    LISTED_MIN = 5, /* digits of a number before, in a list */
    LIST_MAX = 80,
    NAME_DIGITS = 2, /* phone2 */
    SAID_WORDS = 256,
    SAID_HEADS = 512,
    WORD_SLOTS = 1024
};

/* ---- words anywhere before ---- */

/* Of a word; all of UTF-8 that is not ASCII counts. */
static bool is_word_char(char c) {
    static const struct charset letters = {
        {0, SET_UPPER_HI | SET_LOWER_HI, ~UINT64_C(0), ~UINT64_C(0)}};

    return charset_has(&letters, c);
}

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

static bool is_word_begin(struct str text, size_t at) {
    char c = text.ptr[at];

    return is_word_char(c) && (at == 0 || !is_word_char(text.ptr[at - 1]) ||
                               (is_upper(c) && !is_upper(text.ptr[at - 1])));
}

/* A word, and the lists that it is in. */
struct said_word {
    struct str word;
    uint64_t lists[SAID_N / 64];
    size_t next; /* index + 1 of the next one with the same head; 0 ends */
};

static struct {
    struct said_word rows[SAID_WORDS];
    size_t n;
    size_t heads[SAID_HEADS]; /* by the first two bytes */
} said_words;

static size_t said_head(char first, char second) {
    return ((unsigned char)first * 37U + (unsigned char)second) % SAID_HEADS;
}

static void said_add(struct str word, size_t list) {
    size_t *head = &said_words.heads[said_head(word.ptr[0], word.ptr[1])];
    size_t row = *head;

    assert(word.len >= 2 && word.ptr[1] != '_' && word.ptr[1] != '*');

    while (row != 0 && !str_eq(said_words.rows[row - 1].word, word)) {
        row = said_words.rows[row - 1].next;
    }
    if (row == 0) {
        assert(said_words.n < SAID_WORDS);
        said_words.rows[said_words.n] = (struct said_word){.word = word, .next = *head};
        row = ++said_words.n;
        *head = row;
    }
    bit_set(said_words.rows[row - 1].lists, list);
}

static void said_add_list(const char *words, size_t list) {
    struct str rest = str_from(words == NULL ? "" : words);
    struct str word = {0};

    while (str_next(&rest, ' ', &word)) {
        said_add(word, list);
    }
}

static void said_fill(void) {
    const char *words = NULL;

    said_add_list("card credit* creditcard* visa mastercard amex maestro kredit* carte tarjeta* "
                  "cc_number ccnumber cc",
                  SAID_CARD);
    said_add_list("ssn social_security*", SAID_AMERICAN);
    said_add_list("ssn social_security* national_id* passport* rrn svnr personnummer "
                  "rijksregister* kimlik cpr",
                  SAID_NAMED);
    for (size_t i = 0; person_code_words(i, &words); i++) {
        said_add_list(words, SAID_CODE + i);
    }
    for (size_t i = 0; person_id_words(i, &words); i++) {
        said_add_list(words, SAID_ISSUED + i);
    }
}

/* Adds the lists of the words that stand at `at`, before `to`. */
static void said_stand(struct str text, size_t at, size_t to, uint64_t *lists) {
    char second = at + 1 < to ? fold(text.ptr[at + 1]) : '\0';
    size_t row = said_words.heads[said_head(fold(text.ptr[at]), second)];

    while (row != 0) {
        const struct said_word *word = &said_words.rows[row - 1];

        if (word_stands(text, at, to, word->word)) {
            for (size_t i = 0; i < SAID_N / 64; i++) {
                lists[i] |= word->lists[i];
            }
        }
        row = word->next;
    }
}

static void lists_add(uint64_t *lists, const uint64_t *more) {
    for (size_t i = 0; i < SAID_N / 64; i++) {
        lists[i] |= more[i];
    }
}

/* Forgets the words before `from`. */
static void said_forget(struct said *said, size_t from) {
    size_t kept = 0;

    for (size_t i = 0; i < said->n; i++) {
        said->found[kept] = said->found[i];
        kept += said->found[i].at >= from;
    }
    said->n = kept;
}

/* Where the next word may begin in [from, to): what is no letter is passed, and of a word that
 * goes on its small letters; `to` when none may. */
static size_t said_next(struct str text, size_t from, size_t to) {
    static const struct charset smalls = {{0, SET_LOWER_HI}};
    size_t at = from;

    while (from > 0 && at < to && charset_has(&smalls, text.ptr[at]) &&
           is_word_char(text.ptr[at - 1])) {
        at++;
    }
    while (at < to && !is_word_char(text.ptr[at])) {
        bool is_far = to - at >= sizeof(uint64_t) && has_no_letter(text.ptr + at);
        at += is_far ? sizeof(uint64_t) : 1;
    }
    return at;
}

/* Reads the words in [from, at), of which `said` knows those before `said->read_to`. */
static void said_go_on(struct said *said, struct str text, size_t from, size_t at) {
    from = from > said->read_to ? from : said->read_to;
    for (size_t i = said_next(text, from, at); i < at; i = said_next(text, i + 1, at)) {
        struct said_at here = {.at = i};

        if (is_word_begin(text, i)) {
            said_stand(text, i, at, here.lists);
            if (here.lists[0] != 0 || here.lists[1] != 0) {
                said->found[said->n++] = here;
            }
        }
    }
    said->read_to = at;
}

/* Where a reach ends, the rest of a word is one too: adds the lists of one that stands at `from`.
 */
static void said_edge(struct str text, size_t from, size_t at, uint64_t *lists) {
    if (is_word_char(text.ptr[from]) && !is_word_begin(text, from)) {
        said_stand(text, from, at, lists);
    }
}

/* Back from `from` to the begin of its line, no further than `to`. */
static size_t line_back(struct str text, size_t from, size_t to) {
    uint64_t eight = 0;

    while (from - to >= sizeof eight) {
        memcpy(&eight, text.ptr + from - sizeof eight, sizeof eight);
        if ((eight_find(eight, '\n') | eight_find(eight, '\r')) != 0) {
            break;
        }
        from -= sizeof eight;
    }
    while (from > to && !is_line_end(text.ptr[from - 1])) {
        from--;
    }
    return from;
}

static void said_read(struct said *said, struct str text, size_t at) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    uint64_t named[SAID_N / 64] = {0};
    size_t far = at > SAID_REACH ? at - SAID_REACH : 0;
    size_t near = at > SAID_NEAR ? at - SAID_NEAR : 0;

    _Static_assert(SAID_N / 64 == 2, "said_go_on() looks at both");
    (void)pthread_once(&once, said_fill);
    bool is_far = said->read_to <= far || said->read_to > at;
    size_t known = is_far ? far : said->read_to;
    size_t from = line_back(text, at, known);

    if (from == known && !is_far) { /* the line goes on */
        from = said->from > far ? said->from : far;
    }
    said->n = is_far ? 0 : said->n;
    said->read_to = is_far ? from : said->read_to;
    said->from = from;
    said_forget(said, from);
    said_go_on(said, text, from, at);
    memset(said->lists, 0, sizeof said->lists);
    for (size_t i = 0; i < said->n; i++) {
        lists_add(said->lists, said->found[i].lists);
        if (said->found[i].at >= near) {
            lists_add(named, said->found[i].lists);
        }
    }
    if (from == far && far > 0) {
        said_edge(text, far, at, said->lists);
    }
    if (near > from) {
        said_edge(text, near, at, named);
    }
    said->is_named = bit_has(named, SAID_NAMED);
    said->place = at + 1;
}

bool person_is_any_said(struct said *said, struct str text, size_t at) {
    return person_is_said(said, text, at, SAID_NAMED) || said->lists[0] != 0 || said->lists[1] != 0;
}

bool person_is_said(struct said *said, struct str text, size_t at, size_t list) {
    if (said->place != at + 1) {
        said_read(said, text, at);
    }
    return list == SAID_NAMED ? said->is_named : bit_has(said->lists, list);
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

static uint16_t word_rows[WORD_SLOTS]; /* index + 1 in `words`; 0: none */

/* Where in `word_rows` a word of WORD_MAX bytes stands, or would. */
static size_t word_slot(const char *word) {
    uint64_t parts[WORD_MAX / sizeof(uint64_t)];

    memcpy(parts, word, WORD_MAX);
    uint64_t hash = (parts[0] ^ parts[1] * 31 ^ parts[2] * 961) * UINT64_C(0x9e3779b97f4a7c15);
    size_t at = (size_t)(hash >> 32) % WORD_SLOTS;
    while (word_rows[at] != 0 && memcmp(words[word_rows[at] - 1].text, word, WORD_MAX) != 0) {
        at = (at + 1) % WORD_SLOTS;
    }
    return at;
}

static void words_fill(void) {
    _Static_assert(ARRAY_N(words) * 2 <= WORD_SLOTS, "half of them stay empty");
    for (size_t i = 0; i < ARRAY_N(words); i++) {
        word_rows[word_slot(words[i].text)] = (uint16_t)(i + 1);
    }
}

/* Of the word [from, to). */
static enum word_class word_class(struct str text, size_t from, size_t to) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    char word[WORD_MAX] = {0};

    for (size_t i = from; i < to && to - from < WORD_MAX; i++) {
        word[i - from] = fold(text.ptr[i]);
    }
    if (word[0] == '\0') {
        return WORD_NONE;
    }
    (void)pthread_once(&once, words_fill);
    size_t row = word_rows[word_slot(word)];
    return row == 0 ? WORD_NONE : words[row - 1].class;
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
    if (!has_comma) {
        return false;
    }
    if (at >= 3 && str_eq(str_slice(text, at - 3, at), STR("***"))) {
        back->at = at - 3;
        return true;
    }
    size_t to = at;
    while (at > 0 && to - at < LIST_MAX &&
           (is_digit(text.ptr[at - 1]) || is_any(text.ptr[at - 1], " -.()+"))) {
        at--;
        digits += is_digit(text.ptr[at]);
    }
    back->at = at;
    return digits >= LISTED_MIN;
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
