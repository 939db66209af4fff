/* aws-copilot.yml, one change at a time, by the places that the YAML reader tells. */
#include "repo/project_edit.h"

#include "repo/project_keys.h"

#include <stdio.h>
#include <string.h>

/* An edit under way: the text as it is so far, and what it says. */
struct edit {
    struct buf *text;
    struct arena *arena;
    struct yaml_node *root;
    const char *newline; /* as the file has it */
};

/* ---- Places ---- */

/* The byte offset of a place; behind the end for one that is not there. */
static size_t offset_of(struct str text, struct yaml_place place) {
    size_t at = 0;

    for (size_t line = 0; line < place.line && at < text.len; at++) {
        line += text.ptr[at] == '\n';
    }
    for (size_t column = 0; column < place.column && at < text.len; column++) {
        do {
            at++;
        } while (at < text.len && ((unsigned char)text.ptr[at] & 0xc0) == 0x80);
    }
    return at;
}

static size_t offset_of_line(struct str text, size_t line) {
    return offset_of(text, (struct yaml_place){.line = line});
}

/* The last line that holds a part of the node: a block scalar ends where the next line begins. */
static size_t last_line(const struct yaml_node *node) {
    return node->end.column == 0 && node->end.line > node->start.line ? node->end.line - 1
                                                                      : node->end.line;
}

static void replace(struct edit *edit, size_t from, size_t to, const char *with) {
    CLEANUP(freep) char *rest = str_dup(str_slice(buf_str(edit->text), to, edit->text->len));
    CLEANUP(freep) char *head = str_dup(str_slice(buf_str(edit->text), 0, from));

    buf_clear(edit->text);
    buf_add_s(edit->text, head);
    buf_add_s(edit->text, with);
    buf_add_s(edit->text, rest);
}

/* ---- Reading ---- */

static enum err_code edit_parse(struct edit *edit, struct err *err) {
    return yaml_read(buf_str(edit->text), PROJECT_FILE, edit->arena, &edit->root, err);
}

static struct yaml_node *item_of(const struct yaml_node *list, const char *text) {
    struct yaml_node *at = list == NULL || list->kind != YAML_LIST ? NULL : list->first;

    while (at != NULL && (at->kind != YAML_SCALAR || strcmp(at->text, text) != 0)) {
        at = at->next;
    }
    return at;
}

static struct yaml_node *edit_env(const struct edit *edit, const char *env) {
    return yaml_child(yaml_child(edit->root, "environments"), env);
}

static enum err_code by_hand(struct err *err, const char *env, const char *what) {
    err_set(err, ERR_CONFLICT, "%s is written so that it cannot be edited here", PROJECT_FILE);
    return err_remedy(err, "write it yourself: environments.%s, %s", env, what);
}

/* ---- Entries in and out ---- */

/* The column at which the entries of a block stand: of their keys, or of their dashes. */
static size_t indent_of(struct str text, const struct yaml_node *parent) {
    size_t line = offset_of_line(text, parent->first->begin.line);
    size_t at = line;

    if (parent->kind == YAML_MAP) {
        return parent->first->begin.column;
    }
    while (at < text.len && text.ptr[at] == ' ') {
        at++;
    }
    return at - line;
}

/* Inserts lines behind line `line`; each line of `entry` is moved right by `indent`. */
static void insert_lines(struct edit *edit, size_t line, size_t indent, const char *entry) {
    CLEANUP(buf_done) struct buf lines = BUF_INIT(PROJECT_BYTES_MAX);
    size_t at = offset_of_line(buf_str(edit->text), line + 1);
    struct str rest = str_from(entry);
    struct str piece = {0};

    if (at > 0 && at == edit->text->len && edit->text->ptr[at - 1] != '\n') {
        buf_add_s(&lines, edit->newline);
    }
    while (str_next(&rest, '\n', &piece)) {
        buf_addf(&lines, "%*s" STR_FMT "%s", (int)indent, "", STR_ARG(piece), edit->newline);
    }
    replace(edit, at, at, buf_cstr(&lines));
}

static void insert_flow(struct edit *edit, const struct yaml_node *parent, const char *entry) {
    const struct yaml_node *last = parent->first;
    CLEANUP(freep) char *more = mem_format("%s%s", last == NULL ? "" : ", ", entry);
    size_t at;

    while (last != NULL && last->next != NULL) {
        last = last->next;
    }
    at = last == NULL ? offset_of(buf_str(edit->text), parent->start) + 1
                      : offset_of(buf_str(edit->text), last->end);
    replace(edit, at, at, more);
}

