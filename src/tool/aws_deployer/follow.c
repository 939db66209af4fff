/* Watching CloudFormation until a stack rests, and finding out why it failed. */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "tool/aws_deployer/deployer.h"

enum err_code deployer_pause(struct op *op, struct poll *poll, struct err *err) {
    int64_t now = clock_mono_ms();
    int64_t most;
    int64_t end;

    if (poll->started_ms == 0) {
        poll->started_ms = now;
        poll->pause_ms = limit(LIMIT_POLL_MIN_MS);
    }
    most = limit(now - poll->started_ms > 60000 ? LIMIT_POLL_SLOW_MS : LIMIT_POLL_MAX_MS);
    end = now + poll->pause_ms;
    while (now < end) {
        if (atomic_load(op->cancel)) {
            return err_set(err, ERR_CANCELLED, "cancelled while waiting for AWS");
        }
        clock_sleep_ms(end - now < 50 ? end - now : 50);
        now = clock_mono_ms();
    }
    if (now > op->deadline_mono_ms) {
        err_set(err, ERR_TIMEOUT, "AWS took longer than %lld minutes",
                (long long)((now - poll->started_ms) / 60000));
        return err_remedy(err, "AWS goes on; aws-copilot attach %s watches it", op->session);
    }
    poll->pause_ms = poll->pause_ms * 3 / 2 > most ? most : poll->pause_ms * 3 / 2;
    return ERR_NONE;
}

/* ---- Events, each once and in order ---- */

static void follow_report(struct op *op, const struct cfn_event *event) {
    op_progress(op, json_pack("{s:s, s:s, s:s, s:s, s:s, s:s}", "type", "event", "logical_id",
                              event->logical_id, "resource_type", event->type, "status",
                              event->status, "reason", event->reason, "at",
                              clock_iso(event->time_ms).text));
}

static bool is_of(const struct follow *follow, const struct cfn_event *event) {
    return follow->token == NULL || strcmp(event->token, follow->token) == 0;
}

/* What was seen so far. */
struct watch {
    char *last_id;  /* owned: the newest event */
    bool has_begun; /* an event of the operation came */
    int reads;      /* of a status at rest before that */
};

static enum err_code follow_events(struct op *op, const struct aws *aws,
                                   const struct follow *follow, struct watch *watch,
                                   struct err *err) {
    CLEANUP(arena_freep) struct arena *arena = arena_new();
    struct cfn_event *events = NULL;
    size_t n = 0;

    if (cfn_list_events(aws, arena, follow->stack_id, follow->since_ms, watch->last_id,
                        &events, &n, err) != ERR_NONE) {
        return err->code;
    }
    for (size_t i = n; i > 0; i--) {
        if (is_of(follow, &events[i - 1])) {
            follow_report(op, &events[i - 1]);
            watch->has_begun = true;
        }
    }
    if (n > 0) {
        freep(&watch->last_id);
        watch->last_id = mem_strdup(events[0].id);
    }
    return ERR_NONE;
}

/* ---- The root cause ---- */

static bool is_failure(const struct cfn_event *event) {
    return str_ends(str_from(event->status), STR("_FAILED"));
}

/* A resource that failed only because another one had failed before. */
static bool is_cascade(const struct cfn_event *event) {
    return str_find(str_from(event->reason), STR("cancelled")) >= 0 ||
           strcmp(event->type, "AWS::CloudFormation::Stack") == 0;
}

/* The oldest failure of the operation that is not a consequence. The stack's own event, whose
 * reason only names the resources, is the answer where there is no better one. */
static void follow_cause(const struct follow *follow, const struct cfn_event *events, size_t n,
                         struct followed *out) {
    const struct cfn_event *cause = NULL;
    const struct cfn_event *fallback = NULL;

    for (size_t i = n; i > 0; i--) {
        const struct cfn_event *event = &events[i - 1];

        if (!is_of(follow, event) || !is_failure(event)) {
            continue;
        }
        if (is_cascade(event)) {
            out->cancelled += strcmp(event->type, "AWS::CloudFormation::Stack") != 0;
            fallback = fallback == NULL ? event : fallback;
        } else if (cause == NULL) {
            cause = event;
        }
    }
    cause = cause == NULL ? fallback : cause;
    json_decref(out->root_cause);
    out->root_cause =
        cause == NULL ? json_null()
                      : json_pack("{s:s, s:s, s:s, s:s}", "logical_id", cause->logical_id, "type",
                                  cause->type, "status", cause->status, "reason", cause->reason);
}

static enum err_code follow_explain(struct op *op, const struct aws *aws,
                                    const struct follow *follow, struct followed *out,
                                    struct err *err) {
    struct cfn_event *events = NULL;
    size_t n = 0;

    out->root_cause = json_null();
    if (out->state->is_success) {
        return ERR_NONE;
    }
    if (cfn_list_events(aws, op->arena, follow->stack_id, follow->since_ms, NULL, &events, &n,
                        err) != ERR_NONE) {
        return err->code;
    }
    follow_cause(follow, events, n, out);
    return ERR_NONE;
}

/* ---- Until it rests ---- */

void followed_done(struct followed *followed) {
    json_decref(followed->root_cause);
    json_decref(followed->outputs);
    *followed = (struct followed){0};
}

/* Right after ExecuteChangeSet the stack may still read as it did before: a status at rest counts
 * once an event of the operation came, or after this many reads without one. */
enum { STALE_READS_MAX = 20 };

static bool is_settled(const struct follow *follow, const struct stack_state *state, bool exists,
                       struct watch *watch) {
    if (!state->is_resting) {
        return false;
    }
    if (!exists || follow->is_idle || (watch->has_begun && state->class != STACK_REVIEW)) {
        return true;
    }
    return ++watch->reads > STALE_READS_MAX;
}

enum err_code deployer_follow(struct op *op, const struct follow *follow, struct followed *out,
                              struct err *err) {
    struct watch watch = {0};
    CLEANUP(cfn_stack_done) struct cfn_stack stack = {0};
    struct poll poll = {0};
    struct aws aws;
    enum err_code code = ERR_NONE;

    if (services_aws(op, &aws, err) != ERR_NONE) {
        return err->code;
    }
    while (code == ERR_NONE) {
        bool exists = false;

        cfn_stack_done(&stack);
        code = cfn_describe_stack(&aws, op->arena, follow->stack_id, &exists, &stack, err);
        if (code == ERR_NONE && exists) {
            code = follow_events(op, &aws, follow, &watch, err);
        }
        out->status = exists ? stack.status : "DELETE_COMPLETE";
        out->state = stack_state_of(out->status);
        if (code == ERR_NONE && is_settled(follow, out->state, exists, &watch)) {
            break;
        }
        code = code == ERR_NONE ? deployer_pause(op, &poll, err) : code;
    }
    free(watch.last_id);
    if (code != ERR_NONE) {
        return code;
    }
    out->outputs = stack.outputs == NULL ? json_object() : json_incref(stack.outputs);
    return follow_explain(op, &aws, follow, out, err);
}

json_t *deployer_result(const struct followed *followed) {
    return json_pack("{s:s, s:b, s:O, s:I, s:O}", "status", followed->status, "ok",
                     followed->state->is_success, "root_cause", followed->root_cause, "cancelled",
                     (json_int_t)followed->cancelled, "outputs", followed->outputs);
}
