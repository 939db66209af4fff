/* The executor's part in `recover` and `destroy`: what a stack needs, what is done to it, and what
 * that costs. */
#include "agent/executor/cure.h"

#include <stdio.h>
#include <string.h>

#include "agent/executor/secrets.h"
#include "aws/cfn.h"
#include "tool/secret_op.h"

#define STACK_TYPE "AWS::CloudFormation::Stack"
#define BUCKET_TYPE "AWS::S3::Bucket"
#define SET_TYPE "AWS::CloudFormation::ChangeSet"
#define SECRET_TYPE "AWS::SSM::Parameter"

static bool is_cure(const struct turn *turn, const char *word) {
    return strcmp(agent_text(turn, "diagnosis.cure"), word) == 0;
}

/* ---- PREFLIGHT: what it is ---- */

static bool cure_diagnose(struct turn *turn, enum outcome *outcome) {
    return agent_keep(turn, "aws_deployer", "diagnose",
                      agent_args("stack", agent_text(turn, "fields.stack"), NULL), "diagnosis",
                      outcome);
}

/* Somebody else works on it: the person need not look again and again. */
static enum outcome cure_wait(struct turn *turn) {
    enum outcome outcome = OUTCOME_OK;

    agent_say(turn, "Stack %s: %s. Waiting until it rests; Ctrl-C stops waiting, not the stack.",
              agent_text(turn, "fields.stack"), agent_text(turn, "diagnosis.sentence"));
    if (!agent_keep(turn, "aws_deployer", "wait",
                    agent_args("stack_id", agent_text(turn, "diagnosis.stack_id"), NULL), "waited",
                    &outcome) ||
        !cure_diagnose(turn, &outcome) ||
        !agent_keep(turn, "aws_deployer", "stack_status",
                    agent_args("stack", agent_text(turn, "fields.stack"), NULL), "before",
                    &outcome)) {
        return outcome;
    }
    return OUTCOME_OK;
}

static enum outcome cure_refuse(struct turn *turn) {
    return agent_problem(turn, ERR_CONFLICT, agent_text(turn, "diagnosis.remedy"), "stack %s: %s",
                         agent_text(turn, "fields.stack"), agent_text(turn, "diagnosis.sentence"));
}

static enum outcome cure_protected(struct turn *turn) {
    CLEANUP(freep)
    char *remedy = mem_format(
        "whoever may: aws cloudformation update-termination-protection "
        "--no-enable-termination-protection --stack-name %s --region %s; then run this again",
        agent_text(turn, "fields.stack"), agent_text(turn, "identity.region"));

    return agent_problem(turn, ERR_CONFLICT, remedy, "stack %s is protected against termination",
                         agent_text(turn, "fields.stack"));
}

/* ---- What only a person can decide ---- */

static char *names_of(const json_t *rows, const char *member) {
    CLEANUP(buf_done) struct buf text = BUF_INIT(8192);
    const json_t *row;
    size_t i;

    json_array_foreach(rows, i, row) {
        buf_addf(&text, "%s%s", i == 0 ? "" : ", ", json_str_or(row, member, ""));
    }
    return mem_strdup(buf_cstr(&text));
}

static enum outcome cure_ask(struct turn *turn, const char *field, const char *question,
                             const char *help, bool *out) {
    CLEANUP(freep) char *answer = NULL;
    struct err err = {0};

    if (!turn_has_person(turn)) {
        return OUTCOME_OK; /* as it was before the question */
    }
    if (turn_ask(turn,
                 agent_args("field", field, "kind", "confirm", "question", question, "default",
                            "no", "help", help, NULL),
                 &answer, &err) != ERR_NONE) {
        return agent_fail(turn, &err);
    }
    *out = strcmp(answer, "yes") == 0;
    return OUTCOME_OK;
}

