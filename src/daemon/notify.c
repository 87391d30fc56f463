/* SPDX-License-Identifier: MIT */
#include "notify.h"

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

void notify_status(const char *status)
{
    sd_notifyf(0, "STATUS=%s", status);
}

void notify_stopping(const char *status)
{
    sd_notifyf(0, "STOPPING=1\nSTATUS=%s", status);
}

void notify_forget(void)
{
    unsetenv("NOTIFY_SOCKET");
}
