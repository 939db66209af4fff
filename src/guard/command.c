/* guard/command.c: what a command can do, by an allow grammar per program.
 *
 * There is no shell: an argv is executed as it is, so quoting, globs and redirections are ordinary
 * characters. What no row derives is unknown, and unknown is asked. The rows advise; the sandbox is
 * the wall. */
#include "guard/command.h"

#include "guard/deceptive.h"
#include "guard/limits.h"

#include <string.h>

/* ---- words ---- */

static bool word_is(struct str word, const char *text) { return str_eq(word, str_from(text)); }

static bool word_starts(struct str word, const char *text) {
    return str_starts(word, str_from(text));
}

static bool is_option(struct str word) { return word.len > 1 && word.ptr[0] == '-'; }

static bool has_word(const struct command *command, const char *text) {
    for (size_t i = 1; i < command->n; i++) {
        if (word_is(command->words[i], text)) {
            return true;
        }
    }
    return false;
}

static bool has_prefix(const struct command *command, const char *text) {
    for (size_t i = 1; i < command->n; i++) {
        if (word_starts(command->words[i], text)) {
            return true;
        }
    }
    return false;
}

/* Whether an option of one dash has `letter` in its bundle: -rf has r and f. */
static bool has_letter(const struct command *command, char letter) {
    for (size_t i = 1; i < command->n; i++) {
        struct str word = command->words[i];

        if (word.len > 1 && word.ptr[0] == '-' && word.ptr[1] != '-' &&
            memchr(word.ptr + 1, letter, word.len - 1) != NULL) {
            return true;
        }
    }
    return false;
}

/* Whether a path as written stays in the workspace: relative, never climbing, no home. */
static bool path_is_inside(struct str path) {
    struct str rest = path;
    struct str part = {0};

    if (path.len == 0 || path.ptr[0] == '/' || path.ptr[0] == '~') {
        return false;
    }
    while (str_next(&rest, '/', &part)) {
        if (word_is(part, "..")) {
            return false;
        }
    }
    return true;
}

/* Every word, the part after = included, as a path: whatever is one stays inside. */
static bool all_inside(const struct command *command) {
    for (size_t i = 1; i < command->n; i++) {
        struct str word = command->words[i];
        ptrdiff_t sign = str_find(word, STR("="));
        struct str value = sign < 0 ? word : str_slice(word, (size_t)sign + 1, word.len);

        if ((!is_option(word) && !path_is_inside(word)) ||
            (sign >= 0 && value.len > 0 && !path_is_inside(value)) ||
            (is_option(word) && sign < 0 &&
             (str_find(word, STR("/")) >= 0 || str_find(word, STR("..")) >= 0))) {
            return false;
        }
    }
    return true;
}

/* Names of files that hold secrets, wherever they lie. */
static bool is_secret_path(struct str word) {
    static const char *const folders[] = {".aws", ".ssh", ".gnupg", ".docker", ".kube"};
    static const char *const names[] = {".env",        ".netrc", ".npmrc",     ".pypirc", ".pgpass",
                                        "credentials", "id_rsa", "id_ed25519", "environ"};
    static const char *const endings[] = {".pem", ".key", ".p12", ".pfx", ".ppk", ".jks"};
    struct str rest = word;
    struct str part = {0};

    while (str_next(&rest, '/', &part)) {
        ptrdiff_t sign = str_find(part, STR("="));
        part = sign < 0 ? part : str_slice(part, (size_t)sign + 1, part.len);
        part = part.len > 0 && part.ptr[0] == '@' ? str_slice(part, 1, part.len) : part;
        for (size_t i = 0; i < ARRAY_N(folders); i++) {
            if (word_is(part, folders[i])) {
                return true;
            }
        }
        for (size_t i = 0; i < ARRAY_N(names); i++) {
            if (word_is(part, names[i])) {
                return true;
            }
        }
        for (size_t i = 0; i < ARRAY_N(endings); i++) {
            if (str_ends(part, str_from(endings[i]))) {
                return true;
            }
        }
        bool is_example = str_ends(part, STR(".example")) || str_ends(part, STR(".sample"));
        if (word_starts(part, ".env.") && !is_example) {
            return true;
        }
    }
    return false;
}

