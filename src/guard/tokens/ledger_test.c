/* ledger: every interleaving of a small case, then ten threads at once, never go over the budget.
 *
 * ledger.c is compiled into this file with its atomic operations behind a gate, so that the code
 * that is tested is the code that runs. Two calls are interleaved at each operation, three at each
 * operation on the word that all of them change.
 */
#include <pthread.h>
#include <semaphore.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

static void gate(const volatile void *word);

#undef atomic_load
#define atomic_load(word) (gate(word), atomic_load_explicit((word), memory_order_seq_cst))
#undef atomic_fetch_add
#define atomic_fetch_add(word, n)                                                                  \
    (gate(word), atomic_fetch_add_explicit((word), (n), memory_order_seq_cst))
#undef atomic_compare_exchange_strong
#define atomic_compare_exchange_strong(word, seen, next)                                           \
    (gate(word), atomic_compare_exchange_strong_explicit(                                          \
                     (word), (seen), (next), memory_order_seq_cst, memory_order_seq_cst))
#include "guard/tokens/ledger.c" /* NOLINT: on purpose, see above */

enum { PLAYERS_MAX = 3, STEPS_MAX = 64, THREADS = 10, CALLS = 3000 };
enum { ASKED_IN = 30000, ASKED_OUT = 20000, USED_IN = 10000, USED_OUT = 5000 };

/* ---- A schedule: at each step one player is let through the gate ---- */

struct player {
    pthread_t thread;
    sem_t go; /* may take the next step */
    uint32_t used_in;
    bool is_done;
    bool is_held; /* its call got what it asked for */
};

static struct {
    struct token_ledger ledger;
    struct player players[PLAYERS_MAX];
    int player_n;
    const volatile void *word; /* operations on this one are steps; NULL: on each */
    sem_t arrived;             /* a player stands at the gate, or is done */
} play;

static _Thread_local struct player *me; /* NULL: whoever this is, the gate is open */

static void gate(const volatile void *word) {
    if (me != NULL && (play.word == NULL || word == play.word)) {
        sem_post(&play.arrived);
        sem_wait(&me->go);
    }
}

static bool is_within_budget(struct token_ledger *ledger) {
    struct token_sum taken = token_ledger_taken(ledger);

    return taken.in <= limit(LIMIT_TOKENS_IN) && taken.out <= limit(LIMIT_TOKENS_OUT);
}

static void *call_once(void *arg) {
    struct token_sum used = {0, USED_OUT};
    struct token_hold hold;

    me = arg;
    used.in = me->used_in;
    me->is_held = token_ledger_hold(&play.ledger, ASKED_IN, 1, ASKED_OUT, &hold) == TOKENS_HELD;
    if (me->is_held) {
        (void)token_ledger_settle(&play.ledger, &hold, &used);
    }
    me->is_done = true;
    sem_post(&play.arrived);
    return NULL;
}

/* One choice of a schedule: which of the players that were waiting. */
struct choice {
    int taken, n;
};

static int waiting(int nth) {
    for (int i = 0; i < play.player_n; i++) {
        if (!play.players[i].is_done && nth-- == 0) {
            return i;
        }
    }
    return -1;
}

static int waiting_n(void) {
    int n = 0;

    while (waiting(n) >= 0) {
        n++;
    }
    return n;
}

/* Plays one schedule: `*depth` given choices, then always the first. Returns the steps. */
static int play_once(struct choice *choices, int depth) {
    int steps = 0, held = 0;
    uint32_t used_in = 0, above = 0;

    token_ledger_init(&play.ledger, (struct token_sum){0, 0});
    for (int i = 0; i < play.player_n; i++) {
        play.players[i].is_done = false;
        sem_init(&play.players[i].go, 0, 0);
        pthread_create(&play.players[i].thread, NULL, call_once, &play.players[i]);
        sem_wait(&play.arrived); /* one after the other, so that a schedule repeats */
    }
    for (int n = waiting_n(); n > 0; n = waiting_n()) {
        assert_true(steps < STEPS_MAX);
        choices[steps] = (struct choice){steps < depth ? choices[steps].taken : 0, n};
        sem_post(&play.players[waiting(choices[steps].taken)].go);
        sem_wait(&play.arrived);
        steps++;
        assert_true(is_within_budget(&play.ledger));
    }
    for (int i = 0; i < play.player_n; i++) {
        pthread_join(play.players[i].thread, NULL);
        sem_destroy(&play.players[i].go);
        if (play.players[i].is_held) {
            uint32_t used = play.players[i].used_in;

            held++;
            used_in += used;
            above = used > ASKED_IN && used - ASKED_IN > above ? used - ASKED_IN : above;
        }
    }
    assert_true(held >= 2); /* two fit; nobody is refused for nothing */
    assert_int_equal(atomic_load(&play.ledger.margin), above);
    assert_int_equal(token_ledger_taken(&play.ledger).in, used_in);
    assert_int_equal(token_ledger_taken(&play.ledger).out, held * USED_OUT);
    return steps;
}

