/* SPDX-License-Identifier: MIT */
#include "client/ask/deadline.h"

#include "base/util.h"

#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>

static bool is_ignored(int signal)
{
    struct sigaction action;

    return sigaction(signal, NULL, &action) == 0 && action.sa_handler == SIG_IGN;
}

int patience_signal_fd(const int *signals, size_t count)
{
    sigset_t set;

    sigemptyset(&set);
    for (size_t i = 0; i < count; i++)
        if (!is_ignored(signals[i]))
            sigaddset(&set, signals[i]);
    if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
        return -1;
    return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

bool patience_catch_interrupt(struct patience *patience)
{
    static const int signals[] = {SIGHUP, SIGINT, SIGTERM};

    /* Never read: once interrupted, every later wait ends at once too. */
    patience->interrupt_fd = patience_signal_fd(signals, ARRAY_SIZE(signals));
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
