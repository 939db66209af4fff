/* guard/redact/match.c: where a token or a text that carries one goes from and to, once an anchor
 * of the table was found.
 *
 * A body longer than its minimum is masked to its end: an unknown, longer form of a token never
 * shows its tail. */
#include "guard/redact/match.h"

#include "base/encode.h"
#include "guard/redact/body.h"
#include "guard/redact/generic.h"
#include "guard/redact/reference.h"

#include <string.h>

enum {
    BLOCK_QUOTED_LINES = 200,
    LABEL_MAX = 64,
    LEAD_MAX = 80,
    BASIC_MAX = 1024,
    SK_LOOK = 256,
    SK_PLAIN = 20,
    UNSEAL_LOOK = 16,
    DISCORD_ID_MIN = 23, /* characters of an id of 17 digits in Base64 */
    DISCORD_ID_MAX = 28,
    DISCORD_TIME = 6,
    DISCORD_CHECK = 27
};

size_t match_token(struct scan *scan, const struct rule *rule, size_t at) {
    size_t body = at + strlen(rule->anchor);

    if (!scan_is_start(scan, at)) {
        return 0;
    }
    size_t to = scan_run_end(scan, rule->body, body);
    if (to - body < rule->min ||
        (rule->is_body != NULL && !rule->is_body(str_slice(scan->text, body, to)))) {
        return 0;
    }
    scan_add(scan, at, to, rule->kind, SPAN_PLAIN);
    return to;
}

size_t match_aws_id(struct scan *scan, const struct rule *rule, size_t at) {
    size_t to = match_token(scan, rule, at);

    if (to > 0) {
        scan_hint(scan, at);
    }
    return to;
}

/* Whether SK_PLAIN letters and digits stand in a row in [from, to). */
static bool has_plain_row(const char *p, size_t from, size_t to) {
    for (size_t last = from + SK_PLAIN - 1; last < to;) {
        size_t n = 0;

        while (n < SK_PLAIN && is_alnum(p[last - n])) {
            n++;
        }
        if (n == SK_PLAIN) {
            return true;
        }
        last += SK_PLAIN - n;
    }
    return false;
}

size_t match_sk(struct scan *scan, const struct rule *rule, size_t at) {
    const struct sift *sift = scan->sift;
    size_t body = at + strlen(rule->anchor);
    bool is_new = at >= scan->plain_to && scan_is_start(scan, at);
    size_t to = is_new ? scan_run_end(scan, rule->body, body) : body;
    size_t look = to - body > SK_LOOK ? body + SK_LOOK : to;
    size_t end = scan->sift_at + look;

    if (to - body < rule->min) {
        return 0;
    }
    if (bits_next(sift->uppers, sift->digits, scan->sift_at + body, end) == end &&
        !has_plain_row(scan->text.ptr, body, look)) {
        scan->plain_to = look < to ? body + SK_LOOK / 2 : to; /* no use to ask in it */
        return 0;
    }
    scan_add(scan, at, to, rule->kind, SPAN_PLAIN);
    return to;
}

size_t match_jwt(struct scan *scan, const struct rule *rule, size_t at) {
    if (!scan_is_start(scan, at)) {
        return 0;
    }
    size_t end = scan_run_end(scan, SET_TOKEN, at); /* dots included */
    ptrdiff_t first = scan_find_next(scan, &scan->dots[0], at, ".");
    if (first < 0 || (size_t)first >= end || (size_t)first - at < rule->min) {
        return 0;
    }
    ptrdiff_t second = scan_find_next(scan, &scan->dots[1], (size_t)first + 1, ".");
    bool is_cut = scan_has(scan, (size_t)first + 1, rule->anchor); /* its signature is elsewhere */
    if (!is_cut && (second < 0 || (size_t)second >= end)) {
        return 0;
    }
    scan_add(scan, at, end, rule->kind, SPAN_PLAIN);
    return end;
}

/* Where a key block ends that is open at `at`, or 0 when its END is not in the text. */
static size_t pem_end(struct scan *scan, size_t at) {
    ptrdiff_t end = scan_find_next(scan, &scan->pem_end, at, "-----END");

    if (end < 0) {
        return 0;
    }
    ptrdiff_t dashes = scan_find(scan, (size_t)end + 8, (size_t)end + 8 + LABEL_MAX, "-----");
    return dashes < 0 ? scan->text.len : (size_t)dashes + 5;
}

