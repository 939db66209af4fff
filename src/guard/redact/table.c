/* guard/redact/table.c: columns whose head is the name of a secret.
 *
 *    id | password        | Name | Password |      id,password      INSERT INTO t (id, password)
 *   ----+----------       |------|----------|      1,VALUE          VALUES (1, 'VALUE')
 *     1 | VALUE           | bob  | VALUE    |
 *
 * A head has names alone; between bars, a rule follows it. Rows have as many cells as it. */
#include "guard/redact/table.h"

#include "guard/redact/key.h"
#include "guard/redact/lead.h"
#include "guard/redact/word.h"

#include <string.h>

enum { CELLS_MAX = 64, ROW_MAX = 4096, LIST_MAX = 1024, HEAD_MAX = 1024 };

/* What stands around a name in its cell. */
static const char head_marks[] = " `\"*\\";

/* Bars may be drawn. */
static const char *const bars[] = {"|", "\xe2\x94\x82", "\xe2\x94\x83", "\xe2\x95\x91"};

/* The bytes of the separator at `at`; 0 when none stands there. */
static size_t separator_at(const struct scan *scan, size_t at, char separator) {
    if (separator == '\t' && scan_char(scan, at) == '\\') { /* in a string */
        size_t letter = scan_skip_slashes(scan, at);
        return scan_char(scan, letter) == 't' ? letter + 1 - at : 0;
    }
    if (separator == ' ') {
        size_t to = scan_skip_blanks(scan, at);
        return to > at + 1 ? to - at : 0;
    }
    if (separator != '|') {
        return scan_char(scan, at) == separator ? 1 : 0;
    }
    for (size_t i = 0; i < ARRAY_N(bars); i++) {
        if (scan_has(scan, at, bars[i])) {
            return strlen(bars[i]);
        }
    }
    return 0;
}

/* The quote at `at`, with the backslashes that strings put before it; empty when none stands there.
 */
static struct str quote_at(const struct scan *scan, size_t at) {
    size_t quote = scan_skip_slashes(scan, at);

    return str_slice(scan->text, at, scan_char(scan, quote) == '"' ? quote + 1 : at);
}

/* Where what the quote at `at` opens ends, behind the quote that closes it and is not doubled
 * (RFC 4180); 0 when none does. */
static size_t quoted_cell_end(const struct scan *scan, size_t at, size_t to) {
    struct str text = str_slice(scan->text, 0, to);
    struct str quote = quote_at(scan, at);

    for (at += quote.len; at < to;) {
        bool is_quote = str_starts(str_slice(text, at, to), quote);
        at += is_quote ? quote.len : 1;
        if (is_quote && !str_starts(str_slice(text, at, to), quote)) {
            return at;
        }
        at += is_quote ? quote.len : 0;
    }
    return 0;
}

/* Where the cell at `at` ends. One of CSV may be quoted. */
static size_t cell_end(const struct scan *scan, size_t at, size_t to, char separator) {
    if (!is_any(separator, "| ") && quote_at(scan, at).len > 0) {
        size_t end = quoted_cell_end(scan, at, to);
        at = end > 0 ? end : to;
    }
    while (at < to && separator_at(scan, at, separator) == 0) {
        at++;
    }
    return at;
}

/* [from, to) without those of `first` at its begin and of `last` at its end. */
static void cell_trim(const struct scan *scan, const char *first, const char *last, size_t *from,
                      size_t *to) {
    while (*from < *to && is_any(scan->text.ptr[*from], first)) {
        (*from)++;
    }
    while (*to > *from && is_any(scan->text.ptr[*to - 1], last)) {
        (*to)--;
    }
}

/* Whether [from, to) may be a cell of CSV: what begins with a quote ends with it (RFC 4180). Lines
 * of JSON have commas at their ends too. */
static bool is_csv_cell(const struct scan *scan, size_t from, size_t to) {
    static const char blanks[] = " \t\r\n";

    cell_trim(scan, blanks, blanks, &from, &to);
    return from == to || quote_at(scan, from).len == 0 || quoted_cell_end(scan, from, to) == to;
}

static bool is_drawn(const struct scan *scan, size_t at) {
    return scan_has(scan, at, "\xe2\x94") || scan_has(scan, at, "\xe2\x95");
}

