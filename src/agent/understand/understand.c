/* A line of the conversation: what it wants and what it decides. */
#include "agent/understand/understand_room.h"

#include <string.h>

#include "base/str.h"

/* clang-format off */
static const char *const slot_names[SLOT_N] = {
    [SLOT_NONE] = "none",       [SLOT_ENV] = "env",     [SLOT_APP] = "app",       [SLOT_ACCOUNT] = "account",
    [SLOT_REGION] = "region",   [SLOT_PROFILE] = "profile", [SLOT_TTL] = "ttl",   [SLOT_SINCE] = "since",
    [SLOT_FOLLOW] = "follow",   [SLOT_FILTER] = "filter",   [SLOT_RELEASE] = "release", [SLOT_NAME] = "name",
};

/* A line of nothing but values changes them when one of these is in it. */
static const char *const changing[] = {
    "change", "set", "use", "using", "switch", "make", "move", "pick", "choose", "take", "prefer", "instead", "rather",
    "region", "account", "environment", "env", "profile", "call", "name", "rename", "called", "named", "meant", "mean",
    "put", "host", "run", "go", "keep", "expire", "expires", "ttl", "want", "correct", "correction", "should",
};

/* Words that only hold values together. */
static const char *const joining[] = {
    "in", "to", "on", "the", "and", "with", "for", "is", "it", "be", "of", "at", "no", "not", "but", "yes", "ok", "okay",
    "then", "i", "would", "like", "that", "sorry", "oh", "wait", "please", "aws", "stack", "from", "thanks", "nope",
    "think", "let", "us", "we", "only", "as", "or", "app", "application", "mean", "by", "near", "than", "either",
};

static const char *const corrections[] = { "no", "nope", "actually", "sorry", "wait", "oops", "rather", "instead", "meant", "correction", "not" };
/* clang-format on */

enum { SENTENCE_WORDS = 18 };

const char *slot_name(enum slot slot) {
    return slot > SLOT_NONE && slot < SLOT_N ? slot_names[slot] : slot_names[SLOT_NONE];
}

static bool is_listed(const char *word, const char *const *list, size_t n) {
    for (size_t i = 0; i < n; i++) {
        if (strcmp(list[i], word) == 0) {
            return true;
        }
    }
    return false;
}

static bool has_values(const struct understood *out) {
    for (enum slot f = SLOT_NONE + 1; f < SLOT_N; f++) {
        if (out->values[f][0] != '\0' || out->others[f][0] != '\0') {
            return true;
        }
    }
    return false;
}

/* Whether the word belongs to a value that counts. */
static bool is_taken(const struct understood *out, const struct word *word) {
    return word->used_by != SLOT_NONE &&
           (word->used_by < SLOT_SINCE || out->values[word->used_by][0] != '\0');
}

/* Words that neither a value nor the grammar around it explains. */
static size_t words_left(const struct words *words, const struct understood *out) {
    size_t n = 0;

    for (size_t i = 0; i < words->n; i++) {
        n += !is_taken(out, &words->rows[i]) &&
                     !is_listed(words->rows[i].lower, joining, ARRAY_N(joining)) &&
                     !is_listed(words->rows[i].lower, changing, ARRAY_N(changing))
                 ? 1
                 : 0;
    }
    return n;
}

static bool words_have(const struct words *words, const char *const *list, size_t n) {
    for (size_t i = 0; i < words->n; i++) {
        if (is_listed(words->rows[i].lower, list, n)) {
            return true;
        }
    }
    return false;
}

/* "the same as last time", "like before", "same region as yesterday" */
static bool is_as_before(const struct words *words) {
    bool has_same = false;
    bool has_before = false;

    for (size_t i = 0; i < words->n; i++) {
        const char *word = words->rows[i].lower;

        has_same = has_same || strcmp(word, "same") == 0 || strcmp(word, "like") == 0 ||
                   strcmp(word, "as") == 0;
        has_before = has_before || strcmp(word, "before") == 0 || strcmp(word, "previously") == 0 ||
                     strcmp(word, "yesterday") == 0 ||
                     (strcmp(word, "last") == 0 && i + 1 < words->n &&
                      strcmp(words->rows[i + 1].lower, "time") == 0);
    }
    return (has_same && has_before) ||
           (words->n >= 2 && strcmp(words->rows[0].lower, "same") == 0 &&
            strcmp(words->rows[1].lower, "again") == 0);
}

static void values_drop(struct understood *out) {
    memset(out->values, 0, sizeof out->values);
    memset(out->others, 0, sizeof out->others);
}

/* What only a look at logs, a way back or a secret can use. */
static void values_keep_fitting(struct understood *out) {
    const char *verb = out->row == NULL || out->row->verb == NULL ? "" : out->row->verb;
    bool is_logs = strcmp(verb, "logs") == 0;

    for (enum slot f = SLOT_SINCE; f < SLOT_N; f++) {
        if (f == SLOT_RELEASE ? strcmp(verb, "rollback") != 0
            : f == SLOT_NAME  ? strncmp(verb, "secrets ", 8) != 0
                              : !is_logs) {
            out->values[f][0] = '\0';
            out->others[f][0] = '\0';
        }
    }
}

/* What a line without a wish of its own comes to. */
static void settle_without_wish(const struct words *words, struct understood *out) {
    bool is_change = has_values(out) && words_left(words, out) <= 1;

    is_change = is_change || (has_values(out) && words_left(words, out) <= 5 &&
                              words_have(words, changing, ARRAY_N(changing)));
    if (is_change || (out->is_as_before && words_left(words, out) <= 6)) {
        out->intent = INTENT_CHANGE;
        return;
    }
    values_drop(out);
    if (out->intent != INTENT_NO) {
        out->intent = intent_is_ours(words) || words->n < 3 ? INTENT_UNKNOWN : INTENT_OFF_TOPIC;
    }
}

void understand(const char *line, const char *const *envs, struct understood *out) {
    struct words words;

    *out = (struct understood){0};
    words_cut(line, &words);
    out->is_question = words.is_question;
    out->is_long = words.n > SENTENCE_WORDS;
    fields_read(&words, envs, out);
    intent_read(&words, out);
    values_keep_fitting(out);
    out->is_as_before = is_as_before(&words);
    if (out->row == NULL && out->intent != INTENT_NO) {
        settle_without_wish(&words, out);
    } else if (out->intent == INTENT_NO) {
        values_drop(out); /* "do not deploy to prod" changes nothing */
    }
    out->is_correction =
        out->intent == INTENT_CHANGE && words_have(&words, corrections, ARRAY_N(corrections));
}

bool understand_answer(const char *line, enum slot slot, const char *const *envs,
                       char out[SLOT_BYTES_MAX]) {
    struct understood understood;
    struct words words;

    words_cut(line, &words);
    understood = (struct understood){0};
    fields_read(&words, envs, &understood);
    if (understood.values[slot][0] == '\0' || words_left(&words, &understood) > 3) {
        return false;
    }
    memcpy(out, understood.values[slot], SLOT_BYTES_MAX);
    return true;
}
