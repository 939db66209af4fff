/* What people see: lists of events, drawn, compared with the pages in test/golden/render.
 * `render_test --write` renews them. */
#include "front/render/render.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sys/fs.h"

enum { PAGE_BYTES_MAX = 1 << 20, NAMES_MAX = 50, WIDTH = 100 };

static char *golden_path(const char *name, const char *ending) {
    const char *root = getenv("AWSCOPILOT_SOURCE_ROOT");

    return mem_format("%s/test/golden/render/%s%s", root == NULL ? "." : root, name, ending);
}

static void must(enum err_code code, const struct err *err) {
    if (code != ERR_NONE) {
        fail_msg("%s", err->text);
    }
}

/* Draws the events of NAME.json on a page of `width` columns. */
static char *draw(const char *name, struct screen screen, enum progress progress) {
    CLEANUP(freep) char *path = golden_path(name, ".json");
    CLEANUP(buf_done) struct buf text = BUF_INIT(PAGE_BYTES_MAX);
    CLEANUP(json_decrefp) json_t *events = NULL;
    struct err err = {0};
    struct render *render;
    const json_t *event;
    char *page = NULL;
    size_t n = 0;
    size_t i;

    must(fs_read_file(path, PAGE_BYTES_MAX, &text, &err), &err);
    events = json_loadb(text.ptr, text.len, JSON_ALLOW_NUL, NULL);
    assert_non_null(events);
    screen.to = open_memstream(&page, &n);
    assert_non_null(screen.to);
    render = render_new(&screen, progress, false);
    json_array_foreach(events, i, event) {
        enum event kind = event_from_type(json_str_or(event, "type", ""));

        assert_int_not_equal(kind, EVENT_NONE);
        if (kind == EVENT_RESULT) {
            render_end(render, event);
        } else {
            render_event(render, kind, event);
        }
    }
    render_free(render);
    (void)fclose(screen.to);
    return page;
}

static const char *const pages[] = {"first",   "update",      "destroy", "no_change",
                                    "failure", "rolled_back", "refused", "hostile"};

static void pages_look_as_they_did(void **state) {
    (void)state;
    for (size_t i = 0; i < ARRAY_N(pages); i++) {
        CLEANUP(freep)
        char *page = draw(pages[i], (struct screen){.width = WIDTH}, PROGRESS_BAR);
        CLEANUP(freep) char *path = golden_path(pages[i], ".txt");
        CLEANUP(buf_done) struct buf want = BUF_INIT(PAGE_BYTES_MAX);
        struct err err = {0};

        must(fs_read_file(path, PAGE_BYTES_MAX, &want, &err), &err);
        if (strcmp(page, buf_cstr(&want)) != 0) {
            fail_msg("%s looks different; --write renews it when that is meant:\n%s", pages[i],
                     page);
        }
    }
}

static void no_value_drives_the_terminal(void **state) {
    CLEANUP(freep) char *page = draw("hostile", (struct screen){.width = WIDTH}, PROGRESS_BAR);

    (void)state;
    for (const char *c = page; *c != '\0'; c++) {
        if ((unsigned char)*c < ' ' && *c != '\n') {
            fail_msg("byte %02x at %td of:\n%s", (unsigned char)*c, c - page, page);
        }
    }
    assert_null(strstr(page, "\xe2\x80\xae")); /* U+202E turns what follows around */
    assert_null(strstr(page, "\xc2\x9b"));     /* the C1 form of ESC [ */
    assert_null(strstr(page, "\nCREATE_COMPLETE"));
    assert_null(strstr(page, "\nfake"));
}

