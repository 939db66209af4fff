/* guard/redact/name.c: names of secrets in text, and what stands around them. */
#include "guard/redact/name.h"

#include "guard/redact/key.h"
#include "guard/redact/lead.h"
#include "guard/redact/phrase.h"
#include "guard/redact/word.h"

#include <string.h>

enum {
    WORDS_MAX = 48,
    LEAD_MAX = 16,
    PROMPT_MAX = 40,
    NUMBER_MAX = 4,
    AMPERSAND = 5 /* u0026 */,
    POD_TAIL = 5,
    CALL_MAX = 256
};

size_t name_string_begin(const struct scan *scan, size_t from, size_t at) {
    while (at > from) {
        const char *quote = memrchr(scan->text.ptr + from, '"', at - from);
        if (quote == NULL) {
            return 0;
        }
        size_t open = (size_t)(quote - scan->text.ptr);
        size_t before =
            text_before_blanks(scan->text, text_back_over(scan->text, open, at - from, "\\"));
        size_t key = before > from && scan->text.ptr[before - 1] == ':'
                         ? text_before_blanks(scan->text, before - 1)
                         : from;
        if (key > from && scan->text.ptr[key - 1] == '"') {
            return open + 1;
        }
        at = open;
    }
    return 0;
}

/* How much of `line`, which ends before a name, a log put there; what was asked last is remembered.
 */
static size_t lead_before(const struct scan *scan, struct str line) {
    struct led *led = scan->led;

    if (line.len == 0 || line.len > LED_MAX) {
        return lead_len(line);
    }
    if (line.len != led->len || memcmp(line.ptr, led->text, line.len) != 0) {
        led->lead = lead_len(line);
        led->len = line.len;
        memcpy(led->text, line.ptr, line.len);
    }
    return led->lead;
}

size_t name_line_begin(const struct scan *scan, size_t at, bool *is_begin) {
    size_t from = scan_line_begin(scan, at);

    budget_take(scan->budget, BUDGET_LEAD);
    *is_begin = from == 0 ? scan->is_line_start : scan->text.ptr[from - 1] == '\n';
    for (size_t i = 0; i < ARRAY_N(scan->strings); i++) { /* a string of JSON has lines, too */
        const struct json_string *string = &scan->strings[i];
        if (string->begin > from && at >= string->begin && at < string->end) {
            from = string->begin;
            *is_begin = true;
        }
    }
    size_t string = name_string_begin(scan, from, at);
    from = string > 0 ? string : from;
    *is_begin = *is_begin || string > 0;
    return *is_begin ? from + lead_before(scan, str_slice(scan->text, from, at)) : from;
}

/* Whether two words end at `at` of which the first ends as a pod's name does: "api-7d9f-x2x4k api"
 */
static bool is_after_pod(const struct scan *scan, size_t at) {
    size_t from = at;

    while (from > 0 && at - from < NAME_MAX &&
           (is_alnum(scan->text.ptr[from - 1]) || scan->text.ptr[from - 1] == '-')) {
        from--;
    }
    return from < at && from > POD_TAIL + 1 && scan->text.ptr[from - 1] == ' ' &&
           scan->text.ptr[from - 2 - POD_TAIL] == '-' && is_alnum(scan->text.ptr[from - 2]);
}

bool name_is_line_begin(const struct scan *scan, size_t at) {
    bool is_begin = false;
    size_t to = at;

    while (to > 0 && at - to < BEFORE_MAX && is_any(scan->text.ptr[to - 1], " \t")) {
        to--;
    }
    char last = to > 0 ? scan->text.ptr[to - 1] : '\n';
    if (last == '\n') {
        return to > 0 || scan->is_line_start;
    }
    bool may_lead = is_any(last, "|:Zm+\"K]-)") ||
                    (to < at && (is_hex(last) || is_upper(last) || is_any(last, "ogr><")));
    bool is_tab = last == 't' && to > 1 && scan->text.ptr[to - 2] == '\\'; /* of a string */
    may_lead = may_lead || is_tab || (to < at && is_after_pod(scan, to));
    size_t from = may_lead ? name_line_begin(scan, at, &is_begin) : at;
    return is_begin && str_trim(str_slice(scan->text, from, at)).len == 0;
}

