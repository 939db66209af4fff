/* One program of the workspace, in the sandbox. */
#include "tool/run_op.h"

#include "base/clock.h"
#include "guard/policy.h"
#include "guard/secret_file.h"
#include "sys/sandbox.h"
#include "tool/build_op.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { RUN_TREE_ENTRIES = 100000, RUN_TREE_DEPTH = 12 };

const struct json_field run_op_in[] = {{"args", JSON_LIST, false}, {"dir", JSON_TEXT, true}, {0}};
const struct json_field run_op_out[] = {{"exit", JSON_COUNT, false},
                                        {"end", JSON_TEXT, false},
                                        {"reason", JSON_TEXT, false},
                                        {"out", JSON_TEXT, false},
                                        {"err", JSON_TEXT, false},
                                        {"dropped", JSON_COUNT, false},
                                        {0}};

static json_t *run_op_json(const struct proc_result *result) {
    CLEANUP(buf_done) struct buf end = BUF_INIT(200);
    json_t *json = json_object();

    proc_describe_end(result, &end);
    json_put_int(json, "exit", result->end == PROC_EXITED ? result->value : -1);
    json_put_strn(json, "end", buf_str(&end));
    json_put_str(json, "reason", proc_end_name(result->end));
    json_put_strn(json, "out", buf_str(&result->text[PROC_OUT]));
    json_put_strn(json, "err", buf_str(&result->text[PROC_ERR]));
    json_put_int(json, "dropped", result->dropped[PROC_OUT] + result->dropped[PROC_ERR]);
    return json;
}

static const char **run_op_argv(struct op *op, const char *program, const json_t *args) {
    const char **argv = ARENA_ARRAY(op->arena, const char *, json_array_size(args) + 2);
    const json_t *word;
    size_t i;

    argv[0] = program;
    json_array_foreach(args, i, word) {
        argv[i + 1] = json_is_string(word) ? json_string_value(word) : "";
    }
    return argv;
}

/* The folders of PATH that are not the system's, each with what its programs need. */
static void run_op_expose(const char *path, struct words *readable) {
    struct str rest = str_from(path);
    struct str dir = {0};

    while (str_next(&rest, ':', &dir)) {
        CLEANUP(freep) char *any = mem_format(STR_FMT "/x", STR_ARG(dir));

        if (!str_starts(dir, STR("/usr")) && !str_eq(dir, STR("/bin"))) {
            build_expose(readable, any);
        }
    }
}

/* What a script names in its first line runs it. */
static void run_op_expose_interpreter(const char *program, struct words *readable) {
    CLEANUP(buf_done) struct buf head = BUF_INIT(256);
    CLEANUP(freep) char *path = NULL;
    FILE *file = fopen(program, "re");
    struct str line = {0};
    struct str word = {0};
    char bytes[256];

    if (file == NULL) {
        return;
    }
    buf_add(&head, (struct str){bytes, fread(bytes, 1, sizeof bytes - 1, file)});
    fclose(file);
    struct str rest = buf_str(&head);
    if (!str_next(&rest, '\n', &line) || !str_starts(line, STR("#!"))) {
        return;
    }
    line = str_trim(str_slice(line, 2, line.len));
    if (!str_next(&line, ' ', &word)) {
        return;
    }
    CLEANUP(freep) char *named = str_dup(str_ends(word, STR("/env")) ? str_trim(line) : word);
    path = proc_find(named, NULL);
    if (path != NULL) {
        build_expose(readable, path);
    }
}

/* Folders of packages: nobody keeps keys there, and they are large. */
static bool run_skips(void *ctx, const char *path, const char *name, bool is_dir) {
    (void)ctx;
    (void)path;
    return is_dir && (strcmp(name, "node_modules") == 0 || strcmp(name, ".git") == 0 ||
                      strcmp(name, ".venv") == 0);
}

/* The repository's files that hold secrets, by their names: the program does not see them. */
static enum err_code run_hide(const char *root, struct words *hidden, struct err *err) {
    CLEANUP(fs_root_done) struct fs_root tree = {0};
    CLEANUP(fs_list_done) struct fs_list list = {0};
    const struct fs_walk walk = {.depth_max = RUN_TREE_DEPTH,
                                 .entry_max = RUN_TREE_ENTRIES,
                                 .skip = run_skips,
                                 .folder_max = RUN_TREE_ENTRIES};

