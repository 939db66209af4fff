/* The runbook: what is in it, what is not, and that nothing in it is more than text. */
#include "flow/runbook.h"

#include "base/json.h"
#include "support/store_fixture.h"
#include "sys/fs.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#define SECRET "correct-horse-battery"
#define HOSTILE "</pre><script>alert('x')</script><img src=x onerror=\\\"y\\\"> \\u202e" SECRET

static const char state_text[] =
    "{\"kind\":\"deploy\",\"fields\":{\"stack\":\"todo <b>\"},"
    "\"identity\":{\"account\":\"111122223333\",\"region\":\"eu-central-1\"},"
    "\"came\":{\"phase\":\"rollback\",\"outcome\":\"fail\"},\"plan\":{\"client_secret\":\"xyzzy-"
    "1\",\"why\":\"" HOSTILE "\"},"
    "\"preview\":{\"changes\":[{\"action\":\"Remove\",\"logical_id\":\"" HOSTILE "\"}]},"
    "\"applied\":{\"status\":\"UPDATE_ROLLBACK_FAILED\",\"db_password\":\"xyzzy-under-its-key\"},"
    "\"last_release\":{\"id\":\"d261124-good\"},"
    "\"first_problem\":{\"text\":\"first of all it was ill\"},"
    "\"problem\":{\"code\":\"deploy\",\"text\":\"" HOSTILE "\",\"remedy\":\"look & " HOSTILE "\"},"
    "\"result\":{\"status\":\"escalated\",\"exit\":4}}";

static const char *const files[] = {RUNBOOK_PAGE, "plan.json",     "changeset.json", "events.json",
                                    "logs.json",  "verdicts.json", "journal.json",   "next.json"};

static void append(struct journal *journal, const struct fixture *f, enum record_kind kind,
                   const char *text) {
    CLEANUP(masked_done) struct masked body = fixture_mask(f, text);
    struct journal_entry entry = {.kind = kind, .call = 1, .body = &body};

    if (kind != RECORD_NOTE) {
        entry.fields[FIELD_OUTCOME] = STR("deny");
        entry.fields[FIELD_TOOL] = STR("aws_deployer");
        entry.fields[FIELD_OP] = STR("logs");
    }
    MUST(journal_append(journal, &entry, 1, 0, NULL, &err));
}

static struct buf read_file(const char *folder, const char *name) {
    CLEANUP(freep) char *path = fs_join(folder, name);
    struct buf text = BUF_INIT(1 << 20);

    MUST(fs_read_file(path, text.max, &text, &err));
    return text;
}

/* A journal with hostile text in every kind of record that is shown, and its runbook. */
static char *written(struct fixture *f) {
    CLEANUP(json_decrefp) json_t *state = NULL;
    CLEANUP(freep) char *folder = NULL;
    struct store_lease lease;
    struct journal *journal;
    struct runbook runbook = {.store = f->store, .redactor = f->redactor, .session = "s"};

    redactor_add_known(f->redactor, "KEY", STR(SECRET));
    fixture_write(f, "s", &lease);
    MUST(store_release_lease(f->store, &lease, &err));
    journal = fixture_journal(f, "s", &lease);
    append(journal, f, RECORD_VERDICT, "{\"text\":\"" HOSTILE "\"}");
    append(journal, f, RECORD_RESULT, "{\"lines\":[\"" HOSTILE "\"]}");
    append(journal, f, RECORD_NOTE,
           "{\"type\":\"event\",\"logical_id\":\"Backend\",\"status\":\"UPDATE_FAILED\","
           "\"reason\":\"" HOSTILE "\"}");
    append(journal, f, RECORD_NOTE, "{\"type\":\"say\",\"text\":\"not shown\"}");
    journal_close(journal);
    MUST(json_read(str_from(state_text), &state, &err));
    runbook.state = state;
    runbook.state_dir = f->dir;
    runbook.root = "/home/o'brien/$(my) app";
    MUST(runbook_write(&runbook, &folder, &err));
    return TAKE(folder);
}

static unsigned mode_of(const char *path) {
    struct stat about;

    assert_int_equal(stat(path, &about), 0);
    return about.st_mode & 0777U;
}

static void everything_is_there_for_the_owner_alone(void **state) {
    CLEANUP(freep) char *folder = written(*state);

    assert_int_equal(mode_of(folder), 0700);
    for (size_t i = 0; i < ARRAY_N(files); i++) {
        CLEANUP(freep) char *path = fs_join(folder, files[i]);
        CLEANUP(buf_done) struct buf text = read_file(folder, files[i]);
        CLEANUP(json_decrefp) json_t *json = NULL;

        assert_int_equal(mode_of(path), 0600);
        if (i > 0) {
            MUST(json_read(buf_str(&text), &json, &err));
            assert_true(json_is_array(json) ? json_array_size(json) > 0
                                            : json_object_size(json) > 0);
        }
    }
}

static void no_secret_is_in_any_file(void **state) {
    CLEANUP(freep) char *folder = written(*state);

    for (size_t i = 0; i < ARRAY_N(files); i++) {
        CLEANUP(buf_done) struct buf text = read_file(folder, files[i]);

        if (strstr(text.ptr, SECRET) != NULL || strstr(text.ptr, "xyzzy") != NULL) {
            fail_msg("%s has a secret", files[i]);
        }
    }
}

static void hostile_text_is_text_on_the_page(void **state) {
    CLEANUP(freep) char *folder = written(*state);
    CLEANUP(buf_done) struct buf page = read_file(folder, RUNBOOK_PAGE);
    static const char *const never[] = {
        "<script", "<img", "<b>", "\xE2\x80\xAE", "not shown", "src=\"", "http-equiv=\"refresh"};
    static const char *const needed[] = {"default-src 'none'",
                                         "&#60;script&#62;",
                                         "todo &#60;b&#62;",
                                         "UPDATE_FAILED",
                                         "UPDATE_ROLLBACK_FAILED",
                                         "deny",
                                         " --cwd &#39;/home/o&#39;\\&#39;&#39;brien/$(my) app&#39;",
                                         "aws-copilot rollback d261124-good --cwd",
                                         "first of all it was ill",
                                         "look &#38; "};

    for (size_t i = 0; i < ARRAY_N(never); i++) {
        if (strstr(page.ptr, never[i]) != NULL) {
            fail_msg("the page has %s", never[i]);
        }
    }
    for (size_t i = 0; i < ARRAY_N(needed); i++) {
        if (strstr(page.ptr, needed[i]) == NULL) {
            fail_msg("the page has no %s", needed[i]);
        }
    }
}

struct head {
    struct sha256 hash;
};

static enum err_code head_visit(const struct journal_record *record, void *context,
                                struct err *err) {
    (void)err;
    ((struct head *)context)->hash = record->hash;
    return ERR_NONE;
}

static void the_page_names_the_head_of_the_journal(void **state) {
    struct fixture *f = *state;
    CLEANUP(freep) char *folder = written(f);
    CLEANUP(buf_done) struct buf page = read_file(folder, RUNBOOK_PAGE);
    struct head head;

    MUST(journal_replay(f->store, STR("s"), 1, head_visit, &head, &err));
    assert_non_null(strstr(page.ptr, sha256_hex(head.hash).text));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        ON_SQLITE(everything_is_there_for_the_owner_alone),
        ON_SQLITE(no_secret_is_in_any_file),
        ON_SQLITE(hostile_text_is_text_on_the_page),
        ON_SQLITE(the_page_names_the_head_of_the_journal),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
