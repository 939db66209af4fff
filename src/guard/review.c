/* guard/review.c: what the files of the reviews share: intrinsics, branches, accounts. */
#include "guard/review.h"

#include "base/json.h"
#include "guard/walk.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

void review_begin(struct review *review, const json_t *template, const json_t *values) {
    const char *place = review->ctx->region;
    CLEANUP(json_decrefp)
    json_t *region = place == NULL ? NULL : json_string_of(str_from(place));

    review->written = template;
    review->facts = template_facts(template, values, region);
    review->facts.is_open = values == NULL;
    review->template = template_resolve(&review->facts, template);
    if (review->ctx->template_before != NULL) {
        struct template_facts before = template_facts(review->ctx->template_before, values, region);

        review->before = template_resolve(&before, review->ctx->template_before);
    }
    review->facts.region = NULL;
}

void review_end(struct review *review) {
    json_decref(review->template);
    json_decref(review->before);
}

void review_unresolved(struct review *review, const char *where, const json_t *value,
                       const char *text) {
    CLEANUP(json_decrefp) json_t *names = json_object();
    const char *name = NULL;

    review_parameters_in(review, value, names);
    name = json_object_iter_key(json_object_iter(names));
    if (name != NULL) {
        review_find(review, REVIEW_PARAMETER_UNKNOWN, where,
                    "%s: the parameter %s has no value here", text, name);
    } else {
        review_find(review, REVIEW_UNRESOLVED, where, "%s", text);
    }
}

bool review_is_own_account(const struct review *review, struct str account) {
    if (review->ctx->account != NULL && str_eq(account, str_from(review->ctx->account))) {
        return true;
    }
    for (const char *const *ok = review->ctx->foreign_ok; ok != NULL && *ok != NULL; ok++) {
        if (str_eq(account, str_from(*ok))) {
            return true;
        }
    }
    return false;
}

/* ---- intrinsics ---- */

bool review_is_parameter(const struct review *review, struct str name) {
    const json_t *parameters = json_object_get(review->template, "Parameters");

    return json_object_getn(parameters, name.ptr, name.len) != NULL;
}

static bool resolve_into(const json_t *value, struct buf *out);

static bool resolve_join(const json_t *join, struct buf *out) {
    const char *separator = json_string_value(json_array_get(join, 0));
    const json_t *parts = json_array_get(join, 1);
    size_t i = 0;
    json_t *part = NULL;

    if (separator == NULL || !json_is_array(parts)) {
        return false;
    }
    json_array_foreach(parts, i, part) {
        buf_add_s(out, i > 0 ? separator : "");
        if (!resolve_into(part, out)) {
            return false;
        }
    }
    return true;
}

/* A Sub's text, with the variables of its own put in. */
static bool resolve_sub(const json_t *sub, struct buf *out) {
    struct str rest =
        str_from(json_string_value(json_is_array(sub) ? json_array_get(sub, 0) : sub));
    const json_t *own = json_array_get(sub, 1);
    bool is_text = rest.ptr != NULL;

    while (is_text && rest.len > 0) {
        ptrdiff_t open = str_find(rest, STR("${"));
        ptrdiff_t shut =
            open < 0 ? -1 : str_find(str_slice(rest, (size_t)open, rest.len), STR("}"));

        if (shut < 0) {
            buf_add(out, rest);
            return true;
        }
        struct str name = str_slice(rest, (size_t)open + 2, (size_t)(open + shut));
        const json_t *value = json_object_getn(own, name.ptr, name.len);
        buf_add(out, str_slice(rest, 0, (size_t)open));
        if (value == NULL) {
            buf_add(out, str_slice(rest, (size_t)open, (size_t)(open + shut) + 1));
        } else if (!resolve_into(value, out)) {
            return false;
        }
        rest = str_slice(rest, (size_t)(open + shut) + 1, rest.len);
    }
    return is_text;
}

static bool resolve_att(const json_t *att, struct buf *out) {
    const char *name = json_string_value(json_array_get(att, 0));
    const char *member = json_string_value(json_array_get(att, 1));

    if (json_is_string(att)) {
        buf_addf(out, "${%s}", json_string_value(att));
        return true;
    }
    if (name != NULL && member != NULL) {
        buf_addf(out, "${%s.%s}", name, member);
    }
    return name != NULL && member != NULL;
}

