/* What lines of a conversation mean: the sentences of test/understanding. */
#include "agent/understand/understand_room.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "base/buf.h"
#include "base/str.h"

/* ---- Sentences ---- */

static const char *const envs[] = {"dev", "prod", "staging", NULL};

/* What was understood, as the files write it: "verb deploy env=prod region=eu-central-1". */
static void sentence_describe(const struct understood *found, struct buf *out) {
    buf_add_s(out, intent_name(found->intent));
    if (found->row != NULL && found->row->verb != NULL) {
        buf_addf(out, " %s", found->row->verb);
    }
    for (enum slot f = SLOT_NONE + 1; f < SLOT_N; f++) {
        if (found->values[f][0] != '\0') {
            buf_addf(out, " %s=%s", slot_name(f), found->values[f]);
        } else if (found->others[f][0] != '\0') {
            buf_addf(out, " %s=?", slot_name(f));
        }
    }
    if (found->is_as_before) {
        buf_add_s(out, " as_before");
    }
}

/* Whether every value that was found is one that was meant. */
static bool is_safe(const struct understood *found, const char *meant) {
    for (enum slot f = SLOT_NONE + 1; f < SLOT_N; f++) {
        char member[SLOT_BYTES_MAX * 2];

        (void)snprintf(member, sizeof member, " %s=%s", slot_name(f), found->values[f]);
        if (found->values[f][0] != '\0' && strstr(meant, member) == NULL) {
            return false;
        }
    }
    return true;
}

struct score {
    size_t n;
    size_t right;
    size_t unsafe;
};

static struct score score_file(const char *name) {
    char path[4096];
    char line[2048];
    struct score score = {0};
    FILE *file;

    (void)snprintf(path, sizeof path, "%s/%s", UNDERSTANDING, name);
    file = fopen(path, "r");
    assert_non_null(file);
    while (fgets(line, sizeof line, file) != NULL) {
        CLEANUP(buf_done) struct buf described = BUF_INIT(4096);
        struct understood found;
        char *meant = strchr(line, '\t');

        if (line[0] == '#' || meant == NULL) {
            continue;
        }
        *meant++ = '\0';
        meant[strcspn(meant, "\n")] = '\0';
        understand(line, envs, &found);
        sentence_describe(&found, &described);
        score.n++;
        if (strcmp(buf_cstr(&described), meant) == 0) {
            score.right++;
        } else {
            print_message("# %s: \"%s\" is %s, understood as %s\n",
                          is_safe(&found, meant) ? "missed" : "WRONG", line, meant,
                          buf_cstr(&described));
            score.unsafe += is_safe(&found, meant) ? 0 : 1;
        }
    }
    (void)fclose(file);
    print_message("# %s: %zu of %zu sentences right, %zu with a value that nobody meant\n", name,
                  score.right, score.n, score.unsafe);
    return score;
}

static void sentences_that_it_was_built_with_are_understood(void **state) {
    struct score score = score_file("known.tsv");

    (void)state;
    assert_true(score.n >= 150);
    assert_int_equal(score.right, score.n);
}

/* Written by somebody who had not seen the patterns. A value that nobody meant is worse than a line
 * that is not understood. */
static void sentences_that_it_was_not_built_with_are_understood(void **state) {
    struct score score = score_file("heldout.tsv");

    (void)state;
    assert_true(score.n >= 150);
    assert_true(score.right * 100 >= score.n * 90);
    assert_int_equal(score.unsafe, 0);
}

/* ---- Regions ---- */

/* "Frankfurt" of "Europe (Frankfurt)"; "Canada central" of "Canada (Central)". */
static void place_of(const char *description, char *out, size_t size) {
    const char *open = strchr(description, '(');

    assert_non_null(open);
    if (strcmp(open, "(Central)") == 0) {
        (void)snprintf(out, size, "%.*s central", (int)(open - description - 1), description);
    } else {
        (void)snprintf(out, size, "%.*s", (int)(strlen(open) - 2), open + 1);
    }
}

