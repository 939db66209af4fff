/* guard/redact/pair.c: a name of a secret and its value that stand apart, each behind a label.
 *
 *   {"value": "VALUE", "name": "NAME"}, also in lists of cookies
 *   {"name": "NAME", "value": "VALUE"}     - name: NAME       variable "NAME" {
 *   "loc":["body","NAME"],"input":"VALUE"    value: VALUE       default = "VALUE"
 *   <key>NAME</key><string>VALUE</string>  NAME
 *   <td>NAME</td><td>VALUE</td>              ... [input_value='VALUE', ...] (of pydantic)
 *   <string name="NAME">VALUE</string>     ["NAME"]=>
 *   Content-Disposition: ...; name="NAME"    string(5) "VALUE" (of PHP)
 *                                          1) "NAME"      .NAME:
 *                                          2) "VALUE"      └─ [+] VALUE (of the AWS CDK)
 *
 *   VALUE */
#include "guard/redact/pair.h"

#include "guard/redact/charset.h"
#include "guard/redact/lead.h"
#include "guard/redact/member.h"
#include "guard/redact/sign.h"
#include "guard/redact/value.h"
#include "guard/redact/word.h"

#include <string.h>

enum {
    REACH = 512,
    BACK = 96,
    LABEL = 24,
    LINES = 4,
    TEXT_LINES = 64,
    OPEN_MIN = 16,
    MEMBERS = 12
};

/* In lower case. */
static const struct str name_labels[] = {
    W("name"),  W("key"),       W("parameterkey"), W("outputkey"), W("variable"),  W("loc"),
    W("field"), W("parameter"), W("header"),       W("property"),  W("headername")};
static const struct str value_labels[] = {W("value"),   W("parametervalue"), W("outputvalue"),
                                          W("default"), W("string"),         W("defaultvalue"),
                                          W("input"),   W("content"),        W("headervalue")};
static const struct str input_labels[] = {W("input_value"), W("given")};

bool pair_is_name_label(struct str key) {
    return word_is_one_of(key, name_labels, ARRAY_N(name_labels));
}

bool pair_is_value_label(struct str key) {
    return word_is_one_of(key, value_labels, ARRAY_N(value_labels));
}

/* Before the begin of a list of names. */
static const struct charset list_ends = {{SET_LO('\n') | SET_LO('=') | SET_LO('('),
                                          SET_HI('[') | SET_HI(']') | SET_HI('{') | SET_HI('}')}};

/* Whether a part of a drawn line stands at `at`: U+2500-253F. */
static bool is_drawn_line(const struct scan *scan, size_t at) {
    return scan_has(scan, at, "\xe2\x94");
}

static bool is_word_char(char c) { return is_letter(c) || c == '_'; }

/* Whether a label of a name stands before the name. */
static bool is_labelled(const struct scan *scan, const struct name *name) {
    size_t at = name->from;

    while (at > 0 && name->from - at < BACK &&
           (is_name_char(scan->text.ptr[at - 1]) || scan->text.ptr[at - 1] == '/')) {
        at--; /* the path of a parameter */
    }
    size_t open = at;
    at = text_back_over(scan->text, at, BACK, "\"'\\");
    if (at > 0 && is_any(scan->text.ptr[at - 1], ",[ ")) { /* the last of a list */
        size_t list = at;
        size_t far = at > BACK ? at - BACK : 0;
        size_t first = far > 0 ? far - 1 : 0;
        bool has_begin = memrchr(scan->text.ptr + first, '[', at - first) != NULL ||
                         (at < open && memrchr(scan->text.ptr + first, '(', at - first) != NULL);
        while (has_begin && list > far && !charset_has(&list_ends, scan->text.ptr[list - 1])) {
            list--;
        }
        bool is_list = has_begin && list > 0 && scan->text.ptr[list - 1] == '[';
        bool is_tuple = has_begin && list > 0 && scan->text.ptr[list - 1] == '(' &&
                        is_quote(scan_char(scan, scan_skip_slashes(scan, list)));
        at = is_list || is_tuple ? list - 1 : at;
    }
    size_t mark = text_back_over(scan->text, at, BACK, " \t:=>|\"'\\");
    size_t from = mark;
    while (from > 0 && mark - from < LABEL && is_word_char(scan->text.ptr[from - 1])) {
        from--;
    }
    struct str label = str_slice(scan->text, from, mark);
    bool is_patch = str_eq(label, STR("path")) && /* {"op": "add", "path": "/a/NAME", (RFC 6902) */
                    scan_find(scan, from > BACK ? from - BACK : 0, from, "op") >= 0;
    return mark < at && (is_patch || pair_is_name_label(label));
}

