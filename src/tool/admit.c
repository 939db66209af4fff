/* What comes before a call: schema, grant, policy; and what a person is asked. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "tool/gate_room.h"

/* ---- Policy ---- */

static bool same_digest(const char *have, const char *want) {
    return want != NULL && have[0] != '\0' && strcmp(have, want) == 0;
}

/* How the person's yes on record stands now. */
static enum approval_answer yes_now(const struct gate *gate) {
    struct approval_state state = gate->approval_state;

    state.is_used = same_digest(gate->used, state.digest);
    return approval_check(&gate->approved, &state, clock_now_ms());
}

struct approval turn_approval(const struct turn *turn) {
    const json_t *state = turn->state;
    json_t *artefacts = json_at(state, "plan.artefacts");

    return (struct approval){
        .kind = mem_strdup(json_str_or(state, "kind", "")),
        .session = mem_strdup(turn->session),
        .plan_sha256 = mem_strdup(json_str_or(state, "plan_sha256", "")),
        .change_set = mem_strdup(json_str_or(state, "preview.arn", "")),
        .stack_id = mem_strdup(json_str_or(state, "preview.stack_id", "")),
        .template_sha256 = mem_strdup(json_str_or(state, "plan.template.sha256", "")),
        .parameters_sha256 = mem_strdup(json_str_or(state, "preview.parameters_sha256", "")),
        .artefacts = artefacts == NULL ? json_array() : json_deep_copy(artefacts),
        .account = mem_strdup(json_str_or(state, "identity.account", "")),
        .region = mem_strdup(json_str_or(state, "identity.region", "")),
        .endpoint = mem_strdup(json_str_or(state, "identity.endpoint", "")),
        .role = mem_strdup(json_str_or(state, "plan.role_arn", "")),
        .policy_version = mem_strdup(policy_version()),
        .cost = mem_strdup(json_str_or(state, "preview.cost.text", "")),
        .cost_ceiling_cents = json_int_or(state, "fields.cost_ceiling_cents", -1),
        .on_failure = mem_strdup(json_str_or(state, "plan.on_failure", "leave")),
        .requester = mem_strdup(json_str_or(state, "identity.arn", "")),
        .expires_ms = turn->now_ms + limit(LIMIT_APPROVAL_MS),
    };
}

/* Whether a yes is on record that was not used, and what would be done now is something else. */
static bool is_other_than_approved(const struct turn *turn) {
    const struct gate *gate = turn->gate;
    CLEANUP(approval_done) struct approval now = {0};

    if (!gate->approval_state.is_given || same_digest(gate->used, gate->approval_state.digest)) {
        return false;
    }
    now = turn_approval(turn);
    return approval_difference(&gate->approved, &now) != NULL;
}

/* The yes that an effect names, or that the uploads around it live by. */
static bool is_covered(const struct gate *gate, const json_t *args) {
    const char *digest = json_str_at(args, "approval");

    return digest == NULL || same_digest(gate->approval_state.digest, digest);
}

/* Whether the consumed yes says that a failure may go back to exactly this release of this stack.
 */
static bool is_way_back(const struct gate *gate, const json_t *args) {
    const char *on_failure = gate->approved.on_failure;
    const char *stack_id = gate->approved.stack_id;

    return on_failure != NULL && stack_id != NULL && strncmp(on_failure, "restore:", 8) == 0 &&
           on_failure[8] != '\0' && strcmp(on_failure + 8, json_str_or(args, "release", "")) == 0 &&
           strcmp(stack_id, json_str_or(args, "stack_id", "")) == 0;
}

/* Whether a yes covers this call: the effect that consumes it, the uploads that belong to it, or
 * what its on_failure allows after that. */
