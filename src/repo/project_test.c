/* aws-copilot.yml and the user's settings: what is read, refused, written and answered. */
#include "repo/project.h"

#include "repo/yaml_tree.h"
#include "support/mutate.h"
#include "sys/fs.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static const char full[] =
    "version: 1\n"
    "app:\n"
    "  name: todo\n"
    "  backend:  { dir: backend, asgi: \"app.main:app\", health: /api/health, python: \"3.11\" }\n"
    "  frontend: { dir: frontend, build: build, out: dist }\n"
    "  accept: [HARDCODED_API]\n"
    "environments:\n"
    "  dev:\n"
    "    account: \"123456789012\"\n"
    "    region: eu-west-1\n"
    "    target: lambda-http\n"
    "    approve: any-change\n"
    "    variables: { LOG_LEVEL: info, EMPTY: \"\" }\n"
    "    build_variables: { VITE_API_URL: \"\" }\n"
    "    ttl: 72h\n"
    "  prod:\n"
    "    account: \"210987654321\"\n"
    "    region: eu-west-1\n"
    "    qualifier: team1\n"
    "    approve: broadening\n"
    "    second_approver: true\n"
    "    cost_ceiling_usd: 120.50\n"
    "    secrets: [DATABASE_URL]\n";

static struct project *read_text(const char *text) {
    struct project *project = NULL;
    struct err err = {0};

    if (project_read(str_from(text), PROJECT_FILE, &project, &err) != ERR_NONE) {
        fail_msg("%s", err.text);
    }
    return project;
}

static void a_full_file_is_read_as_it_is_written(void **state) {
    CLEANUP(project_freep) struct project *project = read_text(full);
    const struct project_env *dev = project_env(project, "dev");
    const struct project_env *prod = project_env(project, "prod");

    (void)state;
    assert_string_equal(project->name, "todo");
    assert_string_equal(project->backend.asgi, "app.main:app");
    assert_string_equal(project->backend.python, "3.11");
    assert_string_equal(project->frontend.out, "dist");
    assert_string_equal(project->accepts[0], "HARDCODED_API");
    assert_int_equal(project->env_n, 2);
    assert_string_equal(dev->account, "123456789012");
    assert_string_equal(dev->qualifier, "depl");
    assert_int_equal(dev->target, PROJECT_TARGET_LAMBDA_HTTP);
    assert_int_equal(dev->ttl_ms, 72 * 3600000LL);
    assert_int_equal(dev->cost_ceiling_cents, -1);
    assert_int_equal(dev->variable_n, 2);
    assert_string_equal(dev->variables[0].value, "info");
    assert_string_equal(dev->build[0].name, "VITE_API_URL");
    assert_int_equal(dev->line, 8);
    assert_string_equal(prod->qualifier, "team1");
    assert_int_equal(prod->approve, PROJECT_APPROVE_BROADENING);
    assert_true(prod->has_second_approver);
    assert_int_equal(prod->cost_ceiling_cents, 12050);
    assert_string_equal(prod->secrets[0], "DATABASE_URL");
    assert_ptr_equal(project_env(project, NULL), dev); /* when none is named */
}

