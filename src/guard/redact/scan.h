/* guard/redact/scan.h: one pass over one view of one segment, as the matchers see it.
 *
 * A matcher is called where its anchor stands. It adds spans in offsets of the view, which come out
 * as offsets of the source, and says what it covers. Time stays linear because rules do not look
 * into what is covered, a class run and a word are measured once (memo) and a key is judged once.
 */
#pragma once

#include "base/str.h"
#include "guard/redact/budget.h"
#include "guard/redact/charset.h"
#include "guard/redact/known.h"
#include "guard/redact/sieve.h"
#include "guard/redact/span.h"

/* Classes of characters that a token's body may have. */
enum set {
    SET_ALNUM = 0,
    SET_CAPITALS, /* A-Z 0-9 */
    SET_HEXDIGITS,
    SET_WORD,         /* alnum _ - */
    SET_TOKEN,        /* alnum . _ - */
    SET_BASE64,       /* alnum + / = _ - */
    SET_CAPITAL_DASH, /* A-Z 0-9 - */
    SET_CRYPT,        /* alnum . / $ = , + - */
    SET_AZURE,        /* alnum . _ - ~ */
    SET_HOOK,         /* alnum / - _ @ */
    SET_COOKIE,       /* alnum + / = % _ - . */
    SET_OPAQUE,       /* anything printable but blanks, quotes, < and > */
    SET_N
};
extern const struct charset charsets[SET_N];

enum block {
    BLOCK_NONE = 0,
    BLOCK_PEM,    /* everything until the END line */
    BLOCK_QUOTED, /* a PEM in string literals: every long run until the END line */
    BLOCK_PUTTY   /* everything until the MAC line */
};

enum { TABLE_FIXED_MAX = 8 };

/* A table whose head names secrets; {0}: none is open. */
struct table_carry {
    uint64_t columns; /* by bits */
    size_t cells;
    char separator;  /* ' ': cells begin where the dashes of the rule do, in `at` */
    bool is_ruled;   /* rows follow: the rule below the head was there, or none is needed */
    bool is_pairs;   /* a cell of each row is a name, another its value: */
    bool is_wrapped; /* each line in a JSON of its own */
    bool is_open;    /* no rule is below the head */
    uint8_t name_cell;
    uint8_t value_cell;
    uint16_t at[TABLE_FIXED_MAX];
};

/* What stands on the lines below a name of secrets. */
enum below {
    BELOW_LEAVES = 0, /* a map or a list */
    BELOW_TEXT,       /* a block scalar */
    BELOW_QUOTED,     /* a text up to three quotes or an empty line, however it is indented */
    BELOW_NAMED,      /* a map of names that need not be a secret's: "secrets:" */
    BELOW_ITEMS       /* a list of secrets: "api_tokens:" */
};

/* What gives the value of a name on a line after it. */
enum pair_wait {
    PAIR_LABEL = 0, /* "value": */
    PAIR_INPUT,     /* input_value= */
    PAIR_STRING,    /* a string on the next line */
    PAIR_SHOWN,     /* a string that is all of the next line */
    PAIR_ITEM,      /* the next item of a list */
    PAIR_TREE,      /* lines of a drawn tree */
    PAIR_FORM,      /* the line after an empty one, ... */
    PAIR_BODY,      /* ... which was there */
    PAIR_NEXT,      /* the next line, behind a backslash that ends the one of the name */
    PAIR_RULE,      /* below a line of dashes, as kubectl describe prints what a map has */
    PAIR_TEXT,      /* a here-document, up to the word that ends it */
    PAIR_KEY,       /* ": VALUE", below "? NAME" of YAML */
    PAIR_OPEN       /* long words in a string that the line of the name does not close */
};

/* What the lines before mean for the next one. {0} at the start of a text, with yaml_indent -1. */
struct carry {
    enum block block;
    int block_lines; /* lines left of BLOCK_QUOTED */
    int yaml_indent; /* lines deeper than this are the value of a secret; -1: none */
    enum below below;
    bool is_wrapped; /* ... each line of it in a JSON of its own */
    int nest_depth;  /* brackets open below a secret's key */
    int near_lines;  /* lines left in which a 40-character word is an AWS secret */
    int pair_lines;  /* lines left in which a label gives the value of a name that was one's */
    enum pair_wait pair_wait;
    uint32_t pair_word; /* hash of the word that ends PAIR_TEXT */
    struct table_carry table;
    bool is_cut; /* the segment before ended inside a masked run without an end */
    bool is_line_middle;
    bool is_asked;  /* something was found that may say more about what follows, or did */
    bool is_hinted; /* AWS is talked about */
    char before;    /* the byte before; 0 at the start */
};

