/* sys/proxy.h: the way out of a child's own network: an HTTP proxy that knows a list of hosts.
 *
 * It listens on a socket that the child's keeper opened inside the child's network namespace and
 * connects from outside, so the child reaches those hosts and nothing else. CONNECT (RFC 9110
 * §9.3.6) and plain requests in absolute form; names are resolved here, never in the child.
 */
#pragma once

struct proxy; /* opaque */

/* Serves `listen_fd`, which it takes over, on threads of its own. `hosts` ("HOST:PORT", ends with
 * NULL) and `upstream` ("http://[USER:PASSWORD@]HOST:PORT" or NULL) must outlive it. NULL when no
 * thread can be made: the child then reaches nothing. */
struct proxy *proxy_start(int listen_fd, const char *const *hosts, const char *upstream);

/* Cuts all connections and ends the threads. Accepts NULL. */
void proxy_stop(struct proxy *proxy);
