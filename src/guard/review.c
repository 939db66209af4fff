/* guard/review.c: the compliance officer reads a plan, a template and a change set. */
#include "guard/review.h"

#include "base/json.h"
#include "guard/walk.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

/* ---- findings ---- */

void review_find(struct review *review, const char *code, enum verdict verdict, const char *where,
                 const char *remedy, const char *fmt, ...) {
    CLEANUP(buf_done) struct buf text = BUF_INIT(4096);
    json_t *finding = json_object();
    va_list args;

    va_start(args, fmt);
    buf_vaddf(&text, fmt, args);
    va_end(args);
    json_put_str(finding, "code", code);
    json_put_str(finding, "verdict", verdict_name(verdict));
    json_put_strn(finding, "where", str_from(where));
    json_put_strn(finding, "text", buf_str(&text));
    json_put_str(finding, "remedy", remedy);
    (void)json_array_append_new(review->findings, finding);
    review->verdict = verdict_strictest(review->verdict, verdict);
}

bool review_is_own_account(const struct review *review, struct str account) {
    if (str_eq(account, str_from(review->ctx->account))) {
        return true;
    }
    for (const char *const *ok = review->ctx->foreign_ok; ok != NULL && *ok != NULL; ok++) {
        if (str_eq(account, str_from(*ok))) {
            return true;
        }
    }
    return false;
}

/* ---- intrinsics ---- */

static bool is_parameter(const struct review *review, struct str name) {
    const json_t *parameters = json_object_get(review->template, "Parameters");

    return json_object_getn(parameters, name.ptr, name.len) != NULL;
}

static bool resolve_into(const json_t *value, struct buf *out);

static bool resolve_join(const json_t *join, struct buf *out) {
    const char *separator = json_string_value(json_array_get(join, 0));
    const json_t *parts = json_array_get(join, 1);
    size_t i = 0;
    json_t *part = NULL;

    if (separator == NULL || !json_is_array(parts)) {
        return false;
    }
    json_array_foreach(parts, i, part) {
        buf_add_s(out, i > 0 ? separator : "");
        if (!resolve_into(part, out)) {
            return false;
        }
    }
    return true;
}

static bool resolve_into(const json_t *value, struct buf *out) {
    const json_t *sub = json_object_get(value, "Fn::Sub");
    const char *ref = json_str_at(value, "Ref");
    const json_t *att = json_object_get(value, "Fn::GetAtt");

    if (json_is_string(value)) {
        buf_add_s(out, json_string_value(value));
        return true;
    }
    if (json_object_size(value) != 1) {
        return false;
    }
    if (ref != NULL) {
        buf_addf(out, "${%s}", ref);
        return true;
    }
    if (sub != NULL) {
        const char *text = json_string_value(json_is_array(sub) ? json_array_get(sub, 0) : sub);
        buf_add_s(out, text == NULL ? "" : text);
        return text != NULL;
    }
    if (json_is_array(att) && json_is_string(json_array_get(att, 0)) &&
        json_is_string(json_array_get(att, 1))) {
        buf_addf(out, "${%s.%s}", json_string_value(json_array_get(att, 0)),
                 json_string_value(json_array_get(att, 1)));
        return true;
    }
    return json_object_get(value, "Fn::Join") != NULL &&
           resolve_join(json_object_get(value, "Fn::Join"), out);
}

/* "${Name}..." whose name is a parameter. */
static bool begins_with_parameter(const struct review *review, struct str text) {
    ptrdiff_t close = str_find(text, STR("}"));

    return str_starts(text, STR("${")) && close > 0 &&
           is_parameter(review, str_slice(text, 2, (size_t)close));
}

char *review_resolve(const struct review *review, const json_t *value) {
    CLEANUP(buf_done) struct buf out = BUF_INIT(64 * 1024);

    if (!resolve_into(value, &out) || out.failed || begins_with_parameter(review, buf_str(&out))) {
        return NULL;
    }
    return out.len == 0 ? mem_strdup("") : buf_take(&out);
}

