/* Tries to get out of a sandbox, one way a run, for src/sys/escape_test.c:
 *
 *   attacker ATTEMPT     exit 0: it was denied; 3: it got out; 4: nothing here to try with
 *
 * The environment says where the test has put things: W a folder with home/, outside/ and ws/ (the
 * working folder); PORT and UDP of its sockets on 127.0.0.1; PARENT its process id; SHM, MSG and
 * SEM the numbers of its memory, queue and semaphores of System V; HELD is set in a pid namespace.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/fanotify.h>
#include <linux/if_packet.h>
#include <linux/netlink.h>
#include <linux/perf_event.h>
#include <mqueue.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/msg.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

enum { DENIED = 0, OUT = 3, NOTHING = 4 };

static int out_if(bool is_out) { return is_out ? OUT : DENIED; }

static long env_number(const char *name) {
    const char *text = getenv(name);

    return text == NULL ? 0 : strtol(text, NULL, 10);
}

/* W/NAME, or NAME itself when it is absolute. */
static const char *path_of(const char *name) {
    static char path[4096];

    (void)snprintf(path, sizeof path, "%s/%s", getenv("W"), name);
    return name[0] == '/' ? name : path;
}

static pid_t parent(void) { return (pid_t)env_number("PARENT"); }

/* Runs a program; true when it succeeded. -1: there is no such program. */
static int runs(const char *const *argv) {
    int status = 0;
    pid_t pid = fork();

    if (pid == 0) {
        int null = open("/dev/null", O_WRONLY);
        (void)dup2(null, 1);
        (void)dup2(null, 2);
        (void)execvp(argv[0], (char **)(uintptr_t)argv);
        _exit(errno == ENOENT ? 126 : 125);
    }
    if (pid < 0 || waitpid(pid, &status, 0) != pid) {
        return 0;
    }
    return WIFEXITED(status) && WEXITSTATUS(status) == 126
               ? -1
               : WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static int out_if_runs(const char *const *argv) {
    int rc = runs(argv);

    return rc < 0 ? NOTHING : out_if(rc > 0);
}

static int out_if_shell(const char *script) {
    return out_if_runs((const char *const[]){"bash", "-c", script, NULL});
}

/* --- the network --- */

static struct sockaddr_in local(long port) {
    return (struct sockaddr_in){.sin_family = AF_INET,
                                .sin_port = htons((uint16_t)port),
                                .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
}

static int out_if_connects(int fd) {
    struct sockaddr_in to = local(env_number("PORT"));

    return out_if(fd >= 0 && connect(fd, (struct sockaddr *)&to, sizeof to) == 0);
}

static int tcp(void) { return out_if_connects(socket(AF_INET, SOCK_STREAM, 0)); }

static int tcp6(void) { return out_if(socket(AF_INET6, SOCK_STREAM, 0) >= 0); }

static int udp(void) {
    struct sockaddr_in to = local(env_number("UDP"));
    int fd = socket(AF_INET, SOCK_DGRAM, 0);

    return out_if(fd >= 0 && sendto(fd, "x", 1, 0, (struct sockaddr *)&to, sizeof to) == 1);
}

static int listens(void) {
    struct sockaddr_in at = local(0);
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    return out_if(fd >= 0 && bind(fd, (struct sockaddr *)&at, sizeof at) == 0);
}

static int curl(void) {
    char url[100];

    (void)snprintf(url, sizeof url, "http://127.0.0.1:%ld/", env_number("PORT"));
    return out_if_runs((const char *const[]){"curl", "-s", "-m", "2", url, NULL});
}

static int ping(void) {
    return out_if_runs((const char *const[]){"ping", "-c", "1", "-W", "1", "127.0.0.1", NULL});
}

static int name_service(void) {
    return out_if_runs((const char *const[]){"getent", "ahosts", "example.com", NULL});
}

static int dev_tcp(void) { return out_if_shell("exec 3<>/dev/tcp/127.0.0.1/$PORT"); }

static int unix_path(void) {
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);

    (void)snprintf(to.sun_path, sizeof to.sun_path, "%s", path_of("home/agent.sock"));
    return out_if(fd >= 0 && connect(fd, (struct sockaddr *)&to, sizeof to) == 0);
}

static int unix_abstract(void) {
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    int n =
        snprintf(to.sun_path + 1, sizeof to.sun_path - 1, "awscopilot-escape-%d", (int)parent());

    return out_if(fd >= 0 && connect(fd, (struct sockaddr *)&to,
                                     (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 +
                                                 (size_t)n)) == 0);
}

/* The kernel looks at the lower half of the family, a filter may look at both. */
static int wide_socket(int family) {
    return (int)syscall(SYS_socket, (1L << 32) | family, SOCK_STREAM, 0);
}

static int wide_tcp(void) { return out_if_connects(wide_socket(AF_INET)); }

static int wide_unix(void) {
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    int fd = wide_socket(AF_UNIX);

    (void)snprintf(to.sun_path, sizeof to.sun_path, "%s", path_of("home/agent.sock"));
    return out_if(fd >= 0 && connect(fd, (struct sockaddr *)&to, sizeof to) == 0);
}

static int raw_socket(void) { return out_if(socket(AF_INET, SOCK_RAW, 1) >= 0); }

static int packet_socket(void) { return out_if(socket(AF_PACKET, SOCK_RAW, 0) >= 0); }

static int netlink_socket(void) { return out_if(socket(AF_NETLINK, SOCK_RAW, 0) >= 0); }

static int vsock_socket(void) { return out_if(socket(40, SOCK_STREAM, 0) >= 0); }

/* Every family but those that package sources need; the kernel knows fewer than 64. */
static int odd_sockets(void) {
    static const int types[] = {SOCK_STREAM, SOCK_DGRAM, SOCK_RAW, SOCK_SEQPACKET};

    for (int family = 0; family < 64; family++) {
        bool is_known = family == AF_INET || family == AF_INET6 || family == AF_NETLINK;
        for (size_t i = 0; !is_known && i < sizeof types / sizeof types[0]; i++) {
            if (socket(family, types[i], 0) >= 0) {
                return OUT;
            }
        }
    }
    return DENIED;
}

/* The kernel makes two sockets of the family before it finds out that the family has no pairs. */
static int odd_pairs(void) {
    static const int types[] = {SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET, SOCK_RDM};
    int pair[2];

    for (int family = 0; family < 64; family++) {
        for (size_t i = 0; family != AF_UNIX && i < sizeof types / sizeof types[0]; i++) {
            if (socketpair(family, types[i], 0, pair) == 0 || errno != EPERM) {
                return OUT;
            }
        }
    }
    return DENIED;
}

static int old_packet_socket(void) {
    return out_if(socket(AF_INET, SOCK_PACKET, htons(3)) >= 0); /* becomes AF_PACKET */
}

/* Rules for TCP do not know of these. */
static int multipath(void) {
    return out_if_connects(socket(AF_INET, SOCK_STREAM, 262 /* IPPROTO_MPTCP */));
}

static int fast_open(void) {
    struct sockaddr_in to = local(env_number("PORT"));
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    return out_if(fd >= 0 &&
                  sendto(fd, "x", 1, MSG_FASTOPEN, (struct sockaddr *)&to, sizeof to) == 1);
}

/* --- files --- */

static int out_if_reads(const char *name) {
    char text[64] = "";
    int fd = open(path_of(name), O_RDONLY);

    return out_if(fd >= 0 && read(fd, text, sizeof text) > 0);
}

static int out_if_writes(const char *name) {
    int fd = open(path_of(name), O_WRONLY | O_CREAT | O_APPEND, 0644);

    return out_if(fd >= 0 && write(fd, "x", 1) == 1);
}

static int aws(void) { return out_if_reads("home/.aws/credentials"); }
static int ssh(void) { return out_if_reads("home/.ssh/id_ed25519"); }
static int dotenv(void) { return out_if_reads("home/project/.env"); }
static int state(void) { return out_if_reads("home/state/journal"); }
static int shadow(void) { return out_if_reads("/etc/shadow"); }
static int unlisted(void) { return out_if_reads("outside/file"); }
static int outside(void) { return out_if_writes("outside/file"); }
static int readable(void) { return out_if_writes("home/project/readme"); }
static int git_config(void) { return out_if_writes("home/project/.git/config"); }
static int git_hook(void) { return out_if_writes("home/project/.git/hooks/post-checkout"); }
static int agents(void) { return out_if_writes("home/project/AGENTS.md"); }
static int npmrc(void) { return out_if_writes("home/project/.npmrc"); }

static int editor(void) { return out_if(mkdir(path_of("home/project/.vscode"), 0755) == 0); }

static int dev_shm(void) { return out_if_writes("/dev/shm/awscopilot-escape"); }
static int device(void) { return out_if_reads("/dev/vda") | out_if_reads("/dev/sda"); }
static int memory_device(void) { return out_if_reads("/dev/mem") | out_if_reads("/dev/kmsg"); }

static int by_root_link(void) {
    char path[4200];

    (void)snprintf(path, sizeof path, "/proc/self/root%s", path_of("home/.aws/credentials"));
    return out_if_reads(path);
}

static int symlink_write(void) {
    char target[4096];

    (void)snprintf(target, sizeof target, "%s", path_of("outside/file"));
    (void)unlink("link");
    return symlink(target, "link") != 0 ? DENIED : out_if_writes("ws/link");
}

/* A thread of its own swaps a folder for a link to a forbidden one. */
static int symlink_swap(void) {
    char target[4096];
    pid_t pid;
    int result = DENIED;

    (void)snprintf(target, sizeof target, "%s", path_of("outside"));
    (void)mkdir("real", 0755);
    pid = fork();
    if (pid == 0) {
        for (int i = 0; i < 3000; i++) {
            (void)unlink("d");
            (void)symlink(i % 2 == 0 ? "real" : target, "d");
        }
        _exit(0);
    }
    while (waitpid(pid, NULL, WNOHANG) == 0) {
        struct stat st;
        int fd = open("d/file", O_WRONLY | O_APPEND);
        if (fd >= 0 && fstat(fd, &st) == 0 && st.st_size > 0 && write(fd, "x", 1) == 1) {
            result = OUT;
        }
        (void)close(fd);
    }
    return result;
}

/* The file behind a descriptor, as a path. */
static const char *path_behind(int fd) {
    static char path[40];

    (void)snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    return path;
}

/* What may be read is opened once more, by its descriptor, to be written. */
static int reopens(void) {
    int fd = open(path_of("home/project/readme"), O_RDONLY);

    return out_if(fd >= 0 && open(path_behind(fd), O_WRONLY) >= 0);
}

/* A descriptor without rights, and the file behind it. */
static int reopens_path(void) {
    int fd = open(path_of("home/.aws/credentials"), O_PATH);

    return out_if(fd >= 0 && open(path_behind(fd), O_RDONLY) >= 0);
}

static int links_nameless(void) {
    int fd = open(".", O_TMPFILE | O_WRONLY, 0644);

    return out_if(fd >= 0 && linkat(AT_FDCWD, path_behind(fd), AT_FDCWD,
                                    path_of("home/project/.npmrc"), AT_SYMLINK_FOLLOW) == 0);
}

static int exchanges(void) {
    (void)close(open("mine", O_WRONLY | O_CREAT, 0644));
    return out_if(syscall(SYS_renameat2, AT_FDCWD, "mine", AT_FDCWD, path_of("home/project/readme"),
                          2 /* RENAME_EXCHANGE */) == 0);
}

static int owners(void) {
    return out_if(lchown(path_of("home/project/readme"), getuid(), getgid()) == 0);
}

static int attributes(void) {
    const char *path = path_of("home/project/readme");
    int fd = open(path, O_RDONLY);

    return out_if(setxattr(path, "user.x", "x", 1, 0) == 0) |
           out_if(lsetxattr(path, "user.x", "x", 1, 0) == 0) |
           out_if(fsetxattr(fd, "user.x", "x", 1, 0) == 0) |
           out_if(removexattr(path, "user.y") == 0) | out_if(lremovexattr(path, "user.y") == 0) |
           out_if(fremovexattr(fd, "user.y") == 0);
}

/* By calls that are newer than the library that makes the filter. */
static int attributes_by_new_calls(void) {
    const char *path = path_of("home/project/readme");
    const struct {
        uint64_t value;
        uint32_t size;
        uint32_t flags;
    } args = {(uint64_t)(uintptr_t) "x", 1, 0};

    return out_if(syscall(463 /* setxattrat */, AT_FDCWD, path, 0, "user.x", &args, sizeof args) ==
                  0) |
           out_if(syscall(466 /* removexattrat */, AT_FDCWD, path, 0, "user.y") == 0);
}

/* chattr: who owns a file needs no right to write it. Numbers: <linux/fs.h>, which does not go with
 * <sys/mount.h>. */
static int file_flags(void) {
    enum { NODUMP = 0x40 };
    int fd = open(path_of("home/project/readme"), O_RDONLY);
    int flags = 0;
    bool has = fd >= 0 && ioctl(fd, _IOR('f', 1, long), &flags) == 0;

    flags ^= NODUMP;
    return out_if(has && ioctl(fd, _IOW('f', 2, long), &flags) == 0);
}

static int extended_flags(void) {
    enum { NODUMP = 0x80 };
    struct {
        uint32_t flags;
        uint32_t others[4];
        uint8_t rest[8];
    } attributes = {0};
    struct {
        uint64_t flags;
        uint32_t others[4];
    } file = {0};
    const char *path = path_of("home/project/readme");
    int fd = open(path, O_RDONLY);
    bool has = fd >= 0 && ioctl(fd, _IOC(_IOC_READ, 'X', 31, 28), &attributes) == 0;
    bool has_file = syscall(468 /* file_getattr */, AT_FDCWD, path, &file, sizeof file, 0) == 0;

    attributes.flags ^= NODUMP;
    file.flags ^= NODUMP;
    return out_if(has && ioctl(fd, _IOC(_IOC_WRITE, 'X', 32, 28), &attributes) == 0) |
           out_if(has_file &&
                  syscall(469 /* file_setattr */, AT_FDCWD, path, &file, sizeof file, 0) == 0);
}

/* Whether an order to a file system comes to it, by a descriptor that may only read: what the order
 * says is nothing that it would follow. */
static bool takes_order(const char *path, unsigned long request) {
    char argument[8192] = {0};
    int fd = open(path, O_RDONLY);
    bool is_denied = fd < 0 || (ioctl(fd, request, argument) != 0 && errno == EPERM);

    (void)close(fd);
    return !is_denied;
}

/* A snapshot has what the mounts of a sandbox hide. Numbers: <linux/btrfs.h>. */
static int snapshots(void) {
    static const unsigned long orders[] = {
        _IOC(_IOC_WRITE, 0x94, 1, 4096),  _IOC(_IOC_WRITE, 0x94, 14, 4096),
        _IOC(_IOC_WRITE, 0x94, 15, 4096), _IOC(_IOC_WRITE, 0x94, 23, 4096),
        _IOC(_IOC_WRITE, 0x94, 24, 4096), _IOC(_IOC_WRITE, 0x94, 26, 8),
        _IOC(_IOC_WRITE, 0x94, 63, 4096)};

    for (size_t i = 0; i < sizeof orders / sizeof orders[0]; i++) {
        if (takes_order(".", orders[i])) {
            return OUT;
        }
    }
    return DENIED;
}

/* The keys of encrypted folders are the user's, in every namespace. Numbers: <linux/fscrypt.h>. */
static int folder_keys(void) {
    return out_if(takes_order(".", _IOC(_IOC_READ | _IOC_WRITE, 'f', 23, 80)) ||
                  takes_order(".", _IOC(_IOC_READ | _IOC_WRITE, 'f', 24, 64)) ||
                  takes_order(".", _IOC(_IOC_READ | _IOC_WRITE, 'f', 25, 64)));
}

static int versions(void) {
    const char *path = path_of("home/project/readme");

    return out_if(takes_order(path, _IOW('v', 2, long)) || takes_order(path, _IOW('f', 4, long)));
}

/* Whoever opens the file for writing waits until the kernel takes the lease away. */
static int leases(void) {
    int fd = open(path_of("home/project/readme"), O_RDONLY);

    return out_if(fd >= 0 && fcntl(fd, F_SETLEASE, F_RDLCK) == 0);
}

static int notifies(void) {
    int fd = open(path_of("home/project"), O_RDONLY | O_DIRECTORY);

    return out_if(fd >= 0 && fcntl(fd, F_NOTIFY, DN_CREATE) == 0);
}

/* By calls that open nothing; a character device of number 0 needs no rights. */
static int makes_anything(void) {
    static const mode_t kinds[] = {S_IFREG | 0644, S_IFSOCK | 0644, S_IFCHR};
    const char *path = path_of("home/project/.npmrc");
    bool is_made = symlink("/etc/hostname", path) == 0;

    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        is_made = mknod(path, kinds[i], 0) == 0 || is_made;
    }
    return out_if(is_made);
}

