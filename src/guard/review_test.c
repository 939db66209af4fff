/* The two reviews: planted papers are stopped for their reason, their harmless neighbours pass. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/json.h"
#include "guard/iam/paths.h"
#include "guard/policy.h"
#include "guard/redact/redact.h"

static const char account[] = "111122223333";
static const char template_account[] = "123456789012"; /* what the templates stand for */

/* Secrets are put together here, so that no scanner of repositories stops at the fixtures. */
/* clang-format off */
static const struct {
    const char *mark;
    const char *parts[2];
} marks[] = {
    {"@AWS_KEY_ID@",     {"AKIA", "QWERTYUIOPASDF34"}},
    {"@GITHUB_TOKEN@",   {"ghp_", "0123456789abcdefghijABCDEFGHIJ012345"}},
    {"@HUMAN_PASSWORD@", {"Summer", "4821!"}},
};
/* clang-format on */

static char *root_path(const char *tail) {
    const char *root = getenv("AWSCOPILOT_SOURCE_ROOT");

    assert_non_null(root);
    return mem_format("%s/%s", root, tail);
}

static json_t *file_read(const char *path) {
    CLEANUP(buf_done) struct buf text = BUF_INIT(1 << 20);
    char piece[4096];
    struct err err = {0};
    json_t *json = NULL;
    FILE *file = fopen(path, "r");

    if (file == NULL) {
        fail_msg("%s is not there", path);
    }
    for (size_t n = 1; n > 0;) {
        n = fread(piece, 1, sizeof piece, file);
        for (size_t i = 0; i < n; i++) {
            buf_add_c(&text, piece[i]);
            for (size_t m = 0; m < ARRAY_N(marks); m++) {
                size_t len = strlen(marks[m].mark);
                if (text.len >= len && strcmp(text.ptr + text.len - len, marks[m].mark) == 0) {
                    text.len -= len;
                    buf_add_s(&text, marks[m].parts[0]);
                    buf_add_s(&text, marks[m].parts[1]);
                }
            }
        }
    }
    (void)fclose(file);
    if (json_read(buf_str(&text), &json, &err) != ERR_NONE) {
        fail_msg("%s: %s", path, err.text);
    }
    return json;
}

static bool has_code(const json_t *expect, const char *code) {
    size_t i = 0;
    json_t *value = NULL;

    json_array_foreach(expect, i, value) {
        if (strcmp(json_string_value(value), code) == 0) {
            return true;
        }
    }
    return false;
}

/* Exactly the expected codes, each finding with all its parts and none with the secret. */
static void check_findings(const char *name, const json_t *expect, const json_t *findings) {
    CLEANUP(freep) char *shown = json_text(findings);
    size_t i = 0;
    json_t *finding = NULL;
    json_t *code = NULL;

    json_array_foreach(findings, i, finding) {
        if (!has_code(expect, json_str_or(finding, "code", ""))) {
            fail_msg("%s: not expected: %s", name, shown);
        }
        assert_non_null(json_str_at(finding, "verdict"));
        assert_non_null(json_str_at(finding, "where"));
        assert_true(strlen(json_str_or(finding, "text", "")) > 5);
        assert_non_null(json_str_at(finding, "remedy"));
    }
    json_array_foreach(expect, i, code) {
        CLEANUP(freep) char *needle = mem_format("\"code\":\"%s\"", json_string_value(code));
        if (strstr(shown, needle) == NULL) {
            fail_msg("%s: %s is missing in %s", name, json_string_value(code), shown);
        }
    }
    for (size_t m = 0; m < ARRAY_N(marks); m++) {
        assert_null(strstr(shown, marks[m].parts[1]));
    }
}

static void check_fixture(const char *folder, const char *name, const struct redactor *redactor) {
    CLEANUP(freep) char *tail = mem_format("test/policy/%s/%s", folder, name);
    CLEANUP(freep) char *path = root_path(tail);
    CLEANUP(json_decrefp) json_t *fixture = file_read(path);
    CLEANUP(json_decrefp) json_t *findings = json_array();
    struct review_ctx ctx = {.account = account,
                             .region = "eu-central-1",
                             .redactor = redactor,
                             .template_before = json_object_get(fixture, "before")};
    const json_t *template = json_object_get(fixture, "template");
    const json_t *plan = json_object_get(fixture, "plan");

    enum verdict verdict =
        plan != NULL ? policy_review_plan(plan, template, &ctx, findings)
                     : policy_review_set(json_object_get(fixture, "set"), template, &ctx, findings);
    bool is_good = strstr(name, ".good.json") != NULL;
    CLEANUP(freep) char *shown = json_text(findings);
    if (is_good != (verdict == VERDICT_ALLOW)) {
        fail_msg("%s: %s %s", name, verdict_name(verdict), shown);
    }
    check_findings(name, json_object_get(fixture, "expect"), findings);
}

static size_t check_folder(const char *folder) {
    CLEANUP(redactor_freep) struct redactor *redactor = redactor_new();
    CLEANUP(freep) char *tail = mem_format("test/policy/%s", folder);
    CLEANUP(freep) char *path = root_path(tail);
    DIR *dir = opendir(path);
    size_t n = 0;

    assert_non_null(dir);
    for (struct dirent *entry = readdir(dir); entry != NULL; entry = readdir(dir)) {
        if (strstr(entry->d_name, ".json") != NULL) {
            check_fixture(folder, entry->d_name, redactor);
            n++;
        }
    }
    (void)closedir(dir);
    return n;
}

