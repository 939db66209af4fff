/* guard/review_secret.c: no secret stands in a template, a plan or a change set. */
#include "guard/review.h"

#include "base/json.h"
#include "guard/iam/actions.h"
#include "guard/redact/redact.h"
#include "guard/walk.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

enum { DEPTH_MAX = 128, WHERE_BYTES = 1024 };

/* Properties of AWS that sound like a secret's and hold none: names, ways, choices. Source: the
 * schemas of CloudFormation, all names that redact_is_secret_key() takes for a secret's. */
/* clang-format off */
static const struct {
    const char *type;
    const char *name;
} plain_names[] = {
    {"AWS::SecretsManager::Secret", "SecretStringTemplate"}, {"AWS::SecretsManager::Secret", "GenerateStringKey"},
    {"AWS::CodeBuild::Project", "EncryptionKey"}, {"AWS::CodeBuild::ReportGroup", "EncryptionKey"}, {"AWS::CodeArtifact::Domain", "EncryptionKey"},
    {"AWS::WorkSpaces::Workspace", "VolumeEncryptionKey"}, {"AWS::DSQL::Cluster", "KmsEncryptionKey"},
    {"AWS::CustomerProfiles::Domain", "DefaultEncryptionKey"}, {"AWS::RDS::DBProxy", "AuthScheme"}, {"AWS::RDS::DBProxy", "IAMAuth"},
    {"AWS::RDS::DBProxy", "DefaultAuthScheme"}, {"AWS::ApiGatewayV2::Api", "ApiKeySelectionExpression"},
    {"AWS::Serverless::WebSocketApi", "ApiKeySelectionExpression"}, {"AWS::EKS::Nodegroup", "Ec2SshKey"},
    {"AWS::HealthLake::FHIRDatastore", "AuthorizationStrategy"}, {"AWS::ElasticLoadBalancing::LoadBalancer", "CookieExpirationPeriod"},
    {"AWS::Cognito::UserPool", "TemporaryPasswordValidityDays"}, {"AWS::Backup::BackupSelection", "ConditionKey"},
    {"AWS::KafkaConnect::CustomPlugin", "FileKey"}, {"AWS::KinesisAnalyticsV2::Application", "FileKey"},
    {"AWS::OpenSearchService::Domain", "RolesKey"}, {"AWS::OpenSearchService::Domain", "SubjectKey"},
    {"AWS::OpenSearchService::Domain", "AnonymousAuthDisableDate"}, {"AWS::WAFRegional::RateBasedRule", "RateKey"},
    {"AWS::EntityResolution::SchemaMapping", "MatchKey"}, {"AWS::Kendra::DataSource", "TargetDocumentAttributeKey"},
    {"AWS::Kendra::DataSource", "ConditionDocumentAttributeKey"}, {"AWS::DevOpsGuru::ResourceCollection", "AppBoundaryKey"},
    {"AWS::Cognito::UserPoolClient", "AccessToken"}, {"AWS::Cognito::UserPoolClient", "IdToken"}, {"AWS::Cognito::UserPoolClient", "RefreshToken"},
};
/* clang-format on */

static void secrets_walk(struct review *review, struct buf *where, const json_t *json, int depth);

/* How far a text goes on that says where a secret is, not what it is: a dynamic reference, the
 * beginning of a secret's ARN, and of a command that asks AWS for it. */
static size_t reference_len(struct str text) {
    ptrdiff_t shut = str_find(text, STR("}}"));

    if (str_starts(text, STR("{{resolve:")) && shut > 0) {
        return (size_t)shut + 2;
    }
    if (str_starts(text, STR("arn:")) && str_eq(review_arn_part(text, 2), STR("secretsmanager")) &&
        str_starts(review_arn_part(text, 5), STR("secret:"))) {
        return (size_t)(review_arn_part(text, 5).ptr - text.ptr) + strlen("secret:");
    }
    return str_starts(text, STR("$(aws ")) ? strlen("$(") : 0;
}

