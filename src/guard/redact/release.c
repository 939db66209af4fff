/* guard/redact/release.c: where in an unfinished line the first thing may begin that could be
 * masked, told from what stands there and from what could still follow.
 *
 * Too little may be shown early, never too much: whatever is not understood here waits for the end
 * of its line. */
#include "guard/redact/release.h"

#include "guard/redact/charset.h"
#include "guard/redact/engine.h"
#include "guard/redact/phrase.h"
#include "guard/redact/table.h"

#include <string.h>

enum {
    LOOK_BACK = 320,    /* what stood before a name and has a say in it */
    NUMBERS_REACH = 80, /* the widest number of a person, with its blanks */
    CODE = 2,           /* letters of a word that begins one */
    LEAD = 16,
    ANCHOR_REACH = 64,  /* more than the longest anchor has */
    JUDGED_REACH = 512, /* more than what says of a name that it is prose */
    STUCK = 512         /* bytes after which a name is no longer about to be understood */
};

static size_t letters_end(struct str s, size_t at) {
    while (at < s.len && is_letter(s.ptr[at])) {
        at++;
    }
    return at;
}

/* Where the word that ends at `at` begins. */
static size_t word_begin(struct str s, size_t at) {
    while (at > 0 && !is_blank(s.ptr[at - 1])) {
        at--;
    }
    return at;
}

/* ---- names in prose ---- */

static bool is_mask(struct str s) { return str_starts(s, STR("***")); }

/* Whether at `at`, after a word, prose goes on: " next w" or ", next". */
static bool is_prose_after(struct str s, size_t at) {
    size_t next = is_any(str_char(s, at), ".,;!?)") ? at + 1 : at;

    return str_char(s, next) == ' ' && is_letter(str_char(s, next + 1));
}

static size_t name_end(struct str s, size_t at) {
    while (at < s.len && (is_alnum(s.ptr[at]) || s.ptr[at] == '_' || s.ptr[at] == '-')) {
        at++;
    }
    return at;
}

/* Whether "login " stands before `from`, near it; the first one in the text stands at `login`. */
static bool has_login(ptrdiff_t login, struct str s, size_t from) {
    struct str before = str_slice(s, from > LOOK_BACK ? from - LOOK_BACK : 0, from);

    return login >= 0 && (size_t)login < from && str_find(before, STR("login ")) >= 0;
}

/* Whether the word around `at` names no value, whatever follows: it is a name and the next one a
 * word of letters, and another begins after them. */
static bool is_prose(struct str s, ptrdiff_t login, size_t at) {
    size_t from = word_begin(s, at);
    size_t to = name_end(s, at);
    struct str lead = str_slice(s, from > LEAD ? from - LEAD : 0, from);

    from += str_char(s, from) == '(' ? 1 : 0;
    if (phrase_is_name(str_slice(s, from, to))) {
        bool is_whole = false;
        struct str value = phrase_value(s, to, &is_whole);
        if (!is_mask(value) && (value.len > 0 || !is_whole)) {
            return false; /* it may be told what the password is */
        }
    }
    bool is_word = is_letter(str_char(s, from)) && name_end(s, from) == to && is_prose_after(s, to);
    bool is_told = str_ends(lead, STR("set ")) || str_ends(lead, STR("config ")) ||
                   str_ends(lead, STR("define ")); /* the next word is its value */
    if (!is_word || is_told || has_login(login, s, from) || table_may_be_list(s, from, to)) {
        return false;
    }
    if (str_char(s, to) != ' ') {
        return true;
    }
    size_t next = letters_end(s, to + 1);
    bool is_masked = next > to + 1 && str_char(s, next) == ' ' &&
                     is_mask(str_slice(s, next + 1, s.len)); /* what goes on */
    return is_prose_after(s, next) || is_masked;
}

/* https://host/path, complete and without a user. */
static bool is_plain_place(struct str s, size_t at) {
    size_t to = at;

    while (to < s.len && !is_blank(s.ptr[to])) {
        if (s.ptr[to] == '@') {
            return false;
        }
        to++;
    }
    return to < s.len;
}

/* Whether what stands at the mark `at` never begins something that is masked. */
static bool is_settled(const struct anchors *anchors, struct str s, const struct sift *sift,
                       ptrdiff_t login, size_t at) {
    if (!bit_has(sift->anchors, at) || bit_has(sift->known, at) || bit_has(sift->persons, at) ||
        bit_has(sift->runs, at) || bit_has(sift->values, at) || bit_has(sift->odds, at)) {
        return false;
    }
    switch (anchors_meaning(anchors, s, at)) {
    case MEANING_NAME:
        return is_prose(s, login, at);
    case MEANING_PLACE:
        return is_plain_place(s, at);
    case MEANING_OTHER:
        break;
    }
    return false;
}

/* ---- what goes on over blanks ---- */

/* Whether a number of a person may have `word`: digits, or it begins with it: AB 12 34 56 C. */
static bool is_number_word(struct str word) {
    const char *end = word.ptr + word.len;

    for (size_t i = 0; i < word.len; i++) {
        if (is_digit(word.ptr[i]) || is_any(word.ptr[i], "+(")) {
            return true;
        }
    }
    return word.len >= CODE && is_upper(end[-1]) && is_upper(end[-2]) &&
           (word.len == CODE || !is_alnum(end[-3]));
}

