/* The program around a verb: command line, output, flow, sessions, the end. */
#include "front/cli/cli_room.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "front/cli/detach.h"
#include "front/cli/interrupt.h"
#include "front/cli/suggest.h"
#include "sys/tty.h"

enum { PRINT_BYTES_MAX = 4 << 20, VERBS_MAX = 64, EXIT_CHANGES = 7, STDOUT_BYTES = 64 << 10 };

/* ---- Verbs ---- */

static bool verb_is_called(const struct verb *verb, const char *name) {
    if (strcmp(verb->name, name) == 0) {
        return true;
    }
    for (size_t i = 0; verb->aliases != NULL && verb->aliases[i] != NULL; i++) {
        if (strcmp(verb->aliases[i], name) == 0) {
            return true;
        }
    }
    return false;
}

const struct verb *verb_find(const struct verb *const *verbs, const char *name) {
    for (size_t i = 0; verbs[i] != NULL; i++) {
        if (verb_is_called(verbs[i], name)) {
            return verbs[i];
        }
    }
    return NULL;
}

enum err_code verb_unknown(const struct verb *const *verbs, const char *name, struct err *err) {
    const char *names[VERBS_MAX];
    const char *near;
    size_t n = 0;

    for (size_t i = 0; verbs[i] != NULL; i++) {
        if (verbs[i]->section == VERBS_HIDDEN) {
            continue;
        }
        if (n < VERBS_MAX) {
            names[n++] = verbs[i]->name;
        }
        for (size_t k = 0; verbs[i]->aliases != NULL && verbs[i]->aliases[k] != NULL; k++) {
            if (n < VERBS_MAX) {
                names[n++] = verbs[i]->aliases[k];
            }
        }
    }
    err_set(err, ERR_USAGE, "there is no verb '%.60s'", name);
    near = suggest_nearest(name, names, n);
    return near == NULL ? err_remedy(err, "aws-copilot help lists the verbs")
                        : err_remedy(err, "did you mean %s?", near);
}

/* ---- Output ---- */

const struct redactor *cli_redactor(struct cli *cli) {
    if (cli->flow != NULL) {
        return flow_redactor(cli->flow);
    }
    if (cli->redactor == NULL) {
        cli->redactor = redactor_new();
        flow_learn_secrets(".", cli->redactor);
    }
    return cli->redactor;
}

void cli_event(struct cli *cli, const char *type, json_t *fields) {
    CLEANUP(json_decrefp) json_t *whole = fields == NULL ? json_object() : fields;
    CLEANUP(masked_done) struct masked masked = {0};

    if (!cli->is_json) {
        return;
    }
    json_put_str(whole, "type", type);
    json_put_str(whole, "time", clock_iso(clock_now_ms()).text);
    redact_json(cli_redactor(cli), whole, &masked);
    cli->ndjson.ends_in_result = strcmp(type, "result") == 0;
    ndjson_write(&cli->ndjson, &masked);
}

void cli_print_object(struct cli *cli, const json_t *object) {
    CLEANUP(masked_done) struct masked masked = {0};

    redact_json(cli_redactor(cli), object, &masked);
    ndjson_write(&cli->ndjson, &masked);
}

static void cli_vformat(struct cli *cli, struct buf *out, const char *fmt, va_list args)
    PRINTF_LIKE(3, 0);
static void cli_vformat(struct cli *cli, struct buf *out, const char *fmt, va_list args) {
    CLEANUP(buf_done) struct buf raw = BUF_INIT(PRINT_BYTES_MAX);
    CLEANUP(masked_done) struct masked masked = {0};

    buf_vaddf(&raw, fmt, args);
    redact_text(cli_redactor(cli), buf_str(&raw), &masked);
    tty_escape(out, masked_str(&masked));
}

void cli_write(struct cli *cli, const struct buf *text) {
    if (fwrite(buf_cstr(text), 1, text->len, stdout) != text->len || fflush(stdout) != 0) {
        cli->ndjson.failed = errno;
    }
}

void cli_print(struct cli *cli, const char *fmt, ...) {
    const struct screen screen = screen_of(stdout, STDOUT_FILENO, true);
    CLEANUP(buf_done) struct buf text = BUF_INIT(PRINT_BYTES_MAX);
    CLEANUP(buf_done) struct buf fit = BUF_INIT(PRINT_BYTES_MAX * 2);
    va_list args;

    if (cli->is_json || cli->ndjson.failed != 0) {
        return;
    }
    va_start(args, fmt);
    cli_vformat(cli, &text, fmt, args);
    va_end(args);
    screen_fit(&screen, &fit, buf_str(&text));
    cli_write(cli, &fit);
}

