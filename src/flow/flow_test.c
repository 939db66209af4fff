/* The real agents on the real road, through the real gate, in a world of fakes: every way it can
 * end. */
#include "support/flow_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "aws/stack_state.h"
#include "flow/release.h"
#include "flow/runbook.h"
#include "flow/runner.h"
#include "guard/limits.h"
#include "sys/fs.h"

static int set_up(void **state) {
    (void)state;
    world_fresh();
    return 0;
}

/* One run of a new session in a process of its own memory. */
static enum err_code run(const char *kind) {
    struct flow *flow = world_flow(&hasty_store);
    enum err_code code = world_run(flow, kind, true);

    flow_close(flow);
    return code;
}

/* ---- Every way it can end ---- */

static void nothing(void) {}
static void deployed(void) { world->is_deployed = true; }
static void no_change(void) {
    deployed();
    world->has_no_change = true;
}
static void refused(void) { world->is_refused = true; }
static void lacks_right(void) { world->lacks_right = true; }
static void nobody(void) { world->is_nobody_there = true; }
static void nobody_knows_variable(void) {
    nobody();
    world->asks_variable = true;
}
static void variable(void) { world->asks_variable = true; }
static void says_no(void) { (void)snprintf(world->approval, sizeof world->approval, "no"); }
static void says_nothing(void) { world->approval[0] = '\0'; }
static void removes_bucket(void) {
    deployed();
    world->is_plan_bad = true;
}
static void apply_bad(void) { world->is_apply_bad = true; }
static void apply_bad_on_update(void) {
    deployed();
    world->is_apply_bad = true;
}
static void keeps_what_fails(void) {
    apply_bad_on_update();
    world->is_kept = true;
}
static void fixes_forward(void) {
    deployed();
    world->is_kept = true;
    (void)snprintf(world->stack_status, sizeof world->stack_status, "UPDATE_FAILED");
}
static void outlived(void) {
    deployed();
    world->is_outlived = true;
}
static void outlived_nobody(void) {
    outlived();
    nobody();
}
static void probe_bad(void) { world->is_probe_bad = true; }
static void no_bootstrap(void) { world->has_bootstrap = false; }
static void no_bootstrap_no(void) {
    no_bootstrap();
    says_no();
}
static void dry_run_only(void) { world->stops_at_plan = true; }
static void dry_run_without_bootstrap(void) {
    no_bootstrap();
    dry_run_only();
    nobody();
}

static void stuck(void) {
    deployed();
    (void)snprintf(world->stack_status, sizeof world->stack_status, "UPDATE_ROLLBACK_FAILED");
}
static void stuck_no(void) {
    stuck();
    says_no();
}
static void stuck_nobody(void) {
    stuck();
    nobody();
}
static void stuck_again(void) {
    stuck();
    world->is_cure_bad = true;
}
static void stuck_still(void) {
    stuck();
    world->is_cure_hollow = true;
}
static void deployed_still(void) {
    deployed();
    world->is_cure_hollow = true;
}
static void stuck_protected(void) {
    deployed();
    (void)snprintf(world->stack_status, sizeof world->stack_status, "ROLLBACK_COMPLETE");
    world->is_protected = true;
}
static void leftover(void) {
    deployed();
    world->has_leftover = true;
}

static void secret(void) { world->needs_secret = true; }
static void secret_that_is_there(void) {
    secret();
    world->has_secret = true;
}
static void secret_unanswered(void) {
    secret();
    nobody();
}
static void secret_refused(void) {
    secret();
    says_no();
}
static void secret_in_dry_run(void) {
    secret();
    dry_run_only();
}
static void removal(void) {
    world->has_secret = true;
    world->removes = true;
}
static void removal_of_nothing(void) { world->removes = true; }

static void op_fails(const char *op, enum err_code code) {
    (void)snprintf(world->fail_op, sizeof world->fail_op, "%s", op);
    world->fail_code = code;
}
static void survey_fails(void) { op_fails("survey", ERR_IO); }
static void denied(void) { op_fails("identity", ERR_CREDENTIALS); }
static void build_fails(void) { op_fails("build", ERR_BUILD); }
static void import_fails(void) { op_fails("check", ERR_IMPORT); }
static void locked(void) { op_fails("lock", ERR_LOCKED); }
static void set_fails(void) { op_fails("preview", ERR_TEMPLATE); }
static void set_fails_retried(void) {
    set_fails();
    world->is_retried = true;
}
static void put_denied(void) { op_fails("put_secret", ERR_DENIED); }
static void apply_fails(void) { op_fails("apply", ERR_UNREACHABLE); }
static void probe_fails(void) { op_fails("probe", ERR_UNREACHABLE); }
static void destroy_fails(void) {
    deployed();
    op_fails("destroy", ERR_UNREACHABLE);
}

