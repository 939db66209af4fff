/* Builds without a build: finding sources, blaming tools, layouts, sites as they should not be. */
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "bundle/build_run.h"
#include "bundle/fetch.h"
#include "bundle/node.h"
#include "bundle/python_place.h"
#include "support/scratch.h"

static char work[PATH_MAX];
static struct redactor *redactor;

static int set_up(void **state) {
    (void)state;
    snprintf(work, sizeof work, "/tmp/bundle_test-XXXXXX");
    redactor = redactor_new();
    redactor_add_known(redactor, "DATABASE_PASSWORD", STR("correct-horse-battery"));
    return mkdtemp(work) == NULL ? -1 : 0;
}

static int tear_down(void **state) {
    (void)state;
    redactor_freep(&redactor);
    return scratch_remove(work);
}

static void put(const char *name, const char *content) {
    CLEANUP(freep) char *path = fs_join(work, name);
    CLEANUP(freep) char *dir = mem_strdup(path);
    struct err err = {0};

    *strrchr(dir, '/') = '\0';
    assert_int_equal(fs_mkdirs(dir, 0755, &err), ERR_NONE);
    assert_int_equal(fs_write_file(path, str_from(content), 0644, &err), ERR_NONE);
}

static void hosts_are_found_in_a_lock(void **state) {
    /* clang-format off */
    static const struct { const char *text; const char *want; } rows[] = {
        { "url = \"https://files.example.org/a.whl\"", "files.example.org:443 " },
        { "registry=http://npm.example.org:4873/",      "npm.example.org:4873 " },
        { "http://plain.example.org/x",                 "plain.example.org:80 " },
        { "https://me:p%40ss@host.example/index", "host.example:443 " },
        { "{tarball: https://a.org/b.tgz}, https://a.org/c", "a.org:443 " },
        { "https://[::1]:8080/x https://[::1]/",        "[::1]:8080 [::1]:443 " },
        { "https:///x https://$HOST/ no url here",      "" },
    };
    /* clang-format on */
    (void)state;
    for (size_t i = 0; i < ARRAY_N(rows); i++) {
        CLEANUP(words_done) struct words hosts = {0};
        CLEANUP(buf_done) struct buf text = BUF_INIT(1000);

        build_add_hosts(&hosts, str_from(rows[i].text));
        for (size_t k = 0; k < hosts.n; k++) {
            buf_addf(&text, "%s ", hosts.rows[k]);
        }
        if (strcmp(buf_cstr(&text), rows[i].want) != 0) {
            fail_msg("'%s': '%s'", rows[i].text, buf_cstr(&text));
        }
    }
}

