/* guard/template_resolve.c: a template with everything put in that is told. */
#include "guard/template_value.h"

#include "guard/walk.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

enum { DEPTH_MAX = 64, COPIES_MAX = 4096, CHOICES_MAX = 64 };

static const char each_prefix[] = "Fn::ForEach::";

struct resolving {
    const struct template_facts *facts; /* conditions and maps */
    struct template_facts told;         /* the same, with Defaults */
    size_t copies;                      /* of loops, so far */
};

static json_t *resolve(struct resolving *resolving, const json_t *value, int depth);

/* ---- parameters ---- */

bool template_is_hidden(const json_t *declared) {
    const json_t *flag = json_object_get(declared, "NoEcho");

    return json_is_true(flag) ||
           (json_is_string(flag) && str_eq_nocase(str_from(json_string_value(flag)), STR("true")));
}

const json_t *template_parameter(const struct template_facts *facts, const char *name) {
    const json_t *declared = json_object_get(facts->parameters, name);
    CLEANUP(json_decrefp) json_t *ref = json_pack("{s:s}", "Ref", name);
    struct template_facts told = *facts;
    bool is_unknown = false;
    const json_t *value = NULL;

    told.is_open = false;
    if (declared == NULL || template_is_hidden(declared)) {
        return NULL;
    }
    value = template_value(&told, ref, &is_unknown);
    return is_unknown ? NULL : value;
}

static bool is_list_type(const json_t *declared) {
    const char *type = json_str_or(declared, "Type", "");

    return strcmp(type, "CommaDelimitedList") == 0 || strncmp(type, "List<", 5) == 0;
}

/* A Ref with its value put in; NULL where it is not told. */
static json_t *resolve_ref(const struct resolving *resolving, const char *name) {
    const json_t *value = template_parameter(resolving->facts, name);
    struct str rest = str_from(json_string_value(value));
    struct str one = {0};
    json_t *list = NULL;

    if (value == NULL || !is_list_type(json_object_get(resolving->facts->parameters, name))) {
        return value == NULL ? NULL : json_deep_copy(value);
    }
    list = json_array();
    while (rest.len > 0 && str_next(&rest, ',', &one)) {
        (void)json_array_append_new(list, json_string_of(str_trim(one)));
    }
    return list;
}

/* ---- texts ---- */

/* The value of one variable of an Fn::Sub, or NULL. */
static const char *sub_word(const struct resolving *resolving, const json_t *own, struct str name,
                            char *room, size_t size) {
    CLEANUP(freep) char *key = str_dup(name);
    const json_t *value = json_object_get(own, key);

    if (strcmp(key, "AWS::NoValue") == 0) {
        return "";
    }
    if (value == NULL) {
        value = template_parameter(resolving->facts, key);
    }
    return template_scalar(value, room, size);
}

static void sub_text(const struct resolving *resolving, struct str rest, const json_t *own,
                     struct buf *out) {
    while (rest.len > 0) {
        ptrdiff_t open = str_find(rest, STR("${"));
        ptrdiff_t shut =
            open < 0 ? -1 : str_find(str_slice(rest, (size_t)open, rest.len), STR("}"));
        char room[40];
        const char *word = NULL;

        if (shut < 0) {
            break;
        }
        size_t end = (size_t)(open + shut) + 1;
        word =
            sub_word(resolving, own, str_slice(rest, (size_t)open + 2, end - 1), room, sizeof room);
        buf_add(out, str_slice(rest, 0, (size_t)open));
        if (word == NULL) {
            buf_add(out, str_slice(rest, (size_t)open, end));
        } else {
            buf_add_s(out, word);
        }
        rest = str_slice(rest, end, rest.len);
    }
    buf_add(out, rest);
}

static json_t *resolve_sub(struct resolving *resolving, const json_t *sub, int depth) {
    const json_t *text = json_is_array(sub) ? json_array_get(sub, 0) : sub;
    CLEANUP(json_decrefp) json_t *own = resolve(resolving, json_array_get(sub, 1), depth + 1);
    CLEANUP(buf_done) struct buf out = BUF_INIT(1 << 20);

    if (!json_is_string(text)) {
        return NULL;
    }
    sub_text(resolving, (struct str){json_string_value(text), json_string_length(text)}, own, &out);
    if (out.failed) {
        return NULL;
    }
    if (str_find(buf_str(&out), STR("${")) < 0) {
        return json_string_of(buf_str(&out));
    }
    return own == NULL ? json_pack("{s:o}", "Fn::Sub", json_string_of(buf_str(&out)))
                       : json_pack("{s:[oO]}", "Fn::Sub", json_string_of(buf_str(&out)), own);
}

