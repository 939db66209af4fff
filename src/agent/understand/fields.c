/* What a line decides: region, account, environment, name, profile, time to live, ... */
#include "agent/understand/understand_room.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"

/* ---- Looking at words ---- */

static const char *word_at(const struct words *words, size_t i) {
    return i < words->n ? words->rows[i].lower : "";
}

static const char *word_before(const struct words *words, size_t i, size_t back) {
    return i >= back ? words->rows[i - back].lower : "";
}

/* Whether `word` is one of `list`, separated by '|'. */
static bool is_any(const char *word, const char *list) {
    struct str rest = str_from(list);
    struct str piece = {0};

    while (word[0] != '\0' && str_next(&rest, '|', &piece)) {
        if (str_eq(piece, str_from(word))) {
            return true;
        }
    }
    return false;
}

static void words_take(struct words *words, size_t from, size_t n, enum slot slot) {
    for (size_t i = from; i < from + n && i < words->n; i++) {
        words->rows[i].used_by = (int)slot;
    }
}

static bool has_digit(const char *text) { return strpbrk(text, "0123456789") != NULL; }

/* ---- Keeping values ---- */

static bool has_later(const struct words *words, size_t i, const char *list) {
    for (size_t k = i + 1; k < words->n && k < i + 8; k++) {
        if (is_any(word_at(words, k), list)) {
            return true;
        }
    }
    return false;
}

/* Whether the speaker names the value only to leave it: "not prod", "instead of Paris", "from X".
 */
static bool is_left(const struct words *words, size_t i) {
    const char *last = word_before(words, i, 1);
    const char *second = word_before(words, i, 2);

    if (is_any(last, "in|to|region|on|account|environment|env")) {
        last = second;
        second = word_before(words, i, 3);
        if (i >= 2 &&
            (words->rows[i - 2].used_by != 0 || is_any(last, "staging|prod|production|dev"))) {
            last = second; /* "not staging in Tokyo" */
            second = word_before(words, i, 4);
        }
    }
    if (is_any(last, "from")) {
        return has_later(words, i, "to|into"); /* "from A to B", not "from A" */
    }
    return is_any(last, "not|never|without|leave|leaving") ||
           (is_any(last, "of") && strcmp(second, "instead") == 0) ||
           (is_any(last, "than") && strcmp(second, "rather") == 0);
}

static void slot_put_one(struct understood *out, enum slot slot, const char *value) {
    char both[SLOT_BYTES_MAX * 2 + 2];

    if (strcmp(out->values[slot], value) == 0) {
        return;
    }
    if (out->values[slot][0] == '\0' && out->others[slot][0] == '\0') {
        (void)snprintf(out->values[slot], SLOT_BYTES_MAX, "%s", value);
        return;
    }
    (void)snprintf(both, sizeof both, "%s%s%s",
                   out->others[slot][0] != '\0' ? out->others[slot] : out->values[slot], " ",
                   value);
    if (strlen(both) < SLOT_BYTES_MAX && strstr(out->others[slot], value) == NULL) {
        memcpy(out->others[slot], both, strlen(both) + 1);
    }
    out->values[slot][0] = '\0';
}

/* Whether the speaker takes back what was said before `at`. */
static bool is_correcting(const struct words *words, size_t at) {
    for (size_t back = 1; back <= 4 && at >= back; back++) {
        if (is_any(word_before(words, at, back), "no|wait|sorry|oops|correction|meant")) {
            return true;
        }
    }
    return false;
}

/* Keeps `value` unless the words before `at` leave it. A value with blanks is several at once. */
static void slot_put(const struct words *words, size_t at, struct understood *out, enum slot slot,
                     const char *value) {
    struct str rest = str_from(value);
    struct str piece = {0};

    if (is_left(words, at)) {
        return;
    }
    if (out->values[slot][0] != '\0' && is_correcting(words, at)) {
        out->values[slot][0] = '\0'; /* "to staging, no wait, to prod" */
    }
    /* A name that means several says nothing against one of them that is said beside it. */
    if (strchr(value, ' ') != NULL && out->values[slot][0] != '\0') {
        return;
    }
    while (str_next(&rest, ' ', &piece)) {
        char one[SLOT_BYTES_MAX];

        (void)snprintf(one, sizeof one, STR_FMT, STR_ARG(piece));
        slot_put_one(out, slot, one);
    }
}

