/* guard/command/rules.c: the table: what each program is known to be able to do.
 *
 * The first row whose program, grammar and matcher agree decides. A row of COMMAND_SAFE says
 * everything that may stand behind its program; the others need only say what makes them so.
 */
#include "guard/command/command.h"

#include "guard/redact/charset.h"

#include <string.h>

/* ---- kinds of programs ---- */

bool command_program_is_network(struct str program) {
    static const char *const names[] = {
        "curl", "wget", "nc",  "ncat", "netcat", "socat",   "telnet",   "scp", "sftp", "rsync",
        "ssh",  "ftp",  "aws", "gh",   "rclone", "openssl", "nslookup", "dig", "host", "http"};

    return command_word_is_one_of(program, names, ARRAY_N(names));
}

bool command_program_is_shell(struct str program) {
    static const char *const names[] = {"sh", "bash", "dash", "zsh", "ksh", "ash", "fish"};

    return command_word_is_one_of(program, names, ARRAY_N(names));
}

bool command_program_is_interpreter(struct str program) {
    static const char *const names[] = {"python", "node", "perl", "ruby",
                                        "php",    "lua",  "deno", "bun"};

    return command_word_starts(program, "python") ||
           command_word_is_one_of(program, names, ARRAY_N(names));
}

/* ---- matchers ---- */

static bool is_one_word(const struct command *command) { return command->n == 2; }

static bool says_version(const struct command *command) {
    return command->n == 2 && command_word_is(command->words[1], "version");
}

/* What the words behind `date` say; a zone in a date (TZ="...") is read as a file. */
static bool prints_date(const struct command *command) {
    static const char *const plain[] = {"-u",          "--utc",     "--universal", "-R",
                                        "--rfc-email", "-I",        "-Idate",      "-Ihours",
                                        "-Iminutes",   "-Iseconds", "-Ins",        "--iso-8601"};
    static const char *const texts[] = {"+", "--iso-8601=", "--rfc-3339=", "--date="};

    for (size_t i = 1; i < command->n; i++) {
        struct str word = command->words[i];
        bool is_dated = command_word_is(word, "-d") || command_word_is(word, "--date");
        bool is_text = command_word_is_one_of(word, plain, ARRAY_N(plain)) ||
                       command_word_starts_one_of(word, texts, ARRAY_N(texts));

        if (is_dated && ++i == command->n) {
            return false;
        }
        if ((!is_dated && !is_text) || str_find(command->words[i], STR("TZ=")) >= 0) {
            return false;
        }
    }
    return true;
}

static bool prints_where(const struct command *command) {
    return command->n == 3 &&
           (command_word_is(command->words[1], "-v") || command_word_is(command->words[1], "-V"));
}

/* Paths, then tests of files; nothing that acts. */
static bool finds_inside(const struct command *command) {
    static const char *const valued[] = {
        "-name",   "-iname",     "-path",  "-ipath",    "-wholename", "-regex",
        "-iregex", "-regextype", "-type",  "-maxdepth", "-mindepth",  "-size",
        "-mtime",  "-mmin",      "-atime", "-amin",     "-ctime",     "-cmin",
        "-perm",   "-user",      "-group", "-links",    "-printf",    "-xtype"};
    static const char *const files[] = {"-newer", "-anewer", "-cnewer", "-samefile"};
    static const char *const plain[] = {
        "-print", "-print0", "-ls",    "-empty",      "-prune",    "-not",      "!",     "(",
        ")",      "-o",      "-a",     "-or",         "-and",      "-depth",    "-true", "-false",
        "-quit",  "-xdev",   "-mount", "-executable", "-readable", "-writable", "-P"};

    for (size_t i = 1; i < command->n; i++) {
        struct str word = command->words[i];
        if (command_word_is_one_of(word, valued, ARRAY_N(valued))) {
            i++;
        } else if (command_word_is_one_of(word, files, ARRAY_N(files))) {
            if (++i == command->n || !command_path_is_readable(command->words[i])) {
                return false;
            }
        } else if (!command_word_is_one_of(word, plain, ARRAY_N(plain)) &&
                   (command_word_is_option(word) || !command_path_is_listable(word))) {
            return false;
        }
    }
    return true;
}

static bool ends_regex(char c) { return c == '/' || c == '\n' || c == '\0'; }

/* Behind the slash that ends a regular expression where every sed ends it; 0: nowhere. */
static size_t skip_regex(struct str script, size_t at) {
    for (; !ends_regex(str_char(script, at)); at++) {
        at += script.ptr[at] == '\\';
        if (ends_regex(str_char(script, at))) {
            return 0;
        }
    }
    return str_char(script, at) == '/' ? at + 1 : 0;
}

/* Behind a number, $, or a regular expression between slashes; 0: there is none. */
static size_t skip_address(struct str script, size_t at) {
    size_t start = at;

    if (str_char(script, at) == '$') {
        return at + 1;
    }
    if (str_char(script, at) == '/') {
        return skip_regex(script, at + 1);
    }
    while (is_digit(str_char(script, at))) {
        at++;
    }
    return at > start ? at : 0;
}

/* sed -n 1,20p FILE; sed -n '/from/,/to/p' FILE */
static bool seds_lines(const struct command *command) {
    if (command->n < 3 || command->n > 4 || !command_word_is(command->words[1], "-n")) {
        return false;
    }
    struct str script = command->words[2];
    size_t at = skip_address(script, 0);
    if (at > 0 && str_char(script, at) == ',') {
        at = skip_address(script, at + 1);
    }
    return at + 1 == script.len && script.ptr[at] == 'p' &&
           (command->n == 3 || (command_path_is_readable(command->words[3]) &&
                                !command_word_is_option(command->words[3])));
}

/* Whether > may lead to a file: it does so only behind print, which stands in braces; >= compares
 * there too, unless another > stands before it. */
static bool awk_redirects(struct str script) {
    bool has_action = str_find(script, STR("{")) >= 0;

    for (size_t i = 0; i < script.len && has_action; i++) {
        if (script.ptr[i] == '>' && str_char(script, ++i) != '=') {
            return true;
        }
    }
    return false;
}

/* awk '{print $1}' FILE: a text that runs nothing, reads and writes no other file, and does not ask
 * for variables. */
