/* Error shapes as they come over the wire, and the codes and sentences they become. */
#include "aws/error.h"

#include "support/mutate.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* clang-format off */
static const struct {
    const char *label;
    int status;
    const char *headers, *body;
    const char *code, *message, *request_id;
} shapes[] = {
    { "Query", 400, "x-amzn-RequestId: h1\n",
      "<ErrorResponse xmlns=\"http://cloudformation.amazonaws.com/doc/2010-05-15/\"><Error><Type>Sender</Type>"
      "<Code>ValidationError</Code><Message>Stack [x] does not exist</Message></Error><RequestId>b1</RequestId></ErrorResponse>",
      "ValidationError", "Stack [x] does not exist", "h1" },
    { "Query, id in the body, references", 400, "",
      "<ErrorResponse><Error><Code>A</Code><Message>didn&#x27;t\nchange</Message></Error><RequestId>b1</RequestId></ErrorResponse>",
      "A", "didn't change", "b1" },
    { "a front end", 503, "", "<Response><Errors><Error><Code>ServiceUnavailable</Code><Message>m</Message></Error></Errors></Response>",
      "ServiceUnavailable", "m", "" },
    { "S3", 404, "x-amz-request-id: s3id\n",
      "<?xml version=\"1.0\"?>\n<Error><Code>NoSuchKey</Code><Message>gone</Message><RequestId>x</RequestId><HostId>y</HostId></Error>",
      "NoSuchKey", "gone", "s3id" },
    { "HEAD has no body", 403, "x-amz-request-id: s3id\n", "", "403", "", "s3id" },
    { "JSON with a namespace", 400, "", "{\"__type\":\"com.amazonaws.ssm#ParameterNotFound\",\"message\":\"m\"}", "ParameterNotFound", "m", "" },
    { "JSON, Message", 400, "", "{\"__type\":\"AccessDeniedException\",\"Message\":\"M\"}", "AccessDeniedException", "M", "" },
    { "rest-json by header", 404, "X-Amzn-ErrorType: ResourceNotFoundException:http://internal.amazon.com/x/\n",
      "{\"Type\":\"User\",\"message\":\"m\"}", "ResourceNotFoundException", "m", "" },
    { "rest-json, code in the body", 429, "", "{\"code\":\"TooManyRequestsException\",\"message\":\"m\"}", "TooManyRequestsException", "m", "" },
    { "a page of a proxy", 502, "", "<html><body>Bad<br>Gateway</body></html>", "502", "", "" },
    { "XML without an error", 500, "", "<Other/>", "500", "", "" },
    { "broken JSON", 500, "", "{\"message\":", "500", "", "" },
    { "nothing", 503, "", "", "503", "", "" },
};

static const struct {
    enum aws_service service;
    const char *action;
    int status;
    const char *code, *message;
    enum err_code err;
    const char *text, *remedy;
} meanings[] = {
    { AWS_CLOUDFORMATION, "DescribeStacks", 403, "AccessDenied",
      "User: arn:aws:iam::1:user/x is not authorized to perform: cloudformation:DescribeStacks because no policy allows it.",
      ERR_DENIED, "CloudFormation DescribeStacks: AWS denies this call (AccessDenied): User: arn:aws:iam::1:user/x is not "
      "authorized to perform: cloudformation:DescribeStacks because no policy allows it",
      "the caller needs the permission cloudformation:DescribeStacks" },
    { AWS_S3, "PutObject", 403, "AccessDenied", "Access Denied", ERR_DENIED, NULL, "the caller needs the permission s3:PutObject" },
    { AWS_S3, "HeadObject", 403, "403", "", ERR_DENIED, "S3 HeadObject: AWS denies this call (403)", NULL },
    { AWS_STS, "GetCallerIdentity", 403, "ExpiredToken", "The security token included in the request is expired", ERR_CREDENTIALS, NULL,
      "sign in again (aws login, aws sso login), or get a new session token, and repeat the command" },
    { AWS_STS, "GetCallerIdentity", 403, "InvalidClientTokenId", "m", ERR_CREDENTIALS, NULL, NULL },
    { AWS_STS, "GetCallerIdentity", 403, "SignatureDoesNotMatch", "The request signature we calculated does not match", ERR_CREDENTIALS, NULL,
      "check the secret access key" },
    { AWS_STS, "GetCallerIdentity", 403, "SignatureDoesNotMatch", "Signature expired: 20261124T1 is now earlier than 20261124T2", ERR_CLOCK, NULL,
      "check the clock: `timedatectl` shows whether it is synchronised" },
    { AWS_LAMBDA, "GetFunction", 403, "InvalidSignatureException", "Signature not yet current: 2", ERR_CLOCK, NULL, NULL },
    { AWS_S3, "GetObject", 403, "RequestTimeTooSkewed", "m", ERR_CLOCK, NULL, NULL },
    { AWS_CLOUDFORMATION, "CreateChangeSet", 400, "InsufficientCapabilitiesException", "Requires capabilities : [CAPABILITY_IAM]", ERR_DENIED, NULL, NULL },
    { AWS_CLOUDFORMATION, "CreateChangeSet", 400, "LimitExceededException", "m", ERR_SERVICE, NULL, NULL },
    { AWS_CLOUDFORMATION, "DescribeStacks", 400, "Throttling", "Rate exceeded", ERR_THROTTLED, NULL, "wait a minute, then repeat the command" },
    { AWS_CLOUDFORMATION, "DescribeStacks", 400, "ValidationError", "m", ERR_INVALID, NULL, NULL },
    { AWS_LAMBDA, "GetFunction", 404, "ResourceNotFoundException", "m", ERR_NOT_FOUND, NULL, NULL },
    { AWS_S3, "PutObject", 412, "PreconditionFailed", "m", ERR_CONFLICT, NULL, NULL },
    { AWS_LAMBDA, "GetFunction", 500, "InternalError", "m", ERR_SERVICE, NULL, NULL },
    { AWS_LAMBDA, "GetFunction", 302, "302", "", ERR_PROTOCOL, NULL, NULL },
};
/* clang-format on */

