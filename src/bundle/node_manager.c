/* bundle/node_manager.c: the table of Node package managers. */
#include "bundle/node_manager.h"

#include <string.h>

#include "bundle/node_range.h"

/* clang-format off */
static const struct node_manager managers[] = {
    { .name = "npm", .program = "npm", .variable = "AWSCOPILOT_NPM", .title = "npm",
      .package = "npm", .lock = "package-lock.json", .store = "npm-cache",
      .registry = { "config", "get", "registry" },
      .install = { "ci", "--ignore-scripts", "--include=dev" },
      .relock = { "install", "--ignore-scripts", "--include=dev" },
      .run = { "run" },
      .typed = { "--ignore-scripts", "--package-lock-only" },
      .typed_settings = { { "npm_config_ignore_scripts", "true" }, { "npm_config_fetch_retry_mintimeout", "1000" },
                          { "npm_config_fetch_retry_maxtimeout", "4000" } },
      .settings = { { "npm_config_cache", NULL } } },
    { .name = "pnpm", .program = "pnpm", .variable = "AWSCOPILOT_PNPM", .title = "pnpm",
      .package = "pnpm", .lock = "pnpm-lock.yaml", .store = "pnpm-store",
      .registry = { "config", "get", "registry" },
      .install = { "install", "--frozen-lockfile", "--ignore-scripts", "--ignore-pnpmfile",
                   "--prod=false", "--reporter=append-only" },
      .relock = { "install", "--no-frozen-lockfile", "--ignore-scripts", "--ignore-pnpmfile",
                  "--prod=false", "--reporter=append-only" },
      .scripts = { "rebuild", "--pending" },
      .run = { "run" },
      .runs_own = true,
      /* Not all of its verbs know --ignore-scripts. */
      .typed = { "--lockfile-only" },
      .typed_settings = { { "npm_config_ignore_scripts", "true" }, { "pnpm_config_ignore_scripts", "true" },
                          { "npm_config_ignore_pnpmfile", "true" }, { "pnpm_config_ignore_pnpmfile", "true" } },
      /* Two spellings: pnpm 11 reads its own only. A project may name another pnpm in package.json;
       * it would be downloaded and run. */
      .settings = { { "npm_config_store_dir", NULL }, { "pnpm_config_store_dir", NULL },
                    { "npm_config_package_import_method", "clone-or-copy" },
                    { "pnpm_config_package_import_method", "clone-or-copy" },
                    { "npm_config_manage_package_manager_versions", "false" },
                    { "pnpm_config_manage_package_manager_versions", "false" },
                    { "npm_config_verify_deps_before_run", "false" },
                    { "pnpm_config_verify_deps_before_run", "false" },
                    { "npm_config_side_effects_cache", "false" },
                    { "pnpm_config_side_effects_cache", "false" } } },
    { .name = "yarn", .program = "yarn", .variable = "AWSCOPILOT_YARN", .title = "Yarn 1",
      .package = "yarn", .lock = "yarn.lock", .store = "yarn-cache",
      .registry = { "config", "get", "registry" },
      .install = { "install", "--frozen-lockfile", "--ignore-scripts", "--production=false",
                   "--non-interactive", "--no-progress" },
      .relock = { "install", "--ignore-scripts", "--production=false", "--non-interactive",
                  "--no-progress" },
      .run = { "run" },
      .typed = { "--ignore-scripts", "--non-interactive", "--no-progress" },
      .git = "resolved \"git",
      .settings = { { "YARN_CACHE_FOLDER", NULL }, { "YARN_IGNORE_PATH", "1" } } },
    { .name = "yarn-berry", .program = "yarn", .variable = "AWSCOPILOT_YARN_BERRY",
      .title = "Yarn", .package = "@yarnpkg/cli-dist", .lock = "yarn.lock", .store = "berry-cache",
      .registry = { "config", "get", "npmRegistryServer" },
      .install = { "install", "--immutable", "--mode=skip-build" },
      .relock = { "install", "--no-immutable", "--mode=skip-build" },
      .scripts = { "install", "--immutable" },
      .run = { "run" },
      .runs_own = true, .has_no_bins = true, .git = "#commit=",
      .typed = { "--mode=update-lockfile" },
      .typed_settings = { { "YARN_ENABLE_SCRIPTS", "false" }, { "YARN_ENABLE_GLOBAL_CACHE", "true" } },
      /* The project's own cache folder, so that what is installed can be moved; a mirror of it
       * below the program's cache. */
      .settings = { { "YARN_GLOBAL_FOLDER", NULL }, { "YARN_ENABLE_GLOBAL_CACHE", "false" },
                    { "YARN_ENABLE_MIRROR", "true" }, { "YARN_IGNORE_PATH", "1" },
                    { "YARN_ENABLE_TELEMETRY", "false" }, { "YARN_ENABLE_PROGRESS_BARS", "false" },
                    { "YARN_ENABLE_COLORS", "false" }, { "YARN_ENABLE_HYPERLINKS", "false" } } },
    { .name = "bun", .program = "bun", .variable = "AWSCOPILOT_BUN", .title = "bun",
      .lock = "bun.lock", .store = "bun-cache",
      .install = { "install", "--frozen-lockfile", "--ignore-scripts", "--no-progress" },
      .relock = { "install", "--ignore-scripts", "--no-progress" },
      .scripts = { "install", "--frozen-lockfile", "--no-progress" },
      .run = { "run" },
      .runs_own = true, .is_reinstall = true,
      .typed = { "--ignore-scripts", "--lockfile-only" },
      .settings = { { "BUN_INSTALL_CACHE_DIR", NULL } } },
};

