/* One program of the workspace, in the sandbox. */
#include "tool/run_op.h"

#include "bundle/build_run.h"
#include "guard/policy.h"
#include "tool/build_op.h"

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
        if (!command_is_secret_path(str_from(list.rows[i].path))) {
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

enum err_code run_op_program(struct op *op, const char *program, const char *path,
                             const json_t *args, const char *dir, json_t **out, struct err *err) {
    struct build_env env = build_op_env(op);
    CLEANUP(proc_result_done) struct proc_result result = {0};
    CLEANUP(freep) char *cwd = fs_join(op->services->root, dir == NULL ? "." : dir);
    CLEANUP(freep) char *tmp = NULL;
    struct words readable = {0};
    struct words hidden = {0};
    struct proc_env vars = {0};
    struct build_step step = {
        .title = program,
        .argv = run_op_argv(op, program, args),
        .vars = &vars,
        .cwd = cwd,
        .readable = &readable,
        .hidden = &hidden,
        .takes_ends = true,
        .timeout_ms = limit(LIMIT_TOOL_TIMEOUT_MS),
    };
    enum err_code code = run_hide(op->services->root, &hidden, err);

    if (code == ERR_NONE) {
        code = build_temp(&env, &tmp, err);
    }

    if (code == ERR_NONE) {
        step.tmp = tmp;
        words_add(&readable, op->services->root);
        build_expose(&readable, program);
        if (path != NULL) {
            run_op_expose(path, &readable);
            proc_env_set(&vars, "PATH", path);
        }
        code = build_run(&env, &step, &result, err);
    }
    if (code == ERR_NONE) {
        *out = run_op_json(&result);
    }
    build_remove(&env, tmp);
    words_done(&readable);
    words_done(&hidden);
    proc_env_done(&vars);
    return code;
}

enum err_code run_op_tool(struct op *op, enum build_tool tool, json_t **out, struct err *err) {
    CLEANUP(freep) char *program = NULL;

    if (build_find_tool(tool, &program, err) != ERR_NONE) {
        return err->code;
    }
    return run_op_program(op, program, NULL, json_object_get(op->args, "args"),
                          json_str_at(op->args, "dir"), out, err);
}
