/* status, outputs, logs: what runs now, asked of AWS and not of notes. */
#include <string.h>

#include "base/clock.h"
#include "front/verb/run.h"

enum { FOLLOW_PAUSE_MS = 5000, LOGS_SINCE_MS = 3600 * 1000 };

/* The stack that is asked about, and the line of account, region, role and endpoint. */
static enum err_code look_open(struct cli *cli, const json_t *flags, json_t **out,
                               struct err *err) {
    CLEANUP(json_decrefp) json_t *identity = NULL;
    CLEANUP(json_decrefp) json_t *target = NULL;

    if (cli_flow(cli, err) != ERR_NONE || flow_target(cli->flow, flags, &target, err) != ERR_NONE ||
        cli_where(cli, flags, &identity, err) != ERR_NONE) {
        return err->code;
    }
    *out = TAKE(target);
    return ERR_NONE;
}

static void look_print_outputs(struct cli *cli, const json_t *outputs) {
    const char *name;
    json_t *value;
    int wide = 8;

    json_object_foreach((json_t *)(uintptr_t)outputs, name, value) {
        wide = (int)strlen(name) > wide ? (int)strlen(name) : wide;
    }
    json_object_foreach((json_t *)(uintptr_t)outputs, name, value) {
        cli_print(cli, "%-*s  %s\n", wide, name, json_string_value(value));
    }
}

/* ---- status ---- */

/* {"ttl","expires_ms","expired"}: how long the stack is wanted, by its tag; nothing without one. */
static void status_add_life(json_t *status) {
    int64_t expires_ms = agent_expires_ms(status);

    if (expires_ms != 0) {
        json_put_int(status, "expires_ms", expires_ms);
        json_put_bool(status, "expired", expires_ms <= clock_now_ms());
    }
}

static void status_print_life(struct cli *cli, const json_t *status) {
    int64_t expires_ms = json_int_or(status, "expires_ms", 0);

    if (json_bool_at(status, "expired")) {
        cli_print(cli, "expired   %s; aws-copilot destroy removes it\n", run_date(expires_ms).text);
    } else if (expires_ms != 0) {
        cli_print(cli, "expires   in %s, at %s\n", run_until(expires_ms).text,
                  run_date(expires_ms).text);
    }
}

static void status_print(struct cli *cli, const char *stack, const json_t *status) {
    const char *remedy = json_str_or(status, "remedy", "");
    const char *reason = json_str_or(status, "reason", "");

    cli_print(cli, "stack     %s\nstatus    %s\n          %s\n", stack,
              json_str_or(status, "status", ""), json_str_or(status, "sentence", ""));
    if (reason[0] != '\0') {
        cli_print(cli, "reason    %s\n", reason);
    }
    if (remedy[0] != '\0') {
        cli_print(cli, "next      %s\n", remedy);
    }
    status_print_life(cli, status);
    look_print_outputs(cli, json_object_get(status, "outputs"));
}

/* What AWS says about the stack; one that is not there is an error of whoever asks about it. */
static enum err_code look_stack(struct cli *cli, const json_t *flags, const char *stack,
                                json_t **out, struct err *err) {
    CLEANUP(json_decrefp) json_t *status = NULL;

    if (cli_query(cli, flags, "stack_status", agent_args("stack", stack, NULL), &status, err) !=
        ERR_NONE) {
        return err->code;
    }
    if (!json_bool_at(status, "exists")) {
        err_set(err, ERR_NOT_FOUND, "there is no stack %s", stack);
        return err_remedy(err, "aws-copilot deploy makes it");
    }
    *out = TAKE(status);
    return ERR_NONE;
}

static enum err_code status_run(struct cli *cli, struct err *err) {
    CLEANUP(json_decrefp) json_t *flags = cli_flags(cli);
    CLEANUP(json_decrefp) json_t *target = NULL;
    CLEANUP(json_decrefp) json_t *status = NULL;
    const char *stack;

    if (look_open(cli, flags, &target, err) != ERR_NONE) {
        return err->code;
    }
    stack = json_str_or(target, "stack", "");
    if (look_stack(cli, flags, stack, &status, err) != ERR_NONE) {
        return err->code;
    }
    json_put_str(status, "stack", stack);
    status_add_life(status);
    cli_event(cli, "status", json_incref(status));
    status_print(cli, stack, status);
    return ERR_NONE;
}

