/* Inside front/chat. */
#pragma once

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
