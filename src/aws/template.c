/* The templates: embedded bytes, and what the program writes into them. */
#include "aws/template.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "aws/template_files.h"

/* What vanishes from lambda-http.json when there is no site. */
static const char *const site_resources[] = {"SiteBucket", "SiteBucketPolicy", "Oac", "SpaRewrite"};

static const struct {
    const char *name;
    const struct str *bytes;
} kinds[TEMPLATE_N] = {
    [TEMPLATE_NONE] = {"none", NULL},
    [TEMPLATE_BOOTSTRAP] = {"bootstrap", &template_file_bootstrap},
    [TEMPLATE_STATIC] = {"static", &template_file_static},
    [TEMPLATE_LAMBDA_HTTP] = {"lambda-http", &template_file_lambda_http},
    [TEMPLATE_API] = {"api", &template_file_lambda_http},
};

/* The placeholder in the file, and the origin whose behaviour is the model of all. */
#define VERSION_STEM "BackendVersion"
#define VERSION_PLACEHOLDER VERSION_STEM "AAAAAAAA"
#define ORIGIN_API "api"

const char *template_kind_name(enum template_kind kind) { return kinds[kind].name; }

enum template_kind template_kind_find(const char *name) {
    for (enum template_kind kind = TEMPLATE_NONE + 1; kind < TEMPLATE_N; kind++) {
        if (strcmp(kinds[kind].name, name) == 0) {
            return kind;
        }
    }
    return TEMPLATE_NONE;
}

static bool kind_has_function(enum template_kind kind) {
    return kind == TEMPLATE_LAMBDA_HTTP || kind == TEMPLATE_API;
}

/* The element of `list` whose member `key` is `value`; its index in `*out_at` (may be NULL). */
static json_t *list_find(const json_t *list, const char *key, const char *value, size_t *out_at) {
    size_t i;
    json_t *element;

    json_array_foreach(list, i, element) {
        const char *got = json_str_at(element, key);

        if (got != NULL && strcmp(got, value) == 0) {
            if (out_at != NULL) {
                *out_at = i;
            }
            return element;
        }
    }
    return NULL;
}

static json_t *distribution(const json_t *template) {
    return json_at(template, "Resources.Distribution.Properties.DistributionConfig");
}

/* Takes the behaviour of the API out of the list and returns it, the caller's to decref. */
static json_t *behaviour_take(json_t *config) {
    json_t *behaviours = json_at(config, "CacheBehaviors");
    size_t at = 0;
    json_t *behaviour = list_find(behaviours, "TargetOriginId", ORIGIN_API, &at);

    json_incref(behaviour);
    (void)json_array_remove(behaviours, at);
    return behaviour;
}

static void site_remove(json_t *template) {
    json_t *config = distribution(template);
    CLEANUP(json_decrefp) json_t *origins = json_array();

    for (size_t i = 0; i < ARRAY_N(site_resources); i++) {
        (void)json_object_del(json_at(template, "Resources"), site_resources[i]);
        (void)json_object_del(json_at(template, "Metadata.Purposes"), site_resources[i]);
    }
    (void)json_object_del(json_at(template, "Parameters"), "ReleasePath");
    (void)json_object_del(json_at(template, "Outputs"), "SiteBucket");
    (void)json_object_del(config, "DefaultRootObject");
    json_put(config, "DefaultCacheBehavior", behaviour_take(config));
    (void)json_object_del(json_at(config, "DefaultCacheBehavior"), "PathPattern");
    (void)json_object_del(config, "CacheBehaviors");
    (void)json_array_append(origins, list_find(json_at(config, "Origins"), "Id", ORIGIN_API, NULL));
    json_put(config, "Origins", json_incref(origins));
}

json_t *template_load(enum template_kind kind) {
    struct err err = {0};
    json_t *template = NULL;

    if (json_read(*kinds[kind].bytes, &template, &err) != ERR_NONE) {
        abort(); /* the build reads these bytes too */
    }
    if (kind == TEMPLATE_API) {
        site_remove(template);
    }
    return template;
}

/* --- path patterns --- */

/* Whether CloudFront allows `c` in a path pattern; '*', '?' and '&' mean something else there. */
static bool pattern_may_hold(char c) {
    return isalnum((unsigned char)c) != 0 || (c != '\0' && strchr("_-.$/~\"'@:+", c) != NULL);
}

