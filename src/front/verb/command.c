/* run: one command in the sandbox; what it changed is shown, and kept after a yes. */
#include <string.h>
#include <unistd.h>

#include "front/verb/run.h"
#include "guard/policy.h"
#include "sys/tty.h"

enum { SHOWN_MAX = 20 };

/* What the program prints is shown as it comes, where nobody else gets it from stdout. */
static void talk_write(void *ctx, enum event event, const struct masked *json) {
    struct cli *cli = ctx;
    CLEANUP(json_decrefp) json_t *fields = NULL;
    struct err none = {0};

    if (event == EVENT_PROGRESS && json_read(masked_str(json), &fields, &none) == ERR_NONE) {
        cli_say(cli, "%s", json_str_or(fields, "text", ""));
    }
}

static const struct sink talk = {"command", LEVEL_INFO, talk_write};

static json_t *command_args(const struct cli *cli) {
    json_t *words = json_array();

    for (size_t i = 0; cli_word(cli, i) != NULL; i++) {
        json_array_append_new(words, json_string_of(str_from(cli_word(cli, i))));
    }
    return json_pack("{s:o}", "command", words);
}

static enum err_code command_call(struct cli *cli, const json_t *flags, const char *operation,
                                  json_t *args, json_t **out, struct err *err) {
    bool is_live = !cli->is_json && tty_is_terminal(STDOUT_FILENO);
    enum err_code code;

    if (is_live) {
        bus_add(flow_bus(cli->flow), &talk, cli);
    }
    code = cli_ask_agent(cli, &agent_planner, flags, "shell_runner", operation, args, out, err);
    bus_remove(flow_bus(cli->flow), &talk, cli);
    if (code == ERR_NONE && !is_live) {
        cli_print(cli, "%s", json_str_or(*out, "out", ""));
        if (json_str_or(*out, "err", "")[0] != '\0') {
            cli_say(cli, "%s", json_str_or(*out, "err", ""));
        }
    }
    return code;
}

/* A name with a line in it would be read as two rows. */
static char *command_one_line(const char *path) {
    CLEANUP(buf_done) struct buf line = BUF_INIT(16 << 10);

    for (const char *p = path; *p != '\0'; p++) {
        buf_add(&line, *p == '\n' ? STR("\\n") : *p == '\t' ? STR("\\t") : (struct str){p, 1});
    }
    return mem_strdup(buf_cstr(&line));
}

static void command_print_changes(struct cli *cli, const json_t *done) {
    const json_t *row;
    size_t i;

    json_array_foreach(json_object_get(done, "changes"), i, row) {
        const char *change = json_str_or(row, "change", "");
        const char *sign = strcmp(change, "new") == 0    ? "+"
                           : strcmp(change, "gone") == 0 ? "-"
                                                         : "*";

        if (i == SHOWN_MAX) {
            cli_say(cli, "  ... %lld more",
                    (long long)json_int_or(done, "change_n", 0) - SHOWN_MAX);
            break;
        }
        CLEANUP(freep) char *path = command_one_line(json_str_or(row, "path", ""));
        long long bytes = json_int_or(row, "bytes", 0);
        cli_say(cli, "  %s %s (%lld byte%s)", sign, path, bytes, bytes == 1 ? "" : "s");
    }
    json_array_foreach(json_object_get(done, "left_out"), i, row) {
        if (i == SHOWN_MAX) {
            break;
        }
        CLEANUP(freep) char *path = command_one_line(json_str_or(row, "path", ""));
        cli_say(cli, "  not kept: %s, %s", path, json_str_or(row, "why", ""));
    }
    if (json_str_or(done, "diff", "")[0] != '\0') {
        cli_say(cli, "%s", json_str_or(done, "diff", ""));
    }
}

static enum err_code command_keep(struct cli *cli, const json_t *flags, const char *draft,
                                  struct err *err) {
    CLEANUP(json_decrefp) json_t *kept = NULL;

    if (cli_ask_agent(cli, &agent_planner, flags, "shell_runner", "keep",
                      json_pack("{s:s}", "draft", draft), &kept, err) != ERR_NONE) {
        return err->code;
    }
    cli_event(cli, "kept", json_incref(kept));
    cli_say(
        cli, "%lld changed here%s",
        (long long)json_int_or(kept, "kept", 0) + (long long)json_int_or(kept, "kept_before", 0),
        json_int_or(kept, "kept_before", 0) > 0 ? ", some of them before it was interrupted" : "");
    return ERR_NONE;
}

