/* estimate: what a template, or what would be deployed from here, costs a month at least. */
#include <string.h>

#include "agent/agent.h"
#include "aws/config.h"
#include "aws/template.h"
#include "front/verb/here.h"
#include "front/verb/run.h"
#include "front/verb/template.h"
#include "guard/price/cost.h"

/* ---- Which region's prices ---- */

static enum err_code estimate_region(struct cli *cli, const json_t *flags, char **out,
                                     struct err *err) {
    CLEANUP(json_decrefp) json_t *place = NULL;
    CLEANUP(aws_config_freep) struct aws_config *config = NULL;
    struct aws_options options = {.profile = json_str_at(flags, "profile")};
    const char *region;

    if (flow_place(cli->flow, flags, &place, err) != ERR_NONE ||
        aws_config_new(&options, &config, err) != ERR_NONE) {
        return err->code;
    }
    region = json_str_or(place, "region", aws_config_region(config));
    if (region == NULL) {
        err_set(err, ERR_MISSING, "prices differ from region to region, and none is named");
        return err_remedy(err, "for example --region eu-west-1");
    }
    *out = mem_strdup(region);
    return ERR_NONE;
}

/* ---- What is priced ---- */

enum err_code here_template(struct cli *cli, const json_t *flags, json_t **out, struct err *err) {
    CLEANUP(json_decrefp) json_t *survey = NULL;
    bool has_backend;
    bool has_site;

    if (cli_ask_agent(cli, &agent_curator, flags, "repo_reader", "survey",
                      agent_args("env", args_text(&cli->args, OPT_ENV), NULL), &survey,
                      err) != ERR_NONE) {
        return err->code;
    }
    has_backend = json_is_object(json_object_get(survey, "backend"));
    has_site = json_is_object(json_object_get(survey, "frontend"));
    if (!has_backend && !has_site) {
        err_set(err, ERR_UNSUPPORTED, "there is nothing here that would be deployed");
        return err_remedy(err, "aws-copilot inspect says why; or name a template: "
                               "aws-copilot estimate template.yaml");
    }
    *out = template_load(!has_backend ? TEMPLATE_STATIC
                         : has_site   ? TEMPLATE_LAMBDA_HTTP
                                      : TEMPLATE_API);
    return ERR_NONE;
}

/* ---- Showing ---- */

static void show_lines(struct cli *cli, const json_t *lines) {
    const json_t *line;
    const char *id = "";
    size_t i;

    json_array_foreach(lines, i, line) {
        CLEANUP(freep)
        char *amount = mem_format("%s × $%s per %s", json_str_or(line, "quantity", ""),
                                  json_str_or(line, "unit_usd", ""), json_str_or(line, "unit", ""));

        if (strcmp(id, json_str_or(line, "id", "")) != 0) {
            id = json_str_or(line, "id", "");
            cli_print(cli, "%s  %s\n", id, json_str_or(line, "type", ""));
        }
        /* No colon: "secret: 1" is masked. */
        cli_print(cli, "  %10s  %s, %s (%s)\n",
                  cost_dollars(json_int_or(line, "micro_usd", 0)).text,
                  json_str_or(line, "item", ""), amount, json_str_or(line, "assumption", ""));
    }
}

static void show_not_priced(struct cli *cli, const json_t *rows) {
    const json_t *row;
    size_t i;

    if (json_array_size(rows) > 0) {
        cli_print(cli, "\nNot priced, so it comes on top:\n");
    }
    json_array_foreach(rows, i, row) {
        const char *what = json_str_or(row, "what", "");
        bool is_whole = strcmp(what, COST_WHOLE) == 0;

        cli_print(cli, "  %s (%s)%s%s: %s\n", json_str_or(row, "id", ""),
                  json_str_or(row, "type", ""), is_whole ? "" : ", ", is_whole ? "" : what,
                  json_str_or(row, "why", ""));
    }
}

/* Their names have commas. */
static void add_items(struct buf *out, const json_t *items) {
    const json_t *item;
    size_t i;

    json_array_foreach(items, i, item) {
        buf_addf(out, "%s%s", i == 0 ? "" : "; ", json_string_value(item));
    }
}

