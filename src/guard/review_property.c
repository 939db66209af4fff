/* guard/review_property.c: what the properties of a resource have to say. */
#include "guard/review.h"

#include "base/json.h"

#include <stdlib.h>
#include <string.h>

enum { FOUND_BYTES = 40 };

enum demand {
    IS_TRUE,      /* must be there and true */
    IS_FALSE,     /* must be there and false */
    IS_NOT_TRUE,  /* false, or not there */
    IS_NOT_FALSE, /* true, or not there */
    IS_THERE,     /* something, whatever it is */
    IS_ABSENT,    /* nothing */
    IS_HERE,      /* the pinned region, or not there */
    HAS_PAIR,     /* a list of {"Key","Value"} in which KEY=VALUE stands */
    HAS_ONE_OF,   /* an object in which one of the paths leads to something */
    IS_ONE_OF,    /* one of the values */
    MAY_BE,       /* one of the values, or not there */
    IS_NONE_OF,   /* none of the values, or not there */
    IS_BEGUN_BY,  /* begins with one of the values */
    IS_NOT_BEGUN, /* does not begin with one of the values, as far as it is told */
    IS_NOT_ZERO,  /* a number above 0, or not there */
    IS_AT_LEAST,  /* a number not below the value, or not there */
    IS_GIVEN_OF,  /* there; where it is written out, one of the values */
    IS_REFERENCE, /* not there, an intrinsic, or a dynamic reference to a secret */
    IS_TLS12,     /* a TLS policy of a load balancer that takes nothing before 1.2 */
    DEMAND_N
};

struct property_row {
    enum review_rule rule;
    const char *type;
    const char *path;
    enum demand demand;
    const char *values; /* blank-separated */
    const char *unless; /* blank-separated: "path", "path=value", or "!path": it is not there */
};