static int removes_folder(void) { return out_if(rmdir(path_of("home/project/empty")) == 0); }

static int pipe_outside(void) { return out_if(mkfifo(path_of("home/project/.npmrc"), 0644) == 0); }

static int fanotify(void) {
    return out_if(syscall(SYS_fanotify_init, FAN_CLASS_NOTIF | FAN_REPORT_FID, O_RDONLY) >= 0);
}

static int hard_link(void) {
    (void)unlink("hard");
    return out_if(link(path_of("home/.ssh/id_ed25519"), "hard") == 0);
}

static int hard_link_readable(void) {
    (void)unlink("hard2");
    return out_if(link(path_of("home/project/readme"), "hard2") == 0);
}

static int rename_over(void) {
    int fd = open("mine", O_WRONLY | O_CREAT, 0644);

    (void)close(fd);
    return out_if(rename("mine", path_of("home/project/readme")) == 0);
}

static int rename_away(void) {
    return out_if(rename(path_of("home/project/readme"), "taken") == 0);
}

static int removes(void) { return out_if(unlink(path_of("home/project/spare")) == 0); }
static int truncates(void) { return out_if(truncate(path_of("home/project/readme"), 0) == 0); }
static int modes(void) { return out_if(chmod(path_of("home/project/readme"), 0777) == 0); }
static int modes_hidden(void) { return out_if(chmod(path_of("home/.ssh/id_ed25519"), 0777) == 0); }