/* ---- Region ---- */

static const struct {
    const char *regions;
    const char *names;
} places[] = {
#define PLACE(REGIONS, NAMES) {REGIONS, NAMES},
#include "agent/understand/places.def"
#undef PLACE
};

/* "eu-west-1": two letters, one to three words, a digit. */
static bool is_region_id(const char *text) {
    size_t parts = 0;
    const char *at = text;

    while (isalpha((unsigned char)*at)) {
        size_t length = strspn(at, "abcdefghijklmnopqrstuvwxyz");

        if (at[length] != '-' || (parts == 0 && length != 2 && length != 4) || length > 12) {
            return false;
        }
        at += length + 1;
        parts++;
    }
    return parts >= 2 && parts <= 4 && isdigit((unsigned char)at[0]) && at[1] == '\0';
}

/* "eu" of "eu west 1"; also "eu-west". */
static bool is_partition(const char *word) {
    char two[3] = {word[0], word[0] == '\0' ? '\0' : word[1], '\0'};

    return (word[0] != '\0' && word[1] != '\0' && (word[2] == '\0' || word[2] == '-')) &&
           is_any(two, "us|eu|ap|ca|sa|me|af|il|mx|cn");
}

static bool is_direction(const char *word) {
    return is_any(word, "east|west|north|south|central|northeast|southeast|gov-west|gov-east");
}

/* How many words from `i` are an id, also as "eu west 1", "eu-west 1"; 0: none. */
static size_t region_id_at(const struct words *words, size_t i, char out[SLOT_BYTES_MAX]) {
    char joined[SLOT_BYTES_MAX * 3];

    for (size_t n = 1; n <= 3 && (n == 1 || is_partition(word_at(words, i))); n++) {
        if (n == 1) {
            (void)snprintf(joined, sizeof joined, "%s", word_at(words, i));
        } else if (n == 2) {
            (void)snprintf(joined, sizeof joined, "%s-%s", word_at(words, i),
                           word_at(words, i + 1));
        } else if (is_direction(word_at(words, i + 1))) {
            (void)snprintf(joined, sizeof joined, "%s-%s-%s", word_at(words, i),
                           word_at(words, i + 1), word_at(words, i + 2));
        } else {
            break;
        }
        if (strlen(joined) < SLOT_BYTES_MAX && is_region_id(joined)) {
            memcpy(out, joined, strlen(joined) + 1);
            return n;
        }
    }
    return 0;
}

/* How many words of the line the name takes at `i`; 0: it does not stand there. */
static size_t name_at(const struct words *words, size_t i, struct str name) {
    size_t n = 0;
    struct str piece = {0};

    while (str_next(&name, ' ', &piece)) {
        if (!str_eq(piece, str_from(word_at(words, i + n)))) {
            return 0;
        }
        n++;
    }
    return n;
}

static size_t place_at(const struct words *words, size_t i, const char **out) {
    size_t best = 0;

    for (size_t p = 0; p < ARRAY_N(places); p++) {
        struct str rest = str_from(places[p].names);
        struct str name = {0};

        while (str_next(&rest, '|', &name)) {
            size_t n = name_at(words, i, name);

            if (n > best) {
                best = n;
                *out = places[p].regions;
            }
        }
    }
    return best;
}

/* A place is a region only where one is expected. */
static bool is_place_expected(const struct words *words, size_t i, size_t n) {
    return words->rows[i].begins_clause ||
           is_any(word_before(words, i, 1),
                  "in|to|region|into|near|at|for|use|using|with|prefer|choose|pick|take|no|not|"
                  "than|of|is|from|be|want|or|and|via|aws|mean|meant|say|said|over|from|by|like|"
                  "try|make|yes|was|only|it|rather|either|better|between|maybe|hmm|say|launch|"
                  "deploy") ||
           is_any(word_at(words, i + n), "region|instead|rather|datacenter|datacentre");
}