/* Plays every schedule of calls that use `used_in`, and each next one `more` than that. Returns
 * their number. */
static int play_all(int player_n, const volatile void *word, uint32_t used_in, uint32_t more) {
    struct choice choices[STEPS_MAX];
    int depth = 0, schedules = 0;

    play.player_n = player_n;
    play.word = word;
    for (int i = 0; i < player_n; i++) {
        play.players[i].used_in = used_in + (uint32_t)i * more;
    }
    sem_init(&play.arrived, 0, 0);
    do {
        depth = play_once(choices, depth);
        schedules++;
        while (depth > 0 && choices[depth - 1].taken + 1 == choices[depth - 1].n) {
            depth--;
        }
        if (depth > 0) {
            choices[depth - 1].taken++;
        }
    } while (depth > 0);
    sem_destroy(&play.arrived);
    return schedules;
}

static void two_calls_in_every_order_stay_within_the_budget(void **state) {
    (void)state;
    assert_true(play_all(2, NULL, USED_IN, 0) >=
                900); /* 12 over 6, and more where one has to look again */
}

static void three_calls_in_every_order_stay_within_the_budget(void **state) {
    (void)state;
    assert_true(play_all(3, &play.ledger.taken, USED_IN, 0) >= 500);
}

static void of_alarms_in_every_order_the_highest_is_the_margin(void **state) {
    (void)state;
    assert_true(play_all(2, &play.ledger.margin, ASKED_IN + 1, 1) >= 20);
    assert_true(play_all(2, &play.ledger.margin, ASKED_IN + 2, -1U) >= 20);
}

/* ---- Load, with faults ---- */

struct worker {
    struct token_ledger *ledger;
    struct token_sum spent; /* what has to be on the ledger for its calls */
    unsigned seed;
    int held, over;
};

static void *call_often(void *arg) {
    struct worker *worker = arg;

    for (int i = 0; i < CALLS; i++) {
        struct token_hold hold;
        struct token_sum used = {(uint32_t)rand_r(&worker->seed) % 3, 0};
        uint32_t counted = 5000 + (uint32_t)rand_r(&worker->seed) % 5000;

        if (token_ledger_hold(worker->ledger, counted, 1, 4000, &hold) == TOKENS_HELD) {
            bool is_lost =
                rand_r(&worker->seed) % 500 == 0; /* cut off, or the process was killed */
            struct token_sum spent = is_lost ? hold.held : used;

            worker->held++;
            worker->over += !is_within_budget(worker->ledger);
            (void)token_ledger_settle(worker->ledger, &hold, is_lost ? NULL : &used);
            worker->spent.in += spent.in;
            worker->spent.out += spent.out;
        }
        worker->over += !is_within_budget(worker->ledger);
    }
    return NULL;
}

static void ten_calls_at_once_stay_within_the_budget(void **state) {
    struct token_ledger ledger;
    struct worker workers[THREADS];
    pthread_t threads[THREADS];
    struct token_sum spent = {0, 0};
    int held = 0;

    (void)state;
    token_ledger_init(&ledger, (struct token_sum){0, 0});
    for (unsigned i = 0; i < THREADS; i++) {
        workers[i] = (struct worker){.ledger = &ledger, .seed = i};
        pthread_create(&threads[i], NULL, call_often, &workers[i]);
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        assert_int_equal(workers[i].over, 0);
        spent.in += workers[i].spent.in;
        spent.out += workers[i].spent.out;
        held += workers[i].held;
    }
    assert_true(held > 100);
    assert_int_equal(token_ledger_taken(&ledger).in, spent.in);
    assert_int_equal(token_ledger_taken(&ledger).out, spent.out);
}

/* ---- One call after the other ---- */

static void an_answer_is_cut_to_what_is_left_and_refused_below_its_least(void **state) {
    struct token_ledger ledger;
    struct token_hold hold = {{0, 0}, 0};

    (void)state;
    token_ledger_init(&ledger, (struct token_sum){0, 39000});
    assert_int_equal(token_ledger_hold(&ledger, 10, 1001, 4000, &hold), TOKENS_REFUSED);
    assert_int_equal(hold.held.in, 0);
    assert_int_equal(token_ledger_hold(&ledger, 10, 1000, 4000, &hold), TOKENS_HELD);
    assert_int_equal(hold.held.out, 1000);
    assert_int_equal(token_ledger_hold(&ledger, 10, 1, 1, &hold), TOKENS_REFUSED);
    assert_int_equal(token_ledger_taken(&ledger).out, 40000);
}

