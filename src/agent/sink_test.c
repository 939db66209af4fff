/* Every argument of an operation that changes something at AWS has a sink, which says where its
 * value may come from, or a reason why it decides nothing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tool/tool.h"

/* clang-format off */
static const struct {
    const char *op; /* NULL: of any */
    const char *arg;
    const char *why;
} others[] = {
    {NULL,         "lock",        "the operation compares it with the lock object at AWS"},
    {NULL,         "tags",        "labels; who is asked and what is changed does not depend on them"},
    {"lock",       "action",      "take or give back, of this session's own lock"},
    {"lock",       "epoch",       "a number of its own lock"},
    {"unlock",     "epoch",       "the lock object at AWS has to have it"},
    {"unlock",     "is_stale",    "said by the lock object; a person is asked either way"},
    {"upload",     "base",        "a folder of the build on this machine"},
    {"upload",     "files",       "named by the digest of their content"},
    {"preview",    "description", "the session's id"},
    {"preview",    "artefacts",   "objects that have to exist, by digest"},
    {"apply",      "artefacts",   "the same, looked at once more"},
    {"bootstrap",  "artefacts",   "none; the same"},
    {"preview",    "keep",        "in the approval, as on_failure"},
    {"preview",    "revert_drift", "shown in the change set before the yes"},
    {"preview",    "usage",       "of the estimate that is shown"},
    {"preview",    "planned_for", "refuses where the stack is another one by now"},
    {"apply",      "code_sha256", "of what runs afterwards, looked at and not set"},
    {"bootstrap",  "code_sha256", "the same"},
    {"put_secret", "rows",        "the operation compares their digest with parameters_sha256"},
    {"secrets_rm", "rows",        "the same"},
    {"share",      "session",     "an object under its own name, in the account's own bucket"},
    {"share",      "from",        "a number of its own records"},
    {"share",      "rest",        "the same"},
    {"share",      "site",        "what others are shown of it"},
    {"take",       "session",     "the one that a person named"},
    {"take",       "after",       "refuses where somebody else took it"},
    {"take",       "site",        "what others are shown of it"},
    {"decide",     "session",     "the one that a person named"},
    {"decide",     "digest",      "an answer counts only for what has this digest"},
    {"decide",     "answer",      "two verbs of a person alone may call it (scripts/check-layers)"},
};
/* clang-format on */

static bool has_sink(const char *arg, enum effect effect) {
    for (size_t i = 0; i < policy_sink_n(); i++) {
        struct policy_sink sink;

        policy_sink(i, &sink);
        if (strcmp(sink.arg, arg) == 0 && (sink.effects & 1U << effect) != 0) {
            return true;
        }
    }
    return false;
}

/* The row of `others`, ARRAY_N(others) where there is none. */
static size_t other_of(const char *op, const char *arg) {
    size_t i = 0;

    while (i < ARRAY_N(others) && (strcmp(others[i].arg, arg) != 0 ||
                                   (others[i].op != NULL && strcmp(others[i].op, op) != 0))) {
        i++;
    }
    return i;
}

static void an_argument_of_an_effect_has_a_sink_or_a_reason(void **state) {
    bool is_used[ARRAY_N(others)] = {0};
    size_t sinks = 0;

    (void)state;
    for (size_t t = 0; t < tool_n; t++) {
        for (size_t o = 0; o < tools[t]->operation_n; o++) {
            const struct operation *op = &tools[t]->operations[o];
            bool is_effect = op->effect == EFFECT_PREVIEW || op->effect == EFFECT_APPLY;

            for (const struct json_field *field = op->schema_in; is_effect && field->name != NULL;
                 field++) {
                size_t row = other_of(op->name, field->name);

                if (has_sink(field->name, op->effect)) {
                    sinks++;
                } else if (row < ARRAY_N(others)) {
                    is_used[row] = true;
                } else {
                    fail_msg("%s.%s: nothing says where '%s' may come from", tools[t]->name,
                             op->name, field->name);
                }
            }
        }
    }
    for (size_t i = 0; i < ARRAY_N(others); i++) {
        if (!is_used[i]) {
            fail_msg("no operation has '%s' without a sink", others[i].arg);
        }
    }
    assert_true(sinks > 50);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_argument_of_an_effect_has_a_sink_or_a_reason),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
