/* guard/redact/lead.c: what logs put before a line.
 *
 *   2026-11-30T11:34:29.1234567Z LINE        of GitHub's runners, docker logs -t
 *   Nov 30 11:34:29 host api[123]: LINE      of syslog, journalctl
 *   api-1  | LINE                            of docker compose
 *   #12 0.345 LINE                           of docker build
 *   +LINE                                    of a diff */
#include "guard/redact/lead.h"

#include "guard/redact/charset.h"
#include "guard/redact/word.h"

#include <string.h>

enum { LEADS_MAX = 6, WORD_MAX = 80, DEEP = 16 /* backslashes of an escape */ };

/* Where a text of the form `form` ends that begins at `at`: 0 stands for a digit, a for a letter,
 * everything else for itself; `at` when it is none. */
static size_t form_end(struct str line, size_t at, const char *form) {
    for (size_t i = 0; form[i] != '\0'; i++) {
        char c = str_char(line, at + i);
        bool is_same = form[i] == '0' ? is_digit(c) : form[i] == 'a' ? is_letter(c) : c == form[i];
        if (!is_same) {
            return at;
        }
    }
    return at + strlen(form);
}

size_t lead_colour_end(struct str text, size_t at) {
    static const struct str escapes[] = {W("x1b["), W("033["), W("e["), W("u001b[")};
    size_t letter = at;

    while (str_char(text, letter) == '\\' && letter - at < DEEP) {
        letter++;
    }
    struct str escape = str_slice(text, letter, text.len);
    size_t to = letter == at && str_starts(escape, STR("\x1b[")) ? at + 2 : at;
    for (size_t i = 0; letter > at && to == at && i < ARRAY_N(escapes); i++) {
        to = str_starts_nocase(escape, escapes[i]) ? letter + escapes[i].len : at;
    }
    bool is_begun = to > at;
    while (is_begun && (is_digit(str_char(text, to)) || str_char(text, to) == ';')) {
        to++;
    }
    return is_begun && is_letter(str_char(text, to)) ? to + 1 : at;
}

static size_t blank_end(struct str line, size_t at) {
    return at + (str_char(line, at) == ' ' || str_char(line, at) == '\t' ? 1 : 0);
}

/* 2026-11-30T11:34:29.123Z, and one blank. */
static size_t time_end(struct str line) {
    size_t day = form_end(line, 0, "0000-00-00");
    bool is_split = day > 0 && is_any(str_char(line, day), "T ");
    size_t to = is_split ? form_end(line, day + 1, "00:00:00") : 0;

    if (to <= day + 1) {
        return 0;
    }
    while (is_digit(str_char(line, to)) || is_any(str_char(line, to), ".,:+-Z")) {
        to++;
    }
    return blank_end(line, to);
}

static size_t word_end(struct str line, size_t at, const char *ends) {
    size_t to = at;

    while (to < line.len && to - at < WORD_MAX && !is_any(line.ptr[to], ends) &&
           line.ptr[to] > ' ') {
        to++;
    }
    return to;
}

/* Nov 30 11:34:29 host tag[123]: */
static size_t syslog_end(struct str line) {
    size_t day = form_end(line, 0, "aaa 00 ");
    day = day > 0 ? day : form_end(line, 0, "aaa  0 ");
    size_t host = day > 0 ? form_end(line, day, "00:00:00 ") : 0;

    if (host <= day) {
        return 0;
    }
    size_t tag = blank_end(line, word_end(line, host, " "));
    size_t to = word_end(line, tag, ": ");
    return to > tag && str_char(line, to) == ':' ? blank_end(line, to + 1) : 0;
}

/* "api-1  | " */
static size_t container_end(struct str line) {
    size_t to = 0;

    while (is_alnum(str_char(line, to)) || is_any(str_char(line, to), "-_.")) {
        to++;
    }
    size_t bar = to;
    while (to > 0 && str_char(line, bar) == ' ' && bar - to < WORD_MAX) {
        bar++;
    }
    return bar > to && str_char(line, bar) == '|' ? blank_end(line, bar + 1) : 0;
}

/* "#12 0.345 " */
static size_t step_end(struct str line) {
    size_t to = form_end(line, 0, "#0");

    while (to > 0 && is_digit(str_char(line, to))) {
        to++;
    }
    size_t time = to > 0 ? form_end(line, to, " 0") : 0;
    if (time <= to) {
        return 0;
    }
    while (is_digit(str_char(line, time)) || str_char(line, time) == '.') {
        time++;
    }
    return blank_end(line, time);
}

static size_t one_end(struct str line) {
    size_t colour = lead_colour_end(line, 0);
    size_t time = colour > 0 ? colour : time_end(line);
    size_t tag = time > 0 ? time : syslog_end(line);
    size_t step = tag > 0 ? tag : step_end(line);
    size_t container = step > 0 ? step : container_end(line);

    return container > 0 ? container : str_char(line, 0) == '+' ? 1 : 0;
}

size_t lead_len(struct str line) {
    size_t at = 0;

    for (int i = 0; i < LEADS_MAX; i++) {
        size_t n = one_end(str_slice(line, at, line.len));
        if (n == 0) {
            break;
        }
        at += n;
    }
    return at;
}
