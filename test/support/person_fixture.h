/* test/support/person_fixture.h: the person of a test, who says the same word to every question. */
#pragma once

#include "tool/gate.h"

static inline bool fixture_person_is_there(void *ctx) { return ctx != NULL; }

static inline enum err_code fixture_person_ask(void *ctx, const struct masked *question,
                                               bool (*poll)(void *poll_ctx), void *poll_ctx,
                                               char **out, struct err *err) {
    (void)question;
    (void)poll;
    (void)poll_ctx;
    (void)err;
    *out = mem_strdup(ctx);
    return ERR_NONE;
}

/* `word` is borrowed; NULL: nobody is there. */
static inline struct person fixture_person(const char *word) {
    return (struct person){fixture_person_is_there, fixture_person_ask, (void *)(uintptr_t)word};
}