static bool awk_prints(const struct command *command) {
    static const char *const never[] = {"system", "getline", "ENVIRON", "ARGV", "ARGC", "PROCINFO",
                                        "SYMTAB", "FUNCTAB", "|",       "@",    "\n"};
    size_t at = 1;

    while (at < command->n && command_word_starts(command->words[at], "-F")) {
        at += command->words[at].len == 2 ? 2 : 1;
    }
    if (at >= command->n || command_word_is_option(command->words[at])) {
        return false;
    }
    for (size_t i = 0; i < ARRAY_N(never); i++) {
        if (str_find(command->words[at], str_from(never[i])) >= 0) {
            return false;
        }
    }
    if (awk_redirects(command->words[at])) {
        return false;
    }
    for (at++; at < command->n; at++) {
        if (command_word_is_option(command->words[at]) ||
            command_word_is_assignment(command->words[at]) ||
            !command_path_is_readable(command->words[at])) {
            return false;
        }
    }
    return true;
}

/* Its program text could read other files (import, include) or the environment. */
static bool jq_reads_input(const struct command *command) {
    static const char *const names[] = {"env", "ENV", "import", "include", "modulemeta"};

    for (size_t i = 1; i < command->n; i++) {
        struct str word = command->words[i];
        size_t end = 0;

        for (size_t at = 0; at < word.len; at = end + 1) {
            for (end = at; end < word.len && (is_letter(word.ptr[end]) || word.ptr[end] == '_');) {
                end++;
            }
            bool is_field =
                at > 0 && word.ptr[at - 1] == '.' && (at < 2 || word.ptr[at - 2] != '.');
            if (!is_field &&
                command_word_is_one_of(str_slice(word, at, end), names, ARRAY_N(names))) {
                return false;
            }
        }
    }
    return true;
}

static bool has_letter_of(struct str word, const char *letters) {
    for (; *letters != '\0'; letters++) {
        if (memchr(word.ptr, *letters, word.len) != NULL) {
            return true;
        }
    }
    return false;
}

/* In a bundle the value of an option is the next word, and what follows the letter are options:
 * -Io is -I and -o. */
static bool tree_is_apart(const struct command *command) {
    for (size_t i = 1; i < command->n; i++) {
        struct str word = command->words[i];
        bool is_bundle = word.len > 2 && word.ptr[0] == '-' && word.ptr[1] != '-';

        if (is_bundle && has_letter_of(word, "ILP")) {
            return false;
        }
    }
    return true;
}

/* tar tzf FILE: the list, of a file here; "host:file" is on another machine. */
static bool tars_list(const struct command *command) {
    struct str letters = command->n == 3 ? command->words[1] : STR("");
    struct command file = {.words = {[1] = command->words[command->n - 1]}, .n = 2};

    letters = str_starts(letters, STR("-")) ? str_slice(letters, 1, letters.len) : letters;
    for (size_t i = 0; i < letters.len; i++) {
        if (strchr("tvzjJf", letters.ptr[i]) == NULL) {
            return false;
        }
    }
    return str_starts(letters, STR("t")) && str_ends(letters, STR("f")) &&
           str_find(letters, STR("f")) == (ptrdiff_t)letters.len - 1 &&
           str_find(file.words[1], STR(":")) < 0 &&
           command_spec_matches("", OPERANDS_ONE_LISTED, &file);
}

static bool lists_only(const struct command *command) {
    return command_has(command, "-l") || command_has(command, "--list");
}

#define TESTS "-d -e -f -s -r -w -x -n -z -h -L"

/* [ -f FILE ] */
static bool tests_file(const struct command *command) {
    struct command rest = *command;

    rest.n--;
    return command_word_is(command->words[rest.n], "]") &&
           command_spec_matches(TESTS, OPERANDS_LISTED, &rest);
}

static bool is_global(const struct command *command) {
    return command_has(command, "-g") || command_has(command, "--global") ||
           command_has(command, "--location=global") || command_has_prefix(command, "--system") ||
           command_has(command, "--break-system-packages") || command_has(command, "--user") ||
           (command_word_is(command->words[0], "uv") && command->n > 1 &&
            command_word_is(command->words[1], "tool")) ||
           (command_word_is(command->words[0], "yarn") && command->n > 1 &&
            command_word_is(command->words[1], "global"));
}

struct str command_verb(const struct command *command) {
    static const char *const valued[] = {"--dir", "-C",          "--prefix", "--filter",   "-F",
                                         "--cwd", "--workspace", "-w",       "--directory"};

    for (size_t i = 1; i < command->n; i++) {
        if (command_word_is_one_of(command->words[i], valued, ARRAY_N(valued))) {
            i++;
        } else if (!command_word_is_option(command->words[i])) {
            return command->words[i];
        }
    }
    return STR("");
}

/* Hands things out, takes things down, or shows tokens. */
static bool node_publishes(const struct command *command) {
    static const char *const verbs[] = {"publish", "unpublish", "login",  "logout",    "adduser",
                                        "token",   "owner",     "access", "deprecate", "dist-tag",
                                        "whoami",  "profile",   "team"};

    return command_word_is_one_of(command_verb(command), verbs, ARRAY_N(verbs));
}

static bool is_node_build(const struct command *command) {
    static const char *const foreign[] = {"dlx", "exec", "create",      "x",   "config", "init",
                                          "set", "npx",  "self-update", "env", "store",  "link"};
    struct str verb = command_verb(command);

    return verb.len > 0 && !is_global(command) && !node_publishes(command) &&
           !command_word_is_one_of(verb, foreign, ARRAY_N(foreign)) && command_is_inside(command) &&
           !command_has_prefix(command, "--registry") &&
           !command_has_prefix(command, "--script-shell");
}

static bool fetches_packages(const struct command *command) {
    struct str verb = {0};

    return command_fetcher_of(command, &verb) != NULL;
}

static bool python_publishes(const struct command *command) {
    return command_word_is(command_verb(command), "publish") ||
           command_word_is(command_verb(command), "auth");
}

static bool is_python_build(const struct command *command) {
    static const char *const verbs[] = {"sync",   "lock",  "venv", "tree",
                                        "export", "build", "add",  "remove"};

    return command_word_is_one_of(command_verb(command), verbs, ARRAY_N(verbs)) &&
           !is_global(command) && command_is_inside(command) &&
           !command_has_prefix(command, "--with") && !command_has_prefix(command, "--index") &&
           !command_has_prefix(command, "--default-index") &&
           !command_has_prefix(command, "--extra-index") &&
           !command_has_prefix(command, "--find-links");
}

