/* What happens, drawn for people. */
#include "front/render/render.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "front/render/live.h"
#include "front/render/speech.h"
#include "guard/price/cost.h"

enum {
    TEXT_BYTES_MAX = 256 * 1024,
    WARNINGS_MAX = 50,
    STEPS = 8,
    STATUS_COLUMNS = 22,
    ID_COLUMNS = 28,
    ID_COLUMNS_MIN = 10,
    MARK_COLUMNS = 4,
    TIME_COLUMNS = 12
};

struct render {
    struct screen screen;
    struct live *live;
    enum progress progress;
    bool is_verbose;
    char *heading;  /* of the phase, until something is shown below it */
    char *said;     /* the last progress line, so that it is not repeated */
    char *step;     /* what goes on, without how far it is: its clock runs on */
    bool is_rested; /* a person was asked: the clock of what goes on starts anew */
    json_t *change_set;
    json_t *plan;
    json_t *warnings[WARNINGS_MAX]; /* each once */
    size_t warning_n;
    int64_t cancelled;     /* resources that failed only because another one had; not shown yet */
    int64_t folded;        /* the same, of the whole run */
    struct speech *speech; /* of a model that is speaking; NULL: none */
    char *speech_call;
};

/* ---- Small pieces ---- */

static void put_remedy(const struct render *render, struct buf *out, const char *remedy) {
    if (remedy != NULL && remedy[0] != '\0') {
        CLEANUP(buf_done) struct buf line = BUF_INIT(TEXT_BYTES_MAX);

        buf_addf(&line, "→ %s", remedy);
        screen_text(&render->screen, out, 4, buf_cstr(&line));
    }
}

void render_error(const struct screen *screen, struct buf *out, const char *text,
                  const char *remedy) {
    CLEANUP(buf_done) struct buf line = BUF_INIT(TEXT_BYTES_MAX);

    screen_bullet(screen, out, STYLE_BAD, "✗", text);
    if (remedy != NULL && remedy[0] != '\0') {
        buf_addf(&line, "→ %s", remedy);
        screen_text(screen, out, 4, buf_cstr(&line));
    }
}

/* "arn:aws:sts::1:assumed-role/deployer/ada" is role deployer, "arn:aws:iam::1:user/ada" user ada.
 */
static void put_role(struct buf *out, const char *arn) {
    const char *last = strrchr(arn, ':');
    struct str rest = str_from(last == NULL ? arn : last + 1);
    struct str kind = {0};
    struct str name = {0};

    (void)str_next(&rest, '/', &kind);
    (void)str_next(&rest, '/', &name);
    if (str_eq(kind, STR("assumed-role"))) {
        buf_addf(out, "role " STR_FMT, STR_ARG(name));
    } else if (name.len > 0) {
        buf_addf(out, STR_FMT " " STR_FMT, STR_ARG(kind), STR_ARG(name));
    } else {
        buf_addf(out, STR_FMT, STR_ARG(kind));
    }
}

/* One line where there is room for it; else the endpoint, which is the longest part, has its own.
 */
void render_where(const struct screen *screen, struct buf *out, const json_t *where) {
    CLEANUP(buf_done) struct buf line = BUF_INIT(8192);
    CLEANUP(buf_done) struct buf safe = BUF_INIT(8192);
    CLEANUP(buf_done) struct buf endpoint = BUF_INIT(8192);
    CLEANUP(buf_done) struct buf first = BUF_INIT(16384);
    const char *place = json_str_or(where, "endpoint", "AWS");
    bool is_aws = strcmp(place, "AWS") == 0;
    bool is_wide;

    buf_addf(&line, "account %s%s · %s · ", json_str_or(where, "account", "?"),
             json_str_at(where, "pinned") == NULL ? "" : " (pinned)",
             json_str_or(where, "region", "?"));
    put_role(&line, json_str_or(where, "arn", "?"));
    screen_word(&safe, buf_cstr(&line));
    buf_add_s(&endpoint, is_aws ? "endpoint " : "NOT AWS: endpoint ");
    screen_word(&endpoint, place);
    is_wide = screen_columns(buf_cstr(&safe)) + 3 + screen_columns(buf_cstr(&endpoint)) <=
              screen_width(screen);
    if (is_wide) {
        buf_add_s(&safe, " · ");
        buf_add(&first, buf_str(&safe));
    } else {
        buf_add_s(&safe, " ·");
        screen_text(screen, &first, 0, buf_cstr(&safe));
    }
    screen_styled(screen, out, STYLE_BOLD, buf_cstr(&first));
    screen_styled(screen, out, is_aws ? STYLE_BOLD : STYLE_LOUD, buf_cstr(&endpoint));
    buf_add_c(out, '\n');
}

