/* ask_model(): rounds of reads, one repair, and what a person sees of it; against a scripted
 * server, which is a fake. */
#include "agent/ask_model.h"

#include "support/fake_http.h"
#include "support/person_fixture.h"
#include "support/store_fixture.h"
#include "tool/services.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define CHUNK(delta, finish)                                                                       \
    "data: {\"choices\":[{\"index\":0,\"delta\":" delta ",\"finish_reason\":" finish "}]}\n\n"
#define ENDS                                                                                       \
    "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":50,\"completion_tokens\":5}}\n\ndata: "    \
    "[DONE]\n\n"
#define TEXT(text) CHUNK("{\"content\":\"" text "\"}", "\"stop\"") ENDS
#define CALL(name, args)                                                                           \
    CHUNK("{\"tool_calls\":[{\"index\":0,\"id\":\"c1\",\"function\":{\"name\":\"" name             \
          "\",\"arguments\":\"" args "\"}}]}",                                                     \
          "\"tool_calls\"")                                                                        \
    ENDS
#define READ CALL("repo_reader__read_file", "{\\\"path\\\":\\\"README.md\\\"}")
#define SECRET "AKIAIOSFODNN7EXAMPLE"

struct world {
    struct fixture *f;
    struct fake_http *fake;
    struct model_client *model;
    const char *const *script;
    int script_n;
    bool is_stopped; /* Ctrl-C at the first piece of an answer that does not end */
    char root[64];
    struct services services;
    struct bus *bus;
    struct buf seen;
    struct person person;
    struct store_lease lease;
    struct journal *journal;
    struct meter *meter;
    struct gate *gate;
    atomic_bool interrupted;
    struct turn turn;
    struct err err;
};

static enum fake_then play(void *ctx, int n, struct str request, struct buf *out) {
    struct world *w = ctx;

    (void)request;
    if (w->is_stopped) {
        buf_add_s(out,
                  "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
                  "Content-Length: 99999\r\n\r\n" CHUNK("{\"content\":\"I begin.\\n\"}", "null"));
        return FAKE_HANG;
    }
    fake_reply(out, 200, "", w->script[n < w->script_n ? n : w->script_n - 1]);
    return FAKE_KEEP;
}

static void see(void *ctx, enum event event, const struct masked *json) {
    struct world *w = ctx;

    if (w->is_stopped && event == EVENT_DELTA) {
        atomic_store(&w->interrupted, true);
    }
    buf_addf(&w->seen, "%s\n", masked_cstr(json));
}

static const struct sink sink = {"test", LEVEL_DEBUG, see};

static void world_repository(struct world *w) {
    CLEANUP(freep) char *path = NULL;
    FILE *file;

    (void)snprintf(w->root, sizeof w->root, "/tmp/awscopilot-ask-XXXXXX");
    assert_non_null(mkdtemp(w->root));
    path = mem_format("%s/README.md", w->root);
    file = fopen(path, "w");
    assert_non_null(file);
    (void)fputs("hid\xe2\x80\x8b"
                "den words, and the key " SECRET "\n",
                file);
    assert_int_equal(fclose(file), 0);
}

static void world_up(struct world *w, struct fixture *f) {
    struct model_options options = {.primary = model_find("gpt-4.1-mini")};
    struct gate_options gate = {.services = &w->services,
                                .person = &w->person,
                                .interrupted = &w->interrupted,
                                .session = "s"};
    struct journal_entry first = {.kind = RECORD_SESSION};
    CLEANUP(freep) char *url = NULL;

    *w = (struct world){.f = f, .seen = BUF_INIT(1 << 20), .person = fixture_person(NULL)};
    world_repository(w);
    w->fake = fake_http_start(play, w);
    url = mem_format("%s/v1", fake_http_url(w->fake));
    options.base_url = url;
    MUST(model_client_new(&options, &w->model, &err));
    w->services = (struct services){
        .store = f->store, .redactor = f->redactor, .model = w->model, .root = w->root};
    w->bus = bus_new(f->redactor);
    bus_add(w->bus, &sink, w);
    w->meter = meter_new();
    MUST(store_take_lease(f->store, STR("s"), 30000, &w->lease, &err));
    MUST(journal_open(f->store, &w->lease, &w->journal, &err));
    gate.journal = w->journal;
    gate.bus = w->bus;
    gate.meter = w->meter;
    MUST(gate_open(&gate, &w->gate, &err));
    first.fields[FIELD_KIND] = STR("query");
    first.fields[FIELD_PROJECT] = STR("p");
    MUST(gate_record(w->gate, &first, &err));
    gate_enter(w->gate, "intake", 1);
    w->turn = (struct turn){.gate = w->gate,
                            .agent = &agent_orchestrator.card,
                            .state = json_pack("{s:{s:s}}", "model", "primary", "gpt-4.1-mini"),
                            .session = "s",
                            .phase = "intake"};
}