/* Whether the prompt of Windows ends at `at`: C:\app> */
static bool is_dos_prompt(const struct scan *scan, size_t at) {
    size_t from = at;

    while (from > 0 && at - from < BEFORE_MAX && !is_line_end(scan->text.ptr[from - 1]) &&
           !is_quote(scan->text.ptr[from - 1])) {
        from--;
    }
    from += lead_len(str_slice(scan->text, from, at));
    return at > from + 2 && scan->text.ptr[at - 1] == '>' && is_letter(scan->text.ptr[from]) &&
           scan_has(scan, from + 1, ":\\");
}

bool name_begins_line(const struct scan *scan, size_t at) {
    static const struct str leads[] = {W("- "),  W("export "),     W("set "), W("ENV "),
                                       W("-\t"), W("declare -x "), W("ARG "), W("SetEnv ")};
    struct str before = str_slice(scan->text, at > LEAD_MAX ? at - LEAD_MAX : 0, at);

    if (name_is_line_begin(scan, at)) {
        return true;
    }
    for (size_t i = 0; i < ARRAY_N(leads); i++) {
        if (str_ends(before, leads[i])) {
            return name_is_line_begin(scan, at - leads[i].len) ||
                   is_dos_prompt(scan, at - leads[i].len);
        }
    }
    return false;
}

/* "key" alone says nothing, "API key: " does: where the word before it begins that is of its name;
 * `from` otherwise. */
static size_t first_word(const struct scan *scan, size_t from, size_t to) {
    static const struct str key = W("key");
    size_t word = from > 1 && scan->text.ptr[from - 1] == ' ' ? from - 1 : from;

    if (word == from || !str_eq_nocase(str_slice(scan->text, from, to), key)) {
        return from;
    }
    while (word > 0 && from - word < WORDS_MAX && is_letter(scan->text.ptr[word - 1])) {
        word--;
    }
    return key_opens(str_slice(scan->text, word, from - 1)) ? word : from;
}

size_t name_after_colour(const struct scan *scan, size_t from, size_t to) {
    size_t coloured = from;

    while (coloured <= to && text_colour_begin(scan->text, coloured) == coloured) {
        coloured++;
    }
    return coloured <= to ? coloured : from;
}

/* Where the string begins that a name at [from, to) ends behind a colon, "app:NAME" and ":NAME";
 * `from` when it is none, or an action or a type of AWS, "secretsmanager:GetSecretValue". */
static size_t quoted_path_begin(const struct scan *scan, size_t from, size_t to) {
    size_t close = scan_skip_slashes(scan, to);
    size_t open = from;

    while (open > 0 && from - open < NAME_MAX &&
           (is_name_char(scan->text.ptr[open - 1]) || is_any(scan->text.ptr[open - 1], ":/@"))) {
        open--;
    }
    size_t before = text_back_over(scan->text, open > 0 ? open - 1 : 0, NAME_MAX, "\\");
    bool is_closed = open > 0 && is_quote(scan->text.ptr[open - 1]) &&
                     scan_char(scan, close) == scan->text.ptr[open - 1] &&
                     open - 1 - before == close - to;
    size_t sign = scan_skip_blanks(scan, close + 1);
    bool is_action =
        is_upper(scan->text.ptr[from]) && open + 1 < from && !is_upper(scan->text.ptr[open]);
    bool is_type = from > 1 && scan_has(scan, from - 2, "::"); /* AWS::IAM::AccessKey */
    bool is_set = before > 4 && scan_has(scan, before - 4, "set ") && sign > close + 1 &&
                  is_quote(scan_char(scan, scan_skip_slashes(scan, sign))); /* set "A:NAME" "V" */
    return is_closed && !is_action && !is_type && (is_any(scan_char(scan, sign), ":=") || is_set)
               ? open
               : from;
}

/* Whether a name begins the fragment of a URI, as OAuth hands tokens on: https://host/#NAME= */
static bool is_fragment(const struct scan *scan, size_t from) {
    return from > 1 && scan->text.ptr[from - 1] == '#' &&
           (is_alnum(scan->text.ptr[from - 2]) || scan->text.ptr[from - 2] == '/');
}

