/* Watching CloudFormation until a stack rests, and finding out why it failed. docs/deployer.md. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "tool/aws_deployer/deployer.h"

enum { SLEEP_MS = 50 }; /* a cancelled call is given up so soon */

static void pause_tell(struct op *op, struct poll *poll, int64_t now) {
    int64_t from = poll->told_ms == 0 ? poll->started_ms : poll->told_ms;
    CLEANUP(freep) char *text = NULL;

    if (now - from < limit(LIMIT_HEARTBEAT_MS)) {
        return;
    }
    poll->told_ms = now;
    text = mem_format("waiting for AWS for %lld s; given up after %lld s",
                      (long long)((now - poll->started_ms) / 1000),
                      (long long)((op->deadline_mono_ms - poll->started_ms) / 1000));
    op_progress(op, json_pack("{s:s, s:s}", "type", "progress", "text", text));
}

enum err_code deployer_sleep(struct op *op, int64_t ms, struct err *err) {
    int64_t end = clock_mono_ms() + ms;

    for (;;) {
        int64_t left = end - clock_mono_ms();

        if (atomic_load(op->cancel)) {
            return err_set(err, ERR_CANCELLED, "cancelled while waiting for AWS");
        }
        if (left <= 0) {
            return ERR_NONE;
        }
        clock_sleep_ms(left < SLEEP_MS ? left : SLEEP_MS);
    }
}

enum err_code deployer_pause(struct op *op, struct poll *poll, struct err *err) {
    int64_t now = clock_mono_ms();
    int64_t most;

    if (poll->started_ms == 0) {
        poll->started_ms = now;
        poll->pause_ms = limit(LIMIT_POLL_MIN_MS);
    }
    most = limit(now - poll->started_ms > 60000 ? LIMIT_POLL_SLOW_MS : LIMIT_POLL_MAX_MS);
    if (deployer_sleep(op, poll->pause_ms, err) != ERR_NONE) {
        return err->code;
    }
    now = clock_mono_ms();
    if (now > op->deadline_mono_ms) {
        err_set(err, ERR_TIMEOUT, "AWS took longer than %lld seconds",
                (long long)((now - poll->started_ms) / 1000));
        return err_remedy(err, "AWS goes on; aws-copilot status shows the stack");
    }
    pause_tell(op, poll, now);
    poll->pause_ms = poll->pause_ms * 3 / 2 > most ? most : poll->pause_ms * 3 / 2;
    return ERR_NONE;
}

/* ---- What was seen so far ---- */

/* Events of one millisecond may come in any order, and late: the last seconds are read again, and
 * each event counts once. */
enum { OVERLAP_MS = 5000 };

struct watch {
    json_t *seen;          /* owned: object whose keys are the ids of the operation's events */
    int64_t newest_ms;     /* of AWS's clock */
    char stack_status[64]; /* as the stack's own newest event says */
    json_t *cause;         /* owned: the first failure that is no consequence, or NULL */
    json_t *summary;       /* owned: the stack's own first failure, or NULL */
    char *nested_id;       /* owned: the stack that the cause is, or NULL */
    int64_t cancelled;
    int stale_reads;
    bool is_cause_told;
    bool is_cancel_told; /* that the run was cancelled, to AWS or to the person */
    char *cancel_token;  /* owned; of CancelUpdateStack, or NULL */
};

static void watch_done(struct watch *watch) {
    json_decref(watch->seen);
    json_decref(watch->cause);
    json_decref(watch->summary);
    free(watch->nested_id);
    free(watch->cancel_token);
}

static bool is_own(const struct follow *follow, const struct cfn_event *event) {
    return strcmp(event->physical_id, follow->stack_id) == 0;
}

/* A resource that failed only because another one had failed before. */
static bool is_cascade(const struct cfn_event *event) {
    static const char *const reasons[] = {"Resource creation cancelled",
                                          "Resource update cancelled"};

    for (size_t i = 0; i < ARRAY_N(reasons); i++) {
        if (str_find(str_from(event->reason), str_from(reasons[i])) >= 0) {
            return true;
        }
    }
    return false;
}

