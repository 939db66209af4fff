/* bundle/python_requirements.c: requirement lines, and files of them in any encoding. */
#include <ctype.h>
#include <string.h>

#include "base/encode.h"
#include "bundle/python_lock.h"

/* --- one requirement --- */

static bool is_name_char(char c) {
    return isalnum((unsigned char)c) || c == '-' || c == '_' || c == '.';
}

/* Cuts `*rest` at the first `mark` and gives what is behind it; empty when there is none. */
static struct str cut_behind(struct str *rest, struct str mark) {
    ptrdiff_t at = str_find(*rest, mark);
    struct str behind = {0};

    if (at >= 0) {
        behind = str_trim(str_slice(*rest, (size_t)at + mark.len, rest->len));
        *rest = str_slice(*rest, 0, (size_t)at);
    }
    return behind;
}

bool requirement_read(struct str line, struct requirement *out) {
    size_t n = 0;
    struct str rest = str_trim(line);

    *out = (struct requirement){0};
    if (rest.len == 0 || !isalnum((unsigned char)rest.ptr[0])) {
        return false;
    }
    while (n < rest.len && is_name_char(rest.ptr[n])) {
        n++;
    }
    python_normal_name(str_slice(rest, 0, n), out->name);
    rest = str_trim(str_slice(rest, n, rest.len));
    (void)cut_behind(&rest, STR("--hash"));
    (void)cut_behind(&rest, STR("\\"));
    if (rest.len > 0 && rest.ptr[0] == '[') {
        struct str behind = cut_behind(&rest, STR("]"));
        out->extras = str_trim(str_slice(rest, 1, rest.len));
        rest = behind;
    }
    if (rest.len > 0 && rest.ptr[0] == '@') {
        out->marker = cut_behind(&rest, STR(" ;"));
        out->url = str_trim(str_slice(rest, 1, rest.len));
        return true;
    }
    out->marker = cut_behind(&rest, STR(";"));
    rest = str_trim(rest);
    if (rest.len > 1 && rest.ptr[0] == '(' && rest.ptr[rest.len - 1] == ')') {
        rest = str_trim(str_slice(rest, 1, rest.len - 1));
    }
    out->spec = rest;
    return rest.len == 0 || strchr("<>=!~", rest.ptr[0]) != NULL;
}

bool requirement_is_pinned(const struct requirement *requirement) {
    struct str spec = requirement->spec;

    return str_starts(spec, STR("==")) && str_find(spec, STR("*")) < 0 &&
           str_find(spec, STR(",")) < 0;
}

/* --- Poetry's constraints --- */

/* The version that "^" or "~" does not reach: the number at `keep` raised, the rest dropped. */
static void add_ceiling(struct buf *out, struct str version, bool is_caret) {
    struct str rest = version;
    struct str part = {0};
    long numbers[4] = {0};
    size_t n = 0;

    while (n < ARRAY_N(numbers) && str_next(&rest, '.', &part)) {
        for (size_t i = 0; i < part.len && isdigit((unsigned char)part.ptr[i]) && i < 9; i++) {
            numbers[n] = numbers[n] * 10 + (part.ptr[i] - '0');
        }
        n++;
    }
    size_t at = is_caret || n == 1 ? 0 : 1;
    while (is_caret && at + 1 < n && numbers[at] == 0) {
        at++; /* ^0.2.3 stays below 0.3 */
    }
    for (size_t i = 0; i < at; i++) {
        buf_addf(out, "%ld.", numbers[i]);
    }
    buf_addf(out, "%ld", numbers[at] + 1);
}

static void add_clause(struct buf *out, struct str clause) {
    bool is_caret = clause.ptr[0] == '^';
    bool is_tilde = clause.ptr[0] == '~' && !str_starts(clause, STR("~="));
    struct str version = str_trim(str_slice(clause, is_caret || is_tilde ? 1 : 0, clause.len));

    if (is_caret || is_tilde) {
        buf_addf(out, ">=" STR_FMT ",<", STR_ARG(version));
        add_ceiling(out, version, is_caret);
    } else if (isdigit((unsigned char)clause.ptr[0])) {
        buf_addf(out, "==" STR_FMT, STR_ARG(clause));
    } else {
        buf_add(out, clause);
    }
}

void requirement_add_constraint(struct buf *out, struct str constraint) {
    struct str rest = constraint;
    struct str clause = {0};
    bool is_first = true;

    if (str_find(constraint, STR("|")) >= 0) {
        return;
    }
    while (str_next(&rest, ',', &clause)) {
        clause = str_trim(clause);
        if (clause.len == 0 || str_eq(clause, STR("*"))) {
            continue;
        }
        buf_add_s(out, is_first ? "" : ",");
        add_clause(out, clause);
        is_first = false;
    }
}

/* --- encodings --- */

void requirements_decode(struct str raw, struct buf *out) {
    const unsigned char *bytes = (const unsigned char *)raw.ptr;
    bool is_little = raw.len >= 2 && bytes[0] == 0xff && bytes[1] == 0xfe;
    bool is_big = raw.len >= 2 && bytes[0] == 0xfe && bytes[1] == 0xff;

    if (is_little || is_big) {
        for (size_t i = 2; i + 1 < raw.len; i += 2) {
            unsigned first = bytes[i];
            unsigned second = bytes[i + 1];
            utf8_add_point(out, is_little ? second << 8 | first : first << 8 | second);
        }
    } else if (str_is_utf8(raw)) {
        buf_add(out, str_starts(raw, STR("\xef\xbb\xbf")) ? str_slice(raw, 3, raw.len) : raw);
    } else {
        for (size_t i = 0; i < raw.len; i++) {
            utf8_add_point(out, bytes[i]);
        }
    }
}

