/* SPDX-License-Identifier: MIT */
/* shared: the memory that workers share with the master: counters and log rings, by slot and thread.
 *
 * One mapping lives as long as the service, and one as long as a generation of workers, so that a worker's
 * successor in a slot finds what its predecessor left. A worker maps only its own slot's part, and the tables
 * of sources, which all share. The mappings hold only counters and ring contents; pointers are private to
 * each process and inherited through fork. */
#ifndef SOCKGREET_SHARED_H
#define SOCKGREET_SHARED_H

#include "base/peer.h"
#include "service/metrics.h"
#include "shm/failures.h"
#include "shm/log_rate.h"
#include "shm/notice.h"
#include "shm/ring.h"
#include "shm/snapshot.h"
#include "shm/stats.h"
#include "shm/talkers.h"

#include <stdatomic.h>
#include <stdbool.h>

#define SHARED_RECORDS 1024 /* log records that a greeting thread may be ahead of its logger */
#define SHARED_EVENTS  64   /* events that a worker's main thread or the master may be ahead */
#define SHARED_SOURCES (512 * 1024)

/* Clients without an entry of their own. */
struct shared_counts {
    _Atomic uint64_t summarised, dropped, abandoned;
};

/* The table of sources: see guard/table.h. Pages that were never written take no memory. */
struct shared_sources {
    uint64_t key[2]; /* random */
    _Alignas(CACHE_LINE) _Atomic uint64_t words[SHARED_SOURCES];
};

/* The part of the whole service, in shared memory. */
struct shared_service {
    int64_t began; /* monotonic ns: when it was mapped */
    struct log_rate rate;
    _Atomic int event_reader; /* pid of the worker whose logger drains the master's events; 0: none */
    struct log_failures failures;
    struct shared_counts unreported; /* handed over by the loggers of all workers, for the next summary */
    _Atomic int64_t reported_at;     /* monotonic ns of the last summary */
    struct talkers_board refused;
    struct shared_sources sources;
    struct snapshot metrics; /* sums of the whole service: see master/meter.h */
};

#define SHARED_HELD_ROWS 4

/* A worker's logger, in shared memory. */
struct shared_logger {
    _Alignas(CACHE_LINE) _Atomic uint32_t asleep;
    _Atomic uint64_t lost;            /* records that left a ring but that the log did not accept */
    struct shared_counts handed_over; /* of the slot's counters */
};

/* It is followed in memory by a flag for each listener, whether anything was counted for it, and the counters
 * of each. */
struct shared_thread {
    struct stats stats;
    _Alignas(CACHE_LINE) _Atomic int64_t beat_at; /* monotonic ns of the last heartbeat */
    _Atomic bool accepting;                       /* false before it starts and once it has stopped */
    _Atomic bool closed;                          /* it has left its sockets permanently */
    _Atomic int pause_error;                      /* errno of the last accept pause; 0: limits.connections */
};

struct shared {
    struct shared_service *service;
    int fd; /* of the memory */
    char *base;
    size_t size;
    unsigned workers, threads;
    size_t listeners;
    _Atomic uint16_t *held; /* see guard/held.h: rows of cells by worker; each worker maps all of them */
    size_t held_cells;      /* of a row */
    struct notice *notice;  /* from the master, read by all workers */
    _Atomic int64_t
        *drain_end;        /* from the master, too: when a drain ends (monotonic ns; INT64_MAX at first) */
    _Atomic bool *retired; /* by index in the generation's listener set: not served any longer */
};

/* Reads the sums of the whole service into room for METRICS_LISTENERS listeners. Returns false if there are
 * none, or no complete ones. */
bool shared_metrics(const struct shared_service *service, struct metrics *metrics);

/* Updates the sums that are not of a listener, in place; *seen is the version of metrics, 0 at first. Returns
 * false if there are none. */
bool shared_totals(const struct shared_service *service, uint64_t *seen, struct metrics *metrics);

/* Maps the service's part; NULL with errno on failure. */
struct shared_service *shared_service_open(void);
void shared_service_close(struct shared_service *service);

/* What a generation needs room for. */
struct shared_room {
    unsigned workers, threads; /* slots, and greeting threads of each slot */
    size_t listeners;
    size_t sockets;    /* a flag for each */
    size_t held_cells; /* see guard_held_cells() */
};

/* Maps zeroed memory. Returns 0 or -errno. */
int shared_open(struct shared *shared, struct shared_service *service, const struct shared_room *room);
void shared_close(struct shared *shared);

/* In a worker: keeps its own slot, the counts of sources, and what only the master writes, read-only, and
 * makes sure that it cannot map the rest again. Returns 0 or -errno. */
int shared_keep_own(struct shared *shared, unsigned worker);

struct shared_thread *shared_thread(const struct shared *shared, unsigned worker, unsigned thread);
struct shared_logger *shared_logger(const struct shared *shared, unsigned worker);

/* A thread's counters by listener. Only those whose flag is set were written, and only those are read, so
 * that the others take neither memory nor time. */
struct stats_listener *shared_listeners(const struct shared *shared, unsigned worker, unsigned thread);
_Atomic bool *shared_counted(const struct shared *shared, unsigned worker, unsigned thread);

/* The proxies of the records that are proxied, by ring_index(): SHARED_RECORDS of them. */
struct peer_address *shared_proxies(const struct shared *shared, unsigned worker, unsigned thread);

/* The rings: records of a greeting thread, events of a worker's main thread, events of the master. */
struct ring shared_records(const struct shared *shared, unsigned worker, unsigned thread);
struct ring shared_events(const struct shared *shared, unsigned worker);
struct ring shared_master_events(struct shared_service *service);

/* Adds the counters of one worker's slot, or of all, to totals. Records that the log did not accept count as
 * dropped. */
void shared_sum_worker(const struct shared *shared, unsigned worker, struct totals *totals);
void shared_sum(const struct shared *shared, struct totals *totals);

/* Adds the counters of all threads for one listener. */
void shared_sum_listener(const struct shared *shared, size_t listener, struct tally *tally);

/* Whether any client was served in this slot. */
bool shared_has_counted(const struct shared *shared, unsigned worker);

/* How often a worker paused accepting. */
uint64_t shared_accept_pauses(const struct shared *shared, unsigned worker);

/* The number of log records of all slots that the log has accepted. */
uint64_t shared_written(const struct shared *shared);

#endif