/* Names of hosts are looked for where a manager takes them from, and nowhere else. */
static void hosts_that_only_the_repository_names_are_told_with_their_file(void **state) {
    /* clang-format off */
    static const struct { const char *manager; const char *file; const char *text; const char *want; } rows[] = {
        { "npm", ".npmrc", "registry=https://npm.example/\n//npm.example/:_authToken=x\n", "npm.example:443" },
        { "npm", "web/.npmrc", "@corp:registry=http://corp.example:4873\n", "corp.example:4873" },
        { "npm", ".npmrc", "# https://a.example\nhttps-proxy=https://b.example\ncafile=https://c.example\n", "" },
        { "yarn", ".yarnrc.yml", "npmScopes: {corp: {npmRegistryServer: \"https://yarn.example\"}}\n", "yarn.example:443" },
        { "bun", "bunfig.toml", "[install]\nregistry = \"https://bun.example\"\n", "bun.example:443" },
        { "npm", "package.json", "{\"homepage\":\"https://page.example\",\"dependencies\":{\"x\":\"https://x.example/x.tgz\"}}", "x.example:443" },
        { "npm", "package.json", "{\"overrides\":{\"x\":{\"y\":\"git+https://y.example/y\"}}}", "y.example:443" },
        { "npm", "package.json", "no JSON https://x.example", "" },
        { "npm", "package-lock.json", "  \"resolved\": \"https://lock.example/x.tgz\",\n", "" },
        { "yarn", "yarn.lock", "  resolved \"https://tar.example/x.tgz#1\"\n", "tar.example:443" },
        { "yarn", "yarn.lock", "  resolved \"https://known.example/x.tgz#1\"\n", "" },
        { "pnpm", "pnpm-workspace.yaml", "overrides:\n  x: https://over.example/x.tgz\n", "over.example:443" },
        { "pnpm", "pnpm-workspace.yaml", "configDependencies:\n  x: 1.0.0\n", "unsupported" },
        { "pnpm", "pnpm-workspace.yaml", "pnpmfile: a.cjs\n", "unsupported" },
        { "npm", "node_modules/x/.npmrc", "registry=https://npm.example/\n", "" },
        { "npm", "uv.lock", "url = \"https://uv.example\"\n", "" },
        { "uv", ".npmrc", "registry=https://npm.example/\n", "" },
        { "uv", "uv.lock", "source = { registry = \"https://uv.example/simple\" }\n", "uv.example:443" },
        { "uv", "uv.toml", "[[index]]\nurl = \"https://idx.example/simple\"\n", "idx.example:443" },
        { "uv", "pyproject.toml", "[project]\ndependencies=[\"x @ https://x.example/x.whl\"]\n[project.urls]\nhome=\"https://page.example\"\n", "x.example:443" },
        { "uv", "lib/pyproject.toml", "[[tool.uv.index]]\nurl=\"https://corp.example/simple\"\n", "corp.example:443" },
        { "uv", "pyproject.toml", "[project]\ndynamic=[\"readme\"]\n", "" },
        { "uv", "pyproject.toml", "[project]\ndynamic=[\"readme\", \"version\"]\n", "unsupported" },
        { "uv", "lib/pyproject.toml", "[project]\ndynamic=[\"dependencies\"]\n", "unsupported" },
        { "uv", "pyproject.toml", "[project\n", "config" },
        { "uv", "requirements.txt", "x @ https://req.example/x.whl\n", "req.example:443" },
        { "uv", "other.txt", "x @ https://req.example/x.whl\n", "" },
    };
    /* clang-format on */
    CLEANUP(words_done) struct words known = {0};

    (void)state;
    words_add(&known, "known.example:443");
    for (size_t i = 0; i < ARRAY_N(rows); i++) {
        CLEANUP(freep) char *root = mem_format("%s/named-%zu", work, i);
        CLEANUP(freep) char *file = mem_format("named-%zu/%s", i, rows[i].file);
        CLEANUP(json_decrefp)
        json_t *words = json_pack("[s,s,s,s]", rows[i].manager, "add", "-r", "requirements.txt");
        CLEANUP(json_decrefp) json_t *named = NULL;
        const struct build_env env = {.root = root, .cache_dir = work};
        const struct fetch_command command = {.manager = rows[i].manager, .words = words};
        struct err err = {0};

        put(file, rows[i].text);
        enum err_code code = fetch_named(&env, &command, &known, &named, &err);
        const json_t *first = json_array_get(named, 0);
        const char *got = code != ERR_NONE ? err_wire(code) : json_str_or(first, "host", "");
        if (strcmp(got, rows[i].want) != 0 || json_array_size(named) > 1 ||
            (first != NULL && strcmp(json_str_or(first, "file", ""), rows[i].file) != 0)) {
            fail_msg("%s of %s: '%s' %s", rows[i].file, rows[i].manager, got, err.text);
        }
    }
}

static void the_line_that_says_what_went_wrong_is_found(void **state) {
    /* clang-format off */
    static const struct { const char *text; const char *want; } rows[] = {
        { "Resolving\nerror: no such package\n  cause: x\n", "error: no such package" },
        { " ERR_PNPM_OUTDATED_LOCKFILE  Cannot install\n\nmore", "ERR_PNPM_OUTDATED_LOCKFILE  Cannot install" },
        { "src/App.tsx(3,5): error TS2322: no\n ELIFECYCLE  Command failed with exit code 2.\n",
          "src/App.tsx(3,5): error TS2322: no" },
        { "one\n\ntwo\n\n", "two" },
        { "", "" },
    };
    /* clang-format on */
    (void)state;
    for (size_t i = 0; i < ARRAY_N(rows); i++) {
        struct str line = build_error_line(str_from(rows[i].text));

        if (!str_eq(line, str_from(rows[i].want))) {
            fail_msg("row %zu: '" STR_FMT "'", i, STR_ARG(line));
        }
    }
}

