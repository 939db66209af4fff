/* chat: the conversation, offline: a line, what it means, the verb that does it. On a terminal with
 * line editing, or from a pipe, a line a turn. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "front/chat/intent.h"
#include "front/cli/suggest.h"
#include "front/verb/run.h"
#include "guard/policy.h"
#include "sys/fs.h"

enum { TEXT_BYTES_MAX = 64 * 1024 };

struct chat {
    struct cli *cli;
    struct lines *lines;
    char *values[OPT_N]; /* what "change X to ..." set; owned */
    char *offer;         /* the session that "yes" or "resume" goes on with; NULL: none */
    char *verb;          /* what runs now, to be begun anew after a change; NULL: nothing */
    bool is_changed;     /* a change came in the middle of a run */
    bool is_over;
};

/* ---- Changes ---- */

static enum option option_called(const char *name) {
    for (enum option o = 0; o < OPT_N; o++) {
        if (strcmp(option_rows[o].name, name) == 0) {
            return o;
        }
    }
    return OPT_N;
}

/* Sets an option for all that follows; what is no such value is said and changes nothing. */
static bool chat_change(struct chat *chat, const struct intent_found *found) {
    struct cli *cli = chat->cli;
    enum option option = option_called(found->row->word);
    const char *before = cli->args.values[option];
    struct err err = {0};

    cli->args.values[option] = found->value;
    if (args_check(&cli->args, "chat", cli->verb->options | OPTIONS_COMMON, &err) != ERR_NONE) {
        cli->args.values[option] = before;
        cli_complain(cli, &err);
        return false;
    }
    free(chat->values[option]);
    chat->values[option] = mem_strdup(found->value);
    cli->args.values[option] = chat->values[option];
    cli_say(cli, "%s is %s from now on", found->row->word, chat->values[option]);
    return true;
}

/* A line in the middle of a run that is no answer: a change ends the run, which is begun anew. */
static bool chat_aside(void *ctx, const char *line) {
    struct chat *chat = ctx;
    CLEANUP(intent_found_done) struct intent_found found = {0};

    if (!str_starts(str_from(line), STR("change "))) {
        return false;
    }
    intent_read(line, &found);
    if (found.row == NULL || found.row->intent != INTENT_CHANGE || !chat_change(chat, &found)) {
        return false;
    }
    chat->is_changed = true;
    return true;
}

/* ---- Running verbs ---- */

static void chat_offer(struct chat *chat, const char *id) {
    free(chat->offer);
    chat->offer = mem_strdup(id);
}

/* A new project file is a new start. */
static enum err_code chat_reopen(struct chat *chat, struct err *err) {
    flow_close(chat->cli->flow);
    chat->cli->flow = NULL;
    return cli_flow(chat->cli, err);
}

static void chat_begin(struct chat *chat, const char *line) {
    struct cli *cli = chat->cli;

    json_decref(cli->result);
    cli->result = NULL;
    cli->exit_status = 0;
    cli->ndjson.ends_in_result = false;
    cli->said = line;
    cli_start_clock(cli); /* a turn is a run */
}

/* What was stopped in the middle can be resumed in this conversation too. */
static void chat_offer_open(struct chat *chat) {
    CLEANUP(arena_freep) struct arena *arena = arena_new();
    struct err unread = {0};
    const char *id = NULL;

    if (chat->cli->flow != NULL && run_open_session(chat->cli, arena, &id, &unread) == ERR_NONE &&
        id != NULL) {
        chat_offer(chat, id);
    }
}

/* How the turn ended; Ctrl-C ends the turn and not the conversation. */
static void chat_end(struct chat *chat, enum err_code code, const struct err *err) {
    struct cli *cli = chat->cli;
    const char *status;

    cli->exit_status = cli_end(cli, code == ERR_NONE ? NULL : err);
    cli->said = NULL;
    if (code == ERR_INTERRUPTED) {
        cli_calm();
    }
    status = json_str_or(cli->result, "status", "");
    if (strcmp(status, "waiting") == 0) {
        chat_offer(chat, json_str_at(cli->result, "session"));
        cli_say(cli, "say yes to look at it and decide");
    } else {
        chat_offer(chat, NULL);
    }
    if (code != ERR_NONE) {
        chat_offer_open(chat);
    }
}

