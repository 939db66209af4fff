/* sys/sandbox.c: works out, before the child exists, what it will see; and what this machine
 * offers.
 */
#include "sys/sandbox.h"

#include "base/buf.h"
#include "sys/landlock_abi.h"
#include "sys/launch.h"
#include "sys/sandbox_plan.h"

#include <dirent.h>
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    SANDBOX_PATHS_MAX = 256,
    SANDBOX_RULES_MAX = 20000, /* hidden paths split a folder into one rule an entry */
    SANDBOX_SPLIT_DEPTH_MAX = 16,
    SANDBOX_CPU_S = 600,
    SANDBOX_PROCESSES = 1024,
    LANDLOCK_ABI_MIN = 3, /* before it, a read-only file could be truncated */
    LANDLOCK_ABI_KNOWN = 6,
};

static const int64_t sandbox_file_bytes = 2LL << 30;
static const int64_t sandbox_memory_bytes = 2LL << 30;

/* What a program needs of a Linux system to start, find names and check certificates. Not /etc as a
 * whole: it holds host keys and passwords. */
static const char *const system_paths[] = {
    "/usr",
    "/bin",
    "/sbin",
    "/lib",
    "/lib32",
    "/lib64",
    "/libx32",
    "/etc/alternatives",
    "/etc/crypto-policies",
    "/etc/group",
    "/etc/hosts",
    "/etc/ld.so.cache",
    "/etc/localtime",
    "/etc/mime.types",
    "/etc/nsswitch.conf",
    "/etc/os-release",
    "/etc/passwd",
    "/etc/pki",
    "/etc/resolv.conf",
    "/etc/services",
    "/etc/ssl",
};

static const char *const devices[] = {"/dev/full", "/dev/null", "/dev/random", "/dev/urandom",
                                      "/dev/zero"};

/* Of the machine's /proc, where there is none of the sandbox's own: nothing of other processes. */
static const struct {
    const char *path;
    bool is_dir;
} proc_paths[] = {
    {"/proc/self", true},         {"/proc/cpuinfo", false},
    {"/proc/filesystems", false}, {"/proc/loadavg", false},
    {"/proc/meminfo", false},     {"/proc/stat", false},
    {"/proc/uptime", false},      {"/proc/version", false},
    {"/proc/sys/vm", true},       {"/proc/sys/kernel/osrelease", false},
};

/* Below the home folder; never visible, even if a listed path holds them. */
static const char *const home_secrets[] = {
    ".aws",    ".ssh",  ".gnupg",     ".netrc",        ".git-credentials",
    ".docker", ".kube", ".config/gh", ".config/gcloud"};

static const char *const step_names[STEP_N] = {
    [STEP_NONE] = "nothing",
    [STEP_FILES] = "closing our files",
    [STEP_MAPS] = "mapping the user into a user namespace",
    [STEP_TREES] = "copying a folder's mount",
    [STEP_ROOT] = "making a new root",
    [STEP_MOUNT] = "mounting a folder",
    [STEP_PROC] = "mounting /proc",
    [STEP_PIVOT] = "changing the root",
    [STEP_PROXY] = "opening the package proxy",
    [STEP_LIMITS] = "setting resource limits",
    [STEP_CAPS] = "dropping capabilities",
    [STEP_LANDLOCK] = "Landlock",
    [STEP_SECCOMP] = "the seccomp filter",
    [STEP_CWD] = "entering the working folder",
    [STEP_FORK] = "starting a process",
    [STEP_EXEC] = "running the program",
};

const char *sandbox_step_name(enum sandbox_step step) { return step_names[step]; }

/* --- paths --- */

struct path_set {
    struct sandbox_mount rows[SANDBOX_PATHS_MAX];
    size_t n;
};

static bool is_below(const char *path, const char *dir) {
    size_t len = strlen(dir);

    return strncmp(path, dir, len) == 0 && (path[len] == '/' || path[len] == '\0' || len == 1);
}

