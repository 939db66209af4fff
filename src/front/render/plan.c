/* The plan: its steps, what it ships and names, what it costs, what a failure does. */
#include "front/render/render.h"

#include <string.h>

#include "guard/approval.h"
#include "guard/price/cost.h"

enum { TEXT_BYTES_MAX = 256 * 1024 };

static void put_names(const struct screen *screen, struct buf *out, const char *label,
                      const json_t *names) {
    CLEANUP(buf_done) struct buf line = BUF_INIT(TEXT_BYTES_MAX);
    const char *key;
    json_t *value;
    size_t i;

    if (json_is_object(names)) {
        json_object_foreach((json_t *)(uintptr_t)names, key, value) {
            buf_addf(&line, "%s%s", line.len == 0 ? "" : ", ", key);
        }
    }
    json_array_foreach(names, i, value) {
        buf_addf(&line, "%s%s", line.len == 0 ? "" : ", ",
                 json_is_string(value) ? json_string_value(value) : "");
    }
    if (line.len > 0) {
        screen_pair(screen, out, label, buf_cstr(&line));
    }
}

static void put_tags(const struct screen *screen, struct buf *out, const json_t *tags) {
    CLEANUP(buf_done) struct buf line = BUF_INIT(TEXT_BYTES_MAX);
    const char *key;
    json_t *value;

    json_object_foreach((json_t *)(uintptr_t)tags, key, value) {
        buf_addf(&line, "%s%s=%s", line.len == 0 ? "" : ", ", key,
                 json_is_string(value) ? json_string_value(value) : "");
    }
    if (line.len > 0) {
        screen_pair(screen, out, "tags", buf_cstr(&line));
    }
}

static void put_artefacts(const struct screen *screen, struct buf *out, const json_t *artefacts) {
    const json_t *artefact;
    size_t i;

    json_array_foreach(artefacts, i, artefact) {
        CLEANUP(freep)
        char *line = mem_format("%s, %s, sha256 %.12s", json_str_or(artefact, "kind", ""),
                                screen_bytes(json_int_or(artefact, "bytes", 0)).text,
                                json_str_or(artefact, "sha256", ""));

        screen_pair(screen, out, i == 0 ? "ships" : "", line);
    }
}

static void put_permissions(const struct screen *screen, bool is_verbose, struct buf *out,
                            const json_t *list) {
    CLEANUP(freep) char *count = NULL;

    if (json_array_size(list) == 0) {
        return;
    }
    if (is_verbose || json_array_size(list) <= 6) {
        put_names(screen, out, "permissions", list);
        return;
    }
    count = mem_format("%zu actions, for its own roles (-v lists them)", json_array_size(list));
    screen_pair(screen, out, "permissions", count);
}

static void put_on_failure(const struct screen *screen, struct buf *out, const char *on_failure) {
    CLEANUP(buf_done) struct buf text = BUF_INIT(TEXT_BYTES_MAX);

    approval_add_failure(on_failure, &text);
    screen_pair(screen, out, "if it fails", buf_cstr(&text));
}

static void put_cost(const struct screen *screen, struct buf *out, const json_t *cost) {
    size_t not_priced = json_array_size(json_object_get(cost, "not_priced"));
    CLEANUP(freep) char *text = NULL;

    if (json_object_size(cost) == 0) {
        return;
    }
    text = mem_format(
        "at least %s a month, prices of %s%s", cost_dollars(json_int_or(cost, "micro_usd", 0)).text,
        json_str_or(cost, "date", "?"), not_priced == 0 ? "" : "; not all of it has a price here");
    screen_pair(screen, out, "cost", text);
}

void render_planned(const struct screen *screen, bool is_verbose, struct buf *out,
                    const json_t *plan) {
    const char *kind = json_str_or(plan, "kind", "");
    bool has_target = strcmp(kind, "deploy") == 0 || strcmp(kind, "rollback") == 0;
    CLEANUP(freep)
    char *head =
        mem_format("Plan: %s %s%s%s", kind, json_str_or(plan, "stack", ""),
                   has_target ? " as " : "", has_target ? json_str_or(plan, "target", "") : "");
    CLEANUP(buf_done) struct buf safe = BUF_INIT(8192);
    const json_t *step;
    size_t i;

    screen_word(&safe, head);
    buf_add_s(out, "  ");
    screen_styled(screen, out, STYLE_BOLD, buf_cstr(&safe));
    buf_add_c(out, '\n');
    json_array_foreach(json_object_get(plan, "steps"), i, step) {
        CLEANUP(freep) char *number = mem_format("%zu", i + 1);

        screen_bullet(screen, out, STYLE_DIM, number, json_str_or(step, "text", ""));
    }
    put_artefacts(screen, out, json_object_get(plan, "artefacts"));
    put_names(screen, out, "variables", json_object_get(plan, "variables"));
    put_names(screen, out, "secrets", json_object_get(plan, "secrets"));
    put_permissions(screen, is_verbose, out, json_object_get(plan, "permissions"));
    put_tags(screen, out, json_object_get(plan, "tags"));
    put_cost(screen, out, json_object_get(plan, "cost"));
    put_on_failure(screen, out, json_str_or(plan, "on_failure", ""));
}
