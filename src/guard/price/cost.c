/* The monthly cost of a template. */
#include "guard/price/cost_room.h"
#include "guard/walk.h"

#include <string.h>

/* ---- Lines ---- */

/* More dollars than there are. A sum that would pass it stays there, above each ceiling. */
static const int64_t micro_usd_max = INT64_C(1000000000000000000);

static int64_t to_micro(double usd) {
    double micro_usd = usd * 1e6 + 0.5;

    return micro_usd < (double)micro_usd_max ? (int64_t)micro_usd : micro_usd_max;
}

static int64_t micro_sum(int64_t a, int64_t b) {
    return a < micro_usd_max - b ? a + b : micro_usd_max;
}

__attribute__((format(printf, 3, 0))) static void put_text(json_t *object, const char *key,
                                                           const char *fmt, va_list args) {
    char text[240];

    (void)vsnprintf(text, sizeof text, fmt, args);
    json_put_strn(object, key, str_from(text));
}

static json_t *line_new(const struct costed *of, const char *item, double quantity,
                        const char *unit, double unit_usd) {
    int64_t micro_usd = to_micro(quantity * unit_usd);
    json_t *line = json_object();

    json_put_strn(line, "id", str_from(of->id));
    json_put_strn(line, "type", str_from(of->type));
    json_put_str(line, "item", item);
    json_put_str(line, "quantity", cost_decimal(quantity).text);
    json_put_str(line, "unit", unit);
    json_put_str(line, "unit_usd", cost_decimal(unit_usd).text);
    json_put_str(line, "usd", cost_micro(micro_usd).text);
    json_put_int(line, "micro_usd", micro_usd);
    json_put_str(line, "compared_with",
                 price_compared_with(item, json_string_value(of->costing->region)));
    of->costing->micro_usd = micro_sum(of->costing->micro_usd, micro_usd);
    return line;
}

/* Takes what is free off a quantity, when that is asked for; what is left to pay. */
static double less_free(struct costing *costing, enum price_free free, double quantity) {
    double left = costing->free_left[free];
    double taken = quantity < left ? quantity : left;

    costing->free_left[free] -= taken;
    return costing->use->is_free_tier_subtracted ? quantity - taken : quantity;
}

void cost_line(const struct costed *of, enum price_id id, double quantity, const char *fmt, ...) {
    const struct price_row *row = &price_rows[id];
    double usd = price_usd(id, json_string_value(of->costing->region));
    double paid;
    json_t *line;
    va_list args;

    if (usd < 0) {
        cost_unpriced(of, row->item, "there is no price here for it in %s",
                      json_string_value(of->costing->region));
        return;
    }
    if (quantity <= 0) {
        return;
    }
    paid = less_free(of->costing, row->free, quantity);
    if (row->first > 0 && paid > row->first) {
        cost_unpriced(of, row->item, "%s %s beyond the first tier cost less each",
                      cost_decimal((paid - row->first) / row->per).text, row->unit);
        paid = row->first;
    }
    line = line_new(of, row->item, paid / row->per, row->unit, usd);
    va_start(args, fmt);
    put_text(line, "assumption", fmt, args);
    va_end(args);
    (void)json_array_append_new(of->costing->lines, line);
}

void cost_machine(const struct costed *of, const char *class, double hours, const char *fmt, ...) {
    double usd = price_class_usd(class, json_string_value(of->costing->region));
    json_t *line;
    va_list args;

    if (usd < 0) {
        cost_unpriced(of, class, "there is no price here for '%s' in %s", class,
                      json_string_value(of->costing->region));
        return;
    }
    if (hours <= 0) {
        return;
    }
    line = line_new(of, class, hours, "hour", usd);
    va_start(args, fmt);
    put_text(line, "assumption", fmt, args);
    va_end(args);
    (void)json_array_append_new(of->costing->lines, line);
}

void cost_unpriced(const struct costed *of, const char *what, const char *fmt, ...) {
    json_t *row = json_object();
    va_list args;

    json_put_strn(row, "id", str_from(of->id));
    json_put_strn(row, "type", str_from(of->type));
    json_put_strn(row, "what", str_from(what));
    va_start(args, fmt);
    put_text(row, "why", fmt, args);
    va_end(args);
    (void)json_array_append_new(of->costing->not_priced, row);
}

