/* guard/review_fixture.c: planted papers, and templates of one resource. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "guard/review_fixture.h"

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

char *fixture_path(const char *tail) {
    const char *root = getenv("AWSCOPILOT_SOURCE_ROOT");

    assert_non_null(root);
    return mem_format("%s/%s", root, tail);
}

json_t *fixture_read(const char *path) {
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

void fixture_hides_secrets(const char *shown) {
    for (size_t m = 0; m < ARRAY_N(marks); m++) {
        assert_null(strstr(shown, marks[m].parts[1]));
    }
}

const struct redactor *fixture_redactor(void) {
    static struct redactor *redactor = NULL; /* one for all: making it takes most of the time */

    if (redactor == NULL) {
        redactor = redactor_new();
    }
    return redactor;
}

json_t *fixture_plan(const char *kind) {
    return json_pack(
        "{s:i,s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:[],s:{},s:{},s:[],s:[],s:{},s:{},s:[],s:s,s:s,s:s}",
        "version", 1, "kind", kind, "app", "todo", "env", "dev", "account", fixture_account,
        "region", "eu-central-1", "stack", "bootstrap-depl", "target", "lambda-http", "steps",
        "template", "parameters", "permissions", "artefacts", "cost", "variables", "secrets",
        "role_arn", "", "endpoint", "aws", "on_failure", "leave");
}

json_t *fixture_creation(const json_t *template, const char *stack) {
    CLEANUP(freep)
    char *arn =
        mem_format("arn:aws:cloudformation:eu-central-1:%s:changeSet/d-1/x", fixture_account);
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

/* The findings on a template whose one resource this is. */
json_t *fixture_findings(const char *type, json_t *properties) {
    const struct redactor *redactor = fixture_redactor();
    CLEANUP(json_decrefp)
    json_t *template =
        json_pack("{s:{s:{s:s,s:s,s:s,s:o}}}", "Resources", "R", "Type", type, "DeletionPolicy",
                  "Retain", "UpdateReplacePolicy", "Retain", "Properties", properties);
    struct review_ctx ctx = {
        .account = fixture_account, .region = "eu-central-1", .redactor = redactor};
    json_t *findings = json_array();

    policy_review_template(template, &ctx, findings);
    return findings;
}

bool fixture_finds(const json_t *findings, const char *code) {
    return json_row(findings, "code", code) != NULL;
}
