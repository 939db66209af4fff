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
