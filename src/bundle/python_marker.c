/* bundle/python_marker.c: PEP 508 markers, for a function on Linux. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "bundle/python_lock.h"

enum { MARKER_DEPTH_MAX = 32, MARKER_PARTS_MAX = 8 };

struct marker {
    struct str rest;
    const struct python_target *target;
    const json_t *extras; /* ["name"], or NULL */
    int depth;
    bool is_broken;
};

struct marker_value {
    struct str text;
    bool is_extra;
    bool is_version;
};

/* clang-format off */
static const struct { const char *name; const char *value; } constants[] = {
    { "os_name", "posix" }, { "os.name", "posix" },
    { "sys_platform", "linux" }, { "sys.platform", "linux" },
    { "platform_system", "Linux" },
    { "implementation_name", "cpython" },
    { "platform_python_implementation", "CPython" }, { "platform.python_implementation", "CPython" },
    { "python_implementation", "CPython" },
    { "platform_release", "" }, { "platform_version", "" },
};
/* clang-format on */

static bool marker_or(struct marker *m);

/* Takes `word` from the front; a word of letters only where it ends there. */
static bool marker_take(struct marker *m, const char *word) {
    struct str wanted = str_from(word);

    m->rest = str_trim(m->rest);
    if (!str_starts(m->rest, wanted) ||
        (isalpha((unsigned char)word[0]) && m->rest.len > wanted.len &&
         (isalnum((unsigned char)m->rest.ptr[wanted.len]) || m->rest.ptr[wanted.len] == '_'))) {
        return false;
    }
    m->rest = str_slice(m->rest, wanted.len, m->rest.len);
    return true;
}

static struct marker_value marker_variable(struct marker *m, struct str name) {
    const struct python_target *target = m->target;
    struct marker_value value = {.text = STR("")};

    if (str_eq(name, STR("extra"))) {
        value.is_extra = true;
    } else if (str_eq(name, STR("python_version"))) {
        const char *dot = strchr(target->version, '.');
        const char *end = dot == NULL ? NULL : strchr(dot + 1, '.');
        value.text = str_slice(str_from(target->version), 0,
                               end == NULL ? SIZE_MAX : (size_t)(end - target->version));
        value.is_version = true;
    } else if (str_eq(name, STR("python_full_version")) ||
               str_eq(name, STR("implementation_version"))) {
        value.text = str_from(target->version);
        value.is_version = true;
    } else if (str_eq(name, STR("platform_machine")) || str_eq(name, STR("platform.machine"))) {
        value.text = str_from(target->machine);
    } else {
        m->is_broken = true;
        for (size_t i = 0; i < ARRAY_N(constants); i++) {
            if (str_eq(name, str_from(constants[i].name))) {
                value.text = str_from(constants[i].value);
                m->is_broken = false;
            }
        }
    }
    return value;
}

static struct marker_value marker_operand(struct marker *m) {
    size_t n = 0;

    m->rest = str_trim(m->rest);
    if (m->rest.len > 0 && (m->rest.ptr[0] == '"' || m->rest.ptr[0] == '\'')) {
        const char *end = memchr(m->rest.ptr + 1, m->rest.ptr[0], m->rest.len - 1);
        if (end == NULL) {
            m->is_broken = true;
            return (struct marker_value){0};
        }
        n = (size_t)(end - m->rest.ptr);
        struct str text = str_slice(m->rest, 1, n);
        m->rest = str_slice(m->rest, n + 1, m->rest.len);
        return (struct marker_value){.text = text};
    }
    while (n < m->rest.len && (isalnum((unsigned char)m->rest.ptr[n]) || m->rest.ptr[n] == '_' ||
                               m->rest.ptr[n] == '.')) {
        n++;
    }
    struct str name = str_slice(m->rest, 0, n);
    m->rest = str_slice(m->rest, n, m->rest.len);
    return marker_variable(m, name);
}

/* "3.11.7" as numbers; what is behind them (a pre-release) does not count. Returns how many. */
static size_t version_parts(struct str text, long parts[MARKER_PARTS_MAX]) {
    struct str part = {0};
    size_t n = 0;

    while (n < MARKER_PARTS_MAX && str_next(&text, '.', &part)) {
        if (part.len == 0 || part.len > 9 || !isdigit((unsigned char)part.ptr[0])) {
            break;
        }
        parts[n] = 0;
        for (size_t i = 0; i < part.len && isdigit((unsigned char)part.ptr[i]); i++) {
            parts[n] = parts[n] * 10 + (part.ptr[i] - '0');
        }
        n++;
    }
    return n;
}