/* Of blanks, - + = | : alone, or drawn. */
static bool is_rule(const struct scan *scan, size_t from, size_t to) {
    size_t dashes = 0;

    for (size_t at = from; at < to; at++) {
        bool is_line = is_drawn(scan, at);
        if (!is_line && !is_any(scan->text.ptr[at], " -+=|:\t\r")) {
            return false;
        }
        dashes += is_line || is_any(scan->text.ptr[at], "-=") ? 1 : 0;
        at += is_line ? 2 : 0;
    }
    return dashes > 2;
}

/* Where a line break at the end of [from, to) begins, as strings write it, or what sets a colour
 * there; `to` when none does. */
static size_t line_break_begin(const struct scan *scan, size_t from, size_t to) {
    struct str text = str_slice(scan->text, 0, to);
    size_t before = to - from > 1 && is_any(text.ptr[to - 1], "nr")
                        ? text_back_over(text, to - 1, to - 1 - from, "\\")
                        : to;

    while (to > from && is_line_end(text.ptr[to - 1])) {
        to--;
    }
    size_t colour = text_colour_begin(text, to);
    return before + 1 < to ? before : colour > from && colour < to ? colour : to;
}

/* Where the line [from, to) has its cells: without what a log puts before it, blanks, and the bars
 * at its ends. */
static void row_trim(const struct scan *scan, char separator, size_t *from, size_t *to) {
    *from += lead_len(str_slice(scan->text, *from, *to));
    for (size_t end = line_break_begin(scan, *from, *to); end < *to;
         end = line_break_begin(scan, *from, *to)) {
        *to = end;
    }
    while (*to > *from && is_any(scan->text.ptr[*to - 1], separator == '\t' ? "\r\n" : " \t\r\n")) {
        (*to)--;
    }
    for (size_t at = *from - 1; separator != '\t' && at != *from && *from < *to;) {
        at = *from;
        *from = lead_colour_end(scan->text, scan_skip_blanks(scan, at));
    }
    if (separator != '|') {
        return;
    }
    *from += separator_at(scan, *from, separator);
    for (size_t i = 0; i < ARRAY_N(bars); i++) {
        *to -= str_ends(str_slice(scan->text, *from, *to), str_from(bars[i])) ? strlen(bars[i]) : 0;
    }
}

/* How many cells [from, to) has; 0 when it is none of CSV. */
static size_t cells_count(const struct scan *scan, size_t from, size_t to, char separator) {
    bool is_csv = is_any(separator, ",;");
    size_t n = 0;

    for (size_t end = from; n <= CELLS_MAX; from = end + separator_at(scan, end, separator)) {
        end = cell_end(scan, from, to, separator);
        if (is_csv && !is_csv_cell(scan, from, end)) {
            return 0;
        }
        n++;
        if (end >= to) {
            break;
        }
    }
    return n;
}

/* Whether a cell of a head may be in [from, to). */
static bool is_head(const struct scan *scan, size_t from, size_t to, char separator) {
    for (size_t at = from; at < to; at++) {
        char c = scan->text.ptr[at];
        size_t bar = separator_at(scan, at, separator);
        bool is_wide = c == ' ' && (is_any(separator, "|\t") ||
                                    (at > from && scan->text.ptr[at - 1] != separator));
        if (bar == 0 && !is_wide && !is_alnum(c) && !is_any(c, "_-*`\"()\\")) {
            return false;
        }
        at += bar > 0 ? bar - 1 : 0;
    }
    return true;
}

static void cell_mask(struct scan *scan, size_t from, size_t to) {
    static const struct str words[] = {W("null"), W("true"), W("false")};

    cell_trim(scan, " \t`\"*\\", " \t\r\n`\"\\", &from, &to);
    size_t begin = lead_colour_end(scan->text, from);
    size_t end = text_colour_begin(scan->text, to);
    from = begin < to ? begin : from;
    to = end > from ? end : to;
    struct str value = str_slice(scan->text, from, to);
    if (!word_is_one_of(value, words, ARRAY_N(words)) && !str_eq(value, STR("\\N"))) {
        scan_add(scan, from, to, "key", SPAN_PLAIN);
    }
}

/* The rule below a head whose cells stand by their places, as "----  -----" tells them. */
static bool rule_read(const struct scan *scan, struct table_carry *table, size_t from, size_t to) {
    size_t n = 0;

    for (size_t at = from; at < to; at++) {
        bool is_begin = scan->text.ptr[at] != ' ' && (at == from || scan->text.ptr[at - 1] == ' ');
        if (is_begin && n < TABLE_FIXED_MAX && at - from < UINT16_MAX) {
            table->at[n] = (uint16_t)(at - from);
        }
        n += is_begin ? 1 : 0;
    }
    table->is_ruled = n == table->cells && n <= TABLE_FIXED_MAX;
    return table->is_ruled;
}