static bool is_no_value(const json_t *value) {
    return strcmp(json_str_or(value, "Ref", ""), "AWS::NoValue") == 0;
}

void review_branches(struct review *review, const char *where, const json_t *value,
                     void (*each)(struct review *review, const char *where, const json_t *value)) {
    const json_t *branches = json_object_get(value, "Fn::If");
    size_t i = 0;
    json_t *item = NULL;

    if (value == NULL || is_no_value(value)) {
        return;
    }
    if (json_is_array(branches)) {
        review_branches(review, where, json_array_get(branches, 1), each);
        review_branches(review, where, json_array_get(branches, 2), each);
        return;
    }
    if (!json_is_array(value)) {
        each(review, where, value);
        return;
    }
    json_array_foreach(value, i, item) {
        CLEANUP(freep) char *place = mem_format("%s.%zu", where, i);
        review_branches(review, place, item, each);
    }
}

/* ---- accounts ---- */

struct str review_arn_part(struct str arn, int index) {
    size_t from = 0;
    int depth = 0;
    int part = 0;

    for (size_t i = 0; i < arn.len; i++) {
        depth += arn.ptr[i] == '{' ? 1 : arn.ptr[i] == '}' ? -1 : 0;
        if (arn.ptr[i] != ':' || depth > 0 || part == 5) {
            continue;
        }
        if (part == index) {
            return str_slice(arn, from, i);
        }
        from = i + 1;
        part++;
    }
    return part == index ? str_slice(arn, from, arn.len) : (struct str){0};
}

static bool is_account(struct str text) {
    for (size_t i = 0; i < text.len; i++) {
        if (!isdigit((unsigned char)text.ptr[i])) {
            return false;
        }
    }
    return text.len == 12;
}

/* Every "arn:" in a text, wherever it stands. */
static void accounts_text(struct review *review, const char *where, struct str text) {
    ptrdiff_t at = str_find(text, STR("arn:"));

    while (at >= 0) {
        struct str part = review_arn_part(str_slice(text, (size_t)at, text.len), 4);

        if (is_account(part) && !review_is_own_account(review, part)) {
            review_find(review, "foreign_account", VERDICT_DENY, where,
                        "allow the account in your own settings, or take it out",
                        "it names the account " STR_FMT, STR_ARG(part));
        }
        text = str_slice(text, (size_t)at + 4, text.len);
        at = str_find(text, STR("arn:"));
    }
}

/* Names of account-regional buckets carry the account: NAME-123456789012-REGION-an. */
static void accounts_bucket(struct review *review, const char *where, struct str text) {
    struct str rest = text;
    struct str part = {0};
    bool is_bucket = str_ends(text, STR("-an"));

    while (is_bucket && rest.len > 0 && str_next(&rest, '-', &part)) {
        if (is_account(part) && !review_is_own_account(review, part)) {
            review_find(review, "foreign_account", VERDICT_DENY, where, "use a bucket of your own",
                        "the bucket " STR_FMT " belongs to another account", STR_ARG(text));
        }
    }
}

void review_accounts(struct review *review, const char *where, const json_t *json) {
    const char *key = NULL;
    size_t i = 0;
    json_t *value = NULL;

    if (json_is_string(json)) {
        struct str text = {json_string_value(json), json_string_length(json)};
        accounts_text(review, where, text);
        accounts_bucket(review, where, text);
    }
    json_array_foreach(json, i, value) { review_accounts(review, where, value); }
    json_object_foreach(walk(json), key, value) {
        CLEANUP(freep) char *place = mem_format("%s%s%s", where, *where == '\0' ? "" : ".", key);
        review_accounts(review, place, value);
    }
}

/* ---- properties ---- */

enum demand {
    MUST_BE_TRUE,
    MUST_NOT_BE_TRUE,
    MUST_BE_ONE_OF,
    MUST_NOT_BEGIN_WITH, /* may be absent */
};

