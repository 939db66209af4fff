/* What a line names: environment, application, profile. */
#include "agent/understand/fields_room.h"

#include <ctype.h>
#include <string.h>

#include "base/str.h"

/* ---- Environment ---- */

/* clang-format off */
static const struct {
    const char *said;
    const char *name;
    bool is_plain; /* means an environment wherever it stands */
} env_names[] = {
    { "prod", "prod", true },          { "production", "prod", true },   { "staging", "staging", true },
    { "stage", "staging", false },     { "dev", "dev", true },           { "development", "dev", false },
    { "test", "test", false },         { "testing", "test", false },     { "qa", "qa", false },
    { "preview", "preview", false },   { "demo", "demo", false },        { "sandbox", "sandbox", false },
    { "uat", "uat", false },
};
/* clang-format on */

/* "app=ledger": a value with the name that an option has. */
bool fields_pair(struct words *words, size_t i, struct understood *out) {
    const char *typed = words->rows[i].typed;
    const char *equals = strchr(typed, '=');
    static const enum slot slots[] = {SLOT_ENV,     SLOT_APP, SLOT_ACCOUNT, SLOT_REGION,
                                      SLOT_PROFILE, SLOT_TTL, SLOT_SINCE};

    for (size_t k = 0; equals != NULL && k < ARRAY_N(slots); k++) {
        const char *name = slot_name(slots[k]);

        if (strncmp(typed, name, strlen(name)) == 0 && typed + strlen(name) == equals &&
            equals[1] != '\0') {
            slot_put(words, i, out, slots[k], equals + 1);
            words_take(words, i, 1, slots[k]);
            return true;
        }
    }
    return false;
}

static bool is_in(const char *const *list, const char *text) {
    for (; list != NULL && *list != NULL; list++) {
        if (strcmp(*list, text) == 0) {
            return true;
        }
    }
    return false;
}

/* The environment that a word stands for; NULL: none. "prod" is "production" where the file calls
 * it so. */
static const char *env_of(const char *said, const char *const *envs, bool *is_plain) {
    const char *name = NULL;

    *is_plain = false; /* "main" or "web" may be the name of one */
    for (size_t i = 0; i < ARRAY_N(env_names); i++) {
        if (strcmp(env_names[i].said, said) == 0) {
            *is_plain = env_names[i].is_plain;
            name = env_names[i].name;
        }
    }
    if (is_in(envs, said)) {
        return said;
    }
    for (size_t i = 0; name != NULL && !is_in(envs, name) && i < ARRAY_N(env_names); i++) {
        if (strcmp(env_names[i].name, name) == 0 && is_in(envs, env_names[i].said)) {
            return env_names[i].said;
        }
    }
    return name;
}

/* "api", "team-7": may be a name; "Variables", "and" are not. */
static bool is_name(const char *text, size_t max) {
    size_t n = strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-");

    return text[n] == '\0' && n >= 2 && n <= max && isalpha((unsigned char)text[0]) &&
           text[n - 1] != '-' &&
           !word_is_any(text,
                        "variable|variables|file|files|and|or|for|in|on|with|called|named|to|is|"
                        "it|of|from|instead|not|but|as|at|name|names|do|does|we|you|are|there|"
                        "that|what|which|exist|have|has|ls|add|list|id|too|one|same|then|by|"
                        "change|please|right|was|be|go|use|region|account");
}

/* One that exists beats one that does not: "a demo environment: dev". */
static void env_put(const struct words *words, size_t i, const char *const *envs,
                    struct understood *out, const char *name) {
    const char *before = out->values[SLOT_ENV];

    if (envs != NULL && before[0] != '\0' && is_in(envs, before) != is_in(envs, name)) {
        if (is_in(envs, before)) {
            return;
        }
        out->values[SLOT_ENV][0] = '\0';
    }
    slot_put(words, i, out, SLOT_ENV, name);
}

void fields_env(struct words *words, const char *const *envs, struct understood *out) {
    for (size_t i = 0; i < words->n; i++) {
        bool is_plain = false;
        const char *name = env_of(words_at(words, i), envs, &is_plain);

        if (name != NULL && words->rows[i].used_by == 0 &&
            (is_plain ||
             word_is_any(words_at(words, i + 1),
                         "environment|env|instead|stack|deploy|deployment|release|"
                         "logs|log|site|url|app|address") ||
             word_is_any(words_before(words, i, 1),
                         "in|to|on|into|environment|env|not|no|for|of|said|"
                         "meant|mean|use|from|against|with"))) {
            env_put(words, i, envs, out, name);
            words_take(words, i, 1, SLOT_ENV);
            if (word_is_any(words_at(words, i + 1), "environment|env")) {
                words_take(words, i + 1, 1, SLOT_ENV);
            }
            continue;
        }
        if (word_is_any(words_at(words, i), "environment|env") && words->rows[i].used_by == 0) {
            size_t next =
                word_is_any(words_at(words, i + 1), "to|is|called|named|=") ? i + 2 : i + 1;

            if (is_name(words_at(words, next), 12) && !words->rows[next].begins_clause &&
                env_of(words_at(words, next), envs, &is_plain) == NULL) {
                slot_put(words, i, out, SLOT_ENV, words_at(words, next));
                words_take(words, i, next - i + 1, SLOT_ENV);
            }
        }
    }
}

