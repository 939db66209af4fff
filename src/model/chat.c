/* An answer from its pieces. */
#include "model/chat.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "guard/limits.h"

/* A model that counts in another way than ours may seem to answer a little too much. */
enum { SLACK_TOKENS = 64, SLACK_PARTS = 4, COUNT_EVERY = 1024, NAME_BYTES = 256 };

static const char *const finish_names[CHAT_FINISH_N] = {
    [CHAT_FINISH_NONE] = "cut",
    [CHAT_FINISH_STOP] = "stop",
    [CHAT_FINISH_LENGTH] = "length",
    [CHAT_FINISH_CALLS] = "tool_calls",
    [CHAT_FINISH_FILTER] = "content_filter",
};

const char *chat_finish_name(enum chat_finish finish) { return finish_names[finish]; }

void chat_answer_done(struct chat_answer *answer) {
    buf_done(&answer->text);
    buf_done(&answer->refusal);
    for (size_t i = 0; i < CHAT_CALLS_MAX; i++) {
        buf_done(&answer->calls[i].id);
        buf_done(&answer->calls[i].name);
        buf_done(&answer->calls[i].arguments);
    }
}

/* ---- The parts of a chunk ---- */

static enum err_code odd(struct err *err, const char *what) {
    return err_set(err, ERR_PROTOCOL, "the model server sent an answer that %s", what);
}

static struct str text_of(const json_t *json) {
    return (struct str){json_string_value(json), json_string_length(json)};
}

/* Whether the text is longer than the model was allowed to answer. Counted every kilobyte. */
static bool is_too_long(struct chat_reader *reader, size_t before) {
    const struct chat_answer *answer = &reader->answer;
    uint32_t slack = reader->token_max / SLACK_PARTS + SLACK_TOKENS;

    return answer->text.len / COUNT_EVERY != before / COUNT_EVERY &&
           token_counter_count(reader->counter) > reader->token_max + slack;
}

static enum err_code take_text(struct chat_reader *reader, struct str text, struct err *err) {
    struct chat_answer *answer = &reader->answer;
    size_t before = answer->text.len;

    buf_add(&answer->text, text);
    if (answer->text.failed || token_counter_add(reader->counter, text, err) != ERR_NONE ||
        is_too_long(reader, before)) {
        return err_set(err, ERR_TOO_LARGE,
                       "the model goes on beyond the %u tokens that it was allowed to answer",
                       reader->token_max);
    }
    if (reader->piece != NULL && text.len > 0) {
        reader->piece(reader->ctx, text);
    }
    return ERR_NONE;
}

static enum err_code take_call(struct chat_answer *answer, const json_t *row, size_t place,
                               struct err *err) {
    int64_t index = json_int_or(row, "index", (int64_t)place);
    struct chat_call *call;

    if (index < 0 || index >= CHAT_CALLS_MAX || index > (int64_t)answer->call_n) {
        return odd(err, "calls more tools at once than it may");
    }
    call = &answer->calls[index];
    answer->call_n = answer->call_n <= (size_t)index ? (size_t)index + 1 : answer->call_n;
    if (call->id.len == 0) {
        buf_add(&call->id, text_of(json_object_get(row, "id")));
    }
    buf_add(&call->name, text_of(json_at(row, "function.name")));
    buf_add(&call->arguments, text_of(json_at(row, "function.arguments")));
    return call->id.failed || call->name.failed || call->arguments.failed
               ? odd(err, "calls a tool with more text than it may")
               : ERR_NONE;
}

static enum err_code take_delta(struct chat_reader *reader, const json_t *delta, struct err *err) {
    const json_t *rows = json_object_get(delta, "tool_calls");
    const json_t *row;
    size_t i;

    if (take_text(reader, text_of(json_object_get(delta, "content")), err) != ERR_NONE) {
        return err->code;
    }
    buf_add(&reader->answer.refusal, text_of(json_object_get(delta, "refusal")));
    json_array_foreach(rows, i, row) {
        if (take_call(&reader->answer, row, i, err) != ERR_NONE) {
            return err->code;
        }
    }
    return ERR_NONE;
}

static enum err_code take_finish(struct chat_answer *answer, const char *word, struct err *err) {
    enum chat_finish finish = CHAT_FINISH_NONE;

    for (enum chat_finish i = CHAT_FINISH_NONE + 1; i < CHAT_FINISH_N; i++) {
        finish = strcmp(word, finish_names[i]) == 0 ? i : finish;
    }
    if (finish == CHAT_FINISH_NONE) {
        err_set(err, ERR_PROTOCOL,
                "the model server ended its answer for a reason that is not known, '%.40s'", word);
        return err->code;
    }
    if (answer->finish != CHAT_FINISH_NONE && answer->finish != finish) {
        return odd(err, "contradicts itself");
    }
    answer->finish = finish;
    return ERR_NONE;
}

static bool is_token_count(const json_t *json) {
    return json_is_integer(json) && json_integer_value(json) >= 0 &&
           json_integer_value(json) <= INT32_MAX;
}

static void take_usage(struct chat_answer *answer, const json_t *usage) {
    const json_t *in = json_object_get(usage, "prompt_tokens");
    const json_t *out = json_object_get(usage, "completion_tokens");

    if (is_token_count(in) && is_token_count(out)) {
        answer->used =
            (struct token_sum){(uint32_t)json_integer_value(in), (uint32_t)json_integer_value(out)};
        answer->is_used_known = true;
    }
}

