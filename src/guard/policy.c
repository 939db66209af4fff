/* guard/policy.c: one verdict for one call, from a table of rules. */
#include "guard/policy.h"

#include "base/json.h"
#include "guard/secret_file.h"
#include "guard/walk.h"

#include <stdio.h>
#include <string.h>

/* Raised with every change of a verdict, here, in command/ or in the reviews. */
static const char version[] = "2026-12-01.6";

const char *policy_version(void) { return version; }

const char *verdict_name(enum verdict verdict) {
    static const char *const names[VERDICT_N] = {
        [VERDICT_DENY] = "deny",
        [VERDICT_ASK] = "ask",
        [VERDICT_ALLOW] = "allow",
        [VERDICT_ESCALATE] = "escalate",
    };

    return verdict < VERDICT_N ? names[verdict] : names[VERDICT_DENY];
}

enum verdict verdict_strictest(enum verdict a, enum verdict b) {
    static const enum verdict order[] = {VERDICT_DENY, VERDICT_ESCALATE, VERDICT_ASK,
                                         VERDICT_ALLOW};

    for (size_t i = 0; i < ARRAY_N(order); i++) {
        if (a == order[i] || b == order[i]) {
            return order[i];
        }
    }
    return VERDICT_DENY;
}

const char *effect_name(enum effect effect) {
    static const char *const names[EFFECT_N] = {
        [EFFECT_NONE] = "none",       [EFFECT_READ] = "read",   [EFFECT_LOCAL] = "local",
        [EFFECT_PREVIEW] = "preview", [EFFECT_APPLY] = "apply", [EFFECT_NOTIFY] = "notify",
    };

    return effect < EFFECT_N ? names[effect] : names[EFFECT_NONE];
}

/* ---- what the rules ask ---- */

static bool is_tool(const struct call *call, const char *tool) {
    return strcmp(call->tool, tool) == 0;
}

static bool is_op(const struct call *call, const char *op) { return strcmp(call->op, op) == 0; }

static bool in_phase(const struct call *call, const char *phase) {
    return strcmp(call->phase, phase) == 0;
}

/* Calls `test` for every string of a tree, keys left out, until it says yes. */
static bool any_string(const json_t *json, bool (*test)(const char *text, const void *with),
                       const void *with) {
    const char *key = NULL;
    size_t i = 0;
    json_t *value = NULL;

    if (json_is_string(json)) {
        return test(json_string_value(json), with);
    }
    json_array_foreach(json, i, value) {
        if (any_string(value, test, with)) {
            return true;
        }
    }
    json_object_foreach(walk(json), key, value) {
        if (any_string(value, test, with)) {
            return true;
        }
    }
    return false;
}

static bool holds_text(const char *text, const void *with) { return strstr(text, with) != NULL; }

/* A prompt is text that was masked; nothing is done with its arguments but to send them. */
static bool has_mask(const struct call *call) {
    return !is_tool(call, "openai_llm") && any_string(call->args, holds_text, "***");
}

/* arn:PARTITION:SERVICE:REGION:ACCOUNT:... of an account that is not `with`. */
static bool is_foreign_arn(const char *text, const void *with) {
    struct str rest = str_from(text);
    struct str part = {0};

    if (!str_starts(rest, STR("arn:"))) {
        return false;
    }
    for (int i = 0; i < 5; i++) {
        if (!str_next(&rest, ':', &part)) {
            return false;
        }
    }
    return part.len == 12 && !str_eq(part, str_from(with));
}

static bool changes_something(const struct call *call) {
    return call->effect == EFFECT_PREVIEW || call->effect == EFFECT_APPLY;
}

static bool is_foreign(const struct call *call) {
    const char *account = json_str_at(call->args, "account");

    if (call->account == NULL || !changes_something(call)) {
        return false;
    }
    return (account != NULL && strcmp(account, call->account) != 0) ||
           any_string(call->args, is_foreign_arn, call->account);
}

static bool has_no_account(const struct call *call) {
    return changes_something(call) && is_tool(call, "aws_deployer") && call->account == NULL;
}

static bool wants_more_rights(const struct call *call) {
    return any_string(json_at(call->args, "capabilities"), holds_text, "NAMED_IAM") ||
           any_string(json_at(call->args, "capabilities"), holds_text, "AUTO_EXPAND");
}

