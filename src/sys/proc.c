/* sys/proc.c: the parent's side: start, feed, listen, stop, reap. */
#include "sys/proc.h"

#include "base/clock.h"
#include "sys/launch.h"
#include "sys/proxy.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    PROC_PIECE_BYTES = 64 * 1024,
    PROC_CLEAN_BYTES = PROC_FLOOD_BYTES,
    PROC_LOOK_MS = 100,  /* how often the cancel flag is looked at */
    PROC_DISK_MS = 200,  /* how often the room on the disk is */
    PROC_DRAIN_MAX = 64, /* pieces read after the end; a pipe holds 16 pages unless enlarged */
};

static const int64_t disk_free_bytes = 256 << 20;
static const int64_t disk_free_files = 10000;

/* --- what is kept of a stream --- */

struct capture {
    struct buf head;
    struct buf tail; /* at most twice PROC_TAIL_BYTES; the older half goes first */
    struct buf line;
    int64_t total; /* filtered bytes */
};

static void capture_keep(struct capture *c, struct str clean) {
    size_t room = PROC_HEAD_BYTES - c->head.len;
    struct str rest = str_slice(clean, room, clean.len);

    c->total += (int64_t)clean.len;
    buf_add(&c->head, str_slice(clean, 0, room));
    if (rest.len >= PROC_TAIL_BYTES) {
        buf_clear(&c->tail);
        rest = str_slice(rest, rest.len - PROC_TAIL_BYTES, rest.len);
    } else if (c->tail.len + rest.len > c->tail.max) {
        size_t keep = PROC_TAIL_BYTES;
        memmove(c->tail.ptr, c->tail.ptr + c->tail.len - keep, keep);
        c->tail.len = keep;
        c->tail.ptr[keep] = '\0';
    }
    buf_add(&c->tail, rest);
}

static void capture_finish(struct capture *c, struct buf *text, int64_t *dropped) {
    struct str tail = buf_str(&c->tail);

    tail = str_slice(tail, tail.len > PROC_TAIL_BYTES ? tail.len - PROC_TAIL_BYTES : 0, tail.len);
    *dropped = c->total - (int64_t)(c->head.len + tail.len);
    *text = BUF_INIT(PROC_HEAD_BYTES + PROC_TAIL_BYTES + 100);
    buf_add(text, buf_str(&c->head));
    if (*dropped > 0) {
        buf_addf(text, "\n[%lld bytes left out]\n", (long long)*dropped);
    }
    buf_add(text, tail);
}

static void keep_all(void *ctx, enum proc_stream stream, struct str raw, enum proc_rest rest,
                     struct buf *out) {
    (void)ctx;
    (void)stream;
    (void)rest;
    buf_add(out, raw);
}

static void keep_nothing(void *ctx, enum proc_stream stream, struct str raw, enum proc_rest rest,
                         struct buf *out) {
    (void)ctx;
    (void)stream;
    (void)raw;
    (void)rest;
    (void)out;
}

const struct proc_filter proc_filter_none = {.feed = keep_all};
const struct proc_filter proc_filter_drop = {.feed = keep_nothing};

/* --- one run --- */

struct run {
    const struct proc_spec *spec;
    struct sandbox_plan *plan;
    struct capture streams[PROC_STREAM_N];
    struct buf clean; /* what the filter gave back last */
    char *piece;
    int fds[PROC_STREAM_N]; /* our ends; -1 when at their end */
    int in;
    size_t in_done;
    int report;
    int pidfd;
    pid_t pid; /* the keeper, and the group */
    struct proxy *proxy;
    struct launch_report told;
    bool has_told;
    int64_t raw_bytes;
    int64_t started_ms;
    int64_t kill_at_ms; /* 0 = nobody has to be killed yet */
    int64_t heard_ms;   /* when it last printed, or a beat said that it had not */
    int64_t disk_ms;    /* when the room on the disk was last looked at */
    bool has_room;      /* there was enough at the start, so that running out is its doing */
    enum proc_end reason;
};

