/* Counts fsync() and fdatasync() of a process that loads this with LD_PRELOAD; bench_syncs() tells.
 */
#include <stdatomic.h>
#include <sys/syscall.h>
#include <unistd.h>

static atomic_long syncs;

long bench_syncs(void);

int fsync(int fd) {
    atomic_fetch_add(&syncs, 1);
    return (int)syscall(SYS_fsync, fd);
}

int fdatasync(int fd) {
    atomic_fetch_add(&syncs, 1);
    return (int)syscall(SYS_fdatasync, fd);
}

long bench_syncs(void) { return atomic_load(&syncs); }
