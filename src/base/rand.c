/* Random bytes from the kernel. */
#include "base/rand.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/random.h>

void rand_bytes(void *out, size_t n) {
    unsigned char *p = out;

    while (n > 0) {
        ssize_t got = getrandom(p, n, 0);

        if (got < 0 && errno != EINTR) {
            abort();
        }
        if (got > 0) {
            p += got;
            n -= (size_t)got;
        }
    }
}

double rand_unit(void) {
    uint64_t v = 0;

    rand_bytes(&v, sizeof v);
    return (double)(v >> 11) / 9007199254740992.0; /* 2^53 */
}