/* ---- Name of the application, profile ---- */

static bool is_app_name(const char *word) {
    return is_name(word, 18) && !place_is_region(word) &&
           !word_is_any(word,
                        "online|live|up|down|healthy|running|working|works|broken|again|back|now|"
                        "today|there|here|out|away|alive|reachable|deployed|stack|logs|log|url|"
                        "address|status|too|once|that|into|until|first|still|yet|also|aws|cloud|"
                        "amazon|anyway|over|off|dev|prod|staging|production|staged|directly|"
                        "immediately|quickly|tomorrow|tonight|right-now|fast|please|hangs|fails|"
                        "crashes|died|dies|runs|costs|needs|uses|looks|seems|when|while|because");
}

/* Words that say which application without naming it: "my app", "the whole app". */
static bool is_app_word(const char *word) {
    return word_is_any(word,
                       "fastapi|vite|react|vue|web|python|whole|entire|new|old|same|sample|example|"
                       "other|another|first|second|main|current|small|big|working|single|full|"
                       "first|little|test|running|deployed|live|existing|previous|last|different|"
                       "your|his|her|their|which|what|the-app|full-stack|fullstack|node|backend|"
                       "frontend|wrong|right|any|every|each|no|both|mobile|static|simple|an-app");
}

/* What is deployed without being a name: "deploy everything to prod", "deploy straight to prod". */
static bool is_object(const char *word) {
    size_t n = strlen(word);

    return (n > 3 && strcmp(word + n - 2, "ly") == 0) ||
           word_is_any(
               word,
               "it|this|that|them|everything|all|code|changes|change|latest|branch|version|"
               "site|website|project|repo|repository|service|services|stuff|thing|things|"
               "update|updates|build|main|master|head|straight|right|only|anything|nothing|"
               "something|these|those|app|apps|application|release|releases|work|again|"
               "first|api|ui|copy|images|assets|fix|hotfix|feature|commit|tag|server|"
               "deploy|deployment|deploying|rollout|dry-run|test|template|stack|function|plan|"
               "one|more|what|who|when|where|somewhere|anywhere|"
               "nowhere|both|"
               "either|mine|ours|yours|here|there|back|over|up|down|out|live|online|today|now");
}

/* "the app tickets to staging": the word `at` is the name. */
static bool is_named_plainly(const struct words *words, size_t at) {
    const char *after = words_at(words, at + 1);

    return is_app_name(words_at(words, at)) && after[0] != '=' &&
           (after[0] == '\0' || words->rows[at + 1].begins_clause ||
            word_is_any(after,
                        "in|to|on|for|with|from|by|into|and|at|reachable|running|up|healthy|live|"
                        "online|deployed|down|available|cost"));
}

/* "a deploy of todo-board" */
static bool is_what_is_deployed(const struct words *words, size_t at) {
    const char *name = words_at(words, at);

    return is_app_name(name) && !is_app_word(name) && !is_object(name);
}

/* "deploy shopfront to dev" */
static bool is_deployed_by_name(const struct words *words, size_t at) {
    return is_what_is_deployed(words, at) &&
           (word_is_any(words_at(words, at + 1), "in|to|on|into") ||
            strchr(words_at(words, at), '-') != NULL);
}

enum { LEAD_WORDS_MAX = 4 };

/* What leads to the application's name; the first row that fits. */
/* clang-format off */
static const struct lead {
    const char *before;                /* one of these stands before it; NULL: whatever does */
    const char *words[LEAD_WORDS_MAX]; /* one of these each, then the name */
    bool (*is_fit)(const struct words *words, size_t at); /* what the name has to be; NULL: a name */
} leads[] = {
    { NULL, { "call|name|rename", "it|this|app|application|project", "to|as" }, NULL },
    { NULL, { "call|name|rename", "it|this|app|application|project" },          NULL },
    { NULL, { "app|application", "name", "is|to|=|should|must", "be" },         NULL },
    { NULL, { "app|application", "name", "is|to|=|should|must" },               NULL },
    { NULL, { "app|application|project", "called|named" },                      NULL },
    { "change|set|switch|rename|move", { "app|application|project", "to" },     NULL },
    { NULL, { "app|application" },                                              is_named_plainly },
    { NULL, { "deploy|release|ship|publish|launch|host|plan|redeploy" },        is_deployed_by_name },
    { NULL, { "deploy|deployment|rollout|release", "of" },                      is_what_is_deployed },
    { NULL, { "which|that", "is|was", "called|named" },                         NULL },
    { NULL, { "app|application|it|project", "is|should", "called|named|be", "called|named" }, NULL },
    { NULL, { "app|application|it|project", "is|should", "called|named" },      NULL },
};
/* clang-format on */