static void no_line_of_a_terminal_is_wider_than_it(void **state) {
    static const int widths[] = {80, 120};

    (void)state;
    for (size_t w = 0; w < ARRAY_N(widths); w++) {
        for (size_t i = 0; i < ARRAY_N(pages) - 1; i++) { /* the hostile page is one long word */
            CLEANUP(freep)
            char *page = draw(pages[i], (struct screen){.width = widths[w]}, PROGRESS_BAR);
            struct str rest = str_from(page);
            struct str line = {0};

            while (str_next(&rest, '\n', &line)) {
                CLEANUP(freep) char *text = str_dup(line);

                if (screen_columns(text) > widths[w]) {
                    fail_msg("%s at %d columns: %s", pages[i], widths[w], text);
                }
            }
        }
    }
}

static void errors_only_leaves_out_what_goes_well(void **state) {
    CLEANUP(freep) char *page = draw("failure", (struct screen){.width = WIDTH}, PROGRESS_ERRORS);

    (void)state;
    assert_non_null(strstr(page, "CREATE_FAILED"));
    assert_null(strstr(page, "CREATE_IN_PROGRESS"));
    assert_null(strstr(page, "Resource creation cancelled"));
    assert_non_null(strstr(page, "2 cancelled because of it"));
}

static void colours_are_there_only_where_they_are_wanted(void **state) {
    CLEANUP(freep)
    char *coloured =
        draw("first", (struct screen){.width = WIDTH, .has_color = true}, PROGRESS_BAR);
    CLEANUP(freep) char *plain = draw("first", (struct screen){.width = WIDTH}, PROGRESS_BAR);

    (void)state;
    assert_non_null(strstr(coloured, "\033[31m"));
    assert_null(strstr(plain, "\033"));
}

/* ---- A terminal, as far as we use one ---- */

struct terminal {
    char lines[400][256];
    int row;
    int column;
};

static void terminal_clear_below(struct terminal *t) {
    t->lines[t->row][t->column] = '\0';
    for (int i = t->row + 1; i < 400; i++) {
        t->lines[i][0] = '\0';
    }
}

/* Obeys "up n", "clear below", return and newline; colours are passed over. */
static void terminal_feed(struct terminal *t, const char *text) {
    while (*text != '\0') {
        if (*text == '\033') {
            int n = (int)strtol(text + 2, NULL, 10);
            size_t length = strspn(text + 2, "0123456789;") + 3;

            if (text[length - 1] == 'A') {
                t->row -= n;
                assert_true(t->row >= 0);
            } else if (text[length - 1] == 'J') {
                terminal_clear_below(t);
            }
            text += length;
        } else if (*text == '\r') {
            t->column = 0;
            text++;
        } else if (*text == '\n') {
            t->row++;
            t->column = 0;
            assert_true(t->row < 400);
            text++;
        } else {
            t->lines[t->row][t->column++] = *text++;
            t->lines[t->row][t->column] = '\0';
            assert_true(t->column < 255);
        }
    }
}

static int terminal_count(const struct terminal *t, const char *text) {
    int count = 0;

    for (int i = 0; i < 400; i++) {
        count += strstr(t->lines[i], text) != NULL;
    }
    return count;
}

static void a_terminal_shows_one_line_a_resource(void **state) {
    static struct terminal terminal;
    struct screen screen = {.width = WIDTH, .height = 40, .has_color = true, .is_live = true};
    CLEANUP(freep) char *bytes = draw("first", screen, PROGRESS_BAR);

    (void)state;
    terminal_feed(&terminal, bytes);
    assert_int_equal(terminal_count(&terminal, "CREATE_IN_PROGRESS"), 0);
    assert_int_equal(terminal_count(&terminal, "CREATE_COMPLETE        Backend"), 1);
    assert_int_equal(terminal_count(&terminal, "9.0 s"), 1); /* by the clock of AWS */
    assert_int_equal(terminal_count(&terminal, "installing packages"), 0);
    assert_int_equal(terminal_count(&terminal, "…"), 0); /* nothing that moves stays behind */
}

