/* Throws bytes at the reader of shell texts and the judge of commands.
 *
 *   command_fuzz ROUNDS SEED
 *   command_fuzz < TEXT          this one
 *
 * Each text is read twice: as that of `sh -c`, and as the words of an argv. No shell may be safe;
 * what is read must read the same when it is quoted anew; a deletion behind the text must be seen;
 * a wrapper must make nothing better. Stops at the first text that breaks one of these. Under
 * libFuzzer (-fsanitize=fuzzer -DLIBFUZZER) the texts are its own.
 */
#include "base/json.h"
#include "guard/command/command.h"
#include "guard/redact/redact_fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void add_quoted(struct buf *out, struct str word) {
    buf_add_c(out, '\'');
    for (size_t i = 0; i < word.len; i++) {
        buf_add_s(out, word.ptr[i] == '\'' ? "'\"'\"'" : "");
        buf_add(out, word.ptr[i] == '\'' ? (struct str){0} : str_slice(word, i, i + 1));
    }
    buf_add_c(out, '\'');
}

static bool is_alike(const struct shell_script *a, const struct shell_script *b) {
    if (a->n != b->n) {
        return false;
    }
    for (size_t i = 0; i < a->n; i++) {
        if (a->parts[i].n != b->parts[i].n || a->is_piped_in[i] != b->is_piped_in[i]) {
            return false;
        }
        for (size_t k = 0; k < a->parts[i].n; k++) {
            if (!str_eq(a->parts[i].words[k], b->parts[i].words[k])) {
                return false;
            }
        }
    }
    return true;
}

/* Whether the words of `script`, each in quotes, are read as the same ones. */
static bool is_read_again(const struct shell_script *script) {
    CLEANUP(freep) struct shell_script *again = mem_alloc(sizeof *again);
    CLEANUP(buf_done) struct buf text = BUF_INIT(1 << 20);

    for (size_t i = 0; i < script->n; i++) {
        buf_add_s(&text, i == 0 ? "" : script->is_piped_in[i] ? " | " : " && ");
        for (size_t k = 0; k < script->parts[i].n; k++) {
            buf_add_s(&text, k == 0 ? "" : " ");
            add_quoted(&text, script->parts[i].words[k]);
        }
    }
    return text.len > 8 * 1024 ||
           (command_shell_read(buf_str(&text), again) && is_alike(script, again));
}

/* An argv of `words`, up to a NULL, and of the lines of `text`. */
static json_t *argv_of(const char *const *words, struct str text) {
    json_t *argv = json_array();
    struct str rest = text;
    struct str word = {0};

    for (size_t i = 0; words[i] != NULL; i++) {
        (void)json_array_append_new(argv, json_string(words[i]));
    }
    while (str_next(&rest, '\n', &word)) {
        (void)json_array_append_new(argv, json_string_of(word));
    }
    return argv;
}

/* Whether a wrapper would run its first line, and not take it for an option or a variable. */
static bool has_program(struct str text) {
    struct str rest = text;
    struct str word = {0};

    return str_next(&rest, '\n', &word) && word.len > 0 && word.ptr[0] != '-' &&
           memchr(word.ptr, '=', word.len) == NULL;
}

/* Takes `argv` over. */
static enum command_class class_of(json_t *argv) {
    CLEANUP(json_decrefp) json_t *owned = argv;

    return command_classify(owned, NULL);
}

static const char *fault_of_script(struct str text) {
    CLEANUP(freep) struct shell_script *script = mem_alloc(sizeof *script);
    CLEANUP(buf_done) struct buf longer = BUF_INIT(TEXT_MAX);
    json_t *argv = json_pack("[s, s, o]", "sh", "-c", json_string_of(text));
    enum command_class class = class_of(argv);
    const char *reason = NULL;

    if (class != COMMAND_UNKNOWN && class != COMMAND_DESTRUCTIVE) {
        return "a shell is better than asked";
    }
    if (!command_shell_read(text, script)) {
        return NULL;
    }
    if (!is_read_again(script)) {
        return "what was read is read otherwise in quotes";
    }
    buf_add(&longer, text);
    buf_add_s(&longer, " && rm -rf /");
    return command_shell_read(buf_str(&longer), script) &&
                   command_judge_script(buf_str(&longer), &reason) != COMMAND_DESTRUCTIVE
               ? "a deletion behind it is not seen"
               : NULL;
}