/* A path that is there already stays one row; writable wins. */
static struct sandbox_mount *set_put(struct path_set *set, const char *from, const char *to) {
    for (size_t i = 0; i < set->n; i++) {
        if (strcmp(set->rows[i].to, to) == 0) {
            return &set->rows[i];
        }
    }
    if (set->n == SANDBOX_PATHS_MAX) {
        return NULL;
    }
    struct stat st;
    struct sandbox_mount *row = &set->rows[set->n++];
    *row = (struct sandbox_mount){.from = from, .to = to, .tree = -1};
    row->is_dir = from == NULL || (stat(from, &st) == 0 && S_ISDIR(st.st_mode));
    return row;
}

/* Adds what `path` really is and, when it is reached through links, the path as it was given. */
static enum err_code set_add(struct path_set *set, struct arena *arena, const char *path,
                             bool is_writable, bool is_device, struct err *err) {
    CLEANUP(freep) char *real = realpath(path, NULL);

    if (path[0] != '/') {
        return err_set(err, ERR_INVALID, "the sandbox path '%s' is not absolute", path);
    }
    if (real == NULL) {
        return ERR_NONE;
    }
    if (strcmp(real, "/") == 0) {
        return err_set(err, ERR_INVALID, "the whole file system cannot be put into a sandbox");
    }
    const char *from = arena_str(arena, str_from(real));
    const char *names[] = {from, arena_str(arena, str_from(path))};
    for (size_t i = 0; i < ARRAY_N(names); i++) {
        struct sandbox_mount *row = set_put(set, from, names[i]);
        if (row == NULL) {
            return err_set(err, ERR_SANDBOX, "more than %d paths for one sandbox",
                           SANDBOX_PATHS_MAX);
        }
        row->is_writable = row->is_writable || is_writable;
        row->is_device = is_device;
    }
    return ERR_NONE;
}

static enum err_code set_add_list(struct path_set *set, struct arena *arena,
                                  const char *const *paths, bool is_writable, struct err *err) {
    for (size_t i = 0; paths != NULL && paths[i] != NULL; i++) {
        if (set_add(set, arena, paths[i], is_writable, false, err) != ERR_NONE) {
            return err->code;
        }
    }
    return ERR_NONE;
}

static int mount_compare(const void *a, const void *b) {
    return strcmp(((const struct sandbox_mount *)a)->to, ((const struct sandbox_mount *)b)->to);
}

static const char **hidden_paths(const struct sandbox *sandbox, struct arena *arena,
                                 size_t *out_n) {
    const char *home = getenv("HOME");
    size_t n = 0;
    size_t given = 0;

    while (sandbox->hidden != NULL && sandbox->hidden[given] != NULL) {
        given++;
    }
    const char **paths = ARENA_ARRAY(arena, const char *, given + ARRAY_N(home_secrets) + 1);
    for (size_t i = 0; i < given + ARRAY_N(home_secrets); i++) {
        if (i >= given && (home == NULL || home[0] != '/')) {
            break;
        }
        CLEANUP(freep)
        char *path = i < given ? mem_strdup(sandbox->hidden[i])
                               : mem_format("%s/%s", home, home_secrets[i - given]);
        CLEANUP(freep) char *real = realpath(path, NULL);
        if (real != NULL) {
            paths[n++] = arena_str(arena, str_from(real));
        }
    }
    *out_n = n;
    return paths;
}

/* The path that shows `real` inside, or NULL. The nearest listed folder decides. */
static const struct sandbox_mount *set_holder(const struct path_set *set, const char *real) {
    const struct sandbox_mount *best = NULL;

    for (size_t i = 0; i < set->n; i++) {
        const struct sandbox_mount *row = &set->rows[i];
        if (row->from != NULL && is_below(real, row->from) &&
            (best == NULL || strlen(row->from) > strlen(best->from))) {
            best = row;
        }
    }
    return best;
}