static void planted_plans_are_stopped_and_their_neighbours_pass(void **state) {
    (void)state;
    assert_true(check_folder("plans") >= 40);
}

static void planted_change_sets_are_stopped_and_their_neighbours_pass(void **state) {
    (void)state;
    assert_true(check_folder("sets") >= 25);
}

static json_t *plan_for(const char *kind) {
    return json_pack(
        "{s:i,s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:[],s:{},s:{},s:[],s:[],s:{},s:{},s:[],s:s,s:s,s:s}",
        "version", 1, "kind", kind, "app", "todo", "env", "dev", "account", template_account,
        "region", "eu-central-1", "stack", "bootstrap-depl", "target", "lambda-http", "steps",
        "template", "parameters", "permissions", "artefacts", "cost", "variables", "secrets",
        "role_arn", "", "endpoint", "aws", "on_failure", "leave");
}

static json_t *creation_of(const json_t *template, const char *stack) {
    CLEANUP(freep)
    char *arn =
        mem_format("arn:aws:cloudformation:eu-central-1:%s:changeSet/d-1/x", template_account);
    json_t *changes = json_array();
    const char *name = NULL;
    json_t *resource = NULL;

    json_object_foreach(json_object_get(template, "Resources"), name, resource) {
        json_array_append_new(changes, json_pack("{s:s,s:s,s:s}", "action", "Add", "logical_id",
                                                 name, "type", json_str_or(resource, "Type", "")));
    }
    return json_pack("{s:s,s:s,s:s,s:s,s:s,s:s,s:o,s:[]}", "arn", arn, "name", "d-1", "stack_id",
                     arn, "stack", stack, "type", "CREATE", "status", "CREATE_COMPLETE", "changes",
                     changes, "parameters");
}

static void the_templates_of_this_program_pass_both_reviews(void **state) {
    static const char *const names[] = {"bootstrap", "lambda-http", "static"};
    CLEANUP(redactor_freep) struct redactor *redactor = redactor_new();
    struct review_ctx ctx = {
        .account = template_account, .region = "eu-central-1", .redactor = redactor};

    (void)state;
    for (size_t i = 0; i < ARRAY_N(names); i++) {
        CLEANUP(freep) char *tail = mem_format("src/aws/templates/%s.json", names[i]);
        CLEANUP(freep) char *path = root_path(tail);
        CLEANUP(json_decrefp) json_t *template = file_read(path);
        CLEANUP(json_decrefp) json_t *findings = json_array();
        bool is_bootstrap = strcmp(names[i], "bootstrap") == 0;
        CLEANUP(json_decrefp) json_t *plan = plan_for(is_bootstrap ? "bootstrap" : "deploy");
        CLEANUP(json_decrefp)
        json_t *set = creation_of(template, is_bootstrap ? "bootstrap-depl" : "depl-todo-dev");

        enum verdict verdict = policy_review_plan(plan, template, &ctx, findings);
        verdict = verdict_strictest(verdict, policy_review_set(set, template, &ctx, findings));
        CLEANUP(freep) char *shown = json_text(findings);
        if (verdict != VERDICT_ALLOW) {
            fail_msg("%s: %s", names[i], shown);
        }
    }
}

/* What passes because of one word must fail without it: the bootstrap template is refused as an
 * application. */
static void the_rights_of_the_set_up_stack_are_its_own(void **state) {
    CLEANUP(redactor_freep) struct redactor *redactor = redactor_new();
    CLEANUP(freep) char *path = root_path("src/aws/templates/bootstrap.json");
    CLEANUP(json_decrefp) json_t *template = file_read(path);
    CLEANUP(json_decrefp) json_t *findings = json_array();
    CLEANUP(json_decrefp) json_t *plan = plan_for("deploy");
    struct review_ctx ctx = {
        .account = template_account, .region = "eu-central-1", .redactor = redactor};

    (void)state;
    assert_int_equal(policy_review_plan(plan, template, &ctx, findings), VERDICT_DENY);
}

static void an_account_of_the_users_own_settings_may_be_named(void **state) {
    static const char *const allowed[] = {"999988887777", NULL};
    CLEANUP(redactor_freep) struct redactor *redactor = redactor_new();
    CLEANUP(freep) char *path = root_path("test/policy/sets/foreign-value.bad.json");
    CLEANUP(json_decrefp) json_t *fixture = file_read(path);
    CLEANUP(json_decrefp) json_t *findings = json_array();
    struct review_ctx ctx = {
        .account = account, .region = "eu-central-1", .redactor = redactor, .foreign_ok = allowed};

    (void)state;
    assert_int_equal(policy_review_set(json_object_get(fixture, "set"),
                                       json_object_get(fixture, "template"), &ctx, findings),
                     VERDICT_ALLOW);
}

