/* Runs one program and tells what it cost:  measure FD PROGRAM [ARGUMENT...]
 *
 * Writes one JSON object to FD: {"exit", "wall_ms", "cpu_ms", "peak_mb"}. cpu is user + system of
 * the program and of all it waited for; peak is the largest of these processes. A program of its
 * own, because Linux counts the memory of a process before exec as well: started from Python, a
 * small program would be charged for Python. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double now_ms(void) {
    struct timespec t;

    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static double ms_of(struct timeval t) { return (double)t.tv_sec * 1e3 + (double)t.tv_usec / 1e3; }

int main(int argc, char **argv) {
    const int fd = argc > 2 ? (int)strtol(argv[1], NULL, 10) : -1;
    struct rusage used = {0};
    double start_ms;
    pid_t pid;
    int status = 0;

    if (fd < 3 || fcntl(fd, F_SETFD, FD_CLOEXEC) != 0) {
        (void)fprintf(stderr,
                      "usage: measure FD PROGRAM [ARGUMENT...], FD an open descriptor from 3\n");
        return 2;
    }
    start_ms = now_ms();
    pid = fork();
    if (pid == 0) {
        (void)execvp(argv[2], argv + 2);
        perror(argv[2]);
        _exit(127);
    }
    if (pid < 0 || wait4(pid, &status, 0, &used) != pid) {
        perror("measure");
        return 1;
    }
    (void)dprintf(fd, "{\"exit\":%d,\"wall_ms\":%.3f,\"cpu_ms\":%.3f,\"peak_mb\":%.3f}\n",
                  WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status),
                  now_ms() - start_ms, ms_of(used.ru_utime) + ms_of(used.ru_stime),
                  (double)used.ru_maxrss / 1024);
    return 0;
}