static int times(void) {
    return out_if(utimensat(AT_FDCWD, path_of("home/project/readme"), NULL, 0) == 0);
}

enum { SET_ID_WAYS = 11 };

/* One of the calls that give a file its mode. */
static void make_set_id(int way, mode_t mode) {
    const unsigned long how[3] = {O_WRONLY | O_CREAT, mode, 0}; /* struct open_how */
    int fd = way < 4 ? open("tool", O_WRONLY | O_CREAT, 0755) : -1;
    long rc = -1;

    switch (way) {
    case 0:
        rc = chmod("tool", mode);
        break;
    case 1:
        rc = fchmod(fd, mode);
        break;
    case 2:
        rc = syscall(SYS_fchmodat, AT_FDCWD, "tool", mode);
        break;
    case 3:
        rc = syscall(452 /* fchmodat2 */, AT_FDCWD, "tool", mode, 0);
        break;
    case 4:
        rc = openat(AT_FDCWD, "tool", O_WRONLY | O_CREAT, mode);
        break;
    case 5:
        rc = syscall(437 /* openat2 */, AT_FDCWD, "tool", how, sizeof how);
        break;
    case 6:
        rc = mknodat(AT_FDCWD, "tool", S_IFREG | mode, 0);
        break;
#ifdef SYS_open
    case 7:
        rc = syscall(SYS_open, "tool", O_WRONLY | O_CREAT, mode);
        break;
    case 8:
        rc = syscall(SYS_creat, "tool", mode);
        break;
    case 9:
        rc = syscall(SYS_mknod, "tool", S_IFREG | mode, 0);
        break;
#endif
    default: /* a file without a name, which then gets one */
        fd = open(".", O_TMPFILE | O_WRONLY, mode);
        rc = linkat(AT_FDCWD, path_behind(fd), AT_FDCWD, "tool", AT_SYMLINK_FOLLOW);
        break;
    }
    (void)rc; /* the file tells */
    (void)close(fd);
}

static int set_id(void) {
    static const mode_t modes[] = {04755, 02755};
    struct stat st;

    (void)umask(0);
    for (int i = 0; i < 2 * SET_ID_WAYS; i++) {
        (void)unlink("tool");
        make_set_id(i / 2, modes[i % 2]);
        if (stat("tool", &st) == 0 && (st.st_mode & 06000) != 0) {
            return OUT;
        }
    }
    return DENIED;
}

static int make_device(void) { return out_if(mknod("disk", S_IFBLK | 0600, makedev(254, 0)) == 0); }

static int watches(void) {
    int fd = inotify_init();

    return out_if(fd >= 0 && inotify_add_watch(fd, path_of("home/.aws"), IN_ALL_EVENTS) >= 0 &&
                  access(path_of("home/.aws/credentials"), F_OK) == 0);
}

static int runs_unlisted(void) {
    return out_if(runs((const char *const[]){path_of("outside/program"), NULL}) > 0);
}

static int by_handle(void) {
    struct {
        struct file_handle head;
        unsigned char bytes[128];
    } handle = {.head.handle_bytes = 128};
    int mount_id = 0;

    return out_if(name_to_handle_at(AT_FDCWD, "/", &handle.head, &mount_id, 0) == 0);
}

/* --- other processes --- */

static int out_if_proc(const char *file) {
    char path[100];

    (void)snprintf(path, sizeof path, "/proc/%d/%s", (int)parent(), file);
    return out_if_reads(path);
}