static void say_failed(struct turn *turn) {
    const json_t *row;
    size_t i;

    json_array_foreach(json_at(turn->state, "diagnosis.failed"), i, row) {
        const char *reason = json_str_or(row, "reason", "");

        agent_say(turn, "%s (%s) %s: %s", json_str_or(row, "logical_id", ""),
                  json_str_or(row, "type", ""), json_str_or(row, "status", ""),
                  reason[0] == '\0' ? "AWS does not say why" : reason);
    }
}

/* Why it went back: the first failure, which the status does not tell. */
static void say_cause(struct turn *turn) {
    const json_t *cause = json_at(turn->state, "diagnosis.cause");

    if (cause != NULL) {
        agent_say(turn, "What failed first: %s (%s) %s: %s", json_str_or(cause, "logical_id", ""),
                  json_str_or(cause, "type", ""), json_str_or(cause, "status", ""),
                  json_str_or(cause, "reason", "AWS does not say why"));
    }
}

/* Those that can be given up: CloudFormation skips only what failed to go back, and leaves only
 * what failed to be deleted, in a stack that is in DELETE_FAILED. New reference. */
static json_t *failed_to_give_up(const struct turn *turn) {
    bool is_continue = is_cure(turn, "continue");
    bool is_deletion = strcmp(agent_text(turn, "diagnosis.status"), "DELETE_FAILED") == 0;
    json_t *list = json_array();
    json_t *row;
    size_t i;

    json_array_foreach(json_at(turn->state, "diagnosis.failed"), i, row) {
        if (json_bool_at(row, is_continue ? "skippable" : "retainable") &&
            (is_continue || is_deletion)) {
            (void)json_array_append(list, row);
        }
    }
    return list;
}

/* What failed once may fail again. Whether it is given up then is a person's word. */
static enum outcome cure_ask_failed(struct turn *turn, bool *out_is_given_up) {
    CLEANUP(json_decrefp) json_t *failed = failed_to_give_up(turn);
    bool is_continue = is_cure(turn, "continue");
    CLEANUP(freep) char *names = names_of(failed, "logical_id");
    CLEANUP(freep) char *question = NULL;

    say_failed(turn);
    *out_is_given_up = json_bool_at(turn->state, "flags.skip_failed");
    if (json_array_size(failed) == 0 || *out_is_given_up) {
        return OUTCOME_OK;
    }
    question = mem_format(is_continue ? "Go back without %s? No tries once more with all of it."
                                      : "Leave %s behind? No tries once more to delete all of it.",
                          names);
    return cure_ask(turn, "skip_failed", question,
                    is_continue
                        ? "What is skipped stays as it is now, and CloudFormation takes it for "
                          "rolled back: the next change may fail at it until it is put right by "
                          "hand. Without a person: --skip-failed"
                        : "What is left behind stays in the account, and goes on costing what it "
                          "costs. Without a person: --skip-failed",
                    out_is_given_up);
}

/* ---- What outlives a stack that is destroyed ---- */

static bool is_purgeable(const json_t *resource) {
    return json_bool_at(resource, "retained") &&
           strcmp(json_str_or(resource, "type", ""), BUCKET_TYPE) == 0;
}

static json_t *retained_buckets(const struct turn *turn) {
    json_t *list = json_array();
    json_t *row;
    size_t i;

    json_array_foreach(json_at(turn->state, "inventory.resources"), i, row) {
        if (is_purgeable(row)) {
            (void)json_array_append(list, row);
        }
    }
    return list;
}

static enum outcome cure_ask_purge(struct turn *turn, bool *out) {
    CLEANUP(json_decrefp) json_t *buckets = retained_buckets(turn);
    CLEANUP(freep) char *names = names_of(buckets, "physical_id");
    const json_t *secrets = json_at(turn->state, "stored.parameters");
    CLEANUP(freep) char *counted = NULL;
    CLEANUP(freep) char *question = NULL;
    size_t n = json_array_size(buckets);
    size_t secret_n = json_array_size(secrets);
    const char *them = n + secret_n == 1 ? "it" : "them";