/* ---- Events ---- */

static void on_where(struct render *render, const json_t *json, struct buf *out) {
    render_where(&render->screen, out, json);
}

static void on_phase(struct render *render, const json_t *json, struct buf *out) {
    const char *text = json_str_or(json, "text", "");

    (void)out;
    free(render->heading);
    render->heading =
        mem_format("%s (step %lld of %d)", text, (long long)json_int_or(json, "step", 0), STEPS);
    live_note(render->live, text, true);
}

static bool is_light(const json_t *json) {
    const char *word = json_str_or(json, "severity", json_str_or(json, "verdict", ""));

    return strcmp(word, "info") == 0 || strcmp(word, "low") == 0 || strcmp(word, "allow") == 0;
}

static bool is_heavy(const json_t *json) {
    const char *word = json_str_or(json, "severity", json_str_or(json, "verdict", ""));

    return strcmp(word, "high") == 0 || strcmp(word, "deny") == 0 || strcmp(word, "escalate") == 0;
}

static void on_finding(struct render *render, const json_t *json, struct buf *out) {
    CLEANUP(buf_done) struct buf line = BUF_INIT(TEXT_BYTES_MAX);
    const char *where = json_str_or(json, "where", "");

    buf_addf(&line, "%s%s%s", where, where[0] == '\0' ? "" : ": ", json_str_or(json, "text", ""));
    if (is_heavy(json)) {
        screen_bullet(&render->screen, out, STYLE_BAD, "!", buf_cstr(&line));
    } else if (is_light(json)) {
        screen_bullet(&render->screen, out, STYLE_DIM, "·", buf_cstr(&line));
    } else {
        screen_bullet(&render->screen, out, STYLE_WARN, "!", buf_cstr(&line));
    }
    put_remedy(render, out, json_str_at(json, "remedy"));
}

static void on_plan(struct render *render, const json_t *json, struct buf *out) {
    json_decref(render->plan);
    render->plan = json_deep_copy(json);
    render_planned(&render->screen, render->is_verbose, out, json);
}

static void on_changeset(struct render *render, const json_t *json, struct buf *out) {
    const json_t *text;
    size_t i;

    json_decref(render->change_set);
    render->change_set = json_deep_copy(json);
    render_changes(&render->screen, out, json);
    if (json_str_at(json, "cost.text") != NULL) {
        screen_pair(&render->screen, out, "cost", json_str_at(json, "cost.text"));
    }
    json_array_foreach(json_object_get(json, "warnings"), i, text) {
        screen_bullet(&render->screen, out, STYLE_WARN, "!",
                      json_is_string(text) ? json_string_value(text) : "");
    }
}

static void on_verdict(struct render *render, const json_t *json, struct buf *out) {
    const char *verdict = json_str_or(json, "verdict", "deny");
    const char *subject = json_str_at(json, "subject");
    CLEANUP(freep) char *text = NULL;

    if (json_bool_at(json, "told")) {
        return; /* by others, in their words */
    }
    if (subject == NULL) {
        text = mem_format("refused: %s", json_str_or(json, "text", ""));
        screen_bullet(&render->screen, out, STYLE_BAD, "✗", text);
        return;
    }
    subject = strcmp(subject, "set") == 0 ? "change set" : subject;
    if (strcmp(verdict, "allow") == 0) {
        text = mem_format("compliance has reviewed the %s: nothing against it", subject);
        screen_bullet(&render->screen, out, STYLE_GOOD, "✓", text);
        return;
    }
    text = mem_format("compliance stops the %s (%s)", subject, json_str_or(json, "code", ""));
    screen_bullet(&render->screen, out, STYLE_BAD, "✗", text);
}