void name_read(const struct scan *scan, const struct rule *rule, size_t at, struct name *name) {
    size_t from = at;
    size_t to = at;

    while (from > 0 && at - from < NAME_MAX && is_name_char(scan->text.ptr[from - 1])) {
        from--;
    }
    while (to < scan->text.len && to - at < NAME_MAX && is_name_char(scan->text.ptr[to]) &&
           (scan->text.ptr[to] != '.' || !scan_has(scan, to, "..."))) {
        to++;
    }
    if (from > 0 &&
        is_any(scan->text.ptr[from - 1], "[;")) { /* "32m" before the name sets a colour */
        from = name_after_colour(scan, from, at);
    }
    if (from > 0 && from < at && scan->text.ptr[from - 1] == '\\' &&
        is_any(scan->text.ptr[from], "nrt")) {
        from++; /* the line before it is over: \nNAME */
    }
    bool is_escaped = from > 0 && scan->text.ptr[from - 1] == '\\' && scan_has(scan, from, "u0026");
    from += is_escaped && at >= from + AMPERSAND ? AMPERSAND : 0; /* \u0026NAME in a query */
    from = first_word(scan, from, to);
    from = from > 0 && scan->text.ptr[from - 1] == ':' ? quoted_path_begin(scan, from, to) : from;
    *name = (struct name){.from = from, .to = to, .kind = rule->kind};
    char before = from > 0 ? scan->text.ptr[from - 1] : scan->before;
    name->is_query = is_escaped || before == '?' || before == '&' || is_fragment(scan, from);
    if (from > 0 && is_quote(before)) {
        name->quote = before;
        while (from >= name->slashes + 2 && scan->text.ptr[from - name->slashes - 2] == '\\') {
            name->slashes++;
        }
        name->slashes = scan_quoting_slashes(name->slashes);
        name->open = name->quote;
        name->open_slashes = name->slashes;
    }
}

struct str name_str(const struct scan *scan, const struct name *name) {
    return str_slice(scan->text, name->from, name->to);
}

/* "auth.py:12", "token.c: error": a file, no name of a value. */
static bool is_file_name(struct str name) {
    static const struct str endings[] = {
        W("c"),    W("h"),   W("cc"),   W("cpp"), W("py"),  W("js"),   W("jsx"), W("ts"),
        W("tsx"),  W("mjs"), W("cjs"),  W("go"),  W("rs"),  W("rb"),   W("sh"),  W("vue"),
        W("java"), W("css"), W("html"), W("md"),  W("txt"), W("json"), W("yml"), W("yaml"),
        W("toml"), W("log"), W("pem"),  W("crt"), W("so"),  W("map"),  W("sql"), W("conf")};
    const char *dot = name.len == 0 ? NULL : memrchr(name.ptr, '.', name.len);
    struct str ending =
        dot == NULL ? (struct str){0} : str_slice(name, (size_t)(dot + 1 - name.ptr), name.len);

    for (size_t i = 0; ending.len > 0 && i < ARRAY_N(endings); i++) {
        if (str_eq(ending, endings[i])) {
            return true;
        }
    }
    return false;
}

bool name_is_pair(struct str name) {
    static const struct str endings[] = {W("auth"), W("credential"), W("credentials"), W("creds"),
                                         W("authentication")};

    return word_ends_one_of(name, endings, ARRAY_N(endings));
}

bool name_is_password(struct str name) {
    return phrase_is_name(name) || str_ends_nocase(name, STR("secret"));
}

size_t name_skip_bold(const struct scan *scan, size_t at) {
    bool is_bold = scan_has(scan, at, "**") || scan_has(scan, at, "__");

    return is_bold && !scan_has(scan, at, "***") ? at + 2 : at;
}

bool name_is_constant(struct str name) {
    for (size_t i = 0; i < name.len; i++) {
        if (is_letter(name.ptr[i]) && fold(name.ptr[i]) == name.ptr[i]) {
            return false;
        }
    }
    return name.len > 0;
}

/* Whether the name ends a few words in quotes, as in "user password": the closing one is at
 * `quote`, and no word follows the colon after it. */
static bool is_last_word(const struct scan *scan, const struct name *name, size_t quote) {
    size_t from = name->from;

    while (from > 0 && name->from - from < WORDS_MAX &&
           (is_name_char(scan->text.ptr[from - 1]) || scan->text.ptr[from - 1] == ' ')) {
        from--;
    }
    char open = from > 0 ? scan->text.ptr[from - 1] : '\0';
    size_t colon = scan_skip_blanks(scan, quote + 1);
    size_t value = scan_skip_slashes(scan, scan_skip_blanks(scan, colon + 1));
    if (from == name->from || open != scan_char(scan, quote) || scan_char(scan, colon) != ':' ||
        !is_quote(scan_char(scan, value))) {
        return false;
    }
    return is_quote(scan_char(scan, scan_unquoted_end(scan, value + 1))); /* prose is said of one */
}

