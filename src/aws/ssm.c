/* Parameter Store: names, and secrets on their way in. */
#include "aws/ssm.h"

#include <string.h>

enum { SSM_PAGES_MAX = 100, SSM_DELETE_MAX = 10 };

/* One call with a JSON body; `*out` is the answer, the caller's. Values in it are not read. */
static enum err_code ssm_call(const struct aws *aws, const char *action, const json_t *body,
                              json_t **out, struct err *err) {
    CLEANUP(freep) char *text = json_text(body);
    struct aws_reply reply = {0};
    struct aws_request request = {.service = AWS_SSM, .action = action, .body = str_from(text)};
    enum err_code code;

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

/* ---- What there is ---- */

/* A time of AWS in JSON: seconds since 1970, with a fraction. */
static int64_t ssm_time_ms(const json_t *value) {
    return (int64_t)(json_number_value(value) * 1000);
}

static json_t *ssm_row(const json_t *parameter) {
    json_t *row = json_object();

    json_put_str(row, "name", json_str_at(parameter, "Name"));
    json_put_str(row, "type", json_str_at(parameter, "Type"));
    json_put_int(row, "version", json_int_or(parameter, "Version", 0));
    json_put_int(row, "modified_ms", ssm_time_ms(json_object_get(parameter, "LastModifiedDate")));
    return row;
}

enum err_code ssm_list_names(const struct aws *aws, const char *path, json_t **out,
                             struct err *err) {
    CLEANUP(json_decrefp) json_t *names = json_array();
    CLEANUP(json_decrefp) json_t *body = json_object();

    json_put_str(body, "Path", path);
    json_put_bool(body, "Recursive", true);
    json_put_bool(body, "WithDecryption", false);
    for (int pages = 0; pages < SSM_PAGES_MAX; pages++) {
        CLEANUP(json_decrefp) json_t *page = NULL;
        const json_t *row;
        size_t i;

        if (ssm_call(aws, "GetParametersByPath", body, &page, err) != ERR_NONE) {
            return err->code;
        }
        json_array_foreach(json_object_get(page, "Parameters"), i, row) {
            (void)json_array_append_new(names, ssm_row(row));
        }
        json_put_str(body, "NextToken", json_str_at(page, "NextToken"));
        if (json_str_or(page, "NextToken", "")[0] == '\0') {
            break;
        }
    }
    *out = TAKE(names);
    return ERR_NONE;
}

enum err_code ssm_last_writer(const struct aws *aws, const char *name, char **out,
                              struct err *err) {
    CLEANUP(json_decrefp) json_t *body = json_object();
    CLEANUP(freep) char *writer = mem_strdup("");

    json_put_str(body, "Name", name);
    json_put_bool(body, "WithDecryption", false);
    for (int pages = 0; pages < SSM_PAGES_MAX; pages++) {
        CLEANUP(json_decrefp) json_t *page = NULL;
        const json_t *rows;

        if (ssm_call(aws, "GetParameterHistory", body, &page, err) != ERR_NONE) {
            return err->code;
        }
        rows = json_object_get(page, "Parameters");
        if (json_array_size(rows) > 0) { /* the oldest comes first */
            freep(&writer);
            writer = mem_strdup(json_str_or(json_array_get(rows, json_array_size(rows) - 1),
                                            "LastModifiedUser", ""));
        }
        json_put_str(body, "NextToken", json_str_at(page, "NextToken"));
        if (json_str_or(page, "NextToken", "")[0] == '\0') {
            break;
        }
    }
    *out = TAKE(writer);
    return ERR_NONE;
}

/* ---- A secret on its way in ---- */

enum err_code ssm_check_value(struct str value, struct err *err) {
    if (value.len == 0) {
        err_set(err, ERR_INVALID, "an empty value cannot be stored");
        return err_remedy(err, "leave the variable out, or give it a value");
    }
    if (value.len > SSM_VALUE_BYTES_MAX) {
        err_set(err, ERR_TOO_LARGE, "the value is %zu bytes long, %d is the most", value.len,
                SSM_VALUE_BYTES_MAX);
        return err_remedy(err, "keep what is longer in a file of a bucket, and its address here");
    }
    if (!str_is_utf8(value)) {
        err_set(err, ERR_INVALID, "the value is not text");
        return err_remedy(err, "encode it, for instance by base64");
    }
    if (str_find(value, STR("{{")) >= 0 && str_find(value, STR("}}")) >= 0) {
        err_set(err, ERR_INVALID, "Parameter Store takes no value with {{ and }} in it");
        return err_remedy(err, "encode it, for instance by base64");
    }
    return ERR_NONE;
}

/* A JSON string of text. jansson would keep copies that nobody wipes. */
static void ssm_add_quoted(struct buf *out, struct str text) {
    buf_add_c(out, '"');
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.ptr[i];

        if (c < 0x20 || c == '"' || c == '\\') {
            buf_addf(out, "\\u%04x", c);
        } else {
            buf_add_c(out, (char)c);
        }
    }
    buf_add_c(out, '"');
}