/* Paths as written: relative and not climbing. */
static bool is_outside(const char *path, const void *with) {
    struct str rest = str_from(path);
    struct str part = {0};

    (void)with;
    if (path[0] == '/' || path[0] == '~') {
        return true;
    }
    while (rest.len > 0 && str_next(&rest, '/', &part)) {
        if (str_eq(part, STR(".."))) {
            return true;
        }
    }
    return false;
}

static bool leaves_workspace(const struct call *call) {
    return (is_tool(call, "repo_reader") || is_tool(call, "shell_runner")) &&
           (any_string(json_at(call->args, "path"), is_outside, NULL) ||
            any_string(json_at(call->args, "cwd"), is_outside, NULL));
}

static bool is_secret_file(const char *path, const void *with) {
    (void)with;
    return secret_file_of(str_from(path)) == SECRET_FILE_SURE;
}

static bool reads_secret_file(const struct call *call) {
    return is_tool(call, "repo_reader") && is_op(call, "read_file") &&
           any_string(json_at(call->args, "path"), is_secret_file, NULL);
}

/* ---- builds ---- */

static bool is_word(const char *text, const void *with) { return strcmp(text, with) == 0; }

static bool installs_globally(const struct call *call) {
    const json_t *args = json_at(call->args, "args");

    if (is_tool(call, "pnpm_client")) {
        return any_string(args, is_word, "-g") || any_string(args, is_word, "--global");
    }
    return is_tool(call, "uv_client") &&
           (any_string(args, is_word, "--system") || any_string(args, is_word, "tool"));
}

static bool ignores_lock(const struct call *call) {
    const json_t *args = json_at(call->args, "args");
    bool is_install = any_string(args, is_word, "install") || any_string(args, is_word, "i");

    return is_tool(call, "pnpm_client") && call->facts.is_ci && is_install &&
           !any_string(args, is_word, "--frozen-lockfile");
}

static bool runs_foreign_code(const struct call *call) {
    static const struct {
        const char *tool;
        const char *op;
    } rows[] = {{"pnpm_client", "build"},
                {"pnpm_client", "exec"},
                {"uv_client", "check"},
                {"uv_client", "run"},
                {"uv_client", "sync"}};

    for (size_t i = 0; i < ARRAY_N(rows); i++) {
        if (is_tool(call, rows[i].tool) && is_op(call, rows[i].op)) {
            return !call->facts.is_repo_trusted && !call->facts.is_confirmed;
        }
    }
    return false;
}

/* ---- commands ---- */

static bool is_command(const struct call *call, enum command_class class) {
    const json_t *argv = json_at(call->args, "command");

    return is_tool(call, "shell_runner") && (is_op(call, "run") || is_op(call, "install")) &&
           command_classify(argv, NULL) == class;
}

/* Only a command that fetches packages by their names gets the network of package sources. */
static bool fetches(const struct call *call) {
    const char *manager = NULL;
    struct str verb = {0};

    return command_fetches(json_at(call->args, "command"), &manager, &verb);
}

static bool opens_network(const struct call *call) {
    return is_tool(call, "shell_runner") && is_op(call, "install");
}

static bool is_no_fetch(const struct call *call) { return opens_network(call) && !fetches(call); }

static bool fetches_elsewhere(const struct call *call) {
    return opens_network(call) && !call->facts.is_confirmed &&
           json_array_size(json_at(call->args, "hosts")) > 0;
}

static bool fetches_packages(const struct call *call) {
    return opens_network(call) && !call->facts.is_confirmed;
}

static bool fetches_by(const struct call *call, const char *manager) {
    const char *by = is_tool(call, "shell_runner") && is_op(call, "run")
                         ? command_fetches_without_switch(json_at(call->args, "command"))
                         : NULL;

    return by != NULL && strcmp(by, manager) == 0;
}

static bool fetches_by_pip(const struct call *call) { return fetches_by(call, "pip"); }
static bool fetches_by_poetry(const struct call *call) { return fetches_by(call, "poetry"); }

static bool is_destructive_command(const struct call *call) {
    return is_command(call, COMMAND_DESTRUCTIVE);
}

/* It works in a copy, so a person who typed it is asked about what came of it, not about it. */
static bool is_changing_command(const struct call *call) {
    bool is_typed = json_int_or(call->origins, "command", ORIGIN_NONE) == ORIGIN_USER;

    return is_command(call, COMMAND_CHANGING) && !is_typed && !call->facts.is_confirmed;
}

