/* guard/redact/lead.c: what logs put before a line.
 *
 *   2026-11-30T11:34:29.1234567Z LINE        of GitHub's runners, docker logs -t
 *   Nov 30 11:34:29 host api[123]: LINE      of syslog, journalctl
 *   api-1  | LINE                            of docker compose
 *   #12 0.345 LINE                           of docker build
 *   [10:22:31] LINE  [pod/api/web] LINE      of kubectl logs --prefix and many others
 *   10:22:31 [main] DEBUG a.b.Conf - LINE    of log4j, and of Python: ... - app - INFO - LINE
 *   INFO:     LINE  INFO:root:LINE           of uvicorn, Python
 *   2026-11-30T11:34:29.123Z stdout F LINE   of containerd's files
 *   I, [2026-11-30T11:34:29 #12]  INFO -- : LINE  of Ruby
 *   web:build: LINE  ##[debug]LINE  E   LINE  of Turborepo, GitHub's runners, pytest
 *   {"log":"LINE\n","stream":"stdout"}       of docker's files, and other lines of JSON
 *   <134>1 2026-11-30T11:34:29Z host app 123 - - LINE  of syslog (RFC 5424)
 *   ... INFO 1 --- [main] a.b.App : LINE     of Spring Boot
 *   INFO app.main: LINE                      of Python, behind a time or not
 *   DEBUG 2026-11-30 11:34:29,123 views 17 140735 LINE  of Django, verbose
 *   2026-11-30T11:34:29 ecs/api/STREAM LINE  of aws logs tail, whose streams end in 32 hexadecimal
 *   build<tab>Run tests<tab>2026-11-30T11:34:29Z LINE  of gh run view --log
 *   2026-11-30T11:34:29.123Z<tab>UUID<tab>INFO<tab>LINE  of AWS Lambda; [INFO] first, of Python
 *   api-7d9f8b6c5d-x2x4k api LINE            of stern
 *   remote: LINE  > LINE                     of git, and of what is quoted, as curl -v does
 *   +LINE                                    of a diff */
#include "guard/redact/lead.h"

#include "guard/redact/body.h"
#include "guard/redact/charset.h"
#include "guard/redact/key.h"
#include "guard/redact/word.h"

#include <string.h>

enum {
    LEADS_MAX = 8,
    WORD_MAX = 80,
    DEEP = 16, /* backslashes of an escape */
    JSON_MAX = 4096,
    LEVEL_COLUMN = 10
};

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

    if (at >= text.len || (text.ptr[at] != '\x1b' && text.ptr[at] != '\\')) {
        return at;
    }
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

/* Behind a tab at `at`, which strings in strings write with backslashes; `at` without one. */
static size_t tab_end(struct str line, size_t at) {
    size_t letter = at;

    while (str_char(line, letter) == '\\' && letter - at < DEEP) {
        letter++;
    }
    bool is_tab = letter > at ? str_char(line, letter) == 't' : str_char(line, at) == '\t';
    return is_tab ? letter + 1 : at;
}

static size_t blank_end(struct str line, size_t at) {
    return str_char(line, at) == ' ' ? at + 1 : tab_end(line, at);
}

/* 2026-11-30T11:34:29.123Z or 11:34:29.123, and one blank. */
static size_t time_end(struct str line) {
    if (!is_digit(str_char(line, 0))) {
        return 0;
    }
    size_t day = form_end(line, 0, "0000-00-00");
    bool is_split = day > 0 && is_any(str_char(line, day), "T ");
    size_t begin = is_split ? day + 1 : 0;
    size_t to = is_split || day == 0 ? form_end(line, begin, "00:00:00") : begin;

    if (to <= begin) {
        return 0;
    }
    while (is_digit(str_char(line, to)) || is_any(str_char(line, to), ".,:+-Z")) {
        to++;
    }
    return blank_end(line, to);
}

static inline __attribute__((always_inline)) size_t word_end(struct str line, size_t at,
                                                             const char *ends) {
    size_t to = at;

    while (to < line.len && to - at < WORD_MAX && !is_any(line.ptr[to], ends) &&
           line.ptr[to] > ' ') {
        to++;
    }
    return to;
}