/* Where the value begins after a label that ends at `at`, with the separator and the label's
 * quote; 0 when it is none. */
static size_t after_label(const struct scan *scan, size_t at, struct name *label, char *separator) {
    at = lead_colour_end(scan->text, at);
    size_t quote = scan_skip_slashes(scan, at);

    if (is_quote(scan_char(scan, quote))) {
        label->quote = scan_char(scan, quote);
        label->slashes = scan_quoting_slashes(quote - at);
        at = quote + 1;
    }
    size_t sign = scan_skip_blanks(scan, at);
    *separator = scan_char(scan, sign);
    label->is_element = *separator == '>';
    size_t value = lead_colour_end(scan->text, scan_skip_blanks(scan, sign + 1));
    return is_any(*separator, ":=>") ? scan_skip_blanks(scan, value) : 0;
}

/* The text of the element that begins before `from`, on its line; returns where it ends, or 0. */
static size_t element_mask(struct scan *scan, size_t from) {
    size_t to = from;

    while (to < scan->text.len && to - from < REACH && !is_any(scan->text.ptr[to], "<\r\n")) {
        to++;
    }
    if (to == from || !scan_has(scan, to, "</")) {
        return 0;
    }
    scan_add(scan, from, to, "key", SPAN_PLAIN);
    return to;
}

/* name="a.value">VALUE, of JMeter: where the text of the element begins; 0 when it is none. */
static size_t after_named(const struct scan *scan, size_t quote) {
    size_t open = scan_skip_slashes(scan, quote);
    char c = scan_char(scan, open);
    size_t slashes = scan_quoting_slashes(open - quote);
    size_t end = is_quote(c) ? scan_string_end(scan, open + 1, c, slashes) : open;
    bool is_value = end > open && scan_has(scan, end + slashes + 1, ">") &&
                    str_ends_nocase(str_slice(scan->text, open, end), STR(".value"));

    return is_value ? end + slashes + 2 : 0;
}

/* Masks what stands in the column behind the label [at, end) of a value: "| ParameterValue | VALUE
 * |", "Value     VALUE"; false when nothing does. */
