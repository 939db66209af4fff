/* guard/policy.h: what may be done: one verdict for one call, the class of a command, and the
 * compliance officer's two reviews. Deterministic and pure: no I/O, no clock, no model.
 *
 * Everything is refused that no rule allows; the strictest rule that applies wins. Grants (which
 * agent may use which operation) and schemas are checked by tool_call() before this.
 */
#pragma once

#include <jansson.h>

#include "base/buf.h"

struct redactor;

enum verdict {
    VERDICT_DENY = 0,
    VERDICT_ASK, /* a person decides; without one it is a refusal */
    VERDICT_ALLOW,
    VERDICT_ESCALATE, /* a person must look: stop here, with the runbook */
    VERDICT_N
};

/* "deny", "ask", "allow", "escalate"; never NULL. */
const char *verdict_name(enum verdict verdict);

/* The stricter of two: deny, then escalate, then ask, then allow. */
enum verdict verdict_strictest(enum verdict a, enum verdict b);

/* Changes whenever a rule changes its verdict; part of every approval. */
const char *policy_version(void);

enum effect {
    EFFECT_NONE = 0,
    EFFECT_READ,
    EFFECT_LOCAL,   /* writes below the build folder or the session's own state */
    EFFECT_PREVIEW, /* writes at AWS that change nothing that runs */
    EFFECT_APPLY,
    EFFECT_NOTIFY,
    EFFECT_N
};
const char *effect_name(enum effect effect); /* "read", "local", ...; never NULL */

/* Where a value comes from; bits, a derived value carries those of all its inputs. */
enum origin {
    ORIGIN_NONE = 0, /* unknown: judged as MODEL */
    ORIGIN_USER = 1,
    ORIGIN_CONFIG = 2,
    ORIGIN_PLAN = 4,
    ORIGIN_REPO = 8,
    ORIGIN_TOOL = 16,
    ORIGIN_MODEL = 32
};

const char *origin_name(enum origin origin); /* "person", "config", ...; never NULL */

/* One row of policy_sink.def: an argument by which a call decides what is changed. */
struct policy_sink {
    const char *arg;
    unsigned effects; /* bits: 1 << enum effect */
    unsigned origins; /* bits of enum origin: from where its value may come */
    enum verdict verdict;
};
size_t policy_sink_n(void);
void policy_sink(size_t i, struct policy_sink *out);

/* What the records say; each false until a record says otherwise. */
struct call_facts {
    bool has_person;        /* somebody can answer a question */
    bool is_ci;             /* CI is set */
    bool is_plan_reviewed;  /* the compliance officer passed this plan */
    bool is_dry_run_done;   /* an AVAILABLE change set of this plan is on record */
    bool is_set_reviewed;   /* the compliance officer passed that change set */
    bool is_approved;       /* approval_check() said OK, or its on_failure covers this call */
    bool is_approval_other; /* a yes is there, and what would be done now is not what it was for */
    bool is_repo_trusted;   /* "run this repository's code here?" was answered yes */
    bool is_confirmed;      /* a person said yes to exactly this call */
    bool is_unmoderated;    /* the filter has not answered about what the person asked for */
};

struct call {
    const char *agent; /* "planner" */
    const char *tool;  /* "aws_deployer" */
    const char *op;    /* "apply" */
    const char *phase; /* "EXECUTE", as in the phase table */
    enum effect effect;
    const json_t *args;    /* object, checked against its schema */
    const json_t *origins; /* object: argument name -> bits of enum origin. NULL: the program made
                              all of them; a name that is missing came from a model */
    struct call_facts facts;
    const char *account; /* the pinned account; NULL before it is known */
};

struct ruling {
    enum verdict verdict;
    const char *code; /* reason code, constant: "no_dry_run" */
    char text[320];   /* one sentence for a person; holds no argument values */
    char remedy[240]; /* may be empty */
};

/* Whether an argument of the call comes from where its sink does not accept it, with this verdict.
 * A call whose origins are NULL has none. */
bool policy_sink_refuses(const struct call *call, enum verdict verdict);

/* Judges one call. */
void policy_judge(const struct call *call, struct ruling *out);

/* The class of an argv (array of strings) for shell_runner. There is no shell: argv[0] is a bare
 * name. Paths are judged as written: relative ones that do not climb are inside the workspace. */
enum command_class {
    COMMAND_UNKNOWN = 0, /* not derived: ask; deny when nobody can answer */
    COMMAND_DESTRUCTIVE, /* deny: deletes, hands out credentials or rights, sends things away; no
                          * answer of a person lifts it */
    COMMAND_CHANGING,    /* ask, or allow where the repository is trusted */
    COMMAND_SAFE,        /* read-only, inside the workspace, no secret file */
    COMMAND_N
};
enum command_class command_classify(const json_t *argv, const char **reason);

/* Whether the words are `aws` and only ask AWS something, no credentials among it, at AWS's own
 * endpoints: what may run with keys. */
bool command_reads_aws(const json_t *argv);

