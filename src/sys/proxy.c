/* sys/proxy.c: one thread accepts, one thread a connection; blocking and straight-line. */
#include "sys/proxy.h"

#include "base/encode.h"

#include <ctype.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    PROXY_CONNECTIONS_MAX = 64,
    PROXY_HEAD_BYTES = 16 * 1024,
    PROXY_HOST_BYTES = 256,
    PROXY_IDLE_MS = 60000,
    PROXY_CONNECT_S = 20,
    PROXY_FULL_MS = 20, /* before a free place is looked for again */
};

struct link {
    struct proxy *proxy;
    pthread_t thread;
    int client;
    bool is_used;            /* the accepting thread's */
    atomic_bool is_finished; /* the link's thread is about to return */
};

struct proxy {
    int listen_fd;
    int stop_fd; /* readable for good once proxy_stop() was called */
    const char *const *hosts;
    const char *upstream;
    pthread_t thread;
    struct link links[PROXY_CONNECTIONS_MAX];
};

/* A request's target: "host:port" in lower case, and where its path begins in the first line. */
struct target {
    char host[PROXY_HOST_BYTES];
    char port[8];
    bool is_connect;
    struct str path;
};

static const char refused[] =
    "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
static const char failed[] =
    "HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
static const char connected[] = "HTTP/1.1 200 Connection established\r\n\r\n";

/* --- pure --- */

/* Splits "HOST[:PORT]"; an IPv6 address stands in brackets. */
static bool split_host(struct str text, const char *default_port, struct target *out) {
    struct str host = text;
    struct str port = str_from(default_port);
    size_t end = text.len;

    if (text.len > 0 && text.ptr[0] == '[') {
        ptrdiff_t close = str_find(text, STR("]"));
        if (close < 0) {
            return false;
        }
        end = (size_t)close + 1;
        host = str_slice(text, 1, (size_t)close);
    } else {
        ptrdiff_t colon = str_find(text, STR(":"));
        end = colon < 0 ? text.len : (size_t)colon;
        host = str_slice(text, 0, end);
    }
    if (end < text.len) {
        port = str_slice(text, end + 1, text.len);
    }
    if (host.len == 0 || host.len >= sizeof out->host || port.len == 0 ||
        port.len >= sizeof out->port) {
        return false;
    }
    for (size_t i = 0; i < host.len; i++) {
        out->host[i] = (char)tolower((unsigned char)host.ptr[i]);
    }
    out->host[host.len] = '\0';
    memcpy(out->port, port.ptr, port.len);
    out->port[port.len] = '\0';
    return true;
}

static bool read_target(struct str line, struct target *out) {
    struct str rest = line;
    struct str method = {0};
    struct str where = {0};

    if (!str_next(&rest, ' ', &method) || !str_next(&rest, ' ', &where)) {
        return false;
    }
    out->is_connect = str_eq(method, STR("CONNECT"));
    if (out->is_connect) {
        return split_host(where, "443", out);
    }
    if (!str_starts(where, STR("http://"))) {
        return false;
    }
    struct str after = str_slice(where, 7, where.len);
    ptrdiff_t slash = str_find(after, STR("/"));
    size_t end = slash < 0 ? after.len : (size_t)slash;
    out->path = str_slice(after, end, after.len);
    return split_host(str_slice(after, 0, end), "80", out);
}

static bool is_listed(const struct target *target, const char *const *hosts) {
    CLEANUP(freep) char *name = mem_format("%s:%s", target->host, target->port);

    const char *rest = strchr(name, '.');

    for (size_t i = 0; hosts[i] != NULL; i++) {
        bool is_any = hosts[i][0] == '*' && rest != NULL && rest != name;
        if (strcasecmp(hosts[i] + is_any, is_any ? rest : name) == 0) {
            return true;
        }
    }
    return false;
}

/* The head as the origin wants it: path only, one request a connection, nothing for proxies. */
static void write_origin_head(struct buf *out, struct str head, const struct target *target,
                              struct str *rest) {
    ptrdiff_t end = str_find(head, STR("\r\n\r\n"));
    struct str lines = str_slice(head, 0, (size_t)end);
    struct str line = {0};
    struct str method = {0};

    str_next(&lines, '\n', &line);
    str_next(&line, ' ', &method);
    buf_addf(out, STR_FMT " " STR_FMT " HTTP/1.1\r\n", STR_ARG(method),
             STR_ARG(target->path.len == 0 ? STR("/") : target->path));
    while (str_next(&lines, '\n', &line)) {
        struct str name = str_slice(line, 0, strlen("proxy-connection"));
        struct str kept = str_trim(line);
        if (!str_eq_nocase(str_slice(name, 0, 6), STR("proxy-")) &&
            !str_eq_nocase(str_slice(name, 0, 11), STR("connection:"))) {
            buf_addf(out, STR_FMT "\r\n", STR_ARG(kept));
        }
    }
    buf_add_s(out, "Connection: close\r\n\r\n");
    *rest = str_slice(head, (size_t)end + 4, head.len);
}

