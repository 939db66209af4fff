/* The escape suite: one test for each way out of the sandbox and each wall, all by a small hostile
 * program (test/support/attacker.c). The name says what was tried and behind which wall; a wall
 * that this machine has not got is a visible SKIP. Then the same attempts without a sandbox:
 * those that must succeed there do, so that it is the wall that denies them.
 */
#include "sys/proc.h"

#include "base/clock.h"
#include "support/raise_limits.h"
#include "support/scratch.h"
#include "sys/fs.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <glob.h>
#include <limits.h>
#include <mqueue.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/un.h>
#include <sys/utsname.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <cmocka.h>

enum { DENIED = 0, OUT = 3 };

enum {
    OPEN_OUTSIDE = 1 << 0,  /* succeeds without a sandbox, on any machine that can be tested on */
    BY_NAMESPACES = 1 << 1, /* Landlock alone does not stop it; docs/sandbox.md says so */
    BY_ABI_6 = 1 << 2,      /* Landlock alone stops it from ABI 6 */
    NOT_ROOT = 1 << 3,      /* root is not bound by it where there is no pid namespace */
    SMALL_MEMORY = 1 << 4,
    SMALL_FILES = 1 << 5,
    SMALL_DISK = 1 << 6,
    SHORT = 1 << 7,         /* a deadline of 300 ms */
    LINGERS = 1 << 8,       /* look for what it left a little later */
    ON_NETWORK = 1 << 9,    /* denied, too, to a child that may reach package sources */
    SMALL_INODES = 1 << 10, /* a disk that has few files left */
    BY_IPC_ROOT = 1 << 11,  /* with namespaces from the Linux that lets their root count it */
};

