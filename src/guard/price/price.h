/* guard/price/price.h: what AWS asks for things: a dated table in the program, looked up by region.
 *
 * Pure. On-demand prices in US dollars without tax, first tier. A price that is not known for
 * certain is not in the table: what is not there is not priced, never guessed.
 */
#pragma once

#include "base/str.h"

/* The day whose prices these are. */
#define PRICE_DATE "2026-08-21"

enum {
    PRICE_REGION_N = 8,
    PRICE_HOURS = 730, /* of a month, as AWS counts it */
};

enum price_id {
#define PRICE(id, ...) PRICE_##id,
#include "guard/price/price.def"
#undef PRICE
    PRICE_N
};

/* What is free each month, for every account and without end. */
enum price_free {
    FREE_NONE = 0,
    FREE_LAMBDA_REQUESTS,
    FREE_LAMBDA_GB_S,
    FREE_CF_OUT,
    FREE_CF_REQUESTS,
    FREE_CF_FUNCTION,
    FREE_LOGS,
    FREE_XRAY,
    FREE_ALARMS,
    FREE_DATA_OUT,
    FREE_DYNAMODB,
    FREE_N
};

struct price_row {
    const char *item;           /* "duration, arm64" */
    const char *unit;           /* what one price is for: "1M requests" */
    double per;                 /* base units in it: 1000000 */
    double first;               /* base units of the first tier; 0: there are no tiers */
    enum price_free free;       /* whose free units it uses up */
    const char *source;         /* page below https://aws.amazon.com/ */
    double usd[PRICE_REGION_N]; /* one unit; negative: not known for certain */
};
extern const struct price_row price_rows[PRICE_N];

/* A machine by the hour. */
struct price_class {
    const char *name; /* "db.t4g.micro" */
    const char *source;
    double usd[PRICE_REGION_N];
};
extern const struct price_class price_classes[];
extern const size_t price_class_n;

/* The regions of the table, in its order. */
extern const char *const price_regions[PRICE_REGION_N];

/* Dollars for one unit of `id` in `region`; negative when the table does not say. */
double price_usd(enum price_id id, const char *region);

/* Dollars an hour of the machine `name` in `region`; negative when the table does not say. */
double price_class_usd(const char *name, const char *region);

/* A price that somebody else had from AWS's price list, or computed by. */
struct price_compared {
    const char *source; /* what it was, and of which day: "AWS's price list of 2026-10-06" */
    const char *item;   /* of a row, or the name of a class */
    const char *region; /* "*": the same wherever it is asked for */
    double usd;
};
extern const struct price_compared price_compareds[];
extern const size_t price_compared_n;

/* What the price of an item or class was compared with; NULL where it is from memory of AWS's page.
 */
const char *price_compared_with(const char *item, const char *region);

/* How much of a pool is free a month, in base units, and what to call it: "1M requests of Lambda".
 */
double price_free_amount(enum price_free free);
const char *price_free_text(enum price_free free);