static bool has_secret_path(const struct command *command) {
    for (size_t i = 1; i < command->n; i++) {
        if (is_secret_path(command->words[i])) {
            return true;
        }
    }
    return false;
}

/* ---- matchers: whether the row's class is proven ---- */

static bool reads_inside(const struct command *command) { return all_inside(command); }

static bool has_no_arguments(const struct command *command) { return command->n == 1; }

static bool prints_version(const struct command *command) {
    return command->n == 2 &&
           (word_is(command->words[1], "--version") || word_is(command->words[1], "-V") ||
            word_is(command->words[1], "-v"));
}

static bool prints_date(const struct command *command) {
    return command->n == 1 || (command->n == 2 && (word_starts(command->words[1], "+") ||
                                                   word_is(command->words[1], "-u")));
}

static bool greps_inside(const struct command *command) {
    size_t pattern = 1;

    while (pattern < command->n && is_option(command->words[pattern])) {
        pattern++;
    }
    if (has_prefix(command, "--pre") || has_prefix(command, "--hostname-bin") ||
        has_letter(command, 'z') || has_letter(command, 'f') || has_letter(command, 'e') ||
        has_prefix(command, "--file") || has_prefix(command, "--regexp") ||
        has_word(command, "--search-zip") || pattern == command->n) {
        return false;
    }
    struct command rest = *command;
    rest.words[pattern] = STR("pattern"); /* may hold a slash */
    return all_inside(&rest);
}

static bool finds_inside(const struct command *command) {
    static const char *const acting[] = {"-exec", "-ok", "-delete", "-fls", "-fprint", "-files0"};

    for (size_t i = 0; i < ARRAY_N(acting); i++) {
        if (has_prefix(command, acting[i])) {
            return false;
        }
    }
    return all_inside(command);
}

/* sed -n 1,20p FILE */
static bool seds_lines(const struct command *command) {
    if (command->n != 4 || !word_is(command->words[1], "-n")) {
        return false;
    }
    struct str script = command->words[2];
    for (size_t i = 0; i + 1 < script.len; i++) {
        if (script.ptr[i] != ',' && (script.ptr[i] < '0' || script.ptr[i] > '9')) {
            return false;
        }
    }
    return script.len > 1 && script.ptr[script.len - 1] == 'p' &&
           path_is_inside(command->words[3]) && !is_option(command->words[3]);
}

static bool sorts_inside(const struct command *command) {
    return all_inside(command) && !has_letter(command, 'o') && !has_letter(command, 'T') &&
           !has_prefix(command, "--output") && !has_prefix(command, "--compress-program") &&
           !has_prefix(command, "--files0-from") && !has_prefix(command, "--temporary");
}

/* A second file would be written. */
static bool uniqs_one(const struct command *command) {
    size_t files = 0;

    for (size_t i = 1; i < command->n; i++) {
        files += !is_option(command->words[i]);
    }
    return files <= 1 && all_inside(command);
}

static bool base64s_inside(const struct command *command) {
    return all_inside(command) && !has_letter(command, 'o') && !has_prefix(command, "--output");
}

/* Everything named lies inside the workspace, and neither all of it nor its history. */
static bool deletes_inside(const struct command *command) {
    for (size_t i = 1; i < command->n; i++) {
        struct str word = command->words[i];

        if (is_option(word)) {
            continue;
        }
        if (!path_is_inside(word) || word_is(word, ".") || word_is(word, "./") ||
            word_is(word, "*") || word_starts(word, ".git") || word_starts(word, "./.git")) {
            return false;
        }
    }
    return true;
}

static bool deletes_outside(const struct command *command) { return !deletes_inside(command); }

static bool is_global_node(const struct command *command) {
    return has_word(command, "-g") || has_word(command, "--global") ||
           has_word(command, "--location=global");
}

