/* chat: the conversation, offline: a line, what it means, the verb that does it. On a terminal with
 * line editing, or from a pipe, a line a turn. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "front/chat/chat_room.h"
#include "front/cli/suggest.h"
#include "guard/moderation.h"
#include "sys/fs.h"

enum { TEXT_BYTES_MAX = 64 * 1024 };

struct chat {
    struct cli *cli;
    struct lines *lines;
    char *values[OPT_N]; /* what "change X to ..." set; owned */
    char *offer;         /* the session that "yes" or "resume" goes on with; NULL: none */
    char *verb;          /* what runs now, to be begun anew after a change; NULL: nothing */
    struct turns turns;  /* the last ones, for the model */
    bool is_changed;     /* a change came in the middle of a run */
    bool is_over;
};

/* ---- Values ---- */

enum { ENVS_MAX = 32 };

static enum option option_called(const char *name) {
    for (enum option o = 0; o < OPT_N; o++) {
        if (strcmp(option_rows[o].name, name) == 0) {
            return o;
        }
    }
    return OPT_N;
}

/* Reads a line, knowing the names of the environments in aws-copilot.yml. */
static void chat_understand(const struct chat *chat, const char *line, struct understood *out) {
    const struct project *project = flow_project(chat->cli->flow);
    const char *envs[ENVS_MAX + 1] = {NULL};

    for (size_t i = 0; project != NULL && i < project->env_n && i < ENVS_MAX; i++) {
        envs[i] = project->envs[i].name;
    }
    understand(line, envs, out);
}

/* Whether the file, where it names environments, names this one; says so if not. */
static bool chat_has_env(struct chat *chat, const char *name) {
    const struct project *project = flow_project(chat->cli->flow);
    struct err err = {0};

    if (project == NULL || project->env_n == 0 || project_env(project, name) != NULL) {
        return true;
    }
    err_set(&err, ERR_CONFIG, PROJECT_FILE " has no environment '%.40s'", name);
    err_remedy(&err, "add it: aws-copilot env add %.40s", name);
    cli_complain(chat->cli, &err);
    return false;
}

/* Sets an option, checked as on the command line; what is no such value is said and changes
 * nothing. `is_kept`: for all that follows, and said so. */
static bool chat_set(struct chat *chat, enum slot slot, const char *value, bool is_kept) {
    struct cli *cli = chat->cli;
    enum option option = option_called(slot_name(slot));
    const char *before = cli->args.values[option];
    struct err err = {0};

    if (before != NULL && strcmp(before, value) == 0) {
        return true;
    }
    if (slot == SLOT_ENV && !chat_has_env(chat, value)) {
        return false;
    }
    cli->args.values[option] = value;
    cli->args.is_typed[option] = true;
    if (args_check(&cli->args, "chat", cli->verb->options | OPTIONS_LOGS | OPTIONS_COMMON, &err) !=
        ERR_NONE) {
        cli->args.values[option] = before;
        cli_complain(cli, &err);
        return false;
    }
    free(chat->values[option]);
    chat->values[option] = mem_strdup(value);
    cli->args.values[option] = chat->values[option];
    if (is_kept) {
        cli_say(cli, "%s is %s from now on", slot_name(slot), chat->values[option]);
    }
    return true;
}

/* What belongs to one look at the logs. */
static bool slot_is_fleeting(enum slot slot) {
    return slot == SLOT_SINCE || slot == SLOT_FOLLOW || slot == SLOT_FILTER;
}

/* What is a word of its verb, not an option. */
static bool slot_is_word(enum slot slot) { return slot == SLOT_RELEASE || slot == SLOT_NAME; }

/* "the same as last time": what this line does not say itself is as in the newest session. */
static bool chat_set_as_before(struct chat *chat, struct understood *said) {
    static const enum slot slots[] = {SLOT_ENV, SLOT_APP, SLOT_REGION};
    CLEANUP(json_decrefp) json_t *fields = NULL;
    struct err err = {0};

    if (why_last_fields(chat->cli, &fields, &err) != ERR_NONE) {
        cli_complain(chat->cli, &err);
        return false;
    }
    if (fields == NULL) {
        cli_say(chat->cli, "there is no earlier run of this repository on this machine");
        return false;
    }
    for (size_t i = 0; i < ARRAY_N(slots); i++) {
        const char *value = json_str_or(fields, slot_name(slots[i]), "");

        if (said->values[slots[i]][0] == '\0' && said->others[slots[i]][0] == '\0' &&
            strlen(value) < SLOT_BYTES_MAX) {
            memcpy(said->values[slots[i]], value, strlen(value) + 1);
        }
    }
    return true;
}

