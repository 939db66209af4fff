/* doctor: what a deployment needs of this machine and account; each finding with its remedy. */
#include <errno.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "bundle/node.h"
#include "bundle/python.h"
#include "front/verb/here.h"
#include "front/verb/run.h"
#include "repo/survey.h"
#include "sys/proc.h"
#include "sys/sandbox.h"
#include "sys/tty.h"

enum health { HEALTH_BAD, HEALTH_WARN, HEALTH_GOOD };

enum { DISK_MB_MIN = 500, CLOCK_MS_MAX = 4 * 60 * 1000 };

/* What one check found. */
struct finding {
    enum health health;
    char text[560];
    char remedy[320];
};

/* What the checks share. */
struct doctor {
    struct cli *cli;
    json_t *identity; /* NULL: AWS did not say */
    json_t *survey;   /* what the repository is; NULL: it could not be read */
    json_t *site;     /* what would build its front end: node_look(); NULL: nothing, or an error */
    struct err site_err;
    struct err flow_err;
    struct err aws_err;
};

static void found(struct finding *out, enum health health, const char *remedy, const char *fmt, ...)
    PRINTF_LIKE(4, 5);
static void found(struct finding *out, enum health health, const char *remedy, const char *fmt,
                  ...) {
    va_list args;

    out->health = health;
    (void)snprintf(out->remedy, sizeof out->remedy, "%s", remedy);
    va_start(args, fmt);
    (void)vsnprintf(out->text, sizeof out->text, fmt, args);
    va_end(args);
}

static void found_err(struct finding *out, const struct err *err) {
    found(out, HEALTH_BAD, err->remedy, "%s", err->text);
}

/* ---- This machine ---- */

static void check_state(struct doctor *doctor, struct finding *out) {
    struct err err = {0};

    if (doctor->cli->flow == NULL) {
        found_err(out, &doctor->flow_err);
    } else if (store_check(flow_store(doctor->cli->flow), &err) != ERR_NONE) {
        err_remedy(&err, "keep a copy of the state folder, then take store.db away");
        found_err(out, &err);
    } else {
        found(out, HEALTH_GOOD, "", "the state folder is whole");
    }
}

static void check_disk(struct doctor *doctor, struct finding *out) {
    struct statvfs disk = {0};
    const char *root = doctor->cli->flow == NULL ? "." : flow_root(doctor->cli->flow);
    long long mb;

    if (statvfs(root, &disk) != 0) {
        found(out, HEALTH_WARN, "", "the free space cannot be read: %s", strerror(errno));
        return;
    }
    mb = (long long)((double)disk.f_bavail * (double)disk.f_frsize / 1e6);
    if (mb < DISK_MB_MIN) {
        found(out, HEALTH_BAD, "make room: a build needs about 500 MB", "%lld MB are free", mb);
    } else {
        found(out, HEALTH_GOOD, "", "%lld MB are free", mb);
    }
}

static void check_sandbox(struct doctor *doctor, struct finding *out) {
    const struct sandbox_caps *caps = sandbox_probe();

    (void)doctor;
    if (caps->missing[0] != '\0') {
        found(out, HEALTH_BAD,
              "builds need a kernel with Landlock (6.2) or user namespaces; "
              "--no-sandbox builds without, on your own decision",
              "%s", caps->missing);
        return;
    }
    found(out, HEALTH_GOOD, "", "sandbox: %s%s%s", caps->has_namespaces ? "namespaces" : "",
          caps->has_namespaces && caps->landlock_abi > 0 ? " and " : "",
          caps->landlock_abi > 0 ? "Landlock" : "");
}

/* What a build would find, and what it would say where it does not. */
static void check_build_tool(enum build_tool tool, const char *name, bool is_needed,
                             struct finding *out) {
    CLEANUP(freep) char *path = NULL;
    struct err err = {0};

    if (build_find_tool(tool, &path, &err) != ERR_NONE) {
        found(out, is_needed ? HEALTH_BAD : HEALTH_WARN, err.remedy, "%s", err.text);
    } else {
        found(out, HEALTH_GOOD, "", "%s: %s", name, path);
    }
}

