/* What one process works with: store, redactor, bus, folders, settings. */
#include "flow/flow_room.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "sys/fs.h"

/* ---- Folders ---- */

/* The XDG Base Directory Specification: the variable, or its place below $HOME. */
static enum err_code flow_folder(const char *variable, const char *below_home, char **out,
                                 struct err *err) {
    const char *base = getenv(variable);
    const char *home = getenv("HOME");

    if (base != NULL && base[0] == '/') {
        *out = mem_format("%s/aws-copilot", base);
        return ERR_NONE;
    }
    if (home == NULL || home[0] != '/') {
        err_set(err, ERR_CONFIG, "neither %s nor HOME says where to keep state", variable);
        return err_remedy(err, "set HOME");
    }
    *out = mem_format("%s/%s/aws-copilot", home, below_home);
    return ERR_NONE;
}

enum err_code flow_state_dir(char **out, struct err *err) {
    return flow_folder("XDG_STATE_HOME", ".local/state", out, err);
}

static enum err_code flow_folders(struct flow *flow, struct err *err) {
    if (flow_state_dir(&flow->state_dir, err) != ERR_NONE ||
        flow_folder("XDG_CACHE_HOME", ".cache", &flow->cache_dir, err) != ERR_NONE) {
        return err->code;
    }
    flow->artefact_dir = fs_join(flow->state_dir, "artefacts");
    if (fs_mkdirs(flow->artefact_dir, 0700, err) != ERR_NONE ||
        fs_mkdirs(flow->cache_dir, 0700, err) != ERR_NONE) {
        return err->remedy[0] != '\0' ? err->code
                                      : err_remedy(err, "set XDG_STATE_HOME and XDG_CACHE_HOME to "
                                                        "folders that can be written");
    }
    return ERR_NONE;
}

static enum err_code flow_find_root(struct flow *flow, struct err *err) {
    char resolved[PATH_MAX];
    const char *given = flow->options.root == NULL ? "." : flow->options.root;
    struct stat st;

    if (realpath(given, resolved) == NULL || stat(resolved, &st) != 0) {
        err_errno(err, errno, "folder %s", given);
        return err_remedy(err, "name the folder of the repository with -C");
    }
    if (!S_ISDIR(st.st_mode)) {
        err_set(err, ERR_INVALID, "%s is no folder", given);
        return err_remedy(err, "name the folder of the repository");
    }
    flow->root = mem_strdup(resolved);
    flow->project_key = mem_strdup(sha256_hex(sha256_of(str_from(resolved))).text);
    flow->project_key[16] = '\0';
    return ERR_NONE;
}

/* ---- Known values ---- */

/* What this process was given for itself; a server may send it back. */
static void learn_environment(struct redactor *redactor) {
    static const char *const names[] = {"AWS_SECRET_ACCESS_KEY",
                                        "AWS_SESSION_TOKEN",
                                        "AWS_BEARER_TOKEN_BEDROCK",
                                        "OPENAI_API_KEY",
                                        "GITHUB_TOKEN",
                                        "GH_TOKEN",
                                        "NPM_TOKEN"};

    for (size_t i = 0; i < ARRAY_N(names); i++) {
        const char *value = getenv(names[i]);

        if (value != NULL && value[0] != '\0') {
            redactor_add_known(redactor, names[i], str_from(value));
        }
    }
}

/* Values of .env files are secrets of the user: whatever else happens, they never leave. */
void flow_learn_secrets(const char *folder, struct redactor *redactor) {
    static const char *const files[] = {".env", ".env.local", "backend/.env", "frontend/.env"};
    struct fs_root root = {0};
    struct err ignored = {0};

    learn_environment(redactor);
    if (fs_root_open(folder, &root, &ignored) != ERR_NONE) {
        return;
    }
    for (size_t i = 0; i < ARRAY_N(files); i++) {
        CLEANUP(buf_done) struct buf text = BUF_INIT((size_t)limit(LIMIT_FILE_BYTES));

        if (fs_read_at(&root, files[i], text.max, &text, &ignored) == ERR_NONE) {
            redactor_add_env(redactor, buf_str(&text), false);
            mem_wipe(text.ptr, text.len);
        }
    }
    fs_root_done(&root);
}

/* ---- What has expired ---- */