static bool is_approved(const struct gate *gate, const char *operation, const json_t *args) {
    bool is_consumed =
        gate->approval_state.is_given && same_digest(gate->used, gate->approval_state.digest);

    if (strcmp(operation, "rollback") == 0) {
        return is_consumed && is_way_back(gate, args);
    }
    if (is_consumed && strcmp(operation, "upload") == 0) {
        return true;
    }
    return is_covered(gate, args) && yes_now(gate) == APPROVAL_OK;
}

/* Whether the only thing wrong with the yes for this effect is its age. */
static bool is_expired(const struct gate *gate, const struct operation *row, const json_t *args,
                       const char *phase) {
    bool is_of_effect = row->effect == EFFECT_APPLY ||
                        (strcmp(row->name, "upload") == 0 && strcmp(phase, "execute") == 0);

    return is_of_effect && gate->approval_state.is_given && is_covered(gate, args) &&
           yes_now(gate) == APPROVAL_EXPIRED;
}

/* Whether the next number is a question in the journal. */
static bool gate_is_asked(struct gate *gate) {
    const struct recalled *row = gate_recalled(gate, gate->next_call);

    return row != NULL && strcmp(row->what, "ask") == 0;
}

static struct call_facts gate_facts(const struct turn *turn, const char *operation,
                                    const json_t *args, bool is_confirmed) {
    struct gate *gate = turn->gate;
    const struct person *person = gate->options.person;
    const char *set = json_str_at(turn->state, "preview.sha256");
    bool is_other = is_other_than_approved(turn);

    /* Where the journal holds the question, somebody was there to ask. */
    return (struct call_facts){
        .has_person = person->is_there(person->ctx) || gate_is_asked(gate),
        .is_ci = getenv("CI") != NULL,
        .is_plan_reviewed =
            same_digest(gate->plan_reviewed, json_str_at(turn->state, "plan_sha256")),
        .is_dry_run_done = set != NULL,
        .is_set_reviewed = same_digest(gate->set_reviewed, set),
        .is_approved = is_approved(gate, operation, args) && !is_other,
        .is_approval_other = is_other,
        .is_repo_trusted = json_bool_at(turn->state, "fields.trust_code"),
        .is_confirmed = is_confirmed,
        .is_unmoderated = strcmp(json_str_or(turn->state, "moderation", ""), "unknown") == 0,
    };
}

static void gate_judge(struct turn *turn, const char *tool, const struct operation *row,
                       const json_t *args, bool is_confirmed, struct ruling *out) {
    CLEANUP(json_decrefp) json_t *origins = gate_origins(turn, args);
    char phase[32];
    struct call call = {
        .agent = turn->agent->name,
        .tool = tool,
        .op = row->name,
        .phase = phase, /* the policy speaks of PREFLIGHT */
        .effect = row->effect,
        .args = args,
        .origins = origins,
        .facts = gate_facts(turn, row->name, args, is_confirmed),
        .account = json_str_or(turn->state, "identity.account",
                               json_str_at(turn->state, "fields.account")),
    };

    (void)snprintf(phase, sizeof phase, "%s", turn->phase);
    for (char *c = phase; *c != '\0'; c++) {
        *c = (char)toupper((unsigned char)*c);
    }
    policy_judge(&call, out);
}

/* A refusal is a record: what was refused, to whom, by which rule. It is also the end of a call
 * that died with its process, where the journal has only its intent. */