/* clang-format off */
static const struct {
    const char *text;
    const char *want; /* the whole sentence, or its beginning */
} refused[] = {
    { "version: 1\napp: { name: x }\nenvironments:\n  dev:\n    regoin: eu-west-1\n",
      "aws-copilot.yml:5: unknown key 'regoin'; did you mean 'region'?" },
    { "version: 1\nap: { name: x }\n",        "aws-copilot.yml:2: unknown key 'ap'; did you mean 'app'?" },
    { "version: 1\napp: { name: x }\nfoo: 1\n", "aws-copilot.yml:3: unknown key 'foo'" },
    { "version: 2\napp: { name: x }\n",       "aws-copilot.yml:1: version must be 1" },
    { "app: { name: x }\n",                   "aws-copilot.yml:1: version: 1 is missing" },
    { "version: 1\n",                         "aws-copilot.yml:1: app: name: is missing" },
    { "",                                     "aws-copilot.yml:1: version: 1 is missing" },
    { "- a\n- b\n",                           "aws-copilot.yml:1: the file must be a map" },
    { "version: 1\napp: { name: Todo }\n",    "aws-copilot.yml:2: name 'Todo' must be 1 to 18" },
    { "version: 1\napp: { name: artifacts }\n", "aws-copilot.yml:2: name 'artifacts' must be" },
    { "version: 1\napp: { name: a-name-of-19-letter }\n", "aws-copilot.yml:2: name 'a-name-of-19" },
    { "version: 1\napp: { name: x, backend: { dir: ../up } }\n", "aws-copilot.yml:2: dir '../up' must be a folder inside" },
    { "version: 1\napp: { name: x, backend: { dir: /etc } }\n",  "aws-copilot.yml:2: dir '/etc' must be" },
    { "version: 1\napp: { name: x, backend: { asgi: main } }\n", "aws-copilot.yml:2: asgi 'main' must be MODULE:OBJECT" },
    { "version: 1\napp: { name: x, backend: { asgi: \"a:b; rm -rf\" } }\n", "aws-copilot.yml:2: asgi" },
    { "version: 1\napp: { name: x, backend: { health: api } }\n", "aws-copilot.yml:2: health 'api' must be" },
    { "version: 1\napp: { name: x, backend: { health: \"/{id}\" } }\n", "aws-copilot.yml:2: health" },
    { "version: 1\napp: { name: x, backend: { python: 3 } }\n",  "aws-copilot.yml:2: python '3' must be" },
    { "version: 1\napp: { name: x, frontend: { dir: a, out: ../../b } }\n", "aws-copilot.yml:2: out '../../b' leaves" },
    { "version: 1\napp: { name: x, frontend: { build: \"-rf x\" } }\n", "aws-copilot.yml:2: build" },
    { "version: 1\napp: { name: x, accept: [no] }\n",            "aws-copilot.yml:2: accept 'no' must be" },
    { "version: 1\napp: { name: x }\nenvironments: { much-too-long-name: {} }\n", "aws-copilot.yml:3: the environment 'much" },
    { "version: 1\napp: { name: x }\nenvironments: { dev: { account: 12 } }\n",   "aws-copilot.yml:3: account '12' must be the 12 digits" },
    { "version: 1\napp: { name: x }\nenvironments: { dev: { region: europe } }\n", "aws-copilot.yml:3: region 'europe' must be" },
    { "version: 1\napp: { name: x }\nenvironments: { dev: { qualifier: awsx } }\n", "aws-copilot.yml:3: qualifier 'awsx' must be" },
    { "version: 1\napp: { name: x }\nenvironments: { dev: { qualifier: longerq } }\n", "aws-copilot.yml:3: qualifier" },
    { "version: 1\napp: { name: x }\nenvironments: { dev: { target: lambda } }\n", "aws-copilot.yml:3: target must be" },
    { "version: 1\napp: { name: x }\nenvironments: { dev: { approve: never } }\n", "aws-copilot.yml:3: approve: never cannot be set by a repository" },
    { "version: 1\napp: { name: x }\nenvironments: { dev: { approve: maybe } }\n", "aws-copilot.yml:3: approve must be" },
    { "version: 1\napp: { name: x }\nenvironments: { dev: { second_approver: yes } }\n", "aws-copilot.yml:3: second_approver must be true or false" },
    { "version: 1\napp: { name: x }\nenvironments: { dev: { cost_ceiling_usd: 0 } }\n", "aws-copilot.yml:3: cost_ceiling_usd must be" },
    { "version: 1\napp: { name: x }\nenvironments: { dev: { cost_ceiling_usd: 1.5 } }\n", "aws-copilot.yml:3: cost_ceiling_usd must be" },
    { "version: 1\napp: { name: x }\nenvironments: { dev: { ttl: 30m } }\n", "aws-copilot.yml:3: ttl must be" },
    { "version: 1\napp: { name: x }\nenvironments: { dev: { ttl: 72 } }\n",  "aws-copilot.yml:3: ttl must be" },
    { "version: 1\napp: { name: x }\nenvironments:\n  dev:\n    variables:\n      DB_PASSWORD: x\n",
      "aws-copilot.yml:6: DB_PASSWORD holds a secret" },
    { "version: 1\napp: { name: x }\nenvironments: { dev: { variables: { A: \"db://u:p@h/\" } } }\n", "aws-copilot.yml:3: A holds a secret" },
    { "version: 1\napp: { name: x }\nenvironments: { dev: { variables: { AWS_REGION: x } } }\n", "aws-copilot.yml:3: the variable 'AWS_REGION' must be" },
    { "version: 1\napp: { name: x }\nenvironments: { dev: { variables: { AWSCOPILOT_X: x } } }\n", "aws-copilot.yml:3: the variable" },
    { "version: 1\napp: { name: x }\nenvironments: { dev: { variables: { 1A: x } } }\n", "aws-copilot.yml:3: the variable '1A' must be" },
    { "version: 1\napp: { name: x }\nenvironments: { dev: { variables: [A] } }\n", "aws-copilot.yml:3: variables must be a map" },
    { "version: 1\napp: { name: x }\nenvironments: { dev: { secrets: [A, A] } }\n", "aws-copilot.yml:3: secrets names 'A' twice" },
    { "version: 1\napp: { name: x }\nenvironments: { dev: { variables: { A: x }, secrets: [A] } }\n", "aws-copilot.yml:3: A is under variables and under secrets" },
    { "version: 1\napp: &a { name: x }\n",    "aws-copilot.yml:2: anchors (&name) are not used here" },
    { "version: 1\napp: *a\n",                "aws-copilot.yml:2: aliases (*name) are not used here" },
    { "version: !!int 1\n",                   "aws-copilot.yml:1: tags (!name) are not used here" },
    { "version: 1\nversion: 1\n",             "aws-copilot.yml:2: 'version' was given on line 1 already" },
    { "version: 1\n---\nversion: 1\n",        "aws-copilot.yml:2: a second document begins" },
    { "version: 1\napp: {\n",                 "aws-copilot.yml:3: " },
    { "version: [[[[[[[[[[1]]]]]]]]]]\n",     "aws-copilot.yml:1: this is nested too deeply" },
    { "? [a]\n: b\n",                         "aws-copilot.yml:1: a key must be a plain word" },
    { "a: \"x\\0y\"\n",                       "aws-copilot.yml:1: a value holds a NUL character" },
    { "a: \xff\n",                            "aws-copilot.yml:" },
};
/* clang-format on */