/* What verbs wrote into the project file counts from the next line on. */
static void chat_renew(struct chat *chat) {
    struct err err = {0};

    if (!chat->cli->has_new_file) {
        return;
    }
    chat->cli->has_new_file = false;
    if (chat_reopen(chat, &err) != ERR_NONE) {
        cli_complain(chat->cli, &err);
        chat->is_over = true;
    }
}

/* Runs a verb as if `words`, "secrets set", and `value` stood on the command line. */
static void chat_run(struct chat *chat, const char *words, const char *value, const char *line) {
    struct cli *cli = chat->cli;
    const struct args before = cli->args;
    CLEANUP(freep) char *name = str_dup((struct str){words, strcspn(words, " ")});
    const char *rest = words[strlen(name)] == ' ' ? words + strlen(name) + 1 : NULL;
    const struct verb *verb = verb_find(cli->verbs, name);

    cli->args.words[0] = name;
    cli->args.words[1] = rest;
    cli->args.words[2] = value;
    cli->args.word_n = rest == NULL ? 1 : value == NULL ? 2 : 3;
    free(chat->verb);
    chat->verb = mem_strdup(name);
    do {
        struct err err = {0};
        enum err_code code;

        chat->is_changed = false;
        chat_begin(chat, line);
        code = verb->run(cli, &err);
        chat_end(chat, code, &err);
        chat_renew(chat);
    } while (chat->is_changed);
    memcpy(cli->args.words, before.words, sizeof before.words);
    cli->args.word_n = before.word_n;
}

static void chat_resume(struct chat *chat, const char *line) {
    struct err err = {0};
    CLEANUP(freep) char *id = mem_strdup(chat->offer);
    enum err_code code;

    if (id == NULL) {
        cli_say(chat->cli, "nothing is open that could go on; say deploy to begin");
        return;
    }
    chat_begin(chat, line);
    code = run_again(chat->cli, id, &err);
    chat_end(chat, code, &err);
    chat_renew(chat);
}

/* ---- Words ---- */

static void chat_help(struct chat *chat) {
    CLEANUP(buf_done) struct buf out = BUF_INIT(TEXT_BYTES_MAX);
    size_t n = 0;
    const struct intent_row *rows = intent_rows(&n);

    for (size_t i = 0; i < n; i++) {
        if (rows[i].about != NULL) {
            buf_addf(&out, "  %-22s %s\n", rows[i].phrase, rows[i].about);
        }
    }
    if (!chat->cli->is_json) {
        render_print(chat->cli->render, &out);
    }
}

static void chat_why(struct chat *chat) {
    CLEANUP(buf_done) struct buf out = BUF_INIT(TEXT_BYTES_MAX);

    render_why(&chat->cli->screen, &out, render_change_set(chat->cli->render));
    if (!chat->cli->is_json) {
        render_print(chat->cli->render, &out);
    }
}

static void chat_unknown(struct chat *chat, const char *line) {
    CLEANUP(freep) char *first = str_dup((struct str){line, strcspn(line, " ")});
    const char *words[128];
    const char *near;
    size_t n = 0;
    size_t row_n = 0;
    const struct intent_row *rows = intent_rows(&row_n);

    for (size_t i = 0; i < row_n && n < ARRAY_N(words); i++) {
        if (strchr(rows[i].phrase, ' ') == NULL) {
            words[n++] = rows[i].phrase;
        }
    }
    near = suggest_nearest(first, words, n);
    if (near != NULL) {
        cli_say(chat->cli, "did you mean %s? help lists what I understand", near);
        return;
    }
    cli_say(chat->cli, "I did not understand that. I understand for example: deploy, plan, status, "
                       "logs, change region to eu-west-1; help lists all of it");
}