/* clang-format off */
static const struct attempt {
    const char *id; /* of the attacker */
    const char *name;
    int flags;
    enum proc_end end; /* another end than an exit is the denial */
} attempts[] = {
    {"nothing",             "is started at all (control)", 0, PROC_EXITED},
    /* the network */
    {"tcp",                 "connects by TCP", OPEN_OUTSIDE | ON_NETWORK, PROC_EXITED},
    {"tcp6",                "opens an IPv6 socket", 0, PROC_EXITED},
    {"udp",                 "sends a datagram", OPEN_OUTSIDE, PROC_EXITED},
    {"listens",             "listens on a port", OPEN_OUTSIDE, PROC_EXITED},
    {"curl",                "runs curl", ON_NETWORK, PROC_EXITED},
    {"ping",                "runs ping", 0, PROC_EXITED},
    {"name_service",        "asks DNS by getent", ON_NETWORK, PROC_EXITED},
    {"dev_tcp",             "uses bash's /dev/tcp", OPEN_OUTSIDE | ON_NETWORK, PROC_EXITED},
    {"unix_path",           "connects to an agent's socket in a readable folder", OPEN_OUTSIDE | ON_NETWORK, PROC_EXITED},
    {"unix_abstract",       "connects to an abstract socket", OPEN_OUTSIDE | ON_NETWORK, PROC_EXITED},
    {"wide_tcp",            "connects by TCP, the family written in 64 bits", OPEN_OUTSIDE | ON_NETWORK, PROC_EXITED},
    {"wide_unix",           "connects to an agent's socket, the family written in 64 bits", OPEN_OUTSIDE | ON_NETWORK, PROC_EXITED},
    {"raw_socket",          "opens a raw socket", ON_NETWORK, PROC_EXITED},
    {"packet_socket",       "opens a packet socket", ON_NETWORK, PROC_EXITED},
    {"netlink_socket",      "opens a netlink socket", OPEN_OUTSIDE, PROC_EXITED},
    {"vsock_socket",        "opens a socket to the hypervisor", ON_NETWORK, PROC_EXITED},
    {"odd_sockets",         "opens a socket of any other family", ON_NETWORK, PROC_EXITED},
    {"odd_pairs",           "makes a pair of sockets of any other family", ON_NETWORK, PROC_EXITED},
    {"old_packet_socket",   "opens a packet socket the old way", ON_NETWORK, PROC_EXITED},
    {"multipath",           "connects by multipath TCP", ON_NETWORK, PROC_EXITED},
    {"fast_open",           "connects by TCP fast open", ON_NETWORK, PROC_EXITED},
    /* what must not be read */
    {"aws",                 "reads ~/.aws", OPEN_OUTSIDE | ON_NETWORK, PROC_EXITED},
    {"ssh",                 "reads ~/.ssh", OPEN_OUTSIDE | ON_NETWORK, PROC_EXITED},
    {"dotenv",              "reads a .env", OPEN_OUTSIDE, PROC_EXITED},
    {"state",               "reads our own state", OPEN_OUTSIDE | ON_NETWORK, PROC_EXITED},
    {"shadow",              "reads /etc/shadow", 0, PROC_EXITED},
    {"unlisted",            "reads a file that is not listed", OPEN_OUTSIDE, PROC_EXITED},
    {"by_root_link",        "reads ~/.aws through /proc/self/root", OPEN_OUTSIDE, PROC_EXITED},
    {"watches",             "watches ~/.aws by inotify", OPEN_OUTSIDE, PROC_EXITED},
    {"reopens_path",        "reopens ~/.aws by a descriptor without rights", OPEN_OUTSIDE, PROC_EXITED},
    {"fanotify",            "watches by fanotify", 0, PROC_EXITED},
    {"device",              "reads a disk", 0, PROC_EXITED},
    {"memory_device",       "reads the machine's memory or log", 0, PROC_EXITED},
    {"by_handle",           "gets a file handle to open by", 0, PROC_EXITED},
    /* what must not be written */
    {"outside",             "writes outside", OPEN_OUTSIDE, PROC_EXITED},
    {"readable",            "writes a readable file", OPEN_OUTSIDE, PROC_EXITED},
    {"git_config",          "writes .git/config", OPEN_OUTSIDE, PROC_EXITED},
    {"git_hook",            "makes a git hook that was absent", OPEN_OUTSIDE, PROC_EXITED},
    {"agents",              "makes an AGENTS.md that was absent", OPEN_OUTSIDE, PROC_EXITED},
    {"npmrc",               "makes an .npmrc that was absent", OPEN_OUTSIDE, PROC_EXITED},
    {"editor",              "makes an editor's folder that was absent", OPEN_OUTSIDE, PROC_EXITED},
    {"dev_shm",             "writes to /dev/shm", 0, PROC_EXITED},
    {"symlink_write",       "writes outside through a link", OPEN_OUTSIDE, PROC_EXITED},
    {"symlink_swap",        "swaps a folder for a link while it writes", 0, PROC_EXITED},
    {"own_program",         "writes the programs that it is made of", 0, PROC_EXITED},
    {"by_mapping",          "writes a readable file by its mapping", 0, PROC_EXITED},
    {"reopens",             "reopens a readable file for writing by its descriptor", OPEN_OUTSIDE, PROC_EXITED},
    {"links_nameless",      "links a nameless file of its own into a readable folder", 0, PROC_EXITED},
    {"exchanges",           "exchanges a readable file for its own", OPEN_OUTSIDE, PROC_EXITED},
    {"makes_anything",      "makes a file, link, socket or device in a readable folder", OPEN_OUTSIDE, PROC_EXITED},
    {"removes_folder",      "removes a readable folder", OPEN_OUTSIDE, PROC_EXITED},
    {"pipe_outside",        "makes a pipe in a readable folder", OPEN_OUTSIDE, PROC_EXITED},
    {"hard_link",           "links a private key in", OPEN_OUTSIDE, PROC_EXITED},
    {"hard_link_readable",  "links a readable file in", OPEN_OUTSIDE, PROC_EXITED},
    {"rename_over",         "renames over a readable file", OPEN_OUTSIDE, PROC_EXITED},
    {"rename_away",         "renames a readable file away", OPEN_OUTSIDE, PROC_EXITED},
    {"removes",             "removes a readable file", OPEN_OUTSIDE, PROC_EXITED},
    {"truncates",           "truncates a readable file", OPEN_OUTSIDE, PROC_EXITED},
    {"modes",               "changes the mode of a readable file", OPEN_OUTSIDE | BY_NAMESPACES, PROC_EXITED},
    {"modes_hidden",        "changes the mode of a private key", OPEN_OUTSIDE | BY_NAMESPACES, PROC_EXITED},
    {"times",               "changes the times of a readable file", OPEN_OUTSIDE | BY_NAMESPACES, PROC_EXITED},
    {"owners",              "changes the owner of a readable file", OPEN_OUTSIDE | BY_NAMESPACES, PROC_EXITED},
    {"attributes",          "gives a readable file an attribute", 0, PROC_EXITED},
    {"attributes_by_new_calls", "gives a readable file an attribute by a call that the filter's library does not know", 0, PROC_EXITED},
    {"file_flags",          "changes the flags of a readable file", 0, PROC_EXITED},
    {"extended_flags",      "changes the extended flags of a readable file", 0, PROC_EXITED},
    {"snapshots",           "makes or removes a snapshot of a file system", 0, PROC_EXITED},
    {"folder_keys",         "adds or removes a key of encrypted folders", 0, PROC_EXITED},
    {"versions",            "changes the version of a readable file", 0, PROC_EXITED},
    {"leases",              "makes others wait for a readable file", OPEN_OUTSIDE, PROC_EXITED},
    {"notifies",            "gets news of a readable folder by signals", OPEN_OUTSIDE, PROC_EXITED},
    {"set_id",              "makes a set-id program of its own file", OPEN_OUTSIDE, PROC_EXITED},
    {"make_device",         "makes a device", 0, PROC_EXITED},
    /* other processes */
    {"parents_environment", "reads our environment", OPEN_OUTSIDE, PROC_EXITED},
    {"parents_files",       "reads our files through /proc", OPEN_OUTSIDE, PROC_EXITED},
    {"parents_memory",      "opens our memory", 0, PROC_EXITED},
    {"keepers_memory",      "opens the memory of process 1", 0, PROC_EXITED},
    {"keepers_environment", "reads the environment of process 1", 0, PROC_EXITED},
    {"keepers_program",     "reads, writes or runs the program of process 1", 0, PROC_EXITED},
    {"traces",              "traces us or process 1", 0, PROC_EXITED},
    {"traces_itself",       "lets itself be traced", OPEN_OUTSIDE, PROC_EXITED},
    {"reads_memory",        "reads memory by process_vm_readv", OPEN_OUTSIDE, PROC_EXITED},
    {"signals",             "signals us", OPEN_OUTSIDE | BY_ABI_6, PROC_EXITED},
    {"signals_all",         "signals everyone", BY_ABI_6, PROC_EXITED},
    {"signals_otherwise",   "signals us by other calls", OPEN_OUTSIDE | BY_ABI_6, PROC_EXITED},
    {"signals_by_pipe",     "has a pipe of its own signal us", OPEN_OUTSIDE, PROC_EXITED},
    {"writes_parents_proc", "changes how the kernel treats us", OPEN_OUTSIDE, PROC_EXITED},
    {"reads_locks",         "asks where our locks are", OPEN_OUTSIDE, PROC_EXITED},
    {"survives_others",     "makes the kernel take others first when memory is out", OPEN_OUTSIDE, PROC_EXITED},
    {"maps_users",          "maps users of its own", 0, PROC_EXITED},
    {"takes_descriptor",    "takes a descriptor of ours", 0, PROC_EXITED},
    {"limits_parent",       "sets our resource limits", OPEN_OUTSIDE, PROC_EXITED},
    {"shared_memory",       "attaches our shared memory", OPEN_OUTSIDE, PROC_EXITED},
    {"stats_memory",        "asks for or attaches our shared memory by its number", OPEN_OUTSIDE, PROC_EXITED},
    {"uses_messages",       "takes or sends a message by the number of our queue", OPEN_OUTSIDE, PROC_EXITED},
    {"sets_semaphore",      "sets a semaphore of ours by its number", OPEN_OUTSIDE, PROC_EXITED},
    {"posix_queue",         "opens or removes a queue of ours", OPEN_OUTSIDE, PROC_EXITED},
    {"priorities",          "sets our priority", OPEN_OUTSIDE, PROC_EXITED},
    {"priorities_of_all",   "sets the priority of all that the user runs", 0, PROC_EXITED},
    {"schedules",           "sets when and where we run", OPEN_OUTSIDE, PROC_EXITED},
    {"compares",            "compares processes", OPEN_OUTSIDE, PROC_EXITED},
    {"moves_pages",         "moves pages", 0, PROC_EXITED},
    {"keepers_root",        "goes through the root of process 1", 0, PROC_EXITED},
    {"ends_keeper",         "ends its keeper and leaves a daemon", BY_ABI_6 | LINGERS, PROC_EXITED},
    {"leaves_group",        "leaves the process group", OPEN_OUTSIDE, PROC_EXITED},
    {"daemon_session",      "leaves a daemon of a session of its own", OPEN_OUTSIDE | LINGERS, PROC_EXITED},
    {"daemon_beside",       "leaves a daemon that is no child of its own", LINGERS, PROC_EXITED},
    {"daemon_fork",         "leaves a grandchild that ignores signals", LINGERS, PROC_EXITED},
    /* the kernel */
    {"mounts",              "mounts", 0, PROC_EXITED},
    {"unmounts",            "unmounts /proc", 0, PROC_EXITED},
    {"remounts",            "makes the root writable", 0, PROC_EXITED},
    {"new_mounts",          "uses the new mount calls", 0, PROC_EXITED},
    {"roots",               "changes its root", 0, PROC_EXITED},
    {"pivots",              "pivots its root", 0, PROC_EXITED},
    {"unshares",            "unshares a user namespace", 0, PROC_EXITED},
    {"clones",              "clones into a user namespace", 0, PROC_EXITED},
    {"clones3",             "clones into a user namespace by clone3", 0, PROC_EXITED},
    {"enters",              "enters a namespace", 0, PROC_EXITED},
    {"bpf",                 "calls bpf", 0, PROC_EXITED},
    {"perf",                "calls perf_event_open", 0, PROC_EXITED},
    {"faults",              "calls userfaultfd", 0, PROC_EXITED},
    {"keys",                "uses the kernel's keyrings", 0, PROC_EXITED},
    {"rings",               "sets up io_uring", 0, PROC_EXITED},
    {"old_rings",           "takes the machine's places for asynchronous I/O", OPEN_OUTSIDE, PROC_EXITED},
    {"huge_pages",          "takes the machine's huge pages", 0, PROC_EXITED},
    {"shares_core",         "shares a core with us", 0, PROC_EXITED},
    {"asks_around",         "gets the namespaces around its own", 0, PROC_EXITED},
    {"modules",             "loads a module", 0, PROC_EXITED},
    {"clocks",              "sets the clock", 0, PROC_EXITED},
    {"host_name",           "sets the host name", 0, PROC_EXITED},
    {"kernel_setting",      "changes a kernel setting", 0, PROC_EXITED},
    {"core_pattern",        "changes the core pattern", 0, PROC_EXITED},
    {"kernel_doors",        "opens what the kernel takes orders by", 0, PROC_EXITED},
    {"odd_calls",           "makes one of fifty calls that no build needs", ON_NETWORK, PROC_EXITED},
    {"x32",                 "makes an x32 system call", 0, PROC_EXITED},
    {"i386",                "makes an i386 system call", 0, PROC_EXITED},
    /* rights and what is inherited */
    {"capabilities",        "keeps capabilities", 0, PROC_EXITED},
    {"new_privileges",      "gains rights by a set-id program", OPEN_OUTSIDE, PROC_EXITED},
    {"becomes_root",        "becomes root", 0, PROC_EXITED},
    {"runs_from_memory",    "executes from a memfd", OPEN_OUTSIDE, PROC_EXITED},
    {"runs_unlisted",       "executes a program that is not listed", OPEN_OUTSIDE, PROC_EXITED},
    {"other_terminal",      "writes to somebody else's terminal", OPEN_OUTSIDE, PROC_EXITED},
    {"makes_terminals",     "makes terminals", OPEN_OUTSIDE, PROC_EXITED},
    {"terminal",            "opens the terminal", 0, PROC_EXITED},
    {"terminal_input",      "fakes input by TIOCSTI", 0, PROC_EXITED},
    {"descriptors",         "has an inherited descriptor", 0, PROC_EXITED},
    {"input",               "reads our input", 0, PROC_EXITED},
    {"variables",           "has a secret of our environment", 0, PROC_EXITED},
    {"core_dump",           "leaves a core dump", 0, PROC_EXITED},
    {"raises_limits",       "raises its own limits", 0, PROC_EXITED},
    /* resources */
    {"open_files",          "opens files without end", 0, PROC_EXITED},
    {"fork_bomb",           "forks without end", NOT_ROOT, PROC_EXITED},
    {"one_large_file",      "fills the disk by one file", OPEN_OUTSIDE | SMALL_FILES, PROC_EXITED},
    {"sparse_file",         "makes a sparse file of a terabyte", SMALL_FILES, PROC_EXITED},
    {"many_files",          "fills the disk by many files", SMALL_DISK, PROC_DISK},
    {"empty_files",         "uses up the disk's files", SMALL_INODES, PROC_DISK},
    {"memory",              "takes all memory", SMALL_MEMORY, PROC_EXITED},
    {"locks_memory",        "locks memory that nobody can swap out", 0, PROC_EXITED},
    {"takes_signals",       "takes the user's places for signals by timers", OPEN_OUTSIDE, PROC_EXITED},
    {"takes_queues",        "takes the user's bytes for queues", OPEN_OUTSIDE, PROC_EXITED},
    {"takes_shared_memory", "takes shared memory that no process maps", OPEN_OUTSIDE | BY_IPC_ROOT, PROC_EXITED},
    {"takes_messages",      "keeps messages in the kernel", OPEN_OUTSIDE | BY_IPC_ROOT, PROC_EXITED},
    {"takes_semaphores",    "keeps semaphores in the kernel", OPEN_OUTSIDE | BY_IPC_ROOT, PROC_EXITED},
    {"takes_watchers",      "takes the user's inotify instances", 0, PROC_EXITED},
    {"takes_watches",       "takes the user's inotify watches", 0, PROC_EXITED},
    {"takes_processor",     "takes a priority before all others", 0, PROC_EXITED},
    {"wakes_machine",       "makes a timer that wakes the machine", 0, PROC_EXITED},
    {"floods",              "prints 10 GB", 0, PROC_FLOOD},
    {"floods_errors",       "prints 10 GB of errors without a line", 0, PROC_FLOOD},
    {"stops_itself",        "stops itself past its deadline", SHORT, PROC_TIMEOUT},
    {"closes_streams",      "closes its streams and goes on past its deadline", SHORT, PROC_TIMEOUT},
    {"ignores_signals",     "ignores all signals past its deadline", SHORT, PROC_TIMEOUT},
};