/* clang-format off */
static const struct end_row {
    const char *what;
    const char *kind;
    void (*arrange)(void);
    const char *status;
    int exit_status;
    const char *message; /* a piece of it */
    int applied;         /* effects of apply, bootstrap and destroy */
    bool needs_person;   /* it ends in ESCALATED, with a runbook */
} end_rows[] = {
    /* what                          kind         arrange                    status       exit message               applied */
    { "a first deployment",          "deploy",    nothing,                   "success",     0, "",                     1 },
    { "an update",                   "deploy",    deployed,                  "success",     0, "",                     1 },
    { "nothing changed",             "deploy",    no_change,                 "no_change",   0, "",                     0 },
    { "an answer was missing",       "deploy",    variable,                  "success",     0, "",                     1 },
    { "nobody knows the answer",     "deploy",    nobody_knows_variable,     "failed",      2, "LOG_LEVEL",            0 },
    { "it cannot be deployed",       "deploy",    refused,                   "refused",     5, "local database",       0, true },
    { "the survey fails",            "deploy",    survey_fails,              "failed",      1, "survey fails",         0 },
    { "no credentials",              "deploy",    denied,                    "failed",      3, "identity fails",       0 },
    { "the build fails",             "deploy",    build_fails,               "failed",      1, "build fails",          0 },
    { "the import fails",            "deploy",    import_fails,              "failed",      1, "check fails",          0 },
    { "the caller lacks a right",    "deploy",    lacks_right,               "failed",      3, "s3:PutObject on",      0 },
    { "the lock is held",            "deploy",    locked,                    "failed",      1, "lock fails",           0 },
    { "the set is rejected",         "deploy",    set_fails,                 "failed",      1, "preview fails",        0 },
    { "the third try goes up",       "deploy",    set_fails_retried,         "escalated",   1, "preview fails",        0, true },
    { "the set would remove data",   "deploy",    removes_bucket,            "refused",     5, "",                     0, true },
    { "a person says no",            "deploy",    says_no,                   "refused",     5, "said no",              0 },
    { "nobody answers",              "deploy",    says_nothing,              "waiting",    10, "approve",              0 },
    { "nobody is there",             "deploy",    nobody,                    "waiting",    10, "approve",              0 },
    { "the first stack fails",       "deploy",    apply_bad,                 "failed",      4, "the fake says no",     1 },
    { "an update fails",             "deploy",    apply_bad_on_update,       "rolled_back", 4, "the fake says no",     1 },
    { "a failure is kept",           "deploy",    keeps_what_fails,          "failed",      4, "the fake says no",     1 },
    { "a failure is gone on with",   "deploy",    fixes_forward,             "success",     0, "",                     1 },
    { "a stack outlived its ttl",    "deploy",    outlived,                  "cancelled",   8, "was destroyed",        1 },
    { "it did, and nobody is there", "deploy",    outlived_nobody,           "waiting",    10, "approve",              0 },
    { "apply does not answer",       "deploy",    apply_fails,               "failed",      4, "apply fails",          0 },
    { "the first build is ill",      "deploy",    probe_bad,                 "failed",      4, "500",                  1 },
    { "the probe does not answer",   "deploy",    probe_fails,               "failed",      4, "probe fails",          1 },
    { "the account is set up",       "deploy",    no_bootstrap,              "success",     0, "",                     2 },
    { "the set-up is refused",       "deploy",    no_bootstrap_no,           "refused",     5, "said no",              0 },
    { "a dry run",                   "deploy",    dry_run_only,              "success",     0, "nothing was written",  0 },
    { "a dry run without set-up",    "deploy",    dry_run_without_bootstrap, "failed",      2, "bootstrap stack",      0 },
    { "a bootstrap",                 "bootstrap", no_bootstrap,              "success",     0, "",                     1 },
    { "a bootstrap that fails",      "bootstrap", apply_bad,                 "escalated",   4, "the fake says no",     1, true },
    { "a destroy",                   "destroy",   deployed,                  "success",     0, "",                     1 },
    { "a destroy of nothing",        "destroy",   nothing,                   "failed",      6, "no stack",             0 },
    { "a destroy that fails",        "destroy",   destroy_fails,             "escalated",   4, "destroy fails",        0, true },
    { "nothing to recover",          "recover",   deployed,                  "no_change",   0, "",                     0 },
    { "a recovery of nothing",       "recover",   nothing,                   "failed",      6, "no stack",             0 },
    { "a leftover set",              "recover",   leftover,                  "success",     0, "",                     1 },
    { "a recovery that is refused",  "recover",   stuck_no,                  "refused",     5, "said no",              0 },
    { "a recovery nobody approves",  "recover",   stuck_nobody,              "waiting",    10, "approve",              0 },
    { "a recovery that fails",       "recover",   stuck_again,               "escalated",   4, "the stack ended in",   1, true },
    { "a recovery that did nothing", "recover",   stuck_still,               "escalated",   4, "undoing it failed",    1, true },
    { "a deletion that did nothing", "destroy",   deployed_still,            "escalated",   4, "is still there",       1, true },
    { "a protected stack",           "recover",   stuck_protected,           "failed",      1, "protected",            0 },
    { "a deployment to a stuck one", "deploy",    stuck_nobody,              "failed",      1, "undoing it failed",    0 },
    { "its recovery is refused",     "deploy",    stuck_no,                  "refused",     5, "said no",              0 },
    { "a secret is stored",          "secrets",   nothing,                   "success",     0, "deploy",               1 },
    { "a secret nobody gives",       "secrets",   nobody,                    "failed",      2, "SECRET_KEY",           0 },
    { "a secret that is refused",    "secrets",   says_no,                   "refused",     5, "said no",              0 },
    { "storing is denied",           "secrets",   put_denied,                "failed",      3, "put_secret fails",     0 },
    { "a secret is removed",         "secrets",   removal,                   "success",     0, "",                     1 },
    { "no such secret",              "secrets",   removal_of_nothing,        "failed",      6, "no such secret",       0 },
    { "a secret is needed",          "deploy",    secret,                    "success",     0, "",                     2 },
    { "a secret is there already",   "deploy",    secret_that_is_there,      "success",     0, "",                     1 },
    { "nobody knows the secret",     "deploy",    secret_unanswered,         "failed",      2, "SECRET_KEY",           0 },
    { "storing it is refused",       "deploy",    secret_refused,            "refused",     5, "said no",              0 },
    { "a dry run without a secret",  "deploy",    secret_in_dry_run,         "success",     0, "nothing was written",  0 },
    { "init",                        "init",      nothing,                   "success",     0, "",                     0 },
};
/* clang-format on */