/* ---- A template ---- */

static void cost_resource(struct costing *costing, const char *id, const json_t *resource) {
    const char *condition = json_str_at(resource, "Condition");
    struct costed of = {.costing = costing,
                        .id = id,
                        .type = json_str_or(resource, "Type", ""),
                        .properties = json_object_get(resource, "Properties")};
    enum template_truth truth =
        condition == NULL ? TEMPLATE_TRUE : template_condition(&costing->facts, condition);

    if (truth == TEMPLATE_UNCLEAR) {
        cost_unpriced(&of, COST_WHOLE, "whether it is made depends on the condition %s", condition);
    } else if (truth == TEMPLATE_TRUE) {
        cost_type(&of);
    }
}

static json_t *free_texts(const struct costing *costing) {
    json_t *texts = json_array();

    for (size_t i = FREE_NONE + 1; i < FREE_N; i++) {
        double used = price_free_amount((enum price_free)i) - costing->free_left[i];

        if (used > 0) {
            (void)json_array_append_new(texts, json_string(price_free_text((enum price_free)i)));
        }
    }
    return texts;
}

/* The items whose prices nobody has compared, each once. */
static json_t *from_memory(const struct costing *costing) {
    json_t *items = json_array();
    const json_t *line;
    size_t i;

    json_array_foreach(costing->lines, i, line) {
        const char *item = json_str_or(line, "item", "");

        if (json_str_at(line, "compared_with") == NULL && !json_has_str(items, item)) {
            (void)json_array_append_new(items, json_string(item));
        }
    }
    return items;
}

static json_t *cost_json(const struct costing *costing) {
    json_t *cost = json_object();
    json_t *types = json_array();
    const char *type;
    json_t *unused;

    json_object_foreach(costing->free_types, type, unused) {
        (void)unused;
        (void)json_array_append_new(types, json_string(type));
    }
    json_put_str(cost, "date", PRICE_DATE);
    json_put(cost, "region", json_incref(costing->region));
    json_put_str(cost, "usd_month", cost_micro(costing->micro_usd).text);
    json_put_int(cost, "micro_usd", costing->micro_usd);
    json_put(cost, "lines", costing->lines);
    json_put(cost, "not_priced", costing->not_priced);
    json_put(cost, "from_memory", from_memory(costing));
    json_put(cost, "free_types", types);
    json_put(cost, "free_tier", free_texts(costing));
    json_put_bool(cost, "free_tier_subtracted", costing->use->is_free_tier_subtracted);
    json_put(cost, "use", cost_use_write(costing->use));
    return cost;
}

json_t *cost_of_template(const json_t *template, const json_t *parameters, const char *region,
                         const struct cost_use *use) {
    CLEANUP(json_decrefp) json_t *place = json_string_of(str_from(region));
    CLEANUP(json_decrefp) json_t *free_types = json_object();
    struct costing costing = {
        .resources = json_object_get(template, "Resources"),
        .facts = template_facts(template, parameters, place),
        .region = place,
        .use = use,
        .lines = json_array(),
        .not_priced = json_array(),
        .free_types = free_types,
    };
    const char *id;
    const json_t *resource;

    for (size_t i = 0; i < FREE_N; i++) {
        costing.free_left[i] = price_free_amount((enum price_free)i);
    }
    cost_share(&costing);
    json_object_foreach(walk(costing.resources), id, resource) {
        cost_resource(&costing, id, resource);
    }
    return cost_json(&costing);
}

json_t *cost_of_resource(const char *id, const char *type, const json_t *properties,
                         const char *region, const struct cost_use *use) {
    CLEANUP(json_decrefp) json_t *template = json_object();
    json_t *resources = json_object();
    json_t *resource = json_object();

    json_put_str(resource, "Type", type);
    json_put(resource, "Properties",
             properties == NULL ? json_object() : json_deep_copy(properties));
    json_put(resources, id, resource);
    json_put(template, "Resources", resources);
    return cost_of_template(template, NULL, region, use);
}