    *out = json_bool_at(turn->state, "flags.purge");
    if (*out || n + secret_n == 0) {
        return OUTCOME_OK;
    }
    counted = secret_n == 0 ? mem_strdup("")
                            : mem_format("%zu secret%s", secret_n, secret_n == 1 ? "" : "s");
    question = mem_format(
        "%s%s%s%s would outlive the stack. Delete %s too, with all that is in %s?",
        n > 0 ? "Bucket " : "", names, n > 0 && secret_n > 0 ? " and " : "", counted, them, them);
    return cure_ask(turn, "purge", question,
                    "The bucket holds the files of the site, which a deployment uploads again; the "
                    "secrets are in no other place. Without a person: --purge",
                    out);
}

/* ---- The cure ---- */

static void take_ids(json_t *list, const json_t *rows, const char *member) {
    const json_t *row;
    size_t i;

    json_array_foreach(rows, i, row) {
        (void)json_array_append_new(list, json_string_of(str_from(json_str_or(row, member, ""))));
    }
}

static void take_given_up(const struct turn *turn, json_t *list) {
    CLEANUP(json_decrefp) json_t *failed = failed_to_give_up(turn);

    take_ids(list, failed, "logical_id");
}

static json_t *cure_new(const struct turn *turn, const char *action) {
    return json_pack("{s:s, s:s, s:[], s:[], s:[], s:[], s:[], s:[]}", "action", action, "status",
                     agent_text(turn, "diagnosis.status"), "sets", "skip", "retain", "empty",
                     "purge", "secrets");
}

/* A bucket is emptied when its name says that CloudFormation made it for this stack; whoever gave
 * it another name may use it for something else as well. One that is empty goes with its stack. */
static bool is_foreign_bucket(const struct turn *turn, const json_t *row) {
    return !cfn_is_bucket_of(agent_text(turn, "fields.stack"), json_str_or(row, "physical_id", ""));
}

static enum outcome cure_foreign(struct turn *turn, const json_t *row) {
    const char *name = json_str_or(row, "physical_id", "");

    if (json_object_get(row, "objects") == NULL) {
        agent_say(turn,
                  "Bucket %s is not named after the stack, and these credentials may not look into "
                  "it: CloudFormation deletes it only when it is empty.",
                  name);
        return OUTCOME_OK;
    }
    if (json_int_or(row, "objects", 0) == 0) {
        return OUTCOME_OK;
    }
    return agent_problem(turn, ERR_CONFLICT,
                         "empty it yourself, if it is to go; then run this again",
                         "bucket %s of the stack is not named after it, so it is not emptied here, "
                         "and CloudFormation deletes no bucket that holds something",
                         name);
}

/* What happens to one resource of the stack beside its deletion: its bucket is emptied first, or it
 * is deleted although it would outlive the stack. */
static enum outcome cure_resource(struct turn *turn, json_t *cure, const json_t *row,
                                  bool is_purged) {
    bool is_kept =
        json_bool_at(row, "retained") ||
        json_has_str(json_object_get(cure, "retain"), json_str_or(row, "logical_id", ""));
    bool is_emptied = strcmp(json_str_or(row, "type", ""), BUCKET_TYPE) == 0 && !is_kept;

    if (is_emptied && is_foreign_bucket(turn, row)) {
        return cure_foreign(turn, row);
    }
    if ((is_emptied || (is_purged && is_purgeable(row))) &&
        json_str_or(row, "physical_id", "")[0] != '\0') {
        (void)json_array_append(json_object_get(cure, is_emptied ? "empty" : "purge"),
                                json_object_get(row, "physical_id"));
    }
    return OUTCOME_OK;
}

static enum outcome cure_delete(struct turn *turn) {
    bool is_given_up = false;
    bool is_purged = false;
    enum outcome outcome = cure_ask_failed(turn, &is_given_up);
    json_t *cure = cure_new(turn, "delete");
    json_t *row;
    size_t i;