static int applied(void) {
    return world_effects("apply") + world_effects("bootstrap") + world_effects("destroy") +
           world_effects("recover") + world_effects("put_secret") + world_effects("secrets_rm");
}

/* Whether the run left a runbook behind. */
static bool has_runbook(void) {
    CLEANUP(freep)
    char *page = mem_format("%s/aws-copilot/runbooks/%s/" RUNBOOK_PAGE, getenv("XDG_STATE_HOME"),
                            world->session);

    return access(page, R_OK) == 0;
}

/* Whoever answers as the model, or nobody: each end is the same. */
static int ends_bad(enum world_model model) {
    int bad = 0;

    for (size_t i = 0; i < ARRAY_N(end_rows); i++) {
        const struct end_row *row = &end_rows[i];

        if (model != WORLD_MODEL_NONE && strcmp(row->kind, "deploy") != 0) {
            continue; /* it has its part in deployments */
        }
        world_fresh();
        world->model = model;
        row->arrange();
        (void)run(row->kind);
        if (strcmp(world->status, row->status) != 0 || world->exit_status != row->exit_status ||
            strstr(world->message, row->message) == NULL || applied() != row->applied ||
            has_runbook() != row->needs_person || world_was_repeated()) {
            print_error("%s, model %d: %s, exit %d, '%s', %d applied\n", row->what, (int)model,
                        world->status, world->exit_status, world->message, applied());
            bad++;
        }
        bad += world->is_prompt_leaking ? 1 : 0;
        bad += model == WORLD_MODEL_EVIL && world->words > 1 ? 1 : 0; /* "... is left out" */
    }
    return bad;
}

static void every_end_has_its_status_and_its_exit_code(void **state) {
    (void)state;
    assert_int_equal(ends_bad(WORLD_MODEL_NONE), 0);
}

static void no_model_changes_how_anything_ends(void **state) {
    (void)state;
    assert_int_equal(ends_bad(WORLD_MODEL_GOOD), 0);
    assert_int_equal(ends_bad(WORLD_MODEL_EVIL), 0);
    assert_int_equal(ends_bad(WORLD_MODEL_DOWN), 0);
}

static void whatever_a_model_fails_with_the_deployment_goes_on(void **state) {
    static const enum err_code codes[] = {
        ERR_TIMEOUT,     ERR_PROTOCOL, ERR_THROTTLED, ERR_CREDENTIALS, ERR_DENIED,
        ERR_UNREACHABLE, ERR_SERVICE,  ERR_TOO_LARGE, ERR_NOT_FOUND,   ERR_BUDGET};

    (void)state;
    for (size_t i = 0; i < ARRAY_N(codes); i++) {
        world_fresh();
        world->model = WORLD_MODEL_DOWN;
        world->model_fails = codes[i];
        variable();
        (void)run("deploy");
        if (strcmp(world->status, "success") != 0 || applied() != 1 || world->words != 0) {
            fail_msg("%s: %s, %s", err_wire(codes[i]), world->status, world->message);
        }
    }
}

/* ---- What a model adds ---- */

static void a_model_words_a_deployment_and_its_tokens_are_counted(void **state) {
    (void)state;
    world->model = WORLD_MODEL_GOOD;
    (void)run("deploy");
    assert_string_equal(world->status, "success");
    assert_int_equal(world->advised, 3); /* the reviewer, the plan, the end */
    assert_int_equal(world->words, 2);   /* of the end, and its note at a resource of the set */
    assert_int_equal(world->tokens, 3 * 960);
    world_fresh();
    world->model = WORLD_MODEL_DOWN;
    (void)run("deploy");
    assert_int_equal(world->advised, 1); /* it is not asked by each agent anew */
    assert_int_equal(world->words, 0);
    assert_int_equal(world->tokens, 0);
}

static void an_answer_is_proposed_only_where_a_file_says_it(void **state) {
    (void)state;
    world->model = WORLD_MODEL_GOOD;
    variable();
    (void)run("deploy");
    assert_string_equal(world->proposed, "debug");
    world_fresh();
    world->model = WORLD_MODEL_EVIL;
    variable();
    (void)run("deploy");
    assert_string_equal(world->status, "success");
    assert_string_equal(world->proposed, "");
}