static bool column_mask(struct scan *scan, size_t at, size_t end) {
    size_t sign = scan_skip_blanks(scan, end);
    size_t from = scan_char(scan, sign) == '|' ? scan_skip_blanks(scan, sign + 1) : sign;
    bool is_cell = from > sign;
    bool is_column = !is_cell && sign > end + 1 && is_alnum(scan_char(scan, sign)) &&
                     str_eq_nocase(str_slice(scan->text, at, end), STR("value")) &&
                     name_begins_line(scan, at);

    if (!is_cell && !is_column) {
        return false;
    }
    size_t to = is_cell ? sign_cell_end(scan, from) : scan_unquoted_end(scan, from);
    if (to == from || (is_column && !scan_is_line_over(scan, to))) {
        return false;
    }
    scan_add(scan, from, to, "key", SPAN_PLAIN);
    return true;
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
        size_t colour = is_any(scan->text.ptr[at], "\x1b\\") ? lead_colour_end(scan->text, at) : at;
        if (colour > at) {
            at = colour - 1;
            continue;
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
        bool is_value = word_is_exactly_one_of(word, input_labels, ARRAY_N(input_labels)) ||
                        (!is_input && pair_is_value_label(word));
        size_t value = is_value ? after_label(scan, end, &label, &separator) : 0;
        if (value > 0) {
            label.is_line_start = label.quote == '\0' && !label.is_element && !is_input &&
                                  name_begins_line(scan, text_colour_begin(scan->text, at));
            *is_over = true;
            (void)value_at(scan, &label, value, separator);
            return true;
        }
        if (is_value && !is_input && column_mask(scan, at, end)) {
            *is_over = true;
            return true;
        }
        size_t equals = lead_colour_end(scan->text, end);
        size_t named = str_eq(word, STR("name")) && scan_has(scan, equals, "=")
                           ? after_named(scan, lead_colour_end(scan->text, equals + 1))
                           : 0;
        if (named > 0) {
            *is_over = true;
            return element_mask(scan, named) > 0;
        }
        bool is_closing = at > 0 && scan->text.ptr[at - 1] == '/'; /* </key> */
        if (!is_input && !is_closing && pair_is_name_label(word) &&
            after_label(scan, end, &label, &separator) > 0) {
            *is_over = true;
            return false;
        }
        at = end - 1;
    }
    return false;
}

size_t pair_objects(struct scan *scan, const struct name *name, size_t at) {
    size_t last = 0;

    for (size_t open = member_skip_space(scan, at); scan_char(scan, open) == '{';) {
        struct member member = {.end = open + 1};

        for (int i = 0; i < MEMBERS && member_read(scan, member.end, &member); i++) {
            if (str_eq_nocase(name_str(scan, &member.key), STR("value"))) {
                member.key.kind = name->kind;
                (void)value_at(scan, &member.key, member.value, ':');
            }
            last = member.end;
        }
        size_t close = member_skip_space(scan, member.end);
        size_t comma = member_skip_space(scan, close + 1);
        open = scan_char(scan, close) == '}' && scan_char(scan, comma) == ','
                   ? member_skip_space(scan, comma + 1)
                   : scan->text.len;
    }
    return last;
}

size_t pair_before(struct scan *scan, const struct name *label) {
    size_t close = scan_skip_slashes(scan, label->to);
    struct member first = {.key = *label};
    size_t from = label->from;
    size_t found = 0;

    first.key.quote = scan_char(scan, close);
    first.key.slashes = scan_quoting_slashes(close - label->to);
    while (from > 0 && is_word_char(scan->text.ptr[from - 1])) {
        from--; /* ParameterValue */
    }
    bool is_raws = scan->map != NULL && scan->carry == NULL && scan_is_plain(scan, close);
    if (from == 0 || scan->text.ptr[from - 1] != first.key.quote || is_raws ||
        !member_read_value(scan, close + 1, &first)) {
        return 0; /* a key of the outer JSON is judged in the text as it stands */
    }
    struct member next = first;
    for (int i = 0; i < MEMBERS && member_read(scan, next.end, &next); i++) {
        struct str word = name_str(scan, &next.key);
        if (pair_is_name_label(word)) {
            struct name named = {.from = next.from, .to = next.to, .quote = first.key.quote};
            found = next.to - next.from < NAME_MAX && name_is_secret(scan, &named)
                        ? value_at(scan, &first.key, first.value, ':')
                        : 0;
            break;
        }
        if (pair_is_value_label(word)) {
            break;
        }
    }
    scan->found_from = first.value;
    return found;
}

/* Whether an element of HTML that tells what the next one is ends at `at`, behind "</". */
static bool is_labelling_tag(const struct scan *scan, size_t at) {
    static const char *const tags[] = {"td>", "th>", "dt>", "b>", "strong>", "label>", "span>"};

    for (size_t i = 0; i < ARRAY_N(tags); i++) {
        if (scan_has(scan, at, tags[i])) {
            return true;
        }
    }
    return false;
}

