/* The policy of whoever deploys, and what another policy gives of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "guard/role/role.h"

static json_t *read_json(const char *text) {
    struct err err = {0};
    json_t *json = NULL;

    if (json_read(str_from(text), &json, &err) != ERR_NONE) {
        fail_msg("%s: %s", err.text, text);
    }
    return json;
}

static const char both[] =
    "{\"Resources\":{\"SiteBucket\":{\"Type\":\"AWS::S3::Bucket\"},\"Live\":{\"Type\":"
    "\"AWS::Lambda::Alias\",\"Properties\":{\"FunctionName\":{\"Ref\":\"Backend\"}}}}}";

static json_t *policy_with(const char *kind, const char *template, const char *role_arn,
                           const char *bucket) {
    CLEANUP(json_decrefp) json_t *json = template == NULL ? NULL : read_json(template);
    struct role_place place = {.account = "111122223333",
                               .region = "eu-west-1",
                               .partition = "aws",
                               .stack = "depl-todo-dev",
                               .qualifier = "depl",
                               .app = "todo",
                               .env = "dev",
                               .bucket = bucket,
                               .role_arn = role_arn,
                               .template = json};

    return role_policy(kind, &place);
}

static json_t *policy_of(const char *kind, const char *template) {
    return policy_with(kind, template, "arn:aws:iam::111122223333:role/x",
                       "depl-artifacts-111122223333-eu-west-1-an");
}

static const json_t *statement(const json_t *policy, const char *sid) {
    return json_row(json_object_get(policy, "Statement"), "Sid", sid);
}

static void a_policy_names_what_it_is_about(void **state) {
    CLEANUP(json_decrefp) json_t *policy = policy_of("deploy", both);

    (void)state;
    assert_true(
        json_has_str(json_object_get(statement(policy, "Execute"), "Resource"),
                     "arn:aws:cloudformation:eu-west-1:111122223333:stack/depl-todo-dev/*"));
    assert_true(json_has_str(json_object_get(statement(policy, "SiteFiles"), "Resource"),
                             "arn:aws:s3:::depl-todo-dev-sitebucket-*/*"));
    assert_true(
        json_has_str(json_object_get(statement(policy, "Alias"), "Resource"),
                     "arn:aws:lambda:eu-west-1:111122223333:function:depl-todo-dev-Backend-*"));
    assert_true(json_has_str(json_object_get(statement(policy, "Lock"), "Resource"),
                             "arn:aws:s3:::depl-artifacts-111122223333-eu-west-1-an/locks/"
                             "depl-todo-dev/*"));
    assert_true(json_has_str(json_object_get(statement(policy, "Tags"), "Resource"),
                             "arn:aws:cloudformation:eu-west-1:111122223333:changeSet/d-*/*"));
    assert_string_equal(json_str_or(policy, "Version", ""), "2012-10-17");
    assert_string_equal(json_str_or(statement(policy, "Execute"), "Effect", ""), "Allow");
}