/* Where the column stands that is `column` bytes behind `from`, those not counted that set colours;
 * `to` when the line is shorter. */
static size_t column_at(const struct scan *scan, size_t from, size_t to, size_t column) {
    for (size_t at = from; at < to; at++) {
        for (size_t end = lead_colour_end(scan->text, at); end > at;
             end = lead_colour_end(scan->text, at)) {
            at = end;
        }
        if (column == 0) {
            return at < to ? at : to;
        }
        column--;
    }
    return to;
}

/* Whether the line [from, to) has its cells where the rule has them: each begins behind a blank,
 * and none before the last is empty. */
static bool is_fixed_row(const struct scan *scan, const struct table_carry *table, size_t from,
                         size_t to) {
    for (size_t i = 0; i < table->cells; i++) {
        size_t at = column_at(scan, from, to, table->at[i]);
        size_t blank = text_colour_begin(scan->text, at);
        bool is_cell = at < to && scan->text.ptr[at] != ' ';
        bool is_behind =
            i == 0 || (is_cell && blank > from + 1 && scan->text.ptr[blank - 1] == ' ' &&
                       (!table->is_open || scan->text.ptr[blank - 2] == ' '));
        if (!is_cell || !is_behind) {
            return false;
        }
    }
    return true;
}

/* The `i`th cell of the row [from, to), the one before which ended at `*end`. */
static size_t row_cell(const struct scan *scan, const struct table_carry *table, size_t i,
                       size_t from, size_t to, size_t *end) {
    if (table->separator != ' ') {
        size_t begin = i == 0 ? from : *end + separator_at(scan, *end, table->separator);
        *end = cell_end(scan, begin, to, table->separator);
        return begin;
    }
    size_t begin = column_at(scan, from, to, table->at[i]);
    size_t next = i + 1 < table->cells ? column_at(scan, from, to, table->at[i + 1]) : to;
    *end = next < to ? text_colour_begin(scan->text, next) : to;
    while (*end<to && * end> begin && scan->text.ptr[*end - 1] != ' ') {
        (*end)++; /* it is longer than its column */
    }
    return begin;
}

/* One line below the head; false when the table is over, as where a list of JSON ends that a head
 * is the last string of. */
static bool row_mask(struct scan *scan, struct table_carry *table, size_t from, size_t to) {
    bool is_fixed = table->separator == ' ';

    row_trim(scan, table->separator, &from, &to);
    if (is_rule(scan, from, to)) {
        table->is_ruled = true;
        return !is_fixed || rule_read(scan, table, from, to);
    }
    if (!table->is_ruled || to - from > ROW_MAX || to == from ||
        is_any(scan_char(scan, from), "]}") ||
        (is_fixed ? !is_fixed_row(scan, table, from, to)
                  : cells_count(scan, from, to, table->separator) != table->cells)) {
        return false;
    }
    bool is_pair = false;
    size_t end = from;
    for (size_t i = 0; i < table->cells; i++) {
        size_t begin = row_cell(scan, table, i, from, to, &end);
        if (table->is_pairs && i == table->name_cell) {
            size_t name = begin;
            size_t stop = end;
            cell_trim(scan, head_marks, head_marks, &name, &stop);
            is_pair = key_is_secret(str_slice(scan->text, name, stop));
        }
        if ((table->columns >> i & 1) != 0 || (is_pair && i == table->value_cell)) {
            cell_mask(scan, begin, end);
        }
    }
    return true;
}

/* password and db_password; token alone is what many tables tell about. */
static bool is_head_name(struct str name) {
    return name_is_password(name) || str_find(name, STR("_")) > 0 || str_find(name, STR("-")) > 0 ||
           str_eq_nocase(name, STR("token")) || str_ends_nocase(name, STR("key"));
}

