/* What all agents have in common, and the list of them. */
#include "agent/agent.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

const struct agent *const agents[] = {
    &agent_orchestrator, &agent_curator,   &agent_intake,     &agent_planner,
    &agent_executor,     &agent_validator, &agent_compliance,
};
const size_t agent_n = ARRAY_N(agents);

static void agent_keep_problem(struct turn *turn, const struct err *err) {
    json_t *problem = json_object();

    json_put_str(problem, "code", err_wire(err->code));
    json_put_strn(problem, "text", str_from(err->text));
    json_put_strn(problem, "remedy", str_from(err->remedy));
    json_put_str(problem, "phase", turn->phase);
    json_put_str(problem, "agent", turn->agent->name);
    if (strcmp(turn->phase, "rollback") == 0 && json_at(turn->state, "problem") != NULL &&
        json_at(turn->state, "first_problem") == NULL) {
        json_put(turn->state, "first_problem", json_deep_copy(json_at(turn->state, "problem")));
    }
    json_put(turn->state, "problem", problem);
    turn->problem = *err;
}

enum outcome agent_fail(struct turn *turn, const struct err *err) {
    agent_keep_problem(turn, err);
    if (gate_fault(turn->gate) != NULL || err->code == ERR_WAITING) {
        return OUTCOME_PARK;
    }
    if (err->code == ERR_POLICY) {
        return OUTCOME_VETO;
    }
    if (err->code == ERR_STALE || err->code == ERR_EXPIRED) {
        return OUTCOME_STALE;
    }
    if (err->code == ERR_REJECTED || err->code == ERR_CANCELLED) {
        return OUTCOME_CANCEL;
    }
    return OUTCOME_FAIL;
}

enum outcome agent_problem(struct turn *turn, enum err_code code, const char *remedy,
                           const char *fmt, ...) {
    struct err err = {.code = code};
    va_list args;

    va_start(args, fmt);
    (void)vsnprintf(err.text, sizeof err.text, fmt, args);
    va_end(args);
    (void)snprintf(err.remedy, sizeof err.remedy, "%s", remedy);
    agent_keep_problem(turn, &err);
    return OUTCOME_FAIL;
}

const char *agent_text(const struct turn *turn, const char *path) {
    return json_str_or(turn->state, path, "");
}

bool agent_is_kind(const struct turn *turn, const char *kind) {
    return strcmp(agent_text(turn, "kind"), kind) == 0;
}

void agent_say(struct turn *turn, const char *fmt, ...) {
    char text[1024];
    va_list args;

    va_start(args, fmt);
    (void)vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    turn_say(turn, EVENT_SAY, agent_args("text", text, NULL));
}

void agent_warn(struct turn *turn, const char *code, const char *remedy, const char *fmt, ...) {
    char text[1024];
    va_list args;

    va_start(args, fmt);
    (void)vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    turn_say(turn, EVENT_WARNING, agent_args("code", code, "text", text, "remedy", remedy, NULL));
}

bool agent_keep(struct turn *turn, const char *tool, const char *operation, json_t *args,
                const char *member, enum outcome *outcome) {
    json_t *out = NULL;
    struct err err = {0};

    if (tool_call(turn, tool, operation, args, &out, &err) != ERR_NONE) {
        *outcome = agent_fail(turn, &err);
        return false;
    }
    json_put(turn->state, member, out);
    return true;
}

int64_t agent_expires_ms(const json_t *status) {
    const char *ttl = json_str_at(status, "tags.ttl");
    int64_t ttl_ms = 0;
    struct err unread = {0};

    if (ttl == NULL || !json_bool_at(status, "exists") ||
        strcmp(json_str_or(status, "class", ""), "review") == 0 || /* planned, never created */
        str_to_duration_ms(str_from(ttl), &ttl_ms, &unread) != ERR_NONE) {
        return 0; /* a tag of somebody else's */
    }
    return json_int_or(status, "changed_ms", 0) + ttl_ms;
}

json_t *agent_args(const char *key, ...) {
    json_t *object = json_object();
    va_list args;

    va_start(args, key);
    while (key != NULL) {
        const char *value = va_arg(args, const char *);

        if (value != NULL) {
            json_put_strn(object, key, str_from(value));
        }
        key = va_arg(args, const char *);
    }
    va_end(args);
    return object;
}
