/* command: the text of a shell, and what runs it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "base/buf.h"
#include "base/json.h"
#include "guard/command/command_fixture.h"

static void the_worst_part_of_a_script_decides(void **state) {
    static const struct {
        const char *text;
        enum command_class class;
    } rows[] = {
        {"ls", COMMAND_SAFE},
        {"ls -la src && cat README.md", COMMAND_SAFE},
        {"cat 'a b' | grep \"x y\" | wc -l", COMMAND_SAFE},
        {"ls; ls ;", COMMAND_SAFE},
        {"grep -r \"it's\" src || true", COMMAND_SAFE},
        {"ls && npm test", COMMAND_CHANGING},
        {"ls && frobnicate", COMMAND_UNKNOWN},
        {"ls; rm -rf /", COMMAND_DESTRUCTIVE},
        {"r''m -rf /", COMMAND_DESTRUCTIVE},
        {"\"rm\" '-rf' /", COMMAND_DESTRUCTIVE},
        {"frobnicate || rm x", COMMAND_DESTRUCTIVE},
        {"cat x | sh", COMMAND_DESTRUCTIVE},
        {"cat x | bash -s", COMMAND_DESTRUCTIVE},
        {"cat x | env bash", COMMAND_DESTRUCTIVE},
        {"cat x | python3", COMMAND_DESTRUCTIVE},
        {"cat x | python3 -", COMMAND_DESTRUCTIVE},
        {"cat x | sh -x", COMMAND_DESTRUCTIVE},
        {"cat x | sh -", COMMAND_DESTRUCTIVE},
        {"cat x | sh -s a", COMMAND_DESTRUCTIVE},
        {"cat x | sh a.sh", COMMAND_CHANGING},
        {"cat x | python3 -v", COMMAND_DESTRUCTIVE},
        {"cat x | python3 a.py", COMMAND_CHANGING},
        {"ls; python3", COMMAND_UNKNOWN},
        {"ls || bash", COMMAND_UNKNOWN},
        {"cat x | nice", COMMAND_UNKNOWN},
        {"echo az AZ 09 %+,-./:=@_", COMMAND_SAFE},
        {"echo ''", COMMAND_SAFE},
        {"echo \"it's\" '$x'", COMMAND_SAFE},
        {"sh -c 'rm x'", COMMAND_DESTRUCTIVE},
        {"bash +e -c 'rm x'", COMMAND_DESTRUCTIVE},
        {"bash --rcfile -c 'rm x'", COMMAND_DESTRUCTIVE},
        {"bash --rcfile 'rm x'", COMMAND_UNKNOWN},
        {"bash +c 'rm x'", COMMAND_DESTRUCTIVE},
        {"bash -e +xc 'rm x'", COMMAND_DESTRUCTIVE},
        {"bash +x a.sh", COMMAND_UNKNOWN},
        {"bash -c -- 'rm x'", COMMAND_DESTRUCTIVE},
        {"bash a.sh -c 'rm x'", COMMAND_CHANGING},
        {"sh -c 'ls'", COMMAND_UNKNOWN},
        {"sh -c \"sh -c 'rm x'\"", COMMAND_DESTRUCTIVE},
        /* not read */
        {"", COMMAND_UNKNOWN},
        {"ls &&", COMMAND_UNKNOWN},
        {"| ls", COMMAND_UNKNOWN},
        {"ls ;; ls", COMMAND_UNKNOWN},
        {"ls & ls", COMMAND_UNKNOWN},
        {"ls |& cat", COMMAND_UNKNOWN},
        {"ls $HOME", COMMAND_UNKNOWN},
        {"ls \"$HOME\"", COMMAND_UNKNOWN},
        {"ls `x`", COMMAND_UNKNOWN},
        {"ls > x", COMMAND_UNKNOWN},
        {"cat < x", COMMAND_UNKNOWN},
        {"ls *", COMMAND_UNKNOWN},
        {"ls {a,b}", COMMAND_UNKNOWN},
        {"ls ~", COMMAND_UNKNOWN},
        {"ls \\x", COMMAND_UNKNOWN},
        {"ls # x", COMMAND_UNKNOWN},
        {"A=b ls", COMMAND_UNKNOWN},
        {"(ls)", COMMAND_UNKNOWN},
        {"{ ls; }", COMMAND_UNKNOWN},
        {"! ls", COMMAND_UNKNOWN},
        {"if ls; then ls; fi", COMMAND_UNKNOWN},
        {"time ls", COMMAND_UNKNOWN},
        {"eval ls", COMMAND_UNKNOWN},
        {". x", COMMAND_UNKNOWN},
        {"ls\nls", COMMAND_UNKNOWN},
        {"ls\rls", COMMAND_UNKNOWN},
        {"=ls", COMMAND_UNKNOWN},
        {"echo =ls", COMMAND_UNKNOWN},
        {"echo \"a$b\"", COMMAND_UNKNOWN},
        {"echo \"a", COMMAND_UNKNOWN},
        {"echo 'a", COMMAND_UNKNOWN},
        {"'ls", COMMAND_UNKNOWN},
        {"ls 'a\nb'", COMMAND_UNKNOWN},
        {"'' ls", COMMAND_UNKNOWN},
        {"ls \u00e9", COMMAND_UNKNOWN},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_N(rows); i++) {
        if (class_of_script(rows[i].text) != rows[i].class) {
            fail_msg("'%s' is %s", rows[i].text, command_class_name(class_of_script(rows[i].text)));
        }
    }
}

