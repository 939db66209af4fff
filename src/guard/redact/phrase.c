/* guard/redact/phrase.c: passwords in sentences.
 *
 *   the password is 'VALUE'    your password for bob was reset to VALUE    password for bob: VALUE
 *
 * After "is", "was" or "to", what stands in quotes or looks like a password: letters with digits or
 * signs, as no word, number, name of an algorithm or version is written. Right behind the name,
 * "with password VALUE", only what has capitals, small letters and digits, for names of code and
 * fields stand there too. */
#include "guard/redact/phrase.h"

#include "guard/redact/charset.h"
#include "guard/redact/word.h"

#include <string.h>

enum {
    PHRASE_MAX = 96, /* bytes from the name to the value */
    VALUE_MAX = 128,
    QUOTED_MIN = 4,
    PLAIN_MIN = 6,
    MIXED_MIN = 8
};

bool phrase_is_name(struct str name) {
    static const struct str endings[] = {W("password"), W("passwd"),     W("passphrase"),
                                         W("passcode"), W("passwort"),   W("pwd"),
                                         W("kennwort"), W("wachtwoord"), W("contrasena")};
    char last = name.len > 0 ? fold(name.ptr[name.len - 1]) : '\0';

    if (!is_any(last, "adet")) { /* of none of them, as of most names */
        return false;
    }
    return word_ends_one_of(name, endings, ARRAY_N(endings));
}

/* Said of a password, in quotes. */
static bool is_said_of(struct str word) {
    static const struct str words[] = {
        W("required"), W("string"),  W("text"),     W("none"),      W("null"),     W("empty"),
        W("invalid"),  W("missing"), W("wrong"),    W("incorrect"), W("weak"),     W("strong"),
        W("expired"),  W("changed"), W("password"), W("hidden"),    W("optional"), W("undefined"),
    };

    return word_is_one_of(word, words, ARRAY_N(words));
}

/* sha256, base64-encoded, utf8: what is said about how a password is kept. */
static bool is_technique(struct str word) {
    static const struct str begins[] = {W("sha"),   W("md5"),   W("base"), W("utf"),    W("pbkdf"),
                                        W("argon"), W("aes"),   W("rsa"),  W("bcrypt"), W("scrypt"),
                                        W("hmac"),  W("oauth"), W("http"), W("iso"),    W("ascii")};

    for (size_t i = 0; i < ARRAY_N(begins); i++) {
        if (str_starts_nocase(word, begins[i])) {
            return true;
        }
    }
    return false;
}

/* Letters and digits, or letters with signs that no word, path or name has inside. */
static bool is_like_password(struct str word) {
    size_t letters = 0;
    size_t digits = 0;
    size_t signs = 0;
    bool is_code = false; /* a call, a path, a variable */

    for (size_t i = 0; i < word.len; i++) {
        char c = word.ptr[i];
        letters += is_letter(c);
        digits += is_digit(c);
        signs += i > 0 && i + 1 < word.len && is_any(c, "!@#$%^&*?+=~|") ? 1 : 0;
        is_code = is_code || is_any(c, "()[]{}<>/\\");
    }
    bool is_masked = str_find(word, STR("***")) >= 0;
    return word.len >= PLAIN_MIN && word.len <= VALUE_MAX && letters > 1 && !is_code &&
           !is_masked && !is_technique(word) && (digits > 0 || signs > 1) &&
           (digits + signs > 1 || letters >= PLAIN_MIN);
}

/* What nobody writes but as a password, in a sentence that does not say so: Tulip4821, 8dKLzdocJ2!
 */
static bool is_mixed(struct str word) {
    size_t uppers = 0;
    size_t letters = 0;
    size_t digits = 0;

    for (size_t i = 0; i < word.len; i++) {
        uppers += is_upper(word.ptr[i]);
        letters += is_letter(word.ptr[i]);
        digits += is_digit(word.ptr[i]);
    }
    return word.len >= MIXED_MIN && uppers > 0 && letters > uppers && digits > 1 &&
           is_like_password(word);
}