/* A request that this program never helps with is on record, and ends the conversation. */
static void chat_refuse(struct chat *chat, const char *line) {
    struct err err = {0};
    enum err_code code;

    chat_begin(chat, line);
    code = run_here(chat->cli, "deploy", cli_flags(chat->cli), &err);
    chat_end(chat, code, &err);
    chat->is_over = true;
}

static void chat_understood(struct chat *chat, const struct intent_found *found, const char *line) {
    switch (found->row->intent) {
    case INTENT_VERB:
        chat_run(chat, found->row->word, found->value, line);
        break;
    case INTENT_CHANGE:
        (void)chat_change(chat, found);
        break;
    case INTENT_YES:
    case INTENT_RESUME:
        chat_resume(chat, line);
        break;
    case INTENT_NO:
        chat_offer(chat, NULL);
        cli_say(chat->cli, "all right; nothing was done");
        break;
    case INTENT_WHY:
        chat_why(chat);
        break;
    case INTENT_CANCEL:
        cli_say(chat->cli, "nothing runs that could be cancelled");
        break;
    case INTENT_HELP:
        chat_help(chat);
        break;
    case INTENT_QUIT:
        chat->is_over = true;
        break;
    case INTENT_GREETING:
        cli_say(chat->cli, "hello; say deploy to take this repository to AWS, or help");
        break;
    case INTENT_UNKNOWN:
    case INTENT_N:
        break;
    }
}

/* The first word of the line that may be the name of a secret: "KEY" of "set KEY=hunter2". The
 * caller frees; NULL: none. */
static char *chat_secret_name(const char *line) {
    struct str rest = str_from(line);
    struct str piece = {0};

    while (str_next(&rest, ' ', &piece)) {
        CLEANUP(freep) char *word = str_dup(piece);
        struct err unfit = {0};

        word[strcspn(word, "=:")] = '\0';
        if (redact_is_secret_key(str_from(word)) &&
            project_check_secret(word, &unfit) == ERR_NONE) {
            return TAKE(word);
        }
    }
    return NULL;
}

/* A line with a secret in it is no instruction: it is kept nowhere, and the way that shows nothing
 * is offered. */
static bool chat_catches_secret(struct chat *chat, const char *line) {
    struct cli *cli = chat->cli;
    CLEANUP(masked_done) struct masked masked = {0};
    CLEANUP(freep) char *name = NULL;
    CLEANUP(freep) char *question = NULL;
    struct err err = {0};
    bool is_yes = false;

    redact_text(flow_redactor(cli->flow), str_from(line), &masked);
    if (strcmp(masked_cstr(&masked), line) == 0) {
        return false;
    }
    cli_say(cli,
            "that line holds what looks like a secret; it was kept nowhere, but it stood on the "
            "screen. set secret NAME asks for a value without showing it");
    name = chat_secret_name(line);
    question = mem_format("Take the value of %s that way now?", name);
    if (name != NULL && asker_confirm(&cli->asker, question, true, &is_yes, &err) == ERR_NONE &&
        is_yes) {
        chat_run(chat, "secrets set", name, masked_cstr(&masked));
    }
    return true;
}

static void chat_turn(struct chat *chat, const char *line) {
    CLEANUP(intent_found_done) struct intent_found found = {0};

    if (chat_catches_secret(chat, line)) {
        return;
    }
    if (policy_is_malicious(str_from(line), NULL)) {
        chat_refuse(chat, line);
        return;
    }
    intent_read(line, &found);
    if (found.row == NULL) {
        chat_unknown(chat, line);
    } else {
        chat_understood(chat, &found, line);
    }
}

/* ---- The conversation ---- */

/* $XDG_STATE_HOME/aws-copilot/history, where the store is too. */
static void chat_name_history(struct chat *chat) {
    const char *base = getenv("XDG_STATE_HOME");
    const char *home = getenv("HOME");
    CLEANUP(freep)
    char *path = base != NULL && base[0] == '/' ? mem_format("%s/aws-copilot/history", base)
                 : home != NULL ? mem_format("%s/.local/state/aws-copilot/history", home)
                                : NULL;

    if (path != NULL) {
        lines_name_history(chat->lines, path);
    }
}