static bool path_is_shadowed(struct str first) {
    return first.len == 0 || str_find(first, STR("{")) >= 0 || str_eq(first, STR("assets"));
}

static int pattern_compare(const void *a, const void *b) {
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Adds the one or two patterns of a path to the object `set`. */
static enum err_code pattern_add(struct str path, struct str first, json_t *set, struct err *err) {
    size_t rest = 1 + first.len; /* where the first segment ends */
    CLEANUP(freep) char *exact = mem_format("/" STR_FMT, STR_ARG(first));
    CLEANUP(freep) char *below = mem_format("/" STR_FMT "/*", STR_ARG(first));

    for (size_t i = 0; i < first.len; i++) {
        if (!pattern_may_hold(first.ptr[i])) {
            err_set(err, ERR_UNSUPPORTED, "CloudFront cannot send the route " STR_FMT " to the API",
                    STR_ARG(path));
            return err_remedy(err, "begin it with letters, digits, '-', '_' or '.'");
        }
    }
    if (path.len <= rest + 1) { /* "/docs", "/docs/" */
        json_put_bool(set, exact, true);
    }
    if (path.len > rest) {
        json_put_bool(set, below, true);
    }
    return ERR_NONE;
}

static json_t *patterns_sorted(json_t *set) {
    CLEANUP(freep) const char **names = mem_array(json_object_size(set) + 1, sizeof(*names));
    json_t *out = json_array();
    const char *name;
    json_t *value;
    size_t n = 0;

    json_object_foreach(set, name, value) { names[n++] = name; }
    qsort(names, n, sizeof(*names), pattern_compare);
    for (size_t i = 0; i < n; i++) {
        (void)json_array_append_new(out, json_string(names[i]));
    }
    return out;
}

enum err_code template_patterns(const json_t *paths, json_t **out_patterns, json_t **out_shadowed,
                                struct err *err) {
    CLEANUP(json_decrefp) json_t *set = json_object();
    CLEANUP(json_decrefp) json_t *shadowed = json_array();
    size_t i;
    json_t *element;

    json_array_foreach(paths, i, element) {
        struct str path = str_from(json_string_value(element));
        struct str rest = str_slice(path, 1, path.len);
        struct str first = {0};

        if (!str_starts(path, STR("/"))) {
            return err_set(err, ERR_INVALID, "the route '" STR_FMT "' does not begin with a slash",
                           STR_ARG(path));
        }
        (void)str_next(&rest, '/', &first);
        if (path_is_shadowed(first)) {
            (void)json_array_append(shadowed, element);
        } else if (pattern_add(path, first, set, err) != ERR_NONE) {
            return err->code;
        }
    }
    if (json_object_size(set) == 0) {
        err_set(err, ERR_UNSUPPORTED, "the site answers every route of the back end");
        return err_remedy(err, "put the API below a prefix such as /api");
    }
    if (json_object_size(set) > TEMPLATE_PATTERNS_MAX) {
        err_set(err, ERR_UNSUPPORTED, "the routes need %zu CloudFront behaviours, at most %d fit",
                json_object_size(set), TEMPLATE_PATTERNS_MAX);
        return err_remedy(err, "put the API below one prefix such as /api");
    }
    *out_patterns = patterns_sorted(set);
    *out_shadowed = TAKE(shadowed);
    return ERR_NONE;
}

/* Puts one copy of the API's behaviour for each pattern behind the others. */
static enum err_code patterns_write(json_t *template, const json_t *patterns, struct err *err) {
    json_t *config = distribution(template);
    json_t *behaviours = json_at(config, "CacheBehaviors");
    CLEANUP(json_decrefp) json_t *model = behaviour_take(config);
    size_t i;
    json_t *pattern;

    if (json_array_size(patterns) == 0 || json_array_size(patterns) > TEMPLATE_PATTERNS_MAX) {
        return err_set(err, ERR_INVALID, "a site with an API needs 1 to %d path patterns",
                       TEMPLATE_PATTERNS_MAX);
    }
    json_array_foreach(patterns, i, pattern) {
        json_t *behaviour = json_deep_copy(model);

        json_put(behaviour, "PathPattern", json_incref(pattern));
        (void)json_array_append_new(behaviours, behaviour);
    }
    return ERR_NONE;
}

/* --- the function --- */

static bool text_is_all(const char *text, size_t n, const char *alphabet) {
    return text != NULL && strlen(text) == n && strspn(text, alphabet) == n;
}

#define DIGITS "0123456789"
#define HEX DIGITS "abcdef"

/* Whether Lambda takes `name`: a letter, then letters, digits and '_', two at least. */
static bool variable_is_name(const char *name) {
    size_t n = strlen(name);

    for (size_t i = 0; i < n; i++) {
        if (isalnum((unsigned char)name[i]) == 0 && name[i] != '_') {
            return false;
        }
    }
    return n >= 2 && isalpha((unsigned char)name[0]) != 0;
}

/* Copies the strings of `from` into `to`. Ours begin with AWSCOPILOT_; the user's may not begin
 * with that, nor with what belongs to Lambda. `*bytes` grows by names and values. */
static enum err_code variables_add(const json_t *from, bool is_ours, json_t *to, size_t *bytes,
                                   struct err *err) {
    static const char *const reserved[] = {"AWSCOPILOT_", "AWS_", "LAMBDA_"};
    const char *name;
    json_t *value;

    json_object_foreach((json_t *)(uintptr_t)from, name, value) {
        bool is_own = strncmp(name, reserved[0], strlen(reserved[0])) == 0;

        for (size_t i = 0; !is_ours && i < ARRAY_N(reserved); i++) {
            if (strncmp(name, reserved[i], strlen(reserved[i])) == 0) {
                err_set(err, ERR_INVALID, "the variable %s has a reserved name", name);
                return err_remedy(err, "choose a name that does not begin with %s", reserved[i]);
            }
        }
        if (!variable_is_name(name) || !json_is_string(value) || (is_ours && !is_own)) {
            err_set(err, ERR_INVALID, "the variable %s is not a name with a text", name);
            return err_remedy(err, "use a letter first, then letters, digits and '_'");
        }
        if (strstr(json_string_value(value), "{{resolve:") != NULL) {
            err_set(err, ERR_INVALID, "the variable %s would make CloudFormation fetch a secret",
                    name);
            return err_remedy(err, "store it with 'aws-copilot secrets set %s'", name);
        }
        *bytes += strlen(name) + json_string_length(value);
        (void)json_object_set(to, name, value);
    }
    return ERR_NONE;
}

/* Writes runtime, architecture and environment into the properties of the function. */
static enum err_code function_write(json_t *properties, const struct template_function *function,
                                    struct err *err) {
    json_t *file = json_at(properties, "Environment.Variables");
    CLEANUP(json_decrefp) json_t *variables = json_object();
    size_t bytes = 0;

    if (function->runtime == NULL || !str_starts(str_from(function->runtime), STR("python3.")) ||
        strspn(function->runtime + 8, DIGITS) != strlen(function->runtime + 8)) {
        return err_set(err, ERR_INVALID, "the runtime is not one of Lambda's Pythons");
    }
    if (function->architecture == NULL || (strcmp(function->architecture, "arm64") != 0 &&
                                           strcmp(function->architecture, "x86_64") != 0)) {
        return err_set(err, ERR_INVALID, "the architecture is not arm64 or x86_64");
    }
    if (json_str_at(function->settings, "AWSCOPILOT_APP") == NULL) {
        return err_set(err, ERR_INVALID, "the function does not say which application it runs");
    }
    (void)json_object_set(variables, "AWSCOPILOT_SECRETS_PATH",
                          json_at(file, "AWSCOPILOT_SECRETS_PATH"));
    if (variables_add(function->variables, false, variables, &bytes, err) != ERR_NONE ||
        variables_add(function->settings, true, variables, &bytes, err) != ERR_NONE) {
        return err->code;
    }
    if (bytes > TEMPLATE_VARIABLES_MAX) {
        err_set(err, ERR_TOO_LARGE, "the variables take %zu bytes, Lambda allows %d", bytes,
                TEMPLATE_VARIABLES_MAX);
        return err_remedy(err, "move long values into the application or into secrets");
    }
    json_put_str(properties, "Runtime", function->runtime);
    json_put(properties, "Architectures", json_pack("[s]", function->architecture));
    json_put(json_at(properties, "Environment"), "Variables", json_incref(variables));
    return ERR_NONE;
}

/* The value of a parameter as a string, the caller's to free(); NULL when it is not known here. */
static char *parameter_value(const json_t *template, const json_t *parameters, const char *name) {
    const json_t *given = json_object_get(parameters, name);
    const json_t *declared = json_object_get(json_at(template, "Parameters"), name);
    const json_t *value = given != NULL ? given : json_object_get(declared, "Default");

    if (json_is_string(value)) {
        return mem_strdup(json_string_value(value));
    }
    return json_is_number(value) ? json_text(value) : NULL;
}

/* A copy of `value` with each Ref to a parameter of known value replaced by it. */
static json_t *parameters_substitute(const json_t *template, const json_t *parameters,
                                     const json_t *value) {
    const char *ref = json_str_at(value, "Ref");
    json_t *out;
    const char *key;
    size_t i;
    json_t *member;

    if (ref != NULL && json_object_size(value) == 1) {
        CLEANUP(freep) char *text = parameter_value(template, parameters, ref);

        return text == NULL ? json_deep_copy(value) : json_string_of(str_from(text));
    }
    if (json_is_object(value)) {
        out = json_object();
        json_object_foreach((json_t *)(uintptr_t)value, key, member) {
            json_put(out, key, parameters_substitute(template, parameters, member));
        }
        return out;
    }
    if (json_is_array(value)) {
        out = json_array();
        json_array_foreach(value, i, member) {
            (void)json_array_append_new(out, parameters_substitute(template, parameters, member));
        }
        return out;
    }
    return json_deep_copy(value);
}

/* SHA-256 over `digest` in hex, LF, and the canonical form of what makes a version: the function's
 * properties after parameter substitution, without its Code, which `digest` stands for, and its
 * concurrency, which is no property of a version. */
static struct sha256 function_hash(const json_t *template, const json_t *parameters,
                                   struct sha256 digest) {
    CLEANUP(json_decrefp)
    json_t *properties = parameters_substitute(template, parameters,
                                               json_at(template, "Resources.Backend.Properties"));
    CLEANUP(freep) char *canonical = NULL;
    CLEANUP(freep) char *message = NULL;

    (void)json_object_del(properties, "Code");
    (void)json_object_del(properties, "ReservedConcurrentExecutions");
    canonical = json_text(properties);
    message = mem_format("%s\n%s", sha256_hex(digest).text, canonical);
    return sha256_of(str_from(message));
}

enum err_code template_build_id(enum template_kind kind, const struct template_function *function,
                                const json_t *parameters, struct sha256 entries, struct buf *out,
                                struct err *err) {
    CLEANUP(json_decrefp) json_t *template = NULL;
    struct sha256_hex hex;

    if (!kind_has_function(kind)) {
        return err_set(err, ERR_INVALID, "%s has no function to name", template_kind_name(kind));
    }
    template = template_load(kind);
    if (function_write(json_at(template, "Resources.Backend.Properties"), function, err) !=
        ERR_NONE) {
        return err->code;
    }
    hex = sha256_hex(function_hash(template, parameters, entries));
    buf_add(out, str_slice(str_from(hex.text), 0, TEMPLATE_BUILD_ID));
    return ERR_NONE;
}

/* Replaces the placeholder of the version in its three places, and writes the build id. */
static void version_write(json_t *template, const struct template_input *input,
                          struct template_text *out) {
    json_t *resources = json_at(template, "Resources");
    json_t *version = json_incref(json_object_get(resources, VERSION_PLACEHOLDER));
    struct sha256_hex hash = sha256_hex(function_hash(template, input->parameters, input->code));
    struct buf id = BUF_INIT(sizeof(out->version) - 1);

    buf_addf(&id, VERSION_STEM "%.*s", TEMPLATE_VERSION_ID, hash.text);
    memcpy(out->version, buf_cstr(&id), id.len + 1);
    buf_done(&id);
    json_put_str(json_at(version, "Properties"), "Description", input->build_id);
    (void)json_object_del(resources, VERSION_PLACEHOLDER);
    json_put(resources, out->version, version);
    json_put(json_at(resources, "Live.Properties"), "FunctionVersion",
             json_pack("{s:[s,s]}", "Fn::GetAtt", out->version, "Version"));
    json_put(json_at(template, "Outputs.BackendVersion"), "Value",
             json_pack("{s:[s,s]}", "Fn::GetAtt", out->version, "Version"));
}

static enum err_code function_fill(json_t *template, const struct template_input *input,
                                   struct template_text *out, struct err *err) {
    const char *name;
    json_t *resource;

    if (!text_is_all(input->account, 12, DIGITS)) {
        return err_set(err, ERR_INVALID, "the account is not of 12 digits");
    }
    if (!text_is_all(input->build_id, TEMPLATE_BUILD_ID, HEX)) {
        return err_set(err, ERR_INVALID, "the build id is not of %d hexadecimal digits",
                       TEMPLATE_BUILD_ID);
    }
    if (function_write(json_at(template, "Resources.Backend.Properties"), &input->function, err) !=
            ERR_NONE ||
        (input->kind == TEMPLATE_LAMBDA_HTTP &&
         patterns_write(template, input->patterns, err) != ERR_NONE)) {
        return err->code;
    }
    json_object_foreach(json_at(template, "Resources"), name, resource) {
        if (json_at(resource, "Properties.SourceAccount") != NULL) {
            json_put_str(json_at(resource, "Properties"), "SourceAccount", input->account);
        }
    }
    version_write(template, input, out);
    return ERR_NONE;
}

/* --- the endpoint profile --- */

/* Removes the statement that denies plain HTTP. */
static void policy_drop_tls_only(json_t *document) {
    json_t *statements = json_at(document, "Statement");
    size_t at = 0;

    if (list_find(statements, "Sid", "TlsOnly", &at) != NULL) {
        (void)json_array_remove(statements, at);
    }
}

/* Lets a statement that allows only GetParametersByPath do so anywhere. */
static void policy_widen_ssm(json_t *document) {
    json_t *statement =
        list_find(json_at(document, "Statement"), "Action", "ssm:GetParametersByPath", NULL);

    if (statement != NULL) {
        json_put_str(statement, "Resource", "*");
    }
}

/* Every difference that the profile makes to a template. */
static void profile_apply(json_t *template, const struct endpoint_profile *profile, int port) {
    json_t *origin = list_find(json_at(distribution(template), "Origins"), "Id", ORIGIN_API, NULL);
    const char *name;
    json_t *resource;
    size_t i;
    json_t *policy;

    json_object_foreach(json_at(template, "Resources"), name, resource) {
        if (profile->drops_tls_only) {
            policy_drop_tls_only(json_at(resource, "Properties.PolicyDocument"));
        }
        json_array_foreach(json_at(resource, "Properties.Policies"), i, policy) {
            if (profile->widens_ssm) {
                policy_widen_ssm(json_at(policy, "PolicyDocument"));
            }
        }
    }
    if (profile->has_local_api && origin != NULL) {
        json_put_str(origin, "DomainName", "localhost");
        json_put(origin, "OriginPath",
                 json_pack("{s:s}", "Fn::Sub", "/_aws/execute-api/${HttpApi}/$default"));
        json_put(origin, "CustomOriginConfig",
                 json_pack("{s:s,s:i,s:i}", "OriginProtocolPolicy", "http-only", "HTTPPort", port,
                           "OriginReadTimeout", 30));
    }
}

/* --- emission --- */

static bool template_has_iam(const json_t *template) {
    const char *name;
    json_t *resource;

    json_object_foreach(json_at(template, "Resources"), name, resource) {
        if (str_starts(str_from(json_str_at(resource, "Type")), STR("AWS::IAM::"))) {
            return true;
        }
    }
    return false;
}

void template_text_done(struct template_text *text) {
    json_decref(text->json);
    free(text->text);
    *text = (struct template_text){0};
}

enum err_code template_emit(const struct template_input *input, struct template_text *out,
                            struct err *err) {
    CLEANUP(json_decrefp) json_t *template = NULL;
    struct template_text made = {0};

    if (input->kind == TEMPLATE_NONE) {
        return err_set(err, ERR_INVALID, "no template was chosen");
    }
    template = template_load(input->kind);
    if (kind_has_function(input->kind) && function_fill(template, input, &made, err) != ERR_NONE) {
        return err->code;
    }
    profile_apply(template, input->profile, input->endpoint_port);
    made.needs_iam = template_has_iam(template);
    made.text = json_text(template);
    made.len = strlen(made.text);
    made.sha256 = sha256_of((struct str){made.text, made.len});
    if (made.len > TEMPLATE_BYTES_MAX) {
        err_set(err, ERR_TOO_LARGE, "the template has %zu bytes, CloudFormation takes %d", made.len,
                TEMPLATE_BYTES_MAX);
        template_text_done(&made);
        return err->code;
    }
    made.json = TAKE(template);
    *out = made;
    return ERR_NONE;
}
