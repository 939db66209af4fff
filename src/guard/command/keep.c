/* guard/command/keep.c: which of the files that a command changed may be taken over.
 *
 * What configures another program, or one that runs later with the person's rights, is not: a build
 * script that writes a git hook or an agent's instructions would have left its sandbox by it.
 */
#include "guard/command/command.h"

/* Files and folders, anywhere in the tree. */
static const char *const settings[] = {
    ".npmrc",          ".yarnrc",
    ".yarnrc.yml",     ".pnpmfile.cjs",
    ".pnp.cjs",        ".envrc",
    ".mcp.json",       "AGENTS.md",
    "AGENTS.local.md", "CLAUDE.md",
    "CLAUDE.local.md", "GEMINI.md",
    ".cursorrules",    ".claude",
    ".codex",          ".cursor",
    ".gemini",         ".vscode",
    ".idea",           ".husky",
    ".devcontainer",   ".githooks",
    ".gitmodules",     ".gitattributes",
    ".gitconfig",      ".pre-commit-config.yaml",
    "aws-copilot.yml", "lefthook.yml",
};

/* Of git's own folder: what staging, committing and tagging write. No hook, no configuration. */
static const char *const git_files[] = {"index", "HEAD", "ORIG_HEAD", "COMMIT_EDITMSG",
                                        "packed-refs"};
static const char *const git_folders[] = {"objects/", "refs/heads/", "refs/tags/", "logs/"};

static bool git_may_write(struct str path) {
    static const char *const linking[] = {"objects/info/", "objects/info"};

    if (command_word_starts_one_of(path, linking, ARRAY_N(linking))) {
        return false; /* objects of another repository */
    }
    for (size_t i = 0; i < ARRAY_N(git_folders); i++) {
        struct str folder = str_from(git_folders[i]);
        if (str_starts(path, folder) || str_eq(path, str_slice(folder, 0, folder.len - 1))) {
            return true;
        }
    }
    return command_word_is_one_of(path, git_files, ARRAY_N(git_files));
}

bool command_may_keep(struct str path, bool is_git, const char **why) {
    struct str rest = path;
    struct str part = {0};

    if (str_starts(path, STR(".git/"))) {
        *why = is_git ? "git's settings and hooks are yours" : "git's folder is for git alone";
        return is_git && git_may_write(str_slice(path, 5, path.len));
    }
    *why = "it configures another program";
    while (str_next(&rest, '/', &part)) {
        if (command_word_is_one_of(part, settings, ARRAY_N(settings)) ||
            str_eq(part, STR(".git"))) {
            return false;
        }
    }
    *why = "by its name it holds secrets";
    return secret_file_of(path) != SECRET_FILE_SURE;
}