static bool fetches_and_runs(const struct command *command) {
    return command->n > 1 &&
           (word_is(command->words[1], "dlx") || word_is(command->words[1], "exec") ||
            word_is(command->words[1], "create") || word_is(command->words[1], "x") ||
            word_is(command->words[1], "publish") || word_is(command->words[1], "login") ||
            word_is(command->words[1], "config"));
}

static bool is_node_build(const struct command *command) {
    return command->n > 1 && !is_global_node(command) && !fetches_and_runs(command) &&
           all_inside(command);
}

static bool is_global_python(const struct command *command) {
    return has_prefix(command, "--system") || has_word(command, "--break-system-packages") ||
           (command->n > 1 && word_is(command->words[1], "tool")) || has_word(command, "--user");
}

static bool is_python_build(const struct command *command) {
    static const char *const verbs[] = {"sync", "lock", "run", "venv", "tree", "export", "build"};

    for (size_t i = 0; i < ARRAY_N(verbs) && command->n > 1; i++) {
        if (word_is(command->words[1], verbs[i])) {
            return !is_global_python(command) && all_inside(command) &&
                   !has_prefix(command, "--with") && !has_prefix(command, "--index") &&
                   !has_prefix(command, "--default-index") && !has_prefix(command, "--extra-index");
        }
    }
    return false;
}

static bool git_is_local(const struct command *command) {
    static const char *const verbs[] = {"status",    "diff",  "log",     "show",
                                        "branch",    "add",   "commit",  "ls-files",
                                        "rev-parse", "blame", "describe"};

    for (size_t i = 0; i < ARRAY_N(verbs) && command->n > 1; i++) {
        if (word_is(command->words[1], verbs[i])) {
            return all_inside(command) && !has_prefix(command, "--output") &&
                   !has_prefix(command, "--ext-diff") && !has_word(command, "-D");
        }
    }
    return false;
}

static bool git_loses(const struct command *command) {
    static const char *const verbs[] = {"push",          "clean",  "reset", "checkout",
                                        "restore",       "rebase", "gc",    "reflog",
                                        "filter-branch", "stash",  "remote"};

    for (size_t i = 0; i < ARRAY_N(verbs) && command->n > 1; i++) {
        if (word_is(command->words[1], verbs[i])) {
            return true;
        }
    }
    return false;
}

static bool writes_inside(const struct command *command) {
    return command->n > 1 && all_inside(command);
}

static bool chmods_inside(const struct command *command) {
    return command->n > 2 && all_inside(command) && str_find(command->words[1], STR("s")) < 0 &&
           !(command->words[1].len == 4 && command->words[1].ptr[0] != '0');
}

static bool untars_inside(const struct command *command) {
    return command->n > 1 && all_inside(command) && !has_prefix(command, "--to-command") &&
           !has_prefix(command, "--checkpoint-action") && !has_prefix(command, "--use-compress") &&
           !has_prefix(command, "--absolute-names") && !has_letter(command, 'P') &&
           !has_letter(command, 'I') && !has_prefix(command, "--rsh");
}

/* aws SERVICE VERB. Whatever points somewhere else is not derived. */
static bool aws_is_plain(const struct command *command) {
    if (command->n < 3 || is_option(command->words[1]) || is_option(command->words[2])) {
        return false;
    }
    for (size_t i = 1; i < command->n; i++) {
        if (word_starts(command->words[i], "--endpoint") ||
            word_starts(command->words[i], "--profile") ||
            str_find(command->words[i], STR("file:")) >= 0 ||
            str_find(command->words[i], STR("fileb:")) >= 0 ||
            word_starts(command->words[i], "--cli-input") ||
            word_starts(command->words[i], "--no-verify-ssl") ||
            word_starts(command->words[i], "--ca-bundle")) {
            return false;
        }
    }
    return true;
}

