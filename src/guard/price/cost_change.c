/* What a change does to the cost, and the ceiling. */
#include "guard/price/cost_room.h"

#include "base/json.h"

#include <string.h>

/* ---- A change ---- */

enum { NAMES_SHOWN = 4 };

/* "Nat data processed", or "Search" where nothing of it has a price, each once. */
static json_t *unpriced_names(const json_t *cost) {
    CLEANUP(json_decrefp) json_t *seen = json_object();
    json_t *names = json_array();
    const json_t *row;
    size_t i;

    json_array_foreach(json_object_get(cost, "not_priced"), i, row) {
        const char *what = json_str_or(row, "what", "");
        bool is_whole = strcmp(what, COST_WHOLE) == 0;
        CLEANUP(freep)
        char *name = mem_format("%s%s%s", json_str_or(row, "id", ""), is_whole ? "" : " ",
                                is_whole ? "" : what);

        if (json_object_get(seen, name) == NULL) {
            json_put(seen, name, json_true());
            (void)json_array_append_new(names, json_string_of(str_from(name)));
        }
    }
    return names;
}

static void add_names(struct buf *out, const json_t *names) {
    const json_t *name;
    size_t i;

    json_array_foreach(names, i, name) {
        if (i == NAMES_SHOWN) {
            buf_addf(out, " and %zu more", json_array_size(names) - i);
            break;
        }
        buf_addf(out, "%s%s", i == 0 ? "; could not be priced: " : ", ", json_string_value(name));
    }
}

json_t *cost_change(const json_t *before, const json_t *after) {
    CLEANUP(buf_done) struct buf text = BUF_INIT(4096);
    int64_t was = json_int_or(before, "micro_usd", 0);
    int64_t is = json_int_or(after, "micro_usd", 0);
    json_t *names = unpriced_names(after);
    json_t *change = json_object();

    if (is >= was) {
        buf_addf(&text, "at least +%s a month", cost_dollars(is - was).text);
    } else { /* at least less would be said of a sum that may be more */
        buf_addf(&text, "%s a month less", cost_dollars(was - is).text);
    }
    if (before != NULL) {
        buf_addf(&text, " (from %s to %s)", cost_dollars(was).text, cost_dollars(is).text);
    }
    buf_addf(&text, ", prices of %s, %s requests a month", PRICE_DATE,
             json_str_or(after, "use.requests", "?"));
    add_names(&text, names);
    if (json_array_size(json_object_get(after, "from_memory")) > 0) {
        buf_addf(&text, "; prices not compared with AWS's list: %zu",
                 json_array_size(json_object_get(after, "from_memory")));
    }
    json_put_str(change, "date", PRICE_DATE);
    json_put_str(change, "region", json_str_or(after, "region", ""));
    json_put_str(change, "before_usd", cost_micro(was).text);
    json_put_str(change, "after_usd", cost_micro(is).text);
    json_put_str(change, "change_usd", cost_micro(is - was).text);
    json_put_int(change, "change_micro_usd", is - was);
    json_put_int(change, "after_micro_usd", is);
    json_put(change, "not_priced", names);
    json_put_strn(change, "text", buf_str(&text));
    return change;
}

/* ---- The ceiling ---- */

static void judge_add(json_t *findings, const char *code, enum verdict verdict, const char *text,
                      const char *remedy) {
    json_t *finding = json_object();

    json_put_str(finding, "code", code);
    json_put_str(finding, "verdict", verdict_name(verdict));
    json_put_str(finding, "where", "cost_ceiling_usd");
    json_put_str(finding, "text", text);
    json_put_str(finding, "remedy", remedy);
    (void)json_array_append_new(findings, finding);
}

static enum verdict judge_over(int64_t micro_usd, int64_t ceiling, json_t *findings) {
    CLEANUP(freep)
    char *text = mem_format("it would cost at least %s a month, more than the ceiling of %s",
                            cost_dollars(micro_usd).text, cost_dollars(ceiling).text);
    CLEANUP(freep)
    char *remedy = mem_format("aws-copilot estimate shows what costs how much; raise "
                              "cost_ceiling_usd to %lld or more, or say how much it is used "
                              "(--requests and the like)",
                              (long long)((micro_usd + 999999) / 1000000));

    judge_add(findings, "over_cost_ceiling", VERDICT_DENY, text, remedy);
    return VERDICT_DENY;
}

enum verdict cost_judge(const json_t *cost, int64_t ceiling_cents, json_t *findings) {
    CLEANUP(json_decrefp) json_t *names = unpriced_names(cost);
    CLEANUP(buf_done) struct buf text = BUF_INIT(4096);
    int64_t micro_usd = json_int_or(cost, "micro_usd", -1);
    int64_t ceiling = ceiling_cents * 10000;

    if (ceiling_cents < 0) {
        return VERDICT_ALLOW;
    }
    if (micro_usd < 0) {
        judge_add(findings, "cost_unknown", VERDICT_DENY,
                  "what it costs was not computed, and there is a ceiling", "plan again");
        return VERDICT_DENY;
    }
    if (micro_usd > ceiling) {
        return judge_over(micro_usd, ceiling, findings);
    }
    if (json_array_size(names) == 0) {
        return VERDICT_ALLOW;
    }
    buf_addf(&text, "at least %s of the ceiling of %s a month", cost_dollars(micro_usd).text,
             cost_dollars(ceiling).text);
    add_names(&text, names);
    judge_add(findings, "cost_unknown", VERDICT_ASK, buf_cstr(&text),
              "look at what has no price before you say yes");
    return VERDICT_ASK;
}
