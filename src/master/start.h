/* SPDX-License-Identifier: MIT */
/* start: loads the configuration and starts the first generation. A restart that cannot use the file falls
 * back to the last good configuration. Under a service manager, the start waits for what blocks it, such as a
 * port in use. */
#ifndef SOCKGREET_START_H
#define SOCKGREET_START_H

#include "conf/loader.h"
#include "control/protocol.h"
#include "master/generations.h"

enum start_phase {
    START_LOADING,
    START_WAITING, /* for what blocks it, see reason */
    START_WORKERS, /* the first generation's */
    START_DONE,    /* it serves */
    START_FAILED   /* with the exit status in status */
};

struct start {
    const struct conf_source *source;
    struct children *children;
    struct generations *generations;
    bool is_restart; /* an earlier process of the service has passed its sockets */

    enum start_phase phase;
    int status;
    struct loader *loader; /* NULL: not loading */
    bool loads_last_good;
    char last_good[PROTOCOL_PATH_MAX];
    const struct conf *conf; /* waiting to be started; owned */
    struct message reason;   /* what blocks the start */
    struct message degraded; /* why the last good configuration is used; "": it is not */
    bool reload_wanted;
    int64_t pause, retry_at;
};

/* Begins to load. */
void start_begin(struct start *start);

/* The file may have been fixed: if the start waits, it is loaded again. An invalid file changes nothing. */
void start_reload(struct start *start);

/* Continues as far as possible. Returns when to call again (monotonic ns). */
int64_t start_step(struct start *start, int64_t now);

/* What the start waits for; "" if it does not wait. */
const char *start_obstacle(const struct start *start);

/* Gives the start up, because the service ends. */
void start_cancel(struct start *start);

#endif
