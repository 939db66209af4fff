/* XML answers into trees, and what is refused. */
#include "aws/xml.h"

#include "base/buf.h"
#include "support/mutate.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const char answer[] =
    "<?xml version=\"1.0\"?>\n<r:R xmlns:r='x' a='b'>\n  <Stacks>\n"
    "    <member><Name>a</Name><Why>didn&#x27;t &lt;x&gt; &amp; <![CDATA[<raw>]]></Why></member>\n"
    "    <member><Name>gr\xc3\xbcn</Name><Why></Why><Gone/></member>\n  </Stacks>\n"
    "  <Other/>\n  <Blank>  </Blank>\n</r:R>";

static void elements_texts_and_lists_are_found(void **state) {
    struct arena *arena = arena_new();
    const struct xml_node *root = NULL;
    const struct xml_node *m;
    struct err err = {0};

    (void)state;
    assert_int_equal(xml_read(str_from(answer), arena, &root, &err), ERR_NONE);
    assert_string_equal(root->name, "R");
    m = xml_at(root, "Stacks/member");
    assert_string_equal(xml_text_at(m, "Name"), "a");
    assert_string_equal(xml_text_at(m, "Why"), "didn't <x> & <raw>");
    assert_null(xml_text_at(root, "Stacks"));
    m = xml_next(m);
    assert_string_equal(xml_text_at(m, "Name"), "gr\xc3\xbcn");
    assert_null(xml_text_at(m, "Why"));
    assert_null(xml_text_at(m, "Gone"));
    assert_null(xml_text_at(m, "Absent/Deeper"));
    assert_null(xml_next(m));
    assert_string_equal(xml_text_at(root, "Blank"), "  ");
    assert_ptr_equal(xml_at(root, ""), root);
    arena_free(arena);
}

/* clang-format off */
static const struct { const char *text; enum err_code code; const char *says; } bad[] = {
    { "",                                                              ERR_PROTOCOL, "malformed in line 1: no element found" },
    { "<a><b></a>",                                                    ERR_PROTOCOL, "mismatched tag" },
    { "<html><body>oops<br></body></html>",                            ERR_PROTOCOL, "mismatched tag" },
    { "<!DOCTYPE a [<!ENTITY x 'y'>]><a>&x;</a>",                      ERR_PROTOCOL, "document type" },
    { "<!DOCTYPE a SYSTEM 'file:///etc/passwd'><a/>",                  ERR_PROTOCOL, "document type" },
    { "<a>&undefined;</a>",                                            ERR_PROTOCOL, "undefined entity" },
    { "<a>\xff</a>",                                                   ERR_PROTOCOL, "not well-formed" },
    { "<a/>b",                                                         ERR_PROTOCOL, "junk after document element" },
};
/* clang-format on */

static void what_is_no_answer_of_aws_is_refused(void **state) {
    (void)state;
    for (size_t i = 0; i < ARRAY_N(bad); i++) {
        struct arena *arena = arena_new();
        const struct xml_node *root = NULL;
        struct err err = {0};

        if (xml_read(str_from(bad[i].text), arena, &root, &err) != bad[i].code ||
            strstr(err.text, bad[i].says) == NULL || err.remedy[0] == '\0' || root != NULL) {
            fail_msg("row %zu: %s", i, err.text);
        }
        arena_free(arena);
    }
}

static enum err_code read_repeated(const char *piece, int n) {
    CLEANUP(buf_done) struct buf text = BUF_INIT(16 << 20);
    CLEANUP(arena_freep) struct arena *arena = arena_new();
    const struct xml_node *root = NULL;
    struct err err = {0};

    buf_add_s(&text, "<a>");
    for (int i = 0; i < n; i++) {
        buf_add_s(&text, piece);
    }
    (void)!xml_read(buf_str(&text), arena, &root, &err);
    assert_int_equal(err.remedy[0] == '\0', err.code == ERR_NONE);
    return err.code;
}

static void depth_and_number_of_elements_are_bounded(void **state) {
    (void)state;
    assert_int_equal(read_repeated("<b>", 60), ERR_PROTOCOL); /* unclosed, but not too deep */
    assert_int_equal(read_repeated("<b>", 1000), ERR_PROTOCOL);
    assert_int_equal(read_repeated("<b/>", XML_NODES_MAX + 1), ERR_PROTOCOL);
}

static size_t nodes_of(const struct xml_node *node, int depth) {
    size_t n = 0;

    assert_true(depth < 1000);
    for (; node != NULL; node = node->next) {
        assert_non_null(node->name);
        assert_non_null(node->text);
        n += 1 + nodes_of(node->child, depth + 1);
    }
    return n;
}

static void read_mutant(void *ctx, struct str text) {
    CLEANUP(arena_freep) struct arena *arena = arena_new();
    const struct xml_node *root = NULL;
    struct err err = {0};
    enum err_code code = xml_read(text, arena, &root, &err);

    (void)ctx;
    if (code == ERR_NONE) {
        assert_true(nodes_of(root, 0) <= text.len); /* nothing grows out of an entity */
        (void)xml_text_at(root, "Stacks/member/Name");
        return;
    }
    assert_true(code == ERR_PROTOCOL || code == ERR_PROTOCOL);
    assert_null(root);
    assert_true(err.text[0] != '\0');
}

static void whatever_comes_is_a_tree_or_refused(void **state) {
    static const char *const seeds[] = {
        answer, "<!DOCTYPE a [<!ENTITY b \"bbbbbbbb\"><!ENTITY c \"&b;&b;&b;\">]><a>&c;</a>",
        "<?xml version=\"1.0\" encoding=\"UTF-16\"?><a xmlns=\"x\"><b c=\"d\"/><![CDATA[]]></a>",
        NULL};

    (void)state;
    mutate(seeds, read_mutant, NULL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(elements_texts_and_lists_are_found),
        cmocka_unit_test(what_is_no_answer_of_aws_is_refused),
        cmocka_unit_test(depth_and_number_of_elements_are_bounded),
        cmocka_unit_test(whatever_comes_is_a_tree_or_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
