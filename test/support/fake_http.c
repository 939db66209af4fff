/* A loopback HTTP server on a thread of the test: one poll loop, connections in an array. */
#include "support/fake_http.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

enum { CONNECTIONS_MAX = 32, REQUESTS_MAX = 256, REQUEST_BYTES = 40 << 20 };

struct fake_http {
    pthread_t thread;
    int listener;
    int stop_pipe[2];
    int port;
    char url[40];
    fake_answer *answer;
    void *ctx;
    atomic_int calls;
    atomic_int connections;
    char *requests[REQUESTS_MAX]; /* written before `calls` counts them */
    size_t request_lens[REQUESTS_MAX];
    struct {
        int fd; /* 0: free */
        bool is_hung;
        struct buf in;
    } rows[CONNECTIONS_MAX];
};

/* The length of the first whole request in `in`, or 0. */
static size_t fake_whole(struct str in) {
    ptrdiff_t head = str_find(in, STR("\r\n\r\n"));
    struct str rest = str_slice(in, 0, head < 0 ? 0 : (size_t)head);
    struct str line;
    size_t body = 0;

    while (rest.len > 0 && str_next(&rest, '\n', &line)) {
        if (line.len > 15 && strncasecmp(line.ptr, "content-length:", 15) == 0) {
            body = strtoul(line.ptr + 15, NULL, 10);
        }
    }
    return head >= 0 && in.len >= (size_t)head + 4 + body ? (size_t)head + 4 + body : 0;
}

static void fake_send(int fd, struct str bytes) {
    for (size_t at = 0; at < bytes.len;) {
        ssize_t n = send(fd, bytes.ptr + at, bytes.len - at, MSG_NOSIGNAL);

        if (n <= 0) {
            return;
        }
        at += (size_t)n;
    }
}

static void fake_close(struct fake_http *fake, size_t i) {
    (void)close(fake->rows[i].fd);
    buf_done(&fake->rows[i].in);
    fake->rows[i].fd = 0;
}

/* Says 100 to a client that waits for it before it sends its body. */
static void fake_continue(struct fake_http *fake, size_t i, struct str in) {
    ptrdiff_t head = str_find(in, STR("\r\n\r\n"));

    if (head >= 0 && in.len == (size_t)head + 4 && str_find(in, STR("Expect: 100")) >= 0) {
        fake_send(fake->rows[i].fd, STR("HTTP/1.1 100 Continue\r\n\r\n"));
    }
}

static void fake_serve(struct fake_http *fake, size_t i) {
    char piece[65536];
    ssize_t got = recv(fake->rows[i].fd, piece, sizeof piece, 0);
    size_t whole;

    if (got <= 0) {
        fake_close(fake, i);
        return;
    }
    buf_add(&fake->rows[i].in, (struct str){piece, (size_t)got});
    fake_continue(fake, i, buf_str(&fake->rows[i].in));
    whole = fake->rows[i].is_hung ? 0 : fake_whole(buf_str(&fake->rows[i].in));
    if (whole > 0) {
        CLEANUP(buf_done) struct buf out = BUF_INIT(REQUEST_BYTES);
        int n = atomic_load(&fake->calls);
        enum fake_then then;

        if (n < REQUESTS_MAX) {
            fake->requests[n] = str_dup(str_slice(buf_str(&fake->rows[i].in), 0, whole));
            fake->request_lens[n] = whole;
        }
        atomic_fetch_add(&fake->calls, 1);
        then = fake->answer(fake->ctx, n, str_slice(buf_str(&fake->rows[i].in), 0, whole), &out);
        fake_send(fake->rows[i].fd, buf_str(&out));
        buf_clear(&fake->rows[i].in);
        fake->rows[i].is_hung = then == FAKE_HANG;
        if (then == FAKE_CLOSE) {
            fake_close(fake, i);
        }
    }
}

static void fake_accept(struct fake_http *fake) {
    int fd = accept4(fake->listener, NULL, NULL, SOCK_CLOEXEC);

    for (size_t i = 0; i < CONNECTIONS_MAX && fd > 0; i++) {
        if (fake->rows[i].fd == 0) {
            fake->rows[i].fd = fd;
            fake->rows[i].is_hung = false;
            fake->rows[i].in = BUF_INIT(REQUEST_BYTES);
            atomic_fetch_add(&fake->connections, 1);
            return;
        }
    }
    (void)close(fd);
}

static void *fake_loop(void *arg) {
    struct fake_http *fake = arg;

    for (;;) {
        struct pollfd fds[CONNECTIONS_MAX + 2] = {{.fd = fake->stop_pipe[0], .events = POLLIN},
                                                  {.fd = fake->listener, .events = POLLIN}};

        for (size_t i = 0; i < CONNECTIONS_MAX; i++) {
            fds[i + 2].fd = fake->rows[i].fd == 0 ? -1 : fake->rows[i].fd;
            fds[i + 2].events = POLLIN;
        }
        if (poll(fds, ARRAY_N(fds), -1) < 0) {
            continue;
        }
        if (fds[0].revents != 0) {
            return NULL;
        }
        for (size_t i = 0; i < CONNECTIONS_MAX; i++) {
            if (fds[i + 2].revents != 0) {
                fake_serve(fake, i);
            }
        }
        if (fds[1].revents != 0) {
            fake_accept(fake);
        }
    }
}

struct fake_http *fake_http_start(fake_answer *answer, void *ctx) {
    struct fake_http *fake = mem_alloc(sizeof *fake);
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof at;

    fake->answer = answer;
    fake->ctx = ctx;
    fake->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (bind(fake->listener, (struct sockaddr *)&at, sizeof at) != 0 ||
        listen(fake->listener, CONNECTIONS_MAX) != 0 ||
        getsockname(fake->listener, (struct sockaddr *)&at, &len) != 0 ||
        pipe2(fake->stop_pipe, O_CLOEXEC) != 0) {
        abort();
    }
    fake->port = ntohs(at.sin_port);
    (void)snprintf(fake->url, sizeof fake->url, "http://127.0.0.1:%d", fake->port);
    if (pthread_create(&fake->thread, NULL, fake_loop, fake) != 0) {
        abort();
    }
    return fake;
}

void fake_http_stop(struct fake_http *fake) {
    (void)close(fake->stop_pipe[1]);
    (void)pthread_join(fake->thread, NULL);
    for (size_t i = 0; i < CONNECTIONS_MAX; i++) {
        if (fake->rows[i].fd != 0) {
            fake_close(fake, i);
        }
    }
    for (size_t i = 0; i < REQUESTS_MAX; i++) {
        free(fake->requests[i]);
    }
    (void)close(fake->stop_pipe[0]);
    (void)close(fake->listener);
    free(fake);
}

int fake_http_port(const struct fake_http *fake) { return fake->port; }

const char *fake_http_url(const struct fake_http *fake) { return fake->url; }

int fake_http_calls(const struct fake_http *fake) { return atomic_load(&fake->calls); }

int fake_http_connections(const struct fake_http *fake) { return atomic_load(&fake->connections); }

struct str fake_http_request(const struct fake_http *fake, int n) {
    if (n >= fake_http_calls(fake) || n >= REQUESTS_MAX) {
        return (struct str){"", 0};
    }
    return (struct str){fake->requests[n], fake->request_lens[n]};
}

void fake_reply(struct buf *out, int status, const char *headers, const char *body) {
    buf_addf(out, "HTTP/1.1 %d X\r\nContent-Length: %zu\r\n%s\r\n%s", status, strlen(body), headers,
             body);
}