static void a_prompt_that_does_not_fit_is_refused(void **state) {
    struct token_ledger ledger;
    struct token_hold hold;
    struct token_sum used = {2, 0};

    (void)state;
    token_ledger_init(&ledger, (struct token_sum){0, 0});
    assert_int_equal(token_ledger_hold(&ledger, 1, 1, 1, &hold), TOKENS_HELD);
    assert_true(token_ledger_settle(&ledger, &hold, &used)); /* the margin is no way round */
    assert_int_equal(token_ledger_hold(&ledger, UINT32_MAX, 1, 1, &hold), TOKENS_REFUSED);
    token_ledger_init(&ledger, (struct token_sum){79999, 0});
    assert_int_equal(token_ledger_hold(&ledger, 2, 1, 1, &hold), TOKENS_REFUSED);
    assert_int_equal(token_ledger_hold(&ledger, UINT32_MAX, 1, 1, &hold), TOKENS_REFUSED);
    assert_int_equal(token_ledger_hold(&ledger, 1, 1, 1, &hold), TOKENS_HELD);
}

/* A bill that was higher than its hold, or what an earlier process spent, leaves less than nothing.
 */
static void over_the_budget_nothing_is_left(void **state) {
    struct token_ledger ledger;
    struct token_hold hold;

    (void)state;
    token_ledger_init(&ledger, (struct token_sum){0, 0});
    token_ledger_spend(&ledger, (struct token_sum){80001, 7});
    assert_int_equal(token_ledger_hold(&ledger, 1, 1, 1, &hold), TOKENS_REFUSED);
    token_ledger_raise(&ledger);
    token_ledger_spend(&ledger, (struct token_sum){0, 60001});
    assert_int_equal(token_ledger_hold(&ledger, 1, 1, 1, &hold), TOKENS_REFUSED);
    assert_int_equal(token_ledger_taken(&ledger).in, 80001); /* both are counted */
    assert_int_equal(token_ledger_taken(&ledger).out, 60008);
}

/* Whatever servers say was used by calls at once, no sum runs over, nor into the other. */
static void a_bill_beyond_all_reason_ends_the_budget(void **state) {
    struct token_ledger ledger;
    struct token_hold holds[THREADS];
    struct token_sum used = {UINT32_MAX, UINT32_MAX};

    (void)state;
    token_ledger_init(&ledger, (struct token_sum){0, 0});
    for (size_t i = 0; i < THREADS; i++) {
        assert_int_equal(token_ledger_hold(&ledger, 100, 1, 100, &holds[i]), TOKENS_HELD);
    }
    for (size_t i = 0; i < THREADS; i++) {
        (void)token_ledger_settle(&ledger, &holds[i], &used);
        assert_int_equal(token_ledger_level(&ledger), TOKEN_LEVEL_CEILING);
        assert_true(token_ledger_taken(&ledger).in > limit(LIMIT_TOKENS_IN_CEILING));
        assert_true(token_ledger_taken(&ledger).out > limit(LIMIT_TOKENS_OUT_CEILING));
    }
    assert_int_equal(token_ledger_taken(&ledger).in, token_ledger_taken(&ledger).out);
    assert_int_equal(token_ledger_hold(&ledger, 0, 1, 1, &holds[0]), TOKENS_REFUSED);
}

static void a_hold_is_settled_once(void **state) {
    struct token_ledger ledger;
    struct token_hold hold;
    struct token_sum used = {10, 5}, nothing = {0, 0};

    (void)state;
    token_ledger_init(&ledger, (struct token_sum){0, 0});
    assert_int_equal(token_ledger_hold(&ledger, 500, 1, 700, &hold), TOKENS_HELD);
    (void)token_ledger_settle(&ledger, &hold, &used);
    (void)token_ledger_settle(&ledger, &hold, &nothing); /* gives nothing back again */
    assert_int_equal(token_ledger_taken(&ledger).in, 10);
    assert_int_equal(token_ledger_taken(&ledger).out, 5);
}

static void a_use_that_is_not_known_is_all_of_the_hold(void **state) {
    struct token_ledger ledger;
    struct token_hold hold;

    (void)state;
    token_ledger_init(&ledger, (struct token_sum){0, 0});
    assert_int_equal(token_ledger_hold(&ledger, 500, 1, 700, &hold), TOKENS_HELD);
    assert_false(token_ledger_settle(&ledger, &hold, NULL));
    assert_int_equal(token_ledger_taken(&ledger).in, 500);
    assert_int_equal(token_ledger_taken(&ledger).out, 700);
}

