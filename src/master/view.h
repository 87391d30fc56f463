/* SPDX-License-Identifier: MIT */
/* view: the state of the whole service at one moment, for status, describe and meter. */
#ifndef SOCKGREET_VIEW_H
#define SOCKGREET_VIEW_H

#include "master/readiness.h"

enum service_state {
    SERVICE_STARTING,
    SERVICE_WAITING, /* for what blocks the start */
    SERVICE_SERVING,
    SERVICE_RELOADING, /* and serving */
    SERVICE_STOPPING,  /* keeps serving for timeouts.drain_delay */
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
    int64_t realtime; /* CLOCK_REALTIME minus CLOCK_MONOTONIC; changes only when the clock is set */
    const struct generations *generations;
    const struct failure *failure;
    const struct readiness *readiness;
    double rate;                       /* recent greetings per second */
    uint64_t reloads, reloads_refused; /* so far */
    struct last_reload last_reload;
    const char *waiting;  /* what the start waits for; "": it does not */
    const char *degraded; /* why the last good configuration is used instead of the file; "": it is not */
    const char *unwanted; /* a socket that was passed and does not belong to a listener; "": none */
};

/* The serving generation, or else the starting one; NULL if all drain, or none has started. */
static inline const struct generation *view_current(const struct view *view)
{
    return generations_current(view->generations);
}

#endif