/* A right that a wrong target would make dangerous comes with what the call must say. */
static void rights_come_with_their_conditions(void **state) {
    /* clang-format off */
    static const struct { const char *kind; const char *sid; const char *condition; } rows[] = {
        { "deploy",   "ChangeSet", "{\"StringEquals\":{\"cloudformation:RoleArn\":\"arn:aws:iam::111122223333:role/x\"}}" },
        { "rollback", "ChangeSet", "{\"StringEquals\":{\"cloudformation:RoleArn\":\"arn:aws:iam::111122223333:role/x\"}}" },
        { "deploy",   "PassRole",  "{\"StringEquals\":{\"iam:PassedToService\":\"cloudformation.amazonaws.com\"}}" },
        { "destroy",  "Delete",    "{\"StringNotEquals\":{\"aws:ResourceTag/env\":\"prod\"}}" },
        { "deploy",   "Execute",   "null" },
        { "secrets",  "Secrets",   "null" },
    };
    /* clang-format on */
    static const char *const kinds[] = {"deploy", "destroy", "rollback", "secrets", "approve"};

    (void)state;
    for (size_t i = 0; i < ARRAY_N(rows); i++) {
        CLEANUP(json_decrefp) json_t *policy = policy_of(rows[i].kind, both);
        CLEANUP(json_decrefp) json_t *want = json_loads(rows[i].condition, JSON_DECODE_ANY, NULL);
        const json_t *got = json_object_get(statement(policy, rows[i].sid), "Condition");

        assert_non_null(statement(policy, rows[i].sid));
        if (got == NULL ? !json_is_null(want) : !json_equal(got, want)) {
            fail_msg("%s of %s", rows[i].sid, rows[i].kind);
        }
    }
    for (size_t i = 0; i < ARRAY_N(kinds); i++) {
        CLEANUP(json_decrefp) json_t *policy = policy_of(kinds[i], both);
        const json_t *row;
        size_t n;

        assert_true(role_has_kind(kinds[i]));
        json_array_foreach(json_object_get(policy, "Statement"), n, row) {
            const char *action =
                json_string_value(json_array_get(json_object_get(row, "Action"), 0));
            const char *owner =
                json_str_or(json_at(row, "Condition.StringEquals"), "aws:ResourceAccount", "none");

            if (strncmp(action, "s3:", 3) == 0 && strcmp(owner, "111122223333") != 0) {
                fail_msg("%s of %s: a bucket of %s", json_str_or(row, "Sid", ""), kinds[i], owner);
            }
        }
    }
    assert_false(role_has_kind("bootstrap"));
}

/* The rights of each kind, by name. */
static void each_kind_has_these_rights_and_no_others(void **state) {
    /* clang-format off */
    static const struct { const char *kind; const char *sids; } rows[] = {
        { "deploy",   "Stack Read ChangeSet Tags Execute Reasons PassRole Delete Bucket Artefacts Lock History Shared Site SiteFiles Alias Logs Names " },
        { "rollback", "Stack Read ChangeSet Tags Execute Reasons PassRole Delete Bucket Release Lock History Shared Site SiteCheck Alias Logs Names " },
        { "destroy",  "Stack Read Delete Inventory Bucket Lock Shared SiteEmpty SiteErase PurgeSite Names Purge " },
        { "secrets",  "Stack Names Secrets " },
        { "approve",  "Stack Bucket Asked Approve " },
    };
    /* clang-format on */

    (void)state;
    for (size_t i = 0; i < ARRAY_N(rows); i++) {
        CLEANUP(json_decrefp) json_t *policy = policy_of(rows[i].kind, both);
        CLEANUP(buf_done) struct buf sids = BUF_INIT(1000);
        const json_t *row;
        size_t n;

        json_array_foreach(json_object_get(policy, "Statement"), n, row) {
            buf_addf(&sids, "%s ", json_str_or(row, "Sid", "?"));
        }
        assert_string_equal(buf_cstr(&sids), rows[i].sids);
    }
}

/* A name that has no value yet widens nothing: what is about it is not there. */
static void without_a_role_or_a_bucket_there_is_no_right_to_it(void **state) {
    CLEANUP(json_decrefp) json_t *no_role = policy_with("deploy", both, "", "b");
    CLEANUP(json_decrefp) json_t *no_bucket = policy_with("deploy", both, "arn:x", NULL);

    (void)state;
    assert_null(statement(no_role, "PassRole"));
    assert_non_null(statement(no_role, "Execute"));
    assert_non_null(statement(no_role, "Lock"));
    assert_null(statement(no_bucket, "Lock"));
    assert_null(statement(no_bucket, "Bucket"));
    assert_non_null(statement(no_bucket, "SiteFiles"));
}

/* An approver writes below their own name, and nothing that a deployer writes. */
static void an_approver_may_approve_and_nothing_else(void **state) {
    CLEANUP(json_decrefp) json_t *policy = policy_of("approve", both);
    const json_t *row;
    size_t writes = 0;
    size_t i;

    (void)state;
    json_array_foreach(json_object_get(policy, "Statement"), i, row) {
        if (json_has_str(json_object_get(row, "Action"), "s3:PutObject")) {
            writes++;
            assert_int_equal(json_array_size(json_object_get(row, "Resource")), 1);
            assert_true(json_has_str(json_object_get(row, "Resource"),
                                     "arn:aws:s3:::depl-artifacts-111122223333-eu-west-1-an/"
                                     "approvals/depl-todo-dev/*/${aws:userid}.json"));
        }
    }
    assert_int_equal(writes, 1);
    assert_null(statement(policy, "Execute"));
    assert_null(statement(policy, "ChangeSet"));
}

