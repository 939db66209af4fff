/* A question to the model: rounds of reads, one repair. */
#include "agent/ask_model.h"

#include <string.h>

#include "guard/moderation.h"
#include "guard/tokens/request.h"

enum {
    READ_BYTES = 6000,    /* of one result, in the prompt */
    AROUND_TOKENS = 1500, /* a form and the functions that are offered */
};

static const char cut_mark[] = "[... cut: read it again if it matters ...]";

bool has_model(const struct turn *turn) { return json_object_get(turn->state, "model") != NULL; }

static enum err_code ask_once(struct turn *turn, const struct ask_model *ask,
                              const json_t *messages, bool is_last, json_t **out, struct err *err) {
    json_t *args = json_pack("{s:O}", "messages", messages);
    json_t *offer = json_array();

    for (size_t i = 0; ask->offer != NULL && ask->offer[i] != NULL; i++) {
        (void)json_array_append_new(offer, json_string(ask->offer[i]));
    }
    if (json_array_size(offer) > 0 && !is_last) {
        json_put(args, "offer", json_incref(offer));
    }
    json_decref(offer);
    json_put_str(args, "form", ask->form);
    if (ask->is_creative) {
        json_put_bool(args, "creative", true);
    }
    if (ask->is_shown) {
        json_put_bool(args, "shown", true);
    }
    if (ask->answer_max > 0) {
        json_put_int(args, "answer_max", ask->answer_max);
    }
    return tool_call(turn, "openai_llm", "complete", args, out, err);
}

static void add_message(json_t *messages, const char *role, struct str text) {
    json_t *message = agent_args("role", role, NULL);

    json_put_strn(message, "content", text);
    (void)json_array_append_new(messages, message);
}

/* One more try after an answer that is none; what was wrong is told. */
static enum err_code ask_and_repair(struct turn *turn, const struct ask_model *ask,
                                    const json_t *messages, bool is_last, json_t **out,
                                    struct err *err) {
    CLEANUP(json_decrefp) json_t *again = NULL;
    enum err_code code = ask_once(turn, ask, messages, is_last, out, err);

    if (code != ERR_PROTOCOL || gate_fault(turn->gate) != NULL) {
        return code;
    }
    again = json_deep_copy(messages);
    add_message(again, "system", str_from(err->text));
    return ask_once(turn, ask, again, is_last, out, err);
}

/* ---- Room ---- */

/* Takes the oldest result out that is still there; false when there is none. */
static bool cut_oldest(json_t *messages) {
    json_t *message;
    size_t i;

    json_array_foreach(messages, i, message) {
        if (strcmp(json_str_or(message, "role", ""), "tool") == 0 &&
            strcmp(json_str_or(message, "content", ""), cut_mark) != 0) {
            json_put_str(message, "content", cut_mark);
            return true;
        }
    }
    return false;
}

/* What was read last is kept, what was read first goes, until the next question fits. */
static void make_room(json_t *messages) {
    size_t most = (size_t)limit(LIMIT_PROMPT_TOKENS) - AROUND_TOKENS;

    while (tokens_request(ENCODING_O200K_BASE, messages, NULL) > most && cut_oldest(messages)) {
    }
}

/* ---- What the model asks for ---- */

/* The beginning of a result, at the end of a character. */
static struct str cut_text(struct str text) {
    size_t n = text.len;

    if (n > READ_BYTES) {
        for (n = READ_BYTES; n > 0 && ((unsigned char)text.ptr[n] & 0xc0) == 0x80;) {
            n--;
        }
    }
    return str_slice(text, 0, n);
}

/* What was read is data, whatever it says; that it speaks to the model is told to the person. */
static void add_result(struct turn *turn, const json_t *call, const char *text, json_t *message) {
    CLEANUP(buf_done) struct buf plain = BUF_INIT(SIZE_MAX / 2);

    if (moderation_add_foreign(str_from(text), &plain)) {
        agent_warn(turn, "speaks_to_model", "look at it; it changes nothing by itself",
                   "what was read by %s has words for a model in it, or characters that hide",
                   json_str_or(call, "name", "a tool"));
    }
    json_put_strn(message, "content", cut_text(buf_str(&plain)));
}

/* Calls it as this agent; a failure is an answer to the model. */
static enum err_code read_for_model(struct turn *turn, const json_t *call, char **out,
                                    struct err *err) {
    const char *problem = json_str_at(call, "problem");
    struct turn by_model = *turn;
    CLEANUP(json_decrefp) json_t *result = NULL;
    struct err why = {0};

    by_model.origin = ORIGIN_MODEL;
    if (problem != NULL) {
        *out = mem_strdup(problem);
        return ERR_NONE;
    }
    if (tool_call(&by_model, json_str_or(call, "tool", ""), json_str_or(call, "operation", ""),
                  json_incref(json_object_get(call, "args")), &result, &why) == ERR_NONE) {
        *out = json_text(result);
        return ERR_NONE;
    }
    if (gate_fault(turn->gate) != NULL) {
        *err = why;
        return err->code;
    }
    *out = mem_strdup(why.text);
    return ERR_NONE;
}

static json_t *said_call(const json_t *call) {
    CLEANUP(freep)
    char *arguments = json_object_get(call, "args") == NULL
                          ? mem_strdup("{}")
                          : json_text(json_object_get(call, "args"));

    return json_pack("{s:s, s:s, s:{s:s, s:s}}", "id", json_str_or(call, "id", ""), "type",
                     "function", "function", "name", json_str_or(call, "name", ""), "arguments",
                     arguments);
}

/* Adds to the conversation what the model asked for and what came of it. */
static enum err_code do_calls(struct turn *turn, const json_t *answer, json_t *messages,
                              struct err *err) {
    const json_t *calls = json_object_get(answer, "calls");
    json_t *said = json_array();
    const json_t *call;
    size_t i;

    json_array_foreach(calls, i, call) { (void)json_array_append_new(said, said_call(call)); }
    (void)json_array_append_new(messages,
                                json_pack("{s:s, s:s, s:o}", "role", "assistant", "content",
                                          json_str_or(answer, "text", ""), "tool_calls", said));
    json_array_foreach(calls, i, call) {
        CLEANUP(freep) char *text = NULL;
        json_t *message =
            agent_args("role", "tool", "tool_call_id", json_str_or(call, "id", ""), NULL);

        if (read_for_model(turn, call, &text, err) != ERR_NONE) {
            json_decref(message);
            return err->code;
        }
        add_result(turn, call, text, message);
        (void)json_array_append_new(messages, message);
    }
    make_room(messages);
    return ERR_NONE;
}

enum err_code ask_model(struct turn *turn, const struct ask_model *ask, json_t **out,
                        struct err *err) {
    CLEANUP(json_decrefp) json_t *messages = json_deep_copy(ask->messages);

    for (int64_t round = 0;; round++) {
        CLEANUP(json_decrefp) json_t *answer = NULL;
        bool is_last = round == limit(LIMIT_MODEL_ROUNDS);

        if (ask_and_repair(turn, ask, messages, is_last, &answer, err) != ERR_NONE) {
            return err->code;
        }
        if (json_object_get(answer, "calls") == NULL) {
            *out = TAKE(answer);
            return ERR_NONE;
        }
        if (is_last) {
            return err_set(err, ERR_PROTOCOL,
                           "the model asks for more and more and does not answer");
        }
        if (do_calls(turn, answer, messages, err) != ERR_NONE) {
            return err->code;
        }
    }
}