static const char *fault_of_argv(struct str text) {
    static const char *const wrappers[][4] = {
        {"timeout", "5", NULL}, {"nice", NULL}, {"env", "LANG=C", NULL}, {"xargs", NULL}};
    static const char *const none[] = {NULL};
    CLEANUP(json_decrefp) json_t *argv = argv_of(none, text);
    enum command_class class = command_classify(argv, NULL);
    const char *manager = NULL;
    struct str verb = {0};

    for (size_t i = 0; i < ARRAY_N(wrappers) && has_program(text); i++) {
        enum command_class wrapped = class_of(argv_of(wrappers[i], text));

        if (wrapped != COMMAND_UNKNOWN && command_worst(wrapped, class) != wrapped) {
            return "a wrapper makes it better";
        }
    }
    if (command_reads_aws(argv) && class != COMMAND_SAFE && class != COMMAND_UNKNOWN) {
        return "it would have keys, and does more than read";
    }
    if (command_fetches(argv, &manager, &verb) && class != COMMAND_CHANGING) {
        return "it would have a network of packages, and is none of these commands";
    }
    return NULL;
}

static void fuzz_one(struct str text) {
    const char *fault = fault_of_script(text);

    fault = fault == NULL ? fault_of_argv(text) : fault;
    if (fault != NULL) {
        CLEANUP(json_decrefp) json_t *string = json_string_of(text);
        CLEANUP(freep) char *shown = json_dumps(string, JSON_ENCODE_ANY | JSON_ENSURE_ASCII);

        (void)fprintf(stderr, "%s: %s\n", fault, shown == NULL ? "" : shown);
        abort();
    }
}

#ifdef LIBFUZZER

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t n);
int LLVMFuzzerTestOneInput(const unsigned char *data, size_t n) {
    fuzz_one((struct str){(const char *)data, n});
    return 0;
}

#else

static const char *const parts[] = {
    " ",          "\n",          "\n",         " && ",        " | ",        ";",
    "'",          "\"",          "\\",         "$(rm x)",     "`",          ">f",
    "#",          "--",          "-",          "=",           "/",          "../",
    "~",          "*",           "{a,b}",      "sh\n-c\n",    "bash -lc",   "env",
    "sudo",       "xargs",       "timeout\n5", "nice\n-n\n5", "npx",        "uv\nrun",
    "docker",     "exec",        "busybox",    "git",         "rm\n-rf\n/", "aws",
    "s3",         "ls",          "s3api",      "get-object",  "sts",        "get-caller-identity",
    "--endpoint", "--profi",     "file://x",   "--dry-run",   "npm",        "install",
    "add",        "pnpm",        "yarn",       "bun",         "uv",         "pip",
    "@a/b@1",     "x[extra]>=2", ".env",       "id_rsa",      "~/.aws",     "PATH=x",
    "LANG=C",     "a",           "1",
};

static void make_text(struct buf *text) {
    for (uint32_t n = 1 + next_random() % 8; n > 0; n--) {
        const struct command_rule *rule = &command_rules[next_random() % command_rule_n];
        const char *example = next_random() % 2 == 0 ? rule->match[next_random() % 6]
                                                     : rule->not_match[next_random() % 6];
        size_t from = text->len;

        switch (next_random() % 6) {
        case 0:
            buf_add_s(text, example == NULL ? rule->program : example);
            break;
        case 1:
            buf_add_c(text, (char)next_random());
            break;
        default:
            buf_add_s(text, parts[next_random() % ARRAY_N(parts)]);
            break;
        }
        for (size_t i = from; i < text->len && next_random() % 2 == 0; i++) {
            text->ptr[i] = text->ptr[i] == ' ' ? '\n' : text->ptr[i];
        }
        buf_add_s(text, next_random() % 2 == 0 ? "\n" : "");
    }
}

static int fuzz_input(void) {
    CLEANUP(buf_done) struct buf text = BUF_INIT(TEXT_MAX);

    for (int c = getchar(); c != EOF; c = getchar()) {
        buf_add_c(&text, (char)c);
    }
    fuzz_one(buf_str(&text));
    return 0;
}

int main(int argc, char **argv) {
    struct err err;
    int64_t rounds = 0;
    int64_t seed = 0;

    if (argc == 1) {
        return fuzz_input();
    }
    if (argc != 3 || str_to_i64(str_from(argv[1]), 1, 1000000000, &rounds, &err) != ERR_NONE ||
        str_to_i64(str_from(argv[2]), 0, INT32_MAX, &seed, &err) != ERR_NONE) {
        (void)fprintf(stderr, "usage: command_fuzz ROUNDS SEED\n");
        return 2;
    }
    for (int64_t i = 0; i < rounds; i++) {
        CLEANUP(buf_done) struct buf text = BUF_INIT(TEXT_MAX);

        random_begin((uint32_t)(seed * 1000003 + i)); /* each text stands for itself */
        make_text(&text);
        fuzz_one(buf_str(&text));
    }
    (void)printf("command_fuzz: %lld texts\n", (long long)rounds);
    return 0;
}

#endif