static void on_approval(struct render *render, const json_t *json, struct buf *out) {
    bool is_yes = strcmp(json_str_or(json, "answer", ""), "yes") == 0;
    CLEANUP(freep)
    char *text =
        mem_format("%s by %s", is_yes ? "approved" : "rejected", json_str_or(json, "by", "?"));

    screen_bullet(&render->screen, out, is_yes ? STYLE_GOOD : STYLE_BAD, is_yes ? "✓" : "✗", text);
}

/* ---- Resources at work ---- */

static bool has_end(const char *status, const char *end) {
    return str_ends(str_from(status), str_from(end));
}

/* clang-format off */
/* How a status looks; the first row whose words it has decides. */
static const struct {
    const char *part;
    enum style style;
    const char *mark;
    bool is_loud; /* the status itself is in that style too */
} looks[] = {
    { "_FAILED",     STYLE_BAD,  "✗", true  },
    { "ROLLBACK",    STYLE_WARN, "!", false }, /* done, but not what was wanted */
    { "_COMPLETE",   STYLE_GOOD, "✓", false },
    { "",            STYLE_DIM,  " ", false },
};
/* clang-format on */

/* The type comes last, where there is room for it besides how long it took. */
static void put_type(struct buf *out, const char *type, int room) {
    const char *shown = screen_type(type, room);
    int columns = (int)strlen(shown);

    if (room > 8) {
        buf_add_c(out, ' ');
        screen_cell(out, shown, columns < room ? columns : room);
    }
}

static void put_resource(const struct render *render, struct buf *out, const json_t *json,
                         int64_t elapsed_ms) {
    CLEANUP(buf_done) struct buf cells = BUF_INIT(8192);
    const char *status = json_str_or(json, "status", "");
    int room = screen_width(&render->screen) - MARK_COLUMNS - 1 - TIME_COLUMNS;
    int id = room - STATUS_COLUMNS;
    size_t look = 0;

    id = id > ID_COLUMNS ? ID_COLUMNS : id < ID_COLUMNS_MIN ? ID_COLUMNS_MIN : id;
    while (str_find(str_from(status), str_from(looks[look].part)) < 0) {
        look++;
    }
    screen_cell(&cells, status, room - id < STATUS_COLUMNS ? room - id : STATUS_COLUMNS);
    buf_add_c(&cells, ' ');
    screen_cell(&cells, json_str_or(json, "logical_id", ""), id);
    buf_add_s(out, "  ");
    screen_styled(&render->screen, out, looks[look].style, looks[look].mark);
    buf_add_c(out, ' ');
    screen_styled(&render->screen, out, looks[look].is_loud ? looks[look].style : STYLE_PLAIN,
                  buf_cstr(&cells));
    put_type(out, json_str_or(json, "resource_type", ""), room - STATUS_COLUMNS - ID_COLUMNS - 1);
    if (elapsed_ms >= 1000) {
        buf_addf(out, "  %s", screen_elapsed(elapsed_ms).text);
    }
    buf_add_c(out, '\n');
    if (has_end(status, "_FAILED")) {
        screen_text(&render->screen, out, 6, json_str_or(json, "reason", ""));
    }
}

static void on_event(struct render *render, const json_t *json, struct buf *out) {
    const char *status = json_str_or(json, "status", "");
    const char *id = json_str_or(json, "logical_id", "");
    bool is_over =
        has_end(status, "_COMPLETE") || has_end(status, "_FAILED") || has_end(status, "_SKIPPED");
    bool is_bar = render->progress == PROGRESS_BAR && render->screen.is_live;
    int64_t elapsed_ms = -1;
    int64_t at_ms = clock_now_ms();
    struct err unread = {0};

    if (clock_read_iso(str_from(json_str_or(json, "at", "")), &at_ms, &unread) != ERR_NONE) {
        at_ms = clock_now_ms();
    }
    if (has_end(status, "_FAILED") &&
        str_find(str_from(json_str_or(json, "reason", "")), STR("cancelled")) >= 0) {
        render->cancelled++;
        render->folded++;
        (void)live_settle(render->live, id, at_ms);
        return; /* folded: one line says how many */
    }
    if (is_over) {
        elapsed_ms = live_settle(render->live, id, at_ms);
    } else if (is_bar) {
        live_row(render->live, id, status, json_str_or(json, "resource_type", ""), at_ms);
    }
    if (render->progress == PROGRESS_ERRORS ? has_end(status, "_FAILED") : is_over || !is_bar) {
        put_resource(render, out, json, elapsed_ms);
    }
}

