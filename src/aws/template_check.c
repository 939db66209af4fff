/* Reads a template before AWS does: a local AWS accepts most of what is refused here. */
#include "aws/template.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <regex.h>
#include <stdlib.h>
#include <string.h>

enum { VALUE_BYTES_MAX = 4096 }; /* of a parameter */

/* Where a value stands: a chain on the stack, from the value up to its section. */
struct step {
    const struct step *up;
    const char *key; /* NULL: an element of a list */
    size_t index;
};

struct check {
    const json_t *template;
    json_t *findings;
    size_t n;
    const char *logical_id;   /* the resource, output, condition or parameter that is read */
    bool may_name_a_resource; /* false inside Conditions */
};

static const char *const pseudo_parameters[] = {
    "AWS::AccountId", "AWS::NoValue", "AWS::NotificationARNs", "AWS::Partition",
    "AWS::Region",    "AWS::StackId", "AWS::StackName",        "AWS::URLSuffix",
};

/* The attributes of the types that our templates hold. Another type is not judged. */
static const struct {
    const char *type;
    const char *attribute;
} attributes[] = {
    {"AWS::CloudFront::Distribution", "DomainName"},
    {"AWS::CloudFront::Distribution", "Id"},
    {"AWS::CloudFront::Function", "FunctionARN"},
    {"AWS::CloudFront::OriginAccessControl", "Id"},
    {"AWS::IAM::Role", "Arn"},
    {"AWS::Lambda::Function", "Arn"},
    {"AWS::Lambda::Version", "Version"},
    {"AWS::Logs::LogGroup", "Arn"},
    {"AWS::S3::Bucket", "Arn"},
    {"AWS::S3::Bucket", "RegionalDomainName"},
};

static void step_add(const struct step *step, struct buf *out) {
    if (step == NULL) {
        return;
    }
    step_add(step->up, out);
    if (out->len > 0) {
        buf_add_c(out, '.');
    }
    if (step->key == NULL) {
        buf_addf(out, "%zu", step->index);
    } else {
        buf_add_s(out, step->key);
    }
}

/* Appends a finding. `text` and `remedy` are formatted by the caller, who frees them. */
static void finding_add(struct check *c, const struct step *at, const char *code, const char *text,
                        const char *remedy) {
    CLEANUP(buf_done) struct buf path = BUF_INIT(4096);
    json_t *finding = json_object();

    step_add(at, &path);
    json_put_str(finding, "code", code);
    json_put_str(finding, "logical_id", c->logical_id);
    json_put_strn(finding, "path", buf_str(&path));
    json_put_strn(finding, "text", str_from(text));
    json_put_strn(finding, "remedy", str_from(remedy));
    (void)json_array_append_new(c->findings, finding);
    c->n++;
}

static bool is_pseudo_parameter(struct str name) {
    for (size_t i = 0; i < ARRAY_N(pseudo_parameters); i++) {
        if (str_eq(name, str_from(pseudo_parameters[i]))) {
            return true;
        }
    }
    return false;
}

static const json_t *section_get(const struct check *c, const char *section, struct str name) {
    return json_object_getn(json_object_get(c->template, section), name.ptr, name.len);
}

/* Whether Ref, or ${NAME}, finds `name`. */
static bool is_referable(const struct check *c, struct str name) {
    return is_pseudo_parameter(name) || section_get(c, "Parameters", name) != NULL ||
           (c->may_name_a_resource && section_get(c, "Resources", name) != NULL);
}

static bool has_attribute(const struct check *c, struct str resource, struct str attribute) {
    const json_t *found = c->may_name_a_resource ? section_get(c, "Resources", resource) : NULL;
    struct str type = str_from(json_str_at(found, "Type"));
    bool is_known_type = false;

    for (size_t i = 0; i < ARRAY_N(attributes); i++) {
        if (str_eq(type, str_from(attributes[i].type))) {
            is_known_type = true;
            if (str_eq(attribute, str_from(attributes[i].attribute))) {
                return true;
            }
        }
    }
    return found != NULL && !is_known_type && attribute.len > 0;
}

/* --- functions --- */

static void walk(struct check *c, const json_t *value, const struct step *at);

