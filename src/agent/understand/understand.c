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
    "put", "host", "run", "go", "keep", "better", "wrong", "nearer", "closer", "said", "try", "expire", "expires", "ttl", "want", "correct", "correction", "should",
};

/* Words that only hold values together. */
static const char *const joining[] = {
    "in", "to", "on", "the", "and", "with", "for", "is", "it", "be", "of", "at", "no", "not", "but", "yes", "ok", "okay",
    "then", "i", "would", "like", "that", "sorry", "oh", "wait", "please", "aws", "stack", "from", "thanks", "nope",
    "are", "all", "there", "customers", "think", "either", "do", "mind", "care", "hmm", "time", "values", "settings", "before", "same", "except", "this", "your", "users", "have", "think", "let", "us", "we", "only", "as", "or", "app", "application", "mean", "by", "near", "than", 
};

/* clang-format on */

enum { SENTENCE_WORDS = 18 };

const char *slot_name(enum slot slot) {
    return slot > SLOT_NONE && slot < SLOT_N ? slot_names[slot] : slot_names[SLOT_NONE];
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
                     !word_is_listed(words->rows[i].lower, joining, ARRAY_N(joining)) &&
                     !word_is_listed(words->rows[i].lower, changing, ARRAY_N(changing))
                 ? 1
                 : 0;
    }
    return n;
}

static bool words_have(const struct words *words, const char *const *list, size_t n) {
    for (size_t i = 0; i < words->n; i++) {
        if (word_is_listed(words->rows[i].lower, list, n)) {
            return true;
        }
    }
    return false;
}

/* "the same as last time", "like before", "again with the settings of the previous run" */
static bool is_as_before(const struct words *words) {
    static const char *const same[] = {"same", "like", "as", "way", "again", "settings", "values"};
    static const char *const before[] = {"before", "previously", "yesterday", "earlier", "usual"};
    static const char *const last[] = {"last", "previous", "earlier"};
    static const char *const times[] = {"time", "run", "deployment", "session", "deploy"};
    bool has_same = words_have(words, same, ARRAY_N(same));
    bool has_before = words_have(words, before, ARRAY_N(before));

    for (size_t i = 0; i + 1 < words->n; i++) {
        has_before =
            has_before || (word_is_listed(words->rows[i].lower, last, ARRAY_N(last)) &&
                           word_is_listed(words->rows[i + 1].lower, times, ARRAY_N(times)));
    }
    return (has_same && has_before) ||
           (words->n >= 2 && strcmp(words->rows[0].lower, "same") == 0 &&
            strcmp(words->rows[1].lower, "again") == 0);
}

/* A line of nothing but assent: "yep, looks good, go for it". */
static bool is_assent(const struct words *words) {
    static const char *const firsts[] = {"yes",    "yep",     "yeah",       "ok",      "okay",
                                         "sure",   "alright", "absolutely", "perfect", "great",
                                         "fine",   "correct", "right",      "yup",     "certainly",
                                         "sounds", "looks",   "good",       "lgtm",    "go"};
    static const char *const all[] = {
        "yes",     "yep",   "yeah",      "ok",      "okay",      "sure",  "alright", "absolutely",
        "perfect", "great", "fine",      "correct", "right",     "looks", "look",    "good",
        "go",      "for",   "it",        "ahead",   "do",        "that",  "is",      "sounds",
        "all",     "to",    "me",        "this",    "confirmed", "i",     "agree",   "with",
        "approve", "yup",   "certainly", "of",      "course",    "on"};

    if (words->n == 0 || words->is_cut ||
        !word_is_listed(words->rows[0].lower, firsts, ARRAY_N(firsts))) {
        return false;
    }
    for (size_t i = 0; i < words->n; i++) {
        if (!word_is_listed(words->rows[i].lower, all, ARRAY_N(all))) {
            return false;
        }
    }
    return true;
}

/* A line that begins with a no and gives no value: "nope, leave it as it is". */
static bool is_refusal(const struct words *words) {
    static const char *const firsts[] = {"no", "nope", "nah", "never"};

    return words->n > 0 && word_is_listed(words->rows[0].lower, firsts, ARRAY_N(firsts));
}

