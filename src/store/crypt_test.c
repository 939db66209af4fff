/* The install key and its file; the resting form of bodies. */
#include "store/crypt.h"

#include "base/rand.h"
#include "store/pack.h"
#include "support/store_fixture.h"
#include "sys/fs.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

static int set_up(void **state) {
    struct fixture *f = mem_alloc(sizeof *f);

    fixture_open(f, &store_sqlite);
    *state = f;
    return 0;
}

static struct sha256 mac_of(struct crypt *c, const char *message) {
    struct sha256 mac = {{0}};

    MUST(crypt_mac(c, STR("test"), str_from(message), &mac, &err));
    return mac;
}

static struct sha256 mac_at(const char *path) {
    struct crypt *c = crypt_new(path);
    struct sha256 mac = mac_of(c, "m");

    crypt_free(c);
    return mac;
}

/* ---- The key file ---- */

static void the_key_is_made_once_and_stays_the_same(void **state) {
    struct fixture *f = *state;
    CLEANUP(freep) char *path = fs_join(f->dir, "k");
    CLEANUP(freep) char *other = fs_join(f->dir, "other");
    struct sha256 first = mac_at(path);
    struct stat st;

    assert_true(sha256_eq(first, mac_at(path)));
    assert_false(sha256_eq(first, mac_at(other)));
    assert_false(sha256_eq(first, mac_at(NULL)));
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_int_equal(st.st_size, 65);
}

static void a_mac_depends_on_purpose_and_message(void **state) {
    struct crypt *c = crypt_new(NULL);
    struct sha256 a;
    struct sha256 b;

    (void)state;
    MUST(crypt_mac(c, STR("p"), STR("qm"), &a, &err));
    MUST(crypt_mac(c, STR("pq"), STR("m"), &b, &err));
    assert_false(sha256_eq(a, b));
    MUST(crypt_mac(c, STR("p"), STR("qm"), &b, &err));
    assert_true(sha256_eq(a, b));
    crypt_free(c);
}

static void a_key_that_others_may_read_is_not_used(void **state) {
    struct fixture *f = *state;
    CLEANUP(freep) char *path = fs_join(f->dir, "k");
    struct crypt *c;
    struct sha256 mac;
    struct err why = {0};

    (void)mac_at(path);
    assert_int_equal(chmod(path, 0640), 0);
    c = crypt_new(path);
    assert_int_equal(crypt_mac(c, STR("p"), STR("m"), &mac, &why), ERR_CONFIG);
    assert_non_null(strstr(why.remedy, "chmod 600"));
    assert_int_equal(chmod(path, 0600), 0);
    MUST(crypt_mac(c, STR("p"), STR("m"), &mac, &err)); /* the same handle, after the remedy */
    crypt_free(c);
}

static void a_file_that_is_no_key_is_said_and_left_alone(void **state) {
    static const char *const bad[] = {
        "", "00\n", "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
        "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdeg\n",
        "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\n\n"};
    struct fixture *f = *state;
    CLEANUP(freep) char *path = fs_join(f->dir, "k");

    for (size_t i = 0; i < ARRAY_N(bad); i++) {
        struct crypt *c = crypt_new(path);
        struct buf text = BUF_INIT(100);
        struct sha256 mac;
        struct err why = {0};

        MUST(fs_write_file(path, str_from(bad[i]), 0600, &err));
        if (crypt_mac(c, STR("p"), STR("m"), &mac, &why) != ERR_CORRUPT || why.remedy[0] == '\0') {
            fail_msg("'%s': %s", bad[i], why.text);
        }
        MUST(fs_read_file(path, 100, &text, &err));
        assert_true(str_eq(buf_str(&text), str_from(bad[i])));
        buf_done(&text);
        crypt_free(c);
    }
}

struct race {
    const char *path;
    struct sha256 mac;
};