static bool aws_reads(const struct command *command) {
    static const char *const closed[] = {"secretsmanager", "ssm",       "sts", "kms",         "s3",
                                         "s3api",          "configure", "sso", "codeartifact"};

    for (size_t i = 0; i < ARRAY_N(closed) && command->n > 1; i++) {
        if (word_is(command->words[1], closed[i])) {
            return false;
        }
    }
    return aws_is_plain(command) &&
           (word_starts(command->words[2], "describe-") || word_starts(command->words[2], "list-"));
}

/* What this program does itself, with a dry run and an approval. */
static bool aws_goes_around(const struct command *command) {
    static const char *const verbs[] = {"execute-change-set", "create-stack",
                                        "update-stack",       "deploy",
                                        "delete-stack",       "create-stack-set"};

    for (size_t i = 0; i < ARRAY_N(verbs) && command->n > 2; i++) {
        if (word_is(command->words[1], "cloudformation") && word_is(command->words[2], verbs[i])) {
            return !(word_is(command->words[2], "deploy") &&
                     has_word(command, "--no-execute-changeset"));
        }
    }
    return false;
}

/* Credentials and rights are not handed out by a command. */
static bool aws_widens(const struct command *command) {
    if (command->n < 3 ||
        !(word_is(command->words[1], "iam") || word_is(command->words[1], "sts") ||
          word_is(command->words[1], "organizations"))) {
        return false;
    }
    static const char *const starts[] = {
        "create-access-key", "create-login",   "create-user",   "put-",
        "attach-",           "add-",           "update-",       "assume-",
        "get-session",       "get-federation", "create-policy", "set-"};
    for (size_t i = 0; i < ARRAY_N(starts); i++) {
        if (word_starts(command->words[2], starts[i])) {
            return true;
        }
    }
    return false;
}

/* ---- the table ---- */

#define READER(name)                                                                               \
    {                                                                                              \
        name, COMMAND_SAFE, reads_inside, "reads a file in the workspace", {name " README.md"},    \
            {name " /etc/passwd", name " ../x", name " ~/.aws/config", name " .env"},              \
    }
#define ASKED(name, why)                                                                           \
    {                                                                                              \
        name, COMMAND_DESTRUCTIVE, NULL, why, {name " x"}, { NULL }                                \
    }
#define REFUSED(name, why)                                                                         \
    {                                                                                              \
        name, COMMAND_FORBIDDEN, NULL, why, {name " x"}, { NULL }                                  \
    }

