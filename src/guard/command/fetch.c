/* guard/command/fetch.c: commands that do nothing but fetch packages from a registry, by names.
 *
 * Such a command may have a network, so it is judged narrowly: the verb stands right behind the
 * program, but for the folder; every option is named here; every other word is the name of a
 * package, no address, folder, archive or repository of git.
 */
#include "guard/command/command.h"

#include "guard/redact/charset.h"

#include <string.h>

static const struct fetcher {
    const char *program;
    const char *verbs;   /* blanks around each */
    const char *folders; /* options before the verb: where it works */
    const char *spec;    /* options behind the verb, and `folders` once more */
} fetchers[] = {
    /* clang-format off */
    {"npm", " install i add ci update up upgrade uninstall remove rm dedupe ", "--prefix@ -C@",
     "--prefix@ -C@ -D -O -E -P -S --save --save-dev --save-optional --save-exact --save-prod --save-peer -w$ --workspace$ --workspaces "
     "--package-lock-only --legacy-peer-deps --ignore-scripts --no-audit --no-fund --omit$ --include$"},
    {"pnpm", " add install i update up upgrade remove rm uninstall un dedupe ", "--dir@ -C@ --filter$ -F$",
     "--dir@ -C@ --filter$ -F$ -D -O -E -P -w -r -L --save-dev --save-optional --save-exact --save-prod --save-peer --workspace-root "
     "--recursive --latest --lockfile-only --frozen-lockfile --no-frozen-lockfile --ignore-scripts"},
    {"yarn", " add install remove up upgrade ", "--cwd@",
     "-D -O -E -T -P -W --dev --optional --exact --tilde --caret --peer --latest --frozen-lockfile --immutable --ignore-scripts"},
    {"bun", " add install i remove rm update ", "--cwd@",
     "--cwd@ -d -D -E --dev --development --optional --exact --peer --latest --lockfile-only --frozen-lockfile --ignore-scripts"},
    {"uv", " add remove sync lock ", "--directory@ --project@ -q --quiet",
     "--directory@ --project@ -q --quiet --dev --group$ --optional$ --extra$ --all-extras --all-groups --no-dev --package$ -U --upgrade -P$ "
     "--upgrade-package$ --frozen --locked --no-sync --raw --bounds$ -r@ --requirements@ --prerelease$ --resolution$"},
    /* clang-format on */
};

/* Behind letters, digits and the characters of `more`. */
static size_t skip_of(struct str word, size_t at, const char *more) {
    while (at < word.len && (is_alnum(word.ptr[at]) || strchr(more, word.ptr[at]) != NULL)) {
        at++;
    }
    return at;
}

bool command_word_is_package(struct str word) {
    bool is_scoped = str_starts(word, STR("@"));
    size_t at = skip_of(word, is_scoped, "-_.~");

    if (!is_alnum(str_char(word, is_scoped))) {
        return false;
    }
    if (is_scoped) {
        size_t name = at + 1;
        if (str_char(word, at) != '/' || (at = skip_of(word, name, "-_.~")) == name) {
            return false;
        }
    } else if (str_char(word, at) == '[') { /* extras of Python */
        at = skip_of(word, at + 1, "-_.,");
        if (str_char(word, at++) != ']') {
            return false;
        }
    }
    return skip_of(word, at, "-_.~^<>=!*+|, @") == word.len;
}

static bool has_verb(const struct fetcher *fetcher, struct str word) {
    CLEANUP(freep) char *text = mem_format(" " STR_FMT " ", STR_ARG(word));

    return str_find(word, STR(" ")) < 0 && strstr(fetcher->verbs, text) != NULL;
}

/* The words without what names the folder in front of the verb. What else stands there stays, and
 * is no verb. */
static void drop_folders(const struct fetcher *fetcher, struct command *command) {
    while (command->n > 1 && command_word_is_option(command->words[1])) {
        struct command one = {.words = {command->words[0], command->words[1]}, .n = 2};

        if (!command_spec_matches(fetcher->folders, OPERANDS_NONE, &one) && command->n > 2) {
            one.words[one.n++] = command->words[2];
        }
        if (!command_spec_matches(fetcher->folders, OPERANDS_NONE, &one)) {
            return;
        }
        command->n -= one.n - 1;
        memmove(command->words + 1, command->words + one.n,
                (command->n - 1) * sizeof command->words[0]);
    }
}

const char *command_fetcher_of(const struct command *command, struct str *out_verb) {
    struct command rest = *command;

    for (size_t i = 0; i < ARRAY_N(fetchers); i++) {
        const struct fetcher *fetcher = &fetchers[i];

        if (!command_word_is(command->words[0], fetcher->program)) {
            continue;
        }
        if (command_has(command, "--")) {
            return NULL;
        }
        drop_folders(fetcher, &rest);
        if (rest.n == 1) { /* yarn alone installs */
            *out_verb = STR("install");
            return strcmp(fetcher->program, "yarn") == 0 ? fetcher->program : NULL;
        }
        *out_verb = rest.words[1];
        if (!has_verb(fetcher, rest.words[1])) {
            return NULL;
        }
        rest.n--;
        memmove(rest.words + 1, rest.words + 2, (rest.n - 1) * sizeof rest.words[0]);
        return command_spec_matches(fetcher->spec, OPERANDS_PACKAGES, &rest) ? fetcher->program
                                                                             : NULL;
    }
    return NULL;
}

size_t command_pip_words(const struct command *command) {
    struct str program = command->words[0];

    if (command_word_is(program, "pip") || command_word_is(program, "pip3")) {
        return 1;
    }
    if (command->n > 1 && command_word_is(program, "uv") &&
        command_word_is(command->words[1], "pip")) {
        return 2;
    }
    return command->n > 2 && command_word_starts(program, "python") &&
                   command_word_is(command->words[1], "-m") &&
                   command_word_is(command->words[2], "pip")
               ? 3
               : 0;
}

const char *command_fetches_without_switch(const json_t *argv) {
    static const char *const pip_verbs[] = {"install", "download", "wheel", "uninstall", "sync"};
    static const char *const poetry_verbs[] = {"add",    "install", "update", "lock",
                                               "remove", "sync",    "self"};
    const char *reason = NULL;
    struct command command;

    if (!command_read(argv, &command, &reason)) {
        return NULL;
    }
    if (command_word_is(command.words[0], "poetry")) {
        return command_word_is_one_of(command_verb(&command), poetry_verbs, ARRAY_N(poetry_verbs))
                   ? "poetry"
                   : NULL;
    }
    size_t n = command_pip_words(&command);
    if (n == 0) {
        return NULL;
    }
    command = command_from(&command, n - 1);
    return command_word_is_one_of(command_verb(&command), pip_verbs, ARRAY_N(pip_verbs)) ? "pip"
                                                                                         : NULL;
}

bool command_fetches(const json_t *argv, const char **out_manager, struct str *out_verb) {
    const char *reason = NULL;
    struct command command;
    struct str verb = {0};
    const char *manager;

    if (!command_read(argv, &command, &reason)) {
        return false;
    }
    manager = command_fetcher_of(&command, &verb);
    if (manager == NULL || command_judge(&command, &reason) != COMMAND_CHANGING) {
        return false;
    }
    *out_manager = manager;
    *out_verb = verb;
    return true;
}