/* Asks which of several a value means; false: it stays open, and so does what was wanted. */
static bool chat_choose(struct chat *chat, struct understood *said, enum slot slot) {
    CLEANUP(freep) char *question = mem_format("Which %s is meant?", slot_name(slot));
    CLEANUP(json_decrefp) json_t *choices = json_array();
    CLEANUP(freep) char *answer = NULL;
    struct str rest = str_from(said->others[slot]);
    struct str piece = {0};
    struct err err = {0};

    while (str_next(&rest, ' ', &piece)) {
        (void)json_array_append_new(choices, json_string_of(piece));
    }
    if (asker_choose(&chat->cli->asker, question, choices, &answer, &err) != ERR_NONE) {
        cli_complain(chat->cli, &err);
        return false;
    }
    (void)snprintf(said->values[slot], SLOT_BYTES_MAX, "%s", answer);
    return true;
}

/* Takes over what the line decides; false: something of it is no value, and nothing runs. */
static bool chat_take(struct chat *chat, struct understood *said) {
    bool is_fine = !said->is_as_before || chat_set_as_before(chat, said);

    for (enum slot slot = SLOT_NONE + 1; is_fine && slot < SLOT_N; slot++) {
        if (said->others[slot][0] != '\0') {
            is_fine = chat_choose(chat, said, slot);
        }
        if (is_fine && said->values[slot][0] != '\0' && !slot_is_word(slot)) {
            is_fine = chat_set(chat, slot, said->values[slot], !slot_is_fleeting(slot));
        }
    }
    return is_fine;
}

static void chat_forget_fleeting(struct chat *chat) {
    for (enum slot slot = SLOT_NONE + 1; slot < SLOT_N; slot++) {
        if (slot_is_fleeting(slot)) {
            enum option option = option_called(slot_name(slot));

            free(chat->values[option]);
            chat->values[option] = NULL;
            chat->cli->args.values[option] = NULL;
        }
    }
}

/* A line in the middle of a run that is no answer: a change ends the run, which is begun anew.
 * Where any text may be the answer, only one that begins with "change" is a change. */
