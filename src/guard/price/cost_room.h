/* guard/price/cost_room.h: the pieces of a pricing, for this room only. */
#pragma once

#include "guard/price/cost.h"
#include "guard/template_value.h"

/* One pricing under way. */
struct costing {
    const json_t *resources; /* of the template */
    struct template_facts facts;
    json_t *region; /* a JSON string */
    const struct cost_use *use;

    double free_left[FREE_N];
    bool is_behind_cloudfront; /* the template has a distribution */
    bool has_site;             /* it has a bucket, which files come from */
    size_t callee_n;           /* functions that share the requests */
    size_t service_n;          /* services of containers that share them */
    size_t store_n;            /* resources that share the storage whose size nothing says */

    int64_t micro_usd; /* the sum of the lines */
    json_t *lines;
    json_t *not_priced;
    json_t *free_types; /* type -> true */
};

/* One resource under way. */
struct costed {
    struct costing *costing;
    const char *id;
    const char *type;
    const json_t *properties; /* may be NULL */
};

/* cost_value.c: the value of a property as far as the template tells: a Ref to a parameter with a
 * value or a Default, Fn::If, Fn::FindInMap. Borrowed; NULL: absent, AWS::NoValue, or unknown,
 * which
 * `*is_unknown` tells. `path` is dotted. */
const json_t *cost_value(const struct costing *costing, const json_t *properties, const char *path,
                         bool *is_unknown);

/* A number of the template; `otherwise` where it says none. False where it cannot be told, which is
 * then listed as not priced. */
bool cost_number(const struct costed *of, const char *path, double otherwise, double *out);

/* cost_use.c: a text of digits and one point between them as a number. False, with `*out`
 * untouched, for anything else: a sign, an exponent, "inf" or "nan". */
bool cost_plain_number(const char *text, double *out);

/* A text of the template; `otherwise` where it says none, NULL where it cannot be told (listed). */
const char *cost_word(const struct costed *of, const char *path, const char *otherwise);

/* Whether a switch of the template is on; off where it says nothing or cannot be told, so that the
 * sum stays "at least". */
bool cost_flag(const struct costed *of, const char *path);

/* Adds a line: `quantity` base units of `id`. The rest says what was assumed. */
void cost_line(const struct costed *of, enum price_id id, double quantity, const char *fmt, ...)
    PRINTF_LIKE(4, 5);

/* Adds a line of `hours` of a machine; listed as not priced where the table has none. */
void cost_machine(const struct costed *of, const char *class, double hours, const char *fmt, ...)
    PRINTF_LIKE(4, 5);

/* Lists what has no price, and why. */
void cost_unpriced(const struct costed *of, const char *what, const char *fmt, ...)
    PRINTF_LIKE(3, 4);

/* cost_types.c: prices one resource by its type. */
void cost_type(const struct costed *of);

/* cost_types.c: before any line: what of the template shares the requests and the storage. */
void cost_share(struct costing *costing);

/* Millionths of a dollar as dollars, the same way: "0.43", "-1.2". */
struct cost_text cost_micro(int64_t micro_usd);
