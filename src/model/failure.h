/* model/failure.h: what an answer that is none means: try again, try the other model, or stop.
 * Pure.
 *
 * Source: OpenAI API reference, "Error codes" and "Rate limits"; RFC 9110, 10.2.3 Retry-After.
 */
#pragma once

#include "net/http.h"

enum failure_next {
    FAILURE_STOP = 0, /* another try would end in the same way */
    FAILURE_AGAIN,    /* later; nothing was spent */
    FAILURE_OTHER,    /* this model does not answer now; another may */
};

struct failure {
    enum failure_next next;
    int64_t wait_ms; /* as the server asks; -1: it does not say */
    bool is_spent;   /* the request may have been carried out, at what cost is not known */
};

/* What the reply says, whose status is not 2xx; `err` gets the sentence, `model` its name.
 * `now_ms` is wall-clock time, for a Retry-After that is a date. */
struct failure failure_of_reply(const struct http_reply *reply, const char *model, int64_t now_ms,
                                struct err *err);

/* What a failure of http_send() or of reading the answer means; `err` has it already. */
struct failure failure_of_error(const struct err *err);

/* Milliseconds before the try number `try` (1 = the second) where the server does not say;
 * `random` is in [0, 1). */
int64_t failure_delay_ms(int try, double random);