/* Adds an entry to `parent`: `flow` where it is written in braces, else `block`. False where it has
 * a shape that is not edited. */
static bool insert(struct edit *edit, const struct yaml_node *parent, const char *flow,
                   const char *block) {
    if (parent->kind == YAML_SCALAR) { /* "dev:" and nothing behind it */
        bool is_empty = parent->is_null && offset_of(buf_str(edit->text), parent->start) ==
                                               offset_of(buf_str(edit->text), parent->end);

        if (is_empty) {
            insert_lines(edit, parent->begin.line, parent->begin.column + 2, block);
        }
        return is_empty;
    }
    if (parent->is_flow) {
        insert_flow(edit, parent, flow);
        return true;
    }
    insert_lines(edit, last_line(parent), indent_of(buf_str(edit->text), parent), block);
    return true;
}

/* Takes an entry out of braces, with the comma that parts it from the next one or the one before.
 */
static void drop_flow(struct edit *edit, const struct yaml_node *parent,
                      const struct yaml_node *node) {
    struct str text = buf_str(edit->text);
    const struct yaml_node *before = parent->first == node ? NULL : parent->first;
    size_t from = offset_of(text, node->begin);
    size_t to = offset_of(text, node->end);

    while (before != NULL && before->next != node) {
        before = before->next;
    }
    if (node->next != NULL) {
        to = offset_of(text, node->next->begin);
    } else if (before != NULL) {
        from = offset_of(text, before->end);
    }
    replace(edit, from, to, "");
}

static void drop_lines(struct edit *edit, const struct yaml_node *node) {
    struct str text = buf_str(edit->text);

    replace(edit, offset_of_line(text, node->begin.line), offset_of_line(text, last_line(node) + 1),
            "");
}

/* Takes `node` out of `parent`, and an empty block with it. */
static void drop(struct edit *edit, const struct yaml_node *parent, const struct yaml_node *node) {
    if (parent->is_flow) {
        drop_flow(edit, parent, node);
    } else {
        drop_lines(edit, parent->first->next == NULL ? parent : node);
    }
}

/* ---- The changes ---- */

/* Adds to the list or map `section` of the environment, which is made where it is not there. */
static enum err_code add_to(struct edit *edit, const char *env, const char *section,
                            const char *whole, const char *flow, const char *block,
                            struct err *err) {
    const struct yaml_node *parent = edit_env(edit, env);
    const struct yaml_node *found = yaml_child(parent, section);

    if (parent == NULL ||
        !(found == NULL ? insert(edit, parent, whole, whole) : insert(edit, found, flow, block))) {
        return by_hand(err, env, whole);
    }
    return edit_parse(edit, err);
}

static enum err_code set_secret(struct edit *edit, const char *env, const char *name,
                                struct err *err) {
    const struct yaml_node *variables = yaml_child(edit_env(edit, env), "variables");
    const struct yaml_node *plain = yaml_child(variables, name);
    CLEANUP(freep) char *whole = mem_format("secrets: [%s]", name);
    CLEANUP(freep) char *block = mem_format("- %s", name);

    if (plain != NULL) {
        drop(edit, variables, plain);
        if (edit_parse(edit, err) != ERR_NONE) {
            return err->code;
        }
    }
    if (item_of(yaml_child(edit_env(edit, env), "secrets"), name) != NULL) {
        return ERR_NONE;
    }
    return add_to(edit, env, "secrets", whole, name, block, err);
}

static enum err_code set_plain(struct edit *edit, const char *env, const char *name,
                               const char *value, struct err *err) {
    const struct yaml_node *found = yaml_child(yaml_child(edit_env(edit, env), "variables"), name);
    CLEANUP(buf_done) struct buf scalar = BUF_INIT(PROJECT_BYTES_MAX);
    CLEANUP(freep) char *entry = NULL;
    CLEANUP(freep) char *whole = NULL;

    project_add_scalar(&scalar, value);
    if (found != NULL && found->kind == YAML_SCALAR && last_line(found) == found->start.line) {
        struct str text = buf_str(edit->text);

        replace(edit, offset_of(text, found->start), offset_of(text, found->end),
                buf_cstr(&scalar));
        return edit_parse(edit, err);
    }
    entry = mem_format("%s: %s", name, buf_cstr(&scalar));
    whole = mem_format("variables: { %s }", entry);
    return found != NULL ? by_hand(err, env, whole)
                         : add_to(edit, env, "variables", whole, entry, entry, err);
}