/* The separator on the other side of the name's cell; '\0' when it is no cell. */
static char head_separator(const struct scan *scan, const struct name *name) {
    size_t from = text_back_over(scan->text, name->from, NAME_MAX, head_marks);
    size_t to = name->to;

    while (to - name->to < NAME_MAX && is_any(scan_char(scan, to), head_marks) &&
           (scan_char(scan, to) != '\\' || is_any(scan_char(scan, to + 1), "\"\\"))) {
        to++;
    }
    char before = from > 0 ? scan->text.ptr[from - 1] : '\n';
    char after = to < scan->text.len ? scan->text.ptr[to] : '\n';
    bool is_tab = from > 1 && before == 't' && scan->text.ptr[from - 2] == '\\';
    bool is_escape = after == '\\';

    if (is_escape && scan_char(scan, to + 1) == 't') {
        return '\t';
    }
    bool is_after = !is_line_end(after) && !(is_escape && is_any(scan_char(scan, to + 1), "nr"));
    char c = is_after ? after : is_tab ? '\t' : before;
    bool is_bar = c == '|' || (unsigned char)c == 0xe2 || (!is_after && (unsigned char)c >= 0x80);
    bool is_fixed =
        !is_bar && (scan_has(scan, name->to, "  ") ||
                    (!is_after && name->from > 1 && scan_has(scan, name->from - 2, "  ")));
    return is_bar ? '|' : is_any(c, ",;\t") ? c : is_fixed ? ' ' : '\0';
}

/* ---- INSERT INTO t (a, NAME) VALUES (1, 'VALUE') ---- */

/* Where the item of a list in parentheses ends that begins at `at`. */
static size_t item_end(const struct scan *scan, size_t at) {
    size_t to = at;
    int depth = 0;

    while (to < scan->text.len && to - at < LIST_MAX) {
        char c = scan->text.ptr[to];
        if (c == '\'' || c == '"') {
            size_t end = scan_string_end(scan, to + 1, c, 0);
            to = end < scan->text.len ? end : to;
        } else if (depth == 0 && is_any(c, ",)")) {
            return to;
        }
        depth += c == '(' ? 1 : c == ')' ? -1 : 0;
        to++;
    }
    return to;
}

static void item_mask(struct scan *scan, size_t from, size_t to) {
    bool is_marked = is_any(scan_char(scan, from), "NEBx") && scan_char(scan, from + 1) == '\'';

    from += is_marked ? 1 : 0;
    if (scan_char(scan, from) == '\'' || scan_char(scan, from) == '"') {
        size_t end = scan_string_end(scan, from + 1, scan->text.ptr[from], 0);
        while (end < to && scan_char(scan, end + 1) == scan->text.ptr[from]) { /* '' in it */
            end = scan_string_end(scan, end + 2, scan->text.ptr[from], 0);
        }
        scan_add(scan, from + 1, end, "key", SPAN_PLAIN);
    }
}

/* The items of the list of names around `at` that are secrets' names, by bits; 0: it is no list of
 * names before VALUES, or none of them is. `*values`: where the first row begins. */
static uint64_t insert_columns(const struct scan *scan, size_t at, size_t *close, size_t *values) {
    size_t open = at;
    uint64_t columns = 0;

    while (*close < scan->text.len && *close - at < LIST_MAX &&
           (is_name_char(scan->text.ptr[*close]) || is_any(scan->text.ptr[*close], ", `\"[]\n"))) {
        (*close)++;
    }
    size_t word = scan_skip_blanks(scan, *close + 1);
    if (scan_char(scan, *close) != ')' ||
        !str_eq_nocase(str_slice(scan->text, word, word + 6), STR("values"))) {
        return 0;
    }
    *values = scan_skip_blanks(scan, word + 6);
    while (open > 0 && at - open < LIST_MAX && !is_any(scan->text.ptr[open - 1], "()")) {
        open--;
    }
    if (open == 0 || scan->text.ptr[open - 1] != '(') {
        return 0;
    }
    for (size_t i = 0; i < CELLS_MAX && open < *close; i++) {
        size_t end = open;
        while (end < *close && scan->text.ptr[end] != ',') {
            end++;
        }
        struct str name = str_trim(str_slice(scan->text, open, end));
        bool is_quoted = name.len > 2 && is_any(name.ptr[0], "`\"[");
        name = is_quoted ? str_slice(name, 1, name.len - 1) : name;
        columns |= key_is_secret(name) ? UINT64_C(1) << i : 0;
        open = end + 1;
    }
    return columns;
}

/* Of a list of names. */
static const struct charset list_chars = {
    {SET_DIGIT_LO | SET_LO('-') | SET_LO('.') | SET_LO(',') | SET_LO(' ') | SET_LO('"') |
         SET_LO('\n'),
     SET_UPPER_HI | SET_LOWER_HI | SET_HI('_') | SET_HI('`') | SET_HI('[') | SET_HI(']')}};