static void world_down(struct world *w) {
    CLEANUP(freep) char *path = mem_format("%s/README.md", w->root);

    gate_close(w->gate);
    journal_close(w->journal);
    meter_free(w->meter);
    bus_free(w->bus);
    model_client_free(w->model);
    fake_http_stop(w->fake);
    json_decref(w->turn.state);
    buf_done(&w->seen);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(rmdir(w->root), 0);
}

#define SCRIPT(w, ...)                                                                             \
    static const char *const given[] = {__VA_ARGS__};                                              \
    (w)->script = given;                                                                           \
    (w)->script_n = (int)ARRAY_N(given)

static enum err_code ask(struct world *w, struct ask_model ask, json_t **out) {
    CLEANUP(json_decrefp)
    json_t *messages = json_pack("[{s:s, s:s}]", "role", "user", "content", "what is it?");

    ask.messages = messages;
    return ask_model(&w->turn, &ask, out, &w->err);
}

static const char *const reads[] = {"repo_reader.read_file", NULL};

static bool was_sent(const struct world *w, int n, const char *text) {
    return str_find(fake_http_request(w->fake, n), str_from(text)) >= 0;
}

static void an_answer_is_shown_as_it_comes_and_masked(void **state) {
    struct world w;
    json_t *out = NULL;

    world_up(&w, *state);
    SCRIPT(&w, CHUNK("{\"content\":\"It is \"}", "null") TEXT("a key: " SECRET));
    assert_true(has_model(&w.turn));
    assert_int_equal(ask(&w, (struct ask_model){.is_shown = true, .is_creative = true}, &out),
                     ERR_NONE);
    assert_string_equal(json_str_at(out, "text"), "It is a key: ***");
    assert_non_null(strstr(buf_cstr(&w.seen), "\"type\":\"delta\""));
    assert_null(strstr(buf_cstr(&w.seen), SECRET));
    assert_true(was_sent(&w, 0, "\"temperature\":0.5"));
    assert_int_equal(turn_tokens(&w.turn).in, 50);
    json_decref(out);
    world_down(&w);
}

static void an_answer_that_is_stopped_while_it_streams_is_spent_as_it_was_held(void **state) {
    struct world w;
    json_t *out = NULL;

    world_up(&w, *state);
    w.is_stopped = true;
    assert_int_equal(ask(&w, (struct ask_model){.is_shown = true, .answer_max = 700}, &out),
                     ERR_INTERRUPTED);
    assert_int_equal(fake_http_calls(w.fake), 1); /* no repair, no other model */
    assert_int_equal(turn_tokens(&w.turn).out, 700);
    assert_true(turn_tokens(&w.turn).in > 0);
    assert_int_equal(turn_spent(&w.turn).out, 700);
    world_down(&w);
}

static void what_the_model_asks_for_is_read_as_this_agent_and_told_as_data(void **state) {
    struct world w;
    json_t *out = NULL;

    world_up(&w, *state);
    SCRIPT(&w, READ, TEXT("a readme"));
    assert_int_equal(ask(&w, (struct ask_model){.offer = reads}, &out), ERR_NONE);
    assert_string_equal(json_str_at(out, "text"), "a readme");
    assert_true(was_sent(&w, 0, "\"name\":\"repo_reader__read_file\""));
    assert_true(was_sent(&w, 1, "\"role\":\"tool\""));
    assert_true(was_sent(&w, 1, "\"tool_call_id\":\"c1\""));
    assert_true(was_sent(&w, 1, "hidden words, and the key ***"));
    assert_non_null(strstr(buf_cstr(&w.seen), "speaks_to_model"));
    json_decref(out);
    world_down(&w);
}

static void what_the_agent_has_no_grant_for_is_refused_on_record(void **state) {
    struct world w;
    json_t *out = NULL;

    world_up(&w, *state);
    SCRIPT(&w, READ, TEXT("well"));
    w.turn.agent = &agent_intake.card;
    assert_int_equal(ask(&w, (struct ask_model){.offer = reads}, &out), ERR_NONE);
    assert_true(was_sent(&w, 1, "has no grant for repo_reader.read_file"));
    assert_false(was_sent(&w, 1, "hidden words"));
    assert_non_null(strstr(buf_cstr(&w.seen), "\"no_grant\""));
    json_decref(out);
    world_down(&w);
}

static void a_tool_that_is_not_offered_is_told_and_not_called(void **state) {
    struct world w;
    json_t *out = NULL;

    world_up(&w, *state);
    SCRIPT(&w, CALL("aws_deployer__apply", "{}"), TEXT("well"));
    assert_int_equal(ask(&w, (struct ask_model){.offer = reads}, &out), ERR_NONE);
    assert_true(was_sent(&w, 1, "there is no such function"));
    assert_null(strstr(buf_cstr(&w.seen), "aws_deployer"));
    json_decref(out);
    world_down(&w);
}