/* Whether something else goes on than before; "building: 3 of 5" is still "building". */
static bool step_is_new(struct render *render, const char *text) {
    struct str step = {text, strcspn(text, ":")};

    if (!render->is_rested && render->step != NULL && str_eq(str_from(render->step), step)) {
        return false;
    }
    free(render->step);
    render->step = str_dup(step);
    return true;
}

static void on_progress(struct render *render, const json_t *json, struct buf *out) {
    const char *text = json_str_or(json, "text", "");
    int64_t attempt = json_int_or(json, "attempt", 0);
    const char *agent = json_str_or(json, "agent", "");
    CLEANUP(buf_done) struct buf line = BUF_INIT(TEXT_BYTES_MAX);

    if (text[0] == '\0' || render->progress == PROGRESS_ERRORS) {
        return;
    }
    if (agent[0] != '\0') {
        buf_addf(&line, "%s: ", agent); /* whose turn it is */
    }
    if (attempt > 0) {
        buf_addf(&line, "probe %lld: ", (long long)attempt);
    }
    buf_add_s(&line, text);
    live_note(render->live, buf_cstr(&line), step_is_new(render, attempt > 0 ? "probe" : text));
    render->is_rested = false;
    if (render->screen.is_live || (render->said != NULL && strcmp(render->said, text) == 0)) {
        return;
    }
    free(render->said);
    render->said = mem_strdup(text);
    screen_text(&render->screen, out, 4, buf_cstr(&line));
}

static void on_probe(struct render *render, const json_t *json, struct buf *out) {
    bool is_good = json_bool_at(json, "passed");
    CLEANUP(freep)
    char *text = mem_format("%s (%lld looks in %s)", json_str_or(json, "sentence", ""),
                            (long long)json_int_or(json, "attempts", 0),
                            screen_elapsed(json_int_or(json, "elapsed_ms", 0)).text);
    const json_t *hop;
    size_t i;

    screen_bullet(&render->screen, out, is_good ? STYLE_GOOD : STYLE_BAD, is_good ? "✓" : "✗",
                  text);
    json_array_foreach(json_object_get(json, "hops"), i, hop) {
        CLEANUP(freep)
        char *line =
            mem_format("%-7s %s  %s", json_str_or(hop, "name", ""),
                       json_bool_at(hop, "ok") ? "ok" : "no", json_str_or(hop, "text", ""));

        screen_text(&render->screen, out, 6, line);
    }
}

/* What all that is left behind costs. */
static void put_left_cost(struct render *render, struct buf *out, const json_t *cost) {
    CLEANUP(freep) char *text = NULL;

    if (cost == NULL) {
        return;
    }
    text = mem_format("what is left behind costs at least %s a month (prices of %s%s)",
                      cost_dollars(json_int_or(cost, "micro_usd", 0)).text,
                      json_str_or(cost, "date", "?"),
                      json_bool_at(cost, "is_complete") ? "" : ", not all of it has one here");
    screen_bullet(&render->screen, out, STYLE_WARN, "!", text);
}

static void on_outputs(struct render *render, const json_t *json, struct buf *out) {
    CLEANUP(freep) char *text = mem_format("stack: %s", json_str_or(json, "status", "?"));
    const json_t *left;
    size_t i;

    screen_bullet(&render->screen, out, STYLE_DIM, "·", text);
    json_array_foreach(json_object_get(json, "left_behind"), i, left) {
        CLEANUP(freep)
        char *cost =
            mem_format("at least %s a month", cost_dollars(json_int_or(left, "micro_usd", 0)).text);
        CLEANUP(freep)
        char *line =
            mem_format("left behind: %s %s, %s%s%s", json_str_or(left, "type", ""),
                       json_str_or(left, "name", ""),
                       json_bool_at(left, "is_priced") ? cost : "no price known here",
                       json_str_at(left, "why") == NULL ? "" : "; ", json_str_or(left, "why", ""));

        screen_bullet(&render->screen, out, STYLE_WARN, "!", line);
    }
    put_left_cost(render, out, json_object_get(json, "left_cost"));
}