/* --- sockets --- */

static bool send_all(int fd, struct str bytes) {
    for (size_t done = 0; done < bytes.len;) {
        ssize_t n = send(fd, bytes.ptr + done, bytes.len - done, MSG_NOSIGNAL);
        if (n < 0 && errno != EINTR) {
            return false;
        }
        done += n > 0 ? (size_t)n : 0;
    }
    return true;
}

/* Waits until one of the two can be read; false at the stop or when both are silent too long. */
static bool wait_readable(const struct proxy *proxy, int a, int b, short *a_now, short *b_now) {
    struct pollfd fds[] = {{a, POLLIN, 0}, {b, POLLIN, 0}, {proxy->stop_fd, POLLIN, 0}};
    int n = poll(fds, ARRAY_N(fds), PROXY_IDLE_MS);

    *a_now = fds[0].revents;
    *b_now = fds[1].revents;
    return (n > 0 || (n < 0 && errno == EINTR)) && fds[2].revents == 0;
}

/* Reads a head up to its empty line; what follows it stays in `out`. */
static bool read_head(const struct proxy *proxy, int fd, struct buf *out) {
    char piece[2048];
    short now = 0;
    short none = 0;

    while (str_find(buf_str(out), STR("\r\n\r\n")) < 0) {
        if (!wait_readable(proxy, fd, -1, &now, &none)) {
            return false;
        }
        ssize_t n = recv(fd, piece, sizeof piece, 0);
        if (n <= 0) {
            return false;
        }
        buf_add(out, (struct str){piece, (size_t)n});
        if (out->failed) {
            return false;
        }
    }
    return true;
}

/* Addresses of this link only: where clouds serve the machine's own credentials. A lock file may
 * name any host, so no name may lead there. */
static bool is_link_local(const struct sockaddr *addr) {
    if (addr->sa_family == AF_INET) {
        const struct sockaddr_in *v4 = (const struct sockaddr_in *)(const void *)addr;
        return (ntohl(v4->sin_addr.s_addr) >> 16) == 0xa9fe; /* 169.254.0.0/16 */
    }
    if (addr->sa_family == AF_INET6) {
        const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)(const void *)addr;
        const unsigned char *b = v6->sin6_addr.s6_addr;
        return IN6_IS_ADDR_LINKLOCAL(&v6->sin6_addr) ||
               (IN6_IS_ADDR_V4MAPPED(&v6->sin6_addr) && b[12] == 169 && b[13] == 254);
    }
    return true;
}

static int connect_to(const char *host, const char *port) {
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
    const struct timeval patience = {.tv_sec = PROXY_CONNECT_S};
    struct addrinfo *list = NULL;
    int fd = -1;

    if (getaddrinfo(host, port, &hints, &list) != 0) {
        return -1;
    }
    for (struct addrinfo *a = list; a != NULL && fd < 0; a = a->ai_next) {
        if (is_link_local(a->ai_addr)) {
            continue;
        }
        fd = socket(a->ai_family, SOCK_STREAM | SOCK_CLOEXEC, a->ai_protocol);
        if (fd >= 0 && (setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience) != 0 ||
                        connect(fd, a->ai_addr, a->ai_addrlen) != 0)) {
            close(fd);
            fd = -1;
        }
    }
    freeaddrinfo(list);
    return fd;
}

/* Connects through the user's proxy, which is asked for a tunnel whatever the request is. */
static int connect_upstream(const struct proxy *proxy, const struct target *target) {
    CLEANUP(buf_done) struct buf text = BUF_INIT(PROXY_HEAD_BYTES);
    struct str where = str_from(proxy->upstream);
    struct target hop = {0};

    where = str_starts(where, STR("http://")) ? str_slice(where, 7, where.len) : where;
    where = str_ends(where, STR("/")) ? str_slice(where, 0, where.len - 1) : where;
    ptrdiff_t at = str_find(where, STR("@"));
    struct str user = str_slice(where, 0, at < 0 ? 0 : (size_t)at);
    if (!split_host(str_slice(where, at < 0 ? 0 : (size_t)at + 1, where.len), "80", &hop)) {
        return -1;
    }
    int fd = connect_to(hop.host, hop.port);
    if (fd < 0) {
        return -1;
    }
    buf_addf(&text, "CONNECT %s:%s HTTP/1.1\r\nHost: %s:%s\r\n", target->host, target->port,
             target->host, target->port);
    if (user.len > 0) {
        buf_add_s(&text, "Proxy-Authorization: Basic ");
        base64_add(&text, user.ptr, user.len);
        buf_add_s(&text, "\r\n");
    }
    buf_add_s(&text, "\r\n");
    bool is_sent = !text.failed && send_all(fd, buf_str(&text));
    buf_clear(&text);
    if (!is_sent || !read_head(proxy, fd, &text) ||
        !str_eq(str_slice(buf_str(&text), 8, 12), STR(" 200"))) {
        close(fd);
        return -1;
    }
    return fd;
}

