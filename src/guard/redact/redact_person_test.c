/* redact: what tells who a person is, told from numbers that only look so. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "guard/redact/redact_fixture.h"

static struct redactor *redactor_of_persons(bool has_addresses) {
    struct redactor *redactor = redactor_new();

    redactor_mask_persons(redactor, has_addresses);
    return redactor;
}

/* clang-format off */
/* Numbers that the issuers publish for tests, or that nobody has. */
static const struct {
    const char *text;
    const char *want;
} rows[] = {
    {"mail jane.doe+x@example.co.uk now",              "mail *** now"},
    {"Jane Doe <jane@example.com>, joe@example.org.",  "Jane Doe <***>, ***."},
    {"{\"email\":\"a@b.example.com\"}",                "{\"email\":\"***\"}"},
    {"user@xn--80ak6aa92e.com a@xn--d1acufc.xn--p1ai", "*** ***"},
    {"line\\nfoo@example.com",                         "line\\n***"},
    {"u=jane%40example.com&x=1",                       "u=***&x=1"},
    {"j\xc3\xb6rg@example.de",                         "***"},
    {"card 4111111111111111, 4111-1111-1111-1111",     "card ***, ***"},
    {"3714 496353 98431 and 378282246310005",          "*** and ***"},
    {"5555 5555 5555 4444",                            "***"},
    {"6011000990139424 3530111333300000",              "*** ***"},
    {"DE89 3704 0044 0532 0130 00",                    "***"},
    {"pay to GB82WEST12345698765432 today",            "pay to *** today"},
    {"NO93 8601 1117 947",                             "***"},
    {"ssn 536-22-1234",                                "ssn ***"},
    {"social security number: 536221234",              "social security number: ***"},
    {"call +49 30 901820 or +1 (212) 555-0123",        "call *** or ***"},
    {"(415) 555-0132, 415-555-0132 x12",               "***, ***"},
    {"Tel. 030/901820, phone: 415.555.0132",           "Tel. ***, phone: ***"},
    {"\"phone\": \"0301234567\"",                      "\"phone\": \"***\""},
    {"090-1234-5678",                                  "***"},
    {"NI number QQ 12 34 56 C, AB 12 34 56 C",         "NI number QQ 12 34 56 C, ***"},
    {"DNI 12345678Z",                                  "DNI ***"},
    {"NIE X9613851N",                                  "NIE ***"},
    {"PESEL 44051401458",                              "PESEL ***"},
    {"111.444.777-35",                                 "***"},
    {"756.9217.0769.85",                               "***"},
    {"Steuer-ID 86095742719",                          "Steuer-ID ***"},
    {"BSN 111222333",                                  "BSN ***"},
    {"NHS 401 023 2137",                               "NHS ***"},
    {"Aadhaar 3123 4567 8909",                         "Aadhaar ***"},
    {"1 85 05 78 006 084 91",                          "***"},
    {"949-53-2213, ssn=981-05-1126",                   "***, ssn=***"},
    {"credit_card=501857692179",                       "credit_card=***"},
    {"3594704623835843 180024846249599",               "*** ***"},
    {"\"ssn\": \"070912-2089417\", passport 523456789", "\"ssn\": \"***\", passport ***"},
};

static const char *const no_persons[] = {
    "git@github.com:me/todo.git", "ssh://deploy@host.example.com/x", 
    "arn:aws:sts::123456789012:assumed-role/Admin/jane@example.com", "npm i @scope/pkg@1.2.3 left@latest",
    "icon@2x.png getty@tty1.service", "postgres://db.example.com:5432/app", "uses: actions/checkout@v4.1.0",
    "4111111111111112 4111 1111 1111 1112", "1748503543012", "2026-11-24 14:46:13.935 +0200", "+ 12345678", "+12345678",
    "DE89 3704 0044 0532 0130 01", "000-12-3456 666-12-3456 536-00-1234 536-22-0000 078-05-1120",
    "123456789012", "7a5a1c1e-9d1f-4e0a-8a55-1f1c2d3e4f50", "v18.3.627 (6.0.476)", "10.0.12.34:8080", "192.168.178.201",
    "0123456789abcdef0123456789abcdef01234567", "1732459573123456789", "2026-11-24T14:46:13.935Z took 4111111111 ns",
    "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", "vpc-0a1b2c3d4e5f60718", "0.12345678901234", "44051401458",
    "501857692179", "card made at 1732459573123", "discard 123456789012", "session 12345678, assn: 87654321", "981-05-1126",
    "sha256:4111111111111111aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "Memory Size: 1024 MB Max: 128",
};
/* clang-format on */