static void chat_keep(struct chat *chat, const char *line) {
    CLEANUP(masked_done) struct masked masked = {0};

    redact_text(flow_redactor(chat->cli->flow), str_from(line), &masked);
    lines_keep(chat->lines, masked_cstr(&masked));
    if (!lines_is_terminal(chat->lines)) {
        cli_say(chat->cli, "> %s", masked_cstr(&masked)); /* a script reads like a talk */
    }
}

static enum err_code chat_greet(struct chat *chat, struct err *err) {
    struct cli *cli = chat->cli;
    CLEANUP(arena_freep) struct arena *arena = arena_new();
    char owner[160] = "";
    bool is_held = false;
    const char *id = NULL;

    cli_say(cli, "aws-copilot " AWSCOPILOT_VERSION " in %s", flow_root(cli->flow));
    if (run_open_session(cli, arena, &id, err) != ERR_NONE ||
        (id != NULL && run_owner(cli, id, &is_held, owner, sizeof owner, err) != ERR_NONE)) {
        return err->code;
    }
    if (id != NULL && is_held) {
        cli_say(cli, "%s runs session %s; aws-copilot attach watches it", owner, id);
    } else if (id != NULL) {
        chat_offer(chat, id);
        cli_say(cli,
                "session %s of this repository is not finished: say resume to go on with it, "
                "or anything else to begin anew",
                id);
    } else {
        cli_say(cli, "say deploy to take this repository to AWS, or help");
    }
    return ERR_NONE;
}

static void chat_loop(struct chat *chat) {
    struct line_wait wait = {.interrupted = chat->cli->asker.interrupted};

    while (!chat->is_over) {
        CLEANUP(freep) char *line = NULL;
        enum line_end end;

        render_rest(chat->cli->render);
        end = lines_read(chat->lines, "> ", &wait, &line);
        if (end == LINE_INTERRUPTED) {
            cli_calm();
            cli_say(chat->cli, "Ctrl-C again, or quit, ends the conversation");
        } else if (end != LINE_READ) {
            break;
        } else if (line[0] != '\0') {
            chat_keep(chat, line);
            chat_turn(chat, line);
        }
    }
}

static enum err_code chat_open(struct chat *chat, struct err *err) {
    struct cli *cli = chat->cli;

    if (cli_lines(cli, err) != ERR_NONE) {
        return err->code;
    }
    if (cli->asker.lines == NULL && !args_is(&cli->args, OPT_NON_INTERACTIVE)) {
        cli->asker.lines = lines_open_pipe(STDIN_FILENO);
    }
    if (cli->asker.lines == NULL) {
        err_set(err, ERR_USAGE, "a conversation needs somebody to talk with");
        return err_remedy(err, "leave --non-interactive out, or use a verb such as deploy");
    }
    cli->asker.aside = chat_aside;
    cli->asker.aside_ctx = chat;
    chat->lines = cli->asker.lines;
    if (cli_flow(cli, err) != ERR_NONE) {
        return err->code;
    }
    chat_name_history(chat);
    return chat_greet(chat, err);
}

static enum err_code chat_run_verb(struct cli *cli, struct err *err) {
    struct chat chat = {.cli = cli};
    enum err_code code = chat_open(&chat, err);

    if (code == ERR_NONE) {
        chat_loop(&chat);
    }
    for (enum option o = 0; o < OPT_N; o++) {
        if (chat.values[o] != NULL) {
            cli->args.values[o] = NULL;
            free(chat.values[o]);
        }
    }
    free(chat.offer);
    free(chat.verb);
    cli->asker.aside = NULL;
    return code;
}

const struct verb verb_chat = {
    .name = "chat",
    .words = "",
    .summary = "a conversation in this repository; goes on with what is open",
    .more = "Understands sentences such as: deploy, what would change, why, change region to "
            "eu-west-1,\n"
            "status, cancel. From a pipe, each line is a turn.",
    .section = VERBS_DEPLOY,
    .options = OPTIONS_WHERE | OPTIONS_ASK | OPTIONS_RUN | OPTIONS_CHANGE,
    .run = chat_run_verb,
};