static const struct property_row property_rows[] = {
#define PROPERTY(rule, type, path, demand, values, unless)                                         \
    {REVIEW_##rule, type, path, demand, values, unless},
#include "guard/review_property.def"
#undef PROPERTY
};

size_t policy_property_n(void) { return ARRAY_N(property_rows); }

void policy_property(size_t i, struct policy_property *out) {
    static const char *const words[DEMAND_N] = {
        [IS_TRUE] = "is true",
        [IS_FALSE] = "is false",
        [IS_NOT_TRUE] = "is not true",
        [IS_NOT_FALSE] = "is not false",
        [IS_THERE] = "is there",
        [IS_ABSENT] = "is not there",
        [IS_HERE] = "if there, is the pinned region",
        [HAS_PAIR] = "has",
        [HAS_ONE_OF] = "has one of",
        [IS_ONE_OF] = "is one of",
        [MAY_BE] = "if there, is one of",
        [IS_NONE_OF] = "is none of",
        [IS_BEGUN_BY] = "begins with one of",
        [IS_NOT_BEGUN] = "does not begin with",
        [IS_NOT_ZERO] = "is not 0",
        [IS_AT_LEAST] = "if there, is at least",
        [IS_GIVEN_OF] = "is there, and one of",
        [IS_REFERENCE] = "if there, refers to a secret",
        [IS_TLS12] = "takes TLS 1.2 or later only",
    };
    const struct property_row *row = &property_rows[i];

    *out = (struct policy_property){row->rule,          row->type,   row->path,
                                    words[row->demand], row->values, row->unless};
}

/* ---- one value ---- */

static bool is_listed(const json_t *value, const char *list, bool is_prefix) {
    char room[24];
    struct str text = str_from(template_scalar(value, room, sizeof room));
    struct str rest = str_from(list);
    struct str one = {0};

    while (text.len > 0 && rest.len > 0 && str_next(&rest, ' ', &one)) {
        if (is_prefix ? str_starts(text, one) : str_eq(text, one)) {
            return true;
        }
    }
    return false;
}

/* Source: Elastic Load Balancing, security policies: the old ones carry a month, and those that
 * begin at TLS 1.2 say so. */
static bool is_tls12(const json_t *value) {
    const char *text = json_string_value(value);

    return text != NULL && (strstr(text, "TLS-1-2") != NULL || strstr(text, "TLS13-1-2") != NULL ||
                            strstr(text, "TLS13-1-3") != NULL || strstr(text, "FS-1-2") != NULL);
}

static bool is_at_least(const json_t *value, int64_t least) {
    int64_t number = json_is_integer(value) ? json_integer_value(value) : -1;
    struct err unread = {0};

    if (json_is_string(value) && str_to_i64(str_from(json_string_value(value)), 0, INT32_MAX,
                                            &number, &unread) != ERR_NONE) {
        return false;
    }
    return number >= least;
}

static bool is_something(const json_t *value) {
    return value != NULL && !json_is_null(value) &&
           !(json_is_array(value) && json_array_size(value) == 0) &&
           !(json_is_string(value) && json_string_length(value) == 0);
}

static bool has_one(const json_t *value, const char *paths) {
    struct str rest = str_from(paths);
    struct str one = {0};

    while (rest.len > 0 && str_next(&rest, ' ', &one)) {
        CLEANUP(freep) char *path = str_dup(one);
        const json_t *found = json_at(value, path);

        if (is_something(found) && !review_is_no_value(found)) {
            return true;
        }
    }
    return false;
}

bool review_has_pair(const json_t *pairs, struct str want) {
    const json_t *branches = json_object_get(pairs, "Fn::If");
    ptrdiff_t equals = str_find(want, STR("="));
    struct str key = str_slice(want, 0, (size_t)equals);
    struct str value = str_slice(want, (size_t)equals + 1, want.len);
    bool has = false;
    size_t i = 0;
    json_t *pair = NULL;

    if (json_is_array(branches)) {
        return review_has_pair(json_array_get(branches, 1), want) &&
               review_has_pair(json_array_get(branches, 2), want);
    }
    json_array_foreach(pairs, i, pair) {
        char room[24];

        if (str_eq(str_from(json_str_at(pair, "Key")), key)) {
            has = str_eq_nocase(
                str_from(template_scalar(json_object_get(pair, "Value"), room, sizeof room)),
                value);
        }
    }
    return has;
}

/* What a text begins with that is put together: that of an Fn::Sub, the first part of an Fn::Join.
 */
static const json_t *beginning_of(const json_t *value) {
    const json_t *sub = json_object_get(value, "Fn::Sub");
    const json_t *join = json_object_get(value, "Fn::Join");

    if (join != NULL) {
        return json_array_get(json_array_get(join, 1), 0);
    }
    return sub == NULL ? value : json_is_array(sub) ? json_array_get(sub, 0) : sub;
}

/* Where no region is pinned, none is another one. */
static bool is_here(const json_t *value, const char *region) {
    return value == NULL || region == NULL ||
           strcmp(json_str_or(value, "Ref", ""), "AWS::Region") == 0 ||
           str_eq(str_from(json_string_value(value)), str_from(region));
}

static bool meets(const json_t *value, const struct property_row *row, const char *region) {
    switch (row->demand) {
    case IS_TRUE:
        return review_is_true(value);
    case IS_FALSE:
        return review_is_false(value);
    case IS_NOT_TRUE:
        return value == NULL || review_is_false(value);
    case IS_NOT_FALSE:
        return value == NULL || review_is_true(value);
    case IS_THERE:
        return is_something(value);
    case IS_ABSENT:
        return value == NULL;
    case IS_HERE:
        return is_here(value, region);
    case HAS_PAIR:
        return review_has_pair(value, str_from(row->values));
    case HAS_ONE_OF:
        return has_one(value, row->values);
    case IS_ONE_OF:
        return is_listed(value, row->values, false);
    case MAY_BE:
        return value == NULL || is_listed(value, row->values, false);
    case IS_NONE_OF:
        return value == NULL || ((json_is_string(value) || json_is_integer(value)) &&
                                 !is_listed(value, row->values, false));
    case IS_BEGUN_BY:
        return is_listed(value, row->values, true);
    case IS_NOT_BEGUN:
        return !is_listed(beginning_of(value), row->values, true);
    case IS_NOT_ZERO:
        return value == NULL || is_at_least(value, 1);
    case IS_AT_LEAST:
        return value == NULL || is_at_least(value, strtol(row->values, NULL, 10));
    case IS_GIVEN_OF:
        return json_is_object(value) || is_listed(value, row->values, false);
    case IS_REFERENCE:
        return value == NULL || json_is_object(value) ||
               is_listed(value, "{{resolve:secretsmanager: {{resolve:ssm-secure:", true);
    case IS_TLS12:
        return is_tls12(value);
    case DEMAND_N:
        break;
    }
    return false;
}

/* ---- the way to it ---- */

typedef bool (*property_test)(const json_t *value, void *with);

static bool test_path(const json_t *value, struct str path, property_test test, void *with);

static bool test_each(const json_t *list, struct str rest, property_test test, void *with) {
    size_t i = 0;
    json_t *item = NULL;

    if (list != NULL && !json_is_array(list)) {
        return test_path(list, rest, test, with); /* one, without its brackets */
    }
    json_array_foreach(list, i, item) {
        if (!test_path(item, rest, test, with)) {
            return false;
        }
    }
    return true;
}

/* Whether `test` says yes to what stands at `path`, in every branch and in every element. What is
 * an intrinsic on the way is given to `test` as it is. */
static bool test_path(const json_t *value, struct str path, property_test test, void *with) {
    const json_t *branches = json_object_get(value, "Fn::If");
    struct str rest = path;
    struct str step = {0};

    if (review_is_no_value(value)) {
        value = NULL;
    }
    if (json_is_array(branches)) {
        return test_path(json_array_get(branches, 1), path, test, with) &&
               test_path(json_array_get(branches, 2), path, test, with);
    }
    if (path.len == 0 || !str_next(&rest, '.', &step)) {
        return test(value, with);
    }
    if (json_object_size(value) == 1 && (json_object_get(value, "Ref") != NULL ||
                                         json_object_get(value, "Fn::Transform") != NULL)) {
        return test(value, with);
    }
    if (json_is_array(value)) {
        return test_path(json_array_get(value, (size_t)strtoul(step.ptr, NULL, 10)), rest, test,
                         with);
    }
    if (str_ends(step, STR("?"))) { /* nothing to say where it is not there */
        const json_t *there = json_object_getn(value, step.ptr, step.len - 1);

        return there == NULL || review_is_no_value(there) || test_path(there, rest, test, with);
    }
    if (str_ends(step, STR("[]"))) {
        return test_each(json_object_getn(value, step.ptr, step.len - 2), rest, test, with);
    }
    return test_path(json_object_getn(value, step.ptr, step.len), rest, test, with);
}

/* What a row was tried on. */
struct trial {
    const struct property_row *row;
    const char *region;  /* the pinned one; NULL */
    const json_t *found; /* that did not meet it; NULL: nothing is there */
};

static bool test_demand(const json_t *value, void *with) {
    struct trial *trial = with;

    bool is_part = trial->row->demand == HAS_ONE_OF || trial->row->demand == HAS_PAIR;

    trial->found = is_part ? NULL : value; /* a part is missing */
    return meets(value, trial->row, trial->region);
}

static bool test_is_there(const json_t *value, void *with) {
    (void)with;
    return value != NULL;
}

static bool test_is_absent(const json_t *value, void *with) {
    (void)with;
    return value == NULL;
}

static bool test_is(const json_t *value, void *with) {
    const struct str *want = with;

    return str_eq(str_from(json_string_value(value)), *want) ||
           (review_is_true(value) && str_eq(*want, STR("true"))) ||
           (review_is_false(value) && str_eq(*want, STR("false")));
}

static bool is_excepted(const struct property_row *row, const json_t *properties) {
    struct str rest = str_from(row->unless);
    struct str one = {0};

    while (rest.len > 0 && str_next(&rest, ' ', &one)) {
        ptrdiff_t equals = str_find(one, STR("="));

        if (str_starts(one, STR("!"))) {
            if (test_path(properties, str_slice(one, 1, one.len), test_is_absent, NULL)) {
                return true;
            }
            continue;
        }
        struct str path = equals < 0 ? one : str_slice(one, 0, (size_t)equals);
        struct str want = equals < 0 ? one : str_slice(one, (size_t)equals + 1, one.len);

        if (test_path(properties, path, equals < 0 ? test_is_there : test_is, &want)) {
            return true;
        }
    }
    return false;
}

/* What stands there, for a person; a long text is no choice and may be a secret. */
static const char *found_word(const json_t *found) {
    if (found == NULL || json_is_null(found)) {
        return "nothing is said";
    }
    if (json_is_boolean(found)) {
        return json_is_true(found) ? "it is true" : "it is false";
    }
    return json_is_object(found) ? "it cannot be told" : NULL;
}

/* Where it is, for a person: the signs of a path are for us. */
static char *place_of(const char *where, const char *path) {
    CLEANUP(buf_done) struct buf place = BUF_INIT(4096);

    buf_addf(&place, "%s.Properties.", where);
    for (const char *c = path; *c != '\0'; c++) {
        if (*c != '?') {
            buf_add_c(&place, *c);
        }
    }
    return buf_take(&place);
}

static void find_property(struct review *review, const char *where, const struct trial *trial) {
    CLEANUP(freep) char *place = place_of(where, trial->row->path);
    const char *when = policy_rule_when(trial->row->rule);
    const char *word = found_word(trial->found);
    bool is_secret = trial->row->demand == IS_REFERENCE; /* which is not shown */
    const char *text = is_secret ? NULL : json_string_value(trial->found);
    const char *parameter = json_str_at(trial->found, "Ref");

    if (parameter != NULL && review_is_parameter(review, str_from(parameter))) {
        review_find(review, REVIEW_PARAMETER_UNKNOWN, place,
                    "the parameter %s decides, which has no value here (%s)", parameter,
                    policy_rule_code(trial->row->rule));
    } else if (word != NULL) {
        review_find(review, trial->row->rule, place, "%s (%s)", when, word);
    } else if (text != NULL && strlen(text) <= FOUND_BYTES) {
        review_find(review, trial->row->rule, place, "%s (it is %s)", when, text);
    } else {
        review_find(review, trial->row->rule, place, "%s", when);
    }
}

void review_properties(struct review *review, const char *where, const char *type,
                       const json_t *properties) {
    for (size_t i = 0; i < ARRAY_N(property_rows); i++) {
        struct trial trial = {.row = &property_rows[i], .region = review->ctx->region};

        if (strcmp(type, trial.row->type) == 0 && !is_excepted(trial.row, properties) &&
            !test_path(properties, str_from(trial.row->path), test_demand, &trial)) {
            find_property(review, where, &trial);
        }
    }
}