void cli_say(struct cli *cli, const char *fmt, ...) {
    CLEANUP(buf_done) struct buf text = BUF_INIT(PRINT_BYTES_MAX);
    CLEANUP(buf_done) struct buf out = BUF_INIT(PRINT_BYTES_MAX);
    va_list args;

    if (cli->is_json) {
        return;
    }
    va_start(args, fmt);
    cli_vformat(cli, &text, fmt, args);
    va_end(args);
    screen_text(&cli->screen, &out, 2, buf_cstr(&text));
    render_print(cli->render, &out);
}

/* Errors may quote what came from outside; they are masked where they leave. */
static void err_mask(struct cli *cli, const struct err *err, struct err *out) {
    CLEANUP(masked_done) struct masked text = {0};
    CLEANUP(masked_done) struct masked remedy = {0};

    redact_text(cli_redactor(cli), str_from(err->text), &text);
    redact_text(cli_redactor(cli), str_from(err->remedy), &remedy);
    err_set(out, err->code, "%s", masked_cstr(&text));
    err_remedy(out, "%s", masked_cstr(&remedy));
}

void cli_complain(struct cli *cli, const struct err *err) {
    CLEANUP(buf_done) struct buf out = BUF_INIT(PRINT_BYTES_MAX);
    struct err masked = {0};

    err_mask(cli, err, &masked);
    render_error(&cli->screen, &out, masked.text, masked.remedy);
    render_rest(cli->render);
    screen_write(&cli->screen, &out);
}

/* ---- Set-up ---- */

static enum progress cli_progress(const struct cli *cli) {
    const char *word = args_text(&cli->args, OPT_PROGRESS);

    if (word == NULL || strcmp(word, "bar") == 0) {
        return PROGRESS_BAR;
    }
    return strcmp(word, "events") == 0 ? PROGRESS_EVENTS : PROGRESS_ERRORS;
}

static bool env_is_set(const char *name) {
    const char *value = getenv(name);

    return value != NULL && value[0] != '\0' && strcmp(value, "false") != 0 &&
           strcmp(value, "0") != 0;
}

void cli_start_clock(struct cli *cli) {
    int64_t most_ms = args_duration_ms(&cli->args, OPT_MAX_WAIT, 0);

    cli->asker.deadline_mono_ms = most_ms == 0 ? 0 : clock_mono_ms() + most_ms;
}

static void cli_prepare(struct cli *cli) {
    const char *output = args_text(&cli->args, OPT_OUTPUT);
    bool is_plain = args_is(&cli->args, OPT_NO_COLOR) || env_is_set("CI");

    cli->is_json = args_is(&cli->args, OPT_JSON) || (output != NULL && strcmp(output, "json") == 0);
    cli->is_interactive = !cli->is_json && !args_is(&cli->args, OPT_NON_INTERACTIVE) &&
                          !env_is_set("CI") && tty_is_terminal(STDIN_FILENO) &&
                          tty_is_terminal(STDERR_FILENO);
    cli->screen = screen_of(stderr, STDERR_FILENO, is_plain);
    cli->render = render_new(&cli->screen, cli_progress(cli), args_is(&cli->args, OPT_VERBOSE));
    cli->ndjson.to = stdout;
    /* What is printed in parts is written at the end, where a failure is seen. */
    (void)setvbuf(stdout, NULL, _IOFBF, STDOUT_BYTES);
    cli->asker = (struct asker){
        .render = cli->render,
        .screen = cli->screen,
        .is_silent = cli->is_json,
        .takes_proposals = args_is(&cli->args, OPT_YES),
        .interrupted = &interrupted,
    };
    cli->person = asker_person(&cli->asker);
    cli_start_clock(cli);
}

/* A command line that is not understood is still answered in the form that it asks for. */
static void cli_prepare_early(struct cli *cli) {
    if (cli->render == NULL) {
        cli_prepare(cli);
    }
}

enum err_code cli_lines(struct cli *cli, struct err *err) {
    if (cli->asker.lines != NULL || !cli->is_interactive) {
        return ERR_NONE;
    }
    return lines_open_terminal(&cli->asker.lines, err);
}