static void every_region_of_aws_is_known_by_its_place(void **state) {
    json_error_t error;
    json_t *regions = json_load_file(UNDERSTANDING "/../golden/regions.json", 0, &error);
    const char *region;
    json_t *description;

    (void)state;
    assert_true(json_object_size(regions) > 30);
    json_object_foreach(regions, region, description) {
        char place[128];
        char line[256];
        struct understood found;

        place_of(json_string_value(description), place, sizeof place);
        (void)snprintf(line, sizeof line, "please use the region %s", place);
        understand(line, NULL, &found);
        if (found.intent != INTENT_CHANGE || strcmp(found.values[SLOT_REGION], region) != 0) {
            fail_msg("'%s' should be %s, is '%s' %s", line, region, found.values[SLOT_REGION],
                     found.others[SLOT_REGION]);
        }
        assert_true(understand_answer(place, SLOT_REGION, NULL, line));
        assert_string_equal(line, region);
    }
    json_decref(regions);
}

/* ---- Corners ---- */

static void a_pattern_is_understood_as_itself(void **state) {
    size_t n = 0;
    const struct intent_row *rows = intent_rows(&n);

    (void)state;
    for (size_t i = 0; i < n; i++) {
        struct understood found;

        if (strpbrk(rows[i].pattern, "|?.=") != NULL) {
            continue;
        }
        understand(rows[i].pattern, NULL, &found);
        if (found.intent != rows[i].intent || found.row == NULL ||
            (rows[i].verb == NULL) != (found.row->verb == NULL) ||
            (rows[i].verb != NULL && strcmp(rows[i].verb, found.row->verb) != 0)) {
            fail_msg("'%s' is understood as '%s'", rows[i].pattern,
                     found.row == NULL ? "nothing" : found.row->pattern);
        }
    }
}

static void hostile_lines_have_an_end(void **state) {
    static char line[1024 * 1024];
    struct understood found;

    (void)state;
    for (size_t i = 0; i < sizeof line - 1; i++) {
        line[i] = (char)(i % 5 == 4 ? ' ' : "deploy"[i % 6]);
    }
    understand(line, NULL, &found);
    memset(line, 'x', sizeof line - 1);
    understand(line, NULL, &found);
    assert_int_equal(found.intent, INTENT_UNKNOWN);
    for (int c = 1; c < 256; c++) {
        line[c - 1] = (char)c;
    }
    line[255] = '\0';
    understand(line, NULL, &found);
    understand("", NULL, &found);
    assert_int_equal(found.intent, INTENT_UNKNOWN);
    understand("   ...  !!! ", NULL, &found);
    assert_int_equal(found.intent, INTENT_UNKNOWN);
    understand("why why why why why why why why why why why why why why why why why why why why",
               NULL, &found);
    assert_int_equal(found.intent, INTENT_WHY);
}

static void environments_of_the_file_come_first(void **state) {
    static const char *const names[] = {"production", "blue", NULL};
    struct understood found;

    (void)state;
    understand("deploy to blue", names, &found);
    assert_string_equal(found.values[SLOT_ENV], "blue");
    understand("deploy to production", names, &found);
    assert_string_equal(found.values[SLOT_ENV], "production");
    understand("deploy to prod", names, &found);
    assert_string_equal(found.values[SLOT_ENV], "production");
    understand("deploy to blue", NULL, &found);
    assert_string_equal(found.values[SLOT_ENV], "");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_region_of_aws_is_known_by_its_place),
        cmocka_unit_test(a_pattern_is_understood_as_itself),
        cmocka_unit_test(hostile_lines_have_an_end),
        cmocka_unit_test(environments_of_the_file_come_first),
        cmocka_unit_test(sentences_that_it_was_built_with_are_understood),
        cmocka_unit_test(sentences_that_it_was_not_built_with_are_understood),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
