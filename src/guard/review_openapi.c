/* guard/review_openapi.c: an API whose routes stand in an OpenAPI document. */
#include "guard/review.h"

#include "base/json.h"
#include "guard/walk.h"

#include <string.h>

/* Whether somebody checks who calls: a list of schemes, of which none is the empty one, which is
 * met by everybody. Source: OpenAPI Specification 3.1, "Security Requirement Object". */
static bool is_checked(const json_t *security) {
    size_t i = 0;
    json_t *scheme = NULL;

    json_array_foreach(security, i, scheme) {
        if (json_object_size(scheme) == 0) {
            return false;
        }
    }
    return json_array_size(security) > 0;
}

static bool is_operation(const char *method) {
    static const char *const methods[] = {
        "get", "put", "post", "delete", "patch", "trace", "head", "x-amazon-apigateway-any-method"};

    for (size_t i = 0; i < ARRAY_N(methods); i++) {
        if (strcmp(method, methods[i]) == 0) {
            return true;
        }
    }
    return false;
}

static void review_path(struct review *review, const char *where, const json_t *document,
                        const json_t *operations) {
    const char *method = NULL;
    json_t *operation = NULL;

    json_object_foreach(walk(operations), method, operation) {
        const json_t *own = json_object_get(operation, "security");
        bool has_auth =
            strcmp(json_str_or(operation, "x-amazon-apigateway-auth.type", "NONE"), "NONE") != 0;

        if (is_operation(method) && !has_auth &&
            !is_checked(own != NULL ? own : json_object_get(document, "security"))) {
            CLEANUP(freep) char *place = mem_format("%s.%s", where, method);
            review_find(review, REVIEW_OPEN_API, place,
                        "it answers requests that nobody has checked");
        }
    }
}

static void review_document_paths(struct review *review, const char *where,
                                  const json_t *document) {
    const json_t *paths = json_object_get(document, "paths");
    const char *path = NULL;
    json_t *operations = NULL;

    if (json_object_get(document, "Fn::Transform") != NULL) {
        return; /* told by review_transforms() */
    }
    if (!json_is_object(document) ||
        (paths == NULL && json_object_get(document, "openapi") == NULL &&
         json_object_get(document, "swagger") == NULL)) {
        review_unresolved(review, where, document, "the API's document cannot be read");
        return;
    }
    json_object_foreach(walk(paths), path, operations) {
        CLEANUP(freep) char *place = mem_format("%s.paths.%s", where, path);
        review_path(review, place, document, operations);
    }
}

void review_openapi(struct review *review, const char *where, const char *type,
                    const json_t *properties) {
    bool is_sam =
        strcmp(type, "AWS::Serverless::Api") == 0 || strcmp(type, "AWS::Serverless::HttpApi") == 0;
    bool is_api = strcmp(type, "AWS::ApiGateway::RestApi") == 0 ||
                  strcmp(type, "AWS::ApiGatewayV2::Api") == 0;
    const char *member = is_sam ? "DefinitionBody" : "Body";
    const json_t *body = json_object_get(properties, member);

    /* SAM puts its own authorizer into the document. */
    if ((is_api || (is_sam && json_at(properties, "Auth.DefaultAuthorizer") == NULL)) &&
        body != NULL) {
        CLEANUP(freep) char *place = mem_format("%s.Properties.%s", where, member);
        review_branches(review, place, body, review_document_paths);
    }
}