static const struct sink *cli_sink(const struct cli *cli) {
    bool is_debug = args_is(&cli->args, OPT_DEBUG);

    if (cli->is_json) {
        return is_debug ? &ndjson_sink_debug : &ndjson_sink;
    }
    return is_debug || args_is(&cli->args, OPT_VERBOSE) ? &render_sink_verbose : &render_sink;
}

static void *cli_sink_ctx(struct cli *cli) {
    return cli->is_json ? (void *)&cli->ndjson : (void *)cli->render;
}

enum err_code cli_flow(struct cli *cli, struct err *err) {
    const char *root = cli->root;
    struct flow_options options = {
        .root = root,
        .person = &cli->person,
        .interrupted = &interrupted,
        .deadline_mono_ms = &cli->asker.deadline_mono_ms,
        .is_sandboxed = !args_is(&cli->args, OPT_NO_SANDBOX),
        .is_sharing = true,
    };

    if (cli->flow != NULL) {
        return ERR_NONE;
    }
    if (cli_lines(cli, err) != ERR_NONE || flow_open(&options, &cli->flow, err) != ERR_NONE) {
        return err->code;
    }
    bus_add(flow_bus(cli->flow), cli_sink(cli), cli_sink_ctx(cli));
    json_decref(cli->way);
    cli->way = cli_flags(cli);
    flow_set_way(cli->flow, cli->way);
    return ERR_NONE;
}

/* ---- What the command line says ---- */

json_t *cli_pairs(const struct args *args) {
    json_t *tags = json_object();

    for (size_t i = 0; i < args->pair_n; i++) {
        size_t equals = strcspn(args->pairs[i], "=");
        CLEANUP(freep) char *key = str_dup((struct str){args->pairs[i], equals});

        json_put_str(tags, key, args->pairs[i] + equals + 1);
    }
    return tags;
}

/* How much an application is used, as cost_use_read() takes it; NULL where nothing is said. */
static json_t *cli_usage(const struct args *args) {
    static const struct {
        const char *member;
        enum option option;
    } rows[] = {{"requests", OPT_REQUESTS},           {"duration_ms", OPT_DURATION_MS},
                {"site_requests", OPT_SITE_REQUESTS}, {"storage_gb", OPT_STORAGE_GB},
                {"transfer_gb", OPT_TRANSFER_GB},     {"log_kb", OPT_LOG_KB}};
    json_t *usage = json_object();

    for (size_t i = 0; i < ARRAY_N(rows); i++) {
        json_put_str(usage, rows[i].member, args_text(args, rows[i].option));
    }
    if (args_is(args, OPT_FREE_TIER)) {
        json_put_bool(usage, "free_tier", true);
    }
    if (json_object_size(usage) == 0) {
        json_decref(usage);
        return NULL;
    }
    return usage;
}

json_t *cli_flags(const struct cli *cli) {
    static const struct {
        const char *member;
        enum option option;
    } texts[] = {{"env", OPT_ENV},
                 {"app", OPT_APP},
                 {"account", OPT_ACCOUNT},
                 {"region", OPT_REGION},
                 {"profile", OPT_PROFILE},
                 {"endpoint_url", OPT_ENDPOINT_URL},
                 {"role_arn", OPT_ROLE_ARN},
                 {"require_approval", OPT_APPROVAL},
                 {"ttl", OPT_TTL}},
      marks[] = {{"yes", OPT_YES},
                 {"trust_repository", OPT_TRUST},
                 {"no_rollback", OPT_NO_ROLLBACK},
                 {"stop_at_plan", OPT_DRY_RUN},
                 {"skip_failed", OPT_SKIP_FAILED},
                 {"purge", OPT_PURGE},
                 {"stop_at_wait", OPT_NO_EXECUTE}};
    json_t *flags = json_object();
    json_t *usage = cli_usage(&cli->args);

    json_put_str(flags, "text", cli->said);
    if (usage != NULL) {
        json_put(flags, "usage", usage);
    }
    if (args_is(&cli->args, OPT_TAGS)) {
        json_put(flags, "tags", cli_pairs(&cli->args));
    }
    for (size_t i = 0; i < ARRAY_N(texts); i++) {
        json_put_str(flags, texts[i].member, args_text(&cli->args, texts[i].option));
    }
    for (size_t i = 0; i < ARRAY_N(marks); i++) {
        if (args_is(&cli->args, marks[i].option)) {
            json_put_bool(flags, marks[i].member, true);
        }
    }
    return flags;
}

const char *cli_word(const struct cli *cli, size_t n) {
    return n + 1 < cli->args.word_n ? cli->args.words[n + 1] : NULL;
}

