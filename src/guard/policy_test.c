/* policy: each rule has a call that it stops and a neighbour that it does not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "base/json.h"
#include "guard/policy.h"

enum fact {
    PERSON = 1,
    CI = 2,
    PLAN = 4,
    DRY = 8,
    SET = 16,
    YES = 32,
    TRUST = 64,
    CONFIRMED = 128,
    UNMODERATED = 256,
    OTHER = 512,
    READY = PLAN | DRY | SET | YES
};

/* clang-format off */
static const struct {
    const char *code; /* "allowed" or a reason */
    enum verdict verdict;
    const char *tool;
    const char *op;
    enum effect effect;
    const char *phase;
    unsigned facts;
    const char *args;    /* ' stands for " */
    const char *origins; /* or NULL */
} cases[] = {
    {"allowed",             VERDICT_ALLOW, "telemetry_bus", "emit", EFFECT_NOTIFY, "WAIT", 0, "{}", NULL},
    {"allowed",             VERDICT_ALLOW, "repo_reader", "read_file", EFFECT_READ, "CONTEXT", 0, "{'path':'backend/main.py'}", NULL},
    {"outside_workspace",   VERDICT_DENY,  "repo_reader", "read_file", EFFECT_READ, "CONTEXT", 0, "{'path':'../x'}", NULL},
    {"outside_workspace",   VERDICT_DENY,  "repo_reader", "list_dir", EFFECT_READ, "CONTEXT", 0, "{'path':'/etc'}", NULL},
    {"outside_workspace",   VERDICT_DENY,  "repo_reader", "list_dir", EFFECT_READ, "CONTEXT", 0, "{'path':'~/x'}", NULL},
    {"outside_workspace",   VERDICT_DENY,  "repo_reader", "list_dir", EFFECT_READ, "CONTEXT", 0, "{'path':'a/../../b'}", NULL},
    {"secret_file",         VERDICT_DENY,  "repo_reader", "read_file", EFFECT_READ, "CONTEXT", CONFIRMED, "{'path':'backend/.env'}", NULL},
    {"secret_file",         VERDICT_DENY,  "repo_reader", "read_file", EFFECT_READ, "CONTEXT", 0, "{'path':'.env.production'}", NULL},
    {"secret_file",         VERDICT_DENY,  "repo_reader", "read_file", EFFECT_READ, "CONTEXT", 0, "{'path':'tls/server.key'}", NULL},
    {"allowed",             VERDICT_ALLOW, "repo_reader", "read_file", EFFECT_READ, "CONTEXT", 0, "{'path':'.env.example'}", NULL},
    {"masked_argument",     VERDICT_DENY,  "repo_reader", "read_file", EFFECT_READ, "CONTEXT", 0, "{'path':{'x':['a***b']}}", NULL},

    {"allowed",             VERDICT_ALLOW, "pnpm_client", "build", EFFECT_LOCAL, "PREFLIGHT", TRUST, "{}", NULL},
    {"allowed",             VERDICT_ALLOW, "pnpm_client", "build", EFFECT_LOCAL, "PREFLIGHT", CONFIRMED, "{}", NULL},
    {"untrusted_code",      VERDICT_ASK,   "pnpm_client", "build", EFFECT_LOCAL, "PREFLIGHT", PERSON, "{}", NULL},
    {"untrusted_code",      VERDICT_ASK,   "pnpm_client", "exec", EFFECT_LOCAL, "PREFLIGHT", PERSON, "{}", NULL},
    {"untrusted_code",      VERDICT_ASK,   "uv_client", "check", EFFECT_LOCAL, "PREFLIGHT", 0, "{}", NULL},
    {"untrusted_code",      VERDICT_ASK,   "uv_client", "run", EFFECT_LOCAL, "PREFLIGHT", 0, "{}", NULL},
    {"untrusted_code",      VERDICT_ASK,   "uv_client", "sync", EFFECT_LOCAL, "PREFLIGHT", 0, "{}", NULL},
    {"allowed",             VERDICT_ALLOW, "uv_client", "fetch", EFFECT_LOCAL, "PREFLIGHT", 0, "{}", NULL},
    {"wrong_phase",         VERDICT_DENY,  "pnpm_client", "build", EFFECT_LOCAL, "EXECUTE", TRUST, "{}", NULL},
    {"global_install",      VERDICT_DENY,  "pnpm_client", "exec", EFFECT_LOCAL, "PREFLIGHT", TRUST | CONFIRMED, "{'args':['add','-g','x']}", NULL},
    {"global_install",      VERDICT_DENY,  "uv_client", "run", EFFECT_LOCAL, "PREFLIGHT", TRUST, "{'args':['pip','install','--system','x']}", NULL},
    {"lock_ignored",        VERDICT_DENY,  "pnpm_client", "exec", EFFECT_LOCAL, "PREFLIGHT", TRUST | CI, "{'args':['install']}", NULL},
    {"allowed",             VERDICT_ALLOW, "pnpm_client", "exec", EFFECT_LOCAL, "PREFLIGHT", TRUST | CI, "{'args':['install','--frozen-lockfile']}", NULL},

    {"allowed",             VERDICT_ALLOW, "shell_runner", "run", EFFECT_LOCAL, "PREFLIGHT", 0, "{'command':['ls','src']}", NULL},
    {"changing_command",    VERDICT_ASK,   "shell_runner", "run", EFFECT_LOCAL, "PREFLIGHT", PERSON, "{'command':['mkdir','x']}", NULL},
    {"changing_command",    VERDICT_ASK,   "shell_runner", "run", EFFECT_LOCAL, "PREFLIGHT", PERSON | TRUST, "{'command':['python3','-c','1']}", NULL},
    {"allowed",             VERDICT_ALLOW, "shell_runner", "run", EFFECT_LOCAL, "PREFLIGHT", PERSON | CONFIRMED, "{'command':['mkdir','x']}", NULL},
    {"allowed",             VERDICT_ALLOW, "shell_runner", "run", EFFECT_LOCAL, "INTAKE", PERSON, "{'command':['mkdir','x']}", "{'command':1}"},
    {"changing_command",    VERDICT_ASK,   "shell_runner", "run", EFFECT_LOCAL, "INTAKE", PERSON, "{'command':['mkdir','x']}", "{'command':33}"},
    {"unknown_command",     VERDICT_ASK,   "shell_runner", "run", EFFECT_LOCAL, "INTAKE", PERSON, "{'command':['frobnicate']}", "{'command':1}"},
    {"keep_changes",        VERDICT_ASK,   "shell_runner", "keep", EFFECT_LOCAL, "INTAKE", PERSON, "{'draft':'00'}", "{'draft':1}"},
    {"keep_changes",        VERDICT_ASK,   "shell_runner", "keep", EFFECT_LOCAL, "PREFLIGHT", PERSON | TRUST, "{'draft':'00'}", NULL},
    {"allowed",             VERDICT_ALLOW, "shell_runner", "keep", EFFECT_LOCAL, "PREFLIGHT", PERSON | CONFIRMED, "{'draft':'00'}", NULL},
    {"destructive_command", VERDICT_DENY,  "shell_runner", "run", EFFECT_LOCAL, "PREFLIGHT", TRUST | PERSON, "{'command':['rm','-rf','dist']}", NULL},
    {"unknown_command",     VERDICT_ASK,   "shell_runner", "run", EFFECT_LOCAL, "PREFLIGHT", TRUST | PERSON, "{'command':['sh','-c','ls']}", NULL},
    {"allowed",             VERDICT_ALLOW, "shell_runner", "run", EFFECT_LOCAL, "PREFLIGHT", CONFIRMED, "{'command':['sh','-c','ls']}", NULL},
    {"destructive_command", VERDICT_DENY,  "shell_runner", "run", EFFECT_LOCAL, "PREFLIGHT", CONFIRMED | TRUST, "{'command':['rm','-rf','/']}", NULL},
    {"destructive_command", VERDICT_DENY,  "shell_runner", "run", EFFECT_LOCAL, "PREFLIGHT", CONFIRMED, "{'command':['sudo','ls']}", NULL},
    {"unknown_command",     VERDICT_ASK,   "shell_runner", "run", EFFECT_LOCAL, "PREFLIGHT", PERSON | TRUST, "{'command':['frobnicate']}", NULL},
    {"unknown_command",     VERDICT_DENY,  "shell_runner", "run", EFFECT_LOCAL, "PREFLIGHT", TRUST, "{'command':['frobnicate']}", NULL},
    {"pip_fetch",           VERDICT_DENY,  "shell_runner", "run", EFFECT_LOCAL, "INTAKE", PERSON | CONFIRMED, "{'command':['pip','install','x']}", "{'command':1}"},
    {"pip_fetch",           VERDICT_DENY,  "shell_runner", "run", EFFECT_LOCAL, "INTAKE", CONFIRMED, "{'command':['python3','-m','pip','-q','download','x']}", NULL},
    {"pip_fetch",           VERDICT_DENY,  "shell_runner", "run", EFFECT_LOCAL, "INTAKE", CONFIRMED, "{'command':['uv','pip','sync','x']}", NULL},
    {"allowed",             VERDICT_ALLOW, "shell_runner", "run", EFFECT_LOCAL, "INTAKE", CONFIRMED, "{'command':['pip','list']}", NULL},
    {"allowed",             VERDICT_ALLOW, "shell_runner", "run", EFFECT_LOCAL, "INTAKE", CONFIRMED, "{'command':['pip','show','install']}", NULL},
    {"poetry_fetch",        VERDICT_DENY,  "shell_runner", "run", EFFECT_LOCAL, "INTAKE", PERSON | CONFIRMED, "{'command':['poetry','add','x']}", "{'command':1}"},
    {"poetry_fetch",        VERDICT_DENY,  "shell_runner", "run", EFFECT_LOCAL, "INTAKE", PERSON | CONFIRMED, "{'command':['poetry','-C','backend','add','x']}", "{'command':1}"},
    {"allowed",             VERDICT_ALLOW, "shell_runner", "run", EFFECT_LOCAL, "INTAKE", CONFIRMED, "{'command':['poetry','run','pytest']}", NULL},
    {"outside_workspace",   VERDICT_DENY,  "shell_runner", "run", EFFECT_LOCAL, "PREFLIGHT", TRUST, "{'command':['ls'],'cwd':'/'}", NULL},
    {"fetch_packages",      VERDICT_ASK,   "shell_runner", "install", EFFECT_LOCAL, "INTAKE", PERSON | TRUST, "{'command':['npm','install','x'],'hosts':[]}", "{'command':1}"},
    {"foreign_source",      VERDICT_ASK,   "shell_runner", "install", EFFECT_LOCAL, "INTAKE", PERSON, "{'command':['npm','install','x'],'hosts':['r.example:443']}", "{'command':1}"},
    {"allowed",             VERDICT_ALLOW, "shell_runner", "install", EFFECT_LOCAL, "INTAKE", PERSON | CONFIRMED, "{'command':['npm','install','x'],'hosts':['r.example:443']}", NULL},
    {"no_fetch",            VERDICT_DENY,  "shell_runner", "install", EFFECT_LOCAL, "INTAKE", PERSON | CONFIRMED, "{'command':['npm','run','x'],'hosts':[]}", NULL},
    {"no_fetch",            VERDICT_DENY,  "shell_runner", "install", EFFECT_LOCAL, "INTAKE", PERSON | CONFIRMED, "{'command':['npm','install','https://x.example/y.tgz'],'hosts':[]}", NULL},
    {"no_fetch",            VERDICT_DENY,  "shell_runner", "install", EFFECT_LOCAL, "INTAKE", PERSON | CONFIRMED, "{'command':['python3','-m','pip','download','x'],'hosts':[]}", NULL},
    {"outside_workspace",   VERDICT_DENY,  "shell_runner", "install", EFFECT_LOCAL, "INTAKE", CONFIRMED, "{'command':['npm','install'],'cwd':'..','hosts':[]}", NULL},

    {"allowed",             VERDICT_ALLOW, "aws_deployer", "stack_status", EFFECT_READ, "EXECUTE", 0, "{}", NULL},
    {"allowed",             VERDICT_ALLOW, "aws_deployer", "stack_status", EFFECT_READ, "EXECUTE", 0, "{'account':'999988887777'}", NULL},
    {"allowed",             VERDICT_ALLOW, "aws_deployer", "upload", EFFECT_PREVIEW, "DRY_RUN", PLAN, "{}", NULL},
    {"plan_not_reviewed",   VERDICT_DENY,  "aws_deployer", "upload", EFFECT_PREVIEW, "DRY_RUN", 0, "{}", NULL},
    {"not_moderated",       VERDICT_DENY,  "aws_deployer", "upload", EFFECT_PREVIEW, "DRY_RUN", PLAN | UNMODERATED, "{}", NULL},
    {"allowed",             VERDICT_ALLOW, "aws_deployer", "discard", EFFECT_PREVIEW, "CLOSURE", UNMODERATED, "{}", NULL},
    {"allowed",             VERDICT_ALLOW, "openai_llm", "complete", EFFECT_READ, "INTAKE", UNMODERATED, "{'messages':[{'content':'a ***'}]}", NULL},
    {"plan_not_reviewed",   VERDICT_DENY,  "aws_deployer", "preview", EFFECT_PREVIEW, "DRY_RUN", DRY | SET | YES, "{}", NULL},
    {"allowed",             VERDICT_ALLOW, "aws_deployer", "discard", EFFECT_PREVIEW, "CLOSURE", 0, "{}", NULL},
    {"allowed",             VERDICT_ALLOW, "aws_deployer", "lock", EFFECT_PREVIEW, "DRY_RUN", 0, "{}", NULL},
    {"break_lock",          VERDICT_ASK,   "aws_deployer", "unlock", EFFECT_PREVIEW, "INTAKE", 0, "{}", NULL},
    {"stale_lock",          VERDICT_ASK,   "aws_deployer", "unlock", EFFECT_PREVIEW, "INTAKE", 0, "{\"is_stale\":true}", NULL},
    {"wrong_phase",         VERDICT_DENY,  "aws_deployer", "unlock", EFFECT_PREVIEW, "EXECUTE", 0, "{}", NULL},
    {"allowed",             VERDICT_ALLOW, "aws_deployer", "publish", EFFECT_PREVIEW, "VALIDATE", 0, "{}", NULL},
    {"wrong_phase",         VERDICT_DENY,  "aws_deployer", "publish", EFFECT_PREVIEW, "EXECUTE", READY, "{}", NULL},
    {"allowed",             VERDICT_ALLOW, "aws_deployer", "share", EFFECT_PREVIEW, "INTAKE", 0, "{}", NULL},
    {"wrong_phase",         VERDICT_DENY,  "aws_deployer", "share", EFFECT_PREVIEW, "EXECUTE", READY, "{}", NULL},
    {"allowed",             VERDICT_ALLOW, "aws_deployer", "take", EFFECT_PREVIEW, "INTAKE", 0, "{}", NULL},
    {"wrong_phase",         VERDICT_DENY,  "aws_deployer", "take", EFFECT_PREVIEW, "EXECUTE", READY, "{}", NULL},
    {"allowed",             VERDICT_ALLOW, "aws_deployer", "decide", EFFECT_PREVIEW, "INTAKE", 0, "{}", NULL},
    {"wrong_phase",         VERDICT_DENY,  "aws_deployer", "decide", EFFECT_PREVIEW, "EXECUTE", READY, "{}", NULL},
    {"wrong_phase",         VERDICT_DENY,  "aws_deployer", "preview", EFFECT_PREVIEW, "EXECUTE", READY, "{}", NULL},
    {"wrong_phase",         VERDICT_DENY,  "aws_deployer", "upload", EFFECT_PREVIEW, "PLAN", READY, "{}", NULL},
    {"not_approved",        VERDICT_DENY,  "aws_deployer", "upload", EFFECT_PREVIEW, "EXECUTE", PLAN | DRY | SET, "{}", NULL},
    {"allowed",             VERDICT_ALLOW, "aws_deployer", "upload", EFFECT_PREVIEW, "EXECUTE", READY, "{}", NULL},

    {"allowed",             VERDICT_ALLOW, "aws_deployer", "apply", EFFECT_APPLY, "EXECUTE", READY, "{}", NULL},
    {"allowed",             VERDICT_ALLOW, "aws_deployer", "rollback", EFFECT_APPLY, "ROLLBACK", READY, "{}", NULL},
    {"plan_not_reviewed",   VERDICT_DENY,  "aws_deployer", "apply", EFFECT_APPLY, "EXECUTE", READY & ~PLAN, "{}", NULL},
    {"no_dry_run",          VERDICT_DENY,  "aws_deployer", "apply", EFFECT_APPLY, "EXECUTE", READY & ~DRY, "{}", NULL},
    {"set_not_reviewed",    VERDICT_DENY,  "aws_deployer", "apply", EFFECT_APPLY, "EXECUTE", READY & ~SET, "{}", NULL},
    {"not_approved",        VERDICT_DENY,  "aws_deployer", "apply", EFFECT_APPLY, "EXECUTE", READY & ~YES, "{}", NULL},
    {"approval_differs",    VERDICT_DENY,  "aws_deployer", "apply", EFFECT_APPLY, "EXECUTE", (READY & ~YES) | OTHER, "{}", NULL},
    {"not_approved",        VERDICT_DENY,  "aws_deployer", "apply", EFFECT_APPLY, "EXECUTE", (READY & ~YES) | CONFIRMED | TRUST | PERSON, "{}", NULL},
    {"beyond_on_failure",   VERDICT_ESCALATE, "aws_deployer", "rollback", EFFECT_APPLY, "ROLLBACK", READY & ~YES, "{}", NULL},
    {"wrong_phase",         VERDICT_DENY,  "aws_deployer", "apply", EFFECT_APPLY, "WAIT", READY, "{}", NULL},
    {"wrong_phase",         VERDICT_DENY,  "aws_deployer", "apply", EFFECT_APPLY, "DRY_RUN", READY, "{}", NULL},
    {"wrong_phase",         VERDICT_DENY,  "aws_deployer", "apply", EFFECT_APPLY, "NOWHERE", READY, "{}", NULL},
    {"foreign_account",     VERDICT_DENY,  "aws_deployer", "apply", EFFECT_APPLY, "EXECUTE", READY, "{'account':'999988887777'}", NULL},
    {"foreign_account",     VERDICT_DENY,  "aws_deployer", "apply", EFFECT_APPLY, "EXECUTE", READY, "{'set':['arn:aws:cloudformation:x:999988887777:changeSet/a']}", NULL},
    {"allowed",             VERDICT_ALLOW, "aws_deployer", "apply", EFFECT_APPLY, "EXECUTE", READY, "{'account':'111122223333','set':'arn:aws:cloudformation:x:111122223333:changeSet/a'}", NULL},
    {"allowed",             VERDICT_ALLOW, "aws_deployer", "apply", EFFECT_APPLY, "EXECUTE", READY, "{'bucket':'arn:aws:s3','text':'a:b:c:d:999988887777:e'}", NULL},
    {"more_rights",         VERDICT_DENY,  "aws_deployer", "preview", EFFECT_PREVIEW, "DRY_RUN", PLAN, "{'capabilities':['CAPABILITY_NAMED_IAM']}", NULL},
    {"allowed",             VERDICT_ALLOW, "aws_deployer", "preview", EFFECT_PREVIEW, "DRY_RUN", PLAN, "{'capabilities':['CAPABILITY_IAM']}", NULL},

    {"untrusted_target",    VERDICT_ASK,   "aws_deployer", "preview", EFFECT_PREVIEW, "DRY_RUN", PLAN, "{'region':'us-east-1'}", "{}"},
    {"untrusted_target",    VERDICT_ASK,   "aws_deployer", "preview", EFFECT_PREVIEW, "DRY_RUN", PLAN, "{'region':'us-east-1'}", "{'region':9}"},
    {"untrusted_target",    VERDICT_ASK,   "aws_deployer", "preview", EFFECT_PREVIEW, "DRY_RUN", PLAN, "{'region':'us-east-1'}", "{'region':0}"},
    {"allowed",             VERDICT_ALLOW, "aws_deployer", "preview", EFFECT_PREVIEW, "DRY_RUN", PLAN, "{'region':'us-east-1'}", "{'region':5}"},
    {"allowed",             VERDICT_ALLOW, "aws_deployer", "preview", EFFECT_PREVIEW, "DRY_RUN", PLAN | CONFIRMED, "{'region':'us-east-1'}", "{'region':32}"},
    {"allowed",             VERDICT_ALLOW, "aws_deployer", "preview", EFFECT_PREVIEW, "DRY_RUN", PLAN, "{'region':'us-east-1'}", NULL},
    {"untrusted_argument",  VERDICT_DENY,  "aws_deployer", "preview", EFFECT_PREVIEW, "DRY_RUN", PLAN | CONFIRMED, "{'template':{}}", "{'template':32}"},
    {"untrusted_argument",  VERDICT_DENY,  "aws_deployer", "apply", EFFECT_APPLY, "EXECUTE", READY | CONFIRMED, "{'approval':'x'}", "{'approval':1}"},
    {"allowed",             VERDICT_ALLOW, "aws_deployer", "apply", EFFECT_APPLY, "EXECUTE", READY, "{'approval':'x'}", "{'approval':4}"},
};
/* clang-format on */