enum { JUDGED_MAX = 48, LED_MAX = 160, SKIPPED_MAX = 64, BEFORE_MAX = 256 };

struct memo {
    size_t from;
    size_t to;
    size_t last_at; /* of a word: offset of its last '@' + 1, or 0 */
};

/* The line whose end was looked for last, of a text of `len` bytes. */
struct line {
    size_t from;
    size_t to; /* its end, without the blanks before that */
    size_t len;
};

/* The first place at or after `from` of something; -1: none. */
struct find {
    bool is_known;
    size_t from;
    ptrdiff_t at;
};

/* The quote that is open at a place; {0} at the begin of a text. */
struct quoted {
    size_t at;
    char open;
};

/* The string of JSON around a place, of those that begin and end where JSON's do. */
struct json_string {
    size_t at;    /* the quotes before this offset were read */
    size_t begin; /* of what is in it */
    size_t end;   /* its closing quote; 0: no string of JSON is open */
};

/* What a text was before it ended with a string. */
struct within {
    size_t len;
    struct find login;
};

/* A name that was judged. */
struct judged {
    char name[JUDGED_MAX]; /* longer ones are not kept */
    size_t len;
    size_t names; /* that were known then */
    bool is_secret;
};

/* What stood before a name on its line, and how much of that a log put there: what is shown of a
 * line has the same there as what came. */
struct led {
    char text[LED_MAX]; /* longer ones are not kept */
    size_t len;
    size_t lead;
};

struct scan {
    struct str text;
    struct sift *sift; /* of a text that holds this one ... */
    size_t sift_at;    /* ... here */
    const struct known *known;
    struct budget *budget;
    struct carry *carry;       /* NULL: what follows is not this view's to decide */
    const uint32_t *map;       /* of the view; NULL: offsets are the source's */
    const struct scan *source; /* of the text that a view was made of; NULL: this is it */
    struct spans *out;
    bool is_line_start; /* the text begins a line */
    char before;
    bool is_unescaped; /* a view without JSON escapes: quotes put in need a backslash */
    bool is_joined;    /* lines of Base64 as one: only what they encode counts, and known values */
    bool is_decoded;   /* the inside of Base64 or hexadecimal */
    bool has_curl;
    size_t key_end;    /* names before this offset were judged */
    size_t found_from; /* of the match under way: where what it covers begins */
    size_t skip_from;  /* rules do not look into [skip_from, skip_to): it is covered */
    size_t skip_to;
    size_t command_from; /* the program whose arguments were read last, ... */
    size_t command_to;   /* ... and how far */
    size_t plain_to;     /* before it, words joined by hyphens were seen to be words */
    size_t block_to;     /* blocks do not look into a block */
    size_t table_to;     /* heads of tables before it were looked at, ... */
    size_t list_to;      /* lists of names, ... */
    size_t pair_to;      /* and what follows a name that is alone on its line */
    size_t below_to;     /* lines before it were masked, for a name above them, ... */
    size_t named_to;     /* ... and values in lines before it, for "secrets" above them */
    struct memo runs[SET_N];
    struct memo word;
    struct line *line;   /* NULL: none is remembered */
    struct find dots[2]; /* of a token, the first and the second */
    struct find pem_end;
    struct find login;
    struct find element_end;
    struct quoted quoted; /* the place that was asked about last */
    struct json_string
        strings[2];        /* of the source's quotes, and of those that were read out of it */
    struct judged *judged; /* the name that was judged last, of this text or one before */
    struct led *led;       /* the same of what stood before one */
};

struct rule {
    const char *kind;   /* constant, shown in hits */
    const char *anchor; /* at least 3 characters, or 2 */
    enum set body;
    unsigned min;   /* characters of the body */
    bool is_folded; /* the anchor's case does not matter */
    /* Returns where what it covers ends, or 0 when nothing was found. It begins at `at`, unless
     * scan->found_from says otherwise. */
    size_t (*match)(struct scan *scan, const struct rule *rule, size_t at);
    unsigned lead; /* match_infix: characters that stand before the anchor, at least */
    bool is_hint;  /* says only that AWS is talked about; `match` is NULL */
    /* An example and a counter-example; '%' stands for 40 characters of the body, "%%" for itself.
     * NULL: the shortest token, and one that is a character shorter. */
    const char *yes;
    const char *no;
    bool is_block; /* goes on over lines, so it is looked for inside values too */
    bool (*is_body)(struct str body); /* match_token: what it must be besides; NULL: nothing */
    /* In place of the characters of the anchor, each one's set, when it has several; the anchor is
     * then for people. */
    const char *sets[SIEVE_WINDOW];
};