void render_words(const struct screen *screen, struct buf *out, const json_t *words) {
    const json_t *line;
    size_t i;

    if (json_array_size(words) > 0) {
        screen_text(screen, out, 2, "In the model's words, which decide nothing:");
    }
    json_array_foreach(words, i, line) { screen_text(screen, out, 4, json_string_value(line)); }
}

static void on_say(struct render *render, const json_t *json, struct buf *out) {
    const char *text = json_str_or(json, "text", "");

    if (text[0] != '\0') {
        screen_text(&render->screen, out, 2, text);
    }
    render_words(&render->screen, out, json_object_get(json, "words"));
}

/* Keeps a warning for the end; false when the run has said it already. */
static bool warning_keep(struct render *render, const json_t *json) {
    for (size_t i = 0; i < render->warning_n; i++) {
        if (strcmp(json_str_or(render->warnings[i], "text", ""), json_str_or(json, "text", "")) ==
            0) {
            return false;
        }
    }
    if (render->warning_n < WARNINGS_MAX) {
        render->warnings[render->warning_n++] = json_deep_copy(json);
    }
    return true;
}

static void on_warning(struct render *render, const json_t *json, struct buf *out) {
    if (!warning_keep(render, json)) {
        return;
    }
    screen_bullet(&render->screen, out, STYLE_WARN, "!", json_str_or(json, "text", ""));
    put_remedy(render, out, json_str_at(json, "remedy"));
}

static void on_alert(struct render *render, const json_t *json, struct buf *out) {
    screen_bullet(&render->screen, out, STYLE_BAD, "!", json_str_or(json, "text", ""));
    screen_text(&render->screen, out, 4, json_str_or(json, "runbook", ""));
}

/* ---- A model that is speaking ---- */

/* What is left of it is a line, before anything else is shown. */
static void put_speech(struct render *render, struct buf *out) {
    if (render->speech == NULL) {
        return;
    }
    speech_end(render->speech, out);
    speech_free(render->speech);
    render->speech = NULL;
    live_tail(render->live, NULL, 0);
}

static void on_delta(struct render *render, const json_t *json, struct buf *out) {
    CLEANUP(buf_done) struct buf tail = BUF_INIT(TEXT_BYTES_MAX);
    const char *call = json_str_or(json, "call", "");
    int columns;

    if (render->speech == NULL || strcmp(render->speech_call, call) != 0) {
        put_speech(render, out);
        free(render->speech_call);
        render->speech_call = mem_strdup(call);
        render->speech = speech_new(&render->screen, 4);
        screen_text(&render->screen, out, 2, "In the model's words, which decide nothing:");
    }
    speech_add(render->speech, str_from(json_str_or(json, "text", "")), out);
    columns = speech_tail(render->speech, &tail);
    live_tail(render->live, buf_cstr(&tail), columns);
}

static void on_call(struct render *render, const json_t *json, struct buf *out) {
    CLEANUP(freep)
    char *text = mem_format(
        "%s.%s %s, %lld ms%s%s", json_str_or(json, "tool", ""), json_str_or(json, "operation", ""),
        json_str_or(json, "status", ""), (long long)json_int_or(json, "latency_ms", 0),
        json_str_at(json, "error_code") == NULL ? "" : ", ", json_str_or(json, "error_code", ""));

    screen_bullet(&render->screen, out, STYLE_DIM, "·", text);
}

/* clang-format off */
/* What has no row is shown elsewhere: questions by whoever asks, the start and the result by the
 * verb. */
static void (*const handlers[EVENT_N])(struct render *, const json_t *, struct buf *) = {
    [EVENT_WHERE] = on_where,         [EVENT_PHASE] = on_phase,       [EVENT_FINDING] = on_finding,
    [EVENT_PLAN] = on_plan,           [EVENT_CHANGESET] = on_changeset, [EVENT_VERDICT] = on_verdict,
    [EVENT_APPROVAL] = on_approval,   [EVENT_EVENT] = on_event,       [EVENT_PROGRESS] = on_progress,
    [EVENT_PROBE] = on_probe,         [EVENT_OUTPUTS] = on_outputs,   [EVENT_SAY] = on_say,
    [EVENT_WARNING] = on_warning,     [EVENT_ALERT] = on_alert,       [EVENT_CALL] = on_call,
    [EVENT_DELTA] = on_delta,
};
/* clang-format on */