/* Changes of an earlier run: found before anything is asked, and shown again. */
static enum err_code command_keep_earlier(struct cli *cli, const json_t *flags, const char *draft,
                                          struct err *err) {
    CLEANUP(json_decrefp) json_t *shown = NULL;

    if (cli_ask_agent(cli, &agent_planner, flags, "shell_runner", "draft",
                      json_pack("{s:s}", "draft", draft), &shown, err) != ERR_NONE) {
        return err->code;
    }
    cli_event(cli, "draft", json_incref(shown));
    command_print_changes(cli, shown);
    return command_keep(cli, flags, draft, err);
}

/* What is done with the changes: asked, or said how. */
static enum err_code command_settle(struct cli *cli, const json_t *flags, const json_t *done,
                                    struct err *err) {
    const char *draft = json_str_at(done, "draft");
    long long n = json_int_or(done, "change_n", 0);

    if (json_object_get(done, "changes") == NULL) {
        return ERR_NONE;
    }
    if (draft == NULL) {
        command_print_changes(cli, done);
        cli_say(cli, "it changed nothing that would be kept");
        return ERR_NONE;
    }
    cli_say(cli, "it ran in a copy; here %lld file%s would change:", n, n == 1 ? "" : "s");
    command_print_changes(cli, done);
    if (!cli->is_interactive) {
        cli_say(cli,
                "nothing is changed here yet: aws-copilot run --keep %s, at a terminal, keeps it",
                draft);
        cli->exit_status = err_exit(ERR_WAITING);
        return ERR_NONE;
    }
    return command_keep(cli, flags, draft, err);
}

/* How a command ran that failed: it may be why. */
static enum err_code command_end(const json_t *done, const char *network, struct err *err) {
    bool is_copy = json_object_get(done, "changes") != NULL;

    err_set(err, ERR_BUILD, "the command %s", json_str_or(done, "end", "did not run"));
    return err_remedy(err, "it ran %s, without .env and other files of secrets; %s", network,
                      is_copy ? "what it changed in its copy is gone" : "it could change nothing");
}

/* What is asked about is said first: which hosts, and what does not run. */
static void command_print_sources(struct cli *cli, const json_t *sources) {
    CLEANUP(buf_done) struct buf hosts = BUF_INIT(16 << 10);
    const json_t *row;
    size_t i;

    json_array_foreach(json_object_get(sources, "hosts"), i, row) {
        struct str host = str_from(json_string_value(row));
        bool is_usual = str_ends(host, STR(":443"));
        buf_addf(&hosts, "%s" STR_FMT, i == 0 ? "" : ", ",
                 STR_ARG(str_slice(host, 0, host.len - (is_usual ? 4 : 0))));
    }
    cli_say(cli, "It runs in a copy, without keys of AWS and files of secrets. It may reach %s.",
            buf_cstr(&hosts));
    cli_say(
        cli,
        "Off: %s. What a package does when it is installed it does in the next deploy, offline, "
        "and when you install. node_modules and .venv stay as they are.",
        json_str_or(sources, "off", ""));
    json_array_foreach(json_object_get(sources, "foreign"), i, row) {
        cli_say(cli, "%s names %s, which your own settings do not.", json_str_or(row, "file", ""),
                json_str_or(row, "host", ""));
    }
    json_array_foreach(json_object_get(sources, "warnings"), i, row) {
        cli_say(cli, "%s", json_is_string(row) ? json_string_value(row) : "");
    }
}