static void without_references(struct str text, struct buf *out) {
    for (size_t i = 0; i < text.len;) {
        size_t len =
            strchr("{a$", text.ptr[i]) == NULL ? 0 : reference_len(str_slice(text, i, text.len));

        buf_add_c(out, len > 0 ? '\n' : text.ptr[i]);
        i += len > 0 ? len : 1;
    }
}

/* One finding a place, whichever way leads to it. */
static bool is_told(const struct review *review, const char *where) {
    size_t i = 0;
    json_t *finding = NULL;

    json_array_foreach(review->findings, i, finding) {
        const char *code = json_str_or(finding, "code", "");
        struct str place = str_from(json_str_or(finding, "where", ""));

        /* there, or at a part of what stands there */
        if (str_starts(place, str_from(where)) &&
            (place.len == strlen(where) || place.ptr[strlen(where)] == '.') &&
            (strcmp(code, policy_rule_code(REVIEW_SECRET_IN_TEMPLATE)) == 0 ||
             strcmp(code, policy_rule_code(REVIEW_SECRET_SHOWN)) == 0)) {
            return true;
        }
    }
    return false;
}

static bool stop(const struct iam_action *action, void *with) {
    (void)action;
    (void)with;
    return false;
}

/* "identitystore-auth:ListSessions" looks like a secret and is an action of AWS. */
static void secrets_text(struct review *review, const char *where, struct str text) {
    CLEANUP(buf_done) struct buf plain = BUF_INIT(text.len + 1);
    struct redact_hit hit = {0};

    without_references(text, &plain);
    if (redact_find(review->ctx->redactor, buf_str(&plain), &hit, 1) > 0 &&
        iam_expand(text, stop, NULL) == 0 && !is_told(review, where)) {
        review_find(review, REVIEW_SECRET_IN_TEMPLATE, where, "it holds a secret (%s)", hit.kind);
    }
}

/* A document that is written as a text is read as one: its names say what its values are. */
static void secrets_string(struct review *review, struct buf *where, const json_t *json,
                           int depth) {
    struct str text = {json_string_value(json), json_string_length(json)};
    struct str trimmed = str_trim(text);
    CLEANUP(json_decrefp)
    json_t *document = str_starts(trimmed, STR("{")) || str_starts(trimmed, STR("["))
                           ? review_document(json)
                           : NULL;

    if (document != NULL) {
        secrets_walk(review, where, document, depth + 1);
    } else {
        secrets_text(review, buf_cstr(where), text);
    }
}

/* What an intrinsic makes of its parts. */
static void secrets_made(struct review *review, const char *where, const json_t *json) {
    bool is_made = json_object_get(json, "Fn::Join") != NULL ||
                   json_is_array(json_object_get(json, "Fn::Sub"));
    CLEANUP(freep) char *text = is_made ? review_resolve(review, json) : NULL;

    if (text != NULL) {
        secrets_text(review, where, str_from(text));
    }
}

/* https://auth.example.com/token: without a user, without a query. */
static bool is_plain_url(const char *text) {
    return strncmp(text, "https://", 8) == 0 && strpbrk(text, "@?#") == NULL;
}

/* What API Gateway takes from a request or an answer, or a word between the quotes it asks for.
 * Source: API Gateway developer guide, mapping expressions. */
static bool is_mapping(const char *text) {
    static const char *const starts[] = {
        "method.request.",  "method.response.", "integration.response.",
        "gatewayresponse.", "context.",         "$context.",
        "$request.",        "$response.",       "stageVariables.",
        "$stageVariables."};

    for (size_t i = 0; i < ARRAY_N(starts); i++) {
        if (strncmp(text, starts[i], strlen(starts[i])) == 0) {
            return true;
        }
    }
    return strcmp(text, "'true'") == 0 || strcmp(text, "'false'") == 0;
}

/* A plain parameter of Parameter Store ("ssm", not "ssm-secure") is shown to whoever reads it. */
static bool is_reference(const char *text) {
    return text[0] == '\0' || strcmp(text, "***") == 0 || strcmp(text, "****") == 0 ||
           (strncmp(text, "{{resolve:", 10) == 0 && strncmp(text, "{{resolve:ssm:", 14) != 0) ||
           strncmp(text, "arn:", 4) == 0 || strncmp(text, "${", 2) == 0 ||
           str_eq_nocase(str_from(text), STR("true")) ||
           str_eq_nocase(str_from(text), STR("false")) ||
           str_eq_nocase(str_from(text), STR("none")) || is_plain_url(text) || is_mapping(text);
}

