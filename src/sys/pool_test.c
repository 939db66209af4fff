/* Workers: every job runs once, the owner is woken, closing waits for what runs. */
#include "sys/pool.h"

#include "base/clock.h"
#include "sys/fs.h"

#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

enum { PATIENCE_MS = 20000 };

struct work {
    int runs;
    bool (*may_end)(void); /* runs until this is so; NULL: ends at once */
    pthread_t by;
};

static atomic_int running;
static atomic_int running_max;
static atomic_bool is_released;
static atomic_int closer; /* the thread that closes a pool now; 0: none does yet */

static void run(void *arg) {
    struct work *work = arg;
    int now = atomic_fetch_add(&running, 1) + 1;
    int max = atomic_load(&running_max);
    int64_t late_ms = clock_mono_ms() + PATIENCE_MS;

    while (now > max && !atomic_compare_exchange_weak(&running_max, &max, now)) {
    }
    while (work->may_end != NULL && !work->may_end() && clock_mono_ms() < late_ms) {
        clock_sleep_ms(1);
    }
    work->runs++;
    work->by = pthread_self();
    atomic_fetch_sub(&running, 1);
}

static struct pool *open_pool(int workers) {
    struct pool *pool = NULL;
    struct err err = {0};

    assert_int_equal(pool_open(workers, &pool, &err), ERR_NONE);
    return pool;
}

static void every_job_runs_once_and_comes_back(void **state) {
    static struct work works[POOL_JOBS_MAX];
    struct pool *pool = open_pool(POOL_WORKERS_MAX);
    struct err err = {0};
    int back = 0;

    (void)state;
    for (int i = 0; i < POOL_JOBS_MAX; i++) {
        assert_int_equal(pool_submit(pool, run, &works[i], &err), ERR_NONE);
    }
    assert_int_equal(pool_submit(pool, run, &works[0], &err), ERR_TOO_LARGE);
    while (pool_pending(pool) > 0) {
        struct pollfd fd = {pool_fd(pool), POLLIN, 0};
        assert_int_equal(poll(&fd, 1, 10000), 1);
        for (struct work *work = NULL; (work = pool_collect(pool)) != NULL; back++) {
            assert_int_equal(work->runs, 1);
            assert_false(pthread_equal(work->by, pthread_self()));
        }
    }
    assert_int_equal(back, POOL_JOBS_MAX);
    struct pollfd fd = {pool_fd(pool), POLLIN, 0};
    assert_int_equal(poll(&fd, 1, 0), 0); /* empty: not readable */
    assert_null(pool_collect(pool));
    assert_null(pool_wait(pool));
    pool_close(pool);
}

static bool three_have_run_at_once(void) { return atomic_load(&running_max) >= 3; }

static void no_more_than_the_given_number_run_at_once(void **state) {
    struct work works[12] = {0};
    struct pool *pool = open_pool(3);
    struct err err = {0};

    (void)state;
    atomic_store(&running_max, 0);
    for (size_t i = 0; i < 12; i++) {
        works[i].may_end = three_have_run_at_once;
        assert_int_equal(pool_submit(pool, run, &works[i], &err), ERR_NONE);
    }
    while (pool_wait(pool) != NULL) {
    }
    assert_int_equal(atomic_load(&running_max), 3);
    pool_close(pool);
}

static bool it_is_released(void) { return atomic_load(&is_released); }

static void a_quick_job_is_not_held_up_by_a_slow_one(void **state) {
    struct work slow = {.may_end = it_is_released};
    struct work quick = {0};
    struct pool *pool = open_pool(2);
    struct err err = {0};

    (void)state;
    atomic_store(&is_released, false);
    assert_int_equal(pool_submit(pool, run, &slow, &err), ERR_NONE);
    assert_int_equal(pool_submit(pool, run, &quick, &err), ERR_NONE);
    assert_ptr_equal(pool_wait(pool), &quick);
    atomic_store(&is_released, true);
    assert_ptr_equal(pool_wait(pool), &slow);
    pool_close(pool);
}

/* Whoever closes sleeps: the pool is told to end, and what runs is waited for. */
static bool the_closer_waits(void) {
    CLEANUP(freep) char *path = mem_format("/proc/self/task/%d/stat", atomic_load(&closer));
    CLEANUP(buf_done) struct buf stat = BUF_INIT(1024);
    struct err none_yet = {0};

    return atomic_load(&closer) != 0 && fs_read_file(path, 1024, &stat, &none_yet) == ERR_NONE &&
           str_find(buf_str(&stat), STR(") S ")) >= 0;
}

static void *close_pool(void *pool) {
    atomic_store(&closer, gettid());
    pool_close(pool);
    return NULL;
}

static void closing_waits_for_what_runs_and_drops_what_does_not(void **state) {
    struct work works[3] = {{.may_end = the_closer_waits}, {0}, {0}};
    struct pool *pool = open_pool(1);
    struct err err = {0};
    pthread_t thread;

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(pool_submit(pool, run, &works[i], &err), ERR_NONE);
    }
    while (atomic_load(&running) == 0) {
        clock_sleep_ms(1);
    }
    assert_int_equal(pthread_create(&thread, NULL, close_pool, pool), 0);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_int_equal(works[0].runs, 1);
    assert_int_equal(works[1].runs + works[2].runs, 0);
    pool_close(NULL);
}

static void a_pool_has_one_to_ten_workers(void **state) {
    struct pool *pool = NULL;
    struct err err = {0};

    (void)state;
    assert_int_equal(pool_open(0, &pool, &err), ERR_INVALID);
    assert_int_equal(pool_open(11, &pool, &err), ERR_INVALID);
    assert_null(pool);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_job_runs_once_and_comes_back),
        cmocka_unit_test(no_more_than_the_given_number_run_at_once),
        cmocka_unit_test(a_quick_job_is_not_held_up_by_a_slow_one),
        cmocka_unit_test(closing_waits_for_what_runs_and_drops_what_does_not),
        cmocka_unit_test(a_pool_has_one_to_ten_workers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