/* clang-format off */
static const struct {
    const char *type;
    const char *path;
    enum demand demand;
    const char *values; /* blank-separated */
    const char *code;
    const char *text;
    const char *remedy;
} property_rows[] = {
    {"AWS::S3::Bucket", "PublicAccessBlockConfiguration.BlockPublicAcls", MUST_BE_TRUE, "", "public_bucket", "the bucket does not block public ACLs", "set all four blocks to true"},
    {"AWS::S3::Bucket", "PublicAccessBlockConfiguration.BlockPublicPolicy", MUST_BE_TRUE, "", "public_bucket", "the bucket does not block public policies", "set all four blocks to true"},
    {"AWS::S3::Bucket", "PublicAccessBlockConfiguration.IgnorePublicAcls", MUST_BE_TRUE, "", "public_bucket", "the bucket does not ignore public ACLs", "set all four blocks to true"},
    {"AWS::S3::Bucket", "PublicAccessBlockConfiguration.RestrictPublicBuckets", MUST_BE_TRUE, "", "public_bucket", "the bucket does not restrict public policies", "set all four blocks to true"},
    {"AWS::S3::Bucket", "AccessControl", MUST_NOT_BEGIN_WITH, "Public AuthenticatedRead", "public_bucket", "the bucket's ACL lets everybody in", "leave AccessControl out"},
    {"AWS::Lambda::Url", "AuthType", MUST_BE_ONE_OF, "AWS_IAM", "public_function", "everybody may call the function's URL", "use AWS_IAM"},
    {"AWS::ApiGatewayV2::Route", "AuthorizationType", MUST_BE_ONE_OF, "CUSTOM AWS_IAM JWT", "origin_lock", "the API answers requests that did not come through CloudFront", "keep the origin's authorizer on the route"},
    {"AWS::RDS::DBInstance", "PubliclyAccessible", MUST_NOT_BE_TRUE, "", "public_database", "the database can be reached from the internet", "set PubliclyAccessible to false"},
    {"AWS::CloudFront::Distribution", "DistributionConfig.DefaultCacheBehavior.ViewerProtocolPolicy", MUST_BE_ONE_OF, "redirect-to-https https-only", "plain_http", "it answers without TLS", "use redirect-to-https"},
    {"AWS::ElasticLoadBalancingV2::LoadBalancer", "Scheme", MUST_BE_ONE_OF, "internal", "open_network", "the load balancer can be reached from the internet", "use an internal one behind CloudFront"},
};

static const char *const kept_types[] = {
    "AWS::S3::Bucket", "AWS::DynamoDB::Table", "AWS::DynamoDB::GlobalTable", "AWS::RDS::DBInstance",
    "AWS::RDS::DBCluster", "AWS::DocDB::DBCluster", "AWS::Neptune::DBCluster", "AWS::EFS::FileSystem",
    "AWS::ECR::Repository", "AWS::KMS::Key", "AWS::Cognito::UserPool", "AWS::OpenSearchService::Domain",
    "AWS::Redshift::Cluster", "AWS::DSQL::Cluster",
};
/* clang-format on */

static bool is_true(const json_t *value) {
    return json_is_true(value) ||
           (json_is_string(value) && strcmp(json_string_value(value), "true") == 0);
}

static bool is_listed(const json_t *value, const char *list, bool is_prefix) {
    struct str text = str_from(json_string_value(value));
    struct str rest = str_from(list);
    struct str one = {0};

    while (rest.len > 0 && str_next(&rest, ' ', &one)) {
        if (is_prefix ? str_starts(text, one) : str_eq(text, one)) {
            return json_is_string(value);
        }
    }
    return false;
}