static void a_model_that_only_asks_ends(void **state) {
    struct world w;
    json_t *out = NULL;

    world_up(&w, *state);
    SCRIPT(&w, READ);
    assert_int_equal(ask(&w, (struct ask_model){.offer = reads}, &out), ERR_PROTOCOL);
    assert_int_equal(fake_http_calls(w.fake), limit(LIMIT_MODEL_ROUNDS) + 1);
    assert_true(was_sent(&w, (int)limit(LIMIT_MODEL_ROUNDS) - 1, "\"tools\":["));
    assert_false(was_sent(&w, (int)limit(LIMIT_MODEL_ROUNDS), "\"tools\":["));
    world_down(&w);
}

static void what_was_read_first_goes_when_the_prompt_gets_too_long(void **state) {
    struct world w;
    CLEANUP(freep) char *path = NULL;
    FILE *file;
    json_t *out = NULL;

    world_up(&w, *state);
    path = mem_format("%s/README.md", w.root);
    file = fopen(path, "w");
    assert_non_null(file);
    for (int i = 0; i < 1000; i++) {
        (void)fprintf(file, "%d!? ", i * 7919);
    }
    assert_int_equal(fclose(file), 0);
    SCRIPT(&w, READ, READ, READ, READ, TEXT("a readme"));
    assert_int_equal(ask(&w, (struct ask_model){.offer = reads}, &out), ERR_NONE);
    assert_string_equal(json_str_at(out, "text"), "a readme");
    assert_false(was_sent(&w, 1, "[... cut: read it again"));
    assert_true(was_sent(&w, 4, "[... cut: read it again"));
    assert_true(was_sent(&w, 4, "7919!? "));
    json_decref(out);
    world_down(&w);
}

static void an_answer_that_misses_its_form_is_asked_for_once_more(void **state) {
    struct world w;
    json_t *out = NULL;

    world_up(&w, *state);
    SCRIPT(&w, TEXT("no form"), TEXT("{\\\"concerns\\\":[]}"), TEXT("no form"), TEXT("none again"));
    assert_int_equal(ask(&w, (struct ask_model){.form = "concern"}, &out), ERR_NONE);
    assert_true(json_is_array(json_at(out, "json.concerns")));
    assert_true(was_sent(&w, 1, "the model's answer is not JSON"));
    json_decref(out);
    assert_int_equal(ask(&w, (struct ask_model){.form = "concern"}, &out), ERR_PROTOCOL);
    assert_int_equal(fake_http_calls(w.fake), 4);
    assert_int_equal(turn_tokens(&w.turn).in, 4 * 50); /* each of them was paid for */
    world_down(&w);
}

static void without_a_model_it_is_said_and_nothing_is_spent(void **state) {
    struct world w;
    json_t *out = NULL;

    world_up(&w, *state);
    w.services.model = NULL;
    (void)json_object_clear(w.turn.state);
    assert_false(has_model(&w.turn));
    assert_int_equal(ask(&w, (struct ask_model){0}, &out), ERR_UNSUPPORTED);
    assert_non_null(strstr(w.err.remedy, "OPENAI_API_KEY"));
    assert_int_equal(turn_tokens(&w.turn).in, 0);
    world_down(&w);
}

static void a_prompt_of_8000_tokens_is_not_sent(void **state) {
    struct world w;
    CLEANUP(buf_done) struct buf words = BUF_INIT(1 << 20);
    CLEANUP(json_decrefp) json_t *messages = NULL;
    json_t *out = NULL;

    world_up(&w, *state);
    SCRIPT(&w, TEXT("well"));
    for (int i = 0; i < 8000; i++) {
        buf_add_s(&words, " word");
    }
    messages = json_pack("[{s:s, s:s}]", "role", "user", "content", buf_cstr(&words));
    assert_int_equal(ask_model(&w.turn, &(struct ask_model){.messages = messages}, &out, &w.err),
                     ERR_TOO_LARGE);
    assert_int_equal(fake_http_calls(w.fake), 0);
    world_down(&w);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        ON_MEMORY(an_answer_is_shown_as_it_comes_and_masked),
        ON_MEMORY(an_answer_that_is_stopped_while_it_streams_is_spent_as_it_was_held),
        ON_MEMORY(what_the_model_asks_for_is_read_as_this_agent_and_told_as_data),
        ON_MEMORY(what_the_agent_has_no_grant_for_is_refused_on_record),
        ON_MEMORY(a_tool_that_is_not_offered_is_told_and_not_called),
        ON_MEMORY(a_model_that_only_asks_ends),
        ON_MEMORY(what_was_read_first_goes_when_the_prompt_gets_too_long),
        ON_MEMORY(an_answer_that_misses_its_form_is_asked_for_once_more),
        ON_MEMORY(without_a_model_it_is_said_and_nothing_is_spent),
        ON_MEMORY(a_prompt_of_8000_tokens_is_not_sent),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
