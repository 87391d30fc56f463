/* SPDX-License-Identifier: MIT */
/* master_internal: what the parts of the master share. */
#ifndef SOCKGREET_MASTER_INTERNAL_H
#define SOCKGREET_MASTER_INTERNAL_H

#include "conf/conf_loader.h"
#include "master/generation.h"
#include "master/master.h"

#include <poll.h>
#include <stdbool.h>

#define DRAINING_MAX 4   /* generations that drain at a time; then a reload waits */
#define TOKENS_MAX   256 /* reloads by sockgreetctl that are answered together */
#define REASON_MAX   4096

struct tokens {
    uint32_t token[TOKENS_MAX];
    unsigned count;
};

/* A reload, from the request to its result. */
struct reload {
    bool requested;       /* another one is wanted, after the one in progress if there is one */
    struct tokens asking; /* who wants it */
    bool running;
    struct tokens answering; /* who waits for the one in progress */
    struct loader *loader;   /* NULL: not loading */
    unsigned retiring;       /* number of the old generation, until it accepts nobody any more; 0: none */
    int64_t deadline;        /* of loading, of the new generation's start, or of the old one's last clients */
    char reason[REASON_MAX]; /* what went wrong, if anything */
};

/* A new binary that takes over. */
struct upgrade {
    pid_t pid;    /* 0: none */
    int ready_fd; /* -1, or where it says that it serves */
    int64_t deadline;
    bool done; /* it serves: this process drains, and leaves the sockets alone */
};

enum stop_state { STOP_NO, STOP_DELAY /* timeouts.drain_delay */, STOP_DRAIN };

struct master {
    const struct master_settings *settings;
    struct shared_service *service;
    struct registry *registry;
    struct nursery nursery;
    int signal_fd;
    int replaced_fd;  /* see master_settings */
    int64_t store_at; /* when to have the service manager keep more sockets; SLOT_NEVER: it has all */
    int64_t look_at_sockets_at; /* not before, so that a worker cannot keep the master busy */

    struct generation *serving;                    /* NULL until the first is ready */
    struct generation *starting;                   /* NULL, or the first, or that of a reload */
    struct generation *draining[DRAINING_MAX + 1]; /* one more for the last, when all stop */
    unsigned draining_count;
    unsigned last_number; /* of a generation */

    struct reload reload;
    struct upgrade upgrade;
    enum stop_state stop;
    bool has_terminal; /* whose end is this process's */
    bool failed;       /* no worker of the first generation could start */
    int64_t drain_at;  /* when STOP_DELAY ends */

    struct stats_totals retired; /* counters of generations that are gone */
    uint64_t retired_written;
    struct message unwanted; /* a socket that was passed and that no listener wants */
    char degraded[256]; /* why the last good configuration serves instead of the file; "" if it does not */
    char last_failure[160]; /* "" if there was none */
    unsigned retired_restarts;

    bool ready_untold; /* the service manager still waits for READY=1 */
    char status[1536];
    int64_t status_at;    /* when to look at it again */
    uint64_t rate_served; /* for greetings a second */
    int64_t rate_at;
    int64_t watchdog_at;
};

/* For every generation there is. */
#define FOR_EACH_GENERATION(master, generation)                                                        \
    for (unsigned generation##_i = 0; generation##_i < 2 + (master)->draining_count; generation##_i++) \
        for (struct generation *generation = master_generation(master, generation##_i); generation;    \
             generation = NULL)

/* master.c: the i-th of serving, starting and draining ones; NULL where there is none. */
struct generation *master_generation(const struct master *master, unsigned i);

/* start.c: opens the first generation, master->starting: of the source's configuration or, on a restart that
 * cannot have it, of the last good one. Where a service manager waits for this process, what is in the way is
 * waited for. Returns 0, or the exit status; EX_OK with nothing starting: a signal asked for the end. */
int start_first(struct master *master);

/* The first generation serves: whoever waits at inherited sockets that it has replaced is served, and what
 * nobody wants is closed. */
void start_settle(struct master *master, int64_t now);

/* stop.c: master->serving serves instead of this generation from now on, or instead of
 * master->starting. */
void master_retire_generation(struct master *master, struct generation *generation, int64_t now);
void master_abandon_start(struct master *master, int64_t now);

/* A signal asked for the end: the first request drains, the second ends the drain; SIGQUIT waits for nobody.
 */
void master_stop(struct master *master, int signal_number, int64_t now);

/* timeouts.drain_delay is over. */
void master_drain_everything(struct master *master, int64_t now);

/* reload.c: a reload was asked for (token 0: by a plain signal); what to do next; the loader's or a worker's
 * news. */
void reload_request(struct master *master, uint32_t token);
void reload_step(struct master *master, int64_t now);
int64_t reload_next(const struct master *master, int64_t now);
int reload_fd(const struct master *master);
pid_t reload_pid(const struct master *master); /* of the loader; 0: there is none */
void reload_worker_failed(struct master *master, int64_t now);
void reload_promote(struct master *master, int64_t now); /* every worker of master->starting is ready */
void reload_close(struct master *master);

/* upgrade.c */
void upgrade_start(struct master *master, int64_t now);
void upgrade_step(struct master *master, int64_t now);
void upgrade_close(struct master *master);

/* The other side: tells the process that this one replaces that it serves now. */
void upgrade_report_ready(struct master *master);

/* See master_replaced_fd(). */
int upgrade_inherited_fd(void);

/* status.c */
void status_totals(const struct master *master, struct stats_totals *totals, uint64_t *written);
void status_update(struct master *master, int64_t now);
void status_ready(struct master *master, int64_t now); /* READY=1, and the state */
void status_log_counters(const struct master *master);
void status_retire(struct master *master, const struct generation *generation);

#endif