static void a_concern_asks_for_a_person_and_changes_nothing_else(void **state) {
    (void)state;
    world->is_machine = true;
    (void)run("deploy");
    assert_string_equal(world->status, "success");
    assert_int_equal(world_asked("approval"), 0);
    for (enum world_model model = WORLD_MODEL_GOOD; model <= WORLD_MODEL_DOWN; model++) {
        world_fresh();
        world->is_machine = true;
        world->model = model;
        world->has_concern = model == WORLD_MODEL_GOOD;
        (void)run("deploy");
        assert_string_equal(world->status, "success");
        assert_int_equal(world_asked("approval"), world->has_concern ? 1 : 0);
    }
    world_fresh();
    world->is_machine = true;
    world->model = WORLD_MODEL_GOOD;
    removes_bucket(); /* what the review denies stays denied, and nobody is asked about it */
    (void)run("deploy");
    assert_string_equal(world->status, "refused");
    assert_int_equal(world->advised, 0);
}

/* ---- How many rounds a failure takes, until the application runs ---- */

static void lock_lost(void) { op_fails("lock", ERR_LOCKED); }
static void upload_denied(void) { op_fails("upload", ERR_DENIED); }
static void update_fails(void) {
    deployed();
    world->is_apply_bad = true;
}
static void update_ill(void) {
    deployed();
    world->is_probe_bad = true;
}
static void in_status(const char *status) {
    deployed();
    (void)snprintf(world->stack_status, sizeof world->stack_status, "%s", status);
}
static void rolled_back_creation(void) { in_status("ROLLBACK_COMPLETE"); }
static void rollback_failed(void) { in_status("ROLLBACK_FAILED"); }
static void creation_failed(void) { in_status("CREATE_FAILED"); }
static void deletion_failed(void) { in_status("DELETE_FAILED"); }
static void update_failed(void) { in_status("UPDATE_FAILED"); }
static void busy(void) { in_status("UPDATE_IN_PROGRESS"); }
static void review(void) { in_status("REVIEW_IN_PROGRESS"); }

enum { NEVER = 0, PAPER_BYTES_MAX = 1 << 20 };

/* clang-format off */
/* The rows of the table of docs/recovery.md. The person puts right what the sentence names, at the how-manieth "try
 * again?". How many rounds that takes is counted, and the paper says it. */
static const struct seeded_row {
    const char *what;
    void (*arrange)(void);
    int mended_at;
} seeded_rows[] = {
    { "nothing fails",                                                         nothing,              NEVER },
    { "the build fails",                                                       build_fails,          1 },
    { "the import fails",                                                      import_fails,         1 },
    { "a right is missing",                                                    lacks_right,          1 },
    { "the upload is denied",                                                  upload_denied,        1 },
    { "the lock is held",                                                      lock_lost,            1 },
    { "the change set is rejected",                                            set_fails,            1 },
    { "the update fails, and goes back",                                       update_fails,         1 },
    { "the new version is ill, and goes back",                                 update_ill,           1 },
    { "it is ill once more, what was put right was not the cause",             update_ill,           2 },
    { "a creation was undone (ROLLBACK_COMPLETE)",                             rolled_back_creation, NEVER },
    { "a creation could not be undone (ROLLBACK_FAILED)",                      rollback_failed,      NEVER },
    { "a creation failed and was kept (CREATE_FAILED)",                        creation_failed,      NEVER },
    { "an update failed and was kept (UPDATE_FAILED)",                         update_failed,        NEVER },
    { "an update could not be undone (UPDATE_ROLLBACK_FAILED)",                stuck,                NEVER },
    { "a deletion failed (DELETE_FAILED)",                                     deletion_failed,      NEVER },
    { "somebody else's update is under way (UPDATE_IN_PROGRESS)",              busy,                 NEVER },
    { "a creation was planned and left (REVIEW_IN_PROGRESS)",                  review,               NEVER },
};
/* clang-format on */

/* Deploys until it runs or is given up. A round is a repair: a yes to "try again?", or a recovery
 * with its own yes. */
static int seeded_rounds(const struct seeded_row *row) {
    struct flow *flow;

    world_fresh();
    flow = world_flow(&hasty_store);
    row->arrange();
    world->mended_at = row->mended_at;
    world->is_retried = true;
    (void)world_run(flow, "deploy", true);
    flow_close(flow);
    return world_asked("retry") + world_effects("recover");
}

static void every_seeded_failure_is_resolved_in_less_than_two_rounds(void **state) {
    CLEANUP(freep) char *path = mem_format("%s/docs/recovery.md", getenv("AWSCOPILOT_SOURCE_ROOT"));
    CLEANUP(buf_done) struct buf table = BUF_INIT(PAPER_BYTES_MAX);
    CLEANUP(buf_done) struct buf paper = BUF_INIT(PAPER_BYTES_MAX);
    struct err err = {0};
    int bad = 0;
    int sum = 0;

    (void)state;
    buf_add_s(&table, "| failure | rounds |\n|---|---|\n");
    for (size_t i = 0; i < ARRAY_N(seeded_rows); i++) {
        int rounds = seeded_rounds(&seeded_rows[i]);

        buf_addf(&table, "| %s | %d |\n", seeded_rows[i].what, rounds);
        sum += rounds;
        if (strcmp(world->status, "success") != 0 || rounds > limit(LIMIT_ROUNDS)) {
            print_error("%s: %s after %d rounds, '%s'\n", seeded_rows[i].what, world->status,
                        rounds, world->message);
            bad++;
        }
    }
    assert_int_equal(bad, 0);
    assert_true((size_t)sum < 2 * ARRAY_N(seeded_rows));
    buf_addf(&table, "| all %zu, on average | %.1f |\n", ARRAY_N(seeded_rows),
             (double)sum / (double)ARRAY_N(seeded_rows));
    if (fs_read_file(path, PAPER_BYTES_MAX, &paper, &err) != ERR_NONE ||
        str_find(buf_str(&paper), buf_str(&table)) < 0) {
        fail_msg("docs/recovery.md has not this table (%s):\n%s", err.text, buf_cstr(&table));
    }
}