/* A plan whose template has this one resource. */
static enum verdict verdict_of(const char *type, const char *properties, const char *kind) {
    CLEANUP(redactor_freep) struct redactor *redactor = redactor_new();
    CLEANUP(freep)
    char *text = mem_format("{\"Resources\":{\"R\":{\"Type\":\"%s\",\"DeletionPolicy\":\"Retain\","
                            "\"UpdateReplacePolicy\":\"Retain\",\"Properties\":%s}}}",
                            type, properties);
    CLEANUP(json_decrefp) json_t *findings = json_array();
    CLEANUP(json_decrefp) json_t *template = NULL;
    CLEANUP(json_decrefp) json_t *plan = plan_for(kind);
    struct review_ctx ctx = {
        .account = template_account, .region = "eu-central-1", .redactor = redactor};
    struct err err = {0};

    for (char *p = text; *p != '\0'; p++) {
        *p = *p == '\'' ? '"' : *p;
    }
    if (json_read(str_from(text), &template, &err) != ERR_NONE) {
        fail_msg("%s: %s", text, err.text);
    }
    return policy_review_plan(plan, template, &ctx, findings);
}

/* ---- test/policy/properties.json ---- */

/* RFC 7386: null takes a member away; a list of one is put into the first element. */
static json_t *merged(json_t *target, json_t *patch) {
    const char *key = NULL;
    json_t *value = NULL;

    if (json_is_array(patch) && json_is_array(target) && json_array_size(target) > 0) {
        json_t *one = merged(json_array_get(target, 0), json_array_get(patch, 0));
        json_array_set_new(target, 0, one);
        return json_incref(target);
    }
    if (!json_is_object(patch)) {
        return json_incref(patch);
    }
    json_t *out = json_is_object(target) ? json_incref(target) : json_object();
    json_object_foreach(patch, key, value) {
        if (json_is_null(value)) {
            json_object_del(out, key);
        } else {
            json_object_set_new(out, key, merged(json_object_get(out, key), value));
        }
    }
    return out;
}

/* The findings on a template whose one resource this is. */
static json_t *findings_of(const char *type, json_t *properties) {
    CLEANUP(redactor_freep) struct redactor *redactor = redactor_new();
    CLEANUP(json_decrefp)
    json_t *template =
        json_pack("{s:{s:{s:s,s:s,s:s,s:o}}}", "Resources", "R", "Type", type, "DeletionPolicy",
                  "Retain", "UpdateReplacePolicy", "Retain", "Properties", properties);
    struct review_ctx ctx = {
        .account = template_account, .region = "eu-central-1", .redactor = redactor};
    json_t *findings = json_array();

    policy_review_template(template, &ctx, findings);
    return findings;
}

static void check_row(const struct policy_property *row, const json_t *types) {
    json_t *type = json_object_get(types, row->type);
    json_t *patch = json_object_get(json_object_get(type, "bad"), row->path);
    CLEANUP(freep) char *where = mem_format("Resources.R.Properties.%s", row->path);

    for (char *sign = strchr(where, '?'); sign != NULL; sign = strchr(where, '?')) {
        memmove(sign, sign + 1, strlen(sign)); /* the sign of a path is not shown */
    }

    if (patch == NULL) {
        fail_msg("no template of test/policy/properties.json is stopped by %s of %s", row->path,
                 row->type);
    }
    CLEANUP(json_decrefp)
    json_t *good = findings_of(row->type, json_deep_copy(json_object_get(type, "good")));
    CLEANUP(json_decrefp) json_t *base = json_deep_copy(json_object_get(type, "good"));
    CLEANUP(json_decrefp) json_t *bad = findings_of(row->type, merged(base, patch));
    CLEANUP(freep) char *shown = json_text(json_array_size(good) > 0 ? good : bad);
    const json_t *found = json_array_get(bad, 0);
    if (json_array_size(good) > 0 || json_array_size(bad) != 1 ||
        strcmp(json_str_or(found, "code", ""), policy_rule_code(row->rule)) != 0 ||
        strcmp(json_str_or(found, "where", ""), where) != 0) {
        fail_msg("%s of %s: %s", row->path, row->type, shown);
    }
}

/* A patch that no row finds is a row that was lost. */
static void check_patches(const char *type, const json_t *patches) {
    const char *path = NULL;
    json_t *patch = NULL;

    json_object_foreach((json_t *)(uintptr_t)patches, path, patch) {
        bool has_row = false;

        for (size_t i = 0; i < policy_property_n(); i++) {
            struct policy_property row;

            policy_property(i, &row);
            has_row = has_row || (strcmp(row.type, type) == 0 && strcmp(row.path, path) == 0);
        }
        if (!has_row) {
            fail_msg("no row of review_property.def is about %s of %s", path, type);
        }
    }
}

static void every_property_stops_its_template_and_lets_the_neighbour_pass(void **state) {
    CLEANUP(freep) char *path = root_path("test/policy/properties.json");
    CLEANUP(json_decrefp) json_t *types = file_read(path);
    const char *type = NULL;
    json_t *rows = NULL;

    (void)state;
    assert_true(policy_property_n() >= 80);
    for (size_t i = 0; i < policy_property_n(); i++) {
        struct policy_property row;

        policy_property(i, &row);
        check_row(&row, types);
    }
    json_object_foreach(types, type, rows) { check_patches(type, json_object_get(rows, "bad")); }
}

/* ---- every rule ---- */

static bool finds(const json_t *findings, const char *code) {
    return json_row(findings, "code", code) != NULL;
}

