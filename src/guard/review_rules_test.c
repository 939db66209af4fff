/* Every rule of the reviews: what it stops is stopped for its reason, the harmless neighbour
 * passes, and a rule that is gone is missed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/json.h"
#include "guard/review.h"
#include "guard/review_fixture.h"

static const char account[] = "111122223333";

/* The rule whose examples alone are looked at; and whether the reviews have forgotten it. */
static enum review_rule chosen = REVIEW_NONE;
static bool is_forgotten;

void __real_review_find(struct review *review, enum review_rule rule, const char *where,
                        const char *fmt, ...) PRINTF_LIKE(4, 5);
void __wrap_review_find(struct review *review, enum review_rule rule, const char *where,
                        const char *fmt, ...) PRINTF_LIKE(4, 5);

void __wrap_review_find(struct review *review, enum review_rule rule, const char *where,
                        const char *fmt, ...) {
    CLEANUP(buf_done) struct buf text = BUF_INIT(4096);
    va_list args;

    va_start(args, fmt);
    buf_vaddf(&text, fmt, args);
    va_end(args);
    if (rule != chosen || !is_forgotten) {
        __real_review_find(review, rule, where, "%s", buf_cstr(&text));
    }
}

/* Whether an example that expects these codes is to be looked at. */
static bool is_wanted(const json_t *expect) {
    return chosen == REVIEW_NONE || json_has_str(expect, policy_rule_code(chosen));
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
    fixture_hides_secrets(shown);
}