static json_t *resolve_join(struct resolving *resolving, const json_t *join, int depth) {
    const char *separator = json_string_value(json_array_get(join, 0));
    CLEANUP(json_decrefp) json_t *parts = resolve(resolving, json_array_get(join, 1), depth + 1);
    CLEANUP(buf_done) struct buf out = BUF_INIT(1 << 20);
    size_t i = 0;
    json_t *part = NULL;

    if (separator == NULL || !json_is_array(parts)) {
        return NULL;
    }
    json_array_foreach(parts, i, part) {
        char room[40];
        const char *word = template_scalar(part, room, sizeof room);

        if (word == NULL) {
            return json_pack("{s:[sO]}", "Fn::Join", separator, parts);
        }
        buf_addf(&out, "%s%s", i > 0 ? separator : "", word);
    }
    return out.failed ? NULL : json_string_of(buf_str(&out));
}

static json_t *resolve_select(struct resolving *resolving, const json_t *select, int depth) {
    CLEANUP(json_decrefp) json_t *index = resolve(resolving, json_array_get(select, 0), depth + 1);
    CLEANUP(json_decrefp) json_t *list = resolve(resolving, json_array_get(select, 1), depth + 1);
    char room[40];
    const char *word = template_scalar(index, room, sizeof room);
    const json_t *item =
        word == NULL ? NULL : json_array_get(list, (size_t)strtoul(word, NULL, 10));

    return item == NULL ? NULL : json_incref(walk(item));
}

static json_t *resolve_split(struct resolving *resolving, const json_t *split, int depth) {
    const char *separator = json_string_value(json_array_get(split, 0));
    CLEANUP(json_decrefp) json_t *text = resolve(resolving, json_array_get(split, 1), depth + 1);
    struct str rest = str_from(json_string_value(text));
    json_t *list = NULL;

    if (separator == NULL || *separator == '\0' || rest.ptr == NULL) {
        return NULL;
    }
    list = json_array();
    for (ptrdiff_t at = str_find(rest, str_from(separator)); at >= 0;
         at = str_find(rest, str_from(separator))) {
        (void)json_array_append_new(list, json_string_of(str_slice(rest, 0, (size_t)at)));
        rest = str_slice(rest, (size_t)at + strlen(separator), rest.len);
    }
    (void)json_array_append_new(list, json_string_of(rest));
    return list;
}

/* ---- choices ---- */

static json_t *resolve_if(struct resolving *resolving, const json_t *call, int depth) {
    const char *name = json_string_value(json_array_get(call, 0));
    enum template_truth truth =
        name == NULL ? TEMPLATE_UNCLEAR : template_condition(resolving->facts, name);

    return truth == TEMPLATE_UNCLEAR
               ? NULL
               : resolve(resolving, json_array_get(call, truth == TEMPLATE_TRUE ? 1 : 2),
                         depth + 1);
}

/* Adds to `values` what stands in `map` under the key, or under each where it is not told. */
static void add_choices(const struct resolving *resolving, const json_t *map, const json_t *keys,
                        size_t at, json_t *values) {
    char room[40];
    bool is_unknown = false;
    const char *key = template_scalar(
        template_value(resolving->facts, json_array_get(keys, at), &is_unknown), room, sizeof room);
    const char *name = NULL;
    json_t *value = NULL;
    size_t i = 0;

    if (at == 3) {
        json_array_foreach(values, i, value) {
            if (json_equal(value, map)) {
                return;
            }
        }
        (void)json_array_append_new(values, json_deep_copy(map));
        return;
    }
    json_object_foreach(walk(map), name, value) {
        if (key == NULL || strcmp(key, name) == 0) {
            add_choices(resolving, value, keys, at + 1, values);
        }
    }
}

/* {"Fn::If": ["", some, others]}, in halves so that it does not get deep. It is the name of no
 * condition: both branches are read. */
static json_t *choice_of(const json_t *values, size_t from, size_t to) {
    size_t half = from + (to - from) / 2;

    return to - from == 1 ? json_incref(walk(json_array_get(values, from)))
                          : json_pack("{s:[s,o,o]}", "Fn::If", "", choice_of(values, from, half),
                                      choice_of(values, half, to));
}

/* What stands in a map; where a key is not told, or by a Default that decides nothing, a choice of
 * all that may be meant. NULL: there is none, or more than can be read. */