/* Moves bytes both ways until one side has ended. */
static void relay(const struct proxy *proxy, int a, int b) {
    CLEANUP(freep) char *piece = mem_alloc(64 * 1024);
    short now[2] = {0, 0};
    const int from[2] = {a, b};

    while (wait_readable(proxy, a, b, &now[0], &now[1])) {
        for (int i = 0; i < 2; i++) {
            ssize_t n = now[i] == 0 ? 0 : recv(from[i], piece, 64 * 1024, 0);
            if (now[i] != 0 && (n <= 0 || !send_all(from[1 - i], (struct str){piece, (size_t)n}))) {
                return;
            }
        }
    }
}

static void serve(const struct proxy *proxy, int client) {
    CLEANUP(buf_done) struct buf head = BUF_INIT(PROXY_HEAD_BYTES);
    CLEANUP(buf_done) struct buf request = BUF_INIT(2 * PROXY_HEAD_BYTES);
    struct target target = {0};
    struct str rest = {0};

    if (!read_head(proxy, client, &head)) {
        return;
    }
    struct str line = str_slice(buf_str(&head), 0, (size_t)str_find(buf_str(&head), STR("\r\n")));
    if (!read_target(line, &target) || !is_listed(&target, proxy->hosts)) {
        send_all(client, str_from(refused));
        return;
    }
    int origin = proxy->upstream != NULL ? connect_upstream(proxy, &target)
                                         : connect_to(target.host, target.port);
    if (origin < 0) {
        send_all(client, str_from(failed));
        return;
    }
    if (!target.is_connect) {
        write_origin_head(&request, buf_str(&head), &target, &rest);
        buf_add(&request, rest);
    }
    bool is_open = target.is_connect ? send_all(client, str_from(connected))
                                     : !request.failed && send_all(origin, buf_str(&request));
    if (is_open) {
        relay(proxy, client, origin);
    }
    close(origin);
}

/* --- threads --- */

static void *link_run(void *arg) {
    struct link *link = arg;

    serve(link->proxy, link->client);
    shutdown(link->client, SHUT_RDWR);
    atomic_store(&link->is_finished, true);
    return NULL;
}

static void link_reap(struct link *link) {
    pthread_join(link->thread, NULL);
    close(link->client);
    link->is_used = false;
}

/* A free place, after those that have finished were cleared; NULL when all are busy. */
static struct link *link_place(struct proxy *proxy) {
    struct link *place = NULL;

    for (size_t i = 0; i < PROXY_CONNECTIONS_MAX; i++) {
        struct link *link = &proxy->links[i];
        if (link->is_used && atomic_load(&link->is_finished)) {
            link_reap(link);
        }
        place = place == NULL && !link->is_used ? link : place;
    }
    return place;
}

static void *proxy_run(void *arg) {
    struct proxy *proxy = arg;

    for (;;) {
        struct pollfd fds[] = {{proxy->listen_fd, POLLIN, 0}, {proxy->stop_fd, POLLIN, 0}};
        poll(fds, ARRAY_N(fds), -1);
        if (fds[1].revents != 0) {
            break;
        }
        struct link *link = link_place(proxy);
        if (link == NULL) { /* the queue of listen() holds the others meanwhile */
            poll(&fds[1], 1, PROXY_FULL_MS);
            continue;
        }
        int client = accept4(proxy->listen_fd, NULL, NULL, SOCK_CLOEXEC);
        if (client < 0) {
            continue;
        }
        link->proxy = proxy;
        link->client = client;
        atomic_store(&link->is_finished, false);
        link->is_used = pthread_create(&link->thread, NULL, link_run, link) == 0;
        if (!link->is_used) {
            close(client);
        }
    }
    for (size_t i = 0; i < PROXY_CONNECTIONS_MAX; i++) {
        if (proxy->links[i].is_used) {
            link_reap(&proxy->links[i]);
        }
    }
    return NULL;
}

struct proxy *proxy_start(int listen_fd, const char *const *hosts, const char *upstream) {
    struct proxy *proxy = mem_alloc(sizeof *proxy);
    sigset_t all;
    sigset_t old;

    proxy->listen_fd = listen_fd;
    proxy->hosts = hosts;
    proxy->upstream = upstream;
    proxy->stop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old); /* inherited by its threads */
    int rc = proxy->stop_fd < 0 ? -1 : pthread_create(&proxy->thread, NULL, proxy_run, proxy);
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    if (rc == 0) {
        return proxy;
    }
    if (proxy->stop_fd >= 0) {
        close(proxy->stop_fd);
    }
    close(listen_fd);
    free(proxy);
    return NULL;
}

void proxy_stop(struct proxy *proxy) {
    const uint64_t one = 1;

    if (proxy == NULL) {
        return;
    }
    if (write(proxy->stop_fd, &one, sizeof one) != (ssize_t)sizeof one) {
        abort(); /* an eventfd of ours cannot fail */
    }
    pthread_join(proxy->thread, NULL);
    close(proxy->listen_fd);
    close(proxy->stop_fd);
    free(proxy);
}