/* Whether a listed folder above `row` already grants the same. */
static bool set_has_above(const struct path_set *set, const struct sandbox_mount *row) {
    const struct sandbox_mount *best = NULL;

    for (size_t i = 0; i < set->n; i++) {
        const struct sandbox_mount *above = &set->rows[i];
        if (strcmp(above->from, row->from) != 0 && is_below(row->from, above->from) &&
            (best == NULL || strlen(above->from) > strlen(best->from))) {
            best = above;
        }
    }
    return best != NULL && !row->is_device && best->is_writable == row->is_writable;
}

/* Each mount and each rule costs time at every start, so what says nothing new goes. A path given
 * through links becomes a link, where no real folder holds it. */
static struct path_set *set_prune(const struct path_set *set, struct arena *arena) {
    struct path_set *kept = ARENA_NEW(arena, struct path_set);

    for (size_t i = 0; i < set->n; i++) {
        const struct sandbox_mount *row = &set->rows[i];
        bool is_alias = strcmp(row->from, row->to) != 0;
        if (is_alias ? set_holder(set, row->to) == NULL : !set_has_above(set, row)) {
            kept->rows[kept->n] = *row;
            kept->rows[kept->n++].is_link = is_alias;
        }
    }
    return kept;
}

/* --- mounts --- */

/* Shows the writable folder `from` at `to`, whatever else was to be seen there. */
static enum err_code set_show(struct path_set *set, struct arena *arena, const char *from,
                              const char *to, struct err *err) {
    CLEANUP(freep) char *real = from == NULL ? NULL : realpath(from, NULL);

    if (real == NULL) {
        return ERR_NONE;
    }
    const char *kept = arena_str(arena, str_from(real));
    struct sandbox_mount *row = set_put(set, kept, arena_str(arena, str_from(to)));
    if (row == NULL) {
        return err_set(err, ERR_SANDBOX, "too many paths for one sandbox");
    }
    row->from = kept;
    row->is_link = false;
    row->is_writable = true;
    return ERR_NONE;
}

static enum err_code plan_mounts(struct sandbox_plan *plan, const struct path_set *set,
                                 const char *const *hidden, size_t hidden_n,
                                 const struct sandbox *sandbox, struct err *err) {
    struct arena *arena = plan->arena;
    struct path_set *all = ARENA_NEW(arena, struct path_set);

    memcpy(all, set, sizeof *all);
    if (set_show(all, arena, sandbox->tmp, "/tmp", err) != ERR_NONE ||
        set_show(all, arena, sandbox->stand_in, sandbox->stands_for, err) != ERR_NONE) {
        return err->code;
    }
    for (size_t i = 0; i < hidden_n; i++) {
        struct stat st;
        if (set_holder(set, hidden[i]) == NULL || stat(hidden[i], &st) != 0) {
            continue;
        }
        /* A file is covered by a device that may not be opened, a folder by an empty one. */
        struct sandbox_mount *row =
            set_put(all, S_ISDIR(st.st_mode) ? NULL : "/dev/null", hidden[i]);
        if (row == NULL) {
            return err_set(err, ERR_SANDBOX, "too many paths for one sandbox");
        }
        row->from = S_ISDIR(st.st_mode) ? NULL : "/dev/null";
        row->is_writable = false;
        row->is_device = false;
    }
    qsort(all->rows, all->n, sizeof all->rows[0], mount_compare);
    plan->mounts = all->rows;
    plan->mount_n = all->n;
    return ERR_NONE;
}

/* --- Landlock rules --- */

static void plan_right(struct sandbox_plan *plan, const char *path, uint64_t rights) {
    if (plan->rule_n == plan->rule_cap) {
        plan->rule_cap = plan->rule_cap * 2 + 64;
        plan->rules = mem_resize(plan->rules, plan->rule_cap * sizeof *plan->rules);
    }
    plan->rules[plan->rule_n++] = (struct sandbox_rule){path, rights};
}

static void plan_rule(struct sandbox_plan *plan, const char *path, bool is_dir, bool is_writable,
                      bool is_device) {
    uint64_t rights = is_dir        ? (is_writable ? LL_WRITE : LL_READ)
                      : is_device   ? (LL_READ_FILE | LL_WRITE_FILE)
                      : is_writable ? LL_FILE_WRITE
                                    : LL_FILE_READ;

    plan_right(plan, path, rights);
}