static void check_uv(struct doctor *doctor, struct finding *out) {
    (void)doctor;
    check_build_tool(BUILD_UV, "uv", true, out);
}

/* ---- What the repository at hand needs ---- */

static struct build_env doctor_env(const struct doctor *doctor) {
    return (struct build_env){.root = flow_root(doctor->cli->flow),
                              .cache_dir = flow_cache_dir(doctor->cli->flow),
                              .redactor = flow_redactor(doctor->cli->flow),
                              .is_sandboxed = true};
}

/* Reads the repository, and which programs would build its front end. */
static void look_at_repository(struct doctor *doctor) {
    struct survey_options options = {0};
    struct err ignored = {0};

    if (doctor->cli->flow == NULL) {
        return;
    }
    options.project = flow_project(doctor->cli->flow);
    if (survey_run(flow_root(doctor->cli->flow), &options, &doctor->survey, &ignored) != ERR_NONE) {
        return;
    }
    const json_t *site = json_at(doctor->survey, "frontend");
    const struct build_env env = doctor_env(doctor);
    const struct node_app app = node_app_of_site(site);
    if (app.manifest != NULL) {
        (void)!node_look(&env, &app, &doctor->site, &doctor->site_err);
    }
}

static void found_program(struct finding *out, const char *title, const char *version,
                          const char *path) {
    if (path == NULL) {
        found(out, HEALTH_GOOD, "", "%s %s: fetched into the cache when it is needed", title,
              version == NULL ? "" : version);
    } else {
        found(out, HEALTH_GOOD, "", "%s %s: %s", title, version == NULL ? "" : version, path);
    }
}

/* Of the front end that is here; where there is none, pnpm, which a new one is built with. */
static void check_packages(struct doctor *doctor, struct finding *out) {
    if (doctor->site_err.code != ERR_NONE) {
        found_err(out, &doctor->site_err);
    } else if (doctor->site == NULL) {
        check_build_tool(BUILD_PNPM, "pnpm", false, out);
    } else {
        found_program(out, json_str_or(doctor->site, "manager", ""),
                      json_str_at(doctor->site, "version"), json_str_at(doctor->site, "program"));
    }
}

static void check_node(struct doctor *doctor, struct finding *out) {
    if (doctor->site == NULL) {
        check_build_tool(BUILD_NODE, "node", false, out);
    } else {
        found_program(out, "Node.js", json_str_at(doctor->site, "node_version"),
                      json_str_at(doctor->site, "node"));
    }
}

/* uv installs from the lock of every manager, so the interpreter is all that differs. */
static void check_python(struct doctor *doctor, struct finding *out) {
    const json_t *backend = json_at(doctor->survey, "backend");
    CLEANUP(json_decrefp) json_t *python = NULL;
    CLEANUP(freep) char *path = proc_find("python3", NULL);
    CLEANUP(freep) char *uv = NULL;
    struct err err = {0};

    if (json_is_object(backend) && build_find_tool(BUILD_UV, &uv, &err) != ERR_NONE) {
        found(out, HEALTH_WARN, "", "Python, for the back end: not looked for without uv");
    } else if (json_is_object(backend)) {
        const struct build_env env = doctor_env(doctor);
        const struct python_app app = {.dir = json_str_or(backend, "dir", "."),
                                       .python = json_str_at(backend, "python")};

        if (python_look(&env, &app, &python, &err) == ERR_NONE) {
            found(out, HEALTH_GOOD, "", "Python %s, for the back end (packages by %s): %s",
                  json_str_or(python, "python", ""), json_str_or(backend, "manager", "uv"),
                  json_str_or(python, "path", ""));
        } else {
            found(out, HEALTH_WARN,
                  "uv fetches it when it is needed; where github.com cannot be "
                  "reached, install it or set UV_PYTHON_INSTALL_MIRROR",
                  "%s", err.text);
        }
    } else if (path == NULL) {
        found(out, HEALTH_WARN, "install Python 3.11 or later, or let uv do it: uv python install",
              "python3 is not installed");
    } else {
        found(out, HEALTH_GOOD, "", "python3: %s", path);
    }
}