static void close_fd(int *fd) {
    if (*fd >= 0) {
        close(*fd);
        *fd = -1;
    }
}

static void run_done(struct run *run) {
    for (int i = 0; i < PROC_STREAM_N; i++) {
        buf_done(&run->streams[i].head);
        buf_done(&run->streams[i].tail);
        buf_done(&run->streams[i].line);
        close_fd(&run->fds[i]);
    }
    buf_done(&run->clean);
    free(run->piece);
    close_fd(&run->in);
    close_fd(&run->report);
    close_fd(&run->pidfd);
    proxy_stop(run->proxy);
    sandbox_plan_freep(&run->plan);
}

static void run_lines(struct run *run, enum proc_stream stream, struct str clean, bool is_end) {
    struct buf *line = &run->streams[stream].line;

    for (size_t i = 0; i < clean.len; i++) {
        if (clean.ptr[i] != '\n') {
            buf_add_c(line, clean.ptr[i]);
        }
        if (clean.ptr[i] == '\n' || line->len == PROC_LINE_BYTES) {
            run->spec->line(run->spec->line_ctx, stream, buf_str(line));
            buf_clear(line);
        }
    }
    if (is_end && line->len > 0) {
        run->spec->line(run->spec->line_ctx, stream, buf_str(line));
        buf_clear(line);
    }
}

static void run_feed(struct run *run, enum proc_stream stream, struct str raw,
                     enum proc_rest rest) {
    const struct proc_filter *filter = &run->spec->filter;

    buf_clear(&run->clean);
    filter->feed(filter->ctx, stream, raw, rest, &run->clean);
    capture_keep(&run->streams[stream], buf_str(&run->clean));
    if (run->spec->line != NULL) {
        run_lines(run, stream, buf_str(&run->clean), rest != PROC_MORE);
    }
}

/* Reads one piece; false when nothing is there now, or no more will come. */
static bool run_read(struct run *run, enum proc_stream stream) {
    ssize_t n = run->fds[stream] < 0 ? 0 : read(run->fds[stream], run->piece, PROC_PIECE_BYTES);

    if (n > 0) {
        run->raw_bytes += n;
        run->heard_ms = clock_mono_ms();
        run_feed(run, stream, (struct str){run->piece, (size_t)n}, PROC_MORE);
        return true;
    }
    if (n == 0 || (errno != EAGAIN && errno != EINTR)) {
        close_fd(&run->fds[stream]);
    }
    return false;
}

static void run_write(struct run *run) {
    struct str input = run->spec->input;
    ssize_t n = send(run->in, input.ptr + run->in_done, input.len - run->in_done,
                     MSG_NOSIGNAL | MSG_DONTWAIT);

    run->in_done += n > 0 ? (size_t)n : 0;
    if ((n < 0 && errno != EAGAIN && errno != EINTR) || run->in_done == input.len) {
        close_fd(&run->in); /* a program that does not read its input is its own affair */
    }
}

/* A message of the child: a failed step, the end of the program, or the socket of the proxy. */
static void run_hear(struct run *run) {
    union {
        struct cmsghdr head;
        char space[CMSG_SPACE(sizeof(int))];
    } control;
    struct launch_report told = {STEP_NONE, 0};
    struct iovec part = {&told, sizeof told};
    struct msghdr msg = {.msg_iov = &part,
                         .msg_iovlen = 1,
                         .msg_control = control.space,
                         .msg_controllen = sizeof control.space};
    ssize_t n = recvmsg(run->report, &msg, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);

    if (n == (ssize_t)sizeof told) {
        run->told = run->has_told ? run->told : told; /* a failed step comes before its end */
        run->has_told = true;
    } else if (n == 1 && CMSG_FIRSTHDR(&msg) != NULL && run->proxy == NULL) {
        int fd = -1;
        memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&msg)), sizeof fd);
        run->proxy = proxy_start(fd, run->spec->sandbox->hosts, run->spec->sandbox->proxy);
    } else if (n <= 0 && (n == 0 || errno != EAGAIN)) {
        close_fd(&run->report);
    }
}

