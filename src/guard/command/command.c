/* guard/command/command.c: what a command can do, by an allow grammar per program.
 *
 * There is no shell: an argv is executed as it is, so quoting, globs and redirections are ordinary
 * characters. What no row derives is unknown, and unknown is asked. The rows advise; the sandbox is
 * the wall. */
#include "guard/command/command.h"

enum { SCRIPTS_DEEP_MAX = 3 };

enum command_class command_worst(enum command_class a, enum command_class b) {
    static const enum command_class order[] = {COMMAND_DESTRUCTIVE, COMMAND_UNKNOWN,
                                               COMMAND_CHANGING, COMMAND_SAFE};

    for (size_t i = 0; i < ARRAY_N(order); i++) {
        if (a == order[i] || b == order[i]) {
            return order[i];
        }
    }
    return COMMAND_UNKNOWN;
}

const char *command_class_name(enum command_class command_class) {
    static const char *const names[COMMAND_N] = {
        [COMMAND_UNKNOWN] = "unknown",
        [COMMAND_DESTRUCTIVE] = "destructive",
        [COMMAND_CHANGING] = "state-changing",
        [COMMAND_SAFE] = "safe",
    };

    return command_class < COMMAND_N ? names[command_class] : names[COMMAND_UNKNOWN];
}

/* The last name of a path: what /usr/bin/rm does is known, though it is not a bare name. */
static struct str base_of(struct str word) {
    struct str rest = word;
    struct str part = {0};

    while (str_next(&rest, '/', &part)) {
    }
    return part;
}

static bool rule_matches(const struct command_rule *rule, const struct command *command) {
    if (!command_word_is(command->words[0], rule->program)) {
        return false;
    }
    return (rule->spec == NULL || command_spec_matches(rule->spec, rule->operands, command)) &&
           (rule->matches == NULL || rule->matches(command));
}

static enum command_class judge_rows(const struct command *command, const char **reason) {
    enum secret_file names = command_names_secret(command);
    bool has_secret = names == SECRET_FILE_SURE;

    for (size_t i = 0; i < command_rule_n; i++) {
        const struct command_rule *rule = &command_rules[i];

        /* A row with a grammar has looked at the files itself; texts are no files. */
        bool has_looked = rule->spec != NULL || rule->operands == OPERANDS_TEXTS;
        if ((!has_secret || (rule->class == COMMAND_SAFE && has_looked)) &&
            rule_matches(rule, command)) {
            *reason = rule->reason;
            return rule->class;
        }
    }
    if (has_secret) {
        *reason = command_program_is_network(command->words[0]) ? "sends a file with secrets away"
                                                                : "touches a file with secrets";
        return COMMAND_DESTRUCTIVE;
    }
    *reason = names == SECRET_FILE_MAYBE ? "reads a file that may hold secrets"
              : str_find(command->words[0], STR(" ")) >= 0
                  ? "its words are one: write them without quotes around all"
                  : "nothing is known about it";
    return COMMAND_UNKNOWN;
}

enum command_class command_judge_plain(const struct command *command, const char **reason) {
    struct command ordered;

    if (!command_word_is(command->words[0], "aws")) {
        return judge_rows(command, reason);
    }
    command_aws_order(command, &ordered);
    return judge_rows(&ordered, reason);
}

static enum command_class judge_at(const struct command *command, int depth, const char **reason);

/* Text that goes to a shell or an interpreter without a script of its own is a program that nobody
 * has seen. */
static bool is_fed(const struct shell_script *script, size_t i) {
    struct command part = script->parts[i];
    enum command_class floor = COMMAND_SAFE;
    const char *unused = NULL;

    while (command_peel(&part, &floor, &unused)) {
    }
    if (!script->is_piped_in[i] || part.n == 0) {
        return false;
    }
    struct str name = base_of(part.words[0]);
    if (command_program_is_shell(name)) {
        return part.n == 1 || command_word_is_option(part.words[part.n - 1]) ||
               command_word_is(part.words[part.n - 1], "-") || command_has_letter(&part, 's');
    }
    if (!command_program_is_interpreter(name)) {
        return false;
    }
    for (size_t k = 1; k < part.n; k++) { /* python3 -v reads a program as python3 does */
        if (!command_word_is_option(part.words[k]) && !command_word_is(part.words[k], "-")) {
            return false;
        }
    }
    return true;
}

static enum command_class judge_script(struct str text, int depth, const char **reason) {
    CLEANUP(freep) struct shell_script *script = mem_alloc(sizeof *script);
    enum command_class worst = COMMAND_SAFE;

    *reason = "a shell would change its words";
    if (depth > SCRIPTS_DEEP_MAX || !command_shell_read(text, script)) {
        return COMMAND_UNKNOWN;
    }
    for (size_t i = 0; i < script->n; i++) {
        const char *why = NULL;
        enum command_class class = judge_at(&script->parts[i], depth, &why);

        if (is_fed(script, i)) {
            class = COMMAND_DESTRUCTIVE;
            why = "runs text that nobody has seen";
        }
        if (i == 0 || command_worst(worst, class) != worst) {
            worst = command_worst(worst, class);
            *reason = why;
        }
    }
    return worst;
}

static enum command_class judge_at(const struct command *command, int depth, const char **reason) {
    struct command rest = *command;
    enum command_class floor = COMMAND_SAFE;
    const char *why_floor = NULL;
    struct str text = {0};
    enum command_class class = COMMAND_UNKNOWN;

    do { /* each time by a word less at least */
        struct str base = base_of(rest.words[0]);

        if (base.len < rest.words[0].len) {
            floor = command_worst(floor, COMMAND_UNKNOWN);
            why_floor = "its program is not a bare name";
            rest.words[0] = base;
        }
        class = command_judge_plain(&rest, reason);
    } while (class != COMMAND_SAFE && command_peel(&rest, &floor, &why_floor) && rest.n > 0);
    if (rest.n == 0) {
        class = COMMAND_UNKNOWN;
        *reason = "what it runs is not seen";
    } else if (command_script_of(&rest, &text)) {
        floor = command_worst(floor, COMMAND_UNKNOWN);
        why_floor = "a shell runs it";
        class = judge_script(text, depth + 1, reason);
    }
    if (command_worst(floor, class) != class) {
        *reason = why_floor;
    }
    return command_worst(floor, class);
}

enum command_class command_judge(const struct command *command, const char **reason) {
    return judge_at(command, 0, reason);
}

enum command_class command_judge_script(struct str text, const char **reason) {
    return judge_script(text, 0, reason);
}

enum command_class command_classify(const json_t *argv, const char **reason) {
    struct command command;
    const char *unused = NULL;
    const char **why = reason == NULL ? &unused : reason;

    return command_read(argv, &command, why) ? command_judge(&command, why) : COMMAND_UNKNOWN;
}

bool command_reads_aws(const json_t *argv) {
    const char *reason = NULL;
    struct command command;
    struct command ordered;

    if (!command_read(argv, &command, &reason) || !command_word_is(command.words[0], "aws")) {
        return false;
    }
    command_aws_order(&command, &ordered);
    return command_aws_asks(&ordered);
}
