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
    {"redis://:2vHJp%20O2Wtc3@db.example.org:6379/0",  "redis://:***@db.example.org:6379/0"},
    {"postgres://a:8wB21=eE18c8@db.example.org/shop",  "postgres://a:***@db.example.org/shop"},
    {"ldap://cn=admin:8OQFbi.c2@ldap.example.org:389", "ldap://cn=admin:***@ldap.example.org:389"},
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
    {"credit_card=501857692179, card 060433219874",     "credit_card=***, card ***"},
    {"3594704623835843 180024846249599",               "*** ***"},
    {"\"john,doe\"@example.com, \xe7\x94\xa8@\xe4\xbe\x8b.\xe5\xb9\xbf\xe5\x91\x8a", "***, ***"},
    {"RSSMRA85T10A562S, HEGG560427MVZRRL04",           "***, ***"},
    {"131052-308T, 12.345.678-5",                      "***, ***"},
    {"PPSN: 1234567T and PPS 1234567FA",               "PPSN: *** and PPS ***"},
    {"PAN AAAPA1234A, passport C01X00T47",             "PAN ***, passport C01X00T47"},
    {"85.07.30-033.28, 11.222.333/0001-81",            "***, ***"},
    {"11010519491231002X",                             "***"},
    {"\"ssn\": \"070912-2089417\", passport 523456789", "\"ssn\": \"***\", passport ***"},
};

/* What stands before a number says that it is one of a telephone. Numbers as their countries write
 * them, of the ranges that are kept for examples where there are any. */
static const struct {
    const char *text;
    const char *want;
} phone_rows[] = {
    {"+683 4001, (+44) 20 7946 0958, +44 (0)20 7946 0958",  "***, ***, ***"},
    {"call 0049 30 1234567 or 004930123456 or 0044 20 7946 0958", "call *** or 004930123456 or ***"},
    {"dial 00442079460958 now",                              "dial *** now"},
    {"Handy 0171-2345678, Mobil: 0171 2345678",              "Handy ***, Mobil: ***"},
    {"m\xc3\xb3vil 612 34 56 78; tel\xc3\xa9" "fono: 912345678", "m\xc3\xb3vil ***; tel\xc3\xa9" "fono: ***"},
    {"T\xc3\xa9l\xc3\xa9phone : 01 23 45 67 89",           "T\xc3\xa9l\xc3\xa9phone : ***"},
    {"\xd0\xa2\xd0\xb5\xd0\xbb.: 8 (495) 123-45-67",     "\xd0\xa2\xd0\xb5\xd0\xbb.: ***"},
    {"\xe9\x9b\xbb\xe8\xa9\xb1 03-1234-5678",            "\xe9\x9b\xbb\xe8\xa9\xb1 ***"},
    {"call me at 5551234, reach us on 98765432",             "call me at ***, reach us on ***"},
    {"WhatsApp 98765 43210 or my number is 0171 2345678",    "WhatsApp *** or my number is ***"},
    {"{\"contact_number\":\"5551234\",\"cellPhone\":\"98765432\"}", "{\"contact_number\":\"***\",\"cellPhone\":\"***\"}"},
    {"{\"phones\":[\"030 1234567\", \"5551234\"]}",        "{\"phones\":[\"***\", \"***\"]}"},
    {"<phone>5551234</phone><td>Fax</td><td class=\"n\">5551235</td>", "<phone>***</phone><td>Fax</td><td class=\"n\">***</td>"},
    {"Tel. (work): 5551234, phone2=5551235",                 "Tel. (work): ***, phone2=***"},
    {"T: 030 1234567 M: 0171 2345678",                       "T: *** M: ***"},
    {"from 01 23 45 67 89 and 020 7946 0958, (030) 1234567", "from *** and ***, ***"},
    {"(11) 91234-5678, 070-123 45 67, 030/1234567",          "***, ***, ***"},
    {"at +61.3.2937.8051, phone=9648.0327",                  "at ***, phone=***"},
    {"mobile: 5551234, cell 98765432",                       "mobile: ***, cell ***"},
};

static const char *const no_phones[] = {
    "telemetry: 47364659 events", "table cell 12345678 of 7254067", "contact id 18711915", "fax_id=034457919",
    "callback id 56528202", "phone_id: 1234567890", "call stack 1234567", "cellular: 7315511 bytes", "mobile 12345678 downloads",
    "iPhone 12345678", "account 009579792272", "offset 00786951 02409949", "(870/7741) 7-7-6", "040 0678 320 px", "seen 061214-9093", "at 070542-2149",
    "phone 1.2.345678", "part 00-6221 2132-253", "1024 01 23 45 67 89", "my number is 12345678", "t: 12345678", "sku 4004799858350",
    "AWS 1234-5678-9012 and 0123-4567-8901", "since 123456782", "parcel 0003 8740 4539", "nasdaq 046454286", "single 046454286",
};

