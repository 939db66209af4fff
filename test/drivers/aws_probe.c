/* test/drivers/aws_probe.c: makes single AWS calls for the judges in test/e2e/test_aws_client.py.
 *
 * aws_probe VERB ARGUMENT...   prints one JSON object with "code_of_call": "none", or a wire name
 */
#include "aws/client.h"
#include "aws/s3.h"
#include "aws/sts.h"
#include "base/json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ARGS_MAX = 12 };

struct probe {
    struct aws aws;
    int arg_n;
    char **args;
    json_t *out;
};

/* The argument, or NULL when there are fewer or it is "-". */
static const char *arg(const struct probe *p, int i) {
    return i >= p->arg_n || strcmp(p->args[i], "-") == 0 ? NULL : p->args[i];
}

static const char *text_arg(const struct probe *p, int i) {
    return arg(p, i) == NULL ? "" : arg(p, i);
}

static enum err_code probe_whoami(struct probe *p, struct err *err) {
    CLEANUP(sts_identity_done) struct sts_identity identity = {0};

    if (sts_get_caller_identity(&p->aws, &identity, err) != ERR_NONE) {
        return err->code;
    }
    json_put_str(p->out, "account", identity.account);
    json_put_str(p->out, "arn", identity.arn);
    json_put_int(p->out, "clock_offset_ms", identity.clock_offset_ms);
    return ERR_NONE;
}

static enum err_code probe_credentials(struct probe *p, struct err *err) {
    CLEANUP(buf_done) struct buf source = BUF_INIT(4096);
    CLEANUP(buf_done) struct buf warnings = BUF_INIT(4096);

    if (aws_credentials_describe(&p->aws, &source, &warnings, err) != ERR_NONE) {
        return err->code;
    }
    json_put_str(p->out, "source", buf_cstr(&source));
    json_put_str(p->out, "warnings", buf_cstr(&warnings));
    return ERR_NONE;
}

/* call SERVICE ACTION METHOD PATH BODY EXPECTED NAME=VALUE... : pairs are the form or the query. */
static enum err_code probe_call(struct probe *p, struct err *err) {
    CLEANUP(aws_reply_done) struct aws_reply reply = {0};
    struct aws_param pairs[ARGS_MAX];
    struct aws_request request = {.action = arg(p, 1),
                                  .method = arg(p, 2),
                                  .path = str_from(text_arg(p, 3)),
                                  .body = str_from(text_arg(p, 4)),
                                  .expected = {arg(p, 5)}};
    size_t n = 0;

    for (enum aws_service s = AWS_NO_SERVICE + 1; s < AWS_SERVICE_N; s++) {
        request.service =
            strcmp(aws_service_row(s)->host, text_arg(p, 0)) == 0 ? s : request.service;
    }
    for (int i = 6; i < p->arg_n && n < ARGS_MAX; i++) {
        char *equals = strchr(p->args[i], '=');

        pairs[n++] =
            (struct aws_param){p->args[i], equals == NULL ? (struct str){0} : str_from(equals + 1)};
        if (equals != NULL) {
            *equals = '\0';
        }
    }
    if (aws_service_row(request.service)->protocol == AWS_QUERY) {
        request.form = pairs;
        request.form_n = n;
    } else {
        request.query = pairs;
        request.query_n = n;
    }
    if (aws_call(&p->aws, &request, &reply, err) != ERR_NONE) {
        return err->code;
    }
    json_put_int(p->out, "status", reply.http.status);
    json_put_str(p->out, "answered", reply.code);
    json_put_str(p->out, "request_id", reply.request_id);
    json_put_strn(p->out, "body", buf_str(&reply.http.body));
    return ERR_NONE;
}

/* put BUCKET KEY FILE new|any [CONTENT-TYPE] */
static enum err_code probe_put(struct probe *p, struct err *err) {
    struct s3_put put = {.bucket = arg(p, 0),
                         .key = arg(p, 1),
                         .path = arg(p, 2),
                         .is_new = strcmp(text_arg(p, 3), "new") == 0,
                         .content_type = arg(p, 4)};
    enum s3_put_result result = S3_NONE;

    if (s3_put(&p->aws, &put, &result, err) != ERR_NONE) {
        return err->code;
    }
    json_put_bool(p->out, "was_there", result == S3_WAS_THERE);
    return ERR_NONE;
}

static void probe_add_object(json_t *to, const struct s3_object *object) {
    json_put_str(to, "key", object->key);
    json_put_str(to, "version", object->version);
    json_put_str(to, "etag", object->etag);
    json_put_str(to, "sha256", object->sha256);
    json_put_int(to, "bytes", object->bytes);
    json_put_int(to, "modified_ms", object->modified_ms);
    json_put_bool(to, "is_there", object->is_there);
    json_put_bool(to, "is_delete_marker", object->is_delete_marker);
}

