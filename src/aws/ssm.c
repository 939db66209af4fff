/* Parameter Store, names only. */
#include "aws/ssm.h"

enum { SSM_PAGES_MAX = 100 };

static enum err_code ssm_page(const struct aws *aws, const char *path, const char *next,
                              json_t **out, struct err *err) {
    CLEANUP(json_decrefp) json_t *body = json_object();
    CLEANUP(freep) char *text = NULL;
    struct aws_reply reply = {0};
    struct aws_request request = {.service = AWS_SSM, .action = "GetParametersByPath"};
    enum err_code code;

    json_put_str(body, "Path", path);
    json_put_str(body, "NextToken", next);
    json_put_bool(body, "Recursive", true);
    json_put_bool(body, "WithDecryption", false);
    text = json_text(body);
    request.body = str_from(text);
    if (aws_call(aws, &request, &reply, err) != ERR_NONE) {
        return err->code;
    }
    code = json_read(buf_str(&reply.http.body), out, err);
    if (code != ERR_NONE) {
        code = err_set(err, ERR_PROTOCOL, "the answer of Parameter Store is not JSON");
    }
    mem_wipe(reply.http.body.ptr, reply.http.body.len);
    aws_reply_done(&reply);
    return code;
}

enum err_code ssm_list_names(const struct aws *aws, const char *path, json_t **out,
                             struct err *err) {
    CLEANUP(json_decrefp) json_t *names = json_array();
    CLEANUP(freep) char *next = NULL;

    for (int pages = 0; pages < SSM_PAGES_MAX; pages++) {
        CLEANUP(json_decrefp) json_t *page = NULL;
        const json_t *row;
        size_t i;

        if (ssm_page(aws, path, next, &page, err) != ERR_NONE) {
            return err->code;
        }
        json_array_foreach(json_object_get(page, "Parameters"), i, row) {
            json_t *name = json_object();

            json_put_str(name, "name", json_str_at(row, "Name"));
            json_put_str(name, "type", json_str_at(row, "Type"));
            json_put_int(name, "version", json_int_or(row, "Version", 0));
            (void)json_array_append_new(names, name);
        }
        freep(&next);
        next = mem_strdup(json_str_at(page, "NextToken"));
        if (next == NULL || next[0] == '\0') {
            break;
        }
    }
    *out = TAKE(names);
    return ERR_NONE;
}