static void check_terminal(struct doctor *doctor, struct finding *out) {
    (void)doctor;
    if (!tty_is_terminal(STDIN_FILENO) || !tty_is_terminal(STDERR_FILENO)) {
        found(out, HEALTH_GOOD, "", "no terminal here: nobody is asked, and there is no chat");
        return;
    }
    found(out, HEALTH_GOOD, "", "terminal: %d columns%s", tty_width(STDERR_FILENO),
          tty_has_color(STDERR_FILENO) ? ", colours" : "");
}

static void check_project(struct doctor *doctor, struct finding *out) {
    if (doctor->cli->flow == NULL) {
        found(out, HEALTH_WARN, "", "the repository was not looked at");
    } else if (flow_project(doctor->cli->flow) == NULL) {
        found(out, HEALTH_WARN, "aws-copilot init writes it; deploy asks without it",
              "there is no %s here", PROJECT_FILE);
    } else {
        found(out, HEALTH_GOOD, "", "%s: application %s", PROJECT_FILE,
              flow_project(doctor->cli->flow)->name);
    }
}

/* ---- AWS ---- */

static void check_credentials(struct doctor *doctor, struct finding *out) {
    if (doctor->identity == NULL) {
        found_err(out, doctor->cli->flow == NULL ? &doctor->flow_err : &doctor->aws_err);
        return;
    }
    found(out, HEALTH_GOOD, "", "signed in as %s, by %s", json_str_or(doctor->identity, "arn", "?"),
          json_str_or(doctor->identity, "source", "source unknown"));
}

static void check_place(struct doctor *doctor, struct finding *out) {
    const char *endpoint = json_str_or(doctor->identity, "endpoint", "AWS");

    if (doctor->identity == NULL) {
        found(out, HEALTH_WARN, "", "account and region: unknown without credentials");
        return;
    }
    if (strcmp(endpoint, "AWS") != 0) {
        found(out, HEALTH_WARN, "unset AWS_ENDPOINT_URL to reach AWS itself",
              "account %s, region %s, at %s, which is not AWS",
              json_str_or(doctor->identity, "account", "?"),
              json_str_or(doctor->identity, "region", "?"), endpoint);
        return;
    }
    found(out, HEALTH_GOOD, "", "account %s, region %s",
          json_str_or(doctor->identity, "account", "?"),
          json_str_or(doctor->identity, "region", "?"));
}

static void check_clock(struct doctor *doctor, struct finding *out) {
    int64_t offset_ms = json_int_or(doctor->identity, "clock_offset_ms", 0);
    int64_t size_ms = offset_ms < 0 ? -offset_ms : offset_ms;

    if (doctor->identity == NULL) {
        found(out, HEALTH_WARN, "", "clock: not compared with AWS");
    } else if (size_ms > CLOCK_MS_MAX) {
        found(out, HEALTH_BAD, "set the clock, for example with timedatectl set-ntp true",
              "the clock differs from AWS's by %s", screen_elapsed(size_ms).text);
    } else {
        found(out, HEALTH_GOOD, "", "clock: within %s of AWS's", screen_elapsed(size_ms).text);
    }
}

