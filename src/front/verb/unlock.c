/* unlock: whose the stack's lock is, and giving it back for a run that cannot. */
#include <string.h>

#include "base/clock.h"
#include "front/verb/run.h"

/* The artifact bucket, where locks are kept. */
static enum err_code unlock_bucket(struct cli *cli, const json_t *flags, const json_t *target,
                                   char **out, struct err *err) {
    if (run_bucket(cli, flags, target, out, err) != ERR_NONE) {
        return err->code;
    }
    if (*out == NULL) {
        err_set(err, ERR_NOT_FOUND, "the account has no bootstrap stack, so there are no locks");
        return err_remedy(err, "aws-copilot bootstrap makes it");
    }
    return ERR_NONE;
}

static void unlock_print(struct cli *cli, const char *stack, const json_t *lock) {
    bool is_stale = json_bool_at(lock, "stale");

    cli_print(cli, "lock      of %s, number %lld\n", stack,
              (long long)json_int_or(lock, "epoch", 0));
    cli_print(cli, "run       %s\n", json_str_or(lock, "run", "?"));
    cli_print(cli, "owner     %s on %s, process %lld\n", json_str_or(lock, "user", "?"),
              json_str_or(lock, "host", "?"), (long long)json_int_or(lock, "pid", 0));
    cli_print(cli, "since     %s\n", run_date(json_int_or(lock, "since_ms", 0)).text);
    cli_print(cli, "gives way %s (%s)\n", run_date(json_int_or(lock, "expires_ms", 0)).text,
              is_stale ? "its process is dead or its time is over"
                       : run_until(json_int_or(lock, "expires_ms", 0)).text);
}

static json_t *unlock_args(const char *bucket, const char *stack, const json_t *lock,
                           const json_t *where) {
    json_t *args = agent_args("bucket", bucket, "stack", stack, "account",
                              json_str_or(where, "account", ""), NULL);

    json_put_int(args, "epoch", json_int_or(lock, "epoch", 0));
    json_put_bool(args, "is_stale", json_bool_at(lock, "stale"));
    return args;
}

static enum err_code unlock_give_back(struct cli *cli, json_t *flags, const char *bucket,
                                      const char *stack, const json_t *where, struct err *err) {
    CLEANUP(json_decrefp) json_t *lock = NULL;
    CLEANUP(json_decrefp) json_t *done = NULL;

    if (cli_ask_agent(cli, &agent_executor, flags, "aws_deployer", "lock_status",
                      agent_args("bucket", bucket, "stack", stack, NULL), &lock, err) != ERR_NONE) {
        return err->code;
    }
    json_put_str(lock, "stack", stack);
    cli_event(cli, "lock", json_incref(lock));
    if (!json_bool_at(lock, "held")) {
        cli_say(cli, "nobody holds the lock of %s", stack);
        return ERR_NONE;
    }
    unlock_print(cli, stack, lock);
    json_put_str(flags, "account", json_str_at(where, "account"));
    if (cli_ask_agent(cli, &agent_executor, flags, "aws_deployer", "unlock",
                      unlock_args(bucket, stack, lock, where), &done, err) != ERR_NONE) {
        return err->code;
    }
    cli_say(cli, "the lock of %s is free", stack);
    return ERR_NONE;
}

static enum err_code unlock_run(struct cli *cli, struct err *err) {
    CLEANUP(json_decrefp) json_t *flags = cli_flags(cli);
    CLEANUP(json_decrefp) json_t *target = NULL;
    CLEANUP(json_decrefp) json_t *where = NULL;
    CLEANUP(freep) char *bucket = NULL;

    if (cli_flow(cli, err) != ERR_NONE || flow_target(cli->flow, flags, &target, err) != ERR_NONE ||
        cli_where(cli, flags, &where, err) != ERR_NONE ||
        unlock_bucket(cli, flags, target, &bucket, err) != ERR_NONE) {
        return err->code;
    }
    return unlock_give_back(cli, flags, bucket, json_str_or(target, "stack", ""), where, err);
}

const struct verb verb_unlock = {
    .name = "unlock",
    .words = "",
    .summary = "whose the stack's lock is; give it back for a run that cannot",
    .more = "Names owner, host, process, run and when the lock gives way by itself. The lock of a "
            "dead process of this machine is recognised, and --yes is enough for it; for any other "
            "one a person at a terminal has to say yes.",
    .section = VERBS_DEPLOY,
    .options = OPTIONS_WHERE | OPTIONS_ASK,
    .run = unlock_run,
};