static const struct {
    const char *name;
    enum sandbox_wall wall;
    enum sandbox_net net;
} walls[] = {{"namespaces and Landlock", SANDBOX_WALL_ALL,        SANDBOX_NET_NONE},
             {"namespaces alone",        SANDBOX_WALL_NAMESPACES, SANDBOX_NET_NONE},
             {"Landlock alone",          SANDBOX_WALL_LANDLOCK,   SANDBOX_NET_NONE},
             {"with package sources",    SANDBOX_WALL_ALL,        SANDBOX_NET_SOURCES}};
/* clang-format on */

enum { WALL_NONE = ARRAY_N(walls), TESTS_MAX = ARRAY_N(attempts) * (ARRAY_N(walls) + 1) };

#define FOLDERS "/tmp/escape_test-" /* PID-XXXXXX */

static char work[PATH_MAX];
static int port;
static int udp_port;
static int shared = -1; /* memory, messages and semaphores of System V */
static int messages = -1;
static int semaphores = -1;
static char pts[64]; /* of a terminal that stays open; "": there are none */

/* --- the world around it --- */

static char *in_work(const char *name) { return fs_join(work, name); }

static void put(const char *name, const char *content, uint32_t mode) {
    CLEANUP(freep) char *path = in_work(name);
    struct err err = {0};

    assert_int_equal(fs_write_file(path, str_from(content), mode, &err), ERR_NONE);
}

