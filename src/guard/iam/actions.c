/* guard/iam/actions.c: walks the table of actions. */
#include "guard/iam/actions.h"

#include "guard/iam/table.h"

#include <ctype.h>
#include <string.h>

extern const unsigned char iam_actions_table[] __attribute__((visibility("hidden")));

struct iam_view {
    const struct iam_header *head;
    const struct iam_service_row *services;
    const struct iam_action_row *actions;
    const char *text;
};

static struct iam_view iam_view(void) {
    const struct iam_header *head = (const struct iam_header *)(const void *)iam_actions_table;
    const struct iam_service_row *services = (const struct iam_service_row *)(head + 1);
    const struct iam_action_row *actions =
        (const struct iam_action_row *)(services + head->service_n);

    return (struct iam_view){head, services, actions, (const char *)(actions + head->action_n)};
}

size_t iam_action_n(void) { return iam_view().head->action_n; }

static bool is_same_letter(char a, char b) {
    return tolower((unsigned char)a) == tolower((unsigned char)b);
}

/* Linear in `text` for each `*`: the last one is where matching is taken up again. */
bool iam_is_match(struct str pattern, struct str text) {
    size_t p = 0, t = 0, star = SIZE_MAX, from = 0;

    while (t < text.len) {
        if (p < pattern.len && pattern.ptr[p] == '*') {
            star = p++;
            from = t;
        } else if (p < pattern.len &&
                   (pattern.ptr[p] == '?' || is_same_letter(pattern.ptr[p], text.ptr[t]))) {
            p++;
            t++;
        } else if (star != SIZE_MAX) {
            p = star + 1;
            t = ++from;
        } else {
            return false;
        }
    }
    while (p < pattern.len && pattern.ptr[p] == '*') {
        p++;
    }
    return p == pattern.len;
}

/* A wide pattern's `*` takes the narrow one's wildcards as letters; its `?` does not take a `*`. */
bool iam_is_within(struct str narrow, struct str wide) {
    bool has_one = memchr(wide.ptr, '?', wide.len) != NULL;
    bool has_any = memchr(narrow.ptr, '*', narrow.len) != NULL;

    return !(has_one && has_any) && iam_is_match(wide, narrow);
}

static bool expand_service(const struct iam_view *view, const struct iam_service_row *service,
                           struct str name, size_t *n,
                           bool (*each)(const struct iam_action *action, void *with), void *with) {
    for (uint32_t i = service->first; i < service->first + service->n; i++) {
        const struct iam_action_row *row = &view->actions[i];

        if (iam_is_match(name, str_from(view->text + row->name))) {
            struct iam_action action = {view->text + service->name, view->text + row->name,
                                        view->text + row->arn, (enum iam_access)row->access};
            (*n)++;
            if (!each(&action, with)) {
                return false;
            }
        }
    }
    return true;
}

size_t iam_expand(struct str pattern, bool (*each)(const struct iam_action *action, void *with),
                  void *with) {
    struct iam_view view = iam_view();
    ptrdiff_t colon = str_find(pattern, STR(":"));
    struct str service = colon < 0 ? pattern : str_slice(pattern, 0, (size_t)colon);
    struct str name = colon < 0 ? STR("*") : str_slice(pattern, (size_t)colon + 1, pattern.len);
    size_t n = 0;

    if (colon < 0 && !str_eq(pattern, STR("*"))) {
        return 0; /* an action without its service is none */
    }
    for (uint32_t i = 0; i < view.head->service_n; i++) {
        if (iam_is_match(service, str_from(view.text + view.services[i].name)) &&
            !expand_service(&view, &view.services[i], name, &n, each, with)) {
            break;
        }
    }
    return n;
}

static bool find_keep(const struct iam_action *action, void *with) {
    struct iam_action *out = with;

    *out = *action;
    return false;
}

bool iam_action_find(struct str name, struct iam_action *out) {
    bool is_pattern =
        memchr(name.ptr, '*', name.len) != NULL || memchr(name.ptr, '?', name.len) != NULL;

    return name.len > 0 && !is_pattern && iam_expand(name, find_keep, out) == 1;
}