const struct node_setting node_common_settings[] = {
    { "npm_config_update_notifier", "false" }, { "npm_config_audit", "false" },
    { "npm_config_fund", "false" },
    { "COREPACK_ENABLE_STRICT", "0" }, { "COREPACK_ENABLE_NETWORK", "0" },
    /* git hooks have no meaning in a copy without .git */
    { "HUSKY", "0" }, { "HUSKY_SKIP_INSTALL", "1" }, { "LEFTHOOK", "0" },
    { "SKIP_INSTALL_SIMPLE_GIT_HOOKS", "1" },
    /* browsers and reporters */
    { "CYPRESS_INSTALL_BINARY", "0" }, { "PUPPETEER_SKIP_DOWNLOAD", "1" },
    { "PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD", "1" }, { "SENTRYCLI_SKIP_DOWNLOAD", "1" },
    { NULL, NULL },
};

/* Which release reads which lock: `mark` stands before the format's number, the first row whose
 * `format_max` is not below it is taken. The last row of a manager is for locks without a number. */
static const struct {
    const char *manager;
    const char *mark;
    int format_max;
    struct node_release release;
} releases[] = {
    { "npm", "", 0, { ">=7", "10.9.9" } },
    { "pnpm", "lockfileVersion:", 5, { "^7", "7.33.7" } },
    { "pnpm", "lockfileVersion:", 8, { "^8", "8.15.9" } },
    { "pnpm", "", 0, { ">=9", "10.34.9" } },
    { "yarn", "", 0, { "^1.10", "1.22.22" } },
    { "yarn-berry", "\n  version:", 5, { "^2 || 3.0 - 3.1", "3.1.1" } },
    { "yarn-berry", "\n  version:", 7, { "^3.2", "3.8.7" } },
    { "yarn-berry", "\n  version:", 8, { "4.0 - 4.12", "4.12.0" } },
    { "yarn-berry", "", 0, { ">=4.13", "4.18.1" } },
    { "bun", "\"lockfileVersion\":", 1, { ">=1.2", "1.4.5" } },
    { "bun", "", 0, { ">=1.4", "1.4.5" } },
};

