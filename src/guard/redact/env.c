/* guard/redact/env.c: the values of an .env file become known, as each of its readers reads them.
 */
#include "guard/redact/redact.h"

#include "base/buf.h"
#include "base/encode.h"

#include <string.h>

/* What \n and the like mean in a value between double quotes. */
static void env_unescape(struct str value, struct buf *out) {
    static const char letters[] = "nrt";
    static const char meant[] = "\n\r\t";

    for (size_t i = 0; i < value.len; i++) {
        char next = value.ptr[i] == '\\' ? str_char(value, i + 1) : '\0';
        const char *letter = next == '\0' ? NULL : strchr(letters, next);
        if (next != '\0') {
            i++;
        }
        buf_add_c(out, letter != NULL ? meant[letter - letters] : value.ptr[i]);
    }
}

/* Where the quote that opens `value` is closed; 0 when nowhere. */
static size_t env_quote_end(struct str value) {
    char quote = str_char(value, 0);
    size_t at = 1;

    while (at < value.len && value.ptr[at] != quote) {
        at += value.ptr[at] == '\\' && quote == '"' ? 2 : 1;
    }
    return at < value.len ? at : 0;
}

/* Readers differ in what a comment is and what quotes hold, so a value is known in each reading. */
static void env_add(struct redactor *redactor, const char *name, struct str value) {
    bool is_quoted = str_char(value, 0) == '"' || str_char(value, 0) == '\'';
    size_t end = is_quoted ? env_quote_end(value) : 0;
    ptrdiff_t comment = is_quoted ? -1 : str_find(value, STR(" #"));

    if (value.len >= 2 && is_quoted && value.ptr[value.len - 1] == value.ptr[0]) {
        redactor_add_known(redactor, name, str_slice(value, 1, value.len - 1));
    } else if (end == 0) {
        redactor_add_known(redactor, name, value);
        redactor_add_known(redactor, name, str_slice(value, is_quoted ? 1 : 0, value.len));
    }
    if (comment > 0) {
        redactor_add_known(redactor, name, str_trim(str_slice(value, 0, (size_t)comment)));
    }
    if (end > 0) {
        CLEANUP(buf_done) struct buf text = BUF_INIT(value.len + 1);
        struct str inside = str_slice(value, 1, end);

        buf_reserve(&text, value.len + 1); /* one block of memory to wipe */
        redactor_add_known(redactor, name, inside);
        if (value.ptr[0] == '"' && str_find(inside, STR("\\")) >= 0) {
            env_unescape(inside, &text);
            redactor_add_known(redactor, name, buf_str(&text));
        }
        mem_wipe(text.ptr, text.len);
    }
}

/* The UTF-8 of `text` in UTF-16, whose byte order mark tells its order. */
static void env_of_utf16(struct str text, struct buf *out) {
    enum { LONE = 0xfffd };
    size_t low = text.ptr[0] == '\xff' ? 0 : 1; /* where the lower byte of a unit is */
    uint32_t high = 0;                          /* the first half of a pair */

    for (size_t i = 2; i + 1 < text.len; i += 2) {
        uint32_t unit =
            (uint32_t)(unsigned char)text.ptr[i + 1 - low] << 8 | (unsigned char)text.ptr[i + low];
        bool is_second = unit >= 0xdc00 && unit < 0xe000;
        if (unit >= 0xd800 && unit < 0xdc00) {
            high = unit;
            continue;
        }
        uint32_t pair = 0x10000 + ((high - 0xd800) << 10) + (unit - 0xdc00);
        utf8_add_point(out, !is_second ? unit : high != 0 ? pair : LONE);
        high = 0;
    }
}

void redactor_add_env(struct redactor *redactor, struct str text, bool is_all) {
    struct str line = {0};

    if (str_starts(text, STR("\xff\xfe")) || str_starts(text, STR("\xfe\xff"))) {
        CLEANUP(buf_done) struct buf utf8 = BUF_INIT(2 * text.len + 1);

        buf_reserve(&utf8, 2 * text.len + 1); /* one block of memory to wipe */
        env_of_utf16(text, &utf8);
        redactor_add_env(redactor, buf_str(&utf8), is_all);
        mem_wipe(utf8.ptr, utf8.len);
        return;
    }
    text = str_slice(text, str_starts(text, STR("\xef\xbb\xbf")) ? 3 : 0, text.len);
    while (str_next(&text, '\n', &line)) {
        const char *stop = line.ptr + line.len;
        line = str_trim(line);
        line = str_starts(line, STR("export ")) ? str_slice(line, 7, line.len) : line;
        ptrdiff_t at = str_find(line, STR("="));
        if (at <= 0 || str_starts(line, STR("#"))) {
            continue;
        }
        struct str name = str_trim(str_slice(line, 0, (size_t)at));
        struct str value = str_trim(str_slice(line, (size_t)at + 1, line.len));
        bool is_open = (str_char(value, 0) == '"' || str_char(value, 0) == '\'') &&
                       env_quote_end(value) == 0 && text.len > 0;
        struct str whole = is_open
                               ? (struct str){value.ptr, (size_t)(text.ptr + text.len - value.ptr)}
                               : (struct str){0};
        size_t end = is_open ? env_quote_end(whole) : 0;
        if (is_all || redact_is_secret_key(name)) {
            CLEANUP(freep) char *key = str_dup(name);

            env_add(redactor, key, end > 0 ? str_slice(whole, 0, end + 1) : value);
        }
        if (end > 0 && whole.ptr + end >= stop) { /* its lines are read */
            text = str_slice(whole, end + 1, whole.len);
        }
    }
}