static enum err_code probe_head(struct probe *p, struct err *err) {
    CLEANUP(s3_object_done) struct s3_object object = {0};

    if (s3_head(&p->aws, arg(p, 0), arg(p, 1), &object, err) != ERR_NONE) {
        return err->code;
    }
    probe_add_object(p->out, &object);
    return ERR_NONE;
}

static enum err_code probe_get(struct probe *p, struct err *err) {
    CLEANUP(buf_done) struct buf body = BUF_INIT(1 << 20);

    if (arg(p, 2) != NULL) {
        return s3_get_file(&p->aws, arg(p, 0), arg(p, 1), arg(p, 2), err);
    }
    if (s3_get(&p->aws, arg(p, 0), arg(p, 1), 1 << 20, &body, err) != ERR_NONE) {
        return err->code;
    }
    json_put_strn(p->out, "body", buf_str(&body));
    return ERR_NONE;
}

/* list|versions|empty BUCKET PREFIX MAX */
static enum err_code probe_list(struct probe *p, struct err *err, bool is_versions,
                                bool is_emptied) {
    CLEANUP(s3_list_done) struct s3_list list = {0};
    size_t max = strtoul(text_arg(p, 2), NULL, 10);
    enum err_code code = is_versions
                             ? s3_list_versions(&p->aws, arg(p, 0), text_arg(p, 1), max, &list, err)
                             : s3_list(&p->aws, arg(p, 0), text_arg(p, 1), max, &list, err);
    json_t *rows = json_array();

    for (size_t i = 0; i < list.n; i++) {
        json_t *row = json_object();

        probe_add_object(row, &list.rows[i]);
        (void)json_array_append_new(rows, row);
    }
    json_put(p->out, "rows", rows);
    json_put_bool(p->out, "is_cut", list.is_cut);
    return code == ERR_NONE && is_emptied ? s3_delete_all(&p->aws, arg(p, 0), &list, err) : code;
}

static enum err_code probe_objects(struct probe *p, struct err *err) {
    return probe_list(p, err, false, false);
}

static enum err_code probe_versions(struct probe *p, struct err *err) {
    return probe_list(p, err, true, false);
}

static enum err_code probe_empty(struct probe *p, struct err *err) {
    return probe_list(p, err, true, true);
}

static enum err_code probe_delete(struct probe *p, struct err *err) {
    return s3_delete(&p->aws, arg(p, 0), arg(p, 1), arg(p, 2), err);
}

static enum err_code probe_bucket(struct probe *p, struct err *err) {
    static const char *const words[] = {"none", "ours", "denied"};
    enum s3_bucket bucket = S3_BUCKET_NONE;
    char region[32] = "";

    if (s3_head_bucket(&p->aws, arg(p, 0), &bucket, region, err) != ERR_NONE) {
        return err->code;
    }
    json_put_str(p->out, "bucket", words[bucket]);
    json_put_str(p->out, "region", region);
    return ERR_NONE;
}

static const struct {
    const char *name;
    enum err_code (*run)(struct probe *p, struct err *err);
} verbs[] = {
    {"whoami", probe_whoami}, {"credentials", probe_credentials},
    {"call", probe_call},     {"put", probe_put},
    {"head", probe_head},     {"get", probe_get},
    {"list", probe_objects},  {"versions", probe_versions},
    {"empty", probe_empty},   {"delete", probe_delete},
    {"bucket", probe_bucket},
};

static enum err_code probe_run(struct probe *p, const char *verb, struct err *err) {
    const struct aws_options options = {.profile = getenv("PROBE_PROFILE"),
                                        .account = getenv("PROBE_ACCOUNT")};
    enum err_code code;

    if (aws_client_new(&options, &p->aws.client, err) != ERR_NONE) {
        return err->code;
    }
    code = err_set(err, ERR_USAGE, "there is no verb %s", verb);
    for (size_t i = 0; i < ARRAY_N(verbs); i++) {
        if (strcmp(verbs[i].name, verb) == 0) {
            code = verbs[i].run(p, err);
        }
    }
    aws_client_free(p->aws.client);
    return code;
}

int main(int argc, char **argv) {
    CLEANUP(json_decrefp) json_t *out = json_object();
    struct probe p = {.arg_n = argc - 2, .args = argv + 2, .out = out};
    struct err err = {0};
    enum err_code code =
        argc < 2 ? err_set(&err, ERR_USAGE, "a verb is missing") : probe_run(&p, argv[1], &err);
    CLEANUP(freep) char *text = NULL;

    json_put_str(out, "code_of_call", err_wire(code));
    if (code != ERR_NONE) {
        json_put_str(out, "text", err.text);
        json_put_str(out, "remedy", err.remedy);
    }
    text = json_text(out);
    puts(text);
    return code == ERR_NONE ? 0 : 1;
}