static int parents_environment(void) { return out_if_proc("environ"); }
static int parents_files(void) { return out_if_proc("root/etc/hostname") | out_if_proc("fd/0"); }

static int parents_memory(void) {
    char path[100];

    (void)snprintf(path, sizeof path, "/proc/%d/mem", (int)parent());
    return out_if(open(path, O_RDWR) >= 0);
}

static int keepers(const char *file, int flags) {
    char path[100];

    (void)snprintf(path, sizeof path, "/proc/%d/%s", (int)getppid(), file);
    char byte;
    int fd = open(path, flags);
    return out_if(fd >= 0 && ((flags & O_RDWR) != 0 || read(fd, &byte, 1) == 1));
}

static int keepers_memory(void) { return keepers("mem", O_RDWR); }
static int keepers_environment(void) { return keepers("environ", O_RDONLY); }

static int traces(void) {
    return out_if(ptrace(PTRACE_ATTACH, parent(), NULL, NULL) == 0 ||
                  ptrace(PTRACE_SEIZE, getppid(), NULL, NULL) == 0);
}

static int traces_itself(void) { return out_if(ptrace(PTRACE_TRACEME, 0, NULL, NULL) == 0); }

static int reads_memory_of(pid_t pid) {
    char byte = 0;
    struct iovec here = {&byte, 1};
    struct iovec there = {(void *)(uintptr_t)&byte, 1};

    return out_if(process_vm_readv(pid, &here, 1, &there, 1, 0) >= 0 ||
                  process_vm_writev(pid, &here, 1, &there, 1, 0) >= 0);
}

static int reads_memory(void) { return reads_memory_of(parent()) | reads_memory_of(getpid()); }
static int signals(void) { return out_if(kill(parent(), 0) == 0); }
static int signals_all(void) { return out_if(kill(-1, 0) == 0 && kill(parent(), 0) == 0); }

static int signals_otherwise(void) {
    siginfo_t info = {.si_code = SI_QUEUE};
    int fd = (int)syscall(SYS_pidfd_open, parent(), 0);

    info.si_pid = getpid();
    info.si_uid = getuid();
    return out_if(syscall(SYS_tgkill, parent(), parent(), 0) == 0) |
           out_if(syscall(SYS_rt_sigqueueinfo, parent(), 0, &info) == 0) |
           out_if(fd >= 0 && syscall(SYS_pidfd_send_signal, fd, 0, NULL, 0) == 0);
}

/* What happens on a pipe of its own is told to somebody else, by a signal of its choice. */
static int signals_by_pipe(void) {
    int fds[2];
    struct {
        int type;
        pid_t pid;
    } owner = {1 /* F_OWNER_PID */, parent()};

    return out_if(pipe(fds) == 0 && (fcntl(fds[0], F_SETOWN, parent()) == 0 ||
                                     fcntl(fds[0], F_SETOWN_EX, &owner) == 0));
}

static int writes_parents_proc(void) {
    static const char *const names[] = {"oom_score_adj", "coredump_filter", "autogroup",
                                        "timerslack_ns", "clear_refs"};
    int result = DENIED;

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char path[64];

        (void)snprintf(path, sizeof path, "/proc/%d/%s", parent(), names[i]);
        result |= out_if(open(path, O_WRONLY) >= 0);
    }
    return result;
}

static int reads_locks(void) {
    void *head = NULL;
    size_t len = 0;

    return out_if(syscall(SYS_get_robust_list, parent(), &head, &len) == 0);
}

/* When memory is out the kernel takes the child first: unless that can be undone. */
static int survives_others(void) {
    int fd = open("/proc/self/oom_score_adj", O_WRONLY);

    return out_if(fd >= 0 && write(fd, "0", 1) == 1);
}

static int maps_users(void) {
    static const char *const names[] = {"/proc/self/uid_map", "/proc/self/gid_map"};
    int result = DENIED;

    for (size_t i = 0; i < 2; i++) {
        int fd = open(names[i], O_WRONLY);
        result |= out_if(fd >= 0 && write(fd, "0 0 1\n", 6) == 6);
    }
    return result;
}

static int takes_descriptor(void) {
    int fd = (int)syscall(SYS_pidfd_open, parent(), 0);
    int own = (int)syscall(SYS_pidfd_open, getpid(), 0);

    return out_if((fd >= 0 && syscall(SYS_pidfd_getfd, fd, 0, 0) >= 0) ||
                  (own >= 0 && syscall(SYS_pidfd_getfd, own, 0, 0) >= 0));
}

static int limits_parent(void) {
    struct rlimit now;

    return out_if(prlimit(parent(), RLIMIT_CORE, NULL, &now) == 0);
}

static key_t key_of_parent(void) { return (key_t)(0x415743 + parent()); }

static int shared_memory(void) { return out_if(shmget(key_of_parent(), 0, 0) >= 0); }

static int stats_memory(void) {
    int id = (int)env_number("SHM");
    struct shmid_ds ds;
    const void *at = shmat(id, NULL, SHM_RDONLY);

    return out_if(shmctl(id, IPC_STAT, &ds) == 0) | out_if((intptr_t)at != -1);
}

static int uses_messages(void) {
    int id = (int)env_number("MSG");
    struct msqid_ds ds;
    struct {
        long type;
        char text[8];
    } m = {1, "x"};

    return out_if(msgrcv(id, &m, sizeof m.text, 0, IPC_NOWAIT | MSG_NOERROR) >= 0) |
           out_if(msgsnd(id, &m, 2, IPC_NOWAIT) == 0) | out_if(msgctl(id, IPC_STAT, &ds) == 0) |
           out_if(msgget(key_of_parent(), 0) >= 0);
}

static int sets_semaphore(void) {
    int id = (int)env_number("SEM");
    struct sembuf up = {.sem_op = 1, .sem_flg = IPC_NOWAIT};
    struct timespec at_once = {0};
    union {
        int val;
        void *ptr;
    } one = {1};

    return out_if(semctl(id, 0, SETVAL, one) == 0) | out_if(syscall(SYS_semop, id, &up, 1) == 0) |
           out_if(semtimedop(id, &up, 1, &at_once) == 0) |
           out_if(semget(key_of_parent(), 0, 0) >= 0);
}

static int posix_queue(void) {
    char name[60];

    (void)snprintf(name, sizeof name, "/awscopilot-escape-%d", (int)parent());
    return out_if(mq_open(name, O_RDONLY | O_NONBLOCK) >= 0 || mq_unlink(name) == 0);
}

/* What runs above us, where that is ours: reading it would show whose it is, writing it run as its
 * user. Elsewhere process 1 is a program that everyone may read. */
static int keepers_program(void) {
    int result = out_if(open("/proc/1/exe", O_WRONLY) >= 0);

    if (getenv("HELD") != NULL) {
        result |= out_if(open("/proc/1/exe", O_RDONLY) >= 0);
        result |= out_if(execl("/proc/1/exe", "keeper", (char *)NULL) == 0 || errno != EACCES);
    }
    return result;
}

/* Itself and what the loader mapped are files that others run. */
static int own_program(void) {
    char line[512];
    FILE *maps = fopen("/proc/self/maps", "r");
    int result = out_if(open("/proc/self/exe", O_WRONLY | O_APPEND) >= 0);

    while (maps != NULL && fgets(line, sizeof line, maps) != NULL) {
        char *path = strchr(line, '/');
        char range[128];

        if (path != NULL) {
            path[strcspn(path, "\n")] = '\0';
            (void)snprintf(range, sizeof range, "/proc/self/map_files/%.*s",
                           (int)strcspn(line, " "), line);
            result |= out_if(open(range, O_WRONLY) >= 0) | out_if(open(path, O_WRONLY) >= 0);
        }
    }
    return result;
}