static json_t *resolve_map(const struct resolving *resolving, const json_t *value,
                           const json_t *keys) {
    CLEANUP(json_decrefp) json_t *values = json_array();
    bool is_unknown = false;
    const json_t *found = template_value(resolving->facts, value, &is_unknown);
    const char *map = json_string_value(json_array_get(keys, 0));
    json_t *fallback = json_object_get(json_array_get(keys, 3), "DefaultValue");

    if (!is_unknown && found != NULL) {
        return json_deep_copy(found);
    }
    if (map != NULL) {
        add_choices(resolving, json_object_get(resolving->facts->mappings, map), keys, 1, values);
    }
    if (fallback != NULL) {
        (void)json_array_append(values, fallback);
    }
    return json_array_size(values) == 0 || json_array_size(values) > CHOICES_MAX
               ? NULL
               : choice_of(values, 0, json_array_size(values));
}

/* What a call yields; NULL where that is not told. */
static json_t *resolve_call(struct resolving *resolving, const json_t *value, const char *name,
                            const json_t *call, int depth) {
    if (strcmp(name, "Ref") == 0 && json_is_string(call)) {
        return resolve_ref(resolving, json_string_value(call));
    }
    if (strcmp(name, "Fn::Sub") == 0) {
        return resolve_sub(resolving, call, depth);
    }
    if (strcmp(name, "Fn::Join") == 0) {
        return resolve_join(resolving, call, depth);
    }
    if (strcmp(name, "Fn::If") == 0) {
        return resolve_if(resolving, call, depth);
    }
    if (strcmp(name, "Fn::FindInMap") == 0) {
        return resolve_map(resolving, value, call);
    }
    if (strcmp(name, "Fn::Select") == 0) {
        return resolve_select(resolving, call, depth);
    }
    if (strcmp(name, "Fn::ToJsonString") == 0) { /* what is written down is read as what it is */
        return resolve(resolving, call, depth + 1);
    }
    return strcmp(name, "Fn::Split") == 0 ? resolve_split(resolving, call, depth) : NULL;
}

/* ---- loops ---- */

static void add_letters(struct str text, struct buf *out) {
    for (size_t i = 0; i < text.len; i++) {
        if (isalnum((unsigned char)text.ptr[i])) {
            buf_add_c(out, text.ptr[i]);
        }
    }
}

/* A text of a loop's body: ${Name} is the item, &{Name} its letters and digits. */
static char *each_text(struct str text, const char *name, struct str item) {
    CLEANUP(freep) char *whole = mem_format("${%s}", name);
    CLEANUP(freep) char *plain = mem_format("&{%s}", name);
    CLEANUP(buf_done) struct buf out = BUF_INIT(1 << 20);

    for (size_t i = 0; i < text.len;) {
        struct str rest = str_slice(text, i, text.len);

        if (str_starts(rest, str_from(whole))) {
            buf_add(&out, item);
            i += strlen(whole);
        } else if (str_starts(rest, str_from(plain))) {
            add_letters(item, &out);
            i += strlen(plain);
        } else {
            buf_add_c(&out, text.ptr[i++]);
        }
    }
    return out.len == 0 ? mem_strdup("") : buf_take(&out);
}

static json_t *each_copy(const json_t *body, const char *name, struct str item, int depth) {
    const char *key = NULL;
    json_t *value = NULL;
    json_t *out = NULL;
    size_t i = 0;

    if (json_is_string(body)) {
        CLEANUP(freep)
        char *text =
            each_text((struct str){json_string_value(body), json_string_length(body)}, name, item);
        return json_string(text);
    }
    if (depth > DEPTH_MAX || (!json_is_array(body) && !json_is_object(body))) {
        return json_deep_copy(body);
    }
    if (strcmp(json_str_or(body, "Ref", ""), name) == 0) {
        return json_string_of(item);
    }
    out = json_is_array(body) ? json_array() : json_object();
    json_array_foreach(body, i, value) {
        (void)json_array_append_new(out, each_copy(value, name, item, depth + 1));
    }
    json_object_foreach(walk(body), key, value) {
        CLEANUP(freep) char *put = each_text(str_from(key), name, item);
        json_put(out, put, each_copy(value, name, item, depth + 1));
    }
    return out;
}

/* Puts the copies of a loop into `out`; false where what it runs over is not told. */
static bool resolve_each(struct resolving *resolving, const json_t *loop, json_t *out, int depth) {
    const char *name = json_string_value(json_array_get(loop, 0));
    const json_t *body = json_array_get(loop, 2);
    CLEANUP(json_decrefp) json_t *over = resolve(resolving, json_array_get(loop, 1), depth + 1);
    size_t i = 0;
    json_t *item = NULL;

    if (name == NULL || !json_is_object(body) || !json_is_array(over) ||
        json_array_size(over) > COPIES_MAX - resolving->copies) {
        return false;
    }
    json_array_foreach(over, i, item) {
        if (!json_is_string(item)) {
            return false;
        }
    }
    resolving->copies += json_array_size(over);
    json_array_foreach(over, i, item) {
        CLEANUP(json_decrefp)
        json_t *copy = each_copy(body, name, str_from(json_string_value(item)), 0);
        CLEANUP(json_decrefp) json_t *ready = resolve(resolving, copy, depth + 1);

        (void)json_object_update(out, ready);
    }
    return true;
}