static json_t *json_of(const char *text) {
    CLEANUP(freep) char *quoted = mem_strdup(text);
    struct err err = {0};
    json_t *json = NULL;

    for (char *p = quoted; *p != '\0'; p++) {
        *p = *p == '\'' ? '"' : *p;
    }
    if (json_read(str_from(quoted), &json, &err) != ERR_NONE) {
        fail_msg("%s: %s", text, err.text);
    }
    return json;
}

static struct call_facts facts_of(unsigned facts) {
    return (struct call_facts){
        .has_person = (facts & PERSON) != 0,
        .is_ci = (facts & CI) != 0,
        .is_plan_reviewed = (facts & PLAN) != 0,
        .is_dry_run_done = (facts & DRY) != 0,
        .is_set_reviewed = (facts & SET) != 0,
        .is_approved = (facts & YES) != 0,
        .is_approval_other = (facts & OTHER) != 0,
        .is_repo_trusted = (facts & TRUST) != 0,
        .is_confirmed = (facts & CONFIRMED) != 0,
        .is_unmoderated = (facts & UNMODERATED) != 0,
    };
}

/* What the table of rules, which `tables` prints, says to do. */
static const char *remedy_of(const char *code, enum verdict verdict) {
    static struct policy_call_rule rule;

    for (size_t i = 0; i < policy_call_rule_n(); i++) {
        policy_call_rule(i, &rule);
        if (strcmp(rule.code, code) == 0 && rule.verdict == verdict) {
            return rule.remedy;
        }
    }
    assert_string_equal(code, "allowed");
    return "";
}

