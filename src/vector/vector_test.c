/* Texts found by meaning, in both stores. */
#include "vector/vector.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/json.h"
#include "guard/redact/redact.h"
#include "vector/embed.h"

static struct redactor *redactor;

static struct store *store_new(void) {
    struct store *store = NULL;
    struct err err = {0};

    assert_int_equal(store_open(&store_memory, NULL, &store, &err), ERR_NONE);
    return store;
}

static void keep(struct store *store, const char *id, const char *tags, const char *text,
                 int64_t now_ms) {
    CLEANUP(masked_done) struct masked masked = {0};
    CLEANUP(json_decrefp) json_t *body = json_pack("{s:s, s:[]}", "text", text, "tags");
    struct str rest = str_from(tags);
    struct str tag = {0};
    struct err err = {0};
    struct vector_put put = {.collection = "lessons",
                             .id = str_from(id),
                             .body = &masked,
                             .now_ms = now_ms,
                             .expires_ms = INT64_MAX};

    while (str_next(&rest, ' ', &tag)) {
        (void)json_array_append_new(json_object_get(body, "tags"), json_string_of(tag));
    }
    redact_json(redactor, body, &masked);
    assert_int_equal(vector_upsert(store, &put, &err), ERR_NONE);
}

/* ---- A file of lessons, and one of questions ---- */

static bool line_cut(char *line, char *cells[3]) {
    char *rest = line;
    size_t n = 0;

    line[strcspn(line, "\n")] = '\0';
    while (n < 3 && rest != NULL) {
        cells[n++] = strsep(&rest, "\t");
    }
    return line[0] != '#' && n >= 2;
}

static FILE *file_open(const char *name) {
    char path[4096];
    FILE *file;

    (void)snprintf(path, sizeof path, "%s/%s", MEMORY, name);
    file = fopen(path, "r");
    assert_non_null(file);
    return file;
}

static void keep_lessons(struct store *store) {
    FILE *file = file_open("lessons.tsv");
    char line[4096];
    char *cells[3] = {NULL};
    int64_t now_ms = 1;

    while (fgets(line, sizeof line, file) != NULL) {
        if (line_cut(line, cells)) {
            keep(store, cells[0], cells[1], cells[2], now_ms++);
        }
    }
    (void)fclose(file);
}

/* How many questions of the file find their lesson first. */
static size_t ask_questions(struct store *store, const char *name, size_t *n) {
    FILE *file = file_open(name);
    char line[4096];
    char *cells[3] = {NULL};
    size_t right = 0;

    *n = 0;
    while (fgets(line, sizeof line, file) != NULL) {
        CLEANUP(json_decrefp) json_t *found = NULL;
        struct err err = {0};
        const char *first;

        if (!line_cut(line, cells)) {
            continue;
        }
        assert_int_equal(vector_query(store, "lessons", str_from(cells[1]), NULL, 3, &found, &err),
                         ERR_NONE);
        first = json_str_or(json_array_get(found, 0), "id", "nothing");
        *n += 1;
        if (strcmp(first, cells[0]) == 0) {
            right++;
        } else {
            print_message("# \"%s\" finds %s (%.2f), not %s\n", cells[1], first,
                          json_real_value(json_object_get(json_array_get(found, 0), "score")),
                          cells[0]);
        }
    }
    (void)fclose(file);
    print_message("# %s: %zu of %zu questions find their lesson first\n", name, right, *n);
    return right;
}

static void questions_that_it_was_tuned_with_find_their_lesson(void **state) {
    CLEANUP(store_closep) struct store *store = store_new();
    size_t n = 0;
    size_t right;

    (void)state;
    keep_lessons(store);
    right = ask_questions(store, "questions.tsv", &n);
    assert_true(n >= 100);
    assert_true(right * 100 >= n * 85);
}

/* Written by somebody who had seen the lessons and nothing else. */
static void questions_that_it_was_not_tuned_with_find_their_lesson(void **state) {
    CLEANUP(store_closep) struct store *store = store_new();
    size_t n = 0;
    size_t right;

    (void)state;
    keep_lessons(store);
    right = ask_questions(store, "heldout.tsv", &n);
    assert_true(n >= 100);
    assert_true(right * 100 >= n * 85);
}

/* ---- Corners ---- */