static void ssm_add_tags(struct buf *out, const json_t *tags) {
    const char *key;
    json_t *value;
    const char *comma = "";

    buf_add_s(out, ",\"Tags\":[");
    json_object_foreach((json_t *)(uintptr_t)tags, key, value) {
        buf_addf(out, "%s{\"Key\":", comma);
        ssm_add_quoted(out, str_from(key));
        buf_add_s(out, ",\"Value\":");
        ssm_add_quoted(out, str_from(json_string_value(value)));
        buf_add_c(out, '}');
        comma = ",";
    }
    buf_add_c(out, ']');
}

static void ssm_add_put(struct buf *out, const struct ssm_secret *secret) {
    buf_add_s(out, "{\"Type\":\"SecureString\",\"Name\":");
    ssm_add_quoted(out, str_from(secret->name));
    buf_add_s(out, ",\"Value\":");
    ssm_add_quoted(out, secret->value);
    if (secret->is_new) {
        ssm_add_tags(out, secret->tags); /* cannot be sent together with Overwrite */
    } else {
        buf_add_s(out, ",\"Overwrite\":true");
    }
    buf_add_c(out, '}');
}

static enum err_code ssm_put_refused(const struct ssm_secret *secret, const char *code,
                                     struct err *err) {
    if (strcmp(code, "ParameterAlreadyExists") == 0) {
        return err_set(err, ERR_STALE, "%s is there already", secret->name);
    }
    err_set(err, ERR_INVALID, "Parameter Store does not take the value of %s (%s)", secret->name,
            code);
    return err_remedy(err, "give another value");
}

enum err_code ssm_put_secret(const struct aws *aws, const struct ssm_secret *secret,
                             struct err *err) {
    CLEANUP(buf_done) struct buf body = BUF_INIT(64 * 1024);
    struct aws_reply reply = {0};
    struct aws_request request = {.service = AWS_SSM,
                                  .action = "PutParameter",
                                  .expected = {"ParameterAlreadyExists", "ValidationException"},
                                  .is_once = true};
    enum err_code code;

    if (ssm_check_value(secret->value, err) != ERR_NONE) {
        return err->code;
    }
    (void)buf_reserve(&body, body.max - 1); /* so that growing leaves no copy behind */
    ssm_add_put(&body, secret);
    request.body = buf_str(&body);
    code = aws_call(aws, &request, &reply, err);
    mem_wipe(body.ptr, body.len);
    if (code == ERR_NONE && reply.code[0] != '\0') {
        code = ssm_put_refused(secret, reply.code, err);
    }
    aws_reply_done(&reply);
    return code;
}

/* ---- Out of it ---- */

enum err_code ssm_delete(const struct aws *aws, const json_t *names, struct err *err) {
    for (size_t at = 0; at < json_array_size(names); at += SSM_DELETE_MAX) {
        CLEANUP(json_decrefp) json_t *body = json_object();
        CLEANUP(json_decrefp) json_t *answer = NULL;
        json_t *some = json_array();

        for (size_t i = at; i < json_array_size(names) && i < at + SSM_DELETE_MAX; i++) {
            (void)json_array_append(some, json_array_get(names, i));
        }
        json_put(body, "Names", some);
        if (ssm_call(aws, "DeleteParameters", body, &answer, err) != ERR_NONE) {
            return err->code;
        }
    }
    return ERR_NONE;
}