static bool holds_hidden(const char *path, const char *const *hidden, size_t n) {
    for (size_t i = 0; i < n; i++) {
        if (is_below(hidden[i], path)) {
            return true;
        }
    }
    return false;
}

static bool is_hidden(const char *path, const char *const *hidden, size_t n) {
    for (size_t i = 0; i < n; i++) {
        if (is_below(path, hidden[i])) {
            return true;
        }
    }
    return false;
}

/* Landlock cannot take back what a folder above grants, so a folder with something hidden in it is
 * granted entry by entry; in such a folder itself nothing new can be made. */
static enum err_code plan_split(struct sandbox_plan *plan, const char *dir, bool is_writable,
                                const char *const *hidden, size_t n, int depth, struct err *err) {
    DIR *d = opendir(dir);
    struct dirent *entry = NULL;
    enum err_code code = ERR_NONE;

    if (d == NULL) {
        return ERR_NONE; /* what we cannot read, the child cannot either */
    }
    plan_right(plan, arena_str(plan->arena, str_from(dir)), LL_READ_DIR);
    while (code == ERR_NONE && (entry = readdir(d)) != NULL) {
        struct stat st;
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) {
            continue;
        }
        const char *path = arena_format(plan->arena, "%s/%s", dir, entry->d_name);
        if (is_hidden(path, hidden, n) || lstat(path, &st) != 0 || S_ISLNK(st.st_mode)) {
            continue;
        }
        if (plan->rule_n >= SANDBOX_RULES_MAX || depth > SANDBOX_SPLIT_DEPTH_MAX) {
            code = err_set(err, ERR_SANDBOX, "%s holds too many entries beside a hidden one", dir);
        } else if (S_ISDIR(st.st_mode) && holds_hidden(path, hidden, n)) {
            code = plan_split(plan, path, is_writable, hidden, n, depth + 1, err);
        } else {
            plan_rule(plan, path, S_ISDIR(st.st_mode), is_writable, false);
        }
    }
    closedir(d);
    return code;
}

static enum err_code plan_rules(struct sandbox_plan *plan, const struct path_set *set,
                                const char *const *hidden, size_t hidden_n, struct err *err) {
    bool has_mounts = plan->clone_flags != 0;

    if (has_mounts) {
        plan_rule(plan, "/proc", true, false, false);
        for (size_t i = 0; i < plan->mount_n; i++) {
            const struct sandbox_mount *m = &plan->mounts[i];
            bool is_cover = m->is_link || m->from == NULL ||
                            (!m->is_device && strcmp(m->from, "/dev/null") == 0);
            if (!is_cover) {
                plan_rule(plan, m->to, m->is_dir, m->is_writable, m->is_device);
            }
        }
        return ERR_NONE;
    }
    for (size_t i = 0; i < ARRAY_N(proc_paths); i++) {
        plan_rule(plan, proc_paths[i].path, proc_paths[i].is_dir, false, false);
    }
    for (size_t i = 0; i < set->n; i++) {
        const struct sandbox_mount *m = &set->rows[i];
        if (m->is_link || is_hidden(m->from, hidden, hidden_n)) {
            continue;
        }
        if (m->is_dir && holds_hidden(m->from, hidden, hidden_n)) {
            if (plan_split(plan, m->from, m->is_writable, hidden, hidden_n, 1, err) != ERR_NONE) {
                return err->code;
            }
        } else {
            plan_rule(plan, m->from, m->is_dir, m->is_writable, m->is_device);
        }
    }
    return ERR_NONE;
}

/* --- the plan --- */

/* Without a user namespace the limit counts all of the user's threads; the machine's are at least
 * as many. */
static int process_limit(int wanted, bool has_namespaces) {
    CLEANUP(freep) char *line = NULL;
    FILE *f = has_namespaces ? NULL : fopen("/proc/loadavg", "re");
    size_t cap = 0;
    int running = 0;
    int total = 0;

    if (f == NULL) {
        return wanted;
    }
    if (getline(&line, &cap, f) < 0 || sscanf(line, "%*s %*s %*s %d/%d", &running, &total) != 2) {
        total = 0;
    }
    fclose(f);
    return wanted + total;
}

