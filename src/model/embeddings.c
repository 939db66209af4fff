/* Embeddings of the server: the meaning of texts as numbers. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/rand.h"
#include "guard/limits.h"
#include "model/room.h"

enum { TRIES = 2, NUMBERS_MAX = 4096 };

/* One text's numbers; false where they are none. */
static bool numbers_read(const json_t *list, size_t dim, float *out) {
    const json_t *number;
    size_t i;

    if (!json_is_array(list) || json_array_size(list) != dim) {
        return false;
    }
    json_array_foreach(list, i, number) {
        double value = json_number_value(number);

        if (!json_is_number(number) || !isfinite(value)) {
            return false;
        }
        out[i] = (float)value;
    }
    return true;
}

/* {"data":[{"index","embedding":[...]}],"usage":{"prompt_tokens"}} */
static enum err_code embeddings_read(struct str body, size_t n, struct model_numbers *out,
                                     struct err *err) {
    CLEANUP(json_decrefp) json_t *json = NULL;
    CLEANUP(freep) bool *is_there = mem_array(n, sizeof *is_there);
    const json_t *data;
    const json_t *row;
    size_t dim;
    size_t i;

    if (json_read(body, &json, err) != ERR_NONE) {
        return err_set(err, ERR_PROTOCOL, "the embeddings are not JSON");
    }
    data = json_object_get(json, "data");
    dim = json_array_size(json_object_get(json_array_get(data, 0), "embedding"));
    if (json_array_size(data) != n || dim == 0 || dim > NUMBERS_MAX) {
        return err_set(err, ERR_PROTOCOL, "the embeddings are not those of %zu texts", n);
    }
    out->rows = mem_array(n * dim, sizeof *out->rows);
    out->dim = dim;
    json_array_foreach(data, i, row) {
        int64_t index = json_int_or(row, "index", -1);

        if (index < 0 || (size_t)index >= n || is_there[index] ||
            !numbers_read(json_object_get(row, "embedding"), dim,
                          out->rows + (size_t)index * dim)) {
            return err_set(err, ERR_PROTOCOL, "the embeddings are not understood");
        }
        is_there[index] = true;
    }
    out->used = (uint32_t)json_int_or(json, "usage.prompt_tokens", 0);
    return ERR_NONE;
}

void model_numbers_done(struct model_numbers *numbers) {
    free(numbers->rows);
    *numbers = (struct model_numbers){0};
}

const char *model_client_embedder(const struct model_client *client) { return client->embedder; }

static enum err_code embed_once(struct model_client *client, const struct model_post *post,
                                size_t n, struct model_numbers *out, struct failure *failure,
                                struct err *err) {
    CLEANUP(http_reply_done) struct http_reply reply = {0};

    *failure = (struct failure){0};
    if (model_post(client, post, &reply, err) != ERR_NONE) {
        *failure = failure_of_error(err);
        return err->code;
    }
    if (reply.status != 200) {
        *failure = failure_of_reply(&reply, client->embedder, clock_now_ms(), err);
        return err->code == ERR_NONE ? err_set(err, ERR_SERVICE, "no embeddings") : err->code;
    }
    return embeddings_read(buf_str(&reply.body), n, out, err);
}

enum err_code model_embed(struct model_client *client, const struct masked *texts, size_t n,
                          int64_t deadline_mono_ms, const atomic_bool *cancel,
                          struct model_numbers *out, struct err *err) {
    CLEANUP(buf_done) struct buf body = BUF_INIT(EMBED_BODY_BYTES);
    CLEANUP(json_decrefp)
    json_t *head = json_pack("{s:s, s:s}", "encoding_format", "float", "model", client->embedder);
    CLEANUP(freep) char *text = json_text(head);
    struct model_post post = {
        .path = "/embeddings", .deadline_mono_ms = deadline_mono_ms, .cancel = cancel};

    buf_addf(&body, "%.*s,\"input\":%s}", (int)strlen(text) - 1, text, masked_cstr(texts));
    if (body.failed) {
        return err_set(err, ERR_TOO_LARGE, "the texts to embed are too long");
    }
    post.body = buf_str(&body);
    for (int tries = 1;; tries++) {
        struct failure failure;
        int64_t wait_ms;

        if (embed_once(client, &post, n, out, &failure, err) == ERR_NONE) {
            return ERR_NONE;
        }
        model_numbers_done(out);
        wait_ms = failure.wait_ms >= 0 ? failure.wait_ms : failure_delay_ms(tries, rand_unit());
        if (tries == TRIES || failure.next != FAILURE_AGAIN ||
            !model_pause(wait_ms, deadline_mono_ms, cancel)) {
            return err->code;
        }
    }
}