/* Whether the line is language at all, and not a cat on the keyboard. */
static bool is_language(const struct words *words) {
    static const char *const common[] = {
        "what", "who", "how", "is",    "are",   "me",   "you",  "tell", "do", "i",    "to",
        "of",   "in",  "for", "it",    "can",   "was",  "that", "this", "on", "with", "not",
        "have", "we",  "be",  "there", "where", "when", "why",  "and",  "or"};

    return words_have(words, common, ARRAY_N(common));
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

/* A release or the name of a secret says what is wanted, with half a word beside it. */
static void wish_of_values(const struct words *words, struct understood *out) {
    static const char *const storing[] = {"store",  "set",    "add", "save",  "rotate",
                                          "update", "change", "put", "enter", "new"};
    static const char *const removing[] = {"remove", "delete", "drop", "forget"};
    const char *verb = out->values[SLOT_RELEASE][0] != '\0'             ? "rollback"
                       : out->values[SLOT_NAME][0] == '\0'              ? NULL
                       : words_have(words, removing, ARRAY_N(removing)) ? "secrets rm"
                       : words_have(words, storing, ARRAY_N(storing))   ? "secrets set"
                                                                        : NULL;

    if (verb != NULL) {
        out->row = intent_row_of(verb);
        out->intent = INTENT_VERB;
    }
}

/* "put it into N. Virginia", "we want our app in Ireland": where it shall run is where it goes. */
static bool is_placing(const struct words *words, const struct understood *out) {
    static const char *const placing[] = {"put",  "take",   "bring", "get", "host",
                                          "send", "launch", "want",  "need"};
    static const char *const things[] = {"it",         "app",     "application", "code",
                                         "site",       "project", "version",     "this",
                                         "everything", "service", "thing",       "website"};

    return words_have(words, placing, ARRAY_N(placing)) &&
           words_have(words, things, ARRAY_N(things)) &&
           (out->values[SLOT_REGION][0] != '\0' || out->others[SLOT_REGION][0] != '\0' ||
            out->values[SLOT_ENV][0] != '\0');
}

/* Values, and hardly a word beside them: "eu-west-1", "change the region to Ireland". */
static bool is_giving_values(const struct words *words, const struct understood *out) {
    size_t left = words_left(words, out);

    return has_values(out) &&
           (left <= 1 || (left <= 5 && words_have(words, changing, ARRAY_N(changing))));
}

/* What a line without a wish of its own comes to. */
static void settle_without_wish(const struct words *words, struct understood *out) {
    bool is_change = is_giving_values(words, out);

    if (is_change && is_placing(words, out)) {
        out->row = intent_row_of("deploy");
        out->intent = INTENT_VERB;
        return;
    }
    if (is_change || (out->is_as_before && words_left(words, out) <= 6)) {
        out->intent = INTENT_CHANGE;
        return;
    }
    values_drop(out);
    if (is_assent(words) || is_refusal(words)) {
        out->intent = is_assent(words) ? INTENT_YES : INTENT_NO;
    } else if (out->intent != INTENT_NO) {
        out->intent = intent_is_ours(words) || words->n < 3 || !is_language(words)
                          ? INTENT_UNKNOWN
                          : INTENT_OFF_TOPIC;
    }
}

void understand(const char *line, const char *const *envs, struct understood *out) {
    struct words words;

    *out = (struct understood){0};
    words_cut(line, &words);
    out->is_long = words.n > SENTENCE_WORDS;
    fields_read(&words, envs, out);
    intent_read(&words, out);
    if (out->row == NULL && out->intent != INTENT_NO) {
        wish_of_values(&words, out);
    }
    values_keep_fitting(out);
    out->is_as_before = is_as_before(&words) && (out->row == NULL || out->intent == INTENT_VERB);
    if (out->row == NULL && out->intent != INTENT_NO) {
        settle_without_wish(&words, out);
    } else if (out->intent == INTENT_NO) {
        values_drop(out); /* "do not deploy to prod" changes nothing */
    }
    out->is_as_before =
        out->is_as_before && (out->intent == INTENT_VERB || out->intent == INTENT_CHANGE);
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
