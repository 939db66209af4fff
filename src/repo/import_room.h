/* repo/import_room.h: what the readers of import share. Not for other rooms. */
#pragma once

#include "guard/redact/redact.h"
#include "repo/import.h"
#include "repo/syntax.h"
#include "repo/yaml_tree.h"
#include "sys/fs.h"

struct import {
    struct fs_root root;
    struct arena *arena;
    struct redactor *redactor; /* knows what a secret looks like */
    struct syntax_parser *parser;
    const char *file; /* that is read now */
    json_t *files;
    json_t *took;
    json_t *left;
};

/* Reads the file `path` and makes it the one that is read now. False: it is not there, or it cannot
 * be read, which is then told. */
bool import_open(struct import *import, const char *path, struct buf *out);

/* Keeps an answer that passes the check of aws-copilot.yml; tells one that does not. `env` "": all.
 * `line` 0: not known. */
void import_take(struct import *import, const char *env, const char *field, const char *value,
                 int line);

/* Keeps a variable: its value where it is plain text, its name where it looks like a secret.
 * `value` NULL, or with a reference such as ${X} in it, has no value that could be taken. */
void import_variable(struct import *import, const char *env, const char *name, const char *value,
                     int line);

/* Keeps the name of a secret. */
void import_secret(struct import *import, const char *env, const char *name, int line);

/* Tells what is not taken, and why. */
void import_leave(struct import *import, const char *what, int line, const char *why);

/* Takes the ASGI object out of "uvicorn app.main:app --factory"; tells a command without one. */
void import_command(struct import *import, const char *what, const char *command, int line);

/* The readers; each looks for its files and is silent where there are none. */
void import_copilot(struct import *import);
void import_sam(struct import *import);
void import_compose(struct import *import);
void import_flightcontrol(struct import *import);
void import_procfile(struct import *import);
