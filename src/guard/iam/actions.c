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

/* Like strcmp() of small letters, in whose order services and the actions of each stand. */
static int name_order(struct str name, const char *row) {
    for (size_t i = 0; i < name.len; i++) {
        int order = tolower((unsigned char)name.ptr[i]) - tolower((unsigned char)row[i]);
        if (order != 0) {
            return order;
        }
        if (row[i] == '\0') {
            return 1; /* the name has a NUL, which none has */
        }
    }
    return row[name.len] == '\0' ? 0 : -1;
}

/* Which of the rows [from, to) is called `name`; `to` when none is. A row has `bytes` and begins
 * with the place of its name. */
static uint32_t row_find(const struct iam_view *view, const void *rows, size_t bytes, uint32_t from,
                         uint32_t to, struct str name) {
    uint32_t none = to;

    while (from < to) {
        uint32_t middle = from + (to - from) / 2;
        uint32_t place = 0;
        memcpy(&place, (const char *)rows + middle * bytes, sizeof place);
        int order = name_order(name, view->text + place);
        if (order == 0) {
            return middle;
        }
        from = order > 0 ? middle + 1 : from;
        to = order > 0 ? to : middle;
    }
    return none;
}

bool iam_action_find(struct str name, struct iam_action *out) {
    struct iam_view view = iam_view();
    ptrdiff_t colon = str_find(name, STR(":"));
    size_t end = colon < 0 ? 0 : (size_t)colon;
    uint32_t service_n = view.head->service_n;
    uint32_t at = row_find(&view, view.services, sizeof view.services[0], 0, service_n,
                           str_slice(name, 0, end));

    if (at == service_n) {
        return false;
    }
    const struct iam_service_row *service = &view.services[at];
    uint32_t last = service->first + service->n;
    uint32_t found = row_find(&view, view.actions, sizeof view.actions[0], service->first, last,
                              str_slice(name, end + 1, name.len));
    if (found == last) {
        return false;
    }
    const struct iam_action_row *row = &view.actions[found];
    *out = (struct iam_action){view.text + service->name, view.text + row->name,
                               view.text + row->arn, (enum iam_access)row->access};
    return true;
}