/* Where the first word begins that may be of a number that goes on at `to`. */
static size_t before_numbers(struct str s, const struct sift *sift, size_t to) {
    size_t first = word_begin(s, to > NUMBERS_REACH ? to - NUMBERS_REACH : 0);
    size_t keep = to;

    if (bits_next(sift->digits, sift->uppers, first, to) == to &&
        bits_next(sift->openers, sift->openers, first, to) == to) {
        return to;
    }
    for (size_t at = to; at > 0 && to - at < NUMBERS_REACH;) {
        size_t end = at - 1; /* the blank before */
        at = word_begin(s, end);
        keep = is_number_word(str_slice(s, at, end)) ? at : keep;
    }
    return keep;
}

/* Where the first known value begins that may go on at `to`. */
static size_t before_known(const struct known *known, struct str s, size_t to) {
    size_t keep = to;

    for (size_t i = 0; i < known->blank_n; i++) {
        const struct known_literal *literal = &known->literals[known->blanks[i]];
        size_t from = to > literal->len ? to - literal->len : 0;
        const char *first = NULL;

        for (; from < keep; from++) {
            first = memchr(s.ptr + from, literal->ptr[0], keep - from);
            if (first == NULL) {
                break;
            }
            from = (size_t)(first - s.ptr);
            if (to - from < literal->len && memcmp(s.ptr + from, literal->ptr, to - from) == 0) {
                keep = from;
            }
        }
    }
    return keep;
}

/* Where what a command prints begins, which another may take as a password: echo VALUE | docker
 * login --password-stdin; or a colour stands, over which a value may be read; the end of `s` when
 * none does. */
static size_t before_printed(struct str s) {
    static const struct str printers[] = {{"echo ", 5}, {"printf ", 7}};
    const char *colour = memchr(s.ptr, '\x1b', s.len);
    size_t to = colour == NULL ? s.len : (size_t)(colour - s.ptr);

    for (size_t i = 0; i < ARRAY_N(printers); i++) {
        ptrdiff_t at = str_find(str_slice(s, 0, to), printers[i]);
        to = at < 0 ? to : (size_t)at + printers[i].len;
    }
    return to;
}

/* Where the words end, all of `s` up to `limit`, that none of what is held back is part of. */
static size_t words_before(const struct anchors *anchors, const struct known *known, struct str s,
                           const struct sift *sift, size_t limit) {
    size_t to = word_begin(s, limit);

    for (size_t before = s.len + 1; to < before;) {
        before = to; /* what is held back may be masked, so that nothing after `to` counts */
        to = anchors_has_persons(anchors) ? before_numbers(s, sift, to) : to;
        to = word_begin(s, before_known(known, s, to));
    }
    return to;
}

/* Where the words before `to` begin that what stands at it has a say in. */
static size_t judged_from(size_t to) { return to > JUDGED_REACH ? to - JUDGED_REACH : 0; }

/* The words of `s` up to `limit` that stay whatever follows, judged by themselves alone: what
 * follows may be masked, and the rest of the line need not be what it was. What is complete before
 * `old` was judged. */
static size_t border_before(const struct anchors *anchors, const struct known *known, struct str s,
                            const struct sift *sift, size_t old, size_t limit) {
    ptrdiff_t login = str_find(s, STR("login "));
    size_t to = words_before(anchors, known, s, sift, limit);

    size_t at = to;

    while (at > judged_from(to)) { /* backwards, so that what is given up is not judged again */
        size_t end = bits_last(sift->marks, judged_from(to), at);
        if (end == judged_from(to)) {
            break;
        }
        at = end - 1;
        struct reach reach = anchors_reach(anchors, s, at);
        bool is_new = at + reach.min <= to && at + reach.max > old;
        if (is_new && !is_settled(anchors, str_slice(s, 0, to), sift, login, at)) {
            to = words_before(anchors, known, s, sift, at + reach.min - 1);
            at = to;
        }
    }
    return to;
}

size_t release_to(const struct anchors *anchors, const struct known *known, struct str line,
                  size_t given, struct sift *sift, bool *is_stuck) {
    size_t look = LOOK_BACK > known->blank_max ? LOOK_BACK : known->blank_max;
    size_t skip = given > look ? given - look : 0;
    struct str s = str_slice(line, skip, line.len);
    size_t shown = given - skip;
    size_t limit = before_printed(s);

    engine_sift(anchors, s, SIFT_WINDOW, sift);
    ptrdiff_t login = str_find(s, STR("login "));
    size_t from = shown > ANCHOR_REACH ? shown - ANCHOR_REACH : 0;
    for (size_t at = bits_next(sift->marks, sift->marks, from, limit); at < limit;
         at = bits_next(sift->marks, sift->marks, at + 1, limit)) {
        bool is_old = at < shown && at + anchors_reach(anchors, s, at).max <= shown;
        if (!is_old && !is_settled(anchors, s, sift, login, at)) {
            limit = at < shown ? shown : at; /* the first words of "vault login" are no secret */
        }
    }
    size_t to = border_before(anchors, known, s, sift, shown, limit);
    *is_stuck = *is_stuck || s.len - to > STUCK;
    return skip + to > given ? skip + to : given;
}

size_t release_most(const struct anchors *anchors, const struct known *known, struct str line,
                    const struct sift *sift) {
    size_t limit = before_printed(line);
    ptrdiff_t login = str_find(line, STR("login "));
    for (size_t at = bits_next(sift->marks, sift->marks, 0, limit); at < limit;
         at = bits_next(sift->marks, sift->marks, at + 1, limit)) {
        if (!is_settled(anchors, line, sift, login, at)) {
            size_t seen = at + anchors_reach(anchors, line, at).min - 1; /* its end had not come */
            limit = seen < limit ? seen : limit;
        }
    }
    return border_before(anchors, known, line, sift, 0, limit);
}
