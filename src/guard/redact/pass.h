/* guard/redact/pass.h: one segment under way, shared by the engine and its runs. */
#pragma once

#include "guard/redact/engine.h"

struct pass {
    const struct anchors *anchors;
    const struct known *known;
    struct scratch *scratch;
    enum trait traits;
    bool is_near_line; /* AWS was talked about on a line just before */
};

/* run.c: clears the bits of runs that hold nothing. */
void runs_prune(struct str text, struct sift *sift);

/* run.c: looks at every run of at least 24 letters and digits from `from` on. */
void runs_scan(const struct pass *pass, struct scan *scan, size_t from);

/* run.c: decodes Base64, all of which is text, into `out` of at least as many bytes: ASCII, NUL
 * too; UTF-8 of 12 bytes of ASCII and more, or of at least 21 bytes; or anything but control
 * characters behind a byte order mark. 0 when it is none. */
size_t base64_text(struct str text, char *out);

/* engine.c: looks for secrets in what a run encodes. */
void pass_inner(const struct pass *pass, struct str text, struct spans *out);
