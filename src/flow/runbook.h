/* flow/runbook.h: what a person needs who takes over a run that ended escalated, in one folder. */
#pragma once

#include <jansson.h>

#include "guard/redact/redact.h"
#include "store/store.h"

#define RUNBOOK_PAGE "index.html"

/* What it is written from; everything is borrowed. */
struct runbook {
    struct store *store;
    const struct redactor *redactor;
    const char *state_dir;
    const char *session;
    const char *root;    /* the repository's folder, where its commands are run */
    const json_t *state; /* of the session, with its result */
    int64_t now_ms;
};

/* Writes STATE_DIR/runbooks/SESSION (0700, its files 0600; what is there is replaced): index.html,
 * which needs no other file and runs no script, and behind it plan.json, changeset.json,
 * events.json (the last 500), logs.json, verdicts.json, journal.json (headers and hashes, without
 * the notes) and next.json. All of it is masked. `*out` is the folder, the caller's to free().
 * Errors: those of journal_replay() and fs_write_file(). */
MUST_CHECK enum err_code runbook_write(const struct runbook *runbook, char **out, struct err *err);
