/* SPDX-License-Identifier: MIT */
#include "conf/conf_syscalls.h"

#include "base/util.h"

#include <linux/filter.h>
#include <sched.h>
#include <seccomp.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linux/sockios.h> /* after sys/ioctl.h, whose names it uses */

/* Whatever their arguments: the kernel finds these in a bitmap, which costs 8 ns a call. One that the
 * architecture lacks is skipped; those with 64 in their name are for 32-bit ones. */
/* clang-format off */
static const char *const allowed[] = {
    /* clients */
    "accept4", "accept", "recvfrom", "recv", "recvmsg", "recvmmsg", "recvmmsg_time64", "shutdown",
    "close", "close_range", "read", "readv", "write", "writev",
    "getsockname", "getpeername", "getsockopt", "setsockopt",
    /* waiting */
    "epoll_wait", "epoll_pwait", "epoll_pwait2", "epoll_ctl", "timerfd_settime", "timerfd_settime64", "poll", "ppoll",
    "ppoll_time64", "restart_syscall", "alarm", "setitimer", "clock_nanosleep", "clock_nanosleep_time64", "nanosleep",
    /* clocks, and facts for greetings */
    "clock_gettime", "clock_gettime64", "gettimeofday", "time", "sysinfo", "getpid", "gettid", "getppid",
    /* threads and memory */
    "futex", "futex_time64", "sched_yield", "sched_getaffinity", "set_robust_list", "rseq", "brk", "munmap", "madvise",
    "mremap", "getrandom",
    /* signals, and the end */
    "rt_sigprocmask", "rt_sigaction", "rt_sigreturn", "sigreturn", "exit", "exit_group",
    /* the log: whether journald's socket is there, and what standard error is */
    "access", "faccessat", "faccessat2", "fstat", "fstat64", "newfstatat", "fstatat64", "statx", "lseek", "_llseek",
};
/* clang-format on */

/* Flags of clone(2) are its second argument here. */
#ifdef __s390__
#define CLONE_FLAGS 1
#else
#define CLONE_FLAGS 0
#endif
#define CLONE_NEW                                                                                 \
    (CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID | \
     CLONE_NEWNET)

#define MASKED(argument, mask, value) SCMP_CMP(argument, SCMP_CMP_MASKED_EQ, mask, value)
#define EQUAL(argument, value)        SCMP_CMP(argument, SCMP_CMP_EQ, value, 0)

/* Calls that depend on their arguments, at 20 ns. */
static const struct {
    const char *name;
    unsigned count;
    struct scmp_arg_cmp arguments[2];
} conditional[] = {
    /* One of them for each client, or for each batch of datagrams. Neither connect(2) nor Landlock is asked
     * when a listening socket that was shut down is told to connect so. */
    {"sendto", 1, {MASKED(3, MSG_FASTOPEN, 0)}},
    {"send", 1, {MASKED(3, MSG_FASTOPEN, 0)}},
    {"sendmsg", 1, {MASKED(2, MSG_FASTOPEN, 0)}},
    {"sendmmsg", 1, {MASKED(3, MSG_FASTOPEN, 0)}},
    /* the journal's socket, and if_indextoname()'s */
    {"socket", 2, {EQUAL(0, AF_UNIX), MASKED(1, 0xffffffffu & ~(SOCK_CLOEXEC | SOCK_NONBLOCK), SOCK_DGRAM)}},
    {"mmap", 1, {MASKED(2, PROT_EXEC, 0)}},
    {"mmap2", 1, {MASKED(2, PROT_EXEC, 0)}},
    {"mprotect", 1, {MASKED(2, PROT_EXEC, 0)}},
    {"clone", 1, {MASKED(CLONE_FLAGS, CLONE_THREAD | CLONE_NEW, CLONE_THREAD)}},
    {"prctl", 1, {EQUAL(0, PR_SET_NAME)}},
    {"ioctl", 1, {EQUAL(1, SIOCOUTQ)}},
    {"ioctl", 1, {EQUAL(1, SIOCGIFNAME)}},
    {"ioctl", 1, {EQUAL(1, FIONREAD)}},
    {"tgkill", 1, {EQUAL(0, CONF_FILTER_PID)}}, /* abort() */
};

/* A name that the library does not know is newer than it, or of another architecture. */
static int add(scmp_filter_ctx filter, uint32_t action, const char *name, unsigned count,
               const struct scmp_arg_cmp *arguments)
{
    int number = seccomp_syscall_resolve_name(name);

    return number == __NR_SCMP_ERROR ? 0 : seccomp_rule_add_array(filter, action, number, count, arguments);
}

static int add_all(scmp_filter_ctx filter)
{
    int error = seccomp_attr_set(filter, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_ERRNO(EPERM));

    for (size_t i = 0; error == 0 && i < ARRAY_SIZE(allowed); i++)
        error = add(filter, SCMP_ACT_ALLOW, allowed[i], 0, NULL);
    for (size_t i = 0; error == 0 && i < ARRAY_SIZE(conditional); i++)
        error =
            add(filter, SCMP_ACT_ALLOW, conditional[i].name, conditional[i].count, conditional[i].arguments);
    /* clone3(): its flags are in memory, where a filter cannot see them; glibc falls back to clone(). */
    return error ? error : add(filter, SCMP_ACT_ERRNO(ENOSYS), "clone3", 0, NULL);
}

/* Through a pipe, which holds the largest program that there can be. Returns its bytes, or -errno. */
static ssize_t export(scmp_filter_ctx filter, void *program, size_t size)
{
    int ends[2], error;
    ssize_t length;

    if (pipe(ends) < 0)
        return -errno;
    error = seccomp_export_bpf(filter, ends[1]);
    close_fd(&ends[1]);
    length = error ? error : read(ends[0], program, size);
    close_fd(&ends[0]);
    return length;
}

static ssize_t compile(struct sock_filter *program, size_t size)
{
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));
    ssize_t result;

    if (!filter)
        return -ENOMEM;
    result = add_all(filter);
    if (result == 0)
        result = export(filter, program, size);
    seccomp_release(filter);
    return result;
}

/* libseccomp 2.5 leaves out without an error what it has no memory for, and a worker without one of its calls
 * hangs: a program that comes out differently the second time is not whole. */
static ssize_t compile_twice(struct sock_filter *program, size_t size)
{
    struct sock_filter again[BPF_MAXINSNS];
    ssize_t first = compile(program, size), second = first > 0 ? compile(again, sizeof(again)) : first;

    if (second <= 0)
        return second;
    return first == second && memcmp(program, again, (size_t)first) == 0 ? first : -ENOMEM;
}

void conf_syscalls_compile(struct conf_builder *builder)
{
    struct conf *conf = builder->conf;
    struct sock_filter program[BPF_MAXINSNS], *copy;
    ssize_t size;

    if (conf->sandbox == CONF_SANDBOX_OFF)
        return;
    size = compile_twice(program, sizeof(program));
    if (size <= 0) {
        conf_error(builder->report, 0, "sandbox", "the system call filter cannot be built: %s",
                   strerror((int)-size));
        conf_report_temporary(builder->report);
        return;
    }
    copy = conf_builder_alloc(builder, (size_t)size);
    if (!copy)
        return;
    memcpy(copy, program, (size_t)size);
    conf->filter = copy;
    conf->filter_length = (unsigned)((size_t)size / sizeof(*copy));
}