/* The first quote in [from, to); `to` when there is none. */
static size_t next_quote(const struct scan *scan, size_t from, size_t to) {
    size_t at = from;

    while (at < to && !is_any(scan->text.ptr[at], "\"'`")) {
        at++;
    }
    return at;
}

/* " RSA PRIVATE KEY": capitals, digits and blanks up to the dashes. */
static size_t label_end(const struct scan *scan, size_t at) {
    size_t to = at;

    while (
        to < scan->text.len && to - at < LABEL_MAX &&
        (scan->text.ptr[to] == ' ' || charset_has(&charsets[SET_CAPITALS], scan->text.ptr[to]))) {
        to++;
    }
    return scan_has(scan, to, "-----") ? to : at;
}

/* The end of the text; the end of its line where the next line is not this view's to decide. */
static size_t scan_rest(const struct scan *scan) {
    size_t to = scan->text.len;

    while (scan->carry == NULL && to > 0 && is_any(scan->text.ptr[to - 1], "\r\n")) {
        to--;
    }
    return to;
}

size_t match_pem(struct scan *scan, const struct rule *rule, size_t at) {
    size_t label = at + strlen(rule->anchor);
    size_t dashes = label_end(scan, label);

    if (scan_find(scan, label, dashes, "PRIVATE KEY") < 0) {
        return 0;
    }
    scan_ask(scan);
    size_t body = dashes + 5;
    size_t to = pem_end(scan, body);
    size_t limit = to == 0 ? scan->text.len : to;
    size_t quote = next_quote(scan, body, limit);
    enum block block = BLOCK_NONE;
    if (quote < limit) {
        /* A string ends before the block does: quoted, piece by piece, or only talked about. */
        while (quote > body && scan->text.ptr[quote - 1] == '\\') {
            quote--;
        }
        to = quote;
        block = BLOCK_QUOTED;
    } else if (to == 0) {
        to = scan_rest(scan);
        block = BLOCK_PEM;
    }
    if (scan->carry != NULL && block != BLOCK_NONE) {
        scan->carry->block = block;
        scan->carry->block_lines = BLOCK_QUOTED_LINES;
    }
    scan_add(scan, at, to, rule->kind, SPAN_PLAIN);
    return to;
}

size_t match_putty(struct scan *scan, const struct rule *rule, size_t at) {
    scan_ask(scan);
    size_t quote = next_quote(scan, at, scan->text.len);
    bool is_quoted = quote < scan->text.len; /* in a string, or in one a line */
    size_t to = is_quoted ? scan_before_slashes(scan, at, quote) : scan_rest(scan);
    if (scan->carry != NULL) {
        scan->carry->block = is_quoted ? BLOCK_QUOTED : BLOCK_PUTTY;
        scan->carry->block_lines = BLOCK_QUOTED_LINES;
    }
    scan_add(scan, at, to, rule->kind, SPAN_PLAIN);
    return to;
}

static inline __attribute__((always_inline)) size_t find_char(const struct scan *scan, size_t from,
                                                              size_t to, const char *chars) {
    while (from < to && scan->text.ptr[from] != '\0' && !is_any(scan->text.ptr[from], chars)) {
        from++;
    }
    return from;
}

static bool is_port(const struct scan *scan, size_t from, size_t to) {
    for (size_t i = from; i < to; i++) {
        if (!is_digit(scan->text.ptr[i])) {
            return false;
        }
    }
    return true;
}

/* Whether a host is followed by properties, as in jdbc:sqlserver://host:1433;user=a;password=b@c */
static bool has_properties(const struct scan *scan, size_t from, size_t to) {
    size_t end = find_char(scan, from, to, ";");
    size_t colon = find_char(scan, from, end, ":");
    size_t sign = end + 1;

    if (end == to || find_char(scan, from, end, "@") < end ||
        (colon < end && !is_port(scan, colon + 1, end))) {
        return false;
    }
    while (sign < to && is_name_char(scan->text.ptr[sign])) {
        sign++;
    }
    return sign > end + 1 && scan_char(scan, sign) == '=';
}

