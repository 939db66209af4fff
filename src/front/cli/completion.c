/* completion: scripts for bash, zsh and fish, written from the tables. */
#include "front/cli/cli_room.h"

#include <stdio.h>
#include <string.h>

static const char *words_of(const struct option_row *row) {
    return row->kind == OPTION_CHOICE ? row->argument : NULL;
}

static void print_choices(const char *choices) {
    for (const char *c = choices; *c != '\0'; c++) {
        (void)putchar(*c == '|' ? ' ' : *c);
    }
}

static void print_verbs(const struct cli *cli) {
    for (size_t i = 0; cli->verbs[i] != NULL; i++) {
        if (cli->verbs[i]->section != VERBS_HIDDEN) {
            (void)printf("%s%s", i == 0 ? "" : " ", cli->verbs[i]->name);
        }
    }
}

/* The options of a verb, each with its letter, as one line. */
static void print_options(unsigned groups) {
    for (size_t i = 0; i < OPT_N; i++) {
        if ((option_rows[i].group & groups) == 0) {
            continue;
        }
        (void)printf(" --%s", option_rows[i].name);
        if (option_rows[i].letter != 0) {
            (void)printf(" -%c", option_rows[i].letter);
        }
    }
}

/* How a shell says what may follow an option. */
struct shell_words {
    const char *before; /* around a list of words */
    const char *after;
    const char *folder;
    const char *file;
};

static bool is_path(const struct option_row *row) {
    return row->kind == OPTION_FOLDER || row->kind == OPTION_FILE || row->kind == OPTION_FILES;
}

static void print_values(const struct shell_words *shell) {
    for (size_t i = 0; i < OPT_N; i++) {
        const struct option_row *row = &option_rows[i];

        if (row->kind == OPTION_FLAG) {
            continue;
        }
        (void)printf("        --%s", row->name);
        if (row->letter != 0) {
            (void)printf("|-%c", row->letter);
        }
        if (words_of(row) != NULL) {
            (void)printf(") %s", shell->before);
            print_choices(words_of(row));
            (void)printf("%s; return ;;\n", shell->after);
        } else if (is_path(row)) {
            (void)printf(") %s; return ;;\n",
                         row->kind == OPTION_FOLDER ? shell->folder : shell->file);
        } else {
            (void)printf(") return ;;\n");
        }
    }
}

static void print_cases(const struct cli *cli, const char *assign) {
    for (size_t i = 0; cli->verbs[i] != NULL; i++) {
        const struct verb *verb = cli->verbs[i];

        (void)printf("        %s", verb->name);
        for (size_t k = 0; verb->aliases != NULL && verb->aliases[k] != NULL; k++) {
            (void)printf("|%s", verb->aliases[k]);
        }
        (void)printf(") %s", assign);
        print_options(verb->options | OPTIONS_COMMON);
        (void)printf("\" ;;\n");
    }
}

static void bash(const struct cli *cli) {
    (void)printf("# bash completion for aws-copilot: source this file\n"
                 "_aws_copilot() {\n"
                 "    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]}\n"
                 "    local verb= options= i\n"
                 "    COMPREPLY=()\n"
                 "    case $before in\n");
    print_values(&(struct shell_words){"COMPREPLY=($(compgen -W \"", "\" -- \"$word\"))",
                                       "COMPREPLY=($(compgen -d -- \"$word\"))",
                                       "COMPREPLY=($(compgen -f -- \"$word\"))"});
    (void)printf("    esac\n"
                 "    for ((i = 1; i < COMP_CWORD; i++)); do\n"
                 "        case ${COMP_WORDS[i]} in -*) ;; *) verb=${COMP_WORDS[i]}; break ;; esac\n"
                 "    done\n"
                 "    case $verb in\n");
    print_cases(cli, "options=\"");
    (void)printf("    esac\n"
                 "    [ -n \"$verb\" ] || options=\"");
    print_verbs(cli);
    (void)printf("\"\n"
                 "    COMPREPLY=($(compgen -W \"$options\" -- \"$word\"))\n"
                 "}\n"
                 "complete -F _aws_copilot aws-copilot\n");
}

static void zsh(const struct cli *cli) {
    (void)printf("#compdef aws-copilot\n"
                 "# zsh completion for aws-copilot: put this file into a folder of $fpath as "
                 "_aws-copilot\n"
                 "_aws_copilot() {\n"
                 "    local verb= options= word\n"
                 "    case ${words[CURRENT-1]} in\n");
    print_values(&(struct shell_words){"compadd -- ", "", "_files -/", "_files"});
    (void)printf("    esac\n"
                 "    for word in ${words[2,CURRENT-1]}; do\n"
                 "        case $word in -*) ;; *) verb=$word; break ;; esac\n"
                 "    done\n"
                 "    case $verb in\n");
    print_cases(cli, "options=\"");
    (void)printf("    esac\n"
                 "    [ -n \"$verb\" ] || options=\"");
    print_verbs(cli);
    (void)printf("\"\n"
                 "    compadd -- ${=options}\n"
                 "}\n"
                 "compdef _aws_copilot aws-copilot\n");
}

static void fish_option(const struct option_row *row, const char *condition) {
    (void)printf("complete -c aws-copilot -n '%s' -l %s", condition, row->name);
    if (row->letter != 0) {
        (void)printf(" -s %c", row->letter);
    }
    if (row->kind != OPTION_FLAG) {
        (void)printf(is_path(row) ? " -r -F" : " -x");
    }
    if (words_of(row) != NULL) {
        (void)printf(" -a '");
        print_choices(words_of(row));
        (void)printf("'");
    }
    (void)printf(" -d \"%s\"\n", row->help);
}

static void fish(const struct cli *cli) {
    (void)printf("# fish completion for aws-copilot: put this file into "
                 "~/.config/fish/completions\n"
                 "complete -c aws-copilot -f\n");
    for (size_t i = 0; cli->verbs[i] != NULL; i++) {
        const struct verb *verb = cli->verbs[i];
        char condition[120];

        if (verb->section == VERBS_HIDDEN) {
            continue;
        }
        (void)printf("complete -c aws-copilot -n __fish_use_subcommand -a %s -d \"%s\"\n",
                     verb->name, verb->summary);
        (void)snprintf(condition, sizeof condition, "__fish_seen_subcommand_from %s", verb->name);
        for (size_t o = 0; o < OPT_N; o++) {
            if ((option_rows[o].group & (verb->options | OPTIONS_COMMON)) != 0) {
                fish_option(&option_rows[o], condition);
            }
        }
    }
}

static const struct {
    const char *name;
    void (*print)(const struct cli *cli);
} shells[] = {{"bash", bash}, {"zsh", zsh}, {"fish", fish}};

static enum err_code completion_run(struct cli *cli, struct err *err) {
    const char *name = cli_word(cli, 0);

    for (size_t i = 0; i < ARRAY_N(shells) && name != NULL; i++) {
        if (strcmp(shells[i].name, name) == 0) {
            shells[i].print(cli);
            return ERR_NONE;
        }
    }
    if (name == NULL) {
        err_set(err, ERR_USAGE, "completion for which shell?");
    } else {
        err_set(err, ERR_USAGE, "completion: '%.60s' is not one of bash, zsh, fish", name);
    }
    return err_remedy(err, "aws-copilot completion bash, zsh or fish");
}

const struct verb verb_completion = {
    .name = "completion",
    .words = "bash|zsh|fish",
    .word_max = 1,
    .summary = "the shell's completion, to be sourced",
    .section = VERBS_HERE,
    .is_one_object = true, /* the script is the only output */
    .run = completion_run,
};