static void a_text_finds_itself_with_a_score_of_one(void **state) {
    CLEANUP(store_closep) struct store *store = store_new();
    CLEANUP(json_decrefp) json_t *found = NULL;
    struct err err = {0};

    (void)state;
    keep(store, "a", "aws", "The bucket is not empty", 1);
    keep(store, "b", "fastapi", "The module is missing", 2);
    assert_int_equal(
        vector_query(store, "lessons", STR("The module is missing"), NULL, 5, &found, &err),
        ERR_NONE);
    assert_string_equal(json_str_or(json_array_get(found, 0), "id", ""), "b");
    assert_float_equal(json_real_value(json_object_get(json_array_get(found, 0), "score")), 1.0,
                       0.001);
}

static void only_texts_with_the_tag_are_found(void **state) {
    CLEANUP(store_closep) struct store *store = store_new();
    CLEANUP(json_decrefp) json_t *found = NULL;
    struct err err = {0};

    (void)state;
    keep(store, "a", "aws vite", "The bucket is not empty", 1);
    keep(store, "b", "fastapi", "The bucket is not empty", 2);
    assert_int_equal(vector_query(store, "lessons", STR("bucket empty"), "vite", 5, &found, &err),
                     ERR_NONE);
    assert_int_equal(json_array_size(found), 1);
    assert_string_equal(json_str_or(json_array_get(found, 0), "id", ""), "a");
}

static void an_upsert_replaces_the_text_of_its_id(void **state) {
    CLEANUP(store_closep) struct store *store = store_new();
    CLEANUP(json_decrefp) json_t *found = NULL;
    struct err err = {0};

    (void)state;
    keep(store, "a", "aws", "The bucket is not empty", 1);
    keep(store, "a", "aws", "The module is missing", 2);
    assert_int_equal(vector_query(store, "lessons", STR("bucket"), NULL, 5, &found, &err),
                     ERR_NONE);
    assert_int_equal(json_array_size(found), 0);
}

static void nothing_is_found_where_nothing_is_near(void **state) {
    CLEANUP(store_closep) struct store *store = store_new();
    CLEANUP(json_decrefp) json_t *found = NULL;
    struct err err = {0};

    (void)state;
    assert_int_equal(vector_query(store, "lessons", STR("anything"), NULL, 5, &found, &err),
                     ERR_NONE);
    assert_int_equal(json_array_size(found), 0);
    keep(store, "a", "aws", "The bucket is not empty", 1);
    json_decref(found);
    found = NULL;
    assert_int_equal(vector_query(store, "lessons", STR("xqzw"), NULL, 5, &found, &err), ERR_NONE);
    assert_int_equal(json_array_size(found), 0);
    json_decref(found);
    found = NULL;
    assert_int_equal(vector_query(store, "lessons", STR(""), NULL, 5, &found, &err), ERR_NONE);
    assert_int_equal(json_array_size(found), 0);
}

/* ---- By the numbers of a server ---- */

struct server {
    int calls;
    size_t texts; /* of the last call */
    size_t dim;
    bool is_down;
    bool has_secret; /* a text had one */
};

/* A fake: what a text is about, in three directions. */
static enum err_code server_embed(void *ctx, const struct masked *texts, size_t n, float **out,
                                  size_t *out_dim, struct err *err) {
    struct server *server = ctx;
    CLEANUP(json_decrefp) json_t *list = NULL;

    server->calls++;
    server->texts = n;
    server->has_secret = server->has_secret || strstr(masked_cstr(texts), "AKIAIOSFODNN") != NULL;
    if (server->is_down) {
        return err_set(err, ERR_UNREACHABLE, "the embedder is down");
    }
    assert_int_equal(json_read(masked_str(texts), &list, err), ERR_NONE);
    assert_int_equal(json_array_size(list), n);
    *out = mem_array(n * server->dim, sizeof **out);
    *out_dim = server->dim;
    for (size_t i = 0; i < n; i++) {
        const char *text = json_string_value(json_array_get(list, i));

        (*out)[i * server->dim] = strstr(text, "bucket") != NULL ? 0.5F : 0;
        (*out)[i * server->dim + 1] = strstr(text, "ship") != NULL ? 0.5F : 0;
        (*out)[i * server->dim + 2] = 0.01F;
    }
    return ERR_NONE;
}

static const char *first_by(struct store *store, struct server *server, const char *name,
                            const char *text, struct err *why) {
    static char id[40];
    const struct embedder embedder = {name, redactor, server_embed, server};
    CLEANUP(json_decrefp) json_t *found = NULL;
    struct err err = {0};

    assert_int_equal(
        vector_query_by(store, &embedder, "lessons", str_from(text), NULL, 5, &found, why, &err),
        ERR_NONE);
    (void)snprintf(id, sizeof id, "%s", json_str_or(json_array_get(found, 0), "id", "nothing"));
    assert_null(json_object_get(json_array_get(found, 0), "numbers"));
    return id;
}

