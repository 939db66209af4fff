/* What other machines ask of the stack of this repository. */
#include <string.h>

#include "front/verb/run.h"

/* `*out` stays NULL where there is no stack to ask about, or no bucket to meet in. */
static enum err_code waiting_ask(struct cli *cli, bool is_where_said, json_t **out,
                                 struct err *err) {
    CLEANUP(json_decrefp) json_t *flags = cli_flags(cli);
    CLEANUP(json_decrefp) json_t *target = NULL;
    CLEANUP(json_decrefp) json_t *where = NULL;
    CLEANUP(freep) char *bucket = NULL;
    const char *stack;

    if (flow_project(cli->flow) == NULL) {
        return ERR_NONE;
    }
    if (flow_target(cli->flow, flags, &target, err) != ERR_NONE ||
        (!is_where_said && cli_where(cli, flags, &where, err) != ERR_NONE) ||
        run_bucket(cli, flags, target, &bucket, err) != ERR_NONE) {
        return err->code;
    }
    stack = json_str_or(target, "stack", "");
    if (bucket == NULL) {
        return ERR_NONE;
    }
    if (cli_ask_agent(cli, &agent_executor, flags, "aws_deployer", "waiting",
                      agent_args("bucket", bucket, "stack", stack, NULL), out, err) != ERR_NONE) {
        return err->code;
    }
    json_put_str(*out, "stack", stack);
    return ERR_NONE;
}

enum err_code waiting_elsewhere(struct cli *cli, bool is_where_said, json_t **out,
                                struct err *err) {
    struct err why = {0};

    if (waiting_ask(cli, is_where_said, out, &why) == ERR_NONE) {
        if (json_bool_at(*out, "cut")) {
            cli_say(cli,
                    "! there are too many sessions in the artifact bucket; some are not shown");
        }
        return ERR_NONE;
    }
    if (why.code == ERR_INTERRUPTED) {
        *err = why;
        return err->code;
    }
    cli_event(cli, "warning",
              agent_args("code", "others_not_asked", "text", why.text, "remedy", why.remedy, NULL));
    cli_say(cli, "! what other machines ask is not known: %s", why.text);
    return ERR_NONE;
}

enum err_code waiting_unknown(struct cli *cli, const json_t *others, json_t **out,
                              struct err *err) {
    CLEANUP(json_decrefp) json_t *rows = json_array();
    json_t *row;
    size_t i;

    json_array_foreach(json_object_get(others, "rows"), i, row) {
        CLEANUP(arena_freep) struct arena *arena = arena_new();
        const struct store_session *session = NULL;

        if (store_get_session(flow_store(cli->flow), str_from(json_str_or(row, "session", "")),
                              arena, &session, err) != ERR_NONE) {
            return err->code;
        }
        if (session == NULL) {
            (void)json_array_append(rows, row);
        }
    }
    *out = TAKE(rows);
    return ERR_NONE;
}

char *waiting_next(const json_t *row) {
    bool is_typed = strcmp(json_str_or(row, "kind", ""), "destroy") == 0;

    return mem_format("aws-copilot approve %s%s%s", json_str_or(row, "session", ""),
                      is_typed ? " " : "", is_typed ? json_str_or(row, "stack", "") : "");
}