static enum err_code take_choice(struct chat_reader *reader, const json_t *choice,
                                 struct err *err) {
    const json_t *delta = json_object_get(choice, "delta");
    const char *finish = json_str_at(choice, "finish_reason");

    if (json_int_or(choice, "index", 0) != 0) {
        return odd(err, "has more than one choice");
    }
    if (take_delta(reader, delta != NULL ? delta : json_object_get(choice, "message"), err) !=
        ERR_NONE) {
        return err->code;
    }
    return finish == NULL ? ERR_NONE : take_finish(&reader->answer, finish, err);
}

static enum err_code take_chunk(struct chat_reader *reader, const json_t *chunk, struct err *err) {
    const json_t *failed = json_object_get(chunk, "error");
    const json_t *choices = json_object_get(chunk, "choices");
    const json_t *choice;
    size_t i;

    if (failed != NULL && !json_is_null(failed)) {
        return err_set(err, ERR_SERVICE,
                       "the model server failed in the middle of its answer: %.200s",
                       json_str_or(failed, "message", "it does not say why"));
    }
    take_usage(&reader->answer, json_object_get(chunk, "usage"));
    json_array_foreach(choices, i, choice) {
        if (take_choice(reader, choice, err) != ERR_NONE) {
            return err->code;
        }
    }
    return ERR_NONE;
}

static enum err_code read_chunk(struct chat_reader *reader, struct str text, struct err *err) {
    CLEANUP(json_decrefp) json_t *chunk = NULL;
    struct err why = {0};

    if (json_read(text, &chunk, &why) != ERR_NONE || !json_is_object(chunk)) {
        return odd(err, "is not JSON");
    }
    return take_chunk(reader, chunk, err);
}

static enum err_code on_event(void *ctx, struct str type, struct str data, struct err *err) {
    struct chat_reader *reader = ctx;

    (void)type;
    if (str_eq(str_trim(data), STR("[DONE]"))) {
        reader->is_done = true;
        return ERR_NONE;
    }
    return reader->is_done ? odd(err, "goes on after its end") : read_chunk(reader, data, err);
}

/* ---- The reader ---- */

struct chat_reader *chat_reader_new(uint32_t token_max, chat_piece *piece, void *ctx) {
    struct chat_reader *reader = mem_alloc(sizeof *reader);
    size_t bytes = (size_t)limit(LIMIT_MODEL_ANSWER_BYTES);

    reader->sse = sse_new(bytes, on_event, reader);
    reader->whole = BUF_INIT(bytes);
    reader->counter = token_counter_new(ENCODING_O200K_BASE, bytes);
    reader->token_max = token_max;
    reader->piece = piece;
    reader->ctx = ctx;
    reader->answer.text = BUF_INIT(bytes);
    reader->answer.refusal = BUF_INIT(bytes);
    for (size_t i = 0; i < CHAT_CALLS_MAX; i++) {
        reader->answer.calls[i] =
            (struct chat_call){BUF_INIT(NAME_BYTES), BUF_INIT(NAME_BYTES), BUF_INIT(bytes)};
    }
    return reader;
}

void chat_reader_free(struct chat_reader *reader) {
    if (reader != NULL) {
        sse_done(&reader->sse);
        buf_done(&reader->whole);
        token_counter_free(reader->counter);
        chat_answer_done(&reader->answer);
        free(reader);
    }
}

void chat_reader_freep(struct chat_reader **reader) {
    chat_reader_free(*reader);
    *reader = NULL;
}

enum err_code chat_reader_feed(void *ctx, struct str piece, struct err *err) {
    struct chat_reader *reader = ctx;

    if (reader->form == CHAT_FORM_UNKNOWN) {
        struct str begin = str_trim(piece);

        if (begin.len > 0) {
            reader->form = begin.ptr[0] == '{' ? CHAT_FORM_WHOLE : CHAT_FORM_STREAM;
        }
    }
    if (reader->form == CHAT_FORM_WHOLE) {
        buf_add(&reader->whole, piece);
        return reader->whole.failed
                   ? err_set(err, ERR_TOO_LARGE,
                             "the model server answers with more than %zu bytes", reader->whole.max)
                   : ERR_NONE;
    }
    return sse_feed(&reader->sse, piece, err);
}

static enum err_code check_end(const struct chat_answer *answer, struct err *err) {
    bool has_calls = answer->call_n > 0;

    if (answer->finish == CHAT_FINISH_NONE) {
        return odd(err, "was cut off");
    }
    if (answer->finish == CHAT_FINISH_CALLS && !has_calls) {
        return odd(err, "contradicts itself: it calls tools and names none");
    }
    if (answer->refusal.len > 0 && (answer->text.len > 0 || has_calls)) {
        return odd(err, "contradicts itself: it answers and refuses");
    }
    for (size_t i = 0; i < answer->call_n; i++) {
        if (answer->calls[i].name.len == 0 || answer->calls[i].id.len == 0) {
            return odd(err, "calls a tool without its name");
        }
    }
    return ERR_NONE;
}

enum err_code chat_reader_end(struct chat_reader *reader, struct err *err) {
    if (reader->form == CHAT_FORM_WHOLE &&
        read_chunk(reader, buf_str(&reader->whole), err) != ERR_NONE) {
        return err->code;
    }
    if (reader->form != CHAT_FORM_WHOLE && reader->sse.events == 0) {
        return odd(err, "is no stream of events");
    }
    return check_end(&reader->answer, err);
}
