/* guard/redact/budget.h: how much work a text may make.
 *
 * Work is counted by what is done, never by a clock, so that the same bytes are masked alike on any
 * machine and however they arrive. A step is about a nanosecond. What was masked gives new steps by
 * its bytes, not by those it was made of, which give back what it took to find them: masking it
 * again starts with no less, and costs no more, so that it never ends earlier. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    BUDGET_MAX = 3600000,
    BUDGET_A_BYTE = 22,    /* new steps for a byte of what was masked */
    BUDGET_KEPT = 3,       /* of so many parts one is for what lines must know of those before */
    BUDGET_SEGMENT = 110,  /* what things cost: one that is looked at ... */
    BUDGET_BYTE = 1,       /* ... and a byte of it; ... */
    BUDGET_VIEW = 390,     /* ... one way to read it ... */
    BUDGET_VIEW_BYTE = 2,  /* ... and a byte of that; ... */
    BUDGET_INNER = 900,    /* ... what was encoded in it ... */
    BUDGET_ROUND = 260,    /* ... one that is read again ... */
    BUDGET_ROUND_BYTE = 2, /* ... and a byte of that; ... */
    BUDGET_KNOWN = 80,     /* ... one that stood there before, and is not; ... */
    BUDGET_ANCHOR = 45,    /* ... a place where a matcher is called; ... */
    BUDGET_NAME = 195,     /* ... a name that is judged, with what stands around it; ... */
    BUDGET_LEAD = 230,     /* ... what a log puts before its line; ... */
    BUDGET_READ = 70,      /* ... what stands behind one with a sign, ... */
    BUDGET_BLANK = 400,    /* ... what stands behind one without a sign; ... */
    BUDGET_RUN_BYTE = 3,   /* ... a byte of a run that may be encoded; ... */
    BUDGET_WALK_BYTE = 10, /* ... one of a program's arguments, or of what brackets hold; ... */
    BUDGET_VALUE = 650,    /* ... a value that nobody knows; ... */
    BUDGET_PERSON = 40,    /* ... a number or an address of a person; ... */
    BUDGET_LOOK = 22       /* ... and what a place that is looked at for one takes, in parts */
};

struct budget {
    int64_t max;
    int64_t left;
    int64_t floor; /* below it, what may be left out is left out */
};

static inline void budget_begin(struct budget *budget, int64_t max) {
    *budget = (struct budget){.max = max, .left = max, .floor = max / BUDGET_KEPT};
}

static inline bool budget_is_spent(const struct budget *budget) {
    return budget->left < budget->floor;
}

static inline void budget_take(struct budget *budget, size_t steps) {
    budget->left -= (int64_t)steps;
}

static inline void budget_add(struct budget *budget, int64_t steps) {
    budget->left = steps > budget->max - budget->left ? budget->max : budget->left + steps;
}

/* Gives new steps for `bytes` that are shown. */
static inline void budget_give(struct budget *budget, size_t bytes) {
    budget_add(budget, (int64_t)bytes * BUDGET_A_BYTE);
}

/* Gives back what it took to find `bytes` that are not shown, `steps`, but no more than they would
 * give. */
static inline void budget_give_back(struct budget *budget, int64_t steps, size_t bytes) {
    int64_t most = (int64_t)bytes * BUDGET_A_BYTE;

    budget_add(budget, steps < most ? steps : most);
}