static void region_read(struct words *words, struct understood *out) {
    for (size_t i = 0; i < words->n; i++) {
        char id[SLOT_BYTES_MAX] = "";
        const char *regions = id;
        size_t n = region_id_at(words, i, id);

        if (n == 0) {
            n = place_at(words, i, &regions);
            n = n > 0 && is_place_expected(words, i, n) ? n : 0;
        }
        if (n > 0) {
            slot_put(words, i, out, SLOT_REGION, regions);
            words_take(words, i, n, SLOT_REGION);
            i += n - 1;
        } else if (i >= 2 && strcmp(word_before(words, i, 2), "region") == 0 &&
                   is_any(word_before(words, i, 1), "to|=") &&
                   !is_any(word_at(words, i), "the|be")) {
            /* Meant as one, and none: the validator says so. */
            slot_put(words, i, out, SLOT_REGION, words->rows[i].typed);
            words_take(words, i, 1, SLOT_REGION);
        }
    }
}

/* ---- Account ---- */

/* "123456789012", "1234-5678-9012" */
static bool account_of(const char *word, char out[SLOT_BYTES_MAX]) {
    size_t n = 0;

    for (; *word != '\0'; word++) {
        if (isdigit((unsigned char)*word) && n < 12) {
            out[n++] = *word;
        } else if (*word != '-' || n == 0 || n % 4 != 0) {
            return false;
        }
    }
    out[n] = '\0';
    return n == 12;
}

