/* guard/review_secret.c: no secret stands in a template, a plan or a change set. */
#include "guard/review.h"

#include "base/json.h"
#include "guard/iam/actions.h"
#include "guard/redact/redact.h"
#include "guard/walk.h"

#include <stdio.h>
#include <string.h>

enum { DEPTH_MAX = 128, WHERE_BYTES = 1024 };

static void secrets_walk(struct review *review, struct buf *where, const json_t *json, int depth);

/* A text without its dynamic references, which say where a secret is, not what it is. */
static void without_references(struct str text, struct buf *out) {
    for (;;) {
        ptrdiff_t open = str_find(text, STR("{{resolve:"));
        ptrdiff_t shut =
            open < 0 ? -1 : str_find(str_slice(text, (size_t)open, text.len), STR("}}"));

        buf_add(out, str_slice(text, 0, shut < 0 ? text.len : (size_t)open));
        if (shut < 0) {
            return;
        }
        text = str_slice(text, (size_t)(open + shut) + 2, text.len);
    }
}

static bool stop(const struct iam_action *action, void *with) {
    (void)action;
    (void)with;
    return false;
}

/* "identitystore-auth:ListSessions" looks like a secret and is an action of AWS. */
static void secrets_text(struct review *review, const char *where, const json_t *json) {
    struct str text = {json_string_value(json), json_string_length(json)};
    CLEANUP(buf_done) struct buf plain = BUF_INIT(text.len + 1);
    struct redact_hit hit = {0};

    without_references(text, &plain);
    if (redact_find(review->ctx->redactor, buf_str(&plain), &hit, 1) > 0 &&
        iam_expand(text, stop, NULL) == 0) {
        review_find(review, REVIEW_SECRET_IN_TEMPLATE, where, "it holds a secret (%s)", hit.kind);
    }
}

/* A plain parameter of Parameter Store ("ssm", not "ssm-secure") is shown to whoever reads it. */
static bool is_reference(const char *text) {
    return text[0] == '\0' || strcmp(text, "***") == 0 || strcmp(text, "****") == 0 ||
           (strncmp(text, "{{resolve:", 10) == 0 && strncmp(text, "{{resolve:ssm:", 14) != 0) ||
           strncmp(text, "arn:", 4) == 0 || strncmp(text, "${", 2) == 0;
}

/* Whether a parameter exists that is not marked NoEcho: what it holds is shown by AWS. */
static bool is_shown_parameter(const struct review *review, const char *name) {
    const json_t *parameter = json_object_get(json_object_get(review->written, "Parameters"), name);

    return json_is_object(parameter) && !review_is_true(json_object_get(parameter, "NoEcho"));
}

/* A member whose name is a secret's must refer to its value. */
static void secrets_member(struct review *review, const char *where, const char *key,
                           const json_t *value) {
    const char *parameter = json_str_at(value, "Ref");

    /* AuthMechanism says how, not with what. */
    if (!redact_is_secret_key(str_from(key)) || str_ends(str_from(key), STR("Mechanism"))) {
        return;
    }
    if (json_is_string(value) && !is_reference(json_string_value(value))) {
        review_find(review, REVIEW_SECRET_IN_TEMPLATE, where,
                    "the value of a secret is written out");
    } else if (parameter != NULL && is_shown_parameter(review, parameter)) {
        review_find(review, REVIEW_SECRET_SHOWN, where,
                    "a secret comes from the parameter %s, which AWS shows", parameter);
    }
}

/* {"Name": "DB_PASSWORD", "Value": "..."} of a container. */
static void secrets_pair(struct review *review, const char *where, const json_t *object) {
    const char *name = json_str_at(object, "Name");

    if (name != NULL && json_object_get(object, "Value") != NULL) {
        secrets_member(review, where, name, json_object_get(object, "Value"));
    }
}

static void secrets_below(struct review *review, struct buf *where, const char *key,
                          const json_t *value, int depth) {
    size_t len = where->len;

    buf_addf(where, "%s%s", len > 0 ? "." : "", key);
    secrets_member(review, buf_cstr(where), key, value);
    secrets_walk(review, where, value, depth + 1);
    where->len = len;
    if (where->ptr != NULL) {
        where->ptr[len] = '\0';
    }
}

static void secrets_walk(struct review *review, struct buf *where, const json_t *json, int depth) {
    const char *key = NULL;
    size_t i = 0;
    json_t *value = NULL;

    if (depth > DEPTH_MAX) {
        review_find(review, REVIEW_TOO_DEEP, buf_cstr(where), "it is nested too deep to be read");
        return;
    }
    if (json_is_string(json)) {
        secrets_text(review, buf_cstr(where), json);
    }
    json_array_foreach(json, i, value) {
        char index[24];
        snprintf(index, sizeof index, "%zu", i);
        secrets_below(review, where, index, value, depth);
    }
    if (json_is_object(json)) {
        secrets_pair(review, buf_cstr(where), json);
    }
    json_object_foreach(walk(json), key, value) { secrets_below(review, where, key, value, depth); }
}

void review_secrets_in(struct review *review, const char *where, const json_t *json) {
    CLEANUP(buf_done) struct buf path = BUF_INIT(WHERE_BYTES * DEPTH_MAX);

    buf_add_s(&path, where);
    secrets_walk(review, &path, json, 0);
}

/* What a parameter brings along is in everybody's sight. */
static void secrets_parameters(struct review *review) {
    const char *name = NULL;
    json_t *parameter = NULL;

    json_object_foreach(walk(json_object_get(review->written, "Parameters")), name, parameter) {
        const char *value = json_str_at(parameter, "Default");
        bool is_secret = review_is_true(json_object_get(parameter, "NoEcho")) ||
                         redact_is_secret_key(str_from(name));

        if (is_secret && value != NULL && !is_reference(value)) {
            CLEANUP(freep) char *where = mem_format("Parameters.%s.Default", name);
            review_find(review, REVIEW_SECRET_IN_TEMPLATE, where,
                        "a secret parameter has a default");
        }
    }
}

static void secrets_outputs(struct review *review) {
    const char *name = NULL;
    json_t *output = NULL;

    json_object_foreach(walk(json_object_get(review->written, "Outputs")), name, output) {
        const char *parameter = json_str_at(output, "Value.Ref");
        const json_t *declared =
            parameter == NULL
                ? NULL
                : json_object_get(json_object_get(review->written, "Parameters"), parameter);

        if (review_is_true(json_object_get(declared, "NoEcho"))) {
            CLEANUP(freep) char *where = mem_format("Outputs.%s", name);
            review_find(review, REVIEW_SECRET_SHOWN, where, "it shows the secret parameter %s",
                        parameter);
        }
    }
}

void review_secrets(struct review *review) {
    secrets_parameters(review);
    secrets_outputs(review);
    review_secrets_in(review, "", review->written);
}
