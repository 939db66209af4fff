/* guard/iam/managed.c: reads the table of managed policies. */
#include "guard/iam/managed.h"

#include "base/json.h"
#include "guard/iam/table.h"

#include <string.h>

extern const unsigned char iam_managed_table[] __attribute__((visibility("hidden")));

struct managed_view {
    const struct iam_managed_header *head;
    const struct iam_managed_row *policies;
    const struct iam_statement_row *statements;
    const uint32_t *words;
    const char *text;
};

static struct managed_view managed_view(void) {
    const struct iam_managed_header *head =
        (const struct iam_managed_header *)(const void *)iam_managed_table;
    const struct iam_managed_row *policies = (const struct iam_managed_row *)(head + 1);
    const struct iam_statement_row *statements =
        (const struct iam_statement_row *)(policies + head->policy_n);
    const uint32_t *words = (const uint32_t *)(statements + head->statement_n);

    return (struct managed_view){head, policies, statements, words,
                                 (const char *)(words + head->word_n)};
}

size_t iam_managed_n(void) { return managed_view().head->policy_n; }

const char *iam_managed_name(size_t i) {
    struct managed_view view = managed_view();

    return view.text + view.policies[i].name;
}

const char *iam_managed_date(void) {
    struct managed_view view = managed_view();

    return view.text + view.head->date;
}

struct str iam_managed_arn_name(struct str arn) {
    ptrdiff_t at = str_find(arn, STR(":iam::aws:policy/"));
    struct str name = {0};

    if (!str_starts(arn, STR("arn:")) || at < 0) {
        return name;
    }
    name = str_slice(arn, (size_t)at + strlen(":iam::aws:policy/"), arn.len);
    for (ptrdiff_t slash = str_find(name, STR("/")); slash >= 0; slash = str_find(name, STR("/"))) {
        name = str_slice(name, (size_t)slash + 1, name.len);
    }
    return name;
}

static json_t *words_of(const struct managed_view *view, uint32_t first, uint32_t twice_n) {
    json_t *list = json_array();

    for (uint32_t i = first; i < first + twice_n / 2; i++) {
        (void)json_array_append_new(list, json_string(view->text + view->words[i]));
    }
    return list;
}

static json_t *statement_of(const struct managed_view *view, const struct iam_statement_row *row) {
    json_t *out = json_object();
    const char *condition = view->text + row->condition;

    json_put_str(out, "Effect", row->is_deny != 0 ? "Deny" : "Allow");
    json_put(out, row->action_n % 2 != 0 ? "NotAction" : "Action",
             words_of(view, row->action_first, row->action_n));
    json_put(out, row->resource_n % 2 != 0 ? "NotResource" : "Resource",
             words_of(view, row->resource_first, row->resource_n));
    if (*condition != '\0') {
        json_put(out, "Condition", json_loads(condition, 0, NULL));
    }
    return out;
}

/* The row of that name, by halving; NULL. */
static const struct iam_managed_row *find_row(const struct managed_view *view, struct str name) {
    size_t low = 0;
    size_t high = view->head->policy_n;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        struct str other = str_from(view->text + view->policies[middle].name);
        int order = str_cmp(other, name);

        if (order == 0) {
            return &view->policies[middle];
        }
        if (order < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return NULL;
}

json_t *iam_managed_document(struct str name) {
    struct managed_view view = managed_view();
    const struct iam_managed_row *row = find_row(&view, name);
    json_t *statements = NULL;

    if (row == NULL) {
        return NULL;
    }
    statements = json_array();
    for (uint32_t i = row->first; i < row->first + row->n; i++) {
        (void)json_array_append_new(statements, statement_of(&view, &view.statements[i]));
    }
    return json_pack("{s:o}", "Statement", statements);
}
