/* sys/pool.h: at most ten worker threads for blocking work of one owning thread.
 *
 * The owner submits jobs and later collects the finished ones; pool_fd() becomes readable when
 * there is something to collect, so that an epoll loop can wait for it. A job and its argument
 * belong to the worker between submit and collect. Only the owning thread calls these functions.
 */
#pragma once

#include "base/err.h"

enum { POOL_WORKERS_MAX = 10, POOL_JOBS_MAX = 1000 };

struct pool; /* opaque */

/* A pool without threads yet; they are made as jobs come, up to `workers` (1..10).
 * Errors: ERR_INVALID, ERR_IO. */
MUST_CHECK enum err_code pool_open(int workers, struct pool **out, struct err *err);

/* Queues `run(arg)` for a worker; jobs start in the order given; `arg` is not NULL. Errors:
 * ERR_TOO_LARGE (over POOL_JOBS_MAX not collected), ERR_IO (no thread could be made). Does not
 * block. */
MUST_CHECK enum err_code pool_submit(struct pool *pool, void (*run)(void *arg), void *arg,
                                     struct err *err);

/* Readable while finished jobs wait; for poll() and epoll only, stays the pool's. */
int pool_fd(const struct pool *pool);

/* The argument of the next finished job, in the order of finishing; NULL when none waits. */
void *pool_collect(struct pool *pool);

/* Blocks until a job has finished and returns its argument; NULL when no job is under way. */
void *pool_wait(struct pool *pool);

/* Jobs submitted and not yet collected. */
int pool_pending(const struct pool *pool);

/* Lets running jobs finish (the owner cancels them by their own flags first), drops those that did
 * not start, joins all threads. Accepts NULL. What was not collected stays the caller's. */
void pool_close(struct pool *pool);
