/* flow/lesson.h: what went wrong, kept so that it is found by meaning the next time. */
#pragma once

#include <jansson.h>

#include "guard/redact/redact.h"
#include "store/store.h"

#define LESSONS "lessons" /* the collection of vector/vector.h */

/* Keeps the problem that a session ends with, masked, tagged by what the repository is made of;
 * what a person decided (a no, a cancel, an answer that is missing) teaches nothing and is not
 * kept. Errors: those of store_put_doc(). */
MUST_CHECK enum err_code lesson_keep(struct store *store, struct redactor *redactor,
                                     const char *session, const json_t *state, int64_t now_ms,
                                     struct err *err);
