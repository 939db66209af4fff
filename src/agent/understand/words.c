/* A line of the conversation as words and clauses. */
#include "agent/understand/words.h"

#include <ctype.h>
#include <string.h>

#include "base/str.h"

/* clang-format off */
/* Words that change nothing; no pattern has one. */
static const char *const fillers[] = {
    "please", "pls", "plz", "the", "my", "a", "an", "now", "just", "our", "kindly", "hey", "also", "really", "maybe",
    "currently", "quickly", "simply", "well", "so", "some", "actually", "exactly", "still", "already",
};

/* What an ending after an apostrophe stands for; "" is left out ("Frankfurt's"). */
static const struct { const char *ending; const char *word; } endings[] = {
    { "n't", "not" }, { "'re", "are" }, { "'ll", "will" }, { "'d", "would" }, { "'ve", "have" }, { "'m", "am" },
};

/* Written without the apostrophe, or with another stem. */
static const struct { const char *word; const char *first; const char *second; } spoken[] = {
    { "what's",  "what",  "is"  }, { "whats",  "what", "is"  }, { "where's", "where", "is" }, { "how's", "how",  "is" },
    { "it's",    "it",    "is"  }, { "that's", "that", "is"  }, { "there's", "there", "is" }, { "who's", "who",  "is" },
    { "let's",   "let",   "us"  }, { "lets",   "let",  "us"  }, { "can't",   "can",  "not" }, { "cannot", "can", "not" },
    { "won't",   "will",  "not" }, { "dont",   "do",   "not" }, { "doesnt",  "does", "not" }, { "didnt", "did", "not" },
    { "isnt",    "is",    "not" }, { "cant",   "can",  "not" }, { "wanna",   "want", "to"  }, { "gonna", "going", "to" },
    { "rollback", "roll", "back" }, { "roll-back", "roll", "back" }, { "set-up", "set", "up" }, { "setup", "set", "up" },
};
/* clang-format on */

bool word_is_listed(const char *word, const char *const *list, size_t n) {
    for (size_t i = 0; i < n; i++) {
        if (strcmp(list[i], word) == 0) {
            return true;
        }
    }
    return false;
}

static void words_add(struct words *words, struct str typed, bool begins_clause) {
    struct word *word = &words->rows[words->n];

    if (words->n == WORDS_MAX) {
        words->is_cut = true;
        return;
    }
    if (typed.len == 0 || typed.len >= WORD_BYTES_MAX || str_eq(typed, STR("-")) ||
        str_eq(typed, STR("--"))) {
        return;
    }
    *word = (struct word){.begins_clause = begins_clause};
    memcpy(word->typed, typed.ptr, typed.len);
    for (size_t i = 0; i < typed.len; i++) {
        word->lower[i] = (char)tolower((unsigned char)typed.ptr[i]);
    }
    words->n++;
}

/* Adds one word, as two where it is a contraction, or not at all. */
static void words_add_spoken(struct words *words, struct str typed, bool begins_clause) {
    struct words one = {0};
    const char *lower = one.rows[0].lower;

    words_add(&one, typed, begins_clause);
    if (one.n == 0 || word_is_listed(lower, fillers, ARRAY_N(fillers))) {
        return;
    }
    for (size_t i = 0; i < ARRAY_N(spoken); i++) {
        if (strcmp(lower, spoken[i].word) == 0) {
            words_add(words, str_from(spoken[i].first), begins_clause);
            words_add(words, str_from(spoken[i].second), false);
            return;
        }
    }
    for (size_t i = 0; i < ARRAY_N(endings); i++) {
        if (str_ends(str_from(lower), str_from(endings[i].ending))) {
            words_add(words, str_slice(typed, 0, typed.len - strlen(endings[i].ending)),
                      begins_clause);
            words_add(words, str_from(endings[i].word), false);
            return;
        }
    }
    words_add(words, typed, begins_clause);
}