/* Over white space and the tags from `at` on; `at` when there are none. */
static size_t tags_end(const struct scan *scan, size_t at) {
    size_t to = at;

    for (size_t i = at; is_any(scan_char(scan, i), "< \t\r\n") && i < scan->text.len; i++) {
        if (scan->text.ptr[i] == '<') {
            ptrdiff_t close = scan_find(scan, i, i + BACK, ">");
            if (close < 0) {
                return at;
            }
            i = (size_t)close;
            to = i + 1;
        }
    }
    return to;
}

/* The text of an element: of the one whose attribute names it, or of the one after that in which
 * the name stands; returns where it ends, or 0. */
static size_t element_after(struct scan *scan, const struct name *name) {
    size_t after = scan_skip_slashes(scan, name->to);
    char sign = scan_char(scan, after);
    size_t close = is_quote(sign) ? after + 1 : after;

    if (is_quote(sign) && scan_char(scan, close) == '>' && is_labelled(scan, name)) {
        return name_is_secret(scan, name) ? element_mask(scan, close + 1) : 0;
    }
    close += sign == ':' ? 1 : 0;
    close = scan_skip_blanks(scan, close);
    if (!scan_has(scan, close, "</")) {
        return 0;
    }
    size_t from = name->from;
    while (from > 0 && name->from - from < BACK &&
           (is_letter(scan->text.ptr[from - 1]) || scan->text.ptr[from - 1] == ' ')) {
        from--;
    }
    bool is_text = from > 1 && scan->text.ptr[from - 1] == '>' && is_labelling_tag(scan, close + 2);
    size_t value = is_text && name_is_secret(scan, name) ? tags_end(scan, close) : close;
    return value > close ? element_mask(scan, value) : 0;
}

/* Whether the line tells a part of a form that a browser sends, and the name of it last. */
static bool is_form_part(const struct scan *scan, const struct name *name) {
    size_t quote = scan_skip_slashes(scan, name->to);

    if (!is_quote(scan_char(scan, quote)) || !scan_is_line_over(scan, quote + 1)) {
        return false;
    }
    return scan_find(scan, scan_line_begin(scan, name->from), name->from, "form-data") >= 0;
}

/* Whether the string that the name is stands alone behind its number: 1) "NAME", of Redis. */
static bool is_numbered(const struct scan *scan, const struct name *name) {
    size_t quote = scan_skip_slashes(scan, name->to);
    size_t open = name->from > name->slashes ? name->from - 1 - name->slashes : 0;

    return name->quote != '\0' && is_quote(scan_char(scan, quote)) &&
           scan_is_line_over(scan, quote + 1) && open > 2 && scan_has(scan, open - 2, ") ") &&
           is_digit(scan->text.ptr[open - 3]);
}

/* "? NAME", a key of YAML that has its value below. */
static bool is_yaml_key(const struct scan *scan, const struct name *name) {
    return name->from > 1 && scan_has(scan, name->from - 2, "? ") && name->quote == '\0' &&
           scan_is_line_over(scan, lead_colour_end(scan->text, name->to)) &&
           name_is_line_begin(scan, name->from - 2);
}

/* Whether the name is an option that is all of an item, of YAML or of JSON on several lines: "-
 * --client-secret". */
static bool is_item(const struct scan *scan, const struct name *name) {
    size_t open = name->from - (name->quote != '\0' ? name->slashes + 1 : 0);
    size_t end = scan_skip_slashes(scan, name->to);
    size_t close = name->quote != '\0' && is_quote(scan_char(scan, end)) ? end + 1 : name->to;

    close += name->quote != '\0' && scan_char(scan, close) == ',' ? 1 : 0;
    return scan_has(scan, name->from, "--") && scan_is_line_over(scan, close) &&
           (name->quote != '\0' || (open > 1 && scan_has(scan, open - 2, "- "))) &&
           name_begins_line(scan, open);
}