extern const struct rule rules[];
extern const size_t rule_n;

/* Whether the rule finds something only where a word begins, as scan_is_start() says. */
bool rule_begins_word(const struct rule *rule);

/* Whether its anchor is followed by characters of its body. */
bool rule_has_body(const struct rule *rule);

/* What is found here may go on after the text, or would if the text ended here. */
static inline void scan_ask(const struct scan *scan) {
    if (scan->carry != NULL) {
        scan->carry->is_asked = true;
    }
}

/* Adds [from, to) of the view. */
void scan_add(struct scan *scan, size_t from, size_t to, const char *kind, enum span_style style);

/* Where the run of `set` that holds `at` ends; `at` when there is none. */
size_t scan_run_end(struct scan *scan, enum set set, size_t at);

/* Where the word at `at` ends (blank, quote, < or >), with its last '@' in scan->word. */
size_t scan_word_end(struct scan *scan, size_t at);

/* Where the first line of `text` ends: its length when none does. */
size_t text_line_end(struct str text);

/* Where the spaces and tabs before `at` begin; `at` when there is none. */
size_t text_before_blanks(struct str text, size_t at);

/* Where the sequence that sets a terminal's colour begins that ends at `at` (ECMA-48: ESC [ 0 ; 31
 * m, or as strings write it); `at` when there is none. */
size_t text_colour_begin(struct str text, size_t at);

/* Whether what ends before `at`, with a letter or digit, is an escape or sets a colour. */
bool text_is_after_escape(struct str text, size_t at);

/* Whether a token may begin at `at`: no letter or digit before it that is part of a word. `before`
 * stands before the text. */
static inline bool text_is_start(struct str text, size_t at, char before) {
    const char *p = text.ptr + at;

    if (!is_alnum(at > 0 ? p[-1] : before)) {
        return true;
    }
    bool may_be_escape = at >= 2 && (is_any(p[-2], "\\;[") || is_digit(p[-2]) ||
                                     (at >= 3 && p[-3] == '%') || (at >= 6 && p[-6] == '\\'));
    return may_be_escape && text_is_after_escape(text, at); /* most are none */
}

/* The same of the text under way. */
bool scan_is_start(const struct scan *scan, size_t at);

/* Whether `text`, which is not empty, stands at `at`. */
static inline bool scan_has(const struct scan *scan, size_t at, const char *text) {
    size_t left = at < scan->text.len ? scan->text.len - at : 0;

    if (left == 0 || scan->text.ptr[at] != text[0]) {
        return false;
    }
    size_t n = strlen(text);
    return n <= left && memcmp(scan->text.ptr + at, text, n) == 0;
}

/* Whether the character at `at` stands in the source as it is, not escaped or encoded. */
static inline bool scan_is_plain(const struct scan *scan, size_t at) {
    return scan->source == NULL || scan->source->text.ptr[scan->map[at]] == scan->text.ptr[at];
}

/* Whether the quote at `at` closes a string around the text: in an unescaped view, those that
 * stand in the source without a backslash. */
static inline bool scan_is_outer_quote(const struct scan *scan, size_t at) {
    return scan->text.ptr[at] == '"' && scan->is_unescaped && scan_is_plain(scan, at);
}

/* The character at `at`; '\0' behind the text. */
static inline char scan_char(const struct scan *scan, size_t at) {
    return str_char(scan->text, at);
}

/* Back over those of `chars` before `at`, at most `max`. */
static inline size_t text_back_over(struct str text, size_t at, size_t max, const char *chars) {
    size_t from = at;

    while (from > 0 && at - from < max && is_any(text.ptr[from - 1], chars)) {
        from--;
    }
    return from;
}

/* Over blanks, at most SKIPPED_MAX. */
static inline size_t scan_skip_blanks(const struct scan *scan, size_t at) {
    size_t to = at;

    while (to - at < SKIPPED_MAX && (scan_char(scan, to) == ' ' || scan_char(scan, to) == '\t')) {
        to++;
    }
    return to;
}

/* Behind the characters of a name at `at`. */
static inline size_t scan_name_end(const struct scan *scan, size_t at) {
    while (is_name_char(scan_char(scan, at))) {
        at++;
    }
    return at;
}

static inline size_t scan_skip_slashes(const struct scan *scan, size_t at) {
    while (scan_char(scan, at) == '\\') {
        at++;
    }
    return at;
}

