/* guard/approval.h: what a person says yes to: one struct, its canonical bytes, their SHA-256.
 *
 * The digest is what is approved, the screen is rendered from the same bytes, and the executor
 * checks the digest again at the effect. Pure: no clock, no I/O; that it is used is the journal's
 * intent record of the effect, which the caller looks up.
 */
#pragma once

#include <jansson.h>

#include "base/hash.h"

/* All strings are owned and not NULL after approval_read(); "" where there is nothing (the change
 * set of a bootstrap that creates none, the role of a caller without one). */
struct approval {
    char *kind;            /* "deploy", "bootstrap", "destroy", "rollback", "recover", "secrets" */
    char *session;         /* session id */
    char *plan_sha256;     /* 64 hex digits */
    char *change_set;      /* ARN */
    char *stack_id;        /* ARN */
    char *template_sha256; /* 64 hex digits */
    char *parameters_sha256; /* 64 hex digits */
    json_t *artefacts;       /* array of {"kind": text, "sha256": 64 hex digits, "bytes": count} */
    char *account;           /* 12 digits */
    char *region;
    char *endpoint; /* endpoint profile, or URL; "aws" */
    char *role;     /* ARN that CloudFormation acts as */
    char *policy_version;
    char *cost;                 /* what the change does to the monthly cost, as cost_change() says
                                   it: "at least +$0.43 a month …" */
    int64_t cost_ceiling_cents; /* US cents a month; -1 for none */
    char *on_failure;           /* "leave" as CloudFormation leaves it, "keep" what failed, or
                                   "restore:RELEASE" */
    char *requester;            /* STS caller ARN */
    int64_t expires_ms;         /* since 1970 */
};

void approval_done(struct approval *approval); /* frees the members; accepts {0} */

/* Appends the canonical bytes: a JSON object with exactly the members above, keys sorted.
 * A NULL string is written as "", a NULL array as []. */
void approval_write(const struct approval *approval, struct buf *out);

/* SHA-256 over the canonical bytes. */
struct sha256 approval_digest(const struct approval *approval);

/* Reads what approval_write() wrote; the caller calls approval_done(). Text that differs from its
 * own canonical form is refused, so digest and fields cannot disagree. Errors: ERR_INVALID. */
MUST_CHECK enum err_code approval_read(struct str text, struct approval *out, struct err *err);

enum approval_answer {
    APPROVAL_UNKNOWN = 0, /* nobody approved anything */
    APPROVAL_OK,
    APPROVAL_EXPIRED,
    APPROVAL_USED,
    APPROVAL_MISMATCH, /* what was approved is something else */
    APPROVAL_N
};

/* The first member in which what would be done differs from what was said yes to; NULL: none. Who
 * asks and until when are no such members, the digest holds them. */
const char *approval_difference(const struct approval *approved, const struct approval *now);

/* What the caller knows from the records. */
struct approval_state {
    bool is_given;               /* a person's yes is on record */
    bool is_used;                /* an intent that consumes it is on record */
    char digest[SHA256_HEX + 1]; /* the digest of that yes, lower-case hex */
};

/* How far two machines' clocks may be apart: AWS answers none that is further off. */
enum { APPROVAL_CLOCKS_APART_MS = 5 * 60 * 1000 };

/* Whether `approval` may be acted on at `now_ms`, between when it was asked, as far as clocks
 * agree, and when it expires. Order: UNKNOWN, MISMATCH, USED, EXPIRED. */
enum approval_answer approval_check(const struct approval *approval,
                                    const struct approval_state *state, int64_t now_ms);

/* What is asked, for lists of what waits: {"session","kind","stack","account","region","digest",
 * "cost","asked_by","asked_ms","expires_ms"}; `stack` is its name, which the paper says by its ARN
 * only. New reference. */
json_t *approval_row(const struct approval *approval, const char *stack);

/* Appends what `on_failure` means, for a person. */
void approval_add_failure(const char *on_failure, struct buf *out);

/* "ok", "expired", "used", "mismatch", "unknown"; never NULL. */
const char *approval_answer_name(enum approval_answer answer);

/* Appends the screen of an approval, one "name  value" a line, from its canonical bytes and nothing
 * else. Control, bidirectional and zero-width characters are shown as \u{XX}. `width` (columns, at
 * least 40) wraps long values. Errors: ERR_INVALID as approval_read(). */
MUST_CHECK enum err_code approval_render(struct str bytes, int width, struct buf *out,
                                         struct err *err);
