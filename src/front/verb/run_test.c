/* Whether a yes of another process still counts, by what the journal says. */
#include "front/verb/run.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { NOW_MS = 1000000 };

/* clang-format off */
static const struct {
    const char *name;
    const char *status;
    const char *end_status;
    bool is_asked;
    int64_t expires_ms;
    int64_t decided_ms;
    enum err_code code;
    const char *says;
} rows[] = {
    { "waits",                    "waiting", "",        true,  NOW_MS + 1, 0,   ERR_NONE,      "" },
    { "expires this millisecond", "waiting", "",        true,  NOW_MS,     0,   ERR_EXPIRED,   "has expired" },
    { "expired long ago",         "waiting", "",        true,  1,          0,   ERR_EXPIRED,   "has expired" },
    { "decided, then expired",    "waiting", "",        true,  1,          500, ERR_USED,      "decided already: yes" },
    { "decided and running",      "running", "",        true,  NOW_MS + 1, 500, ERR_USED,      "decided already: yes" },
    { "decided and ended",        "waiting", "success", true,  NOW_MS + 1, 500, ERR_USED,      "decided already: yes" },
    { "ended without a decision", "waiting", "failed",  true,  NOW_MS + 1, 0,   ERR_USED,      "has ended (failed)" },
    { "asks for nothing",         "waiting", "",        false, 0,          0,   ERR_NOT_FOUND, "asks for no approval now" },
    { "is not there yet",         "running", "",        false, 0,          0,   ERR_NOT_FOUND, "it is at plan" },
    { "went back to plan again",  "running", "",        true,  NOW_MS + 1, 0,   ERR_NOT_FOUND, "it is at plan" },
};
/* clang-format on */

static void a_yes_counts_while_the_question_is_open(void **state) {
    (void)state;
    for (size_t i = 0; i < ARRAY_N(rows); i++) {
        struct glance glance = {
            .phase = "plan", .decision = "yes", .decided_ms = rows[i].decided_ms};
        struct err err = {0};
        enum err_code code;

        (void)snprintf(glance.status, sizeof glance.status, "%s", rows[i].status);
        (void)snprintf(glance.end_status, sizeof glance.end_status, "%s", rows[i].end_status);
        if (rows[i].is_asked) {
            glance.question = json_pack("{s:I}", "expires_ms", (json_int_t)rows[i].expires_ms);
        }
        code = glance_may_decide(&glance, "d1", NOW_MS, &err);
        if (code != rows[i].code || strstr(err.text, rows[i].says) == NULL ||
            (code != ERR_NONE && err.remedy[0] == '\0')) {
            fail_msg("%s: %s: %s / %s", rows[i].name, err_wire(code), err.text, err.remedy);
        }
        glance_done(&glance);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_yes_counts_while_the_question_is_open),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