/* Less than, equal to, or greater than zero; only the first `max` numbers count. */
static int version_order(const long *a, size_t an, const long *b, size_t bn, size_t max) {
    for (size_t i = 0; i < max && (i < an || i < bn); i++) {
        long difference = (i < an ? a[i] : 0) - (i < bn ? b[i] : 0);
        if (difference != 0) {
            return difference < 0 ? -1 : 1;
        }
    }
    return 0;
}

static bool marker_ordered(int order, const char *op) {
    switch (op[0]) {
    case '<':
        return op[1] == '=' ? order <= 0 : order < 0;
    case '>':
        return op[1] == '=' ? order >= 0 : order > 0;
    case '!':
        return order != 0;
    default:
        return order == 0;
    }
}

static bool marker_versions(struct str left, const char *op, struct str right) {
    long a[MARKER_PARTS_MAX] = {0};
    long b[MARKER_PARTS_MAX] = {0};
    size_t an = version_parts(left, a);
    size_t bn = version_parts(right, b);
    bool is_any = str_ends(right, STR(".*"));

    if (strcmp(op, "~=") == 0) {
        return version_order(a, an, b, bn, MARKER_PARTS_MAX) >= 0 &&
               version_order(a, an, b, bn, bn > 1 ? bn - 1 : 1) == 0;
    }
    return marker_ordered(version_order(a, an, b, bn, is_any ? bn : MARKER_PARTS_MAX), op);
}

static bool marker_is_extra(const struct marker *m, struct str name) {
    const json_t *row = NULL;
    size_t i = 0;

    json_array_foreach(m->extras, i, row) {
        if (str_eq_nocase(str_from(json_string_value(row)), name)) {
            return true;
        }
    }
    return false;
}

static bool marker_compare(struct marker *m) {
    static const char *const operators[] = {
        "===", "==", "~=", "!=", "<=", ">=", "<", ">", "in", "not"};
    const char *op = NULL;
    struct marker_value left = marker_operand(m);

    for (size_t i = 0; op == NULL && i < ARRAY_N(operators); i++) {
        op = marker_take(m, operators[i]) ? operators[i] : NULL;
    }
    if (op == NULL || (strcmp(op, "not") == 0 && !marker_take(m, "in"))) {
        m->is_broken = true;
        return true;
    }
    struct marker_value right = marker_operand(m);
    if (left.is_extra || right.is_extra) {
        return marker_is_extra(m, left.is_extra ? right.text : left.text) != (op[0] == '!');
    }
    if (op[0] == 'i') {
        return str_find(right.text, left.text) >= 0;
    }
    if (op[0] == 'n') {
        return str_find(right.text, left.text) < 0;
    }
    if ((left.is_version || right.is_version) && strcmp(op, "===") != 0) {
        return marker_versions(left.text, op, right.text);
    }
    return marker_ordered(str_cmp(left.text, right.text), op);
}

static bool marker_atom(struct marker *m) {
    if (!marker_take(m, "(")) {
        return marker_compare(m);
    }
    if (++m->depth > MARKER_DEPTH_MAX) {
        m->is_broken = true;
        return true;
    }
    bool holds = marker_or(m);
    m->depth--;
    m->is_broken = !marker_take(m, ")") || m->is_broken;
    return holds;
}

static bool marker_and(struct marker *m) {
    bool holds = marker_atom(m);

    while (!m->is_broken && marker_take(m, "and")) {
        holds = marker_atom(m) && holds;
    }
    return holds;
}

static bool marker_or(struct marker *m) {
    bool holds = marker_and(m);

    while (!m->is_broken && marker_take(m, "or")) {
        holds = marker_and(m) || holds;
    }
    return holds;
}

bool python_marker_holds(struct str marker, const struct python_target *target,
                         const json_t *extras) {
    struct marker m = {.rest = marker, .target = target, .extras = extras};

    if (str_trim(marker).len == 0) {
        return true;
    }
    bool holds = marker_or(&m);
    return holds || m.is_broken || str_trim(m.rest).len > 0;
}
