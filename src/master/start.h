/* SPDX-License-Identifier: MIT */
/* start: from nothing to the first generation. A restart that cannot have what the file says goes on with the
 * last good configuration; where a service manager waits for this process, what is in the way is waited for.
 */
#ifndef SOCKGREET_START_H
#define SOCKGREET_START_H

#include "conf/loader.h"
#include "control/protocol.h"
#include "master/generations.h"

enum start_phase {
    START_LOADING,
    START_WAITING, /* for what is in the way */
    START_WORKERS, /* the first generation's */
    START_DONE,    /* it serves */
    START_FAILED   /* with the exit status in status */
};

struct start {
    const struct conf_source *source;
    struct children *children;
    struct generations *generations;
    bool is_restart; /* an earlier life of the service passed its sockets */

    enum start_phase phase;
    int status;
    struct loader *loader; /* NULL: not loading */
    bool loads_last_good;
    char last_good[PROTOCOL_PATH_MAX];
    const struct conf *conf; /* that waits; owned */
    struct message reason;   /* what is in the way */
    struct message degraded; /* why the last good configuration serves; "" if it does not */
    bool reload_wanted;
    int64_t pause, retry_at;
};

/* Begins to load. */
void start_begin(struct start *start);

/* The file may have been mended: if the start waits, it is loaded again. A bad one changes nothing. */
void start_reload(struct start *start);

/* Goes on as far as possible. Returns when to call again (monotonic ns). */
int64_t start_step(struct start *start, int64_t now);

/* What the start waits for; "" if it does not. */
const char *start_obstacle(const struct start *start);

/* The service ends before it has begun. */
void start_cancel(struct start *start);

#endif
