/* One process with a session before the gate, and the fakes behind it. */
#include "support/gate_rig.h"

#include "base/clock.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct gate_world world;

/* ---- The fakes ---- */

static enum err_code fake_run(struct op *op, json_t **out, struct err *err) {
    int now = atomic_fetch_add(&world.now, 1) + 1;
    int most = atomic_load(&world.most);

    (void)atomic_fetch_add(&world.runs, 1);
    while (now > most && !atomic_compare_exchange_weak(&world.most, &most, now)) {
    }
    while (world.waits_for_cancel && !atomic_load(op->cancel)) {
        clock_sleep_ms(1);
    }
    while (json_bool_at(op->args, "together") && atomic_load(&world.most) < 2 &&
           !atomic_load(op->cancel)) {
        clock_sleep_ms(1);
    }
    (void)atomic_fetch_sub(&world.now, 1);
    if (world.waits_for_cancel) {
        return err_set(err, ERR_CANCELLED, "the fake was cancelled");
    }
    if (world.fails != ERR_NONE) {
        return err_set(err, world.fails, "the fake fails with password=hunter2hunter2");
    }
    *out =
        json_pack("{s:s, s:s}", "by", "a fake operation", "secret_token", "tok-0123456789abcdef");
    if (world.answer_bytes > 0) {
        char *text = mem_alloc(world.answer_bytes + 1);

        for (size_t i = 0; i < world.answer_bytes; i++) {
            text[i] = " \n"[i % 2];
        }
        json_put_str(*out, "text", text);
        free(text);
    }
    return ERR_NONE;
}

static enum err_code fake_effect(struct op *op, json_t **out, struct err *err) {
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* effects run side by side */

    (void)pthread_mutex_lock(&lock);
    (void)snprintf(world.key, sizeof world.key, "%s", op->key);
    (void)pthread_mutex_unlock(&lock);
    return fake_run(op, out, err);
}

static enum err_code fake_chatter(struct op *op, json_t **out, struct err *err) {
    for (int i = 0; i < 50; i++) {
        op_progress(op, json_pack("{s:s, s:i}", "type", "progress", "n", i));
    }
    return fake_run(op, out, err);
}

static enum err_code fake_misshapen(struct op *op, json_t **out, struct err *err) {
    (void)op;
    (void)err;
    *out = json_pack("{s:i}", "by", 7);
    return ERR_NONE;
}

static enum err_code fake_reconcile(struct op *op, enum reconciled *state, json_t **out,
                                    struct err *err) {
    (void)op;
    (void)atomic_fetch_add(&world.reconciles, 1);
    if (world.fails == ERR_UNREACHABLE) {
        return err_set(err, ERR_UNREACHABLE, "the fake world does not answer");
    }
    *state = world.trace;
    if (world.trace == RECONCILED_DONE) {
        *out = json_pack("{s:s}", "by", "an earlier process");
    }
    return ERR_NONE;
}

/* Spends what it is told to, {"in","out"}, as far as it may, or loses the count of it. Which of
 * several at once lose it is said by their arguments: they run when they run. */
static enum err_code fake_ask(struct op *op, json_t **out, struct err *err) {
    uint32_t wanted = (uint32_t)json_int_or(op->args, "out", 0);

    atomic_store(&world.held, op->held);
    atomic_store(&world.is_low, op->is_budget_low);
    op->used = (struct token_sum){
        (uint32_t)(json_int_or(op->args, "in", 0) + json_int_or(op->args, "above", 0)),
        wanted < op->held.out ? wanted : op->held.out};
    op->is_used_known = !atomic_load(&world.is_use_lost) && !json_bool_at(op->args, "lost");
    return fake_run(op, out, err);
}

static enum err_code fake_need(const struct services *services, const struct operation *operation,
                               const json_t *args, struct token_need *out, struct err *err) {
    (void)services;
    if (json_int_or(args, "in", 0) > 100000) {
        return err_set(err, ERR_TOO_LARGE, "the prompt is too long");
    }
    if (strcmp(operation->name, "ask") == 0) {
        *out = (struct token_need){(uint32_t)json_int_or(args, "in", 0), 10, 2000};
    }
    return ERR_NONE;
}

/* clang-format off */
static const struct json_field ask_in[] = {
    {"prompt", JSON_TEXT, false}, {"in", JSON_COUNT, true}, {"out", JSON_COUNT, true},
    {"above", JSON_COUNT, true}, {"lost", JSON_FLAG, true}, {0}};