size_t match_uri(struct scan *scan, const struct rule *rule, size_t at) {
    size_t user = at + strlen(rule->anchor);
    size_t word = scan_word_end(scan, user);
    size_t last_at = scan->word.last_at; /* one past it */
    bool is_scheme = at > 0 && is_alnum(scan->text.ptr[at - 1]);

    if (!is_scheme || last_at <= user) {
        return 0;
    }
    size_t authority = find_char(scan, user, word, "/?#\\");
    if (has_properties(scan, user, authority)) {
        return 0; /* their names tell which is a password */
    }
    size_t sign = authority;
    while (sign > user && scan->text.ptr[sign - 1] != '@') {
        sign--;
    }
    size_t colon = find_char(scan, user, authority, ":");
    if (sign == user) { /* no @ before the path */
        bool is_odd = colon < authority && !is_port(scan, colon + 1, authority);
        if (!is_odd || last_at <= authority) {
            return 0;
        }
        scan_add(scan, colon + 1, last_at - 1, rule->kind, SPAN_PLAIN);
        return last_at;
    }
    if (scan_has(scan, sign, "sha256:")) {
        return 0; /* docker-pullable://NAME@DIGEST */
    }
    sign--;             /* the @ itself */
    if (colon < sign) { /* in "TOKEN:x-oauth-basic" the user is the secret */
        bool is_token = scan_has(scan, colon + 1, "x-oauth-basic@");
        if (reference_is_variable(str_slice(scan->text, colon + 1, sign))) {
            return sign;
        }
        scan_add(scan, is_token ? user : colon + 1, sign, rule->kind, SPAN_PLAIN);
        return sign;
    }
    bool is_public = str_eq(str_slice(scan->text, user, sign), STR("git")) ||
                     (at >= 3 && scan_has(scan, at - 3, "ssh"));
    scan_add(scan, user, is_public ? user : sign, rule->kind, SPAN_PLAIN);
    return sign;
}

static size_t skip_blanks(const struct scan *scan, size_t at) {
    while (at < scan->text.len && (scan->text.ptr[at] == ' ' || scan->text.ptr[at] == '\t')) {
        at++;
    }
    return at;
}

/* Where the last word of a line or a string ends that begins at `at` and has signs among letters,
 * as no word of a sentence; `at` when it is none. */
static size_t signed_word_end(const struct scan *scan, size_t at) {
    size_t to = at;
    bool has_sign = false;

    while (to < scan->text.len && !is_blank(scan->text.ptr[to]) &&
           !is_any(scan->text.ptr[to], "\"'`\\<>(){}\x1b")) {
        has_sign = has_sign || (to > at && is_any(scan->text.ptr[to], "!$^&*@?~#") &&
                                is_alnum(scan_char(scan, to + 1)));
        to++;
    }
    bool is_last = scan_is_line_over(scan, to) || is_any(scan_char(scan, to), "\"'\\\x1b");
    return has_sign && is_last ? to : at;
}

size_t match_bearer(struct scan *scan, const struct rule *rule, size_t at) {
    size_t after = at + strlen(rule->anchor);
    bool is_protocol = scan_has(scan, after, ", ") && value_is_opaque(scan->text, after + 2, false);
    after += is_protocol ? 1 : 0; /* Sec-WebSocket-Protocol: bearer, VALUE */
    size_t body = skip_blanks(scan, after);
    bool has_digit = false; /* or a sign in it */

    if (body == after || !scan_is_start(scan, at)) {
        return 0;
    }
    size_t to = scan_run_end(scan, rule->body, body);
    if (rule->body == SET_COOKIE && is_any(scan_char(scan, to), "!$^&*@?~#")) {
        size_t word = signed_word_end(scan, body);
        has_digit = word > body;
        to = has_digit ? word : to;
    }
    for (size_t i = body; i < to && !has_digit; i++) {
        has_digit = is_digit(scan->text.ptr[i]);
    }
    size_t name = body;
    while (name < to && (is_letter(scan->text.ptr[name]) || scan->text.ptr[name] == '_')) {
        name++;
    }
    bool is_setting = scan_char(scan, name) == '=' && is_alnum(scan_char(scan, name + 1));
    if (to - body < rule->min || (!has_digit && to - body < 20) || is_setting) {
        return 0; /* token_type=bearer expires_in=3600 */
    }
    scan_add(scan, body, to, rule->kind, SPAN_PLAIN);
    return to;
}