bool cli_is_interrupted(void) { return atomic_load(&interrupted); }

void cli_calm(void) { atomic_store(&interrupted, false); }

/* ---- Ends ---- */

/* The status word of an error that ended a run. */
static const char *status_of(enum err_code code) {
    static const struct {
        enum err_code code;
        const char *status;
    } rows[] = {
        {ERR_POLICY, "refused"},        {ERR_REJECTED, "refused"},  {ERR_UNSUPPORTED, "refused"},
        {ERR_WAITING, "waiting"},       {ERR_TIMEOUT, "timed_out"}, {ERR_CANCELLED, "cancelled"},
        {ERR_INTERRUPTED, "cancelled"},
    };

    for (size_t i = 0; i < ARRAY_N(rows); i++) {
        if (rows[i].code == code) {
            return rows[i].status;
        }
    }
    return "failed";
}

json_t *cli_error_json(const struct err *err) {
    return json_pack("{s:s, s:s, s:s}", "code", err_wire(err->code), "message", err->text, "remedy",
                     err->remedy);
}

static json_t *result_of(const struct err *err, int exit_status) {
    json_t *result = json_object();

    json_put_str(result, "status",
                 err != NULL                            ? status_of(err->code)
                 : exit_status == 0                     ? "success"
                 : exit_status == err_exit(ERR_WAITING) ? status_of(ERR_WAITING)
                                                        : "failed");
    json_put_int(result, "exit", exit_status);
    if (err != NULL) {
        json_put(result, "error", cli_error_json(err));
    }
    return result;
}

/* A session's end is told at once, and again at the very end when something was printed since. */
void cli_show_result(struct cli *cli, const json_t *result) {
    const char *url = json_str_at(result, "url");

    if (cli->is_json) {
        cli_event(cli, "result", json_deep_copy(result));
        return;
    }
    render_end(cli->render, result);
    if (url != NULL && json_int_or(result, "exit", 1) == 0) {
        cli_print(cli, "%s\n", url);
    }
}

/* plan --detailed-exitcode and --expect-no-changes: 2 means changes, so no error may be 2. */
static int exit_detailed(const struct args *args, const char *status, int exit_status) {
    bool has_changes = strcmp(status, "waiting") == 0;

    if (args_is(args, OPT_NO_CHANGES) && has_changes) {
        return EXIT_CHANGES;
    }
    if (!args_is(args, OPT_DETAILED)) {
        return exit_status;
    }
    if (has_changes) {
        return 2;
    }
    return exit_status == 0 ? 0 : 1;
}

static void cli_start(struct cli *cli) {
    if (cli->has_started || (cli->verb != NULL && cli->verb->is_one_object)) {
        return;
    }
    cli->has_started = true;
    cli_event(cli, "start",
              json_pack("{s:i, s:s, s:s}", "version", 1, "program", AWSCOPILOT_VERSION, "verb",
                        cli->verb == NULL ? "none" : cli->verb->name));
}

void cli_say_typed(struct cli *cli) {
    if (tty_is_terminal(STDIN_FILENO)) {
        cli_say(cli, "type or paste the text; Ctrl-D ends it");
    }
}

enum err_code cli_output_fails(int number, struct err *err) {
    err_errno(err, number, "standard output");
    return err->code == ERR_DISK_FULL ? err_remedy(err, "free some space and begin again")
                                      : err_remedy(err, "give it somewhere to write to");
}

/* What a verb is asked for is its answer: one that could not be written is a failure. A reader that
 * has had enough is none, and a run has done what it did. */
static void end_with_output(struct cli *cli) {
    int failed = fflush(stdout) != 0 && cli->ndjson.failed == 0 ? errno : cli->ndjson.failed;
    struct err err = {0};

    if (failed == 0 || failed == EPIPE || cli->result != NULL) {
        return;
    }
    (void)cli_output_fails(failed, &err);
    cli_complain(cli, &err); /* of JSON too: what says so is what could not be written */
    cli->exit_status = cli->exit_status == 0 ? err_exit(err.code) : cli->exit_status;
}

