/* SPDX-License-Identifier: MIT */
#include "master/signals.h"

#include "base/util.h"

#include <fcntl.h>
#include <signal.h>

/* Ignored signals stay ignored over exec(2). With SIGCHLD ignored the kernel would reap the workers, and with
 * SIGALRM ignored an orphaned worker could keep running. Returns whether it was ignored. */
static bool end_ignoring(int number)
{
    struct sigaction action;
    bool ignored = sigaction(number, NULL, &action) == 0 && action.sa_handler == SIG_IGN;

    if (ignored)
        signal(number, SIG_DFL);
    return ignored;
}

bool signals_block(void)
{
    bool hangup = false;
    sigset_t all;

    for (int number = 1; number < NSIG; number++)
        if (end_ignoring(number) && number == SIGHUP)
            hangup = true;
    sigfillset(&all);
    sigdelset(&all, SIGABRT); /* systemd's watchdog sends it, and must be able to end a master that hangs */
    sigprocmask(SIG_SETMASK, &all, NULL);
    signal(SIGPIPE, SIG_IGN);
    return hangup;
}

bool signals_has_terminal(void)
{
    int fd = open("/dev/tty", O_RDONLY | O_NOCTTY | O_CLOEXEC);
    bool has = fd >= 0;

    close_fd(&fd);
    return has;
}
