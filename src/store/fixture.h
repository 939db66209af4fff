/* store/fixture.h: what the tests and the benchmark of this folder share: a folder, a store in it,
 * masked text. */
#pragma once

#include "guard/redact/redact.h"
#include "store/journal.h"
#include "sys/fs.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct fixture {
    char dir[PATH_MAX];
    const struct store_ops *ops;
    struct store *store;
    struct redactor *redactor;
};

static inline void fixture_fail(const char *what, const struct err *err) {
    (void)fprintf(stderr, "# %s: %s\n", what, err->text);
    abort();
}

/* Ends the program when `call`, which takes `&err`, fails: for what a test is not about. */
#define MUST(call)                                                                                 \
    do {                                                                                           \
        struct err err = {0};                                                                      \
        if ((call) != ERR_NONE) {                                                                  \
            fixture_fail(#call, &err);                                                             \
        }                                                                                          \
    } while (0)

static inline void fixture_open(struct fixture *f, const struct store_ops *ops) {
    const char *base = getenv("TMPDIR");

    memset(f, 0, sizeof *f);
    f->ops = ops;
    f->redactor = redactor_new();
    (void)snprintf(f->dir, sizeof f->dir, "%s/store-XXXXXX", base == NULL ? "/tmp" : base);
    if (mkdtemp(f->dir) == NULL) {
        abort();
    }
    MUST(store_open(ops, ops == &store_memory ? NULL : f->dir, &f->store, &err));
}

static inline void fixture_reopen(struct fixture *f) {
    store_close(f->store);
    f->store = NULL;
    MUST(store_open(f->ops, f->dir, &f->store, &err));
}

static inline void fixture_done(struct fixture *f) {
    char *parent = str_dup((struct str){f->dir, (size_t)(strrchr(f->dir, '/') - f->dir)});
    struct fs_root root = {0};

    store_close(f->store);
    redactor_free(f->redactor);
    MUST(fs_root_open(parent, &root, &err));
    MUST(fs_remove_tree(&root, strrchr(f->dir, '/') + 1, &err));
    fs_root_done(&root);
    free(parent);
}

/* Masked text; masked_done() frees it. */
static inline struct masked fixture_mask(const struct fixture *f, const char *text) {
    struct masked out = {0};

    redact_text(f->redactor, str_from(text), &out);
    return out;
}

/* The first record of a journal. */
static inline struct journal_entry fixture_first(void) {
    return (struct journal_entry){
        .kind = RECORD_SESSION,
        .fields = {[FIELD_KIND] = STR("deploy"), [FIELD_PROJECT] = STR("todo")},
    };
}

/* Takes the lease of `session` and opens its journal. */
static inline struct journal *fixture_journal(struct fixture *f, const char *session,
                                              struct store_lease *lease) {
    struct journal *j = NULL;

    MUST(store_take_lease(f->store, str_from(session), 60000, lease, &err));
    MUST(journal_open(f->store, lease, &j, &err));
    return j;
}