/* The brackets are looked for first: every word of a sentence is asked about. */
bool table_may_be_list(struct str s, size_t from, size_t to) {
    static const struct str values = {"values", 6};
    size_t far = from > LIST_MAX ? from - LIST_MAX - 1 : 0;
    size_t most = (to > from + LIST_MAX ? to : from + LIST_MAX) + 1;
    struct str ahead = str_slice(s, to, most);
    const char *open = memrchr(s.ptr + far, '(', from - far);

    if (open == NULL || memrchr(open, ')', (size_t)(s.ptr + from - open)) != NULL) {
        return false;
    }
    const char *close = ahead.len == 0 ? NULL : memchr(ahead.ptr, ')', ahead.len);
    if (close == NULL && most < s.len) {
        return false; /* else it may still come */
    }
    size_t last = close == NULL ? s.len : (size_t)(close - s.ptr);
    for (size_t i = to; i < last; i++) {
        if (!charset_has(&list_chars, s.ptr[i])) {
            return false;
        }
    }
    do {
        last++;
    } while (str_char(s, last) == ' ');
    return str_starts_nocase(values, str_slice(s, last, last + values.len));
}

static size_t insert_values(struct scan *scan, const struct name *name) {
    size_t close = name->to;
    size_t at = 0;

    if (name->from < scan->list_to) {
        return 0; /* looked at, with the first name of its list */
    }
    uint64_t columns = insert_columns(scan, name->from, &close, &at);
    size_t from = at;
    while (columns != 0 && at - from < ROW_MAX && scan_char(scan, at) == '(') {
        size_t end = at;
        for (size_t i = 0; scan_char(scan, end) != ')' && end < scan->text.len; i++) {
            at = scan_skip_blanks(scan, end + 1);
            end = item_end(scan, at);
            if (i < CELLS_MAX && (columns >> i & 1) != 0) {
                item_mask(scan, at, end);
            }
        }
        size_t comma = scan_skip_blanks(scan, end + 1);
        at = scan_skip_blanks(scan, comma + (scan_char(scan, comma) == ',' ? 1 : 0));
        close = end;
    }
    scan->list_to = close;
    return columns != 0 ? name->to : 0;
}

/* The cells of a head that are secrets' names, by bits. */
static uint64_t head_columns(const struct scan *scan, size_t from, size_t to, size_t cells,
                             char separator) {
    uint64_t columns = 0;

    for (size_t i = 0; i < cells && i < CELLS_MAX; i++) {
        size_t end = cell_end(scan, from, to, separator);
        size_t stop = end;
        cell_trim(scan, head_marks, head_marks, &from, &stop);
        struct str name = str_slice(scan->text, from, stop);
        columns |= is_head_name(name) && key_is_secret(name) ? UINT64_C(1) << i : 0;
        from = end + separator_at(scan, end, separator);
    }
    return columns;
}

/* Whether cells of the head are called a name and its value; in lower case. */
static void head_pairs(const struct scan *scan, struct table_carry *table, size_t from, size_t to) {
    static const struct str names[] = {W("key"),     W("name"),     W("variable"), W("parameter"),
                                       W("setting"), W("property"), W("option"),   W("output")};
    bool has_name = false;

    for (size_t i = 0; i < table->cells && i < CELLS_MAX; i++) {
        size_t end = cell_end(scan, from, to, table->separator);
        size_t stop = end;
        cell_trim(scan, head_marks, head_marks, &from, &stop);
        struct str cell = str_slice(scan->text, from, stop);
        if (!has_name && word_is_one_of(cell, names, ARRAY_N(names))) {
            has_name = true;
            table->name_cell = (uint8_t)i;
        } else if (has_name && !table->is_pairs && str_eq_nocase(cell, STR("value"))) {
            table->is_pairs = true;
            table->value_cell = (uint8_t)i;
            table->columns &= ~(UINT64_C(1) << table->name_cell); /* KEY is no secret's name here */
        }
        from = end + separator_at(scan, end, table->separator);
    }
}

/* Where the line of a head begins. */
static size_t head_begin(const struct scan *scan, const struct name *name, size_t string,
                         bool *is_begin) {
    size_t from = scan_line_begin(scan, name->from);

    *is_begin = from == 0 ? scan->is_line_start : scan->text.ptr[from - 1] == '\n';
    if (string > from) { /* of JSON */
        from = string;
        *is_begin = true;
    }
    return from + lead_len(str_slice(scan->text, from, name->from));
}