static void *make_key(void *context) {
    struct race *r = context;

    r->mac = mac_at(r->path);
    return NULL;
}

static void makers_of_the_key_at_the_same_time_agree(void **state) {
    struct fixture *f = *state;

    for (int round = 0; round < 10; round++) {
        char name[16];
        CLEANUP(freep) char *path = NULL;
        pthread_t threads[4];
        struct race races[4];

        (void)snprintf(name, sizeof name, "k%d", round);
        path = fs_join(f->dir, name);
        for (size_t i = 0; i < ARRAY_N(threads); i++) {
            races[i].path = path;
            assert_int_equal(pthread_create(&threads[i], NULL, make_key, &races[i]), 0);
        }
        for (size_t i = 0; i < ARRAY_N(threads); i++) {
            assert_int_equal(pthread_join(threads[i], NULL), 0);
            assert_true(sha256_eq(races[i].mac, races[0].mac));
        }
    }
}

/* ---- Encryption ---- */

static void what_is_encrypted_opens_only_unchanged_under_its_key_and_at_its_place(void **state) {
    struct crypt *c = crypt_new(NULL);
    struct crypt *other = crypt_new(NULL);
    struct buf sealed = BUF_INIT(1000);
    struct buf plain = BUF_INIT(1000);
    struct err why = {0};

    (void)state;
    MUST(crypt_encrypt(c, STR("s|1"), STR("a plain text"), &sealed, &err));
    assert_int_equal(sealed.len, 12 + 12 + 16);
    MUST(crypt_decrypt(c, STR("s|1"), buf_str(&sealed), &plain, &err));
    assert_true(str_eq(buf_str(&plain), STR("a plain text")));
    assert_int_equal(crypt_decrypt(c, STR("s|2"), buf_str(&sealed), &plain, &why), ERR_CORRUPT);
    assert_int_equal(crypt_decrypt(other, STR("s|1"), buf_str(&sealed), &plain, &why), ERR_CORRUPT);
    for (size_t i = 0; i < sealed.len; i++) {
        sealed.ptr[i] ^= 1;
        assert_int_equal(crypt_decrypt(c, STR("s|1"), buf_str(&sealed), &plain, &why), ERR_CORRUPT);
        sealed.ptr[i] ^= 1;
        assert_int_equal(
            crypt_decrypt(c, STR("s|1"), str_slice(buf_str(&sealed), 0, i), &plain, &why),
            ERR_CORRUPT);
    }
    assert_true(str_eq(buf_str(&plain), STR("a plain text"))); /* failures added nothing */
    buf_done(&sealed);
    buf_done(&plain);
    crypt_free(c);
    crypt_free(other);
}

static void the_same_text_is_never_encrypted_the_same(void **state) {
    struct crypt *c = crypt_new(NULL);
    struct buf a = BUF_INIT(1000);
    struct buf b = BUF_INIT(1000);

    (void)state;
    MUST(crypt_encrypt(c, STR(""), STR("text"), &a, &err));
    MUST(crypt_encrypt(c, STR(""), STR("text"), &b, &err));
    assert_false(str_eq(buf_str(&a), buf_str(&b)));
    buf_done(&a);
    buf_done(&b);
    crypt_free(c);
}

/* ---- Packing ---- */

static void assert_packs(struct crypt *c, struct str text, bool is_smaller) {
    struct buf packed = BUF_INIT(SIZE_MAX / 2);
    struct buf plain = BUF_INIT(SIZE_MAX / 2);

    MUST(pack_body(text, c, STR("at"), &packed, &err));
    if (text.len > 0) {
        MUST(unpack_body(buf_str(&packed), c, STR("at"), &plain, &err));
    }
    if (!str_eq(buf_str(&plain), text) || (packed.len < text.len) != is_smaller) {
        fail_msg("%zu bytes became %zu and %zu again", text.len, packed.len, plain.len);
    }
    buf_done(&packed);
    buf_done(&plain);
}