static void every_rule_stops_its_call_and_lets_its_neighbour_pass(void **state) {
    (void)state;
    for (size_t i = 0; i < ARRAY_N(cases); i++) {
        CLEANUP(json_decrefp) json_t *args = json_of(cases[i].args);
        CLEANUP(json_decrefp)
        json_t *origins = cases[i].origins == NULL ? NULL : json_of(cases[i].origins);
        struct call call = {
            .agent = "executor",
            .tool = cases[i].tool,
            .op = cases[i].op,
            .phase = cases[i].phase,
            .effect = cases[i].effect,
            .args = args,
            .origins = origins,
            .facts = facts_of(cases[i].facts),
            .account = "111122223333",
        };
        struct ruling ruling;

        policy_judge(&call, &ruling);
        if (ruling.verdict != cases[i].verdict || strcmp(ruling.code, cases[i].code) != 0) {
            fail_msg("row %zu (%s %s in %s): %s %s instead of %s", i, cases[i].tool, cases[i].op,
                     cases[i].phase, verdict_name(ruling.verdict), ruling.code, cases[i].code);
        }
        assert_true(ruling.text[0] != '\0');
        assert_string_equal(ruling.remedy, remedy_of(ruling.code, ruling.verdict));
    }
}

static void verdicts_and_effects_are_called_so(void **state) {
    static const char *const verdicts[] = {"deny", "ask", "allow", "escalate"};
    static const char *const effects[] = {"none", "read", "local", "preview", "apply", "notify"};

    (void)state;
    assert_int_equal(VERDICT_N, ARRAY_N(verdicts));
    for (size_t i = 0; i < ARRAY_N(verdicts); i++) {
        size_t found = 0;
        for (enum verdict v = 0; v < VERDICT_N; v++) {
            found += strcmp(verdict_name(v), verdicts[i]) == 0;
        }
        assert_int_equal(found, 1);
    }
    assert_string_equal(verdict_name(VERDICT_ESCALATE), "escalate");
    assert_string_equal(verdict_name(VERDICT_ALLOW), "allow");
    assert_string_equal(verdict_name(VERDICT_N), "deny"); /* what is none allows nothing */
    assert_int_equal(EFFECT_N, ARRAY_N(effects));
    for (enum effect e = 0; e < EFFECT_N; e++) {
        assert_string_equal(effect_name(e), effects[e]);
    }
    assert_string_equal(effect_name(EFFECT_N), "none");
}

