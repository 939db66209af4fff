/* masked: what nobody masked is not read as masked text, however it came there. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "guard/redact/redact.h"

/* As long as masked text, beginning as a text does. */
struct raw {
    struct str text;
    uintptr_t more[4];
};

static bool reads(const void *masked) {
    int status = 0;
    pid_t pid = fork();

    assert_true(pid >= 0);
    if (pid == 0) {
        (void)close(STDERR_FILENO);
        _exit(masked_str(masked).len == strlen(masked_cstr(masked)) ? 0 : 1);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static void a_text_that_is_taken_for_masked_text_ends_the_program(void **state) {
    struct raw raw = {.text = STR("password=hunter2")};

    (void)state;
    assert_false(reads(&raw));
}

static void bytes_that_are_copied_over_masked_text_end_the_program(void **state) {
    struct redactor *redactor = redactor_new();
    struct masked masked = {0}, other = {0};
    struct str raw = STR("password=hunter2");

    (void)state;
    redact_text(redactor, STR("nothing secret"), &masked);
    assert_true(reads(&masked));
    other = masked; /* the same text is the same masked text */
    assert_true(reads(&other));
    memcpy(&other, &raw, sizeof raw);
    assert_false(reads(&other));
    masked_done(&masked);
    assert_true(reads(&masked)); /* empty */
    redactor_free(redactor);
}

static void what_the_redactor_makes_can_be_read(void **state) {
    struct redactor *redactor = redactor_new();
    struct masked masked = {0}, copy = {0};
    CLEANUP(json_decrefp) json_t *json = json_pack("{s:s}", "password", "hunter2");

    (void)state;
    redact_json(redactor, json, &masked);
    masked_copy(&masked, &copy);
    masked_done(&masked);
    assert_string_equal(masked_cstr(&copy), "{\"password\":\"***\"}");
    masked_done(&copy);
    redactor_free(redactor);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_text_that_is_taken_for_masked_text_ends_the_program),
        cmocka_unit_test(bytes_that_are_copied_over_masked_text_end_the_program),
        cmocka_unit_test(what_the_redactor_makes_can_be_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