/* A change set that changes every resource of the template. */
static json_t *change_of(const json_t *template) {
    json_t *set = creation_of(template, "depl-todo-dev");
    size_t i = 0;
    json_t *change = NULL;

    json_put_str(set, "type", "UPDATE");
    json_array_foreach(json_object_get(set, "changes"), i, change) {
        json_put_str(change, "action", "Modify");
        json_put_str(change, "replacement", "False");
    }
    return set;
}

static json_t *findings_on(const json_t *fixture, const json_t *template) {
    CLEANUP(redactor_freep) struct redactor *redactor = redactor_new();
    const char *allowed[] = {
        json_string_value(json_array_get(json_object_get(fixture, "foreign_ok"), 0)), NULL};
    struct review_ctx ctx = {.account = account,
                             .region = "eu-central-1",
                             .redactor = redactor,
                             .foreign_ok = allowed,
                             .template_before = json_object_get(fixture, "before")};
    json_t *findings = json_array();

    if (ctx.template_before == NULL) {
        policy_review_template(template, &ctx, findings);
    } else {
        CLEANUP(json_decrefp) json_t *set = change_of(template);
        CLEANUP(freep)
        char *arn = mem_format("arn:aws:cloudformation:eu-central-1:%s:stack/x/y", account);
        json_put_str(set, "arn", arn);
        json_put_str(set, "stack_id", arn);
        policy_review_set(set, template, &ctx, findings);
    }
    return findings;
}

/* test/policy/templates/CODE.json: {"stops","passes"}. */
static bool has_templates(enum review_rule rule) {
    const char *code = policy_rule_code(rule);
    CLEANUP(freep) char *tail = mem_format("test/policy/templates/%s.json", code);
    CLEANUP(freep) char *path = root_path(tail);

    if (access(path, R_OK) != 0) {
        return false;
    }
    CLEANUP(json_decrefp) json_t *fixture = file_read(path);
    CLEANUP(json_decrefp) json_t *bad = findings_on(fixture, json_object_get(fixture, "stops"));
    CLEANUP(json_decrefp) json_t *good = findings_on(fixture, json_object_get(fixture, "passes"));
    CLEANUP(freep) char *shown_bad = json_text(bad);
    CLEANUP(freep) char *shown_good = json_text(good);
    const json_t *found = json_row(bad, "code", code);
    if (found == NULL ||
        strcmp(json_str_or(found, "verdict", ""), verdict_name(policy_rule_verdict(rule))) != 0) {
        fail_msg("%s is not found: %s", code, shown_bad);
    }
    for (size_t i = 0; i < json_array_size(good); i++) {
        if (strcmp(json_str_or(json_array_get(good, i), "verdict", ""), "allow") != 0) {
            fail_msg("%s: its neighbour does not pass: %s", code, shown_good);
        }
    }
    return true;
}

/* A planted paper X.bad.json whose twin X.good.json is without it; where the rule only tells, a
 * paper in which it does. */
static bool has_papers(enum review_rule rule, const char *folder) {
    const char *code = policy_rule_code(rule);
    bool is_telling = policy_rule_verdict(rule) == VERDICT_ALLOW;
    CLEANUP(freep) char *tail = mem_format("test/policy/%s", folder);
    CLEANUP(freep) char *path = root_path(tail);
    DIR *dir = opendir(path);
    bool has = false;

    assert_non_null(dir);
    for (struct dirent *entry = readdir(dir); entry != NULL; entry = readdir(dir)) {
        const char *mark = strstr(entry->d_name, is_telling ? ".json" : ".bad.json");

        if (mark == NULL || has) {
            continue;
        }
        CLEANUP(freep) char *file = mem_format("%s/%s", path, entry->d_name);
        CLEANUP(freep)
        char *twin =
            mem_format("%s/%.*s.good.json", path, (int)(mark - entry->d_name), entry->d_name);
        CLEANUP(json_decrefp) json_t *fixture = file_read(file);
        has = json_has_str(json_object_get(fixture, "expect"), code) &&
              (is_telling || access(twin, R_OK) == 0);
    }
    (void)closedir(dir);
    return has;
}

static bool has_property(enum review_rule rule) {
    for (size_t i = 0; i < policy_property_n(); i++) {
        struct policy_property row;

        policy_property(i, &row);
        if (row.rule == rule) {
            return true;
        }
    }
    return false;
}

static void no_rule_is_without_what_it_stops_and_what_it_lets_pass(void **state) {
    (void)state;
    for (enum review_rule rule = REVIEW_NONE + 1; rule < REVIEW_RULE_N; rule++) {
        bool has = has_templates(rule);

        has = has_papers(rule, "plans") || has;
        if (!has && !has_papers(rule, "sets") && !has_property(rule)) {
            fail_msg("test/policy has nothing that %s stops, with a neighbour",
                     policy_rule_code(rule));
        }
        assert_true(policy_rule_when(rule)[0] != '\0');
        assert_true(policy_rule_remedy(rule)[0] != '\0' ||
                    policy_rule_verdict(rule) == VERDICT_ALLOW);
        for (enum review_rule other = REVIEW_NONE + 1; other < rule; other++) {
            assert_string_not_equal(policy_rule_code(rule), policy_rule_code(other));
        }
    }
}