/* A limit on the address space would break programs that reserve more than they use, as V8 does;
 * RLIMIT_DATA counts what can be written to. */
static int64_t memory_limit(int64_t wanted) {
    int64_t all = (int64_t)sysconf(_SC_PHYS_PAGES) * sysconf(_SC_PAGESIZE);

    return wanted > 0 ? wanted : all > sandbox_memory_bytes ? all : sandbox_memory_bytes;
}

/* From Linux 6.14 pid_max belongs to the pid namespace; before, it is the whole machine's. */
static bool has_own_pid_max(void) {
    struct utsname name;
    int major = 0;
    int minor = 0;

    return uname(&name) == 0 && sscanf(name.release, "%d.%d", &major, &minor) == 2 &&
           (major > 6 || (major == 6 && minor >= 14));
}

static enum err_code plan_paths(struct sandbox_plan *plan, const struct sandbox *sandbox,
                                struct err *err) {
    struct path_set *set = ARENA_NEW(plan->arena, struct path_set);
    size_t hidden_n = 0;

    for (size_t i = 0; i < ARRAY_N(system_paths); i++) {
        if (set_add(set, plan->arena, system_paths[i], false, false, err) != ERR_NONE) {
            return err->code;
        }
    }
    for (size_t i = 0; i < ARRAY_N(devices); i++) {
        if (set_add(set, plan->arena, devices[i], true, true, err) != ERR_NONE) {
            return err->code;
        }
    }
    const char *own[3] = {sandbox->tmp};
    if (plan->clone_flags == 0) { /* mounted at another path, it is not seen at its own */
        own[sandbox->tmp != NULL] = sandbox->stand_in;
    }
    if (set_add_list(set, plan->arena, sandbox->readable, false, err) != ERR_NONE ||
        set_add_list(set, plan->arena, sandbox->writable, true, err) != ERR_NONE ||
        set_add_list(set, plan->arena, own, true, err) != ERR_NONE) {
        return err->code;
    }
    set = set_prune(set, plan->arena);
    const char **hidden = hidden_paths(sandbox, plan->arena, &hidden_n);
    if (plan->clone_flags != 0 &&
        plan_mounts(plan, set, hidden, hidden_n, sandbox, err) != ERR_NONE) {
        return err->code;
    }
    return plan->landlock_abi == 0 ? ERR_NONE : plan_rules(plan, set, hidden, hidden_n, err);
}

static enum err_code plan_make(const struct sandbox *sandbox, bool use_namespaces, int landlock_abi,
                               struct sandbox_plan **out, struct err *err) {
    CLEANUP(sandbox_plan_freep) struct sandbox_plan *plan = mem_alloc(sizeof *plan);
    bool has_proxy =
        sandbox->net == SANDBOX_NET_SOURCES && sandbox->hosts != NULL && use_namespaces;

    plan->arena = arena_new();
    plan->landlock_abi = landlock_abi > LANDLOCK_ABI_KNOWN ? LANDLOCK_ABI_KNOWN : landlock_abi;
    plan->is_offline = sandbox->net == SANDBOX_NET_NONE;
    plan->has_proxy = has_proxy;
    if (use_namespaces) {
        plan->clone_flags = CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWIPC;
        plan->clone_flags |= plan->is_offline || has_proxy ? CLONE_NEWNET : 0;
        plan->uid_map = arena_format(plan->arena, "%u %u 1", getuid(), getuid());
        plan->gid_map = arena_format(plan->arena, "%u %u 1", getgid(), getgid());
    }
    plan->file_bytes_max =
        sandbox->file_bytes_max > 0 ? sandbox->file_bytes_max : sandbox_file_bytes;
    plan->cpu_s_max = sandbox->cpu_s_max > 0 ? sandbox->cpu_s_max : SANDBOX_CPU_S;
    plan->memory_bytes_max = memory_limit(sandbox->memory_bytes_max);
    int processes = sandbox->process_max > 0 ? sandbox->process_max : SANDBOX_PROCESSES;
    plan->process_max = process_limit(processes, use_namespaces);
    if (use_namespaces && has_own_pid_max()) {
        plan->pid_max = arena_format(plan->arena, "%d", processes < 400 ? 400 : processes);
    }
    plan->filter = seccomp_filter(sandbox->net, use_namespaces);
    if (plan->filter == NULL) {
        return err_set(err, ERR_SANDBOX, "the seccomp filter cannot be made");
    }
    if (plan_paths(plan, sandbox, err) != ERR_NONE) {
        return err->code;
    }
    *out = TAKE(plan);
    return ERR_NONE;
}