static bool meets(const json_t *value, enum demand demand, const char *values) {
    switch (demand) {
    case MUST_BE_TRUE:
        return is_true(value);
    case MUST_NOT_BE_TRUE:
        return value == NULL || json_is_false(value) || is_listed(value, "false", false);
    case MUST_BE_ONE_OF:
        return is_listed(value, values, false);
    case MUST_NOT_BEGIN_WITH:
        return value == NULL || (json_is_string(value) && !is_listed(value, values, true));
    }
    return false;
}

static void review_properties(struct review *review, const char *where, const char *type,
                              const json_t *properties) {
    for (size_t i = 0; i < ARRAY_N(property_rows); i++) {
        if (strcmp(type, property_rows[i].type) == 0 &&
            !meets(json_at(properties, property_rows[i].path), property_rows[i].demand,
                   property_rows[i].values)) {
            review_find(review, property_rows[i].code, VERDICT_DENY, where, property_rows[i].remedy,
                        "%s", property_rows[i].text);
        }
    }
}

/* One rule of a security group that lets the world in. */
static void review_ingress(struct review *review, const char *where, const json_t *rule) {
    const json_t *v4 = json_object_get(rule, "CidrIp");
    const json_t *v6 = json_object_get(rule, "CidrIpv6");
    bool is_world =
        (v4 != NULL && (!json_is_string(v4) || strstr(json_string_value(v4), "/0") != NULL)) ||
        (v6 != NULL && (!json_is_string(v6) || strstr(json_string_value(v6), "/0") != NULL));
    int64_t from = json_int_or(rule, "FromPort", -1);
    int64_t to = json_int_or(rule, "ToPort", -1);
    bool is_web = from == to && (from == 80 || from == 443);

    if (is_world && !is_web) {
        review_find(review, "open_network", VERDICT_DENY, where,
                    "name the source: a security group or a prefix list",
                    "it lets the whole internet in");
    }
}

static void review_network(struct review *review, const char *where, const char *type,
                           const json_t *properties) {
    if (strcmp(type, "AWS::EC2::SecurityGroup") == 0) {
        review_branches(review, where, json_object_get(properties, "SecurityGroupIngress"),
                        review_ingress);
    }
    if (strcmp(type, "AWS::EC2::SecurityGroupIngress") == 0) {
        review_ingress(review, where, properties);
    }
}

/* ---- data ---- */

static bool is_kept(const char *policy) {
    return strcmp(policy, "Retain") == 0 || strcmp(policy, "RetainExceptOnCreate") == 0 ||
           strcmp(policy, "Snapshot") == 0;
}

static bool is_kept_type(const char *type) {
    for (size_t i = 0; i < ARRAY_N(kept_types); i++) {
        if (strcmp(type, kept_types[i]) == 0) {
            return true;
        }
    }
    return false;
}

static void review_protection(struct review *review, const char *where, const char *name,
                              const json_t *resource) {
    const char *deletion = json_str_or(resource, "DeletionPolicy", "Delete");
    const char *replace = json_str_or(resource, "UpdateReplacePolicy", "Delete");
    const json_t *before =
        json_object_get(json_object_get(review->ctx->template_before, "Resources"), name);

    if (is_kept_type(json_str_or(resource, "Type", "")) &&
        (!is_kept(deletion) || !is_kept(replace))) {
        review_find(review, "data_unprotected", VERDICT_DENY, where,
                    "set DeletionPolicy and UpdateReplacePolicy to Retain",
                    "its data would go with the resource");
    }
    bool was_kept = is_kept(json_str_or(before, "DeletionPolicy", "Delete"));
    if (was_kept && !is_kept(deletion)) {
        review_find(review, "protection_removed", VERDICT_DENY, where, "keep the DeletionPolicy",
                    "what kept its data until now is taken away");
    }
}

/* ---- the template ---- */

static void review_resource(struct review *review, const char *name, const json_t *resource) {
    CLEANUP(freep) char *where = mem_format("Resources.%s", name);
    const char *type = json_str_at(resource, "Type");
    const json_t *properties = json_object_get(resource, "Properties");

    if (type == NULL || (properties != NULL && !json_is_object(properties))) {
        review_find(review, "unresolved", VERDICT_DENY, where, "write Type and Properties out",
                    "the resource cannot be read");
        return;
    }
    review_iam(review, where, type, properties);
    review_properties(review, where, type, properties);
    review_network(review, where, type, properties);
    review_protection(review, where, name, resource);
}

