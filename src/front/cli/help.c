/* help and version: from the tables, touching nothing else. */
#include "front/cli/cli_room.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const char *const sections[VERBS_N] = {
    [VERBS_DEPLOY] = "Deploy",
    [VERBS_LOOK] = "Look",
    [VERBS_RECORD] = "Decide and record",
    [VERBS_HERE] = "This program",
};

enum { NAME_COLUMNS = 30, OPTION_COLUMNS = 38, NARROW = 80, HELP_BYTES_MAX = 64 * 1024 };

/* Writes what was gathered, as wide as the terminal is. */
static void help_write(struct cli *cli, struct buf *text) {
    const struct screen screen = screen_of(stdout, STDOUT_FILENO, true);
    CLEANUP(buf_done) struct buf fit = BUF_INIT(HELP_BYTES_MAX * 2);

    screen_fit(&screen, &fit, buf_str(text));
    cli_write(cli, &fit);
}

/* What is named, and what it means in the column beside it; or below it, where it is too long for
 * its column or the screen is narrow. */
static void help_row(struct buf *out, const char *name, int columns, bool is_narrow,
                     const char *text) {
    if (is_narrow) {
        buf_addf(out, "  %s\n          %s\n", name, text);
    } else if (strlen(name) > (size_t)columns) {
        buf_addf(out, "  %s\n  %-*s %s\n", name, columns, "", text);
    } else {
        buf_addf(out, "  %-*s %s\n", columns, name, text);
    }
}

static bool help_is_narrow(void) {
    const struct screen screen = screen_of(stdout, STDOUT_FILENO, true);

    return screen_width(&screen) < NARROW;
}

static void help_verb_line(struct buf *out, const struct verb *verb, bool is_narrow) {
    char names[80];
    size_t n;

    n = (size_t)snprintf(names, sizeof names, "%s", verb->name);
    for (size_t i = 0; verb->aliases != NULL && verb->aliases[i] != NULL; i++) {
        n += (size_t)snprintf(names + n, sizeof names - n, ", %s", verb->aliases[i]);
    }
    (void)snprintf(names + n, sizeof names - n, "%s%s", verb->words[0] == '\0' ? "" : " ",
                   verb->words);
    help_row(out, names, NAME_COLUMNS, is_narrow, verb->summary);
}

static void help_all(struct cli *cli) {
    CLEANUP(buf_done) struct buf out = BUF_INIT(HELP_BYTES_MAX);
    bool is_narrow = help_is_narrow();

    buf_addf(&out,
             "aws-copilot takes a FastAPI + Vite application to AWS through a conversation.\n\n"
             "usage: aws-copilot [VERB] [WORDS] [OPTIONS]\n");
    for (enum verb_section s = 0; s < VERBS_HIDDEN; s++) {
        buf_addf(&out, "\n%s\n", sections[s]);
        for (size_t i = 0; cli->verbs[i] != NULL; i++) {
            if (cli->verbs[i]->section == s) {
                help_verb_line(&out, cli->verbs[i], is_narrow);
            }
        }
    }
    buf_addf(&out,
             "\nWithout a verb, on a terminal: chat. aws-copilot help VERB lists its options.\n"
             "Exit codes: 0 ok, 1 other failure, 2 usage or a missing answer, 3 credentials,\n"
             "4 deployment failed, 5 refused, 6 no such thing, 7 expected no changes,\n"
             "8 cancelled, 9 timed out, 10 waiting for approval, 130 interrupted, 255 defect.\n");
    help_write(cli, &out);
}

static void help_option(struct buf *out, const struct option_row *row, bool is_narrow) {
    CLEANUP(freep)
    char *text = row->variable == NULL ? mem_strdup(row->help)
                                       : mem_format("%s [%s]", row->help, row->variable);
    char left[120];
    char letter[8] = "    ";

    if (row->letter != 0) {
        (void)snprintf(letter, sizeof letter, "-%c, ", row->letter);
    }
    (void)snprintf(left, sizeof left, "%s--%s%s%s", letter, row->name,
                   row->argument == NULL ? "" : " ", row->argument == NULL ? "" : row->argument);
    help_row(out, left, OPTION_COLUMNS, is_narrow, text);
}

static void help_options(struct buf *out, unsigned groups, const char *title) {
    bool is_narrow = help_is_narrow();
    bool is_first = true;

    for (size_t i = 0; i < OPT_N; i++) {
        if ((option_rows[i].group & groups) == 0) {
            continue;
        }
        if (is_first) {
            buf_addf(out, "\n%s\n", title);
        }
        is_first = false;
        help_option(out, &option_rows[i], is_narrow);
    }
}

void help_verb(struct cli *cli, const struct verb *verb) {
    CLEANUP(buf_done) struct buf out = BUF_INIT(HELP_BYTES_MAX);

    if (cli->is_json) {
        return;
    }
    buf_addf(&out, "aws-copilot %s%s%s: %s\n", verb->name, verb->words[0] == '\0' ? "" : " ",
             verb->words, verb->summary);
    if (verb->more != NULL) {
        buf_addf(&out, "\n%s\n", verb->more);
    }
    help_options(&out, verb->options, "Options");
    help_options(&out, OPTIONS_COMMON, "Options of every verb");
    help_write(cli, &out);
}

static json_t *help_json(const struct verb *verb) {
    json_t *options = json_array();

    for (size_t i = 0; i < OPT_N; i++) {
        if ((option_rows[i].group & (verb->options | OPTIONS_COMMON)) != 0) {
            (void)json_array_append_new(options, json_string(option_rows[i].name));
        }
    }
    return json_pack("{s:s, s:s, s:s, s:o}", "verb", verb->name, "words", verb->words, "summary",
                     verb->summary, "options", options);
}

static enum err_code help_run(struct cli *cli, struct err *err) {
    const char *name = cli_word(cli, 0);
    const struct verb *verb = name == NULL ? NULL : verb_find(cli->verbs, name);

    if (name != NULL && verb == NULL) {
        return verb_unknown(cli->verbs, name, err);
    }
    for (size_t i = 0; cli->is_json && cli->verbs[i] != NULL; i++) {
        if (cli->verbs[i]->section != VERBS_HIDDEN && (verb == NULL || verb == cli->verbs[i])) {
            cli_event(cli, "verb", help_json(cli->verbs[i]));
        }
    }
    if (!cli->is_json && verb == NULL) {
        help_all(cli);
    } else if (verb != NULL) {
        help_verb(cli, verb);
    }
    return ERR_NONE;
}

const struct verb verb_help = {
    .name = "help",
    .words = "[VERB]",
    .word_max = 1,
    .summary = "the verbs, or the options of one",
    .section = VERBS_HERE,
    .run = help_run,
};

static enum err_code version_run(struct cli *cli, struct err *err) {
    (void)err;
    if (cli->is_json) {
        cli_event(cli, "version",
                  json_pack("{s:s, s:s}", "program", "aws-copilot", "text", AWSCOPILOT_VERSION));
    } else {
        (void)printf("aws-copilot " AWSCOPILOT_VERSION "\n");
    }
    return ERR_NONE;
}

const struct verb verb_version = {
    .name = "version",
    .words = "",
    .summary = "the version of the program",
    .section = VERBS_HERE,
    .options = OPTIONS_ALONE,
    .run = version_run,
};
