/* model/chat.h: reads the answer of a chat completion, from its stream or whole. Pure.
 *
 * Everything in it is foreign text: sizes are bounded, and what contradicts itself is no answer.
 * Shape: `data:` lines with {"choices":[{"index":0,"delta":{"content","refusal","tool_calls":[{
 * "index","id","function":{"name","arguments"}}]},"finish_reason"}],"usage"}, then "[DONE]"; or one
 * JSON object with "message" for "delta", from servers that do not stream.
 * Source: OpenAI API reference, "Chat Completions", "Streaming".
 */
#pragma once

#include <jansson.h>

#include "guard/tokens/counter.h"
#include "guard/tokens/ledger.h"
#include "net/sse.h"

enum chat_finish {
    CHAT_FINISH_NONE = 0, /* cut off */
    CHAT_FINISH_STOP,
    CHAT_FINISH_LENGTH, /* max_completion_tokens was reached */
    CHAT_FINISH_CALLS,
    CHAT_FINISH_FILTER, /* the server's own filter stopped it */
    CHAT_FINISH_N
};
const char *chat_finish_name(enum chat_finish finish); /* "stop" */

enum { CHAT_CALLS_MAX = 8 };

/* One tool call that the model proposes. */
struct chat_call {
    struct buf id;
    struct buf name;
    struct buf arguments; /* JSON text */
};

struct chat_answer {
    struct buf text;
    struct buf refusal; /* why the model does not answer; empty: it does */
    struct chat_call calls[CHAT_CALLS_MAX];
    size_t call_n;
    enum chat_finish finish;
    struct token_sum used;
    bool is_used_known;
};
void chat_answer_done(struct chat_answer *answer);

/* Gets each piece of text as it comes. */
typedef void chat_piece(void *ctx, struct str piece);

struct chat_reader {
    struct sse sse;
    struct buf whole; /* an answer that is no stream */
    struct chat_answer answer;
    struct token_counter *counter; /* of the text */
    uint32_t token_max;
    chat_piece *piece; /* or NULL */
    void *ctx;
    enum { CHAT_FORM_UNKNOWN = 0, CHAT_FORM_STREAM, CHAT_FORM_WHOLE } form;
    bool is_done; /* "[DONE]" came */
};

/* `token_max`: an answer that goes on much longer than it was allowed to is cut. */
struct chat_reader *chat_reader_new(uint32_t token_max, chat_piece *piece, void *ctx)
    __attribute__((returns_nonnull));
void chat_reader_free(struct chat_reader *reader); /* accepts NULL */
void chat_reader_freep(struct chat_reader **reader);

/* Takes the next bytes of a 2xx body; the shape of an `http_sink`. Errors: ERR_TOO_LARGE,
 * ERR_PROTOCOL, ERR_SERVICE (the server says in the stream that it failed). */
enum err_code chat_reader_feed(void *reader, struct str piece, struct err *err);

/* Checks that the answer is whole and does not contradict itself. Errors: ERR_PROTOCOL. */
MUST_CHECK enum err_code chat_reader_end(struct chat_reader *reader, struct err *err);
