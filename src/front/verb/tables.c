/* tables: the tables of the program as Markdown, one file each, so that what is documented is what
 * runs. For whoever works on the program; not in the short help. */
#include <string.h>

#include "agent/agent.h"
#include "aws/set_state.h"
#include "aws/stack_state.h"
#include "flow/graph.h"
#include "front/cli/cli_room.h"
#include "guard/limits.h"
#include "guard/price/cost.h"
#include "guard/redact/redact.h"
#include "sys/fs.h"
#include "tool/tool.h"

enum { TABLE_BYTES_MAX = 1 << 20 };

static const char *const kind_words[] = {
    [JSON_ANY] = "any",   [JSON_TEXT] = "text", [JSON_COUNT] = "count",
    [JSON_FLAG] = "flag", [JSON_MAP] = "map",   [JSON_LIST] = "list",
};

/* ---- Who may do what ---- */

static void table_agents(struct buf *out) {
    buf_add_s(out, "| agent | title | purpose | guardrail | phases |\n|---|---|---|---|---|\n");
    for (size_t i = 0; i < agent_n; i++) {
        const struct agent *agent = agents[i];

        buf_addf(out, "| %s | %s | %s | %s |", agent->card.name, agent->card.title, agent->purpose,
                 agent->guardrail);
        for (const enum phase *p = agent->phases; *p != PHASE_NONE; p++) {
            buf_addf(out, " %s", phase_word(*p));
        }
        buf_add_s(out, " |\n");
    }
}

static void table_grants(struct buf *out) {
    buf_add_s(out, "An `x` is a grant; every other cell is refused by the gate.\n\n| operation |");
    for (size_t i = 0; i < agent_n; i++) {
        buf_addf(out, " %s |", agents[i]->card.name);
    }
    buf_add_s(out, "\n|---|");
    for (size_t i = 0; i < agent_n; i++) {
        buf_add_s(out, "---|");
    }
    buf_add_c(out, '\n');
    for (size_t t = 0; t < tool_n; t++) {
        for (size_t o = 0; o < tools[t]->operation_n; o++) {
            const char *operation = tools[t]->operations[o].name;

            buf_addf(out, "| %s.%s |", tools[t]->name, operation);
            for (size_t i = 0; i < agent_n; i++) {
                bool is_granted = tool_is_granted(&agents[i]->card, tools[t]->name, operation);

                buf_add_s(out, is_granted ? " x |" : "  |");
            }
            buf_add_c(out, '\n');
        }
    }
}

/* ---- What is masked ---- */

/* A template with what '%' stands for; "%%" is one. */
static void rule_text(struct buf *out, const char *text) {
    for (const char *p = text; *p != '\0'; p++) {
        if (p[0] == '%' && p[1] == '%') {
            buf_add_c(out, *p++);
        } else if (*p == '%') {
            buf_add_s(out, "<40>");
        } else {
            buf_add_c(out, *p);
        }
    }
}

/* What a rule masks, or the nearest that it leaves. */
static void rule_example(struct buf *out, const struct redact_rule *rule, bool is_counter) {
    const char *text = is_counter ? rule->no : rule->yes;

    buf_add_s(out, " `");
    if (text != NULL) {
        rule_text(out, text);
    } else if (rule->lead > 0) {
        buf_addf(out, "<%zu>%s<%zu>", rule->lead, rule->anchor, rule->min - (is_counter ? 1U : 0U));
    } else {
        buf_addf(out, "%s<%zu>", rule->anchor, rule->min - (is_counter ? 1U : 0U));
    }
    buf_add_s(out, "` |");
}

static void table_redaction(struct buf *out) {
    buf_add_s(out,
              "`<40>` stands for 40 characters of the row; a test runs every example through "
              "the redactor.\n\n"
              "| kind | found by | followed by | is masked | stays |\n|---|---|---|---|---|\n");
    for (size_t i = 0; i < redact_rule_count(); i++) {
        struct redact_rule rule;

        redact_rule_describe(i, &rule);
        if (rule.is_hint) {
            continue;
        }
        buf_addf(out, "| %s | `%s` | %s |", rule.kind, rule.anchor, rule.body);
        rule_example(out, &rule, false);
        rule_example(out, &rule, true);
        buf_add_c(out, '\n');
    }
}

