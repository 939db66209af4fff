/* A question to the model, and its answer on the screen while it comes. */
#include <string.h>

#include "agent/claims.h"
#include "front/chat/chat_room.h"

enum { SENTENCE_BYTES = 8 * 1024 };

struct talk {
    struct render *render;
    struct str given;    /* what the model was told */
    struct buf sentence; /* of its answer, until its end */
    json_t *event;       /* the last one that brought a piece; owned, or NULL */
    size_t left_out;
};

/* Shows a sentence where claims_judge() lets it. */
static void talk_sentence(struct talk *talk) {
    struct str text = buf_str(&talk->sentence);

    if (str_trim(text).len > 0 && claims_judge(text, talk->given) != CLAIMS_GIVEN) {
        talk->left_out++;
    } else {
        json_put_strn(talk->event, "text", text);
        render_event(talk->render, EVENT_DELTA, talk->event);
    }
    buf_clear(&talk->sentence);
}

static void talk_piece(struct talk *talk, const struct masked *json) {
    CLEANUP(freep) char *text = NULL;
    json_t *event = NULL;
    struct err unread = {0};

    if (json_read(masked_str(json), &event, &unread) != ERR_NONE) {
        return;
    }
    json_decref(talk->event);
    talk->event = event;
    text = mem_strdup(json_str_or(event, "text", ""));
    for (const char *p = text; *p != '\0'; p++) {
        struct str said = buf_str(&talk->sentence);
        bool is_end = said.len > 0 && strchr(".!?:", said.ptr[said.len - 1]) != NULL;

        buf_add_c(&talk->sentence, *p);
        if (*p == '\n' || (*p == ' ' && is_end) || said.len + 2 >= SENTENCE_BYTES) {
            talk_sentence(talk);
        }
    }
}

/* A talk is no run: its phases are nobody's news. */
static void talk_write(void *ctx, enum event event, const struct masked *json) {
    struct talk *talk = ctx;

    if (event == EVENT_DELTA) {
        talk_piece(talk, json);
    } else if (event != EVENT_PHASE) {
        render_sink.write(talk->render, event, json);
    }
}

static const struct sink talk_sink = {"screen", LEVEL_INFO, talk_write};

static void talk_begin(struct cli *cli, struct talk *talk) {
    CLEANUP(json_decrefp) json_t *asking = json_pack("{s:s}", "text", "the model is asked");

    cli_hush(cli);
    bus_add(flow_bus(cli->flow), &talk_sink, talk);
    if (cli->screen.is_live) {
        render_event(cli->render, EVENT_PROGRESS, asking);
    }
}

static void talk_end(struct cli *cli, struct talk *talk) {
    if (talk->sentence.len > 0) {
        talk_sentence(talk);
    }
    render_rest(cli->render);
    render_clear(cli->render);
    if (talk->left_out > 0) {
        cli_say(cli, "(%zu more of it did not hold and is left out)", talk->left_out);
    }
    bus_remove(flow_bus(cli->flow), &talk_sink, talk);
    cli_unhush(cli);
    json_decref(talk->event);
    buf_done(&talk->sentence);
}

enum err_code talk_with_model(struct cli *cli, const struct ask_model *ask, const char *said,
                              struct str given, bool *is_over, json_t **out, struct err *err) {
    struct talk talk = {cli->render, given, BUF_INIT(SENTENCE_BYTES), NULL, 0};
    struct moderation judged = {.verdict = MODERATION_PASS};
    enum err_code code;

    if (!cli->is_json) {
        talk_begin(cli, &talk);
    }
    code = flow_ask_model(cli->flow, &agent_orchestrator, cli_flags(cli), ask, said, &judged, out,
                          err);
    *is_over = code == ERR_POLICY && judged.verdict == MODERATION_END;
    if (!cli->is_json) {
        talk_end(cli, &talk);
    }
    return code;
}