static enum err_code refuse_journal(struct turn *turn, const char *tool, const char *operation,
                                    const json_t *args, const struct ruling *ruling,
                                    const struct err *why, struct err *err) {
    struct gate *gate = turn->gate;
    CLEANUP(json_decrefp) json_t *body = gate_err_body(why);
    struct sha256_hex digest = gate_digest(gate, tool, args);
    char what[sizeof((struct recalled *)0)->what];
    int64_t number = gate->next_call++;
    const struct recalled *row = gate_recalled(gate, number);
    struct pending *record;

    (void)snprintf(what, sizeof what, "%s.%s", tool, operation);
    if (row != NULL && gate_compare(gate, row, what, digest.text, err) != ERR_NONE) {
        return err->code;
    }
    if (row != NULL && row->has_result) {
        return ERR_NONE;
    }
    record = gate_pend(gate, RECORD_VERDICT, number, err);
    if (record == NULL) {
        return err->code;
    }
    gate_field(record, FIELD_TOOL, tool);
    gate_field(record, FIELD_OP, operation);
    gate_field(record, FIELD_AGENT, turn->agent->name);
    gate_field(record, FIELD_PHASE, turn->phase);
    gate_field(record, FIELD_DIGEST, digest.text);
    gate_field(record, FIELD_OUTCOME, verdict_name(ruling->verdict));
    gate_field(record, FIELD_REASON, ruling->code);
    gate_field(record, FIELD_CODE, err_wire(why->code));
    redact_json(gate->options.services->redactor, body, &record->body);
    bus_context(gate->options.bus, turn->session, turn->phase, turn->agent->name);
    bus_emit(gate->options.bus, EVENT_VERDICT,
             json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:b}", "verdict",
                       verdict_name(ruling->verdict), "code", ruling->code, "tool", tool,
                       "operation", operation, "text", why->text, "remedy", why->remedy, "told",
                       /* whoever wanted to ask the model, or the end, tells what that means */
                       why->code == ERR_BUDGET || ruling->verdict == VERDICT_ESCALATE));
    return ERR_NONE;
}

enum err_code gate_refuse(struct turn *turn, const char *tool, const char *operation,
                          const json_t *args, enum err_code code, const struct ruling *ruling,
                          struct err *err) {
    struct err why = {0};

    err_set(&why, code, "%s", ruling->text);
    err_remedy(&why, "%s", ruling->remedy);
    if (refuse_journal(turn, tool, operation, args, ruling, &why, err) == ERR_NONE) {
        *err = why;
    }
    return err->code;
}

/* What is asked, with the words of the command and what it may reach, where there are some. */
static json_t *confirm_question(const struct ruling *ruling, const json_t *args) {
    CLEANUP(buf_done) struct buf text = BUF_INIT(16 << 10);
    const json_t *word;
    size_t i;

    buf_add_s(&text, ruling->text);
    json_array_foreach(json_object_get(args, "command"), i, word) {
        const char *shown = json_is_string(word) ? json_string_value(word) : "";
        bool is_plain = shown[0] != '\0' && strpbrk(shown, " \t\n'\"\\") == NULL;

        buf_addf(&text, i == 0 ? ": " : " ");
        buf_addf(&text, is_plain ? "%s" : "'%s'", shown);
    }
    json_array_foreach(json_object_get(args, "hosts"), i, word) {
        buf_addf(&text, "%s%s", i == 0 ? "; from " : ", ",
                 json_is_string(word) ? json_string_value(word) : "");
    }
    return json_pack("{s:s, s:s, s:s, s:s, s:s}", "field", "confirm", "kind", "confirm", "code",
                     ruling->code, "question", buf_cstr(&text), "default",
                     strcmp(ruling->code, "stale_lock") == 0 ? "yes" : "no");
}

/* Asks the person whether a call may be made. A question to nobody is not asked: `*is_answered`
 * stays false. */
static enum err_code gate_confirm(struct turn *turn, const struct ruling *ruling,
                                  const json_t *args, bool *is_answered, struct err *err) {
    CLEANUP(freep) char *answer = NULL;

    if (!turn_has_person(turn) && !gate_is_asked(turn->gate)) {
        return ERR_NONE;
    }
    if (turn_ask(turn, confirm_question(ruling, args), &answer, err) != ERR_NONE) {
        return err->code == ERR_WAITING ? ERR_NONE : err->code;
    }
    if (strcmp(answer, "yes") != 0) {
        err_set(err, ERR_REJECTED, "you said no to: %s", ruling->text);
        return err_remedy(err, "%s", ruling->remedy);
    }
    *is_answered = true;
    return ERR_NONE;
}

