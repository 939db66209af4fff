/* How long, since when, which one: durations, logs, releases, names of secrets. */
#include "agent/understand/fields_room.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"

/* ---- Durations ---- */

static int number_of(const char *word) {
    static const char *const numbers[] = {"zero", "one",    "two",   "three", "four",
                                          "five", "six",    "seven", "eight", "nine",
                                          "ten",  "eleven", "twelve"};
    int value = 0;

    for (size_t i = 1; i < ARRAY_N(numbers); i++) {
        if (strcmp(numbers[i], word) == 0) {
            return (int)i;
        }
    }
    if (strlen(word) == 0 || strlen(word) > 4) {
        return -1;
    }
    for (; *word != '\0'; word++) {
        if (!isdigit((unsigned char)*word)) {
            return -1;
        }
        value = value * 10 + (*word - '0');
    }
    return value;
}

static char unit_of(const char *word) {
    return word_is_any(word, "second|seconds|sec|secs")   ? 's'
           : word_is_any(word, "minute|minutes|min|mins") ? 'm'
           : word_is_any(word, "hour|hours|hr|hrs")       ? 'h'
           : word_is_any(word, "day|days")                ? 'd'
           : word_is_any(word, "week|weeks")              ? 'w'
                                                          : '\0';
}

/* How many words from `i` are a duration, and it as an option takes it: "2h"; 0: none. */
static size_t duration_at(const struct words *words, size_t i, char out[SLOT_BYTES_MAX]) {
    const char *word = words_at(words, i);
    size_t digits = strspn(word, "0123456789");
    int number = number_of(word);
    char unit = unit_of(words_at(words, i + 1));
    size_t n = 2;

    if (digits > 0 && digits <= 5 && word[digits] != '\0' && strchr("smhd", word[digits]) != NULL &&
        word[digits + 1] == '\0') {
        (void)snprintf(out, SLOT_BYTES_MAX, "%s", word);
        return 1;
    }
    if (strcmp(word, "half") == 0 && unit == 'h') {
        (void)snprintf(out, SLOT_BYTES_MAX, "30m");
        return 2;
    }
    if (number < 0 && unit_of(word) != '\0') {
        number = 1; /* "an hour", without its "an" */
        unit = unit_of(word);
        n = 1;
    }
    if (number <= 0 || unit == '\0') {
        return 0;
    }
    if (unit == 'w') {
        number *= 7;
        unit = 'd';
    }
    (void)snprintf(out, SLOT_BYTES_MAX, "%d%c", number, unit);
    return n;
}

/* Whether the words before a duration make it the stack's time to live; how many they are. */
static size_t ttl_lead(const struct words *words, size_t i) {
    size_t lead = 0;

    while (lead < 2 &&
           word_is_any(words_before(words, i, lead + 1), "of|to|is|in|after|for|only|about")) {
        lead++;
    }
    if (word_is_any(words_before(words, i, lead + 1),
                    "ttl|lifetime|expire|expires|expiry|live|lives|living|around|lasts|last")) {
        return lead + 1;
    }
    if (lead == 0 && word_is_any(words_before(words, i, 1), "it|that|this") &&
        strcmp(words_before(words, i, 2), "make") == 0) {
        return 2; /* "make it 3 days instead" */
    }
    if (lead == 0 || !word_is_any(words_before(words, i, lead), "in|after|for|only") ||
        strcmp(words_before(words, i, 1), "to") == 0) {
        return 0;
    }
    /* "delete it after", "keep it for", "take it down in" */
    for (size_t back = lead + 1; back <= lead + 4; back++) {
        if (word_is_any(words_before(words, i, back),
                        "delete|deleted|remove|destroy|destroyed|keep|gone|"
                        "away|down|temporary|remains|alive|"
                        "temporarily|only")) {
            return back;
        }
        if (word_is_any(words_before(words, i, back), "throwaway|copy|preview|demo")) {
            return lead; /* which is still wanted */
        }
    }
    return strcmp(words_before(words, i, lead), "only") == 0 ||
                   strcmp(words_before(words, i, 1), "for") == 0
               ? lead
               : 0;
}

void fields_durations(struct words *words, struct understood *out) {
    for (size_t i = 0; i < words->n; i++) {
        char duration[SLOT_BYTES_MAX] = "";
        size_t n = duration_at(words, i, duration);
        size_t lead;

        if (n > 0 && word_is_any(words_before(words, i, 1), "last|past|previous|recent")) {
            slot_put(words, i, out, SLOT_SINCE, duration);
            words_take(words, i - 1, n + 1, SLOT_SINCE);
        } else if (n > 0 && (word_is_any(words_before(words, i, 1), "since") ||
                             word_is_any(words_at(words, i + n), "ago"))) {
            slot_put(words, i, out, SLOT_SINCE, duration);
            words_take(words, i, n, SLOT_SINCE);
        } else if (n > 0 && (lead = ttl_lead(words, i)) > 0) {
            slot_put(words, i, out, SLOT_TTL, duration);
            words_take(words, i - lead, lead + n, SLOT_TTL);
        } else if (strcmp(words_at(words, i), "yesterday") == 0) {
            slot_put(words, i, out, SLOT_SINCE, "24h");
            words_take(words, i, 1, SLOT_SINCE);
        }
        i += n > 0 ? n - 1 : 0;
    }
}