/* ---- ways to become more ---- */

static void every_known_way_to_become_more_is_found(void **state) {
    (void)state;
    assert_int_equal(iam_path_n(), 65);
    for (size_t i = 0; i < iam_path_n(); i++) {
        json_t *actions = json_array();
        struct str rest = str_from(iam_path(i)->actions);
        struct str action = {0};
        CLEANUP(freep) char *id = mem_strdup(iam_path(i)->id);

        while (rest.len > 0 && str_next(&rest, ' ', &action)) {
            json_array_append_new(actions, json_string_of(action));
        }
        for (int missing = 0; missing < 2; missing++) {
            json_t *statement =
                json_pack("{s:s,s:O,s:s}", "Effect", "Allow", "Action", actions, "Resource", "*");
            json_t *properties = json_pack("{s:[{s:{s:[o]}}]}", "Policies", "PolicyDocument",
                                           "Statement", statement);
            CLEANUP(json_decrefp) json_t *findings = findings_of("AWS::IAM::Group", properties);
            CLEANUP(freep) char *shown = json_text(findings);
            const char *text =
                json_str_or(json_row(findings, "code", "escalation_path"), "text", "");
            bool is_told = strstr(text, id) != NULL;

            if (is_told != (missing == 0)) {
                fail_msg("%s with %s: %s", id, missing ? "its last action gone" : "all", shown);
            }
            json_array_remove(actions, json_array_size(actions) - 1);
        }
        json_decref(actions);
    }
}

/* cfn-guard's IAM_ROLE_NO_WILDCARD_ACTIONS_ON_PERMISSIONS lets it pass. */
static void a_role_that_may_do_everything_inline_is_stopped(void **state) {
    json_t *properties = json_pack("{s:[{s:{s:[{s:s,s:s,s:s}]}}]}", "Policies", "PolicyDocument",
                                   "Statement", "Effect", "Allow", "Action", "*", "Resource", "*");
    CLEANUP(json_decrefp) json_t *findings = findings_of("AWS::IAM::Role", properties);

    (void)state;
    assert_true(finds(findings, "wildcard_action"));
    assert_true(finds(findings, "escalation_path"));
}

static void every_resource_with_a_policy_of_its_own_is_read(void **state) {
    static const char *const rows[][2] = {
        {"AWS::S3::BucketPolicy", "{'PolicyDocument':%s}"},
        {"AWS::SQS::QueuePolicy", "{'PolicyDocument':%s}"},
        {"AWS::SNS::TopicPolicy", "{'PolicyDocument':%s}"},
        {"AWS::KMS::Key", "{'EnableKeyRotation':true,'KeyPolicy':%s}"},
        {"AWS::ECR::Repository", "{'RepositoryPolicyText':%s}"},
        {"AWS::SecretsManager::ResourcePolicy", "{'ResourcePolicy':%s}"},
        {"AWS::EFS::FileSystem", "{'Encrypted':true,'FileSystemPolicy':%s}"},
        {"AWS::ApiGateway::RestApi", "{'Policy':%s}"},
        {"AWS::DynamoDB::Table", "{'PointInTimeRecoverySpecification':{'PointInTimeRecoveryEnabled'"
                                 ":true},'ResourcePolicy':{'PolicyDocument':%s}}"},
        {"AWS::S3::AccessPoint", "{'Policy':%s}"},
        {"AWS::Backup::BackupVault", "{'AccessPolicy':%s}"},
        {"AWS::IAM::Role", "{'AssumeRolePolicyDocument':%s}"},
    };
    static const char *const open = "{'Statement':{'Effect':'Allow','Principal':{'AWS':['*']}}}";
    static const char *const held =
        "{'Statement':[{'Effect':'Allow','Principal':{'AWS':['123456789012']}},{'Effect':'Deny',"
        "'Principal':'*','Condition':{'Bool':{'aws:SecureTransport':'false'}}}]}";
    static const char *const unread = "{'Ref':'Policy'}";

    (void)state;
    for (size_t i = 0; i < ARRAY_N(rows); i++) {
        const char *hole = strstr(rows[i][1], "%s");
        const char *documents[] = {open, unread, held};

        for (size_t k = 0; k < ARRAY_N(documents); k++) {
            CLEANUP(freep)
            char *properties = mem_format("%.*s%s%s", (int)(hole - rows[i][1]), rows[i][1],
                                          documents[k], hole + 2);
            if ((verdict_of(rows[i][0], properties, "deploy") == VERDICT_ALLOW) != (k == 2)) {
                fail_msg("%s with %s", rows[i][0], documents[k]);
            }
        }
    }
}

