/* seccomp: what the compiled filter answers to a call, by walking through its instructions: for
 * calls that no kernel has yet, nothing else can tell. */
#include "sys/sandbox_plan.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/syscall.h>

#include <cmocka.h>

#if defined(__x86_64__)
#define NATIVE AUDIT_ARCH_X86_64
#else
#define NATIVE AUDIT_ARCH_AARCH64
#endif

enum { ALLOWED = 0, STEPS_MAX = 4096 };

/* The errno of the answer; ALLOWED; -1: the process is killed. Source: the kernel's
 * Documentation/networking/filter.rst, the instructions of classic BPF. */
static int answer(const struct sock_fprog *prog, uint32_t arch, int nr) {
    const struct seccomp_data data = {.nr = nr, .arch = arch};
    uint32_t a = 0;
    size_t at = 0;

    for (int steps = 0; steps < STEPS_MAX && at < prog->len; steps++) {
        const struct sock_filter *f = &prog->filter[at++];
        bool holds = false;

        switch (f->code) {
        case BPF_LD | BPF_W | BPF_ABS:
            memcpy(&a, (const char *)&data + f->k, sizeof a);
            continue;
        case BPF_ALU | BPF_AND | BPF_K:
            a &= f->k;
            continue;
        case BPF_RET | BPF_K:
            return f->k == SECCOMP_RET_ALLOW                               ? ALLOWED
                   : (f->k & SECCOMP_RET_ACTION_FULL) == SECCOMP_RET_ERRNO ? (int)(f->k & 0xffff)
                                                                           : -1;
        case BPF_JMP | BPF_JA:
            at += f->k;
            continue;
        case BPF_JMP | BPF_JEQ | BPF_K:
            holds = a == f->k;
            break;
        case BPF_JMP | BPF_JGT | BPF_K:
            holds = a > f->k;
            break;
        case BPF_JMP | BPF_JGE | BPF_K:
            holds = a >= f->k;
            break;
        case BPF_JMP | BPF_JSET | BPF_K:
            holds = (a & f->k) != 0;
            break;
        default:
            fail_msg("instruction %#x is not known here", f->code);
        }
        at += holds ? f->jt : f->jf;
    }
    fail_msg("it answers nothing");
    return -1;
}

static void calls_that_nobody_knows_yet_do_not_exist(void **state) {
    (void)state;
    for (int net = 0; net < 2; net++) {
        for (int has_namespaces = 0; has_namespaces < 2; has_namespaces++) {
            const struct sock_fprog *prog =
                seccomp_filter(net == 0 ? SANDBOX_NET_NONE : SANDBOX_NET_SOURCES, has_namespaces);

            assert_non_null(prog);
            assert_int_equal(answer(prog, NATIVE, 470), ENOSYS);
            assert_int_equal(answer(prog, NATIVE, 1000), ENOSYS);
            assert_int_equal(answer(prog, NATIVE, 469 /* file_setattr */), EPERM);
            assert_int_equal(answer(prog, NATIVE, 467 /* open_tree_attr */), EPERM);
            assert_int_equal(answer(prog, NATIVE, 449 /* futex_waitv */), ALLOWED);
            assert_int_equal(answer(prog, NATIVE, SYS_read), ALLOWED);
            assert_int_equal(answer(prog, NATIVE, 463 /* setxattrat */),
                             has_namespaces ? ALLOWED : EPERM);
        }
    }
}

static void other_machines_calls_end_the_process(void **state) {
    const struct sock_fprog *prog = seccomp_filter(SANDBOX_NET_NONE, true);

    (void)state;
    assert_int_equal(answer(prog, AUDIT_ARCH_I386, 1), -1);
#if defined(__x86_64__)
    assert_int_not_equal(answer(prog, NATIVE, 0x40000000 | SYS_read), ALLOWED); /* x32 */
#endif
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(calls_that_nobody_knows_yet_do_not_exist),
        cmocka_unit_test(other_machines_calls_end_the_process),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("seccomp", tests, NULL, NULL);
}