/* A readable file that is mapped: by its protection, and by what writes memory whatever that is. */
static int by_mapping(void) {
    char now[8] = "";
    int fd = open(path_of("home/project/readme"), O_RDONLY);
    char *p = fd < 0 ? MAP_FAILED : mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0);
    int memory = open("/proc/self/mem", O_RDWR);

    if (p == MAP_FAILED) {
        return NOTHING;
    }
    if (mprotect(p, 4096, PROT_READ | PROT_WRITE) == 0) {
        p[0] = 'x';
    }
    if (memory >= 0) {
        (void)!pwrite(memory, "x", 1, (off_t)(uintptr_t)p);
    }
    (void)madvise(p, 4096, MADV_REMOVE);
    (void)!pread(fd, now, 5, 0);
    return out_if(strcmp(now, "hello") != 0);
}

/* The same values, so that nothing changes where it is let. */
static int priorities(void) {
    int now = getpriority(PRIO_PROCESS, (id_t)parent());
    bool is_out = setpriority(PRIO_PROCESS, (id_t)parent(), now) == 0;

    /* all processes of a user that nobody is: the kernel would say that there are none */
    (void)setpriority(PRIO_USER, 3999999999U, 0);
    return out_if(is_out || (getenv("HELD") == NULL && errno != EPERM));
}

/* Whose processes are all of the user's, and the group's. */
static int priorities_of_all(void) {
    return out_if(getenv("HELD") == NULL && (setpriority(PRIO_USER, 0, 0) == 0 ||
                                             syscall(SYS_ioprio_set, 3, 0, 2 << 13) == 0));
}

static int schedules(void) {
    static const unsigned char normal[48] = {
        48}; /* struct sched_attr: its size, and nothing else */
    struct sched_param param = {0};
    cpu_set_t cpus;
    pid_t pid = parent();

    CPU_ZERO(&cpus);
    (void)sched_getaffinity(pid, sizeof cpus, &cpus);
    (void)sched_getparam(pid, &param);
    return out_if(sched_setaffinity(pid, sizeof cpus, &cpus) == 0 ||
                  sched_setscheduler(pid, SCHED_OTHER, &param) == 0 ||
                  sched_setparam(pid, &param) == 0 ||
                  syscall(SYS_sched_setattr, pid, normal, 0) == 0 ||
                  syscall(SYS_ioprio_set, 1, pid, syscall(SYS_ioprio_get, 1, pid)) == 0);
}

static int compares(void) { return out_if(syscall(SYS_kcmp, getpid(), getpid(), 0, 0, 0) >= 0); }

static int moves_pages(void) { return out_if(syscall(SYS_move_pages, 0, 0, 0, 0, 0, 0) == 0); }

/* Calls that no build needs. The filter says EPERM before the kernel has looked at words that mean
 * nothing. */
static int odd_calls(void) {
    static const long calls[] = {
        SYS_process_vm_writev,
        SYS_process_madvise,
        SYS_migrate_pages,
        SYS_move_pages,
        SYS_kcmp,
        SYS_pidfd_getfd,
        SYS_bpf,
        SYS_perf_event_open,
        SYS_userfaultfd,
        SYS_init_module,
        SYS_finit_module,
        SYS_delete_module,
        SYS_kexec_load,
        SYS_reboot,
        SYS_syslog,
        SYS_acct,
        SYS_quotactl,
        SYS_swapon,
        SYS_swapoff,
        SYS_keyctl,
        SYS_add_key,
        SYS_request_key,
        SYS_settimeofday,
        SYS_clock_settime,
        SYS_clock_adjtime,
        SYS_adjtimex,
        SYS_sethostname,
        SYS_setdomainname,
        SYS_mount,
        SYS_umount2,
        SYS_pivot_root,
        SYS_chroot,
        SYS_move_mount,
        SYS_open_tree,
        SYS_fsopen,
        SYS_fsconfig,
        SYS_fsmount,
        SYS_fspick,
        SYS_unshare,
        SYS_setns,
        SYS_memfd_create,
        SYS_fanotify_init,
        SYS_open_by_handle_at,
        SYS_name_to_handle_at,
        SYS_fanotify_mark,
        SYS_io_uring_setup,
        SYS_io_uring_enter,
        SYS_io_uring_register,
#ifdef SYS_mount_setattr
        SYS_mount_setattr,
#endif
#ifdef SYS_quotactl_fd
        SYS_quotactl_fd,
#endif
#ifdef SYS_memfd_secret
        SYS_memfd_secret,
#endif
#ifdef SYS_process_mrelease
        SYS_process_mrelease,
#endif
    };

    for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++) {
        if (syscall(calls[i], -1L, -1L, -1L, -1L, -1L, -1L) != -1 ||
            (errno != EPERM && errno != ENOSYS)) {
            return OUT;
        }
    }
    return DENIED;
}

static int keepers_root(void) { return keepers("root/etc/passwd", O_RDONLY); }

static int leaves_group(void) {
    const char *is_held = getenv("HELD"); /* by a pid namespace, which ends all in it */

    return out_if(is_held == NULL && (setsid() > 0 || setpgid(0, 0) == 0));
}

/* --- the kernel --- */

static int mounts(void) { return out_if(mount("none", ".", "tmpfs", 0, NULL) == 0); }
static int unmounts(void) { return out_if(umount2("/proc", MNT_DETACH) == 0); }

static int remounts(void) {
    return out_if(mount(NULL, "/", NULL, MS_REMOUNT | MS_BIND, NULL) == 0);
}

static int new_mounts(void) {
    return out_if(syscall(SYS_open_tree, AT_FDCWD, "/", 1) >= 0 ||
                  syscall(SYS_fsopen, "tmpfs", 0) >= 0);
}

static int roots(void) { return out_if(chroot(".") == 0); }
static int pivots(void) { return out_if(syscall(SYS_pivot_root, ".", ".") == 0); }
static int unshares(void) { return out_if(unshare(CLONE_NEWUSER) == 0); }

static int clones(void) {
    long pid = syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, 0, 0, 0, 0);

    if (pid == 0) {
        _exit(0);
    }
    return out_if(pid > 0);
}

static int clones3(void) {
    struct {
        uint64_t flags, rest[7];
    } args = {.flags = CLONE_NEWUSER};
    long pid = syscall(SYS_clone3, &args, sizeof args);

    if (pid == 0) {
        _exit(0);
    }
    return out_if(pid > 0);
}

static int enters(void) {
    int fd = open("/proc/self/ns/mnt", O_RDONLY);

    return out_if(setns(fd, 0) == 0);
}

static int out_if_opens(const char *path) { return out_if(open(path, O_WRONLY) >= 0); }

static int kernel_doors(void) {
    return out_if_opens("/sys/fs/cgroup/cgroup.procs") | out_if_opens("/proc/sysrq-trigger") |
           out_if_opens("/sys/kernel/uevent_helper") | out_if_opens("/proc/sys/kernel/modprobe") |
           out_if_opens("/proc/sys/fs/binfmt_misc/register") | out_if_opens("/dev/userfaultfd") |
           out_if_opens("/dev/fuse") | out_if_opens("/dev/kvm") | out_if_opens("/dev/net/tun");
}

