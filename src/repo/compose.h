/* repo/compose.h: reads compose.yaml and its older names. Pure.
 *
 * Aliases, merges, and `extends` of a service of the same file are followed; other files are not.
 */
#pragma once

#include "base/arena.h"

struct compose_variable {
    const char *name;
    const char *value; /* as written, "${X}" too; NULL: taken from the shell that runs compose */
    int line;
};

struct compose_service {
    const char *name;
    int line;
    const char *image;     /* or NULL */
    const char *build;     /* the context's folder, or NULL: it is not built here */
    const char *command;   /* as one line, or NULL */
    const char *ports;     /* "8000:8000, 9000", or NULL */
    const char *env_files; /* names, or NULL */
    const struct compose_variable *variables;
    size_t variable_n;
};

enum { COMPOSE_SERVICES_MAX = 64, COMPOSE_VARIABLES_MAX = 256 };

struct compose {
    const struct compose_service *services; /* in the order of the file */
    size_t service_n;
};

/* Reads the text into `arena`; `file` is for error sentences. Errors: those of yaml_read_foreign().
 * Source: Compose Specification, "Services top-level elements". */
MUST_CHECK enum err_code compose_read(struct str text, const char *file, struct arena *arena,
                                      struct compose *out, struct err *err);

/* Its names in the order in which compose looks for them; ends with NULL. */
extern const char *const compose_names[];