/* What is never put right: two rounds, and the third failure is a person's, with the runbook. */
static void a_failure_that_stays_goes_up_after_two_rounds(void **state) {
    const struct seeded_row rows[] = {{"the change set is rejected", set_fails, NEVER},
                                      {"the new version is ill", update_ill, NEVER}};

    (void)state;
    for (size_t i = 0; i < ARRAY_N(rows); i++) {
        assert_int_equal(seeded_rounds(&rows[i]), 2);
        assert_string_equal(world->status, "escalated");
        assert_true(has_runbook());
    }
}

/* ---- Every status of a stack, and every verb that meets it ---- */

/* clang-format off */
/* A person says yes to everything. `cure` is what was done, "" for nothing. */
static const struct state_row {
    const char *status;
    struct { const char *status; int exit_status; const char *cure; } recover, deploy;
    struct { const char *status; int exit_status; } destroy, rollback;
} state_rows[] = {
    /* stack                                           recover                       deploy                        destroy             rollback */
    { "REVIEW_IN_PROGRESS",                          { "success",   0, "discard"  }, { "success", 0, ""         }, { "success", 0 }, { "failed",  6 } },
    { "CREATE_IN_PROGRESS",                          { "no_change", 0, ""         }, { "success", 0, ""         }, { "failed",  1 }, { "success", 0 } },
    { "UPDATE_IN_PROGRESS",                          { "no_change", 0, ""         }, { "success", 0, ""         }, { "failed",  1 }, { "success", 0 } },
    { "IMPORT_IN_PROGRESS",                          { "no_change", 0, ""         }, { "success", 0, ""         }, { "failed",  1 }, { "success", 0 } },
    { "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS",         { "no_change", 0, ""         }, { "success", 0, ""         }, { "failed",  1 }, { "success", 0 } },
    { "ROLLBACK_IN_PROGRESS",                        { "no_change", 0, ""         }, { "success", 0, ""         }, { "failed",  1 }, { "success", 0 } },
    { "UPDATE_ROLLBACK_IN_PROGRESS",                 { "no_change", 0, ""         }, { "success", 0, ""         }, { "failed",  1 }, { "success", 0 } },
    { "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS",{ "no_change", 0, ""         }, { "success", 0, ""         }, { "failed",  1 }, { "success", 0 } },
    { "IMPORT_ROLLBACK_IN_PROGRESS",                 { "no_change", 0, ""         }, { "success", 0, ""         }, { "failed",  1 }, { "success", 0 } },
    { "DELETE_IN_PROGRESS",                          { "no_change", 0, ""         }, { "success", 0, ""         }, { "failed",  1 }, { "failed",  6 } },
    { "DELETE_COMPLETE",                             { "failed",    6, ""         }, { "success", 0, ""         }, { "failed",  6 }, { "failed",  6 } },
    { "CREATE_COMPLETE",                             { "no_change", 0, ""         }, { "success", 0, ""         }, { "success", 0 }, { "success", 0 } },
    { "UPDATE_COMPLETE",                             { "no_change", 0, ""         }, { "success", 0, ""         }, { "success", 0 }, { "success", 0 } },
    { "IMPORT_COMPLETE",                             { "no_change", 0, ""         }, { "success", 0, ""         }, { "success", 0 }, { "success", 0 } },
    { "UPDATE_ROLLBACK_COMPLETE",                    { "no_change", 0, ""         }, { "success", 0, ""         }, { "success", 0 }, { "success", 0 } },
    { "IMPORT_ROLLBACK_COMPLETE",                    { "no_change", 0, ""         }, { "success", 0, ""         }, { "success", 0 }, { "success", 0 } },
    { "ROLLBACK_COMPLETE",                           { "success",   0, "delete"   }, { "success", 0, "delete"   }, { "success", 0 }, { "failed",  6 } },
    { "ROLLBACK_FAILED",                             { "success",   0, "delete"   }, { "success", 0, "delete"   }, { "success", 0 }, { "failed",  6 } },
    { "CREATE_FAILED",                               { "success",   0, "delete"   }, { "success", 0, "delete"   }, { "success", 0 }, { "failed",  6 } },
    { "DELETE_FAILED",                               { "success",   0, "delete"   }, { "success", 0, "delete"   }, { "success", 0 }, { "failed",  6 } },
    { "UPDATE_FAILED",                               { "success",   0, "rollback" }, { "success", 0, "rollback" }, { "success", 0 }, { "success", 0 } },
    { "UPDATE_ROLLBACK_FAILED",                      { "success",   0, "continue" }, { "success", 0, "continue" }, { "success", 0 }, { "success", 0 } },
    { "IMPORT_ROLLBACK_FAILED",                      { "failed",    1, ""         }, { "failed",  1, ""         }, { "success", 0 }, { "failed",  1 } },
    { "NEVER_HEARD_OF",                              { "failed",    1, ""         }, { "failed",  1, ""         }, { "success", 0 }, { "failed",  1 } },
};
/* clang-format on */