static void run_signal(struct run *run, int sig) {
    kill(-run->pid, sig);
    if (sig == SIGKILL) {
        syscall(SYS_pidfd_send_signal, run->pidfd, SIGKILL, NULL, 0);
    }
}

/* Whether every folder that the program may write to has room left. */
static bool has_disk_room(const struct sandbox *sandbox) {
    int64_t least = sandbox->disk_free_min > 0 ? sandbox->disk_free_min : disk_free_bytes;
    int64_t files = sandbox->disk_files_min > 0 ? sandbox->disk_files_min : disk_free_files;
    const char *tmp[] = {sandbox->tmp, NULL};
    const char *stand_in[] = {sandbox->stand_in, NULL};
    const char *const *lists[] = {tmp, stand_in, sandbox->writable};

    for (size_t i = 0; i < ARRAY_N(lists); i++) {
        for (const char *const *path = lists[i]; path != NULL && *path != NULL; path++) {
            struct statvfs st;
            if (statvfs(*path, &st) == 0 && ((int64_t)(st.f_bavail * st.f_frsize) < least ||
                                             (st.f_files > 0 && (int64_t)st.f_favail < files))) {
                return false; /* a disk that does not count its files says that it has none */
            }
        }
    }
    return true;
}

static bool run_fills_disk(struct run *run, int64_t now) {
    if (run->spec->sandbox == NULL || !run->has_room || now - run->disk_ms < PROC_DISK_MS) {
        return false;
    }
    run->disk_ms = now;
    return !has_disk_room(run->spec->sandbox);
}

static int64_t beat_ms(const struct proc_spec *spec) {
    return spec->beat_ms > 0 ? spec->beat_ms : PROC_BEAT_MS;
}

static void run_beat(struct run *run, int64_t now) {
    if (run->spec->beat != NULL && now - run->heard_ms >= beat_ms(run->spec)) {
        run->heard_ms = now;
        run->spec->beat(run->spec->beat_ctx, now - run->started_ms);
    }
}

/* Decides whether it must end now, and says so to the group: TERM, then KILL. */
static void run_judge(struct run *run) {
    int64_t now = clock_mono_ms();

    if (run->reason == PROC_NONE) {
        if (run->raw_bytes > PROC_FLOOD_BYTES || run->clean.failed) {
            run->reason = PROC_FLOOD;
        } else if (run->spec->cancel != NULL && atomic_load(run->spec->cancel)) {
            run->reason = PROC_CANCELLED;
        } else if (now - run->started_ms >= run->spec->timeout_ms) {
            run->reason = PROC_TIMEOUT;
        } else if (run_fills_disk(run, now)) {
            run->reason = PROC_DISK;
        } else {
            run_beat(run, now);
            return;
        }
        bool is_harmful = run->reason == PROC_FLOOD || run->reason == PROC_DISK;
        run->kill_at_ms = now + (is_harmful ? 0 : PROC_GRACE_MS);
        if (!is_harmful) {
            run_signal(run, SIGTERM);
        }
    }
    if (now >= run->kill_at_ms) {
        run_signal(run, SIGKILL);
    }
}

static int run_patience_ms(const struct run *run) {
    int64_t now = clock_mono_ms();
    int64_t until = run->kill_at_ms > 0 ? run->kill_at_ms : run->started_ms + run->spec->timeout_ms;
    int64_t left = until > now ? until - now : 0;

    if (run->kill_at_ms > 0 && left == 0) {
        return PROC_LOOK_MS; /* KILL was sent; its effect is a matter of moments */
    }
    int64_t most = run->spec->cancel != NULL                     ? PROC_LOOK_MS
                   : run->spec->sandbox != NULL && run->has_room ? PROC_DISK_MS
                                                                 : 60000;
    if (run->spec->beat != NULL && beat_ms(run->spec) < most) {
        most = beat_ms(run->spec);
    }
    return (int)(left > most ? most : left);
}