    if (outcome == OUTCOME_OK && agent_is_kind(turn, "destroy")) {
        outcome = cure_ask_purge(turn, &is_purged);
    }
    if (is_given_up) {
        take_given_up(turn, json_object_get(cure, "retain"));
    }
    json_array_foreach(json_at(turn->state, "inventory.resources"), i, row) {
        outcome = outcome == OUTCOME_OK ? cure_resource(turn, cure, row, is_purged) : outcome;
    }
    if (is_purged) {
        take_ids(json_object_get(cure, "secrets"), json_at(turn->state, "stored.parameters"),
                 "name");
    }
    json_put(turn->state, "cure", cure);
    return outcome;
}

static enum outcome cure_continue(struct turn *turn) {
    bool is_given_up = false;
    enum outcome outcome = cure_ask_failed(turn, &is_given_up);
    json_t *cure = cure_new(turn, "continue");

    if (is_given_up) {
        take_given_up(turn, json_object_get(cure, "skip"));
    }
    json_put(turn->state, "cure", cure);
    return outcome;
}

static void say_waiting(struct turn *turn) {
    const json_t *row;
    size_t i;

    json_array_foreach(json_at(turn->state, "diagnosis.sets"), i, row) {
        if (!json_bool_at(row, "leftover") && strcmp(json_str_or(row, "class", ""), "ready") == 0) {
            agent_say(turn, "Change set %s waits for a yes, and stays.",
                      json_str_or(row, "name", ""));
        }
    }
}

/* Change sets of nobody; a stack that was never created exists for them alone. */
static void cure_discard(struct turn *turn) {
    json_t *cure = cure_new(turn, "discard");
    const json_t *row;
    size_t i;

    json_array_foreach(json_at(turn->state, "diagnosis.sets"), i, row) {
        if (json_bool_at(row, "leftover")) {
            (void)json_array_append(json_object_get(cure, "sets"), json_object_get(row, "arn"));
        }
    }
    json_put(turn->state, "cure", cure);
    say_waiting(turn);
}

static bool has_leftovers(const struct turn *turn) {
    const json_t *row;
    size_t i;

    json_array_foreach(json_at(turn->state, "diagnosis.sets"), i, row) {
        if (json_bool_at(row, "leftover")) {
            return true;
        }
    }
    return false;
}

/* Whether a stack that was never created can go: nobody's set waits on it. */
static bool is_abandoned(const struct turn *turn) {
    const json_t *row;
    size_t i;

    json_array_foreach(json_at(turn->state, "diagnosis.sets"), i, row) {
        if (!json_bool_at(row, "leftover")) {
            return false;
        }
    }
    return true;
}

/* ---- PREFLIGHT ---- */

static bool cure_look(struct turn *turn, enum outcome *outcome) {
    if (!agent_keep(turn, "aws_deployer", "inventory",
                    agent_args("stack", agent_text(turn, "diagnosis.stack_id"), NULL), "inventory",
                    outcome)) {
        return false;
    }
    return !agent_is_kind(turn, "destroy") || secrets_read(turn, outcome);
}

static enum outcome cure_of_deletion(struct turn *turn) {
    enum outcome outcome = OUTCOME_OK;

    if (json_bool_at(turn->state, "diagnosis.protected")) {
        return cure_protected(turn);
    }
    return cure_look(turn, &outcome) ? cure_delete(turn) : outcome;
}

static enum outcome cure_choose(struct turn *turn) {
    if (is_cure(turn, "manual")) {
        return cure_refuse(turn);
    }
    if (is_cure(turn, "delete")) {
        return cure_of_deletion(turn);
    }
    if (is_cure(turn, "continue")) {
        return cure_continue(turn);
    }
    if (is_cure(turn, "rollback")) {
        say_failed(turn);
        json_put(turn->state, "cure", cure_new(turn, "rollback"));
    } else if (has_leftovers(turn) || (is_cure(turn, "discard") && is_abandoned(turn))) {
        cure_discard(turn);
    } else {
        say_waiting(turn);
    }
    return OUTCOME_OK;
}