static int state_bad(const struct state_row *row, const char *kind, const char *status,
                     int exit_status, const char *cure) {
    world_fresh();
    world->is_deployed = true;
    (void)snprintf(world->stack_status, sizeof world->stack_status, "%s", row->status);
    (void)run(kind);
    if (strcmp(world->status, status) == 0 && world->exit_status == exit_status &&
        strcmp(world->cure, cure) == 0 && (exit_status == 0 || world->message[0] != '\0') &&
        !world_was_repeated()) {
        return 0;
    }
    print_error("%s %s: %s, exit %d, cure '%s', '%s'\n", kind, row->status, world->status,
                world->exit_status, world->cure, world->message);
    return 1;
}

/* Deploys, finds the stack in that status, and goes back to what was deployed. */
static int state_rollback_bad(const struct state_row *row) {
    struct flow *flow;

    world_fresh();
    flow = world_flow(&hasty_store);
    (void)world_run(flow, "deploy", true);
    (void)snprintf(world->release, sizeof world->release, "%s", world->session);
    (void)snprintf(world->stack_status, sizeof world->stack_status, "%s", row->status);
    (void)world_run(flow, "rollback", true);
    flow_close(flow);
    if (strcmp(world->status, row->rollback.status) == 0 &&
        world->exit_status == row->rollback.exit_status && !world_was_repeated()) {
        return 0;
    }
    print_error("rollback %s: %s, exit %d, '%s'\n", row->status, world->status, world->exit_status,
                world->message);
    return 1;
}

/* What docs/tables/stack-verbs.md says of it, as an exit code. */
static int told_exit(const char *status, enum stack_verb verb) {
    const char *word = stack_verb_word(stack_state_of(status), verb);

    return strcmp(word, "absent") == 0 ? 6 : strcmp(word, "refuses") == 0 ? 1 : 0;
}

static int told_bad(const struct state_row *row) {
    const struct {
        enum stack_verb verb;
        int exit_status;
    } all[] = {{STACK_VERB_RECOVER, row->recover.exit_status},
               {STACK_VERB_DEPLOY, row->deploy.exit_status},
               {STACK_VERB_DESTROY, row->destroy.exit_status},
               {STACK_VERB_ROLLBACK, row->rollback.exit_status}};
    int bad = 0;

    for (size_t i = 0; i < ARRAY_N(all); i++) {
        if (told_exit(row->status, all[i].verb) != all[i].exit_status) {
            print_error("%s, verb %d: the table says '%s'\n", row->status, (int)all[i].verb,
                        stack_verb_word(stack_state_of(row->status), all[i].verb));
            bad++;
        }
    }
    return bad;
}

static void every_status_and_every_verb_that_meets_it(void **state) {
    int bad = 0;
    size_t n = 0;
    const struct stack_state *known = stack_states(&n);

    (void)state;
    for (size_t i = 0; i < ARRAY_N(state_rows); i++) {
        const struct state_row *row = &state_rows[i];

        bad += state_bad(row, "recover", row->recover.status, row->recover.exit_status,
                         row->recover.cure);
        bad +=
            state_bad(row, "deploy", row->deploy.status, row->deploy.exit_status, row->deploy.cure);
        bad += state_bad(row, "destroy", row->destroy.status, row->destroy.exit_status, "");
        bad += state_rollback_bad(row) + told_bad(row);
    }
    for (size_t i = 1; i < n; i++) { /* but for the absent one */
        bool is_there = false;

        for (size_t k = 0; k < ARRAY_N(state_rows); k++) {
            is_there = is_there || strcmp(state_rows[k].status, known[i].status) == 0;
        }
        if (!is_there) {
            print_error("%s has no row\n", known[i].status);
            bad++;
        }
    }
    assert_int_equal(bad, 0);
}

static void every_phase_and_its_agents_agree(void **state) {
    int bad = 0;

    (void)state;
    for (enum phase p = PHASE_NONE + 1; p < PHASE_N; p++) {
        for (size_t a = 0; a < agent_n; a++) {
            bool is_listed = false;
            bool is_there = false;

            for (const enum phase *at = agents[a]->phases; *at != PHASE_NONE; at++) {
                is_listed = is_listed || *at == p;
            }
            for (size_t i = 0; i < 3 && runner_roster(p)[i] != NULL; i++) {
                is_there = is_there || runner_roster(p)[i] == agents[a];
            }
            if (is_listed != is_there) {
                print_error("%s in %s\n", agents[a]->card.name, phase_word(p));
                bad++;
            }
        }
    }
    assert_int_equal(bad, 0);
}

/* ---- With a release to go back to ---- */

/* Deploys well, then again with `arrange`. */
static void run_twice(void (*arrange)(void)) {
    struct flow *flow = world_flow(&hasty_store);

    (void)world_run(flow, "deploy", true);
    assert_string_equal(world->status, "success");
    arrange();
    (void)world_run(flow, "deploy", true);
    flow_close(flow);
}