static void a_terminal_shows_what_is_under_way(void **state) {
    static struct terminal terminal;
    char *bytes = NULL;
    size_t n = 0;
    struct screen screen = {
        .to = open_memstream(&bytes, &n), .width = WIDTH, .height = 40, .is_live = true};
    struct render *render = render_new(&screen, PROGRESS_BAR, false);
    CLEANUP(json_decrefp)
    json_t *event = json_pack("{s:s, s:s, s:s, s:s}", "logical_id", "Backend", "resource_type",
                              "AWS::Lambda::Function", "status", "UPDATE_IN_PROGRESS", "at",
                              "2026-11-24T15:00:00Z");

    (void)state;
    render_event(render, EVENT_EVENT, event);
    render_event(render, EVENT_EVENT, event);
    (void)fflush(screen.to);
    terminal_feed(&terminal, bytes);
    assert_int_equal(terminal_count(&terminal, "UPDATE_IN_PROGRESS"), 1);
    render_rest(render);
    (void)fflush(screen.to);
    memset(&terminal, 0, sizeof terminal);
    terminal_feed(&terminal, bytes);
    assert_int_equal(terminal_count(&terminal, "UPDATE_IN_PROGRESS"), 0);
    render_free(render);
    (void)fclose(screen.to);
    free(bytes);
}

static void a_page_of_resources_stays_on_the_screen(void **state) {
    static struct terminal terminal;
    char *bytes = NULL;
    size_t n = 0;
    struct screen screen = {
        .to = open_memstream(&bytes, &n), .width = WIDTH, .height = 20, .is_live = true};
    struct render *render = render_new(&screen, PROGRESS_BAR, false);

    (void)state;
    for (int i = 0; i < 50; i++) {
        CLEANUP(freep) char *id = mem_format("Resource%d", i);
        CLEANUP(json_decrefp)
        json_t *event = json_pack("{s:s, s:s, s:s}", "logical_id", id, "resource_type", "T",
                                  "status", "CREATE_IN_PROGRESS");

        render_event(render, EVENT_EVENT, event);
    }
    (void)fflush(screen.to);
    terminal_feed(&terminal, bytes);
    assert_true(terminal_count(&terminal, "CREATE_IN_PROGRESS") < 20);
    assert_int_equal(terminal_count(&terminal, "and 34 more"), 1);
    render_free(render);
    (void)fclose(screen.to);
    free(bytes);
}

/* ---- Pieces ---- */

static void the_same_warning_is_repeated_once_at_the_end(void **state) {
    CLEANUP(freep) char *page = draw("first", (struct screen){.width = WIDTH}, PROGRESS_BAR);
    const char *first = strstr(page, "these keys are long-lived");
    const char *second = first == NULL ? NULL : strstr(first + 1, "these keys are long-lived");

    (void)state;
    assert_non_null(second);
    assert_null(strstr(second + 1, "these keys are long-lived"));
    assert_true(second > strstr(page, "Warnings"));
}

static void a_verdict_that_others_tell_is_not_told_twice(void **state) {
    (void)state;
    for (int told = 0; told < 2; told++) {
        struct screen screen = {.width = WIDTH};
        char *page = NULL;
        size_t n = 0;
        screen.to = open_memstream(&page, &n);
        struct render *render = render_new(&screen, PROGRESS_BAR, false);
        CLEANUP(json_decrefp)
        json_t *event =
            json_pack("{s:s, s:s, s:b}", "verdict", "deny", "text", "it is dear", "told", told);

        render_event(render, EVENT_VERDICT, event);
        render_free(render);
        (void)fclose(screen.to);
        assert_int_equal(strstr(page, "refused: it is dear") != NULL, !told);
        free(page);
    }
}