/* The value that may begin at `at`, which `is_told` to be one; an empty one when it is none. A
 * quote of a string that is escaped has backslashes before it. */
static struct str value_at(struct str s, size_t at, bool is_told) {
    size_t from = at;

    while (str_char(s, from) == '\\') {
        from++;
    }
    char quote = str_char(s, from);
    size_t to = from;
    if (is_quote(quote)) {
        to = ++from;
        while (to < s.len && !is_blank(s.ptr[to]) && s.ptr[to] != quote) {
            to++;
        }
        bool is_closed = str_char(s, to) == quote;
        while (to > from && s.ptr[to - 1] == '\\') {
            to--;
        }
        struct str word = str_slice(s, from, to);
        bool is_value = is_closed && word.len >= QUOTED_MIN && word.len <= VALUE_MAX &&
                        !is_said_of(word) && str_find(word, STR("***")) < 0;
        return is_value ? word : (struct str){0};
    }
    while (to < s.len && !is_blank(s.ptr[to]) && !is_quote(s.ptr[to]) && s.ptr[to] != '\\') {
        to++;
    }
    while (to > from && is_any(s.ptr[to - 1], ".,;:)")) {
        to--;
    }
    struct str word = str_slice(s, from, to);
    bool is_last = to >= s.len || is_line_end(s.ptr[to]) || is_any(s.ptr[to], "\\\"");
    bool is_value = is_like_password(word) ||
                    (is_told && is_last && word.len >= PLAIN_MIN && str_find(word, STR("***")) < 0);
    return is_value ? word : (struct str){0};
}

static size_t word_end(struct str s, size_t at) {
    size_t to = at;

    while (to < s.len && to - at <= VALUE_MAX && !is_blank(s.ptr[to])) {
        to++;
    }
    return to;
}

/* Whether the name that ends at `to` is a word of a sentence, and no option's or variable's. */
static bool is_plain_word(struct str s, size_t to) {
    size_t from = to;

    while (from > 0 && is_letter(s.ptr[from - 1])) {
        from--;
    }
    return from < to && !is_upper(s.ptr[to - 1]) && (from == 0 || !is_name_char(s.ptr[from - 1]));
}

struct str phrase_value(struct str s, size_t name_to, bool *is_whole) {
    static const struct str links[] = {W("is"), W("was"), W("to"), W("now"), W("set"), W("reset")};
    size_t end = s.len < name_to + PHRASE_MAX ? s.len : name_to + PHRASE_MAX;
    bool is_linked = false;
    bool is_for = false;
    bool is_made = false;
    bool is_told = false;

    size_t at = name_to;
    while (at < end && s.ptr[at] == ' ') {
        size_t from = at + 1;

        at = word_end(s, from);
        struct str word = str_slice(s, from, at);
        bool is_next = from == name_to + 1 && is_plain_word(s, name_to);
        struct str value = is_linked || is_next ? value_at(s, from, is_told) : (struct str){0};
        value = is_linked || is_mixed(value) ? value : (struct str){0};
        *is_whole = at < s.len; /* else the word may go on */
        if (value.len > 0) {
            return value;
        }
        char last = word.len > 0 ? word.ptr[word.len - 1] : ' ';
        if (is_any(last, " .!?;,") || phrase_is_name(word) || str_eq(word, STR("assigned"))) {
            return (struct str){0}; /* the sentence is over, or goes on about something else */
        }
        struct str link = last == ':' ? str_slice(word, 0, word.len - 1) : word; /* "is: VALUE" */
        is_linked = word_is_one_of(link, links, ARRAY_N(links)) || (is_for && last == ':');
        is_told = is_linked && last == ':' &&
                  (is_made || link.len == 2); /* "is generated for a@b: VALUE" */
        is_made = is_made || str_eq_nocase(word, STR("generated"));
        is_for = is_for || str_eq_nocase(word, STR("for"));
    }
    *is_whole = at < s.len;
    return (struct str){0};
}