static void each_mistake_is_told_with_its_line(void **state) {
    (void)state;
    for (size_t i = 0; i < ARRAY_N(refused); i++) {
        struct project *project = NULL;
        struct err err = {0};

        if (project_read(str_from(refused[i].text), PROJECT_FILE, &project, &err) != ERR_CONFIG ||
            project != NULL || !str_starts(str_from(err.text), str_from(refused[i].want))) {
            fail_msg("row %zu: got \"%s\", expected \"%s\"", i, err.text, refused[i].want);
        }
    }
}

static void a_file_that_is_too_long_or_has_too_many_entries_is_refused(void **state) {
    CLEANUP(buf_done) struct buf text = BUF_INIT(1 << 20);
    struct project *project = NULL;
    struct err err = {0};

    (void)state;
    for (int i = 0; i <= YAML_NODES_MAX; i++) {
        buf_addf(&text, "- a\n");
    }
    assert_int_equal(project_read(buf_str(&text), "f", &project, &err), ERR_CONFIG);
    while (text.len <= YAML_BYTES_MAX) {
        buf_add_s(&text, "# comment\n");
    }
    assert_int_equal(project_read(buf_str(&text), "f", &project, &err), ERR_TOO_LARGE);
}

static void what_is_written_is_read_back_the_same(void **state) {
    CLEANUP(project_freep) struct project *first = read_text(full);
    CLEANUP(project_freep) struct project *second = NULL;
    CLEANUP(buf_done) struct buf a = BUF_INIT(PROJECT_BYTES_MAX);
    CLEANUP(buf_done) struct buf b = BUF_INIT(PROJECT_BYTES_MAX);

    (void)state;
    project_write(first, &a);
    second = read_text(buf_cstr(&a));
    project_write(second, &b);
    assert_string_equal(buf_cstr(&a), buf_cstr(&b));
    assert_int_equal(second->envs[1].cost_ceiling_cents, 12050);
    assert_string_equal(second->envs[0].variables[1].value, "");
    assert_true(sha256_eq(project_trust_digest(first, &first->envs[1]),
                          project_trust_digest(second, &second->envs[1])));
}