/* Where the bracket stands that closes an index of PHP behind what tells who may see it:
 * [NAME:protected], ["NAME":"Class":private]; `at`, behind the name, when nothing does. */
static size_t visibility_end(const struct scan *scan, size_t at) {
    size_t to = at;

    while (scan_char(scan, at) == ':' && to - at < NAME_MAX &&
           (is_name_char(scan_char(scan, to)) || is_any(scan_char(scan, to), ":\\\""))) {
        to++;
    }
    struct str told = str_slice(scan->text, at, to);
    bool is_told = str_ends(told, STR(":protected")) || str_ends(told, STR(":private"));
    return is_told && scan_char(scan, to) == ']' ? to : at;
}

/* Whether the name that ends at `at` has the $ of a shell before it. */
static bool is_variable(const struct scan *scan, size_t at) {
    while (at > 0 && is_name_char(scan->text.ptr[at - 1])) {
        at--;
    }
    return at > 0 && scan->text.ptr[at - 1] == '$';
}

/* Behind NAME[25] where a string is put into it, as in C, or a value, as of an array of a shell;
 * `at`, behind the name, otherwise. */
static size_t array_end(const struct scan *scan, size_t at) {
    size_t to = at + 1;

    while (scan_char(scan, at) == '[' && to - at <= NUMBER_MAX && is_digit(scan_char(scan, to))) {
        to++;
    }
    if (scan_char(scan, at) != '[' || scan_char(scan, to) != ']') {
        return at;
    }
    size_t sign = scan_skip_blanks(scan, to + 1);
    size_t value = scan_skip_slashes(scan, scan_skip_blanks(scan, sign + 1));
    char next = scan_char(scan, to + 1);
    bool is_shell = to > at + 1 && (next == '=' || (next == ':' && is_variable(scan, at)));
    bool is_string = scan_char(scan, sign) == '=' && is_quote(scan_char(scan, value));
    return is_shell || is_string ? to + 1 : at;
}

/* Whether the name is in brackets behind another of a query or a form: &user[NAME]= */
static bool is_in_query(const struct scan *scan, const struct name *name) {
    size_t from = name->from;

    while (from > 0 && name->from - from < NAME_MAX &&
           (is_name_char(scan->text.ptr[from - 1]) || is_any(scan->text.ptr[from - 1], "[]"))) {
        from--;
    }
    return from > 0 && is_any(scan->text.ptr[from - 1], "?&");
}

size_t name_entity_end(const struct scan *scan, size_t at) {
    static const char *const quotes[] = {"&quot;", "&#34;", "&#39;", "&apos;"};

    for (size_t i = 0; i < ARRAY_N(quotes); i++) {
        if (scan_has(scan, at, quotes[i])) {
            return at + strlen(quotes[i]);
        }
    }
    return at;
}

/* Behind the bracket of config[:NAME] of Ruby that closes at `at`, where a string is put into it;
 * `at` otherwise. */
static size_t symbol_end(const struct scan *scan, size_t at) {
    size_t sign = scan_skip_blanks(scan, at + 1);
    size_t value = scan_skip_blanks(scan, sign + 1);
    bool is_string = is_quote(scan_char(scan, scan_skip_slashes(scan, value)));

    return scan_char(scan, at) == ']' && scan_char(scan, sign) == '=' && is_string ? at + 1 : at;
}

