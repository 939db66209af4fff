/* repo/survey_room.h: what the rooms of one survey share. Not for other floors.
 *
 * A survey is made in the order of survey.c: the tree, the back end (manifest, modules,
 * application, routes, environment, services), the front end, files that should not be there, git,
 * the judgement. Everything lives in one arena; JSON values are decref'd by survey.c.
 */
#pragma once

#include "base/json.h"
#include "repo/env_name.h"
#include "repo/python.h"
#include "repo/python_version.h"
#include "repo/reason.h"
#include "repo/survey.h"
#include "repo/tree.h"

enum {
    SURVEY_MODULES_MAX = 3000, /* Python modules that one application imports */
    SURVEY_APPS_MAX = 32,
    SURVEY_ROUTES_MAX = 2000,
    SURVEY_LIST_MAX = 200,     /* entries of every other list in the answer */
    SURVEY_LOCK_MAX = 8 << 20, /* bytes of a lock file */
    SURVEY_WORK_MAX = 3000000  /* modules and names looked up: room_spend() */
};

/* When something happens in the life of the program, strongest first. */
enum py_use { USE_NONE, USE_IMPORT, USE_LIFESPAN, USE_REQUEST, USE_N };
const char *use_word(enum py_use use);

struct room_module {
    struct py_module *facts; /* NULL: not read yet, or cannot be */
    bool is_read;
    bool is_reached;     /* imported, directly or not, by the application */
    unsigned char *uses; /* enum py_use of each function */
};

struct manifest {
    const char *dir;
    const char *path;     /* NULL: none */
    const char *manager;  /* a word of survey.h, or "none" */
    const char *lock;     /* NULL: none */
    const char *python;   /* the constraint, or NULL */
    const char *name;     /* of the project, or NULL */
    const char *hint;     /* "3.12", of .python-version or a Dockerfile; or NULL */
    int broken_line;      /* the manifest does not parse there; 0: it does */
    json_t *dependencies; /* array of names in normal form, sorted as written */
    json_t *full;         /* of them those with extras of their own: fastapi[standard] */
    json_t *extras;       /* names of the same form by extra */
    json_t *groups;       /* and by group that only developers install */
    json_t *locked; /* python_lock.c: an object by name of what the lock holds; may be empty */
};

struct app {
    size_t module;      /* index in the tree's list */
    const char *name;   /* of the object or of the factory */
    const char *cwd;    /* where it is imported from */
    const char *target; /* "app.main:app" */
    const char *dir;    /* where its manifest is */
    const char *framework;
    const struct py_call *made; /* the call that makes it, or NULL */
    size_t object_module;       /* where routes are added to it: its own module or the factory's */
    const char *object_name;    /* and its name there; NULL: it has none */
    int line;
    int factory_scope; /* of the factory; PY_MODULE_SCOPE when it is an object */
    bool is_factory;
    bool needs_arguments; /* a factory that cannot be started as it is */
    bool is_mounted;      /* inside another application */
    bool is_started;      /* by a Dockerfile or its like: hints.h */
    int routes;
};

struct route {
    const char *method; /* "GET", "ANY", "WEBSOCKET", "MOUNT" */
    const char *path;   /* from the root */
    const char *where;
};

struct env_row {
    const char *name;
    const char *default_text; /* NULL: none */
    const char *where;
    enum py_use use;
    bool is_required;
    bool is_secret;
    bool is_random;               /* a new value in every process */
    bool is_needed;               /* the code runs without it, but not in AWS */
    bool is_sqlite;               /* and would write a file */
    bool is_json;                 /* the value must be JSON */
    bool is_written;              /* it names a place that is written at the start */
    const struct py_field *field; /* of the settings class, or NULL */
    const char *example;          /* PATH:LINE of .env.example or its like, or NULL */
};

struct env_list {
    struct env_row rows[SURVEY_LIST_MAX];
    size_t n;
};

/* One survey. */
struct room {
    const struct survey_options *options;
    struct tree tree;
    struct arena *arena;
    const struct git_lib *git;
    struct git_repository *repository; /* that holds the root, or NULL */
    struct git_index *index;           /* its index, or NULL */
    const char *below;                 /* from its top to the root: "" or "a/b/" */
    struct syntax_parser *parser;
    struct buf text;      /* of the file just read */
    struct buf lock_text; /* of the lock file just read */
    size_t parsed;
    int work;
    bool is_spent; /* the work is used up, or time */