static int listen_at(struct sockaddr *addr, socklen_t len, int type) {
    int fd = socket(addr->sa_family, type | SOCK_CLOEXEC, 0);

    assert_int_equal(bind(fd, addr, len), 0);
    if (type == SOCK_STREAM) {
        assert_int_equal(listen(fd, 64), 0);
    }
    return fd;
}

static int listen_local(int type) {
    struct sockaddr_in addr = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof addr;
    int fd = listen_at((struct sockaddr *)&addr, sizeof addr, type);

    assert_int_equal(getsockname(fd, (struct sockaddr *)&addr, &len), 0);
    return ntohs(addr.sin_port); /* stays open until the test ends */
}

static void listen_unix(void) {
    struct sockaddr_un addr = {.sun_family = AF_UNIX};
    CLEANUP(freep) char *path = in_work("home/agent.sock");
    int n;

    (void)snprintf(addr.sun_path, sizeof addr.sun_path, "%s", path);
    (void)listen_at((struct sockaddr *)&addr, sizeof addr, SOCK_STREAM);
    memset(addr.sun_path, 0, sizeof addr.sun_path);
    n = snprintf(addr.sun_path + 1, sizeof addr.sun_path - 1, "awscopilot-escape-%d", getpid());
    (void)listen_at((struct sockaddr *)&addr,
                    (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)n),
                    SOCK_STREAM);
}