/* pip list, uv pip show x: what is installed; no option that names another Python or a file. */
static bool pip_lists(const struct command *command) {
    static const char *const verbs[] = {"list", "show", "freeze", "check"};
    size_t at = command_pip_words(command);
    struct command rest = command_from(command, at);

    return command_word_is_one_of(rest.words[0], verbs, ARRAY_N(verbs)) &&
           command_spec_matches("-o -f -q --outdated --format$ --quiet --files", OPERANDS_PACKAGES,
                                &rest);
}

static bool poetry_works_here(const struct command *command) {
    static const char *const verbs[] = {"show", "check", "version", "env", "build", "export"};

    return command_word_is_one_of(command_verb(command), verbs, ARRAY_N(verbs)) &&
           command_is_inside(command);
}

static bool chmods_inside(const struct command *command) {
    return command->n > 2 && command_is_inside(command) &&
           str_find(command->words[1], STR("s")) < 0 &&
           !(command->words[1].len == 4 && command->words[1].ptr[0] != '0');
}

static bool chmods_widely(const struct command *command) {
    return command_has(command, "777") || command_has(command, "0777") ||
           command_has(command, "a+rwx") || !chmods_inside(command);
}

static bool untars_inside(const struct command *command) {
    return command_is_inside(command) && !command_has_prefix(command, "--to-command") &&
           !command_has_prefix(command, "--checkpoint-action") &&
           !command_has_prefix(command, "--use-compress") &&
           !command_has_prefix(command, "--absolute-names") && !command_has_letter(command, 'P') &&
           !command_has_letter(command, 'I') && !command_has_letter(command, 'F') &&
           !command_has_prefix(command, "--rsh") &&
           !command_has_prefix(command, "--remove-files") &&
           !command_has_prefix(command, "--info-script") &&
           !command_has_prefix(command, "--new-volume");
}

/* Whatever follows is data for a program text or the project's own. */
static bool runs_code(const struct command *command) {
    for (size_t i = 1; i < command->n; i++) {
        struct str word = command->words[i];
        bool is_text = command_word_is(word, "-c") || command_word_is(word, "-e") ||
                       command_word_is(word, "-p") || command_word_is(word, "--eval") ||
                       command_word_is(word, "--print");
        if (is_text) {
            return true;
        }
        if (!command_word_is_option(word)) {
            return command_path_is_inside(word);
        }
    }
    return false;
}

/* sh run.sh: an option before the script could name another one, and +c is -c. */
static bool runs_script(const struct command *command) {
    return command->n > 1 && !command_word_is_option(command->words[1]) &&
           !command_word_starts(command->words[1], "+") &&
           command_path_is_inside(command->words[1]);
}

static bool cargo_builds(const struct command *command) {
    static const char *const verbs[] = {"check", "build", "test", "clippy",   "fmt",    "run",
                                        "bench", "doc",   "tree", "metadata", "nextest"};

    return command_word_is_one_of(command_verb(command), verbs, ARRAY_N(verbs)) &&
           command_is_inside(command);
}

static bool go_builds(const struct command *command) {
    static const char *const verbs[] = {"build", "test",    "vet", "fmt", "run",
                                        "list",  "version", "env", "mod"};
    bool has_tool =
        command_has_prefix(command, "-exec") || command_has_prefix(command, "-toolexec");

    return command_word_is_one_of(command_verb(command), verbs, ARRAY_N(verbs)) && !has_tool &&
           !command_has(command, "-w") && command_is_inside(command);
}

static bool finds_and_acts(const struct command *command) {
    return command_has_prefix(command, "-delete") || command_has_prefix(command, "-exec") ||
           command_has_prefix(command, "-ok") || command_has_prefix(command, "-fprint") ||
           command_has_prefix(command, "-fls");
}

static bool dds_over(const struct command *command) { return command_has_prefix(command, "of="); }

/* Sends what it is given. */
static bool curl_sends(const struct command *command) {
    static const char *const reading[] = {"GET", "HEAD", "OPTIONS"};
    static const char *const starts[] = {
        "--data", "--form", "--upload", "--json", "--config",    "--post-",    "--body", "--method",
        "-d",     "-F",     "-T",       "-K",     "--url-query", "--request=", "-X"};

    for (size_t i = 1; i < command->n; i++) {
        struct str word = command->words[i];

        if ((command_word_is(word, "-X") || command_word_is(word, "--request")) &&
            i + 1 < command->n) {
            if (!command_word_is_one_of(command->words[++i], reading, ARRAY_N(reading))) {
                return true;
            }
            continue;
        }
        /* -sd @file: a bundle of one dash */
        bool is_bundle = command_word_is_option(word) && word.ptr[1] != '-';
        if (command_word_starts_one_of(word, starts, ARRAY_N(starts)) ||
            (is_bundle && has_letter_of(word, "dFT"))) {
            return true;
        }
    }
    return false;
}

static bool docker_destroys(const struct command *command) {
    static const char *const words[] = {"rm",     "rmi",     "prune", "down",      "kill",
                                        "delete", "destroy", "drain", "uninstall", "purge"};

    for (size_t i = 1; i < command->n; i++) {
        if (command_word_is_one_of(command->words[i], words, ARRAY_N(words)) ||
            command_word_is(command->words[i], "--privileged")) {
            return true;
        }
    }
    return false;
}

static bool gh_changes(const struct command *command) {
    static const char *const words[] = {"delete",  "auth",    "secret",  "ssh-key",
                                        "gpg-key", "archive", "transfer"};

    for (size_t i = 1; i < command->n; i++) {
        if (command_word_is_one_of(command->words[i], words, ARRAY_N(words))) {
            return true;
        }
    }
    return false;
}

/* ---- the table ---- */

/* Programs that only read the files they are given. */
#define READER(name, spec)                                                                         \
    {                                                                                              \
        name, COMMAND_SAFE, spec, OPERANDS_FILES, NULL, "reads files of the workspace",            \
            {name " README.md"},                                                                   \
            {name " /etc/passwd", name " ../x", name " dump.sql", name " .env",                    \
             name " --unheard-of x"},                                                              \
    }
/* Programs that tell names, sizes, kinds or digests of files. */
#define LISTER(name, spec)                                                                         \
    {                                                                                              \
        name, COMMAND_SAFE, spec, OPERANDS_LISTED, NULL, "looks at files of the workspace",        \
            {name " README.md", name " app.db"},                                                   \
            {name " /etc/passwd", name " ../x", name " ~/.aws/config", name " .env",               \
             name " --unheard-of x"},                                                              \
    }