/* Waits for the keeper's end, moving bytes meanwhile. */
static void run_watch(struct run *run) {
    for (;;) {
        struct pollfd fds[] = {{run->fds[PROC_OUT], POLLIN, 0},
                               {run->fds[PROC_ERR], POLLIN, 0},
                               {run->in, POLLOUT, 0},
                               {run->report, POLLIN, 0},
                               {run->pidfd, POLLIN, 0}};

        if (poll(fds, ARRAY_N(fds), run_patience_ms(run)) < 0 && errno != EINTR) {
            run_signal(run, SIGKILL);
        }
        if (fds[0].revents != 0) {
            run_read(run, PROC_OUT);
        }
        if (fds[1].revents != 0) {
            run_read(run, PROC_ERR);
        }
        if (fds[2].revents != 0) {
            run_write(run);
        }
        if (fds[3].revents != 0) {
            run_hear(run);
        }
        if (fds[4].revents != 0) {
            return;
        }
        run_judge(run);
    }
}

/* Whether the program was stopped, by this process or by a signal. */
static bool run_is_cut(const struct run *run) {
    return run->reason != PROC_NONE || !run->has_told ||
           (run->told.step == STEP_NONE && !WIFEXITED(run->told.value));
}

/* Takes what the pipes still hold. Someone who left the group may keep them open, so their end is
 * not waited for. */
static void run_finish(struct run *run) {
    siginfo_t info;

    run_signal(run, SIGKILL); /* what is left of the group; its number is ours until waitid() */
    while (waitid(P_PIDFD, (id_t)run->pidfd, &info, WEXITED | __WALL) != 0 && errno == EINTR) {
    }
    while (run->report >= 0 && !run->has_told) {
        run_hear(run);
    }
    for (int i = 0; i < PROC_STREAM_N; i++) {
        for (int pieces = 0; pieces < PROC_DRAIN_MAX && run_read(run, i); pieces++) {
        }
        run_feed(run, i, STR(""), run_is_cut(run) ? PROC_CUT : PROC_ENDED);
    }
}

/* --- start --- */

static enum err_code run_check(const struct proc_spec *spec, struct err *err) {
    struct stat st;

    if (spec->argv == NULL || spec->argv[0] == NULL || spec->argv[0][0] != '/' ||
        spec->cwd == NULL || spec->cwd[0] != '/') {
        return err_set(err, ERR_INVALID, "a program and its folder need absolute paths");
    }
    if (spec->timeout_ms <= 0 || spec->filter.feed == NULL) {
        return err_set(err, ERR_INVALID, "a program needs a deadline and a filter");
    }
    if (stat(spec->argv[0], &st) != 0) {
        return err_errno(err, errno, "%s", spec->argv[0]);
    }
    return ERR_NONE;
}

static int open_input(struct run *run, int *child) {
    int pair[2];

    if (run->spec->input.len == 0) {
        *child = open("/dev/null", O_RDONLY | O_CLOEXEC);
        return *child < 0 ? -1 : 0;
    }
    /* A socket, because writing to a pipe whose reader has gone would raise SIGPIPE. */
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0) {
        return -1;
    }
    *child = pair[0];
    run->in = pair[1];
    return 0;
}

static int open_channels(struct run *run, struct launch *launch) {
    int *ends[PROC_STREAM_N] = {&launch->out, &launch->err};
    int pair[2];

    for (int i = 0; i < PROC_STREAM_N; i++) {
        if (pipe2(pair, O_CLOEXEC) != 0) {
            return -1;
        }
        run->fds[i] = pair[0];
        *ends[i] = pair[1];
        if (fcntl(pair[0], F_SETFL, O_NONBLOCK) != 0) {
            return -1;
        }
    }
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0) {
        return -1;
    }
    run->report = pair[0];
    launch->report = pair[1];
    return open_input(run, &launch->in);
}

