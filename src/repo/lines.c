/* Text for a terminal. */
#include "repo/lines.h"

#include <string.h>

/* Columns of a word: characters of UTF-8, which is right for all but wide scripts. */
static int columns_of(struct str word) {
    int n = 0;

    for (size_t i = 0; i < word.len; i++) {
        n += ((unsigned char)word.ptr[i] & 0xc0) != 0x80;
    }
    return n;
}

void lines_wrap(struct buf *out, int at, int indent, const char *text) {
    struct str rest = str_from(text);
    struct str word = {0};
    bool is_first = true;

    while (str_next(&rest, ' ', &word)) {
        const int n = columns_of(word);

        if (word.len == 0) {
            continue;
        }
        if (!is_first && at + 1 + n > LINES_COLUMNS) {
            buf_addf(out, "\n%*s", indent, "");
            at = indent;
            is_first = true;
        }
        if (!is_first) {
            buf_add_c(out, ' ');
            at++;
        }
        buf_add(out, word);
        at += n;
        is_first = false;
    }
    buf_add_c(out, '\n');
}

void lines_label(struct buf *out, const char *label, const char *text) {
    buf_addf(out, "%-*s", LINES_LABEL, label);
    lines_wrap(out, LINES_LABEL, LINES_LABEL, text);
}

/* clang-format off */
/* Characters that must not reach a terminal, as ranges of their bytes. */
static const struct {
    const char *first;
    const char *last;
} unfit[] = {
    { "\x01",         "\x09" },         /* controls, but for the end of a line */
    { "\x0b",         "\x1f" },
    { "\x7f",         "\x7f" },
    { "\xc2\x80",     "\xc2\x9f" },     /* C1 controls */
    { "\xe2\x80\x8b", "\xe2\x80\x8f" }, /* zero width, direction */
    { "\xe2\x80\xa8", "\xe2\x80\xae" }, /* separators, bidirectional overrides */
    { "\xe2\x81\xa0", "\xe2\x81\xaf" }, /* joiners, isolates */
};
/* clang-format on */

/* The length of a character at the start of `text` that must not be shown; 0 when it may. */
static size_t unfit_length(struct str text) {
    if (text.ptr[0] == '\0') {
        return 1;
    }
    for (size_t i = 0; i < ARRAY_N(unfit); i++) {
        const size_t n = strlen(unfit[i].first);

        if (text.len >= n && memcmp(text.ptr, unfit[i].first, n) >= 0 &&
            memcmp(text.ptr, unfit[i].last, n) <= 0) {
            return n;
        }
    }
    return 0;
}

void lines_plain(struct buf *out, struct str text) {
    for (size_t i = 0; i < text.len;) {
        size_t n = unfit_length(str_slice(text, i, text.len));

        if (n > 0) {
            buf_add_c(out, '?');
            i += n;
        } else {
            buf_add_c(out, text.ptr[i++]);
        }
    }
}

static json_t *clean_text(const json_t *json) {
    CLEANUP(freep)
    char *text = str_dup((struct str){json_string_value(json), json_string_length(json)});

    for (char *c = text; *c != '\0'; c++) {
        *c = (unsigned char)*c < ' ' || *c == '\x7f' ? '?' : *c;
    }
    return json_string_of(str_from(text));
}

json_t *lines_clean(const json_t *json) {
    json_t *copy = NULL;
    const json_t *row = NULL;
    const char *key = NULL;
    json_t *value = NULL;
    size_t i = 0;

    if (json_is_string(json)) {
        return clean_text(json);
    }
    if (json_is_array(json)) {
        copy = json_array();
        json_array_foreach(json, i, row) { json_array_append_new(copy, lines_clean(row)); }
        return copy;
    }
    if (!json_is_object(json)) {
        return json_copy((json_t *)(uintptr_t)json);
    }
    copy = json_object();
    json_object_foreach((json_t *)(uintptr_t)json, key, value) {
        json_object_set_new(copy, key, lines_clean(value));
    }
    return copy;
}

/* clang-format off */
const char *lines_title(const char *name) {
    static const char *const titles[][2] = {
        {"fastapi", "FastAPI"}, {"react", "React"}, {"vue", "Vue"}, {"svelte", "Svelte"},
        {"solid", "Solid"}, {"preact", "Preact"}, {"lit", "Lit"}, {"qwik", "Qwik"},
        {"vanilla", "plain"}, {"vite", "Vite"},
        {"poetry", "Poetry"}, {"pipenv", "Pipenv"}, {"yarn", "Yarn"}, {"yarn-berry", "Yarn Berry"},
        {"bun", "Bun"}, {"requirements", "requirements.txt"}, {"pyproject", "pyproject.toml"},
    };

    for (size_t i = 0; i < ARRAY_N(titles); i++) {
        if (strcmp(name, titles[i][0]) == 0) {
            return titles[i][1];
        }
    }
    return name;
}
/* clang-format on */