static bool keeps_draft(const struct call *call) {
    return is_tool(call, "shell_runner") && is_op(call, "keep") && !call->facts.is_confirmed;
}

static bool is_unknown_command(const struct call *call) {
    return is_command(call, COMMAND_UNKNOWN) && !call->facts.is_confirmed;
}

static bool is_unknown_unattended(const struct call *call) {
    return is_unknown_command(call) && !call->facts.has_person;
}

/* ---- the road ---- */

/* Which effects a phase has room for. Effects that are in no row (reads and notices) are free. */
/* clang-format off */
static const struct {
    enum effect effect;
    const char *op;     /* NULL: any */
    const char *phases; /* blank-separated */
} effect_rows[] = {
    {EFFECT_LOCAL,   NULL,      "INTAKE CONTEXT ASK PREFLIGHT PLAN DRY_RUN VALIDATE CLOSURE"},
    {EFFECT_PREVIEW, "upload",  "DRY_RUN EXECUTE ROLLBACK"},
    {EFFECT_PREVIEW, "preview", "DRY_RUN ROLLBACK"},
    {EFFECT_PREVIEW, "discard", "PLAN DRY_RUN REVIEW_SET WAIT ROLLBACK CLOSURE ESCALATED"},
    {EFFECT_PREVIEW, "lock",    "DRY_RUN REVIEW_SET WAIT EXECUTE VALIDATE ROLLBACK CLOSURE ESCALATED"},
    {EFFECT_PREVIEW, "publish", "VALIDATE"},
    {EFFECT_PREVIEW, "unlock",  "INTAKE"}, /* a question of its own, outside the road; also */
    {EFFECT_PREVIEW, "share",   "INTAKE"},
    {EFFECT_PREVIEW, "take",    "INTAKE"},
    {EFFECT_PREVIEW, "decide",  "INTAKE"},
    {EFFECT_APPLY,   NULL,      "EXECUTE ROLLBACK"},
};
/* clang-format on */

static bool has_phase(const char *phases, const char *phase) {
    struct str rest = str_from(phases);
    struct str one = {0};

    while (str_next(&rest, ' ', &one)) {
        if (str_eq(one, str_from(phase))) {
            return true;
        }
    }
    return false;
}

static bool is_wrong_phase(const struct call *call) {
    bool is_listed = call->effect == EFFECT_READ || call->effect == EFFECT_NOTIFY;

    for (size_t i = 0; i < ARRAY_N(effect_rows); i++) {
        bool is_row = effect_rows[i].effect == call->effect &&
                      (effect_rows[i].op == NULL || is_op(call, effect_rows[i].op));
        is_listed = is_listed || (is_row && has_phase(effect_rows[i].phases, call->phase));
    }
    return !is_listed;
}

static bool is_apply(const struct call *call) { return call->effect == EFFECT_APPLY; }

static bool waits_for_filter(const struct call *call) {
    return call->facts.is_unmoderated && changes_something(call) && !is_op(call, "discard") &&
           !is_op(call, "lock");
}

/* Writes that tidy up, or tell other machines what is on record. */
static bool is_bookkeeping(const struct call *call) {
    static const char *const ops[] = {"discard", "lock", "publish", "unlock",
                                      "share",   "take", "decide"};

    for (size_t i = 0; i < ARRAY_N(ops); i++) {
        if (is_op(call, ops[i])) {
            return true;
        }
    }
    return false;
}

static bool needs_plan_review(const struct call *call) {
    bool is_write = call->effect == EFFECT_PREVIEW && !is_bookkeeping(call);

    return (is_write || is_apply(call)) && !call->facts.is_plan_reviewed;
}

/* Another run's lock is taken away by a person's word only. */
static bool breaks_stale_lock(const struct call *call) {
    return is_op(call, "unlock") && json_bool_at(call->args, "is_stale") &&
           !call->facts.is_confirmed;
}

static bool breaks_lock(const struct call *call) {
    return is_op(call, "unlock") && !json_bool_at(call->args, "is_stale") &&
           !call->facts.is_confirmed;
}

static bool needs_dry_run(const struct call *call) {
    return is_apply(call) && !call->facts.is_dry_run_done;
}

static bool needs_set_review(const struct call *call) {
    return is_apply(call) && !call->facts.is_set_reviewed;
}

