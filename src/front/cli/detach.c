/* A run that goes on in the background. */
#include "front/cli/detach.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* ---- Here: whoever typed the command ---- */

static void detach_tell(struct cli *cli, const char *id, pid_t pid) {
    cli->result = agent_args("status", "success", "session", id, NULL);
    json_put_int(cli->result, "exit", 0);
    json_put_int(cli->result, "pid", pid);
    json_put(cli->result, "next", json_sprintf("aws-copilot attach %s", id));
    cli_say(cli, "session %s goes on in the background, in process %lld", id, (long long)pid);
    cli_say(cli,
            "aws-copilot attach %s watches it, aws-copilot approve %s says the yes it asks for", id,
            id);
    cli_print(cli, "%s\n", id);
}

/* The id of the session, or "" when the other process ended before it had one. */
static void detach_read(int fd, char *id, size_t size) {
    size_t n = 0;

    while (n + 1 < size) {
        ssize_t got = read(fd, id + n, size - 1 - n);

        if (got == 0 || (got < 0 && errno != EINTR)) {
            break;
        }
        n += got > 0 ? (size_t)got : 0;
    }
    id[n] = '\0';
}

/* It has said why, with its own last line of NDJSON. */
static void detach_take_status(struct cli *cli, pid_t pid) {
    int status = 0;

    while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
    }
    cli->exit_status = WIFEXITED(status) ? WEXITSTATUS(status) : err_exit(ERR_DEFECT);
    cli->ndjson.ends_in_result = WIFEXITED(status);
}

/* ---- There: the process that goes on ---- */

static void detach_prepare(struct cli *cli, int fd) {
    cli->detach_fd = fd;
    cli->is_interactive = false;
    cli->asker.is_detached = true;
}

void detach_leave(struct cli *cli, const char *id) {
    int nowhere;

    if (cli->detach_fd <= 0) {
        return;
    }
    (void)setsid(); /* the terminal may go, and its Ctrl-C is not for this process */
    (void)!write(cli->detach_fd, id, strlen(id));
    nowhere = open("/dev/null", O_RDWR | O_CLOEXEC);
    for (int fd = STDIN_FILENO; nowhere >= 0 && fd <= STDERR_FILENO; fd++) {
        (void)dup2(nowhere, fd);
    }
    if (nowhere > STDERR_FILENO) {
        (void)close(nowhere);
    }
    (void)close(cli->detach_fd); /* only now: whoever waits for its end finds the terminal free */
    cli->detach_fd = 0;
}

enum err_code detach_begin(struct cli *cli, bool *out_is_here, struct err *err) {
    int ends[2];
    char id[80];
    pid_t pid;

    if (pipe2(ends, O_CLOEXEC) != 0) {
        return err_errno(err, errno, "a process for the background");
    }
    (void)fflush(NULL);
    pid = fork();
    if (pid < 0) {
        int why = errno;

        (void)close(ends[0]);
        (void)close(ends[1]);
        return err_errno(err, why, "a process for the background");
    }
    *out_is_here = pid > 0;
    (void)close(ends[pid > 0 ? 1 : 0]);
    if (pid == 0) {
        detach_prepare(cli, ends[1]);
        return ERR_NONE;
    }
    detach_read(ends[0], id, sizeof id);
    (void)close(ends[0]);
    if (id[0] == '\0') {
        detach_take_status(cli, pid);
    } else {
        detach_tell(cli, id, pid);
    }
    return ERR_NONE;
}