static const char *const no_persons[] = {
    "git@github.com:me/todo.git", "ssh://deploy@host.example.com/x", 
    "arn:aws:sts::123456789012:assumed-role/Admin/jane@example.com", "npm i @scope/pkg@1.2.3 left@latest",
    "icon@2x.png getty@tty1.service", "W@x.transpose()", "@app.get('/x')", "pkg@1.2.3-beta.1 u@host", "postgres://db.example.com:5432/app", "uses: actions/checkout@v4.1.0",
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

static void a_number_of_a_telephone_is_told_by_what_stands_before_it_or_by_its_groups(
    void **state) {
    CLEANUP(redactor_freep) struct redactor *redactor = redactor_of_persons(false);

    (void)state;
    for (size_t i = 0; i < ARRAY_N(phone_rows); i++) {
        CLEANUP(freep) char *masked = mask_of(redactor, str_from(phone_rows[i].text), NULL);
        if (strcmp(masked, phone_rows[i].want) != 0) {
            fail_msg("%s\n -> %s\n not %s", phone_rows[i].text, masked, phone_rows[i].want);
        }
    }
    check_stays(redactor, no_phones, ARRAY_N(no_phones));
}

static void every_word_of_a_telephone_is_found_in_its_table(void **state) {
    static const struct {
        const char *text;
        const char *class;
    } words[] = {
#define WORD(text, class) {text, #class},
#include "guard/redact/person_word.def"
#undef WORD
    };
    CLEANUP(redactor_freep) struct redactor *redactor = redactor_of_persons(false);

    (void)state;
    for (size_t i = 0; i < ARRAY_N(words); i++) {
        bool is_between = strcmp(words[i].class, "GLUE") == 0 ||
                          strcmp(words[i].class, "TELLING") == 0 ||
                          strcmp(words[i].class, "OWNER") == 0;
        CLEANUP(freep)
        char *text = mem_format("%s %s: (030) 98765", is_between ? "tel" : "a", words[i].text);
        CLEANUP(freep) char *masked = mask_of(redactor, str_from(text), NULL);

        assert_true(i == 0 || strcmp(words[i - 1].text, words[i].text) < 0);
        if (strstr(masked, "***") == NULL && strcmp(words[i].class, "LETTER") != 0 &&
            strcmp(words[i].class, "VERB") != 0) {
            fail_msg("%s", masked);
        }
    }
}

/* The last digit of each example is changed: others are of that kind seldom. */
static void a_number_that_somebody_issued_is_told_by_its_check_digits(void **state) {
    static const struct {
        const char *kind;
        const char *words;
        const char *example;
    } offices[] = {
#define ISSUED(kind, n, own, separator, weights, second, modulus, rest, is_valid, words, example)  \
    {kind, words, example},
#include "guard/redact/person_id.def"
#undef ISSUED
    };
    CLEANUP(redactor_freep) struct redactor *redactor = redactor_of_persons(false);

    (void)state;
    for (size_t i = 0; i < ARRAY_N(offices); i++) {
        struct str words = str_from(offices[i].words);
        struct str word = {0};
        size_t n = 0;

        (void)str_next(&words, ' ', &word);
        CLEANUP(freep)
        char *text = mem_format("%.*s: %s", (int)word.len, word.ptr, offices[i].example);
        char *last = text + strlen(text) - 1;
        char right = *last;
        for (char *p = text; p < last; p++) {
            *p = *p == '*' ? 'x' : *p == '_' ? ' ' : *p;
        }
        for (*last = '0'; *last <= '9'; ++*last) {
            struct redact_hit hits[2];
            size_t found = redact_find(redactor, str_from(text), hits, ARRAY_N(hits));
            bool is_kind = found == 1 && strcmp(hits[0].kind, offices[i].kind) == 0;
            n += is_kind;
            if (*last == right && !is_kind) {
                fail_msg("%s is no %s", text, offices[i].kind);
            }
        }
        bool is_last_free =
            strcmp(offices[i].kind, "dk-cpr") == 0 || strcmp(offices[i].kind, "is-kennitala") == 0;
        if (!is_last_free && n != 1) {
            fail_msg("%s: %zu last digits of ten", offices[i].kind, n);
        }
    }
}

static void numbers_that_only_look_so_stay(void **state) {
    CLEANUP(redactor_freep) struct redactor *redactor = redactor_of_persons(false);

    (void)state;
    check_stays(redactor, no_persons, ARRAY_N(no_persons));
    check_stays(redactor, harmless, harmless_n);
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
        cmocka_unit_test(a_number_of_a_telephone_is_told_by_what_stands_before_it_or_by_its_groups),
        cmocka_unit_test(every_word_of_a_telephone_is_found_in_its_table),
        cmocka_unit_test(a_number_that_somebody_issued_is_told_by_its_check_digits),
        cmocka_unit_test(numbers_that_only_look_so_stay),
        cmocka_unit_test(persons_stay_where_nobody_asked_for_them),
        cmocka_unit_test(addresses_of_machines_are_masked_on_demand),
        cmocka_unit_test(persons_are_found_however_the_bytes_arrive),
        cmocka_unit_test(it_is_counted_what_was_masked),
        cmocka_unit_test(the_lines_of_an_env_file_become_known),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
