/* SPDX-License-Identifier: MIT */
#include "system/notify.h"

#include "base/address.h"
#include "base/util.h"
#include "log/log.h"

#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <systemd/sd-daemon.h>

#define LONGEST_WAIT_MS 1000 /* for a manager that does not read; after that it is not waited for */

bool notify_enabled(void)
{
    return getenv("NOTIFY_SOCKET") != NULL;
}

/* Waits until the manager's socket has room, because sd_notify(3) would wait forever. Returns false if it
 * has none. */
static bool has_room(int timeout_ms)
{
    struct address address;
    struct pollfd ready = {.events = POLLOUT};
    bool room;

    if (!notify_enabled() || !address_set_unix(&address, getenv("NOTIFY_SOCKET")))
        return false;
    ready.fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    /* Only the readiness of a connected socket depends on the other side (unix(7)). */
    room = ready.fd >= 0 && connect(ready.fd, &address.sa, address.length) == 0 &&
           poll(&ready, 1, timeout_ms) == 1;
    close_fd(&ready.fd);
    return room;
}

static bool may_send(void)
{
    static bool deaf;

    if (!notify_enabled())
        return false;
    if (has_room(deaf ? 0 : LONGEST_WAIT_MS)) {
        deaf = false;
        return true;
    }
    if (!deaf)
        log_warning("the service manager does not read its notification socket");
    deaf = true;
    return false;
}

bool notify_ready(const char *status)
{
    return !notify_enabled() || (may_send() && sd_notifyf(0, "READY=1\nSTATUS=%s", status) > 0);
}

void notify_reloading(void)
{
    if (may_send())
        sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%" PRId64, monotonic_ns() / 1000);
}

void notify_status(const char *status)
{
    if (may_send())
        sd_notifyf(0, "STATUS=%s", status);
}

void notify_waiting(const char *status, int64_t longest_ns)
{
    if (may_send())
        sd_notifyf(0, "STATUS=%s\nEXTEND_TIMEOUT_USEC=%" PRId64, status, longest_ns / 1000);
}

void notify_stopping(const char *status, int64_t longest_ns)
{
    if (may_send())
        sd_notifyf(0, "STOPPING=1\nSTATUS=%s\nEXTEND_TIMEOUT_USEC=%" PRId64, status, longest_ns / 1000);
}

void notify_watchdog(void)
{
    if (may_send())
        sd_notify(0, "WATCHDOG=1");
}

int64_t notify_watchdog_interval(void)
{
    uint64_t usec = 0;

    return sd_watchdog_enabled(0, &usec) > 0 ? (int64_t)usec * 1000 / 2 : 0;
}

bool notify_store(int fd, const char *label)
{
    char state[320];

    /* FDPOLL=0: a socket with a pending error must not be dropped. */
    snprintf(state, sizeof(state), "FDSTORE=1\nFDNAME=%s\nFDPOLL=0", label);
    return has_room(0) && sd_pid_notify_with_fds(0, 0, state, &fd, 1) > 0;
}

void notify_unstore(const char *label)
{
    if (may_send())
        sd_notifyf(0, "FDSTOREREMOVE=1\nFDNAME=%s", label);
}

void notify_wait(void)
{
    if (may_send())
        sd_notify_barrier(0, LONGEST_WAIT_MS * 1000);
}

void notify_forget(void)
{
    unsetenv("NOTIFY_SOCKET");
}
