/* guard/review_transform.c: what works on a template before CloudFormation reads it, and how much
 * of that a reader can tell. Source: CloudFormation User Guide, "Transform reference"; SAM
 * Developer Guide, "Controlling API access". */
#include "guard/review.h"

#include "base/json.h"
#include "guard/walk.h"

#include <string.h>

/* clang-format off */
static const struct {
    const char *name;
    enum review_rule rule; /* REVIEW_NONE: all that it does is done here too */
    const char *text;
} transform_rows[] = {
    {"AWS::LanguageExtensions",        REVIEW_NONE,      ""},
    {"AWS::Serverless-2016-10-31",     REVIEW_TRANSFORM, "SAM makes roles, permissions and APIs that stand here in their short form only"},
    {"AWS::CodeDeployBlueGreen",       REVIEW_TRANSFORM, "it makes the second fleet of a deployment out of what stands here"},
    {"AWS::SecretsManager-2020-07-23", REVIEW_TRANSFORM, "it makes the function of AWS that rotates a secret"},
    {"AWS::SecretsManager-2024-09-16", REVIEW_TRANSFORM, "it makes the function of AWS that rotates a secret"},
    {"AWS::Include",                   REVIEW_TRANSFORM_UNSEEN, "it puts in a file that this review does not see"},
    {"AWS::ServiceCatalog",            REVIEW_TRANSFORM_UNSEEN, "it puts in outputs of products that this review does not see"},
};
/* clang-format on */

static void find_transform(struct review *review, const char *where, const char *name) {
    for (size_t i = 0; name != NULL && i < ARRAY_N(transform_rows); i++) {
        if (strcmp(name, transform_rows[i].name) != 0) {
            continue;
        }
        if (transform_rows[i].rule != REVIEW_NONE) {
            review->is_made_over = true;
            review_find(review, transform_rows[i].rule, where, "%s: %s", name,
                        transform_rows[i].text);
        }
        return;
    }
    review->is_made_over = true;
    review_find(review, REVIEW_TRANSFORM_UNSEEN, where,
                "the macro %s is code of the account, and may make anything of the template",
                name == NULL ? "whose name cannot be told" : name);
}

/* "Name", {"Name": ..., "Parameters": ...}, or a list of them. */
static void find_transforms(struct review *review, const char *where, const json_t *value) {
    size_t i = 0;
    json_t *item = NULL;

    if (json_is_array(value)) {
        json_array_foreach(value, i, item) { find_transforms(review, where, item); }
    } else if (value != NULL) {
        find_transform(review, where,
                       json_is_string(value) ? json_string_value(value)
                                             : json_str_at(value, "Name"));
    }
}

/* Calls of macros, and loops that are still there. */
static void find_calls(struct review *review, const char *where, const json_t *value) {
    const char *key = NULL;
    size_t i = 0;
    json_t *item = NULL;

    json_array_foreach(value, i, item) {
        CLEANUP(freep) char *place = mem_format("%s.%zu", where, i);
        find_calls(review, place, item);
    }
    json_object_foreach(walk(value), key, item) {
        CLEANUP(freep) char *place = mem_format("%s.%s", where, key);

        if (strcmp(key, "Fn::Transform") == 0) {
            find_transforms(review, place, item);
        } else if (strncmp(key, "Fn::ForEach::", 13) == 0) {
            review->is_made_over = true;
            review_find(review, REVIEW_TRANSFORM_UNSEEN, place,
                        "what it is repeated for cannot be told, so what it makes is not seen");
        } else {
            find_calls(review, place, item);
        }
    }
}

void review_transforms(struct review *review) {
    static const char *const sections[] = {"Parameters", "Mappings", "Conditions", "Resources",
                                           "Outputs"};

    find_transforms(review, "Transform", json_object_get(review->template, "Transform"));
    for (size_t i = 0; i < ARRAY_N(sections); i++) {
        find_calls(review, sections[i], json_object_get(review->template, sections[i]));
    }
}

/* ---- what SAM makes of events ---- */

/* Whoever calls has to say who they are, where an authorizer is named. */
static bool names_authorizer(const json_t *authorizer) {
    const char *name = json_string_value(authorizer);

    return authorizer != NULL && !(name != NULL && strcmp(name, "NONE") == 0);
}

/* The authorizer that holds for every route of the API of an event. */
static const json_t *api_authorizer(const struct review *review, const char *kind,
                                    const json_t *event) {
    const json_t *id = json_object_get(event, strcmp(kind, "Api") == 0 ? "RestApiId" : "ApiId");
    const json_t *named =
        json_object_get(json_object_get(review->template, "Resources"), json_str_or(id, "Ref", ""));
    const json_t *api = id == NULL
                            ? json_object_get(json_object_get(review->template, "Globals"), kind)
                            : json_object_get(named, "Properties");

    return json_at(api, "Auth.DefaultAuthorizer");
}

void review_sam_events(struct review *review, const char *where, const char *type,
                       const json_t *properties) {
    const char *name = NULL;
    json_t *event = NULL;

    if (strcmp(type, "AWS::Serverless::Function") != 0 &&
        strcmp(type, "AWS::Serverless::StateMachine") != 0) {
        return;
    }
    json_object_foreach(walk(json_object_get(properties, "Events")), name, event) {
        CLEANUP(freep) char *place = mem_format("%s.Properties.Events.%s", where, name);
        const char *kind = json_str_or(event, "Type", "");
        const json_t *own = json_at(event, "Properties.Auth.Authorizer");

        if (strcmp(kind, "Api") != 0 && strcmp(kind, "HttpApi") != 0) {
            continue;
        }
        if (!names_authorizer(
                own != NULL ? own
                            : api_authorizer(review, kind, json_object_get(event, "Properties")))) {
            review_find(review, REVIEW_OPEN_API, place,
                        "SAM makes a route of it that answers requests nobody has checked");
        }
    }
}