static void walk_elements(struct check *c, const json_t *list, const struct step *at) {
    size_t i;
    json_t *element;

    json_array_foreach(list, i, element) { walk(c, element, &(struct step){.up = at, .index = i}); }
}

static void check_ref(struct check *c, const json_t *value, const struct step *at) {
    struct str name = str_from(json_string_value(value));
    CLEANUP(freep)
    char *text = mem_format("Ref names '" STR_FMT "', which is no parameter%s", STR_ARG(name),
                            c->may_name_a_resource ? " and no resource" : "");

    if (!is_referable(c, name)) {
        finding_add(c, at, "unresolved_ref", text, "correct the name, or declare it");
    }
}

static void check_getatt(struct check *c, const json_t *value, const struct step *at) {
    struct str resource = str_from(json_string_value(json_array_get(value, 0)));
    struct str attribute = str_from(json_string_value(json_array_get(value, 1)));
    CLEANUP(freep) char *text = NULL;

    if (json_array_size(value) != 2) {
        finding_add(c, at, "unresolved_getatt",
                    "Fn::GetAtt is not a list of resource and attribute",
                    "write {\"Fn::GetAtt\": [\"Resource\", \"Attribute\"]}");
        return;
    }
    text = mem_format("Fn::GetAtt names '" STR_FMT "." STR_FMT "', which no resource has",
                      STR_ARG(resource), STR_ARG(attribute));
    if (!has_attribute(c, resource, attribute)) {
        finding_add(c, at, "unresolved_getatt", text, "correct the resource or the attribute");
    }
}

/* Whether ${name} of a Fn::Sub finds something: its own map, a name, or RESOURCE.ATTRIBUTE. */
static bool sub_finds(const struct check *c, struct str name, const json_t *map) {
    ptrdiff_t dot = str_find(name, STR("."));

    if (json_object_getn(map, name.ptr == NULL ? "" : name.ptr, name.len) != NULL) {
        return true;
    }
    return dot < 0 ? is_referable(c, name)
                   : has_attribute(c, str_slice(name, 0, (size_t)dot),
                                   str_slice(name, (size_t)dot + 1, name.len));
}

static void check_sub(struct check *c, const json_t *value, const struct step *at) {
    const json_t *pattern = json_is_array(value) ? json_array_get(value, 0) : value;
    const json_t *map = json_is_array(value) ? json_array_get(value, 1) : NULL;
    struct str rest = str_from(json_string_value(pattern));
    ptrdiff_t open = 0;

    if (!json_is_string(pattern) || (json_is_array(value) && json_array_size(value) != 2)) {
        finding_add(c, at, "unresolved_sub", "Fn::Sub is not a text, nor a text with a map",
                    "write {\"Fn::Sub\": \"...\"}");
        return;
    }
    walk(c, pattern, at);
    walk(c, map, at);
    while ((open = str_find(rest, STR("${"))) >= 0) {
        ptrdiff_t end = 0;
        struct str name = {0};
        CLEANUP(freep) char *text = NULL;

        rest = str_slice(rest, (size_t)open + 2, rest.len);
        end = str_find(rest, STR("}"));
        name = str_slice(rest, 0, end < 0 ? rest.len : (size_t)end);
        text = mem_format("Fn::Sub names '" STR_FMT "', which %s", STR_ARG(name),
                          end < 0 ? "has no end" : "is nowhere");
        if (end < 0 || (!str_starts(name, STR("!")) && !sub_finds(c, name, map))) {
            finding_add(c, at, "unresolved_sub", text,
                        "correct the name, or write ${!NAME} for text");
        }
        rest = str_slice(rest, name.len, rest.len);
    }
}

static void check_condition_name(struct check *c, const json_t *name, const struct step *at) {
    struct str wanted = str_from(json_string_value(name));
    CLEANUP(freep)
    char *text = mem_format("the condition '" STR_FMT "' does not exist", STR_ARG(wanted));

    if (section_get(c, "Conditions", wanted) == NULL) {
        finding_add(c, at, "unknown_condition", text, "correct the name, or declare the condition");
    }
}