static void open_terminal(void) {
    int fd = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC); /* stays open until the test ends */

    if (fd < 0 || grantpt(fd) != 0 || unlockpt(fd) != 0 || ptsname_r(fd, pts, sizeof pts) != 0) {
        pts[0] = '\0';
    }
}

static char *queue_name(pid_t pid) { return mem_format("/awscopilot-escape-%d", pid); }

/* Of what System V keeps. */
static key_t key_of(pid_t pid) { return (key_t)(0x415743 + pid); }

/* What the kernel keeps of a run, whether its process lives or not. */
static void remove_kept(pid_t pid) {
    CLEANUP(freep) char *queue = queue_name(pid);

    (void)mq_unlink(queue);
    (void)shmctl(shmget(key_of(pid), 0, 0), IPC_RMID, NULL);
    (void)msgctl(msgget(key_of(pid), 0), IPC_RMID, NULL);
    (void)semctl(semget(key_of(pid), 0, 0), 0, IPC_RMID);
}

/* A run locks its folder, which ends with its process however that ends. A folder that nobody has
 * locked is of a run that was killed; enough of those, and the kernel denies the control its queue.
 */
static void remove_killed_runs(void) {
    glob_t found = {0};

    (void)glob(FOLDERS "*", 0, NULL, &found);
    for (size_t i = 0; i < found.gl_pathc; i++) {
        const char *path = found.gl_pathv[i];
        int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        pid_t pid = (pid_t)strtol(path + strlen(FOLDERS), NULL, 10);

        if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0) {
            remove_kept(pid);
            (void)scratch_remove(path);
            print_message("# removed what process %d had left\n", pid);
        }
        if (fd >= 0) {
            close(fd);
        }
    }
    globfree(&found);
}