void review_template(struct review *review) {
    const json_t *resources = json_object_get(review->template, "Resources");
    const char *name = NULL;
    json_t *resource = NULL;

    if (!json_is_object(resources)) {
        review_find(review, "unresolved", VERDICT_DENY, "Resources", "pass the template as JSON",
                    "the template cannot be read");
        return;
    }
    if (json_object_get(review->template, "Transform") != NULL ||
        json_object_get(resources, "Fn::Transform") != NULL) {
        review_find(review, "unresolved", VERDICT_DENY, "Transform", "leave transforms out",
                    "a transform makes resources that this review does not see");
    }
    json_object_foreach(walk(resources), name, resource) {
        review_resource(review, name, resource);
    }
    review_accounts(review, "", review->template);
    review_secrets(review);
}

/* ---- the plan ---- */

/* clang-format off */
static const struct json_field plan_fields[] = {
    {"version", JSON_COUNT},   {"kind", JSON_TEXT},       {"app", JSON_TEXT},      {"env", JSON_TEXT},
    {"account", JSON_TEXT},    {"region", JSON_TEXT},     {"stack", JSON_TEXT},    {"target", JSON_TEXT},
    {"steps", JSON_LIST},      {"template", JSON_MAP},    {"parameters", JSON_MAP},
    {"permissions", JSON_LIST},{"artefacts", JSON_LIST},  {"cost", JSON_MAP},
    {"variables", JSON_MAP},   {"secrets", JSON_LIST},    {"role_arn", JSON_ANY},  {"endpoint", JSON_TEXT},
    {"on_failure", JSON_TEXT}, {"build_id", JSON_TEXT, true}, {"tags", JSON_MAP, true},
    {0},
};

static const struct json_field step_fields[] = {
    {"n", JSON_COUNT}, {"tool", JSON_TEXT}, {"op", JSON_TEXT}, {"effect", JSON_TEXT}, {"text", JSON_TEXT},
    {0},
};
/* clang-format on */

static bool plan_has_shape(struct review *review, const json_t *plan) {
    struct err err = {0};
    size_t i = 0;
    json_t *step = NULL;

    if (json_check(plan, plan_fields, &err) != ERR_NONE || json_int_or(plan, "version", 0) != 1) {
        review_find(review, "malformed", VERDICT_DENY, "plan", "", "the plan cannot be read: %s",
                    err.text);
        return false;
    }
    json_array_foreach(json_object_get(plan, "steps"), i, step) {
        if (json_check(step, step_fields, &err) != ERR_NONE) {
            review_find(review, "malformed", VERDICT_DENY, "steps", "",
                        "step %zu cannot be read: %s", i + 1, err.text);
            return false;
        }
    }
    return true;
}

static void plan_target(struct review *review, const json_t *plan) {
    const char *region = json_str_or(plan, "region", "");

    if (!review_is_own_account(review, str_from(json_str_or(plan, "account", "")))) {
        review_find(review, "foreign_account", VERDICT_DENY, "account", "plan again",
                    "the plan is for the account %s", json_str_or(plan, "account", ""));
    }
    if (review->ctx->region != NULL && strcmp(region, review->ctx->region) != 0) {
        review_find(review, "wrong_region", VERDICT_DENY, "region", "plan again",
                    "the plan is for the region %s", region);
    }
}

