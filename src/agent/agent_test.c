/* Who may do what: the whole table of agent x tool x operation, and every empty cell at the gate.
 */
#include "agent/agent.h"

#include "support/person_fixture.h"
#include "support/store_fixture.h"
#include "tool/services.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

/* Written by hand from the specification, not read from the program. */
/* clang-format off */
static const struct {
    const char *operation;
    const char *agents; /* blanks between and around */
} cells[] = {
    { "repo_reader.read_file",     " orchestrator curator " },
    { "repo_reader.list_dir",      " orchestrator curator " },
    { "repo_reader.survey",        " orchestrator curator " },
    { "repo_reader.diff",          " orchestrator curator " },
    { "shell_runner.run",          " planner executor " },
    { "shell_runner.sources",      " planner " },
    { "shell_runner.install",      " planner " },
    { "shell_runner.draft",        " planner " },
    { "shell_runner.keep",         " planner " },
    { "pnpm_client.fetch",         " planner " },
    { "pnpm_client.build",         " planner " },
    { "pnpm_client.exec",          " planner " },
    { "uv_client.fetch",           " planner " },
    { "uv_client.check",           " planner " },
    { "uv_client.bundle",          " planner " },
    { "uv_client.run",             " planner " },
    { "aws_deployer.identity",     " executor validator " },
    { "aws_deployer.stack_status", " executor validator " },
    { "aws_deployer.events",       " executor validator " },
    { "aws_deployer.outputs",      " executor validator " },
    { "aws_deployer.logs",         " executor validator " },
    { "aws_deployer.probe",        " executor validator " },
    { "aws_deployer.inventory",    " executor " },
    { "aws_deployer.parameters",   " executor " },
    { "aws_deployer.secrets_ls",   " executor " },
    { "aws_deployer.put_secret",   " executor " },
    { "aws_deployer.secrets_rm",   " executor " },
    { "aws_deployer.lock",         " executor " },
    { "aws_deployer.publish",      " executor " },
    { "aws_deployer.share",        " executor " },
    { "aws_deployer.join",         " executor " },
    { "aws_deployer.take",         " executor " },
    { "aws_deployer.decide",       " executor " },
    { "aws_deployer.pull",         " executor " },
    { "aws_deployer.upload",       " executor " },
    { "aws_deployer.preview",      " executor " },
    { "aws_deployer.discard",      " executor " },
    { "aws_deployer.apply",        " executor " },
    { "aws_deployer.bootstrap",    " executor " },
    { "aws_deployer.rollback",     " executor " },
    { "aws_deployer.destroy",      " executor " },
    { "aws_deployer.recover",      " executor " },
    { "aws_deployer.diagnose",     " executor " },
    { "aws_deployer.wait",         " executor " },
    { "aws_deployer.lock_status",  " executor " },
    { "aws_deployer.waiting",      " executor " },
    { "aws_deployer.unlock",       " executor " },
    { "aws_deployer.drift",        " executor validator " },
    { "aws_deployer.permissions",  " executor validator " },
    { "openai_llm.complete",       " orchestrator intake validator compliance " },
    { "openai_llm.moderate",       " orchestrator intake validator compliance " },
    { "mongo_store.save_draft",    " intake " },
    { "mongo_store.find_draft",    " intake " },
    { "qdrant_vector.upsert",      " curator " },
    { "qdrant_vector.query",       " curator " },
    { "telemetry_bus.emit",        " orchestrator curator intake planner executor validator compliance " },
};
/* clang-format on */

static bool is_wanted(const struct agent *agent, const char *tool, const char *operation) {
    CLEANUP(freep) char *what = mem_format("%s.%s", tool, operation);
    CLEANUP(freep) char *name = mem_format(" %s ", agent->card.name);

    for (size_t i = 0; i < ARRAY_N(cells); i++) {
        if (strcmp(cells[i].operation, what) == 0) {
            return strstr(cells[i].agents, name) != NULL;
        }
    }
    return false;
}

static void each_cell(void (*visit)(const struct agent *agent, const struct tool *tool,
                                    const struct operation *operation, void *context),
                      void *context) {
    for (size_t a = 0; a < agent_n; a++) {
        for (size_t t = 0; t < tool_n; t++) {
            for (size_t o = 0; o < tools[t]->operation_n; o++) {
                visit(agents[a], tools[t], &tools[t]->operations[o], context);
            }
        }
    }
}

static void cell_compare(const struct agent *agent, const struct tool *tool,
                         const struct operation *operation, void *context) {
    int *bad = context;
    bool is_granted = tool_is_granted(&agent->card, tool->name, operation->name);

    if (is_granted != is_wanted(agent, tool->name, operation->name)) {
        print_error("%s, %s.%s: %s\n", agent->card.name, tool->name, operation->name,
                    is_granted ? "granted" : "not granted");
        ++*bad;
    }
}