size_t name_close(const struct scan *scan, struct name *name) {
    size_t quote = scan_skip_slashes(scan, name->to);

    if (name->quote == '\0' && is_quote(scan_char(scan, quote)) &&
        is_last_word(scan, name, quote)) {
        name->quote = scan_char(scan, quote);
        name->slashes = scan_quoting_slashes(quote - name->to);
        return quote + 1;
    }
    bool is_closed = name->quote != '\0' && scan_char(scan, quote) == name->quote &&
                     scan_is_plain(scan, quote) == scan_is_plain(scan, name->from - 1) &&
                     (quote == name->to) == (name->slashes == 0);
    char before = name->from > 0 ? scan->text.ptr[name->from - 1] : '\0';
    bool is_key = before == ':' && name->from > 1 && scan->text.ptr[name->from - 2] == '[';
    const char *index = before == '[' ? "] =" : before == '{' ? "} =" : NULL;
    bool is_part = before == '[' && name->from > 1 && scan_has(scan, name->to, "]=") &&
                   (is_name_char(scan->text.ptr[name->from - 2]) ||
                    scan->text.ptr[name->from - 2] == ']'); /* user[NAME]=VALUE of a form */
    size_t symbol = is_key ? symbol_end(scan, name->to) : name->to;
    if (!is_closed) {
        size_t to = name_skip_bold(scan, scan_skip_colours(scan, name->to));
        name->quote = '\0';
        size_t number = scan_char(scan, to) == ' ' && to == name->to ? to + 1 : to;
        while (number > to && number - to < NUMBER_MAX && is_digit(scan_char(scan, number))) {
            number++;
        }
        to = number > to + 1 && scan_has(scan, number, ": ") ? number : to; /* Unseal Key 1: */
        to = before == '[' ? visibility_end(scan, to) : array_end(scan, to);
        bool is_index = index != NULL && scan_has(scan, to, index);
        bool is_symbol = before == '(' && scan_has(scan, to, ")]:"); /* [Symbol(KEY)]: of Node */
        name->is_query = name->is_query || (is_part && is_in_query(scan, name));
        if (symbol > name->to) {
            return symbol;
        }
        size_t entity = name_entity_end(scan, to);
        if (entity > to) { /* &quot;NAME&quot;: of JSON in HTML */
            return entity;
        }
        return to + (is_symbol             ? 2
                     : is_index || is_part ? 1
                                           : 0); /* [KEY] => of PHP, $ENV{KEY} = */
    }
    name->open = '\0';
    if (scan_has(scan, quote + 1, ">>")) { /* <<"NAME">> of Erlang */
        return quote + 3;
    }
    quote = visibility_end(scan, quote + 1) - 1;
    return scan_skip_colours(scan,
                             quote + (scan_char(scan, quote + 1) == ']' ? 2 : 1)); /* ["KEY"] = */
}

bool name_is_prompt(const struct scan *scan, const struct name *name, char separator) {
    size_t from = name->from;

    while (from > 0 && name->from - from < PROMPT_MAX &&
           (is_letter(scan->text.ptr[from - 1]) || is_any(scan->text.ptr[from - 1], " []()"))) {
        from--;
    }
    return separator == ':' && name_is_password(name_str(scan, name)) &&
           name_is_line_begin(scan, from);
}

/* Whether a name is one of a secret; what was asked last is remembered. */
static bool is_secret_name(struct scan *scan, struct str key) {
    struct judged *judged = scan->judged;

    if (key.len > 0 && judged->len == key.len && judged->names == scan->known->name_n &&
        memcmp(judged->name, key.ptr, key.len) == 0) {
        return judged->is_secret;
    }
    bool is_secret = key_is_secret(key) || known_has_name(scan->known, key);
    if (key.len <= JUDGED_MAX) {
        memcpy(judged->name, key.ptr, key.len);
        judged->len = key.len;
        judged->names = scan->known->name_n;
        judged->is_secret = is_secret;
    }
    return is_secret;
}

/* Whether a word of a call says that it signs or encrypts. */
static bool is_cipher_word(struct str word) {
    static const struct str words[] = {W("jwt"),    W("jws"),  W("jwe"),    W("jose"),
                                       W("hmac"),   W("aes"),  W("fernet"), W("sign"),
                                       W("signer"), W("cmac"), W("chacha"), W("blake2b")};
    static const struct str endings[] = {W("crypt"), W("cipher"), W("crypto")};

    return word_is_one_of(word, words, ARRAY_N(words)) ||
           word_ends_one_of(word, endings, ARRAY_N(endings));
}

/* Whether the name is of an argument of a call that signs or encrypts: jwt.encode(p, key="VALUE")
 */
