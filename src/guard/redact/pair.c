/* guard/redact/pair.c: a name of a secret and its value that stand apart, each behind a label.
 *
 *   {"name": "NAME", "value": "VALUE"}     - name: NAME       variable "NAME" {
 *   "loc":["body","NAME"],"input":"VALUE"    value: VALUE       default = "VALUE"
 *   <key>NAME</key><string>VALUE</string>  NAME
 *                                            ... [input_value='VALUE', ...] (of pydantic) */
#include "guard/redact/pair.h"

#include "guard/redact/word.h"

#include <string.h>

enum { REACH = 512, BACK = 96, LABEL = 24, LINES = 4 };

/* In lower case. */
static const struct str name_labels[] = {W("name"),      W("key"),       W("parameterkey"),
                                         W("outputkey"), W("variable"),  W("loc"),
                                         W("field"),     W("parameter"), W("header")};
static const struct str value_labels[] = {W("value"),   W("parametervalue"), W("outputvalue"),
                                          W("default"), W("string"),         W("defaultvalue"),
                                          W("input"),   W("content")};
static const struct str input_label = W("input_value");

/* Before the begin of a list of names. */
static const struct charset list_ends = {
    {SET_LO('\n') | SET_LO('='), SET_HI('[') | SET_HI(']') | SET_HI('{') | SET_HI('}')}};

static bool is_word_char(char c) { return is_letter(c) || c == '_'; }

/* Whether a label of a name stands before the name. */
static bool is_labelled(const struct scan *scan, const struct name *name) {
    size_t at = name->from;

    while (at > 0 && name->from - at < BACK &&
           (is_name_char(scan->text.ptr[at - 1]) || scan->text.ptr[at - 1] == '/')) {
        at--; /* the path of a parameter */
    }
    at = text_back_over(scan->text, at, BACK, "\"'\\");
    if (at > 0 && is_any(scan->text.ptr[at - 1], ",[ ")) { /* the last of a list */
        size_t list = at;
        size_t far = at > BACK ? at - BACK : 0;
        size_t first = far > 0 ? far - 1 : 0;
        bool has_begin = memrchr(scan->text.ptr + first, '[', at - first) != NULL;
        while (has_begin && list > far && !charset_has(&list_ends, scan->text.ptr[list - 1])) {
            list--;
        }
        at = has_begin && list > 0 && scan->text.ptr[list - 1] == '[' ? list - 1 : at;
    }
    size_t mark = text_back_over(scan->text, at, BACK, " \t:=>\"'\\");
    size_t from = mark;
    while (from > 0 && mark - from < LABEL && is_word_char(scan->text.ptr[from - 1])) {
        from--;
    }
    return mark < at &&
           word_is_one_of(str_slice(scan->text, from, mark), name_labels, ARRAY_N(name_labels));
}

/* Where the value begins after a label that ends at `at`, with the separator and the label's
 * quote; 0 when it is none. */
static size_t after_label(const struct scan *scan, size_t at, struct name *label, char *separator) {
    size_t quote = scan_skip_slashes(scan, at);

    if (is_quote(scan_char(scan, quote))) {
        label->quote = scan_char(scan, quote);
        label->slashes = scan_quoting_slashes(quote - at);
        at = quote + 1;
    }
    size_t sign = scan_skip_blanks(scan, at);
    *separator = scan_char(scan, sign);
    label->is_element = *separator == '>';
    return is_any(*separator, ":=>") ? scan_skip_blanks(scan, sign + 1) : 0;
}

/* Masks what the first label of a value in [from, to) gives; false when none stood there. Looks no
 * further than the next label of a name or the end of an object, and then sets `*is_over`. */
static bool pair_search(struct scan *scan, const struct name *name, size_t from, size_t to,
                        bool is_input, bool *is_over) {
    for (size_t at = from; at < to; at++) {
        size_t end = at;

        if (scan->text.ptr[at] == '}') {
            *is_over = true;
            return false;
        }
        while (end < to && is_word_char(scan->text.ptr[end])) {
            end++;
        }
        if (end == at) {
            continue;
        }
        struct str word = str_slice(scan->text, at, end);
        char separator = '\0';
        struct name label = *name;
        label.quote = '\0';
        label.open = '\0';
        bool is_value = str_eq(word, input_label) ||
                        (!is_input && word_is_one_of(word, value_labels, ARRAY_N(value_labels)));
        size_t value = is_value ? after_label(scan, end, &label, &separator) : 0;
        if (value > 0) {
            label.is_line_start =
                label.quote == '\0' && !label.is_element && !is_input && name_begins_line(scan, at);
            *is_over = true;
            (void)value_at(scan, &label, value, separator);
            return true;
        }
        bool is_closing = at > 0 && scan->text.ptr[at - 1] == '/'; /* </key> */
        if (!is_input && !is_closing && word_is_one_of(word, name_labels, ARRAY_N(name_labels)) &&
            after_label(scan, end, &label, &separator) > 0) {
            *is_over = true;
            return false;
        }
        at = end - 1;
    }
    return false;
}

size_t pair_after(struct scan *scan, const struct name *name) {
    bool is_alone = name->quote == '\0' && scan_is_line_over(scan, name->to) &&
                    name_begins_line(scan, name->from);
    bool is_over = false;

    if ((!is_alone && !is_labelled(scan, name)) || !name_is_secret(scan, name)) {
        return 0;
    }
    size_t to = scan->text.len < name->to + REACH ? scan->text.len : name->to + REACH;
    size_t from = is_alone && scan->pair_to > name->to ? scan->pair_to : name->to;
    bool is_found = pair_search(scan, name, from, to, is_alone, &is_over);
    scan->pair_to = is_alone && !is_found ? to : scan->pair_to;
    if (!is_over && to == scan->text.len && scan->carry != NULL) {
        scan_ask(scan);
        scan->carry->pair_lines = LINES;
        scan->carry->is_pair_input = is_alone;
    }
    return is_found ? name->to : 0;
}

void pair_line(struct scan *scan, struct carry *carry) {
    const struct name name = {.kind = "key"};
    bool is_over = false;
    size_t to = scan->text.len < REACH ? scan->text.len : REACH;

    (void)pair_search(scan, &name, 0, to, carry->is_pair_input, &is_over);
    carry->pair_lines = is_over ? 0 : carry->pair_lines - 1;
}