static enum err_code gate_schema(const char *tool, const char *operation, const json_t *args,
                                 const struct operation **out, struct err *err) {
    const struct operation *row = tool_find(tool, operation);

    if (row == NULL) {
        return err_set(err, ERR_DEFECT, "there is no operation %s.%s", tool, operation);
    }
    *out = row;
    if (json_check(args, row->schema_in, err) != ERR_NONE) {
        err->code = ERR_DEFECT;
        return err_prefix(err, "arguments of %s.%s", tool, operation);
    }
    return ERR_NONE;
}

/* Whether the journal, or the phase before it was begun anew, knows this call: it was judged when
 * it was made. Other arguments than those on record are found out by gate_compare(). */
static bool gate_was_admitted(struct gate *gate, const char *tool, const char *operation,
                              const json_t *args) {
    const struct recalled *row = gate_recalled(gate, gate->next_call);
    char what[sizeof row->what];

    (void)snprintf(what, sizeof what, "%s.%s", tool, operation);
    return (row != NULL && strcmp(row->what, what) == 0) ||
           gate_settled(gate, tool, operation, gate_digest(gate, tool, args).text) != NULL;
}

static enum err_code gate_judge_all(struct turn *turn, const char *tool,
                                    const struct operation *row, const json_t *args,
                                    struct err *err) {
    struct ruling ruling = {.verdict = VERDICT_DENY, .code = "expired"};
    const char *asked = NULL;
    bool is_confirmed = false;

    if (is_expired(turn->gate, row, args, turn->phase)) {
        (void)snprintf(ruling.text, sizeof ruling.text,
                       "the approval has expired; nothing was executed");
        (void)snprintf(ruling.remedy, sizeof ruling.remedy, "say yes again to the same change set");
        return gate_refuse(turn, tool, row->name, args, ERR_EXPIRED, &ruling, err);
    }
    gate_judge(turn, tool, row, args, false, &ruling);
    if (ruling.verdict == VERDICT_ASK) {
        if (gate_confirm(turn, &ruling, args, &is_confirmed, err) != ERR_NONE) {
            return err->code;
        }
        if (is_confirmed) {
            asked = ruling.code;
            gate_judge(turn, tool, row, args, true, &ruling);
        }
    }
    turn->gate->admitted_by = verdict_name(asked == NULL ? VERDICT_ALLOW : VERDICT_ASK);
    turn->gate->admitted_why = asked == NULL ? ruling.code : asked;
    return ruling.verdict == VERDICT_ALLOW
               ? ERR_NONE
               : gate_refuse(turn, tool, row->name, args, ERR_POLICY, &ruling, err);
}

enum err_code gate_admit(struct turn *turn, const char *tool, const char *operation,
                         const json_t *args, const struct operation **out, struct err *err) {
    if (gate_schema(tool, operation, args, out, err) != ERR_NONE) {
        return err->code;
    }
    if (!tool_is_granted(turn->agent, tool, operation)) {
        struct ruling ruling = {.verdict = VERDICT_DENY, .code = "no_grant"};

        (void)snprintf(ruling.text, sizeof ruling.text, "the %s has no grant for %s.%s",
                       turn->agent->title, tool, operation);
        return gate_refuse(turn, tool, operation, args, ERR_POLICY, &ruling, err);
    }
    turn->gate->admitted_by = NULL;
    turn->gate->admitted_why = NULL;
    if (gate_was_admitted(turn->gate, tool, operation, args)) {
        return ERR_NONE;
    }
    return gate_judge_all(turn, tool, *out, args, err);
}

/* ---- Questions ---- */

struct ask_poll {
    struct gate *gate;
    struct arena *arena;
    const char *kind; /* only an approval can be answered by another process */
    char *answer;
    char *actor;
    int64_t before;  /* number of the last message that is no answer */
    int64_t through; /* number of the last message that was looked at */
};