#define UNKNOWN(name, why)                                                                         \
    {                                                                                              \
        name, COMMAND_UNKNOWN, NULL, OPERANDS_NONE, NULL, why, {name " x"}, { NULL }               \
    }
#define REFUSED(name, why)                                                                         \
    {                                                                                              \
        name, COMMAND_DESTRUCTIVE, NULL, OPERANDS_NONE, NULL, why, {name " x"}, { NULL }           \
    }
/* By its own option. A word would be a script to run or a target to build, and what asks the folder
 * which version of itself to run (cargo, go, yarn), or runs its code first (pnpm: .pnpmfile.cjs),
 * is not here. */
#define VERSION(name, spec)                                                                        \
    {                                                                                              \
        name, COMMAND_SAFE, spec, OPERANDS_NONE, is_one_word, "prints a version",                  \
            {name " --version"}, {                                                                 \
            name " --version x", name " --version -c", name " --version=x"                         \
        }                                                                                          \
    }
#define TOOL(name)                                                                                 \
    {                                                                                              \
        name, COMMAND_CHANGING, NULL, OPERANDS_NONE, command_is_inside,                            \
            "runs the project's tools", {name " src"}, {name " /x", name " ../x"},                 \
    }
#define FETCHER(name, example)                                                                     \
    {                                                                                              \
        name, COMMAND_CHANGING, NULL, OPERANDS_NONE, fetches_packages,                             \
            "fetches packages from a registry", {name " add x", example}, {                        \
            name " add -g x"                                                                       \
        }                                                                                          \
    }
#define SAFE COMMAND_SAFE
#define CHANGING COMMAND_CHANGING
#define DESTRUCTIVE COMMAND_DESTRUCTIVE
#define BY(matcher) NULL, OPERANDS_NONE, matcher

