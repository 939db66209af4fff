/* guard/approval.c: the paper that a person signs. */
#include "guard/approval.h"

#include "base/clock.h"
#include "base/json.h"
#include "guard/deceptive.h"
#include "guard/limits.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

/* The text members in the order of the screen. */
struct text_row {
    const char *key;
    const char *label;
    size_t offset;
    const char *absent; /* what "" means */
};

/* clang-format off */
static const struct text_row text_rows[] = {
    /* key               label                  member                                absent */
    {"kind",              "what",                offsetof(struct approval, kind), "none"},
    {"account",           "account",             offsetof(struct approval, account), "none"},
    {"region",            "region",              offsetof(struct approval, region), "none"},
    {"endpoint",          "endpoint",            offsetof(struct approval, endpoint), "none"},
    {"stack_id",          "stack",               offsetof(struct approval, stack_id), "none"},
    {"change_set",        "change set",          offsetof(struct approval, change_set), "none: neither deletions nor secrets have one"},
    {"role",              "acts as",             offsetof(struct approval, role), "whoever asked, by their own rights"},
    {"on_failure",        "if it fails",         offsetof(struct approval, on_failure), "none"},
    {"cost",              "cost",                offsetof(struct approval, cost), "none of its own"},
    {"requester",         "asked by",            offsetof(struct approval, requester), "none"},
    {"session",           "session",             offsetof(struct approval, session), "none"},
    {"plan_sha256",       "plan",                offsetof(struct approval, plan_sha256), "none"},
    {"template_sha256",   "template",            offsetof(struct approval, template_sha256), "none: neither deletions nor secrets have one"},
    {"parameters_sha256", "parameters",          offsetof(struct approval, parameters_sha256), "none"},
    {"policy_version",    "policy",              offsetof(struct approval, policy_version), "none"},
};

static const struct json_field approval_fields[] = {
    {"kind", JSON_TEXT},        {"account", JSON_TEXT},         {"region", JSON_TEXT},
    {"endpoint", JSON_TEXT},    {"stack_id", JSON_TEXT},        {"change_set", JSON_TEXT},
    {"role", JSON_TEXT},        {"on_failure", JSON_TEXT},      {"requester", JSON_TEXT},
    {"session", JSON_TEXT},     {"plan_sha256", JSON_TEXT},     {"template_sha256", JSON_TEXT},
    {"parameters_sha256", JSON_TEXT}, {"policy_version", JSON_TEXT},
    {"artefacts", JSON_LIST},   {"cost", JSON_TEXT}, {"cost_ceiling_cents", JSON_COUNT}, {"expires_ms", JSON_COUNT},
    {0},
};

static const struct json_field artefact_fields[] = {
    {"kind", JSON_TEXT}, {"sha256", JSON_TEXT}, {"bytes", JSON_COUNT}, {0},
};
/* clang-format on */

static char **text_member(struct approval *approval, const struct text_row *row) {
    return (char **)((char *)approval + row->offset);
}

static const char *text_value(const struct approval *approval, const struct text_row *row) {
    const char *value = *(char *const *)((const char *)approval + row->offset);

    return value == NULL ? "" : value;
}

void approval_done(struct approval *approval) {
    for (size_t i = 0; i < ARRAY_N(text_rows); i++) {
        free(*text_member(approval, &text_rows[i]));
    }
    json_decref(approval->artefacts);
    *approval = (struct approval){0};
}

void approval_write(const struct approval *approval, struct buf *out) {
    CLEANUP(json_decrefp) json_t *object = json_object();

    for (size_t i = 0; i < ARRAY_N(text_rows); i++) {
        json_put_str(object, text_rows[i].key, text_value(approval, &text_rows[i]));
    }
    json_put(object, "artefacts",
             approval->artefacts == NULL ? json_array() : json_incref(approval->artefacts));
    json_put_int(object, "cost_ceiling_cents", approval->cost_ceiling_cents);
    json_put_int(object, "expires_ms", approval->expires_ms);
    json_add(out, object);
}

struct sha256 approval_digest(const struct approval *approval) {
    CLEANUP(buf_done) struct buf bytes = BUF_INIT((size_t)limit(LIMIT_DOCUMENT_BYTES));

    approval_write(approval, &bytes);
    return sha256_of(buf_str(&bytes));
}

static enum err_code approval_check_shape(const json_t *object, struct err *err) {
    size_t i = 0;
    json_t *artefact = NULL;