static bool chat_aside(void *ctx, const char *line, bool is_free) {
    struct chat *chat = ctx;
    struct understood said;

    if (is_free && !str_starts(str_from(line), STR("change "))) {
        return false;
    }
    chat_understand(chat, line, &said);
    if (said.intent != INTENT_CHANGE || !chat_take(chat, &said)) {
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
    chat->is_over = chat->is_over || json_bool_at(cli->result, "ends_conversation");
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

/* Whether the row is something that this program can do. */
static bool chat_knows(const struct chat *chat, const struct intent_row *row) {
    CLEANUP(freep)
    char *name =
        row->verb == NULL ? NULL : str_dup((struct str){row->verb, strcspn(row->verb, " ")});

    return name == NULL || verb_find(chat->cli->verbs, name) != NULL;
}

static void chat_help(struct chat *chat) {
    CLEANUP(buf_done) struct buf out = BUF_INIT(TEXT_BYTES_MAX);
    size_t n = 0;
    const struct intent_row *rows = intent_rows(&n);

    for (size_t i = 0; i < n; i++) {
        if (rows[i].about != NULL && chat_knows(chat, &rows[i])) {
            buf_addf(&out, "  %-12s %s\n",
                     rows[i].verb != NULL ? rows[i].verb : intent_name(rows[i].intent),
                     rows[i].about);
        }
    }
    buf_add_s(&out,
              "  Say it in your own words, several things in one sentence if you like: deploy to "
              "staging in\n  Frankfurt; no, Ireland; the same as last time. Region, account, "
              "environment, app, profile and\n  ttl hold for what follows.\n");
    if (!chat->cli->is_json) {
        render_print(chat->cli->render, &out);
    }
}

/* Why it failed, where the last run did; else why it would change what it would. */
static void chat_why(struct chat *chat, const char *line) {
    CLEANUP(buf_done) struct buf out = BUF_INIT(TEXT_BYTES_MAX);
    struct err err = {0};
    bool is_told = false;

    if (chat->offer == NULL && why_failed(chat->cli, &is_told, &err) != ERR_NONE) {
        cli_complain(chat->cli, &err);
        return;
    }
    if (is_told) {
        return;
    }
    render_why(&chat->cli->screen, &out, render_change_set(chat->cli->render), line);
    if (!chat->cli->is_json) {
        render_print(chat->cli->render, &out);
    }
}

static void chat_recall(struct chat *chat, const char *line) {
    struct err err = {0};
    size_t n = 0;

    if (why_seen_before(chat->cli, line, NULL, &n, &err) != ERR_NONE) {
        cli_complain(chat->cli, &err);
    } else if (n == 0) {
        cli_say(chat->cli, "nothing like that is on record on this machine");
    }
}

static void chat_unknown(struct chat *chat, const char *line) {
    CLEANUP(freep) char *first = str_dup((struct str){line, strcspn(line, " ")});
    const char *words[64];
    const char *near;
    size_t n = 0;

    for (const struct verb *const *verb = chat->cli->verbs; *verb != NULL; verb++) {
        if ((*verb)->section != VERBS_HIDDEN && n < ARRAY_N(words)) {
            words[n++] = (*verb)->name;
        }
    }
    near = suggest_nearest(first, words, n);
    if (near != NULL) {
        cli_say(chat->cli, "did you mean %s? help lists what I understand", near);
        return;
    }
    cli_say(chat->cli, "I did not understand that. I understand for example: deploy to staging in "
                       "Frankfurt, what would change, why did it fail, show the logs of the last "
                       "hour; help lists all of it");
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

/* Whether the verb changes nothing. */
static bool verb_only_looks(const char *verb) {
    static const char *const looking[] = {"status",    "outputs",  "logs",       "history",
                                          "inspect",   "estimate", "secrets ls", "env ls",
                                          "approvals", "audit",    "doctor",     "drift"};

    for (size_t i = 0; i < ARRAY_N(looking); i++) {
        if (strcmp(looking[i], verb) == 0) {
            return true;
        }
    }
    return false;
}

/* A misspelt word is a guess; one that would do something is asked about. */
static bool chat_is_meant(struct chat *chat, const char *verb) {
    CLEANUP(freep) char *question = mem_format("did you mean %s?", verb);
    struct err err = {0};
    bool is_yes = false;

    return verb_only_looks(verb) ||
           (asker_confirm(&chat->cli->asker, question, true, &is_yes, &err) == ERR_NONE && is_yes);
}

/* Runs what the line wants, with what it decides. */
static void chat_do(struct chat *chat, struct understood *said, const char *line) {
    const char *verb = said->row->verb;
    CLEANUP(freep) char *name = str_dup((struct str){verb, strcspn(verb, " ")});
    const char *word = said->values[SLOT_NAME][0] != '\0'      ? said->values[SLOT_NAME]
                       : said->values[SLOT_RELEASE][0] != '\0' ? said->values[SLOT_RELEASE]
                                                               : NULL;

    if (verb_find(chat->cli->verbs, name) == NULL) {
        cli_say(chat->cli, "that is %s, which this version cannot do yet", name);
        return;
    }
    if (strcmp(verb, "secrets set") == 0 && word == NULL) {
        cli_say(chat->cli, "which one? say for example: set secret DATABASE_URL");
        return;
    }
    if (said->is_slip && !chat_is_meant(chat, verb)) {
        return;
    }
    if (chat_take(chat, said)) {
        chat_run(chat, verb, word, line);
    }
    chat_forget_fleeting(chat);
}

/* Whether the person means what was made of the line. */
static bool chat_confirm(struct chat *chat, const struct understood *said) {
    CLEANUP(buf_done) struct buf what = BUF_INIT(TEXT_BYTES_MAX);
    CLEANUP(freep) char *question = NULL;
    struct err err = {0};
    bool is_yes = false;

    buf_add_s(&what, said->row != NULL ? said->row->verb : intent_name(said->intent));
    for (enum slot slot = SLOT_NONE + 1; slot < SLOT_N; slot++) {
        if (said->values[slot][0] != '\0') {
            buf_addf(&what, ", %s %s", slot_name(slot), said->values[slot]);
        }
    }
    question = mem_format("I understand: %s. Is that right?", buf_cstr(&what));
    return asker_confirm(&chat->cli->asker, question, true, &is_yes, &err) == ERR_NONE && is_yes;
}

/* What a long text decides, a paste for instance, is said once more before it counts. */
static bool chat_is_sure(struct chat *chat, const struct understood *said) {
    bool is_doing = said->intent == INTENT_CHANGE ||
                    (said->intent == INTENT_VERB && !verb_only_looks(said->row->verb));

    return !said->is_long || !is_doing || chat_confirm(chat, said);
}

static void chat_understood(struct chat *chat, struct understood *said, const char *line) {
    switch (said->intent) {
    case INTENT_VERB:
        chat_do(chat, said, line);
        break;
    case INTENT_CHANGE:
        (void)chat_take(chat, said);
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
        chat_why(chat, line);
        break;
    case INTENT_RECALL:
        chat_recall(chat, line);
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
    case INTENT_OFF_TOPIC:
        cli_say(chat->cli,
                "that is nothing I can help with: I take this repository to AWS and look "
                "after it there; help lists how");
        break;
    case INTENT_UNKNOWN:
    case INTENT_N:
        chat_unknown(chat, line);
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

/* ---- With a model ---- */

/* What holds so far, as the model is told. */
static char *chat_known(const struct chat *chat) {
    static const enum slot slots[] = {SLOT_ENV, SLOT_APP, SLOT_ACCOUNT, SLOT_REGION};
    CLEANUP(buf_done) struct buf out = BUF_INIT(TEXT_BYTES_MAX);
    const struct project *project = flow_project(chat->cli->flow);

    for (size_t i = 0; i < ARRAY_N(slots); i++) {
        const char *value = chat->cli->args.values[option_called(slot_name(slots[i]))];

        if (value != NULL) {
            buf_addf(&out, "%s: %s\n", slot_name(slots[i]), value);
        }
    }
    for (size_t i = 0; project != NULL && i < project->env_n; i++) {
        buf_addf(&out, "environment of aws-copilot.yml: %s\n", project->envs[i].name);
    }
    return mem_strdup(buf_cstr(&out));
}

/* Tries a line that the patterns do not know on the model; false: it does not help either. */
static bool chat_listen(struct chat *chat, const char *line) {
    CLEANUP(heard_done) struct heard heard = {0};
    CLEANUP(freep) char *known = NULL;
    struct err err = {0};

    if (!flow_has_model(chat->cli->flow)) {
        return false;
    }
    known = chat_known(chat);
    if (listen_with_model(chat->cli, &chat->turns, line, known, &heard, &err) != ERR_NONE) {
        cli_complain(chat->cli, &err);
        chat->is_over = heard.is_over;
        return err.code == ERR_POLICY;
    }
    if (heard.is_malicious) {
        chat_refuse(chat, line);
        return true;
    }
    if (heard.is_question) {
        if (answer_with_model(chat->cli, &chat->turns, line, known, &chat->is_over, &err) !=
            ERR_NONE) {
            cli_complain(chat->cli, &err);
        }
        return true;
    }
    if (heard.said.intent == INTENT_UNKNOWN) {
        return false;
    }
    if (heard.question != NULL) {
        cli_say(chat->cli, "%s", heard.question);
        return true;
    }
    if ((heard.said.intent == INTENT_VERB || heard.said.intent == INTENT_CHANGE) &&
        !chat_confirm(chat, &heard.said)) {
        cli_say(chat->cli, "all right; say it in other words");
        return true;
    }
    chat_understood(chat, &heard.said, line);
    return true;
}

/* What the program came to in this turn, for the next one. */
static void chat_note(struct chat *chat, const char *line) {
    CLEANUP(masked_done) struct masked masked = {0};
    CLEANUP(freep) char *came = NULL;

    redact_text(flow_redactor(chat->cli->flow), str_from(line), &masked);
    turns_add(&chat->turns, "The person", masked_cstr(&masked));
    if (chat->verb != NULL) {
        came = mem_format("ran %s: %s %s", chat->verb, json_str_or(chat->cli->result, "status", ""),
                          json_str_or(chat->cli->result, "error.message", ""));
        turns_add(&chat->turns, "The program", came);
    }
}

static void chat_turn(struct chat *chat, const char *line) {
    struct understood said;
    struct moderation found;

    if (chat_catches_secret(chat, line)) {
        return;
    }
    found = moderation_judge(str_from(line));
    if (found.verdict == MODERATION_END) {
        chat_refuse(chat, line);
        return;
    }
    if (found.verdict == MODERATION_DECLINE) {
        cli_say(chat->cli, "%s", moderation_text(found));
        return;
    }
    chat_understand(chat, line, &said);
    if ((said.intent == INTENT_UNKNOWN || said.intent == INTENT_OFF_TOPIC) &&
        chat_listen(chat, line)) {
        return;
    }
    if (chat_is_sure(chat, &said)) {
        chat_understood(chat, &said, line);
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
            if (chat->cli->flow != NULL) {
                chat_note(chat, line);
            }
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
    turns_done(&chat.turns);
    cli->asker.aside = NULL;
    return code;
}

const struct verb verb_chat = {
    .name = "chat",
    .words = "",
    .summary = "the conversation of this repository; goes on with what is open",
    .more = "Understands sentences such as: deploy, what would change, why, change region to "
            "eu-west-1, status, cancel. From a pipe, each line is a turn.",
    .section = VERBS_DEPLOY,
    .options = (RUN_OPTIONS_DEPLOY & ~(OPTIONS_ROAD | OPTIONS_USAGE)),
    .run = chat_run_verb,
};