bool deployer_is_nested(const char *parent_id, const char *type, const char *physical_id) {
    return strcmp(type, "AWS::CloudFormation::Stack") == 0 &&
           str_starts(str_from(physical_id), STR("arn:")) && strcmp(physical_id, parent_id) != 0;
}

static bool is_nested(const char *parent_id, const struct cfn_event *event) {
    return deployer_is_nested(parent_id, event->type, event->physical_id);
}

/* A deletion that CloudFormation gives up before it deletes anything, for instance because another
 * stack imports a value of this one: the stack is as it was, and only this event says why. */
static bool is_given_up(const struct follow *follow, const struct cfn_event *event) {
    return follow->end == FOLLOW_DELETE && is_own(follow, event) && event->reason[0] != '\0' &&
           stack_state_of(event->status)->class == STACK_STABLE;
}

static json_t *cause_json(const struct cfn_event *event) {
    return json_pack("{s:s, s:s, s:s, s:s}", "logical_id", event->logical_id, "type", event->type,
                     "status", event->status, "reason", event->reason);
}

/* The root cause is the oldest failure that is not a consequence; where there is none, what the
 * stack says of itself, which only names resources. */
static void watch_failure(const struct follow *follow, struct watch *watch,
                          const struct cfn_event *event) {
    if (is_given_up(follow, event) && watch->summary == NULL) {
        watch->summary = cause_json(event);
    }
    if (!str_ends(str_from(event->status), STR("_FAILED"))) {
        return;
    }
    if (is_cascade(event)) {
        watch->cancelled++;
    } else if (is_own(follow, event) && watch->summary == NULL) {
        watch->summary = cause_json(event);
    } else if (!is_own(follow, event) && watch->cause == NULL) {
        watch->cause = cause_json(event);
        watch->nested_id =
            is_nested(follow->stack_id, event) ? mem_strdup(event->physical_id) : NULL;
    }
}

static void watch_event(struct op *op, const struct follow *follow, struct watch *watch,
                        const struct cfn_event *event) {
    bool is_ours = strcmp(event->token, follow->token) == 0 ||
                   (watch->cancel_token != NULL && strcmp(event->token, watch->cancel_token) == 0);

    if (!is_ours || json_object_get(watch->seen, event->id) != NULL) {
        return;
    }
    (void)json_object_set_new(watch->seen, event->id, json_true());
    if (is_own(follow, event)) {
        (void)snprintf(watch->stack_status, sizeof watch->stack_status, "%s", event->status);
    }
    watch_failure(follow, watch, event);
    op_progress(op,
                json_pack("{s:s, s:s, s:s, s:s, s:s, s:s}", "type", "event", "logical_id",
                          event->logical_id, "resource_type", event->type, "status", event->status,
                          "reason", event->reason, "at", clock_iso(event->time_ms).text));
}

static enum err_code watch_events(struct op *op, const struct aws *aws, const struct follow *follow,
                                  struct watch *watch, struct err *err) {
    CLEANUP(arena_freep) struct arena *arena = arena_new();
    int64_t overlap_ms = watch->newest_ms - OVERLAP_MS;
    struct cfn_event *events = NULL;
    size_t n = 0;

    if (cfn_list_events(aws, arena, follow->stack_id,
                        overlap_ms > follow->since_ms ? overlap_ms : follow->since_ms, &events, &n,
                        err) != ERR_NONE) {
        return err->code;
    }
    for (size_t i = n; i > 0; i--) {
        watch_event(op, follow, watch, &events[i - 1]);
    }
    watch->newest_ms = n > 0 ? events[0].time_ms : watch->newest_ms;
    return ERR_NONE;
}

/* A failure is certain as soon as CloudFormation goes back: the person need not wait for the end.
 */
static void watch_tell_cause(struct op *op, const struct stack_state *state, struct watch *watch) {
    CLEANUP(freep) char *text = NULL;

    if (!state->is_going_back || watch->is_cause_told || watch->cause == NULL) {
        return;
    }
    watch->is_cause_told = true;
    text = mem_format("%s failed: %s; CloudFormation goes back",
                      json_str_or(watch->cause, "logical_id", ""),
                      json_str_or(watch->cause, "reason", ""));
    op_progress(op, json_pack("{s:s, s:s}", "type", "progress", "text", text));
}