/* clang-format off */
/* The first row whose program and matcher agree decides. */
const struct command_rule command_rules[] = {
    READER("cat"), READER("head"), READER("tail"), READER("wc"), READER("ls"), READER("stat"),
    READER("cut"), READER("nl"), READER("rev"), READER("sha256sum"), READER("diff"), READER("cmp"),
    {"tr", COMMAND_SAFE, NULL, "changes characters on their way", {"tr a-z A-Z"}, {NULL}},
    {"seq", COMMAND_SAFE, NULL, "counts", {"seq 3"}, {NULL}},
    {"echo", COMMAND_SAFE, NULL, "prints its words", {"echo hello", "echo / ~"}, {NULL}},
    {"true", COMMAND_SAFE, NULL, "does nothing", {"true"}, {NULL}},
    {"false", COMMAND_SAFE, NULL, "does nothing", {"false"}, {NULL}},
    {"pwd", COMMAND_SAFE, has_no_arguments, "prints the folder", {"pwd"}, {"pwd x"}},
    {"whoami", COMMAND_SAFE, has_no_arguments, "prints the user", {"whoami"}, {"whoami x"}},
    {"id", COMMAND_SAFE, has_no_arguments, "prints the user", {"id"}, {"id root"}},
    {"uname", COMMAND_SAFE, NULL, "prints the system", {"uname -a"}, {NULL}},
    {"which", COMMAND_SAFE, NULL, "looks for a program", {"which node"}, {NULL}},
    {"date", COMMAND_SAFE, prints_date, "prints the time", {"date", "date +%s", "date -u"}, {"date -s now", "date -f x"}},
    {"grep", COMMAND_SAFE, greps_inside, "searches in the workspace", {"grep -rn /api backend", "grep x README.md"},
        {"grep x /etc/passwd", "grep -f /etc/x a", "grep x ../y", "grep -r x .env"}},
    {"rg", COMMAND_SAFE, greps_inside, "searches in the workspace", {"rg -n todo src", "rg todo"},
        {"rg --pre cat x", "rg --hostname-bin=x y", "rg -z x", "rg x /"}},
    {"find", COMMAND_SAFE, finds_inside, "lists the workspace", {"find . -name *.py", "find backend -type f"},
        {"find . -delete", "find . -exec rm {} ;", "find / -name x", "find . -fprint x", "find . -ok rm"}},
    {"sort", COMMAND_SAFE, sorts_inside, "sorts a file", {"sort -u a.txt"}, {"sort -o a a", "sort --compress-program=x a", "sort /etc/passwd"}},
    {"uniq", COMMAND_SAFE, uniqs_one, "reads one file", {"uniq -c a"}, {"uniq a b", "uniq /etc/passwd"}},
    {"base64", COMMAND_SAFE, base64s_inside, "reads one file", {"base64 a"}, {"base64 -o b a", "base64 ../a"}},
    {"sed", COMMAND_SAFE, seds_lines, "prints lines", {"sed -n 1,20p a.py"},
        {"sed -i s/a/b/ x", "sed -n w/tmp/x a", "sed -n 1e a", "sed 1d a", "sed -n 1p /etc/passwd"}},
    {"node", COMMAND_SAFE, prints_version, "prints a version", {"node --version"}, {"node x.js", "node -e 1"}},
    {"python3", COMMAND_SAFE, prints_version, "prints a version", {"python3 -V"}, {"python3 x.py", "python3 -c 1"}},
    {"python", COMMAND_SAFE, prints_version, "prints a version", {"python -V"}, {"python x.py"}},
    {"pnpm", COMMAND_SAFE, prints_version, "prints a version", {"pnpm --version"}, {"pnpm install"}},
    {"npm", COMMAND_SAFE, prints_version, "prints a version", {"npm --version"}, {"npm install"}},
    {"uv", COMMAND_SAFE, prints_version, "prints a version", {"uv --version"}, {"uv sync"}},
    {"git", COMMAND_SAFE, prints_version, "prints a version", {"git --version"}, {"git status", "git log", "git diff"}},
    {"aws", COMMAND_SAFE, aws_reads, "lists or describes at AWS", {"aws cloudformation describe-stacks", "aws lambda list-functions"},
        {"aws secretsmanager get-secret-value --secret-id x", "aws ssm get-parameter --name x", "aws sts get-session-token",
         "aws ec2 describe-instances --endpoint-url http://x", "aws s3 ls --profile y", "aws lambda list-functions --profile y"}},

    {"pnpm", COMMAND_FORBIDDEN, is_global_node, "installs for the whole machine", {"pnpm add -g x", "pnpm install --global"}, {"pnpm install"}},
    {"npm", COMMAND_FORBIDDEN, is_global_node, "installs for the whole machine", {"npm i -g x"}, {"npm ci"}},
    {"yarn", COMMAND_FORBIDDEN, is_global_node, "installs for the whole machine", {"yarn add -g x"}, {"yarn build"}},
    {"uv", COMMAND_FORBIDDEN, is_global_python, "installs for the whole machine", {"uv pip install --system x", "uv tool install x"}, {"uv sync"}},
    {"pip", COMMAND_FORBIDDEN, NULL, "installs outside the project; use uv", {"pip install x"}, {NULL}},
    {"pip3", COMMAND_FORBIDDEN, NULL, "installs outside the project; use uv", {"pip3 install x"}, {NULL}},
    {"pnpm", COMMAND_CHANGING, is_node_build, "runs the project's scripts", {"pnpm install --frozen-lockfile", "pnpm run build", "pnpm --dir frontend build"},
        {"pnpm dlx x", "pnpm exec x", "pnpm --dir ../x build", "pnpm config set registry x"}},
    {"npm", COMMAND_CHANGING, is_node_build, "runs the project's scripts", {"npm ci", "npm run build"}, {"npm exec x", "npm publish", "npm --prefix=/x run y"}},
    {"yarn", COMMAND_CHANGING, is_node_build, "runs the project's scripts", {"yarn build"}, {"yarn dlx x"}},
    {"uv", COMMAND_CHANGING, is_python_build, "runs the project's code", {"uv sync", "uv run pytest"},
        {"uv pip install x", "uv run --with x y", "uv run --directory=/x y", "uv publish"}},
    {"git", COMMAND_CHANGING, git_is_local, "may run what the repository configures", {"git status", "git diff", "git log -n 3"},
        {"git -c core.pager=x log", "git push", "git diff --output=/x", "git branch -D x"}},
    {"mkdir", COMMAND_CHANGING, writes_inside, "writes in the workspace", {"mkdir -p build/x"}, {"mkdir /x", "mkdir ../x"}},
    {"touch", COMMAND_CHANGING, writes_inside, "writes in the workspace", {"touch a"}, {"touch /x"}},
    {"cp", COMMAND_CHANGING, writes_inside, "writes in the workspace", {"cp a b"}, {"cp a /b", "cp a ~/b", "cp --target-directory=/x a"}},
    {"mv", COMMAND_CHANGING, writes_inside, "writes in the workspace", {"mv a b"}, {"mv a /b", "mv a ../b"}},
    {"chmod", COMMAND_CHANGING, chmods_inside, "writes in the workspace", {"chmod 755 a"}, {"chmod u+s a", "chmod 4755 a", "chmod 777 /x"}},
    {"tar", COMMAND_CHANGING, untars_inside, "writes in the workspace", {"tar -xf a.tar"}, {"tar -xf a -C /", "tar --to-command=x -xf a", "tar -xPf a"}},
    {"unzip", COMMAND_CHANGING, writes_inside, "writes in the workspace", {"unzip a.zip"}, {"unzip a.zip -d /x"}},
    {"make", COMMAND_CHANGING, all_inside, "runs the project's code", {"make test"}, {"make -C /x", "make -f /x"}},
    {"pytest", COMMAND_CHANGING, all_inside, "runs the project's code", {"pytest -q tests"}, {"pytest /x"}},
    {"ruff", COMMAND_CHANGING, all_inside, "runs the project's tools", {"ruff check ."}, {"ruff check /x"}},
    {"tsc", COMMAND_CHANGING, all_inside, "runs the project's tools", {"tsc -p ."}, {"tsc -p /x"}},
    {"vite", COMMAND_CHANGING, all_inside, "runs the project's tools", {"vite build"}, {"vite build /x"}},
    {"eslint", COMMAND_CHANGING, all_inside, "runs the project's tools", {"eslint src"}, {"eslint /x"}},
    {"node", COMMAND_CHANGING, all_inside, "runs the project's code", {"node server.js"}, {"node /x.js"}},
    {"python", COMMAND_CHANGING, all_inside, "runs the project's code", {"python -m compileall backend"}, {"python /x.py"}},
    {"python3", COMMAND_CHANGING, all_inside, "runs the project's code", {"python3 -m compileall backend"}, {"python3 /x.py"}},
    {"cargo", COMMAND_CHANGING, all_inside, "runs the project's code", {"cargo check"}, {"cargo install --root /x y"}},

    {"rm", COMMAND_FORBIDDEN, deletes_outside, "deletes outside the workspace, or all of it",
        {"rm -rf /", "rm -rf ~", "rm -rf ../x", "rm -rf .", "rm -rf .git", "rm -r -- /home"}, {"rm a.txt"}},
    {"rm", COMMAND_DESTRUCTIVE, deletes_inside, "deletes files", {"rm a.txt", "rm -rf dist"}, {"rm -rf /"}},
    {"rmdir", COMMAND_FORBIDDEN, deletes_outside, "deletes outside the workspace", {"rmdir /x"}, {"rmdir x"}},
    {"rmdir", COMMAND_DESTRUCTIVE, deletes_inside, "deletes folders", {"rmdir x"}, {"rmdir /x"}},
    {"shred", COMMAND_FORBIDDEN, deletes_outside, "destroys files outside the workspace", {"shred /dev/sda"}, {"shred x"}},
    ASKED("shred", "destroys files"), ASKED("truncate", "empties files"), ASKED("dd", "writes anywhere"),
    {"find", COMMAND_DESTRUCTIVE, NULL, "acts on what it finds, or looks outside", {"find . -delete"}, {"find ."}},
    {"git", COMMAND_DESTRUCTIVE, git_loses, "loses work or leaves this machine", {"git push", "git reset --hard", "git clean -fdx"}, {"git status"}},
    {"aws", COMMAND_FORBIDDEN, aws_goes_around, "changes a stack without the dry run and the approval", {"aws cloudformation deploy --stack-name x",
        "aws cloudformation execute-change-set --change-set-name x", "aws cloudformation delete-stack --stack-name x"},
        {"aws cloudformation deploy --no-execute-changeset --stack-name x", "aws cloudformation describe-stacks"}},
    {"aws", COMMAND_FORBIDDEN, aws_widens, "hands out credentials or rights", {"aws iam create-access-key --user-name x", "aws iam attach-role-policy --x",
        "aws sts assume-role --x"}, {"aws iam list-roles"}},
    {"aws", COMMAND_DESTRUCTIVE, aws_is_plain, "changes or reads data at AWS", {"aws s3 rm s3://b --recursive", "aws s3 cp a s3://b", "aws lambda delete-function --x",
        "aws s3api get-object --x", "aws secretsmanager get-secret-value --x"}, {"aws ec2 describe-instances"}},
    ASKED("curl", "talks to the network"), ASKED("wget", "talks to the network"), ASKED("nc", "talks to the network"),
    ASKED("ncat", "talks to the network"), ASKED("socat", "talks to the network"), ASKED("telnet", "talks to the network"),
    ASKED("scp", "copies to another machine"), ASKED("sftp", "copies to another machine"), ASKED("ftp", "copies to another machine"),
    ASKED("rsync", "copies, perhaps to another machine"), ASKED("ssh", "runs on another machine"),
    ASKED("docker", "has the rights of the machine"), ASKED("podman", "has the rights of the machine"),
    ASKED("kubectl", "changes a cluster"), ASKED("terraform", "changes what runs"), ASKED("cdk", "changes what runs"),
    ASKED("sam", "changes what runs"), ASKED("kill", "ends other processes"), ASKED("pkill", "ends other processes"),
    ASKED("killall", "ends other processes"), ASKED("crontab", "runs things later"), ASKED("chown", "changes owners"),
    REFUSED("sudo", "asks for more rights"), REFUSED("su", "asks for more rights"), REFUSED("doas", "asks for more rights"),
    REFUSED("pkexec", "asks for more rights"), REFUSED("apt", "changes the machine"), REFUSED("apt-get", "changes the machine"),
    REFUSED("dnf", "changes the machine"), REFUSED("systemctl", "changes the machine"), REFUSED("mkfs", "destroys a disk"),
    REFUSED("mount", "changes the machine"), REFUSED("shutdown", "stops the machine"), REFUSED("reboot", "stops the machine"),
    REFUSED("useradd", "changes the machine"), REFUSED("visudo", "asks for more rights"), REFUSED("insmod", "changes the machine"),
};
/* clang-format on */

