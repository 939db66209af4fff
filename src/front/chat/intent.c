/* What a line of the conversation means. */
#include "front/chat/intent.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"

/* clang-format off */
static const struct intent_row rows[] = {
    /* phrase                   intent           word        whole  about */
    { "deploy",                 INTENT_VERB,     "deploy",   false, "build, show what would change, ask for your yes, execute, prove it" },
    { "ship it",                INTENT_VERB,     "deploy",   false, NULL },
    { "ship this",              INTENT_VERB,     "deploy",   false, NULL },
    { "go live",                INTENT_VERB,     "deploy",   false, NULL },
    { "put * on aws",           INTENT_VERB,     "deploy",   false, NULL },
    { "take * to aws",          INTENT_VERB,     "deploy",   false, NULL },
    { "bring * to aws",         INTENT_VERB,     "deploy",   false, NULL },
    { "try again",              INTENT_VERB,     "deploy",   true,  NULL },
    { "plan",                   INTENT_VERB,     "plan",     false, "the same up to the change set; executes nothing" },
    { "preview",                INTENT_VERB,     "plan",     false, NULL },
    { "what would change",      INTENT_VERB,     "plan",     false, NULL },
    { "what would happen",      INTENT_VERB,     "plan",     false, NULL },
    { "status",                 INTENT_VERB,     "status",   false, "what runs now" },
    { "what is running",        INTENT_VERB,     "status",   false, NULL },
    { "what runs",              INTENT_VERB,     "status",   false, NULL },
    { "outputs",                INTENT_VERB,     "outputs",  false, "the address, and what else the stack gives out" },
    { "url",                    INTENT_VERB,     "outputs",  false, NULL },
    { "what is address",        INTENT_VERB,     "outputs",  false, NULL },
    { "logs",                   INTENT_VERB,     "logs",     false, "what the application wrote in the last hour" },
    { "log",                    INTENT_VERB,     "logs",     true,  NULL },
    { "history",                INTENT_VERB,     "history",  false, "releases and sessions" },
    { "releases",               INTENT_VERB,     "history",  false, NULL },
    { "inspect",                INTENT_VERB,     "inspect",  false, "what is in this repository" },
    { "look at repository",     INTENT_VERB,     "inspect",  false, NULL },
    { "what is here",           INTENT_VERB,     "inspect",  false, NULL },
    { "init",                   INTENT_VERB,     "init",     false, "write aws-copilot.yml" },
    { "bootstrap",              INTENT_VERB,     "bootstrap",false, "artifact bucket and roles, once per account and region" },
    { "destroy",                INTENT_VERB,     "destroy",  false, "delete the stack, after your yes" },
    { "delete everything",      INTENT_VERB,     "destroy",  false, NULL },
    { "delete stack",           INTENT_VERB,     "destroy",  false, NULL },
    { "tear * down",            INTENT_VERB,     "destroy",  false, NULL },
    { "take * down",            INTENT_VERB,     "destroy",  false, NULL },
    { "set secret *",           INTENT_VERB,     "secrets set", false, "store a secret; its value is asked for without being shown" },
    { "store secret *",         INTENT_VERB,     "secrets set", false, NULL },
    { "remove secret *",        INTENT_VERB,     "secrets rm", false, "remove a secret, after your yes" },
    { "delete secret *",        INTENT_VERB,     "secrets rm", false, NULL },
    { "secrets",                INTENT_VERB,     "secrets ls", false, "which secrets there are, and which are missing" },
    { "environments",           INTENT_VERB,     "env ls",   false, "which environments there are" },
    { "approvals",              INTENT_VERB,     "approvals",false, "what waits for a yes" },
    { "audit",                  INTENT_VERB,     "audit",    false, "who decided what" },
    { "doctor",                 INTENT_VERB,     "doctor",   false, "what is wrong with this machine or account" },
    { "what is wrong",          INTENT_VERB,     "doctor",   false, NULL },
    { "change region to *",     INTENT_CHANGE,   "region",   false, "also account, env, app, profile; what follows uses it" },
    { "change account to *",    INTENT_CHANGE,   "account",  false, NULL },
    { "change env to *",        INTENT_CHANGE,   "env",      false, NULL },
    { "change environment to *",INTENT_CHANGE,   "env",      false, NULL },
    { "change app to *",        INTENT_CHANGE,   "app",      false, NULL },
    { "change application to *",INTENT_CHANGE,   "app",      false, NULL },
    { "change profile to *",    INTENT_CHANGE,   "profile",  false, NULL },
    { "set region to *",        INTENT_CHANGE,   "region",   false, NULL },
    { "set account to *",       INTENT_CHANGE,   "account",  false, NULL },
    { "set env to *",           INTENT_CHANGE,   "env",      false, NULL },
    { "set environment to *",   INTENT_CHANGE,   "env",      false, NULL },
    { "set app to *",           INTENT_CHANGE,   "app",      false, NULL },
    { "use region *",           INTENT_CHANGE,   "region",   false, NULL },
    { "use account *",          INTENT_CHANGE,   "account",  false, NULL },
    { "use environment *",      INTENT_CHANGE,   "env",      false, NULL },
    { "use env *",              INTENT_CHANGE,   "env",      false, NULL },
    { "use profile *",          INTENT_CHANGE,   "profile",  false, NULL },
    { "do not deploy",          INTENT_NO,       NULL,       false, NULL },
    { "don't deploy",           INTENT_NO,       NULL,       false, NULL },
    { "do not destroy",         INTENT_NO,       NULL,       false, NULL },
    { "don't destroy",          INTENT_NO,       NULL,       false, NULL },
    { "yes",                    INTENT_YES,      NULL,       true,  NULL },
    { "y",                      INTENT_YES,      NULL,       true,  NULL },
    { "ok",                     INTENT_YES,      NULL,       true,  NULL },
    { "sure",                   INTENT_YES,      NULL,       true,  NULL },
    { "no",                     INTENT_NO,       NULL,       true,  NULL },
    { "n",                      INTENT_NO,       NULL,       true,  NULL },
    { "why",                    INTENT_WHY,      NULL,       false, "explains each change of the last change set" },
    { "explain",                INTENT_WHY,      NULL,       false, NULL },
    { "resume",                 INTENT_RESUME,   NULL,       false, "goes on with what is open" },
    { "continue",               INTENT_RESUME,   NULL,       true,  NULL },
    { "go on",                  INTENT_RESUME,   NULL,       true,  NULL },
    { "attach",                 INTENT_RESUME,   NULL,       true,  NULL },
    { "cancel",                 INTENT_CANCEL,   NULL,       false, "at a question: stops the run" },
    { "stop",                   INTENT_CANCEL,   NULL,       true,  NULL },
    { "help",                   INTENT_HELP,     NULL,       false, "this list" },
    { "what can you do",        INTENT_HELP,     NULL,       false, NULL },
    { "quit",                   INTENT_QUIT,     NULL,       true,  "ends the conversation; so does Ctrl-D" },
    { "exit",                   INTENT_QUIT,     NULL,       true,  NULL },
    { "bye",                    INTENT_QUIT,     NULL,       true,  NULL },
    { "hello",                  INTENT_GREETING, NULL,       true,  NULL },
    { "hi",                     INTENT_GREETING, NULL,       true,  NULL },
};