static void make_folder(void) {
    (void)snprintf(work, sizeof work, FOLDERS "%d-XXXXXX", getpid());
    assert_non_null(mkdtemp(work));
    assert_int_equal(flock(open(work, O_RDONLY | O_CLOEXEC), LOCK_EX), 0); /* until we end */
}

/* What attempts without a sandbox have changed is put right before each. */
static void restore(void) {
    const struct {
        long type;
        char text[2];
    } message = {1, "x"};
    CLEANUP(freep) char *queue = queue_name(getpid());
    mqd_t posix = mq_open(queue, O_RDONLY | O_CREAT | O_CLOEXEC, 0600, NULL);
    static const char *const made[] = {"home/project/.git/hooks/post-checkout",
                                       "home/project/AGENTS.md", "home/project/.npmrc", "ws/late"};

    if (posix >= 0) {
        (void)mq_close(posix);
    }
    (void)msgsnd(messages, &message, sizeof message.text, IPC_NOWAIT); /* full is well, too */
    put("home/project/readme", "hello", 0644);
    put("home/project/spare", "hello", 0644);
    put("outside/file", "untouched", 0644);
    put("home/.ssh/id_ed25519", "key-of-a-person", 0600);
    for (size_t i = 0; i < ARRAY_N(made); i++) {
        CLEANUP(freep) char *path = in_work(made[i]);
        (void)unlink(path);
    }
    CLEANUP(freep) char *readme = in_work("home/project/readme");
    (void)setxattr(readme, "user.y", "y", 1, 0); /* where the disk has attributes */
    CLEANUP(freep) char *empty = in_work("home/project/empty");
    (void)mkdir(empty, 0755);
    CLEANUP(freep) char *editor = in_work("home/project/.vscode");
    (void)rmdir(editor);
}

static int set_up(void **state) {
    static const char *const dirs[] = {
        "ws", "tmp", "home/.ssh", "home/project/.git/hooks", "outside", "home/.aws", "home/state"};
    struct err err = {0};

    (void)state;
    raise_limits();
    remove_killed_runs();
    make_folder();
    for (size_t i = 0; i < ARRAY_N(dirs); i++) {
        CLEANUP(freep) char *dir = in_work(dirs[i]);
        assert_int_equal(fs_mkdirs(dir, 0755, &err), ERR_NONE);
    }
    put("home/.aws/credentials", "key-of-a-person", 0600);
    put("home/project/.env", "PASSWORD=key-of-a-person", 0600);
    put("home/project/.git/config", "[core]\n", 0644);
    put("home/state/journal", "secret", 0600);
    put("outside/program", "#!/bin/sh\nexit 0\n", 0755);
    shared = shmget(key_of(getpid()), 4096, IPC_CREAT | 0600);
    messages = msgget(key_of(getpid()), IPC_CREAT | 0600);
    semaphores = semget(key_of(getpid()), 1, IPC_CREAT | 0600);
    restore();
    port = listen_local(SOCK_STREAM);
    udp_port = listen_local(SOCK_DGRAM);
    listen_unix();
    open_terminal();
    assert_true(open("/etc/hostname", O_RDONLY) >= 0); /* a descriptor that could be inherited */
    CLEANUP(freep) char *home = in_work("home");
    (void)setenv("AWS_SECRET_ACCESS_KEY", "key-of-a-person", 1);
    return setenv("HOME", home, 1);
}

static int tear_down(void **state) {
    (void)state;
    remove_kept(getpid());
    return scratch_remove(work);
}

/* --- one attempt --- */

static int64_t free_bytes(void) {
    struct statvfs st;

    return statvfs(work, &st) == 0 ? (int64_t)(st.f_bavail * st.f_frsize) : 0;
}

/* 0: the disk does not count its files. */
static int64_t free_files(void) {
    struct statvfs st;

    return statvfs(work, &st) == 0 && st.f_files > 0 ? (int64_t)st.f_favail : 0;
}

static void set_number(struct proc_env *env, const char *name, int value) {
    CLEANUP(freep) char *text = mem_format("%d", value);

    proc_env_set(env, name, text);
}