/* ---- Logs, releases, names ---- */

/* Whether one of `list` stands in the `most` words after `i`. */
static bool is_near(const struct words *words, size_t i, size_t most, const char *list) {
    for (size_t k = i + 1; k <= i + most && k < words->n; k++) {
        if (word_is_any(words_at(words, k), list)) {
            return true;
        }
    }
    return false;
}

static bool is_anywhere(const struct words *words, const char *list) {
    for (size_t i = 0; i < words->n; i++) {
        if (word_is_any(words_at(words, i), list)) {
            return true;
        }
    }
    return false;
}

/* "tail the logs", "the logs, live" */
static bool is_following(const struct words *words, size_t i) {
    return (words->n < 14 && is_near(words, i, 4, "log|logs|them|it") &&
            word_is_any(words_at(words, i),
                        "follow|tail|stream|live|streaming|following|tailing")) ||
           (word_is_any(words_at(words, i), "log|logs") &&
            is_anywhere(words, "live|watch|realtime|real-time"));
}

/* What is looked for when the person says such a word; NULL: it is none. */
static const char *filter_of(const char *word) {
    static const struct {
        const char *words;
        const char *filter;
    } filters[] = {
        {"errors|error", "?ERROR ?Error ?error"},
        {"exceptions|exception", "Exception"},
        {"warnings", "?WARN ?Warn ?warn"},
        {"tracebacks", "Traceback"},
    };

    for (size_t i = 0; i < ARRAY_N(filters); i++) {
        if (word_is_any(word, filters[i].words)) {
            return filters[i].filter;
        }
    }
    return NULL;
}

/* One error is spoken of more often than it is looked for. */
static bool is_looked_for(const struct words *words, size_t i) {
    return strcmp(words_at(words, i), "error") != 0 || is_near(words, i, 5, "log|logs") ||
           word_is_any(words_at(words, i + 1), "only|since") ||
           word_is_any(words_before(words, i, 1), "only|with|containing") ||
           word_is_any(words_before(words, i, 2), "log|logs|only|just");
}

void fields_logs(struct words *words, struct understood *out) {
    for (size_t i = 0; i < words->n; i++) {
        const char *filter = filter_of(words_at(words, i));

        if (is_following(words, i)) {
            slot_put(words, i, out, SLOT_FOLLOW, "true");
        }
        if (filter != NULL && is_looked_for(words, i)) {
            (void)snprintf(out->values[SLOT_FILTER], SLOT_BYTES_MAX, "%s", filter);
        }
    }
}

/* "20261124-1", "d261124-5s5vdkkp": ids as this program and dates make them. */
static bool is_release_id(const char *word) {
    const char *digits = word[0] == 'd' || word[0] == 'r' ? word + 1 : word;
    size_t n = strspn(digits, "0123456789");

    return (n == 6 || n == 8) && digits[n] == '-' && digits[n + 1] != '\0' &&
           digits[n + 1 + strspn(digits + n + 1, "0123456789abcdefghijklmnopqrstuvwxyz")] == '\0';
}

void fields_release(struct words *words, struct understood *out) {
    for (size_t i = 0; i < words->n; i++) {
        const char *next = words_at(words, i + 1);

        if (is_release_id(words_at(words, i)) && words->rows[i].used_by == 0) {
            slot_put(words, i, out, SLOT_RELEASE, words->rows[i].typed);
            words_take(words, i, 1, SLOT_RELEASE);
            continue;
        }
        if (i + 1 >= words->n || is_release_id(next)) {
            continue;
        }

        if (word_is_any(words_at(words, i), "release|version|build|restore") &&
            word_has_digit(next) && words->rows[i + 1].used_by == 0) {
            slot_put(words, i + 1, out, SLOT_RELEASE, words->rows[i + 1].typed);
            words_take(words, i + 1, 1, SLOT_RELEASE);
        } else if (strcmp(words_at(words, i), "to") == 0 && word_has_digit(next) && i > 0 &&
                   words->rows[i + 1].used_by == 0 &&
                   word_is_any(words_before(words, i, 1), "back|revert|rollback|return|restore")) {
            slot_put(words, i + 1, out, SLOT_RELEASE, words->rows[i + 1].typed);
            words_take(words, i + 1, 1, SLOT_RELEASE);
        }
    }
}

/* "DATABASE_URL", also "STRIPE" after "secret". */
void fields_name(struct words *words, struct understood *out) {
    for (size_t i = 0; i < words->n; i++) {
        const char *typed = words->rows[i].typed;
        size_t length = strlen(typed);

        if (length >= 3 && isupper((unsigned char)typed[0]) &&
            strspn(typed, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") == length &&
            (strchr(typed, '_') != NULL ||
             word_is_any(words_before(words, i, 1), "secret|variable|called|named|key|value"))) {
            slot_put(words, i, out, SLOT_NAME, typed);
            words_take(words, i, 1, SLOT_NAME);
        }
    }
}