static void rollback_bad(void) {
    world->is_probe_bad = true;
    world->is_rollback_bad = true;
}

static void rollback_does_not_answer(void) {
    world->is_probe_bad = true;
    op_fails("rollback", ERR_UNREACHABLE);
}

static void an_ill_build_goes_back_to_the_release_that_was_approved(void **state) {
    (void)state;
    run_twice(probe_bad);
    assert_string_equal(world->status, "rolled_back");
    assert_int_equal(world->exit_status, 4);
    assert_int_equal(world_effects("rollback"), 1);
    assert_string_equal(world->log[world->calls - 1], "probe"); /* the old one, then the unlock */
    assert_string_equal(world->log[world->calls], "lock");
}

static size_t releases(struct flow *flow) {
    CLEANUP(json_decrefp) json_t *list = NULL;
    struct err err = {0};

    assert_int_equal(release_list(flow_store(flow), "123456789012", "eu-west-1", "depl-todo-dev",
                                  20, &list, &err),
                     ERR_NONE);
    return json_array_size(list);
}

/* An ill update whose way back fails too leaves what nobody has proven; once it is found to answer,
 * the next failure goes back to it and not past it. */
static void what_runs_and_answers_is_the_release_to_go_back_to(void **state) {
    struct flow *flow = world_flow(&hasty_store);

    (void)state;
    (void)world_run(flow, "deploy", true);
    variable(); /* another template */
    rollback_bad();
    (void)world_run(flow, "deploy", true);
    assert_string_equal(world->status, "escalated");
    assert_int_equal(releases(flow), 1);
    world->has_no_change = true;
    (void)world_run(flow, "deploy", true);
    assert_string_equal(world->status, "no_change"); /* and it does not answer */
    assert_int_equal(releases(flow), 1);
    world->is_probe_bad = world->is_rollback_bad = false;
    for (int i = 0; i < 2; i++) {
        (void)world_run(flow, "deploy", true);
        assert_string_equal(world->status, "no_change");
        assert_int_equal(releases(flow), 2); /* once */
    }
    flow_close(flow);
}

static void a_release_is_gone_back_to_as_a_planned_change(void **state) {
    struct flow *flow = world_flow(&hasty_store);
    char first[64];

    (void)state;
    (void)world_run(flow, "deploy", true);
    (void)snprintf(first, sizeof first, "%s", world->session);
    (void)world_run(flow, "rollback", true);
    assert_int_equal(world->exit_status, 6); /* there is no other one */
    assert_non_null(strstr(world->message, "no other release to go back to than "));
    assert_non_null(strstr(world->message, first)); /* by name: after an undo that failed */
    (void)snprintf(world->release, sizeof world->release, "r-none");
    (void)world_run(flow, "rollback", true);
    assert_int_equal(world->exit_status, 6);
    assert_non_null(strstr(world->message, "no release r-none"));
    (void)snprintf(world->release, sizeof world->release, "%s", first);
    says_no();
    (void)world_run(flow, "rollback", true);
    assert_string_equal(world->status, "refused");
    assert_int_equal(world_effects("apply"), 1);
    (void)snprintf(world->approval, sizeof world->approval, "yes");
    (void)world_run(flow, "rollback", true);
    assert_string_equal(world->status, "success");
    assert_int_equal(world_effects("apply"), 2);
    flow_close(flow);
}

static void a_way_back_that_does_not_answer_goes_back_again(void **state) {
    struct flow *flow = world_flow(&hasty_store);

    (void)state;
    (void)world_run(flow, "deploy", true);
    (void)snprintf(world->release, sizeof world->release, "%s", world->session);
    world->is_probe_bad = true;
    (void)world_run(flow, "rollback", true);
    flow_close(flow);
    assert_string_equal(world->status, "rolled_back");
    assert_int_equal(world_effects("rollback"), 1);
}

/* Before the yes nothing is changed; after it the release before comes back. */
static void a_run_that_is_cancelled_from_elsewhere_stops_or_goes_back(void **state) {
    static const struct {
        const char *op;
        int applied;
        int rolled_back;
    } rows[] = {{"survey", 1, 0}, {"identity", 1, 0}, {"fetch", 1, 0},  {"check", 1, 0},
                {"build", 1, 0},  {"lock", 1, 0},     {"upload", 1, 0}, {"preview", 1, 0},
                {"apply", 2, 1},  {"probe", 2, 1}};
    int bad = 0;

    (void)state;
    for (size_t i = 0; i < ARRAY_N(rows); i++) {
        struct flow *flow;

        world_fresh();
        flow = world_flow(&hasty_store);
        (void)world_run(flow, "deploy", true);
        (void)snprintf(world->cancel_op, sizeof world->cancel_op, "%s", rows[i].op);
        (void)world_run(flow, "deploy", true);
        flow_close(flow);
        if (strcmp(world->status, "cancelled") != 0 || world->exit_status != 8 ||
            world_effects("apply") != rows[i].applied ||
            world_effects("rollback") != rows[i].rolled_back || world_was_repeated()) {
            print_error("in %s: %s, exit %d, '%s', %d applied, %d back\n", rows[i].op,
                        world->status, world->exit_status, world->message, world_effects("apply"),
                        world_effects("rollback"));
            bad++;
        }
    }
    assert_int_equal(bad, 0);
}