/* Releases of a manager that do not run on every Node.js. */
static const struct {
    const char *manager;
    const char *range;
    const char *node;
} needs[] = {
    { "pnpm", ">=11", ">=22.13.0" },
    { "pnpm", ">=9", ">=18.12.0" },
    { "npm", ">=11", "^20.17.0 || >=22.9.0" },
    { "yarn-berry", ">=4", ">=18.12.0" },
};

const struct build_symptom node_install_symptoms[] = {
    /* a lock that does not fit */
    { "ERR_PNPM_OUTDATED_LOCKFILE", ERR_BUILD, "pnpm-lock.yaml does not fit package.json",
      "run 'pnpm install' and commit pnpm-lock.yaml" },
    { "ERR_PNPM_LOCKFILE_CONFIG_MISMATCH", ERR_BUILD,
      "pnpm-lock.yaml was made with other settings, or with a .pnpmfile.cjs, which is not run here",
      "run 'pnpm install --ignore-pnpmfile' and commit pnpm-lock.yaml" },
    { "ERR_PNPM_LOCKFILE_BREAKING_CHANGE", ERR_BUILD, "pnpm-lock.yaml is of another pnpm",
      "name the version that made it as packageManager in package.json" },
    { "`npm ci` can only install", ERR_BUILD, "package-lock.json does not fit package.json",
      "run 'npm install' and commit package-lock.json" },
    { "Your lockfile needs to be updated", ERR_BUILD, "yarn.lock does not fit package.json",
      "run 'yarn install' and commit yarn.lock" },
    { "YN0028", ERR_BUILD, "yarn.lock does not fit package.json",
      "run 'yarn install' and commit yarn.lock" },
    { "lockfile had changes, but lockfile is frozen", ERR_BUILD, "bun.lock does not fit package.json",
      "run 'bun install' and commit bun.lock" },
    /* versions */
    { "ERR_PNPM_UNSUPPORTED_ENGINE", ERR_BUILD, "the project asks for another Node.js or pnpm",
      "correct engines in package.json, or set AWSCOPILOT_NODE to one that fits" },
    { "code EBADENGINE", ERR_BUILD, "a package asks for another Node.js or npm",
      "correct engines in package.json, or set AWSCOPILOT_NODE to one that fits" },
    { "The engine \"", ERR_BUILD, "a package asks for another Node.js or Yarn",
      "correct engines in package.json, or set AWSCOPILOT_NODE to one that fits" },
    { "ERR_PNPM_BAD_PM_VERSION", ERR_BUILD, "package.json asks for another pnpm",
      "unset AWSCOPILOT_PNPM, and the right one is fetched" },
    { "ERR_PNPM_NO_MATCHING_VERSION", ERR_BUILD, "the package registry has no such version", NULL },
    { "ETARGET", ERR_BUILD, "the package registry has no such version", NULL },
    /* digests */
    { "ERR_PNPM_TARBALL_INTEGRITY", ERR_BUILD, "a package does not have the digest of pnpm-lock.yaml",
      "do not trust this registry" },
    { "EINTEGRITY", ERR_BUILD, "a package does not have the digest of package-lock.json",
      "do not trust this registry" },
    { "Integrity check failed", ERR_BUILD, "a package does not have the digest of the lock",
      "do not trust this registry" },
    { "YN0018", ERR_BUILD, "a package does not have the digest of yarn.lock",
      "do not trust this registry" },
    /* access */
    { "Permission denied (publickey", ERR_UNREACHABLE, "a package comes from git and needs a key",
      "take a published version of it; keys of this machine are not given to builds" },
    { "Host key verification failed", ERR_UNREACHABLE, "a package comes from git and needs a key",
      "take a published version of it; keys of this machine are not given to builds" },
    { "could not read Username", ERR_UNREACHABLE, "a package comes from a git that asks who you are",
      "take a published version of it; passwords for git are not given to builds" },
    { "git ls-remote", ERR_UNREACHABLE, "a package comes from git, which cannot be read from here",
      "take a published version of it" },
    { "ERR_PNPM_FETCH_401", ERR_UNREACHABLE, "the package registry refuses the credentials",
      "put a token for it into ~/.npmrc" },
    { "ERR_PNPM_FETCH_403", ERR_UNREACHABLE, "the package registry refuses the credentials",
      "put a token for it into ~/.npmrc" },
    { "code E401", ERR_UNREACHABLE, "the package registry refuses the credentials",
      "put a token for it into ~/.npmrc" },
    { "code E403", ERR_UNREACHABLE, "the package registry refuses the credentials",
      "put a token for it into ~/.npmrc" },
    { "code ENEEDAUTH", ERR_UNREACHABLE, "the package registry asks for credentials",
      "put a token for it into ~/.npmrc" },
    { "YN0041", ERR_UNREACHABLE, "the package registry refuses the credentials",
      "put a token for it into ~/.yarnrc.yml" },
    { "Request failed \"401", ERR_UNREACHABLE, "the package registry refuses the credentials",
      "put a token for it into ~/.npmrc" },
    { "Request failed \"403", ERR_UNREACHABLE, "the package registry refuses the credentials",
      "put a token for it into ~/.npmrc" },
    { " - 401", ERR_UNREACHABLE, "the package registry refuses the credentials",
      "put a token for it into ~/.npmrc" },
    { " - 403", ERR_UNREACHABLE, "the package registry refuses the credentials",
      "put a token for it into ~/.npmrc" },
    { "ERR_PNPM_FETCH_404", ERR_BUILD, "the package registry does not know a package", NULL },
    { "code E404", ERR_BUILD, "the package registry does not know a package", NULL },
    { "YN0035", ERR_BUILD, "the package registry does not know a package", NULL },
    { " - 404", ERR_BUILD, "the package registry does not know a package", NULL },
    /* network and disk */
    { "ERR_PNPM_META_FETCH_FAIL", ERR_UNREACHABLE, "the package registry cannot be reached",
      "check the network and, for an own registry, ~/.npmrc" },
    { "code E502", ERR_UNREACHABLE, "the package registry cannot be reached", "check the network" },
    { "ENOTFOUND", ERR_UNREACHABLE, "the package registry cannot be reached", "check the network" },
    { "EAI_AGAIN", ERR_UNREACHABLE, "the package registry cannot be reached", "check the network" },
    { "ECONNREFUSED", ERR_UNREACHABLE, "the package registry cannot be reached", "check the network" },
    { "ConnectionRefused", ERR_UNREACHABLE, "the package registry cannot be reached", "check the network" },
    { "ECONNRESET", ERR_UNREACHABLE, "the package registry cannot be reached", "check the network" },
    { "ETIMEDOUT", ERR_UNREACHABLE, "the package registry cannot be reached", "check the network" },
    { "ENOSPC", ERR_DISK_FULL, "the disk is full", NULL },
    { NULL, ERR_NONE, NULL, NULL },
};

