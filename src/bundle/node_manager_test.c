/* Package managers: which release a lock asks for, and what of settings files is followed. */
#include "bundle/node_manager.h"

#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "bundle/node_range.h"
#include "bundle/node_rc.h"
#include "support/scratch.h"

static char work[PATH_MAX];

static int set_up(void **state) {
    (void)state;
    snprintf(work, sizeof work, "/tmp/node_manager_test-XXXXXX");
    return mkdtemp(work) == NULL ? -1 : 0;
}

static int tear_down(void **state) {
    (void)state;
    return scratch_remove(work);
}

static const struct node_manager *manager_of(const char *name) {
    const struct node_manager *manager = NULL;
    struct err err = {0};

    assert_int_equal(node_manager_find(name, &manager, &err), ERR_NONE);
    return manager;
}

static void the_lock_and_package_json_decide_the_release(void **state) {
    /* clang-format off */
    static const struct { const char *manager; const char *pinned; const char *lock; const char *fits; const char *not; } rows[] = {
        { "pnpm",       "10.32.1", "lockfileVersion: '9.0'\n", "10.32.1", "10.34.9" },
        { "pnpm",       "9",       "lockfileVersion: '9.0'\n", "10.34.9", "8.15.9" },
        { "pnpm",       NULL,      "lockfileVersion: '6.0'\n", "8.15.9",  "9.0.0" },
        { "pnpm",       NULL,      "lockfileVersion: 5.4\n",   "7.33.7",  "8.0.0" },
        { "pnpm",       NULL,      "",                         "11.28.10", "8.15.9" },
        { "npm",        NULL,      "{\"lockfileVersion\": 3}", "9.2.0",   "6.14.18" },
        { "none",       NULL,      "",                         "10.9.9",  "6.0.0" },
        { "yarn",       NULL,      "# yarn lockfile v1\n",     "1.22.22", "4.18.1" },
        { "yarn-berry", NULL,      "# c\n\n__metadata:\n  version: 6\n  cacheKey: 8\n",  "3.8.7",  "4.0.0" },
        { "yarn-berry", NULL,      "# c\n\n__metadata:\n  version: 8\n  cacheKey: 10\n", "4.12.0", "4.18.1" },
        { "yarn-berry", NULL,      "# c\n\n__metadata:\n  version: 10\n",                "4.18.1", "3.8.7" },
        { "yarn-berry", "4.9.2",   "# c\n\n__metadata:\n  version: 8\n",                 "4.9.2",  "4.12.0" },
        { "bun",        NULL,      "{\n  \"lockfileVersion\": 1,\n", "1.2.0", "1.1.0" },
        { "bun",        NULL,      "{\n  \"lockfileVersion\": 2,\n", "1.4.5", "1.3.0" },
    };
    /* clang-format on */
    (void)state;
    for (size_t i = 0; i < ARRAY_N(rows); i++) {
        struct node_release release = {0};
        struct node_version fits = {0};
        struct node_version other = {0};
        struct node_version fetched = {0};

        node_manager_release(manager_of(rows[i].manager), rows[i].pinned, str_from(rows[i].lock),
                             &release);
        assert_true(node_version_read(str_from(rows[i].fits), &fits));
        assert_true(node_version_read(str_from(rows[i].not ), &other));
        assert_true(node_version_read(str_from(release.version), &fetched));
        if (!node_range_allows(release.range, fits) || node_range_allows(release.range, other) ||
            !node_range_allows(release.range, fetched)) {
            fail_msg("row %zu: %s, and %s is fetched", i, release.range, release.version);
        }
    }
}

static void an_unknown_manager_is_refused_and_a_release_may_need_a_node(void **state) {
    const struct node_manager *manager = NULL;
    struct err err = {0};

    (void)state;
    assert_int_equal(node_manager_find("deno", &manager, &err), ERR_UNSUPPORTED);
    assert_string_equal(node_manager_needs(manager_of("pnpm"), "11.0.1"), ">=22.13.0");
    assert_string_equal(node_manager_needs(manager_of("pnpm"), "10.34.9"), ">=18.12.0");
    assert_null(node_manager_needs(manager_of("pnpm"), "8.15.9"));
    assert_null(node_manager_needs(manager_of("bun"), "1.4.5"));
}

static void put(const char *name, const char *content) {
    CLEANUP(freep) char *path = fs_join(work, name);
    CLEANUP(freep) char *dir = mem_strdup(path);
    struct err err = {0};

    *strrchr(dir, '/') = '\0';
    assert_int_equal(fs_mkdirs(dir, 0755, &err), ERR_NONE);
    assert_int_equal(fs_write_file(path, str_from(content), 0644, &err), ERR_NONE);
}

static void expect(const char *name, const char *content) {
    CLEANUP(freep) char *path = fs_join(work, name);
    CLEANUP(buf_done) struct buf text = BUF_INIT(100000);
    struct err err = {0};

    assert_int_equal(fs_read_file(path, 100000, &text, &err), ERR_NONE);
    assert_string_equal(buf_cstr(&text), content);
}