static void rights_over_roles_belong_to_the_set_up_stack_and_are_held(void **state) {
    static const char *const rows[][2] = {
        {"iam:CreateRole", "iam:PermissionsBoundary"},
        {"iam:PutRolePolicy", "iam:PermissionsBoundary"},
        {"iam:PutRolePermissionsBoundary", "iam:PermissionsBoundary"},
        {"iam:AttachRolePolicy", "iam:PolicyARN"},
        {"iam:UpdateAssumeRolePolicy", NULL},
        {"iam:CreateAccessKey", ""},
        {"iam:CreatePolicyVersion", ""},
        {"sts:AssumeRole", ""},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_N(rows); i++) {
        bool is_never = rows[i][1] != NULL && *rows[i][1] == '\0';
        CLEANUP(freep)
        char *plain = mem_format("{'PolicyDocument':{'Statement':[{'Effect':'Allow','Action':'%s',"
                                 "'Resource':'arn:aws:iam::123456789012:role/depl-*'}]}}",
                                 rows[i][0]);
        CLEANUP(freep)
        char *held = mem_format(
            "{'PolicyDocument':{'Statement':[{'Effect':'Allow','Action':'%s','Condition':"
            "{'StringEquals':{'%s':'x'}},'Resource':'arn:aws:iam::123456789012:role/depl-*'}]}}",
            rows[i][0], rows[i][1] == NULL ? "x" : rows[i][1]);

        if (verdict_of("AWS::IAM::ManagedPolicy", held, "deploy") != VERDICT_DENY ||
            (verdict_of("AWS::IAM::ManagedPolicy", held, "bootstrap") == VERDICT_ALLOW) ==
                is_never ||
            (verdict_of("AWS::IAM::ManagedPolicy", plain, "bootstrap") == VERDICT_ALLOW) !=
                (rows[i][1] == NULL)) {
            fail_msg("%s", rows[i][0]);
        }
    }
}

/* Only behind a custom endpoint, and only for the one action that is judged so there. */
static void the_local_aws_may_have_its_one_wide_resource(void **state) {
    static const char *const actions[] = {"ssm:GetParametersByPath", "ssm:GetParameter"};
    CLEANUP(redactor_freep) struct redactor *redactor = redactor_new();

    (void)state;
    for (size_t i = 0; i < 4; i++) {
        CLEANUP(json_decrefp)
        json_t *template =
            json_pack("{s:{s:{s:s,s:{s:{s:[{s:s,s:s,s:s}]}}}}}", "Resources", "P", "Type",
                      "AWS::IAM::ManagedPolicy", "Properties", "PolicyDocument", "Statement",
                      "Effect", "Allow", "Action", actions[i % 2], "Resource", "*");
        CLEANUP(json_decrefp) json_t *findings = json_array();
        CLEANUP(json_decrefp) json_t *plan = plan_for("deploy");
        struct review_ctx ctx = {.account = template_account,
                                 .region = "eu-central-1",
                                 .redactor = redactor,
                                 .is_local_aws = i >= 2};

        assert_int_equal(policy_review_plan(plan, template, &ctx, findings),
                         i == 2 ? VERDICT_ALLOW : VERDICT_DENY);
    }
}

/* A bucket without a statement for TLS is stopped at AWS, and only there. */
static void the_local_aws_speaks_no_tls(void **state) {
    CLEANUP(redactor_freep) struct redactor *redactor = redactor_new();

    (void)state;
    for (int is_local = 0; is_local < 2; is_local++) {
        CLEANUP(json_decrefp)
        json_t *template = json_pack(
            "{s:{s:{s:s,s:{s:s,s:{s:[{s:s,s:{s:s},s:s,s:s}]}}}}}", "Resources", "P", "Type",
            "AWS::S3::BucketPolicy", "Properties", "Bucket", "b", "PolicyDocument", "Statement",
            "Effect", "Allow", "Principal", "Service", "cloudfront.amazonaws.com", "Action",
            "s3:GetObject", "Resource", "arn:aws:s3:::b/*");
        CLEANUP(json_decrefp) json_t *findings = json_array();
        CLEANUP(json_decrefp) json_t *plan = plan_for("deploy");
        struct review_ctx ctx = {.account = template_account,
                                 .region = "eu-central-1",
                                 .redactor = redactor,
                                 .is_local_aws = is_local == 1};

        (void)policy_review_plan(plan, template, &ctx, findings);
        assert_int_equal(finds(findings, "plain_bucket"), is_local == 0);
    }
}

/* Its template says http-only, because it has no certificate to show. */
static void the_local_aws_may_speak_plainly_to_its_own_parts(void **state) {
    CLEANUP(redactor_freep) struct redactor *redactor = redactor_new();
    CLEANUP(json_decrefp)
    json_t *template =
        json_pack("{s:{s:{s:s,s:{s:{s:[{s:{s:s}}]}}}}}", "Resources", "D", "Type",
                  "AWS::CloudFront::Distribution", "Properties", "DistributionConfig", "Origins",
                  "CustomOriginConfig", "OriginProtocolPolicy", "http-only");

    (void)state;
    for (int is_local = 0; is_local < 2; is_local++) {
        CLEANUP(json_decrefp) json_t *findings = json_array();
        struct review_ctx ctx = {.account = template_account,
                                 .region = "eu-central-1",
                                 .redactor = redactor,
                                 .is_local_aws = is_local == 1};

        assert_int_equal(policy_review_template(template, &ctx, findings),
                         is_local == 1 ? VERDICT_ALLOW : VERDICT_DENY);
    }
}

/* ---- parameters ---- */

