/* repo/site_room.h: what the rooms of the front end share. Not for others.
 *
 * frontend.c chooses the folder; node_manifest.c reads package.json and finds the lock;
 * build_script.c reads the words of a script; vite_config.c reads the configuration; site.c and
 * imports.c (with tsconfig.c) read the sources; site_api.c says how they find the API;
 * site_server.c knows the frameworks that render on a server. All text lives in the survey's arena.
 */
#pragma once

#include "repo/survey_room.h"

enum { SITE_ALIASES_MAX = 32, SITE_ENTRIES_MAX = 16 };

/* --- package.json and its lock: node_manifest.c --- */

struct node_manifest {
    const char *dir;     /* of package.json */
    const char *path;    /* package.json */
    json_t *json;        /* owned */
    const char *manager; /* a word of survey.h, never NULL */
    const char *version; /* of the manager, or NULL */
    const char *lock;    /* or NULL */
    const char *node;    /* what it says about Node's version, or NULL */
};

/* The package.json of a folder as JSON, or NULL; the caller decrefs. Says when it is broken. */
json_t *node_manifest_json(struct room *room, const char *dir);
bool node_manifest_has(const json_t *package, const char *name); /* also for development */

/* Reads the manifest of `dir` with its lock and manager. Findings: locks that contradict. */
void node_manifest_read(struct room *room, const char *dir, struct node_manifest *out);
void node_manifest_done(struct node_manifest *manifest);

/* The package.json at the top of the workspace that the lock belongs to, or NULL; decref. */
json_t *node_manifest_top(struct room *room, const struct node_manifest *manifest);

/* Says when the lock is behind package.json: lock_stale.c. */
void lock_stale_node(struct room *room, const struct node_manifest *manifest);

/* --- the words of a script: build_script.c --- */

struct build_script {
    const char *name; /* NULL: there is none */
    bool has_vite;    /* runs `vite build` */
    bool has_check;   /* runs tsc or vue-tsc before it */
    bool has_maker;   /* runs something else, which may make sources */
    const char *out;  /* flags of `vite build`, or NULL */
    const char *base;
    const char *config;
    const char *mode;
    const char *root;
};
void build_script_read(struct room *room, const json_t *package, const char *name,
                       struct build_script *out);

/* --- vite.config.*: vite_config.c --- */

struct vite_alias {
    const char *find;
    const char *folder; /* from the top of the repository; NULL: it cannot be told */
};

struct vite_config {
    const char *path; /* NULL: there is none */
    const char *root; /* where index.html is, from the top; NULL: outside */
    const char *out;  /* from the top; NULL: outside, or unknown */
    const char *out_text;
    const char *base; /* NULL: not said; likewise below */
    const char *assets;
    const char *env_dir;
    bool is_out_unknown;  /* build.outDir is there, but it is computed */
    bool is_base_unknown; /* likewise base */
    bool is_library;      /* build.lib */
    bool is_server;       /* build.ssr */
    struct vite_alias aliases[SITE_ALIASES_MAX];
    size_t alias_n;
    bool is_alias_unknown;
    const char *entries[SITE_ENTRIES_MAX]; /* rollupOptions.input, from the top */
    size_t entry_n;
    const char *rewritten[4]; /* proxied prefixes whose address is changed on the way */
    size_t rewritten_n;
    int rewrite_line;
    json_t *modules; /* owned: names of the packages that it imports */
};

/* The configuration in a folder by its usual names, or NULL. */
const char *vite_config_path(struct room *room, const char *dir);

/* `dir` is where Vite runs; `script` its flags. */
void vite_config_read(struct room *room, const char *dir, const struct build_script *script,
                      struct vite_config *out);
void vite_config_done(struct vite_config *config);

/* --- the sources: site.c --- */

struct site_variable {
    const char *name;
    const char *default_text; /* NULL: none */
    const char *where;
    bool is_required;
    bool is_from_file; /* the default is in a committed .env file, which a build does not see */
    const char *file_where; /* that line, or NULL */
};

struct site {
    struct site_variable variables[64];
    size_t variable_n;
    const char *hardcoded; /* an address of this machine in the code, or NULL */
    const char *hardcoded_where;
    const char *same_origin; /* the first relative API address, or NULL */
    const char *same_origin_where;
    bool is_base; /* it stands in front of all others */
};
void site_read(struct room *room, const char *dir, const struct build_script *script,
               const struct vite_config *config, struct site *out);

/* Whether a file is code of the site by its name, and no test. */
bool site_is_source(const char *path);

/* The script of a .vue or .svelte file, and the lines before it; all of any other file. */
struct str site_script_of(const char *path, struct str text, int *line_offset);

/* The variable that holds the address of the API, or NULL. */
const struct site_variable *site_api_variable(const struct site *site);

/* --- modules that the sources import: imports.c --- */

/* Follows imports from index.html and says what is missing: sources, and packages that nobody
 * declares. */
void imports_check(struct room *room, const char *dir, const struct node_manifest *manifest,
                   const struct build_script *script, const struct vite_config *config);

/* Adds the aliases of tsconfig.json when a plugin of Vite reads them: tsconfig.c. */
void tsconfig_aliases(struct room *room, const char *dir, struct vite_config *out);

/* --- how the site finds its API: site_api.c --- */

json_t *site_api_json(struct room *room, const struct vite_config *config, const struct site *site);
json_t *site_build_env(struct room *room, const struct site *site);

/* --- frameworks that render pages: site_server.c --- */

/* Another tool than Vite that makes this site, such as "Next.js", or NULL. */
const char *site_other_tool(const json_t *package);

/* A tool for something that is no web site, such as "Expo", or NULL. */
const char *site_no_site(const json_t *package);

struct site_server {
    const char *title;  /* NULL: Vite alone */
    bool is_static;     /* its settings make files only */
    const char *out;    /* then: where, from the top; NULL: as Vite says */
    const char *source; /* the file that decides */
};
void site_server_find(struct room *room, const char *dir, const json_t *package,
                      struct site_server *out);