static void the_zip_has_what_is_imported_and_neither_the_site_nor_what_lies_beside(void **state) {
    /* clang-format off */
    static const struct { const char *dir, *cwd, *site, *also, *path; bool want; } rows[] = {
        { "backend", NULL,  "frontend", "[]", "backend/app/main.py",      true },
        { "backend", NULL,  "frontend", "[]", "backend2/app/main.py",     false },
        { "backend", NULL,  "frontend", "[]", "backend/tests/test_a.py",  false },
        { "backend", NULL,  "frontend", "[]", "backend/docs/terms.html",  true },
        { "backend", NULL,  "frontend", "[]", "shared/words.py",          false },
        { "backend", NULL,  "frontend", "[\"shared\"]", "shared/words.py", true },
        { "backend", NULL,  "frontend", "[\"shared\"]", "shared2/words.py", false },
        { "backend", NULL,  "frontend", "[\"backend/tests\"]", "backend/tests/data.py", true },
        { "backend", ".",   "frontend", "[]", "backend/main.py",          true },
        { "backend", ".",   "frontend", "[]", "shared/words.py",          true },
        { "backend", ".",   "frontend", "[]", "frontend/logo.png",        false },
        { "backend", ".",   "frontend", "[]", "docs/guide.md",            false },
        { "backend", ".",   "frontend", "[\"docs/guide.md\"]", "docs/guide.md", true },
        { "backend", ".",   "frontend", "[]", "docker-compose.prod.yml",  false },
        { ".",       NULL,  "web",      "[]", "docs/terms.html",          true },
        { ".",       NULL,  "web",      "[]", "web/index.html",           false },
        { ".",       NULL,  ".",        "[]", "main.py",                  true },
        { ".",       NULL,  ".",        "[]", "src/App.tsx",              false },
        { "app/api", NULL,  "app",      "[]", "app/api/main.py",          true },
        { ".",       "src", NULL,       "[]", "src/main.py",              true },
        { ".",       "src", NULL,       "[]", "alembic/env.py",           false },
    };
    /* clang-format on */
    (void)state;
    for (size_t i = 0; i < ARRAY_N(rows); i++) {
        struct err err = {0};
        CLEANUP(json_decrefp) json_t *also = NULL;
        assert_int_equal(json_read(str_from(rows[i].also), &also, &err), ERR_NONE);
        struct python_app app = {
            .dir = rows[i].dir, .cwd = rows[i].cwd, .site = rows[i].site, .also = also};

        if (python_is_packed(&app, rows[i].path) != rows[i].want) {
            fail_msg("row %zu: %s", i, rows[i].path);
        }
    }
}

static void what_was_read_elsewhere_moves_the_root_of_the_zip_up(void **state) {
    /* clang-format off */
    static const struct { const char *dir, *cwd, *read, *also, *root, *inside; } rows[] = {
        { "backend", NULL,      "[\"backend/main.py\"]",      "[]",                   "backend", "" },
        { "backend", NULL,      "[\"shared/words/en.py\"]",   "[\"shared\"]",         "",        "backend" },
        { "backend", NULL,      "[\"shared/data/a.json\"]",   "[\"shared/data/a.json\"]", "",    "backend" },
        { "backend", NULL,      "[\"settings.py\"]",          "[\"settings.py\"]",    "",        "backend" },
        { "backend", NULL,      "[\"gone.py\"]",              "[]",                   "backend", "" },
        { "a/b",     NULL,      "[\"a/tools/x.py\"]",         "[\"a/tools\"]",        "a",       "b" },
        { ".",       "src",     "[\"config.toml\"]",          "[\"config.toml\"]",    "",        "src" },
        { "backend", ".",       "[\"shared/words/en.py\"]",   "[]",                   "",        "" },
    };
    /* clang-format on */
    static const char *const there[] = {
        "backend/main.py",    "shared/__init__.py", "shared/words/__init__.py",
        "shared/words/en.py", "shared/data/a.json", "settings.py",
        "a/tools/x.py",       "config.toml"};
    struct fs_entry entries[ARRAY_N(there)] = {0};
    struct fs_list tree = {.rows = entries, .n = ARRAY_N(there)};

    (void)state;
    for (size_t i = 0; i < ARRAY_N(there); i++) {
        entries[i].path = (char *)(uintptr_t)there[i];
    }
    for (size_t i = 0; i < ARRAY_N(rows); i++) {
        struct err err = {0};
        CLEANUP(json_decrefp) json_t *read = NULL;
        CLEANUP(freep) char *root = NULL;
        CLEANUP(freep) char *inside = NULL;
        struct python_app app = {.dir = rows[i].dir, .cwd = rows[i].cwd, .site = "frontend"};
        assert_int_equal(json_read(str_from(rows[i].read), &read, &err), ERR_NONE);
        CLEANUP(json_decrefp) json_t *also = python_pack_also(&app, &tree, read);
        CLEANUP(freep) char *text = json_text(also);

        app.also = also;
        python_pack_layout(&app, &root, &inside);
        if (strcmp(text, rows[i].also) != 0 || strcmp(root, rows[i].root) != 0 ||
            strcmp(inside, rows[i].inside) != 0) {
            fail_msg("row %zu: %s '%s' '%s'", i, text, root, inside);
        }
    }
}