/* Values that YAML would read as something else must come back as the text they are. */
static void odd_values_survive_writing(void **state) {
    static const char *const values[] = {"yes",      "null", "1e3", "0x1f",       "~",    " lead",
                                         "a: b",     "#no",  "'",   "\"q\"",      "a\tb", "a\\b",
                                         "\xc3\xa9", "-",    "[x]", "2026-01-01", "=",    "a\nb"};

    (void)state;
    for (size_t i = 0; i < ARRAY_N(values); i++) {
        json_t *answers = json_object();
        json_t *survey = json_pack("{s:s}", "name", "x");
        CLEANUP(project_freep) struct project *project = NULL;
        CLEANUP(project_freep) struct project *back = NULL;
        CLEANUP(buf_done) struct buf text = BUF_INIT(PROJECT_BYTES_MAX);
        struct err err = {0};

        json_put_str(answers, "env.ODD", values[i]);
        assert_int_equal(project_from_survey(survey, answers, NULL, &project, &err), ERR_NONE);
        project_write(project, &text);
        back = read_text(buf_cstr(&text));
        if (strcmp(back->envs[0].variables[0].value, values[i]) != 0) {
            fail_msg("row %zu: '%s' came back as '%s'", i, values[i],
                     back->envs[0].variables[0].value);
        }
        json_decref(answers);
        json_decref(survey);
    }
}

/* --- trust --- */

static void each_trusted_key_changes_the_digest(void **state) {
    static const char *const changes[][2] = {
        {"name: ", "name: other-"},
        {"210987654321", "210987654322"},
        {"region: eu-west-1\n    qualifier", "region: eu-west-2\n    qualifier"},
        {"qualifier: team1", "qualifier: team2"},
        {"approve: broadening", "approve: any-change"},
        {"second_approver: true", "second_approver: false"},
        {"120.50", "120.51"},
    };
    CLEANUP(project_freep) struct project *before = read_text(full);

    (void)state;
    for (size_t i = 0; i < ARRAY_N(changes); i++) {
        const char *at = strstr(full, changes[i][0]);
        CLEANUP(freep) char *text = NULL;
        CLEANUP(project_freep) struct project *after = NULL;

        assert_non_null(at);
        text = mem_format("%.*s%s%s", (int)(at - full), full, changes[i][1],
                          at + strlen(changes[i][0]));
        after = read_text(text);
        if (sha256_eq(project_trust_digest(before, &before->envs[1]),
                      project_trust_digest(after, &after->envs[1]))) {
            fail_msg("row %zu does not change the digest", i);
        }
    }
}

static void a_variable_does_not_change_the_digest(void **state) {
    CLEANUP(project_freep) struct project *a = read_text(full);
    CLEANUP(project_freep)
    struct project *b = read_text(
        "version: 1\napp: { name: todo }\nenvironments:\n  dev: { account: \"123456789012\", "
        "region: eu-west-1, variables: { X: y } }\n");

    (void)state;
    assert_true(
        sha256_eq(project_trust_digest(a, &a->envs[0]), project_trust_digest(b, &b->envs[0])));
}

/* --- answers --- */

static json_t *small_survey(void) {
    return json_pack(
        "{s:s, s:{s:s, s:{s:s, s:s, s:b}, s:{s:s}}, s:{s:s, s:s, s:s, s:s}, s:[{s:s, s:b}]}",
        "name", "todo", "backend", "dir", "backend", "asgi", "cwd", "backend/src", "target",
        "todo.main:make", "factory", 1, "health", "path", "/api/health", "frontend", "dir", "web",
        "bundler", "vite", "script", "build", "out", "site", "env", "name", "MAIL_LINE", "secret",
        1);
}

static void a_survey_and_answers_make_a_file(void **state) {
    json_t *survey = small_survey();
    json_t *answers = json_pack("{s:s, s:s, s:s, s:b, s:s, s:b}", "account", "123456789012",
                                "region", "eu-west-1", "env.LOG_LEVEL", "info", "env.MAIL_LINE", 1,
                                "build_env.VITE_TITLE", "Todo list", "accept.PROXY_REWRITE", 1);
    CLEANUP(project_freep) struct project *project = NULL;
    CLEANUP(buf_done) struct buf text = BUF_INIT(PROJECT_BYTES_MAX);
    struct err err = {0};

    (void)state;
    if (project_from_survey(survey, answers, NULL, &project, &err) != ERR_NONE) {
        fail_msg("%s", err.text);
    }
    project_write(project, &text);
    assert_string_equal(
        buf_cstr(&text),
        "# What aws-copilot deploys, and where to. Commit it; secrets appear by name only.\n"
        "version: 1\n"
        "app:\n"
        "  name: todo\n"
        "  backend:\n"
        "    dir: backend\n"
        "    cwd: backend/src\n"
        "    asgi: \"todo.main:make()\"\n"
        "    health: /api/health\n"
        "  frontend:\n"
        "    dir: web\n"
        "    build: build\n"
        "    out: \"../site\"\n"
        "  accept:\n"
        "    - PROXY_REWRITE\n"
        "environments:\n"
        "  dev:\n"
        "    account: \"123456789012\"\n"
        "    region: eu-west-1\n"
        "    approve: any-change\n"
        "    variables:\n"
        "      LOG_LEVEL: info\n"
        "    build_variables:\n"
        "      VITE_TITLE: \"Todo list\"\n"
        "    secrets:\n"
        "      - MAIL_LINE\n");
    json_decref(answers);
    json_decref(survey);
}