const struct build_symptom node_build_symptoms[] = {
    { "YN0009", ERR_BUILD, "an install script fails", NULL },
    { "ERR_PNPM_NO_SCRIPT", ERR_BUILD, "package.json has no such script",
      "name the script that builds the site under frontend.build" },
    { "Missing script:", ERR_BUILD, "package.json has no such script",
      "name the script that builds the site under frontend.build" },
    { "Script not found", ERR_BUILD, "package.json has no such script",
      "name the script that builds the site under frontend.build" },
    { "not a git repository", ERR_BUILD, "the build asks git, and it sees a copy without .git",
      "let the build go on when git does not answer, or pass what it asks for as a variable" },
    { "heap out of memory", ERR_BUILD, "the build needs more memory than Node.js takes",
      "set NODE_OPTIONS=--max-old-space-size=4096 in the build's variables" },
    { "@rollup/rollup-linux", ERR_BUILD, "the lock was made on another system and lacks its Linux packages",
      "delete node_modules and the lock, install again and commit the new lock" },
    { "Cannot find native binding", ERR_BUILD,
      "the lock was made on another system and lacks its Linux packages",
      "delete node_modules and the lock, install again and commit the new lock" },
    { "error TS", ERR_BUILD, "the code does not pass its type check",
      "correct it, or name a script that builds without the check under frontend.build" },
    { "ENOSPC", ERR_DISK_FULL, "the disk is full", NULL },
    { NULL, ERR_NONE, NULL, NULL },
};
/* clang-format on */