/* Backslashes before a quote of JSON that was quoted d times: 2^d - 1. */
size_t scan_quoting_slashes(size_t slashes);

/* The closing quote of a string that was opened with `slashes` backslashes before `quote`, as the
 * offset of its first backslash (or of the quote); the end of the line when it is not closed. A
 * quote with fewer backslashes closes a string further out, and ends this one too. */
size_t scan_string_end(const struct scan *scan, size_t at, char quote, size_t slashes);

/* The backslashes of a quote at `to` are not the value's. */
size_t scan_before_slashes(const struct scan *scan, size_t from, size_t to);

/* Over what sets a terminal's colour at `at`. */
size_t scan_skip_colours(const struct scan *scan, size_t at);

/* Where what is written without a blank or a quote ends. */
size_t scan_unquoted_end(const struct scan *scan, size_t from);

/* Whether a string of JSON is around `at`. */
bool scan_is_in_string(const struct scan *scan, size_t at);

/* Where the string after the one at `at` and a comma begins, or 0. */
size_t scan_next_string(const struct scan *scan, size_t at);

/* Whether a string of JSON may end with the quote at `at`, for what follows it. */
bool scan_string_closes(struct str text, size_t at);

/* Where the line of `at` begins, as far back as it matters. */
size_t scan_line_begin(const struct scan *scan, size_t at);

/* Where the line of `from` ends, or a string around the text; no further than `most` bytes. */
size_t scan_line_near(const struct scan *scan, size_t from, size_t most);

/* The same without the blanks before that, however far it is. */
size_t scan_line_end(const struct scan *scan, size_t at);

/* Where the line after that of `at` begins; the end of the text when there is none. */
size_t scan_next_line(const struct scan *scan, size_t at);

/* Whether nothing but blanks follows on the line. */
bool scan_is_line_over(const struct scan *scan, size_t at);

/* Lets the text end where the string of JSON around `at` does, so that nothing reads over its
 * closing quote; gives what to widen it to again. `is_whole_string`: `at` is itself a string of the
 * JSON that a string holds, and what follows it there counts. */
struct within scan_narrow(struct scan *scan, size_t at, bool is_whole_string);
struct within scan_all(const struct scan *scan); /* leaves it as it is */
void scan_widen(struct scan *scan, struct within whole);

/* Where the string of JSON, at any depth, closes in which the line lies that begins at `line`, no
 * further than `max`. `string`: where it begins on that line; 0: the line break before `line` tells
 * by its backslashes how deep it is. */
size_t scan_string_limit(const struct scan *scan, size_t line, size_t string, size_t max);

/* Where `text` stands first in [from, to); -1 when nowhere. */
ptrdiff_t scan_find(const struct scan *scan, size_t from, size_t to, const char *text);

/* The same in the rest of the text, remembered: what is asked for again and again from places that
 * only go forward is looked for once. */
ptrdiff_t scan_find_next(const struct scan *scan, struct find *memo, size_t from, const char *text);

/* Remembers that AWS is talked about at `at`. */
void scan_hint(struct scan *scan, size_t at);

/* Whether AWS is talked about in [from, to). */
bool scan_has_hint(const struct scan *scan, size_t from, size_t to);

/* match_name.c: a name of a secret at `at` (any part of it) and the value after it. */
size_t match_key(struct scan *scan, const struct rule *rule, size_t at);

/* argument.c: what stands where a program takes a password. */
size_t match_argument(struct scan *scan, const struct rule *rule, size_t at);
size_t match_stdin(struct scan *scan, const struct rule *rule, size_t at);
size_t match_curl_user(struct scan *scan, const struct rule *rule, size_t at);
size_t match_oracle(struct scan *scan, const struct rule *rule, size_t at);
size_t match_http_user(struct scan *scan, const struct rule *rule, size_t at);

/* match_name.c: the second string of a call that lets a user in. */
size_t match_login(struct scan *scan, const struct rule *rule, size_t at);

/* match_name.c: the word "value" as a label before that of its name, {"value": "VALUE", "name":
 * "NAME"}, or as the head of a column beside one of names. */
size_t match_value_word(struct scan *scan, const struct rule *rule, size_t at);

/* match_name.c: "mot de passe : VALUE", and other labels that are no names. */
size_t match_label(struct scan *scan, const struct rule *rule, size_t at);

/* match_name.c: what a client of FTP, IMAP or Redis says: PASS VALUE, LOGIN user VALUE, AUTH VALUE.
 */
size_t match_dialogue(struct scan *scan, const struct rule *rule, size_t at);
