/* SPDX-License-Identifier: MIT */
/* generations: all generations: the serving one, the next one, and those that drain; their total counts, and
 * what their workers inherit. The modules that start, replace or end generations (start, reload, upgrade,
 * stop) use this module and not each other. */
#ifndef SOCKGREET_GENERATIONS_H
#define SOCKGREET_GENERATIONS_H

#include "master/accounts.h"
#include "master/failure.h"
#include "master/generation.h"

#define GENERATIONS_DRAINING_MAX 4                              /* at the same time; then a reload waits */
#define GENERATIONS_MAX          (GENERATIONS_DRAINING_MAX + 3) /* and serving, starting, leftover */

struct generations {
    struct registry *registry;
    struct shared_service *service;
    struct inheritance inheritance;
    struct failure *failure;

    struct generation *all[GENERATIONS_MAX];
    unsigned count;
    struct generation *serving;  /* one of all; NULL until the first is ready, and when all drain */
    struct generation *starting; /* one of all, or NULL */
    unsigned last_number;
    struct state state; /* of the service, as workers report it */
    bool keep_sockets;  /* the sockets outlive this process: another process has them, too */

    int64_t look_at_sockets_at; /* not earlier, so that a worker cannot keep the master busy */
    uint64_t changes;  /* so far: workers and generations that started or ended, changes of the state */
    bool awaits_proof; /* a worker has failed, and its successor has not run long enough to count as good */

    struct message unconfined; /* last logged description of an incomplete sandbox; "" if there was none */

    struct accounts accounts; /* of generations that have ended */
};

/* Creates what all workers share. Returns 0 or -errno; close in any case. */
int generations_open(struct generations *generations, struct registry *registry, struct children *children,
                     struct failure *failure);

/* Frees everything; no worker is left. keep: see generation_free(). */
void generations_close(struct generations *generations, bool keep);

/* In a new worker: unmaps every generation but its own. */
void generations_forget(struct generations *generations, const struct generation *own);

/* Opens the generation that is to serve next, and takes ownership of conf on success. Returns false on
 * failure; then nothing has changed, and the reason is logged (see generation_new()). */
bool generations_prepare(struct generations *generations, const struct conf *conf, struct message *reason);

/* Tells all workers, present and future, the state of the service. */
void generations_tell(struct generations *generations, const struct state *state);

/* Whether every worker of the starting generation is ready. */
bool generations_next_is_ready(const struct generations *generations);

/* The starting generation becomes the serving one, and the one before it drains. Returns 0, or -errno if its
 * Unix sockets cannot be moved to their paths; then nothing has changed. */
int generations_promote(struct generations *generations, int64_t now);

/* Gives up the starting generation. It drains like an old one, since some of its workers may already have
 * served clients. */
void generations_abandon(struct generations *generations, int64_t now);

/* Serves the clients queued at inherited sockets that the serving generation has replaced. */
void generations_serve_leftover(struct generations *generations, int64_t now);

/* Whether the generation with this number drains and still accepts clients. */
bool generations_is_accepting(const struct generations *generations, unsigned number);

/* The number of generations that drain. */
unsigned generations_draining(const struct generations *generations);

/* Drains all generations, at the end of the service, until end at the latest. keep: the sockets outlive this
 * process. */
void generations_drain_all(struct generations *generations, int signal_number, bool keep, int64_t end,
                           int64_t now);

/* A second, more urgent request. */
void generations_hurry(struct generations *generations, int signal_number, int64_t now);

/* The worker with this pid, or NULL. */
struct slot *generations_find(const struct generations *generations, pid_t pid);

/* Does what is due: reads which workers are ready and which have ended, starts and kills workers, and frees
 * generations that have drained. Returns when to call again (monotonic ns). */
int64_t generations_step(struct generations *generations, int64_t now);

/* The serving generation, or else the starting one; NULL if all drain, or none has started. */
static inline struct generation *generations_current(const struct generations *generations)
{
    return generations->serving ? generations->serving : generations->starting;
}

/* The counters of all workers since the start of the service, and how many of their log records were
 * written. */
void generations_totals(const struct generations *generations, struct totals *totals, uint64_t *written);

/* Sums the counts of each listener in the ledger. */
void generations_sum_listeners(const struct generations *generations);

/* The number of workers started, without the first of each slot. */
unsigned generations_restarts(const struct generations *generations);

#endif