/* Whether the name is all that a shell of Python or its debugger was asked to show: ">>> NAME",
 * "(Pdb) p NAME". */
static bool is_shown(const struct scan *scan, const struct name *name) {
    static const struct str asks[] = {W(">>> "), W("(Pdb) p "), W("(Pdb) pp "), W("ipdb> "),
                                      W("ipdb> p ")};

    return name->quote == '\0' && scan_is_line_over(scan, lead_colour_end(scan->text, name->to)) &&
           word_ends_one_of(str_slice(scan->text, 0, name->from), asks, ARRAY_N(asks));
}

/* Whether the value stands on the next line: behind ["NAME"]=> of PHP's var_dump() and "NAME" => of
 * Ruby's pp, and below 1) "NAME". `after`: behind the name. */
static bool is_dumped(const struct scan *scan, const struct name *name, size_t after) {
    size_t sign = scan_skip_blanks(scan, after);

    return (scan_has(scan, sign, "=>") && scan_is_line_over(scan, sign + 2)) ||
           is_numbered(scan, name);
}

/* Where the value begins on a line that a tree of the AWS CDK is drawn on, which says what is
 * removed, added or changed: "└─ [+] VALUE"; 0 when it is none. */
static size_t tree_value(const struct scan *scan, size_t from, size_t to) {
    size_t at = from;
    size_t value = 0;

    while (at < to && value == 0) {
        size_t colour = lead_colour_end(scan->text, at);
        bool is_drawn = is_drawn_line(scan, at);
        bool is_sign = at > from && (scan_has(scan, at, "[-]") || scan_has(scan, at, "[+]"));
        if (!is_sign && colour == at && !is_drawn && scan->text.ptr[at] != ' ') {
            return 0;
        }
        value = is_sign ? at + 3 : 0;
        at = colour > at ? colour : at + (is_drawn ? 3 : 1);
    }
    for (size_t next = value; value > 0; value = next) {
        next = lead_colour_end(scan->text, scan_skip_blanks(scan, value));
        if (next == value) {
            break;
        }
    }
    return value;
}

static uint32_t word_hash(struct str word) {
    uint32_t hash = 2166136261U; /* FNV-1a */

    for (size_t i = 0; i < word.len; i++) {
        hash = (hash ^ (unsigned char)word.ptr[i]) * 16777619U;
    }
    return hash;
}

/* Where the word ends that begins at `from`: at a blank, a quote or a colour. */
static size_t word_end(const struct scan *scan, size_t from, size_t to) {
    size_t at = from;

    while (at < to && !is_blank(scan->text.ptr[at]) && !is_any(scan->text.ptr[at], "\"'\\\x1b")) {
        at++;
    }
    return at;
}

/* Whether a line has dashes alone. */
static bool is_dashes(struct str line) {
    size_t n = 0;

    while (str_char(line, n) == '-') {
        n++;
    }
    return n > 3 && n == line.len;
}

