/* What the program adds to a question to a model:  model_bench DIR RUNS
 *
 * A scripted server on loopback, which is a fake, answers at once; each question goes through the
 * gate, with its hold, two records on the disk, the mask and the stream. `model_first_token`: from
 * the moment the server writes a word that the redactor may let go to the event that shows it.
 * `model_turn_overhead`: the whole call; its floor is the bare exchange by net/http. Prints one
 * JSON object a line. */
#include "base/clock.h"
#include "support/fake_http.h"
#include "support/store_fixture.h"
#include "tool/gate.h"
#include "tool/services.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PROMPT_WORDS = 2000, RUNS_MAX = 30 /* a session's budget is for some more */ };

#define CHUNK(delta, finish)                                                                       \
    "data: {\"choices\":[{\"index\":0,\"delta\":" delta ",\"finish_reason\":" finish "}]}\n\n"

static const char answer[] = CHUNK("{\"content\":\"The plan is ready.\\n\"}", "null")
    CHUNK("{\"content\":\"Say yes.\\n\"}",
          "\"stop\"") "data: "
                      "{\"choices\":[],\"usage\":{\"prompt_tokens\":2010,\"completion_tokens\":9}}"
                      "\n\ndata: [DONE]\n\n";

static _Atomic int64_t written_us; /* when the server answered last */
static int64_t shown_us;           /* when the first piece of the answer was shown */

static enum fake_then play(void *ctx, int n, struct str request, struct buf *out) {
    (void)ctx;
    (void)n;
    (void)request;
    fake_reply(out, 200, "Content-Type: text/event-stream\r\n", answer);
    atomic_store(&written_us, clock_mono_us());
    return FAKE_KEEP;
}

static void see(void *ctx, enum event event, const struct masked *json) {
    (void)ctx;
    (void)json;
    if (event == EVENT_DELTA && shown_us == 0) {
        shown_us = clock_mono_us();
    }
}

static const struct sink sink = {"bench", LEVEL_INFO, see};

static bool nobody(void *ctx) {
    (void)ctx;
    return false;
}

static int by_value(const void *a, const void *b) {
    double x = *(const double *)a;
    double y = *(const double *)b;

    return (x > y) - (x < y);
}

static void print_row(const char *name, double *ms, int n, double floor_ms) {
    qsort(ms, (size_t)n, sizeof *ms, by_value);
    (void)printf("{\"name\":\"%s\",\"value\":%.4f,\"p99\":%.4f,\"unit\":\"ms\",\"runs\":%d,"
                 "\"floor\":%.4f}\n",
                 name, ms[n / 2], ms[n * 99 / 100], n, floor_ms);
}

/* 2,000 words, as a person's requirements and a plan have them. */
static json_t *bench_messages(void) {
    CLEANUP(buf_done) struct buf words = BUF_INIT(1 << 20);

    for (int i = 0; i < PROMPT_WORDS; i++) {
        buf_addf(&words, "%s ", i % 7 == 0 ? "region" : i % 3 == 0 ? "deploy" : "the");
    }
    return json_pack("[{s:s, s:s}]", "role", "user", "content", buf_cstr(&words));
}

static double median(double *ms, int n) {
    qsort(ms, (size_t)n, sizeof *ms, by_value);
    return ms[n / 2];
}

/* The exchange alone, with the same body. */
static double bare_ms(struct http *http, const char *url, const char *body) {
    CLEANUP(http_reply_done) struct http_reply reply = {0};
    struct http_request request = {
        .method = "POST", .url = url, .body = str_from(body), .timeout_ms = 10000};
    int64_t began_us = clock_mono_us();

    MUST(http_send(http, &request, &reply, &err));
    return (double)(clock_mono_us() - began_us) / 1000;
}

static double asked_ms(struct turn *turn, const json_t *messages) {
    json_t *out = NULL;
    int64_t began_us = clock_mono_us();

    MUST(tool_call(turn, "openai_llm", "complete",
                   json_pack("{s:O, s:b}", "messages", messages, "shown", 1), &out, &err));
    json_decref(out);
    return (double)(clock_mono_us() - began_us) / 1000;
}

static void bench_run(struct turn *turn, const char *url, int runs) {
    CLEANUP(json_decrefp) json_t *messages = bench_messages();
    CLEANUP(freep) char *body = json_text(messages);
    struct http *http = http_new(&(struct http_options){0});
    double *bare = mem_array((size_t)runs, sizeof *bare);
    double *whole = mem_array((size_t)runs, sizeof *whole);
    double *first = mem_array((size_t)runs, sizeof *first);
    double floor_ms;

    (void)asked_ms(turn, messages); /* libcurl is loaded, the tables of tokens are in memory */
    (void)bare_ms(http, url, body);
    for (int i = 0; i < runs; i++) {
        bare[i] = bare_ms(http, url, body);
        shown_us = 0;
        whole[i] = asked_ms(turn, messages);
        first[i] = (double)(shown_us - atomic_load(&written_us)) / 1000;
    }
    floor_ms = median(bare, runs);
    print_row("model_first_token", first, runs, 0);
    print_row("model_turn_overhead", whole, runs, floor_ms);
    free(bare);
    free(whole);
    free(first);
    http_free(http);
}

int main(int argc, char **argv) {
    static const struct grant grants[] = {{"openai_llm", "*"}, {0}};
    static const struct agent_card card = {"bench", "Bench", grants};
    int runs = argc > 2 ? (int)strtol(argv[2], NULL, 10) : 0;
    struct fixture f;
    struct fake_http *fake = fake_http_start(play, NULL);
    CLEANUP(freep) char *base = mem_format("%s/v1", fake_http_url(fake));
    CLEANUP(freep) char *url = mem_format("%s/chat/completions", base);
    struct model_options options = {.base_url = base, .primary = model_find("gpt-4.1-mini")};
    struct services services = {0};
    struct person person = {.is_there = nobody};
    atomic_bool interrupted = false;
    struct gate_options gate_options = {
        .services = &services, .person = &person, .interrupted = &interrupted, .session = "s"};
    struct journal_entry begin = {.kind = RECORD_SESSION};
    struct store_lease lease;
    struct turn turn = {.agent = &card, .session = "s", .phase = "intake", .state = json_object()};

    if (runs < 1 || runs > RUNS_MAX || setenv("TMPDIR", argv[1], 1) != 0) {
        (void)fprintf(stderr, "usage: model_bench DIR RUNS\n");
        return 2;
    }
    fixture_open(&f, &store_sqlite);
    MUST(model_client_new(&options, &services.model, &err));
    services.store = f.store;
    services.redactor = f.redactor;
    gate_options.bus = bus_new(f.redactor);
    bus_add(gate_options.bus, &sink, NULL);
    MUST(store_take_lease(f.store, STR("s"), 600000, &lease, &err));
    MUST(journal_open(f.store, &lease, &gate_options.journal, &err));
    gate_options.meter = meter_new();
    MUST(gate_open(&gate_options, &turn.gate, &err));
    begin.fields[FIELD_KIND] = STR("query");
    begin.fields[FIELD_PROJECT] = STR("p");
    MUST(gate_record(turn.gate, &begin, &err));
    gate_enter(turn.gate, "intake", 1);
    bench_run(&turn, url, runs);
    gate_close(turn.gate);
    meter_free(gate_options.meter);
    journal_close(gate_options.journal);
    bus_free(gate_options.bus);
    model_client_free(services.model);
    fake_http_stop(fake);
    fixture_done(&f);
    json_decref(turn.state);
    return 0;
}