static void put_heading(struct render *render, struct buf *out) {
    CLEANUP(buf_done) struct buf text = BUF_INIT(TEXT_BYTES_MAX);

    if (render->heading == NULL) {
        return;
    }
    screen_text(&render->screen, &text, 0, render->heading);
    buf_add_c(out, '\n');
    screen_styled(&render->screen, out, STYLE_BOLD, buf_cstr(&text));
    freep(&render->heading);
    render->heading = NULL;
}

/* How many failed only because another one had, once no more of them come. */
static void put_cancelled(struct render *render, struct buf *out) {
    CLEANUP(freep) char *text = NULL;

    if (render->cancelled == 0) {
        return;
    }
    text = mem_format("%lld cancelled because of it", (long long)render->cancelled);
    screen_bullet(&render->screen, out, STYLE_DIM, "·", text);
    render->cancelled = 0;
}

void render_event(struct render *render, enum event event, const json_t *json) {
    CLEANUP(buf_done) struct buf body = BUF_INIT(TEXT_BYTES_MAX);
    CLEANUP(buf_done) struct buf out = BUF_INIT(TEXT_BYTES_MAX);

    if (handlers[event] == NULL) {
        return;
    }
    if (event != EVENT_EVENT) {
        put_cancelled(render, &out);
    }
    if (event != EVENT_DELTA) {
        put_speech(render, &out);
    }
    handlers[event](render, json, &body);
    if (body.len > 0) {
        put_heading(render, &out);
        buf_add(&out, buf_str(&body));
    }
    if (out.len > 0 || (event == EVENT_DELTA && render->screen.is_live)) {
        live_print(render->live, &out);
    }
}

static void render_take(void *ctx, enum event event, const struct masked *masked) {
    CLEANUP(json_decrefp) json_t *json = NULL;
    struct err unread = {0};

    if (json_read(masked_str(masked), &json, &unread) == ERR_NONE) {
        render_event(ctx, event, json);
    }
}

const struct sink render_sink = {"screen", LEVEL_INFO, render_take};
const struct sink render_sink_verbose = {"screen", LEVEL_DEBUG, render_take};

/* ---- The end ---- */

/* clang-format off */
static const struct ending_row {
    const char *status;
    enum style style;
    const char *mark;
    const char *title;
    const char *done; /* what was done about it */
} endings[] = {
    { "success",     STYLE_GOOD, "✓", "Done",                 "" },
    { "no_change",   STYLE_GOOD, "✓", "Nothing to change",    "" },
    { "waiting",     STYLE_WARN, "…", "Waiting for a yes",    "Nothing that runs was changed; the question stays until it expires." },
    { "rolled_back", STYLE_BAD,  "✗", "Failed",               "The version before is back." },
    { "refused",     STYLE_BAD,  "✗", "Refused",              "Nothing was changed." },
    { "escalated",   STYLE_BAD,  "✗", "A person is needed",   "" },
    { "cancelled",   STYLE_WARN, "✗", "Cancelled",            "" },
    { "timed_out",   STYLE_BAD,  "✗", "Time ran out",         "" },
    { "",            STYLE_BAD,  "✗", "Failed",               "" },
};
/* clang-format on */

static const struct ending_row *ending_of(const char *status) {
    size_t i = 0;

    while (endings[i].status[0] != '\0' && strcmp(endings[i].status, status) != 0) {
        i++;
    }
    return &endings[i];
}

static void put_warnings(struct render *render, struct buf *out) {
    if (render->warning_n > 0) {
        screen_styled(&render->screen, out, STYLE_BOLD, "Warnings\n");
    }
    for (size_t i = 0; i < render->warning_n; i++) {
        screen_bullet(&render->screen, out, STYLE_WARN, "!",
                      json_str_or(render->warnings[i], "text", ""));
        put_remedy(render, out, json_str_at(render->warnings[i], "remedy"));
        json_decref(render->warnings[i]);
    }
    render->warning_n = 0;
}

