/* A store in a folder of its own. */
#include "support/store_fixture.h"

#include "sys/fs.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

const struct store_ops *fixture_backends[2] = {&store_sqlite, &store_memory};

void fixture_fail(const char *what, const struct err *err) {
    (void)fprintf(stderr, "# %s: %s\n", what, err->text);
    abort();
}

void fixture_open(struct fixture *f, const struct store_ops *ops) {
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

void fixture_reopen(struct fixture *f) {
    store_close(f->store);
    f->store = NULL;
    MUST(store_open(f->ops, f->dir, &f->store, &err));
}

void fixture_done(struct fixture *f) {
    char *parent = str_dup((struct str){f->dir, (size_t)(strrchr(f->dir, '/') - f->dir)});
    struct fs_root root = {0};

    store_close(f->store);
    redactor_free(f->redactor);
    MUST(fs_root_open(parent, &root, &err));
    MUST(fs_remove_tree(&root, strrchr(f->dir, '/') + 1, &err));
    fs_root_done(&root);
    free(parent);
}

struct masked fixture_mask(const struct fixture *f, const char *text) {
    struct masked out = {0};

    redact_text(f->redactor, str_from(text), &out);
    return out;
}

struct journal_entry fixture_first(void) {
    return (struct journal_entry){
        .kind = RECORD_SESSION,
        .fields = {[FIELD_KIND] = STR("deploy"), [FIELD_PROJECT] = STR("todo")},
    };
}

struct journal *fixture_journal(struct fixture *f, const char *session, struct store_lease *lease) {
    struct journal *j = NULL;

    MUST(store_take_lease(f->store, str_from(session), 60000, lease, &err));
    MUST(journal_open(f->store, lease, &j, &err));
    return j;
}

int fixture_set_up(void **state) {
    const struct store_ops *const *ops = *state;
    struct fixture *f = mem_alloc(sizeof *f);

    fixture_open(f, *ops);
    *state = f;
    return 0;
}

int fixture_tear_down(void **state) {
    struct fixture *f = *state;

    fixture_done(f);
    free(f);
    return 0;
}

struct journal_entry fixture_phase(const char *phase, const struct masked *body) {
    return (struct journal_entry){
        .kind = RECORD_PHASE,
        .fields = {[FIELD_PHASE] = str_from(phase), [FIELD_STATUS] = STR("running")},
        .body = body,
    };
}

struct journal_entry fixture_result(int64_t call, const struct masked *body) {
    return (struct journal_entry){
        .kind = RECORD_RESULT,
        .call = call,
        .fields = {[FIELD_AGENT] = STR("planner"),
                   [FIELD_TOOL] = STR("uv_client"),
                   [FIELD_OP] = STR("check"),
                   [FIELD_OUTCOME] = STR("ok")},
        .body = body,
    };
}

void fixture_write(struct fixture *f, const char *id, struct store_lease *lease) {
    struct journal *j = fixture_journal(f, id, lease);
    const struct journal_entry first = fixture_first();
    const struct journal_entry note = {.kind = RECORD_NOTE,
                                       .fields = {[FIELD_SUBJECT] = STR("log")}};

    MUST(journal_append(j, &first, 1, 0, NULL, &err));
    for (int i = 1; i <= 3; i++) {
        char *text = mem_format("{\"step\":%d,\"of\":\"%s\"}", i, id);
        struct masked body = fixture_mask(f, text);
        const struct journal_entry step[] = {fixture_result(i, &body),
                                             fixture_phase("plan", &body)};

        MUST(journal_append(j, step, 2, 0, NULL, &err));
        masked_done(&body);
        free(text);
    }
    MUST(journal_append(j, &note, 1, 0, NULL, &err));
    journal_close(j);
}

enum err_code fixture_see(const struct journal_record *r, void *context, struct err *err) {
    struct seen *s = context;
    size_t at = strlen(s->text);

    (void)err;
    s->n++;
    s->last_seq = r->seq;
    (void)snprintf(s->text + at, sizeof s->text - at, "%s%s:" STR_FMT, at == 0 ? "" : " ",
                   record_name(r->kind), STR_ARG(r->body));
    return ERR_NONE;
}

void fixture_replay(struct fixture *f, const char *id, struct seen *s) {
    memset(s, 0, sizeof *s);
    MUST(journal_replay(f->store, str_from(id), 1, fixture_see, s, &err));
}

struct journal_report fixture_verify(struct fixture *f, const char *id) {
    struct journal_report report = {0};

    MUST(journal_verify(f->store, str_from(id), &report, &err));
    return report;
}

void fixture_assert_verified(struct fixture *f, const char *id) {
    struct journal_report r = fixture_verify(f, id);

    if (!r.is_ok) {
        fail_msg("record %lld of %s: %s", (long long)r.seq, r.session, r.reason);
    }
}