enum { PURGE_EVERY_MS = 24 * 3600 * 1000 };

struct purge {
    int64_t now_ms;
    bool is_due;
};

static void purge_look(int64_t cell[STORE_CELL_N], void *context) {
    struct purge *purge = context;

    purge->is_due = cell[0] + PURGE_EVERY_MS < purge->now_ms;
    cell[0] = purge->is_due ? purge->now_ms : cell[0];
}

/* Once a day logs and telemetry of over ninety days go; decisions never do. */
static void flow_purge(struct flow *flow) {
    struct purge purge = {.now_ms = clock_now_ms()};
    struct err ignored = {0}; /* then another day; whatever is wrong is said by the first write */

    if (store_update_cell(flow->store, STR("purged"), purge_look, &purge, &ignored) == ERR_NONE &&
        purge.is_due) {
        (void)!store_purge(flow->store, purge.now_ms, NULL, &ignored);
    }
}

/* ---- Open and close ---- */

enum err_code flow_open(const struct flow_options *options, struct flow **out, struct err *err) {
    CLEANUP(flow_closep) struct flow *flow = mem_alloc(sizeof *flow);
    const struct store_ops *backend = options->backend == NULL ? &store_sqlite : options->backend;

    flow->options = *options;
    flow->version = AWSCOPILOT_VERSION;
    flow->redactor = redactor_new();
    redactor_mask_persons(flow->redactor, false); /* it is for what is kept, told and asked */
    flow->vault = vault_new();
    flow->bus = bus_new(flow->redactor);
    flow->meter = meter_new();
    if (flow_find_root(flow, err) != ERR_NONE || flow_folders(flow, err) != ERR_NONE ||
        project_load(flow->root, &flow->project, err) != ERR_NONE ||
        settings_load(NULL, &flow->settings, err) != ERR_NONE ||
        store_open(backend, backend == &store_memory ? NULL : flow->state_dir, &flow->store, err) !=
            ERR_NONE) {
        return err->code;
    }
    flow_learn_secrets(flow->root, flow->redactor);
    flow_purge(flow);
    flow_open_model(flow);
    *out = TAKE(flow);
    return ERR_NONE;
}

void flow_close(struct flow *flow) {
    if (flow == NULL) {
        return;
    }
    store_close(flow->store);
    bus_free(flow->bus);
    meter_free(flow->meter);
    model_client_free(flow->model);
    redactor_free(flow->redactor);
    vault_free(flow->vault);
    project_free(flow->project);
    settings_free(flow->settings);
    free(flow->root);
    free(flow->project_key);
    free(flow->state_dir);
    free(flow->artefact_dir);
    free(flow->cache_dir);
    free(flow);
}

void flow_closep(struct flow **flow) {
    flow_close(*flow);
    *flow = NULL;
}

struct store *flow_store(struct flow *flow) {
    return flow->store;
}
struct bus *flow_bus(struct flow *flow) {
    return flow->bus;
}
struct redactor *flow_redactor(struct flow *flow) {
    return flow->redactor;
}
enum err_code flow_give_secret(struct flow *flow, const char *name, struct str value,
                               struct err *err) {
    redactor_add_known(flow->redactor, name, value);
    return vault_put(flow->vault, name, secret_new(value), err);
}
const struct project *flow_project(const struct flow *flow) { return flow->project; }
const struct settings *flow_settings(const struct flow *flow) { return flow->settings; }
const char *flow_root(const struct flow *flow) { return flow->root; }
const char *flow_cache_dir(const struct flow *flow) { return flow->cache_dir; }
void flow_set_way(struct flow *flow, const json_t *flags) { flow->way = flags; }
const char *flow_project_key(const struct flow *flow) { return flow->project_key; }

enum err_code flow_find_env(const struct flow *flow, const char *name,
                            const struct project_env **out, struct err *err) {
    const struct project_env *env;

    if (flow->project == NULL) {
        *out = NULL;
        return ERR_NONE;
    }
    env = project_env(flow->project, name == NULL ? flow->settings->environment : name);
    if (env == NULL && name != NULL) {
        err_set(err, ERR_CONFIG, "%s has no environment '%s'", PROJECT_FILE, name);
        return err_remedy(err, "add it to the file, or name one that is there with -e");
    }
    *out = env;
    return ERR_NONE;
}
