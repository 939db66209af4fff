/* Templates as files: JSON as it is, YAML with its short forms written out. */
#include "repo/template_file.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"

void template_file_done(struct template_file *file) {
    json_decref(file->json);
    json_decref(file->comments);
    *file = (struct template_file){0};
}

/* ---- scalars ---- */

static bool is_word_of(const char *text, const char *const *words) {
    for (; *words != NULL; words++) {
        if (str_eq_nocase(str_from(text), str_from(*words))) {
            return true;
        }
    }
    return false;
}

/* Digits without a leading 0: an account number is no octal one. */
static bool is_integer(const char *text) {
    const char *digits = text[0] == '-' ? text + 1 : text;
    size_t n = strspn(digits, "0123456789");

    return n > 0 && n <= 18 && digits[n] == '\0' && (digits[0] != '0' || n == 1);
}

static json_t *scalar_json(const struct yaml_node *node) {
    static const char *const yes[] = {"true", "yes", "on", NULL};
    static const char *const no[] = {"false", "no", "off", NULL};

    if (node->is_null) {
        return json_null();
    }
    if (node->is_plain && is_word_of(node->text, yes)) {
        return json_true();
    }
    if (node->is_plain && is_word_of(node->text, no)) {
        return json_false();
    }
    if (node->is_plain && is_integer(node->text)) {
        return json_integer(strtoll(node->text, NULL, 10));
    }
    return json_string_of(str_from(node->text));
}

/* ---- intrinsics ---- */

/* clang-format off */
static const char *const short_names[] = {
    "And", "Base64", "Cidr", "Equals", "FindInMap", "GetAtt", "GetAZs", "If", "ImportValue", "Join", "Length",
    "Not", "Or", "Select", "Split", "Sub", "ToJsonString", "Transform", "ForEach",
};
/* clang-format on */

static json_t *unknown_json(void) { return json_pack("{s:s}", "Fn::Unknown", ""); }

/* "A.B.C" is the resource A and its attribute B.C. */
static json_t *att_json(json_t *value) {
    const char *text = json_string_value(value);
    const char *dot = text == NULL ? NULL : strchr(text, '.');

    if (dot == NULL) {
        return value;
    }
    json_t *out =
        json_pack("[o,s]", json_string_of((struct str){text, (size_t)(dot - text)}), dot + 1);
    json_decref(value);
    return out;
}

static json_t *tagged_json(const char *tag, json_t *value) {
    if (strcmp(tag, "!Ref") == 0 || strcmp(tag, "!Condition") == 0) {
        return json_pack("{s:o}", tag + 1, value);
    }
    for (size_t i = 0; i < ARRAY_N(short_names); i++) {
        if (strcmp(tag + 1, short_names[i]) == 0) {
            CLEANUP(freep) char *name = mem_format("Fn::%s", short_names[i]);
            return json_pack("{s:o}", name, strcmp(tag, "!GetAtt") == 0 ? att_json(value) : value);
        }
    }
    json_decref(value);
    return unknown_json();
}

/* "tag:yaml.org,2002:str" and kin say what the value is, not what to do with it. */
static bool is_intrinsic(const char *tag) { return tag != NULL && tag[0] == '!' && tag[1] != '\0'; }

/* ---- the tree ---- */

static enum err_code node_json(const struct yaml_node *node, const char *name, json_t **out,
                               struct err *err);

static enum err_code entries_json(const struct yaml_node *node, const char *name, json_t *into,
                                  struct err *err) {
    for (const struct yaml_node *at = node->first; at != NULL; at = at->next) {
        json_t *value = NULL;

        if (node->kind == YAML_MAP && json_object_get(into, at->key) != NULL) {
            err_set(err, ERR_CONFIG, "%s:%d: '%s' is there twice", name, at->key_line, at->key);
            return err_remedy(err, "leave the one that is meant");
        }
        if (node_json(at, name, &value, err) != ERR_NONE) {
            return err->code;
        }
        if (node->kind == YAML_MAP) {
            json_put(into, at->key, value);
        } else {
            (void)json_array_append_new(into, value);
        }
    }
    return ERR_NONE;
}

static enum err_code node_json(const struct yaml_node *node, const char *name, json_t **out,
                               struct err *err) {
    json_t *value = NULL;

    if (node->kind == YAML_SCALAR) {
        bool is_text = is_intrinsic(node->tag);
        value = is_text ? json_string_of(str_from(node->text)) : scalar_json(node);
    } else {
        value = node->kind == YAML_MAP ? json_object() : json_array();
        if (entries_json(node, name, value, err) != ERR_NONE) {
            json_decref(value);
            return err->code;
        }
    }
    *out = is_intrinsic(node->tag) ? tagged_json(node->tag, value) : value;
    return ERR_NONE;
}

/* ---- comments ---- */

/* Where the comment of a line begins: a # at its beginning or behind a blank, outside of quotes;
 * its length where there is none. */
static size_t comment_at(struct str line) {
    char quote = '\0';

    for (size_t i = 0; i < line.len; i++) {
        char c = line.ptr[i];
        bool is_apart = i == 0 || line.ptr[i - 1] == ' ' || line.ptr[i - 1] == '\t';

        if (quote != '\0') {
            quote = c == quote ? '\0' : quote;
        } else if (c == '#' && is_apart) {
            return i;
        } else if ((c == '"' || c == '\'') &&
                   (is_apart || strchr("[{,:(", line.ptr[i - 1]) != NULL)) {
            quote = c;
        }
    }
    return line.len;
}