/* A rollback uploads nothing; a destruction with --purge takes bucket and secrets, of its own only.
 */
static void each_kind_has_what_it_calls(void **state) {
    CLEANUP(json_decrefp) json_t *deploy = policy_of("deploy", both);
    CLEANUP(json_decrefp) json_t *rollback = policy_of("rollback", both);
    CLEANUP(json_decrefp) json_t *destroy = policy_of("destroy", both);
    CLEANUP(json_decrefp)
    json_t *site =
        policy_of("destroy", "{\"Resources\":{\"SiteBucket\":{\"Type\":\"AWS::S3::Bucket\"}}}");

    (void)state;
    assert_non_null(statement(deploy, "Artefacts"));
    assert_null(statement(rollback, "Artefacts"));
    assert_null(statement(rollback, "SiteFiles"));
    assert_non_null(statement(rollback, "Execute"));
    assert_int_equal(json_array_size(json_object_get(statement(rollback, "Release"), "Action")), 1);
    assert_true(json_has_str(json_object_get(statement(destroy, "Purge"), "Resource"),
                             "arn:aws:ssm:eu-west-1:111122223333:parameter/depl/todo/dev/*"));
    assert_null(statement(deploy, "Purge"));
    assert_null(statement(site, "Purge"));
    assert_non_null(statement(site, "PurgeSite"));
}

static void no_statement_is_wider_than_the_stack(void **state) {
    static const char *const kinds[] = {"deploy", "destroy", "rollback", "secrets", "approve"};

    (void)state;
    for (size_t k = 0; k < ARRAY_N(kinds); k++) {
        CLEANUP(json_decrefp) json_t *policy = policy_of(kinds[k], both);
        const json_t *row;
        size_t i;

        assert_true(json_array_size(json_object_get(policy, "Statement")) >= 3);
        json_array_foreach(json_object_get(policy, "Statement"), i, row) {
            const json_t *text;
            size_t n;

            assert_true(json_array_size(json_object_get(row, "Resource")) > 0);
            json_array_foreach(json_object_get(row, "Action"), n, text) {
                assert_null(strchr(json_string_value(text), '*'));
                assert_non_null(strchr(json_string_value(text), ':'));
            }
            json_array_foreach(json_object_get(row, "Resource"), n, text) {
                const char *arn = json_string_value(text);

                const char *hole = strstr(arn, "${");

                assert_true(strncmp(arn, "arn:aws:", 8) == 0);
                assert_true(hole == NULL || strcmp(hole, "${aws:userid}.json") == 0);
                assert_true(strstr(arn, "depl") != NULL || strstr(arn, "changeSet/d-") != NULL ||
                            strstr(arn, "role/x") != NULL);
            }
        }
    }
}

static void what_a_plan_does_not_have_it_does_not_ask_for(void **state) {
    CLEANUP(json_decrefp)
    json_t *site =
        policy_of("deploy", "{\"Resources\":{\"SiteBucket\":{\"Type\":\"AWS::S3::Bucket\"}}}");
    CLEANUP(json_decrefp) json_t *secrets = policy_of("secrets", NULL);

    (void)state;
    assert_null(statement(site, "Alias"));
    assert_null(statement(site, "Names"));
    assert_non_null(statement(site, "SiteFiles"));
    assert_null(statement(secrets, "Execute"));
    assert_null(statement(secrets, "PassRole"));
    assert_non_null(statement(secrets, "Secrets"));
    assert_null(policy_of("bootstrap", both));
    assert_null(policy_of("nonsense", both));
    assert_null(policy_of(NULL, both));
}

#define ALLOW(action, resource)                                                                    \
    "{\"Statement\":[{\"Effect\":\"Allow\",\"Action\":" action ",\"Resource\":" resource "}]}"

