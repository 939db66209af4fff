/* The error shapes of the protocols, and the table from AWS's codes to ours. */
#include "aws/error.h"

#include "aws/xml.h"
#include "base/json.h"

#include <stdio.h>
#include <string.h>

/* clang-format off */

/* Where an XML error lies: of Query services and CloudFront, of some front ends, of S3. */
static const char *const xml_places[] = { "Error", "Errors/Error", "" };

static const char *const id_headers[] = { "x-amzn-requestid", "x-amz-request-id", "x-amzn-request-id" };

/* The first row that fits decides; NULL fits any code, 0 any status. The sentence is
 * "SERVICE ACTION: WHAT (CODE): MESSAGE". */
static const struct row {
    const char *code;
    int status;
    enum err_code err;
    const char *what;
    const char *remedy;
} rows[] = {
    { "ExpiredToken",                 0, ERR_CREDENTIALS, "the AWS credentials have expired", "sign in again (aws login, aws sso login), or get a new session token, and repeat the command" },
    { "ExpiredTokenException",        0, ERR_CREDENTIALS, "the AWS credentials have expired", "sign in again (aws login, aws sso login), or get a new session token, and repeat the command" },
    { "TokenRefreshRequired",         0, ERR_CREDENTIALS, "the AWS credentials have expired", "sign in again (aws login, aws sso login), or get a new session token, and repeat the command" },
    { "InvalidClientTokenId",         0, ERR_CREDENTIALS, "AWS does not know this access key", "check the access key id; a deleted key, or one of another partition, is not known" },
    { "InvalidAccessKeyId",           0, ERR_CREDENTIALS, "AWS does not know this access key", "check the access key id; a deleted key, or one of another partition, is not known" },
    { "UnrecognizedClientException",  0, ERR_CREDENTIALS, "AWS does not know this access key", "check the access key id; a deleted key, or one of another partition, is not known" },
    { "InvalidToken",                 0, ERR_CREDENTIALS, "AWS does not know this session token", "check AWS_SESSION_TOKEN: it belongs to one access key" },
    { "SignatureDoesNotMatch",        0, ERR_CREDENTIALS, "the secret access key does not belong to the access key id", "check the secret access key" },
    { "InvalidSignatureException",    0, ERR_CREDENTIALS, "the secret access key does not belong to the access key id", "check the secret access key" },
    { "AuthFailure",                  0, ERR_CREDENTIALS, "AWS does not accept these credentials", "check the access key id and the secret access key" },
    { "IncompleteSignature",          0, ERR_CREDENTIALS, "AWS does not accept these credentials", "check the access key id and the secret access key" },
    { "MissingAuthenticationToken",   0, ERR_CREDENTIALS, "the request was not signed", "check the endpoint: something between may remove the Authorization header" },
    { "MissingAuthenticationTokenException", 0, ERR_CREDENTIALS, "the request was not signed", "check the endpoint: something between may remove the Authorization header" },
    { "OptInRequired",                0, ERR_DENIED, "the account is not signed up for this service", "finish the sign-up of the account in the AWS console" },
    { "NotSignedUp",                  0, ERR_DENIED, "the account is not signed up for this service", "finish the sign-up of the account in the AWS console" },
    { "AccountProblem",               0, ERR_DENIED, "there is a problem with the account", "look at the account in the AWS console" },
    { "AccessDenied",                 0, ERR_DENIED, "AWS denies this call", NULL },
    { "AccessDeniedException",        0, ERR_DENIED, "AWS denies this call", NULL },
    { "UnauthorizedOperation",        0, ERR_DENIED, "AWS denies this call", NULL },
    { "InsufficientCapabilitiesException", 0, ERR_DENIED, "the template creates roles or policies, and nobody acknowledged that", "approve the plan with its IAM changes" },
    { "InsufficientCapabilities",     0, ERR_DENIED, "the template creates roles or policies, and nobody acknowledged that", "approve the plan with its IAM changes" },
    { "Throttling",                   0, ERR_THROTTLED, "AWS asks for fewer calls", "wait a minute, then repeat the command" },
    { "ThrottlingException",          0, ERR_THROTTLED, "AWS asks for fewer calls", "wait a minute, then repeat the command" },
    { "RequestLimitExceeded",         0, ERR_THROTTLED, "AWS asks for fewer calls", "wait a minute, then repeat the command" },
    { "TooManyRequestsException",     0, ERR_THROTTLED, "AWS asks for fewer calls", "wait a minute, then repeat the command" },
    { "SlowDown",                     0, ERR_THROTTLED, "AWS asks for fewer calls", "wait a minute, then repeat the command" },
    { "LimitExceededException",       0, ERR_SERVICE, "a quota of the account is used up", "delete what is no longer used, or ask for more in Service Quotas" },
    { "TooManyBuckets",               0, ERR_SERVICE, "a quota of the account is used up", "delete what is no longer used, or ask for more in Service Quotas" },
    { "CodeStorageExceededException", 0, ERR_SERVICE, "a quota of the account is used up", "delete what is no longer used, or ask for more in Service Quotas" },
    { "ResourceNotFoundException",    0, ERR_NOT_FOUND, "there is no such thing", NULL },
    { "ParameterNotFound",            0, ERR_NOT_FOUND, "there is no such parameter", NULL },
    { "NoSuchBucket",                 0, ERR_NOT_FOUND, "there is no such bucket", NULL },
    { "NoSuchKey",                    0, ERR_NOT_FOUND, "there is no such object", NULL },
    { "AlreadyExistsException",       0, ERR_CONFLICT, "it exists already", NULL },
    { "ResourceConflictException",    0, ERR_CONFLICT, "it is being changed right now, or exists already", NULL },
    { "OperationInProgressException", 0, ERR_CONFLICT, "another operation is under way", "wait until it has ended, then repeat the command" },
    { "TokenAlreadyExistsException",  0, ERR_CONFLICT, "this token was used for another request", NULL },
    { "BadDigest",                    0, ERR_PROTOCOL, "the bytes were damaged on their way", "repeat the command" },
    { "InvalidAction",                0, ERR_PROTOCOL, "this endpoint does not know the action", "check the endpoint that is configured for this service" },
    { "UnknownOperationException",    0, ERR_PROTOCOL, "this endpoint does not know the action", "check the endpoint that is configured for this service" },
    { NULL, 400, ERR_INVALID,   "AWS does not accept the request", NULL },
    { NULL, 401, ERR_DENIED,    "AWS denies this call", NULL },
    { NULL, 403, ERR_DENIED,    "AWS denies this call", NULL },
    { NULL, 404, ERR_NOT_FOUND, "there is no such thing", NULL },
    { NULL, 409, ERR_CONFLICT,  "it changed meanwhile", NULL },
    { NULL, 412, ERR_CONFLICT,  "it changed meanwhile", NULL },
    { NULL, 413, ERR_TOO_LARGE, "AWS finds the request too large", NULL },
    { NULL, 429, ERR_THROTTLED, "AWS asks for fewer calls", "wait a minute, then repeat the command" },
};

