/* aws/error.h: what AWS says when it refuses, in its several shapes, and what that means to a
 * person. Pure. */
#pragma once

#include "aws/client.h"

/* Reads the request id of an answer and, when it is no success, code and message; then always finds
 * a code, if need be the HTTP status ("404"). Control characters in the message become blanks. */
void aws_error_read(struct aws_reply *reply);

/* Whether `code` says that the clocks of both sides differ; AWS hides that behind the codes of a
 * wrong signature, so the message counts. */
bool aws_error_is_clock(const char *code, const char *message);

/* Sets `err` from a refusal: code, sentence with service, action and AWS's own words, remedy. */
enum err_code aws_error_set(const struct aws_request *request, const struct aws_reply *reply,
                            struct err *err);

/* Gives an error of the exchange itself, where it has none, a remedy: nobody is there, or what
 * answers is not AWS. */
void aws_error_advise(struct err *err);