/* Words that change nothing; no phrase has one. */
static const char *const fillers[] = { "please", "the", "my", "a", "an", "now", "just", "our" };
/* clang-format on */

enum { WORDS_MAX = 32, WORD_BYTES_MAX = 128 };

const struct intent_row *intent_rows(size_t *out_n) {
    *out_n = ARRAY_N(rows);
    return rows;
}

void intent_found_done(struct intent_found *found) {
    free(found->value);
    *found = (struct intent_found){0};
}

/* ---- Words ---- */

struct word {
    char typed[WORD_BYTES_MAX];
    char lower[WORD_BYTES_MAX];
};

static bool is_filler(const char *word) {
    for (size_t i = 0; i < ARRAY_N(fillers); i++) {
        if (strcmp(fillers[i], word) == 0) {
            return true;
        }
    }
    return false;
}

/* Punctuation at the end of a word says nothing: "deploy!" is deploy, "eu-west-1." a region. */
static size_t word_trim(const char *text, size_t length) {
    while (length > 0 && strchr(".,;:!?\"", text[length - 1]) != NULL) {
        length--;
    }
    return length;
}

static size_t words_cut(const char *line, struct word *words) {
    size_t n = 0;

    while (*line != '\0' && n < WORDS_MAX) {
        size_t length = strcspn(line, " \t");
        size_t kept = word_trim(line, length);
        struct word *word = &words[n];

        if (kept > 0 && kept < WORD_BYTES_MAX) {
            memcpy(word->typed, line, kept);
            word->typed[kept] = '\0';
            for (size_t i = 0; i <= kept; i++) {
                word->lower[i] = (char)tolower((unsigned char)word->typed[i]);
            }
            n += is_filler(word->lower) ? 0 : 1;
        }
        line += length;
        line += strspn(line, " \t");
    }
    return n;
}

/* ---- Phrases ---- */

/* Whether the phrase stands at `words`; `*value` is then its "*" as it was typed, or NULL. */
static bool phrase_fits(const struct word *phrase, size_t phrase_n, const struct word *words,
                        size_t n, const char **value) {
    const char *found = NULL;

    if (phrase_n > n) {
        return false;
    }
    for (size_t i = 0; i < phrase_n; i++) {
        if (strcmp(phrase[i].lower, "*") == 0) {
            found = words[i].typed;
        } else if (strcmp(phrase[i].lower, words[i].lower) != 0) {
            return false;
        }
    }
    *value = found;
    return true;
}

/* How many words of the line the row explains; 0: it does not fit. */
static size_t row_fit(const struct intent_row *row, const struct word *words, size_t n,
                      const char **value) {
    struct word phrase[WORDS_MAX];
    size_t phrase_n = words_cut(row->phrase, phrase);

    if (row->is_whole && phrase_n != n) {
        return 0;
    }
    for (size_t at = 0; at < n; at++) {
        if (phrase_fits(phrase, phrase_n, &words[at], n - at, value)) {
            return phrase_n;
        }
    }
    return 0;
}

void intent_read(const char *line, struct intent_found *out) {
    struct word words[WORDS_MAX];
    size_t n = words_cut(line, words);
    size_t best = 0;

    *out = (struct intent_found){0};
    for (size_t i = 0; i < ARRAY_N(rows); i++) {
        const char *value = NULL;
        size_t fit = row_fit(&rows[i], words, n, &value);

        if (fit > best) {
            best = fit;
            free(out->value);
            out->row = &rows[i];
            out->value = mem_strdup(value);
        }
    }
}