/* The lines below the head, as far as the text goes. */
static void rows_mask(struct scan *scan, struct table_carry *table, size_t line, bool may_go_on) {
    bool is_on = true;

    while (is_on && line < scan->text.len) {
        size_t below = scan_next_line(scan, line);
        is_on = row_mask(scan, table, line, below);
        scan->table_to = below;
        line = below;
    }
    scan_ask(scan);
    if (is_on && scan->carry != NULL && may_go_on) {
        scan->carry->table = *table;
    }
}

static size_t head_read(struct scan *scan, const struct name *name, struct table_carry *table,
                        size_t string) {
    bool is_begin = false;
    size_t from = head_begin(scan, name, string, &is_begin);
    size_t begin = scan_line_begin(scan, name->from);
    size_t limit = is_begin ? scan_string_limit(scan, begin, string, from + HEAD_MAX) : from;
    const char *end = memchr(scan->text.ptr + from, '\n', limit > from ? limit - from : 0);
    size_t to = end == NULL ? limit : (size_t)(end - scan->text.ptr);
    size_t line = end == NULL ? scan->text.len : to + 1;

    if (!is_begin || limit == from + HEAD_MAX) {
        return 0; /* or too long */
    }
    table->is_wrapped = end == NULL && string > 0 && line_break_begin(scan, from, to) < to;
    scan->table_to = line;
    row_trim(scan, table->separator, &from, &to);
    bool is_list =
        to > from && separator_at(scan, to - 1, table->separator) > 0; /* goes on below */
    if (is_list || !is_head(scan, from, to, table->separator)) {
        return 0;
    }
    from = table->separator == ' ' ? scan_skip_blanks(scan, from) : from;
    table->cells = cells_count(scan, from, to, table->separator);
    if (table->cells < 2) {
        return 0;
    }
    table->columns = head_columns(scan, from, to, table->cells, table->separator);
    table->is_ruled = !is_any(table->separator, "| ");
    head_pairs(scan, table, from, to);
    if (table->separator == ' ' && table->is_pairs && table->cells == 2 && table->name_cell == 0) {
        table->is_open = rule_read(scan, table, from, to); /* "KEY  VALUE" says so by itself */
    }
    if (table->columns == 0 && !table->is_pairs) {
        return 0;
    }
    limit = line < scan->text.len ? scan_string_limit(scan, begin, string, scan->text.len) : line;
    bool may_go_on = limit == scan->text.len && (string == 0 || table->is_wrapped);
    struct within whole = scan_all(scan);
    scan->text.len = limit > line ? limit : line;
    rows_mask(scan, table, line, may_go_on);
    scan_widen(scan, whole);
    return name->to;
}

/* The head that `name` is a cell of, and what is below it. */
static size_t head_match(struct scan *scan, const struct name *name, struct table_carry *table) {
    size_t line = scan_line_begin(scan, name->from);
    size_t string = name_string_begin(scan, line, name->from);

    for (size_t i = 0; i < ARRAY_N(scan->strings) && string == 0 && name->quote == '\0'; i++) {
        const struct json_string *other = &scan->strings[i]; /* an item of a list */
        bool is_in = name->from >= other->begin && name->from < other->end && other->begin > line;
        string = is_in ? other->begin : 0;
    }
    return head_read(scan, name, table, string);
}

size_t table_value_head(struct scan *scan, const struct name *name) {
    if (name->from < scan->table_to) {
        return 0;
    }
    struct within whole = scan_narrow(scan, name->from, false);
    struct table_carry table = {.separator = head_separator(scan, name)};
    size_t found = table.separator == '\0' ? 0 : head_match(scan, name, &table);
    scan_widen(scan, whole);
    return found;
}

size_t table_head(struct scan *scan, const struct name *name) {
    struct table_carry table = {.separator = head_separator(scan, name)};
    char next = scan_char(scan, scan_skip_blanks(scan, name->to));

    if (table.separator == ',' || next == ')' || next == '`') {
        size_t inserted = insert_values(scan, name);
        if (inserted > 0) {
            return inserted;
        }
    }
    if (table.separator == '\0' || name->from < scan->table_to ||
        !is_head_name(name_str(scan, name))) {
        return 0;
    }
    return head_match(scan, name, &table);
}

void table_line(struct scan *scan, struct carry *carry) {
    size_t from = 0;
    size_t to = scan->text.len;
    bool is_row = !carry->table.is_wrapped || lead_payload(scan->text, &from, &to);

    if (!is_row || !row_mask(scan, &carry->table, from, to)) {
        carry->table = (struct table_carry){0};
    }
}
