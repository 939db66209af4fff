/* repo/procfile.h: reads a Procfile: one process a line, "web: uvicorn app.main:app". Pure. */
#pragma once

#include "base/arena.h"

struct procfile_row {
    const char *name;
    const char *command;
    int line;
};

enum { PROCFILE_ROWS_MAX = 32 };

/* Reads at most PROCFILE_ROWS_MAX processes into `arena`; returns how many. What is no such line is
 * passed over. Source: Heroku Dev Center, "The Procfile". */
size_t procfile_read(struct str text, struct arena *arena, const struct procfile_row **out);