/* A message of `approve` or `reject`: {"type":"approve","digest","actor"}. */
static bool ask_take_message(struct ask_poll *poll, const struct store_message *message) {
    CLEANUP(json_decrefp) json_t *body = NULL;
    struct err unread = {0};
    const char *type;

    poll->through = message->number;
    if (json_read(message->body, &body, &unread) != ERR_NONE) {
        poll->before = message->number;
        return false;
    }
    type = json_str_or(body, "type", "");
    if (strcmp(type, "approve") != 0 && strcmp(type, "reject") != 0) {
        poll->before = message->number;
        return false;
    }
    poll->answer = mem_format("%s %s", strcmp(type, "approve") == 0 ? "yes" : "no",
                              json_str_or(body, "digest", "-"));
    poll->actor = mem_strdup(json_str_or(body, "actor", "unknown"));
    return true;
}

/* Whether somebody elsewhere made it pointless to wait, which is the fault then. */
static bool ask_is_over(struct gate *gate) {
    const struct gate_hooks *hooks = &gate->options.hooks;
    struct err err = {0};

    return hooks->waiting != NULL && hooks->waiting(hooks->ctx, &err) != ERR_NONE &&
           gate_fail(gate, &err) != ERR_NONE;
}

static bool ask_poll_inbox(void *ctx) {
    struct ask_poll *poll = ctx;
    const struct store_message *messages = NULL;
    size_t n = 0;
    struct err err = {0};

    gate_tick(poll->gate);
    if (poll->gate->fault.code != ERR_NONE || gate_is_cancelled(poll->gate, &err)) {
        return true;
    }
    if (strcmp(poll->kind, "approval") != 0) {
        return false;
    }
    if (ask_is_over(poll->gate)) {
        return true;
    }
    if (store_read_inbox(poll->gate->options.services->store, str_from(poll->gate->options.session),
                         poll->arena, &messages, &n, &err) != ERR_NONE) {
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        if (messages[i].number > poll->through && ask_take_message(poll, &messages[i])) {
            return true;
        }
    }
    return false;
}

static enum err_code ask_fault(const struct gate *gate, struct err *err) {
    *err = gate->fault;
    return err->code;
}

/* Where time runs out while a yes is waited for, the question stays: another process may answer it,
 * and the session waits. Anything else keeps the gate from going on. */
static enum err_code ask_stopped(struct gate *gate, const struct ask_poll *poll, struct err *err) {
    if (gate->fault.code == ERR_TIMEOUT && gate->is_time_told &&
        strcmp(poll->kind, "approval") == 0) {
        gate->fault = (struct err){0};
        return err_set(err, ERR_WAITING, "nobody said yes in the time of --max-wait-duration");
    }
    return ask_fault(gate, err);
}

/* Why polling ended the question: a fault, somebody cancelled the run, or an answer. */
static enum err_code ask_polled(struct gate *gate, const struct ask_poll *poll, struct err *err) {
    if (gate->fault.code != ERR_NONE) {
        return ask_stopped(gate, poll, err);
    }
    return gate_is_cancelled(gate, err) ? err->code : ERR_NONE;
}