static void account_read(struct words *words, struct understood *out) {
    for (size_t i = 0; i < words->n; i++) {
        char account[SLOT_BYTES_MAX];
        bool is_meant = false;

        if (!account_of(word_at(words, i), account)) {
            if (strcmp(word_before(words, i, 1), "account") == 0 && has_digit(word_at(words, i))) {
                slot_put(words, i, out, SLOT_ACCOUNT, words->rows[i].typed); /* as above */
                words_take(words, i, 1, SLOT_ACCOUNT);
            }
            continue;
        }
        for (size_t back = 1; back <= 4; back++) {
            is_meant = is_meant || is_any(word_before(words, i, back),
                                          "account|accounts|in|into|to|use|no|not|with|aws|of");
        }
        if (is_meant || words->n == 1 || is_any(word_at(words, i + 1), "account|instead")) {
            slot_put(words, i, out, SLOT_ACCOUNT, account);
            words_take(words, i, 1, SLOT_ACCOUNT);
        }
    }
}

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
static bool pair_read(struct words *words, size_t i, struct understood *out) {
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
           !is_any(text, "variable|variables|file|files|and|or|for|in|on|with|called|named|to|is|"
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

static void env_read(struct words *words, const char *const *envs, struct understood *out) {
    for (size_t i = 0; i < words->n; i++) {
        bool is_plain = false;
        const char *name = env_of(word_at(words, i), envs, &is_plain);

        if (name != NULL && words->rows[i].used_by == 0 &&
            (is_plain ||
             is_any(word_at(words, i + 1),
                    "environment|env|instead|stack|deploy|deployment|release|"
                    "logs|log|site|url|app|address") ||
             is_any(word_before(words, i, 1), "in|to|on|into|environment|env|not|no|for|of|said|"
                                              "meant|mean|use|from|against|with"))) {
            env_put(words, i, envs, out, name);
            words_take(words, i, 1, SLOT_ENV);
            if (is_any(word_at(words, i + 1), "environment|env")) {
                words_take(words, i + 1, 1, SLOT_ENV);
            }
            continue;
        }
        if (is_any(word_at(words, i), "environment|env") && words->rows[i].used_by == 0) {
            size_t next = is_any(word_at(words, i + 1), "to|is|called|named|=") ? i + 2 : i + 1;

            if (is_name(word_at(words, next), 12) && !words->rows[next].begins_clause &&
                env_of(word_at(words, next), envs, &is_plain) == NULL) {
                slot_put(words, i, out, SLOT_ENV, word_at(words, next));
                words_take(words, i, next - i + 1, SLOT_ENV);
            }
        }
    }
}

/* ---- Name of the application, profile ---- */

/* Words that lead to the application's name, each a pattern of single words. */
static bool is_app_name(const char *word) {
    return is_name(word, 18) && !is_region_id(word) &&
           !is_any(word, "online|live|up|down|healthy|running|working|works|broken|again|back|now|"
                         "today|there|here|out|away|alive|reachable|deployed|stack|logs|log|url|"
                         "address|status|too|once|that|into|until|first|still|yet|also|aws|cloud|"
                         "amazon|anyway|over|off|dev|prod|staging|production|staged|directly|"
                         "immediately|quickly|tomorrow|tonight|right-now|fast|please|hangs|fails|"
                         "crashes|died|dies|runs|costs|needs|uses|looks|seems|when|while|because");
}

/* Words that say which application without naming it: "my app", "the whole app". */
static bool is_app_word(const char *word) {
    return is_any(word,
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
           is_any(word,
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

static size_t app_lead(const struct words *words, size_t i) {
    const char *a = word_at(words, i);
    const char *b = word_at(words, i + 1);
    const char *c = word_at(words, i + 2);

    if (is_any(a, "call|name|rename") && is_any(b, "it|this|app|application|project")) {
        return is_any(c, "to|as") ? 3 : 2;
    }
    if (is_any(a, "app|application") && is_any(b, "name") && is_any(c, "is|to|=|should|must")) {
        return strcmp(word_at(words, i + 3), "be") == 0 ? 4 : 3;
    }
    if (is_any(a, "app|application|project") &&
        (is_any(b, "called|named") ||
         (strcmp(b, "to") == 0 && i > 0 &&
          is_any(word_before(words, i, 1), "change|set|switch|rename|move")))) {
        return 2;
    }
    if (is_any(a, "app|application") && is_app_name(b) && c[0] != '=' &&
        (c[0] == '\0' || words->rows[i + 2].begins_clause ||
         is_any(c, "in|to|on|for|with|from|by|into|and|at|reachable|running|up|healthy|live|online|"
                   "deployed|down|available|cost"))) {
        return 1; /* "the app tickets to staging" */
    }
    if (is_any(a, "deploy|release|ship|publish|launch|host|plan|redeploy") && is_app_name(b) &&
        !is_app_word(b) && !is_object(b) &&
        (is_any(c, "in|to|on|into") || strchr(b, '-') != NULL)) {
        return 1; /* "deploy shopfront to dev" */
    }
    if (is_any(a, "deploy|deployment|rollout|release") && strcmp(b, "of") == 0 && is_app_name(c) &&
        !is_app_word(c) && !is_object(c)) {
        return 2; /* "a deploy of todo-board" */
    }
    if (is_any(a, "which|that") && is_any(b, "is|was") && is_any(c, "called|named")) {
        return 3;
    }
    if (is_any(a, "app|application|it|project") && is_any(b, "is|should") &&
        is_any(c, "called|named|be")) {
        return is_any(word_at(words, i + 3), "called|named") ? 4 : strcmp(c, "be") == 0 ? 0 : 3;
    }
    return 0;
}

/* Whether a word before "app" is its name and not something that is done with it: "deploy app". */
static bool is_named_app(const struct words *words, size_t i) {
    return i > 0 &&
           !is_any(words->rows[i].lower,
                   "deploy|ship|release|publish|launch|host|put|take|bring|run|get|show|"
                   "check|inspect|delete|remove|destroy|plan|stop|start|move|push|rename|"
                   "call|name|of|see|open|make|build|redeploy|restore|update|kill|drop|"
                   "change|use|find|reach|test|set|want|need|have|has|see|this|our|my|read|watch|"
                   "fetch|tail|"
                   "follow|print|list|view|give|tell|describe|explain|upgrade|prepare|simulate|"
                   "preview|start|is|are|does|did|if|whether|how|why|where|when|and|or|with");
}

static void app_read(struct words *words, struct understood *out) {
    for (size_t i = 0; i < words->n; i++) {
        size_t lead = app_lead(words, i);

        if (lead > 0 && i + lead < words->n && is_name(word_at(words, i + lead), 18)) {
            slot_put(words, i + lead, out, SLOT_APP, word_at(words, i + lead));
            words_take(words, i, lead + 1, SLOT_APP);
        } else if (i > 0 && is_any(word_at(words, i), "app|application") &&
                   words->rows[i - 1].used_by == 0 && !words->rows[i].begins_clause &&
                   is_app_name(word_before(words, i, 1)) &&
                   !is_app_word(word_before(words, i, 1)) && is_named_app(words, i - 1) &&
                   !is_any(word_at(words, i + 1), "logs|log|stack|name|code|url|output|errors")) {
            slot_put(words, i - 1, out, SLOT_APP, word_before(words, i, 1)); /* "the shop app" */
            words_take(words, i - 1, 1, SLOT_APP);
        }
    }
}

static void profile_read(struct words *words, struct understood *out) {
    for (size_t i = 0; i < words->n; i++) {
        size_t at = i + 1;

        if (!is_any(word_at(words, i), "profile|credentials")) {
            continue;
        }
        at += is_any(word_at(words, at), "to|is|called|named|=|of") ? 1 : 0;
        for (size_t k = i + 1; k + 2 < words->n && k < i + 4; k++) {
            if (is_any(word_at(words, k), "should|must") && is_any(word_at(words, k + 1), "be")) {
                words->rows[k + 2].begins_clause = false;
                at = k + 2; /* "wrong profile, it should be marketing" */
            }
        }
        if (strcmp(word_at(words, i), "profile") == 0 && at < words->n &&
            !words->rows[at].begins_clause && words->rows[at].used_by == 0 &&
            (is_name(word_at(words, at), 64) || strchr(word_at(words, at), '_') != NULL)) {
            slot_put(words, at, out, SLOT_PROFILE, words->rows[at].typed);
            words_take(words, i, at - i + 1, SLOT_PROFILE);
        } else if (i > 0 && words->rows[i - 1].used_by == 0 &&
                   is_name(word_before(words, i, 1), 64) &&
                   strcmp(word_at(words, i), "profile") == 0 &&
                   !is_any(word_before(words, i, 1),
                           "aws|this|that|other|another|different|which|use|change|set|switch|"
                           "wrong|right|correct|"
                           "some|same|old|new|what|as|and|with|under|in|by")) {
            slot_put(words, i - 1, out, SLOT_PROFILE, words->rows[i - 1].typed);
            words_take(words, i - 1, 2, SLOT_PROFILE);
        }
    }
}

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
    return is_any(word, "second|seconds|sec|secs")   ? 's'
           : is_any(word, "minute|minutes|min|mins") ? 'm'
           : is_any(word, "hour|hours|hr|hrs")       ? 'h'
           : is_any(word, "day|days")                ? 'd'
           : is_any(word, "week|weeks")              ? 'w'
                                                     : '\0';
}

/* How many words from `i` are a duration, and it as an option takes it: "2h"; 0: none. */
static size_t duration_at(const struct words *words, size_t i, char out[SLOT_BYTES_MAX]) {
    const char *word = word_at(words, i);
    size_t digits = strspn(word, "0123456789");
    int number = number_of(word);
    char unit = unit_of(word_at(words, i + 1));
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
           is_any(word_before(words, i, lead + 1), "of|to|is|in|after|for|only|about")) {
        lead++;
    }
    if (is_any(word_before(words, i, lead + 1),
               "ttl|lifetime|expire|expires|expiry|live|lives|living|around|lasts|last")) {
        return lead + 1;
    }
    if (lead == 0 && is_any(word_before(words, i, 1), "it|that|this") &&
        strcmp(word_before(words, i, 2), "make") == 0) {
        return 2; /* "make it 3 days instead" */
    }
    if (lead == 0 || !is_any(word_before(words, i, lead), "in|after|for|only") ||
        strcmp(word_before(words, i, 1), "to") == 0) {
        return 0;
    }
    /* "delete it after", "keep it for", "take it down in" */
    for (size_t back = lead + 1; back <= lead + 4; back++) {
        if (is_any(word_before(words, i, back), "delete|deleted|remove|destroy|destroyed|keep|gone|"
                                                "away|down|temporary|remains|alive|"
                                                "temporarily|only")) {
            return back;
        }
        if (is_any(word_before(words, i, back), "throwaway|copy|preview|demo")) {
            return lead; /* which is still wanted */
        }
    }
    return strcmp(word_before(words, i, lead), "only") == 0 ||
                   strcmp(word_before(words, i, 1), "for") == 0
               ? lead
               : 0;
}

static void durations_read(struct words *words, struct understood *out) {
    for (size_t i = 0; i < words->n; i++) {
        char duration[SLOT_BYTES_MAX] = "";
        size_t n = duration_at(words, i, duration);
        size_t lead;

        if (n > 0 && is_any(word_before(words, i, 1), "last|past|previous|recent")) {
            slot_put(words, i, out, SLOT_SINCE, duration);
            words_take(words, i - 1, n + 1, SLOT_SINCE);
        } else if (n > 0 && (is_any(word_before(words, i, 1), "since") ||
                             is_any(word_at(words, i + n), "ago"))) {
            slot_put(words, i, out, SLOT_SINCE, duration);
            words_take(words, i, n, SLOT_SINCE);
        } else if (n > 0 && (lead = ttl_lead(words, i)) > 0) {
            slot_put(words, i, out, SLOT_TTL, duration);
            words_take(words, i - lead, lead + n, SLOT_TTL);
        } else if (strcmp(word_at(words, i), "yesterday") == 0) {
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
        if (is_any(word_at(words, k), list)) {
            return true;
        }
    }
    return false;
}

static bool is_anywhere(const struct words *words, const char *list) {
    for (size_t i = 0; i < words->n; i++) {
        if (is_any(word_at(words, i), list)) {
            return true;
        }
    }
    return false;
}

static void logs_read(struct words *words, struct understood *out) {
    for (size_t i = 0; i < words->n; i++) {
        if (is_any(word_at(words, i), "follow|tail|stream|live|streaming|following|tailing") &&
            words->n < 14 && is_near(words, i, 4, "log|logs|them|it")) {
            slot_put(words, i, out, SLOT_FOLLOW, "true");
        }
        if (is_any(word_at(words, i), "log|logs") &&
            is_anywhere(words, "live|watch|realtime|real-time")) {
            slot_put(words, i, out, SLOT_FOLLOW, "true");
        }
        if (is_any(word_at(words, i), "errors|error|exceptions|exception|warnings|tracebacks") &&
            (strcmp(word_at(words, i), "error") != 0 || is_near(words, i, 5, "log|logs") ||
             is_any(word_at(words, i + 1), "only|since") ||
             is_any(word_before(words, i, 1), "only|with|containing") ||
             is_any(word_before(words, i, 2), "log|logs|only|just"))) {
            (void)snprintf(out->values[SLOT_FILTER], SLOT_BYTES_MAX, "%s",
                           is_any(word_at(words, i), "warnings")               ? "?WARN ?Warn ?warn"
                           : is_any(word_at(words, i), "exceptions|exception") ? "Exception"
                           : is_any(word_at(words, i), "tracebacks")           ? "Traceback"
                                                                     : "?ERROR ?Error ?error");
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

static void release_read(struct words *words, struct understood *out) {
    for (size_t i = 0; i < words->n; i++) {
        const char *next = word_at(words, i + 1);

        if (is_release_id(word_at(words, i)) && words->rows[i].used_by == 0) {
            slot_put(words, i, out, SLOT_RELEASE, words->rows[i].typed);
            words_take(words, i, 1, SLOT_RELEASE);
            continue;
        }
        if (i + 1 >= words->n || is_release_id(next)) {
            continue;
        }

        if (is_any(word_at(words, i), "release|version|build|restore") && has_digit(next) &&
            words->rows[i + 1].used_by == 0) {
            slot_put(words, i + 1, out, SLOT_RELEASE, words->rows[i + 1].typed);
            words_take(words, i + 1, 1, SLOT_RELEASE);
        } else if (strcmp(word_at(words, i), "to") == 0 && has_digit(next) && i > 0 &&
                   words->rows[i + 1].used_by == 0 &&
                   is_any(word_before(words, i, 1), "back|revert|rollback|return|restore")) {
            slot_put(words, i + 1, out, SLOT_RELEASE, words->rows[i + 1].typed);
            words_take(words, i + 1, 1, SLOT_RELEASE);
        }
    }
}

/* "DATABASE_URL", also "STRIPE" after "secret". */
static void name_read(struct words *words, struct understood *out) {
    for (size_t i = 0; i < words->n; i++) {
        const char *typed = words->rows[i].typed;
        size_t length = strlen(typed);

        if (length >= 3 && isupper((unsigned char)typed[0]) &&
            strspn(typed, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") == length &&
            (strchr(typed, '_') != NULL ||
             is_any(word_before(words, i, 1), "secret|variable|called|named|key|value"))) {
            slot_put(words, i, out, SLOT_NAME, typed);
            words_take(words, i, 1, SLOT_NAME);
        }
    }
}

void fields_read(struct words *words, const char *const *envs, struct understood *out) {
    for (size_t i = 0; i < words->n; i++) {
        (void)pair_read(words, i, out);
    }
    region_read(words, out);
    account_read(words, out);
    app_read(words, out);
    profile_read(words, out);
    env_read(words, envs, out);
    durations_read(words, out);
    logs_read(words, out);
    release_read(words, out);
    name_read(words, out);
}
