/* guard/command/git.c: git's verbs. None is safe: the repository's configuration runs programs. */
#include "guard/command/command.h"

#include <string.h>

/* The index of the verb behind git's own options; 0: there is none. `*is_plain` says that none of
 * these options changes what runs or where. */
static size_t verb_at(const struct command *command, bool *is_plain) {
    static const char *const valued[] = {
        "-C",          "-c",          "--git-dir",    "--work-tree",
        "--namespace", "--exec-path", "--config-env", "--super-prefix"};
    static const char *const harmless[] = {"--no-pager", "-P", "--no-optional-locks",
                                           "--literal-pathspecs"};
    size_t i = 1;

    *is_plain = true;
    while (i < command->n && command_word_is_option(command->words[i])) {
        bool is_valued = command_word_is_one_of(command->words[i], valued, ARRAY_N(valued));

        if (!command_word_is_one_of(command->words[i], harmless, ARRAY_N(harmless))) {
            *is_plain = *is_plain && command_word_is(command->words[i], "-C") &&
                        i + 1 < command->n && command_path_is_inside(command->words[i + 1]);
        }
        i += is_valued ? 2 : 1;
    }
    return i < command->n ? i : 0;
}

static bool has_force(const struct command *rest) {
    return command_may_have(rest, "--force") || command_has_letter(rest, 'f');
}

static bool push_forces(const struct command *rest) {
    for (size_t i = 1; i < rest->n; i++) {
        if (!command_word_is_option(rest->words[i]) && (command_word_starts(rest->words[i], "+") ||
                                                        command_word_starts(rest->words[i], ":"))) {
            return true;
        }
    }
    return has_force(rest) || command_has_letter(rest, 'd') || command_may_have(rest, "--delete") ||
           command_may_have(rest, "--mirror") || command_may_have(rest, "--prune");
}

static bool reset_loses(const struct command *rest) {
    return command_may_have(rest, "--hard") || command_may_have(rest, "--merge") ||
           command_may_have(rest, "--keep");
}

static bool clean_loses(const struct command *rest) {
    return has_force(rest) && !command_has(rest, "--dry-run") && !command_has_letter(rest, 'n');
}

/* A file instead of a branch throws the changes of it away. */
static bool checkout_loses(const struct command *rest) {
    bool is_new = command_has_letter(rest, 'b') || command_has(rest, "--orphan");
    size_t operand_n = 0;

    for (size_t i = 1; i < rest->n; i++) {
        operand_n += !command_word_is_option(rest->words[i]);
    }
    return has_force(rest) || command_has_letter(rest, 'B') || command_has(rest, "--") ||
           command_has(rest, ".") || command_has_letter(rest, 'p') ||
           command_may_have(rest, "--ours") || command_may_have(rest, "--theirs") ||
           command_may_have(rest, "--pathspec-from-file") || command_may_have(rest, "--patch") ||
           (!is_new && operand_n > 1);
}

static bool restore_loses(const struct command *rest) {
    bool is_staged = command_has(rest, "--staged") || command_has_letter(rest, 'S');

    return !is_staged || command_may_have(rest, "--worktree") || command_has_letter(rest, 'W');
}

static bool branch_loses(const struct command *rest) {
    /* -d alone is refused by git itself where work would be lost. */
    return command_has_letter(rest, 'D') || command_has_letter(rest, 'M') ||
           command_has_letter(rest, 'C') || has_force(rest);
}

static bool tag_loses(const struct command *rest) {
    return command_has_letter(rest, 'd') || command_may_have(rest, "--delete") || has_force(rest);
}

static bool second_is(const struct command *rest, const char *const *verbs, size_t n) {
    return rest->n > 1 && command_word_is_one_of(rest->words[1], verbs, n);
}

static bool stash_loses(const struct command *rest) {
    static const char *const verbs[] = {"drop", "clear"};
    return second_is(rest, verbs, ARRAY_N(verbs));
}

static bool reflog_loses(const struct command *rest) {
    static const char *const verbs[] = {"expire", "delete"};
    return second_is(rest, verbs, ARRAY_N(verbs));
}

