/* An environment and a home folder for one test. */
#include "support/fake_env.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *fake_env_get(const void *ctx, const char *name) {
    const struct fake_env *fake = ctx;
    size_t n = strlen(name);

    if (strcmp(name, "HOME") == 0) {
        return fake->home;
    }
    for (size_t i = 0; i < ARRAY_N(fake->vars) && fake->vars[i] != NULL; i++) {
        if (strncmp(fake->vars[i], name, n) == 0 && fake->vars[i][n] == '=') {
            return fake->vars[i] + n + 1;
        }
    }
    return NULL;
}

void fake_env_up(struct fake_env *fake) {
    CLEANUP(freep) char *folder = NULL;

    *fake = (struct fake_env){.home = "/tmp/aws_test_XXXXXX"};
    fake->env = (struct aws_env){fake_env_get, fake};
    if (mkdtemp(fake->home) == NULL) {
        abort();
    }
    folder = mem_format("%s/.aws", fake->home);
    if (mkdir(folder, 0700) != 0) {
        abort();
    }
}

void fake_env_write(const struct fake_env *fake, const char *name, const char *text) {
    CLEANUP(freep) char *path = mem_format("%s/.aws/%s", fake->home, name);
    FILE *file = fopen(path, "w");

    if (file == NULL || fputs(text, file) < 0 || fclose(file) != 0) {
        abort();
    }
}

void fake_env_down(struct fake_env *fake) {
    static const char *const names[] = {
        ".aws/config", ".aws/credentials", ".aws/token", ".aws/tool", ".aws", ""};

    for (size_t i = 0; i < ARRAY_N(names); i++) {
        CLEANUP(freep) char *path = mem_format("%s/%s", fake->home, names[i]);

        (void)remove(path);
    }
}