static void a_server_knows_what_no_word_says_and_is_asked_once_for_a_text(void **state) {
    CLEANUP(store_closep) struct store *store = store_new();
    struct server server = {.dim = 3};
    struct err why = {0};

    (void)state;
    keep(store, "a", "aws", "The bucket is not empty, key AKIAIOSFODNN7EXAMPLE", 1);
    keep(store, "b", "aws", "The ship has sailed", 2);
    assert_string_equal(first_by(store, &server, "one", "ship", &why), "b");
    assert_int_equal(server.texts, 3);
    assert_string_equal(first_by(store, &server, "one", "a bucket please", &why), "a");
    assert_int_equal(server.texts, 1); /* what has its numbers is not sent again */
    assert_string_equal(first_by(store, &server, "one", "zebra", &why), "nothing");
    assert_int_equal(why.code, ERR_NONE);
    assert_false(server.has_secret);
    keep(store, "a", "aws", "The ship is a bucket", 3); /* a new text has none */
    assert_string_equal(first_by(store, &server, "one", "bucket", &why), "a");
    assert_int_equal(server.texts, 2);
}

static void numbers_of_two_embedders_are_never_compared(void **state) {
    CLEANUP(store_closep) struct store *store = store_new();
    struct server server = {.dim = 3};
    struct err why = {0};

    (void)state;
    keep(store, "a", "aws", "The bucket is not empty", 1);
    (void)first_by(store, &server, "one", "bucket", &why);
    assert_string_equal(first_by(store, &server, "two", "bucket", &why), "a");
    assert_int_equal(server.texts, 2); /* anew, by the other one */
    assert_int_equal(why.code, ERR_NONE);
    server.dim = 4; /* the same name, another length: not compared, and made anew */
    assert_string_equal(first_by(store, &server, "two", "bucket", &why), "a");
    assert_int_equal(why.code, ERR_CONFLICT);
    why = (struct err){0};
    assert_string_equal(first_by(store, &server, "two", "bucket", &why), "a");
    assert_int_equal(why.code, ERR_NONE);
}

static void without_the_server_this_machine_answers_and_says_so(void **state) {
    CLEANUP(store_closep) struct store *store = store_new();
    struct server server = {.dim = 3, .is_down = true};
    struct err why = {0};

    (void)state;
    keep(store, "a", "aws", "The bucket is not empty", 1);
    assert_string_equal(first_by(store, &server, "one", "empty", &why), "a");
    assert_int_equal(why.code, ERR_UNREACHABLE);
    server.is_down = false;
    for (int i = 0; i < EMBED_MORE + 3; i++) {
        CLEANUP(freep) char *id = mem_format("n%d", i);

        keep(store, id, "aws", "The ship has sailed", 10 + i);
    }
    assert_string_equal(first_by(store, &server, "one", "empty bucket", &why), "a");
    assert_int_equal(server.texts, EMBED_MORE + 1);
    assert_int_equal(why.code, ERR_CONFLICT); /* not all of them yet */
    why = (struct err){0};
    assert_string_equal(first_by(store, &server, "one", "bucket", &why), "a");
    assert_int_equal(why.code, ERR_NONE);
}

static void any_bytes_have_features(void **state) {
    static char bytes[EMBED_BYTES_MAX * 2];
    struct features features = {0};

    (void)state;
    for (size_t i = 0; i < sizeof bytes; i++) {
        bytes[i] = (char)(i * 7919 >> 3);
    }
    features_make((struct str){bytes, sizeof bytes}, &features);
    for (size_t i = 1; i < features.n; i++) {
        assert_true(features.rows[i - 1].hash < features.rows[i].hash);
    }
    features_done(&features);
    features_make(STR("the of and"), &features);
    assert_int_equal(features.n, 0);
    features_done(&features);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(questions_that_it_was_tuned_with_find_their_lesson),
        cmocka_unit_test(questions_that_it_was_not_tuned_with_find_their_lesson),
        cmocka_unit_test(a_text_finds_itself_with_a_score_of_one),
        cmocka_unit_test(only_texts_with_the_tag_are_found),
        cmocka_unit_test(an_upsert_replaces_the_text_of_its_id),
        cmocka_unit_test(nothing_is_found_where_nothing_is_near),
        cmocka_unit_test(a_server_knows_what_no_word_says_and_is_asked_once_for_a_text),
        cmocka_unit_test(numbers_of_two_embedders_are_never_compared),
        cmocka_unit_test(without_the_server_this_machine_answers_and_says_so),
        cmocka_unit_test(any_bytes_have_features),
    };
    int failed;

    redactor = redactor_new();
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    redactor_free(redactor);
    return failed;
}