static void check_if(struct check *c, const json_t *value, const struct step *at) {
    if (json_array_size(value) != 3) {
        finding_add(c, at, "unknown_condition", "Fn::If is not a list of condition and two values",
                    "write {\"Fn::If\": [\"Condition\", value, value]}");
        return;
    }
    check_condition_name(c, json_array_get(value, 0), at);
    walk_elements(c, value, at);
}

/* What our templates use; anything else is refused, transforms and imports above all. */
static const struct {
    const char *name;
    void (*check)(struct check *c, const json_t *value, const struct step *at);
} functions[] = {
    {"Ref", check_ref},     {"Fn::GetAtt", check_getatt},
    {"Fn::Sub", check_sub}, {"Fn::If", check_if},
    {"Fn::Join", walk},     {"Fn::Select", walk},
    {"Fn::Split", walk},    {"Fn::Equals", walk},
    {"Fn::Not", walk},      {"Fn::And", walk},
    {"Fn::Or", walk},
};

static bool is_function_name(const char *key) {
    return strcmp(key, "Ref") == 0 || strncmp(key, "Fn::", 4) == 0;
}

static void check_function(struct check *c, const char *key, const json_t *value, bool is_alone,
                           const struct step *at) {
    CLEANUP(freep) char *text = NULL;

    for (size_t i = 0; is_alone && i < ARRAY_N(functions); i++) {
        if (strcmp(functions[i].name, key) == 0) {
            functions[i].check(c, value, at);
            return;
        }
    }
    text = mem_format("%s %s", key, is_alone ? "is not used here" : "stands beside other members");
    finding_add(c, at, "unknown_function", text, "write it with what docs/templates.md allows");
}

static void walk(struct check *c, const json_t *value, const struct step *at) {
    const char *key;
    json_t *member;

    if (json_is_array(value)) {
        walk_elements(c, value, at);
    } else if (json_is_string(value) && strstr(json_string_value(value), "{{resolve:") != NULL) {
        finding_add(c, at, "dynamic_reference", "a text asks CloudFormation to fetch a secret",
                    "let the function read it when it starts: aws-copilot secrets set");
    }
    if (!json_is_object(value)) {
        return;
    }
    json_object_foreach((json_t *)(uintptr_t)value, key, member) {
        const struct step here = {.up = at, .key = key};

        if (is_function_name(key)) {
            check_function(c, key, member, json_object_size(value) == 1, &here);
        } else {
            walk(c, member, &here);
        }
    }
}

/* --- sections --- */

static bool is_logical_id(const char *name) {
    size_t n = strlen(name);

    for (size_t i = 0; i < n; i++) {
        if (isalnum((unsigned char)name[i]) == 0) {
            return false;
        }
    }
    return n > 0 && n <= 255;
}

static void check_depends_on(struct check *c, const json_t *value, const struct step *at) {
    size_t n = json_is_array(value) ? json_array_size(value) : 1;

    for (size_t i = 0; i < n; i++) {
        const json_t *element = json_is_array(value) ? json_array_get(value, i) : value;
        struct str name = str_from(json_string_value(element));
        CLEANUP(freep)
        char *text =
            mem_format("DependsOn names '" STR_FMT "', which is no other resource", STR_ARG(name));

        if (section_get(c, "Resources", name) == NULL || str_eq(name, str_from(c->logical_id))) {
            finding_add(c, at, "bad_depends_on", text, "correct the name, or remove it");
        }
    }
}

static void check_resource_member(struct check *c, const char *key, const json_t *value,
                                  const struct step *at) {
    static const char *const policies[] = {"Delete", "Retain", "RetainExceptOnCreate", "Snapshot"};
    bool is_policy = strcmp(key, "DeletionPolicy") == 0 || strcmp(key, "UpdateReplacePolicy") == 0;
    bool is_good = false;

    if (strcmp(key, "Properties") == 0 && json_is_object(value)) {
        walk(c, value, at);
        return;
    }
    if (strcmp(key, "DependsOn") == 0) {
        check_depends_on(c, value, at);
        return;
    }
    if (strcmp(key, "Condition") == 0) {
        check_condition_name(c, value, at);
        return;
    }
    for (size_t i = 0; is_policy && json_is_string(value) && i < ARRAY_N(policies); i++) {
        is_good = is_good || strcmp(json_string_value(value), policies[i]) == 0;
    }
    is_good = is_good || (strcmp(key, "Type") == 0 && json_is_string(value));
    if (!is_good) {
        finding_add(c, at, "bad_resource", "a resource has a member that is not allowed here",
                    "keep to Type, Properties, DependsOn, Condition and the two policies");
    }
}