static void a_right_is_held_only_where_all_of_it_is(void **state) {
    /* clang-format off */
    static const struct { const char *needed; const char *held; size_t missing; } rows[] = {
        { ALLOW("\"s3:GetObject\"", "\"arn:a/x/*\""),               ALLOW("\"s3:GetObject\"", "\"arn:a/x/*\""),      0 },
        { ALLOW("\"s3:GetObject\"", "\"arn:a/x/*\""),               ALLOW("\"S3:getobject\"", "\"arn:a/*\""),        0 },
        { ALLOW("\"s3:GetObject\"", "\"arn:a/x/*\""),               ALLOW("\"s3:Get*\"", "\"*\""),                   0 },
        { ALLOW("\"s3:GetObject\"", "\"arn:a/x/*\""),               ALLOW("[\"s3:Put*\",\"s3:*\"]", "[\"arn:b\",\"arn:a/*\"]"), 0 },
        { ALLOW("\"s3:GetObject\"", "\"arn:a/x/*\""),               ALLOW("\"s3:GetObject\"", "\"arn:a/x/y\""),      1 },
        { ALLOW("\"s3:GetObject\"", "\"arn:a/x/*\""),               ALLOW("\"s3:GetObject\"", "\"arn:a/x/?\""),      1 },
        { ALLOW("\"s3:GetObject\"", "\"arn:a/x\""),                 ALLOW("\"s3:GetObject\"", "\"arn:a/?\""),        0 },
        { ALLOW("\"s3:GetObject\"", "\"arn:a/x-*-b\""),             ALLOW("\"s3:GetObject\"", "\"arn:a/x-*\""),      0 },
        { ALLOW("\"s3:GetObject\"", "\"arn:a/x-*\""),               ALLOW("\"s3:GetObject\"", "\"arn:a/x-*-b\""),    1 },
        { ALLOW("\"s3:GetObject\"", "\"arn:a/x\""),                 ALLOW("\"s3:PutObject\"", "\"*\""),              1 },
        { ALLOW("[\"s3:A\",\"s3:B\"]", "[\"arn:1\",\"arn:2\"]"),    ALLOW("\"s3:A\"", "\"arn:1\""),                  3 },
        { ALLOW("\"s3:A\"", "\"arn:1\""), "{\"Statement\":[{\"Effect\":\"Deny\",\"Action\":\"*\",\"Resource\":\"*\"}]}",          1 },
        { ALLOW("\"s3:A\"", "\"arn:1\""), "{\"Statement\":[{\"Effect\":\"Allow\",\"Action\":\"*\",\"Resource\":\"*\",\"Condition\":{\"Bool\":{\"x\":\"y\"}}}]}", 1 },
        { "{\"Statement\":[{\"Effect\":\"Allow\",\"Action\":\"s3:A\",\"Resource\":\"arn:1\",\"Condition\":{\"Bool\":{\"x\":\"y\"}}}]}",
          "{\"Statement\":[{\"Effect\":\"Allow\",\"Action\":\"*\",\"Resource\":\"*\",\"Condition\":{\"Bool\":{\"x\":\"y\"}}}]}", 0 },
        { ALLOW("\"s3:A\"", "\"arn:1\""), "{}",                                                                      1 },
        { ALLOW("\"s3:A\"", "\"arn:1\""), ALLOW("\"s3:A\"", "[7,\"arn:1\"]"),                                        0 },
    };
    /* clang-format on */

    (void)state;
    for (size_t i = 0; i < ARRAY_N(rows); i++) {
        CLEANUP(json_decrefp) json_t *needed = read_json(rows[i].needed);
        CLEANUP(json_decrefp) json_t *held = read_json(rows[i].held);
        CLEANUP(json_decrefp) json_t *missing = role_missing(needed, held);

        if (json_array_size(missing) != rows[i].missing) {
            fail_msg("row %zu: %zu missing", i, json_array_size(missing));
        }
    }
}

/* A star or a variable in what is held, in what is needed, or in both. Source: IAM User Guide, "IAM
 * JSON policy elements: Resource". */