static enum err_code run_start(struct run *run, struct err *err) {
    const struct proc_spec *spec = run->spec;
    struct launch launch = {.argv = spec->argv,
                            .env = spec->env,
                            .cwd = spec->cwd,
                            .plan = run->plan,
                            .in = -1,
                            .out = -1,
                            .err = -1,
                            .report = -1,
                            .keeper = launch_keeper()};
    sigset_t all;
    sigset_t old;

    if (open_channels(run, &launch) == 0) {
        /* No handler of ours may run in the child before it has reset them. */
        sigfillset(&all);
        pthread_sigmask(SIG_SETMASK, &all, &old);
        run->started_ms = clock_mono_ms();
        run->heard_ms = run->started_ms;
        run->pid = launch_start(&launch, &run->pidfd);
        pthread_sigmask(SIG_SETMASK, &old, NULL);
    }
    if (run->pid <= 0) {
        err_errno(err, errno, "%s cannot be started", spec->argv[0]);
    }
    close_fd(&launch.in);
    close_fd(&launch.out);
    close_fd(&launch.err);
    close_fd(&launch.report);
    return run->pid <= 0 ? err->code : ERR_NONE;
}

/* Makes the answer of what the child told; a step that failed is an error, not an answer. */
static enum err_code run_result(struct run *run, struct proc_result *out, struct err *err) {
    int status = run->told.value;

    if (run->has_told && run->told.step == STEP_EXEC) {
        return err_errno(err, run->told.value, "%s cannot be run", run->spec->argv[0]);
    }
    if (run->has_told && run->told.step == STEP_CWD) {
        return err_errno(err, run->told.value, "%s", run->spec->cwd);
    }
    if (run->has_told && run->told.step != STEP_NONE) {
        return err_set(err, ERR_SANDBOX, "the sandbox failed at %s: %s",
                       sandbox_step_name(run->told.step), strerror(run->told.value));
    }
    *out = (struct proc_result){.end = run->reason,
                                .ms = clock_mono_ms() - run->started_ms,
                                .is_confined = run->plan != NULL};
    if (run->reason == PROC_NONE && !run->has_told) { /* someone killed the keeper */
        out->end = PROC_SIGNALLED;
        out->value = SIGKILL;
    } else if (run->reason == PROC_NONE) {
        out->end = WIFEXITED(status) ? PROC_EXITED : PROC_SIGNALLED;
        out->value = WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status);
    }
    for (int i = 0; i < PROC_STREAM_N; i++) {
        capture_finish(&run->streams[i], &out->text[i], &out->dropped[i]);
    }
    return ERR_NONE;
}

enum err_code proc_run(const struct proc_spec *spec, struct proc_result *out, struct err *err) {
    CLEANUP(run_done)
    struct run run = {.spec = spec,
                      .fds = {-1, -1},
                      .in = -1,
                      .report = -1,
                      .pidfd = -1,
                      .clean = BUF_INIT(PROC_CLEAN_BYTES)};

    if (run_check(spec, err) != ERR_NONE ||
        (spec->sandbox != NULL && sandbox_plan_new(spec->sandbox, &run.plan, err) != ERR_NONE)) {
        return err->code;
    }
    run.piece = mem_alloc(PROC_PIECE_BYTES);
    run.has_room = spec->sandbox != NULL && has_disk_room(spec->sandbox);
    for (int i = 0; i < PROC_STREAM_N; i++) {
        run.streams[i] = (struct capture){.head = BUF_INIT(PROC_HEAD_BYTES),
                                          .tail = BUF_INIT(2 * PROC_TAIL_BYTES),
                                          .line = BUF_INIT(PROC_LINE_BYTES)};
    }
    if (run_start(&run, err) != ERR_NONE) {
        return err->code;
    }
    run_watch(&run);
    run_finish(&run);
    return run_result(&run, out, err);
}

