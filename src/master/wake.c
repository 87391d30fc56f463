/* SPDX-License-Identifier: MIT */
#include "master/wake.h"

#include <stdbool.h>
#include <sys/epoll.h>

#define RATE_INTERVAL 100000 /* us, in which it wakes at most RATE_BURST times */
#define RATE_BURST    20

static int do_nothing(sd_event_source *source, int fd, uint32_t events, void *context)
{
    (void)source;
    (void)fd;
    (void)events;
    (void)context;
    return 0;
}

int wake_on(sd_event *event, int fd, sd_event_source **source)
{
    return sd_event_add_io(event, source, fd, EPOLLIN, do_nothing, NULL);
}

int wake_always_on(sd_event *event, int fd)
{
    sd_event_source *source;
    int error = wake_on(event, fd, &source);

    if (error < 0)
        return error;
    error = sd_event_source_set_ratelimit(source, RATE_INTERVAL, RATE_BURST);
    if (error >= 0)
        error = sd_event_source_set_floating(source, true); /* the event loop owns it from now on */
    sd_event_source_unref(source);
    return error;
}
