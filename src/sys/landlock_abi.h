/* sys/landlock_abi.h: Landlock's constants up to ABI 6, of which Debian 12's headers have two.
 * Source: Documentation/userspace-api/landlock.rst and include/uapi/linux/landlock.h of Linux 6.12.
 */
#pragma once

#include <stdint.h>

enum { LANDLOCK_VERSION_FLAG = 1, LANDLOCK_BELOW = 1 };

#define LL_EXECUTE (1ULL << 0)
#define LL_WRITE_FILE (1ULL << 1)
#define LL_READ_FILE (1ULL << 2)
#define LL_READ_DIR (1ULL << 3)
#define LL_REMOVE_DIR (1ULL << 4)
#define LL_MAKE_SOCK (1ULL << 9)
#define LL_MAKE_BLOCK (1ULL << 11)
#define LL_MAKE_CHAR (1ULL << 6)
#define LL_ABI1 ((1ULL << 13) - 1)
#define LL_REFER (1ULL << 13)     /* ABI 2 */
#define LL_TRUNCATE (1ULL << 14)  /* ABI 3 */
#define LL_IOCTL_DEV (1ULL << 15) /* ABI 5 */
#define LL_NET_BIND (1ULL << 0)   /* ABI 4 */
#define LL_NET_CONNECT (1ULL << 1)
#define LL_SCOPE_ABSTRACT_UNIX (1ULL << 0) /* ABI 6 */
#define LL_SCOPE_SIGNAL (1ULL << 1)

#define LL_READ (LL_EXECUTE | LL_READ_FILE | LL_READ_DIR)
#define LL_FILE_READ (LL_EXECUTE | LL_READ_FILE)
#define LL_FILE_WRITE (LL_FILE_READ | LL_WRITE_FILE | LL_TRUNCATE)
#define LL_WRITE ((LL_ABI1 | LL_REFER | LL_TRUNCATE) & ~(LL_MAKE_BLOCK | LL_MAKE_CHAR))

struct landlock_ruleset {
    uint64_t fs;
    uint64_t net;   /* from ABI 4 */
    uint64_t scope; /* from ABI 6 */
};

struct landlock_below {
    uint64_t allowed;
    int32_t fd;
} __attribute__((packed));