static bool needs_approval(const struct call *call) {
    bool is_upload = is_op(call, "upload") && call->effect == EFFECT_PREVIEW &&
                     (in_phase(call, "EXECUTE") || in_phase(call, "ROLLBACK"));

    return (is_apply(call) || is_upload) && !call->facts.is_approved && !in_phase(call, "ROLLBACK");
}

static bool differs_from_approval(const struct call *call) {
    return needs_approval(call) && call->facts.is_approval_other;
}

static bool exceeds_on_failure(const struct call *call) {
    return (is_apply(call) || is_op(call, "upload")) && changes_something(call) &&
           !call->facts.is_approved && in_phase(call, "ROLLBACK");
}

/* ---- provenance ---- */

/* A person may say yes to where a change goes, and to nothing else that came from elsewhere. */
static bool has_foreign_target(const struct call *call) {
    return !call->facts.is_confirmed && policy_sink_refuses(call, VERDICT_ASK);
}

static bool has_foreign_matter(const struct call *call) {
    return policy_sink_refuses(call, VERDICT_DENY);
}

static bool is_malformed(const struct call *call) {
    return call->agent == NULL || call->tool == NULL || call->op == NULL || call->phase == NULL ||
           call->effect <= EFFECT_NONE || call->effect >= EFFECT_N || !json_is_object(call->args);
}

/* ---- the table ---- */

struct policy_rule {
    const char *code;
    enum verdict verdict;
    bool (*applies)(const struct call *call);
    const char *text;
    const char *remedy;
};

/* clang-format off */
static const struct policy_rule policy_rules[] = {
    {"masked_argument", VERDICT_DENY, has_mask,
     "an argument holds ***, a value that was masked", "name the secret instead of copying it"},
    {"wrong_phase", VERDICT_DENY, is_wrong_phase,
     "nothing of this kind happens in this phase", ""},
    {"not_moderated", VERDICT_DENY, waits_for_filter,
     "the moderation filter has not answered yet, and nothing is changed before it has",
     "try again, or unset OPENAI_API_KEY to go on without model and filter"},
    {"plan_not_reviewed", VERDICT_DENY, needs_plan_review,
     "the plan has not passed the compliance review", "let the plan be reviewed first"},
    {"no_dry_run", VERDICT_DENY, needs_dry_run,
     "nothing is changed before a dry run has shown it", "make the dry run first"},
    {"set_not_reviewed", VERDICT_DENY, needs_set_review,
     "the change set has not passed the compliance review", "let the change set be reviewed first"},
    {"approval_differs", VERDICT_DENY, differs_from_approval,
     "what would be done is not what was approved: the plan, its artefacts, the place, the policy or the ceiling changed",
     "plan again; aws-copilot approvals shows what was approved"},
    {"not_approved", VERDICT_DENY, needs_approval,
     "no valid approval covers this change", "approve the plan: aws-copilot approvals"},
    {"beyond_on_failure", VERDICT_ESCALATE, exceeds_on_failure,
     "the approval does not cover this way back", "a person decides with the runbook at hand"},
    {"no_account", VERDICT_DENY, has_no_account,
     "it is not known which account would be changed", "give --account or check the credentials"},
    {"foreign_account", VERDICT_DENY, is_foreign,
     "it names another account than the one of this session", "check the account and the ARNs"},
    {"more_rights", VERDICT_DENY, wants_more_rights,
     "it asks for rights that no deployment needs", "templates of this program need CAPABILITY_IAM only"},
    {"untrusted_target", VERDICT_ASK, has_foreign_target,
     "where the change goes was not said by a person", "confirm the target"},
    {"stale_lock", VERDICT_ASK, breaks_stale_lock,
     "it gives back the lock of a run that is dead", "answer at a terminal, or with --yes"},
    {"break_lock", VERDICT_ASK, breaks_lock,
     "it takes the lock away from a run that may be alive: two runs on one stack undo each other",
     "wait for that run, or aws-copilot cancel it; a person at a terminal can say yes"},
    {"untrusted_argument", VERDICT_DENY, has_foreign_matter,
     "what is changed was said neither by a person nor by the plan", "plan it, and let the plan be reviewed"},
    {"outside_workspace", VERDICT_DENY, leaves_workspace,
     "the path leaves the workspace", "give a path below the repository"},
    {"secret_file", VERDICT_DENY, reads_secret_file,
     "the file holds secrets and is not read into a conversation", "name the variable instead"},
    {"global_install", VERDICT_DENY, installs_globally,
     "nothing is installed for the whole machine", "install into the project"},
    {"lock_ignored", VERDICT_DENY, ignores_lock,
     "in CI packages are installed from the lock file only", "add --frozen-lockfile"},
    {"untrusted_code", VERDICT_ASK, runs_foreign_code,
     "it runs this repository's code", "answer once whether it may run here"},
    {"pip_fetch", VERDICT_DENY, fetches_by_pip,
     "pip installs into an environment that is not kept here, and may run the code of packages while it fetches",
     "write the name into the requirements file or use uv add, the next deploy takes it from there; into an environment of your own run pip yourself"},
    {"poetry_fetch", VERDICT_DENY, fetches_by_poetry,
     "poetry would build packages that have only sources, with a network, and no setting keeps it from that",
     "write the name into pyproject.toml and run poetry lock yourself, the next deploy takes it from there"},
    {"destructive_command", VERDICT_DENY, is_destructive_command,
     "a command that deletes, shows credentials, sends data away or asks for rights is not run here",
     "do it yourself, if it has to be done"},
    {"no_fetch", VERDICT_DENY, is_no_fetch,
     "the command does more than fetching packages by their names", "run it without a network"},
    {"foreign_source", VERDICT_ASK, fetches_elsewhere,
     "it fetches packages, also from where this repository says and your own settings do not",
     "look at the hosts, then confirm it at a terminal; a registry in ~/.npmrc or UV_INDEX is yours"},
    {"fetch_packages", VERDICT_ASK, fetches_packages,
     "it fetches packages over the network", "confirm it at a terminal"},
    {"changing_command", VERDICT_ASK, is_changing_command,
     "the command changes the workspace or runs its code", "confirm it"},
    {"keep_changes", VERDICT_ASK, keeps_draft,
     "it writes what the command changed into the repository", "look at the changes, then confirm it at a terminal"},
    {"unknown_command", VERDICT_ASK, is_unknown_command,
     "what the command does is not known for certain", "look at it and confirm it"},
    {"unknown_command", VERDICT_DENY, is_unknown_unattended,
     "what the command does is not known for certain, and nobody can be asked", "run it yourself"},
};
/* clang-format on */