enum err_code sandbox_plan_new(const struct sandbox *sandbox, struct sandbox_plan **out,
                               struct err *err) {
    const struct sandbox_caps *caps = sandbox_probe();
    bool use_namespaces = caps->has_namespaces && sandbox->wall != SANDBOX_WALL_LANDLOCK;
    int abi = sandbox->wall == SANDBOX_WALL_NAMESPACES ? 0 : caps->landlock_abi;

    abi = abi < LANDLOCK_ABI_MIN ? 0 : abi;
    if (caps->missing[0] != '\0' || (!use_namespaces && abi == 0)) {
        err_set(err, ERR_SANDBOX, "%s",
                caps->missing[0] != '\0' ? caps->missing : "the sandbox wall asked for is missing");
        return err_remedy(err, "allow unprivileged user namespaces, use Linux 6.2 or later with "
                               "Landlock, or run this one command with --no-sandbox");
    }
    return plan_make(sandbox, use_namespaces, abi, out, err);
}

void sandbox_plan_freep(struct sandbox_plan **plan) {
    if (*plan != NULL) {
        arena_free((*plan)->arena);
        free((*plan)->rules);
        free(*plan);
        *plan = NULL;
    }
}

/* --- the probe --- */

/* Enters all namespaces for real, in a child that does nothing else. */
static bool try_namespaces(void) {
    const struct sandbox nothing = {0};
    struct sandbox_plan *plan = NULL;
    struct err err = {0};
    int status = -1;

    if (plan_make(&nothing, true, 0, &plan, &err) != ERR_NONE) {
        return false;
    }
    pid_t pid = launch_clone(plan->clone_flags, NULL);
    if (pid == 0) {
        _exit(sandbox_enter_root(plan) == STEP_NONE ? 0 : 1);
    }
    if (pid > 0 && waitpid(pid, &status, __WALL) != pid) {
        status = -1;
    }
    sandbox_plan_freep(&plan);
    return status == 0;
}

static struct sandbox_caps probed;

static void probe_once(void) {
    long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_VERSION_FLAG);

    probed.landlock_abi = abi > 0 ? (int)abi : 0;
    probed.has_seccomp = seccomp_filter(SANDBOX_NET_NONE, true) != NULL;
    probed.has_namespaces = try_namespaces();
    if (!probed.has_seccomp) {
        snprintf(probed.missing, sizeof probed.missing, "seccomp filters are missing");
    } else if (!probed.has_namespaces && probed.landlock_abi < LANDLOCK_ABI_MIN) {
        snprintf(probed.missing, sizeof probed.missing,
                 "user and mount namespaces cannot be made here, and Landlock has ABI %d (0 is "
                 "none) where %d is needed",
                 probed.landlock_abi, LANDLOCK_ABI_MIN);
    }
}

const struct sandbox_caps *sandbox_probe(void) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;

    pthread_once(&once, probe_once);
    return &probed;
}

const char *sandbox_proxy_url(const struct sandbox *sandbox) {
    bool has_proxy = sandbox->net == SANDBOX_NET_SOURCES && sandbox->hosts != NULL &&
                     sandbox->wall != SANDBOX_WALL_LANDLOCK && sandbox_probe()->has_namespaces;

    return has_proxy ? SANDBOX_PROXY_URL : NULL;
}