/* Whether a parameter exists that is not marked NoEcho: what it holds is shown by AWS. */
static bool is_shown_parameter(const struct review *review, const char *name) {
    const json_t *parameter = json_object_get(json_object_get(review->written, "Parameters"), name);

    return json_is_object(parameter) && !review_is_true(json_object_get(parameter, "NoEcho"));
}

/* Whether the property at "Resources.NAME.Properties..." is one of plain_names[]. */
static bool is_plain_name(const struct review *review, const char *where, const char *key) {
    struct str rest = str_from(where);
    struct str name = {0};

    if (!str_next(&rest, '.', &name) || !str_eq(name, STR("Resources")) ||
        !str_next(&rest, '.', &name)) {
        return false;
    }
    const json_t *resource =
        json_object_getn(json_object_get(review->written, "Resources"), name.ptr, name.len);
    for (size_t i = 0; i < ARRAY_N(plain_names); i++) {
        if (strcmp(plain_names[i].name, key) == 0 &&
            strcmp(plain_names[i].type, json_str_or(resource, "Type", "")) == 0) {
            return true;
        }
    }
    return str_ends(str_from(key), STR("SecretId"));
}

enum { NUMBER_MIN = 100000 }; /* shorter ones are limits and periods */

/* A text that is written out, by itself or by the parts of an intrinsic, or a long number; NULL.
 * The caller frees. */
static char *literal_of(const struct review *review, const json_t *value) {
    char *text = NULL;

    if (json_is_integer(value) && json_integer_value(value) >= NUMBER_MIN) {
        return mem_format("%lld", (long long)json_integer_value(value));
    }
    text = json_is_string(value) || json_object_get(value, "Ref") == NULL
               ? review_resolve(review, value)
               : NULL;
    if (text != NULL && !json_is_string(value) && strstr(text, "${") != NULL) {
        freep(&text);
    }
    return text;
}

/* Names that end in a word for the place of a secret: they say where it is, by a value of that
 * kind. */
static const struct {
    const char *end;
    const char *start; /* of the value */
    const char *signs; /* of which it consists, beside letters and, in a path, digits */
} place_rows[] = {
    {"PARAMETER", "/", "/_.-"}, {"PARAMETERS", "/", "/_.-,"}, {"PARAM", "/", "/_.-"},
    {"SSM", "/", "/_.-"},       {"HEADER", "", "-"},          {"STORE", "", "-_"},
};

static bool is_place(const char *key, const char *text) {
    struct str name = str_from(key);

    for (size_t i = 0; i < ARRAY_N(place_rows); i++) {
        bool is_path = place_rows[i].start[0] != '\0';
        bool is_plain = strncmp(text, place_rows[i].start, strlen(place_rows[i].start)) == 0;

        for (const char *c = text; *c != '\0' && is_plain; c++) {
            is_plain = isalpha((unsigned char)*c) || (is_path && isdigit((unsigned char)*c)) ||
                       strchr(place_rows[i].signs, *c) != NULL;
        }
        if (is_plain && str_ends_nocase(name, str_from(place_rows[i].end))) {
            return true;
        }
    }
    return false;
}

/* A member whose name is a secret's must refer to its value. */
static void secrets_member(struct review *review, const char *where, const char *key,
                           const json_t *value) {
    const char *parameter = json_str_at(value, "Ref");

    /* AuthMechanism says how, not with what. */
    if (!redact_is_secret_key(str_from(key)) || str_ends(str_from(key), STR("Mechanism")) ||
        is_told(review, where)) {
        return;
    }
    CLEANUP(freep) char *text = literal_of(review, value);
    if (text != NULL && !is_reference(text) && !is_place(key, text)) {
        review_find(review, REVIEW_SECRET_IN_TEMPLATE, where,
                    "the value of a secret is written out");
    } else if (parameter != NULL && is_shown_parameter(review, parameter)) {
        review_find(review, REVIEW_SECRET_SHOWN, where,
                    "a secret comes from the parameter %s, which AWS shows", parameter);
    }
}