static void a_call_that_lacks_a_part_is_refused(void **state) {
    CLEANUP(json_decrefp) json_t *args = json_object();
    CLEANUP(json_decrefp) json_t *list = json_array();
    const struct call whole = {.agent = "executor",
                               .tool = "repo_reader",
                               .op = "list_dir",
                               .phase = "CONTEXT",
                               .effect = EFFECT_READ,
                               .args = args};
    struct call calls[8];
    struct ruling ruling;

    (void)state;
    for (size_t i = 0; i < ARRAY_N(calls); i++) {
        calls[i] = whole;
    }
    calls[0].agent = NULL;
    calls[1].tool = NULL;
    calls[2].op = NULL;
    calls[3].phase = NULL;
    calls[4].effect = EFFECT_NONE;
    calls[5].effect = EFFECT_N;
    calls[6].args = NULL;
    calls[7].args = list;
    policy_judge(&whole, &ruling);
    assert_string_equal(ruling.code, "allowed");
    for (size_t i = 0; i < ARRAY_N(calls); i++) {
        policy_judge(&calls[i], &ruling);
        assert_string_equal(ruling.code, "malformed_call");
        assert_int_equal(ruling.verdict, VERDICT_DENY);
    }
}

/* Every sink with every label, alone and beside one that is accepted. */
static void every_argument_that_decides_takes_its_labels_and_no_other(void **state) {
    size_t refused = 0;

    (void)state;
    for (size_t i = 0; i < policy_sink_n(); i++) {
        struct policy_sink sink;

        policy_sink(i, &sink);
        assert_int_equal(sink.origins & ORIGIN_MODEL, 0);
        for (int64_t origins = 0; origins < 64; origins++) {
            CLEANUP(json_decrefp) json_t *args = json_pack("{s:s}", sink.arg, "x");
            CLEANUP(json_decrefp)
            json_t *labels = json_pack("{s:I}", sink.arg, (json_int_t)origins);
            enum effect effect =
                (sink.effects & 1U << EFFECT_APPLY) != 0 ? EFFECT_APPLY : EFFECT_PREVIEW;
            struct call call = {.agent = "executor",
                                .tool = "aws_deployer",
                                .op = effect == EFFECT_APPLY ? "apply" : "preview",
                                .phase = effect == EFFECT_APPLY ? "EXECUTE" : "DRY_RUN",
                                .effect = effect,
                                .args = args,
                                .origins = labels,
                                .facts = facts_of(READY)};
            bool is_good = origins != 0 && (origins & ~(int64_t)sink.origins) == 0;

            /* The rows of the same argument for the other effect are no concern of this one. */
            if (policy_sink_refuses(&call, sink.verdict) == is_good) {
                fail_msg("%s with labels %d: %s", sink.arg, (int)origins,
                         is_good ? "refused" : "taken");
            }
            refused += !is_good;
            call.effect = EFFECT_READ;
            assert_false(policy_sink_refuses(&call, sink.verdict));
        }
    }
    assert_true(refused > policy_sink_n() * 32);
}