static void operation_schema(struct buf *out, const struct json_field *fields) {
    if (fields == NULL) {
        buf_add_s(out, "a shape of its own, see its header");
        return;
    }
    for (const struct json_field *f = fields; f->name != NULL; f++) {
        buf_addf(out, "%s%s%s: %s", f == fields ? "" : ", ", f->name, f->is_optional ? "?" : "",
                 kind_words[f->kind]);
    }
}

static void table_operations(struct buf *out) {
    buf_add_s(out, "| operation | effect | deadline, s | purpose | takes | gives |\n"
                   "|---|---|---|---|---|---|\n");
    for (size_t t = 0; t < tool_n; t++) {
        for (size_t o = 0; o < tools[t]->operation_n; o++) {
            const struct operation *row = &tools[t]->operations[o];

            buf_addf(out, "| %s.%s | %s | %lld | %s | ", tools[t]->name, row->name,
                     effect_name(row->effect), (long long)(limit(row->deadline) / 1000),
                     row->purpose);
            operation_schema(out, row->schema_in);
            buf_add_s(out, " | ");
            operation_schema(out, row->schema_out);
            buf_add_s(out, " |\n");
        }
    }
}

/* ---- The road ---- */

static void table_phases(struct buf *out) {
    buf_add_s(out, "| phase | step | what |");
    for (enum outcome o = 0; o < OUTCOME_N; o++) {
        buf_addf(out, " %s |", outcome_word(o));
    }
    buf_add_s(out, "\n|---|---|---|");
    for (enum outcome o = 0; o < OUTCOME_N; o++) {
        buf_add_s(out, "---|");
    }
    buf_add_c(out, '\n');
    for (enum phase p = PHASE_NONE + 1; p < PHASE_N; p++) {
        buf_addf(out, "| %s | %d | %s |", phase_word(p), phase_step(p), phase_sentence(p));
        for (enum outcome o = 0; o < OUTCOME_N; o++) {
            buf_addf(out, " %s |", phase_word(graph_next(p, o)));
        }
        buf_add_c(out, '\n');
    }
}

/* ---- Limits, errors, events, states ---- */

static void table_limits(struct buf *out) {
    buf_add_s(out, "| limit | value | unit | why |\n|---|---|---|---|\n");
    for (enum limit l = LIMIT_NONE + 1; l < LIMIT_N; l++) {
        buf_addf(out, "| %s | %lld | %s | %s |\n", limit_name(l), (long long)limit(l),
                 limit_unit(l), limit_why(l));
    }
}

static const char *const sentences[] = {
#define ERR(name, wire, exit_status, sentence) [ERR_##name] = sentence,
#include "base/err.def"
#undef ERR
};

static void table_errors(struct buf *out) {
    buf_add_s(out, "| code | exit | meaning |\n|---|---|---|\n");
    for (enum err_code code = ERR_NONE + 1; code < ERR_N; code++) {
        buf_addf(out, "| %s | %d | %s |\n", err_wire(code), err_exit(code), sentences[code]);
    }
}

static const char *const event_meanings[EVENT_N] = {
#define EVENT(name, type, level, meaning) [EVENT_##name] = meaning,
#include "telemetry/event.def"
#undef EVENT
};

static void table_events(struct buf *out) {
    static const char *const levels[] = {
        [LEVEL_DEBUG] = "debug", [LEVEL_INFO] = "info", [LEVEL_ALERT] = "alert"};

    buf_add_s(out, "| type | level | meaning |\n|---|---|---|\n");
    for (enum event e = EVENT_NONE + 1; e < EVENT_N; e++) {
        buf_addf(out, "| %s | %s | %s |\n", event_type(e), levels[event_level(e)],
                 event_meanings[e]);
    }
}

/* clang-format off */
static const struct {
    int code;
    const char *meaning;
} exits[] = {
    { 0,   "ok; also no change" },
    { 1,   "other failure" },
    { 2,   "configuration or usage; a missing answer. plan --detailed-exitcode: there are changes" },
    { 3,   "credentials" },
    { 4,   "deployment failed, and rolled back unless said otherwise" },
    { 5,   "refused by policy, by a person, or not deployable" },
    { 6,   "no such thing" },
    { 7,   "expected no changes" },
    { 8,   "cancelled" },
    { 9,   "timed out" },
    { 10,  "waiting for approval" },
    { 130, "interrupted" },
    { 255, "a defect of this program" },
};
/* clang-format on */