static int bpf(void) {
    char attr[128] = {1}; /* BPF_MAP_TYPE_HASH */

    return out_if(syscall(SYS_bpf, 0, attr, sizeof attr) >= 0 || errno != EPERM);
}

static int perf(void) {
    struct perf_event_attr attr = {.type = PERF_TYPE_SOFTWARE, .size = sizeof attr};

    return out_if(syscall(SYS_perf_event_open, &attr, 0, -1, -1, 0) >= 0 || errno != EPERM);
}

static int faults(void) { return out_if(syscall(SYS_userfaultfd, 1) >= 0); }

static int keys(void) {
    return out_if(syscall(SYS_keyctl, 0, -3, 1) >= 0 ||
                  syscall(SYS_add_key, "user", "x", "y", 1, -3) >= 0);
}

static int rings(void) {
    char params[120] = {0};

    return out_if(syscall(SYS_io_uring_setup, 1, params) >= 0);
}

/* Places for asynchronous I/O are few, and the whole machine's. */
static int old_rings(void) {
    unsigned long context = 0;

    return out_if(syscall(SYS_io_setup, 128, &context) == 0 || errno != EPERM);
}

static int huge_pages(void) {
    void *p = mmap(NULL, 2 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB,
                   -1, 0);

    return out_if(p != MAP_FAILED || errno != EPERM);
}

/* Who shares a core with us decides when we run. */
static int shares_core(void) {
    enum { SCHED_CORE = 62, CREATE = 1, SHARE_TO = 2, SHARE_FROM = 3 };

    return out_if(prctl(SCHED_CORE, CREATE, parent(), 0, 0) == 0 ||
                  prctl(SCHED_CORE, SHARE_TO, parent(), 0, 0) == 0 ||
                  prctl(SCHED_CORE, SHARE_FROM, parent(), 0, 0) == 0);
}

/* The namespaces around its own, and who owns them. Numbers: <linux/nsfs.h>. */
static int asks_around(void) {
    static const char *const names[] = {"user", "pid", "net", "mnt"};

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char path[64];
        (void)snprintf(path, sizeof path, "/proc/self/ns/%s", names[i]);
        int fd = open(path, O_RDONLY);
        int user = fd < 0 ? -1 : ioctl(fd, _IO(0xb7, 1)); /* NS_GET_USERNS */

        if (fd >= 0 && (ioctl(fd, _IO(0xb7, 2)) >= 0 || /* NS_GET_PARENT */
                        (user >= 0 && ioctl(user, _IO(0xb7, 2)) >= 0))) {
            return OUT;
        }
    }
    return DENIED;
}

static int modules(void) {
    return out_if(syscall(SYS_init_module, "", 0, "") == 0 || errno != EPERM);
}
static int clocks(void) {
    return out_if(clock_settime(CLOCK_REALTIME, &(struct timespec){1, 0}) == 0);
}
static int host_name(void) { return out_if(sethostname("x", 1) == 0); }
static int kernel_setting(void) { return out_if_writes("/proc/sys/vm/overcommit_memory"); }
static int core_pattern(void) { return out_if_writes("/proc/sys/kernel/core_pattern"); }

/* Whether a call by another door than the native one comes through: the filter kills it. */
static int out_if_lives(void (*call)(void)) {
    int status = 0;
    pid_t pid = fork();

    if (pid == 0) {
        call();
        _exit(0);
    }
    (void)waitpid(pid, &status, 0);
    return out_if(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

#ifdef __x86_64__
static void call_x32(void) {
    if (syscall(0x40000000 | SYS_getpid) < 0) {
        _exit(1);
    }
}

static void call_i386(void) {
    long rc = 0;

    __asm__ volatile("int $0x80" : "=a"(rc) : "a"(20L) : "memory"); /* getpid */
    if (rc < 0) {
        _exit(1);
    }
}

static int x32(void) { return out_if_lives(call_x32); }
static int i386(void) { return out_if_lives(call_i386); }
#else
static int x32(void) { return NOTHING; }
static int i386(void) { return NOTHING; }
#endif

/* --- rights --- */

static int out_if_status(const char *name, const char *wanted) {
    char line[200];
    FILE *f = fopen("/proc/self/status", "re");
    bool has = false;

    while (f != NULL && fgets(line, sizeof line, f) != NULL) {
        has = has || (strncmp(line, name, strlen(name)) == 0 &&
                      strspn(line + strlen(name), wanted) == strlen(line + strlen(name)));
    }
    return out_if(f == NULL || !has);
}

static int capabilities(void) { return out_if_status("CapEff:", "\t0\n"); }
static int new_privileges(void) { return out_if_status("NoNewPrivs:", "\t1\n"); }
static int becomes_root(void) { return out_if(getuid() != 0 && setuid(0) == 0); }

static int runs_from_memory(void) {
    int fd = (int)syscall(SYS_memfd_create, "x", 0);
    int self = open("/proc/self/exe", O_RDONLY);
    char piece[65536];
    ssize_t n;
    pid_t pid;
    int status = 0;

    while (fd >= 0 && (n = read(self, piece, sizeof piece)) > 0) {
        if (write(fd, piece, (size_t)n) != n) {
            return DENIED;
        }
    }
    pid = fork();
    if (pid == 0) {
        char name[] = "x", attempt[] = "nothing";
        char *argv[] = {name, attempt, NULL};
        (void)syscall(SYS_execveat, fd, "", argv, environ, AT_EMPTY_PATH);
        _exit(99);
    }
    (void)waitpid(pid, &status, 0);
    return out_if(WIFEXITED(status) && WEXITSTATUS(status) != 99);
}

/* A terminal that somebody else has open: what is written to it is read by a person. */
static int other_terminal(void) {
    const char *path = getenv("PTS");

    return path == NULL ? NOTHING : out_if(open(path, O_WRONLY | O_NOCTTY) >= 0);
}

/* The machine has some thousand terminals for all. */
static int makes_terminals(void) { return out_if(open("/dev/ptmx", O_RDWR | O_NOCTTY) >= 0); }

static int terminal(void) { return out_if(open("/dev/tty", O_RDWR) >= 0); }

static int terminal_input(void) {
    char c = 'x';

    (void)ioctl(0, TIOCSTI, &c);
    if (errno != EPERM) {
        return OUT; /* the filter says EPERM, also where there is no terminal to fake input to */
    }
    errno = 0;
    (void)ioctl(0, 0x54120000LL << 16 | TIOCSTI, &c); /* the upper half is not looked at by ioctl */
    if (errno != EPERM) {
        return OUT;
    }
    errno = 0;
    (void)ioctl(0, TIOCLINUX, &c);
    return out_if(errno != EPERM);
}

static int descriptors(void) {
    for (int fd = 3; fd < 1024; fd++) {
        if (fcntl(fd, F_GETFD) != -1) {
            return OUT;
        }
    }
    return DENIED;
}

static int input(void) {
    char c;

    return out_if(isatty(0) || read(0, &c, 1) != 0);
}

static int variables(void) {
    for (char **v = environ; *v != NULL; v++) {
        if (strstr(*v, "key-of-a-person") != NULL || strncmp(*v, "AWS_", 4) == 0) {
            return OUT;
        }
    }
    return DENIED;
}

static int core_dump(void) {
    int status = 0;
    struct rlimit all = {RLIM_INFINITY, RLIM_INFINITY};
    pid_t pid = fork();

    if (pid == 0) {
        (void)setrlimit(RLIMIT_CORE, &all);
        abort();
    }
    (void)waitpid(pid, &status, 0);
    return out_if(WCOREDUMP(status));
}

static int raises_limits(void) {
    struct rlimit all = {RLIM_INFINITY, RLIM_INFINITY};

    return out_if(setrlimit(RLIMIT_FSIZE, &all) == 0 || setrlimit(RLIMIT_CPU, &all) == 0);
}

/* --- resources --- */

static int open_files(void) {
    struct rlimit most = {0};

    (void)getrlimit(RLIMIT_NOFILE, &most);
    most.rlim_cur = most.rlim_max;
    (void)setrlimit(RLIMIT_NOFILE, &most);
    for (int n = 0; n < 4500; n++) {
        if (dup(0) < 0) {
            return DENIED;
        }
    }
    return OUT;
}

static int fork_bomb(void) {
    for (int n = 0; n < 3000; n++) {
        pid_t pid = fork();
        if (pid < 0) {
            return DENIED;
        }
        if (pid == 0) {
            (void)pause();
            _exit(0);
        }
    }
    return OUT;
}

static int fills(off_t from) {
    static char piece[1 << 20];
    int fd = open("big", O_WRONLY | O_CREAT | O_TRUNC, 0644);

    (void)signal(SIGXFSZ, SIG_IGN);
    (void)lseek(fd, from, SEEK_SET);
    for (int i = 0; i < 64; i++) {
        if (write(fd, piece, sizeof piece) != (ssize_t)sizeof piece) {
            return DENIED;
        }
    }
    return OUT;
}

static int one_large_file(void) { return fills(0); }
static int sparse_file(void) { return fills(1LL << 40) | out_if(truncate("big", 1LL << 40) == 0); }

/* As many files as it takes; ended from outside. */
static int many_files(void) {
    static char piece[1 << 20];
    char name[40];

    for (int i = 0; i < 4096; i++) {
        (void)snprintf(name, sizeof name, "many-%d", i);
        int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC, 0644);
        if (fd < 0 || write(fd, piece, sizeof piece) != (ssize_t)sizeof piece) {
            return NOTHING;
        }
        (void)close(fd);
        (void)usleep(2000);
    }
    return OUT;
}

/* They take no room, but a disk has only so many. */
static int empty_files(void) {
    char name[40];

    for (int i = 0; i < 200000; i++) {
        (void)snprintf(name, sizeof name, "empty-%d", i);
        int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC, 0644);
        if (fd < 0) {
            return NOTHING;
        }
        (void)close(fd);
        if (i % 16 == 0) {
            (void)usleep(1000);
        }
    }
    return OUT;
}

