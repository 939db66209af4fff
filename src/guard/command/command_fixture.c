/* guard/command/command_fixture.c: rows of commands and the classes they must have. */
#include "guard/command/command_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/json.h"

json_t *argv_of(const char *line) {
    json_t *argv = json_array();
    struct str rest = str_from(line);
    struct str word = {0};

    while (str_next(&rest, ' ', &word)) {
        json_array_append_new(argv, json_string_of(word));
    }
    return argv;
}

enum command_class class_of(const char *line) {
    CLEANUP(json_decrefp) json_t *argv = argv_of(line);
    const char *reason = NULL;
    enum command_class class = command_classify(argv, &reason);

    if (reason == NULL) {
        fail_msg("'%s' has no reason", line);
    }
    return class;
}

enum command_class class_of_script(const char *text) {
    const char *reason = NULL;
    enum command_class class = command_judge_script(str_from(text), &reason);

    if (reason == NULL) {
        fail_msg("'%s' has no reason", text);
    }
    return class;
}

void have_their_class(const struct class_row *rows, size_t n) {
    for (size_t i = 0; i < n; i++) {
        enum command_class class = class_of(rows[i].line);

        if (class != rows[i].class) {
            fail_msg("'%s' is %s instead of %s", rows[i].line, command_class_name(class),
                     command_class_name(rows[i].class));
        }
    }
}
