/* bundle/build_run.h: what python*.c and node*.c share: steps, copies, caches. */
#pragma once

#include "bundle/build.h"
#include "sys/fs.h"
#include "sys/proc.h"

enum {
    BUILD_ENTRIES_MAX = 50000,
    BUILD_DEPTH_MAX = 64,
    BUILD_LIST_MAX = 64,      /* paths and hosts of one step */
    BUILD_TEXT_MAX = 8 << 20, /* a lock file, a requirements file */
};
#define BUILD_BYTES_MAX (1LL << 30)

/* A list of owned C strings that ends with NULL. */
struct words {
    char *rows[BUILD_LIST_MAX + 1];
    size_t n;
};
bool words_has(const struct words *words, const char *word);
void words_add(struct words *words,
               const char *word); /* NULL, what is there and what is over the ceiling: nothing */
void words_done(struct words *words);
json_t *words_json(const struct words *words); /* an array; the caller decrefs */

/* One program of a build. */
struct build_step {
    const char *title; /* one line for the person: "installing 12 packages" */
    const char *const *argv;
    struct proc_env *vars; /* in addition to those of every child, which are put in here */
    const char *cwd;
    struct str input;       /* empty = none */
    struct words *readable; /* may be NULL */
    struct words *writable; /* may be NULL */
    struct words *hidden;   /* not seen, though a readable folder holds it; may be NULL */
    struct words *hosts;    /* "HOST:PORT" of package sources; NULL = offline */
    const char *tmp;        /* the child's HOME, TMPDIR and /tmp */
    const char *stand_in;   /* as in struct sandbox; may be NULL */
    const char *stands_for;
    int64_t timeout_ms;
    int64_t beat_ms; /* of silence, until it is said that it still runs; 0: PROC_BEAT_MS */
    bool is_quiet;   /* its output is not progress */
    bool takes_ends; /* a deadline, a flood and a full disk are answers, too, not errors */
};

/* Runs it to its end, masked. A program that fails is an answer. Errors: ERR_CANCELLED,
 * ERR_TIMEOUT, ERR_TOO_LARGE (flood), those of proc_run(). */
MUST_CHECK enum err_code build_run(const struct build_env *env, const struct build_step *step,
                                   struct proc_result *out, struct err *err);

/* What a failed tool printed, and what that means. The last row has `text` NULL. */
struct build_symptom {
    const char *text; /* in its output */
    enum err_code code;
    const char *sentence;
    const char *remedy; /* or NULL */
};

/* The error for a failed program: the first symptom found in its output with the line that it is
 * in, else `what` with the line that says it best. */
enum err_code build_blame(const struct proc_result *result, const struct build_symptom *symptoms,
                          const char *what, struct err *err);

/* Runs a step that has to succeed: a program that fails is the error build_blame() makes of it. */
MUST_CHECK enum err_code build_must(const struct build_env *env, const struct build_step *step,
                                    const struct build_symptom *symptoms, const char *what,
                                    struct err *err);

/* The line of a tool's output that says what went wrong: the first that begins with "error" or
 * "ERR", else the first with "error" in it, else the last. */
struct str build_error_line(struct str text);

void build_say(const struct build_env *env, const char *fmt, ...) PRINTF_LIKE(2, 3);
void build_warn(json_t *warnings, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* Says what the walls of this run do not hold. */
void build_warn_walls(const struct build_env *env, json_t *warnings);

/* --- copies and caches --- */

/* What a build does not see: .git, .env*, caches and installed packages. A `fs_skip`. */
bool build_skips(void *ctx, const char *path, const char *name, bool is_dir);

/* Digests the repository as a build sees it: without .git, .env*, caches and installed packages. */
MUST_CHECK enum err_code build_digest(const struct build_env *env, struct fs_list *out,
                                      struct err *err);

/* Copies it to the new folder `to`. */
MUST_CHECK enum err_code build_copy(const struct build_env *env, const char *to, struct err *err);

/* A new private folder below the cache, the caller's to free() and to remove by build_remove().
 * Also clears away what nobody used for a month. Errors: ERR_IO, ERR_DISK_FULL. */
MUST_CHECK enum err_code build_temp(const struct build_env *env, char **out, struct err *err);
void build_remove(const struct build_env *env, const char *path); /* accepts NULL; never fails */

/* CACHE/KIND-KEY.SUFFIX, the caller's to free(); the folder above it is made. */
MUST_CHECK enum err_code build_cache_path(const struct build_env *env, const char *kind,
                                          struct sha256 key, const char *suffix, char **out,
                                          struct err *err);

/* Moves a finished file or folder to its place in the cache; one that is there already stays. */
MUST_CHECK enum err_code build_publish(const char *from, const char *to, struct err *err);

/* A secret in `text`: its kind, or NULL. Guesses from a key's name alone do not count: code is full
 * of fields called password. */
const char *build_find_secret(const struct redactor *redactor, struct str text);

/* Marks something of the cache as used now. */
void build_touch(const char *path);

/* A JSON document of the cache; NULL when there is none that can be read. The caller decrefs. */
json_t *build_recall(const char *path);
MUST_CHECK enum err_code build_remember(const char *path, const json_t *json, struct err *err);

/* Feeds what identifies a program: its path, size and time. */
void build_feed_tool(struct sha256_stream *stream, const char *path);
void build_feed(struct sha256_stream *stream, const char *text); /* with its NUL */

/* What a tool needs to see to run: its prefix when it lies in the bin/ of one, else only itself. */
void build_expose(struct words *readable, const char *program);

/* --- package sources --- */

/* Adds the host of each URL in `text` ("https://HOST[:PORT]/…"). */
void build_add_hosts(struct words *hosts, struct str text);

/* The user's settings for registries, proxies and certificates: by name, for fetching only. Files
 * that they name become readable. */
void build_pass_settings(struct proc_env *vars, struct words *readable, struct words *hosts);

/* Puts the person's ~/.netrc, if there is one, into the HOME of a child that fetches, and takes it
 * away again: nothing that runs code of a package may find it. */
MUST_CHECK enum err_code build_lend_logins(const char *tmp, struct err *err);
void build_take_logins(const char *tmp);
