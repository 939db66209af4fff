/* One session that asks the model of OPENAI_BASE_URL so many questions at once, by the real gate,
 * journal and store, as often as it is started:  ledger_probe DIR again|next CALLS [yes|no]
 *
 * Prints {"taken"} when the journal was read, {"begun","refused","taken"} when the questions are
 * under way, {"ended":[codes],"taken"} when they have ended. `again`: the questions of the phase in
 * which an earlier process died, as a session does that is taken up; `next`: those of a new phase.
 * The last word is what a person answers who is asked to raise the budget; without it nobody is
 * there. For test/e2e/test_model.py.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "guard/limits.h"
#include "model/client.h"
#include "support/person_fixture.h"
#include "support/store_fixture.h"
#include "tool/gate.h"
#include "tool/services.h"

enum { CALLS_MAX = 10, PROMPT_WORDS = 4900, LEASE_MS = 60000 };

static enum err_code recall(const struct journal_record *record, void *context, struct err *err) {
    (void)err;
    gate_recall(context, record);
    return ERR_NONE;
}

static void print_line(json_t *line, const struct turn *turn) {
    CLEANUP(json_decrefp) json_t *owned = line;
    CLEANUP(freep) char *text = NULL;
    struct token_sum taken = turn_tokens(turn);

    json_put(owned, "taken",
             json_pack("{s:I, s:I}", "in", (json_int_t)taken.in, "out", (json_int_t)taken.out));
    text = json_text(owned);
    (void)puts(text);
    (void)fflush(stdout);
}

static json_t *question(int number) {
    CLEANUP(buf_done) struct buf words = BUF_INIT(1 << 20);

    buf_addf(&words, "question %d: ", number);
    for (int i = 0; i < PROMPT_WORDS; i++) {
        buf_addf(&words, "%s ", i % 7 == 0 ? "region" : i % 3 == 0 ? "deploy" : "the");
    }
    return json_pack("{s:[{s:s, s:s}]}", "messages", "role", "user", "content", buf_cstr(&words));
}

static void enter(struct gate *gate, const struct redactor *redactor) {
    CLEANUP(masked_done) struct masked state = {0};
    struct journal_entry phase = {.kind = RECORD_PHASE, .body = &state};

    redact_text(redactor, STR("{}"), &state);
    phase.fields[FIELD_PHASE] = STR("intake");
    phase.fields[FIELD_STATUS] = STR("running");
    MUST(gate_record(gate, &phase, &err));
    MUST(gate_settle(gate, &err));
    gate_enter(gate, "intake", gate_next_call(gate));
}

/* The first records of a session, or what an earlier process left. */
static void begin(struct gate *gate, struct journal *journal, struct store *store,
                  const struct redactor *redactor, bool is_again) {
    struct journal_entry first = {.kind = RECORD_SESSION};

    if (journal_last_seq(journal) == 0) {
        first.fields[FIELD_KIND] = STR("query");
        first.fields[FIELD_PROJECT] = STR("p");
        MUST(gate_record(gate, &first, &err));
        enter(gate, redactor);
        return;
    }
    MUST(journal_replay(store, STR("s"), 1, recall, gate, &err));
    if (!is_again) {
        MUST(gate_reconcile(gate, &err));
        enter(gate, redactor);
    } else {
        gate_enter(gate, "intake", 1);
    }
}

static void ask_all(struct turn *turn, int n) {
    struct call_handle *calls[CALLS_MAX];
    json_t *codes = json_array();
    int refused = 0;

    for (int i = 0; i < n; i++) {
        calls[i] = tool_start(turn, "openai_llm", "complete", question(i));
    }
    for (int i = 0; i < n; i++) {
        refused += tool_is_done(calls[i]);
    }
    print_line(json_pack("{s:i, s:i}", "begun", n - refused, "refused", refused), turn);
    for (int i = 0; i < n; i++) {
        struct err why = {0};
        json_t *out = NULL;
        enum err_code code = tool_finish(calls[i], &out, &why);

        json_decref(out);
        (void)json_array_append_new(codes, json_string(code == ERR_NONE ? "ok" : err_wire(code)));
    }
    print_line(json_pack("{s:o}", "ended", codes), turn);
}

int main(int argc, char **argv) {
    static const struct grant grants[] = {{"openai_llm", "complete"}, {0}};
    static const struct agent_card card = {"probe", "Probe", grants};
    int n = argc > 3 ? (int)strtol(argv[3], NULL, 10) : 0;
    struct model_options model = {.base_url = getenv("OPENAI_BASE_URL"),
                                  .key = str_from(getenv("OPENAI_API_KEY")),
                                  .primary = model_find("gpt-4.1-mini")};
    struct services services = {.redactor = redactor_new()};
    struct person person = fixture_person(argc > 4 ? argv[4] : NULL);
    atomic_bool interrupted = false;
    struct store_lease lease;
    struct gate_options options = {.services = &services,
                                   .lease = &lease,
                                   .person = &person,
                                   .interrupted = &interrupted,
                                   .session = "s"};
    struct turn turn = {.agent = &card, .session = "s", .phase = "intake", .state = json_object()};

    if (n < 1 || n > CALLS_MAX) {
        (void)fprintf(stderr, "usage: ledger_probe DIR again|next CALLS [yes|no]\n");
        return 2;
    }
    MUST(model_client_new(&model, &services.model, &err));
    MUST(store_open(&store_sqlite, argv[1], &services.store, &err));
    options.bus = bus_new(services.redactor);
    options.meter = meter_new();
    MUST(store_take_lease(services.store, STR("s"), LEASE_MS, &lease, &err));
    MUST(journal_open(services.store, &lease, &options.journal, &err));
    MUST(gate_open(&options, &turn.gate, &err));
    begin(turn.gate, options.journal, services.store, services.redactor,
          strcmp(argv[2], "again") == 0);
    print_line(json_object(), &turn);
    ask_all(&turn, n);
    MUST(gate_settle(turn.gate, &err));
    gate_close(turn.gate);
    meter_free(options.meter);
    journal_close(options.journal);
    bus_free(options.bus);
    MUST(store_release_lease(services.store, &lease, &err));
    store_close(services.store);
    model_client_free(services.model);
    redactor_free(services.redactor);
    json_decref(turn.state);
    return 0;
}
