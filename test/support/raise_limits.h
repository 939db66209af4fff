/* test/support/raise_limits.h: our own limits out of the way of those of a sandbox. */
#pragma once

#include <sys/resource.h>

#include "base/mem.h"

/* As far as we may: what is denied is not to be denied by the machine's limits. */
static inline void raise_limits(void) {
    static const int limits[] = {RLIMIT_MEMLOCK, RLIMIT_SIGPENDING, RLIMIT_MSGQUEUE, RLIMIT_RTPRIO,
                                 RLIMIT_NICE};

    for (size_t i = 0; i < ARRAY_N(limits); i++) {
        struct rlimit all = {RLIM_INFINITY, RLIM_INFINITY};
        (void)setrlimit((__rlimit_resource_t)limits[i], &all);
    }
}
