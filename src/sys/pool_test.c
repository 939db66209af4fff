/* Workers: every job runs once, the owner is woken, closing waits for what runs. */
#include "sys/pool.h"

#include "base/clock.h"

#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

struct work {
    int runs;
    int64_t sleep_ms;
    pthread_t by;
};

static atomic_int running;
static atomic_int running_max;

static void run(void *arg) {
    struct work *work = arg;
    int now = atomic_fetch_add(&running, 1) + 1;
    int max = atomic_load(&running_max);

    while (now > max && !atomic_compare_exchange_weak(&running_max, &max, now)) {
    }
    if (work->sleep_ms > 0) {
        clock_sleep_ms(work->sleep_ms);
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

static void no_more_than_the_given_number_run_at_once(void **state) {
    struct work works[12] = {0};
    struct pool *pool = open_pool(3);
    struct err err = {0};

    (void)state;
    atomic_store(&running_max, 0);
    for (size_t i = 0; i < 12; i++) {
        works[i].sleep_ms = 20;
        assert_int_equal(pool_submit(pool, run, &works[i], &err), ERR_NONE);
    }
    while (pool_wait(pool) != NULL) {
    }
    assert_int_equal(atomic_load(&running_max), 3);
    pool_close(pool);
}

static void a_quick_job_is_not_held_up_by_a_slow_one(void **state) {
    struct work slow = {.sleep_ms = 500};
    struct work quick = {0};
    struct pool *pool = open_pool(2);
    struct err err = {0};

    (void)state;
    assert_int_equal(pool_submit(pool, run, &slow, &err), ERR_NONE);
    assert_int_equal(pool_submit(pool, run, &quick, &err), ERR_NONE);
    assert_ptr_equal(pool_wait(pool), &quick);
    assert_ptr_equal(pool_wait(pool), &slow);
    pool_close(pool);
}

static void closing_waits_for_what_runs_and_drops_what_does_not(void **state) {
    struct work works[3] = {{.sleep_ms = 100}, {0}, {0}};
    struct pool *pool = open_pool(1);
    struct err err = {0};

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(pool_submit(pool, run, &works[i], &err), ERR_NONE);
    }
    while (atomic_load(&running) == 0) {
        clock_sleep_ms(1);
    }
    pool_close(pool);
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
