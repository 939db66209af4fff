/* guard/command/command.h: the allow grammar of shell_runner, for this room only.
 *
 * word.c reads an argv and knows paths; spec.c matches options against a row's grammar; rules.c is
 * the table; git.c and aws.c have the two programs that need more; wrapper.c peels what only runs
 * something else; fetch.c knows what fetches packages; shell.c reads the text of `sh -c`; command.c
 * puts them together.
 */
#pragma once

#include "guard/policy.h"
#include "guard/secret_file.h"

enum { COMMAND_WORDS_MAX = 64, COMMAND_PARTS_MAX = 50 };

/* An argv as pieces of the caller's bytes. */
struct command {
    struct str words[COMMAND_WORDS_MAX];
    size_t n;
};

/* --- word.c --- */

/* Fills `out` from an array of strings; false with the reason when it is none, over a bound, or
 * holds what a screen does not show. */
bool command_read(const json_t *argv, struct command *out, const char **reason);

bool command_word_is(struct str word, const char *text);
bool command_word_starts(struct str word, const char *text);
bool command_word_is_one_of(struct str word, const char *const *list, size_t n);
bool command_word_starts_one_of(struct str word, const char *const *list, size_t n);
/* NAME=VALUE in two; false: it is a name alone, and the value is empty. */
bool command_word_split(struct str word, struct str *out_name, struct str *out_value);
bool command_word_is_option(struct str word);     /* -x, --long; not "-" and "--" */
bool command_word_is_assignment(struct str word); /* NAME=... */
bool command_word_is_harmless_variable(
    struct str word); /* of an assignment: it changes only how it looks */
/* Whether it is the long option or one that it begins, or what git and aws take for it: they accept
 * the beginning of a name. */
bool command_word_may_be_option(struct str word, const char *option);

/* The words from `at` on, which is at most their number. */
struct command command_from(const struct command *command, size_t at);
bool command_has(const struct command *command, const char *text);
bool command_has_prefix(const struct command *command, const char *text);
bool command_may_have(const struct command *command, const char *option);
bool command_has_letter(const struct command *command, char letter); /* in a bundle of one dash */

/* Whether a path as written stays in the workspace: relative, never climbing, no home. */
bool command_path_is_inside(struct str path);
/* Whether it is inside, and its name, size and kind may be told: it is no file of secrets. */
bool command_path_is_listable(struct str path);
/* Whether what stands in it may be shown as well: no file that may hold secrets. */
bool command_path_is_readable(struct str path);
/* Every word and every value after "=" as a path. */
bool command_is_inside(const struct command *command);
/* The worst of what its words name. */
enum secret_file command_names_secret(const struct command *command);

/* --- spec.c --- */

/* What the words that are no options are. */
enum operands {
    OPERANDS_NONE = 0,
    OPERANDS_FILES,      /* any number of readable files */
    OPERANDS_LISTED,     /* the same of which only name, size, kind or digest is told */
    OPERANDS_ONE_FILE,   /* at most one readable file */
    OPERANDS_ONE_LISTED, /* at most one, of which names are told */
    OPERANDS_TEXT_FILES, /* a text (a pattern, a program), then files; only files with -e */
    OPERANDS_TEXTS,      /* anything: they are printed or compared */
    OPERANDS_NUMBERS,
    OPERANDS_PACKAGES, /* names of packages, with versions */
};

/* Whether all options are in `spec` with values of their types, and all operands as said.
 * Shape: blank-separated. "-n" a flag; "-n#" with a number, "-n$" with text, "-n@" with a readable
 * file, "-g*" with names to look for, none of secrets; "-e%" with a text and "-f!" with nothing,
 * and then all operands are files, also those in front of it; "-#" a number as option; "--lines",
 * "--lines=#" likewise. Nothing else is an option: abbreviations, too, are not. */
bool command_spec_matches(const char *spec, enum operands operands, const struct command *command);

/* --- rules.c --- */

struct command_rule {
    const char *program;
    enum command_class class;
    const char *spec; /* with `operands`; NULL: `matches` decides, NULL too: any words */
    enum operands operands;
    bool (*matches)(const struct command *command);
    const char *reason;
    /* Examples, words separated by single blanks, ended by NULL; the tests run them. */
    const char *match[6];     /* get exactly `class` */
    const char *not_match[6]; /* get another class */
};
extern const struct command_rule command_rules[];
extern const size_t command_rule_n;

bool command_program_is_network(struct str program);
bool command_program_is_interpreter(struct str program);
bool command_program_is_shell(struct str program);

/* What a package manager is to do: the first word that is no option, and no value of --dir and its
 * kin; empty: there is none. */
struct str command_verb(const struct command *command);

/* --- git.c, aws.c --- */

bool command_git_is_local(
    const struct command *command); /* its worst is what the repository configures */
bool command_git_loses(
    const struct command *command); /* deletes work or history, here or elsewhere */

/* The same words with the options in front of the service behind the rest: what the functions below
 * expect. */
void command_aws_order(const struct command *command, struct command *out);

bool command_aws_reads(const struct command *command);
bool command_aws_asks(
    const struct command *command); /* the same with stored data, no credentials */
bool command_aws_previews(const struct command *command);
bool command_aws_writes(const struct command *command);
bool command_aws_goes_around(
    const struct command *command); /* what this program does with an approval */
bool command_aws_destroys(const struct command *command);
bool command_aws_shows_credentials(const struct command *command);
bool command_aws_widens(const struct command *command);

/* --- fetch.c --- */

/* The name of a package, with a version: "x", "@y/x@^1", "x[extra]>=2"; no address, no path. */
bool command_word_is_package(struct str word);

/* The manager of a command that only fetches packages, as it is written, constant; NULL: it is
 * none. `*out_verb` is what it does: "add". */
const char *command_fetcher_of(const struct command *command, struct str *out_verb);

/* How many words name pip: "pip" and "pip3" 1, "uv pip" 2, "python -m pip" 3; 0: it is not pip. */
size_t command_pip_words(const struct command *command);

/* --- wrapper.c --- */

/* Drops a wrapper and its options from the front. False: there is none. Raises `*floor` to the best
 * class that what is left can have, and sets `*reason` when it does. What cannot be peeled leaves
 * no words. */
bool command_peel(struct command *command, enum command_class *floor, const char **reason);

/* --- shell.c --- */

struct shell_script {
    struct command parts[COMMAND_PARTS_MAX];
    bool is_piped_in[COMMAND_PARTS_MAX]; /* its input is the part before */
    size_t n;
    char bytes[8 * 1024]; /* of the words */
};

/* Reads words, quotes, && || ; and |, and nothing else; false for all other text. */
bool command_shell_read(struct str text, struct shell_script *out);

/* The script of `sh -c SCRIPT`; false when the command is none. */
bool command_script_of(const struct command *command, struct str *out);

/* --- command.c --- */

/* The strictest of two: destructive, unknown, changing, safe. */
enum command_class command_worst(enum command_class a, enum command_class b);

/* The class of a command without wrappers and shells, and of one with them. */
enum command_class command_judge_plain(const struct command *command, const char **reason);
enum command_class command_judge(const struct command *command, const char **reason);

/* The worst class of a script's parts, COMMAND_UNKNOWN for text that is not read; without the floor
 * that command_judge() puts under `sh -c`. */
enum command_class command_judge_script(struct str text, const char **reason);