static void table_exits(struct buf *out) {
    buf_add_s(out, "| exit | meaning | errors |\n|---|---|---|\n");
    for (size_t i = 0; i < ARRAY_N(exits); i++) {
        buf_addf(out, "| %d | %s |", exits[i].code, exits[i].meaning);
        for (enum err_code code = ERR_NONE + 1; code < ERR_N; code++) {
            if (err_exit(code) == exits[i].code) {
                buf_addf(out, " %s", err_wire(code));
            }
        }
        buf_add_s(out, " |\n");
    }
}

static void table_states(struct buf *out) {
    size_t n = 0;
    const struct stack_state *rows = stack_states(&n);

    buf_add_s(out, "| status | class | create | update | at rest | success | meaning | way out | "
                   "what it loses | remedy |\n|---|---|---|---|---|---|---|---|---|---|\n");
    for (size_t i = 0; i < n; i++) {
        buf_addf(out, "| %s | %s | %s | %s | %s | %s | %s | %s | %s | %s |\n",
                 rows[i].status[0] == '\0' ? "(absent)" : rows[i].status,
                 stack_class_word(rows[i].class), rows[i].can_create ? "yes" : "no",
                 rows[i].can_update ? "yes"
                 : rows[i].can_fix  ? "with --no-rollback"
                                    : "no",
                 rows[i].is_resting ? "yes" : "no", rows[i].is_success ? "yes" : "no",
                 rows[i].sentence, stack_cure_word(rows[i].cure), rows[i].loses, rows[i].remedy);
    }
}

static void table_verbs_of_states(struct buf *out) {
    size_t n = 0;
    const struct stack_state *rows = stack_states(&n);

    buf_add_s(
        out,
        "\"waits\" and \"recovers\" ask first and then go on; without a person they refuse and "
        "name the verb that does it. approve, attach and cancel meet a run that waits for its "
        "yes. \"absent\" ends with 6, \"refuses\" with 1.\n\n"
        "| status | status | deploy, plan | approve | attach | recover | rollback | destroy | "
        "drift | cancel | unlock |\n|---|---|---|---|---|---|---|---|---|---|---|\n");
    for (size_t i = 0; i < n; i++) {
        buf_addf(out, "| %s |", rows[i].status[0] == '\0' ? "(absent)" : rows[i].status);
        for (enum stack_verb verb = STACK_VERB_STATUS; verb < STACK_VERB_N; verb++) {
            buf_addf(out, " %s |", stack_verb_word(&rows[i], verb));
        }
        buf_add_s(out, "\n");
    }
}

static void table_sets(struct buf *out) {
    size_t n = 0;
    const struct set_state *rows = set_states(&n);

    buf_add_s(out, "| status | execution status | class | meaning | remedy |\n"
                   "|---|---|---|---|---|\n");
    for (size_t i = 0; i < n; i++) {
        buf_addf(out, "| %s | %s | %s | %s | %s |\n", rows[i].status,
                 rows[i].execution[0] == '\0' ? "(any)" : rows[i].execution,
                 set_class_word(rows[i].class), rows[i].sentence, rows[i].remedy);
    }
}

/* ---- The policy ---- */

static void table_policy_calls(struct buf *out) {
    buf_add_s(
        out,
        "All rules are looked at and the strictest verdict counts: deny, escalate, ask, allow. A "
        "call that is not complete is denied (malformed_call).\n\n"
        "| code | verdict | when | remedy |\n|---|---|---|---|\n");
    for (size_t i = 0; i < policy_call_rule_n(); i++) {
        struct policy_call_rule row;

        policy_call_rule(i, &row);
        buf_addf(out, "| %s | %s | %s | %s |\n", row.code, verdict_name(row.verdict), row.text,
                 row.remedy);
    }
}

