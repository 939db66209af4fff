/* Who holds a lease, and whether that process still lives. */
#include "store/store.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The start time, field 22, and the state of a process; -1 when there is no such process, -2 when
 * it cannot be known. The second field is the program's name in brackets and may hold anything, so
 * counting starts behind the last bracket. */
static int64_t owner_start_of(int64_t pid) {
    char path[64];
    char text[1024];
    const char *at;
    char state;
    long long start;
    size_t n;
    FILE *f;

    (void)snprintf(path, sizeof path, "/proc/%lld/stat", (long long)pid);
    f = fopen(path, "re");
    if (f == NULL) {
        return errno == ENOENT ? -1 : -2;
    }
    n = fread(text, 1, sizeof text - 1, f);
    (void)fclose(f);
    text[n] = '\0';
    at = strrchr(text, ')');
    if (n == 0 || at == NULL) {
        return n == 0 ? -1 : -2; /* it ended between open and read */
    }
    if (sscanf(at + 1,
               " %c %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %lld",
               &state, &start) != 2) {
        return -2;
    }
    return state == 'Z' || state == 'X' ? -1 : (int64_t)start;
}

/* Names machine, boot and pid namespace: a pid means something only within the three. */
static void owner_host(char *out, size_t cap) {
    char name[65] = "";
    char boot[9] = "";
    char ns[64] = "";
    FILE *f = fopen("/proc/sys/kernel/random/boot_id", "re");

    (void)gethostname(name, sizeof name - 1);
    if (f != NULL) {
        (void)fread(boot, 1, sizeof boot - 1, f);
        (void)fclose(f);
    }
    (void)readlink("/proc/self/ns/pid", ns, sizeof ns - 1);
    (void)snprintf(out, cap, "%s/%s/%s", name, boot, ns);
}

struct store_owner store_owner_self(void) {
    struct store_owner owner = {.pid = getpid()};

    owner_host(owner.host, sizeof owner.host);
    owner.start = owner_start_of(owner.pid);
    return owner;
}

bool store_owner_is_dead(const struct store_owner *owner) {
    struct store_owner self = {0};
    int64_t start;

    owner_host(self.host, sizeof self.host);
    if (owner->pid <= 0 || strcmp(owner->host, self.host) != 0) {
        return false;
    }
    start = owner_start_of(owner->pid);
    return start == -1 || (start >= 0 && owner->start >= 0 && start != owner->start);
}

bool store_lease_is_held(const struct store_lease *lease, int64_t now_ms) {
    return lease->owner.pid != 0 && lease->expires_ms > now_ms &&
           !store_owner_is_dead(&lease->owner);
}