int cli_end(struct cli *cli, const struct err *err) {
    CLEANUP(json_decrefp) json_t *result = NULL;
    int exit_status =
        err == NULL ? cli->exit_status : exit_detailed(&cli->args, "failed", err_exit(err->code));

    if (err != NULL && !cli->is_json) {
        cli_complain(cli, err);
    }
    if (!cli->is_json || cli->ndjson.ends_in_result ||
        (err == NULL && cli->verb != NULL && cli->verb->is_one_object)) {
        return exit_status;
    }
    result = err == NULL && cli->result != NULL ? json_deep_copy(cli->result)
                                                : result_of(err, exit_status);
    json_put_int(result, "exit", exit_status);
    if (err != NULL) {
        json_put_str(result, "session", cli->stopped);
    }
    cli_event(cli, "result", TAKE(result));
    return exit_status;
}

static void cli_done(struct cli *cli) {
    flow_close(cli->flow);
    render_free(cli->render);
    lines_close(cli->asker.lines);
    redactor_free(cli->redactor);
    json_decref(cli->answered);
    json_decref(cli->way);
    free(cli->stopped);
    json_decref(cli->result);
}

/* ---- Sessions ---- */

static void session_err_add_way(struct err *err, const char *id) {
    if (strstr(err->remedy, "attach") == NULL) {
        CLEANUP(freep) char *remedy = mem_strdup(err->remedy);

        err_remedy(err, "%s%saws-copilot attach %s goes on from here", remedy,
                   remedy[0] == '\0' ? "" : "; ", id);
    }
}

enum err_code cli_run_session(struct cli *cli, struct session *session, struct err *err) {
    CLEANUP(session_closep) struct session *owned = session;
    CLEANUP(session_end_done) struct session_end end = {0};
    CLEANUP(freep) char *id = mem_strdup(session_id(session));
    const json_t *outputs;

    detach_leave(cli, id);
    free(TAKE(cli->stopped));
    if (session_run(owned, &end, err) != ERR_NONE) {
        session_err_add_way(err, id);
        cli->stopped = TAKE(id);
        return err->code;
    }
    cli->exit_status = exit_detailed(&cli->args, end.status, end.exit_status);
    json_decref(cli->result);
    cli->result = json_incref(end.result);
    json_put_str(cli->result, "session", id);
    json_put_int(cli->result, "exit", cli->exit_status);
    json_decref(cli->answered);
    cli->answered =
        json_pack("{s:s, s:O*}", "env", json_str_or(session_state(owned), "fields.env", ""),
                  "answers", json_at(session_state(owned), "answers"));
    outputs = json_at(session_state(owned), "applied.outputs");
    if (outputs != NULL) {
        json_put(cli->result, "outputs", json_deep_copy(outputs));
    }
    session_close(TAKE(owned)); /* before anything is printed: what is shown then is no record */
    cli_show_result(cli, cli->result);
    return ERR_NONE;
}

/* ---- Questions to AWS ---- */

void cli_hush(struct cli *cli) {
    bus_remove(flow_bus(cli->flow), cli_sink(cli), cli_sink_ctx(cli));
}

void cli_unhush(struct cli *cli) { bus_add(flow_bus(cli->flow), cli_sink(cli), cli_sink_ctx(cli)); }

enum err_code cli_ask_agent(struct cli *cli, const struct agent *agent, const json_t *flags,
                            const char *tool, const char *operation, json_t *args, json_t **out,
                            struct err *err) {
    enum err_code code;

    cli_hush(cli);
    code = flow_query(cli->flow, agent, json_deep_copy(flags), tool, operation, args, out, err);
    cli_unhush(cli);
    return code;
}

enum err_code cli_query(struct cli *cli, const json_t *flags, const char *operation, json_t *args,
                        json_t **out, struct err *err) {
    return cli_ask_agent(cli, &agent_validator, flags, "aws_deployer", operation, args, out, err);
}

static json_t *where_of(const json_t *identity, const json_t *place) {
    return agent_args("account", json_str_at(identity, "account"), "region",
                      json_str_at(identity, "region"), "arn", json_str_at(identity, "arn"),
                      "endpoint", json_str_at(identity, "endpoint"), "pinned",
                      json_str_at(place, "account") == NULL ? NULL : "pinned", NULL);
}

enum err_code cli_where(struct cli *cli, const json_t *flags, json_t **out, struct err *err) {
    CLEANUP(json_decrefp) json_t *identity = NULL;
    CLEANUP(json_decrefp) json_t *place = NULL;
    CLEANUP(json_decrefp) json_t *where = NULL;

    if (flow_place(cli->flow, flags, &place, err) != ERR_NONE ||
        cli_query(cli, flags, "identity", json_object(), &identity, err) != ERR_NONE) {
        return err->code;
    }
    where = where_of(identity, place);
    cli_event(cli, "where", json_deep_copy(where));
    if (!cli->is_json) {
        render_event(cli->render, EVENT_WHERE, where);
    }
    *out = TAKE(where);
    return ERR_NONE;
}

