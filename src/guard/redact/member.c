/* guard/redact/member.c: members of an object of JSON, and of Python's and JavaScript's. */
#include "guard/redact/member.h"

size_t member_skip_space(const struct scan *scan, size_t at) {
    while (at < scan->text.len && is_blank(scan->text.ptr[at])) {
        at++;
    }
    return at;
}

bool member_read_value(const struct scan *scan, size_t at, struct member *out) {
    size_t sign = member_skip_space(scan, at);

    out->value = member_skip_space(scan, sign + 1);
    size_t quote = scan_skip_slashes(scan, out->value);
    char c = scan_char(scan, quote);
    if (scan_char(scan, sign) != ':' || (!is_quote(c) && !is_alnum(c))) {
        return false;
    }
    out->from = is_quote(c) ? quote + 1 : out->value;
    out->to = out->from;
    if (is_quote(c)) {
        size_t slashes = scan_quoting_slashes(quote - out->value);
        out->to = scan_string_end(scan, out->from, c, slashes);
        out->end = out->to + slashes + 1;
        return scan_char(scan, out->to + slashes) == c;
    }
    while (out->to < scan->text.len && !is_blank(scan->text.ptr[out->to]) &&
           !is_any(scan->text.ptr[out->to], ",}\"'")) {
        out->to++;
    }
    out->end = out->to;
    return true;
}

bool member_read(const struct scan *scan, size_t at, struct member *out) {
    at = member_skip_space(scan, at);
    at = member_skip_space(scan, at + (scan_char(scan, at) == ',' ? 1 : 0));
    size_t open = scan_skip_slashes(scan, at);
    char quote = scan_char(scan, open);
    bool is_bare = is_letter(quote);
    size_t slashes = is_bare ? 0 : scan_quoting_slashes(open - at);
    size_t from = open + (is_bare ? 0 : 1);

    if (!is_bare && !is_quote(quote)) {
        return false;
    }
    size_t to = is_bare ? scan_name_end(scan, from) : scan_string_end(scan, from, quote, slashes);
    size_t close = scan_skip_slashes(scan, to);
    if (!is_bare && scan_char(scan, close) != quote) {
        return false;
    }
    out->key =
        (struct name){.from = from, .to = to, .slashes = slashes, .quote = is_bare ? '\0' : quote};
    return member_read_value(scan, is_bare ? to : close + 1, out);
}