static void patterns_cover_each_other_overlap_or_do_not_meet(void **state) {
    enum { MISSING, UNSURE, HELD };
    /* clang-format off */
    static const struct { const char *needed; const char *held; int want; } rows[] = {
        { "arn:a/x",    "arn:a/x*",       HELD    }, /* a star may stand for nothing */
        { "arn:a/aab",  "arn:a/*ab",      HELD    },
        { "arn:a/acb",  "arn:a/*ab",      MISSING },
        { "*x",         "x",              UNSURE  },
        { "arn:a/x",    "arn:a/?",        HELD    },
        { "arn:a/*",    "arn:a/?",        UNSURE  },
        { "arn:a/?",    "arn:a/x",        UNSURE  },
        { "arn:a/*",    "arn:a/",         UNSURE  },
        { "*",          "arn:a/x",        UNSURE  },
        { "arn:a/*x",   "arn:a/y*",       UNSURE  },
        { "arn:a/*x",   "arn:a/*y",       MISSING },
        { "arn:a/x*",   "arn:a/y*",       MISSING },
        { "arn:a/x*y",  "arn:a/x",        MISSING },
        { "arn:a/x*y",  "arn:a/x?",       UNSURE  },
        { "arn:a/x*y",  "arn:a/y?",       MISSING },
        { "arn:a/x",    "arn:${v}/x",     UNSURE  },
        { "arn:a/x",    "arn:${v}/y",     MISSING },
        { "arn:a/x",    "arn:a/x${v}",    UNSURE  }, /* which may be nothing, too */
        { "arn:a/x",    "arn:a/${v}y",    MISSING },
        { "arn:a/x",    "arn:a/${v",      MISSING }, /* no variable: nothing shuts it */
        { "arn:a/$x}",  "arn:a/$y}",      MISSING },
    };
    /* clang-format on */

    (void)state;
    for (size_t i = 0; i < ARRAY_N(rows); i++) {
        CLEANUP(freep) char *need = mem_format(ALLOW("\"s3:A\"", "\"%s\""), rows[i].needed);
        CLEANUP(freep)
        char *have = mem_format("{\"documents\":[" ALLOW("\"s3:A\"", "\"%s\"") "]}", rows[i].held);
        CLEANUP(json_decrefp) json_t *needed = read_json(need);
        CLEANUP(json_decrefp) json_t *held = read_json(have);
        CLEANUP(json_decrefp) json_t *unsure = json_array();
        CLEANUP(json_decrefp) json_t *missing = role_judge(needed, held, unsure);
        int got = json_array_size(missing) > 0  ? MISSING
                  : json_array_size(unsure) > 0 ? UNSURE
                                                : HELD;

        if (got != rows[i].want) {
            fail_msg("%s by %s: %d", rows[i].needed, rows[i].held, got);
        }
    }
}