    if (json_check(object, approval_fields, err) != ERR_NONE) {
        return err_prefix(err, "approval");
    }
    json_array_foreach(json_object_get(object, "artefacts"), i, artefact) {
        if (json_check(artefact, artefact_fields, err) != ERR_NONE) {
            return err_prefix(err, "artefact %zu of the approval", i);
        }
    }
    return ERR_NONE;
}

enum err_code approval_read(struct str text, struct approval *out, struct err *err) {
    CLEANUP(json_decrefp) json_t *object = NULL;
    CLEANUP(buf_done) struct buf again = BUF_INIT((size_t)limit(LIMIT_DOCUMENT_BYTES));

    if (text.len > (size_t)limit(LIMIT_DOCUMENT_BYTES)) {
        return err_set(err, ERR_INVALID, "an approval of %zu bytes", text.len);
    }
    if (json_read(text, &object, err) != ERR_NONE || approval_check_shape(object, err)) {
        return err->code;
    }
    json_add(&again, object);
    if (!str_eq(buf_str(&again), text)) {
        return err_set(err, ERR_INVALID, "the approval is not in its canonical form");
    }
    *out = (struct approval){0};
    for (size_t i = 0; i < ARRAY_N(text_rows); i++) {
        *text_member(out, &text_rows[i]) = mem_strdup(json_str_or(object, text_rows[i].key, ""));
    }
    out->artefacts = json_incref(json_object_get(object, "artefacts"));
    out->cost_ceiling_cents = json_int_or(object, "cost_ceiling_cents", -1);
    out->expires_ms = json_int_or(object, "expires_ms", 0);
    return ERR_NONE;
}

json_t *approval_row(const struct approval *approval, const char *stack) {
    struct sha256_hex digest = sha256_hex(approval_digest(approval));
    int64_t asked_ms = approval->expires_ms - limit(LIMIT_APPROVAL_MS);

    return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:I, s:I}", "session",
                     approval->session, "kind", approval->kind, "stack", stack, "account",
                     approval->account, "region", approval->region, "digest", digest.text, "cost",
                     approval->cost, "asked_by", approval->requester, "asked_ms",
                     (json_int_t)asked_ms, "expires_ms", (json_int_t)approval->expires_ms);
}

void approval_add_failure(const char *on_failure, struct buf *out) {
    if (strncmp(on_failure, "restore:", 8) == 0) {
        buf_addf(out, "go back to release %s", on_failure + 8);
    } else if (strcmp(on_failure, "keep") == 0) {
        buf_add_s(out, "nothing is put back: what failed stays as it is");
    } else if (strcmp(on_failure, "leave") == 0) {
        buf_add_s(out, "leave the stack as CloudFormation leaves it, and say so");
    } else {
        buf_add_s(out, on_failure);
    }
}

const char *approval_difference(const struct approval *approved, const struct approval *now) {
    const struct {
        const char *name;
        const char *had;
        const char *has;
    } rows[] = {
        {"kind", approved->kind, now->kind},
        {"session", approved->session, now->session},
        {"plan_sha256", approved->plan_sha256, now->plan_sha256},
        {"change_set", approved->change_set, now->change_set},
        {"stack_id", approved->stack_id, now->stack_id},
        {"template_sha256", approved->template_sha256, now->template_sha256},
        {"parameters_sha256", approved->parameters_sha256, now->parameters_sha256},
        {"account", approved->account, now->account},
        {"region", approved->region, now->region},
        {"endpoint", approved->endpoint, now->endpoint},
        {"role", approved->role, now->role},
        {"policy_version", approved->policy_version, now->policy_version},
        {"cost", approved->cost, now->cost},
        {"on_failure", approved->on_failure, now->on_failure},
    };

    for (size_t i = 0; i < ARRAY_N(rows); i++) {
        if (!str_eq(str_from(rows[i].had), str_from(rows[i].has))) {
            return rows[i].name;
        }
    }
    if (!json_equal(approved->artefacts, now->artefacts)) {
        return "artefacts";
    }
    return approved->cost_ceiling_cents != now->cost_ceiling_cents ? "cost_ceiling_cents" : NULL;
}

enum approval_answer approval_check(const struct approval *approval,
                                    const struct approval_state *state, int64_t now_ms) {
    struct sha256_hex digest = sha256_hex(approval_digest(approval));

    if (!state->is_given) {
        return APPROVAL_UNKNOWN;
    }
    if (!hash_same(str_from(digest.text), str_from(state->digest))) {
        return APPROVAL_MISMATCH;
    }
    if (state->is_used) {
        return APPROVAL_USED;
    }
    /* Before it was asked: a clock that was set back makes no yes young again. */
    bool is_early =
        now_ms + APPROVAL_CLOCKS_APART_MS < approval->expires_ms - limit(LIMIT_APPROVAL_MS);
    return !is_early && now_ms < approval->expires_ms ? APPROVAL_OK : APPROVAL_EXPIRED;
}