static void a_secret_of_the_survey_is_no_plain_variable(void **state) {
    json_t *survey = small_survey();
    json_t *answers = json_pack("{s:s}", "env.MAIL_LINE", "some words");
    struct project *project = NULL;
    struct err err = {0};

    (void)state;
    assert_int_equal(project_from_survey(survey, answers, NULL, &project, &err), ERR_INVALID);
    assert_null(project);
    assert_null(strstr(err.text, "some words"));
    json_decref(answers);
    json_decref(survey);
}

static void what_was_decided_before_stays_unless_answered_anew(void **state) {
    json_t *survey = small_survey();
    json_t *answers = json_pack("{s:s, s:s, s:s}", "environment", "prod", "region", "us-east-1",
                                "env.DATABASE_URL", "plain");
    CLEANUP(project_freep) struct project *before = read_text(full);
    CLEANUP(project_freep) struct project *after = NULL;
    struct err err = {0};

    (void)state;
    json_object_del(answers, "env.DATABASE_URL");
    assert_int_equal(project_from_survey(survey, answers, before, &after, &err), ERR_NONE);
    assert_string_equal(after->backend.asgi, "app.main:app");
    assert_string_equal(project_env(after, "prod")->region, "us-east-1");
    assert_string_equal(project_env(after, "prod")->account, "210987654321");
    assert_string_equal(project_env(after, "dev")->region, "eu-west-1");
    json_decref(answers);
    json_decref(survey);
}

static void another_folder_takes_nothing_from_the_survey(void **state) {
    json_t *survey = small_survey();
    json_t *answers = json_pack("{s:s}", "backend.dir", "other");
    CLEANUP(project_freep) struct project *project = NULL;
    struct err err = {0};

    (void)state;
    assert_int_equal(project_from_survey(survey, answers, NULL, &project, &err), ERR_NONE);
    assert_string_equal(project->backend.dir, "other");
    assert_null(project->backend.asgi);
    json_decref(answers);
    json_decref(survey);
}

/* clang-format off */
static const struct {
    const char *field;
    const char *value;
    bool is_fine;
} answered[] = {
    { "account",          "123456789012",      true },
    { "account",          "1234",              false },
    { "region",           "us-gov-west-1",     true },
    { "region",           "eu_west",           false },
    { "environment",      "dev",               true },
    { "environment",      "Dev",               false },
    { "approve",          "never",             false },
    { "ttl",              "2d",                true },
    { "second_approver",  "true",              true },
    { "cost_ceiling_usd", "12",                true },
    { "backend.asgi",     "a.b:make()",        true },
    { "backend.dir",      "none",              true },
    { "backend.color",    "red",               false },
    { "env.LOG_LEVEL",    "info",              true },
    { "env.API_TOKEN",    "a value",           false },
    { "env.A B",          "x",                 false },
    { "build_env.VITE_X", "y",                 true },
    { "accept.NO_SUCH",   "yes",               false }, /* only true accepts */
    { "nonsense",         "x",                 false },
    { "",                 "x",                 false },
    { "version",          "1",                 false },
};
/* clang-format on */

static void an_answer_is_checked_like_a_line_of_the_file(void **state) {
    (void)state;
    for (size_t i = 0; i < ARRAY_N(answered); i++) {
        struct err err = {0};
        enum err_code code = project_check_answer(answered[i].field, answered[i].value, &err);

        if ((code == ERR_NONE) != answered[i].is_fine ||
            (code != ERR_NONE && code != ERR_INVALID)) {
            fail_msg("%s = %s: %s", answered[i].field, answered[i].value, err.text);
        }
        if (strstr(err.text, "a value") != NULL) {
            fail_msg("the error repeats the secret: %s", err.text);
        }
    }
}