/* The same by name, so that a row that is lost or takes more than it should is missed: whatever is
 * not listed for an effect is taken from anybody. */
static void each_argument_that_decides_has_its_row(void **state) {
    enum { PERSONS = ORIGIN_USER | ORIGIN_CONFIG | ORIGIN_PLAN };
    static const struct {
        enum effect effect;
        unsigned origins;
        enum verdict verdict;
        const char *arguments;
    } rows[] = {
        {EFFECT_PREVIEW, PERSONS, VERDICT_ASK,
         "account region stack stack_name role_arn repository domain endpoint "
         "profile host url"},
        {EFFECT_APPLY, PERSONS, VERDICT_ASK,
         "region stack stack_name role_arn repository domain endpoint profile "
         "host url path"},
        {EFFECT_PREVIEW, PERSONS | ORIGIN_TOOL, VERDICT_ASK, "bucket"},
        {EFFECT_APPLY, PERSONS | ORIGIN_TOOL, VERDICT_ASK, "bucket"},
        {EFFECT_PREVIEW, ORIGIN_CONFIG | ORIGIN_PLAN, VERDICT_DENY, "kind"},
        {EFFECT_APPLY, ORIGIN_CONFIG | ORIGIN_PLAN, VERDICT_DENY, "kind"},
        {EFFECT_PREVIEW, ORIGIN_CONFIG, VERDICT_DENY, "capabilities"},
        {EFFECT_APPLY, ORIGIN_CONFIG, VERDICT_DENY, "capabilities"},
        {EFFECT_PREVIEW, ORIGIN_PLAN, VERDICT_DENY, "template parameters approval template_sha256"},
        {EFFECT_APPLY, ORIGIN_PLAN, VERDICT_DENY,
         "account template parameters approval template_sha256 parameters_sha256 "
         "arn stack_id cure "
         "release alias_version"},
        {EFFECT_PREVIEW, ORIGIN_PLAN | ORIGIN_TOOL, VERDICT_DENY, "arn stack_id"},
        {EFFECT_APPLY, ORIGIN_PLAN | ORIGIN_TOOL, VERDICT_DENY, "set_sha256 function"},
    };
    size_t n = 0;
    size_t listed = 0;

    (void)state;
    for (size_t i = 0; i < ARRAY_N(rows); i++) {
        struct str rest = str_from(rows[i].arguments);
        struct str argument = {0};

        while (str_next(&rest, ' ', &argument)) {
            CLEANUP(freep) char *name = str_dup(argument);
            CLEANUP(json_decrefp) json_t *args = json_pack("{s:s}", name, "x");

            n++;
            for (unsigned origin = 1; origin <= ORIGIN_MODEL; origin <<= 1) {
                CLEANUP(json_decrefp)
                json_t *labels = json_pack("{s:i}", name, (int)origin);
                struct call call = {
                    .effect = rows[i].effect, .op = "", .args = args, .origins = labels};
                bool is_refused = policy_sink_refuses(&call, rows[i].verdict);

                if (is_refused != ((rows[i].origins & origin) == 0)) {
                    fail_msg("%s of %s, said by a %s: %s", name, effect_name(rows[i].effect),
                             origin_name(origin), is_refused ? "refused" : "taken");
                }
            }
        }
    }
    for (size_t i = 0; i < policy_sink_n(); i++) {
        struct policy_sink sink;

        policy_sink(i, &sink);
        listed += ((sink.effects & 1U << EFFECT_PREVIEW) != 0) +
                  ((sink.effects & 1U << EFFECT_APPLY) != 0);
    }
    assert_int_equal(n, listed);
}

