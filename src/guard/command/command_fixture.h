/* guard/command/command_fixture.h: rows of commands and the classes they must have, for the tests.
 */
#pragma once

#include "guard/command/command.h"

/* Words separated by single blanks; the caller frees. */
json_t *argv_of(const char *line);

/* Fails the test when no reason is given. */
enum command_class class_of(const char *line);
enum command_class class_of_script(const char *text);

struct class_row {
    const char *line;
    enum command_class class;
};

/* Fails with the first line of another class. */
void have_their_class(const struct class_row *rows, size_t n);
