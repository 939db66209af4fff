/* flow/release.h: what was deployed and proven to answer: kept, listed, found again.
 *
 * A release is a write-once document: {"schema","id","session","commit" (git's id), "dirty" (it had
 * changes that were not committed), "author" (of the commit), "by" (the STS caller), "probe"
 * ({"passed","attempts","elapsed_ms","sentence"}),"stack","account","region",
 * "template_sha256","template","parameters","artefacts","build_id","version","expected","url",
 * "target","tags","stored","restores" (the release that it goes back to),"created_ms"}.
 * The newest LIMIT_RELEASES of a stack are kept.
 */
#pragma once

#include "base/json.h"
#include "guard/redact/redact.h"
#include "store/store.h"

/* The form of a release; one of a newer form is passed over, one without a number is of before. */
enum { RELEASE_SCHEMA = 1 };

/* Keeps the release that the session's state describes and sets its "release" member. `now_ms`: its
 * time where AWS did not say when the stack came to rest. */
MUST_CHECK enum err_code release_keep(struct store *store, const struct redactor *redactor,
                                      const char *session, json_t *state, int64_t now_ms,
                                      struct err *err);

/* Whether the session's plan is that release: the same template, build and artefacts. */
bool release_is(const json_t *release, const json_t *state);

/* The releases of a stack, the newest first: a new array of at most `max`. */
MUST_CHECK enum err_code release_list(struct store *store, const char *account, const char *region,
                                      const char *stack, size_t max, json_t **out, struct err *err);
