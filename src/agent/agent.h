/* agent/agent.h: what an agent is, and what all seven have in common.
 *
 * An agent is a const row: a card (name, title, grants), the phases it works in, and straight-line
 * code that calls tools. It decides nothing about permission, keeps nothing between turns but the
 * session's state, and needs no recovery code: the gate replays what already happened.
 *
 * The state of a session is one JSON object. Who writes what:
 *   kind      flow        "deploy", "bootstrap", "destroy", "recover", "secrets", "init", "query"
 *   flags, project, settings  flow   command line, project file, the user's own settings
 *   came      flow        {"phase","outcome"} of the edge that led into this phase
 *   last_release  flow    the release that a failure may go back to
 *   target_release  flow  the release that a session of kind "rollback" goes back to
 *   fields    intake      what the person decided: env, app, stack, account, region, qualifier, ...
 *   origins   intake      from where each of them came: bits of enum origin
 *   survey    curator     repo_reader.survey, and "brief"; the planner corrects it by the import
 * check identity  executor    aws_deployer.identity bootstrap executor    outputs of the bootstrap
 * stack before    executor    aws_deployer.stack_status of the stack as it was backend   planner
 * uv_client.check and .bundle site      planner     pnpm_client.build plan, plan_sha256, template,
 * parameters   planner preview   executor    aws_deployer.preview; "sha256" names the change set
 *   lock      executor    aws_deployer.lock, while the stack's lock is held
 *   executing executor    true once AWS was told to change what runs
 *   approval  orchestrator  {"bytes","digest"}
 *   applied   executor    aws_deployer.apply
 *   probe     validator   aws_deployer.probe
 *   restored  executor    aws_deployer.rollback
 *   problem   any         {"code","text","remedy","phase"} of the phase that did not end well
 *   result    orchestrator  how the run ended: {"status","code",...}
 *   remembered curator    qdrant_vector.upsert of the brief
 *   outlived  executor    true once the person chose to destroy the expired stack instead
 *   model     flow        {"primary","fallback","host"}: the session was begun with a model
 *   moderation orchestrator "passed", "unknown", "declined", "ended": of flags.text
 *   stored    executor    aws_deployer.parameters: which secrets there are; secrets_path: where
 *   diagnosis, cure, inventory  executor   of recover and destroy: what the stack needs, is done
 *   child     executor    {"kind","flags"}: of the session that must end before this one goes on
 *   children  flow        how many such sessions have ended; child_tokens: what they spent
 *   proposed  orchestrator  {FIELD: {"value","file","quote"}}: answers that a model found
 *   concerns  compliance  findings of a model's reading: a machine may not approve then
 *   report    validator   {"meaning","line","next"}: what a model says of a probe that failed
 *   explained orchestrator  the problem that a model has put into words already
 *   no_advice any         the model did not answer; it is not asked again
 */
#pragma once

#include "agent/phase.h"
#include "tool/gate.h"

struct agent {
    struct agent_card card;
    const char *purpose;      /* one phrase, for docs/tables */
    const char *guardrail;    /* one phrase, for docs/tables */
    const enum phase *phases; /* ends with PHASE_NONE */

    /* Does its part of the turn's phase. Anything but OUTCOME_OK ends the phase with it. */
    enum outcome (*run)(struct turn *turn, enum phase phase);
};

extern const struct agent agent_orchestrator;
extern const struct agent agent_intake;
extern const struct agent agent_curator;
extern const struct agent agent_planner;
extern const struct agent agent_executor;
extern const struct agent agent_validator;
extern const struct agent agent_compliance;

extern const struct agent *const agents[]; /* the seven, in the order of the specification */
extern const size_t agent_n;

/* Keeps the turn's error as the session's problem and gives the outcome that it means: PARK where
 * the gate has a fault or a person is missing, VETO for the policy, STALE, CANCEL, else FAIL. */
enum outcome agent_fail(struct turn *turn, const struct err *err);

/* Sets the session's problem and returns OUTCOME_FAIL. */
enum outcome agent_problem(struct turn *turn, enum err_code code, const char *remedy,
                           const char *fmt, ...) PRINTF_LIKE(4, 5);

/* The member `path` of the state, or "" where there is none. */
const char *agent_text(const struct turn *turn, const char *path);

/* Whether the session is of this kind. */
bool agent_is_kind(const struct turn *turn, const char *kind);

/* Shows a sentence, a warning that the end of the run repeats, or a finding. */
void agent_say(struct turn *turn, const char *fmt, ...) PRINTF_LIKE(2, 3);
void agent_warn(struct turn *turn, const char *code, const char *remedy, const char *fmt, ...)
    PRINTF_LIKE(4, 5);

/* Calls an operation and keeps its result as state member `member`; false with the problem kept as
 * `*outcome` when it fails. Takes over `args`. */
bool agent_keep(struct turn *turn, const char *tool, const char *operation, json_t *args,
                const char *member, enum outcome *outcome);

/* When the stack of an aws_deployer.stack_status is not wanted any more: its tag "ttl" after its
 * last change, in ms since 1970; 0: it lives on. */
int64_t agent_expires_ms(const json_t *status);

/* Builds objects; every value may be NULL, then the member is left out. Ends with NULL. */
json_t *agent_args(const char *key, ...) __attribute__((sentinel));
