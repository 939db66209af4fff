/* test/support/fake_env.h: an environment and a home folder for one test. */
#pragma once

#include "aws/config.h"

/* Variables as "NAME=value" strings, ended by NULL; HOME is `home`. */
struct fake_env {
    const char *vars[24];
    char home[64];
    struct aws_env env; /* points to this struct: pass &fake->env */
};

/* Makes an empty home folder and no variables. */
void fake_env_up(struct fake_env *fake);
void fake_env_down(struct fake_env *fake); /* removes the folder */

/* Writes HOME/.aws/NAME. */
void fake_env_write(const struct fake_env *fake, const char *name, const char *text);