/* --- files --- */

static void a_repository_without_the_file_is_an_answer(void **state) {
    struct project *project = NULL;
    struct err err = {0};
    char root[] = "/tmp/awscopilot-project-XXXXXX";

    (void)state;
    assert_non_null(mkdtemp(root));
    assert_int_equal(project_load(root, &project, &err), ERR_NONE);
    assert_null(project);
    rmdir(root);
}

/* --- settings --- */

static void never_is_read_only_from_the_users_settings_for_a_pinned_account(void **state) {
    CLEANUP(settings_freep) struct settings *settings = NULL;
    CLEANUP(project_freep) struct project *project = read_text(full);
    struct project_env unpinned = project->envs[0];
    struct err err = {0};

    (void)state;
    assert_int_equal(settings_read(STR("version: 1\nprofile: work\nenvironment: dev\naccounts:\n"
                                       "  \"123456789012\": { approve: never, profile: sandbox }\n"
                                       "  \"210987654321\": { profile: live }\n"),
                                   "config.yml", &settings, &err),
                     ERR_NONE);
    unpinned.account = NULL;
    assert_string_equal(settings->profile, "work");
    assert_string_equal(settings->accounts[0].profile, "sandbox");
    assert_int_equal(settings_approve(settings, &project->envs[0]), PROJECT_APPROVE_NEVER);
    assert_int_equal(settings_approve(settings, &project->envs[1]), PROJECT_APPROVE_BROADENING);
    assert_int_equal(settings_approve(settings, &unpinned), PROJECT_APPROVE_ANY_CHANGE);
    assert_int_equal(settings_approve(NULL, &project->envs[0]), PROJECT_APPROVE_ANY_CHANGE);
}

static void a_mistake_in_the_settings_is_told_with_its_line(void **state) {
    struct settings *settings = NULL;
    struct err err = {0};

    (void)state;
    assert_int_equal(settings_read(STR("accounts:\n  \"12\": {}\n"), "config.yml", &settings, &err),
                     ERR_CONFIG);
    assert_non_null(strstr(err.text, "config.yml:2: the account '12' must be"));
    assert_int_equal(settings_read(STR("acounts: {}\n"), "config.yml", &settings, &err),
                     ERR_CONFIG);
    assert_non_null(
        strstr(err.text, "config.yml:1: unknown key 'acounts'; did you mean 'accounts'?"));
}

static void models_have_names_sizes_and_prices(void **state) {
    /* clang-format off */
    static const struct {
        const char *line; /* of the map "models" */
        const char *text; /* in the sentence */
    } bad[] = {
        { "primary: two words",                  "name of a model" },
        { "secondary: x",                        "unknown key 'secondary'" },
        { "table: { q: { context: many } }",     "context must be a number of tokens" },
        { "table: { q: { answer: 0 } }",         "answer must be a number of tokens" },
        { "table: { q: { in_usd: -1 } }",        "in_usd must be US dollars" },
        { "table: { q: { in_usd: 0.0015 } }",    "in_usd must be US dollars" },
        { "table: { q: { out_usd: 1.x } }",      "out_usd must be US dollars" },
        { "table: [q]",                          "must be a map of models" },
    };
    /* clang-format on */
    CLEANUP(settings_freep) struct settings *settings = NULL;
    struct err err = {0};

    (void)state;
    assert_int_equal(
        settings_read(
            STR("models:\n  primary: qwen3\n  fallback: none\n  embeddings: tiny\n  table:\n"
                "    qwen3: { context: 32768, answer: 4096, in_usd: 0.15, out_usd: 2 }\n"
                "    org/small:1b: {}\n"),
            "config.yml", &settings, &err),
        ERR_NONE);
    assert_string_equal(settings->model_primary, "qwen3");
    assert_string_equal(settings->model_fallback, "none");
    assert_string_equal(settings->model_embeddings, "tiny");
    assert_int_equal(settings->model_n, 2);
    assert_int_equal(settings->models[0].context, 32768);
    assert_int_equal(settings->models[0].answer, 4096);
    assert_int_equal(settings->models[0].in_nano, 150);
    assert_int_equal(settings->models[0].out_nano, 2000);
    assert_string_equal(settings->models[1].name, "org/small:1b");
    assert_int_equal(settings->models[1].in_nano, -1);
    for (size_t i = 0; i < ARRAY_N(bad); i++) {
        CLEANUP(freep) char *text = mem_format("models:\n  %s\n", bad[i].line);
        struct settings *none = NULL;

        if (settings_read(str_from(text), "config.yml", &none, &err) != ERR_CONFIG ||
            strstr(err.text, bad[i].text) == NULL) {
            fail_msg("%s: %s", bad[i].line, err.text);
        }
    }
}

