/* repo_reader: the repository, read below its root and nowhere else. */
#include <string.h>

#include "repo/diff.h"
#include "repo/project.h"
#include "repo/survey.h"
#include "sys/fs.h"
#include "tool/services.h"
#include "tool/tool.h"

/* clang-format off */
static const struct json_field file_in[] = { { "path", JSON_TEXT, false }, {0} };
static const struct json_field file_out[] = { { "text", JSON_TEXT, false }, { "bytes", JSON_COUNT, false }, {0} };
static const struct json_field dir_in[] = { { "path", JSON_TEXT, false }, { "depth", JSON_COUNT, true }, {0} };
static const struct json_field dir_out[] = { { "entries", JSON_LIST, false }, { "cut", JSON_FLAG, false }, {0} };
static const struct json_field diff_out[] = {
    { "repository", JSON_FLAG, false }, { "text", JSON_TEXT, false }, { "cut", JSON_FLAG, false }, {0} };
static const struct json_field none[] = { {0} };
static const struct json_field survey_in[] = {
    { "env", JSON_TEXT, true }, { "answers", JSON_MAP, true }, {0} };
/* clang-format on */

static enum err_code read_file(struct op *op, json_t **out, struct err *err) {
    CLEANUP(fs_root_done) struct fs_root root = {0};
    CLEANUP(buf_done) struct buf text = BUF_INIT((size_t)limit(LIMIT_FILE_BYTES));

    if (fs_root_open(op->services->root, &root, err) != ERR_NONE ||
        fs_read_at(&root, json_str_at(op->args, "path"), text.max, &text, err) != ERR_NONE) {
        return err->code;
    }
    *out = json_object();
    json_put_strn(*out, "text", buf_str(&text));
    json_put_int(*out, "bytes", (int64_t)text.len);
    return ERR_NONE;
}

static bool skip_git(void *ctx, const char *path, const char *name, bool is_dir) {
    (void)ctx;
    (void)path;
    return is_dir && (strcmp(name, ".git") == 0 || strcmp(name, "node_modules") == 0 ||
                      strcmp(name, ".venv") == 0);
}

static enum err_code list_dir(struct op *op, json_t **out, struct err *err) {
    static const char *const kinds[] = {"none", "file", "dir", "link", "other"};
    CLEANUP(fs_root_done) struct fs_root root = {0};
    CLEANUP(fs_list_done) struct fs_list list = {0};
    struct fs_walk walk = {
        .depth_max = (int)json_int_or(op->args, "depth", 2),
        .entry_max = (size_t)limit(LIMIT_DIR_ENTRIES),
        .skip = skip_git,
    };
    json_t *entries;

    if (fs_root_open(op->services->root, &root, err) != ERR_NONE ||
        fs_list_tree(&root, json_str_at(op->args, "path"), &walk, &list, err) != ERR_NONE) {
        return err->code;
    }
    entries = json_array();
    for (size_t i = 0; i < list.n; i++) {
        json_t *entry = json_pack("{s:s}", "kind", kinds[list.rows[i].kind]);

        json_put_strn(entry, "path", str_from(list.rows[i].path));
        json_put_int(entry, "bytes", list.rows[i].size);
        (void)json_array_append_new(entries, entry);
    }
    *out = json_pack("{s:o, s:b}", "entries", entries, "cut", list.is_cut);
    return ERR_NONE;
}

static enum err_code diff(struct op *op, json_t **out, struct err *err) {
    CLEANUP(buf_done) struct buf text = BUF_INIT((size_t)limit(LIMIT_OUTPUT_TAIL_BYTES));
    struct repo_diff result = {0};

    if (repo_diff(op->services->root, &text, &result, err) != ERR_NONE) {
        return err->code;
    }
    *out = json_pack("{s:b, s:b}", "repository", result.is_repository, "cut", result.is_cut);
    json_put_strn(*out, "text", buf_str(&text));
    return ERR_NONE;
}

/* With answers it looks twice: what they decide is only known beside what was found. */
static enum err_code survey(struct op *op, json_t **out, struct err *err) {
    const char *root = op->services->root;
    const char *env = json_str_at(op->args, "env");
    CLEANUP(json_decrefp) json_t *answers = json_copy(json_object_get(op->args, "answers"));
    CLEANUP(json_decrefp) json_t *found = NULL;
    CLEANUP(project_freep) struct project *project = NULL;
    struct survey_options options = {
        .project = op->services->project,
        .env = env,
    };

    if (answers == NULL) {
        return survey_run(root, &options, out, err);
    }
    json_put_str(answers, "environment", env);
    if (survey_run(root, &options, &found, err) != ERR_NONE ||
        project_from_survey(found, answers, options.project, &project, err) != ERR_NONE) {
        return err->code;
    }
    options.project = project;
    return survey_run(root, &options, out, err);
}

/* clang-format off */
static const struct operation operations[] = {
    /* name, effect, purpose, deadline, in, out, run, reconcile */
    { "read_file", EFFECT_READ, "one file",                        LIMIT_TOOL_TIMEOUT_MS, file_in,   file_out, read_file, NULL },
    { "list_dir",  EFFECT_READ, "a folder, some levels deep",      LIMIT_TOOL_TIMEOUT_MS, dir_in,    dir_out,  list_dir,  NULL },
    { "diff",      EFFECT_READ, "what the last commit does not have", LIMIT_TOOL_TIMEOUT_MS, none, diff_out, diff,      NULL },
    { "survey",    EFFECT_READ, "what it is and how it deploys",   LIMIT_TOOL_TIMEOUT_MS, survey_in, NULL,     survey,    NULL },
};
/* clang-format on */

const struct tool tool_repo_reader = {
    .name = "repo_reader",
    .purpose = "the repository, read only",
    .operations = operations,
    .operation_n = ARRAY_N(operations),
};