static void a_missing_tool_comes_with_the_command_that_installs_it(void **state) {
    CLEANUP(freep) char *path = mem_strdup(getenv("PATH"));
    char *tool = NULL;
    struct err err = {0};

    (void)state;
    unsetenv("AWSCOPILOT_UV");
    setenv("PATH", "/nowhere", 1);
    assert_int_equal(build_find_tool(BUILD_UV, &tool, &err), ERR_BUILD);
    assert_string_equal(err.remedy, "pip install uv==0.13.9");
    setenv("AWSCOPILOT_UV", "/nowhere/uv", 1);
    assert_int_equal(build_find_tool(BUILD_UV, &tool, &err), ERR_BUILD);
    assert_non_null(strstr(err.text, "/nowhere/uv"));
    setenv("AWSCOPILOT_UV", "/bin/sh", 1);
    assert_int_equal(build_find_tool(BUILD_UV, &tool, &err), ERR_NONE);
    assert_string_equal(tool, "/bin/sh");
    free(tool);
    unsetenv("AWSCOPILOT_UV");
    setenv("PATH", path, 1);
}

/* --- sites --- */

static const char good_index[] =
    "<script type=\"module\" src=\"/assets/index-B3x9aQ_z.js\"></script>"
    "<link rel=stylesheet href='/assets/index-Zz09-_aB.css'>"
    "<script src=\"https://cdn.example.org/x.js\"></script>";

static void make_site(const char *name, const char *index, const char *code) {
    CLEANUP(freep) char *html = mem_format("%s/index.html", name);
    CLEANUP(freep) char *js = mem_format("%s/assets/index-B3x9aQ_z.js", name);
    CLEANUP(freep) char *map = mem_format("%s/assets/index-B3x9aQ_z.js.map", name);
    CLEANUP(freep) char *css = mem_format("%s/assets/index-Zz09-_aB.css", name);

    if (index != NULL) {
        put(html, index);
    }
    put(js, code);
    put(map, "{\"sources\":[]}");
    put(css, "body{}");
}

static enum err_code inspect(const char *name, struct site *site, struct err *err) {
    CLEANUP(freep) char *dir = fs_join(work, name);

    return site_inspect(dir, redactor, site, err);
}

static void a_good_site_is_described_without_its_source_maps(void **state) {
    CLEANUP(site_done) struct site site = {0};
    CLEANUP(site_done) struct site again = {0};
    struct err err = {0};

    (void)state;
    make_site("good", good_index, "fetch('/api/todos');const base='http://localhost';");
    put("good/favicon.svg", "<svg/>");
    if (inspect("good", &site, &err) != ERR_NONE) {
        fail_msg("%s", err.text);
    }
    assert_int_equal(site.file_n, 4);
    assert_string_equal(site.files[0].path, "assets/index-B3x9aQ_z.js");
    assert_string_equal(site.files[0].content_type, "text/javascript; charset=utf-8");
    assert_true(site.files[0].is_asset);
    assert_string_equal(site.files[2].path, "favicon.svg");
    assert_false(site.files[2].is_asset);
    assert_ptr_equal(site.probe, &site.files[0]);
    assert_true(sha256_eq(site.index_hash, sha256_of(str_from(good_index))));
    assert_int_equal(json_array_size(site.warnings), 0);

    put("good/assets/index-B3x9aQ_z.js.map", "{\"sources\":[\"other\"]}");
    assert_int_equal(inspect("good", &again, &err), ERR_NONE);
    assert_true(sha256_eq(site.release, again.release));
    site_done(&again);
    put("good/favicon.svg", "<svg></svg>");
    assert_int_equal(inspect("good", &again, &err), ERR_NONE);
    assert_false(sha256_eq(site.release, again.release));
}