static void add_env_entry(struct buf *out, const char *name, const char *value,
                          const char *before) {
    if (value != NULL) {
        buf_addf(out, "%s%s: ", before, name);
        project_add_scalar(out, value);
    }
}

static enum err_code set_env(struct edit *edit, const char *env, const char *account,
                             const char *region, struct err *err) {
    const struct yaml_node *parent = yaml_child(edit->root, "environments");
    CLEANUP(buf_done) struct buf flow = BUF_INIT(4096);
    CLEANUP(buf_done) struct buf block = BUF_INIT(4096);

    buf_addf(&flow, "%s: {", env);
    add_env_entry(&flow, "account", account, " ");
    add_env_entry(&flow, "region", region, account == NULL ? " " : ", ");
    buf_add_s(&flow, " }");
    buf_addf(&block, "%s:%s", env, account == NULL && region == NULL ? " {}" : "");
    add_env_entry(&block, "account", account, "\n  ");
    add_env_entry(&block, "region", region, "\n  ");
    if (parent == NULL) {
        insert_lines(edit, edit->root->end.line, 0, "environments:");
        if (edit_parse(edit, err) != ERR_NONE) {
            return err->code;
        }
        parent = yaml_child(edit->root, "environments");
    }
    if (parent == NULL || !insert(edit, parent, buf_cstr(&flow), buf_cstr(&block))) {
        return by_hand(err, env, buf_cstr(&flow));
    }
    return edit_parse(edit, err);
}

/* ---- Before and after ---- */

static enum err_code edit_begin(struct edit *edit, struct str text, const char *env,
                                struct project **before, struct err *err) {
    if (project_read(text, PROJECT_FILE, before, err) != ERR_NONE) {
        return err->code;
    }
    if (env != NULL && project_env(*before, env) == NULL) {
        err_set(err, ERR_CONFIG, "%s has no environment '%.40s'", PROJECT_FILE, env);
        return err_remedy(err, "aws-copilot env add %.40s adds it", env);
    }
    buf_add(edit->text, text);
    edit->newline = str_find(text, STR("\r\n")) < 0 ? "\n" : "\r\n";
    return edit_parse(edit, err);
}

/* Gives the new text out when it says `want` and nothing else. */
static enum err_code edit_end(const struct edit *edit, const struct project *want, const char *env,
                              const char *what, struct buf *out, struct err *err) {
    CLEANUP(project_freep) struct project *after = NULL;
    CLEANUP(buf_done) struct buf wanted = BUF_INIT(PROJECT_BYTES_MAX);
    CLEANUP(buf_done) struct buf got = BUF_INIT(PROJECT_BYTES_MAX);
    struct err unread = {0};

    if (project_read(buf_str(edit->text), PROJECT_FILE, &after, &unread) != ERR_NONE) {
        return by_hand(err, env, what);
    }
    project_write(want, &wanted);
    project_write(after, &got);
    if (!str_eq(buf_str(&wanted), buf_str(&got))) {
        return by_hand(err, env, what);
    }
    buf_clear(out);
    buf_add(out, buf_str(edit->text));
    return out->failed ? err_set(err, ERR_TOO_LARGE, "%s becomes too large", PROJECT_FILE)
                       : ERR_NONE;
}

/* What the file would say after an answer, as the conversation understands it. */
static enum err_code wanted_by_answer(const struct project *before, const char *env,
                                      const char *field, json_t *value, struct project **out,
                                      struct err *err) {
    CLEANUP(json_decrefp) json_t *answers = json_object();

    json_put_str(answers, "environment", env);
    json_put(answers, field, value);
    return project_from_survey(NULL, answers, before, out, err);
}

enum err_code project_edit_add_secret(struct str text, const char *env, const char *name,
                                      struct buf *out, struct err *err) {
    CLEANUP(arena_freep) struct arena *arena = arena_new();
    CLEANUP(buf_done) struct buf work = BUF_INIT(PROJECT_BYTES_MAX);
    CLEANUP(project_freep) struct project *before = NULL;
    CLEANUP(project_freep) struct project *want = NULL;
    CLEANUP(freep) char *field = mem_format("env.%s", name);
    CLEANUP(freep) char *what = mem_format("secrets: [%s]", name);
    struct edit edit = {.text = &work, .arena = arena};

    if (edit_begin(&edit, text, env, &before, err) != ERR_NONE ||
        wanted_by_answer(before, env, field, json_true(), &want, err) != ERR_NONE ||
        set_secret(&edit, env, name, err) != ERR_NONE) {
        return err->code;
    }
    return edit_end(&edit, want, env, what, out, err);
}