const char *approval_answer_name(enum approval_answer answer) {
    static const char *const names[APPROVAL_N] = {
        [APPROVAL_UNKNOWN] = "unknown",   [APPROVAL_OK] = "ok",
        [APPROVAL_EXPIRED] = "expired",   [APPROVAL_USED] = "used",
        [APPROVAL_MISMATCH] = "mismatch",
    };

    return answer < APPROVAL_N ? names[answer] : names[APPROVAL_UNKNOWN];
}

enum { LABEL_WIDTH = 14, WIDTH_MIN = 40 };

/* Columns of the word at `p`, as it is shown. */
static int render_word_columns(const char *p) {
    int columns = 0;

    while (*p != '\0' && *p != ' ') {
        columns += is_deceptive(utf8_next(&p)) ? 8 : 1;
    }
    return columns;
}

/* One line, wrapped under its value: no value can look like another label. Words stay whole, what
 * is longer than a line does not. */
static void render_line(struct buf *out, int width, const char *label, const char *value) {
    int column = LABEL_WIDTH;
    bool is_new_word = false;

    buf_addf(out, "%-*s", LABEL_WIDTH, label);
    for (const char *p = value; *p != '\0';) {
        const char *from = p;
        char piece[16];
        int word = is_new_word ? render_word_columns(p) : 0;
        uint32_t point = utf8_next(&p);
        bool is_escaped = is_deceptive(point);

        snprintf(piece, sizeof piece, "\\u{%X}", (unsigned)point);
        int columns = is_escaped ? (int)strlen(piece) : 1;
        if ((column + columns > width && point != ' ') ||
            (column + word > width && word <= width - LABEL_WIDTH)) {
            buf_addf(out, "\n%*s", LABEL_WIDTH, "");
            column = LABEL_WIDTH;
        }
        is_new_word = point == ' ';
        if (is_new_word && column >= width) {
            continue; /* a blank that would begin the next line */
        }
        buf_add(out, is_escaped ? str_from(piece) : (struct str){from, (size_t)(p - from)});
        column += columns;
    }
    buf_add_s(out, "\n");
}

static void render_text(struct buf *out, int width, const struct approval *approval,
                        const struct text_row *row) {
    CLEANUP(buf_done) struct buf line = BUF_INIT((size_t)limit(LIMIT_DOCUMENT_BYTES));
    const char *value = text_value(approval, row);

    if (*value == '\0') {
        buf_add_s(&line, row->absent);
    } else if (row->offset == offsetof(struct approval, on_failure)) {
        approval_add_failure(value, &line);
    } else {
        buf_add_s(&line, value);
    }
    render_line(out, width, row->label, buf_cstr(&line));
}

static void render_artefacts(struct buf *out, int width, const json_t *artefacts) {
    size_t i = 0;
    json_t *artefact = NULL;

    json_array_foreach(artefacts, i, artefact) {
        CLEANUP(freep)
        char *line = mem_format("%s, %lld bytes, sha256 %s", json_str_or(artefact, "kind", ""),
                                (long long)json_int_or(artefact, "bytes", 0),
                                json_str_or(artefact, "sha256", ""));
        render_line(out, width, "artefact", line);
    }
}

static void render_ceiling(struct buf *out, int width, int64_t cents) {
    CLEANUP(freep)
    char *line = cents < 0 ? mem_strdup("none")
                           : mem_format("at most %lld.%02lld USD a month", (long long)(cents / 100),
                                        (long long)(cents % 100));

    render_line(out, width, "cost ceiling", line);
}

enum err_code approval_render(struct str bytes, int width, struct buf *out, struct err *err) {
    CLEANUP(approval_done) struct approval approval = {0};

    if (approval_read(bytes, &approval, err) != ERR_NONE) {
        return err->code;
    }
    int columns = width < WIDTH_MIN ? WIDTH_MIN : width;
    for (size_t i = 0; i < ARRAY_N(text_rows); i++) {
        render_text(out, columns, &approval, &text_rows[i]);
    }
    render_artefacts(out, columns, approval.artefacts);
    render_ceiling(out, columns, approval.cost_ceiling_cents);
    render_line(out, columns, "expires", clock_iso(approval.expires_ms).text);
    render_line(out, columns, "sha256", sha256_hex(sha256_of(bytes)).text);
    return ERR_NONE;
}