/* What a deployment from here needs; an empty folder needs nothing yet. */
static void check_permissions(struct doctor *doctor, struct finding *out) {
    CLEANUP(json_decrefp) json_t *flags = cli_flags(doctor->cli);
    CLEANUP(rights_done) struct rights rights = {0};
    struct err err = {0};
    const json_t *first;

    if (doctor->identity == NULL ||
        rights_here(doctor->cli, flags, "deploy", doctor->identity, &rights, &err) != ERR_NONE) {
        found(out, HEALTH_WARN, "", "permissions: not compared%s%s",
              doctor->identity == NULL ? "" : ", ", err.text);
        return;
    }
    first = json_array_get(rights.missing, 0);
    if (first != NULL) {
        found(out, HEALTH_BAD,
              "aws-copilot permissions prints the policy that an administrator attaches",
              "permissions: %zu of what a deployment here needs %s missing, first %s on %s",
              json_array_size(rights.missing), json_array_size(rights.missing) == 1 ? "is" : "are",
              json_str_or(first, "action", ""), json_str_or(first, "resource", ""));
    } else if (rights.missing != NULL) {
        found(out, HEALTH_GOOD, "", "permissions: all that a deployment here needs, %s",
              json_array_size(rights.unsure) == 0 ? "by what IAM says"
                                                  : "but for what AWS decides at the call");
    } else {
        found(out, HEALTH_WARN,
              rights.deployer_arn == NULL
                  ? "aws-copilot bootstrap makes a policy that whoever deploys can have"
                  : "aws-copilot permissions prints what is needed",
              "permissions: IAM does not say (%s)", rights.why);
    }
}

/* clang-format off */
static const struct {
    const char *name;
    void (*check)(struct doctor *doctor, struct finding *out);
} checks[] = {
    { "state",       check_state       },
    { "project",     check_project     },
    { "credentials", check_credentials },
    { "place",       check_place       },
    { "clock",       check_clock       },
    { "permissions", check_permissions },
    { "uv",          check_uv          },
    { "packages",    check_packages    },
    { "node",        check_node        },
    { "python",      check_python      },
    { "sandbox",     check_sandbox     },
    { "disk",        check_disk        },
    { "terminal",    check_terminal    },
};
/* clang-format on */

static const char *const health_words[] = {
    [HEALTH_BAD] = "high", [HEALTH_WARN] = "medium", [HEALTH_GOOD] = "info"};
static const char *const health_marks[] = {
    [HEALTH_BAD] = "✗", [HEALTH_WARN] = "!", [HEALTH_GOOD] = "✓"};

static void doctor_show(struct cli *cli, const char *name, const struct finding *finding) {
    cli_event(cli, "finding",
              agent_args("code", name, "severity", health_words[finding->health], "text",
                         finding->text, "remedy", finding->remedy, NULL));
    cli_print(cli, "%s %s\n", health_marks[finding->health], finding->text);
    if (finding->remedy[0] != '\0') {
        cli_print(cli, "    → %s\n", finding->remedy);
    }
}

static enum err_code doctor_run(struct cli *cli, struct err *err) {
    CLEANUP(json_decrefp) json_t *flags = cli_flags(cli);
    struct doctor doctor = {.cli = cli};
    size_t bad = 0;

    if (cli_flow(cli, &doctor.flow_err) == ERR_NONE) {
        (void)!cli_query(cli, flags, "identity", json_object(), &doctor.identity, &doctor.aws_err);
    }
    look_at_repository(&doctor);
    for (size_t i = 0; i < ARRAY_N(checks); i++) {
        struct finding finding = {.health = HEALTH_BAD};

        checks[i].check(&doctor, &finding);
        doctor_show(cli, checks[i].name, &finding);
        bad += finding.health == HEALTH_BAD;
    }
    json_decref(doctor.identity);
    json_decref(doctor.survey);
    json_decref(doctor.site);
    if (bad > 0) {
        err_set(err, ERR_CONFLICT, "%zu of %zu checks failed", bad, ARRAY_N(checks));
        return err_remedy(err, "do what stands beside each, then run aws-copilot doctor again");
    }
    return ERR_NONE;
}

const struct verb verb_doctor = {
    .name = "doctor",
    .words = "",
    .summary = "credentials, region, clock, tools, sandbox, state: each with its remedy",
    .more = "Exit 1 when something keeps a deployment from working.",
    .section = VERBS_HERE,
    .options = OPTIONS_WHERE,
    .run = doctor_run,
};
