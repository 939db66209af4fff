/* Requests that end a conversation, as a table; marks of text that speaks to a model. */
#include "guard/moderation.h"

#include <string.h>

#include "guard/deceptive.h"

/* clang-format off */
static const char *const build_words = "deploy host build create write make run launch set start install spread sell need want program code develop publish";

static const struct {
    enum moderation_verdict verdict;
    const char *code;
    const char *verbs; /* blank-separated, one of them must be there; "": none; NULL: build_words */
    const char *thing; /* as a phrase */
} malice_rows[] = {
    {MODERATION_END, "malware",         NULL,             "ransomware"},
    {MODERATION_END, "malware",         NULL,             "cryptominer"},
    {MODERATION_END, "malware",         NULL,             "crypto miner"},
    {MODERATION_END, "malware",         "mine mining",    "monero"},
    {MODERATION_END, "malware",         NULL,             "botnet"},
    {MODERATION_END, "malware",         NULL,             "keylogger"},
    {MODERATION_END, "malware",         NULL,             "malware"},
    {MODERATION_END, "malware",         NULL,             "spyware"},
    {MODERATION_END, "malware",         NULL,             "rootkit"},
    {MODERATION_END, "malware",         NULL,             "exploit kit"},
    {MODERATION_END, "malware",         NULL,             "command and control server"},
    {MODERATION_END, "fraud",           NULL,             "card skimmer"},
    {MODERATION_END, "fraud",           NULL,             "stolen credit card"},
    {MODERATION_END, "fraud",           NULL,             "stolen card"},
    {MODERATION_END, "phishing",        NULL,             "phishing"},
    {MODERATION_END, "phishing",        NULL,             "fake login page"},
    {MODERATION_END, "attack",          NULL,             "ddos"},
    {MODERATION_END, "attack",          NULL,             "denial of service"},
    {MODERATION_END, "attack",          "brute",          "force passwords"},
    {MODERATION_END, "credential_theft","steal exfiltrate harvest dump leak grab", "credentials"},
    {MODERATION_END, "credential_theft","steal exfiltrate harvest dump leak grab", "passwords"},
    {MODERATION_END, "credential_theft","steal exfiltrate harvest dump leak grab", "access keys"},
    {MODERATION_END, "credential_theft","steal exfiltrate harvest dump leak grab", "secrets"},
    {MODERATION_END, "intrusion",       "hack break into", "someone else"},
    {MODERATION_END, "intrusion",       "hack break into", "account of"},
    {MODERATION_END, "intrusion",       NULL,              "backdoor"},
    {MODERATION_END, "evasion",         "disable turn delete hide", "cloudtrail"},
    {MODERATION_DECLINE, "self_harm", "", "kill myself"},
    {MODERATION_DECLINE, "self_harm", "", "end my life"},
    {MODERATION_DECLINE, "self_harm", "", "want to die"},
};

/* Somebody who builds against it says so, right before it or right after it; and does not say that it
 * must not be found. */
static const char *const against_words =
    "detect protect against prevent block anti avoid stop defend defence defense filter report scan scanner fight";
static const char *const defence_words =
    "detection detector protection prevention awareness training scanner scan filter blocker defence defense report";
static const char *const evade_words = "avoid evade bypass escape undetected undetectable without";
enum { BEFORE_WORDS = 5, AFTER_WORDS = 2 };

static const struct {
    const char *category;
    struct moderation moderation;
} categories[] = {
    {"illicit",                {MODERATION_END,     "illicit"}},
    {"illicit/violent",        {MODERATION_END,     "illicit_violent"}},
    {"harassment/threatening", {MODERATION_END,     "threat"}},
    {"hate/threatening",       {MODERATION_END,     "threat"}},
    {"sexual/minors",          {MODERATION_END,     "minors"}},
    {"self-harm",              {MODERATION_DECLINE, "self_harm"}},
    {"self-harm/intent",       {MODERATION_DECLINE, "self_harm"}},
    {"self-harm/instructions", {MODERATION_DECLINE, "self_harm"}},
    {"harassment",             {MODERATION_DECLINE, "harassment"}},
    {"hate",                   {MODERATION_DECLINE, "hate"}},
    {"sexual",                 {MODERATION_DECLINE, "sexual"}},
    {"violence",               {MODERATION_DECLINE, "violence"}},
    {"violence/graphic",       {MODERATION_DECLINE, "violence"}},
};

/* Words that are for a model and not for a reader. */
static const char *const mark_phrases[] = {
    "ignore all previous", "ignore previous instructions", "ignore the above", "disregard previous",
    "disregard all previous", "you are now", "new instructions", "system prompt", "im start", "im end",
    "do not tell the user", "without telling the user", "act as the assistant", "as an ai",
};
/* clang-format on */

enum { JUDGED_BYTES = 16 * 1024 }; /* a line that a person types has no more */

static bool is_text_word(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }

/* Lower case, one blank between words, blanks at both ends; what no reader sees is dropped. */
static void plain_words(struct str text, struct buf *out) {
    buf_add_c(out, ' ');
    for (size_t i = 0; i < text.len && i < JUDGED_BYTES; i++) {
        char c =
            text.ptr[i] >= 'A' && text.ptr[i] <= 'Z' ? (char)(text.ptr[i] | 0x20) : text.ptr[i];

        if (is_text_word(c)) {
            buf_add_c(out, c);
        } else if ((unsigned char)c < 0x80 && out->ptr[out->len - 1] != ' ') {
            buf_add_c(out, ' ');
        }
    }
    buf_add_c(out, ' ');
}