/* The typographic apostrophe, U+2019, is three bytes; `*out` gets the plain one. */
static size_t copy_plain(const char *line, size_t length, char *out, size_t size) {
    size_t n = 0;

    for (size_t i = 0; i < length && n + 1 < size; i++) {
        if (length - i >= 3 && memcmp(line + i, "\xE2\x80\x99", 3) == 0) {
            out[n++] = '\'';
            i += 2;
        } else {
            out[n++] = line[i];
        }
    }
    out[n] = '\0';
    return n;
}

static bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

/* Cuts punctuation off both ends of a piece; whether some at the end closes the clause. */
static struct str piece_trim(struct str piece, bool *closes) {
    while (piece.len > 0 && strchr("\"'`([{<*", piece.ptr[0]) != NULL) {
        piece = str_slice(piece, 1, piece.len);
    }
    *closes = false;
    while (piece.len > 0 && strchr(".,;:!?\"'`)]}>*", piece.ptr[piece.len - 1]) != NULL) {
        *closes = *closes || strchr(".,;:!?", piece.ptr[piece.len - 1]) != NULL;
        piece.len--;
    }
    return piece;
}

void words_cut(const char *line, struct words *out) {
    bool begins_clause = true;
    bool closes = false;

    *out = (struct words){0};
    while (*line != '\0' && !out->is_cut) {
        size_t length = 0;
        size_t before = out->n;
        char plain[WORD_BYTES_MAX * 2];
        struct str piece;

        while (line[length] != '\0' && !is_blank(line[length])) {
            length++;
        }
        piece.ptr = plain;
        piece.len = copy_plain(line, length, plain, sizeof plain);
        piece = piece_trim(piece, &closes);
        words_add_spoken(out, piece, begins_clause);
        closes = closes || (piece.len > 0 && strspn(plain, "-") == strlen(plain));
        begins_clause = (begins_clause && out->n == before) || closes;
        line += length;
        while (is_blank(*line)) {
            line++;
        }
    }
}

void words_cut_phrase(const char *phrase, struct words *out) {
    struct str rest = str_from(phrase);
    struct str piece = {0};

    *out = (struct words){0};
    while (str_next(&rest, ' ', &piece)) {
        words_add(out, piece, out->n == 0);
    }
}

/* ---- One word ---- */

/* Whether `b` is `a` with one letter added, left out, changed, or two neighbours swapped. */
static bool is_one_slip(const char *a, size_t a_len, const char *b, size_t b_len) {
    size_t at = 0;
    size_t a_rest;
    size_t b_rest;

    while (at < a_len && at < b_len && a[at] == b[at]) {
        at++;
    }
    a_rest = a_len - at;
    b_rest = b_len - at;
    if (a_rest == b_rest && a_rest >= 1 && memcmp(a + at + 1, b + at + 1, a_rest - 1) == 0) {
        return true;
    }
    if (a_rest == b_rest && a_rest >= 2 && a[at] == b[at + 1] && a[at + 1] == b[at] &&
        memcmp(a + at + 2, b + at + 2, a_rest - 2) == 0) {
        return true;
    }
    if (a_rest + 1 == b_rest && memcmp(a + at, b + at + 1, a_rest) == 0) {
        return true;
    }
    return a_rest == b_rest + 1 && memcmp(a + at + 1, b + at, b_rest) == 0;
}

bool word_is(const char *word, const char *wanted, bool *is_exact) {
    static const char *const grown[] = {"", "s", "ed", "d", "ing", "es", "ment"};
    size_t word_len = strlen(word);
    size_t wanted_len = strlen(wanted);

    *is_exact = true;
    if (strncmp(word, wanted, wanted_len) == 0 &&
        (word_len == wanted_len ||
         (wanted_len >= 4 && word_is_listed(word + wanted_len, grown, ARRAY_N(grown))))) {
        return true;
    }
    *is_exact = false;
    if (word_len + 1 == wanted_len && wanted[word_len] == 's' &&
        memcmp(word, wanted, word_len) == 0) {
        return false; /* one environment is not "environments" */
    }
    return wanted_len >= 6 && word_len >= 5 && word[0] == wanted[0] &&
           is_one_slip(word, word_len, wanted, wanted_len);
}
