/* The INI dialect of the AWS files, kept as a list of rows. */
#include "aws/ini.h"

#include "base/buf.h"

#include <stdlib.h>
#include <string.h>

enum { INI_ROWS_MAX = 4096 };

struct ini {
    size_t n;
    struct row {
        char *section; /* "profile dev" */
        char *key;     /* NULL: the row says that the section exists */
        char *value;
    } rows[INI_ROWS_MAX];
};

/* Where the parser stands. */
struct parser {
    struct ini *ini;
    const char *name;
    int line_n;
    char *section; /* owned; NULL before the first */
    char *parent;  /* owned; the key that indented lines belong to, or NULL */
};

static bool is_blank(char c) { return c == ' ' || c == '\t'; }

static char *lower_dup(struct str s) {
    char *copy = str_dup(s);

    for (char *p = copy; *p != '\0'; p++) {
        *p = *p >= 'A' && *p <= 'Z' ? (char)(*p - 'A' + 'a') : *p;
    }
    return copy;
}

static enum err_code parser_fail(const struct parser *p, const char *what, struct err *err) {
    return err_set(err, ERR_CONFIG, "%s, line %d: %s", p->name, p->line_n, what);
}

static enum err_code parser_add(struct parser *p, char *key, struct str value, struct err *err) {
    if (p->ini->n == INI_ROWS_MAX) {
        free(key);
        return parser_fail(p, "more settings than can be read", err);
    }
    p->ini->rows[p->ini->n++] =
        (struct row){mem_strdup(p->section), key, key == NULL ? NULL : str_dup(value)};
    return ERR_NONE;
}

static enum err_code parser_section(struct parser *p, struct str line, struct err *err) {
    CLEANUP(buf_done) struct buf name = BUF_INIT(1024);
    ptrdiff_t end = str_find(line, STR("]"));
    struct str inner = str_trim(str_slice(line, 1, end < 0 ? 1 : (size_t)end));

    if (inner.len == 0) {
        return parser_fail(p, "a section without a name or without its ']'", err);
    }
    for (size_t i = 0; i < inner.len; i++) {
        char c = inner.ptr[i];

        if (is_blank(c) && is_blank(inner.ptr[i - 1])) {
            continue; /* the first character is never a blank */
        }
        if (c != '"' && c != '\'') {
            buf_add_c(&name, is_blank(c) ? ' ' : c);
        }
    }
    if (name.failed) {
        return parser_fail(p, "a section name that is too long", err);
    }
    free(p->section);
    free(p->parent);
    p->parent = NULL;
    p->section = mem_strdup(buf_cstr(&name));
    return parser_add(p, NULL, STR(""), err);
}

static enum err_code parser_setting(struct parser *p, struct str line, bool is_indented,
                                    struct err *err) {
    ptrdiff_t equals = str_find(line, STR("="));
    struct str key = str_trim(str_slice(line, 0, equals < 0 ? 0 : (size_t)equals));
    struct str value = str_trim(str_slice(line, (size_t)(equals + 1), line.len));
    CLEANUP(freep) char *lower = lower_dup(key);

    if (p->section == NULL) {
        return parser_fail(p, "a setting before the first section", err);
    }
    if (key.len == 0) {
        return parser_fail(p, "neither a section nor NAME = VALUE", err);
    }
    if (is_indented && p->parent != NULL) {
        return parser_add(p, mem_format("%s.%s", p->parent, lower), value, err);
    }
    free(p->parent);
    p->parent = value.len == 0 ? mem_strdup(lower) : NULL;
    return parser_add(p, TAKE(lower), value, err);
}

static enum err_code parser_line(struct parser *p, struct str line, struct err *err) {
    bool is_indented = line.len > 0 && is_blank(line.ptr[0]);
    struct str text = str_trim(line);

    p->line_n++;
    if (text.len == 0 || text.ptr[0] == '#' || text.ptr[0] == ';') {
        return ERR_NONE;
    }
    return text.ptr[0] == '[' && !is_indented ? parser_section(p, text, err)
                                              : parser_setting(p, text, is_indented, err);
}

enum err_code ini_read(struct str text, const char *name, struct ini **out, struct err *err) {
    struct parser p = {.ini = mem_alloc(sizeof *p.ini), .name = name};
    struct str rest = text;
    struct str line;
    enum err_code code = ERR_NONE;

    while (code == ERR_NONE && rest.len > 0 && str_next(&rest, '\n', &line)) {
        code = parser_line(&p, line, err);
    }
    free(p.section);
    free(p.parent);
    if (code != ERR_NONE) {
        ini_free(p.ini);
        return code;
    }
    *out = p.ini;
    return ERR_NONE;
}

void ini_free(struct ini *ini) {
    if (ini == NULL) {
        return;
    }
    for (size_t i = 0; i < ini->n; i++) {
        if (ini->rows[i].value != NULL) {
            mem_wipe(ini->rows[i].value, strlen(ini->rows[i].value));
        }
        free(ini->rows[i].section);
        free(ini->rows[i].key);
        free(ini->rows[i].value);
    }
    free(ini);
}

bool ini_has(const struct ini *ini, const char *section) {
    for (size_t i = 0; i < ini->n; i++) {
        if (strcmp(ini->rows[i].section, section) == 0) {
            return true;
        }
    }
    return false;
}

const char *ini_get(const struct ini *ini, const char *section, const char *key) {
    for (size_t i = ini->n; i-- > 0;) {
        const struct row *row = &ini->rows[i];

        if (row->key != NULL && strcmp(row->section, section) == 0 && strcmp(row->key, key) == 0) {
            return row->value[0] == '\0' ? NULL : row->value;
        }
    }
    return NULL;
}