/* --- results --- */

void proc_result_done(struct proc_result *result) {
    for (int i = 0; i < PROC_STREAM_N; i++) {
        buf_done(&result->text[i]);
    }
    *result = (struct proc_result){0};
}

bool proc_is_ok(const struct proc_result *result) {
    return result->end == PROC_EXITED && result->value == 0;
}

const char *proc_end_name(enum proc_end end) {
    static const char *const names[PROC_END_N] = {
        [PROC_NONE] = "none",       [PROC_EXITED] = "exit",         [PROC_SIGNALLED] = "signal",
        [PROC_TIMEOUT] = "timeout", [PROC_CANCELLED] = "cancelled", [PROC_FLOOD] = "flood",
        [PROC_DISK] = "disk",
    };

    return end < PROC_END_N ? names[end] : names[PROC_NONE];
}

void proc_describe_end(const struct proc_result *result, struct buf *out) {
    switch (result->end) {
    case PROC_EXITED:
        buf_addf(out, "exited with status %d", result->value);
        return;
    case PROC_SIGNALLED:
        buf_addf(out, "was killed by SIG%s",
                 sigabbrev_np(result->value) == NULL ? "?" : sigabbrev_np(result->value));
        return;
    case PROC_TIMEOUT:
        buf_addf(out, "was stopped after %lld s", (long long)(result->ms / 1000));
        return;
    case PROC_CANCELLED:
        buf_add_s(out, "was cancelled");
        return;
    case PROC_FLOOD:
        buf_add_s(out, "was stopped because it printed more than 64 MB");
        return;
    case PROC_DISK:
        buf_add_s(out, "was stopped because it was filling the disk");
        return;
    case PROC_NONE:
    case PROC_END_N:
        break;
    }
    buf_add_s(out, "did not run");
}

/* --- finding programs, building environments --- */

static bool is_program(const char *path) {
    struct stat st;

    return path[0] == '/' && stat(path, &st) == 0 && S_ISREG(st.st_mode) && access(path, X_OK) == 0;
}

char *proc_find(const char *name, const char *path) {
    struct str rest = str_from(path != NULL ? path : getenv("PATH"));
    struct str dir = {0};

    if (strchr(name, '/') != NULL) {
        return is_program(name) ? mem_strdup(name) : NULL;
    }
    while (rest.len > 0 && str_next(&rest, ':', &dir)) {
        CLEANUP(freep) char *full = mem_format(STR_FMT "/%s", STR_ARG(dir), name);
        if (dir.len > 0 && is_program(full)) {
            return TAKE(full);
        }
    }
    return NULL;
}

void proc_env_set(struct proc_env *env, const char *name, const char *value) {
    size_t len = strlen(name);
    size_t i = 0;

    while (i < env->n && (strncmp(env->vars[i], name, len) != 0 || env->vars[i][len] != '=')) {
        i++;
    }
    if (i == env->n) {
        env->vars = mem_resize(env->vars, (env->n + 2) * sizeof *env->vars);
        env->n++;
        env->vars[env->n] = NULL;
    } else {
        free(env->vars[i]);
    }
    env->vars[i] = mem_format("%s=%s", name, value);
}

void proc_env_inherit(struct proc_env *env, const char *const *names) {
    for (size_t i = 0; names[i] != NULL; i++) {
        const char *value = getenv(names[i]);
        if (value != NULL) {
            proc_env_set(env, names[i], value);
        }
    }
}

void proc_env_done(struct proc_env *env) {
    for (size_t i = 0; i < env->n; i++) {
        mem_wipe(env->vars[i], strlen(env->vars[i]));
        free(env->vars[i]);
    }
    free(env->vars);
    *env = (struct proc_env){0};
}