static void check_resources(struct check *c) {
    const struct step section = {.key = "Resources"};
    json_t *resources = json_object_get(c->template, "Resources");
    const char *name;
    json_t *resource;

    if (json_object_size(resources) == 0) {
        finding_add(c, &section, "bad_resource", "the template has no resources", "add one");
    }
    json_object_foreach(resources, name, resource) {
        const struct step here = {.up = &section, .key = name};
        const char *key;
        json_t *member;

        c->logical_id = name;
        c->may_name_a_resource = true;
        if (!is_logical_id(name) || json_str_at(resource, "Type") == NULL) {
            finding_add(c, &here, "bad_resource", "a resource has no type, or a malformed name",
                        "name it with letters and digits, and give it a Type");
        }
        json_object_foreach(resource, key, member) {
            check_resource_member(c, key, member, &(struct step){.up = &here, .key = key});
        }
    }
}

static void check_outputs(struct check *c) {
    const struct step section = {.key = "Outputs"};
    const char *name;
    json_t *output;

    json_object_foreach(json_object_get(c->template, "Outputs"), name, output) {
        c->logical_id = name;
        c->may_name_a_resource = true;
        walk(c, output, &(struct step){.up = &section, .key = name});
    }
}

static void check_conditions(struct check *c) {
    const struct step section = {.key = "Conditions"};
    const char *name;
    json_t *condition;

    json_object_foreach(json_object_get(c->template, "Conditions"), name, condition) {
        c->logical_id = name;
        c->may_name_a_resource = false;
        walk(c, condition, &(struct step){.up = &section, .key = name});
    }
}

/* --- parameters --- */

/* Reads a whole finite number. */
static bool number_read(const char *text, double *out) {
    char *end = NULL;

    errno = 0;
    *out = strtod(text, &end);
    return end != text && *end == '\0' && errno == 0 && isfinite(*out) != 0 &&
           isspace((unsigned char)text[0]) == 0;
}

/* CloudFormation matches the whole value. */
static bool pattern_matches(const char *pattern, const char *value) {
    CLEANUP(freep) char *whole = mem_format("^(%s)$", pattern);
    regex_t compiled;
    bool is_match = false;

    if (regcomp(&compiled, whole, REG_EXTENDED | REG_NOSUB) != 0) {
        return false;
    }
    is_match = regexec(&compiled, value, 0, NULL, 0) == 0;
    regfree(&compiled);
    return is_match;
}

static bool is_allowed_value(const json_t *allowed, const char *value) {
    size_t i;
    json_t *element;

    json_array_foreach(allowed, i, element) {
        CLEANUP(freep)
        char *text =
            json_is_string(element) ? mem_strdup(json_string_value(element)) : json_text(element);

        if (strcmp(text, value) == 0) {
            return true;
        }
    }
    return false;
}

static bool is_at_least(const json_t *bound, const char *value) {
    double number = 0;

    return number_read(value, &number) && number >= json_number_value(bound);
}

static bool is_at_most(const json_t *bound, const char *value) {
    double number = 0;

    return number_read(value, &number) && number <= json_number_value(bound);
}

static bool is_long_enough(const json_t *bound, const char *value) {
    return (double)strlen(value) >= json_number_value(bound);
}

static bool is_short_enough(const json_t *bound, const char *value) {
    return (double)strlen(value) <= json_number_value(bound);
}

static bool is_of_pattern(const json_t *bound, const char *value) {
    return json_is_string(bound) && pattern_matches(json_string_value(bound), value);
}

