/* guard/command/wrapper.c: programs that only run another one, each peeled by its own options. */
#include "guard/command/command.h"

#include <string.h>

static const struct wrapper {
    const char *program;
    const char *verb;         /* the word that has to follow, as in "uv run"; NULL: none */
    const char *spec;         /* its options, as in spec.c; NULL: not peeled by options */
    int operands;             /* its own words before the command */
    bool has_variables;       /* NAME=value words before the command */
    enum command_class floor; /* the best class that what it runs can have */
    const char *reason;
} wrappers[] = {
    /* clang-format off */
    {"env",     NULL, "-u$ -i - --ignore-environment --unset=$", 0, true, COMMAND_SAFE, NULL},
    {"timeout", NULL, "-k$ -s$ -v --kill-after=$ --signal=$ --preserve-status --foreground --verbose", 1, false, COMMAND_SAFE, NULL},
    {"nice",    NULL, "-n# -# --adjustment=#", 0, false, COMMAND_SAFE, NULL},
    {"nohup",   NULL, "", 0, false, COMMAND_SAFE, NULL},
    {"stdbuf",  NULL, "-i$ -o$ -e$ --input=$ --output=$ --error=$", 0, false, COMMAND_SAFE, NULL},
    {"time",    NULL, "-p -v --portability --verbose", 0, false, COMMAND_SAFE, NULL},
    {"ionice",  NULL, "-c$ -n# -t --class=$ --classdata=#", 0, false, COMMAND_SAFE, NULL},
    {"setsid",  NULL, "-w --wait", 0, false, COMMAND_CHANGING, "starts a session of its own"},
    {"chrt",    NULL, "-b -f -i -o -r", 1, false, COMMAND_SAFE, NULL},
    {"xargs",   NULL, "-0 -r -t -n# -P# -L# -d$ -I$ -s# --null --no-run-if-empty --max-args=# --max-procs=# --delimiter=$", 0, false,
        COMMAND_UNKNOWN, "runs with words that only its input has"},
    {"watch",   NULL, "-n# -d -t -e -g -x --interval=# --differences --no-title", 0, false, COMMAND_UNKNOWN, "runs it by a shell, again and again"},
    {"command", NULL, "-p", 0, false, COMMAND_SAFE, NULL},
    {"exec",    NULL, "-c -l -a$", 0, false, COMMAND_UNKNOWN, "is a word of shells"},
    {"builtin", NULL, "", 0, false, COMMAND_UNKNOWN, "is a word of shells"},
    {"busybox", NULL, "", 0, false, COMMAND_UNKNOWN, "runs another program of the same name"},
    {"sudo",    NULL, "-n -E -H -k -S -b -u$ -g$ --user=$ --group=$ --non-interactive --preserve-env", 0, true, COMMAND_DESTRUCTIVE, "asks for more rights"},
    {"doas",    NULL, "-n -u$", 0, false, COMMAND_DESTRUCTIVE, "asks for more rights"},
    {"npx",     NULL, "-y --yes --no-install -p$ --package=$ -q --quiet", 0, false, COMMAND_UNKNOWN, "may fetch what it runs"},
    {"bunx",    NULL, "", 0, false, COMMAND_UNKNOWN, "may fetch what it runs"},
    {"uvx",     NULL, "--from=$ -q --quiet", 0, false, COMMAND_UNKNOWN, "may fetch what it runs"},
    {"pnpm",    "dlx",  "--package=$", 0, false, COMMAND_UNKNOWN, "may fetch what it runs"},
    {"pnpm",    "exec", "", 0, false, COMMAND_CHANGING, "runs the project's tools"},
    {"npm",     "exec", "-y --yes --", 0, false, COMMAND_UNKNOWN, "may fetch what it runs"},
    {"yarn",    "dlx",  "-q", 0, false, COMMAND_UNKNOWN, "may fetch what it runs"},
    {"uv",      "run",  "-q -v --frozen --locked --no-sync --offline --isolated --no-dev --quiet --extra=$ --group=$ -m", 0, false, COMMAND_CHANGING, "runs the project's code"},
    {"poetry",  "run",  "-q -v --quiet", 0, false, COMMAND_CHANGING, "runs the project's code"},
    {"docker",  "exec", "-i -t -d -u$ -w$ --interactive --tty --user=$ --workdir=$", 1, false, COMMAND_UNKNOWN, "runs in a container"},
    {"ssh",     NULL, "-p# -i$ -l$ -o$ -q -t -T -v -4 -6 -n", 1, false, COMMAND_UNKNOWN, "runs on another machine"},
    /* clang-format on */
};

static const struct wrapper *wrapper_find(const struct command *command) {
    for (size_t i = 0; i < ARRAY_N(wrappers); i++) {
        if (command_word_is(command->words[0], wrappers[i].program) &&
            (wrappers[i].verb == NULL ||
             (command->n > 1 && command_word_is(command->words[1], wrappers[i].verb)))) {
            return &wrappers[i];
        }
    }
    return NULL;
}

/* The index of the first word that is no option of the wrapper; 0: an option is not known. */
static size_t skip_options(const struct wrapper *w, const struct command *command, size_t i) {
    while (i < command->n && command_word_is_option(command->words[i])) {
        struct command one = {.n = 2};
        one.words[1] = command->words[i];
        if (command_spec_matches(w->spec, OPERANDS_NONE, &one)) {
            i++;
            continue;
        }
        one.n = 3;
        one.words[2] = i + 1 < command->n ? command->words[i + 1] : (struct str){0};
        if (i + 1 >= command->n || !command_spec_matches(w->spec, OPERANDS_NONE, &one)) {
            return 0;
        }
        i += 2;
    }
    return i < command->n && command_word_is(command->words[i], "--") ? i + 1 : i;
}

static void raise_floor(enum command_class class, const char *why, enum command_class *floor,
                        const char **reason) {
    if (command_worst(*floor, class) != *floor) {
        *floor = class;
        *reason = why;
    }
}

bool command_peel(struct command *command, enum command_class *floor, const char **reason) {
    const struct wrapper *w = command->n == 0 ? NULL : wrapper_find(command);
    size_t i;

    if (w == NULL) {
        return false;
    }
    i = skip_options(w, command, w->verb == NULL ? 1 : 2);
    raise_floor(w->floor, w->reason, floor, reason);
    for (; w->has_variables && i < command->n && command_word_is_assignment(command->words[i]);
         i++) {
        if (!command_word_is_harmless_variable(command->words[i])) {
            raise_floor(COMMAND_UNKNOWN, "sets a variable that can change what runs", floor,
                        reason);
        }
    }
    i = i == 0 ? command->n : i + (size_t)w->operands;
    *command = command_from(command, i < command->n ? i : command->n);
    return true;
}