static void table_policy_sinks(struct buf *out) {
    static const enum origin origins[] = {ORIGIN_USER, ORIGIN_CONFIG, ORIGIN_PLAN,
                                          ORIGIN_REPO, ORIGIN_TOOL,   ORIGIN_MODEL};

    buf_add_s(out, "From where an argument that decides what is changed may come (`x`); a value "
                   "with any other "
                   "label, or none, gets the verdict.\n\n| argument | of calls that |");
    for (size_t o = 0; o < ARRAY_N(origins); o++) {
        buf_addf(out, " %s |", origin_name(origins[o]));
    }
    buf_add_s(out, " else |\n|---|---|---|---|---|---|---|---|---|\n");
    for (size_t i = 0; i < policy_sink_n(); i++) {
        struct policy_sink row;

        policy_sink(i, &row);
        buf_addf(out, "| %s |", row.arg);
        for (enum effect e = EFFECT_NONE + 1; e < EFFECT_N; e++) {
            if ((row.effects & 1U << e) != 0) {
                buf_addf(out, " %s", effect_name(e));
            }
        }
        buf_add_s(out, " |");
        for (size_t o = 0; o < ARRAY_N(origins); o++) {
            buf_add_s(out, (row.origins & origins[o]) != 0 ? " x |" : "  |");
        }
        buf_addf(out, " %s |\n", verdict_name(row.verdict));
    }
}

static void table_policy_rules(struct buf *out) {
    buf_add_s(out, "| code | applies to | verdict | when | remedy |\n|---|---|---|---|---|\n");
    for (enum review_rule rule = REVIEW_NONE + 1; rule < REVIEW_RULE_N; rule++) {
        buf_addf(out, "| %s | %s | %s | %s | %s |\n", policy_rule_code(rule),
                 policy_rule_applies(rule), verdict_name(policy_rule_verdict(rule)),
                 policy_rule_when(rule), policy_rule_remedy(rule));
    }
}

static void table_policy_data(struct buf *out) {
    buf_add_s(out, "What loses something when it goes. Its removal from a stack, or its "
                   "replacement, is denied "
                   "(`data_removed`, `data_replaced`); where a template has to keep it, "
                   "`data_unprotected` looks at its DeletionPolicy and UpdateReplacePolicy.\n\n"
                   "| type | a template has to keep it |\n|---|---|\n");
    for (size_t i = 0; i < policy_data_n(); i++) {
        bool must_be_kept = false;
        const char *type = policy_data(i, &must_be_kept);

        buf_addf(out, "| %s | %s |\n", type, must_be_kept ? "yes" : "");
    }
}

static void table_policy_properties(struct buf *out) {
    buf_add_s(
        out, "What a property has to say; `[]` means in each. A value that cannot be told does not "
             "say it.\n\n| type | property | has to be | unless | code |\n|---|---|---|---|---|\n");
    for (size_t i = 0; i < policy_property_n(); i++) {
        struct policy_property row;

        policy_property(i, &row);
        buf_addf(out, "| %s | %s | %s%s%s | %s | %s |\n", row.type, row.path,
                 strncmp(row.demand, "is ", 3) == 0 ? row.demand + 3 : row.demand,
                 row.values[0] == '\0' ? "" : " ", row.values, row.unless,
                 policy_rule_code(row.rule));
    }
}

/* ---- The command line ---- */

static void table_options(struct buf *out) {
    buf_add_s(out, "| option | value | variable | what |\n|---|---|---|---|\n");
    for (size_t i = 0; i < OPT_N; i++) {
        const struct option_row *row = &option_rows[i];
        CLEANUP(freep)
        char *letter = row->letter == 0 ? mem_strdup("") : mem_format("-%c, ", row->letter);

        buf_addf(out, "| `%s--%s` | ", letter, row->name);
        for (const char *c = row->argument == NULL ? "" : row->argument; *c != '\0'; c++) {
            buf_addf(out, *c == '|' ? ", " : "%c", *c);
        }
        buf_addf(out, " | %s | %s |\n", row->variable == NULL ? "" : row->variable, row->help);
    }
}

static void price_cells(struct buf *out, const char *item, const double *usd) {
    for (size_t k = 0; k < PRICE_REGION_N; k++) {
        bool is_compared = price_compared_with(item, price_regions[k]) != NULL;

        buf_addf(out, " %s%s |", usd[k] < 0 ? "" : cost_decimal(usd[k]).text,
                 usd[k] < 0 || is_compared ? "" : " ~");
    }
    buf_add_c(out, '\n');
}