static bool resolve_into(const json_t *value, struct buf *out) {
    const char *ref = json_str_at(value, "Ref");

    if (json_is_string(value)) {
        buf_add_s(out, json_string_value(value));
        return true;
    }
    if (json_object_size(value) != 1) {
        return false;
    }
    if (ref != NULL) {
        buf_addf(out, "${%s}", ref);
        return true;
    }
    if (json_object_get(value, "Fn::Sub") != NULL) {
        return resolve_sub(json_object_get(value, "Fn::Sub"), out);
    }
    if (json_object_get(value, "Fn::GetAtt") != NULL) {
        return resolve_att(json_object_get(value, "Fn::GetAtt"), out);
    }
    return json_object_get(value, "Fn::Join") != NULL &&
           resolve_join(json_object_get(value, "Fn::Join"), out);
}

/* "${Name}..." whose name is a parameter. */
static bool begins_with_parameter(const struct review *review, struct str text) {
    ptrdiff_t close = str_find(text, STR("}"));

    return str_starts(text, STR("${")) && close > 0 &&
           review_is_parameter(review, str_slice(text, 2, (size_t)close));
}

char *review_resolve(const struct review *review, const json_t *value) {
    CLEANUP(buf_done) struct buf out = BUF_INIT(64 * 1024);

    if (!resolve_into(value, &out) || out.failed || begins_with_parameter(review, buf_str(&out))) {
        return NULL;
    }
    return out.len == 0 ? mem_strdup("") : buf_take(&out);
}

bool review_is_blank(struct str text) {
    for (size_t i = 0; i < text.len; i++) {
        if (strchr("*?:/", text.ptr[i]) == NULL) {
            return false;
        }
    }
    return true;
}

json_t *review_document(const json_t *document) {
    struct err unread = {0};
    json_t *read = NULL;

    if (!json_is_string(document) ||
        json_read(str_from(json_string_value(document)), &read, &unread) != ERR_NONE) {
        return NULL;
    }
    return read;
}

json_t *review_resolve_document(const struct review *review, const json_t *value) {
    CLEANUP(freep) char *text = review_resolve(review, value);
    CLEANUP(json_decrefp) json_t *written = text == NULL ? NULL : json_string(text);

    return review_document(written);
}

bool review_is_no_value(const json_t *value) {
    return strcmp(json_str_or(value, "Ref", ""), "AWS::NoValue") == 0;
}

static bool is_word(const json_t *value, const char *word) {
    return json_is_string(value) &&
           str_eq_nocase(str_from(json_string_value(value)), str_from(word));
}

bool review_is_true(const json_t *value) { return json_is_true(value) || is_word(value, "true"); }

bool review_is_false(const json_t *value) {
    return json_is_false(value) || is_word(value, "false");
}

void review_branches(struct review *review, const char *where, const json_t *value,
                     void (*each)(struct review *review, const char *where, const json_t *value)) {
    const json_t *branches = json_object_get(value, "Fn::If");
    size_t i = 0;
    json_t *item = NULL;

    if (value == NULL || review_is_no_value(value)) {
        return;
    }
    if (json_is_array(branches)) {
        review_branches(review, where, json_array_get(branches, 1), each);
        review_branches(review, where, json_array_get(branches, 2), each);
        return;
    }
    if (!json_is_array(value)) {
        each(review, where, value);
        return;
    }
    json_array_foreach(value, i, item) {
        CLEANUP(freep) char *place = mem_format("%s.%zu", where, i);
        review_branches(review, place, item, each);
    }
}

bool review_texts(const struct review *review, const json_t *value,
                  bool (*each)(const char *text, void *with), void *with) {
    const json_t *branches = json_object_get(value, "Fn::If");
    size_t i = 0;
    json_t *item = NULL;

    if (review_is_no_value(value)) {
        return true;
    }
    if (json_is_array(branches)) {
        return review_texts(review, json_array_get(branches, 1), each, with) &&
               review_texts(review, json_array_get(branches, 2), each, with);
    }
    if (json_is_array(value)) {
        json_array_foreach(value, i, item) {
            if (!review_texts(review, item, each, with)) {
                return false;
            }
        }
        return true;
    }
    CLEANUP(freep) char *text = review_resolve(review, value);
    return text != NULL && each(text, with);
}

const json_t *review_before(const struct review *review, const char *name) {
    return json_object_get(json_object_get(review->before, "Resources"), name);
}

/* ---- accounts ---- */

struct str review_arn_part(struct str arn, int index) {
    size_t from = 0;
    int depth = 0;
    int part = 0;

    for (size_t i = 0; i < arn.len; i++) {
        depth += arn.ptr[i] == '{' ? 1 : arn.ptr[i] == '}' ? -1 : 0;
        if (arn.ptr[i] != ':' || depth > 0 || part == 5) {
            continue;
        }
        if (part == index) {
            return str_slice(arn, from, i);
        }
        from = i + 1;
        part++;
    }
    return part == index ? str_slice(arn, from, arn.len) : (struct str){0};
}

