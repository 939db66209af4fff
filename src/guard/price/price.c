/* The table of prices. */
#include "guard/price/price.h"

#include <string.h>

const char *const price_regions[PRICE_REGION_N] = {
    "us-east-1", "us-east-2",    "us-west-2",      "eu-west-1",
    "eu-west-2", "eu-central-1", "ap-southeast-1", "ap-northeast-1",
};

#define NO -1
#define ALL(usd) usd, usd, usd, usd, usd, usd, usd, usd

const struct price_row price_rows[PRICE_N] = {
#define PRICE(id, item, unit, per, first, free, source, ...)                                       \
    [PRICE_##id] = {item, unit, per, first, free, source, {__VA_ARGS__}},
#include "guard/price/price.def"
#undef PRICE
};

const struct price_class price_classes[] = {
#define CLASS(name, source, ...) {name, source, {__VA_ARGS__}},
#include "guard/price/class.def"
#undef CLASS
};
const size_t price_class_n = sizeof price_classes / sizeof price_classes[0];

/* clang-format off */
/* Each of these was read on 2026-11-30, as a public repository keeps it. */
#define LAMBDA_PAGE "the example of AWS's Lambda page"
#define GOLDEN      "Infracost's golden files of 2026-08-21"
#define LIST_0905   "AWS's price list of 2026-09-05"
#define LIST_0922   "AWS's price list of 2026-09-22"
#define LIST_0923   "AWS's price list of 2026-09-23"
#define LIST_0925   "AWS's price list of 2026-09-25"
#define LIST_1002   "AWS's price list of 2026-10-02"
#define LIST_1006   "AWS's price list of 2026-10-06"
#define BILLS       "bills of others"
/* clang-format on */

const struct price_compared price_compareds[] = {
#define COMPARED(source, item, region, usd) {source, item, region, usd},
#include "guard/price/compared.def"
#undef COMPARED
};
const size_t price_compared_n = sizeof price_compareds / sizeof price_compareds[0];

const char *price_compared_with(const char *item, const char *region) {
    for (size_t i = 0; i < price_compared_n; i++) {
        const struct price_compared *row = &price_compareds[i];

        if (strcmp(row->item, item) == 0 &&
            (strcmp(row->region, "*") == 0 || strcmp(row->region, region) == 0)) {
            return row->source;
        }
    }
    return NULL;
}

/* clang-format off */
static const struct {
    double amount;
    const char *text;
} free_rows[FREE_N] = {
    [FREE_NONE]            = { 0,    ""                                         },
    [FREE_LAMBDA_REQUESTS] = { 1e6,  "1M requests of Lambda"                    },
    [FREE_LAMBDA_GB_S]     = { 4e5,  "400k GB-seconds of Lambda"                },
    [FREE_CF_OUT]          = { 1024, "1 TB out of CloudFront"                   },
    [FREE_CF_REQUESTS]     = { 1e7,  "10M requests of CloudFront"               },
    [FREE_CF_FUNCTION]     = { 2e6,  "2M calls of CloudFront functions"         },
    [FREE_LOGS]            = { 5,    "5 GB of CloudWatch Logs"                  },
    [FREE_XRAY]            = { 1e5,  "100k traces of X-Ray"                     },
    [FREE_ALARMS]          = { 10,   "10 alarms of CloudWatch"                  },
    [FREE_DATA_OUT]        = { 100,  "100 GB out to the internet"               },
    [FREE_DYNAMODB]        = { 25,   "25 GB of DynamoDB"                        },
};
/* clang-format on */

static int region_index(const char *region) {
    for (int i = 0; i < PRICE_REGION_N; i++) {
        if (region != NULL && strcmp(price_regions[i], region) == 0) {
            return i;
        }
    }
    return -1;
}

double price_usd(enum price_id id, const char *region) {
    int index = region_index(region);

    return index < 0 || id >= PRICE_N ? NO : price_rows[id].usd[index];
}

double price_class_usd(const char *name, const char *region) {
    int index = region_index(region);

    for (size_t i = 0; index >= 0 && i < price_class_n; i++) {
        if (strcmp(price_classes[i].name, name) == 0) {
            return price_classes[i].usd[index];
        }
    }
    return NO;
}

double price_free_amount(enum price_free free) {
    return free < FREE_N ? free_rows[free].amount : 0;
}

const char *price_free_text(enum price_free free) {
    return free < FREE_N ? free_rows[free].text : "";
}
