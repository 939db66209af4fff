/* The managed policies of AWS: the table is what was published. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "guard/iam/managed.h"

/* A list, as the table has it. */
static json_t *listed(const json_t *value) {
    return json_is_array(value) ? json_deep_copy(value) : json_pack("[o]", json_deep_copy(value));
}

/* A document as it is published, in the form that the table gives. */
static json_t *normal(const json_t *document) {
    static const char *const lists[] = {"Action", "NotAction", "Resource", "NotResource"};
    json_t *statements = listed(json_object_get(document, "Statement"));
    size_t i = 0;
    json_t *statement = NULL;

    json_array_foreach(statements, i, statement) {
        json_object_del(statement, "Sid");
        for (size_t k = 0; k < ARRAY_N(lists); k++) {
            const json_t *value = json_object_get(statement, lists[k]);

            if (value != NULL) {
                json_object_set_new(statement, lists[k], listed(value));
            }
        }
    }
    return json_pack("{s:o}", "Statement", statements);
}

/* The file that scripts/setup.sh took from moto is read again, by another reader. */
static void the_table_holds_every_policy_as_it_is_published(void **state) {
    const char *folder = getenv("IAM_DATA");
    CLEANUP(freep) char *path = mem_format("%s/managed.json", folder == NULL ? "" : folder);
    CLEANUP(json_decrefp) json_t *all = json_load_file(path, 0, NULL);
    const char *name = NULL;
    json_t *policy = NULL;

    (void)state;
    if (folder == NULL) {
        print_message("SKIP: IAM_DATA does not say where the published policies are\n");
        skip();
    }
    assert_int_equal(json_object_size(all), iam_managed_n());
    assert_true(iam_managed_n() > 1500);
    json_object_foreach(all, name, policy) {
        CLEANUP(json_decrefp) json_t *have = iam_managed_document(str_from(name));
        CLEANUP(json_decrefp) json_t *want = normal(json_object_get(policy, "Document"));

        if (!json_equal(have, want)) {
            CLEANUP(freep) char *shown = json_text(have);
            fail_msg("%s: %s", name, shown);
        }
    }
}

static void names_ascend_and_the_others_are_not_found(void **state) {
    (void)state;
    for (size_t i = 1; i < iam_managed_n(); i++) {
        assert_true(strcmp(iam_managed_name(i - 1), iam_managed_name(i)) < 0);
    }
    assert_null(iam_managed_document(STR("")));
    assert_null(iam_managed_document(STR("AdministratorAcces")));
    assert_null(iam_managed_document(STR("AdministratorAccess2")));
    assert_null(iam_managed_document(STR("administratoraccess")));
    assert_int_equal(strlen(iam_managed_date()), strlen("2026-09-30"));
}

static void only_the_policies_of_aws_have_a_name(void **state) {
    static const char *const rows[][2] = {
        {"arn:aws:iam::aws:policy/AdministratorAccess", "AdministratorAccess"},
        {"arn:aws-cn:iam::aws:policy/service-role/AWSLambdaRole", "AWSLambdaRole"},
        {"arn:${AWS::Partition}:iam::aws:policy/job-function/ViewOnlyAccess", "ViewOnlyAccess"},
        {"arn:aws:iam::111122223333:policy/AdministratorAccess", ""},
        {"x:iam::aws:policy/AdministratorAccess", ""},
        {"AdministratorAccess", ""},
        {"arn:aws:iam::aws:policy/", ""},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_N(rows); i++) {
        struct str name = iam_managed_arn_name(str_from(rows[i][0]));

        if (!str_eq(name, str_from(rows[i][1]))) {
            fail_msg("%s: " STR_FMT, rows[i][0], STR_ARG(name));
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_table_holds_every_policy_as_it_is_published),
        cmocka_unit_test(names_ascend_and_the_others_are_not_found),
        cmocka_unit_test(only_the_policies_of_aws_have_a_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