    if (fs_root_open(root, &tree, err) != ERR_NONE ||
        fs_list_tree(&tree, "", &walk, &list, err) != ERR_NONE) {
        return err->code;
    }
    for (size_t i = 0; i < list.n; i++) {
        if (secret_file_of(str_from(list.rows[i].path)) != SECRET_FILE_SURE) {
            continue;
        }
        if (hidden->n == BUILD_LIST_MAX) {
            return err_set(err, ERR_SANDBOX,
                           "the repository has more than %d files that look like secrets",
                           BUILD_LIST_MAX);
        }
        CLEANUP(freep) char *path = fs_join(root, list.rows[i].path);
        words_add(hidden, path);
    }
    return ERR_NONE;
}

bool run_op_has_mounts(const struct op *op) {
    return op->services->is_sandboxed && sandbox_probe()->has_namespaces;
}

/* What is left of the call's time, of which a copy may have used some. */
static int64_t run_op_ms(const struct op *op, enum limit deadline) {
    int64_t most = limit(deadline == LIMIT_NONE ? LIMIT_TOOL_TIMEOUT_MS : deadline);
    int64_t left = op->deadline_mono_ms - clock_mono_ms();

    return op->deadline_mono_ms == 0 || left > most ? most : left < 1 ? 1 : left;
}

static enum err_code run_op_step(const struct build_env *env, const struct run_op *run,
                                 struct build_step *step, json_t **out, struct err *err) {
    CLEANUP(proc_result_done) struct proc_result result = {0};
    enum err_code code;

    build_expose(step->readable, run->program);
    run_op_expose_interpreter(run->program, step->readable);
    if (run->path != NULL) {
        run_op_expose(run->path, step->readable);
        proc_env_set(step->vars, "PATH", run->path);
    }
    code = build_run(env, step, &result, err);
    if (code == ERR_NONE) {
        *out = run_op_json(&result);
    }
    return code;
}

enum err_code run_op_program(struct op *op, const struct run_op *run, json_t **out,
                             struct err *err) {
    struct build_env env = build_op_env(op);
    CLEANUP(words_done) struct words readable = {0};
    CLEANUP(words_done) struct words hidden = {0};
    CLEANUP(proc_env_done) struct proc_env own = {0};
    CLEANUP(freep) char *root = realpath(op->services->root, NULL);
    bool is_moved = run->stand_in != NULL && !run_op_has_mounts(op);
    CLEANUP(freep)
    char *cwd = fs_join(is_moved       ? run->stand_in
                        : root != NULL ? root
                                       : op->services->root,
                        run->dir == NULL ? "." : run->dir);
    CLEANUP(freep) char *tmp = NULL;
    struct build_step step = {
        .title = strrchr(run->program, '/') + 1,
        .argv = run_op_argv(op, run->program, run->args),
        .vars = run->vars == NULL ? &own : run->vars,
        .cwd = cwd,
        .readable = &readable,
        .writable = run->writable,
        .hidden = &hidden,
        .hosts = run->hosts,
        .stand_in = run->stand_in,
        .stands_for = run->stand_in == NULL ? NULL : root,
        .takes_ends = true,
    };
    enum err_code code;

    if (run->stand_in == NULL) {
        words_add(&readable, op->services->root);
        if (run_hide(op->services->root, &hidden, err) != ERR_NONE) {
            return err->code;
        }
    }
    for (size_t i = 0; run->readable != NULL && i < run->readable->n; i++) {
        words_add(&readable, run->readable->rows[i]);
    }
    if (run->home == NULL && build_temp(&env, &tmp, err) != ERR_NONE) {
        return err->code;
    }
    step.tmp = run->home == NULL ? tmp : run->home;
    step.timeout_ms = run_op_ms(op, run->deadline);
    code = run_op_step(&env, run, &step, out, err);
    build_remove(&env, tmp);
    return code;
}

enum err_code run_op_tool(struct op *op, enum build_tool tool, json_t **out, struct err *err) {
    CLEANUP(freep) char *program = NULL;

    if (build_find_tool(tool, &program, err) != ERR_NONE) {
        return err->code;
    }
    return run_op_program(op,
                          &(struct run_op){.program = program,
                                           .args = json_object_get(op->args, "args"),
                                           .dir = json_str_at(op->args, "dir")},
                          out, err);
}