static void a_prompt_above_its_count_raises_the_alarm_and_the_margin(void **state) {
    struct token_ledger ledger;
    struct token_hold hold;
    struct token_sum used = {112, 5};

    (void)state;
    token_ledger_init(&ledger, (struct token_sum){0, 0});
    assert_int_equal(token_ledger_hold(&ledger, 100, 1, 10, &hold), TOKENS_HELD);
    assert_true(token_ledger_settle(&ledger, &hold, &used));
    assert_int_equal(token_ledger_taken(&ledger).in, 112);
    assert_int_equal(token_ledger_hold(&ledger, 100, 1, 10, &hold), TOKENS_HELD);
    assert_int_equal(hold.held.in, 112);
    assert_false(token_ledger_settle(&ledger, &hold, &used)); /* no further than before */
    assert_int_equal(token_ledger_taken(&ledger).in, 224);
    assert_int_equal(token_ledger_hold(&ledger, 100, 1, 10, &hold), TOKENS_HELD);
    used.in = 130; /* 30 above its count, 18 above what was held */
    assert_true(token_ledger_settle(&ledger, &hold, &used));
    assert_int_equal(token_ledger_hold(&ledger, 100, 1, 10, &hold), TOKENS_HELD);
    assert_int_equal(hold.held.in, 130);
}

static void levels_follow_the_fuller_budget(void **state) {
    /* clang-format off */
    static const struct {
        struct token_sum spent;
        enum token_level level, raised;
    } rows[] = {
        /* spent            by default           with the ceiling */
        {{63999, 31999},  TOKEN_LEVEL_LOW,     TOKEN_LEVEL_LOW},
        {{64000, 0},      TOKEN_LEVEL_NEAR,    TOKEN_LEVEL_LOW},
        {{0, 32000},      TOKEN_LEVEL_NEAR,    TOKEN_LEVEL_LOW},
        {{80000, 0},      TOKEN_LEVEL_SPENT,   TOKEN_LEVEL_LOW},
        {{0, 40000},      TOKEN_LEVEL_SPENT,   TOKEN_LEVEL_LOW},
        {{96000, 0},      TOKEN_LEVEL_SPENT,   TOKEN_LEVEL_NEAR},
        {{0, 48000},      TOKEN_LEVEL_SPENT,   TOKEN_LEVEL_NEAR},
        {{120000, 0},     TOKEN_LEVEL_CEILING, TOKEN_LEVEL_CEILING},
        {{0, 60000},      TOKEN_LEVEL_CEILING, TOKEN_LEVEL_CEILING},
    };
    /* clang-format on */

    (void)state;
    for (size_t i = 0; i < ARRAY_N(rows); i++) {
        struct token_ledger ledger;

        token_ledger_init(&ledger, rows[i].spent);
        assert_int_equal(token_ledger_level(&ledger), rows[i].level);
        token_ledger_raise(&ledger);
        assert_int_equal(token_ledger_level(&ledger), rows[i].raised);
    }
}

static void a_raised_budget_ends_at_the_ceiling(void **state) {
    struct token_ledger ledger;
    struct token_hold hold;

    (void)state;
    token_ledger_init(&ledger, (struct token_sum){80000, 40000});
    assert_int_equal(token_ledger_hold(&ledger, 1, 1, 1, &hold), TOKENS_REFUSED);
    token_ledger_raise(&ledger);
    assert_int_equal(token_ledger_hold(&ledger, 40001, 1, 1, &hold), TOKENS_REFUSED);
    assert_int_equal(token_ledger_hold(&ledger, 40000, 1, 30000, &hold), TOKENS_HELD);
    assert_int_equal(hold.held.out, 20000);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(two_calls_in_every_order_stay_within_the_budget),
        cmocka_unit_test(three_calls_in_every_order_stay_within_the_budget),
        cmocka_unit_test(of_alarms_in_every_order_the_highest_is_the_margin),
        cmocka_unit_test(ten_calls_at_once_stay_within_the_budget),
        cmocka_unit_test(an_answer_is_cut_to_what_is_left_and_refused_below_its_least),
        cmocka_unit_test(a_prompt_that_does_not_fit_is_refused),
        cmocka_unit_test(over_the_budget_nothing_is_left),
        cmocka_unit_test(a_bill_beyond_all_reason_ends_the_budget),
        cmocka_unit_test(a_hold_is_settled_once),
        cmocka_unit_test(a_use_that_is_not_known_is_all_of_the_hold),
        cmocka_unit_test(a_prompt_above_its_count_raises_the_alarm_and_the_margin),
        cmocka_unit_test(levels_follow_the_fuller_budget),
        cmocka_unit_test(a_raised_budget_ends_at_the_ceiling),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
