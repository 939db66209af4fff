/* repo/js.h: reads values out of JavaScript and TypeScript configuration without running it.
 *
 * A value is a node in a file; names, imports of neighbouring files, wrapper calls, spreads and
 * choices by the kind of build are followed as far as they can be told, for a production build.
 * What cannot be told is a null node or NULL. Files, steps and depth have ceilings.
 */
#pragma once

#include "repo/survey_room.h"

enum { JS_FILES_MAX = 12, JS_STEPS_MAX = 5000 };

struct js_file {
    const char *path;
    struct syntax syntax;
    bool is_parsed;
};

struct js {
    struct room *room;
    const char *cwd; /* the folder in which the tool runs */
    struct js_file files[JS_FILES_MAX];
    size_t file_n;
    int steps;
};

struct js_value {
    const struct js_file *file;
    TSNode node;
};

/* Closed with js_done(). `cwd` in normal form. */
void js_init(struct js *js, struct room *room, const char *cwd);
void js_done(struct js *js);

/* The file at `path`, parsed once; NULL when it is not there, is too large, or too many were. */
const struct js_file *js_open(struct js *js, const char *path);

bool js_is_null(struct js_value value);
bool js_is(struct js_value value, const char *type);
struct str js_source(struct js_value value); /* as written */

/* What the file exports by default, or assigns to module.exports. */
struct js_value js_export(struct js *js, const struct js_file *file);

/* What the file gives the name, its own or by export; null when it does not. */
struct js_value js_lookup(struct js *js, const struct js_file *file, const char *name);

/* The value behind names, calls of known functions, brackets, types, `a || b` and `c ? a : b`. */
struct js_value js_follow(struct js *js, struct js_value value);

/* The member `key` of an object, also of its spreads and of both sides of mergeConfig(). */
struct js_value js_member(struct js *js, struct js_value object, const char *key);

/* The value as text, or NULL. A folder that is made with __dirname and its kin starts with
 * JS_ROOT and is then told from the top of the repository. */
#define JS_ROOT "\001/"
const char *js_text(struct js *js, struct js_value value);

/* A text from js_text() as a folder in normal form, seen from `dir` when it is relative; NULL when
 * it is NULL or lies outside the repository. */
const char *js_folder(struct js *js, const char *dir, const char *text);

/* Calls `each` for the module names that the file imports or requires, but for types. */
typedef void js_each(void *ctx, const char *module, int line);
void js_imports(struct js *js, const struct js_file *file, js_each *each, void *ctx);
