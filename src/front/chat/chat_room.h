/* Inside front/chat. */
#pragma once

#include "agent/understand/understand.h"
#include "front/verb/run.h"

/* Why did it go wrong: what the newest run of this repository was, what failed in it, what was
 * done about it and what can be done next, each with the number of its record in the journal.
 * False, and nothing shown, when that run did not go wrong, or there is none.
 * Errors: those of the store and of journal_replay(). */
MUST_CHECK enum err_code why_failed(struct cli *cli, bool *out_is_told, struct err *err);

/* What the newest session of this repository was about: {"env","app","account","region",...}, or
 * NULL. The caller's reference. Errors: those of the store. */
MUST_CHECK enum err_code why_last_fields(struct cli *cli, json_t **out, struct err *err);

/* Shows what went wrong earlier that is near in meaning to `text`, but for session `but` (or NULL).
 * `*out_n` is how many. Errors: those of flow_query(). */
MUST_CHECK enum err_code why_seen_before(struct cli *cli, const char *text, const char *but,
                                         size_t *out_n, struct err *err);

/* ---- The last turns ---- */

enum { TURNS_MAX = 50, TURN_BYTES_MAX = 2000, FORM_TOKENS = 600 };

struct turn_said {
    const char *who; /* "The person", "The program"; static */
    char *text;      /* masked; owned */
};

struct turns {
    struct turn_said rows[TURNS_MAX]; /* the oldest first */
    size_t n;
};
void turns_done(struct turns *turns);

/* Adds a turn; of more than TURNS_MAX the oldest is forgotten. */
void turns_add(struct turns *turns, const char *who, const char *masked);

/* ---- The model's part; only where flow_has_model() ---- */

struct heard {
    struct understood said;
    bool is_malicious;
    bool is_question; /* for answer_with_model() */
    bool is_over;     /* moderation ends the conversation with this line */
    char *question;   /* for the person; owned, or NULL */
};
void heard_done(struct heard *heard);

/* Asks the model what a line means. A value counts only where the words of the line that it comes
 * from are given, and what our own reading makes of those words is kept beside it. `known`: the
 * values so far, for the model. Errors: those of flow_ask_model(). */
MUST_CHECK enum err_code listen_with_model(struct cli *cli, const struct turns *turns,
                                           const char *line, const char *known, struct heard *out,
                                           struct err *err);

/* Has the model answer a question, shown as it comes. Errors: those of talk_with_model(). */
MUST_CHECK enum err_code answer_with_model(struct cli *cli, const struct turns *turns,
                                           const char *line, const char *known, bool *is_over,
                                           struct err *err);

/* Asks the model as the orchestrator, see flow_ask_model(). Where `ask` wants it shown, each
 * sentence that claims_judge() lets by what the model was told, `given`, is shown as it comes; in
 * NDJSON each piece. `*is_over`: the talk must end with what the person said. */
MUST_CHECK enum err_code talk_with_model(struct cli *cli, const struct ask_model *ask,
                                         const char *said, struct str given, bool *is_over,
                                         json_t **out, struct err *err);

/* Has the model say in plain words what `told`, the answer of the journal, means; shown as
 * proposals. Errors: those of flow_ask_model(). */
MUST_CHECK enum err_code explain_with_model(struct cli *cli, const char *told, const json_t *state,
                                            struct err *err);