static enum err_code ask_person(struct turn *turn, const json_t *question, struct ask_poll *poll,
                                struct err *err) {
    struct gate *gate = turn->gate;
    const struct person *person = gate->options.person;
    CLEANUP(masked_done) struct masked masked = {0};
    CLEANUP(freep) char *typed = NULL;

    redact_json(gate->options.services->redactor, question, &masked);
    if (ask_poll_inbox(poll)) {
        return ask_polled(gate, poll, err);
    }
    if (!person->is_there(person->ctx) && strcmp(poll->kind, "approval") != 0) {
        err_set(err, ERR_WAITING, "an answer is needed: %s", json_str_or(question, "question", ""));
        return err_remedy(err, "%s", json_str_or(question, "remedy", ""));
    }
    if (person->ask(person->ctx, &masked, ask_poll_inbox, poll, &typed, err) != ERR_NONE) {
        return err->code == ERR_INTERRUPTED ? gate_interrupt(gate, err) : err->code;
    }
    if (gate->fault.code != ERR_NONE || gate_is_cancelled(gate, err)) {
        free(TAKE(typed));
        return ask_polled(gate, poll, err);
    }
    if (typed != NULL) { /* the person was faster than a message */
        free(poll->answer);
        free(poll->actor);
        poll->actor = NULL;
        poll->answer = TAKE(typed);
        poll->through = poll->before;
        return ERR_NONE;
    }
    if (poll->answer == NULL) {
        return err_set(err, ERR_DEFECT, "a question had no answer");
    }
    turn_say(turn, EVENT_SAY, json_pack("{s:s}", "text", "The answer came from elsewhere."));
    return ERR_NONE;
}

static enum err_code ask_journal_question(struct turn *turn, const json_t *question, int64_t number,
                                          struct err *err) {
    struct gate *gate = turn->gate;
    struct pending *record = gate_pend(gate, RECORD_QUESTION, number, err);

    if (record == NULL) {
        return err->code;
    }
    gate_field(record, FIELD_AGENT, turn->agent->name);
    gate_field(record, FIELD_PHASE, turn->phase);
    gate_field(record, FIELD_DIGEST, sha256_hex(json_hash(question)).text);
    redact_json(gate->options.services->redactor, question, &record->body);
    return gate_flush(gate, 0, err);
}

static enum err_code ask_journal_answer(struct turn *turn, int64_t number,
                                        const struct ask_poll *poll, char **out, struct err *err) {
    struct gate *gate = turn->gate;
    CLEANUP(json_decrefp) json_t *body = json_object();
    CLEANUP(json_decrefp) json_t *kept = NULL;
    struct pending *record = gate_pend(gate, RECORD_ANSWER, number, err);

    if (record == NULL) {
        return err->code;
    }
    json_put_str(body, "answer", poll->answer);
    json_put_str(body, "by", poll->actor);
    redact_json(gate->options.services->redactor, body, &record->body);
    if (json_read(masked_str(&record->body), &kept, err) != ERR_NONE) {
        return err->code;
    }
    if (gate_flush(gate, poll->through, err) != ERR_NONE) {
        return err->code;
    }
    *out = mem_strdup(json_str_or(kept, "answer", ""));
    return ERR_NONE;
}

static void ask_remember_actor(struct gate *gate, const char *actor) {
    free(gate->answered_by);
    gate->answered_by = mem_strdup(actor);
}

/* An answer that the journal holds; false where the person has to be asked. */
static bool ask_recalls(struct gate *gate, int64_t number, const json_t *question, char **out,
                        struct err *err) {
    const struct recalled *row = gate_recalled(gate, number);
    struct sha256_hex digest = sha256_hex(json_hash(question));

    if (row == NULL) {
        return false;
    }
    if (gate_compare(gate, row, "ask", digest.text, err) != ERR_NONE) {
        return true;
    }
    if (row->has_result) {
        *out = mem_strdup(json_str_or(row->result, "answer", ""));
        ask_remember_actor(gate, json_str_at(row->result, "by"));
    }
    return row->has_result;
}

static void ask_tell_others(struct gate *gate, const struct ask_poll *poll) {
    const struct gate_hooks *hooks = &gate->options.hooks;
    struct err err = {0};

    if (strcmp(poll->kind, "approval") == 0 && hooks->asked != NULL &&
        gate_flush(gate, 0, &err) == ERR_NONE) { /* else it is the fault, and found there */
        hooks->asked(hooks->ctx);
    }
}

static enum err_code ask_may_record(struct gate *gate, struct ask_poll *poll, struct err *err) {
    const struct gate_hooks *hooks = &gate->options.hooks;