static void the_grants_are_those_of_the_specification_and_no_others(void **state) {
    int bad = 0;

    (void)state;
    assert_int_equal(agent_n, 7);
    each_cell(cell_compare, &bad);
    assert_int_equal(bad, 0);
}

static void every_row_and_every_grant_names_an_operation_that_exists(void **state) {
    (void)state;
    for (size_t i = 0; i < ARRAY_N(cells); i++) {
        struct str rest = str_from(cells[i].operation);
        struct str tool = {0};
        CLEANUP(freep) char *name = NULL;

        (void)str_next(&rest, '.', &tool);
        name = str_dup(tool);
        if (tool_find(name, rest.ptr) == NULL) {
            fail_msg("there is no %s", cells[i].operation);
        }
    }
    for (size_t a = 0; a < agent_n; a++) {
        for (const struct grant *g = agents[a]->card.grants; g->tool != NULL; g++) {
            if (strcmp(g->operation, "*") != 0 && tool_find(g->tool, g->operation) == NULL) {
                fail_msg("%s may use %s.%s, which does not exist", agents[a]->card.name, g->tool,
                         g->operation);
            }
        }
    }
}

static void only_the_executor_has_hands(void **state) {
    (void)state;
    for (size_t a = 0; a < agent_n; a++) {
        for (size_t t = 0; t < tool_n; t++) {
            for (size_t o = 0; o < tools[t]->operation_n; o++) {
                const struct operation *row = &tools[t]->operations[o];
                bool is_hand = row->effect == EFFECT_PREVIEW || row->effect == EFFECT_APPLY;

                if (is_hand && agents[a] != &agent_executor &&
                    tool_is_granted(&agents[a]->card, tools[t]->name, row->name)) {
                    fail_msg("%s may %s", agents[a]->card.name, row->name);
                }
            }
        }
    }
}

/* ---- Every empty cell, at the gate ---- */

struct door {
    struct turn turn;
    int tried;
    int bad;
};

/* Arguments that pass the schema: the grant must be what refuses. */
static json_t *door_args(const struct json_field *fields) {
    json_t *args = json_object();

    for (const struct json_field *f = fields; f->name != NULL; f++) {
        json_t *value = f->kind == JSON_COUNT  ? json_integer(1)
                        : f->kind == JSON_FLAG ? json_true()
                        : f->kind == JSON_MAP  ? json_object()
                        : f->kind == JSON_LIST ? json_array()
                                               : json_string("x");

        json_put(args, f->name, value);
    }
    return args;
}

static void door_try(const struct agent *agent, const struct tool *tool,
                     const struct operation *operation, void *context) {
    struct door *door = context;
    struct err err = {0};
    json_t *out = NULL;

    if (is_wanted(agent, tool->name, operation->name)) {
        return;
    }
    door->turn.agent = &agent->card;
    door->tried++;
    if (tool_call(&door->turn, tool->name, operation->name, door_args(operation->schema_in), &out,
                  &err) != ERR_POLICY ||
        strstr(err.text, "no grant") == NULL) {
        print_error("%s, %s.%s: %s\n", agent->card.name, tool->name, operation->name, err.text);
        json_decref(out);
        door->bad++;
    }
}

static void every_empty_cell_is_refused_at_the_gate(void **state) {
    struct fixture *f = *state;
    struct store_lease lease;
    struct journal *journal = fixture_journal(f, "s", &lease);
    struct journal_entry first = fixture_first();
    struct services services = {.store = f->store, .redactor = f->redactor};
    struct person person = fixture_person(NULL);
    atomic_bool interrupted = false;
    struct bus *bus = bus_new(f->redactor);
    struct gate_options options = {.services = &services,
                                   .journal = journal,
                                   .bus = bus,
                                   .person = &person,
                                   .interrupted = &interrupted,
                                   .session = "s"};
    struct gate *gate = NULL;
    struct door door = {.turn = {.session = "s", .phase = "preflight", .state = json_object()}};

    MUST(gate_open(&options, &gate, &err));
    MUST(gate_record(gate, &first, &err));
    gate_enter(gate, "preflight", 1);
    door.turn.gate = gate;
    each_cell(door_try, &door);
    MUST(gate_settle(gate, &err));
    assert_int_equal(door.bad, 0);
    assert_true(door.tried > 150);
    assert_int_equal(journal_last_seq(journal), 1 + door.tried); /* each refusal is on record */
    gate_close(gate);
    journal_close(journal);
    bus_free(bus);
    json_decref(door.turn.state);
}