static enum err_code run_attempt(const struct attempt *attempt, size_t wall,
                                 struct proc_result *out, struct err *err) {
    CLEANUP(freep) char *home = in_work("home");
    CLEANUP(freep) char *dotenv = in_work("home/project/.env");
    CLEANUP(freep) char *own = in_work("home/state");
    CLEANUP(freep) char *ws = in_work("ws");
    CLEANUP(freep) char *tmp = in_work("tmp");
    const char *const readable[] = {home, ATTACKER, NULL};
    const char *const writable[] = {ws, NULL};
    const char *const hidden[] = {dotenv, own, NULL};
    const char *const hosts[] = {"packages.invalid:443", NULL};
    const char *const argv[] = {ATTACKER, attempt->id, NULL};
    struct sandbox box = {
        .readable = readable,
        .writable = writable,
        .hidden = hidden,
        .tmp = tmp,
        .net = wall == WALL_NONE ? SANDBOX_NET_NONE : walls[wall].net,
        .hosts = hosts,
        .process_max = 400,
        .file_bytes_max = (attempt->flags & SMALL_FILES) != 0 ? 1 << 20 : 0,
        .memory_bytes_max = (attempt->flags & SMALL_MEMORY) != 0 ? 64 << 20 : 0,
        .disk_free_min = (attempt->flags & SMALL_DISK) != 0 ? free_bytes() - (32 << 20) : 0,
        .disk_files_min = (attempt->flags & SMALL_INODES) != 0 ? free_files() - 1000 : 0,
        .wall = wall == WALL_NONE ? SANDBOX_WALL_ALL : walls[wall].wall,
    };
    bool has_pids = wall != WALL_NONE && walls[wall].wall != SANDBOX_WALL_LANDLOCK &&
                    sandbox_probe()->has_namespaces;
    CLEANUP(proc_env_done) struct proc_env env = {0};

    proc_env_set(&env, "PATH", "/usr/bin:/bin");
    proc_env_set(&env, "W", work);
    set_number(&env, "PORT", port);
    set_number(&env, "UDP", udp_port);
    set_number(&env, "PARENT", getpid());
    set_number(&env, "SHM", shared);
    set_number(&env, "MSG", messages);
    set_number(&env, "SEM", semaphores);
    if (pts[0] != '\0') {
        proc_env_set(&env, "PTS", pts);
    }
    if (has_pids) {
        proc_env_set(&env, "HELD", "1");
    }
    struct proc_spec spec = {.argv = argv,
                             .env = (const char *const *)env.vars,
                             .cwd = ws,
                             .timeout_ms = (attempt->flags & SHORT) != 0 ? 300 : 60000,
                             .sandbox = wall == WALL_NONE ? NULL : &box,
                             .filter = proc_filter_none};
    return proc_run(&spec, out, err);
}

struct case_row {
    const struct attempt *attempt;
    size_t wall; /* WALL_NONE: must get out */
};

/* Behind a wall the mark has time to come; where nothing holds it, it comes when it does. */
static bool has_left_a_mark(const struct attempt *attempt, size_t wall) {
    CLEANUP(freep) char *mark = in_work("ws/late");
    int64_t until_ms = clock_mono_ms() + (wall == WALL_NONE ? 20000 : 600);

    while ((attempt->flags & LINGERS) != 0 && access(mark, F_OK) != 0 &&
           clock_mono_ms() < until_ms) {
        clock_sleep_ms(10);
    }
    return access(mark, F_OK) == 0;
}

/* Which wall of the machine, or what else of it, is missing; NULL: nothing. */
static const char *missing_wall(size_t wall, bool has_pids) {
    const struct sandbox_caps *caps = sandbox_probe();
    bool has_wall = walls[wall].wall == SANDBOX_WALL_NAMESPACES ? caps->has_namespaces
                    : walls[wall].wall == SANDBOX_WALL_LANDLOCK ? caps->landlock_abi >= 3
                                                                : caps->missing[0] == '\0';

    if (!has_wall) {
        return "this wall is not on this machine";
    }
    return walls[wall].net == SANDBOX_NET_SOURCES && !has_pids
               ? "without namespaces the network is open, and the run says so"
               : NULL;
}

static bool is_missing(const char *program) {
    CLEANUP(freep) char *path = proc_find(program, "/usr/bin:/bin");

    return path == NULL;
}

/* From Linux 6.10 the root of a namespace sets how much System V keeps in it. */
static bool has_ipc_root(void) {
    struct utsname name;
    int major = 0, minor = 0;

    return uname(&name) == 0 && sscanf(name.release, "%d.%d", &major, &minor) == 2 &&
           (major > 6 || (major == 6 && minor >= 10));
}