static void settings_that_others_may_write_are_not_trusted(void **state) {
    char path[] = "/tmp/awscopilot-settings-XXXXXX";
    int fd = mkstemp(path);
    struct settings *settings = NULL;
    struct err err = {0};

    (void)state;
    assert_true(fd >= 0);
    assert_int_equal(settings_load(path, &settings, &err), ERR_NONE);
    settings_free(settings);
    settings = NULL;
    assert_int_equal(fchmod(fd, 0666), 0);
    assert_int_equal(settings_load(path, &settings, &err), ERR_CONFIG);
    assert_null(settings);
    assert_non_null(strstr(err.text, "can be written by other users"));
    close(fd);
    unlink(path);
    assert_int_equal(settings_load(path, &settings, &err), ERR_NONE); /* absent: empty */
    assert_int_equal(settings->account_n, 0);
    settings_free(settings);
}

/* What is understood is written and read back as the same; all else has a sentence. */
static void read_mutant(void *ctx, struct str text) {
    CLEANUP(project_freep) struct project *project = NULL;
    CLEANUP(project_freep) struct project *again = NULL;
    CLEANUP(buf_done) struct buf once = BUF_INIT(1 << 20);
    CLEANUP(buf_done) struct buf twice = BUF_INIT(1 << 20);
    struct err err = {0};

    (void)ctx;
    if (project_read(text, PROJECT_FILE, &project, &err) != ERR_NONE) {
        assert_null(project);
        assert_non_null(strstr(err.text, PROJECT_FILE));
        assert_true(str_is_utf8(str_from(err.text)));
        return;
    }
    project_write(project, &once);
    if (project_read(buf_str(&once), PROJECT_FILE, &again, &err) != ERR_NONE) {
        fail_msg("what was written is not read: %s\n%s", err.text, buf_cstr(&once));
    }
    project_write(again, &twice);
    assert_string_equal(buf_cstr(&once), buf_cstr(&twice));
}

static void whatever_the_file_holds_it_is_read_the_same_again_or_refused(void **state) {
    static const char *const seeds[] = {
        full, "version: 1\napp: &a { name: x }\nenvironments: { dev: *a }\n",
        "version: 1\napp:\n  name: |\n    todo\n  backend: null\nenvironments: {}\n", NULL};

    (void)state;
    mutate(seeds, read_mutant, NULL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_full_file_is_read_as_it_is_written),
        cmocka_unit_test(each_mistake_is_told_with_its_line),
        cmocka_unit_test(a_file_that_is_too_long_or_has_too_many_entries_is_refused),
        cmocka_unit_test(what_is_written_is_read_back_the_same),
        cmocka_unit_test(odd_values_survive_writing),
        cmocka_unit_test(each_trusted_key_changes_the_digest),
        cmocka_unit_test(a_variable_does_not_change_the_digest),
        cmocka_unit_test(a_survey_and_answers_make_a_file),
        cmocka_unit_test(a_secret_of_the_survey_is_no_plain_variable),
        cmocka_unit_test(what_was_decided_before_stays_unless_answered_anew),
        cmocka_unit_test(another_folder_takes_nothing_from_the_survey),
        cmocka_unit_test(an_answer_is_checked_like_a_line_of_the_file),
        cmocka_unit_test(a_repository_without_the_file_is_an_answer),
        cmocka_unit_test(never_is_read_only_from_the_users_settings_for_a_pinned_account),
        cmocka_unit_test(a_mistake_in_the_settings_is_told_with_its_line),
        cmocka_unit_test(models_have_names_sizes_and_prices),
        cmocka_unit_test(settings_that_others_may_write_are_not_trusted),
        cmocka_unit_test(whatever_the_file_holds_it_is_read_the_same_again_or_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