static bool remove_loses(const struct command *rest) {
    static const char *const verbs[] = {"remove", "rm", "prune", "set-url"};
    return second_is(rest, verbs, ARRAY_N(verbs));
}

static bool always(const struct command *rest) {
    (void)rest;
    return true;
}

static bool gc_loses(const struct command *rest) { return command_may_have(rest, "--prune"); }
static bool switch_loses(const struct command *rest) {
    return has_force(rest) || command_may_have(rest, "--discard-changes") ||
           command_has_letter(rest, 'C');
}
static bool deinit_loses(const struct command *rest) { return command_has(rest, "deinit"); }
static bool ref_loses(const struct command *rest) { return command_has_letter(rest, 'd'); }

bool command_git_loses(const struct command *command) {
    static const struct {
        const char *verb;
        bool (*loses)(const struct command *rest);
    } rows[] = {
        {"push", push_forces},
        {"reset", reset_loses},
        {"clean", clean_loses},
        {"checkout", checkout_loses},
        {"restore", restore_loses},
        {"branch", branch_loses},
        {"tag", tag_loses},
        {"stash", stash_loses},
        {"reflog", reflog_loses},
        {"worktree", remove_loses},
        {"remote", remove_loses},
        {"gc", gc_loses},
        {"switch", switch_loses},
        {"submodule", deinit_loses},
        {"update-ref", ref_loses},
        {"filter-branch", always},
        {"filter-repo", always},
        {"prune", always},
        {"rm", always},
        {"replace", always},
        {"credential", always},
    };
    bool is_plain = false;
    size_t at = verb_at(command, &is_plain);

    if (at == 0) {
        return false;
    }
    struct command rest = command_from(command, at);
    for (size_t i = 0; i < ARRAY_N(rows); i++) {
        if (command_word_is(rest.words[0], rows[i].verb) && rows[i].loses(&rest)) {
            return true;
        }
    }
    return false;
}

static bool config_reads(const struct command *rest) {
    return command_is_inside(rest) &&
           (command_has(rest, "--get") || command_has(rest, "--list") || command_has(rest, "-l"));
}

/* Verbs whose words are messages and revisions as well as paths. */
static bool takes_texts(struct str verb) {
    static const char *const verbs[] = {"commit", "tag", "log", "grep", "stash", "notes"};

    return command_word_is_one_of(verb, verbs, ARRAY_N(verbs));
}

/* Options that name a program or a file to write. */
static bool runs_or_writes(const struct command *rest) {
    static const char *const options[] = {"--output", "--ext-diff",    "--textconv", "--open-files",
                                          "--exec",   "--upload-pack", "--template", "--file"};

    for (size_t i = 0; i < ARRAY_N(options); i++) {
        if (command_may_have(rest, options[i])) {
            return true;
        }
    }
    return false;
}

bool command_git_is_local(const struct command *command) {
    static const char *const verbs[] = {
        "status",   "diff",         "log",         "show",          "branch",    "add",
        "commit",   "ls-files",     "rev-parse",   "blame",         "describe",  "shortlog",
        "stash",    "tag",          "checkout",    "switch",        "reset",     "restore",
        "worktree", "remote",       "reflog",      "clean",         "grep",      "cat-file",
        "ls-tree",  "rev-list",     "name-rev",    "merge-base",    "bisect",    "cherry",
        "version",  "help",         "init",        "count-objects", "diff-tree", "for-each-ref",
        "show-ref", "symbolic-ref", "whatchanged", "check-ignore",  "revert",    "cherry-pick",
        "merge",    "rebase",       "mv",          "apply",         "notes",     "config"};
    bool is_plain = false;
    size_t at = verb_at(command, &is_plain);

    if (at == 0 || !is_plain || command_git_loses(command)) {
        return false;
    }
    struct command rest = command_from(command, at);
    if (command_word_is(rest.words[0], "rebase") && command_has_letter(&rest, 'x')) {
        return false;
    }
    if (command_word_is(rest.words[0], "config")) {
        return config_reads(&rest);
    }
    return command_word_is_one_of(rest.words[0], verbs, ARRAY_N(verbs)) && !runs_or_writes(&rest) &&
           (takes_texts(rest.words[0]) || command_is_inside(&rest));
}
