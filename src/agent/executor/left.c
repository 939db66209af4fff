/* The executor's part in the end of a destruction: what stays in the account, and what it costs. */
#include <string.h>

#include "agent/executor/cure.h"
#include "guard/price/cost.h"

#define SECRET_TYPE "AWS::SSM::Parameter"
#define BUCKET_TYPE "AWS::S3::Bucket"

static void add_secrets(const struct turn *turn, json_t *left) {
    const json_t *row;
    size_t i;

    json_array_foreach(json_at(turn->state, "stored.parameters"), i, row) {
        const char *name = json_str_or(row, "name", "");

        if (!json_has_str(json_at(turn->state, "cure.secrets"), name)) {
            (void)json_array_append_new(left, agent_args("type", SECRET_TYPE, "name", name, NULL));
        }
    }
}

/* Prices a row as it lies there: with the bytes that it was found to hold, and used by nobody. What
 * was not weighed has no price. */
static json_t *price_row(const char *region, json_t *row) {
    const double gb = (double)(1 << 30); /* as S3 bills it */
    const struct cost_use use = {.storage_gb = (double)json_int_or(row, "bytes", 0) / gb};
    const char *type = json_str_or(row, "type", "");
    json_t *cost = cost_of_resource(json_str_or(row, "name", ""), type, NULL, region, &use);
    bool is_weighed = strcmp(type, BUCKET_TYPE) != 0 || json_object_get(row, "bytes") != NULL;

    json_put_int(row, "micro_usd", json_int_or(cost, "micro_usd", 0));
    json_put_str(row, "usd_month", json_str_or(cost, "usd_month", "0"));
    json_put_bool(row, "is_priced",
                  is_weighed && json_array_size(json_object_get(cost, "not_priced")) == 0);
    return cost;
}

void cure_add_left(struct turn *turn) {
    json_t *left = json_at(turn->state, "applied.left_behind");
    json_t *sum = json_object();
    int64_t micro_usd = 0;
    bool is_complete = true;
    json_t *row;
    size_t n = 0;
    size_t i;

    add_secrets(turn, left);
    json_array_foreach(left, i, row) {
        CLEANUP(json_decrefp) json_t *cost = price_row(agent_text(turn, "identity.region"), row);

        if (json_bool_at(row, "shared")) {
            continue; /* other applications need it as well */
        }
        n++;
        micro_usd += json_int_or(row, "micro_usd", 0);
        is_complete =
            is_complete && json_bool_at(row, "is_priced") && !json_bool_at(row, "is_more");
        json_put_str(sum, "date", json_str_at(cost, "date"));
    }
    if (n == 0) {
        json_decref(sum);
        return;
    }
    json_put_int(sum, "micro_usd", micro_usd);
    json_put_str(sum, "usd_month", cost_decimal((double)micro_usd / 1e6).text);
    json_put_bool(sum, "is_complete", is_complete);
    json_put(json_object_get(turn->state, "applied"), "left_cost", sum);
}