enum outcome cure_preflight(struct turn *turn) {
    enum outcome outcome = OUTCOME_OK;

    (void)json_object_del(turn->state, "cure");
    if (!json_bool_at(turn->state, "before.exists") || !cure_diagnose(turn, &outcome)) {
        return outcome;
    }
    if (agent_is_kind(turn, "destroy")) {
        return is_cure(turn, "wait") ? cure_refuse(turn) : cure_of_deletion(turn);
    }
    if (is_cure(turn, "wait")) {
        outcome = cure_wait(turn);
    }
    if (outcome != OUTCOME_OK || !json_bool_at(turn->state, "before.exists")) {
        return outcome;
    }
    agent_say(turn, "Stack %s is in %s: %s.", agent_text(turn, "fields.stack"),
              agent_text(turn, "diagnosis.status"), agent_text(turn, "diagnosis.sentence"));
    say_cause(turn);
    return cure_choose(turn);
}

/* ---- DRY_RUN: what would be done ---- */

static void add_change(json_t *changes, const char *action, const char *id, const char *physical,
                       const char *type, const char *purpose) {
    (void)json_array_append_new(changes,
                                agent_args("action", action, "logical_id", id, "physical_id",
                                           physical, "type", type, "purpose", purpose, NULL));
}

static void add_resources(const struct turn *turn, json_t *changes) {
    const json_t *cure = json_object_get(turn->state, "cure");
    const json_t *row;
    size_t i;

    json_array_foreach(json_at(turn->state, "inventory.resources"), i, row) {
        const char *id = json_str_or(row, "logical_id", "");
        const char *physical = json_str_or(row, "physical_id", "");
        bool is_kept =
            (json_bool_at(row, "retained") || json_has_str(json_object_get(cure, "retain"), id)) &&
            !json_has_str(json_object_get(cure, "purge"), physical);

        add_change(changes, is_kept ? "Retain" : "Remove", id, physical,
                   json_str_or(row, "type", ""), json_str_at(row, "purpose"));
    }
    json_array_foreach(json_at(turn->state, "stored.parameters"), i, row) {
        const char *name = json_str_or(row, "name", "");

        add_change(changes,
                   json_has_str(json_object_get(cure, "secrets"), name) ? "Remove" : "Retain",
                   secret_op_variable(name), name, SECRET_TYPE, NULL);
    }
}

static void add_failed(const struct turn *turn, json_t *changes) {
    const json_t *skip = json_at(turn->state, "cure.skip");
    const json_t *row;
    size_t i;

    json_array_foreach(json_at(turn->state, "diagnosis.failed"), i, row) {
        const char *id = json_str_or(row, "logical_id", "");

        add_change(changes, json_has_str(skip, id) ? "Skip" : "Restore", id,
                   json_str_or(row, "physical_id", ""), json_str_or(row, "type", ""), NULL);
    }
}

/* Those that are to go; a stack that was never created takes all of them with it. */
static void add_sets(const struct turn *turn, json_t *changes) {
    bool is_all = strcmp(agent_text(turn, "cure.action"), "delete") == 0;
    const json_t *row;
    size_t i;

    json_array_foreach(json_at(turn->state, "diagnosis.sets"), i, row) {
        if (is_all ||
            json_has_str(json_at(turn->state, "cure.sets"), json_str_or(row, "arn", ""))) {
            add_change(changes, "Remove", json_str_or(row, "name", ""), json_str_or(row, "arn", ""),
                       SET_TYPE, json_str_at(row, "sentence"));
        }
    }
}