/* Whatever else is true: a change needs all four papers, and only EXECUTE and ROLLBACK have room
 * for it. */
static void no_combination_of_facts_replaces_a_missing_paper(void **state) {
    static const char *const phases[] = {"INTAKE",  "CONTEXT",   "ASK",      "PREFLIGHT",
                                         "PLAN",    "REVIEW",    "DRY_RUN",  "REVIEW_SET",
                                         "WAIT",    "EXECUTE",   "VALIDATE", "ROLLBACK",
                                         "CLOSURE", "ESCALATED", ""};
    CLEANUP(json_decrefp) json_t *args = json_object();
    size_t allowed = 0;

    (void)state;
    for (size_t p = 0; p < ARRAY_N(phases); p++) {
        for (unsigned facts = 0; facts < 256; facts++) {
            struct call call = {.agent = "executor",
                                .tool = "aws_deployer",
                                .op = "apply",
                                .phase = phases[p],
                                .effect = EFFECT_APPLY,
                                .args = args,
                                .facts = facts_of(facts),
                                .account = "111122223333"};
            struct ruling ruling;
            bool has_room = strcmp(phases[p], "EXECUTE") == 0 || strcmp(phases[p], "ROLLBACK") == 0;
            bool may = has_room && (facts & READY) == READY;

            policy_judge(&call, &ruling);
            if ((ruling.verdict == VERDICT_ALLOW) != may) {
                fail_msg("%s with %u: %s", phases[p], facts, ruling.code);
            }
            allowed += may;
        }
    }
    assert_int_equal(allowed, 2 * 16);
}