static void a_way_back_that_fails_goes_up(void **state) {
    (void)state;
    run_twice(rollback_bad);
    assert_string_equal(world->status, "escalated");
    assert_int_equal(world->exit_status, 4);
    world_fresh();
    run_twice(rollback_does_not_answer);
    assert_string_equal(world->status, "escalated");
    assert_int_equal(world->exit_status, 4);
}

static void a_lock_that_is_lost_before_the_effect_rolls_nothing_back(void **state) {
    struct flow *flow;

    (void)state;
    (void)run("deploy");
    int locks = 0;
    int at = 0;
    for (int i = 1; i <= world->calls; i++) {
        locks += strcmp(world->log[i], "lock") == 0;
        at = at == 0 && locks == 3 ? i : at; /* taken, given back, taken to execute */
    }
    world_fresh();
    flow = world_flow(&hasty_store);
    world->fail_at = at;
    world->fail_code = ERR_LOCKED;
    (void)world_run(flow, "deploy", true);
    flow_close(flow);
    assert_string_equal(world->status, "failed");
    assert_int_equal(world->exit_status, 1);
    assert_int_equal(world_effects("apply") + world_effects("rollback"), 0);
}

/* ---- The yes ---- */

static int call_of(const char *op) {
    int at = 0;

    (void)run("deploy");
    for (int i = 1; i <= world->calls && at == 0; i++) {
        at = strcmp(world->log[i], op) == 0 ? i : 0;
    }
    assert_true(at > 0);
    world_fresh();
    return at;
}

static void a_yes_that_came_too_late_is_asked_for_again(void **state) {
    (void)state;
    int at = call_of("apply");
    world->fail_at = at;
    world->fail_code = ERR_EXPIRED;
    (void)run("deploy");
    assert_string_equal(world->status, "success");
    assert_int_equal(world_asked("approval"), 2);
    assert_int_equal(world_effects("preview"), 1); /* the same change set */
    assert_int_equal(world_effects("apply"), 1);
}

static void a_set_that_changed_is_planned_shown_and_asked_for_again(void **state) {
    (void)state;
    int at = call_of("apply");
    world->fail_at = at;
    world->fail_code = ERR_STALE;
    (void)run("deploy");
    assert_string_equal(world->status, "success");
    assert_int_equal(world_asked("approval"), 2);
    assert_int_equal(world_effects("preview"), 2);
    assert_int_equal(world_effects("apply"), 1);
}

static void a_session_that_waits_goes_on_in_another_process(void **state) {
    struct flow *flow = world_flow(&store_sqlite);

    (void)state;
    says_nothing();
    (void)world_run(flow, "deploy", true);
    assert_string_equal(world->status, "waiting");
    (void)snprintf(world->approval, sizeof world->approval, "yes");
    flow_close(flow);
    flow = world_flow(&store_sqlite);
    assert_int_equal(world_run(flow, "deploy", false), ERR_NONE);
    assert_string_equal(world->status, "success");
    assert_int_equal(world_run(flow, "deploy", false), ERR_USED);
    flow_close(flow);
    assert_int_equal(world_effects("preview"), 1);
    assert_int_equal(world_effects("apply"), 1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(every_end_has_its_status_and_its_exit_code, set_up),
        cmocka_unit_test_setup(no_model_changes_how_anything_ends, set_up),
        cmocka_unit_test_setup(whatever_a_model_fails_with_the_deployment_goes_on, set_up),
        cmocka_unit_test_setup(a_model_words_a_deployment_and_its_tokens_are_counted, set_up),
        cmocka_unit_test_setup(an_answer_is_proposed_only_where_a_file_says_it, set_up),
        cmocka_unit_test_setup(a_concern_asks_for_a_person_and_changes_nothing_else, set_up),
        cmocka_unit_test_setup(every_seeded_failure_is_resolved_in_less_than_two_rounds, set_up),
        cmocka_unit_test_setup(a_failure_that_stays_goes_up_after_two_rounds, set_up),
        cmocka_unit_test_setup(every_status_and_every_verb_that_meets_it, set_up),
        cmocka_unit_test(every_phase_and_its_agents_agree),
        cmocka_unit_test_setup(an_ill_build_goes_back_to_the_release_that_was_approved, set_up),
        cmocka_unit_test_setup(what_runs_and_answers_is_the_release_to_go_back_to, set_up),
        cmocka_unit_test_setup(a_release_is_gone_back_to_as_a_planned_change, set_up),
        cmocka_unit_test_setup(a_way_back_that_does_not_answer_goes_back_again, set_up),
        cmocka_unit_test_setup(a_run_that_is_cancelled_from_elsewhere_stops_or_goes_back, set_up),
        cmocka_unit_test_setup(a_way_back_that_fails_goes_up, set_up),
        cmocka_unit_test_setup(a_lock_that_is_lost_before_the_effect_rolls_nothing_back, set_up),
        cmocka_unit_test_setup(a_yes_that_came_too_late_is_asked_for_again, set_up),
        cmocka_unit_test_setup(a_set_that_changed_is_planned_shown_and_asked_for_again, set_up),
        cmocka_unit_test_setup(a_session_that_waits_goes_on_in_another_process, set_up),
    };
    int failed;

    world_make();
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    world_remove();
    return failed;
}