/* A change at AWS comes after the step that shows it, and through the tool that checks it. */
static void plan_steps(struct review *review, const json_t *plan) {
    bool has_preview = false;
    size_t i = 0;
    json_t *step = NULL;

    json_array_foreach(json_object_get(plan, "steps"), i, step) {
        const char *effect = json_str_or(step, "effect", "");
        bool is_apply = strcmp(effect, effect_name(EFFECT_APPLY)) == 0;
        CLEANUP(freep) char *where = mem_format("steps.%zu", i);

        has_preview = has_preview || strcmp(effect, effect_name(EFFECT_PREVIEW)) == 0;
        if (is_apply && !has_preview) {
            review_find(review, "no_dry_run", VERDICT_DENY, where, "put the dry run before it",
                        "it changes something that no step has shown");
        }
        if (is_apply && strcmp(json_str_or(step, "tool", ""), "aws_deployer") != 0 &&
            strcmp(json_str_or(step, "tool", ""), "github_api") != 0) {
            review_find(review, "wrong_tool", VERDICT_DENY, where, "use aws_deployer",
                        "it changes something by %s", json_str_or(step, "tool", ""));
        }
    }
}

/* What the run itself needs: action names, or statements. */
static void plan_permissions(struct review *review, const json_t *plan) {
    size_t i = 0;
    json_t *permission = NULL;

    json_array_foreach(json_object_get(plan, "permissions"), i, permission) {
        CLEANUP(freep) char *where = mem_format("permissions.%zu", i);
        const char *name = json_string_value(permission);
        const char *colon = name == NULL ? NULL : strchr(name, ':');
        CLEANUP(json_decrefp) json_t *document = NULL;

        if (name != NULL) {
            if (colon == NULL || strcmp(colon, ":*") == 0 || strchr(name, '*') == name) {
                review_find(review, "more_rights", VERDICT_DENY, where, "name the actions",
                            "the plan asks for %s", name);
            }
            continue;
        }
        document = json_pack("{s:[O]}", "Statement", permission);
        review_grants(review, where, document);
    }
}

static bool is_name(const char *text) {
    for (const char *p = text; *p != '\0'; p++) {
        if (!isalnum((unsigned char)*p) && *p != '_' && *p != '-' && *p != '.' && *p != '/') {
            return false;
        }
    }
    return *text != '\0' && strlen(text) <= 128;
}

static void plan_secrets(struct review *review, const json_t *plan) {
    size_t i = 0;
    json_t *name = NULL;
    const char *key = NULL;
    json_t *value = NULL;

    json_array_foreach(json_object_get(plan, "secrets"), i, name) {
        if (!json_is_string(name) || !is_name(json_string_value(name))) {
            review_find(review, "secret_in_plan", VERDICT_DENY, "secrets", "list names only",
                        "entry %zu is no name", i + 1);
        }
    }
    json_object_foreach(walk(json_object_get(plan, "parameters")), key, value) {
        const json_t *declared =
            json_object_get(json_object_get(review->template, "Parameters"), key);
        bool is_written = json_is_string(value) && strcmp(json_string_value(value), "***") != 0;
        if (json_bool_at(declared, "NoEcho") && is_written) {
            review_find(review, "secret_in_plan", VERDICT_DENY, "parameters",
                        "pass it when the change set is made, not in the plan",
                        "the plan holds the value of the secret parameter %s", key);
        }
    }
    review_secrets_in(review, "parameters", json_object_get(plan, "parameters"));
    review_secrets_in(review, "variables", json_object_get(plan, "variables"));
    review_secrets_in(review, "steps", json_object_get(plan, "steps"));
}

enum verdict policy_review_plan(const json_t *plan, const json_t *template,
                                const struct review_ctx *ctx, json_t *findings) {
    struct review review = {.ctx = ctx,
                            .template = template,
                            .findings = findings,
                            .verdict = VERDICT_ALLOW,
                            .is_bootstrap =
                                strcmp(json_str_or(plan, "kind", ""), "bootstrap") == 0};

    if (!plan_has_shape(&review, plan)) {
        return review.verdict;
    }
    plan_target(&review, plan);
    plan_steps(&review, plan);
    plan_permissions(&review, plan);
    plan_secrets(&review, plan);
    review_accounts(&review, "plan", plan);
    review_template(&review);
    return review.verdict;
}