/* The end of the phrase, or of its plural, at `at`, the blank before it; NULL where it is another
 * word. */
static const char *phrase_end(const char *at, const char *phrase) {
    const char *end = at + 1 + strlen(phrase);

    end += *end == 's' ? 1 : 0;
    return *end == ' ' ? end : NULL;
}

/* The first blank before the phrase at or after `words`. */
static const char *find_phrase(const char *words, const char *phrase) {
    CLEANUP(freep) char *framed = mem_format(" %s", phrase);
    const char *at = strstr(words, framed);

    while (at != NULL && phrase_end(at, phrase) == NULL) {
        at = strstr(at + 1, framed);
    }
    return at;
}

/* A word of the list, or a form of it: deploys, deploying, making. */
static bool has_any_word(const char *words, const char *list) {
    struct str rest = str_from(list);
    struct str one = {0};

    while (str_next(&rest, ' ', &one)) {
        size_t stem = one.len > 0 && one.ptr[one.len - 1] == 'e' ? one.len - 1 : one.len;
        CLEANUP(freep) char *word = str_dup(one);
        CLEANUP(freep) char *going = mem_format("%.*sing", (int)stem, one.ptr);

        if (one.len > 0 &&
            (find_phrase(words, word) != NULL || find_phrase(words, going) != NULL)) {
            return true;
        }
    }
    return false;
}

/* The words from `from` to `to`, both blanks, as words of their own. */
static char *words_between(const char *from, const char *to) {
    return mem_format("%.*s ", (int)(to - from), from);
}

static bool is_defended(const char *words, const char *at, const char *end) {
    const char *from = at;
    const char *to = end;
    size_t n = 0;

    for (n = 0; n < BEFORE_WORDS && from > words; n++) {
        do {
            from--;
        } while (from > words && *from != ' ');
    }
    for (n = 0; n < AFTER_WORDS && to[0] != '\0' && to[1] != '\0'; n++) {
        to += 1 + strcspn(to + 1, " ");
    }
    CLEANUP(freep) char *before = words_between(from, at);
    CLEANUP(freep) char *after = words_between(end, to);

    return has_any_word(before, against_words) ||
           (has_any_word(after, defence_words) && !has_any_word(after, evade_words));
}

/* Whether the thing stands somewhere where nothing is done against it. */
static bool is_meant(const char *words, const char *thing) {
    for (const char *at = find_phrase(words, thing); at != NULL; at = find_phrase(at + 1, thing)) {
        if (!is_defended(words, at, phrase_end(at, thing))) {
            return true;
        }
    }
    return false;
}

struct moderation moderation_strictest(struct moderation a, struct moderation b) {
    return b.verdict < a.verdict ? b : a;
}

struct moderation moderation_judge(struct str text) {
    CLEANUP(buf_done) struct buf words = BUF_INIT(JUDGED_BYTES + 2);
    struct moderation found = {MODERATION_PASS, ""};

    plain_words(text, &words);
    for (size_t i = 0; i < ARRAY_N(malice_rows); i++) {
        const char *verbs = malice_rows[i].verbs == NULL ? build_words : malice_rows[i].verbs;

        if ((verbs[0] == '\0' || has_any_word(buf_cstr(&words), verbs)) &&
            is_meant(buf_cstr(&words), malice_rows[i].thing)) {
            found = moderation_strictest(
                found, (struct moderation){malice_rows[i].verdict, malice_rows[i].code});
        }
    }
    return found;
}

struct moderation moderation_of_category(const char *category) {
    for (size_t i = 0; i < ARRAY_N(categories); i++) {
        if (strcmp(categories[i].category, category) == 0) {
            return categories[i].moderation;
        }
    }
    return (struct moderation){MODERATION_DECLINE, "flagged"};
}

const char *moderation_text(struct moderation moderation) {
    if (moderation.verdict == MODERATION_PASS) {
        return "";
    }
    if (strcmp(moderation.code, "self_harm") == 0) {
        return "aws-copilot cannot help with this, but people can: if you are in danger, please "
               "call "
               "your local emergency number, or talk to somebody you trust";
    }
    return moderation.verdict == MODERATION_END
               ? "this is not something aws-copilot helps with"
               : "aws-copilot does nothing about this; say what you would like to deploy";
}

/* ---- Text that speaks to a model ---- */

/* The length of the character at the beginning of `text` and its code point. */
static size_t character_at(struct str text, uint32_t *point) {
    char padded[5] = {0};
    const char *p = padded;

    memcpy(padded, text.ptr, text.len < 4 ? text.len : 4);
    *point = utf8_next(&p);
    return (size_t)(p - padded) < text.len ? (size_t)(p - padded) : text.len;
}

bool moderation_add_foreign(struct str text, struct buf *out) {
    CLEANUP(buf_done) struct buf words = BUF_INIT(JUDGED_BYTES + 2);
    size_t begin = out->len;
    bool has_marks = false;

    while (text.len > 0) {
        uint32_t point = 0;
        size_t n = character_at(text, &point);
        bool is_layout = point == '\n' || point == '\t' || point == '\r';

        if (is_deceptive(point) && !is_layout) {
            has_marks = has_marks || point > 0x9f; /* a control character hides nothing */
        } else {
            buf_add(out, str_slice(text, 0, n));
        }
        text = str_slice(text, n, text.len);
    }
    plain_words(str_slice(buf_str(out), begin, out->len), &words);
    for (size_t i = 0; i < ARRAY_N(mark_phrases); i++) {
        has_marks = has_marks || find_phrase(buf_cstr(&words), mark_phrases[i]) != NULL;
    }
    return has_marks;
}