/* The findings on a template whose parameters get these values; NULL: not decided. */
static json_t *findings_with(const char *text, const char *values) {
    CLEANUP(redactor_freep) struct redactor *redactor = redactor_new();
    CLEANUP(json_decrefp) json_t *template = json_loads(text, 0, NULL);
    CLEANUP(json_decrefp) json_t *given = values == NULL ? NULL : json_loads(values, 0, NULL);
    struct review_ctx ctx = {.account = template_account,
                             .region = "eu-central-1",
                             .redactor = redactor,
                             .parameters = given};
    json_t *findings = json_array();

    assert_non_null(template);
    policy_review_template(template, &ctx, findings);
    return findings;
}

static void a_finding_says_which_parameter_it_comes_from(void **state) {
    static const char text[] =
        "{\"Parameters\":{\"Cidr\":{\"Type\":\"String\",\"Default\":\"0.0.0.0/"
        "0\"}},\"Resources\":{\"G\":{"
        "\"Type\":\"AWS::EC2::SecurityGroup\",\"Properties\":{\"SecurityGroupIngress\":[{"
        "\"CidrIp\":{"
        "\"Ref\":\"Cidr\"},\"IpProtocol\":\"tcp\",\"FromPort\":22,\"ToPort\":22}]}}}}";
    static const struct {
        const char *values, *word;
    } rows[] = {
        {NULL, "; the parameter Cidr is 0.0.0.0/0, its default"},
        {"{}", "; the parameter Cidr is 0.0.0.0/0, its default"},
        {"{\"Cidr\":\"0.0.0.0/1\"}", "; the parameter Cidr is 0.0.0.0/1, as given"},
        {"{\"Cidr\":\"10.0.0.0/8\"}", NULL},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_N(rows); i++) {
        CLEANUP(json_decrefp) json_t *findings = findings_with(text, rows[i].values);
        const json_t *found = json_row(findings, "code", "open_network");

        assert_int_equal(json_array_size(findings), rows[i].word != NULL);
        if (rows[i].word != NULL && strstr(json_str_or(found, "text", ""), rows[i].word) == NULL) {
            fail_msg("%zu: %s", i, json_str_or(found, "text", ""));
        }
    }
}

static void the_value_of_a_noecho_parameter_is_nowhere(void **state) {
    static const char text[] = "{\"Parameters\":{\"Word\":{\"Type\":\"String\",\"NoEcho\":true}},"
                               "\"Resources\":{\"V\":{\"Type\":"
                               "\"AWS::EC2::Volume\",\"Properties\":{\"Encrypted\":{\"Ref\":"
                               "\"Word\"},\"AvailabilityZone\":{"
                               "\"Fn::Sub\":\"${Word}\"}}}}}";
    CLEANUP(json_decrefp) json_t *findings = findings_with(text, "{\"Word\":\"hunter2hunter2\"}");
    CLEANUP(freep) char *shown = json_text(findings);

    (void)state;
    assert_true(finds(findings, "parameter_unknown"));
    assert_null(strstr(shown, "hunter2"));
}

/* Without values both branches are read; with them, the one that is taken. */
static void conditions_are_read_as_they_will_be(void **state) {
    static const char text[] =
        "{\"Parameters\":{\"Env\":{\"Type\":\"String\",\"Default\":\"prod\"}},\"Conditions\":{"
        "\"IsProd\":{"
        "\"Fn::Equals\":[{\"Ref\":\"Env\"},\"prod\"]}},\"Resources\":{\"V\":{\"Type\":\"AWS::EC2::"
        "Volume\","
        "\"Properties\":{\"Encrypted\":{\"Fn::If\":[\"IsProd\",true,false]}}}}}";
    static const char *const values[] = {NULL, "{}", "{\"Env\":\"dev\"}", "{\"Env\":true}"};

    (void)state;
    for (size_t i = 0; i < ARRAY_N(values); i++) {
        CLEANUP(json_decrefp) json_t *findings = findings_with(text, values[i]);

        assert_int_equal(finds(findings, "unencrypted"), i != 1);
    }
}

/* SAM: a route is open unless the event, its API or the Globals name who checks. */
static void the_routes_that_sam_makes_are_read(void **state) {
    /* clang-format off */
    static const struct { const char *event, *more; bool is_open; } rows[] = {
        {"\"Type\":\"Api\",\"Properties\":{\"Path\":\"/\"}", "", true},
        {"\"Type\":\"HttpApi\"", "", true},
        {"\"Type\":\"SQS\"", "", false},
        {"\"Type\":\"Api\",\"Properties\":{\"Auth\":{\"Authorizer\":\"AWS_IAM\"}}", "", false},
        {"\"Type\":\"Api\"", ",\"Globals\":{\"Api\":{\"Auth\":{\"DefaultAuthorizer\":\"Mine\"}}}", false},
        {"\"Type\":\"HttpApi\"", ",\"Globals\":{\"Api\":{\"Auth\":{\"DefaultAuthorizer\":\"Mine\"}}}", true},
        {"\"Type\":\"Api\",\"Properties\":{\"Auth\":{\"Authorizer\":\"NONE\"}}",
         ",\"Globals\":{\"Api\":{\"Auth\":{\"DefaultAuthorizer\":\"Mine\"}}}", true},
        {"\"Type\":\"HttpApi\",\"Properties\":{\"ApiId\":{\"Ref\":\"A\"}}", "", false},
        {"\"Type\":\"Api\",\"Properties\":{\"RestApiId\":{\"Ref\":\"B\"}}", "", true},
    };
    /* clang-format on */

    (void)state;
    for (size_t i = 0; i < ARRAY_N(rows); i++) {
        CLEANUP(freep)
        char *text = mem_format(
            "{\"Transform\":\"AWS::Serverless-2016-10-31\",\"Resources\":{\"A\":{\"Type\":"
            "\"AWS::Serverless::HttpApi\",\"Properties\":{\"Auth\":{\"DefaultAuthorizer\":\"J\"}}},"
            "\"B\":{\"Type\":\"AWS::Serverless::Api\"},\"F\":{\"Type\":\"AWS::Serverless::"
            "Function\","
            "\"Properties\":{\"Events\":{\"E\":{%s}}}}}%s}",
            rows[i].event, rows[i].more);
        CLEANUP(json_decrefp) json_t *findings = findings_with(text, NULL);

        if (finds(findings, "open_api") != rows[i].is_open || !finds(findings, "transform")) {
            fail_msg("%s", text);
        }
    }
}

