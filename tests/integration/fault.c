/* SPDX-License-Identifier: MIT */
/* A library to preload that has the N-th call of a function fail, or ends the process there. What to do
 * stands in a file that tests and all processes map, so that it can be changed while they run, and calls
 * count in all of them. */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

enum action { FAIL, ABORT, HANG };

/* As fault.py packs it. */
struct control {
    char function[32];
    _Atomic int64_t left;  /* calls until the one that is hit; below 0: none is */
    _Atomic int64_t calls; /* so far, since it was armed */
    _Atomic int64_t hits;
    int64_t error;  /* errno of the failure */
    int64_t action; /* enum action */
    int64_t again;  /* hit each one from then on, too */
};

static struct control *control;

extern void *__libc_malloc(size_t);
extern void *__libc_calloc(size_t, size_t);

/* By system calls alone: mmap() and malloc() are watched themselves. */
__attribute__((constructor)) static void attach(void)
{
    const char *path = getenv("FAULT_CONTROL");
    long fd = path ? syscall(SYS_openat, AT_FDCWD, path, O_RDWR | O_CLOEXEC, 0) : -1, address;

    if (fd < 0)
        return;
    address = syscall(SYS_mmap, NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, (int)fd, 0L);
    syscall(SYS_close, fd);
    if (address > 0)
        control = (struct control *)address;
}

/* Whether this call is to fail; errno is set then. */
static bool is_hit(const char *function)
{
    int64_t left;

    if (!control || strcmp(control->function, function) != 0)
        return false;
    atomic_fetch_add(&control->calls, 1);
    left = atomic_fetch_sub(&control->left, 1);
    if (left != 1 && !(control->again && left < 1))
        return false;
    atomic_fetch_add(&control->hits, 1);
    if (control->action == ABORT)
        abort();
    while (control->action == HANG)
        poll(NULL, 0, -1); /* which a worker may call */
    errno = (int)control->error;
    return true;
}

#define REAL(function) ((__typeof__(&function))dlsym(RTLD_NEXT, #function))

#define WRAP(type, function, parameters, arguments, failure)             \
    type function parameters                                             \
    {                                                                    \
        return is_hit(#function) ? (failure) : REAL(function) arguments; \
    }

void *malloc(size_t size)
{
    return is_hit("malloc") ? NULL : __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
    return is_hit("calloc") ? NULL : __libc_calloc(count, size);
}

WRAP(pid_t, fork, (void), (), -1)
WRAP(int, socket, (int domain, int type, int protocol), (domain, type, protocol), -1)
WRAP(int, bind, (int fd, const struct sockaddr *address, socklen_t length), (fd, address, length), -1)
WRAP(int, listen, (int fd, int backlog), (fd, backlog), -1)
WRAP(int, epoll_create1, (int flags), (flags), -1)
WRAP(int, epoll_ctl, (int epoll, int operation, int fd, struct epoll_event *event),
     (epoll, operation, fd, event), -1)
WRAP(int, pipe2, (int fds[2], int flags), (fds, flags), -1)
WRAP(int, kill, (pid_t pid, int number), (pid, number), -1)
WRAP(int, memfd_create, (const char *name, unsigned flags), (name, flags), -1)
WRAP(int, signalfd, (int fd, const sigset_t *mask, int flags), (fd, mask, flags), -1)
WRAP(int, eventfd, (unsigned initial, int flags), (initial, flags), -1)
WRAP(ssize_t, sendmsg, (int fd, const struct msghdr *message, int flags), (fd, message, flags), -1)
WRAP(int, accept4, (int fd, struct sockaddr *address, socklen_t *length, int flags),
     (fd, address, length, flags), -1)
WRAP(int, recvmmsg, (int fd, struct mmsghdr *messages, unsigned count, int flags, struct timespec *timeout),
     (fd, messages, count, flags, timeout), -1)
WRAP(int, sendmmsg, (int fd, struct mmsghdr *messages, unsigned count, int flags),
     (fd, messages, count, flags), -1)
WRAP(ssize_t, send, (int fd, const void *data, size_t size, int flags), (fd, data, size, flags), -1)
WRAP(ssize_t, recv, (int fd, void *data, size_t size, int flags), (fd, data, size, flags), -1)
WRAP(int, epoll_wait, (int epoll, struct epoll_event *events, int count, int timeout),
     (epoll, events, count, timeout), -1)
WRAP(void *, mmap, (void *address, size_t length, int protection, int flags, int fd, off_t offset),
     (address, length, protection, flags, fd, offset), MAP_FAILED)
WRAP(int, pthread_create,
     (pthread_t * thread, const pthread_attr_t *attributes, void *(*run)(void *), void *argument),
     (thread, attributes, run, argument), errno)

/* "user-timeout" fails nothing: where it is hit, the kernel keeps what was not taken for a thirtieth of the
 * time, so that a test need not wait for half a minute. */
int setsockopt(int fd, int level, int name, const void *value, socklen_t length)
{
    unsigned timeout;

    if (is_hit("setsockopt"))
        return -1;
    if (level == IPPROTO_TCP && name == TCP_USER_TIMEOUT && is_hit("user-timeout")) {
        timeout = *(const unsigned *)value / 30;
        value = &timeout;
    }
    return REAL(setsockopt)(fd, level, name, value, length);
}

/* A worker's word to the master, which begins with its pid, is a function of its own: "ready" is hit just
 * after it was said. */
ssize_t write(int fd, const void *data, size_t size)
{
    bool is_ready = size > sizeof(uint64_t) && memcmp(data, &(pid_t){getpid()}, sizeof(pid_t)) == 0;
    long written = syscall(SYS_write, fd, data, size);

    if (is_ready)
        is_hit("ready");
    return written;
}