/* ---- the change set ---- */

/* clang-format off */
static const struct json_field set_fields[] = {
    {"arn", JSON_TEXT},  {"name", JSON_TEXT},   {"stack_id", JSON_TEXT}, {"stack", JSON_TEXT},
    {"type", JSON_TEXT}, {"status", JSON_TEXT}, {"changes", JSON_LIST},  {"parameters", JSON_LIST},
    {0},
};

/* What a deployment loses when one of these goes while its partner stays. */
static const struct {
    const char *type;
    const char *partner;
    const char *code;
    const char *text;
} guard_rows[] = {
    {"AWS::ApiGatewayV2::Authorizer", "AWS::ApiGatewayV2::Api", "origin_lock", "the origin's lock is taken off the API"},
    {"AWS::S3::BucketPolicy", "AWS::S3::Bucket", "guard_removed", "the bucket loses its policy"},
    {"AWS::CloudFront::OriginAccessControl", "AWS::S3::Bucket", "guard_removed", "the bucket's origin access control is taken away"},
};
/* clang-format on */

static bool template_has_type(const struct review *review, const char *type) {
    const char *name = NULL;
    json_t *resource = NULL;

    json_object_foreach(walk(json_object_get(review->template, "Resources")), name, resource) {
        if (strcmp(json_str_or(resource, "Type", ""), type) == 0) {
            return true;
        }
    }
    return false;
}

/* What becomes of a resource that leaves the stack, by AWS's word or by the template it is in. */
static bool is_left_behind(const struct review *review, const json_t *change, const char *name) {
    const char *policy = json_str_at(change, "policy_action");
    const json_t *before =
        json_object_get(json_object_get(review->ctx->template_before, "Resources"), name);

    if (policy != NULL && *policy != '\0') {
        return strstr(policy, "Retain") != NULL || strstr(policy, "Snapshot") != NULL;
    }
    return is_kept(json_str_or(before, "DeletionPolicy", "Delete"));
}

static void set_removed(struct review *review, const json_t *change, const char *where,
                        const char *name, const char *type) {
    if (review_is_data(type) && is_left_behind(review, change, name)) {
        review_find(review, "left_behind", VERDICT_ALLOW, where, "",
                    "%s leaves the stack and stays in the account", name);
    } else if (review_is_data(type)) {
        review_find(review, "data_removed", VERDICT_DENY, where,
                    "keep the resource, or move its data and remove it by hand",
                    "%s is deleted with all that is in it", name);
    }
    for (size_t i = 0; i < ARRAY_N(guard_rows); i++) {
        if (strcmp(type, guard_rows[i].type) == 0 &&
            template_has_type(review, guard_rows[i].partner)) {
            review_find(review, guard_rows[i].code, VERDICT_DENY, where, "keep the resource", "%s",
                        guard_rows[i].text);
        }
    }
}

/* Whether one of the details can make a new resource. */
static bool may_recreate(const json_t *change) {
    const json_t *details = json_object_get(change, "details");
    size_t i = 0;
    json_t *detail = NULL;

    json_array_foreach(details, i, detail) {
        if (strcmp(json_str_or(detail, "recreation", "Always"), "Never") != 0) {
            return true;
        }
    }
    return json_array_size(details) == 0; /* nothing said: it may */
}

static void set_modified(struct review *review, const json_t *change, const char *where,
                         const char *name, const char *type) {
    const char *replacement = json_str_or(change, "replacement", "");
    bool is_replaced = strcmp(replacement, "True") == 0;
    bool is_perhaps = strcmp(replacement, "Conditional") == 0;

    if (review_is_data(type) && (is_replaced || (is_perhaps && may_recreate(change)))) {
        review_find(review, "data_replaced", VERDICT_DENY, where,
                    "change it so that the resource stays, or move its data first",
                    "%s is %sreplaced by an empty one", name, is_perhaps ? "perhaps " : "");
    } else if (is_replaced || is_perhaps) {
        review_find(review, "replaced", VERDICT_ALLOW, where, "", "%s is %sreplaced", name,
                    is_perhaps ? "perhaps " : "");
    }
    if (strncmp(type, "AWS::IAM::", 10) == 0) {
        review_find(review, "rights_changed", VERDICT_ALLOW, where, "", "the rights of %s change",
                    name);
    }
}