static void what_tells_who_a_person_is_is_masked(void **state) {
    CLEANUP(redactor_freep) struct redactor *redactor = redactor_of_persons(false);

    (void)state;
    for (size_t i = 0; i < ARRAY_N(rows); i++) {
        CLEANUP(freep) char *masked = mask_of(redactor, str_from(rows[i].text), NULL);
        if (strcmp(masked, rows[i].want) != 0) {
            fail_msg("%s\n -> %s\n not %s", rows[i].text, masked, rows[i].want);
        }
    }
}

static void numbers_that_only_look_so_stay(void **state) {
    CLEANUP(redactor_freep) struct redactor *redactor = redactor_of_persons(false);

    (void)state;
    for (size_t i = 0; i < ARRAY_N(no_persons); i++) {
        CLEANUP(freep) char *masked = mask_of(redactor, str_from(no_persons[i]), NULL);
        assert_string_equal(masked, no_persons[i]);
    }
    for (size_t i = 0; i < harmless_n; i++) {
        CLEANUP(freep) char *masked = mask_of(redactor, str_from(harmless[i]), NULL);
        assert_string_equal(masked, harmless[i]);
    }
}

static void persons_stay_where_nobody_asked_for_them(void **state) {
    CLEANUP(redactor_freep) struct redactor *redactor = redactor_new();
    CLEANUP(freep) char *masked = mask_of(redactor, STR("jane@example.com 536-22-1234"), NULL);

    (void)state;
    assert_string_equal(masked, "jane@example.com 536-22-1234");
}

static void addresses_of_machines_are_masked_on_demand(void **state) {
    static const char text[] =
        "from 10.0.12.34:8080, 2001:db8::8a2e:370:7334 and fe80::1; at 127.0.0.1, "
        "12:30:45, 1.2.3, a::b, 300.1.1.1";
    CLEANUP(redactor_freep) struct redactor *redactor = redactor_of_persons(true);
    CLEANUP(freep) char *masked = mask_of(redactor, str_from(text), NULL);

    (void)state;
    assert_string_equal(masked, "from ***:8080, *** and ***; at 127.0.0.1, 12:30:45, 1.2.3, a::b, "
                                "300.1.1.1");
}

static void persons_are_found_however_the_bytes_arrive(void **state) {
    CLEANUP(redactor_freep) struct redactor *redactor = redactor_of_persons(true);
    CLEANUP(buf_done) struct buf text = BUF_INIT(TEXT_MAX);

    (void)state;
    for (size_t i = 0; i < ARRAY_N(rows); i++) {
        buf_addf(&text, "%s%s%s\n", rows[i].text, i % 2 == 0 ? " " : "\n",
                 no_persons[i % ARRAY_N(no_persons)]);
    }
    check_cuts(redactor, buf_str(&text), "persons");
    check_fixpoint(redactor, buf_str(&text), "persons");
}

static void it_is_counted_what_was_masked(void **state) {
    CLEANUP(redactor_freep) struct redactor *redactor = redactor_of_persons(false);
    CLEANUP(freep) char *masked = mask_of(redactor, STR("a@b.com c@d.com\npassword=x\n"), NULL);
    struct redact_count counts[8];

    (void)state;
    assert_string_equal(masked, "*** ***\npassword=***\n");
    assert_int_equal(redactor_counts(redactor, counts, 8), 2);
    assert_string_equal(counts[0].kind, "e-mail");
    assert_int_equal(counts[0].n, 2);
    assert_string_equal(counts[1].kind, "key");
    assert_int_equal(counts[1].n, 1);
}

static void the_lines_of_an_env_file_become_known(void **state) {
    CLEANUP(redactor_freep) struct redactor *redactor = redactor_new();

    (void)state;
    redactor_add_env(redactor, STR("# c\nexport A_TOKEN='first-value'\nSTAGE=second-value\n"),
                     false);
    CLEANUP(freep) char *some = mask_of(redactor, STR("first-value second-value"), NULL);
    assert_string_equal(some, "*** second-value");
    redactor_add_env(redactor, STR("STAGE=second-value\n"), true);
    CLEANUP(freep) char *all = mask_of(redactor, STR("first-value second-value"), NULL);
    assert_string_equal(all, "*** ***");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_tells_who_a_person_is_is_masked),
        cmocka_unit_test(numbers_that_only_look_so_stay),
        cmocka_unit_test(persons_stay_where_nobody_asked_for_them),
        cmocka_unit_test(addresses_of_machines_are_masked_on_demand),
        cmocka_unit_test(persons_are_found_however_the_bytes_arrive),
        cmocka_unit_test(it_is_counted_what_was_masked),
        cmocka_unit_test(the_lines_of_an_env_file_become_known),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