const size_t command_rule_n = ARRAY_N(command_rules);

/* ---- classification ---- */

/* What is shown would not be what is run. */
static bool has_hidden(const char *word) {
    for (const char *p = word; *p != '\0';) {
        if (is_deceptive(utf8_next(&p))) {
            return true;
        }
    }
    return false;
}

static bool is_bare_name(struct str word) {
    for (size_t i = 0; i < word.len; i++) {
        char c = word.ptr[i];
        bool is_ok = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                     strchr("._+-", c) != NULL;
        if (!is_ok) {
            return false;
        }
    }
    return word.len > 0 && word.ptr[0] != '-' && word.ptr[0] != '.';
}

static bool command_read(const json_t *argv, struct command *command, const char **reason) {
    size_t bytes = 0;
    size_t i = 0;
    json_t *word = NULL;

    *command = (struct command){0};
    *reason = "it is not a list of words";
    if (!json_is_array(argv) || json_array_size(argv) == 0) {
        return false;
    }
    json_array_foreach(argv, i, word) {
        if (!json_is_string(word)) {
            return false;
        }
        bytes += json_string_length(word) + 1;
        if (i >= (size_t)limit(LIMIT_ARGV_WORDS) || bytes > (size_t)limit(LIMIT_ARGV_BYTES)) {
            *reason = "it is too long to be judged";
            return false;
        }
        command->words[i] = (struct str){json_string_value(word), json_string_length(word)};
        if (has_hidden(json_string_value(word))) {
            *reason = "it holds characters that a screen does not show";
            return false;
        }
    }
    command->n = json_array_size(argv);
    return true;
}