size_t policy_call_rule_n(void) { return ARRAY_N(policy_rules); }

void policy_call_rule(size_t i, struct policy_call_rule *out) {
    const struct policy_rule *rule = &policy_rules[i];

    *out = (struct policy_call_rule){rule->code, rule->verdict, rule->text, rule->remedy};
}

static void ruling_set(struct ruling *out, enum verdict verdict, const char *code, const char *text,
                       const char *remedy) {
    *out = (struct ruling){.verdict = verdict, .code = code};
    snprintf(out->text, sizeof out->text, "%s", text);
    snprintf(out->remedy, sizeof out->remedy, "%s", remedy);
}

/* What about a command made its class; the row's text says only what the class is. */
static void say_why(const struct call *call, struct ruling *out) {
    static const char *const codes[] = {"destructive_command", "changing_command",
                                        "unknown_command"};
    size_t len = strlen(out->text);
    const char *reason = NULL;

    for (size_t i = 0; i < ARRAY_N(codes); i++) {
        if (strcmp(out->code, codes[i]) == 0) {
            (void)command_classify(json_at(call->args, "command"), &reason);
        }
    }
    if (reason != NULL) {
        snprintf(out->text + len, sizeof out->text - len, " (%s)", reason);
    }
}

void policy_judge(const struct call *call, struct ruling *out) {
    if (is_malformed(call)) {
        ruling_set(out, VERDICT_DENY, "malformed_call", "the call is not complete", "");
        return;
    }
    ruling_set(out, VERDICT_ALLOW, "allowed", "no rule is against it", "");
    for (size_t i = 0; i < ARRAY_N(policy_rules); i++) {
        const struct policy_rule *rule = &policy_rules[i];

        if (out->verdict != rule->verdict && out->verdict != VERDICT_DENY && rule->applies(call) &&
            verdict_strictest(out->verdict, rule->verdict) == rule->verdict) {
            ruling_set(out, rule->verdict, rule->code, rule->text, rule->remedy);
        }
    }
    say_why(call, out);
}