static void check_fixture(const char *folder, const char *name, const struct redactor *redactor) {
    CLEANUP(freep) char *tail = mem_format("test/policy/%s/%s", folder, name);
    CLEANUP(freep) char *path = fixture_path(tail);
    CLEANUP(json_decrefp) json_t *fixture = fixture_read(path);
    CLEANUP(json_decrefp) json_t *findings = json_array();
    struct review_ctx ctx = {.account = account,
                             .region = "eu-central-1",
                             .redactor = redactor,
                             .template_before = json_object_get(fixture, "before")};

    if (!is_wanted(json_object_get(fixture, "expect"))) {
        return;
    }
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
    const struct redactor *redactor = fixture_redactor();
    CLEANUP(freep) char *tail = mem_format("test/policy/%s", folder);
    CLEANUP(freep) char *path = fixture_path(tail);
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

/* The patch of a row: by its path, or, where two rows have one path, by "PATH UNLESS". */
static json_t *patch_of(const struct policy_property *row, const json_t *type) {
    CLEANUP(freep) char *whole = mem_format("%s %s", row->path, row->unless);
    json_t *patches = json_object_get(type, "bad");
    json_t *exact = json_object_get(patches, whole);

    return exact != NULL ? exact : json_object_get(patches, row->path);
}

static void check_row(const struct policy_property *row, const json_t *types) {
    if (chosen != REVIEW_NONE && row->rule != chosen) {
        return;
    }
    json_t *type = json_object_get(types, row->type);
    json_t *patch = patch_of(row, type);
    CLEANUP(freep) char *where = mem_format("Resources.R.Properties.%s", row->path);

    for (char *sign = strchr(where, '?'); sign != NULL; sign = strchr(where, '?')) {
        memmove(sign, sign + 1, strlen(sign)); /* the sign of a path is not shown */
    }

    if (patch == NULL) {
        fail_msg("no template of test/policy/properties.json is stopped by %s of %s", row->path,
                 row->type);
    }
    CLEANUP(json_decrefp)
    json_t *good = fixture_findings(row->type, json_deep_copy(json_object_get(type, "good")));
    CLEANUP(json_decrefp) json_t *base = json_deep_copy(json_object_get(type, "good"));
    CLEANUP(json_decrefp) json_t *bad = fixture_findings(row->type, merged(base, patch));
    CLEANUP(freep) char *shown = json_text(json_array_size(good) > 0 ? good : bad);
    const json_t *found = json_array_get(bad, 0);
    fixture_hides_secrets(shown);
    if (json_array_size(good) > 0 || json_array_size(bad) != 1 ||
        strcmp(json_str_or(found, "code", ""), policy_rule_code(row->rule)) != 0 ||
        strcmp(json_str_or(found, "where", ""), where) != 0) {
        fail_msg("%s of %s: %s", row->path, row->type, shown);
    }
}

/* A patch that no row finds is a row that was lost. */
static void check_patches(const char *type, const json_t *types) {
    const json_t *patches = json_object_get(json_object_get(types, type), "bad");
    const char *path = NULL;
    json_t *patch = NULL;

    json_object_foreach((json_t *)(uintptr_t)patches, path, patch) {
        bool has_row = false;

        for (size_t i = 0; i < policy_property_n(); i++) {
            struct policy_property row;

            policy_property(i, &row);
            has_row = has_row || (strcmp(row.type, type) == 0 &&
                                  patch_of(&row, json_object_get(types, type)) == patch);
        }
        if (!has_row) {
            fail_msg("no row of review_property.def is about %s of %s", path, type);
        }
    }
}

static void every_property_stops_its_template_and_lets_the_neighbour_pass(void **state) {
    CLEANUP(freep) char *path = fixture_path("test/policy/properties.json");
    CLEANUP(json_decrefp) json_t *types = fixture_read(path);
    const char *type = NULL;
    json_t *rows = NULL;

    (void)state;
    assert_true(policy_property_n() >= 80);
    for (size_t i = 0; i < policy_property_n(); i++) {
        struct policy_property row;

        policy_property(i, &row);
        check_row(&row, types);
    }
    json_object_foreach(types, type, rows) { check_patches(type, types); }
}

/* ---- every rule ---- */

/* A change set that changes every resource of the template. */
static json_t *change_of(const json_t *template) {
    json_t *set = fixture_creation(template, "depl-todo-dev");
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
    const struct redactor *redactor = fixture_redactor();
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

static bool stops_something(const json_t *findings) {
    for (size_t i = 0; i < json_array_size(findings); i++) {
        if (strcmp(json_str_or(json_array_get(findings, i), "verdict", ""), "allow") != 0) {
            return true;
        }
    }
    return false;
}

/* test/policy/templates/CODE.json: {"stops","passes"}. */
static bool has_templates(enum review_rule rule) {
    const char *code = policy_rule_code(rule);
    CLEANUP(freep) char *tail = mem_format("test/policy/templates/%s.json", code);
    CLEANUP(freep) char *path = fixture_path(tail);

    if (access(path, R_OK) != 0) {
        return false;
    }
    CLEANUP(json_decrefp) json_t *fixture = fixture_read(path);
    CLEANUP(json_decrefp) json_t *bad = findings_on(fixture, json_object_get(fixture, "stops"));
    CLEANUP(json_decrefp) json_t *good = findings_on(fixture, json_object_get(fixture, "passes"));
    CLEANUP(freep) char *shown_bad = json_text(bad);
    CLEANUP(freep) char *shown_good = json_text(good);
    const json_t *found = json_row(bad, "code", code);
    if (found == NULL ||
        strcmp(json_str_or(found, "verdict", ""), verdict_name(policy_rule_verdict(rule))) != 0) {
        fail_msg("%s is not found: %s", code, shown_bad);
    }
    if (stops_something(good)) {
        fail_msg("%s: its neighbour does not pass: %s", code, shown_good);
    }
    return true;
}

/* A planted paper X.bad.json whose twin X.good.json is without it; where the rule only tells, a
 * paper in which it does. */
static bool has_papers(enum review_rule rule, const char *folder) {
    const char *code = policy_rule_code(rule);
    bool is_telling = policy_rule_verdict(rule) == VERDICT_ALLOW;
    CLEANUP(freep) char *tail = mem_format("test/policy/%s", folder);
    CLEANUP(freep) char *path = fixture_path(tail);
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
        CLEANUP(json_decrefp) json_t *fixture = fixture_read(file);
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

static json_t *case_template(const json_t *row, const char *side) {
    return json_pack("{s:O*, s:O}", "Parameters", json_object_get(row, "parameters"), "Resources",
                     json_object_get(row, side));
}

/* test/policy/cases.json: [{"name","code","stops": resources,"passes": resources}], with the
 * deployed template as "before" where it is about a change, and with the "text" that the finding
 * says. */
static void check_case(const json_t *row) {
    const char *name = json_str_or(row, "name", "?");
    const char *code = json_str_or(row, "code", "");
    const char *text = json_str_or(row, "text", "");
    CLEANUP(json_decrefp)
    json_t *stops = case_template(row, "stops");
    CLEANUP(json_decrefp) json_t *passes = case_template(row, "passes");
    CLEANUP(json_decrefp) json_t *bad = findings_on(row, stops);
    CLEANUP(json_decrefp) json_t *good = findings_on(row, passes);
    bool is_stopped = stops_something(good);
    CLEANUP(freep) char *shown = json_text(is_stopped ? good : bad);

    if (!fixture_finds(bad, code) || is_stopped ||
        strstr(json_str_or(json_row(bad, "code", code), "text", ""), text) == NULL) {
        fail_msg("%s: %s and nothing else: %s", name, code, shown);
    }
}

static void what_is_hidden_is_found_and_what_only_looks_so_passes(void **state) {
    CLEANUP(freep) char *path = fixture_path("test/policy/cases.json");
    CLEANUP(json_decrefp) json_t *cases = fixture_read(path);
    size_t i = 0;
    json_t *row = NULL;

    (void)state;
    assert_true(json_array_size(cases) >= 25);
    json_array_foreach(cases, i, row) {
        const char *code = json_str_or(row, "code", "");

        if (chosen == REVIEW_NONE || strcmp(code, policy_rule_code(chosen)) == 0) {
            check_case(row);
        }
    }
}

/* What the reviews find in one change: {"Resources","changes"} after `before`. */
static json_t *findings_on_change(const json_t *before, const json_t *after) {
    const struct redactor *redactor = fixture_redactor();
    CLEANUP(json_decrefp) json_t *template_before = json_pack("{s:O}", "Resources", before);
    CLEANUP(json_decrefp)
    json_t *template = json_pack("{s:O}", "Resources", json_object_get(after, "Resources"));
    CLEANUP(json_decrefp) json_t *set = fixture_creation(template, "depl-todo-dev");
    struct review_ctx ctx = {.account = fixture_account,
                             .region = "eu-central-1",
                             .redactor = redactor,
                             .template_before = template_before};
    json_t *findings = json_array();

    json_put_str(set, "type", "UPDATE");
    json_put(set, "changes", json_incref(json_object_get(after, "changes")));
    policy_review_set(set, template, &ctx, findings);
    return findings;
}

/* test/policy/changes.json: [{"name","code","before": resources,"stops","passes"}]. */
static void a_change_that_loses_something_is_found_and_one_that_does_not_passes(void **state) {
    CLEANUP(freep) char *path = fixture_path("test/policy/changes.json");
    CLEANUP(json_decrefp) json_t *rows = fixture_read(path);
    size_t i = 0;
    json_t *row = NULL;

    (void)state;
    assert_true(json_array_size(rows) >= 20);
    json_array_foreach(rows, i, row) {
        const char *code = json_str_or(row, "code", "");
        const json_t *before = json_object_get(row, "before");

        if (chosen != REVIEW_NONE && strcmp(code, policy_rule_code(chosen)) != 0) {
            continue;
        }
        CLEANUP(json_decrefp)
        json_t *bad = findings_on_change(before, json_object_get(row, "stops"));
        CLEANUP(json_decrefp)
        json_t *good = findings_on_change(before, json_object_get(row, "passes"));
        CLEANUP(freep) char *shown = json_text(stops_something(good) ? good : bad);
        if (!fixture_finds(bad, code) || stops_something(good)) {
            fail_msg("%s: %s: %s", json_str_or(row, "name", "?"), code, shown);
        }
    }
}

static void no_rule_is_without_what_it_stops_and_what_it_lets_pass(void **state) {
    CLEANUP(freep) char *path = fixture_path("test/policy/verdicts.json");
    CLEANUP(json_decrefp) json_t *verdicts = fixture_read(path);

    (void)state;
    for (enum review_rule rule = REVIEW_NONE + 1; rule < REVIEW_RULE_N; rule++) {
        if (chosen != REVIEW_NONE && rule != chosen) {
            continue;
        }
        bool has = has_templates(rule);

        has = has_papers(rule, "plans") || has;
        if (!has && !has_papers(rule, "sets") && !has_property(rule)) {
            fail_msg("test/policy has nothing that %s stops, with a neighbour",
                     policy_rule_code(rule));
        }
        const char *verdict = verdict_name(policy_rule_verdict(rule));
        if (strcmp(json_str_or(verdicts, policy_rule_code(rule), ""), verdict) != 0) {
            fail_msg("test/policy/verdicts.json has not %s for %s", verdict,
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

/* ---- without a rule ---- */

static void a_rule_that_is_gone_is_missed_by_its_examples(void **state);

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(planted_plans_are_stopped_and_their_neighbours_pass),
    cmocka_unit_test(planted_change_sets_are_stopped_and_their_neighbours_pass),
    cmocka_unit_test(every_property_stops_its_template_and_lets_the_neighbour_pass),
    cmocka_unit_test(what_is_hidden_is_found_and_what_only_looks_so_passes),
    cmocka_unit_test(a_change_that_loses_something_is_found_and_one_that_does_not_passes),
    cmocka_unit_test(no_rule_is_without_what_it_stops_and_what_it_lets_pass),
    cmocka_unit_test(a_rule_that_is_gone_is_missed_by_its_examples),
};

/* How many of the tests before this one fail, with the examples of one rule, in a process of their
 * own that has forgotten it, or not. */
static int failures_of(enum review_rule rule, bool is_gone) {
    int status = 0;

    (void)fflush(NULL);
    pid_t pid = fork();
    if (pid == 0) {
        chosen = rule;
        is_forgotten = is_gone;
        if (freopen("/dev/null", "w", stdout) == NULL ||
            freopen("/dev/null", "w", stderr) == NULL) {
            _exit(UINT8_MAX);
        }
        _exit(_cmocka_run_group_tests("one rule", tests, ARRAY_N(tests) - 1, NULL, NULL));
    }
    assert_true(pid > 0);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static void a_rule_that_is_gone_is_missed_by_its_examples(void **state) {
    (void)state;
    assert_int_equal(failures_of(REVIEW_WILDCARD_ACTION, false), 0);
    for (enum review_rule rule = REVIEW_NONE + 1; rule < REVIEW_RULE_N; rule++) {
        if (failures_of(rule, true) == 0) {
            fail_msg("no test fails without the rule %s", policy_rule_code(rule));
        }
    }
}

int main(void) { return cmocka_run_group_tests(tests, NULL, NULL); }
