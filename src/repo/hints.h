/* repo/hints.h: what Dockerfiles, compose files, Procfiles and render.yaml say about how things are
 * started.
 *
 * Hints are little trusted: they are written for other places and often wrong. They explain, and
 * may break a tie between candidates that the code leaves equal; the code decides.
 */
#pragma once

#include "repo/survey_room.h"

enum { HINTS_MAX = 32 };

struct hint {
    const char *where; /* PATH:LINE */
    const char *path;  /* of the file */
    const char *dir; /* where it is started, as far as the file says: its own, or a build context */
    const char *target; /* "app.main:app" of an ASGI server, or NULL */
    const char *file;   /* "app/main.py" of `fastapi run`, or NULL */
    const char *worker; /* the program of a process that answers no requests, or NULL */
    const char *script; /* of package.json that builds a site, or NULL */
};

struct hints {
    struct hint rows[HINTS_MAX];
    size_t n;
};

void hints_read(struct room *room, struct hints *out);

/* Whether the hint starts the object `name` of the Python file `path`, and when `cwd` is not NULL,
 * from that folder. */
bool hint_names(struct room *room, const struct hint *hint, const char *path, const char *name,
                const char *cwd);

/* Findings: hints that the code contradicts, processes beside it, another build script. `script` is
 * the one that builds the site, or NULL. */
void hints_judge(struct room *room, const char *script); /* of room->hints */
