/* repo/reason.h: the reasons of reason.def as a table, and how one is said. */
#pragma once

#include "base/buf.h"

enum reason {
#define REASON(code, kind, severity, text, remedy) REASON_##code,
#include "repo/reason.def"
#undef REASON
    REASON_N
};

enum reason_kind {
    REASON_KIND_FINDING,
    REASON_KIND_REFUSE,
    REASON_KIND_ASK,
    REASON_KIND_ACCEPT,
    REASON_KIND_SITE
};

struct reason_row {
    const char *code; /* "NO_LOCK" */
    enum reason_kind kind;
    const char *severity; /* "high", "medium", "low", "info" */
    const char *text;     /* one sentence without a full stop; {} is the subject */
    const char *remedy;   /* the same, or "" */
};

const struct reason_row *reason_row(enum reason reason);

/* Appends `text` with `subject` in place of {}. */
void reason_say(const char *text, const char *subject, struct buf *out);