/* --- files --- */

void requirements_done(struct requirements *requirements) {
    buf_done(&requirements->lines);
    buf_done(&requirements->constraints);
    buf_done(&requirements->options);
}

static enum err_code read_into(const struct fs_root *root, const char *path, struct buf *lines,
                               struct requirements *all, struct err *err);

/* "-r FILE", "-rFILE", "--requirement=FILE": the file; empty when `line` is no such option. */
static struct str option_value(struct str line, const char *brief, const char *full) {
    const char *names[] = {full, brief};

    for (size_t i = 0; i < ARRAY_N(names); i++) {
        if (str_starts(line, str_from(names[i]))) {
            struct str value = str_slice(line, strlen(names[i]), line.len);
            if (value.len > 0 && value.ptr[0] == '=') {
                value = str_slice(value, 1, value.len);
            }
            return str_trim(value);
        }
    }
    return (struct str){0};
}

static enum err_code read_line(const struct fs_root *root, const char *path, struct str line,
                               struct buf *lines, struct requirements *all, struct err *err) {
    struct str included = option_value(line, "-r", "--requirement");
    struct str limiting = option_value(line, "-c", "--constraint");

    if (included.len > 0 || limiting.len > 0) {
        CLEANUP(freep) char *name = str_dup(included.len > 0 ? included : limiting);
        CLEANUP(freep) char *next = locking_beside(path, name);
        return read_into(root, next, included.len > 0 ? lines : &all->constraints, all, err);
    }
    bool is_option =
        line.ptr[0] == '-' && !str_starts(line, STR("-e ")) && !str_starts(line, STR("--editable"));
    buf_add(is_option ? &all->options : lines, line);
    buf_add_c(is_option ? &all->options : lines, '\n');
    return ERR_NONE;
}

/* Without what stands behind " #", as pip reads it. */
static struct str without_comment(struct str line) {
    for (size_t i = 0; i < line.len; i++) {
        if (line.ptr[i] == '#' && (i == 0 || isspace((unsigned char)line.ptr[i - 1]))) {
            return str_slice(line, 0, i);
        }
    }
    return line;
}

static enum err_code read_lines(const struct fs_root *root, const char *path, struct str text,
                                struct buf *lines, struct requirements *all, struct err *err) {
    CLEANUP(buf_done) struct buf whole = BUF_INIT(BUILD_TEXT_MAX);
    struct str line = {0};

    while (str_next(&text, '\n', &line)) {
        line = str_trim(without_comment(line));
        bool goes_on = line.len > 0 && line.ptr[line.len - 1] == '\\';
        buf_add(&whole, str_slice(line, 0, line.len - (goes_on ? 1 : 0)));
        if (goes_on) {
            continue;
        }
        struct str full = str_trim(buf_str(&whole));
        if (full.len > 0 && read_line(root, path, full, lines, all, err) != ERR_NONE) {
            return err->code;
        }
        buf_clear(&whole);
    }
    return ERR_NONE;
}

static enum err_code read_into(const struct fs_root *root, const char *path, struct buf *lines,
                               struct requirements *all, struct err *err) {
    CLEANUP(buf_done) struct buf raw = BUF_INIT(BUILD_TEXT_MAX);
    CLEANUP(buf_done) struct buf text = BUF_INIT(2 * BUILD_TEXT_MAX);

    if (++all->files > REQUIREMENT_FILES_MAX) {
        err_set(err, ERR_BUILD, "%s includes more than %d files, perhaps in a circle", path,
                REQUIREMENT_FILES_MAX);
        return err_remedy(err, "look at its lines that begin with -r and -c");
    }
    if (fs_read_at(root, path, BUILD_TEXT_MAX, &raw, err) != ERR_NONE) {
        if (err->code == ERR_NOT_FOUND) {
            err_set(err, ERR_BUILD, "the requirements file %s is not there", path);
            return err_remedy(err, "commit it, or take the line that names it out");
        }
        return err->code;
    }
    requirements_decode(buf_str(&raw), &text);
    return read_lines(root, path, buf_str(&text), lines, all, err);
}

enum err_code requirements_read(const struct fs_root *root, const char *path,
                                struct requirements *out, struct err *err) {
    *out = (struct requirements){.lines = BUF_INIT(BUILD_TEXT_MAX),
                                 .constraints = BUF_INIT(BUILD_TEXT_MAX),
                                 .options = BUF_INIT(BUILD_TEXT_MAX)};
    if (read_into(root, path, &out->lines, out, err) != ERR_NONE) {
        requirements_done(out);
        return err->code;
    }
    if (out->lines.failed || out->constraints.failed || out->options.failed) {
        requirements_done(out);
        return err_set(err, ERR_TOO_LARGE, "%s and what it includes are larger than %d MB", path,
                       BUILD_TEXT_MAX >> 20);
    }
    return ERR_NONE;
}
