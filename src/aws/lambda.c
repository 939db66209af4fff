/* Aliases and versions of a function. */
#include "aws/lambda.h"

#include <stdio.h>
#include <string.h>

#include "base/encode.h"
#include "base/json.h"

#define LAMBDA_PATH "/2015-03-31/functions/"

enum { LAMBDA_PAGES_MAX = 100 };

/* Sends one request with a path below the function and reads the JSON of its answer. */
static enum err_code lambda_call(const struct aws *aws, const char *action, const char *method,
                                 const char *function, const char *below, struct str body,
                                 const struct aws_param *query, size_t query_n, json_t **out,
                                 struct err *err) {
    CLEANUP(buf_done) struct buf path = BUF_INIT(1024);
    struct aws_reply reply = {0};
    struct aws_request request = {.service = AWS_LAMBDA,
                                  .action = action,
                                  .method = method,
                                  .query = query,
                                  .query_n = query_n,
                                  .body = body};
    enum err_code code;

    buf_add_s(&path, LAMBDA_PATH);
    percent_add(&path, str_from(function), false);
    buf_add_s(&path, below);
    request.path = buf_str(&path);
    if (aws_call(aws, &request, &reply, err) != ERR_NONE) {
        return err->code;
    }
    code = json_read(buf_str(&reply.http.body), out, err);
    if (code != ERR_NONE) {
        code = err_set(err, ERR_PROTOCOL, "Lambda's answer to %s is not JSON", action);
    }
    aws_reply_done(&reply);
    return code;
}

static void lambda_read_alias(const json_t *json, struct lambda_alias *out) {
    (void)snprintf(out->version, sizeof out->version, "%s",
                   json_str_or(json, "FunctionVersion", ""));
    (void)snprintf(out->revision, sizeof out->revision, "%s", json_str_or(json, "RevisionId", ""));
}

enum err_code lambda_get_alias(const struct aws *aws, const char *function, const char *alias,
                               struct lambda_alias *out, struct err *err) {
    CLEANUP(json_decrefp) json_t *json = NULL;
    CLEANUP(freep) char *below = mem_format("/aliases/%s", alias);

    if (lambda_call(aws, "GetAlias", "GET", function, below, STR(""), NULL, 0, &json, err) !=
        ERR_NONE) {
        return err->code;
    }
    lambda_read_alias(json, out);
    return ERR_NONE;
}

enum err_code lambda_set_alias(const struct aws *aws, const char *function, const char *alias,
                               const char *version, const char *revision, struct err *err) {
    CLEANUP(json_decrefp) json_t *json = NULL;
    CLEANUP(json_decrefp) json_t *body = json_object();
    CLEANUP(freep) char *text = NULL;
    CLEANUP(freep) char *below = mem_format("/aliases/%s", alias);

    json_put_str(body, "FunctionVersion", version);
    json_put_str(body, "RevisionId", revision);
    text = json_text(body);
    return lambda_call(aws, "UpdateAlias", "PUT", function, below, str_from(text), NULL, 0, &json,
                       err);
}

enum err_code lambda_find_version(const struct aws *aws, const char *function, const char *version,
                                  bool *out_exists, char out_code_sha256[64], struct err *err) {
    CLEANUP(freep) char *marker = NULL;

    for (int page = 0; page < LAMBDA_PAGES_MAX; page++) {
        CLEANUP(json_decrefp) json_t *json = NULL;
        struct aws_param query = {"Marker", str_from(marker)};
        const json_t *row;
        size_t i;

        if (lambda_call(aws, "ListVersionsByFunction", "GET", function, "/versions", STR(""),
                        &query, marker == NULL ? 0 : 1, &json, err) != ERR_NONE) {
            return err->code;
        }
        json_array_foreach(json_object_get(json, "Versions"), i, row) {
            if (strcmp(json_str_or(row, "Version", ""), version) == 0) {
                (void)snprintf(out_code_sha256, 64, "%s", json_str_or(row, "CodeSha256", ""));
                *out_exists = true;
                return ERR_NONE;
            }
        }
        freep(&marker);
        marker = mem_strdup(json_str_at(json, "NextMarker"));
        if (marker == NULL || marker[0] == '\0') {
            break;
        }
    }
    *out_exists = false;
    return ERR_NONE;
}