/* Why this machine cannot show it; NULL when it can. */
static const char *reason_to_skip(const struct case_row *row) {
    const struct sandbox_caps *caps = sandbox_probe();
    bool has_pids = caps->has_namespaces && walls[row->wall].wall != SANDBOX_WALL_LANDLOCK;
    int flags = row->attempt->flags;
    const struct {
        bool is_so;
        const char *why;
    } reasons[] = {
        {strcmp(row->attempt->id, "ping") == 0 && is_missing("ping"), "ping is not installed"},
        {(flags & BY_NAMESPACES) != 0 && !has_pids,
         "only namespaces stop it, as docs/sandbox.md says"},
        {(flags & BY_ABI_6) != 0 && !has_pids && caps->landlock_abi < 6,
         "Landlock alone stops it from ABI 6"},
        {(flags & BY_IPC_ROOT) != 0 && has_pids && !has_ipc_root(),
         "what System V keeps is counted by its namespace from Linux 6.10"},
        {(flags & SMALL_INODES) != 0 && free_files() <= 1000, "this disk does not count its files"},
        {(flags & NOT_ROOT) != 0 && !has_pids && getuid() == 0,
         "root's processes are not counted without a pid namespace"},
    };
    const char *why = missing_wall(row->wall, has_pids);

    for (size_t i = 0; why == NULL && i < ARRAY_N(reasons); i++) {
        why = reasons[i].is_so ? reasons[i].why : NULL;
    }
    return why;
}

static bool is_control(const struct case_row *row) {
    return strcmp(row->attempt->id, "nothing") == 0;
}

static const char *verdict_of(const struct case_row *row) {
    return row->wall == WALL_NONE        ? "free is a child that"
           : reason_to_skip(row) != NULL ? "NOT TRIED is a child that"
           : is_control(row)             ? "a child"
                                         : "denied is a child that";
}

static void it_is_denied(void **state) {
    const struct case_row *row = *state;
    const char *why = reason_to_skip(row);
    CLEANUP(proc_result_done) struct proc_result result = {0};
    CLEANUP(buf_done) struct buf how = BUF_INIT(200);
    CLEANUP(buf_done) struct buf outside = BUF_INIT(100);
    CLEANUP(freep) char *path = in_work("outside/file");
    struct err err = {0};

    if (why != NULL) {
        print_message("# SKIP a child that %s: %s (%s)\n", row->attempt->name, why,
                      walls[row->wall].name);
        return; /* its own name in the output says that it was not tried */
    }
    restore();
    if (run_attempt(row->attempt, row->wall, &result, &err) != ERR_NONE) {
        fail_msg("it could not be tried: %s", err.text);
    }
    proc_describe_end(&result, &how);
    bool is_denied = result.end == row->attempt->end &&
                     (result.end != PROC_EXITED || result.value == DENIED) && result.is_confined;
    assert_int_equal(fs_read_file(path, 100, &outside, &err), ERR_NONE);
    if (!is_denied || has_left_a_mark(row->attempt, row->wall) ||
        strcmp(buf_cstr(&outside), "untouched") != 0) {
        fail_msg("it got out: it %s", buf_cstr(&how));
    }
}

static void it_gets_out_without_a_sandbox(void **state) {
    const struct case_row *row = *state;
    CLEANUP(proc_result_done) struct proc_result result = {0};
    struct err err = {0};

    restore();
    assert_int_equal(run_attempt(row->attempt, WALL_NONE, &result, &err), ERR_NONE);
    bool is_out = (row->attempt->flags & LINGERS) != 0
                      ? has_left_a_mark(row->attempt, WALL_NONE)
                      : result.end == PROC_EXITED && result.value == OUT;
    if (!is_out || result.is_confined) {
        fail_msg("the attempt itself is wrong: end %d, value %d", result.end, result.value);
    }
    restore();
}

int main(void) {
    static struct CMUnitTest tests[TESTS_MAX];
    static struct case_row rows[TESTS_MAX];
    static char names[TESTS_MAX][120];
    size_t n = 0;

    for (size_t wall = 0; wall <= WALL_NONE; wall++) {
        for (size_t i = 0; i < ARRAY_N(attempts); i++) {
            int needs = wall == WALL_NONE                        ? OPEN_OUTSIDE
                        : walls[wall].net == SANDBOX_NET_SOURCES ? ON_NETWORK
                                                                 : 0;
            if ((attempts[i].flags & needs) != needs) {
                continue;
            }
            rows[n] = (struct case_row){&attempts[i], wall};
            (void)snprintf(names[n], sizeof names[n], "%s: %s %s",
                           wall == WALL_NONE ? "no sandbox" : walls[wall].name,
                           verdict_of(&rows[n]), attempts[i].name);
            tests[n] = (struct CMUnitTest){
                .name = names[n],
                .test_func = wall == WALL_NONE ? it_gets_out_without_a_sandbox : it_is_denied,
                .initial_state = &rows[n],
            };
            n++;
        }
    }
    return _cmocka_run_group_tests("escape", tests, n, set_up, tear_down);
}