/* Whether a word looks like a value, where people also write prose: "password: see vault". */
static bool is_like_value(struct str word) {
    enum { VALUE_MIN = 6 };
    bool has_digit = false;

    for (size_t i = 0; i < word.len; i++) {
        has_digit = has_digit || isdigit((unsigned char)word.ptr[i]);
    }
    return word.len >= VALUE_MIN && has_digit && str_find(word, STR(" ")) < 0;
}

/* {"Name": "DB_PASSWORD", "Value": "..."} of a container, and its other spellings. */
static void secrets_pair(struct review *review, const char *where, const json_t *object) {
    static const struct {
        const char *name;
        const char *value;
    } pairs[] = {
        {"Name", "Value"},       {"name", "value"},     {"HeaderName", "HeaderValue"},
        {"OptionName", "Value"}, {"Variable", "Value"}, {"ParameterKey", "ParameterValue"},
        {"Key", "Value"},
    };
    const char *type = json_str_or(object, "Type", "");

    /* CodeBuild: the value says where the secret is. A tag may tell of a secret. */
    if (strcmp(type, "SECRETS_MANAGER") == 0 || strcmp(type, "PARAMETER_STORE") == 0 ||
        (strstr(where, ".Tags") != NULL &&
         !is_like_value(str_from(json_str_or(object, "Value", ""))))) {
        return;
    }
    for (size_t i = 0; i < ARRAY_N(pairs); i++) {
        const char *name = json_str_at(object, pairs[i].name);

        if (name != NULL && json_object_get(object, pairs[i].value) != NULL) {
            secrets_member(review, where, name, json_object_get(object, pairs[i].value));
        }
    }
}

/* A name that is itself a secret: of a map's key, or of a header. A name before a colon
 * ("token.x:sub") is a secret's, and none. */
static void secrets_name(struct review *review, const char *where, struct str name) {
    struct redact_hit hit = {0};

    if (redact_find(review->ctx->redactor, name, &hit, 1) > 0 && strcmp(hit.kind, "key") != 0 &&
        !is_told(review, where)) {
        review_find(review, REVIEW_SECRET_IN_TEMPLATE, where, "a name in it is a secret (%s)",
                    hit.kind);
    }
}

static void secrets_below(struct review *review, struct buf *where, const char *key,
                          const json_t *value, int depth) {
    size_t len = where->len;

    secrets_name(review, len > 0 ? buf_cstr(where) : "", str_from(key));
    buf_addf(where, "%s%s", len > 0 ? "." : "", key);
    if (!is_plain_name(review, buf_cstr(where), key)) {
        secrets_member(review, buf_cstr(where), key, value);
    }
    secrets_walk(review, where, value, depth + 1);
    where->len = len;
    if (where->ptr != NULL) {
        where->ptr[len] = '\0';
    }
}

static void secrets_walk(struct review *review, struct buf *where, const json_t *json, int depth) {
    const char *key = NULL;
    size_t i = 0;
    json_t *value = NULL;

    if (depth > DEPTH_MAX) {
        review_find(review, REVIEW_TOO_DEEP, buf_cstr(where), "it is nested too deep to be read");
        return;
    }
    if (json_is_string(json)) {
        secrets_string(review, where, json, depth);
    }
    json_array_foreach(json, i, value) {
        char index[24];
        snprintf(index, sizeof index, "%zu", i);
        secrets_below(review, where, index, value, depth);
    }
    if (json_is_object(json)) {
        secrets_pair(review, buf_cstr(where), json);
        secrets_made(review, buf_cstr(where), json);
    }
    json_object_foreach(walk(json), key, value) { secrets_below(review, where, key, value, depth); }
}

void review_secrets_in(struct review *review, const char *where, const json_t *json) {
    CLEANUP(buf_done) struct buf path = BUF_INIT(WHERE_BYTES * DEPTH_MAX);

    buf_add_s(&path, where);
    secrets_walk(review, &path, json, 0);
}