static int memory(void) {
    for (int i = 0; i < 64; i++) {
        char *p = mmap(NULL, 16 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (p == MAP_FAILED) {
            return DENIED;
        }
        memset(p, 'x', 16 << 20);
    }
    return OUT;
}

/* What a user has only so much of, or what leaves no time or memory to others: as much as no build
 * needs. */
static int locks_memory(void) {
    char *p = mmap(NULL, 64 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    return out_if(p != MAP_FAILED && mlock(p, 64 << 20) == 0);
}

static int takes_signals(void) {
    timer_t timer;

    for (int i = 0; i < 8192; i++) {
        if (timer_create(CLOCK_MONOTONIC, NULL, &timer) != 0) {
            return DENIED;
        }
    }
    return OUT;
}

static int takes_queues(void) {
    char name[60];

    (void)snprintf(name, sizeof name, "/awscopilot-escape-mine-%d", (int)getpid());
    mqd_t queue = mq_open(name, O_RDWR | O_CREAT | O_EXCL, 0600, NULL);
    (void)mq_unlink(name);
    return out_if(queue >= 0);
}

/* Memory that no process maps: whoever looks for who has it finds nobody. */
static int takes_shared_memory(void) {
    int ids[2] = {shmget(IPC_PRIVATE, 200 << 20, IPC_CREAT | 0600),
                  shmget(IPC_PRIVATE, 200 << 20, IPC_CREAT | 0600)};
    int result = out_if(ids[0] >= 0 && ids[1] >= 0);

    for (size_t i = 0; i < 2; i++) {
        (void)shmctl(ids[i], IPC_RMID, NULL);
    }
    return result;
}

enum { TAKEN_MAX = 100 };

static int takes_messages(void) {
    int ids[TAKEN_MAX];
    int n = 0;

    while (n < TAKEN_MAX && (ids[n] = msgget(IPC_PRIVATE, IPC_CREAT | 0600)) >= 0) {
        n++;
    }
    for (int i = 0; i < n; i++) {
        (void)msgctl(ids[i], IPC_RMID, NULL);
    }
    return out_if(n > 64);
}

static int takes_semaphores(void) {
    int ids[TAKEN_MAX];
    int n = 0;

    while (n < TAKEN_MAX && (ids[n] = semget(IPC_PRIVATE, 10, IPC_CREAT | 0600)) >= 0) {
        n++;
    }
    for (int i = 0; i < n; i++) {
        (void)semctl(ids[i], 0, IPC_RMID);
    }
    return out_if(n > 16);
}

static int takes_watchers(void) {
    int n = 0;

    while (n < 100 && inotify_init1(IN_NONBLOCK) >= 0) {
        n++;
    }
    return out_if(n > 64);
}

static int takes_watches(void) {
    int watcher = inotify_init1(IN_NONBLOCK);
    char name[40];
    int n = 0;

    for (int i = 0; watcher >= 0 && i < 9000; i++) {
        (void)snprintf(name, sizeof name, "watched-%d", i);
        (void)close(open(name, O_WRONLY | O_CREAT, 0644));
        n += inotify_add_watch(watcher, name, IN_MODIFY) >= 0;
    }
    return out_if(n > 8192);
}

static int takes_processor(void) {
    struct sched_param first = {.sched_priority = 1};
    static const int policies[] = {SCHED_FIFO, SCHED_RR};
    int result = DENIED;

    for (size_t i = 0; i < sizeof policies / sizeof policies[0]; i++) {
        result |= out_if(sched_setscheduler(0, policies[i], &first) == 0);
    }
    return result | out_if(setpriority(PRIO_PROCESS, 0, -10) == 0) |
           out_if(syscall(SYS_ioprio_set, 1, 0, 1 << 13) == 0); /* IOPRIO_CLASS_RT */
}

static int wakes_machine(void) {
    timer_t timer;

    return out_if(timer_create(CLOCK_REALTIME_ALARM, NULL, &timer) == 0) |
           out_if(syscall(SYS_timerfd_create, CLOCK_BOOTTIME_ALARM, 0) >= 0);
}

static int floods_to(int fd) {
    static char piece[1 << 16];

    memset(piece, 'x', sizeof piece);
    for (int64_t n = 0; n < 10LL << 30; n += (int64_t)sizeof piece) {
        if (write(fd, piece, sizeof piece) < 0) {
            return DENIED;
        }
    }
    return OUT;
}

static int floods(void) { return floods_to(1); }
static int floods_errors(void) { return floods_to(2); }

static int waits_a_minute(void) {
    for (int i = 0; i < 600; i++) {
        (void)usleep(100000);
    }
    return OUT;
}

static int ignores_signals(void) {
    for (int sig = 1; sig < NSIG; sig++) {
        (void)signal(sig, SIG_IGN);
    }
    return waits_a_minute();
}

static int stops_itself(void) {
    (void)raise(SIGSTOP);
    return waits_a_minute();
}

static int closes_streams(void) {
    for (int fd = 0; fd < 3; fd++) {
        (void)close(fd);
    }
    return waits_a_minute();
}

/* Leaves a process behind that writes a mark when everyone believes it dead. */
static int daemon_by(bool is_session) {
    pid_t pid = fork();

    if (pid == 0) {
        if (is_session && setsid() < 0) {
            _exit(0);
        }
        for (int sig = 1; sig < NSIG; sig++) {
            (void)signal(sig, SIG_IGN);
        }
        if (fork() == 0) {
            (void)close(0);
            (void)close(1);
            (void)close(2);
            (void)usleep(300000);
            (void)close(open(path_of("ws/late"), O_WRONLY | O_CREAT, 0644));
        }
        _exit(0);
    }
    (void)waitpid(pid, NULL, 0);
    return DENIED; /* the test looks for the mark */
}

static int daemon_session(void) { return daemon_by(true); }
static int daemon_fork(void) { return daemon_by(false); }

/* As a child of whoever started the attacker, not of its own. */
static int daemon_beside(void) {
    if (syscall(SYS_clone, CLONE_PARENT | SIGCHLD, 0, 0, 0, 0) == 0) {
        (void)daemon_by(false);
        _exit(0);
    }
    return DENIED;
}

/* Whoever ends the group must not be ended by it. */
static int ends_keeper(void) {
    (void)prctl(PR_SET_PDEATHSIG, 0);
    (void)kill(getppid(), SIGSTOP);
    (void)kill(getppid(), SIGKILL);
    return daemon_by(false);
}

static int nothing(void) { return DENIED; }

#define ROW(name)                                                                                  \
    { #name, name }

static const struct {
    const char *name;
    int (*attempt)(void);
} rows[] = {
    ROW(tcp),
    ROW(tcp6),
    ROW(udp),
    ROW(listens),
    ROW(curl),
    ROW(ping),
    ROW(name_service),
    ROW(dev_tcp),
    ROW(unix_path),
    ROW(unix_abstract),
    ROW(wide_tcp),
    ROW(wide_unix),
    ROW(raw_socket),
    ROW(packet_socket),
    ROW(netlink_socket),
    ROW(vsock_socket),
    ROW(aws),
    ROW(ssh),
    ROW(dotenv),
    ROW(state),
    ROW(shadow),
    ROW(unlisted),
    ROW(outside),
    ROW(readable),
    ROW(git_config),
    ROW(git_hook),
    ROW(agents),
    ROW(npmrc),
    ROW(editor),
    ROW(dev_shm),
    ROW(device),
    ROW(memory_device),
    ROW(by_root_link),
    ROW(symlink_write),
    ROW(symlink_swap),
    ROW(hard_link),
    ROW(hard_link_readable),
    ROW(rename_over),
    ROW(rename_away),
    ROW(removes),
    ROW(truncates),
    ROW(modes),
    ROW(modes_hidden),
    ROW(times),
    ROW(set_id),
    ROW(make_device),
    ROW(watches),
    ROW(runs_unlisted),
    ROW(by_handle),
    ROW(parents_environment),
    ROW(parents_files),
    ROW(parents_memory),
    ROW(keepers_memory),
    ROW(keepers_environment),
    ROW(traces),
    ROW(traces_itself),
    ROW(reads_memory),
    ROW(signals),
    ROW(signals_all),
    ROW(signals_otherwise),
    ROW(signals_by_pipe),
    ROW(writes_parents_proc),
    ROW(reads_locks),
    ROW(survives_others),
    ROW(maps_users),
    ROW(takes_descriptor),
    ROW(limits_parent),
    ROW(shared_memory),
    ROW(leaves_group),
    ROW(mounts),
    ROW(unmounts),
    ROW(remounts),
    ROW(new_mounts),
    ROW(roots),
    ROW(pivots),
    ROW(unshares),
    ROW(clones),
    ROW(clones3),
    ROW(enters),
    ROW(bpf),
    ROW(perf),
    ROW(faults),
    ROW(keys),
    ROW(rings),
    ROW(old_rings),
    ROW(huge_pages),
    ROW(shares_core),
    ROW(asks_around),
    ROW(modules),
    ROW(clocks),
    ROW(host_name),
    ROW(kernel_setting),
    ROW(core_pattern),
    ROW(x32),
    ROW(i386),
    ROW(capabilities),
    ROW(new_privileges),
    ROW(becomes_root),
    ROW(runs_from_memory),
    ROW(other_terminal),
    ROW(terminal),
    ROW(makes_terminals),
    ROW(terminal_input),
    ROW(descriptors),
    ROW(input),
    ROW(variables),
    ROW(core_dump),
    ROW(raises_limits),
    ROW(open_files),
    ROW(fork_bomb),
    ROW(one_large_file),
    ROW(sparse_file),
    ROW(many_files),
    ROW(memory),
    ROW(locks_memory),
    ROW(takes_signals),
    ROW(takes_queues),
    ROW(takes_shared_memory),
    ROW(takes_messages),
    ROW(takes_semaphores),
    ROW(takes_watchers),
    ROW(takes_watches),
    ROW(takes_processor),
    ROW(wakes_machine),
    ROW(keepers_program),
    ROW(own_program),
    ROW(by_mapping),
    ROW(floods),
    ROW(ignores_signals),
    ROW(daemon_session),
    ROW(daemon_fork),
    ROW(daemon_beside),
    ROW(odd_sockets),
    ROW(odd_pairs),
    ROW(old_packet_socket),
    ROW(multipath),
    ROW(fast_open),
    ROW(reopens),
    ROW(reopens_path),
    ROW(links_nameless),
    ROW(exchanges),
    ROW(owners),
    ROW(attributes),
    ROW(attributes_by_new_calls),
    ROW(file_flags),
    ROW(extended_flags),
    ROW(snapshots),
    ROW(folder_keys),
    ROW(versions),
    ROW(leases),
    ROW(makes_anything),
    ROW(removes_folder),
    ROW(pipe_outside),
    ROW(fanotify),
    ROW(stats_memory),
    ROW(uses_messages),
    ROW(sets_semaphore),
    ROW(posix_queue),
    ROW(priorities),
    ROW(priorities_of_all),
    ROW(schedules),
    ROW(notifies),
    ROW(compares),
    ROW(moves_pages),
    ROW(odd_calls),
    ROW(keepers_root),
    ROW(kernel_doors),
    ROW(empty_files),
    ROW(floods_errors),
    ROW(stops_itself),
    ROW(closes_streams),
    ROW(ends_keeper),
    ROW(nothing),
};

int main(int argc, char **argv) {
    for (size_t i = 0; argc == 2 && i < sizeof rows / sizeof rows[0]; i++) {
        if (strcmp(rows[i].name, argv[1]) == 0) {
            return rows[i].attempt();
        }
    }
    (void)fprintf(stderr, "usage: attacker ATTEMPT\n");
    return 2;
}
