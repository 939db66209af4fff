/* guard/command/shell.c: the text of `sh -c`, as far as it is words, quotes, && || ; and |.
 *
 * Everything else a shell does to its text (expansion, redirection, globbing, comments, escapes,
 * assignments, reserved words) makes the words that run others than those that stand there, so text
 * with any of it is not read. What is read means the same to sh, bash, dash and zsh.
 * Source: POSIX.1-2017, XCU 2.2 to 2.4 and 2.10; bash(1), Reserved Words.
 */
#include "guard/command/command.h"

#include "guard/redact/charset.h"

#include <string.h>

static bool is_plain(char c) {
    return is_alnum(c) || (c != '\0' && strchr("%+,-./:=@_", c) != NULL);
}

static bool is_quotable(char c, char quote) {
    return c != quote && c != '\0' && c != '\n' && c != '\r' &&
           !(quote == '"' && strchr("$`\\!", c) != NULL);
}

/* Words that the shell does not run as programs where a command begins. */
static bool is_reserved(struct str word) {
    static const char *const words[] = {
        "if",     "then",    "else",    "elif",   "fi",        "for",     "while",
        "until",  "do",      "done",    "case",   "esac",      "in",      "select",
        "time",   "coproc",  "eval",    "exec",   ".",         "source",  "function",
        "repeat", "foreach", "end",     "noglob", "nocorrect", "builtin", "command",
        "trap",   "alias",   "unalias", "set",    "shopt",     "enable",  "hash"};

    return command_word_is_one_of(word, words, ARRAY_N(words));
}

struct reader {
    struct str text;
    size_t at;
    struct shell_script *script;
    size_t used; /* of script->bytes */
};

static char peek(const struct reader *r, size_t ahead) {
    return r->at + ahead < r->text.len ? r->text.ptr[r->at + ahead] : '\0';
}

/* As many as the text has at most, and that has no more than there is room for. */
static void put(struct reader *r, char c) { r->script->bytes[r->used++] = c; }

/* One word, quotes taken away. */
static bool read_word(struct reader *r, struct str *out) {
    size_t start = r->used;
    bool is_quoted = false;
    char c = peek(r, 0);

    if (c == '=') {
        return false; /* zsh puts the path of a program there */
    }
    for (; is_plain(c) || c == '\'' || c == '"'; c = peek(r, 0)) {
        r->at++;
        if (is_plain(c)) {
            put(r, c);
            continue;
        }
        is_quoted = true;
        for (; is_quotable(peek(r, 0), c); r->at++) {
            put(r, peek(r, 0));
        }
        if (peek(r, 0) != c) {
            return false;
        }
        r->at++;
    }
    *out = (struct str){r->script->bytes + start, r->used - start};
    return out->len > 0 || is_quoted;
}

static bool is_space(char c) { return c == ' ' || c == '\t'; }

static void skip_spaces(struct reader *r) {
    while (is_space(peek(r, 0))) {
        r->at++;
    }
}

/* A simple command; at least one word. */
static bool read_part(struct reader *r, bool is_piped_in) {
    struct shell_script *script = r->script;

    if (script->n == COMMAND_PARTS_MAX) {
        return false;
    }
    struct command *part = &script->parts[script->n];
    part->n = 0;
    for (skip_spaces(r); peek(r, 0) != '\0' && strchr(";|&", peek(r, 0)) == NULL; skip_spaces(r)) {
        if (part->n == COMMAND_WORDS_MAX || !read_word(r, &part->words[part->n])) {
            return false;
        }
        part->n++;
    }
    script->is_piped_in[script->n++] = is_piped_in;
    return part->n > 0 && part->words[0].len > 0 && !command_word_is_assignment(part->words[0]) &&
           !is_reserved(part->words[0]);
}

bool command_shell_read(struct str text, struct shell_script *out) {
    struct reader r = {.text = text, .script = out};
    bool is_piped_in = false;

    out->n = 0;
    if (text.len > sizeof out->bytes || memchr(text.ptr, '\0', text.len) != NULL) {
        return false;
    }
    for (;;) {
        if (!read_part(&r, is_piped_in)) {
            return false;
        }
        char c = peek(&r, 0);
        is_piped_in = c == '|' && peek(&r, 1) != '|';
        if (c == '\0') {
            return r.at == text.len;
        }
        if (c == '&' && peek(&r, 1) != '&') {
            return false;
        }
        r.at += (c == '&' || (c == '|' && !is_piped_in)) ? 2 : 1;
        skip_spaces(&r);
        if (c == ';' && r.at == text.len) {
            return true;
        }
    }
}

bool command_script_of(const struct command *command, struct str *out) {
    size_t i = 1;
    bool has_c = false;

    if (command->n == 0 || !command_program_is_shell(command->words[0])) {
        return false;
    }
    for (; i < command->n && command->words[i].len > 1 &&
           (command->words[i].ptr[0] == '-' || command->words[i].ptr[0] == '+');
         i++) {
        struct str word = command->words[i];
        has_c = has_c || (word.ptr[1] != '-' && memchr(word.ptr, 'c', word.len) != NULL);
    }
    if (!has_c || i >= command->n) {
        return false;
    }
    *out = command->words[i];
    return true;
}
