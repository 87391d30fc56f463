/* SPDX-License-Identifier: MIT */
#include "client/ask/deadline.h"

#include "base/util.h"

#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>

bool patience_catch_interrupt(struct patience *patience)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
        return false;
    /* Never read: once interrupted, every later wait ends at once too. */
    patience->interrupt_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    return patience->interrupt_fd >= 0;
}

enum patience_end patience_wait(const struct patience *patience, int fd, short events)
{
    struct pollfd polled[] = {{.fd = fd, .events = events}, {.fd = patience->interrupt_fd, .events = POLLIN}};

    for (;;) {
        int64_t left = patience->until_ns - monotonic_ns();
        struct timespec timeout = {.tv_sec = left / NS_PER_S, .tv_nsec = left % NS_PER_S};
        int ready = ppoll(polled, ARRAY_SIZE(polled), left > 0 ? &timeout : &(struct timespec){0}, NULL);

        if (ready > 0 && polled[1].revents)
            return PATIENCE_INTERRUPTED;
        if (ready > 0)
            return PATIENCE_READY;
        if (left <= 0)
            return PATIENCE_OVER;
    }
}

struct patience patience_at_most(const struct patience *patience, int64_t nanoseconds)
{
    struct patience shorter = *patience;
    int64_t until_ns = monotonic_ns() + nanoseconds;

    if (until_ns < shorter.until_ns)
        shorter.until_ns = until_ns;
    return shorter;
}