static bool talks_to_network(struct str program) {
    static const char *const programs[] = {"curl", "wget", "nc",    "ncat", "socat", "telnet",
                                           "scp",  "sftp", "rsync", "ssh",  "ftp",   "aws"};

    for (size_t i = 0; i < ARRAY_N(programs); i++) {
        if (word_is(program, programs[i])) {
            return true;
        }
    }
    return false;
}

/* nice, nohup, time and timeout run what follows and add nothing; returns the words to drop. */
static size_t wrapper_length(const struct command *command) {
    struct str program = command->words[0];

    if (word_is(program, "nohup") || word_is(program, "time") || word_is(program, "nice")) {
        return command->n > 1 && !is_option(command->words[1]) ? 1 : 0;
    }
    if (word_is(program, "timeout")) {
        return command->n > 2 && !is_option(command->words[1]) ? 2 : 0;
    }
    return 0;
}

static enum command_class command_judge(const struct command *command, const char **reason) {
    if (!is_bare_name(command->words[0])) {
        *reason = "its program is not a bare name";
        return COMMAND_UNKNOWN;
    }
    if (has_secret_path(command)) {
        bool is_exfiltration = talks_to_network(command->words[0]);
        *reason =
            is_exfiltration ? "sends a file with secrets away" : "touches a file with secrets";
        return is_exfiltration ? COMMAND_FORBIDDEN : COMMAND_DESTRUCTIVE;
    }
    for (size_t i = 0; i < command_rule_n; i++) {
        const struct command_rule *rule = &command_rules[i];

        if (word_is(command->words[0], rule->program) &&
            (rule->matches == NULL || rule->matches(command))) {
            *reason = rule->reason;
            return rule->class;
        }
    }
    *reason = "nothing is known about it";
    return COMMAND_UNKNOWN;
}

enum command_class command_classify(const json_t *argv, const char **reason) {
    struct command command;
    const char *unused = NULL;
    const char **why = reason == NULL ? &unused : reason;

    if (!command_read(argv, &command, why)) {
        return COMMAND_UNKNOWN;
    }
    for (size_t drop = wrapper_length(&command); drop > 0; drop = wrapper_length(&command)) {
        command.n -= drop;
        memmove(command.words, command.words + drop, command.n * sizeof command.words[0]);
    }
    return command_judge(&command, why);
}

const char *command_class_name(enum command_class command_class) {
    static const char *const names[COMMAND_N] = {
        [COMMAND_UNKNOWN] = "unknown",         [COMMAND_DESTRUCTIVE] = "destructive",
        [COMMAND_CHANGING] = "state-changing", [COMMAND_SAFE] = "safe",
        [COMMAND_FORBIDDEN] = "forbidden",
    };

    return command_class < COMMAND_N ? names[command_class] : names[COMMAND_UNKNOWN];
}