/* ---- A run that is not wanted any more ---- */

static bool is_unwanted(const struct op *op) {
    return op->unwanted != NULL && atomic_load(op->unwanted);
}

/* An update can be cancelled; a creation, a deletion and a way back end by themselves. That the
 * call meets a stack that is past it, or is refused, changes nothing: the end is waited for. */
static void watch_cancel(struct op *op, const struct aws *aws, const struct follow *follow,
                         const char *status, struct watch *watch) {
    bool is_update = follow->end == FOLLOW_CHANGE && strcmp(status, "UPDATE_IN_PROGRESS") == 0;
    struct err ignored = {0};

    if (!is_unwanted(op) || watch->is_cancel_told || follow->end == FOLLOW_REST) {
        return;
    }
    watch->is_cancel_told = true;
    if (is_update) {
        watch->cancel_token = mem_format("cancel-%s", op->key);
        if (cfn_cancel_update(aws, follow->stack_id, watch->cancel_token, &ignored) == ERR_NONE) {
            op_progress(op, json_pack("{s:s, s:s}", "type", "say", "text",
                                      "Cancelled: CloudFormation puts the version before back."));
            return;
        }
    }
    op_progress(op, json_pack("{s:s, s:s}", "type", "say", "text",
                              "Cancelled. CloudFormation cannot stop what it does now; waiting for "
                              "it to end."));
}

/* ---- Until it rests ---- */

/* Right after a call the stack may still read as it did before, so a status at rest counts only
 * when the operation's own events have led there. */
static bool is_settled(const struct follow *follow, const struct stack_state *state,
                       const struct watch *watch) {
    if (follow->end == FOLLOW_REST) {
        return true;
    }
    return strcmp(watch->stack_status, state->status) == 0 ||
           (follow->end == FOLLOW_DELETE && state->class == STACK_ABSENT);
}

static bool is_good_end(const struct follow *follow, const struct stack_state *state) {
    switch (follow->end) {
    case FOLLOW_CHANGE:
        return state->is_success;
    case FOLLOW_DELETE:
        return state->class == STACK_ABSENT;
    case FOLLOW_BACK:
    case FOLLOW_REST:
        return state->class == STACK_STABLE;
    }
    return false;
}

enum { STALE_READS_MAX = 20 };

/* One look: ERR_NONE with out->state set when the stack has settled. */
static enum err_code follow_look(struct op *op, const struct aws *aws, const struct follow *follow,
                                 struct watch *watch, struct followed *out, struct err *err) {
    CLEANUP(arena_freep) struct arena *arena = arena_new(); /* a stack may be watched for an hour */
    CLEANUP(cfn_stack_done) struct cfn_stack stack = {0};
    const struct stack_state *state;
    bool exists = false;

    if (cfn_describe_stack(aws, arena, follow->stack_id, &exists, &stack, err) != ERR_NONE ||
        (exists && follow->end != FOLLOW_REST &&
         watch_events(op, aws, follow, watch, err) != ERR_NONE)) {
        return err->code;
    }
    state = stack_state_of(exists ? stack.status : "DELETE_COMPLETE");
    if (!state->is_resting) {
        watch_cancel(op, aws, follow, stack.status, watch);
    }
    watch_tell_cause(op, state, watch);
    if (!state->is_resting) {
        watch->stale_reads = 0;
        return ERR_NONE;
    }
    if (exists && !is_settled(follow, state, watch)) {
        if (++watch->stale_reads > STALE_READS_MAX) {
            err_set(err, ERR_SERVICE,
                    "CloudFormation took the call and shows nothing of it; the "
                    "stack is %s%s%s",
                    stack.status, stack.reason[0] == '\0' ? "" : ": ", stack.reason);
            return err_remedy(err, "aws-copilot status shows the stack");
        }
        return ERR_NONE;
    }
    out->state = state;
    out->status = arena_str(op->arena, str_from(exists ? stack.status : "DELETE_COMPLETE"));
    out->is_ok = is_good_end(follow, state);
    out->outputs = exists ? json_incref(stack.outputs) : json_object();
    return ERR_NONE;
}