/* ---- The state is masked each time a phase is entered ---- */

#define HEX64 "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

/* Members whose names or values look like secrets and are not. */
static const char needed[] =
    "{\"project\":{\"secret_names\":[\"DATABASE_URL\",\"STRIPE_KEY\"],"
    "\"variables\":{\"LOG_LEVEL\":\"info\",\"ACCESS_TOKEN_EXPIRE_MINUTES\":\"30\"}},"
    "\"parameters\":{\"SecretsPath\":\"/depl/todo/"
    "dev\",\"OriginVerify\":{\"use\":\"origin_verify\"},"
    "\"BackendKey\":\"backend/" HEX64 ".zip\","
    "\"BackendSha256B64\":\"ASNFZ4mrze8BI0VniavN7wEjRWeJq83vASNFZ4mrze8=\"},"
    "\"plan\":{\"secrets\":[\"DATABASE_URL\"],\"parameters\":{\"OriginVerify\":true},"
    "\"permissions\":[\"ssm:GetParametersByPath\"]},"
    "\"check\":{\"missing\":[\"SECRET_KEY\"],\"routes\":[{\"path\":\"/api/auth/token\"}]},"
    "\"identity\":{\"arn\":\"arn:aws:sts::123456789012:assumed-role/Dev/someone\"},"
    "\"approval\":{\"digest\":\"" HEX64 "\"},"
    "\"preview\":{\"parameters\":[\"OriginVerify\",\"SecretsPath\"],\"arn\":"
    "\"arn:aws:cloudformation:eu-west-1:123456789012:changeSet/d-d261124-k7m2q9x4-12/"
    "6f2c3a10-1c2d-4e5f-8a9b-0c1d2e3f4a5b\"},"
    "\"site\":{\"files\":[{\"path\":\"assets/index-C2TdN3bF.js\",\"sha256\":\"" HEX64 "\"}]}}";

/* Members that hold a secret, each with the piece that must not be found again. */
/* clang-format off */
static const struct {
    const char *json;
    const char *secret;
} secrets[] = {
    { "{\"variables\":{\"DATABASE_URL\":\"postgres://u:Zx81spectrum@h/db\"}}", "Zx81spectrum" },
    { "{\"answers\":{\"env.API_KEY\":\"Zx81spectrum\"}}",                       "Zx81spectrum" },
    { "{\"parameters\":{\"OriginVerify\":\"Zx81spectrum-of-the-stack\"}}",      "Zx81spectrum" },
    { "{\"problem\":{\"text\":\"login with ghp_0123456789abcdefghijklmnopqrstuvwxyz failed\"}}", "ghp_0123" },
    { "{\"flags\":{\"text\":\"use my-own-known-value please\"}}",               "my-own-known-value" },
};
/* clang-format on */

static void the_mask_takes_every_secret_and_nothing_that_an_agent_needs(void **state) {
    CLEANUP(redactor_freep) struct redactor *redactor = redactor_new();
    CLEANUP(json_decrefp) json_t *plain = NULL;
    CLEANUP(masked_done) struct masked masked = {0};
    CLEANUP(freep) char *want = NULL;

    (void)state;
    MUST(json_read(str_from(needed), &plain, &err));
    want = json_text(plain);
    redact_json(redactor, plain, &masked);
    assert_string_equal(masked_cstr(&masked), want);
    redactor_add_known(redactor, NULL, STR("Zx81spectrum-of-the-stack")); /* as preview.c does */
    redactor_add_known(redactor, "OWN", STR("my-own-known-value"));
    masked_done(&masked);
    redact_json(redactor, plain,
                &masked); /* the second deployment of a conversation needs it too */
    assert_string_equal(masked_cstr(&masked), want);
    for (size_t i = 0; i < ARRAY_N(secrets); i++) {
        CLEANUP(json_decrefp) json_t *json = NULL;
        CLEANUP(masked_done) struct masked out = {0};

        MUST(json_read(str_from(secrets[i].json), &json, &err));
        redact_json(redactor, json, &out);
        if (strstr(masked_cstr(&out), secrets[i].secret) != NULL) {
            fail_msg("row %zu: %s", i, masked_cstr(&out));
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_grants_are_those_of_the_specification_and_no_others),
        cmocka_unit_test(every_row_and_every_grant_names_an_operation_that_exists),
        cmocka_unit_test(only_the_executor_has_hands),
        cmocka_unit_test(the_mask_takes_every_secret_and_nothing_that_an_agent_needs),
        ON_MEMORY(every_empty_cell_is_refused_at_the_gate),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
