/* guard/review_plan.c: the compliance officer reads a plan. */
#include "guard/review.h"

#include "base/json.h"
#include "guard/walk.h"

#include <ctype.h>
#include <string.h>

/* ---- the plan ---- */

/* clang-format off */
static const struct json_field plan_fields[] = {
    {"version", JSON_COUNT},   {"kind", JSON_TEXT},       {"app", JSON_TEXT},      {"env", JSON_TEXT},
    {"account", JSON_TEXT},    {"region", JSON_TEXT},     {"stack", JSON_TEXT},    {"target", JSON_TEXT},
    {"steps", JSON_LIST},      {"template", JSON_MAP},    {"parameters", JSON_MAP},
    {"permissions", JSON_LIST},{"artefacts", JSON_LIST},  {"cost", JSON_MAP},
    {"variables", JSON_MAP},   {"secrets", JSON_LIST},    {"role_arn", JSON_ANY},  {"endpoint", JSON_TEXT},
    {"on_failure", JSON_TEXT}, {"build_id", JSON_TEXT, true}, {"tags", JSON_MAP, true},
    {0},
};

static const struct json_field step_fields[] = {
    {"n", JSON_COUNT}, {"tool", JSON_TEXT}, {"op", JSON_TEXT}, {"effect", JSON_TEXT}, {"text", JSON_TEXT},
    {0},
};
/* clang-format on */

static bool plan_has_shape(struct review *review, const json_t *plan) {
    struct err err = {0};
    size_t i = 0;
    json_t *step = NULL;

    if (json_check(plan, plan_fields, &err) != ERR_NONE || json_int_or(plan, "version", 0) != 1) {
        review_find(review, REVIEW_MALFORMED, "plan", "the plan cannot be read: %s", err.text);
        return false;
    }
    json_array_foreach(json_object_get(plan, "steps"), i, step) {
        if (json_check(step, step_fields, &err) != ERR_NONE) {
            review_find(review, REVIEW_MALFORMED, "steps", "step %zu cannot be read: %s", i + 1,
                        err.text);
            return false;
        }
    }
    return true;
}

static void plan_target(struct review *review, const json_t *plan) {
    const char *region = json_str_or(plan, "region", "");

    if (!review_is_own_account(review, str_from(json_str_or(plan, "account", "")))) {
        review_find(review, REVIEW_FOREIGN_ACCOUNT, "account", "the plan is for the account %s",
                    json_str_or(plan, "account", ""));
    }
    if (review->ctx->region != NULL && strcmp(region, review->ctx->region) != 0) {
        review_find(review, REVIEW_WRONG_REGION, "region", "the plan is for the region %s", region);
    }
}

/* A change at AWS comes after the step that shows it, and through the tool that checks it. */
static void plan_steps(struct review *review, const json_t *plan) {
    bool has_preview = false;
    size_t i = 0;
    json_t *step = NULL;

    json_array_foreach(json_object_get(plan, "steps"), i, step) {
        const char *effect = json_str_or(step, "effect", "");
        bool is_apply = strcmp(effect, effect_name(EFFECT_APPLY)) == 0;
        CLEANUP(freep) char *where = mem_format("steps.%zu", i);

        has_preview = has_preview || strcmp(effect, effect_name(EFFECT_PREVIEW)) == 0;
        if (is_apply && !has_preview) {
            review_find(review, REVIEW_NO_DRY_RUN, where,
                        "it changes something that no step has shown");
        }
        if (is_apply && strcmp(json_str_or(step, "tool", ""), "aws_deployer") != 0 &&
            strcmp(json_str_or(step, "tool", ""), "github_api") != 0) {
            review_find(review, REVIEW_WRONG_TOOL, where, "it changes something by %s",
                        json_str_or(step, "tool", ""));
        }
    }
}

/* What the run itself needs: action names, or statements. */
static void plan_permissions(struct review *review, const json_t *plan) {
    size_t i = 0;
    json_t *permission = NULL;

    json_array_foreach(json_object_get(plan, "permissions"), i, permission) {
        CLEANUP(freep) char *where = mem_format("permissions.%zu", i);
        const char *name = json_string_value(permission);
        const char *colon = name == NULL ? NULL : strchr(name, ':');
        CLEANUP(json_decrefp) json_t *document = NULL;

        if (name != NULL) {
            if (colon == NULL || strcmp(colon, ":*") == 0 || strchr(name, '*') == name) {
                review_find(review, REVIEW_MORE_RIGHTS, where, "the plan asks for %s", name);
            }
            continue;
        }
        document = json_pack("{s:[O]}", "Statement", permission);
        review_grants(review, where, document);
    }
}

static bool is_name(const char *text) {
    for (const char *p = text; *p != '\0'; p++) {
        if (!isalnum((unsigned char)*p) && *p != '_' && *p != '-' && *p != '.' && *p != '/') {
            return false;
        }
    }
    return *text != '\0' && strlen(text) <= 128;
}

static void plan_secrets(struct review *review, const json_t *plan) {
    size_t i = 0;
    json_t *name = NULL;
    const char *key = NULL;
    json_t *value = NULL;

    json_array_foreach(json_object_get(plan, "secrets"), i, name) {
        if (!json_is_string(name) || !is_name(json_string_value(name))) {
            review_find(review, REVIEW_SECRET_IN_PLAN, "secrets", "entry %zu is no name", i + 1);
        }
    }
    json_object_foreach(walk(json_object_get(plan, "parameters")), key, value) {
        const json_t *declared =
            json_object_get(json_object_get(review->template, "Parameters"), key);
        bool is_written = json_is_string(value) && strcmp(json_string_value(value), "***") != 0;
        if (review_is_true(json_object_get(declared, "NoEcho")) && is_written) {
            review_find(review, REVIEW_SECRET_IN_PLAN, "parameters",
                        "the plan holds the value of the secret parameter %s", key);
        }
    }
    review_secrets_in(review, "parameters", json_object_get(plan, "parameters"));
    review_secrets_in(review, "variables", json_object_get(plan, "variables"));
    review_secrets_in(review, "steps", json_object_get(plan, "steps"));
}

enum verdict policy_review_plan(const json_t *plan, const json_t *template,
                                const struct review_ctx *ctx, json_t *findings) {
    struct review review = {.ctx = ctx,
                            .findings = findings,
                            .verdict = VERDICT_ALLOW,
                            .is_bootstrap =
                                strcmp(json_str_or(plan, "kind", ""), "bootstrap") == 0};

    review_begin(&review, template,
                 ctx->parameters != NULL ? ctx->parameters : json_object_get(plan, "parameters"));
    if (!plan_has_shape(&review, plan)) {
        review_end(&review);
        return review.verdict;
    }
    plan_target(&review, plan);
    plan_steps(&review, plan);
    plan_permissions(&review, plan);
    plan_secrets(&review, plan);
    review_accounts(&review, "plan", plan);
    review_template(&review);
    review_end(&review);
    return review.verdict;
}