static void show_use(struct cli *cli, const json_t *use) {
    cli_print(cli, "\nAssumed (change it with --requests and the like):\n");
    for (size_t i = 0; i < cost_use_n; i++) {
        const char *name = cost_use_rows[i].name;

        cli_print(cli, "  %10s  %s%s\n", json_str_or(use, name, ""), cost_use_rows[i].text,
                  json_has_str(json_object_get(use, "defaults"), name) ? " (default)" : "");
    }
}

static void show_free(struct cli *cli, const json_t *cost) {
    CLEANUP(buf_done) struct buf list = BUF_INIT(2048);

    add_items(&list, json_object_get(cost, "free_tier"));
    if (list.len > 0) {
        cli_print(cli, "\nFree each month for the whole account%s: %s.\n",
                  json_bool_at(cost, "free_tier_subtracted")
                      ? ", and taken off above"
                      : ", not taken off above (--free-tier does)",
                  buf_cstr(&list));
    }
}

static void show_memory(struct cli *cli, const json_t *cost) {
    CLEANUP(buf_done) struct buf list = BUF_INIT(4096);

    add_items(&list, json_object_get(cost, "from_memory"));
    if (list.len > 0) {
        cli_print(cli, "\nFrom memory of AWS's pages, not compared with its price list: %s.\n",
                  buf_cstr(&list));
    }
}

static void estimate_show(struct cli *cli, const json_t *cost) {
    size_t free_n = json_array_size(json_object_get(cost, "free_types"));

    cli_print(cli, "At least %s a month in %s\n%s",
              cost_dollars(json_int_or(cost, "micro_usd", 0)).text, json_str_or(cost, "region", ""),
              json_array_size(json_object_get(cost, "lines")) > 0 ? "\n" : "");
    show_lines(cli, json_object_get(cost, "lines"));
    show_not_priced(cli, json_object_get(cost, "not_priced"));
    show_use(cli, json_object_get(cost, "use"));
    show_free(cli, cost);
    show_memory(cli, cost);
    CLEANUP(freep)
    char *free_types = free_n == 0 ? mem_strdup("")
                       : free_n == 1
                           ? mem_strdup(" 1 type has no charge of its own.")
                           : mem_format(" %zu types have no charge of their own.", free_n);
    cli_print(cli, "\nPrices of %s, US dollars, on demand, without tax.%s\n",
              json_str_or(cost, "date", ""), free_types);
}

static enum err_code estimate_run(struct cli *cli, struct err *err) {
    CLEANUP(arena_freep) struct arena *arena = arena_new();
    CLEANUP(json_decrefp) json_t *flags = cli_flags(cli);
    CLEANUP(template_file_done) struct template_file template = {0};
    CLEANUP(json_decrefp) json_t *parameters = NULL;
    CLEANUP(json_decrefp) json_t *cost = NULL;
    CLEANUP(freep) char *region = NULL;
    struct cost_use use;
    const char *path = cli_word(cli, 0);

    /* A text that is typed is read while the terminal is still as the person has it. */
    if (cost_use_read(json_object_get(flags, "usage"), &use, err) != ERR_NONE ||
        (path != NULL && template_named(cli, path, arena, &template, err) != ERR_NONE) ||
        cli_flow(cli, err) != ERR_NONE || estimate_region(cli, flags, &region, err) != ERR_NONE ||
        (path == NULL && here_template(cli, flags, &template.json, err) != ERR_NONE) ||
        template_parameters(cli, &template, 1, &parameters, err) != ERR_NONE) {
        return err->code;
    }
    cost = cost_of_template(template.json, parameters, region, &use);
    if (cli->is_json) {
        cli_print_object(cli, cost);
    } else {
        estimate_show(cli, cost);
    }
    return ERR_NONE;
}

const struct verb verb_estimate = {
    .name = "estimate",
    .words = "[FILE]",
    .word_max = 1,
    .summary = "what it would cost a month, at least; needs no AWS",
    .more = "Prices the CloudFormation template FILE (JSON or YAML; - is standard input), or what "
            "would be deployed from here, with a dated table in the program. Every line has its "
            "quantity, price and assumption; what could not be priced is listed. With --json: one "
            "object.",
    .section = VERBS_HERE,
    .options = OPTIONS_ENV | OPTIONS_REGION | OPTIONS_PROFILE | OPTIONS_USAGE | OPTIONS_TEMPLATE,
    .is_one_object = true,
    .run = estimate_run,
};