static const struct row row_clock = { NULL, 0, ERR_CLOCK, "this machine's clock differs from AWS's by minutes",
    "check the clock: `timedatectl` shows whether it is synchronised" };
static const struct row row_broken = { NULL, 0, ERR_SERVICE, "the service is out of order",
    "repeat the command in some minutes; health.aws.amazon.com shows outages" };
static const struct row row_strange = { NULL, 0, ERR_PROTOCOL, "the answer is not understood",
    "check the endpoint and whether a proxy answers in its place" };

static const char *const clock_codes[] = { "RequestTimeTooSkewed", "RequestExpired", "RequestInTheFuture" };

/* Behind these codes the message tells whether it is the clock. */
static const char *const maybe_clock_codes[] = { "SignatureDoesNotMatch", "InvalidSignatureException", "AuthFailure" };
static const char *const clock_words[] = { "Signature expired", "not yet current" };
/* clang-format on */

/* Copies at most `size` - 1 bytes, whole UTF-8 characters, control characters as blanks. */
static void copy_text(char *out, size_t size, struct str text) {
    size_t n = text.len < size ? text.len : size - 1;

    while (n < text.len && n > 0 && ((unsigned char)text.ptr[n] & 0xc0) == 0x80) {
        n--;
    }
    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)text.ptr[i];

        out[i] = c < ' ' || c == 0x7f ? ' ' : (char)c;
    }
    out[n] = '\0';
}

static void error_read_xml(struct aws_reply *reply, struct str body) {
    CLEANUP(arena_freep) struct arena *arena = arena_new();
    const struct xml_node *root = NULL;
    const char *code = NULL;
    struct err ignored = {0};

    if (xml_read(body, arena, &root, &ignored) != ERR_NONE) {
        return; /* a page of a proxy: the status has to do */
    }
    for (size_t i = 0; i < ARRAY_N(xml_places) && code == NULL; i++) {
        const struct xml_node *error = xml_at(root, xml_places[i]);

        code = xml_text_at(error, "Code");
        if (code != NULL) {
            copy_text(reply->code, sizeof reply->code, str_from(code));
            copy_text(reply->message, sizeof reply->message,
                      str_from(xml_text_at(error, "Message")));
        }
    }
    if (reply->request_id[0] == '\0') {
        copy_text(reply->request_id, sizeof reply->request_id,
                  str_from(xml_text_at(root, "RequestId")));
    }
}

/* "ns#Code" and "Code:http://..." are Code. */
static struct str error_bare_code(struct str code) {
    ptrdiff_t hash = str_find(code, STR("#"));
    ptrdiff_t colon;