static void of_the_repository_only_named_settings_are_followed(void **state) {
    /* clang-format off */
    static const struct { const char *name; const char *given; const char *kept; const char *said; } rows[] = {
        { ".npmrc", "# a comment\nregistry = https://npm.example.org/\n@ours:registry=https://ours.example.org\n"
                    "//ours.example.org/:_authToken=${NPM_TOKEN}\n//ours.example.org/:tokenHelper=/bin/evil\n"
                    "script-shell=./evil\nnode-options=--require ./evil\npublic-hoist-pattern[]=*vite*\ncafile=/etc/passwd",
          "registry = https://npm.example.org/\n@ours:registry=https://ours.example.org\n"
          "//ours.example.org/:_authToken=${NPM_TOKEN}\npublic-hoist-pattern[]=*vite*\n",
          "a/b/.npmrc sets //ours.example.org/:tokenHelper, script-shell, node-options, cafile," },
        { ".yarnrc", "yarn-path \"./evil.js\"\n\"@ours:registry\" \"https://ours.example.org\"\nregistry \"https://r.example.org\"\n",
          "\"@ours:registry\" \"https://ours.example.org\"\nregistry \"https://r.example.org\"\n", "a/b/.yarnrc sets yarn-path," },
        { ".yarnrc.yml", "yarnPath: .yarn/evil.cjs\nnodeLinker: pnp\nplugins:\n  - path: evil.cjs\n    spec: x\n"
                         "npmScopes:\n  ours:\n    npmRegistryServer: \"https://s.example.org\"\nsupportedArchitectures:\n  os: [linux]\n",
          "{\"nodeLinker\":\"pnp\",\"npmScopes\":{\"ours\":{\"npmRegistryServer\":\"https://s.example.org\"}},"
          "\"supportedArchitectures\":{\"os\":[\"linux\"]}}\n", "a/b/.yarnrc.yml sets yarnPath, plugins," },
        { "bunfig.toml", "preload = ['./evil.ts']\n[install]\nlinker = \"hoisted\"\nexact = true\n[install.scopes]\n"
                         "ours = { token = \"$T\", url = \"https://b.example.org\" }\n[install.security]\nscanner = \"evil\"\n",
          NULL, "a/b/bunfig.toml sets preload, security," },
    };
    /* clang-format on */
    (void)state;
    for (size_t i = 0; i < ARRAY_N(rows); i++) {
        CLEANUP(freep) char *name = mem_format("a/b/%s", rows[i].name);
        CLEANUP(words_done) struct words hosts = {0};
        CLEANUP(json_decrefp) json_t *warnings = json_array();
        struct err err = {0};

        put(name, rows[i].given);
        if (node_rc_reduce(work, "a/b", &hosts, warnings, &err) != ERR_NONE) {
            fail_msg("%s: %s", name, err.text);
        }
        if (rows[i].kept != NULL) {
            expect(name, rows[i].kept);
        }
        assert_true(hosts.n > 0);
        if (json_array_size(warnings) != 1 ||
            strstr(json_string_value(json_array_get(warnings, 0)), rows[i].said) == NULL) {
            fail_msg("%s: %s", name, json_string_value(json_array_get(warnings, 0)));
        }
        CLEANUP(freep) char *path = fs_join(work, name);
        assert_int_equal(unlink(path), 0);
    }
}

static void a_reduced_bunfig_is_toml_that_says_the_same(void **state) {
    CLEANUP(words_done) struct words hosts = {0};
    CLEANUP(json_decrefp) json_t *warnings = json_array();
    struct err err = {0};

    (void)state;
    put("bunfig.toml", "[install]\nlinker = \"hoisted\"\nexact = true\n"
                       "scopes = { ours = { url = \"https://b.example.org\" } }\n");
    assert_int_equal(node_rc_reduce(work, ".", &hosts, warnings, &err), ERR_NONE);
    expect("bunfig.toml", "[install]\nlinker = \"hoisted\"\nexact = true\n"
                          "scopes = { \"ours\" = { \"url\" = \"https://b.example.org\" } }\n");
    assert_int_equal(json_array_size(warnings), 0);
    put("bunfig.toml", "[install\n");
    assert_int_equal(node_rc_reduce(work, "", &hosts, warnings, &err), ERR_CONFIG);
    put("bunfig.toml", "");
    put(".yarnrc.yml", "a: &x 1\nb: *x\n");
    assert_int_equal(node_rc_reduce(work, "", &hosts, warnings, &err), ERR_CONFIG);
    put(".yarnrc.yml", "");
}

static void of_the_person_certificates_and_proxies_count_too(void **state) {
    CLEANUP(freep) char *home = mem_strdup(getenv("HOME"));
    CLEANUP(freep) char *users = fs_join(work, "users");
    CLEANUP(freep) char *to = fs_join(work, "child");
    CLEANUP(words_done) struct words hosts = {0};
    CLEANUP(words_done) struct words readable = {0};
    struct err err = {0};

    (void)state;
    put("users/.npmrc",
        "cafile=/etc/ssl/ours.pem\nscript-shell=/bin/evil\nregistry=https://r.example.org/\n");
    put("users/.yarnrc.yml", "httpsCaFilePath: /etc/ssl/berry.pem\nplugins: [x]\n");
    put("child/x", "");
    setenv("HOME", users, 1);
    enum err_code code = node_rc_users(to, &readable, &hosts, &err);
    setenv("HOME", home, 1);
    assert_int_equal(code, ERR_NONE);
    expect("child/.npmrc", "cafile=/etc/ssl/ours.pem\nregistry=https://r.example.org/\n");
    expect("child/.yarnrc.yml", "{\"httpsCaFilePath\":\"/etc/ssl/berry.pem\"}\n");
    assert_int_equal(readable.n, 2);
    assert_string_equal(readable.rows[0], "/etc/ssl/ours.pem");
    assert_string_equal(hosts.rows[0], "r.example.org:443");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_lock_and_package_json_decide_the_release),
        cmocka_unit_test(an_unknown_manager_is_refused_and_a_release_may_need_a_node),
        cmocka_unit_test(of_the_repository_only_named_settings_are_followed),
        cmocka_unit_test(a_reduced_bunfig_is_toml_that_says_the_same),
        cmocka_unit_test(of_the_person_certificates_and_proxies_count_too),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