/* What is longer than any ARN is told to be unsure. */
static void a_resource_too_long_to_compare_is_unsure(void **state) {
    char name[4000];
    CLEANUP(json_decrefp)
    json_t *held = read_json("{\"documents\":[" ALLOW("\"s3:A\"", "\"y*\"") "]}");
    CLEANUP(json_decrefp) json_t *unsure = json_array();

    (void)state;
    memset(name, 'x', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    CLEANUP(freep) char *need = mem_format(ALLOW("\"s3:A\"", "\"%s\""), name);
    CLEANUP(json_decrefp) json_t *needed = read_json(need);
    CLEANUP(json_decrefp) json_t *missing = role_judge(needed, held, unsure);
    assert_int_equal(json_array_size(missing), 0);
    assert_int_equal(json_array_size(unsure), 1);
}

/* One right, s3:PutObject on b-* with the account as condition, by these policies. */
static void own_policies_are_judged_as_iam_does(void **state) {
    static const char needed_text[] =
        "{\"Statement\":[{\"Sid\":\"SiteFiles\",\"Action\":[\"s3:PutObject\"],\"Resource\":["
        "\"arn:aws:s3:::b-*/*\"],\"Condition\":{\"StringEquals\":{\"aws:ResourceAccount\":\"1\"}}}"
        "]}";
    static const char *const answers[] = {"missing", "unsure", "held"};
#define GIVES(rest) "{\"Effect\":\"Allow\"," rest "}"
#define TAKES(rest) "{\"Effect\":\"Deny\"," rest "}"
#define ON(actions, resources) "\"Action\":" actions ",\"Resource\":" resources
    static const char all[] = GIVES(ON("\"*\"", "\"*\""));
    static const struct {
        const char *statements; /* of the documents */
        const char *boundary;   /* its statements; NULL: none */
        size_t want;
    } rows[] = {
        {"", NULL, 0},
        {all, NULL, 2},
        {GIVES(ON("[\"S3:put*\"]", "[\"arn:aws:s3:::b-*\"]")), NULL, 2},
        {GIVES(ON("\"s3:PutObject\"", "\"arn:aws:s3:::b-*/*\"")), NULL, 2},
        {GIVES(ON("\"s3:GetObject\"", "\"*\"")), NULL, 0},
        {GIVES(ON("\"s3:PutObject\"", "\"arn:aws:s3:::c-*/*\"")), NULL, 0},
        {GIVES(ON("\"s3:PutObject\"", "\"arn:aws:s3:::B-*/*\"")), NULL, 0},       /* another case */
        {GIVES(ON("\"s3:PutObject\"", "\"arn:aws:s3:::b-site-?x/*\"")), NULL, 1}, /* of it a part */
        {GIVES(ON("\"s3:PutObject\"", "\"arn:aws:s3:::*-site/a*\"")), NULL, 1},
        {GIVES(ON("\"s3:PutObject\"", "\"arn:aws:s3:::${aws:username}/*\"")), NULL, 1},
        {GIVES("\"NotAction\":[\"iam:*\"],\"Resource\":\"*\""), NULL, 2},
        {GIVES("\"NotAction\":[\"s3:*\"],\"Resource\":\"*\""), NULL, 0},
        {GIVES("\"Action\":\"s3:*\",\"NotResource\":\"arn:aws:s3:::c/*\""), NULL, 2},
        {GIVES("\"Action\":\"s3:*\",\"NotResource\":\"arn:aws:s3:::b-1/*\""), NULL, 1},
        {GIVES("\"Action\":\"s3:*\",\"NotResource\":\"*\""), NULL, 0},
        {GIVES(ON("\"s3:*\"", "\"*\"") ",\"Condition\":{\"StringEquals\":{\"aws:ResourceAccount\":"
                                       "\"1\"}}"),
         NULL, 2},
        {GIVES(ON("\"s3:*\"", "\"*\"") ",\"Condition\":{\"Bool\":{\"aws:MultiFactorAuthPresent\":"
                                       "\"true\"}}"),
         NULL, 1},
        {GIVES(ON("\"*\"", "\"*\"")) "," TAKES(ON("\"s3:Put*\"", "\"*\"")), NULL, 0},
        {GIVES(ON("\"*\"", "\"*\"")) "," TAKES(ON("\"s3:Put*\"", "\"arn:aws:s3:::b-1/*\"")), NULL,
         1},
        {GIVES(ON("\"*\"", "\"*\"")) "," TAKES(ON("\"s3:Put*\"", "\"arn:aws:s3:::c-1/*\"")), NULL,
         2},
        {GIVES(ON("\"*\"", "\"*\"")) "," TAKES(
             ON("\"*\"", "\"*\"") ",\"Condition\":{\"Bool\":{\"aws:SecureTransport\":\"false\"}}"),
         NULL, 1},
        {all, "", 0},
        {all, all, 2},
        {all, GIVES(ON("\"s3:GetObject\"", "\"*\"")), 0},
        {all, GIVES(ON("\"s3:*\"", "\"arn:aws:s3:::b-1/*\"")), 1},
        {all, GIVES(ON("\"*\"", "\"*\"")) "," TAKES(ON("\"s3:*\"", "\"*\"")), 0},
    };
#undef GIVES
#undef TAKES
#undef ON
    CLEANUP(json_decrefp) json_t *needed = read_json(needed_text);

    (void)state;
    for (size_t i = 0; i < ARRAY_N(rows); i++) {
        CLEANUP(freep)
        char *text = mem_format(
            "{\"documents\":[{\"Statement\":[]},{\"Statement\":[%s]}]%s%s%s}", rows[i].statements,
            rows[i].boundary == NULL ? "" : ",\"boundary\":{\"Statement\":[",
            rows[i].boundary == NULL ? "" : rows[i].boundary, rows[i].boundary == NULL ? "" : "]}");
        CLEANUP(json_decrefp) json_t *held = read_json(text);
        CLEANUP(json_decrefp) json_t *unsure = json_array();
        CLEANUP(json_decrefp) json_t *missing = role_judge(needed, held, unsure);
        size_t got = json_array_size(missing) > 0 ? 0 : json_array_size(unsure) > 0 ? 1 : 2;

        if (got != rows[i].want || json_array_size(missing) + json_array_size(unsure) > 1) {
            fail_msg("%s instead of %s: %s", answers[got], answers[rows[i].want], text);
        }
    }
}

static void what_comes_after_the_yes_is_marked(void **state) {
    CLEANUP(json_decrefp) json_t *policy = policy_of("deploy", both);

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        static const char *const late[] = {"Site", "SiteFiles", "History"};
        assert_non_null(statement(policy, late[i]));
        assert_true(role_is_late(late[i]));
    }
    assert_false(role_is_late("Artefacts"));
    assert_false(role_is_late("Lock"));
    assert_false(role_is_late("none"));
}