/* Values that AWS shows: a secret among them would be in every audit. */
static void set_values(struct review *review, const json_t *change, const char *where) {
    size_t i = 0;
    json_t *detail = NULL;

    json_array_foreach(json_object_get(change, "details"), i, detail) {
        const char *path = json_str_or(detail, "path", json_str_or(detail, "name", ""));
        const char *slash = strrchr(path, '/');
        const json_t *after = json_object_get(detail, "after");
        CLEANUP(json_decrefp) json_t *member = json_object();

        if (json_is_string(after)) {
            json_put(member, slash == NULL ? path : slash + 1, json_incref(walk(after)));
            review_secrets_in(review, where, member);
            review_accounts(review, where, after);
        }
    }
}

static void set_change(struct review *review, const json_t *change) {
    const char *name = json_str_or(change, "logical_id", "");
    const char *type = json_str_or(change, "type", "");
    const char *action = json_str_or(change, "action", "");
    CLEANUP(freep) char *where = mem_format("changes.%s", name);

    if (strcmp(action, "Remove") == 0) {
        set_removed(review, change, where, name, type);
    } else if (strcmp(action, "Modify") == 0) {
        set_modified(review, change, where, name, type);
    } else if (strcmp(action, "Import") == 0) {
        review_find(review, "imported", VERDICT_ASK, where, "make sure that it is yours",
                    "%s exists already and joins the stack", name);
    } else if (strcmp(action, "Add") != 0) {
        review_find(review, "unresolved", VERDICT_DENY, where, "make the change set again",
                    "what happens to %s cannot be told (%s)", name, action);
    }
    set_values(review, change, where);
}

/* arn:partition:cloudformation:REGION:ACCOUNT:... */
static void set_place(struct review *review, const char *where, const char *arn) {
    struct str region = review_arn_part(str_from(arn), 3);
    struct str account = review_arn_part(str_from(arn), 4);

    if (!str_starts(str_from(arn), STR("arn:")) ||
        !str_eq(account, str_from(review->ctx->account))) {
        review_find(review, "foreign_account", VERDICT_DENY, where, "check the credentials",
                    "it is not in the account %s", review->ctx->account);
    } else if (review->ctx->region != NULL && !str_eq(region, str_from(review->ctx->region))) {
        review_find(review, "wrong_region", VERDICT_DENY, where, "plan again",
                    "it is in the region " STR_FMT, STR_ARG(region));
    }
}

enum verdict policy_review_set(const json_t *changeset, const json_t *template,
                               const struct review_ctx *ctx, json_t *findings) {
    struct str stack = str_from(json_str_or(changeset, "stack", ""));
    struct review review = {.ctx = ctx,
                            .template = template,
                            .findings = findings,
                            .verdict = VERDICT_ALLOW,
                            .is_bootstrap = str_starts(stack, STR("bootstrap-"))};
    struct err err = {0};
    size_t i = 0;
    json_t *change = NULL;

    if (json_check(changeset, set_fields, &err) != ERR_NONE) {
        review_find(&review, "malformed", VERDICT_DENY, "change set", "",
                    "the change set cannot be read: %s", err.text);
        return review.verdict;
    }
    set_place(&review, "arn", json_str_or(changeset, "arn", ""));
    set_place(&review, "stack_id", json_str_or(changeset, "stack_id", ""));
    json_array_foreach(json_object_get(changeset, "changes"), i, change) {
        set_change(&review, change);
    }
    review_template(&review);
    return review.verdict;
}
