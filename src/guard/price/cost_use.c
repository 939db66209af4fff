/* What is assumed of how much an application is used, and amounts as text. */
#include "guard/price/cost_room.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

/* ---- What is assumed of the use ---- */

#define AT(member) offsetof(struct cost_use, member)

/* clang-format off */
const struct cost_use_row cost_use_rows[] = {
    /* name             text                                        member              default  max */
    { "requests",       "requests to the back end a month",         AT(requests),       100000,  1e13 },
    { "duration_ms",    "milliseconds of one of them, on average",  AT(duration_ms),    120,     9e5  },
    { "site_requests",  "requests for files of the site a month",   AT(site_requests),  500000,  1e13 },
    { "storage_gb",     "GB kept in buckets and tables",            AT(storage_gb),     1,       1e9  },
    { "transfer_gb",    "GB sent to browsers a month",              AT(transfer_gb),    10,      1e9  },
    { "log_kb",         "kB written to logs by one request",        AT(log_kb),         1.2,     1e6  },
};
/* clang-format on */
const size_t cost_use_n = ARRAY_N(cost_use_rows);

static double *use_member(struct cost_use *use, const struct cost_use_row *row) {
    return (double *)((char *)use + row->offset);
}

static double use_value(const struct cost_use *use, const struct cost_use_row *row) {
    return *(const double *)((const char *)use + row->offset);
}

bool cost_plain_number(const char *text, double *out) {
    size_t digits = strspn(text, "0123456789");
    size_t after = text[digits] == '.' ? strspn(text + digits + 1, "0123456789") : 0;

    if (digits == 0 || text[digits + (after > 0 ? 1 + after : 0)] != '\0') {
        return false;
    }
    *out = strtod(text, NULL);
    return true;
}

static enum err_code use_read(const struct cost_use_row *row, const json_t *said, double *out,
                              struct err *err) {
    const char *text = json_string_value(said);
    double value = json_is_number(said) ? json_number_value(said) : -1;

    if (said == NULL) {
        return ERR_NONE;
    }
    if (text != NULL) {
        (void)cost_plain_number(text, &value); /* of another text it stays -1 */
    }
    if (value < 0 || value > row->max) {
        err_set(err, ERR_INVALID, "%s: '%s' is no number of %s", row->name,
                text == NULL ? "" : text, row->text);
        return err_remedy(err, "give a plain number from 0 to %s", cost_decimal(row->max).text);
    }
    *out = value;
    return ERR_NONE;
}

enum err_code cost_use_read(const json_t *said, struct cost_use *out, struct err *err) {
    struct cost_use use = {.is_free_tier_subtracted = json_bool_at(said, "free_tier")};

    for (size_t i = 0; i < cost_use_n; i++) {
        double *member = use_member(&use, &cost_use_rows[i]);

        *member = cost_use_rows[i].otherwise;
        if (use_read(&cost_use_rows[i], json_object_get(said, cost_use_rows[i].name), member,
                     err) != ERR_NONE) {
            return err->code;
        }
    }
    *out = use;
    return ERR_NONE;
}

json_t *cost_use_write(const struct cost_use *use) {
    json_t *json = json_object();
    json_t *defaults = json_array();

    for (size_t i = 0; i < cost_use_n; i++) {
        double value = use_value(use, &cost_use_rows[i]);

        json_put_str(json, cost_use_rows[i].name, cost_decimal(value).text);
        if (value >= cost_use_rows[i].otherwise && value <= cost_use_rows[i].otherwise) {
            (void)json_array_append_new(defaults, json_string(cost_use_rows[i].name));
        }
    }
    json_put(json, "defaults", defaults);
    return json;
}

/* ---- Numbers as text ---- */

static void trim_zeros(char *text) {
    size_t n = strlen(text);

    while (strchr(text, '.') != NULL && (text[n - 1] == '0' || text[n - 1] == '.')) {
        text[--n] = '\0';
    }
}

struct cost_text cost_decimal(double number) {
    struct cost_text out;

    (void)snprintf(out.text, sizeof out.text, "%.12f", number);
    trim_zeros(out.text);
    return out;
}

struct cost_text cost_micro(int64_t micro_usd) {
    struct cost_text out;
    uint64_t size = micro_usd < 0 ? 0 - (uint64_t)micro_usd : (uint64_t)micro_usd;

    (void)snprintf(out.text, sizeof out.text, "%s%llu.%06llu", micro_usd < 0 ? "-" : "",
                   (unsigned long long)(size / 1000000), (unsigned long long)(size % 1000000));
    trim_zeros(out.text);
    return out;
}

struct cost_text cost_dollars(int64_t micro_usd) {
    struct cost_text out;
    uint64_t size = micro_usd < 0 ? 0 - (uint64_t)micro_usd : (uint64_t)micro_usd;
    const char *sign = micro_usd < 0 ? "-" : "";

    if (size > 0 && size < 10000) { /* less than a cent is not nothing */
        (void)snprintf(out.text, sizeof out.text, "%s$0.%06llu", sign, (unsigned long long)size);
        trim_zeros(out.text);
        return out;
    }
    size = (size + 5000) / 10000;
    (void)snprintf(out.text, sizeof out.text, "%s$%llu.%02llu", sign,
                   (unsigned long long)(size / 100), (unsigned long long)(size % 100));
    return out;
}