static void a_template_s_policy_is_filled_in(void **state) {
    CLEANUP(json_decrefp)
    json_t *policy = read_json(
        "[{\"Fn::Sub\":\"arn:${AWS::Partition}:${Unknown}/"
        "*\"},{\"Fn::Join\":[\"\",[{\"Fn::GetAtt\":["
        "\"A\",\"Arn\"]},\"/*\"]]},{\"Ref\":\"Q\"},{\"Ref\":\"None\"},{\"x\":{\"Ref\":\"Q\"}},7,"
        "{\"Fn::Sub\":\"${Q}-${Q\"},{\"Fn::Join\":[\"-\",[{\"Ref\":\"Q\"},\"b\",\"c\"]]},"
        "{\"Fn::Join\":[\"\",[{\"Ref\":\"None\"},\"b\"]]},{\"Fn::Join\":[{\"Ref\":\"Q\"},[\"b\"]]}"
        "]");
    CLEANUP(json_decrefp)
    json_t *values = read_json("{\"AWS::Partition\":\"aws\",\"A.Arn\":\"arn:a\",\"Q\":\"depl\"}");
    CLEANUP(json_decrefp)
    json_t *want = read_json("[\"arn:aws:${Unknown}/*\",\"arn:a/*\",\"depl\",{\"Ref\":\"None\"},"
                             "{\"x\":\"depl\"},7,\"depl-${Q\",\"depl-b-c\",{\"Fn::Join\":[\"\","
                             "[{\"Ref\":\"None\"},\"b\"]]},{\"Fn::Join\":[\"depl\",[\"b\"]]}]");
    CLEANUP(json_decrefp) json_t *got = role_fill_in(policy, values);

    (void)state;
    assert_true(json_equal(got, want));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_policy_names_what_it_is_about),
        cmocka_unit_test(rights_come_with_their_conditions),
        cmocka_unit_test(each_kind_has_these_rights_and_no_others),
        cmocka_unit_test(without_a_role_or_a_bucket_there_is_no_right_to_it),
        cmocka_unit_test(an_approver_may_approve_and_nothing_else),
        cmocka_unit_test(each_kind_has_what_it_calls),
        cmocka_unit_test(no_statement_is_wider_than_the_stack),
        cmocka_unit_test(what_a_plan_does_not_have_it_does_not_ask_for),
        cmocka_unit_test(a_right_is_held_only_where_all_of_it_is),
        cmocka_unit_test(patterns_cover_each_other_overlap_or_do_not_meet),
        cmocka_unit_test(a_resource_too_long_to_compare_is_unsure),
        cmocka_unit_test(own_policies_are_judged_as_iam_does),
        cmocka_unit_test(what_comes_after_the_yes_is_marked),
        cmocka_unit_test(a_template_s_policy_is_filled_in),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