static void a_site_that_cannot_be_served_is_refused(void **state) {
    /* clang-format off */
    static const struct { const char *index; const char *code; enum err_code want; const char *says; } rows[] = {
        { NULL, "", ERR_BUILD, "index.html" },
        { "<script src=\"./assets/index-B3x9aQ_z.js\">", "", ERR_BUILD, "below /" },
        { "<script src=\"/sub/assets/index-B3x9aQ_z.js\">", "", ERR_BUILD, "below /" },
        { "<script src=\"assets/index-B3x9aQ_z.js\">", "", ERR_BUILD, "below /" },
        { good_index, "const key='AKIAQWERTYUIOPASDFGH'", ERR_POLICY, "assets/index-B3x9aQ_z.js" },
        { good_index, "x='correct-horse-battery'", ERR_POLICY, "secret" },
        { good_index, "const t={password:'Password',token:'Token'}", ERR_NONE, "" },
    };
    /* clang-format on */
    (void)state;
    for (size_t i = 0; i < ARRAY_N(rows); i++) {
        CLEANUP(site_done) struct site site = {0};
        CLEANUP(freep) char *name = mem_format("bad%zu", i);
        struct err err = {0};

        make_site(name, rows[i].index, rows[i].code);
        if (inspect(name, &site, &err) != rows[i].want || strstr(err.text, rows[i].says) == NULL) {
            fail_msg("row %zu: code %d, %s", i, err.code, err.text);
        }
        assert_null(strstr(err.text, "correct-horse"));
    }
}

static void addresses_of_the_visitors_machine_and_unhashed_assets_are_said(void **state) {
    CLEANUP(site_done) struct site site = {0};
    struct err err = {0};

    (void)state;
    make_site("local", good_index, "fetch('http://localhost:8000/api')");
    put("local/assets/logo.png", "png");
    assert_int_equal(inspect("local", &site, &err), ERR_NONE);
    assert_int_equal(json_array_size(site.warnings), 2);
    assert_non_null(
        strstr(json_string_value(json_array_get(site.warnings, 0)), "localhost:8000, which"));
    assert_non_null(strstr(json_string_value(json_array_get(site.warnings, 1)), "assets/logo.png"));
}

static void content_types_follow_the_ending(void **state) {
    (void)state;
    assert_string_equal(site_content_type("a/index.html"), "text/html; charset=utf-8");
    assert_string_equal(site_content_type("x.WOFF2"), "font/woff2");
    assert_string_equal(site_content_type("CNAME"), "application/octet-stream");
    assert_string_equal(site_content_type("x.unknown"), "application/octet-stream");
}

static void a_copy_has_no_secrets_and_no_installed_packages(void **state) {
    CLEANUP(freep) char *root = fs_join(work, "repo");
    CLEANUP(freep) char *cache = fs_join(work, "cache");
    CLEANUP(freep) char *to = fs_join(work, "copied");
    CLEANUP(fs_root_done) struct fs_root copy = {0};
    CLEANUP(fs_list_done) struct fs_list list = {0};
    struct build_env env = {.root = root, .cache_dir = cache, .redactor = redactor};
    const struct fs_walk walk = {9, 100, 10000, NULL, NULL};
    struct err err = {0};

    (void)state;
    put("repo/backend/main.py", "x");
    put("repo/backend/.env", "PASSWORD=x");
    put("repo/.env.production", "PASSWORD=x");
    put("repo/.git/config", "x");
    put("repo/aws-copilot.yml", "x");
    put("repo/frontend/node_modules/a/index.js", "x");
    put("repo/backend/__pycache__/main.pyc", "x");
    assert_int_equal(build_copy(&env, to, &err), ERR_NONE);
    assert_int_equal(fs_root_open(to, &copy, &err), ERR_NONE);
    assert_int_equal(fs_list_tree(&copy, "", &walk, &list, &err), ERR_NONE);
    assert_int_equal(list.n, 3);
    assert_string_equal(list.rows[1].path, "backend/main.py");
    build_remove(&env, to); /* not below the cache: left alone */
    assert_int_equal(access(to, F_OK), 0);
}

