/* SPDX-License-Identifier: MIT */
/* generations: all generations there are: the one that serves, the one that is to serve next, and those that
 * drain; what they counted in all, and what their workers inherit. Whoever starts, replaces or ends something
 * (start, reload, upgrade, stop) knows this and not each other. */
#ifndef SOCKGREET_GENERATIONS_H
#define SOCKGREET_GENERATIONS_H

#include "master/accounts.h"
#include "master/failure.h"
#include "master/generation.h"

#define GENERATIONS_DRAINING_MAX 4                              /* at a time; then a reload waits */
#define GENERATIONS_MAX          (GENERATIONS_DRAINING_MAX + 3) /* and serving, starting, leftover */

struct generations {
    struct registry *registry;
    struct shared_service *service;
    struct nursery nursery;
    struct failure *failure;

    struct generation *all[GENERATIONS_MAX];
    unsigned count;
    struct generation *serving;  /* one of them; NULL until the first is ready, and when all drain */
    struct generation *starting; /* one of them, or NULL */
    unsigned last_number;
    struct state state; /* that all workers are told of */
    bool keep_sockets;  /* somebody else has those that are closed now */

    int64_t look_at_sockets_at; /* not before, so that a worker cannot keep the master busy */
    uint64_t changes;  /* so far: workers and generations that came and went, states that were told */
    bool awaits_proof; /* a worker has failed, and its successor is not proven */

    struct message unconfined; /* what was said last of a sandbox that is not whole; "" if nothing was */

    struct accounts accounts; /* of generations that have ended */
};

/* Makes what all workers share. forget(context, …) see struct nursery; it is called by generations_forget()
 * otherwise. Returns 0 or -errno; close in any case. */
int generations_open(struct generations *generations, struct registry *registry, struct children *children,
                     struct failure *failure);

/* Frees everything; no worker is left. keep: see generation_free(). */
void generations_close(struct generations *generations, bool keep);

/* In a new worker: unmaps every generation but its own. */
void generations_forget(struct generations *generations, const struct generation *own);

/* Opens a generation that is to serve next, and takes conf over on success. Returns false if something cannot
 * be had; then nothing has changed, and why is logged (see generation_new()). */
bool generations_prepare(struct generations *generations, const struct conf *conf, struct message *reason);

/* Tells all workers that there are, and those to come, the state of the service. */
void generations_tell(struct generations *generations, const struct state *state);

/* Whether every worker of the starting generation is ready. */
bool generations_next_is_ready(const struct generations *generations);

/* The starting generation serves, and the one before it drains. Returns 0, or -errno if its sockets cannot be
 * put in their place; then nothing has changed. */
int generations_promote(struct generations *generations, int64_t now);

/* The starting generation will not serve. It drains like an old one, since some of its workers may have
 * greeted already. */
void generations_abandon(struct generations *generations, int64_t now);

/* Serves who waits at inherited sockets that the serving generation has replaced. */
void generations_serve_leftover(struct generations *generations, int64_t now);

/* Whether a generation that drains still accepts clients. */
bool generations_is_accepting(const struct generations *generations, unsigned number);

/* Generations that drain. */
unsigned generations_draining(const struct generations *generations);

/* The end: all of them drain, until end at the latest. keep: the sockets outlive this process. */
void generations_drain_all(struct generations *generations, int signal_number, bool keep, int64_t end,
                           int64_t now);

/* A second, more urgent request. */
void generations_hurry(struct generations *generations, int signal_number, int64_t now);

/* The worker with this pid, or NULL. */
struct slot *generations_find(const struct generations *generations, pid_t pid);

/* What has to be done now: hears who is ready and who has ended, starts, kills, and frees what has drained.
 * Returns when something will have to be done again (monotonic ns). */
int64_t generations_step(struct generations *generations, int64_t now);

/* The one that serves or is to; NULL if all drain, or none has begun. */
static inline struct generation *generations_current(const struct generations *generations)
{
    return generations->serving ? generations->serving : generations->starting;
}

/* Counters of all workers that ever were, and how many log records of them were written. */
void generations_totals(const struct generations *generations, struct totals *totals, uint64_t *written);

/* Sums in the ledger what was counted for each listener. */
void generations_sum_listeners(const struct generations *generations);

/* Workers started beyond the first of each slot. */
unsigned generations_restarts(const struct generations *generations);

#endif
