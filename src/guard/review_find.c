/* guard/review_find.c: the rules of the reviews, and a finding of one. */
#include "guard/review.h"

#include "base/json.h"
#include "guard/redact/redact.h"
#include "guard/walk.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

/* ---- rules and findings ---- */

static const struct {
    const char *code;
    const char *applies;
    enum verdict verdict;
    const char *when;
    const char *remedy;
} rules[REVIEW_RULE_N] = {
    [REVIEW_NONE] = {"none", "", VERDICT_DENY, "", ""},
#define RULE(id, code, applies, verdict, when, remedy)                                             \
    [REVIEW_##id] = {code, applies, VERDICT_##verdict, when, remedy},
#include "guard/review_rules.def"
#undef RULE
};

static enum review_rule rule_of(enum review_rule rule) {
    return rule < REVIEW_RULE_N ? rule : REVIEW_NONE;
}

const char *policy_rule_code(enum review_rule rule) { return rules[rule_of(rule)].code; }
const char *policy_rule_applies(enum review_rule rule) { return rules[rule_of(rule)].applies; }
const char *policy_rule_when(enum review_rule rule) { return rules[rule_of(rule)].when; }
const char *policy_rule_remedy(enum review_rule rule) { return rules[rule_of(rule)].remedy; }
enum verdict policy_rule_verdict(enum review_rule rule) { return rules[rule_of(rule)].verdict; }

/* The local AWS speaks plain HTTP and nothing else, so the emitted template drops TLS there. */
static bool is_moot(const struct review *review, enum review_rule rule) {
    return review->ctx->is_local_aws && (rule == REVIEW_PLAIN_BUCKET || rule == REVIEW_PLAIN_LINK);
}

/* ---- where a value comes from ---- */

enum { SOURCES_MAX = 3, SOURCE_BYTES = 60 };

void review_parameters_in(const struct review *review, const json_t *value, json_t *out) {
    const char *ref = json_str_at(value, "Ref");
    struct str rest = str_from(json_string_value(value));
    const char *key = NULL;
    size_t i = 0;
    json_t *item = NULL;

    if (ref != NULL && review_is_parameter(review, str_from(ref))) {
        json_put(out, ref, json_true());
    }
    for (ptrdiff_t open = str_find(rest, STR("${")); open >= 0; open = str_find(rest, STR("${"))) {
        rest = str_slice(rest, (size_t)open + 2, rest.len);
        ptrdiff_t shut = str_find(rest, STR("}"));
        CLEANUP(freep) char *name = str_dup(str_slice(rest, 0, shut < 0 ? 0 : (size_t)shut));
        if (review_is_parameter(review, str_from(name))) {
            json_put(out, name, json_true());
        }
    }
    json_array_foreach(value, i, item) { review_parameters_in(review, item, out); }
    json_object_foreach(walk(value), key, item) { review_parameters_in(review, item, out); }
}

/* What stands in the written template at a place such as "Resources.R.Properties.Policies.0"; NULL
 * where it is a whole resource, or not there. */
static const json_t *written_at(const struct review *review, const char *where) {
    const json_t *at = review->written;
    struct str rest = str_from(where);
    struct str step = {0};
    size_t depth = 0;

    while (at != NULL && rest.len > 0 && str_next(&rest, '.', &step)) {
        step = str_ends(step, STR("[]")) ? str_slice(step, 0, step.len - 2) : step;
        at = json_is_array(at) ? json_array_get(at, (size_t)strtoul(step.ptr, NULL, 10))
                               : json_object_getn(at, step.ptr, step.len);
        depth++;
    }
    return depth > 3 ? at : NULL;
}

/* "; Cidr is 0.0.0.0/0, its default": which values of parameters stand there. */
static void add_sources(struct review *review, const char *where, json_t *finding,
                        struct buf *text) {
    CLEANUP(json_decrefp) json_t *names = json_object();
    const char *name = NULL;
    json_t *unused = NULL;
    size_t n = 0;

    review_parameters_in(review, written_at(review, where), names);
    json_object_foreach(names, name, unused) {
        const json_t *value = template_parameter(&review->facts, name);
        const json_t *given = json_object_get(review->facts.given, name);
        char room[40];
        const char *word = template_scalar(value, room, sizeof room);
        struct redact_hit hit = {0};
        (void)unused;

        if (word == NULL || n++ >= SOURCES_MAX) {
            continue;
        }
        bool is_long = strlen(word) > SOURCE_BYTES;
        bool is_masked = redact_find(review->ctx->redactor, str_from(word), &hit, 1) > 0;
        buf_addf(text, "; the parameter %s is %.*s%s, %s", name, SOURCE_BYTES,
                 is_masked ? "***" : word, is_long && !is_masked ? "…" : "",
                 given == NULL ? "its default" : "as given");
        json_put(finding, "parameters", json_incref(names));
    }
}

void review_find(struct review *review, enum review_rule rule, const char *where, const char *fmt,
                 ...) {
    CLEANUP(buf_done) struct buf text = BUF_INIT(4096);
    json_t *finding = NULL;
    va_list args;

    if (is_moot(review, rule)) {
        return;
    }
    finding = json_object();
    va_start(args, fmt);
    buf_vaddf(&text, fmt, args);
    va_end(args);
    json_put_str(finding, "code", policy_rule_code(rule));
    json_put_str(finding, "verdict", verdict_name(policy_rule_verdict(rule)));
    json_put_strn(finding, "where", str_from(where));
    add_sources(review, where, finding, &text);
    json_put_strn(finding, "text", buf_str(&text));
    json_put_str(finding, "remedy", policy_rule_remedy(rule));
    (void)json_array_append_new(review->findings, finding);
    review->verdict = verdict_strictest(review->verdict, policy_rule_verdict(rule));
}