void render_clear(struct render *render) {
    live_clear(render->live);
    freep(&render->heading);
    render->heading = NULL;
}

static void put_running_cost(const struct render *render, struct buf *out, const json_t *cost) {
    CLEANUP(freep) char *text = NULL;

    if (cost == NULL) {
        return;
    }
    text = mem_format("It costs at least %s a month (prices of %s%s; aws-copilot estimate shows "
                      "the lines).",
                      cost_dollars(json_int_or(cost, "micro_usd", 0)).text,
                      json_str_or(cost, "date", "?"),
                      json_bool_at(cost, "is_complete") ? "" : ", not all of it has one here");
    screen_text(&render->screen, out, 4, text);
}

static void put_summary(const struct render *render, struct buf *out, const json_t *result) {
    static const char *const members[] = {"done", "where"};

    for (size_t i = 0; i < ARRAY_N(members); i++) {
        const char *text = json_str_at(json_object_get(result, "summary"), members[i]);

        if (text != NULL) {
            screen_text(&render->screen, out, 4, text);
        }
    }
}

static void put_tokens(const struct render *render, struct buf *out, const json_t *result) {
    long long in = (long long)json_int_or(result, "tokens.in", 0);
    long long answers = (long long)json_int_or(result, "tokens.out", 0);

    if (in + answers > 0) {
        CLEANUP(freep)
        char *text =
            mem_format("Tokens of the model: %lld for questions, %lld for answers.", in, answers);

        screen_text(&render->screen, out, 4, text);
    }
}

void render_end(struct render *render, const json_t *result) {
    CLEANUP(buf_done) struct buf out = BUF_INIT(TEXT_BYTES_MAX);
    const struct ending_row *ending = ending_of(json_str_or(result, "status", ""));
    const char *message = json_str_or(result, "error.message", "");
    CLEANUP(freep)
    char *head = mem_format("%s%s%s", ending->title, message[0] == '\0' ? "" : ": ", message);

    render_rest(render);
    render_clear(render);
    buf_add_c(&out, '\n');
    screen_bullet(&render->screen, &out, ending->style, ending->mark, head);
    render->cancelled = message[0] == '\0' ? 0 : render->folded;
    put_cancelled(render, &out);
    render->folded = 0;
    screen_text(&render->screen, &out, 4, ending->done);
    put_summary(render, &out, result);
    put_running_cost(render, &out, json_object_get(result, "cost"));
    put_remedy(render, &out, json_str_at(result, "error.remedy"));
    put_remedy(render, &out, json_str_at(result, "next"));
    render_words(&render->screen, &out, json_object_get(result, "words"));
    put_tokens(render, &out, result);
    put_warnings(render, &out);
    screen_write(&render->screen, &out);
}

/* ---- Life ---- */

struct render *render_new(const struct screen *screen, enum progress progress, bool is_verbose) {
    struct render *render = mem_alloc(sizeof *render);

    render->screen = *screen;
    render->progress = progress;
    render->is_verbose = is_verbose;
    render->live = live_new(screen);
    return render;
}

void render_free(struct render *render) {
    if (render == NULL) {
        return;
    }
    live_free(render->live);
    for (size_t i = 0; i < render->warning_n; i++) {
        json_decref(render->warnings[i]);
    }
    json_decref(render->change_set);
    json_decref(render->plan);
    speech_free(render->speech);
    free(render->speech_call);
    free(render->heading);
    free(render->said);
    free(render->step);
    free(render);
}

void render_print(struct render *render, struct buf *text) {
    CLEANUP(buf_done) struct buf out = BUF_INIT(TEXT_BYTES_MAX);

    put_speech(render, &out);
    put_heading(render, &out);
    screen_fit(&render->screen, &out, buf_str(text));
    buf_clear(text);
    live_print(render->live, &out);
}

void render_rest(struct render *render) {
    CLEANUP(buf_done) struct buf out = BUF_INIT(TEXT_BYTES_MAX);

    put_speech(render, &out);
    if (out.len > 0) {
        live_print(render->live, &out);
    }
    live_hide(render->live);
    render->is_rested = true;
}

const json_t *render_change_set(const struct render *render) { return render->change_set; }

const json_t *render_plan(const struct render *render) { return render->plan; }