static void a_call_that_is_not_complete_is_denied(void **state) {
    CLEANUP(json_decrefp) json_t *args = json_object();
    CLEANUP(json_decrefp) json_t *list = json_array();
    const struct call calls[] = {
        {0},
        {.agent = "a", .tool = "t", .op = "o", .phase = "PLAN", .args = args},
        {.agent = "a", .tool = "t", .op = "o", .phase = "PLAN", .effect = EFFECT_READ},
        {.agent = "a",
         .tool = "t",
         .op = "o",
         .phase = "PLAN",
         .effect = EFFECT_READ,
         .args = list},
        {.agent = "a", .tool = "t", .op = "o", .effect = EFFECT_READ, .args = args},
        {.agent = "a", .tool = "t", .op = "o", .phase = "PLAN", .effect = EFFECT_N, .args = args},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_N(calls); i++) {
        struct ruling ruling;
        policy_judge(&calls[i], &ruling);
        assert_int_equal(ruling.verdict, VERDICT_DENY);
    }
}

static void a_change_needs_a_known_account(void **state) {
    CLEANUP(json_decrefp) json_t *args = json_object();
    struct call call = {.agent = "executor",
                        .tool = "aws_deployer",
                        .op = "apply",
                        .phase = "EXECUTE",
                        .effect = EFFECT_APPLY,
                        .args = args,
                        .facts = facts_of(READY)};
    struct ruling ruling;

    (void)state;
    policy_judge(&call, &ruling);
    assert_int_equal(ruling.verdict, VERDICT_DENY);
    assert_string_equal(ruling.code, "no_account");
}

