/* SPDX-License-Identifier: MIT */
#include "notify.h"

#include "../common/util.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <systemd/sd-daemon.h>

bool notify_enabled(void)
{
    return getenv("NOTIFY_SOCKET") != NULL;
}

void notify_ready(const char *status)
{
    sd_notifyf(0, "READY=1\nSTATUS=%s", status);
}

void notify_reloading(void)
{
    sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%" PRId64, monotonic_ns() / 1000);
}

void notify_status(const char *status)
{
    sd_notifyf(0, "STATUS=%s", status);
}

void notify_stopping(const char *status, int64_t longest_ns)
{
    sd_notifyf(0, "STOPPING=1\nSTATUS=%s\nEXTEND_TIMEOUT_USEC=%" PRId64, status, longest_ns / 1000);
}

void notify_watchdog(void)
{
    sd_notify(0, "WATCHDOG=1");
}

int64_t notify_watchdog_interval(void)
{
    uint64_t usec = 0;

    return sd_watchdog_enabled(0, &usec) > 0 ? (int64_t)usec * 1000 / 2 : 0;
}

void notify_store(int fd, const char *label)
{
    char state[320];

    /* FDPOLL=0: a socket with a pending error must not be dropped. */
    snprintf(state, sizeof(state), "FDSTORE=1\nFDNAME=%s\nFDPOLL=0", label);
    sd_pid_notify_with_fds(0, 0, state, &fd, 1);
}

void notify_unstore(const char *label)
{
    sd_notifyf(0, "FDSTOREREMOVE=1\nFDNAME=%s", label);
}

void notify_forget(void)
{
    unsetenv("NOTIFY_SOCKET");
}