    code = str_slice(code, (size_t)(hash + 1), code.len);
    colon = str_find(code, STR(":"));
    return str_trim(str_slice(code, 0, colon < 0 ? code.len : (size_t)colon));
}

static void error_read_json(struct aws_reply *reply, struct str body) {
    struct err ignored = {0};
    json_t *json = NULL;
    const char *code;
    const char *message;

    if (json_read(body, &json, &ignored) != ERR_NONE) {
        return;
    }
    code = json_str_or(json, "__type", json_str_at(json, "code"));
    message = json_str_or(json, "message", json_str_at(json, "Message"));
    if (reply->code[0] == '\0') {
        copy_text(reply->code, sizeof reply->code, error_bare_code(str_from(code)));
    }
    copy_text(reply->message, sizeof reply->message, str_from(message));
    json_decref(json);
}

void aws_error_read(struct aws_reply *reply) {
    struct str body = str_trim(buf_str(&reply->http.body));

    reply->code[0] = '\0';
    reply->message[0] = '\0';
    reply->request_id[0] = '\0';
    for (size_t i = 0; i < ARRAY_N(id_headers) && reply->request_id[0] == '\0'; i++) {
        copy_text(reply->request_id, sizeof reply->request_id,
                  http_header(&reply->http, id_headers[i]));
    }
    if (reply->http.status / 100 == 2) {
        return;
    }
    copy_text(reply->code, sizeof reply->code,
              error_bare_code(http_header(&reply->http, "x-amzn-errortype")));
    if (str_starts(body, STR("<"))) {
        error_read_xml(reply, body);
    } else if (str_starts(body, STR("{"))) {
        error_read_json(reply, body);
    }
    if (reply->code[0] == '\0') {
        (void)snprintf(reply->code, sizeof reply->code, "%d", reply->http.status);
    }
}

bool aws_error_is_clock(const char *code, const char *message) {
    for (size_t i = 0; i < ARRAY_N(clock_codes); i++) {
        if (strcmp(code, clock_codes[i]) == 0) {
            return true;
        }
    }
    for (size_t i = 0; i < ARRAY_N(maybe_clock_codes); i++) {
        for (size_t k = 0; k < ARRAY_N(clock_words); k++) {
            if (strcmp(code, maybe_clock_codes[i]) == 0 &&
                strstr(message, clock_words[k]) != NULL) {
                return true;
            }
        }
    }
    return false;
}

static const struct row *error_find(const struct aws_reply *reply) {
    if (aws_error_is_clock(reply->code, reply->message)) {
        return &row_clock;
    }
    for (size_t i = 0; i < ARRAY_N(rows); i++) {
        if (rows[i].code == NULL ? rows[i].status == reply->http.status
                                 : strcmp(rows[i].code, reply->code) == 0) {
            return &rows[i];
        }
    }
    return reply->http.status >= 500 ? &row_broken : &row_strange;
}

/* "... is not authorized to perform: s3:PutObject on resource ..." names the permission; where AWS
 * does not say it, the action's own name is that of the permission nearly always. */
static enum err_code error_remedy_denied(const struct aws_request *request,
                                         const struct aws_reply *reply, struct err *err) {
    static const char words[] = "not authorized to perform: ";
    const char *at = strstr(reply->message, words);
    size_t n = at == NULL ? 0 : strcspn(at + strlen(words), " ,;");

    if (n > 0) {
        return err_remedy(err, "the caller needs the permission %.*s", (int)n, at + strlen(words));
    }
    return err_remedy(err, "the caller needs the permission %s:%s",
                      aws_service_row(request->service)->signing, request->action);
}

enum err_code aws_error_set(const struct aws_request *request, const struct aws_reply *reply,
                            struct err *err) {
    const struct row *row = error_find(reply);
    CLEANUP(buf_done) struct buf text = BUF_INIT(sizeof err->text * 8);

    buf_addf(&text, "%s %s: %s (%s)", aws_service_row(request->service)->title, request->action,
             row->what, reply->code);
    if (reply->message[0] != '\0') {
        buf_addf(&text, ": %s", reply->message);
    }
    while (text.len > 0 && text.ptr[text.len - 1] == '.') {
        text.ptr[--text.len] = '\0'; /* the sentences of err.h have no full stop */
    }
    err_set(err, row->err, "%s", buf_cstr(&text));
    if (row->remedy != NULL) {
        return err_remedy(err, "%s", row->remedy);
    }
    return row->err == ERR_DENIED ? error_remedy_denied(request, reply, err) : row->err;
}

void aws_error_advise(struct err *err) {
    if (err->remedy[0] != '\0') {
        return;
    }
    if (err->code == ERR_UNREACHABLE) {
        err_remedy(err, "check the network, the proxy settings and the endpoint");
    } else if (err->code == ERR_TOO_LARGE) { /* err_set() gives ERR_PROTOCOL its own */
        err_remedy(err, "%s", row_strange.remedy);
    }
}