/* A changed variable is no changed program: what was built is found again. */
static void the_project_file_is_no_part_of_what_a_build_is_known_by(void **state) {
    CLEANUP(freep) char *root = fs_join(work, "keyed");
    CLEANUP(fs_list_done) struct fs_list list = {0};
    struct build_env env = {.root = root, .redactor = redactor};
    struct err err = {0};

    (void)state;
    put("keyed/main.py", "x");
    put("keyed/aws-copilot.yml", "variables: { LOG_LEVEL: info }");
    assert_int_equal(build_digest(&env, &list, &err), ERR_NONE);
    assert_int_equal(list.n, 1);
    assert_string_equal(list.rows[0].path, "main.py");
}

static void hear(void *ctx, const char *line) {
    struct buf *heard = ctx;

    buf_addf(heard, "%s\n", line);
}

/* A program that prints nothing is told of, with its deadline; what it prints is masked as it
 * comes; at the deadline all that it started ends with it, and no half of a secret is shown. */
static void a_silent_program_is_told_of_with_its_deadline(void **state) {
    static const char *const argv[] = {"/bin/sh", "-c",
                                       "echo pass correct-horse-battery; "
                                       "printf 'see correct-horse-bat'; exec sleep 9",
                                       NULL};
    CLEANUP(proc_result_done) struct proc_result result = {0};
    CLEANUP(proc_env_done) struct proc_env vars = {0};
    CLEANUP(buf_done) struct buf heard = BUF_INIT(1 << 16);
    CLEANUP(freep) char *tmp = fs_join(work, "long");
    struct words writable = {.rows = {tmp}, .n = 1};
    struct build_env env = {.root = work,
                            .cache_dir = work,
                            .redactor = redactor,
                            .is_sandboxed = true,
                            .say = hear,
                            .ctx = &heard};
    struct build_step step = {.title = "the build",
                              .argv = argv,
                              .vars = &vars,
                              .cwd = tmp,
                              .writable = &writable,
                              .tmp = tmp,
                              .timeout_ms = 1000,
                              .beat_ms = 100};
    struct err err = {0};

    (void)state;
    if (sandbox_probe()->missing[0] != '\0') {
        print_message("# SKIP no sandbox here: %s\n", sandbox_probe()->missing);
        return;
    }
    put("long/x", "");
    assert_int_equal(build_run(&env, &step, &result, &err), ERR_TIMEOUT);
    assert_true(str_starts(str_from(err.text), STR("the build was stopped after ")));
    if (strstr(buf_cstr(&heard), "the build: still running after ") == NULL ||
        strstr(buf_cstr(&heard), " s, stopped at 1 s\n") == NULL ||
        strstr(buf_cstr(&heard), "pass ***\n") == NULL ||
        strstr(buf_cstr(&heard), "correct-horse") != NULL) {
        fail_msg("%s", buf_cstr(&heard));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hosts_are_found_in_a_lock),
        cmocka_unit_test(hosts_that_only_the_repository_names_are_told_with_their_file),
        cmocka_unit_test(the_line_that_says_what_went_wrong_is_found),
        cmocka_unit_test(the_zip_has_what_is_imported_and_neither_the_site_nor_what_lies_beside),
        cmocka_unit_test(what_was_read_elsewhere_moves_the_root_of_the_zip_up),
        cmocka_unit_test(a_missing_tool_comes_with_the_command_that_installs_it),
        cmocka_unit_test(a_good_site_is_described_without_its_source_maps),
        cmocka_unit_test(a_site_that_cannot_be_served_is_refused),
        cmocka_unit_test(addresses_of_the_visitors_machine_and_unhashed_assets_are_said),
        cmocka_unit_test(content_types_follow_the_ending),
        cmocka_unit_test(a_copy_has_no_secrets_and_no_installed_packages),
        cmocka_unit_test(a_silent_program_is_told_of_with_its_deadline),
        cmocka_unit_test(the_project_file_is_no_part_of_what_a_build_is_known_by),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