static void why_says_what_each_change_is_for_and_what_goes(void **state) {
    CLEANUP(freep) char *path = golden_path("update", ".json");
    CLEANUP(buf_done) struct buf text = BUF_INIT(PAGE_BYTES_MAX);
    CLEANUP(buf_done) struct buf out = BUF_INIT(PAGE_BYTES_MAX);
    CLEANUP(json_decrefp) json_t *events = NULL;
    struct screen screen = {.width = 1000};
    struct err err = {0};

    (void)state;
    must(fs_read_file(path, PAGE_BYTES_MAX, &text, &err), &err);
    must(json_read(buf_str(&text), &events, &err), &err);
    render_why(&screen, &out, json_array_get(events, 1), "why");
    assert_non_null(strstr(buf_cstr(&out),
                           "Backend: runs the back end. What changes: Code, because "
                           "of the parameter BackendKey; Environment."));
    assert_non_null(strstr(buf_cstr(&out), "SiteBucket: holds the files of the site, or the "
                                           "artefacts. What changes: BucketName. It "
                                           "cannot be changed in place"));
    assert_non_null(strstr(buf_cstr(&out), "Lost by this: every file in it"));
    assert_non_null(strstr(buf_cstr(&out), "Orders: holds data. It is not wanted any more. Lost "
                                           "by this: all data in it."));
    assert_non_null(strstr(buf_cstr(&out), "BackendVersion395bd35b: pins the code of one release, "
                                           "so that going back is quick. It leaves the stack and "
                                           "stays in the account."));
    buf_clear(&out);
    render_why(&screen, &out, json_array_get(events, 1), "why do you drop the orders?");
    assert_non_null(strstr(buf_cstr(&out), "Orders: holds data."));
    assert_null(strstr(buf_cstr(&out), "SiteBucket"));
    assert_non_null(strstr(buf_cstr(&out), "why, alone, explains all"));
}

