/* guard/command.h: the allow grammar of shell_runner, one row a program, for this floor only. */
#pragma once

#include "guard/policy.h"

/* An argv as pieces of the caller's JSON. */
struct command {
    struct str words[64];
    size_t n;
};

struct command_rule {
    const char *program;
    enum command_class class;
    /* NULL: any arguments. */
    bool (*matches)(const struct command *command);
    const char *reason;
    /* Examples, words separated by single blanks, ended by NULL; the tests run them. */
    const char *match[6];     /* get exactly `class` */
    const char *not_match[6]; /* get another class */
};

extern const struct command_rule command_rules[];
extern const size_t command_rule_n;