size_t match_oauth_code(struct scan *scan, const struct rule *rule, size_t at) {
    enum { LOOK = 256 };
    size_t body = at + strlen(rule->anchor);
    size_t to = scan_run_end(scan, rule->body, body);
    size_t from = at > LOOK ? at - LOOK : 0;
    bool is_of_grant = scan_find(scan, from, at, "authorization_code") >= 0 ||
                       scan_find(scan, from, at, "state=") >= 0 ||
                       scan_find(scan, to, to + LOOK, "&state=") >= 0 ||
                       scan_find(scan, to, to + LOOK, "authorization_code") >= 0;

    to = to < body + LOOK ? to : body + LOOK;
    if (to - body < rule->min || !is_of_grant) {
        return 0;
    }
    scan_add(scan, body, to, rule->kind, SPAN_PLAIN);
    return to;
}

size_t match_basic(struct scan *scan, const struct rule *rule, size_t at) {
    CLEANUP(buf_done) struct buf bytes = BUF_INIT(BASIC_MAX);
    struct err err;
    size_t after = at + strlen(rule->anchor);
    size_t body = skip_blanks(scan, after);

    if (body == after || !scan_is_start(scan, at)) {
        return 0;
    }
    size_t to = scan_run_end(scan, rule->body, body);
    if (to - body < rule->min) {
        return 0;
    }
    struct str text = str_slice(scan->text, body, to);
    bool is_pair = text.len > BASIC_MAX || (base64_read(text, &bytes, &err) == ERR_NONE &&
                                            str_find(buf_str(&bytes), STR(":")) >= 0);
    mem_wipe(bytes.ptr, bytes.len);
    if (!is_pair) {
        return 0;
    }
    scan_add(scan, body, to, rule->kind, SPAN_PLAIN);
    return to;
}

size_t match_hook(struct scan *scan, const struct rule *rule, size_t at) {
    static const char *const places[] = {"services/",  "workflows/",    "triggers/",    "webhook/",
                                         "webhookb2/", "api/webhooks/", "hooks/catch/", "v2/",
                                         "v3/",        "ws/v3/"};
    size_t after = at + strlen(rule->anchor);

    for (size_t i = 0; i < ARRAY_N(places); i++) {
        if (scan_has(scan, after, places[i])) {
            size_t body = after + strlen(places[i]);
            size_t to = scan_run_end(scan, rule->body, body);
            scan_add(scan, body, to - body < rule->min ? body : to, rule->kind, SPAN_PLAIN);
            return to;
        }
    }
    return 0;
}

size_t match_path(struct scan *scan, const struct rule *rule, size_t at) {
    size_t body = at + strlen(rule->anchor);
    size_t to = scan_run_end(scan, rule->body, body);

    if (to - body < rule->min || !rule->is_body(str_slice(scan->text, body, to))) {
        return 0;
    }
    scan->found_from = body;
    scan_add(scan, body, to, rule->kind, SPAN_PLAIN);
    return to;
}

static bool is_lead_char(const struct rule *rule, char c) {
    return rule->body == SET_AZURE ? charset_has(&charsets[SET_AZURE], c) : is_alnum(c);
}

size_t match_infix(struct scan *scan, const struct rule *rule, size_t at) {
    size_t to = scan_run_end(scan, rule->body, at + strlen(rule->anchor));
    size_t from = at;

    while (from > 0 && at - from < LEAD_MAX && is_lead_char(rule, scan->text.ptr[from - 1])) {
        from--;
    }
    if (at - from < rule->lead || to - at < rule->min + strlen(rule->anchor)) {
        return 0;
    }
    scan->found_from = from;
    scan_add(scan, from, to, rule->kind, SPAN_PLAIN);
    return to;
}

size_t match_placed(struct scan *scan, const struct rule *rule, size_t at) {
    size_t to = scan_run_end(scan, rule->body, at);
    size_t from = at;

    while (from > 0 && at - from <= rule->lead && is_base64(scan->text.ptr[from - 1])) {
        from--;
    }
    if (at - from != rule->lead || to - at < rule->min + strlen(rule->anchor)) {
        return 0;
    }
    scan->found_from = from;
    scan_add(scan, from, to, rule->kind, SPAN_PLAIN);
    return to;
}