    struct room_module *modules; /* beside tree.list.rows */
    size_t *reached;             /* indices of those that are reached and were read, in order */
    size_t reached_n;
    bool is_path_changed;     /* a module that is reached adds folders to sys.path */
    struct manifest manifest; /* of the back end */
    json_t *extras;           /* of it, that the application needs; NULL before */
    struct app *app;          /* the chosen one, or NULL */
    struct hints *hints;      /* hints.h: how files of other tools start things */
    struct app apps[SURVEY_APPS_MAX];
    size_t app_n;
    struct route *routes;
    size_t route_n;
    struct env_list env;

    json_t *findings;
    json_t *ask;
    json_t *refuse;
    json_t *site_problems; /* why the front end cannot be built: judge_site() */
};

/* --- saying: reason_room.c --- */

/* Adds a finding, a refusal or a problem of the site, or a question whose field is accept.CODE.
 * `where` and `subject` may be NULL. The same code about the same subject is said once. */
void room_say(struct room *room, enum reason reason, const char *where, const char *subject);

/* Adds a question under `field`, unless the project file answers it already. */
void room_ask(struct room *room, enum reason reason, const char *field, const char *where,
              const char *subject);

/* Takes one step of the work that a survey may do; false when it is used up or time is. Every loop
 * whose length is a product of two things in the repository, and every recursion, asks first. */
bool room_spend(struct room *room);

/* "PATH:LINE" in the arena. */
const char *room_where(struct room *room, const char *path, int line);

/* Whether the list holds a row whose member `key` is `value`. */
bool room_has(const json_t *list, const char *key, const char *value);

/* Appends a row to a list unless it is full or the same row is there; takes over `row`. */
void room_add(json_t *list, json_t *row);

/* Appends {key: value, "where": where}. */
void place_add(json_t *list, const char *key, const char *value, const char *where);

/* --- modules: modules.c --- */

/* The facts of the Python file at this index of the tree, or NULL. */
const struct py_module *module_at(struct room *room, size_t index);

/* The index of the module `dotted`, imported by `from` at `level` dots, with `cwd` on the path;
 * SIZE_MAX when it is not of this repository. */
size_t module_find(struct room *room, const char *cwd, const char *from, int level,
                   const char *dotted);

/* Marks all modules that `app` imports, and when each of their functions runs. */
void modules_reach(struct room *room, const struct app *app);

/* What `dotted` means in a module: the module where it is defined and its name there. */
struct py_ref {
    size_t module;    /* SIZE_MAX: not of this repository */
    const char *name; /* "" for the module itself */
};
struct py_ref module_resolve(struct room *room, const char *cwd, size_t module, const char *dotted);

enum py_use module_use(struct room *room, size_t module, int scope);

/* Whether a module imports something of a package that is not of this repository. */
bool module_imports(const struct py_module *module, const char *package);

/* --- values: values.c --- */

enum { FOUND_MORE_MAX = 8 };
enum found_kind { FOUND_NOTHING, FOUND_TEXT, FOUND_ENV, FOUND_SETTINGS };
struct found {
    enum found_kind kind;
    const char *text;                 /* FOUND_TEXT: the value; otherwise the default, or NULL */
    const char *name;                 /* FOUND_ENV: the variable */
    const char *more[FOUND_MORE_MAX]; /* FOUND_ENV: others that go in; NULL behind the last */
    bool is_partial;                  /* parts of the text are unknown: {…} */
};
/* Where the value comes from: a literal, a variable, or a settings object in a way not followed. */
struct found value_find(struct room *room, size_t module, int scope, struct py_value value);

/* The text of a value as far as it can be told; NULL when it cannot. */
const char *value_text(struct room *room, size_t module, int scope, struct py_value value);

/* --- settings: settings_class.c --- */

/* The variable that feeds a field of a settings class, or false. */
bool settings_is_class(struct room *room, const struct py_class *class_);
const char *settings_env_name(struct room *room, const struct py_module *module,
                              const struct py_class *class_, const struct py_field *field);
/* What a settings class says about itself under a key such as "env_prefix", or PY_ABSENT. */
struct py_value settings_config(struct room *room, const struct py_module *module,
                                const struct py_class *class_, const char *key);
/* Whether a field of the class or of its bases is fed by the variable, whole or in part. */
bool settings_declares(struct room *room, const struct py_module *module,
                       const struct py_class *class_, const char *name);
/* The class of the repository that the type of a field names, or NULL. */
const struct py_class *settings_class_of_type(struct room *room, const char *type);
/* The default of a field; PY_ABSENT when it is required. */
struct py_value settings_default(const struct py_field *field, bool *is_random);