/* What a parameter brings along is in everybody's sight. */
static void secrets_parameters(struct review *review) {
    const char *name = NULL;
    json_t *parameter = NULL;

    json_object_foreach(walk(json_object_get(review->written, "Parameters")), name, parameter) {
        const char *value = json_str_at(parameter, "Default");
        bool is_secret = review_is_true(json_object_get(parameter, "NoEcho")) ||
                         redact_is_secret_key(str_from(name));

        if (is_secret && value != NULL && !is_reference(value)) {
            CLEANUP(freep) char *where = mem_format("Parameters.%s.Default", name);
            review_find(review, REVIEW_SECRET_IN_TEMPLATE, where,
                        "a secret parameter has a default");
        }
    }
}

/* A reference that AWS resolves, in plain sight. */
static void secrets_resolved_at(struct review *review, enum review_rule rule, const char *where,
                                const json_t *value) {
    CLEANUP(freep) char *text = json_is_null(value) ? NULL : json_text(value);

    if (text != NULL && !is_told(review, where) &&
        (strstr(text, "{{resolve:secretsmanager:") != NULL ||
         strstr(text, "{{resolve:ssm-secure:") != NULL)) {
        review_find(review, rule, where, "it shows the secret that it refers to");
    }
}

/* Where a resource keeps variables and commands, which whoever may describe it reads. A parameter
 * with NoEcho may stand in a function's variables: so it gets a word that only it and the
 * distribution before it know. */
static const struct {
    const char *type; /* "": every one */
    const char *path;
    bool may_have_hidden;
} variable_rows[] = {
    {"AWS::Lambda::Function", "Environment", true},
    {"AWS::Serverless::Function", "Environment", true},
    {"AWS::ECS::TaskDefinition", "ContainerDefinitions", false},
    {"AWS::Batch::JobDefinition", "ContainerProperties", false},
    {"AWS::AppRunner::Service", "SourceConfiguration", false},
    {"AWS::CodeBuild::Project", "Environment", false},
    {"AWS::Amplify::App", "EnvironmentVariables", false},
    {"AWS::Amplify::Branch", "EnvironmentVariables", false},
    {"AWS::SSM::Parameter", "Value", false},
    {"AWS::SSM::Document", "Content", false},
    {"AWS::EC2::Instance", "UserData", false},
    {"AWS::EC2::LaunchTemplate", "LaunchTemplateData", false},
    {"AWS::AutoScaling::LaunchConfiguration", "UserData", false},
    {"AWS::Lambda::Function", "Code", false},
    {"AWS::CodeBuild::Project", "Source", false},
    {"AWS::StepFunctions::StateMachine", "DefinitionString", false},
    {"AWS::StepFunctions::StateMachine", "Definition", false},
    {"AWS::StepFunctions::StateMachine", "DefinitionSubstitutions", false},
    {"AWS::Glue::Job", "DefaultArguments", false},
    {"AWS::CloudFront::Function", "FunctionCode", false},
    {"", "Tags", false},
    {"", "Description", false},
};

static void secrets_variables(struct review *review, const char *where, const json_t *value) {
    const char *key = NULL;
    size_t i = 0;
    json_t *item = NULL;

    if (json_is_string(value)) {
        secrets_resolved_at(review, REVIEW_SECRET_IN_VARIABLE, where, value);
    }
    json_array_foreach(value, i, item) {
        CLEANUP(freep) char *place = mem_format("%s.%zu", where, i);
        secrets_variables(review, place, item);
    }
    json_object_foreach(walk(value), key, item) {
        CLEANUP(freep) char *place = mem_format("%s.%s", where, key);
        secrets_variables(review, place, item);
    }
}

/* Parameters that AWS hides, in plain sight. */
static void secrets_hidden(struct review *review, enum review_rule rule, const char *where,
                           const json_t *value) {
    CLEANUP(json_decrefp) json_t *names = json_object();
    const char *parameter = NULL;
    json_t *unused = NULL;

    review_parameters_in(review, value, names);
    json_object_foreach(names, parameter, unused) {
        const json_t *declared =
            json_object_get(json_object_get(review->written, "Parameters"), parameter);
        (void)unused;

        if (review_is_true(json_object_get(declared, "NoEcho")) && !is_told(review, where)) {
            review_find(review, rule, where, "it shows the secret parameter %s", parameter);
        }
    }
}