static void the_reason_is_that_of_the_worst_part(void **state) {
    static const struct {
        const char *text;
        const char *want;
    } rows[] = {
        {"cat a", "reads files of the workspace"},
        {"cat a; frobnicate; frobnicate $x", "a shell would change its words"},
        {"cat a; frobnicate; cat b", "nothing is known about it"},
        {"cat a | sh", "runs text that nobody has seen"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_N(rows); i++) {
        const char *reason = NULL;

        (void)command_judge_script(str_from(rows[i].text), &reason);
        assert_string_equal(reason, rows[i].want);
    }
}

static void scripts_in_scripts_are_read_three_deep(void **state) {
    const char *text = "sh -c \"sh -c 'sh -c rm'\"";
    CLEANUP(json_decrefp) json_t *deeper = json_pack("[s,s,s]", "sh", "-c", text);

    (void)state;
    assert_int_equal(class_of_script(text), COMMAND_DESTRUCTIVE);
    assert_int_equal(command_classify(deeper, NULL), COMMAND_UNKNOWN);
}

/* At each of its bounds a text is read, and behind it not. */
static void texts_have_a_length(void **state) {
    static const struct {
        const char *part;
        size_t n;
        const char *last;
        bool want;
    } rows[] = {
        {"a", 8192, "", true},    {"a", 8193, "", false},  {"ls;", 50, "", true},
        {"ls;", 50, "ls", false}, {"x ", 64, "", true},    {"x ", 65, "", false},
        {"'x' ", 64, "", true},   {"''", 4000, "", false},
    };
    CLEANUP(freep) struct shell_script *script = mem_alloc(sizeof *script);

    (void)state;
    for (size_t i = 0; i < ARRAY_N(rows); i++) {
        CLEANUP(buf_done) struct buf text = BUF_INIT(64 << 10);

        for (size_t k = 0; k < rows[i].n; k++) {
            buf_add_s(&text, rows[i].part);
        }
        buf_add_s(&text, rows[i].last);
        if (command_shell_read(buf_str(&text), script) != rows[i].want) {
            fail_msg("row %zu", i);
        }
    }
    assert_false(command_shell_read((struct str){"ls\0x", 4}, script));
}

static void a_shell_is_never_better_than_asked(void **state) {
    static const char *const shells[] = {"sh", "bash", "dash", "zsh", "/bin/sh"};
    static const char *const flags[] = {"-c", "-lc", "-ec", "-xec"};

    (void)state;
    for (size_t i = 0; i < ARRAY_N(shells); i++) {
        for (size_t k = 0; k < ARRAY_N(flags); k++) {
            CLEANUP(json_decrefp)
            json_t *safe = json_pack("[s,s,s]", shells[i], flags[k], "ls src");
            CLEANUP(json_decrefp)
            json_t *bad = json_pack("[s,s,s]", shells[i], flags[k], "ls; rm x");
            CLEANUP(json_decrefp)
            json_t *wrapped = json_pack("[s,s,s,s,s]", "timeout", "5", shells[i], flags[k], "rm x");

            assert_int_equal(command_classify(safe, NULL), COMMAND_UNKNOWN);
            assert_int_equal(command_classify(bad, NULL), COMMAND_DESTRUCTIVE);
            assert_int_equal(command_classify(wrapped, NULL), COMMAND_DESTRUCTIVE);
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_reason_is_that_of_the_worst_part),
        cmocka_unit_test(scripts_in_scripts_are_read_three_deep),
        cmocka_unit_test(texts_have_a_length),
        cmocka_unit_test(the_worst_part_of_a_script_decides),
        cmocka_unit_test(a_shell_is_never_better_than_asked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