const struct verb verb_status = {
    .name = "status",
    .words = "",
    .summary = "what runs now, from AWS",
    .section = VERBS_LOOK,
    .options = OPTIONS_WHERE,
    .run = status_run,
};

/* ---- outputs ---- */

static enum err_code outputs_run(struct cli *cli, struct err *err) {
    CLEANUP(json_decrefp) json_t *flags = cli_flags(cli);
    CLEANUP(json_decrefp) json_t *target = NULL;
    CLEANUP(json_decrefp) json_t *found = NULL;

    if (look_open(cli, flags, &target, err) != ERR_NONE ||
        cli_query(cli, flags, "outputs",
                  agent_args("stack", json_str_or(target, "stack", ""), NULL), &found,
                  err) != ERR_NONE) {
        return err->code;
    }
    cli_event(cli, "outputs", json_incref(found));
    look_print_outputs(cli, json_object_get(found, "outputs"));
    return ERR_NONE;
}

const struct verb verb_outputs = {
    .name = "outputs",
    .words = "",
    .summary = "the address and the names that the stack gives out",
    .section = VERBS_LOOK,
    .options = OPTIONS_WHERE,
    .run = outputs_run,
};

/* ---- logs ---- */

static void logs_print(struct cli *cli, const json_t *lines) {
    const json_t *line;
    size_t i;

    json_array_foreach(lines, i, line) {
        int64_t time_ms = json_int_or(line, "time_ms", 0);
        struct str text = str_trim(str_from(json_str_or(line, "text", "")));

        cli_event(cli, "log", json_deep_copy(line));
        cli_print(cli, "%s  " STR_FMT "\n", clock_iso(time_ms).text, STR_ARG(text));
    }
}

static json_t *logs_args(const struct cli *cli, const char *stack, int64_t since_ms) {
    json_t *args = agent_args("stack", stack, "filter", args_text(&cli->args, OPT_FILTER), NULL);
    int64_t until_ms = args_time_ms(&cli->args, OPT_UNTIL, clock_now_ms(), 0);

    json_put_int(args, "since_ms", since_ms);
    if (until_ms != 0) {
        json_put_int(args, "until_ms", until_ms);
    }
    return args;
}

/* Waits for the next look; false when it is time to stop. */
static bool logs_wait(const struct cli *cli) {
    int64_t until_ms = clock_mono_ms() + FOLLOW_PAUSE_MS;

    while (clock_mono_ms() < until_ms) {
        if (cli_is_interrupted() || cli->ndjson.failed != 0) {
            return false;
        }
        clock_sleep_ms(100);
    }
    return true;
}

static enum err_code logs_run(struct cli *cli, struct err *err) {
    CLEANUP(json_decrefp) json_t *flags = cli_flags(cli);
    CLEANUP(json_decrefp) json_t *target = NULL;
    CLEANUP(json_decrefp) json_t *status = NULL;
    int64_t now_ms = clock_now_ms();
    int64_t since_ms = args_time_ms(&cli->args, OPT_SINCE, now_ms, now_ms - LOGS_SINCE_MS);

    if (args_is(&cli->args, OPT_FOLLOW) && args_is(&cli->args, OPT_UNTIL)) {
        err_set(err, ERR_USAGE, "--follow and --until contradict each other");
        return err_remedy(err, "leave one of them out");
    }
    if (look_open(cli, flags, &target, err) != ERR_NONE ||
        look_stack(cli, flags, json_str_or(target, "stack", ""), &status, err) != ERR_NONE) {
        return err->code;
    }
    do {
        CLEANUP(json_decrefp) json_t *found = NULL;
        json_t *args = logs_args(cli, json_str_or(target, "stack", ""), since_ms);

        if (cli_query(cli, flags, "logs", args, &found, err) != ERR_NONE) {
            return err->code;
        }
        logs_print(cli, json_object_get(found, "lines"));
        since_ms = json_int_or(found, "next_ms", since_ms);
    } while (args_is(&cli->args, OPT_FOLLOW) && logs_wait(cli));
    if (cli_is_interrupted()) {
        return err_set(err, ERR_INTERRUPTED, "stopped by Ctrl-C");
    }
    return ERR_NONE;
}

const struct verb verb_logs = {
    .name = "logs",
    .words = "",
    .summary = "what the application wrote",
    .more = "Shows the last hour when --since does not say otherwise.",
    .section = VERBS_LOOK,
    .options = OPTIONS_WHERE | OPTIONS_LOGS,
    .run = logs_run,
};
