/* model/client.h: asks a model at an OpenAI-compatible server, and its moderation filter.
 *
 * A client may be used from any thread, up to HTTP_HANDLES_MAX calls at once. It reaches https
 * addresses, and http on this machine only; it follows no redirect, so the key stays with the
 * address that the person gave. Prompts are `struct masked`. Paper: docs/model.md.
 */
#pragma once

#include "guard/redact/redact.h"
#include "guard/secret.h"
#include "model/chat.h"
#include "model/models.h"
#include "model/schema.h"

#define MODEL_BASE_URL "https://api.openai.com/v1"

struct model_client; /* opaque */

struct model_options {
    const char *base_url; /* with /v1 and without a slash at its end; NULL: MODEL_BASE_URL */
    struct str key;       /* copied into a secret; empty: none is sent */
    struct model_row primary;
    struct model_row fallback; /* name "": there is none */
    const char *embedder;      /* the model that makes embeddings; NULL: none is asked */
    const char *ca_bundle;     /* path of a PEM file, or NULL for the system's */
    int64_t stall_ms;          /* no byte for so long ends a call; 0: LIMIT_MODEL_STALL_MS */
};

/* Makes a client; opens nothing. The caller frees. Errors: ERR_CONFIG (the address). */
MUST_CHECK enum err_code model_client_new(const struct model_options *options,
                                          struct model_client **out, struct err *err);
void model_client_free(struct model_client *client); /* wipes the key; accepts NULL */

const struct model_row *model_client_primary(const struct model_client *client);
const struct model_row *model_client_fallback(const struct model_client *client); /* or NULL */
const char *model_client_host(const struct model_client *client); /* "api.openai.com" */

/* The model that makes embeddings, or NULL. */
const char *model_client_embedder(const struct model_client *client);

/* What is told while a call goes on; any member may be NULL. Called on the thread of the call. */
struct model_watch {
    chat_piece *piece;                                    /* text, as it comes */
    void (*wait)(void *ctx, int64_t ms, const char *why); /* a pause before another try */
    void *ctx;
};

struct model_request {
    const struct masked *messages; /* JSON: [{"role","content",...}], as the API takes them */
    enum schema schema;            /* SCHEMA_NONE: text */
    const json_t *functions; /* array of {"type":"function",...} made from constants; or NULL */
    double temperature;
    uint32_t answer_max;       /* max_completion_tokens */
    bool is_cheap;             /* the fallback first: the budget is low */
    int64_t deadline_mono_ms;  /* of clock_mono_ms() */
    const atomic_bool *cancel; /* or NULL */
    struct model_watch watch;
};

struct model_answer {
    struct model_row row; /* the model that answered */
    struct chat_answer chat;
    json_t *json; /* where the request has a schema: keeps to it */
};
void model_answer_done(struct model_answer *answer);

/* What a call without an answer may have cost. */
enum model_cost { MODEL_COST_UNKNOWN = 0, MODEL_COST_NOTHING };

/* Asks, and waits for the whole answer. `*out` must be {0}; the caller's to model_answer_done(), on
 * failure too: what a useless answer cost is in it. `*cost` is for the failures without an answer.
 * Blocks up to the deadline. Errors: ERR_UNREACHABLE, ERR_TIMEOUT, ERR_CANCELLED, ERR_CREDENTIALS,
 * ERR_DENIED, ERR_THROTTLED, ERR_NOT_FOUND, ERR_TOO_LARGE, ERR_SERVICE (also: the model refuses),
 * ERR_PROTOCOL (cut off, contradictory, not of its form). */
MUST_CHECK enum err_code model_complete(struct model_client *client,
                                        const struct model_request *request,
                                        struct model_answer *out, enum model_cost *cost,
                                        struct err *err);

/* The body that would be sent, for the tokens of its parts and for tests. */
void model_request_body(const struct model_row *row, const struct model_request *request,
                        struct buf *out);

/* The meaning of texts as numbers: a row a text, all of one length. */
struct model_numbers {
    float *rows; /* owned */
    size_t dim;
    uint32_t used; /* tokens, as the server says */
};
void model_numbers_done(struct model_numbers *numbers);

enum { EMBED_BODY_BYTES = 1 << 20 };

/* Has the embedder make the numbers of `n` texts, JSON: an array of strings. `*out` must be {0}.
 * Blocks up to the deadline. Errors: as model_complete(). */
MUST_CHECK enum err_code model_embed(struct model_client *client, const struct masked *texts,
                                     size_t n, int64_t deadline_mono_ms, const atomic_bool *cancel,
                                     struct model_numbers *out, struct err *err);

/* What the filter says of a text. */
enum filter {
    FILTER_UNKNOWN = 0, /* it did not answer */
    FILTER_PASSED,
    FILTER_FLAGGED,
    FILTER_ABSENT, /* this server has none */
};

/* Has the filter judge `text`; `*categories` is an array of the names that it flags, the caller's.
 * An outage is an answer, FILTER_UNKNOWN, with `why` set. Blocks up to LIMIT_FILTER_MS. */
enum filter model_filter(struct model_client *client, const struct masked *text,
                         int64_t deadline_mono_ms, const atomic_bool *cancel, json_t **categories,
                         struct err *why);