static void secrets_in_variables(struct review *review) {
    const char *name = NULL;
    json_t *resource = NULL;

    json_object_foreach(walk(json_object_get(review->written, "Resources")), name, resource) {
        const json_t *properties = json_object_get(resource, "Properties");

        for (size_t i = 0; i < ARRAY_N(variable_rows); i++) {
            const char *path = variable_rows[i].path;
            CLEANUP(freep) char *place = mem_format("Resources.%s.Properties.%s", name, path);

            if (variable_rows[i].type[0] == '\0' ||
                strcmp(variable_rows[i].type, json_str_or(resource, "Type", "")) == 0) {
                secrets_variables(review, place, json_object_get(properties, path));
                if (!variable_rows[i].may_have_hidden) {
                    secrets_hidden(review, REVIEW_SECRET_IN_VARIABLE, place,
                                   json_object_get(properties, path));
                }
            }
        }
        CLEANUP(freep) char *metadata = mem_format("Resources.%s.Metadata", name);
        secrets_hidden(review, REVIEW_SECRET_SHOWN, metadata,
                       json_object_get(resource, "Metadata"));
    }
}

/* What an output shows: a parameter that AWS hides, a reference that AWS resolves, a value under a
 * secret's name. */
static void secrets_output(struct review *review, const char *where, const char *name,
                           const json_t *value) {
    secrets_member(review, where, name, value);
    secrets_hidden(review, REVIEW_SECRET_SHOWN, where, value);
    secrets_resolved_at(review, REVIEW_SECRET_SHOWN, where, value);
}

static void secrets_outputs(struct review *review) {
    const char *name = NULL;
    json_t *output = NULL;

    json_object_foreach(walk(json_object_get(review->written, "Outputs")), name, output) {
        const json_t *value = json_object_get(output, "Value");
        const json_t *told = json_object_get(json_object_get(review->template, "Outputs"), name);

        if (value != NULL) {
            CLEANUP(freep) char *where = mem_format("Outputs.%s.Value", name);

            secrets_output(review, where, name, value);
            secrets_member(review, where, name, json_object_get(told, "Value"));
        }
    }
}

/* What stands in the resources that are not as they were written when their values are put in. */
static void secrets_resolved(struct review *review) {
    const json_t *written = json_object_get(review->written, "Resources");
    const char *name = NULL;
    json_t *resource = NULL;

    json_object_foreach(walk(json_object_get(review->template, "Resources")), name, resource) {
        if (!json_equal(resource, json_object_get(written, name))) {
            CLEANUP(freep) char *where = mem_format("Resources.%s", name);
            review_secrets_in(review, where, resource);
        }
    }
}

static void secrets_comments(struct review *review) {
    enum { HITS = 8 };
    size_t i = 0;
    json_t *comment = NULL;

    json_array_foreach(review->ctx->comments, i, comment) {
        CLEANUP(buf_done) struct buf plain = BUF_INIT(1 << 20);
        struct redact_hit hits[HITS];

        without_references(str_from(json_str_or(comment, "text", "")), &plain);
        struct str text = buf_str(&plain);
        size_t n = redact_find(review->ctx->redactor, text, hits, HITS);
        for (size_t k = 0; k < n && k < HITS; k++) {
            if (is_like_value(str_slice(text, hits[k].at, hits[k].at + hits[k].len))) {
                review_find(review, REVIEW_SECRET_IN_TEMPLATE, "a comment",
                            "it holds a secret (%s)", hits[k].kind);
                json_put_int(
                    json_array_get(review->findings, json_array_size(review->findings) - 1), "line",
                    json_int_or(comment, "line", 1));
                break;
            }
        }
    }
}

void review_secrets(struct review *review) {
    secrets_comments(review);
    secrets_parameters(review);
    secrets_outputs(review);
    review_secrets_in(review, "", review->written);
    secrets_resolved(review);
    secrets_in_variables(review);
}