/* What a declaration may ask of a value, and how the sentence ends when it is not so. */
static const struct {
    const char *member;
    bool (*is_met)(const json_t *bound, const char *value);
    const char *fault;
} constraints[] = {
    {"MinValue", is_at_least, "is too small"},
    {"MaxValue", is_at_most, "is too large"},
    {"MinLength", is_long_enough, "is too short"},
    {"MaxLength", is_short_enough, "is too long"},
    {"AllowedValues", is_allowed_value, "is not one of the values that are allowed"},
    {"AllowedPattern", is_of_pattern, "does not match its pattern"},
};

/* What is wrong with a value, as the end of a sentence; NULL when nothing is. */
static const char *value_fault(const json_t *declared, const char *value) {
    double number = 0;

    if (strstr(value, "{{resolve:") != NULL) {
        return "asks CloudFormation to fetch a secret";
    }
    if (strcmp(json_str_or(declared, "Type", ""), "Number") == 0 && !number_read(value, &number)) {
        return "is not a number";
    }
    if (strlen(value) > VALUE_BYTES_MAX) {
        return "is too long";
    }
    for (size_t i = 0; i < ARRAY_N(constraints); i++) {
        const json_t *bound = json_object_get(declared, constraints[i].member);

        if (bound != NULL && !constraints[i].is_met(bound, value)) {
            return constraints[i].fault;
        }
    }
    return NULL;
}

static void check_value(struct check *c, const json_t *declared, const json_t *given,
                        const struct step *at) {
    const char *pattern = json_str_or(declared, "AllowedPattern", "its declaration");
    const char *fault = NULL;
    CLEANUP(freep) char *text = NULL;
    CLEANUP(freep) char *remedy = NULL;

    if (json_is_true(given)) {
        return; /* a secret, or the value before: not here to be judged */
    }
    fault =
        json_is_string(given) ? value_fault(declared, json_string_value(given)) : "is not a text";
    if (fault != NULL) {
        text = mem_format("the parameter %s %s", c->logical_id, fault);
        remedy = mem_format("give it %s", json_str_or(declared, "ConstraintDescription", pattern));
        finding_add(c, at, "bad_parameter", text, remedy);
    }
}

static void check_parameters(struct check *c, const json_t *parameters) {
    const struct step section = {.key = "Parameters"};
    json_t *all = json_object_get(c->template, "Parameters");
    const char *name;
    json_t *value;

    json_object_foreach(all, name, value) {
        const struct step here = {.up = &section, .key = name};
        const json_t *given = json_object_get(parameters, name);
        CLEANUP(freep) char *text = mem_format("the parameter %s has no value", name);

        c->logical_id = name;
        if (given != NULL) {
            check_value(c, value, given, &here);
        } else if (json_object_get(value, "Default") == NULL) {
            finding_add(c, &here, "missing_parameter", text, "send it with the change set");
        }
    }
    json_object_foreach((json_t *)(uintptr_t)parameters, name, value) {
        const struct step here = {.up = &section, .key = name};
        CLEANUP(freep) char *text = mem_format("the template has no parameter %s", name);

        c->logical_id = name;
        if (json_object_get(all, name) == NULL) {
            finding_add(c, &here, "unknown_parameter", text, "do not send it");
        }
    }
}

static void check_whole(struct check *c, const char *set_name) {
    CLEANUP(freep) char *body = json_text(c->template);
    CLEANUP(freep)
    char *text = mem_format("the template has %zu bytes, CloudFormation takes %d", strlen(body),
                            TEMPLATE_BYTES_MAX);

    c->logical_id = "";
    if (strlen(body) > TEMPLATE_BYTES_MAX) {
        finding_add(c, NULL, "too_large", text, "shorten variables or routes");
    }
    if (set_name == NULL || !pattern_matches("[a-zA-Z][-a-zA-Z0-9]{0,127}", set_name)) {
        finding_add(c, NULL, "bad_set_name", "the name of the change set is malformed",
                    "begin with a letter, then letters, digits and '-', at most 128");
    }
}

size_t template_check(const json_t *template, const json_t *parameters, const char *set_name,
                      json_t *findings) {
    struct check c = {.template = template, .findings = findings, .logical_id = ""};

    check_whole(&c, set_name);
    check_parameters(&c, parameters);
    check_conditions(&c);
    c.logical_id = "";
    check_resources(&c);
    check_outputs(&c);
    return c.n;
}