size_t match_nats(struct scan *scan, const struct rule *rule, size_t at) {
    size_t to = scan_is_start(scan, at) ? scan_run_end(scan, rule->body, at) : at;

    if (!body_is_nats_seed(str_slice(scan->text, at, to))) {
        return 0;
    }
    scan_add(scan, at, to, rule->kind, SPAN_PLAIN);
    return to;
}

/* Characters of Base64 of URLs from `at` on, no further than `max`. */
static size_t word_run(const struct scan *scan, size_t at, size_t max) {
    size_t to = at;

    while (to - at < max && charset_has(&charsets[SET_WORD], scan_char(scan, to))) {
        to++;
    }
    return to - at;
}

size_t match_discord(struct scan *scan, const struct rule *rule, size_t at) {
    size_t time = at + word_run(scan, at, DISCORD_ID_MAX) + 1;
    size_t check = time + DISCORD_TIME + 1;

    for (size_t k = 0; k < SIEVE_WINDOW; k++) {
        if (!is_any(scan_char(scan, at + k), rule->sets[k])) {
            return 0; /* the case counts */
        }
    }
    if (!scan_is_start(scan, at) || time - at <= DISCORD_ID_MIN ||
        scan_char(scan, time - 1) != '.' ||
        word_run(scan, time, DISCORD_TIME + 1) != DISCORD_TIME ||
        scan_char(scan, check - 1) != '.' ||
        word_run(scan, check, DISCORD_CHECK) != DISCORD_CHECK) {
        return 0;
    }
    size_t to = scan_run_end(scan, SET_WORD, check);
    scan_add(scan, at, to, rule->kind, SPAN_PLAIN);
    return to;
}

size_t match_facebook(struct scan *scan, const struct rule *rule, size_t at) {
    size_t body = at + SIEVE_WINDOW - 1;
    size_t to = scan_run_end(scan, rule->body, body);
    size_t from = at;

    while (from > 0 && at - from < LEAD_MAX && is_digit(scan->text.ptr[from - 1])) {
        from--;
    }
    if (!scan_is_start(scan, from) || at - from + 2 < rule->lead || to - body != rule->min ||
        !body_is_mixed(str_slice(scan->text, body, to))) {
        return 0;
    }
    scan->found_from = from;
    scan_add(scan, from, to, rule->kind, SPAN_PLAIN);
    return to;
}

size_t match_unseal(struct scan *scan, const struct rule *rule, size_t at) {
    size_t after = at + strlen(rule->anchor);

    for (size_t from = after; from < scan->text.len && from - after < UNSEAL_LOOK; from++) {
        size_t to = scan_run_end(scan, rule->body, from);
        if (to - from >= rule->min) {
            scan_add(scan, from, to, rule->kind, SPAN_PLAIN);
            return to;
        }
        from = to; /* at what ended the run */
    }
    return 0;
}

bool rule_has_body(const struct rule *rule) {
    return rule->min >= SIEVE_WINDOW &&
           (rule->match == match_token || rule->match == match_aws_id || rule->match == match_sk ||
            rule->match == match_nats);
}

size_t match_add_mask(struct scan *scan, const struct rule *rule, size_t at) {
    size_t from = at + strlen(rule->anchor);
    struct within whole = scan_narrow(scan, at, false);
    size_t to = from;

    while (to < scan->text.len && !is_any(scan->text.ptr[to], "\r\n") &&
           !(scan->text.ptr[to] == '\\' && is_any(scan_char(scan, to + 1), "nr"))) {
        to++;
    }
    scan_add(scan, from, to, rule->kind, SPAN_PLAIN);
    scan_widen(scan, whole);
    return to > from ? to : 0;
}

bool rule_begins_word(const struct rule *rule) {
    return rule->match == match_token || rule->match == match_aws_id || rule->match == match_sk ||
           rule->match == match_jwt || rule->match == match_bearer || rule->match == match_basic ||
           rule->match == match_nats || rule->match == match_discord;
}