/* One line [from, to) after the name; false when no more are waited for. `word`: see carry. */
static bool wait_line(struct scan *scan, enum pair_wait *wait, uint32_t word, size_t from,
                      size_t to) {
    const struct name name = {.kind = "key", .is_line_start = true};

    from += lead_len(str_slice(scan->text, from, to));
    struct str line = str_trim(str_slice(scan->text, from, to));
    for (size_t colour = lead_colour_end(line, 0); colour > 0; colour = lead_colour_end(line, 0)) {
        line = str_slice(line, colour, line.len);
    }
    size_t begin = (size_t)(line.ptr - scan->text.ptr);
    if (*wait == PAIR_STRING) {
        size_t quote = from;
        while (quote < to && !is_quote(scan->text.ptr[quote])) {
            quote++;
        }
        (void)value_at(scan, &name, scan_before_slashes(scan, from, quote), '=');
        return false;
    }
    if (*wait == PAIR_SHOWN) {
        if (is_any(scan_char(scan, scan_skip_slashes(scan, begin)), "'\"")) {
            (void)value_at(scan, &name, begin, '=');
        }
        return false;
    }
    if (*wait == PAIR_ITEM) {
        size_t item = begin + (str_starts(line, STR("- ")) ? 2 : 0);
        size_t text = scan_skip_slashes(scan, item);
        text += is_quote(scan_char(scan, text)) ? 1 : 0;
        if ((item > begin || text > item) && !scan_has(scan, text, "-")) {
            (void)value_at(scan, &name, item, '=');
        }
        return false;
    }
    if (*wait == PAIR_TREE) {
        size_t value = tree_value(scan, from, to);
        if (value > 0) {
            (void)value_at(scan, &name, value, '=');
        }
        return value > 0 && scan_find(scan, from, value, "[-]") >= 0;
    }
    if (*wait == PAIR_RULE) {
        *wait = PAIR_BODY;
        return is_dashes(str_slice(line, 0, text_colour_begin(line, line.len)));
    }
    if (*wait == PAIR_KEY) {
        if (str_starts(line, STR(": "))) {
            (void)value_at(scan, &name, scan_skip_colours(scan, scan_skip_blanks(scan, begin + 1)),
                           ':');
        }
        return false;
    }
    if (*wait == PAIR_OPEN) {
        size_t end = word_end(scan, begin, begin + line.len);
        bool is_closed = end < begin + line.len && is_quote(scan->text.ptr[end]);
        if (end - begin >= OPEN_MIN || (is_closed && end > begin)) {
            scan_add(scan, begin, end, "key", SPAN_PLAIN);
        }
        return !is_closed && end - begin >= OPEN_MIN;
    }
    if (*wait == PAIR_NEXT || *wait == PAIR_TEXT) {
        bool is_over = *wait == PAIR_TEXT && word_hash(line) == word;
        if (line.len > 0 && !is_over && *wait == PAIR_NEXT) {
            (void)value_at(scan, &name, begin, '=');
        } else if (line.len > 0 && !is_over) {
            scan_add(scan, begin, begin + line.len, "key", SPAN_PLAIN);
        }
        return !is_over && *wait == PAIR_TEXT;
    }
    if (*wait == PAIR_BODY && line.len > 0) {
        scan_add(scan, begin, begin + line.len, "key", SPAN_PLAIN);
        return false;
    }
    *wait = line.len == 0 ? PAIR_BODY : *wait;
    return true;
}

/* The lines after the name, as far as the text goes; then those that will come. */
static size_t wait_after(struct scan *scan, const struct name *name, enum pair_wait wait,
                         uint32_t word) {
    bool is_on = true;
    int lines = wait == PAIR_TEXT || wait == PAIR_OPEN ? TEXT_LINES : LINES;
    size_t begin = scan_line_begin(scan, name->from);
    struct within whole = scan_all(scan);
    scan->text.len =
        scan_string_limit(scan, begin, name_string_begin(scan, begin, name->from), scan->text.len);
    size_t line = scan_next_line(scan, name->to);

    while (is_on && line < scan->text.len && lines > 0) {
        size_t next = scan_next_line(scan, line);
        is_on = wait_line(scan, &wait, word, line, next);
        line = next;
        lines--;
    }
    is_on = is_on && scan->text.len == whole.len;
    scan_widen(scan, whole);
    if (is_on && lines > 0 && scan->carry != NULL) {
        scan_ask(scan);
        scan->carry->pair_lines = lines;
        scan->carry->pair_wait = wait;
        scan->carry->pair_word = word;
    }
    return name->to;
}

/* Whether the line break at `at` was read out of one that a backslash of the line stands before, in
 * a string of JSON: \\\n, and twice as many backslashes with each string around that. */