    if (strcmp(poll->kind, "approval") != 0 || hooks->answered == NULL ||
        hooks->answered(hooks->ctx, poll->answer, &poll->actor, err) == ERR_NONE) {
        return ERR_NONE;
    }
    return gate_fail(gate, err);
}

static enum err_code ask_now(struct turn *turn, const json_t *question, int64_t number, char **out,
                             struct err *err) {
    struct gate *gate = turn->gate;
    CLEANUP(arena_freep) struct arena *arena = arena_new();
    struct ask_poll poll = {
        .gate = gate, .arena = arena, .kind = json_str_or(question, "kind", "text")};
    enum err_code code;

    if (gate_recalled(gate, number) == NULL &&
        ask_journal_question(turn, question, number, err) != ERR_NONE) {
        return err->code;
    }
    bus_context(gate->options.bus, turn->session, turn->phase, turn->agent->name);
    bus_emit(gate->options.bus, EVENT_QUESTION, json_deep_copy(question));
    ask_tell_others(gate, &poll);
    code = ask_person(turn, question, &poll, err);
    code = code == ERR_NONE ? ask_may_record(gate, &poll, err) : code;
    if (code == ERR_NONE) {
        ask_remember_actor(gate, poll.actor);
        code = ask_journal_answer(turn, number, &poll, out, err);
    }
    free(poll.answer);
    free(poll.actor);
    return code;
}

enum err_code turn_ask(struct turn *turn, json_t *question, char **out, struct err *err) {
    struct gate *gate = turn->gate;
    CLEANUP(json_decrefp) json_t *owned = question;
    int64_t number;

    if (gate->fault.code != ERR_NONE) {
        return ask_fault(gate, err);
    }
    number = gate->next_call++;
    if (ask_recalls(gate, number, owned, out, err)) {
        return gate->fault.code;
    }
    return ask_now(turn, owned, number, out, err);
}

/* The value goes from the person into the vault, and its only other copy is wiped. */
static enum err_code secret_keep(const struct services *services, const char *name, char *typed,
                                 struct err *err) {
    struct str value = str_from(typed);
    struct secret *secret = secret_new(value);

    redactor_add_known(services->redactor, name, value);
    mem_wipe(typed, value.len);
    return vault_put(services->vault, name, secret, err);
}

enum err_code turn_need_secret(struct turn *turn, const char *name, json_t *question,
                               struct err *err) {
    struct gate *gate = turn->gate;
    CLEANUP(json_decrefp) json_t *owned = question;
    CLEANUP(arena_freep) struct arena *arena = arena_new();
    struct ask_poll poll = {.gate = gate, .arena = arena, .kind = "secret"};
    enum err_code code;

    if (gate->fault.code != ERR_NONE) {
        return ask_fault(gate, err);
    }
    if (vault_has(gate->options.services->vault, name) || gate_is_replaying(gate)) {
        return ERR_NONE;
    }
    bus_context(gate->options.bus, turn->session, turn->phase, turn->agent->name);
    bus_emit(gate->options.bus, EVENT_QUESTION, json_deep_copy(owned));
    code = ask_person(turn, owned, &poll, err);
    if (code == ERR_NONE) {
        code = secret_keep(gate->options.services, name, poll.answer, err);
    }
    free(poll.answer);
    free(poll.actor);
    return code;
}

const struct redactor *turn_redactor(const struct turn *turn) {
    return turn->gate->options.services->redactor;
}

bool turn_has_person(const struct turn *turn) {
    const struct person *person = turn->gate->options.person;

    return person->is_there(person->ctx);
}

const char *turn_answered_by(const struct turn *turn) { return turn->gate->answered_by; }

void turn_say(struct turn *turn, enum event event, json_t *fields) {
    if (gate_is_replaying(turn->gate)) {
        json_decref(fields);
        return;
    }
    bus_context(turn->gate->options.bus, turn->session, turn->phase, turn->agent->name);
    bus_emit(turn->gate->options.bus, event, fields);
}