/* Whether the words are a package manager's that fetch packages from a registry by their names, and
 * nothing else: what may run with a network of package sources. `*out_manager` is "npm", "pnpm",
 * "yarn", "bun" or "uv", constant; `*out_verb` its verb, of the caller's bytes. */
bool command_fetches(const json_t *argv, const char **out_manager, struct str *out_verb);

/* "pip" or "poetry" where the words have it fetch packages: these have no switch that keeps the
 * builds of packages from running with a network. NULL: they do not. Constant. */
const char *command_fetches_without_switch(const json_t *argv);

const char *command_class_name(enum command_class command_class);

/* Whether a file that a command made, changed or removed may be taken over into the repository:
 * none that configures another program, holds secrets, or lies in git's own folder, but for what
 * git writes there when it is the command (`is_git`). `*why`: a phrase for the person. */
bool command_may_keep(struct str path, bool is_git, const char **why);

/* What a review needs beside the paper it reads. */
struct review_ctx {
    const char *account;             /* the pinned account, 12 digits; NULL: none */
    const char *region;              /* NULL: none */
    const struct redactor *redactor; /* for secrets in templates; not NULL */
    const json_t *template_before;   /* the template that is deployed now; NULL on a creation, empty
                                      * where it cannot be read: everything is new then */
    bool is_local_aws; /* behind a custom endpoint, where ssm:GetParametersByPath is judged against
                        * every resource, nothing speaks TLS, and the emitted template says so */
    const json_t *parameters; /* what the template's parameters are given: name -> text, true where
                               * the value is not known here; NULL: not decided yet */
    const char *const *foreign_ok; /* accounts the user's own settings allow; NULL-ended, or NULL */
    const json_t *comments; /* what stands beside the template in its file, which CloudFormation
                             * keeps too: [{"line","text"}]; NULL: nothing */
};

/* What the reviews find. Each rule has one code, one verdict, one remedy: review_rules.def. */
enum review_rule {
    REVIEW_NONE = 0,
#define RULE(id, code, applies, verdict, when, remedy) REVIEW_##id,
#include "guard/review_rules.def"
#undef RULE
    REVIEW_RULE_N
};
const char *policy_rule_code(enum review_rule rule);    /* "public_bucket"; never NULL */
const char *policy_rule_applies(enum review_rule rule); /* to what; never NULL */
const char *policy_rule_when(enum review_rule rule);    /* the condition; never NULL */
const char *policy_rule_remedy(enum review_rule rule);  /* may be "" */
enum verdict policy_rule_verdict(enum review_rule rule);

/* One row of review_property.def: what a property of a resource has to say. */
struct policy_property {
    enum review_rule rule;
    const char *type;
    const char *path;   /* below Properties; "A[].B" is B of each A */
    const char *demand; /* "is one of" */
    const char *values; /* blank-separated; "" */
    const char *unless; /* blank-separated "path" or "path=value"; "" */
};
size_t policy_property_n(void);
void policy_property(size_t i, struct policy_property *out);

/* One type of resource that holds data; whether a template has to keep it by its DeletionPolicy. */
size_t policy_data_n(void);
const char *policy_data(size_t i, bool *must_be_kept);

/* The rules of policy_judge(), for docs/tables. */
struct policy_call_rule {
    const char *code;
    enum verdict verdict;
    const char *text;
    const char *remedy;
};
size_t policy_call_rule_n(void);
void policy_call_rule(size_t i, struct policy_call_rule *out);

/* Judges a template by itself, as `policy check` does; arguments and result as below. Without an
 * account in `ctx`, none is foreign but in trust policies. */
enum verdict policy_review_template(const json_t *template, const struct review_ctx *ctx,
                                    json_t *findings);

/* The compliance officer's first review: the plan and its template. Appends to the array `findings`
 * objects {"code","verdict","where","text","remedy"}, all strings, `verdict` being "deny", "ask" or
 * "allow" (shown only), and returns the strictest (VERDICT_ALLOW when there are none).
 * Plan shape: {"version":1,"kind","app","env","account","region","stack","target","steps":[{"n",
 * "tool","op","effect","text"}],"template":{"sha256","bytes"},"parameters":{},"permissions":[],
 * "artefacts":[{"kind","sha256","bytes"}],"cost":{"usd_month"},"variables":{},"secrets":[names],
 * "role_arn","endpoint","on_failure","build_id" (may be absent)}. A plan that is not of this shape
 * is denied. */
enum verdict policy_review_plan(const json_t *plan, const json_t *template,
                                const struct review_ctx *ctx, json_t *findings);

/* The second review: the change set as AWS describes it, with the template it came from.
 * Change set shape: {"arn","name","stack_id","stack","type":"CREATE|UPDATE","status","changes":[
 * {"action","logical_id","physical_id","type","replacement","scope":[],"details":[{"attribute",
 * "name","path","before","after","recreation","evaluation","source","causing"}],"policy_action"}],
 * "parameters":[names]}. */
enum verdict policy_review_set(const json_t *changeset, const json_t *template,
                               const struct review_ctx *ctx, json_t *findings);
