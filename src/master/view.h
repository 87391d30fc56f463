/* SPDX-License-Identifier: MIT */
/* view: the state of the whole service at one moment, for whoever describes it. */
#ifndef SOCKGREET_VIEW_H
#define SOCKGREET_VIEW_H

#include "master/readiness.h"

enum service_state {
    SERVICE_STARTING,
    SERVICE_WAITING, /* for what is in the way of the start */
    SERVICE_SERVING,
    SERVICE_RELOADING, /* serves meanwhile */
    SERVICE_STOPPING,  /* serves on for timeouts.drain_delay */
    SERVICE_DRAINING,
    SERVICE_REPLACED /* by an upgrade, and draining */
};

/* How the last reload ended. */
struct last_reload {
    int64_t at; /* 0: there was none */
    int code;   /* an exit status; EX_OK: it has succeeded */
    struct message reason;
};

struct view {
    enum service_state state;
    int64_t state_since; /* monotonic ns, as all times here; a reload does not begin SERVICE_SERVING again */
    int64_t started_at;
    int64_t now;
    int64_t realtime; /* what CLOCK_REALTIME is ahead, the same in every view unless the clock is set */
    const struct generations *generations;
    const struct failure *failure;
    const struct readiness *readiness;
    double rate;                       /* greetings a second, lately */
    uint64_t reloads, reloads_refused; /* so far */
    struct last_reload last_reload;
    const char *waiting;  /* for what; "" for nothing */
    const char *degraded; /* why the last good configuration serves instead of the file; "" if it does not */
    const char *unwanted; /* a socket that was passed and that no listener wants; "" if there is none */
};

/* The generation that serves or is to; NULL if all drain, or none has begun. */
static inline const struct generation *view_current(const struct view *view)
{
    return generations_current(view->generations);
}

#endif