static json_t *cure_changes(const struct turn *turn) {
    const char *action = agent_text(turn, "cure.action");
    const char *stack = agent_text(turn, "fields.stack");
    bool is_back = strcmp(action, "rollback") == 0 || strcmp(action, "continue") == 0;
    bool is_discard = strcmp(action, "discard") == 0;
    json_t *changes = json_array();

    if (is_back || !is_discard || is_cure(turn, "discard")) {
        add_change(changes, is_back ? "Restore" : "Remove", stack,
                   agent_text(turn, "diagnosis.stack_id"), STACK_TYPE, NULL);
    }
    if (is_back) {
        add_failed(turn, changes);
    } else if (is_discard || is_cure(turn, "discard")) {
        add_sets(turn, changes);
    } else {
        add_resources(turn, changes);
    }
    return changes;
}

/* What would be lost: what the table of states says, or where the stack is destroyed while it runs,
 * what the changes themselves say. */
static const char *cure_loses(const struct turn *turn) {
    return agent_is_kind(turn, "recover") ? agent_text(turn, "diagnosis.loses") : "";
}

enum outcome cure_dry_run(struct turn *turn) {
    const json_t *cure = json_object_get(turn->state, "cure");
    json_t *preview;

    if (cure == NULL) {
        agent_say(turn, "There is nothing to recover: stack %s %s.",
                  agent_text(turn, "fields.stack"),
                  json_bool_at(turn->state, "before.exists") ? "can take changes"
                                                             : "is gone, and can be made anew");
        return OUTCOME_DONE;
    }
    preview = agent_args("stack_id", agent_text(turn, "diagnosis.stack_id"), "stack",
                         agent_text(turn, "fields.stack"), "type",
                         agent_is_kind(turn, "destroy") ? "DESTROY" : "RECOVER", "cure",
                         agent_text(turn, "cure.action"), "loses", cure_loses(turn), NULL);
    json_put_str(preview, "parameters_sha256", sha256_hex(json_hash(cure)).text);
    json_put(preview, "changes", cure_changes(turn));
    json_put_str(preview, "sha256", sha256_hex(json_hash(preview)).text);
    json_put(turn->state, "preview", preview);
    return OUTCOME_OK;
}

void cure_add_args(const struct turn *turn, json_t *args) {
    json_put(args, "cure", json_deep_copy(json_object_get(turn->state, "cure")));
    json_put_str(args, "role_arn", json_str_at(turn->state, "fields.role_arn"));
}

/* ---- A deployment to a stack that takes no change set ---- */

enum outcome cure_offer(struct turn *turn) {
    enum outcome outcome = OUTCOME_OK;
    bool is_wanted = false;
    CLEANUP(freep) char *question = NULL;

    if (!turn_has_person(turn) || json_bool_at(turn->state, "flags.stop_at_plan") ||
        !cure_diagnose(turn, &outcome) || is_cure(turn, "manual") || is_cure(turn, "none")) {
        return outcome != OUTCOME_OK
                   ? outcome
                   : agent_problem(turn, ERR_CONFLICT, agent_text(turn, "before.remedy"),
                                   "stack %s: %s", agent_text(turn, "fields.stack"),
                                   agent_text(turn, "before.sentence"));
    }
    question = mem_format("Stack %s: %s. %s first?", agent_text(turn, "fields.stack"),
                          agent_text(turn, "before.sentence"),
                          is_cure(turn, "wait") ? "Wait until it rests" : "Recover it");
    outcome = cure_ask(turn, "recover", question,
                       "It shows what would be done and lost, and asks once more before it does "
                       "anything; then the deployment goes on.",
                       &is_wanted);
    if (outcome != OUTCOME_OK) {
        return outcome;
    }
    if (!is_wanted) {
        return agent_problem(turn, ERR_CONFLICT, agent_text(turn, "before.remedy"), "stack %s: %s",
                             agent_text(turn, "fields.stack"), agent_text(turn, "before.sentence"));
    }
    json_put(turn->state, "child", agent_args("kind", "recover", NULL));
    return OUTCOME_PARK;
}