/* ---- Verdicts and approvals ---- */

enum err_code turn_verdict(struct turn *turn, const char *subject, const char *digest,
                           enum verdict verdict, const char *reason, json_t *findings,
                           struct err *err) {
    struct gate *gate = turn->gate;
    CLEANUP(json_decrefp) json_t *owned = findings;
    char *slot = gate_review_slot(gate, str_from(subject));
    int64_t number = gate->next_call++;
    const struct recalled *row = gate_recalled(gate, number);
    struct pending *record;

    if (row != NULL && gate_compare(gate, row, "verdict", digest, err) != ERR_NONE) {
        return err->code;
    }
    if (slot != NULL) {
        (void)snprintf(slot, SHA256_HEX + 1, "%s", verdict == VERDICT_ALLOW ? digest : "");
    }
    if (row != NULL) {
        return ERR_NONE;
    }
    record = gate_pend(gate, RECORD_VERDICT, number, err);
    if (record == NULL) {
        return err->code;
    }
    gate_field(record, FIELD_AGENT, turn->agent->name);
    gate_field(record, FIELD_PHASE, turn->phase);
    gate_field(record, FIELD_SUBJECT, subject);
    gate_field(record, FIELD_DIGEST, digest);
    gate_field(record, FIELD_OUTCOME, verdict_name(verdict));
    gate_field(record, FIELD_REASON, reason);
    redact_json(gate->options.services->redactor, owned, &record->body);
    bus_context(gate->options.bus, turn->session, turn->phase, turn->agent->name);
    bus_emit(gate->options.bus, EVENT_VERDICT,
             json_pack("{s:s, s:s, s:s, s:O, s:b}", "verdict", verdict_name(verdict), "subject",
                       subject, "code", reason, "findings", owned, "told",
                       verdict == VERDICT_ESCALATE));
    return ERR_NONE;
}

static void approve_keep(struct gate *gate, struct approval *read, bool is_yes,
                         const char *digest) {
    approval_done(&gate->approved);
    gate->approved = *read;
    gate->approval_state.is_given = is_yes;
    (void)snprintf(gate->approval_state.digest, sizeof gate->approval_state.digest, "%s", digest);
}

enum err_code turn_approve(struct turn *turn, struct str bytes, bool is_yes, const char *actor,
                           struct err *err) {
    struct gate *gate = turn->gate;
    CLEANUP(masked_done) struct masked masked = {0};
    struct approval read = {0};
    struct pending *record;
    int64_t number = gate->next_call++;
    const struct recalled *row = gate_recalled(gate, number);
    struct sha256_hex digest = sha256_hex(sha256_of(bytes));

    redact_text(gate->options.services->redactor, bytes, &masked);
    if (!str_eq(masked_str(&masked), bytes)) {
        return err_set(err, ERR_DEFECT, "the approval holds text that looks like a secret");
    }
    if (approval_read(bytes, &read, err) != ERR_NONE) {
        return err->code;
    }
    approve_keep(gate, &read, is_yes, digest.text);
    if (row != NULL) {
        return gate_compare(gate, row, "approve", digest.text, err);
    }
    record = gate_pend(gate, RECORD_APPROVAL, number, err);
    if (record == NULL) {
        return err->code;
    }
    gate_field(record, FIELD_DIGEST, digest.text);
    gate_field(record, FIELD_OUTCOME, is_yes ? "yes" : "no");
    gate_field(record, FIELD_ACTOR, actor);
    record->body = masked;
    masked = (struct masked){0};
    bus_emit(gate->options.bus, EVENT_APPROVAL,
             json_pack("{s:s, s:s, s:s, s:s}", "answer", is_yes ? "yes" : "no", "digest",
                       digest.text, "by", actor, "cost", gate->approved.cost));
    return gate_flush(gate, 0, err);
}