/* A copy of the project without the name among the secrets of `env`. */
static enum err_code wanted_without(struct str text, const char *env, const char *name,
                                    struct project **out, struct err *err) {
    struct project_env *found;
    const char **kept;
    size_t n = 0;

    if (project_read(text, PROJECT_FILE, out, err) != ERR_NONE) {
        return err->code;
    }
    found = (struct project_env *)(uintptr_t)project_env(*out, env);
    kept = ARENA_ARRAY((*out)->arena, const char *, found->secret_n + 1);
    for (size_t i = 0; i < found->secret_n; i++) {
        if (strcmp(found->secrets[i], name) != 0) {
            kept[n++] = found->secrets[i];
        }
    }
    found->secrets = kept;
    found->secret_n = n;
    return ERR_NONE;
}

enum err_code project_edit_drop_secret(struct str text, const char *env, const char *name,
                                       struct buf *out, struct err *err) {
    CLEANUP(arena_freep) struct arena *arena = arena_new();
    CLEANUP(buf_done) struct buf work = BUF_INIT(PROJECT_BYTES_MAX);
    CLEANUP(project_freep) struct project *before = NULL;
    CLEANUP(project_freep) struct project *want = NULL;
    CLEANUP(freep) char *what = mem_format("secrets without %s", name);
    struct edit edit = {.text = &work, .arena = arena};
    const struct yaml_node *list;
    const struct yaml_node *item;

    if (edit_begin(&edit, text, env, &before, err) != ERR_NONE ||
        wanted_without(text, env, name, &want, err) != ERR_NONE) {
        return err->code;
    }
    list = yaml_child(edit_env(&edit, env), "secrets");
    item = item_of(list, name);
    if (item != NULL) {
        drop(&edit, list, item);
    }
    return edit_end(&edit, want, env, what, out, err);
}

enum err_code project_edit_set_variable(struct str text, const char *env, const char *name,
                                        const char *value, struct buf *out, struct err *err) {
    CLEANUP(arena_freep) struct arena *arena = arena_new();
    CLEANUP(buf_done) struct buf work = BUF_INIT(PROJECT_BYTES_MAX);
    CLEANUP(project_freep) struct project *before = NULL;
    CLEANUP(project_freep) struct project *want = NULL;
    CLEANUP(freep) char *field = mem_format("env.%s", name);
    CLEANUP(freep) char *what = mem_format("variables, %s", name);
    struct edit edit = {.text = &work, .arena = arena};

    if (edit_begin(&edit, text, env, &before, err) != ERR_NONE ||
        wanted_by_answer(before, env, field, json_string_of(str_from(value)), &want, err) !=
            ERR_NONE ||
        set_plain(&edit, env, name, value, err) != ERR_NONE) {
        return err->code;
    }
    return edit_end(&edit, want, env, what, out, err);
}

enum err_code project_edit_add_env(struct str text, const char *env, const char *account,
                                   const char *region, struct buf *out, struct err *err) {
    CLEANUP(arena_freep) struct arena *arena = arena_new();
    CLEANUP(buf_done) struct buf work = BUF_INIT(PROJECT_BYTES_MAX);
    CLEANUP(project_freep) struct project *before = NULL;
    CLEANUP(project_freep) struct project *want = NULL;
    CLEANUP(json_decrefp) json_t *answers = json_object();
    struct edit edit = {.text = &work, .arena = arena};

    json_put_str(answers, "environment", env);
    json_put_str(answers, "account", account);
    json_put_str(answers, "region", region);
    if (edit_begin(&edit, text, NULL, &before, err) != ERR_NONE) {
        return err->code;
    }
    if (project_env(before, env) != NULL) {
        err_set(err, ERR_CONFLICT, "%s has the environment '%s' already", PROJECT_FILE, env);
        return err_remedy(err, "change it in the file");
    }
    if (project_from_survey(NULL, answers, before, &want, err) != ERR_NONE ||
        set_env(&edit, env, account, region, err) != ERR_NONE) {
        return err->code;
    }
    return edit_end(&edit, want, env, "as the others are", out, err);
}
