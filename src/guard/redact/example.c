/* guard/redact/example.c: what each rule masks and what it leaves, out of the rule itself, so that
 * the table that is printed is the one that is tested. */
#include "guard/redact/redact.h"
#include "guard/redact/scan.h"

#include <string.h>

enum { HOLE = 40 }; /* characters that stand for '%' */

static const char *const set_words[SET_N] = {
    [SET_ALNUM] = "A-Z a-z 0-9",
    [SET_CAPITALS] = "A-Z 0-9",
    [SET_HEXDIGITS] = "0-9 a-f A-F",
    [SET_WORD] = "A-Z a-z 0-9 _ -",
    [SET_TOKEN] = "A-Z a-z 0-9 . _ -",
    [SET_BASE64] = "A-Z a-z 0-9 + / = _ -",
    [SET_CAPITAL_DASH] = "A-Z 0-9 -",
    [SET_CRYPT] = "A-Z a-z 0-9 . / $ = , + -",
    [SET_AZURE] = "A-Z a-z 0-9 . _ - ~",
    [SET_HOOK] = "A-Z a-z 0-9 / - _ @",
    [SET_COOKIE] = "A-Z a-z 0-9 + / = % . _ -",
    [SET_OPAQUE] = "anything but blanks and quotes",
};

/* `n` characters of the class, with a capital, a small letter and a digit where it has them. */
static void add_body(struct buf *out, enum set set, size_t n) {
    static const char letters[] = "4aB7cD2eF9A0bC6dE1fB8";
    size_t at = 0;

    for (size_t i = 0; i < n;) {
        char c = letters[at++ % (sizeof letters - 1)];
        if (charset_has(&charsets[set], c)) {
            buf_add_c(out, c);
            i++;
        }
    }
}

static void add_template(struct buf *out, const char *text, enum set set) {
    for (const char *p = text; *p != '\0'; p++) {
        if (p[0] == '%' && p[1] == '%') {
            buf_add_c(out, *p++);
        } else if (*p == '%') {
            add_body(out, set == SET_OPAQUE ? SET_ALNUM : set, HOLE);
        } else {
            buf_add_c(out, *p);
        }
    }
}

void redact_rule_describe(size_t i, struct redact_rule *out) {
    const struct rule *rule = &rules[i];

    *out = (struct redact_rule){.kind = rule->kind,
                                .anchor = rule->anchor,
                                .body = set_words[rule->body],
                                .min = rule->min,
                                .lead = rule->lead,
                                .yes = rule->yes,
                                .no = rule->no,
                                .is_hint = rule->is_hint};
}

size_t redact_rule_count(void) { return rule_n; }

void redact_rule_example(size_t i, bool is_counter, struct buf *out) {
    const struct rule *rule = &rules[i];
    const char *text = is_counter ? rule->no : rule->yes;
    size_t least = is_counter && rule->min > 0 ? rule->min - 1 : rule->min;

    if (text != NULL) {
        add_template(out, text, rule->body);
        return;
    }
    add_body(out, SET_HEXDIGITS, rule->lead);
    buf_add_s(out, rule->anchor);
    add_body(out, rule->body, least);
}
