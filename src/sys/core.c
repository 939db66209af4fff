/* No core dumps. */
#include "sys/core.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

void core_forbid(void) {
    const struct rlimit none = {0, 0};
    int fd = open("/proc/self/coredump_filter", O_WRONLY | O_CLOEXEC);

    (void)setrlimit(RLIMIT_CORE, &none);
    if (fd >= 0) { /* the limit does not bind a program that takes dumps by a pipe */
        (void)!write(fd, "0", 1);
        close(fd);
    }
}
