/* guard/redact/settled.c: lines that are not read again. */
#include "guard/redact/settled.h"

#include "guard/redact/engine.h"

#include <string.h>

void settled_forget(struct settled *settled) { mem_wipe((char *)settled, sizeof *settled); }

static bool is_of(const struct settled *settled, const struct known *known) {
    return settled->literal_n == known->literal_n && settled->name_n == known->name_n;
}

/* Whether the lines before say nothing at all, as before the first one. */
static bool is_nothing(const struct carry *carry) {
    const struct carry nothing = {.yaml_indent = -1, .before = carry->before};

    return carry_is_same(carry, &nothing);
}

void settled_add(struct settled *settled, const struct known *known, struct str line,
                 const struct carry *before, const struct carry *after) {
    if (line.len > SETTLED_MAX || !is_nothing(before) || !is_nothing(after)) {
        return;
    }
    if (!is_of(settled, known)) {
        *settled = (struct settled){.literal_n = known->literal_n, .name_n = known->name_n};
    }
    struct settled_line *row = &settled->rows[settled->next];
    settled->next = (settled->next + 1) % SETTLED_N;
    row->len = line.len;
    memcpy(row->text, line.ptr, line.len);
}

size_t settled_len(const struct settled *settled, const struct known *known, struct str text,
                   const struct carry *carry) {
    for (size_t i = 0; i < SETTLED_N && is_of(settled, known); i++) {
        const struct settled_line *row = &settled->rows[i];
        bool may_be = row->len > 0 && row->len <= text.len &&
                      row->text[row->len - 1] == text.ptr[row->len - 1];
        if (may_be && memcmp(row->text, text.ptr, row->len) == 0 && is_nothing(carry)) {
            return row->len;
        }
    }
    return 0;
}