/* --- the parts --- */

void manifest_find(struct room *room, const char *dir, struct manifest *out); /* manifest.c */
void manifest_done(struct manifest *manifest);
bool manifest_has(const struct manifest *manifest, const char *dependency);
const char *manifest_dir_of(struct room *room,
                            const char *path); /* nearest folder with one, or NULL */

enum { PYTHON_MINOR_MIN = 10, PYTHON_MINOR_MAX = 14 }; /* that Lambda runs */
enum { PYTHON_MINORS_ALL = 0x7c00 };                   /* the same as bits */

void python_lock_read(struct room *room, struct manifest *manifest); /* python_lock.c: locked */
struct lock_sum {
    size_t n;           /* packages of the application that have a wheel */
    int64_t bytes;      /* of them, where the lock says it */
    unsigned minors;    /* for which all of them have one, as bits; 0: for none */
    const char *narrow; /* the last package that made them fewer, or NULL */
};
struct lock_sum python_lock_sum(struct room *room, const struct manifest *manifest);

/* Says when the lock is behind its manifest: lock_stale.c. */
void lock_stale_python(struct room *room, const struct manifest *manifest);

/* python_need.c: what the code and the lock ask of the version goes into manifest.python. */
void python_need(struct room *room);
json_t *python_size(struct room *room); /* for "size_mb" */

/* python_imports.c: imports that no dependency gives. Returns the extras that are needed. */
json_t *python_imports(struct room *room);

void app_find(struct room *room);                 /* app.c: fills apps, app */
void routes_find(struct room *room);              /* routes.c: fills routes */
json_t *routes_json(const struct room *room);     /* for "route_list" */
json_t *routes_prefixes(const struct room *room); /* for "prefixes" */
const char *routes_prefix(const struct room *room);
const char *routes_health(const struct room *room, const struct route **out);
int routes_count(struct room *room, struct app *app);

void env_find(struct room *room);                    /* environment.c: fills env */
void env_add(struct room *room, struct env_row row); /* or makes the row that is there stricter */
void env_find_clients(struct room *room, size_t index); /* env_clients.c */
bool env_is_platform(const char *name); /* what the platform sets, or only tools read */
struct env_row *env_at(struct room *room, const char *name);
struct env_row *env_of_field(struct room *room, const struct py_field *field); /* or NULL */
json_t *env_json(const struct room *room);
bool env_has_secret_default(const struct env_row *row);

json_t *services_find(struct room *room);        /* services.c */
bool address_is_local(const char *url);          /* localhost, or a name without a dot */
bool address_of_store_is_local(const char *url); /* "redis://localhost"; false for a file */

struct behaviour { /* behaviour.c: what the program does beside answering */
    json_t *migrations;
    json_t *realtime;
    json_t *workers;
    json_t *writes;
    json_t *heavy;
};
void behaviour_find(struct room *room, struct behaviour *out);
void worker_find(struct room *room, json_t *list, size_t index,
                 const struct py_call *call); /* worker.c */
void hazard_find(struct room *room);          /* hazard.c: says what it finds */

/* frontend.c: json null when there is none; `*out_build_env` is an array. */
json_t *frontend_find(struct room *room, json_t **out_build_env);

void dotenv_find(struct room *room); /* dotenv.c: findings only */
/* Calls `each` for the lines NAME=VALUE of a file. `value` goes when it returns. */
typedef void dotenv_line(void *ctx, const char *name, struct str value, int line);
void dotenv_read(struct room *room, const char *path, dotenv_line *each, void *ctx);

/* env_files.c: the files that settings classes name, and samples of them: findings, and
 * env_row.example. */
void env_files_find(struct room *room);

/* git.c: opens the repository that `root` lies in, if there is one that is safe to read. */
void git_open(struct room *room, const char *root);
void git_close(struct room *room);
json_t *git_find(struct room *room); /* json null when `root` lies in no repository */
/* Whether git leaves out the file at `path` below the root: ignored and not tracked. Without git
 * nothing is left out. */
bool git_ignores(struct room *room, const char *path);

/* judge_site.c: what becomes of the problems of the site: refused with the whole, or left out when
 * the API can be deployed alone; then the survey has no front end once that is answered. Whether
 * there is a site to deploy. */
bool judge_site(struct room *room, json_t *survey);

/* judge.c: sets "target" and "outcome" from everything before. */
void judge(struct room *room, json_t *survey);

/* Whether a Python constraint such as ">=3.11,<4" allows a minor version of Python 3. */