/* clang-format off */
const struct command_rule command_rules[] = {
    READER("cat", "-A -b -e -E -n -s -t -T -u -v --number --number-nonblank --show-all --show-ends --show-tabs --squeeze-blank"),
    READER("head", "-n# -c# -# -q -v --lines=# --bytes=# --quiet --verbose"),
    READER("tail", "-n# -c# -# -q -v --lines=# --bytes=# --quiet --verbose"),
    LISTER("wc", "-c -m -l -L -w --lines --words --bytes --chars --max-line-length"),
    LISTER("ls", "-a -A -b -B -c -C -d -f -F -g -G -h -H -i -k -l -m -n -N -o -p -q -Q -r -R -s -S -t -u -U -v -w# -x -X -Z -1 --all --almost-all --color --color=$ --human-readable --recursive --reverse --sort=$ --time=$ --time-style=$ --group-directories-first --si --size --full-time --classify --directory"),
    LISTER("stat", "-c$ -f -t --format=$ --printf=$ --terse --file-system"),
    READER("cut", "-b$ -c$ -d$ -f$ -n -s --bytes=$ --characters=$ --delimiter=$ --fields=$ --complement --only-delimited --output-delimiter=$"),
    READER("nl", "-b$ -f$ -h$ -i# -l# -n$ -p -s$ -v# -w# --body-numbering=$"),
    READER("rev", ""), READER("tac", "-b -r -s$"), READER("paste", "-d$ -s --delimiters=$ --serial"),
    READER("fold", "-b -s -w#"), READER("expand", "-i -t$"), READER("unexpand", "-a -t$"),
    READER("comm", "-1 -2 -3 --check-order --nocheck-order --output-delimiter=$ --total"), READER("join", "-1# -2# -a# -e$ -i -j# -o$ -t$ -v#"),
    LISTER("md5sum", "-b -t"), LISTER("sha1sum", "-b -t"), LISTER("sha256sum", "-b -t"), LISTER("sha512sum", "-b -t"), LISTER("cksum", ""),
    READER("diff", "-u -U# -r -q -b -w -i -B -N -y -a -s --unified --unified=# --brief --recursive --color --color=$ --side-by-side --ignore-all-space --ignore-blank-lines"),
    READER("cmp", "-b -l -s -n# -i# --silent --quiet --verbose"),
    LISTER("du", "-s -h -a -c -k -m -b -d# --max-depth=# --summarize --human-readable --apparent-size --total"),
    LISTER("df", "-h -k -T -i -P --human-readable"), READER("od", "-A$ -t$ -c -x -d -o -v -N# -j# -w#"), READER("hexdump", "-C -c -x -d -v -n# -s#"),
    LISTER("realpath", "-e -m -s -q"), LISTER("readlink", "-f -e -m -n -q"), LISTER("basename", "-a -s$ -z"), LISTER("dirname", "-z"),
    LISTER("file", "-b -i -L -k --brief --mime --mime-type"), 
    {"tree", SAFE, "-a -d -f -h -s -C -n -L# -I$ -P$ --dirsfirst --noreport", OPERANDS_LISTED, tree_is_apart, "lists the workspace", {"tree", "tree -a -L 2 -I dist src"}, {"tree -Io x out", "tree -aP x", "tree -o x", "tree /", "tree --fromfile x"}},
    READER("column", "-t -x -s$ -c#"), READER("strings", "-a -n# -t$"), READER("zcat", ""), LISTER("zipinfo", "-1 -s -m -l -h -t"),
    {"gzip", SAFE, "-l -v --list --verbose", OPERANDS_LISTED, lists_only, "lists an archive", {"gzip -l a.gz"}, {"gzip a", "gzip -d a.gz", "gzip -l /x", "gzip -v a"}},
    {"unzip", SAFE, "-l -v", OPERANDS_ONE_LISTED, lists_only, "lists an archive", {"unzip -l a.zip"}, {"unzip a.zip", "unzip -v a.zip", "unzip -l ../a.zip", "unzip -l a.zip -d x"}},
    {"tar", SAFE, BY(tars_list), "lists an archive", {"tar tzf a.tgz", "tar -tvf a.tar"}, {"tar xf a.tar", "tar -tf host:a", "tar tf a --to-command=x", "tar tIf x a", "tar tf ../a"}},
    {"shuf", SAFE, "-n# -e", OPERANDS_FILES, NULL, "mixes lines", {"shuf -n 1 a"}, {"shuf -o a b", "shuf --random-source=a b", "shuf /etc/passwd", "shuf -eo a"}},
    {"free", SAFE, "-b -k -m -g -h -t -w", OPERANDS_NONE, NULL, "prints the memory", {"free -h"}, {"free x"}}, {"uptime", SAFE, "-p -s", OPERANDS_NONE, NULL, "prints the time", {"uptime"}, {"uptime x"}},
    {"hostname", SAFE, "-s", OPERANDS_NONE, NULL, "prints the name", {"hostname"}, {"hostname x", "hostname -F x", "hostname -f"}},
    {"arch", SAFE, "", OPERANDS_NONE, NULL, "prints the system", {"arch"}, {"arch x"}}, {"groups", SAFE, "", OPERANDS_NONE, NULL, "prints the user", {"groups"}, {"groups root"}},
    {"tty", SAFE, "-s", OPERANDS_NONE, NULL, "prints the terminal", {"tty"}, {"tty x"}}, {"locale", SAFE, "-a", OPERANDS_NONE, NULL, "prints the locale", {"locale"}, {"locale x"}},
    {"[", SAFE, BY(tests_file), "looks at a file", {"[ -f a ]", "[ -d src ]"}, {"[ -f .env ]", "[ -f a", "[ -f /etc/shadow ]", "[ -f a ] b"}},
    {"base64", SAFE, "-d -i -w# --decode --wrap=# --ignore-garbage", OPERANDS_ONE_FILE, NULL, "reads one file", {"base64 a", "base64 -d -w 0 a"}, {"base64 -o b a", "base64 ../a", "base64 a b"}},
    {"uniq", SAFE, "-c -d -D -u -i -z -f# -s# -w# --count --repeated --unique --ignore-case", OPERANDS_ONE_FILE, NULL, "reads one file", {"uniq -c a"}, {"uniq a b", "uniq /etc/passwd"}},
    {"xxd", SAFE, "-p -u -b -l# -s# -c# -g#", OPERANDS_ONE_FILE, NULL, "reads one file", {"xxd -l 16 a"}, {"xxd -r a", "xxd a b"}},
    {"sort", SAFE, "-b -c -C -d -f -g -h -i -M -n -r -R -s -u -V -z -k$ -t$ --unique --numeric-sort --reverse --key=$ --field-separator=$ --human-numeric-sort --version-sort --ignore-case --stable",
        OPERANDS_FILES, NULL, "sorts files", {"sort -u a.txt", "sort -t , -k 2 a"}, {"sort -o a a", "sort --compress-program=x a", "sort /etc/passwd", "sort -T /x a", "sort --files0-from=a"}},
    {"grep", SAFE, "-r -n -i -v -l -L -c -w -x -E -F -G -P -o -q -s -h -H -a -I -b -A# -B# -C# -# -m# -e% --include=* --exclude=$ --exclude-dir=$ --color --color=$ --recursive --line-number --ignore-case --count --files-with-matches --invert-match --word-regexp --extended-regexp --fixed-strings --only-matching --quiet --max-count=# --context=# --after-context=# --before-context=# --regexp=% --no-messages --with-filename --no-filename",
        OPERANDS_TEXT_FILES, NULL, "searches the workspace", {"grep -rn /api backend", "grep x README.md", "grep -e x -e y a"}, {"grep -e x /etc/passwd", "grep -f /etc/x a", "grep /etc/passwd -e x", "grep --regexp=x .env", "grep -r x --include=.env*"}},
    {"rg", SAFE, "-n -N -i -S -s -v -l -c -w -x -F -o -q -H -I -U -P -p -A# -B# -C# -m# -M# -j# -e% -g* -t$ -T$ --hidden --files! --files-with-matches --count --line-number --ignore-case --smart-case --glob=* --type=$ --regexp=% --max-count=# --max-depth=# --context=# --json --stats --vimgrep --heading --no-heading --color=$ --sort=$ --fixed-strings --word-regexp --invert-match --only-matching --multiline",
        OPERANDS_TEXT_FILES, NULL, "searches the workspace", {"rg -n todo src", "rg todo", "rg --files src", "rg --files"}, {"rg --pre cat x", "rg --hostname-bin=x y", "rg --files /etc", "rg x / -e y", "rg -g !.env -g .env x"}},
    {"jq", SAFE, "-r -c -s -n -e -S -M -C -j -a --raw-output --compact-output --slurp --null-input --sort-keys --exit-status --raw-input -R --tab --indent=#", OPERANDS_TEXT_FILES, jq_reads_input, "reads JSON", {"jq .name package.json", "jq .scripts.env package.json"}, {"jq -f x a", "jq . /x", "jq --slurpfile a b . c", "jq .|env a", "jq import\"x\"as$x;. a"}},
    {"find", SAFE, BY(finds_inside), "lists the workspace", {"find . -name *.py", "find backend -type f", "find . -newer a"}, {"find . -delete", "find . -exec rm {} ;", "find / -name x", "find . -fprint x", "find . -files0-from x"}},
    {"awk", SAFE, BY(awk_prints), "prints lines", {"awk NR>=10&&NR<=20{print} a.txt", "awk -F, {print$2} a.csv", "awk -F : 1 a", "awk length>100 a"}, {"awk BEGIN{system(\"id\")}", "awk {print>\"x\"} a", "awk 1 /etc/passwd", "awk -f x a", "awk 1 -f x", "awk 1 .pgpass"}},
    {"sed", SAFE, BY(seds_lines), "prints lines", {"sed -n 1,20p a.py", "sed -n 5p a", "sed -n /from/,/to/p a", "sed -n /a\\.b/,$p a"}, {"sed -i s/a/b/ x", "sed -n /a\\/w/p a", "sed -n /x/e/p a", "sed -n 1pw/tmp/x a", "sed -n 1p /etc/passwd"}},
    {"tr", SAFE, "-d -s -c -C -t --delete --squeeze-repeats --complement", OPERANDS_TEXTS, NULL, "changes characters on their way", {"tr a-z A-Z"}, {"tr --x"}},
    {"seq", SAFE, "-w -s$ -f$ --separator=$ --format=$ --equal-width", OPERANDS_NUMBERS, NULL, "counts", {"seq 3", "seq -w 1 10"}, {"seq x"}},
    {"echo", SAFE, NULL, OPERANDS_TEXTS, NULL, "prints its words", {"echo hello", "echo / ~", "echo -rf .env"}, {NULL}},
    {"printf", SAFE, "", OPERANDS_TEXTS, NULL, "prints its words", {"printf %s x"}, {"printf -v x"}},
    {"true", SAFE, BY(NULL), "does nothing", {"true"}, {NULL}}, {"false", SAFE, BY(NULL), "does nothing", {"false"}, {NULL}},
    {"sleep", SAFE, "", OPERANDS_NUMBERS, NULL, "waits", {"sleep 1"}, {"sleep x"}},
    {"pwd", SAFE, "-P -L", OPERANDS_NONE, NULL, "prints the folder", {"pwd"}, {"pwd x"}},
    {"whoami", SAFE, "", OPERANDS_NONE, NULL, "prints the user", {"whoami"}, {"whoami x"}},
    {"id", SAFE, "-u -g -n -G", OPERANDS_NONE, NULL, "prints the user", {"id", "id -u"}, {"id root"}},
    {"nproc", SAFE, "--all", OPERANDS_NONE, NULL, "counts processors", {"nproc"}, {"nproc x"}},
    {"uname", SAFE, "-a -s -n -r -v -m -p -i -o", OPERANDS_NONE, NULL, "prints the system", {"uname -a"}, {"uname x"}},
    {"which", SAFE, "-a", OPERANDS_TEXTS, NULL, "looks for a program", {"which node"}, {"which --x y"}},
    {"command", SAFE, BY(prints_where), "looks for a program", {"command -v git"}, {"command -v"}},
    {"date", SAFE, BY(prints_date), "prints the time", {"date", "date -u +%s", "date -Iseconds", "date -d @1 +%F", "date --date=now"}, {"date -s now", "date -f x", "date 010100002020", "date -d TZ=\"/x\"1", "date -r x"}},
    {"test", SAFE, TESTS, OPERANDS_LISTED, NULL, "looks at a file", {"test -f a"}, {"test -f /etc/shadow", "test -f .env"}},
    VERSION("node", "-v --version --help"), VERSION("python3", "-V --version --help"), VERSION("python", "-V --version --help"), VERSION("python3.12", "-V --version"), VERSION("python3.13", "-V --version"),
    VERSION("npm", "-v --version --help"), VERSION("bun", "-v --version --help"), VERSION("uv", "-V --version --help"), VERSION("pip", "-V --version --help"), VERSION("pip3", "-V --version --help"),
    VERSION("git", "-v --version --help"), VERSION("aws", "--version"), VERSION("docker", "-v --version --help"), VERSION("make", "-v --version --help"), VERSION("gcc", "-v --version --help"), VERSION("tsc", "-v --version --help"),
    VERSION("terraform", "-v --version --help"), VERSION("psql", "-V --version --help"), VERSION("curl", "-V --version --help"), VERSION("bash", "--version --help"), VERSION("jq", "-V --version --help"), VERSION("rg", "-V --version --help"),
    VERSION("gh", "--version"), VERSION("sam", "--version"), VERSION("cdk", "--version"), VERSION("ruff", "-V --version --help"),
    {"git", SAFE, BY(says_version), "prints a version", {"git version"}, {"git version x"}}, {"uv", SAFE, BY(says_version), "prints a version", {"uv version"}, {"uv version 1.0"}}, {"openssl", SAFE, BY(says_version), "prints a version", {"openssl version"}, {"openssl version -engine x", "openssl x509"}},

    {"aws", DESTRUCTIVE, BY(command_aws_goes_around), "changes a stack without the dry run and the approval", {"aws cloudformation deploy --stack-name x", "aws cloudformation execute-change-set --change-set-name x", "aws cloudformation delete-stack --stack-name x"},
        {"aws cloudformation deploy --no-execute-changeset --stack-name x", "aws cloudformation describe-stacks", "aws cloudformation describe-change-set --change-set-name x"}},
    {"aws", DESTRUCTIVE, BY(command_aws_shows_credentials), "shows credentials", {"aws secretsmanager get-secret-value --secret-id x", "aws sts assume-role --role-arn x", "aws ecr get-login-password", "aws configure list", "aws ssm get-parameter --name x --with-decryption"},
        {"aws ssm get-parameter --name x", "aws secretsmanager list-secrets", "aws sts get-caller-identity"}},
    {"aws", DESTRUCTIVE, BY(command_aws_destroys), "deletes or stops something at AWS", {"aws s3 rm s3://b --recursive", "aws s3 sync a s3://b --delete", "aws ec2 terminate-instances --instance-ids x", "aws lambda delete-function --x y", "aws sqs purge-queue --x y"},
        {"aws s3 ls s3://b", "aws s3 cp a s3://b", "aws s3 rm s3://b --dryrun"}},
    {"aws", DESTRUCTIVE, BY(command_aws_widens), "hands out rights or changes secrets", {"aws iam create-access-key --user-name x", "aws iam attach-role-policy --x y", "aws s3api put-bucket-policy --x y", "aws lambda add-permission --x y", "aws secretsmanager put-secret-value --x y"},
        {"aws iam list-roles", "aws iam get-role --role-name x", "aws lambda list-layers"}},
    {"aws", SAFE, BY(command_aws_reads), "lists or describes at AWS", {"aws cloudformation describe-stacks", "aws --region eu-west-1 lambda list-layers", "aws rds describe-db-instances", "aws s3api list-buckets", "aws cloudformation validate-template --template-body x", "aws sts get-caller-identity"},
        {"aws ssm get-parameter --name x", "aws ec2 describe-instances --endpoint-url http://x", "aws s3 ls --profile y", "aws dynamodb scan --table-name x", "aws sts get-caller-identity --profile y"}},
    {"aws", CHANGING, BY(command_aws_previews), "shows what would be done at AWS", {"aws ec2 run-instances --dry-run", "aws s3 sync a s3://b --dryrun", "aws cloudformation deploy --no-execute-changeset --stack-name x"}, {"aws ec2 terminate-instances --x y"}},
    {"aws", CHANGING, BY(command_aws_writes), "writes at AWS", {"aws s3api create-bucket --bucket x", "aws cloudformation create-change-set --stack-name x", "aws lambda update-function-code --function-name x"}, {"aws s3api create-bucket --bucket x --profile y", "aws lambda update-function-code --zip-file fileb://x"}},
    UNKNOWN("aws", "reads data at AWS, or is not known there"),

    {"pnpm", DESTRUCTIVE, BY(is_global), "installs for the whole machine", {"pnpm add -g x", "pnpm install --global"}, {"pnpm install"}},
    {"npm", DESTRUCTIVE, BY(is_global), "installs for the whole machine", {"npm i -g x"}, {"npm ci"}},
    {"yarn", DESTRUCTIVE, BY(is_global), "installs for the whole machine", {"yarn global add x"}, {"yarn build"}},
    {"uv", DESTRUCTIVE, BY(is_global), "installs for the whole machine", {"uv pip install --system x", "uv tool install x"}, {"uv sync"}},
    {"pnpm", DESTRUCTIVE, BY(node_publishes), "publishes, or uses a registry's account", {"pnpm publish"}, {"pnpm build"}},
    {"npm", DESTRUCTIVE, BY(node_publishes), "publishes, or uses a registry's account", {"npm publish", "npm unpublish x", "npm token list"}, {"npm ci"}},
    {"yarn", DESTRUCTIVE, BY(node_publishes), "publishes, or uses a registry's account", {"yarn publish"}, {"yarn build"}},
    {"uv", DESTRUCTIVE, BY(python_publishes), "publishes, or uses a registry's account", {"uv publish"}, {"uv sync"}},
    FETCHER("npm", "npm --prefix frontend install -D vite@^7"), FETCHER("pnpm", "pnpm -C frontend add @scope/x"),
    FETCHER("yarn", "yarn --cwd frontend add x"), FETCHER("bun", "bun add -d x"), FETCHER("uv", "uv add --group dev fastapi[standard]>=0.100"),
    {"pnpm", CHANGING, BY(is_node_build), "runs the project's scripts", {"pnpm install --frozen-lockfile", "pnpm run build", "pnpm --dir frontend build"}, {"pnpm dlx x", "pnpm --dir ../x build", "pnpm config set registry x"}},
    {"npm", CHANGING, BY(is_node_build), "runs the project's scripts", {"npm ci", "npm run build", "npm test"}, {"npm exec x", "npm publish", "npm --prefix=/x run y"}},
    {"yarn", CHANGING, BY(is_node_build), "runs the project's scripts", {"yarn build"}, {"yarn dlx x"}},
    {"bun", CHANGING, BY(is_node_build), "runs the project's scripts", {"bun run build"}, {"bun x y"}},
    {"uv", CHANGING, BY(is_python_build), "runs the project's code", {"uv sync", "uv lock"}, {"uv pip install x", "uv publish"}},
    {"uv", CHANGING, BY(pip_lists), "asks the project's Python", {"uv pip list", "uv pip show x"}, {"uv pip install x", "uv pip list --python /x"}},
    {"pip", CHANGING, BY(pip_lists), "asks the project's Python", {"pip list", "pip show x", "pip check"}, {"pip install x", "pip --python /x list", "pip list --log x", "pip config list"}},
    {"pip3", CHANGING, BY(pip_lists), "asks the project's Python", {"pip3 freeze"}, {"pip3 install x"}},
    {"pip", DESTRUCTIVE, BY(NULL), "installs outside the project; use uv", {"pip install x"}, {"pip --version"}},
    {"pip3", DESTRUCTIVE, BY(NULL), "installs outside the project; use uv", {"pip3 install x"}, {"pip3 --version"}},
    {"poetry", CHANGING, BY(poetry_works_here), "runs the project's code", {"poetry show", "poetry -C backend check", "poetry env info"}, {"poetry publish", "poetry config x y", "poetry add x", "poetry -C ../x show"}},
    {"poetry", DESTRUCTIVE, BY(python_publishes), "publishes, or uses a registry's account", {"poetry publish"}, {"poetry show"}},
    {"git", DESTRUCTIVE, BY(command_git_loses), "deletes work or history", {"git push --force", "git push origin +main", "git reset --hard", "git clean -fdx", "git branch -D x", "git checkout -- a"},
        {"git status", "git push", "git clean -n", "git checkout -b x", "git restore --staged a", "git reset HEAD"}},
    {"git", CHANGING, BY(command_git_is_local), "may run what the repository configures", {"git status", "git diff", "git log -n 3", "git commit -m x", "git checkout main"},
        {"git -c core.pager=x log", "git push", "git diff --output=/x", "git branch -D x", "git log --ext-diff", "git --exec-path=x log"}},
    UNKNOWN("git", "leaves this machine, or runs what its options name"),
    {"mkdir", CHANGING, BY(command_is_inside), "writes in the workspace", {"mkdir -p build/x"}, {"mkdir /x", "mkdir ../x"}},
    {"touch", CHANGING, BY(command_is_inside), "writes in the workspace", {"touch a"}, {"touch /x"}},
    {"tee", CHANGING, BY(command_is_inside), "writes in the workspace", {"tee a.log"}, {"tee /x"}},
    {"cp", CHANGING, BY(command_is_inside), "writes in the workspace", {"cp a b"}, {"cp a /b", "cp a ~/b", "cp --target-directory=/x a"}},
    {"mv", CHANGING, BY(command_is_inside), "writes in the workspace", {"mv a b"}, {"mv a /b", "mv a ../b"}},
    {"chmod", DESTRUCTIVE, BY(chmods_widely), "opens files to everyone, sets ids, or leaves the workspace", {"chmod 777 x", "chmod u+s a", "chmod 4755 a", "chmod -R 755 /"}, {"chmod 755 a"}},
    {"chmod", CHANGING, BY(chmods_inside), "writes in the workspace", {"chmod 755 a", "chmod +x a"}, {"chmod u+s a"}},
    {"tar", CHANGING, BY(untars_inside), "writes in the workspace", {"tar -xf a.tar"}, {"tar -xf a -C /", "tar --to-command=x -xf a", "tar -xPf a"}},
    {"unzip", CHANGING, BY(command_is_inside), "writes in the workspace", {"unzip a.zip"}, {"unzip a.zip -d /x"}},
    {"zip", CHANGING, BY(command_is_inside), "writes in the workspace", {"zip a.zip b"}, {"zip /a b"}},
    {"sed", CHANGING, BY(command_is_inside), "may write files", {"sed -i s/a/b x"}, {"sed -i x /etc/passwd"}},
    {"make", CHANGING, BY(command_is_inside), "runs the project's code", {"make test"}, {"make -C /x", "make -f /x"}},
    {"cargo", CHANGING, BY(cargo_builds), "runs the project's code", {"cargo check", "cargo test"}, {"cargo install x", "cargo publish"}},
    {"go", CHANGING, BY(go_builds), "runs the project's code", {"go build", "go test"}, {"go install x", "go test -exec x"}},
    {"node", CHANGING, BY(runs_code), "runs code", {"node server.js", "node -e 1"}, {"node /x.js", "node"}},
    {"python", CHANGING, BY(runs_code), "runs code", {"python -m compileall backend", "python -c 1"}, {"python /x.py"}},
    {"python3", CHANGING, BY(runs_code), "runs code", {"python3 -m compileall backend", "python3 -c print(1)"}, {"python3 /x.py"}},
    {"perl", CHANGING, BY(runs_code), "runs code", {"perl -e 1"}, {"perl /x"}}, {"ruby", CHANGING, BY(runs_code), "runs code", {"ruby -e 1"}, {"ruby /x"}},
    {"awk", CHANGING, BY(command_is_inside), "runs code", {"awk -v x=1 1 a"}, {"awk 1 /etc/passwd"}},
    {"bash", CHANGING, BY(runs_script), "runs the project's code", {"bash run.sh"}, {"bash /x.sh", "bash", "bash --rcfile x -c y"}},
    {"sh", CHANGING, BY(runs_script), "runs the project's code", {"sh run.sh"}, {"sh /x.sh", "sh", "sh -x run.sh"}},
    TOOL("pytest"), TOOL("ruff"), TOOL("mypy"), TOOL("black"), TOOL("tsc"), TOOL("vite"), TOOL("eslint"), TOOL("prettier"), TOOL("vitest"), TOOL("jest"), TOOL("vue-tsc"), TOOL("playwright"), TOOL("pyright"), TOOL("flake8"), TOOL("coverage"), TOOL("alembic"), TOOL("uvicorn"), TOOL("gunicorn"), TOOL("fastapi"), TOOL("mvn"), TOOL("gradle"),

    REFUSED("rm", "deletes files"), REFUSED("rmdir", "deletes folders"), REFUSED("unlink", "deletes a file"), REFUSED("shred", "destroys files"), REFUSED("truncate", "empties files"),
    {"find", DESTRUCTIVE, BY(finds_and_acts), "acts on what it finds", {"find . -delete", "find . -exec rm {} ;"}, {"find ."}}, {"find", COMMAND_UNKNOWN, BY(NULL), "looks outside the workspace", {"find /", "find . -newer /x"}, {"find x"}},
    {"dd", DESTRUCTIVE, BY(dds_over), "writes over a file or a disk", {"dd if=a of=b"}, {"dd if=a"}},
    {"curl", DESTRUCTIVE, BY(curl_sends), "sends something away", {"curl -d @x http://y", "curl -T a http://y", "curl -X DELETE http://y", "curl --form a=@b http://y"}, {"curl http://y", "curl -X GET http://y", "curl -s http://y"}},
    {"wget", DESTRUCTIVE, BY(curl_sends), "sends something away", {"wget --post-file=a http://y"}, {"wget http://y"}},
    UNKNOWN("curl", "talks to the network"), UNKNOWN("wget", "talks to the network"), UNKNOWN("ping", "talks to the network"), UNKNOWN("dig", "talks to the network"),
    REFUSED("nc", "connects anything to the network"), REFUSED("ncat", "connects anything to the network"), REFUSED("socat", "connects anything to the network"), REFUSED("telnet", "connects to the network"),
    REFUSED("scp", "copies to another machine"), REFUSED("sftp", "copies to another machine"), REFUSED("ftp", "copies to another machine"),
    UNKNOWN("rsync", "copies, perhaps to another machine"), UNKNOWN("ssh", "runs on another machine"),
    {"docker", DESTRUCTIVE, BY(docker_destroys), "deletes containers, images or data, or has the rights of the machine", {"docker rm x", "docker system prune", "docker run --privileged x"}, {"docker ps"}},
    {"kubectl", DESTRUCTIVE, BY(docker_destroys), "deletes in a cluster", {"kubectl delete pod x", "kubectl drain x"}, {"kubectl get pods"}},
    {"terraform", DESTRUCTIVE, BY(docker_destroys), "destroys what runs", {"terraform destroy"}, {"terraform plan"}},
    UNKNOWN("docker", "has the rights of the machine"), UNKNOWN("podman", "has the rights of the machine"), UNKNOWN("kubectl", "changes a cluster"), UNKNOWN("terraform", "changes what runs"),
    UNKNOWN("cdk", "changes what runs"), UNKNOWN("sam", "changes what runs"), UNKNOWN("psql", "changes a database"), UNKNOWN("mysql", "changes a database"),
    {"gh", DESTRUCTIVE, BY(gh_changes), "deletes, or uses credentials of GitHub", {"gh repo delete x", "gh auth token"}, {"gh pr list"}}, UNKNOWN("gh", "talks to GitHub"),
    REFUSED("kill", "ends other processes"), REFUSED("pkill", "ends other processes"), REFUSED("killall", "ends other processes"), REFUSED("crontab", "runs things later"), REFUSED("at", "runs things later"),
    REFUSED("chown", "changes owners"), REFUSED("chgrp", "changes owners"), REFUSED("sudo", "asks for more rights"), REFUSED("su", "asks for more rights"), REFUSED("doas", "asks for more rights"),
    REFUSED("pkexec", "asks for more rights"), REFUSED("apt", "changes the machine"), REFUSED("apt-get", "changes the machine"), REFUSED("dnf", "changes the machine"), REFUSED("yum", "changes the machine"),
    REFUSED("apk", "changes the machine"), REFUSED("systemctl", "changes the machine"), REFUSED("service", "changes the machine"), REFUSED("mkfs", "destroys a disk"), REFUSED("mkfs.ext4", "destroys a disk"),
    REFUSED("fdisk", "destroys a disk"), REFUSED("parted", "destroys a disk"), REFUSED("wipefs", "destroys a disk"), REFUSED("mount", "changes the machine"), REFUSED("umount", "changes the machine"),
    REFUSED("shutdown", "stops the machine"), REFUSED("reboot", "stops the machine"), REFUSED("halt", "stops the machine"), REFUSED("poweroff", "stops the machine"), REFUSED("useradd", "changes the machine"),
    REFUSED("userdel", "changes the machine"), REFUSED("usermod", "changes the machine"), REFUSED("passwd", "changes a password"), REFUSED("visudo", "asks for more rights"), REFUSED("insmod", "changes the machine"),
    REFUSED("modprobe", "changes the machine"), REFUSED("iptables", "changes the machine"), REFUSED("gpg", "uses keys"), REFUSED("ssh-keygen", "uses keys"), REFUSED("ssh-add", "uses keys"),
};
/* clang-format on */

const size_t command_rule_n = ARRAY_N(command_rules);