static void every_transform_has_its_answer(void **state) {
    /* clang-format off */
    static const struct { const char *transform, *code; } rows[] = {
        {"\"AWS::LanguageExtensions\"", NULL},
        {"\"AWS::Serverless-2016-10-31\"", "transform"},
        {"[\"AWS::LanguageExtensions\",\"AWS::CodeDeployBlueGreen\"]", "transform"},
        {"\"AWS::SecretsManager-2024-09-16\"", "transform"},
        {"{\"Name\":\"AWS::Include\",\"Parameters\":{\"Location\":\"s3://b/k\"}}", "transform_unseen"},
        {"\"AWS::Serverless-2099-01-01\"", "transform_unseen"},
        {"\"OurMacro\"", "transform_unseen"},
        {"{\"Ref\":\"Which\"}", "transform_unseen"},
        {"[[\"AWS::Include\"]]", "transform_unseen"},
    };
    /* clang-format on */

    (void)state;
    for (size_t i = 0; i < ARRAY_N(rows); i++) {
        CLEANUP(freep)
        char *text =
            mem_format("{\"Transform\":%s,\"Resources\":{\"Q\":{\"Type\":\"AWS::SQS::Queue\"}}}",
                       rows[i].transform);
        CLEANUP(json_decrefp) json_t *findings = findings_with(text, NULL);

        if (json_array_size(findings) != (rows[i].code != NULL) ||
            (rows[i].code != NULL && !finds(findings, rows[i].code))) {
            fail_msg("%s", rows[i].transform);
        }
    }
}

/* A loop is judged by what it makes; where that is not told, nothing passes. */
static void loops_are_read_through(void **state) {
    static const char *const lists[] = {"[\"A\",\"B\"]", "{\"Ref\":\"Names\"}"};

    (void)state;
    for (size_t i = 0; i < 4; i++) {
        CLEANUP(freep)
        char *text = mem_format(
            "{\"Parameters\":{\"Names\":{\"Type\":\"CommaDelimitedList\"}},\"Transform\":"
            "\"AWS::LanguageExtensions\",\"Resources\":{\"Fn::ForEach::V\":[\"N\",%s,{\"V${N}\":{"
            "\"Type\":\"AWS::EC2::Volume\",\"Properties\":{\"Encrypted\":%s}}}]}}",
            lists[i / 2], i % 2 == 0 ? "true" : "false");
        CLEANUP(json_decrefp) json_t *open = findings_with(text, NULL);
        CLEANUP(json_decrefp) json_t *given = findings_with(text, "{\"Names\":\"A,B\"}");

        assert_int_equal(finds(open, "transform_unseen"), i >= 2);
        assert_int_equal(json_array_size(given), i % 2 == 0 ? 0 : 2);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(planted_plans_are_stopped_and_their_neighbours_pass),
        cmocka_unit_test(planted_change_sets_are_stopped_and_their_neighbours_pass),
        cmocka_unit_test(the_templates_of_this_program_pass_both_reviews),
        cmocka_unit_test(the_rights_of_the_set_up_stack_are_its_own),
        cmocka_unit_test(every_property_stops_its_template_and_lets_the_neighbour_pass),
        cmocka_unit_test(no_rule_is_without_what_it_stops_and_what_it_lets_pass),
        cmocka_unit_test(every_known_way_to_become_more_is_found),
        cmocka_unit_test(a_role_that_may_do_everything_inline_is_stopped),
        cmocka_unit_test(every_resource_with_a_policy_of_its_own_is_read),
        cmocka_unit_test(rights_over_roles_belong_to_the_set_up_stack_and_are_held),
        cmocka_unit_test(the_local_aws_may_speak_plainly_to_its_own_parts),
        cmocka_unit_test(the_local_aws_may_have_its_one_wide_resource),
        cmocka_unit_test(the_local_aws_speaks_no_tls),
        cmocka_unit_test(an_account_of_the_users_own_settings_may_be_named),
        cmocka_unit_test(a_finding_says_which_parameter_it_comes_from),
        cmocka_unit_test(the_value_of_a_noecho_parameter_is_nowhere),
        cmocka_unit_test(conditions_are_read_as_they_will_be),
        cmocka_unit_test(the_routes_that_sam_makes_are_read),
        cmocka_unit_test(every_transform_has_its_answer),
        cmocka_unit_test(loops_are_read_through),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