static enum err_code command_fetch(struct cli *cli, const json_t *flags, json_t **out,
                                   struct err *err) {
    CLEANUP(json_decrefp) json_t *sources = NULL;
    json_t *hosts = json_array();
    json_t *args = command_args(cli);
    const json_t *row;
    size_t i;

    json_put(args, "hosts", hosts);
    if (cli_ask_agent(cli, &agent_planner, flags, "shell_runner", "sources", command_args(cli),
                      &sources, err) != ERR_NONE) {
        json_decref(args);
        return err->code;
    }
    json_array_foreach(json_object_get(sources, "foreign"), i, row) {
        json_array_append(hosts, json_object_get(row, "host"));
    }
    cli_event(cli, "sources", json_incref(sources));
    command_print_sources(cli, sources);
    return command_call(cli, flags, "install", args, out, err);
}

static const char *command_network(const struct cli *cli, bool is_fetch) {
    CLEANUP(json_decrefp) json_t *args = command_args(cli);

    return is_fetch ? "with the network of package sources only"
           : command_reads_aws(json_object_get(args, "command"))
               ? "with AWS in its region as its only network"
               : "without a network";
}

static bool command_is_fetch(const struct cli *cli) {
    CLEANUP(json_decrefp) json_t *args = command_args(cli);
    const char *manager = NULL;
    struct str verb = {0};

    return command_fetches(json_object_get(args, "command"), &manager, &verb);
}

/* What reaches AWS says first where it goes. */
static enum err_code command_where(struct cli *cli, const json_t *flags, struct err *err) {
    CLEANUP(json_decrefp) json_t *args = command_args(cli);
    CLEANUP(json_decrefp) json_t *where = NULL;

    return command_reads_aws(json_object_get(args, "command")) ? cli_where(cli, flags, &where, err)
                                                               : ERR_NONE;
}

static enum err_code command_run(struct cli *cli, struct err *err) {
    const char *draft = args_text(&cli->args, OPT_KEEP);
    CLEANUP(json_decrefp) json_t *flags = cli_flags(cli);
    CLEANUP(json_decrefp) json_t *done = NULL;
    bool is_fetch;

    if ((draft == NULL) == (cli_word(cli, 0) == NULL)) {
        err_set(err, ERR_USAGE, draft == NULL ? "run needs a command" : "--keep runs no command");
        return draft == NULL ? err_remedy(err, "for example aws-copilot run -- npm run build")
                             : err_remedy(err, "leave the command out");
    }
    if (cli_flow(cli, err) != ERR_NONE) {
        return err->code;
    }
    if (draft != NULL) {
        return command_keep_earlier(cli, flags, draft, err);
    }
    is_fetch = command_is_fetch(cli);
    if (command_where(cli, flags, err) != ERR_NONE ||
        (is_fetch ? command_fetch(cli, flags, &done, err)
                  : command_call(cli, flags, "run", command_args(cli), &done, err)) != ERR_NONE) {
        return err->code;
    }
    cli_event(cli, "command", json_incref(done));
    if (strcmp(json_str_or(done, "reason", ""), "exit") != 0 || json_int_or(done, "exit", 1) != 0) {
        return command_end(done, command_network(cli, is_fetch), err);
    }
    return command_settle(cli, flags, done, err);
}

const struct verb verb_run = {
    .name = "run",
    .words = "-- COMMAND...",
    .word_max = ARGS_WORDS_MAX - 1,
    .summary = "one command in the sandbox; what it changes is shown, and kept after a yes",
    .more =
        "No shell: the words are the program and its arguments. It sees the repository without "
        ".env and other files of secrets, has no network, and ends after 120 s. A command that "
        "only reads runs on the repository, one that changes something in a copy of it: the "
        "difference is shown, and written here only after a yes. Without somebody to ask, exit "
        "10; --keep NUMBER answers later. What it writes into node_modules, .venv, git's settings "
        "and hooks, and what configures other programs is never kept. Commands that delete, show "
        "credentials or send things away are refused.\n"
        "`aws` with what only reads has the keys of this run and reaches AWS in its region, "
        "nothing else. npm, pnpm, yarn, bun and uv with names of packages (`npm install x`, `uv "
        "add x`) reach package sources, after a question; no script of a package runs, manifest "
        "and lock are kept.",
    .section = VERBS_HERE,
    .options = (OPTIONS_WHERE & ~OPTIONS_APP) | OPTIONS_ASK | OPTIONS_SANDBOX | OPTIONS_COMMAND,
    .run = command_run,
};
