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

int deadline_signal_fd(const int *signals, size_t count)
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

bool deadline_catch_interrupt(struct deadline *deadline)
{
    static const int signals[] = {SIGHUP, SIGINT, SIGTERM};

    /* Never read: once interrupted, every later wait ends at once too. */
    deadline->interrupt_fd = deadline_signal_fd(signals, ARRAY_SIZE(signals));
    return deadline->interrupt_fd >= 0;
}

enum deadline_end deadline_wait(const struct deadline *deadline, int fd, short events)
{
    struct pollfd polled[] = {{.fd = fd, .events = events}, {.fd = deadline->interrupt_fd, .events = POLLIN}};

    for (;;) {
        int64_t left = deadline->until_ns - monotonic_ns();
        struct timespec timeout = {.tv_sec = left / NS_PER_S, .tv_nsec = left % NS_PER_S};
        int ready = ppoll(polled, ARRAY_SIZE(polled), left > 0 ? &timeout : &(struct timespec){0}, NULL);

        if (ready > 0 && polled[1].revents)
            return DEADLINE_INTERRUPTED;
        if (ready > 0)
            return DEADLINE_READY;
        if (left <= 0)
            return DEADLINE_OVER;
    }
}

struct deadline deadline_at_most(const struct deadline *deadline, int64_t nanoseconds)
{
    struct deadline shorter = *deadline;
    int64_t until_ns = monotonic_ns() + nanoseconds;

    if (until_ns < shorter.until_ns)
        shorter.until_ns = until_ns;
    return shorter;
}