static void table_prices(struct buf *out) {
    buf_addf(
        out,
        "US dollars, on demand, without tax, first tier, as of %s. An empty cell is not known for "
        "certain, so it is not priced.\nA price with ~ is from memory of the page; the others were "
        "compared, with what is below.\nSources are pages below https://aws.amazon.com/.\n\n"
        "| item | unit | free a month | source |",
        PRICE_DATE);
    for (size_t k = 0; k < PRICE_REGION_N; k++) {
        buf_addf(out, " %s |", price_regions[k]);
    }
    buf_add_s(out, "\n|---|---|---|---|");
    for (size_t k = 0; k < PRICE_REGION_N; k++) {
        buf_add_s(out, "---|");
    }
    buf_add_c(out, '\n');
    for (size_t i = 0; i < PRICE_N; i++) {
        const struct price_row *row = &price_rows[i];

        buf_addf(out, "| %s | %s | %s | %s |", row->item, row->unit, price_free_text(row->free),
                 row->source);
        price_cells(out, row->item, row->usd);
    }
    for (size_t i = 0; i < price_class_n; i++) {
        buf_addf(out, "| %s | hour |  | %s |", price_classes[i].name, price_classes[i].source);
        price_cells(out, price_classes[i].name, price_classes[i].usd);
    }
    buf_add_s(out, "\n| compared | region | dollars | with |\n|---|---|---|---|\n");
    for (size_t i = 0; i < price_compared_n; i++) {
        const struct price_compared *row = &price_compareds[i];

        buf_addf(out, "| %s | %s | %s | %s |\n", row->item,
                 strcmp(row->region, "*") == 0 ? "all" : row->region, cost_decimal(row->usd).text,
                 row->source);
    }
}

static const struct {
    const char *name;
    const char *title;
    void (*write)(struct buf *out);
} tables[] = {
    {"agents", "Agents", table_agents},
    {"grants", "Grants: agent by operation", table_grants},
    {"operations", "Operations of the tools", table_operations},
    {"phases", "Phases, and where each outcome leads", table_phases},
    {"limits", "Limits", table_limits},
    {"errors", "Errors", table_errors},
    {"events", "Events", table_events},
    {"exits", "Exit codes", table_exits},
    {"stack-states", "What a stack's status means, and what gets it out", table_states},
    {"stack-verbs", "What each verb does with a stack in each status", table_verbs_of_states},
    {"set-states", "What a change set's status means", table_sets},
    {"policy-calls", "Policy: rules for calls", table_policy_calls},
    {"policy-sinks", "Policy: from where arguments may come", table_policy_sinks},
    {"policy-rules", "Policy: what the reviews and `policy check` find", table_policy_rules},
    {"policy-data", "Policy: which resources hold data", table_policy_data},
    {"policy-properties", "Policy: what properties of resources have to say",
     table_policy_properties},
    {"options", "Options of the command line", table_options},
    {"prices", "Prices", table_prices},
    {"redaction", "What is masked wherever it stands", table_redaction},
};

static enum err_code tables_write(const char *dir, size_t i, const struct buf *text,
                                  struct err *err) {
    CLEANUP(freep) char *name = mem_format("%s.md", tables[i].name);
    CLEANUP(freep) char *path = fs_join(dir, name);

    return fs_write_file(path, buf_str(text), 0644, err);
}

static enum err_code tables_run(struct cli *cli, struct err *err) {
    const char *dir = cli_word(cli, 0);

    if (dir != NULL && fs_mkdirs(dir, 0755, err) != ERR_NONE) {
        return err->code;
    }
    for (size_t i = 0; i < ARRAY_N(tables); i++) {
        CLEANUP(buf_done) struct buf text = BUF_INIT(TABLE_BYTES_MAX);

        buf_addf(&text, "# %s\nPrinted by `aws-copilot tables`; `make tables` renews it.\n\n",
                 tables[i].title);
        tables[i].write(&text);
        if (dir == NULL) {
            (void)printf("%s\n", buf_cstr(&text));
        } else if (tables_write(dir, i, &text, err) != ERR_NONE) {
            return err->code;
        }
    }
    return ERR_NONE;
}

const struct verb verb_tables = {
    .name = "tables",
    .words = "[DIR]",
    .word_max = 1,
    .summary = "the tables of the program as Markdown",
    .section = VERBS_HIDDEN,
    .is_one_object = true,
    .run = tables_run,
};