static void a_refused_command_is_told_what_about_it_is_refused(void **state) {
    struct ruling ruling;
    CLEANUP(json_decrefp)
    json_t *args = json_pack("{s:[s,s,s]}", "command", "cat", "backend/.env", "x");
    const struct call call = {.agent = "planner",
                              .tool = "shell_runner",
                              .op = "run",
                              .phase = "INTAKE",
                              .effect = EFFECT_LOCAL,
                              .args = args};

    (void)state;
    policy_judge(&call, &ruling);
    assert_string_equal(ruling.code, "destructive_command");
    assert_non_null(strstr(ruling.text, "(touches a file with secrets)"));

    CLEANUP(json_decrefp) json_t *script = json_of("{'command':['npm','run','x'],'hosts':[]}");
    const struct call fetch = {.agent = "planner",
                               .tool = "shell_runner",
                               .op = "install",
                               .phase = "INTAKE",
                               .effect = EFFECT_LOCAL,
                               .args = script};
    policy_judge(&fetch, &ruling);
    assert_string_equal(ruling.code, "no_fetch"); /* whose text says all */
    assert_null(strchr(ruling.text, '('));
}

static void the_strictest_verdict_wins(void **state) {
    (void)state;
    assert_int_equal(verdict_strictest(VERDICT_ALLOW, VERDICT_ASK), VERDICT_ASK);
    assert_int_equal(verdict_strictest(VERDICT_ASK, VERDICT_ESCALATE), VERDICT_ESCALATE);
    assert_int_equal(verdict_strictest(VERDICT_ESCALATE, VERDICT_DENY), VERDICT_DENY);
    assert_int_equal(verdict_strictest(VERDICT_ALLOW, VERDICT_ALLOW), VERDICT_ALLOW);
    assert_int_equal((enum verdict)0, VERDICT_DENY);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_rule_stops_its_call_and_lets_its_neighbour_pass),
        cmocka_unit_test(verdicts_and_effects_are_called_so),
        cmocka_unit_test(a_call_that_lacks_a_part_is_refused),
        cmocka_unit_test(every_argument_that_decides_takes_its_labels_and_no_other),
        cmocka_unit_test(each_argument_that_decides_has_its_row),
        cmocka_unit_test(no_combination_of_facts_replaces_a_missing_paper),
        cmocka_unit_test(a_call_that_is_not_complete_is_denied),
        cmocka_unit_test(a_change_needs_a_known_account),
        cmocka_unit_test(a_refused_command_is_told_what_about_it_is_refused),
        cmocka_unit_test(the_strictest_verdict_wins),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