static bool is_account(struct str text) {
    for (size_t i = 0; i < text.len; i++) {
        if (!isdigit((unsigned char)text.ptr[i])) {
            return false;
        }
    }
    return text.len == 12;
}

/* Every "arn:" in a text, wherever it stands. */
static void accounts_text(struct review *review, const char *where, struct str text) {
    ptrdiff_t at = str_find(text, STR("arn:"));

    while (at >= 0) {
        struct str part = review_arn_part(str_slice(text, (size_t)at, text.len), 4);

        if (is_account(part) && !review_is_own_account(review, part)) {
            review_find(review, REVIEW_FOREIGN_ACCOUNT, where, "it names the account " STR_FMT,
                        STR_ARG(part));
        }
        text = str_slice(text, (size_t)at + 4, text.len);
        at = str_find(text, STR("arn:"));
    }
}

/* The registry of an image: ACCOUNT.dkr.ecr.REGION.amazonaws.com/NAME. */
static void accounts_image(struct review *review, const char *where, struct str text) {
    enum { ACCOUNT_DIGITS = 12 };
    ptrdiff_t at = str_find(text, STR(".dkr.ecr"));

    if (at < ACCOUNT_DIGITS) {
        return;
    }
    struct str part = str_slice(text, (size_t)at - ACCOUNT_DIGITS, (size_t)at);
    if (is_account(part) && !review_is_own_account(review, part)) {
        review_find(review, REVIEW_FOREIGN_ACCOUNT, where,
                    "the image comes from the registry of the account " STR_FMT, STR_ARG(part));
    }
}

/* Names of account-regional buckets carry the account: NAME-123456789012-REGION-an. */
static void accounts_bucket(struct review *review, const char *where, struct str text) {
    struct str rest = text;
    struct str part = {0};
    bool is_bucket = str_ends(text, STR("-an"));

    while (is_bucket && rest.len > 0 && str_next(&rest, '-', &part)) {
        if (is_account(part) && !review_is_own_account(review, part)) {
            review_find(review, REVIEW_FOREIGN_ACCOUNT, where,
                        "the bucket " STR_FMT " belongs to another account", STR_ARG(text));
        }
    }
}

/* "OwnerId", "AwsAccountId", "RegistryId", "Principals": what stands there by number is an account.
 */
static bool is_account_key(const char *key) {
    static const char *const words[] = {"Account", "account", "Owner", "RegistryId", "Principal"};

    for (size_t i = 0; i < ARRAY_N(words); i++) {
        if (strstr(key, words[i]) != NULL) {
            return true;
        }
    }
    return false;
}

static void owners_at(struct review *review, const char *where, const json_t *value) {
    CLEANUP(freep) char *text = review_resolve(review, value);
    size_t i = 0;
    json_t *item = NULL;

    if (text != NULL && is_account(str_from(text)) &&
        !review_is_own_account(review, str_from(text))) {
        review_find(review, REVIEW_FOREIGN_ACCOUNT, where, "it names the account %s", text);
    }
    json_array_foreach(value, i, item) { owners_at(review, where, item); }
}

void review_owners(struct review *review, const char *where, const json_t *properties) {
    const char *key = NULL;
    size_t i = 0;
    json_t *value = NULL;

    if (review->ctx->account == NULL) {
        return;
    }
    json_array_foreach(properties, i, value) { review_owners(review, where, value); }
    json_object_foreach(walk(properties), key, value) {
        CLEANUP(freep) char *place = mem_format("%s.%s", where, key);

        if (is_account_key(key)) {
            owners_at(review, place, value);
        }
        review_owners(review, place, value);
    }
}

void review_accounts(struct review *review, const char *where, const json_t *json) {
    const char *key = NULL;
    size_t i = 0;
    json_t *value = NULL;

    if (review->ctx->account == NULL) {
        return;
    }
    if (json_is_string(json)) {
        struct str text = {json_string_value(json), json_string_length(json)};
        accounts_text(review, where, text);
        accounts_bucket(review, where, text);
        accounts_image(review, where, text);
    }
    json_array_foreach(json, i, value) { review_accounts(review, where, value); }
    json_object_foreach(walk(json), key, value) {
        CLEANUP(freep) char *place = mem_format("%s%s%s", where, *where == '\0' ? "" : ".", key);
        review_accounts(review, place, value);
    }
}
