/* guard/price/cost.h: what a template costs a month, at least, and what could not be priced.
 *
 * Pure. A cost is a JSON object:
 * {"date":PRICE_DATE,"region","usd_month":"1.234567","micro_usd":1234567,
 *  "lines":[{"id","type","item","quantity","unit","unit_usd","usd","micro_usd","assumption",
 *    "compared_with" (absent where the price is from memory of AWS's page)}],
 *  "from_memory":[items whose prices are],
 *  "not_priced":[{"id","type","what","why"}],"free_types":[types without a charge of their own],
 *  "free_tier":[texts: what every account has free and what of it is used],
 *  "free_tier_subtracted":bool,"use":{…as cost_use_write()}}
 * Amounts are texts without an exponent, so that no reader rounds them; micro_usd are the same in
 * millionths of a dollar. Every line is rounded by itself and the sum adds the rounded lines.
 */
#pragma once

#include "base/json.h"
#include "guard/policy.h"
#include "guard/price/price.h"

/* What has no price is the resource as a whole. */
#define COST_WHOLE "resource"

/* What is assumed of how much an application is used in a month. */
struct cost_use {
    double requests;      /* that reach the back end */
    double duration_ms;   /* of one of them, on average */
    double site_requests; /* files of the site that browsers ask for */
    double storage_gb;    /* kept in buckets, tables and file systems whose size nothing says */
    double transfer_gb;   /* sent to browsers */
    double log_kb;        /* written to logs by one request */
    bool is_free_tier_subtracted;
};

/* One assumption: its name in JSON and on the command line, and what it is by default. */
struct cost_use_row {
    const char *name; /* "requests" */
    const char *text; /* "requests to the back end a month" */
    size_t offset;    /* of its member, a double */
    double otherwise;
    double max;
};
extern const struct cost_use_row cost_use_rows[];
extern const size_t cost_use_n;

/* The defaults, each replaced by the member of `said` (an object of numbers or of texts that are
 * numbers; NULL for none) that has its name. Errors: ERR_INVALID with a remedy. */
MUST_CHECK enum err_code cost_use_read(const json_t *said, struct cost_use *out, struct err *err);

/* {"requests":"100000",…,"defaults":[names that are as they are by default]}. New reference. */
json_t *cost_use_write(const struct cost_use *use);

/* The cost of a template. `parameters` (name -> text; true or absent: the Default) as its change
 * set has them, NULL for none. Resources whose Condition is false are left out; what cannot be told
 * from the template is listed, not guessed. New reference, never NULL. */
json_t *cost_of_template(const json_t *template, const json_t *parameters, const char *region,
                         const struct cost_use *use);

/* The cost of one resource by its CloudFormation type, `id` being how it is called: for what is
 * left behind. Same shape. New reference, never NULL. */
json_t *cost_of_resource(const char *id, const char *type, const json_t *properties,
                         const char *region, const struct cost_use *use);

/* What a change does to the cost: {"date","region","before_usd","after_usd","change_usd",
 * "change_micro_usd","after_micro_usd","not_priced":["ID what" or "ID",…],"text"}; `before` is NULL
 * where nothing is deployed. `text` is the sentence for a person: "at least +$0.43 a month …". New
 * reference. */
json_t *cost_change(const json_t *before, const json_t *after);

/* "$0.43", with as many digits as the amount needs to be seen; "-$1.20". */
struct cost_text {
    char text[40];
};
struct cost_text cost_dollars(int64_t micro_usd);

/* The number as text: at most twelve decimals, no trailing zeros, no exponent. */
struct cost_text cost_decimal(double number);

/* Judges a cost against a ceiling in cents; negative: there is none. Appends to `findings` what
 * policy_review_plan() does: "over_cost_ceiling" (deny), and "cost_unknown" (ask) where what was
 * priced is within it and something was not. Returns the strictest. */
enum verdict cost_judge(const json_t *cost, int64_t ceiling_cents, json_t *findings);