/* ---- Nested stacks ---- */

/* The oldest failure of a stack that is no consequence of another one; NULL: there is none. */
static const struct cfn_event *nested_cause(const char *stack_id, const struct cfn_event *events,
                                            size_t n) {
    for (size_t i = n; i > 0; i--) {
        const struct cfn_event *event = &events[i - 1];

        if (str_ends(str_from(event->status), STR("_FAILED")) && !is_cascade(event) &&
            strcmp(event->physical_id, stack_id) != 0) {
            return event;
        }
    }
    return NULL;
}

/* A nested stack only says that something in it failed: the cause is in its own events, or in those
 * of a stack that it holds. Where they cannot be read, what is known stays the cause. */
json_t *deployer_find_cause(struct op *op, const struct aws *aws, const char *stack_id,
                            int64_t since_ms) {
    CLEANUP(freep) char *id = mem_strdup(stack_id);
    json_t *found = NULL;

    for (int depth = 0; depth < DEPLOYER_NESTED_MAX && id != NULL; depth++) {
        CLEANUP(freep) char *here = TAKE(id);
        const struct cfn_event *cause = NULL;
        struct cfn_event *events = NULL;
        struct err unread = {0};
        size_t n = 0;

        if (cfn_list_events(aws, op->arena, here, since_ms, &events, &n, &unread) == ERR_NONE) {
            cause = nested_cause(here, events, n);
        }
        if (cause != NULL) {
            json_decref(found);
            found = cause_json(cause);
            id = is_nested(here, cause) ? mem_strdup(cause->physical_id) : NULL;
        }
    }
    return found;
}

static void watch_descend(struct op *op, const struct aws *aws, const struct follow *follow,
                          struct watch *watch) {
    json_t *cause = watch->nested_id == NULL
                        ? NULL
                        : deployer_find_cause(op, aws, watch->nested_id, follow->since_ms);

    if (cause != NULL) {
        json_decref(watch->cause);
        watch->cause = cause;
    }
}

static void follow_explain(const struct watch *watch, struct followed *out) {
    json_t *cause = watch->cause == NULL ? watch->summary : watch->cause;

    out->root_cause = out->is_ok || cause == NULL ? json_null() : json_incref(cause);
    out->cancelled = out->is_ok ? 0 : watch->cancelled;
}

void followed_done(struct followed *followed) {
    json_decref(followed->root_cause);
    json_decref(followed->outputs);
    *followed = (struct followed){0};
}

enum err_code deployer_follow(struct op *op, const struct follow *follow, struct followed *out,
                              struct err *err) {
    CLEANUP(watch_done) struct watch watch = {.seen = json_object()};
    struct poll poll = {0};
    struct aws aws;

    if (services_aws(op, &aws, err) != ERR_NONE) {
        return err->code;
    }
    while (out->state == NULL) {
        if (follow_look(op, &aws, follow, &watch, out, err) != ERR_NONE ||
            (out->state == NULL && deployer_pause(op, &poll, err) != ERR_NONE)) {
            return err->code;
        }
    }
    out->is_unwanted = is_unwanted(op);
    out->at_ms = watch.newest_ms;
    watch_descend(op, &aws, follow, &watch);
    follow_explain(&watch, out);
    return ERR_NONE;
}

json_t *deployer_result(const struct followed *followed) {
    json_t *result = json_pack("{s:s, s:b, s:O, s:I, s:O, s:I}", "status", followed->status, "ok",
                               followed->is_ok, "root_cause", followed->root_cause, "cancelled",
                               (json_int_t)followed->cancelled, "outputs", followed->outputs,
                               "at_ms", (json_int_t)followed->at_ms);

    if (followed->is_unwanted) {
        json_put_bool(result, "unwanted", true);
    }
    return result;
}