/* Whether the lines below a line are one text, "key: |", "- >2-" or "key: !Sub |": a # in them is a
 * sign. */
static bool opens_text(struct str line) {
    size_t n = line.len;

    while (n > 0 && strchr("+-0123456789", line.ptr[n - 1]) != NULL) {
        n--;
    }
    if (n < 2 || strchr("|>", line.ptr[n - 1]) == NULL || line.ptr[n - 2] != ' ') {
        return false;
    }
    struct str before = str_trim(str_slice(line, 0, n - 1));
    size_t word = before.len;
    while (word > 0 && before.ptr[word - 1] != ' ') {
        word--;
    }
    return before.len > 0 && (strchr(":-", before.ptr[before.len - 1]) != NULL ||
                              strchr("!&", before.ptr[word]) != NULL);
}

static size_t indent_of(struct str line) {
    size_t n = 0;

    while (n < line.len && line.ptr[n] == ' ') {
        n++;
    }
    return n;
}

static json_t *comments_of(struct str text) {
    json_t *out = json_array();
    struct str line = {0};
    size_t inner = 0; /* lines indented by as much are of a text; 0: none is open */

    for (int number = 1; text.len > 0 && str_next(&text, '\n', &line); number++) {
        size_t indent = indent_of(line);

        if (str_trim(line).len == 0 || (inner > 0 && indent >= inner)) {
            continue;
        }
        size_t at = comment_at(line);
        if (at < line.len) {
            json_array_append_new(
                out, json_pack("{s:i, s:o}", "line", number, "text",
                               json_string_of(str_trim(str_slice(line, at + 1, line.len)))));
        }
        inner = opens_text(str_trim(str_slice(line, 0, at))) ? indent + 1 : 0;
    }
    return out;
}

/* ---- a file ---- */

enum err_code template_file_open(struct str text, const char *name, struct arena *arena,
                                 struct template_file *out, struct err *err) {
    bool is_json = str_starts(str_trim(text), STR("{"));
    CLEANUP(template_file_done) struct template_file file = {0};
    struct yaml_node *tree = NULL;
    struct err unread = {0};

    if (!str_is_utf8(text)) {
        err_set(err, ERR_CONFIG, "%s is not text in UTF-8", name);
        return err_remedy(err,
                          "name a template in JSON or YAML; one in UTF-16 or Latin-1 has to be "
                          "saved as UTF-8 first");
    }
    if (text.len > TEMPLATE_FILE_BYTES_MAX) {
        return err_set(err, ERR_TOO_LARGE, "%s: %zu bytes are more than the %d of a template", name,
                       text.len, TEMPLATE_FILE_BYTES_MAX);
    }
    /* JSON is read as YAML too, for its lines; that it may not be costs only them. */
    if (yaml_read_template(text, name, arena, &tree, is_json ? &unread : err) != ERR_NONE &&
        !is_json) {
        return err_remedy(err, "mend that line, or name a template in JSON or YAML");
    }
    file.tree = tree;
    if (is_json && json_read(text, &file.json, err) != ERR_NONE) {
        err->code = ERR_CONFIG;
        err_prefix(err, "%s", name);
        return err_remedy(err,
                          "mend that line: no comments, no comma before a bracket that closes, "
                          "no name twice");
    }
    if (!is_json && node_json(tree, name, &file.json, err) != ERR_NONE) {
        return err->code;
    }
    if (!json_is_object(json_object_get(file.json, "Resources"))) {
        err_set(err, ERR_CONFIG, "%s is no CloudFormation template: it has no Resources", name);
        return err_remedy(err, "name a template in JSON or YAML, such as template.yaml");
    }
    file.comments = is_json ? NULL : comments_of(text);
    *out = file;
    file = (struct template_file){0};
    return ERR_NONE;
}

enum err_code template_file_read(struct str text, const char *file, json_t **out, struct err *err) {
    CLEANUP(arena_freep) struct arena *arena = arena_new();
    struct template_file read = {0};

    if (template_file_open(text, file, arena, &read, err) != ERR_NONE) {
        return err->code;
    }
    *out = json_incref(read.json);
    template_file_done(&read);
    return ERR_NONE;
}

int template_file_line(const struct template_file *file, const char *path) {
    const struct yaml_node *node = file->tree;
    struct str rest = str_from(path);
    struct str step = {0};
    int line = 0;

    while (node != NULL && rest.len > 0 && str_next(&rest, '.', &step)) {
        bool is_each = str_ends(step, STR("[]"));
        size_t sign = is_each ? 2 : str_ends(step, STR("?")) ? 1 : 0;
        CLEANUP(freep) char *key = str_dup(str_slice(step, 0, step.len - sign));
        char *end = NULL;
        unsigned long index = strtoul(key, &end, 10);

        if (node->kind == YAML_LIST && *end == '\0') {
            for (node = node->first; node != NULL && index > 0; index--) {
                node = node->next;
            }
        } else {
            node = yaml_child(node, key);
        }
        if (node != NULL) {
            line = node->key != NULL ? node->key_line : node->line;
        }
        if (node != NULL && is_each) {
            node = node->first;
        }
    }
    return line;
}