static void every_shape_gives_code_message_and_id(void **state) {
    (void)state;
    for (size_t i = 0; i < ARRAY_N(shapes); i++) {
        struct aws_reply reply = {.http = {.status = shapes[i].status,
                                           .headers = BUF_INIT(4096),
                                           .body = BUF_INIT(4096)}};

        buf_add_s(&reply.http.headers, shapes[i].headers);
        buf_add_s(&reply.http.body, shapes[i].body);
        aws_error_read(&reply);
        if (strcmp(reply.code, shapes[i].code) != 0 ||
            strcmp(reply.message, shapes[i].message) != 0 ||
            strcmp(reply.request_id, shapes[i].request_id) != 0) {
            fail_msg("%s: '%s' '%s' '%s'", shapes[i].label, reply.code, reply.message,
                     reply.request_id);
        }
        http_reply_done(&reply.http);
    }
}

static void every_code_has_its_meaning_and_remedy(void **state) {
    (void)state;
    for (size_t i = 0; i < ARRAY_N(meanings); i++) {
        const struct aws_request request = {.service = meanings[i].service,
                                            .action = meanings[i].action};
        struct aws_reply reply = {.http = {.status = meanings[i].status}};
        struct err err = {0};

        (void)snprintf(reply.code, sizeof reply.code, "%s", meanings[i].code);
        (void)snprintf(reply.message, sizeof reply.message, "%s", meanings[i].message);
        if (aws_error_set(&request, &reply, &err) != meanings[i].err ||
            (meanings[i].text != NULL && strcmp(err.text, meanings[i].text) != 0) ||
            (meanings[i].remedy != NULL && strcmp(err.remedy, meanings[i].remedy) != 0)) {
            fail_msg("%s: %s: %s; %s", meanings[i].code, err_wire(err.code), err.text, err.remedy);
        }
    }
}

static void long_messages_are_cut_between_characters(void **state) {
    struct aws_reply reply = {.http = {.status = 400, .body = BUF_INIT(8192)}};

    (void)state;
    buf_add_s(&reply.http.body, "{\"__type\":\"A\",\"message\":\"x");
    for (int i = 0; i < 2000; i++) {
        buf_add_s(&reply.http.body, "\xc3\xbc");
    }
    buf_add_s(&reply.http.body, "\"}");
    aws_error_read(&reply);
    assert_true(strlen(reply.message) > AWS_MESSAGE_MAX - 4);
    assert_true(str_is_utf8(str_from(reply.message)));
    http_reply_done(&reply.http);
}

static void read_mutant(void *ctx, struct str text) {
    struct aws_reply reply = {.http = {.status = 400, .body = BUF_INIT(1 << 20)}};

    (void)ctx;
    buf_add(&reply.http.body, text);
    aws_error_read(&reply);
    assert_true(reply.code[0] != '\0');
    assert_true(str_is_utf8(str_from(reply.code)));
    assert_true(str_is_utf8(str_from(reply.message)));
    for (const char *p = reply.message; *p != '\0'; p++) {
        assert_true((unsigned char)*p >= ' ' && *p != 0x7f);
    }
    http_reply_done(&reply.http);
}

static void whatever_the_body_is_there_is_a_code_and_a_line_for_a_terminal(void **state) {
    const char *seeds[ARRAY_N(shapes) + 1] = {0};

    (void)state;
    for (size_t i = 0; i < ARRAY_N(shapes); i++) {
        seeds[i] = shapes[i].body;
    }
    mutate(seeds, read_mutant, NULL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_shape_gives_code_message_and_id),
        cmocka_unit_test(every_code_has_its_meaning_and_remedy),
        cmocka_unit_test(long_messages_are_cut_between_characters),
        cmocka_unit_test(whatever_the_body_is_there_is_a_code_and_a_line_for_a_terminal),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