static void cells_are_cut_and_filled_by_columns(void **state) {
    static const struct {
        const char *value;
        int columns;
        const char *want;
    } rows[] = {
        {"abc", 5, "abc  "},    {"abcdef", 5, "abcd…"}, {"abcde", 5, "abcde"}, {"äöü", 4, "äöü "},
        {"日本語", 5, "日本…"}, {"日本語", 4, "日… "},  {"", 3, "   "},        {"a\nb", 3, "a b"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_N(rows); i++) {
        CLEANUP(buf_done) struct buf out = BUF_INIT(256);

        screen_cell(&out, rows[i].value, rows[i].columns);
        if (strcmp(buf_cstr(&out), rows[i].want) != 0) {
            fail_msg("row %zu: '%s'", i, buf_cstr(&out));
        }
    }
}

static void durations_and_sizes_are_short(void **state) {
    (void)state;
    assert_string_equal(screen_elapsed(450).text, "0.4 s");
    assert_string_equal(screen_elapsed(59999).text, "59 s");
    assert_string_equal(screen_elapsed(185000).text, "3 min 05 s");
    assert_string_equal(screen_elapsed(7800000).text, "2 h 10 min");
    assert_string_equal(screen_bytes(999).text, "999 B");
    assert_string_equal(screen_bytes(226426).text, "226 kB");
    assert_string_equal(screen_bytes(5557861).text, "5.6 MB");
}

/* Pieces of an answer, as the gate tells them. */
static void say_pieces(struct render *render, const char *text) {
    for (size_t at = 0; at < strlen(text); at += 3) {
        CLEANUP(json_decrefp) json_t *event = json_pack("{s:s}", "call", "7");

        json_put_strn(event, "text", str_slice(str_from(text), at, at + 3));
        render_event(render, EVENT_DELTA, event);
    }
}

static void a_model_is_read_while_it_writes(void **state) {
    static struct terminal terminal;
    char *bytes = NULL;
    size_t n = 0;
    struct screen screen = {.to = open_memstream(&bytes, &n), .width = WIDTH, .is_live = true};
    struct render *render = render_new(&screen, PROGRESS_BAR, false);

    (void)state;
    say_pieces(render, "The role is gone.\n- run `aws-copilot bootstrap` and half a wo");
    (void)fflush(screen.to);
    terminal_feed(&terminal, bytes);
    assert_int_equal(terminal_count(&terminal, "In the model's words"), 1);
    assert_int_equal(terminal_count(&terminal, "The role is gone"), 1);
    assert_int_equal(terminal_count(&terminal, "· run `aws-copilot bootstrap` and half a wo"), 1);
    render_rest(render);
    (void)fflush(screen.to);
    memset(&terminal, 0, sizeof terminal);
    terminal_feed(&terminal, bytes);
    assert_int_equal(terminal_count(&terminal, "half a wo"), 1);
    render_free(render);
    (void)fclose(screen.to);
    free(bytes);
}

static void in_a_pipe_a_model_is_read_line_by_line(void **state) {
    char *page = NULL;
    size_t n = 0;
    struct screen screen = {.to = open_memstream(&page, &n), .width = 1000};
    struct render *render = render_new(&screen, PROGRESS_BAR, false);

    (void)state;
    say_pieces(render, "one line\nand ha");
    (void)fflush(screen.to);
    assert_string_equal(page, "  In the model's words, which decide nothing:\n    one line\n");
    say_pieces(render, "lf");
    render_rest(render);
    (void)fflush(screen.to);
    assert_string_equal(
        page, "  In the model's words, which decide nothing:\n    one line\n    and half\n");
    render_free(render);
    (void)fclose(screen.to);
    free(page);
}

static void east_asian_text_is_wrapped_without_blanks(void **state) {
    static const struct screen screen = {.width = 40};
    CLEANUP(buf_done) struct buf out = BUF_INIT(4096);

    (void)state;
    screen_text(&screen, &out, 4, "日本語の説明は長くて切れ目がないけれど折り返しても大丈夫です");
    assert_string_equal(buf_cstr(&out), "    日本語の説明は長くて切れ目がないけれ\n"
                                        "    ど折り返しても大丈夫です\n");
    assert_int_equal(screen_columns("🚀✅"), 4);
    assert_int_equal(screen_columns("e\xcc\x81\xd8\xa7\xd9\x8b"), 2);
}

static int write_pages(void) {
    for (size_t i = 0; i < ARRAY_N(pages); i++) {
        CLEANUP(freep)
        char *page = draw(pages[i], (struct screen){.width = WIDTH}, PROGRESS_BAR);
        CLEANUP(freep) char *path = golden_path(pages[i], ".txt");
        struct err err = {0};

        if (fs_write_file(path, str_from(page), 0644, &err) != ERR_NONE) {
            print_error("%s\n", err.text);
            return 1;
        }
    }
    return 0;
}

int main(int argc, char **argv) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pages_look_as_they_did),
        cmocka_unit_test(no_value_drives_the_terminal),
        cmocka_unit_test(no_line_of_a_terminal_is_wider_than_it),
        cmocka_unit_test(errors_only_leaves_out_what_goes_well),
        cmocka_unit_test(colours_are_there_only_where_they_are_wanted),
        cmocka_unit_test(a_terminal_shows_one_line_a_resource),
        cmocka_unit_test(a_terminal_shows_what_is_under_way),
        cmocka_unit_test(a_page_of_resources_stays_on_the_screen),
        cmocka_unit_test(the_same_warning_is_repeated_once_at_the_end),
        cmocka_unit_test(a_verdict_that_others_tell_is_not_told_twice),
        cmocka_unit_test(why_says_what_each_change_is_for_and_what_goes),
        cmocka_unit_test(cells_are_cut_and_filled_by_columns),
        cmocka_unit_test(durations_and_sizes_are_short),
        cmocka_unit_test(a_model_is_read_while_it_writes),
        cmocka_unit_test(in_a_pipe_a_model_is_read_line_by_line),
        cmocka_unit_test(east_asian_text_is_wrapped_without_blanks),
    };

    if (argc > 1 && strcmp(argv[1], "--write") == 0) {
        return write_pages();
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