static void bodies_of_any_size_come_back_and_large_plain_ones_shrink(void **state) {
    static const size_t sizes[] = {0, 1, 199, 200, 2048, 16384, 16385, 300000, 4 << 20};
    struct crypt *c = crypt_new(NULL);
    char *text = mem_alloc(4 << 20);

    (void)state;
    for (size_t i = 0; i < ARRAY_N(sizes); i++) {
        memset(text, 'x', sizes[i]);
        assert_packs(NULL, (struct str){text, sizes[i]}, sizes[i] >= 200);
        assert_packs(c, (struct str){text, sizes[i]}, sizes[i] >= 200);
        rand_bytes(text, sizes[i]);
        assert_packs(NULL, (struct str){text, sizes[i]}, false);
        assert_packs(c, (struct str){text, sizes[i]}, false);
    }
    free(text);
    crypt_free(c);
}

static void a_damaged_body_is_an_error_and_never_a_crash(void **state) {
    struct buf packed = BUF_INIT(1 << 20);
    char text[1000];
    size_t wrong = 0;

    (void)state;
    for (size_t i = 0; i < sizeof text; i++) {
        text[i] = "{\"name\":\"value\"},"[i % 17];
    }
    MUST(pack_body((struct str){text, sizeof text}, NULL, STR(""), &packed, &err));
    for (size_t bit = 0; bit < packed.len * 8; bit++) {
        struct buf plain = BUF_INIT(1 << 20);
        struct err why = {0};

        packed.ptr[bit / 8] ^= (char)(1 << bit % 8);
        if (unpack_body(buf_str(&packed), NULL, STR(""), &plain, &why) != ERR_NONE) {
            wrong++;
        }
        packed.ptr[bit / 8] ^= (char)(1 << bit % 8);
        buf_done(&plain);
    }
    assert_true(wrong > packed.len); /* the digest of the record finds the others */
    buf_done(&packed);
}

static void a_length_that_promises_too_much_is_refused(void **state) {
    struct buf plain = BUF_INIT(SIZE_MAX / 2);
    struct buf packed = BUF_INIT(1000);
    char text[1000];
    struct err why = {0};

    (void)state;
    assert_int_equal(unpack_body(STR("\x01\xff\xff\xff\xff\x00"), NULL, STR(""), &plain, &why),
                     ERR_CORRUPT);
    assert_int_equal(unpack_body(STR("\x01\x00"), NULL, STR(""), &plain, &why), ERR_CORRUPT);
    assert_int_equal(unpack_body(STR("\x04zzz"), NULL, STR(""), &plain, &why), ERR_CORRUPT);
    memset(text, 'x', sizeof text);
    MUST(pack_body((struct str){text, sizeof text}, NULL, STR(""), &packed, &err));
    packed.ptr[4]++; /* the last byte of the length: 1001 */
    assert_int_equal(unpack_body(buf_str(&packed), NULL, STR(""), &plain, &why), ERR_CORRUPT);
    buf_done(&packed);
    buf_done(&plain);
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, set_up, fixture_tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        IN_FOLDER(the_key_is_made_once_and_stays_the_same),
        cmocka_unit_test(a_mac_depends_on_purpose_and_message),
        IN_FOLDER(a_key_that_others_may_read_is_not_used),
        IN_FOLDER(a_file_that_is_no_key_is_said_and_left_alone),
        IN_FOLDER(makers_of_the_key_at_the_same_time_agree),
        cmocka_unit_test(what_is_encrypted_opens_only_unchanged_under_its_key_and_at_its_place),
        cmocka_unit_test(the_same_text_is_never_encrypted_the_same),
        cmocka_unit_test(bodies_of_any_size_come_back_and_large_plain_ones_shrink),
        cmocka_unit_test(a_damaged_body_is_an_error_and_never_a_crash),
        cmocka_unit_test(a_length_that_promises_too_much_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