/* How many words of the row stand at `i`, before the name; 0: it does not fit. */
static size_t lead_match(const struct lead *lead, const struct words *words, size_t i) {
    size_t n = 0;

    if (lead->before != NULL && !word_is_any(words_before(words, i, 1), lead->before)) {
        return 0;
    }
    for (; n < LEAD_WORDS_MAX && lead->words[n] != NULL; n++) {
        if (!word_is_any(words_at(words, i + n), lead->words[n])) {
            return 0;
        }
    }
    return lead->is_fit == NULL || lead->is_fit(words, i + n) ? n : 0;
}

static size_t app_lead(const struct words *words, size_t i) {
    size_t n = 0;

    for (size_t k = 0; n == 0 && k < ARRAY_N(leads); k++) {
        n = lead_match(&leads[k], words, i);
    }
    return n;
}

/* Whether a word before "app" is its name and not something that is done with it: "deploy app". */
static bool is_named_app(const struct words *words, size_t i) {
    return i > 0 &&
           !word_is_any(
               words->rows[i].lower,
               "deploy|ship|release|publish|launch|host|put|take|bring|run|get|show|"
               "check|inspect|delete|remove|destroy|plan|stop|start|move|push|rename|"
               "call|name|of|see|open|make|build|redeploy|restore|update|kill|drop|"
               "change|use|find|reach|test|set|want|need|have|has|see|this|our|my|read|watch|"
               "fetch|tail|"
               "follow|print|list|view|give|tell|describe|explain|upgrade|prepare|simulate|"
               "preview|start|is|are|does|did|if|whether|how|why|where|when|and|or|with");
}

void fields_app(struct words *words, struct understood *out) {
    for (size_t i = 0; i < words->n; i++) {
        size_t lead = app_lead(words, i);

        if (lead > 0 && i + lead < words->n && is_name(words_at(words, i + lead), 18)) {
            slot_put(words, i + lead, out, SLOT_APP, words_at(words, i + lead));
            words_take(words, i, lead + 1, SLOT_APP);
        } else if (i > 0 && word_is_any(words_at(words, i), "app|application") &&
                   words->rows[i - 1].used_by == 0 && !words->rows[i].begins_clause &&
                   is_app_name(words_before(words, i, 1)) &&
                   !is_app_word(words_before(words, i, 1)) && is_named_app(words, i - 1) &&
                   !word_is_any(words_at(words, i + 1),
                                "logs|log|stack|name|code|url|output|errors")) {
            slot_put(words, i - 1, out, SLOT_APP, words_before(words, i, 1)); /* "the shop app" */
            words_take(words, i - 1, 1, SLOT_APP);
        }
    }
}

/* Where the name of a profile would stand after the word `i`. */
static size_t profile_place(struct words *words, size_t i) {
    size_t at = i + 1 + word_is_any(words_at(words, i + 1), "to|is|called|named|=|of");

    for (size_t k = i + 1; k + 2 < words->n && k < i + 4; k++) {
        if (word_is_any(words_at(words, k), "should|must") &&
            word_is_any(words_at(words, k + 1), "be")) {
            words->rows[k + 2].begins_clause = false;
            at = k + 2; /* "wrong profile, it should be marketing" */
        }
    }
    return at;
}

/* "profile marketing" */
static bool is_profile_after(const struct words *words, size_t at) {
    return at < words->n && !words->rows[at].begins_clause && words->rows[at].used_by == 0 &&
           (is_name(words_at(words, at), 64) || strchr(words_at(words, at), '_') != NULL);
}

/* "the marketing profile" */
static bool is_profile_before(const struct words *words, size_t i) {
    return i > 0 && words->rows[i - 1].used_by == 0 && is_name(words_before(words, i, 1), 64) &&
           !word_is_any(words_before(words, i, 1),
                        "aws|this|that|other|another|different|which|use|change|set|switch|wrong|"
                        "right|correct|some|same|old|new|what|as|and|with|under|in|by");
}

void fields_profile(struct words *words, struct understood *out) {
    for (size_t i = 0; i < words->n; i++) {
        size_t at =
            word_is_any(words_at(words, i), "profile|credentials") ? profile_place(words, i) : 0;

        if (at == 0 || strcmp(words_at(words, i), "profile") != 0) {
            continue;
        }
        if (is_profile_after(words, at)) {
            slot_put(words, at, out, SLOT_PROFILE, words->rows[at].typed);
            words_take(words, i, at - i + 1, SLOT_PROFILE);
        } else if (is_profile_before(words, i)) {
            slot_put(words, i - 1, out, SLOT_PROFILE, words->rows[i - 1].typed);
            words_take(words, i - 1, 2, SLOT_PROFILE);
        }
    }
}