static const struct json_field any_in[] = {
    {"approval", JSON_TEXT, true}, {"release", JSON_TEXT, true}, {"stack_id", JSON_TEXT, true},
    {"arn", JSON_TEXT, true}, {"account", JSON_TEXT, true}, {"template_sha256", JSON_TEXT, true},
    {"parameters_sha256", JSON_TEXT, true}, {"n", JSON_COUNT, true}, {"together", JSON_FLAG, true}, {"text", JSON_TEXT, true}, {0}};
static const struct json_field any_out[] = {
    {"by", JSON_TEXT, false}, {"secret_token", JSON_TEXT, true}, {"text", JSON_TEXT, true}, {0}};
static const struct operation fake_operations[] = {
    {"look",     EFFECT_READ,    "fake", LIMIT_TOOL_TIMEOUT_MS, any_in, any_out, fake_run,       NULL},
    {"build",    EFFECT_LOCAL,   "fake", LIMIT_TOOL_TIMEOUT_MS, any_in, any_out, fake_run,       NULL},
    {"chatter",  EFFECT_LOCAL,   "fake", LIMIT_TOOL_TIMEOUT_MS, any_in, any_out, fake_chatter,   NULL},
    {"short",    EFFECT_LOCAL,   "fake", LIMIT_POLL_MIN_MS,     any_in, any_out, fake_run,       NULL},
    {"bad",      EFFECT_READ,    "fake", LIMIT_TOOL_TIMEOUT_MS, any_in, any_out, fake_misshapen, NULL},
    {"upload",   EFFECT_PREVIEW, "fake", LIMIT_TOOL_TIMEOUT_MS, any_in, any_out, fake_effect,    NULL},
    {"preview",  EFFECT_PREVIEW, "fake", LIMIT_TOOL_TIMEOUT_MS, any_in, any_out, fake_effect,    fake_reconcile},
    {"apply",    EFFECT_APPLY,   "fake", LIMIT_TOOL_TIMEOUT_MS, any_in, any_out, fake_effect,    fake_reconcile},
    {"rollback", EFFECT_APPLY,   "fake", LIMIT_TOOL_TIMEOUT_MS, any_in, any_out, fake_effect,    NULL},
};
/* The policy asks before this one runs the repository's code. */
static const struct operation asked_operations[] = {
    {"run",      EFFECT_LOCAL,   "fake", LIMIT_TOOL_TIMEOUT_MS, any_in, any_out, fake_run,       NULL},
};
static const struct operation model_operations[] = {
    {"ask",      EFFECT_READ,    "fake", LIMIT_TOOL_TIMEOUT_MS, ask_in, any_out, fake_ask,       NULL},
    {"judge",    EFFECT_READ,    "fake", LIMIT_TOOL_TIMEOUT_MS, ask_in, any_out, fake_run,       NULL},
};
/* clang-format on */

static const struct tool fake_tool = {"fake", "counts", fake_operations, ARRAY_N(fake_operations),
                                      NULL};
static const struct tool asked_tool = {"uv_client", "counts", asked_operations,
                                       ARRAY_N(asked_operations), NULL};
static const struct tool model_tool = {"model", "spends", model_operations,
                                       ARRAY_N(model_operations), fake_need};
const struct tool *const tools[] = {&fake_tool, &asked_tool, &model_tool};
const size_t tool_n = ARRAY_N(tools);

static const struct grant all[] = {{"fake", "*"}, {"uv_client", "*"}, {"model", "*"}, {0}};
static const struct grant looks[] = {{"fake", "look"}, {0}};
const struct agent_card agent_all = {"tester", "Tester", all};
const struct agent_card agent_looks = {"looker", "Looker", looks};

/* ---- One process with a session ---- */

static bool rig_is_there(void *ctx) { return ((struct rig *)ctx)->has_person; }

static enum err_code rig_ask(void *ctx, const struct masked *question, bool (*poll)(void *poll_ctx),
                             void *poll_ctx, char **out, struct err *err) {
    struct rig *rig = ctx;

    (void)question;
    rig->asked++;
    while (rig->answer == NULL) {
        if (poll(poll_ctx)) {
            return ERR_NONE;
        }
        clock_sleep_ms(10);
    }
    if (strcmp(rig->answer, "^C") == 0) {
        return err_set(err, ERR_INTERRUPTED, "stopped");
    }
    *out = mem_strdup(rig->answer);
    return ERR_NONE;
}

