/* The table of reasons. */
#include "repo/reason.h"

#define REASON_SEVERITY_HIGH "high"
#define REASON_SEVERITY_MEDIUM "medium"
#define REASON_SEVERITY_LOW "low"
#define REASON_SEVERITY_INFO "info"

static const struct reason_row rows[REASON_N] = {
#define REASON(code, kind, severity, text, remedy)                                                 \
    [REASON_##code] = {#code, REASON_KIND_##kind, REASON_SEVERITY_##severity, text, remedy},
#include "repo/reason.def"
#undef REASON
};

const struct reason_row *reason_row(enum reason reason) { return &rows[reason]; }

void reason_say(const char *text, const char *subject, struct buf *out) {
    struct str rest = str_from(text);
    ptrdiff_t at = str_find(rest, STR("{}"));

    if (at < 0) {
        buf_add(out, rest);
        return;
    }
    buf_add(out, str_slice(rest, 0, (size_t)at));
    buf_add_s(out, subject);
    buf_add(out, str_slice(rest, (size_t)at + 2, rest.len));
}
