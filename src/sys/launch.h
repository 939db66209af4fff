/* sys/launch.h: clone, enter the sandbox, exec; and what the child tells about it. For proc.c. */
#pragma once

#include "sys/sandbox_plan.h"

#include <sys/types.h>

struct launch {
    const char *const *argv;
    const char *const *env;
    const char *cwd;
    struct sandbox_plan *plan; /* NULL = no sandbox */
    int in;                    /* the child's ends */
    int out;
    int err;
    int report; /* SOCK_SEQPACKET: takes one struct launch_report, and before it the proxy's socket
                 */
    int keeper; /* of launch_keeper() */
};

struct launch_report {
    enum sandbox_step step; /* STEP_NONE: the program ran, and `value` is its wait status */
    int value;              /* else errno */
};

/* clone() with its own copy of memory, no signal to the parent at its end (wait with __WALL).
 * Returns as fork(). `pidfd` may be NULL. */
pid_t launch_clone(uint64_t namespace_flags, int *pidfd);

/* The keeper as a file to execute, made and tried once; the program's for as long as it runs. -1
 * where this machine does not run it: the keeper is then a copy of ourselves. Any thread. */
int launch_keeper(void);

/* Starts the child: a keeper that enters the namespaces and stays, and below it the program.
 * Returns the keeper's pid, or -1 with errno. The parent closes the child's ends. All signals
 * have to be blocked. Returns when the program was executed, or could not be. */
pid_t launch_start(const struct launch *launch, int *pidfd);