/* ---- everything ---- */

static bool is_no_value(const json_t *value) {
    return strcmp(json_str_or(value, "Ref", ""), "AWS::NoValue") == 0;
}

static json_t *resolve_object(struct resolving *resolving, const json_t *value, int depth) {
    const char *key = NULL;
    json_t *member = NULL;
    json_t *out = json_object();

    json_object_foreach(walk(value), key, member) {
        if (strncmp(key, each_prefix, strlen(each_prefix)) == 0 &&
            resolve_each(resolving, member, out, depth)) {
            continue;
        }
        json_t *ready = resolve(resolving, member, depth + 1);
        if (is_no_value(ready)) {
            json_decref(ready);
        } else {
            json_put(out, key, ready);
        }
    }
    return out;
}

static json_t *resolve(struct resolving *resolving, const json_t *value, int depth) {
    const char *name = "";
    const json_t *call = template_call(value, &name);
    json_t *told = NULL;
    size_t i = 0;
    json_t *item = NULL;

    if (value == NULL || depth > DEPTH_MAX) {
        return value == NULL ? NULL : json_incref(walk(value));
    }
    told = call == NULL ? NULL : resolve_call(resolving, value, name, call, depth);
    if (told != NULL) {
        return told;
    }
    if (json_is_object(value)) {
        return is_no_value(value) ? json_incref(walk(value))
                                  : resolve_object(resolving, value, depth);
    }
    if (!json_is_array(value)) {
        return json_deep_copy(value);
    }
    told = json_array();
    json_array_foreach(value, i, item) {
        json_t *ready = resolve(resolving, item, depth + 1);

        if (is_no_value(ready)) {
            json_decref(ready);
        } else {
            (void)json_array_append_new(told, ready);
        }
    }
    return told;
}

/* ---- SAM's Globals ---- */

/* Members of both, lists one after the other; for the rest what the resource says. */
static json_t *global_merged(const json_t *base, const json_t *own) {
    json_t *out = NULL;
    const char *key = NULL;
    json_t *value = NULL;

    if (json_is_array(base) && json_is_array(own)) {
        out = json_deep_copy(base);
        (void)json_array_extend(out, walk(own));
        return out;
    }
    if (!json_is_object(base) || !json_is_object(own)) {
        return json_deep_copy(own);
    }
    out = json_deep_copy(base);
    json_object_foreach(walk(own), key, value) {
        const json_t *other = json_object_get(base, key);

        json_put(out, key, other == NULL ? json_deep_copy(value) : global_merged(other, value));
    }
    return out;
}

static void put_globals(json_t *template) {
    static const char sam[] = "AWS::Serverless::";
    const json_t *globals = json_object_get(template, "Globals");
    const char *name = NULL;
    json_t *resource = NULL;

    json_object_foreach(json_object_get(template, "Resources"), name, resource) {
        const char *type = json_str_or(resource, "Type", "");
        const json_t *base = strncmp(type, sam, strlen(sam)) == 0
                                 ? json_object_get(globals, type + strlen(sam))
                                 : NULL;
        const json_t *own = json_object_get(resource, "Properties");

        if (json_is_object(base)) {
            json_put(resource, "Properties",
                     own == NULL ? json_deep_copy(base) : global_merged(base, own));
        }
    }
}

/* ---- a template ---- */

static void drop_unmade(const struct template_facts *facts, json_t *resources) {
    const char *name = NULL;
    json_t *resource = NULL;
    void *next = NULL;

    json_object_foreach_safe(resources, next, name, resource) {
        const char *condition = json_str_at(resource, "Condition");

        if (condition != NULL && template_condition(facts, condition) == TEMPLATE_FALSE) {
            json_object_del(resources, name);
        }
    }
}

json_t *template_resolve(const struct template_facts *facts, const json_t *template) {
    static const char *const sections[] = {"Globals", "Resources", "Outputs"};
    struct resolving resolving = {.facts = facts, .told = *facts};
    json_t *out = NULL;

    resolving.told.is_open = false;
    if (!json_is_object(template)) {
        return json_deep_copy(template);
    }
    out = json_copy(walk(template));
    for (size_t i = 0; i < ARRAY_N(sections); i++) {
        const json_t *section = json_object_get(template, sections[i]);

        if (json_is_object(section)) {
            json_put(out, sections[i], resolve_object(&resolving, section, 0));
        }
    }
    drop_unmade(facts, json_object_get(out, "Resources"));
    put_globals(out);
    return out;
}