static bool is_of_cipher(const struct scan *scan, const struct name *name) {
    char before = name->from > 0 ? scan->text.ptr[name->from - 1] : '\0';
    size_t from = name->from;
    int depth = 0;

    if (name->quote != '\0' || !is_any(before, "(, ") || scan_char(scan, name->to) != '=' ||
        scan_char(scan, name->to + 1) == '=') {
        return false;
    }
    while (from > 0 && name->from - from < CALL_MAX && !is_line_end(scan->text.ptr[from - 1]) &&
           (scan->text.ptr[from - 1] != '(' || depth > 0)) {
        from--;
        depth += scan->text.ptr[from] == ')' ? 1 : scan->text.ptr[from] == '(' ? -1 : 0;
    }
    budget_take(scan->budget, (name->from - from) * BUDGET_WALK_BYTE);
    if (from == 0 || scan->text.ptr[from - 1] != '(') {
        return false;
    }
    for (size_t to = from - 1, at = to;; at--) {
        bool is_part = at > 0 && is_alnum(scan->text.ptr[at - 1]);
        if (!is_part && is_cipher_word(str_slice(scan->text, at, to))) {
            return true;
        }
        if (!is_part && (at == 0 || !is_any(scan->text.ptr[at - 1], "._"))) {
            return false;
        }
        to = is_part ? to : at - 1;
    }
}

/* Whether the word that ends at `to` is the name of a section that signs. */
static bool is_section_before(const struct scan *scan, size_t to) {
    size_t from = to;

    while (from > 0 && to - from < NAME_MAX && is_name_char(scan->text.ptr[from - 1])) {
        from--;
    }
    return key_section_signs(str_slice(scan->text, from, to));
}

/* Whether the name, "Key", is one of a section that signs: {"Jwt": {"Key": "VALUE", --Jwt:Key=VALUE
 */
static bool is_of_section(const struct scan *scan, const struct name *name) {
    size_t from = name->from;
    int depth = 0;

    if (name->quote == '\0') {
        return from > 0 && scan->text.ptr[from - 1] == ':' &&
               scan_char(scan, scan_skip_blanks(scan, name->to)) == '=' &&
               is_section_before(scan, from - 1);
    }

    while (from > 0 && name->from - from < CALL_MAX && !is_line_end(scan->text.ptr[from - 1]) &&
           (scan->text.ptr[from - 1] != '{' || depth > 0)) {
        from--;
        depth += scan->text.ptr[from] == '}' ? 1 : scan->text.ptr[from] == '{' ? -1 : 0;
    }
    budget_take(scan->budget, (name->from - from) * BUDGET_WALK_BYTE);
    size_t colon = from > 0 ? text_before_blanks(scan->text, from - 1) : 0;
    if (colon == 0 || scan->text.ptr[from - 1] != '{' || scan->text.ptr[colon - 1] != ':') {
        return false;
    }
    size_t close = text_before_blanks(scan->text, colon - 1);
    if (close == 0 || !is_quote(scan->text.ptr[close - 1])) {
        return false;
    }
    size_t to = text_back_over(scan->text, close - 1, NAME_MAX, "\\");
    return is_section_before(scan, to);
}

/* aws secretsmanager get-secret-value --secret-id x: which secret; that of Vault is one. */
static bool is_id_of_manager(const struct scan *scan, const struct name *name) {
    size_t line = scan_line_begin(scan, name->from);
    size_t near = name->from > CALL_MAX ? name->from - CALL_MAX : 0;

    return scan_find(scan, near > line ? near : line, name->from, "secretsmanager ") >= 0;
}

bool name_is_secret(struct scan *scan, const struct name *name) {
    struct str key = name_str(scan, name);

    while (key.len > 0 && is_any(key.ptr[0], "-.")) {
        key = str_slice(key, 1, key.len); /* --password */
    }
    bool is_of_query = str_eq_nocase(key, STR("key")) || str_eq(key, STR("sig"));
    bool is_named = (name->is_query && is_of_query) || is_secret_name(scan, key) ||
                    (str_eq(key, STR("key")) && is_of_cipher(scan, name)) ||
                    (str_eq_nocase(key, STR("key")) && is_of_section(scan, name));
    bool is_claim = str_ends(key, STR(".com")) && scan_char(scan, name->to) == ':' &&
                    is_letter(scan_char(scan, name->to + 1)); /* of a host: token.host.com:aud */
    if (is_claim || (str_eq(key, STR("secret-id")) && is_id_of_manager(scan, name))) {
        return false;
    }
    return is_named && (name->quote != '\0' || !is_file_name(key));
}