static bool is_continued_break(const struct scan *scan, size_t at) {
    if (scan->map == NULL || scan_char(scan, at) != '\n') {
        return false;
    }
    uint32_t slashes = scan->map[at + 1] - scan->map[at] - 1;
    return slashes == 3 || slashes == 6 || slashes == 12;
}

size_t pair_continued(struct scan *scan, const struct name *name, size_t at) {
    bool is_here = scan_has(scan, at, "<<");
    bool is_break = is_continued_break(scan, at);
    size_t from = at + (is_here ? 2 : is_break ? 0 : 1);

    char before = at > 0 ? scan->text.ptr[at - 1] : '\0'; /* code has blanks around its = */
    bool is_end = (scan_char(scan, at) == '\\' || is_break) &&
                  (before == '=' || scan->text.ptr[name->from] == '-');
    if (name->quote != '\0' || (!is_here && !is_end)) {
        return 0;
    }
    from += is_here && is_any(scan_char(scan, from), "-~") ? 1 : 0;
    from += is_here && is_any(scan_char(scan, from), "'\"") ? 1 : 0;
    size_t to = is_here ? scan_name_end(scan, from) : from;
    size_t end = to + (is_here && is_any(scan_char(scan, to), "'\"") ? 1 : 0);
    if ((is_here && to == from) || !scan_is_line_over(scan, lead_colour_end(scan->text, end)) ||
        !name_is_secret(scan, name)) {
        return 0;
    }
    return is_here ? wait_after(scan, name, PAIR_TEXT, word_hash(str_slice(scan->text, from, to)))
                   : wait_after(scan, name, PAIR_NEXT, 0);
}

void pair_open(struct scan *scan, const struct name *name, size_t from) {
    size_t to = word_end(scan, from, scan->text.len);

    if (to - from >= OPEN_MIN && scan_is_line_over(scan, lead_colour_end(scan->text, to))) {
        (void)wait_after(scan, name, PAIR_OPEN, 0);
    }
}

size_t pair_below(struct scan *scan, const struct name *name) {
    size_t at = scan_line_begin(scan, name->from);

    while (at < name->from && !is_drawn_line(scan, at)) {
        at++;
    }
    if (at == name->from) {
        (void)wait_after(scan, name, PAIR_RULE, 0);
        return 0;
    }
    return wait_after(scan, name, PAIR_TREE, 0);
}

size_t pair_after(struct scan *scan, const struct name *name, size_t after) {
    size_t element = element_after(scan, name);
    if (element > 0) {
        return element;
    }
    enum pair_wait wait = is_form_part(scan, name)       ? PAIR_FORM
                          : is_dumped(scan, name, after) ? PAIR_STRING
                          : is_yaml_key(scan, name)      ? PAIR_KEY
                          : is_shown(scan, name)         ? PAIR_SHOWN
                          : is_item(scan, name)          ? PAIR_ITEM
                                                         : PAIR_LABEL;
    if (wait != PAIR_LABEL) {
        return name_is_secret(scan, name) ? wait_after(scan, name, wait, 0) : 0;
    }
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
        scan->carry->pair_wait = is_alone ? PAIR_INPUT : PAIR_LABEL;
    }
    return is_found ? name->to : 0;
}

void pair_line(struct scan *scan, struct carry *carry) {
    const struct name name = {.kind = "key"};
    bool is_over = false;
    size_t to = scan->text.len < REACH ? scan->text.len : REACH;

    if (carry->pair_wait > PAIR_INPUT) {
        is_over = !wait_line(scan, &carry->pair_wait, carry->pair_word, 0, scan->text.len);
    } else {
        (void)pair_search(scan, &name, 0, to, carry->pair_wait == PAIR_INPUT, &is_over);
    }
    carry->pair_lines = is_over ? 0 : carry->pair_lines - 1;
}
