/* The actions of AWS: the table as it is published, and patterns over it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "base/mem.h"
#include "guard/iam/actions.h"

static void the_table_holds_what_aws_publishes(void **state) {
    /* clang-format off */
    static const struct {
        const char *name;
        enum iam_access access;
        bool has_resource;
    } rows[] = {
        {"ecr:GetAuthorizationToken", IAM_ACCESS_READ,        false},
        {"sqs:SendMessage",           IAM_ACCESS_WRITE,       true },
        {"SQS:sendmessage",           IAM_ACCESS_WRITE,       true },
        {"s3:PutBucketPolicy",        IAM_ACCESS_PERMISSIONS, true },
        {"s3:ListAllMyBuckets",       IAM_ACCESS_LIST,        false},
        {"lambda:TagResource",        IAM_ACCESS_WRITE,       true },
        {"iam:PassRole",              IAM_ACCESS_WRITE,       true },
        {"xray:PutTraceSegments",     IAM_ACCESS_WRITE,       false},
    };
    /* clang-format on */

    (void)state;
    assert_true(iam_action_n() > 20000);
    for (size_t i = 0; i < ARRAY_N(rows); i++) {
        struct iam_action action = {0};

        if (!iam_action_find(str_from(rows[i].name), &action) || action.access != rows[i].access ||
            (action.arn[0] != '\0') != rows[i].has_resource) {
            fail_msg("%s: %d %s", rows[i].name, action.access,
                     action.arn == NULL ? "is not there" : action.arn);
        }
    }
    struct iam_action none = {0};
    assert_false(iam_action_find(STR("s3:GetObjekt"), &none));
    assert_false(iam_action_find(STR("s3:*"), &none));
    assert_false(iam_action_find(STR(""), &none));
}

static bool is_found(const struct iam_action *action, void *with) {
    CLEANUP(freep) char *name = mem_format("%s:%s", action->service, action->name);
    struct iam_action found = {0};

    (void)with;
    if (!iam_action_find(str_from(name), &found) || found.name != action->name) {
        fail_msg("%s is not found", name);
    }
    return true;
}

static void every_action_is_found_by_its_name_and_nothing_beside_it(void **state) {
    struct iam_action none = {0};
    static const struct str names[] = {{"s3:GetObjec", 11},
                                       {"s3:GetObjectX", 13},
                                       {"s3:", 3},
                                       {"s3", 2},
                                       {":GetObject", 10},
                                       {"s3:GetObject\0", 13},
                                       {"s3\0:GetObject", 13},
                                       {"aaa:x", 5},
                                       {"zzz:x", 5},
                                       {"s3:AAA", 6},
                                       {"s3:zzz", 6}};

    (void)state;
    (void)iam_expand(STR("*"), is_found, NULL);
    for (size_t i = 0; i < ARRAY_N(names); i++) {
        assert_false(iam_action_find(names[i], &none));
    }
}

static bool count(const struct iam_action *action, void *with) {
    (void)action;
    *(size_t *)with += 1;
    return true;
}

static void patterns_are_expanded(void **state) {
    size_t n = 0;

    (void)state;
    assert_int_equal(iam_expand(STR("*"), count, &n), iam_action_n());
    assert_int_equal(n, iam_action_n());
    assert_int_equal(iam_expand(STR("*:*"), count, &n), iam_action_n());
    assert_int_equal(iam_expand(STR("sts:assumerole"), count, &n), 1);
    assert_true(iam_expand(STR("S3:get*"), count, &n) > 50);
    assert_int_equal(iam_expand(STR("sqs:?endMessage"), count, &n), 1);
    assert_int_equal(iam_expand(STR("GetObject"), count, &n), 0);
    assert_int_equal(iam_expand(STR("nothing:*"), count, &n), 0);
    assert_int_equal(iam_expand(STR(""), count, &n), 0);
}

static void what_a_pattern_stands_for(void **state) {
    /* clang-format off */
    static const struct {
        const char *pattern;
        const char *text;
        bool is_match;
        bool is_within; /* text as a pattern of its own */
    } rows[] = {
        {"*",         "",            true,  true },
        {"s3:Get*",   "s3:GetObject", true, true },
        {"s3:Get*",   "s3:Get*",     true,  true },
        {"s3:Get*",   "s3:G*",       false, false},
        {"s3:GetO*t", "s3:GetObject", true, true },
        {"s3:Get?",   "s3:GetX",     true,  true },
        {"s3:Get?",   "s3:Get*",     true,  false}, /* a star is more than one character */
        {"a*b*c",     "abcbc",       true,  true },
        {"a*b*c",     "abcb",        false, false},
        {"",          "x",           false, false},
        {"S3:GET*",   "s3:getx",     true,  true },
        {"arn:aws:s3:::b/*", "arn:aws:s3:::b/x/*", true, true},
    };
    /* clang-format on */

    (void)state;
    for (size_t i = 0; i < ARRAY_N(rows); i++) {
        struct str pattern = str_from(rows[i].pattern);
        struct str text = str_from(rows[i].text);

        if (iam_is_match(pattern, text) != rows[i].is_match ||
            iam_is_within(text, pattern) != rows[i].is_within) {
            fail_msg("%s and %s", rows[i].pattern, rows[i].text);
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_table_holds_what_aws_publishes),
        cmocka_unit_test(every_action_is_found_by_its_name_and_nothing_beside_it),
        cmocka_unit_test(patterns_are_expanded),
        cmocka_unit_test(what_a_pattern_stands_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