static void rig_write(void *ctx, enum event event, const struct masked *json) {
    struct rig *rig = ctx;

    (void)event;
    buf_addf(&rig->seen, "%s\n", masked_cstr(json));
}

static const struct sink rig_sink = {"test", LEVEL_DEBUG, rig_write};

static enum err_code rig_recall(const struct journal_record *record, void *context,
                                struct err *err) {
    struct rig *rig = context;

    (void)err;
    gate_recall(rig->gate, record);
    return ERR_NONE;
}

void rig_phase(struct rig *rig, const char *phase) {
    CLEANUP(masked_done) struct masked state = fixture_mask(rig->f, "{}");
    struct journal_entry entry = {.kind = RECORD_PHASE, .body = &state};
    struct journal_entry first = fixture_first();

    entry.fields[FIELD_PHASE] = str_from(phase);
    entry.fields[FIELD_STATUS] = STR("running");
    if (journal_last_seq(rig->journal) == 0) {
        MUST(gate_record(rig->gate, &first, &err));
    }
    MUST(gate_record(rig->gate, &entry, &err));
    MUST(gate_settle(rig->gate, &err));
    gate_enter(rig->gate, phase, gate_next_call(rig->gate));
    rig->phase = phase;
    rig->turn.phase = phase;
}

static void rig_process(struct rig *rig) {
    MUST(store_take_lease(rig->f->store, STR("s"), 30000, &rig->lease, &err));
    MUST(journal_open(rig->f->store, &rig->lease, &rig->journal, &err));
    rig->meter = meter_new();
    rig->options = (struct gate_options){
        .services = &rig->services,
        .journal = rig->journal,
        .lease = &rig->lease,
        .bus = rig->bus,
        .meter = rig->meter,
        .person = &rig->person,
        .interrupted = &rig->interrupted,
        .deadline_mono_ms = &rig->deadline_mono_ms,
        .session = "s",
    };
    MUST(gate_open(&rig->options, &rig->gate, &err));
    rig->turn.gate = rig->gate;
}

void rig_open(struct rig *rig, struct fixture *f, const char *phase) {
    memset(&world, 0, sizeof world);
    *rig = (struct rig){.f = f, .has_person = true, .answer = "yes", .seen = BUF_INIT(1 << 20)};
    rig->services = (struct services){.store = f->store, .redactor = f->redactor};
    rig->bus = bus_new(f->redactor);
    bus_add(rig->bus, &rig_sink, rig);
    rig->person = (struct person){rig_is_there, rig_ask, rig};
    rig->turn = (struct turn){.agent = &agent_all, .state = json_object(), .session = "s"};
    rig_process(rig);
    rig_phase(rig, phase);
}

/* The process ends here: what waits for the disk is lost. */
static void rig_die(struct rig *rig) {
    gate_close(rig->gate);
    meter_free(rig->meter);
    journal_close(rig->journal);
    MUST(store_release_lease(rig->f->store, &rig->lease, &err));
}

/* Another process takes the session up, at the start of its phase. */
void rig_again(struct rig *rig, int64_t first_call) {
    rig_die(rig);
    atomic_store(&rig->interrupted, false);
    rig_process(rig);
    MUST(journal_replay(rig->f->store, STR("s"), 1, rig_recall, rig, &err));
    gate_enter(rig->gate, rig->phase, first_call);
}

void rig_done(struct rig *rig) {
    rig_die(rig);
    bus_free(rig->bus);
    json_decref(rig->turn.state);
    buf_done(&rig->seen);
    fixture_assert_verified(rig->f, "s");
}

enum err_code rig_call(struct rig *rig, const char *operation, json_t *args, json_t **out,
                       struct err *err) {
    json_t *got = NULL;
    enum err_code code = tool_call(&rig->turn, "fake", operation, args, &got, err);

    if (out != NULL) {
        *out = got;
    } else {
        json_decref(got);
    }
    return code;
}

enum err_code rig_simple(struct rig *rig, const char *operation) {
    struct err why = {0};

    return rig_call(rig, operation, json_object(), NULL, &why);
}

int64_t rig_seq(const struct rig *rig) { return journal_last_seq(rig->journal); }

size_t rig_seen_n(const struct rig *rig, const char *text) {
    size_t n = 0;
    const char *at = rig->seen.ptr == NULL ? "" : rig->seen.ptr;

    while ((at = strstr(at, text)) != NULL) {
        n++;
        at++;
    }
    return n;
}
