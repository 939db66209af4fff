/* Whether the words of a model may be shown: facts that were given, no lure, no press. */
#include "agent/claims.h"

#include <ctype.h>
#include <string.h>

enum { DIGITS_FREE = 4 }; /* shorter numbers count things */

/* ---- Words that lure or press ---- */

static const char *const secrets[] = {"password",   "passphrase", "secret",      "token", "api key",
                                      "access key", "credential", "private key", ".env"};
static const char *const asking[] = {"type ",  "enter ", "paste ", "send ",   "tell me", "give me",
                                     "reveal", "share ", "print ", "provide", "upload ", "post "};
static const char *const pressing[] = {
    "say yes",        "type yes",           "answer yes",      "reply yes",
    "just approve",   "already approved",   "been approved",   "has approved",
    "auto-approve",   "no need to review",  "skip the review", "without asking",
    "without review", "ignore the warning", "--yes",           "require-approval",
    "no-verify",      "safe to approve",    "must approve"};

static bool has_any(const char *lower, const char *const *list, size_t n) {
    for (size_t i = 0; i < n; i++) {
        if (strstr(lower, list[i]) != NULL) {
            return true;
        }
    }
    return false;
}

static char *lower_of(struct str text) {
    char *lower = str_dup(text);

    for (char *c = lower; *c != '\0'; c++) {
        *c = (char)tolower((unsigned char)*c);
    }
    return lower;
}

/* ---- Facts ---- */

static bool is_fact_char(char c) {
    return isalnum((unsigned char)c) != 0 || strchr("._-/:@$%#~", c) != NULL;
}

/* Marks of a sentence around a fact are none of it. */
static struct str trim_marks(struct str word) {
    while (word.len > 0 && strchr(".:-/", word.ptr[word.len - 1]) != NULL) {
        word.len--;
    }
    while (word.len > 0 && strchr(":-#~", word.ptr[0]) != NULL) {
        word = str_slice(word, 1, word.len);
    }
    return word;
}

/* "e.g", "i.e", "v1.2": a dot between single characters names nothing. */
static bool is_name_with_dot(struct str word) {
    const char *dot = memchr(word.ptr, '.', word.len);
    size_t at;

    if (dot == NULL) {
        return false;
    }
    at = (size_t)(dot - word.ptr);
    return at > 1 && word.len - at > 2 && isalpha((unsigned char)dot[1]) != 0;
}

/* Two letters, words, a digit: us-east-1. */
static bool is_region(struct str word) {
    size_t dashes = 0;

    for (size_t i = 0; i < word.len; i++) {
        dashes += word.ptr[i] == '-' ? 1 : 0;
    }
    return dashes >= 2 && word.len > 8 && word.ptr[2] == '-' &&
           isdigit((unsigned char)word.ptr[word.len - 1]) != 0;
}

static size_t longest_number(struct str word) {
    size_t longest = 0;
    size_t n = 0;

    for (size_t i = 0; i < word.len; i++) {
        n = isdigit((unsigned char)word.ptr[i]) != 0 ? n + 1 : 0;
        longest = n > longest ? n : longest;
    }
    return longest;
}

/* Whether a word says something that can be true or false of this deployment. */
static bool is_fact(struct str word) {
    return longest_number(word) > DIGITS_FREE || is_name_with_dot(word) || is_region(word) ||
           (word.len > 1 && word.ptr[0] == '$') || memchr(word.ptr, '@', word.len) != NULL ||
           str_find(word, STR("::")) >= 0 || str_find(word, STR("//")) >= 0 ||
           str_starts(word, STR("arn:")) || (word.ptr[0] == '/' && word.len > 1);
}

/* ASCII letters only, as names and addresses have them. */
static bool is_in(struct str word, struct str given) {
    for (size_t i = 0; i + word.len <= given.len; i++) {
        if (str_eq_nocase(str_slice(given, i, i + word.len), word)) {
            return true;
        }
    }
    return false;
}

static bool has_foreign_fact(struct str text, struct str given) {
    size_t from = 0;

    for (size_t i = 0; i <= text.len; i++) {
        if (i < text.len && is_fact_char(text.ptr[i])) {
            continue;
        }
        if (i > from) {
            struct str word = trim_marks(str_slice(text, from, i));

            if (word.len > 0 && is_fact(word) && !is_in(word, given)) {
                return true;
            }
        }
        from = i + 1;
    }
    return false;
}

/* Line ends are what a diff and a list need; no other control character is. */
static bool is_readable(struct str text) {
    for (size_t i = 0; i < text.len; i++) {
        if (iscntrl((unsigned char)text.ptr[i]) != 0 && text.ptr[i] != '\n' &&
            text.ptr[i] != '\t') {
            return false;
        }
    }
    return str_trim(text).len > 0 && str_is_utf8(text);
}

enum claims claims_judge(struct str text, struct str given) {
    CLEANUP(freep) char *lower = lower_of(text);

    if (!is_readable(text)) {
        return CLAIMS_UNREADABLE;
    }
    if (has_any(lower, secrets, ARRAY_N(secrets)) && has_any(lower, asking, ARRAY_N(asking))) {
        return CLAIMS_SECRET;
    }
    if (has_any(lower, pressing, ARRAY_N(pressing))) {
        return CLAIMS_PRESSING;
    }
    if (str_find(text, STR("***")) >= 0 && str_find(given, STR("***")) < 0) {
        return CLAIMS_FOREIGN; /* a person or a secret that the mask took out */
    }
    return has_foreign_fact(text, given) ? CLAIMS_FOREIGN : CLAIMS_GIVEN;
}

const char *claims_text(enum claims claims) {
    static const char *const texts[] = {
        [CLAIMS_FOREIGN] = "they name something that nobody gave",
        [CLAIMS_SECRET] = "they ask for a secret",
        [CLAIMS_PRESSING] = "they press for an approval",
        [CLAIMS_UNREADABLE] = "they are none",
        [CLAIMS_GIVEN] = "",
    };

    return texts[claims];
}
