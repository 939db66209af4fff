/* test/support/store_fixture.h: a store in a folder of its own, masked text, and journals to look
 * at. */
#pragma once

#include "guard/redact/redact.h"
#include "store/journal.h"

#include <limits.h>

struct fixture {
    char dir[PATH_MAX];
    const struct store_ops *ops;
    struct store *store;
    struct redactor *redactor;
};

/* Prints what went wrong and ends the program. */
void fixture_fail(const char *what, const struct err *err) __attribute__((noreturn));

/* Ends the program when `call`, which takes `&err`, fails: for what a test is not about. */
#define MUST(call)                                                                                 \
    do {                                                                                           \
        struct err err = {0};                                                                      \
        if ((call) != ERR_NONE) {                                                                  \
            fixture_fail(#call, &err);                                                             \
        }                                                                                          \
    } while (0)

/* Opens a store in a new folder below TMPDIR, or /tmp; removes it again. */
void fixture_open(struct fixture *f, const struct store_ops *ops);
void fixture_done(struct fixture *f);

/* Opens the same folder again. */
void fixture_reopen(struct fixture *f);

/* For cmocka: *state is a pointer to a `const struct store_ops *`, then to a `struct fixture`. */
int fixture_set_up(void **state);
int fixture_tear_down(void **state);

/* The backends, as initial states of tests, and the rows of tests that run on both or on one. */
extern const struct store_ops *fixture_backends[2];
#define ON_SQLITE(test)                                                                            \
    { "sqlite: " #test, test, fixture_set_up, fixture_tear_down, &fixture_backends[0] }
#define ON_MEMORY(test)                                                                            \
    { "memory: " #test, test, fixture_set_up, fixture_tear_down, &fixture_backends[1] }
#define ON_BOTH(test) ON_SQLITE(test), ON_MEMORY(test)

/* Masked text; masked_done() frees it. */
struct masked fixture_mask(const struct fixture *f, const char *text);

/* Records as a session has them. Texts are borrowed. */
struct journal_entry fixture_first(void);
struct journal_entry fixture_result(int64_t call, const struct masked *body);
struct journal_entry fixture_phase(const char *phase, const struct masked *body);

/* Takes the lease of `session` and opens its journal. */
struct journal *fixture_journal(struct fixture *f, const char *session, struct store_lease *lease);

/* Writes a journal of eight records: session, three results each with its phase, a note. */
void fixture_write(struct fixture *f, const char *session, struct store_lease *lease);

/* What a replay has seen. */
struct seen {
    int64_t n;
    int64_t last_seq;
    char text[4096]; /* "kind:body kind:body ..." */
};
enum err_code fixture_see(const struct journal_record *record, void *seen, struct err *err);
void fixture_replay(struct fixture *f, const char *session, struct seen *seen);

/* What verify says; `session` "" is all. */
struct journal_report fixture_verify(struct fixture *f, const char *session);

/* Fails the test unless the journal verifies, naming the record. */
void fixture_assert_verified(struct fixture *f, const char *session);