/* Nov 30 11:34:29 host tag[123]: */
static size_t syslog_end(struct str line) {
    if (str_char(line, 3) != ' ') {
        return 0;
    }
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

/* "[10:22:31] ", "[main] " */
static size_t bracket_end(struct str line) {
    size_t to = 1;

    if (str_char(line, 0) != '[') {
        return 0;
    }
    while (to < WORD_MAX &&
           (is_alnum(str_char(line, to)) || is_any(str_char(line, to), "-_./:, +#"))) {
        to++;
    }
    bool is_closed = to > 1 && str_char(line, to) == ']';
    size_t blank = is_closed ? blank_end(line, to + 1) : 0;
    return blank > to + 1 ? blank : 0;
}

static size_t blanks_end(struct str line, size_t at) {
    while (str_char(line, at) == ' ') {
        at++;
    }
    return at;
}

/* Over the blanks at `at`: those of a column, as uvicorn fills it up, or one; `unseen` bytes before
 * set colours. What is behind the column is the indentation of what was logged. */
static size_t column_end(struct str line, size_t at, size_t unseen) {
    size_t to = blanks_end(line, at);

    return to >= LEVEL_COLUMN + unseen ? LEVEL_COLUMN + unseen : to > at ? at + 1 : at;
}

/* The word of a level, in capitals or small. */
static size_t level_word_end(struct str line, size_t at) {
    static const struct str levels[] = {W("INFO"),  W("DEBUG"),    W("WARNING"),
                                        W("WARN"),  W("ERROR"),    W("TRACE"),
                                        W("FATAL"), W("CRITICAL"), W("NOTICE")};
    struct str rest = str_slice(line, at, line.len);

    if (!is_any(fold(str_char(rest, 0)), "idwetfcn")) {
        return at; /* none begins so */
    }
    for (size_t i = 0; i < ARRAY_N(levels); i++) {
        if (str_starts_nocase(rest, levels[i]) && !is_alnum(str_char(rest, levels[i].len))) {
            return at + levels[i].len;
        }
    }
    return at;
}

/* The name of a module, with a dot: one of a setting may be a secret's. */
static bool is_logger_name(struct str name) {
    return str_find(name, STR(".")) > 0 && !key_is_secret(name) && !key_is_of_secrets(name);
}

/* "INFO:     ", "INFO:root:", "DEBUG a.b.Conf - ", "INFO (12): ", "INFO app.main: ", "info: " */
static size_t level_end(struct str line) {
    size_t word = level_word_end(line, 0);
    bool is_capital = word > 0 && is_upper(line.ptr[1]);

    if (word == 0) {
        return 0;
    }
    size_t unseen = lead_colour_end(line, word) - word;
    word += unseen;
    if (str_char(line, word) == ':') {
        size_t name = word_end(line, word + 1, ": ");
        bool is_root = is_capital && name > word + 1 && str_char(line, name) == ':';
        size_t blanks = column_end(line, word + 1, unseen);
        return is_root ? name + 1 : blanks > word + 1 ? blanks : 0;
    }
    size_t next = blanks_end(line, word);
    if (next == word || !is_capital) {
        return 0;
    }
    size_t name = word_end(line, next, " ");
    size_t sign = blanks_end(line, name);
    bool is_named = name > next && is_any(str_char(line, sign), "-:") &&
                    str_char(line, sign + 1) == ' ' && sign > name;
    bool is_number = name > next && line.ptr[next] == '(' && line.ptr[name - 1] == ':';
    bool is_logger = name > next && line.ptr[name - 1] == ':' && str_char(line, name) == ' ' &&
                     is_logger_name(str_slice(line, next, name - 1));
    return is_number || is_logger ? blank_end(line, name) : is_named ? sign + 2 : next;
}

/* "- app - INFO - ", after a time */
static size_t dashes_end(struct str line) {
    bool is_dash = str_starts(line, STR("- "));
    size_t word = is_dash ? level_word_end(line, 2) : 0;

    if (is_dash && word == 2) {
        size_t name = word_end(line, 2, " ");
        size_t level = str_starts(str_slice(line, name, line.len), STR(" - ")) ? name + 3 : 0;
        word = level > 0 ? level_word_end(line, level) : 0;
        word = word > level ? word : 0;
    }
    return word > 2 && str_starts(str_slice(line, word, line.len), STR(" - ")) ? word + 3 : 0;
}

/* time="2026-11-30T11:34:29Z" level=info */
static size_t logfmt_end(struct str line) {
    bool is_time = str_starts(line, STR("time=\""));
    size_t quote = is_time ? word_end(line, 6, "\"") : 0;
    struct str rest = str_slice(line, quote, line.len);

    return is_time && str_starts(rest, STR("\" level="))
               ? blank_end(line, word_end(line, quote + 8, " "))
               : 0;
}

/* "| ", where no other bar follows: of tools that indent so what others print */
static size_t bar_end(struct str line) {
    bool is_bar = str_starts(line, STR("| "));

    return is_bar && str_find(str_slice(line, 2, line.len), STR(" |")) < 0 ? 2 : 0;
}

/* "stdout F ", behind a time: whose line it was, and whether all of it (Kubernetes' CRI). */
static size_t container_stream_end(struct str line) {
    static const struct str streams[] = {W("stdout F "), W("stderr F "), W("stdout P "),
                                         W("stderr P ")};

    for (size_t i = 0; line.ptr[0] == 's' && i < ARRAY_N(streams); i++) {
        if (str_starts(line, streams[i])) {
            return streams[i].len;
        }
    }
    return 0;
}

/* "I, [2026-11-30T11:34:29.123456 #12]  INFO -- : " of Ruby's Logger */
static size_t letter_end(struct str line) {
    if (!is_upper(line.ptr[0]) || !str_starts(str_slice(line, 1, line.len), STR(", ["))) {
        return 0;
    }
    size_t bracket = word_end(line, 4, "]");
    bracket = str_char(line, bracket) == ' ' ? word_end(line, bracket + 1, "]") : bracket;
    size_t level = blanks_end(line, bracket + 1);
    size_t word = level_word_end(line, level);
    bool is_lead = word > level && str_starts(str_slice(line, word, line.len), STR(" -- "));
    size_t colon = is_lead ? word_end(line, word + 4, ":") : 0;
    return colon > 0 && str_starts(str_slice(line, colon, line.len), STR(": ")) ? colon + 2 : 0;
}

/* "web:build: " of Turborepo: a package and its script, in small letters. */
static size_t script_end(struct str line) {
    size_t colon = 0;
    size_t to = 0;

    for (; to < line.len && to < WORD_MAX; to++) {
        char c = line.ptr[to];
        bool is_small = (c >= 'a' && c <= 'z') || c == '-' || c == '@' || c == '/';
        if (c == ':' && colon == 0 && to > 0) {
            colon = to;
        } else if (!is_small) {
            break;
        }
    }
    bool is_script = colon > 0 && to > colon + 1 && str_char(line, to) == ':';
    return is_script && str_char(line, to + 1) == ' ' ? to + 2 : 0;
}

/* "##[debug]", the E of pytest before what failed, git's of a server, and what is quoted. */
static size_t mark_end(struct str line) {
    static const struct str marks[] = {W("##[debug]"), W("E   "), W("remote: "), W("> "), W("< ")};

    switch (line.ptr[0]) { /* most are none */
    case '#':
    case 'E':
    case 'r':
    case '>':
    case '<':
        break;
    default:
        return 0;
    }
    for (size_t i = 0; i < ARRAY_N(marks); i++) {
        if (str_starts(line, marks[i])) {
            return marks[i].len;
        }
    }
    return 0;
}

/* "<134>1 2026-11-30T11:34:29Z host app 123 ID - ", of RFC 5424. */
static size_t syslog_frame_end(struct str line) {
    size_t to = str_char(line, 0) == '<' ? word_digits_end(line, 1) : 1;
    size_t time = to > 1 ? form_end(line, to, ">0 0000-00-00T") : to;
    if (time == to) {
        return 0;
    }
    for (int i = 0; i < 5; i++) { /* time, host, program, process, id */
        time = word_end(line, time, " ");
        if (str_char(line, time) != ' ') {
            return 0;
        }
        time++;
    }
    return str_starts(str_slice(line, time, line.len), STR("- ")) ? time + 2 : 0;
}

/* "1 --- [main] a.b.App : ", behind the level of Spring Boot. */
static size_t spring_end(struct str line) {
    size_t to = word_digits_end(line, 0);

    if (to == 0 || !str_starts(str_slice(line, to, line.len), STR(" --- ["))) {
        return 0;
    }
    to += 5;
    while (str_char(line, to) == '[') {
        while (to < line.len && line.ptr[to] != ']' && !is_line_end(line.ptr[to])) {
            to++;
        }
        to = blanks_end(line, to + 1);
    }
    to = blanks_end(line, word_end(line, to, " "));
    return str_char(line, to) == ':' ? blank_end(line, to + 1) : 0;
}

/* "app  ", before a time: whose line it was. */
static size_t owner_end(struct str line) {
    size_t to = 0;

    while (to < line.len && to < WORD_MAX && (is_alnum(line.ptr[to]) || line.ptr[to] == '-')) {
        to++;
    }
    size_t time = str_char(line, to) == ' ' ? blanks_end(line, to) : to;
    return to > 0 && time > to && form_end(line, time, "0000-00-00") > time &&
                   time_end(str_slice(line, time, line.len)) > 0
               ? time
               : 0;
}

/* "c.e.App - ", behind a level and a thread: of log4j */
static size_t logger_end(struct str line) {
    size_t to = word_end(line, 0, " ");
    bool has_dot = str_find(str_slice(line, 0, to), STR(".")) > 0;

    return has_dot && str_starts(str_slice(line, to, line.len), STR(" - ")) ? to + 3 : 0;
}

/* "build<tab>Run tests<tab>", before a time: a job and its step. */
static size_t job_end(struct str line) {
    size_t at = 0;

    for (int i = 0; i < 2; i++) {
        const char *tab =
            memchr(line.ptr + at, '\t', line.len - at < WORD_MAX ? line.len - at : WORD_MAX);
        if (tab == NULL) {
            return 0;
        }
        at = (size_t)(tab + 1 - line.ptr);
    }
    return form_end(line, at, "0000-00-00T00:00:00") > at ? at : 0;
}

/* "ecs/api/STREAM " and "2026/11/30/[$LATEST]STREAM ", behind a time: a stream of CloudWatch. */
static size_t stream_end(struct str line) {
    enum { STREAM = 32 };
    size_t to = word_end(line, 0, " ");
    size_t from = to > STREAM ? to - STREAM : to;

    for (size_t i = from; i < to; i++) {
        if (!is_hex(line.ptr[i])) {
            return 0;
        }
    }
    bool is_stream = from < to && is_any(line.ptr[from - 1], "/]");
    return is_stream && str_char(line, to) == ' ' ? to + 1 : 0;
}

/* "UUID<tab>INFO<tab>" and "UUID<tab>", behind a time: a request of AWS Lambda, and the level. */
static size_t request_end(struct str line) {
    size_t to = word_end(line, 0, " \\");
    size_t level = tab_end(line, to);

    if (level == to || !body_is_uuid(str_slice(line, 0, to))) {
        return 0;
    }
    size_t word = level_word_end(line, level);
    size_t behind = tab_end(line, word);
    return word > level && behind > word ? behind : level;
}

/* "views 17 140735 ", behind a level and a time: a module, a process and a thread. */
static size_t thread_end(struct str line) {
    size_t name = word_end(line, 0, " :=");
    size_t process = blank_end(line, name);
    size_t end = word_digits_end(line, process);
    size_t thread = blank_end(line, end);
    size_t to = word_digits_end(line, thread);
    bool is_thread = name > 0 && end > process && thread > end && to > thread;

    return is_thread && str_char(line, to) == ' ' ? to + 1 : 0;
}

/* Back over the letters and digits that Kubernetes makes names of (SafeEncodeString of its
 * util/rand). */
static size_t safe_begin(struct str line, size_t to) {
    while (to > 0 && is_any(line.ptr[to - 1], "bcdfghjklmnpqrstvwxz2456789")) {
        to--;
    }
    return to;
}

/* "api-7d9f8b6c5d-x2x4k api " of stern: a pod, which a deployment named, and its container. */
static size_t pod_end(struct str line) {
    enum { TAIL = 5, HASH_MIN = 6, HASH_MAX = 10 };
    size_t pod = word_end(line, 0, " ");
    size_t tail = safe_begin(line, pod);

    if (pod - tail != TAIL || tail < HASH_MIN || line.ptr[tail - 1] != '-') {
        return 0;
    }
    size_t hash = safe_begin(line, tail - 1);
    bool is_hash = tail - 1 - hash >= HASH_MIN && tail - 1 - hash <= HASH_MAX;
    if (!is_hash || hash < 2 || line.ptr[hash - 1] != '-') {
        return 0;
    }
    size_t to = pod + 1;
    while (is_alnum(str_char(line, to)) || str_char(line, to) == '-') {
        to++;
    }
    return to > pod + 1 && str_char(line, to) == ' ' ? to + 1 : 0;
}

/* What else a log puts before a line, once. */
static size_t one_end(struct str line) {
    size_t (*const ends[])(struct str line) = {
        mark_end,         syslog_end, step_end,  container_end, bracket_end, level_end,
        dashes_end,       logfmt_end, bar_end,   letter_end,    script_end,  container_stream_end,
        syslog_frame_end, spring_end, owner_end, job_end,       pod_end};
    if (line.len == 0 || is_blank(line.ptr[0])) {
        return 0;
    }
    size_t to = lead_colour_end(line, 0);

    for (size_t i = 0; to == 0 && i < ARRAY_N(ends); i++) {
        to = ends[i](line);
    }
    return to > 0 ? to : str_char(line, 0) == '+' ? 1 : 0;
}

size_t lead_len(struct str line) {
    size_t at = 0;
    bool is_timed = false; /* a time stands right before */

    for (int i = 0; i < LEADS_MAX; i++) {
        struct str rest = str_slice(line, at, line.len);
        size_t level = at > 0 && rest.len > 0 && rest.ptr[0] == ' ' ? blanks_end(rest, 0) : 0;
        if (level > 0 && level_word_end(rest, level) > level) {
            at += level; /* it is filled up to five letters */
            rest = str_slice(line, at, line.len);
        }
        size_t time = time_end(rest);
        size_t n = time > 0 ? time : one_end(rest);
        bool is_behind = n == 0 && at > 1 && rest.len > 0 && line.ptr[at - 2] == ']';
        n = is_behind ? logger_end(rest) : n; /* [main] c.e.App - */
        n = n == 0 && is_timed ? stream_end(rest) : n;
        n = n == 0 && is_timed ? thread_end(rest) : n;
        n = n == 0 && is_timed ? request_end(rest) : n;
        if (n == 0) {
            break;
        }
        is_timed = time > 0;
        at += n;
    }
    return at;
}

/* Where the string that opens before `at` closes; the end of the line when it does not. */
static size_t string_close(struct str line, size_t at) {
    while (at < line.len && line.ptr[at] != '"') {
        at += line.ptr[at] == '\\' ? 2 : 1;
    }
    return at < line.len ? at : line.len;
}

bool lead_payload(struct str line, size_t *from, size_t *to) {
    static const struct str keys[] = {W("log"),  W("message"), W("msg"),    W("line"),
                                      W("text"), W("output"),  W("content")};
    size_t at = lead_len(line);

    if (str_char(line, at) != '{') {
        return false;
    }
    while (at < line.len && at < JSON_MAX) {
        const char *quote = memchr(line.ptr + at, '"', line.len - at);
        if (quote == NULL) {
            return false;
        }
        size_t begin = (size_t)(quote + 1 - line.ptr);
        size_t end = string_close(line, begin);
        size_t value = blanks_end(line, end + 1);
        value = str_char(line, value) == ':' ? blanks_end(line, value + 1) : 0;
        bool is_key = word_is_one_of(str_slice(line, begin, end), keys, ARRAY_N(keys));
        if (is_key && value > 0 && str_char(line, value) == '"') {
            *from = value + 1;
            *to = string_close(line, *from);
            while (*to > *from + 1 && line.ptr[*to - 2] == '\\' &&
                   is_any(line.ptr[*to - 1], "nr")) {
                *to -= 2;
            }
            return *to < line.len;
        }
        at = end + 1;
    }
    return false;
}