/* ---- The program ---- */

/* Without a verb: the conversation, on a terminal. */
static const char *verb_default(const struct cli *cli) {
    if (args_is(&cli->args, OPT_VERSION)) {
        return "version";
    }
    if (args_is(&cli->args, OPT_HELP)) {
        return "help";
    }
    return tty_is_terminal(STDIN_FILENO) && tty_is_terminal(STDERR_FILENO) ? "chat" : NULL;
}

static enum err_code cli_choose(struct cli *cli, struct err *err) {
    const char *name = cli->args.word_n > 0 ? cli->args.words[0] : verb_default(cli);

    if (name == NULL && cli->args.unknown != NULL) {
        return args_check(&cli->args, NULL, OPTIONS_COMMON | OPTIONS_ALONE, err);
    }
    if (name == NULL) {
        err_set(err, ERR_USAGE, "which verb?");
        return err_remedy(err, "aws-copilot help lists them; without a terminal there is no chat");
    }
    cli->verb = verb_find(cli->verbs, name);
    return cli->verb == NULL ? verb_unknown(cli->verbs, name, err) : ERR_NONE;
}

static enum err_code cli_understand(struct cli *cli, struct err *err) {
    const struct verb *verb = cli->verb;
    unsigned groups = verb->options | OPTIONS_COMMON;

    /* an alias says for every verb where it goes: one that needs less of that takes all the same */
    groups |= (groups & OPTIONS_WHERE) != 0 ? (unsigned)OPTIONS_WHERE : 0;

    groups |= cli->args.word_n == 0 ? (unsigned)OPTIONS_ALONE : 0;
    if (args_check(&cli->args, verb->name, groups, err) != ERR_NONE) {
        /* An option of the command that is to be run was taken for one of ours. */
        return cli->args.unknown != NULL && str_starts(str_from(verb->words), STR("-- "))
                   ? err_remedy(err, "write aws-copilot %s %s", verb->name, verb->words)
                   : err->code;
    }
    if (cli->args.word_n > verb->word_max + 1) {
        err_set(err, ERR_USAGE, "%s: '%.60s' is one word too many", verb->name,
                cli->args.words[verb->word_max + 1]);
        return verb->words[0] == '\0'
                   ? err_remedy(err, "it takes none; aws-copilot help %s lists its options",
                                verb->name)
                   : err_remedy(err, "write aws-copilot %s %s", verb->name, verb->words);
    }
    return ERR_NONE;
}

static enum err_code cli_move(const struct cli *cli, struct err *err) {
    const char *folder = args_text(&cli->args, OPT_CWD);

    if (folder != NULL && chdir(folder) != 0) {
        err_set(err, ERR_USAGE, "the folder %s cannot be entered", folder);
        return err_remedy(err, "name a folder that is there with -C");
    }
    return ERR_NONE;
}

static enum err_code cli_run(struct cli *cli, int argc, char *const *argv, struct err *err) {
    if (args_read(argc, argv, &cli->args, err) != ERR_NONE || cli_choose(cli, err) != ERR_NONE) {
        return err->code;
    }
    if (cli_understand(cli, err) != ERR_NONE || cli_move(cli, err) != ERR_NONE) {
        return err->code;
    }
    cli_prepare(cli);
    cli_start(cli);
    if (args_is(&cli->args, OPT_HELP) && strcmp(cli->verb->name, "help") != 0) {
        help_verb(cli, cli->verb);
        return ERR_NONE;
    }
    interrupt_watch();
    if (args_is(&cli->args, OPT_DETACH)) {
        bool is_here = true;

        if (detach_begin(cli, &is_here, err) != ERR_NONE || is_here) {
            return err->code;
        }
    }
    return cli->verb->run(cli, err);
}

int cli_main(const struct verb *const *verbs, int argc, char *const *argv) {
    struct cli cli = {.verbs = verbs};
    struct err err = {0};
    int exit_status;

    if (cli_run(&cli, argc, argv, &err) == ERR_NONE) {
        end_with_output(&cli);
        exit_status = cli_end(&cli, NULL);
    } else {
        cli_prepare_early(&cli);
        cli_start(&cli);
        exit_status = cli_end(&cli, &err);
    }
    cli_done(&cli);
    return exit_status;
}
