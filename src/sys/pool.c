/* sys/pool.c: worker threads, two queues, one lock. */
#include "sys/pool.h"

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

struct job {
    void (*run)(void *arg);
    void *arg;
    struct job *next;
};

struct queue {
    struct job *first;
    struct job **last;
};

struct pool {
    pthread_mutex_t lock;
    pthread_cond_t has_work; /* for workers */
    pthread_cond_t has_done; /* for pool_wait() */
    struct queue todo;       /* under `lock`, as are the next four */
    struct queue done;
    int idle; /* workers that wait */
    bool is_closing;
    int pending; /* submitted, not collected */
    int fd;
    int worker_max;
    int worker_n; /* the owner's */
    pthread_t workers[POOL_WORKERS_MAX];
};

static void queue_put(struct queue *queue, struct job *job) {
    job->next = NULL;
    *queue->last = job;
    queue->last = &job->next;
}

static struct job *queue_take(struct queue *queue) {
    struct job *job = queue->first;

    if (job != NULL) {
        queue->first = job->next;
        queue->last = job->next == NULL ? &queue->first : queue->last;
    }
    return job;
}

static void *pool_work(void *arg) {
    struct pool *pool = arg;
    const uint64_t one = 1;

    pthread_mutex_lock(&pool->lock);
    for (;;) {
        while (pool->todo.first == NULL && !pool->is_closing) {
            pool->idle++;
            pthread_cond_wait(&pool->has_work, &pool->lock);
            pool->idle--;
        }
        if (pool->is_closing) {
            break;
        }
        struct job *job = queue_take(&pool->todo);
        pthread_mutex_unlock(&pool->lock);
        job->run(job->arg);
        pthread_mutex_lock(&pool->lock);
        queue_put(&pool->done, job);
        pthread_cond_signal(&pool->has_done);
        if (write(pool->fd, &one, sizeof one) < 0 && errno != EAGAIN) {
            abort(); /* an eventfd of ours cannot fail otherwise */
        }
    }
    pthread_mutex_unlock(&pool->lock);
    return NULL;
}

enum err_code pool_open(int workers, struct pool **out, struct err *err) {
    if (workers < 1 || workers > POOL_WORKERS_MAX) {
        return err_set(err, ERR_INVALID, "a pool has 1 to %d workers, not %d", POOL_WORKERS_MAX,
                       workers);
    }
    int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (fd < 0) {
        return err_errno(err, errno, "eventfd");
    }
    struct pool *pool = mem_alloc(sizeof *pool);
    pthread_mutex_init(&pool->lock, NULL);
    pthread_cond_init(&pool->has_work, NULL);
    pthread_cond_init(&pool->has_done, NULL);
    pool->todo.last = &pool->todo.first;
    pool->done.last = &pool->done.first;
    pool->fd = fd;
    pool->worker_max = workers;
    *out = pool;
    return ERR_NONE;
}

/* Workers block all signals: those are the owner's business. */
static int pool_hire(struct pool *pool) {
    sigset_t all;
    sigset_t old;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old);
    int rc = pthread_create(&pool->workers[pool->worker_n], NULL, pool_work, pool);
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    pool->worker_n += rc == 0 ? 1 : 0;
    return rc;
}

enum err_code pool_submit(struct pool *pool, void (*run)(void *arg), void *arg, struct err *err) {
    pthread_mutex_lock(&pool->lock);
    int pending = pool->pending;
    int idle = pool->idle;
    for (struct job *job = pool->todo.first; job != NULL && idle > 0; job = job->next) {
        idle--; /* spoken for by a job that waits already */
    }
    pthread_mutex_unlock(&pool->lock);
    if (pending >= POOL_JOBS_MAX) {
        return err_set(err, ERR_TOO_LARGE, "more than %d jobs are waiting", POOL_JOBS_MAX);
    }
    if (idle == 0 && pool->worker_n < pool->worker_max) {
        int rc = pool_hire(pool);
        if (rc != 0 && pool->worker_n == 0) {
            return err_errno(err, rc, "a worker thread");
        }
    }
    struct job *job = mem_alloc(sizeof *job);
    job->run = run;
    job->arg = arg;
    pthread_mutex_lock(&pool->lock);
    pool->pending++;
    queue_put(&pool->todo, job);
    pthread_cond_signal(&pool->has_work);
    pthread_mutex_unlock(&pool->lock);
    return ERR_NONE;
}

int pool_fd(const struct pool *pool) { return pool->fd; }

/* Under the lock. The eventfd is emptied with the queue, so that it is readable while jobs wait. */
static void *pool_take_done(struct pool *pool) {
    struct job *job = queue_take(&pool->done);
    uint64_t count = 0;

    if (pool->done.first == NULL && read(pool->fd, &count, sizeof count) < 0 && errno != EAGAIN) {
        abort();
    }
    if (job == NULL) {
        return NULL;
    }
    void *arg = job->arg;
    pool->pending--;
    free(job);
    return arg;
}

void *pool_collect(struct pool *pool) {
    pthread_mutex_lock(&pool->lock);
    void *arg = pool_take_done(pool);
    pthread_mutex_unlock(&pool->lock);
    return arg;
}

void *pool_wait(struct pool *pool) {
    pthread_mutex_lock(&pool->lock);
    while (pool->done.first == NULL && pool->pending > 0) {
        pthread_cond_wait(&pool->has_done, &pool->lock);
    }
    void *arg = pool_take_done(pool);
    pthread_mutex_unlock(&pool->lock);
    return arg;
}

int pool_pending(const struct pool *pool) {
    /* `pending` is written by the owner only, who is the caller. */
    return pool->pending;
}

void pool_close(struct pool *pool) {
    if (pool == NULL) {
        return;
    }
    pthread_mutex_lock(&pool->lock);
    pool->is_closing = true;
    pthread_cond_broadcast(&pool->has_work);
    pthread_mutex_unlock(&pool->lock);
    for (int i = 0; i < pool->worker_n; i++) {
        pthread_join(pool->workers[i], NULL);
    }
    for (struct job *job = NULL; (job = queue_take(&pool->todo)) != NULL;) {
        free(job);
    }
    for (struct job *job = NULL; (job = queue_take(&pool->done)) != NULL;) {
        free(job);
    }
    close(pool->fd);
    pthread_cond_destroy(&pool->has_work);
    pthread_cond_destroy(&pool->has_done);
    pthread_mutex_destroy(&pool->lock);
    free(pool);
}