const struct node_manager *node_manager_npm(void) { return &managers[0]; }

enum err_code node_manager_find(const char *name, const struct node_manager **out,
                                struct err *err) {
    if (name == NULL || strcmp(name, "none") == 0) {
        *out = node_manager_npm();
        return ERR_NONE;
    }
    for (size_t i = 0; i < ARRAY_N(managers); i++) {
        if (strcmp(managers[i].name, name) == 0) {
            *out = &managers[i];
            return ERR_NONE;
        }
    }
    return err_set(err, ERR_UNSUPPORTED,
                   "the front end is managed by %.40s, which is not driven yet", name);
}

void node_manager_settings(const struct node_manager *manager, const char *store,
                           struct proc_env *vars) {
    for (const struct node_setting *s = node_common_settings; s->name != NULL; s++) {
        proc_env_set(vars, s->name, s->value);
    }
    for (size_t i = 0; i < NODE_SETTINGS_MAX && manager->settings[i].name != NULL; i++) {
        const char *value = manager->settings[i].value;
        proc_env_set(vars, manager->settings[i].name, value == NULL ? store : value);
    }
}

/* The number behind `mark` in the lock's first lines, or -1. */
static int64_t lock_format(struct str lock, const char *mark) {
    ptrdiff_t at = mark[0] == '\0' ? -1 : str_find(str_slice(lock, 0, 2000), str_from(mark));
    struct node_version version = {0};

    if (at < 0) {
        return -1;
    }
    struct str rest = str_slice(lock, (size_t)at + strlen(mark), (size_t)at + strlen(mark) + 20);
    while (rest.len > 0 && strchr(" '\"", rest.ptr[0]) != NULL) {
        rest = str_slice(rest, 1, rest.len);
    }
    size_t end = 0;
    while (end < rest.len &&
           ((rest.ptr[end] >= '0' && rest.ptr[end] <= '9') || rest.ptr[end] == '.')) {
        end++;
    }
    return node_version_read(str_slice(rest, 0, end), &version) ? version.part[0] : -1;
}

const char *node_manager_needs(const struct node_manager *manager, const char *version) {
    struct node_version read = {0};

    if (!node_version_read(str_from(version), &read)) {
        return NULL;
    }
    for (size_t i = 0; i < ARRAY_N(needs); i++) {
        if (strcmp(needs[i].manager, manager->name) == 0 &&
            node_range_allows(needs[i].range, read)) {
            return needs[i].node;
        }
    }
    return NULL;
}

void node_manager_release(const struct node_manager *manager, const char *pinned, struct str lock,
                          struct node_release *out) {
    struct node_release release = {0};

    if (pinned != NULL && node_version_is_exact(str_from(pinned))) {
        release = (struct node_release){pinned, pinned};
    }
    for (size_t i = 0; i < ARRAY_N(releases) && release.range == NULL; i++) {
        if (strcmp(releases[i].manager, manager->name) == 0) {
            int64_t format = lock_format(lock, releases[i].mark);
            bool is_last = releases[i].mark[0] == '\0';
            if (is_last || (format >= 0 && format <= releases[i].format_max)) {
                release = releases[i].release;
            }
        }
    }
    *out = release;
}
