/* SPDX-License-Identifier: MIT */
/* generation: one configuration, and the workers that serve it. A reload makes a new one; the old one drains
 * and goes. */
#ifndef SOCKGREET_GENERATION_H
#define SOCKGREET_GENERATION_H

#include "base/message.h"
#include "conf/conf.h"
#include "master/slots.h"
#include "net/sockets.h"
#include "shm/shared.h"
#include "worker/worker.h"

#define START_TRIES 3

enum generation_state {
    GENERATION_STARTING, /* its workers are not all ready yet */
    GENERATION_SERVING,
    GENERATION_DRAINING /* its workers end, and are not replaced */
};

struct generation {
    unsigned number; /* from 1 */
    enum generation_state state;
    const struct conf *conf; /* owned */
    struct sockets sockets;
    struct shared shared;
    struct slots slots;
    uint16_t *rows;         /* of its listeners in the ledger */
    unsigned connections;   /* that it may hold at once */
    int64_t opened_at;      /* monotonic ns, as all times here */
    int64_t promoted_at;    /* when it became the serving one; 0: it has not */
    bool served;            /* a worker of it was ready once */
    bool start_failed;      /* one has ended before it was ready */
    int drain_signal;       /* draining: what workers were told */
    int64_t kill_at;        /* draining: when workers that are left are killed */
    struct sandbox sandbox; /* of the worker that spoke last */
    char last_failure[256]; /* of a worker; "" if none has failed */
};

/* What workers of every generation inherit from the master. */
struct nursery {
    struct children *children;
    int lifeline[2];  /* workers read the first, whose end of file says that the master is gone */
    int ready[2];     /* a worker writes a struct worker_report to the second */
    int announce_fd;  /* eventfd: look at every listening socket */
    int attention_fd; /* eventfd: a worker has found one shut down, or has left its own */
    void (*forget)(void *context, const struct generation *own); /* in a worker: what only the master may
                                                                    have, and other generations */
    void *context;
};

/* Opens the sockets (see binding_open()) and everything else that workers need, and forks none yet. Takes
 * conf over on success. Returns NULL if something cannot be had; then nothing has changed. Why is logged,
 * unless *reason says already that the same was in the way the last time. */
struct generation *generation_new(unsigned number, const struct conf *conf, struct shared_service *service,
                                  struct registry *registry, struct message *reason);

/* A generation of one worker that drains from the beginning: it serves the clients who wait at inherited
 * sockets that serving's have replaced. NULL if there are no such sockets. */
struct generation *generation_new_leftover(const struct generation *serving, struct shared_service *service,
                                           int64_t now);

/* Frees everything; no worker may be left. keep: sockets that nobody else has outlive the process (see
 * sockets_close()). NULL is allowed. */
void generation_free(struct generation *generation, bool keep);

/* In a worker of another generation: unmaps what is none of its business. */
void generation_forget(struct generation *generation);

/* Forks the workers that are due. */
void generation_start_due(struct generation *generation, const struct nursery *nursery, int64_t now);

/* Reports the workers that have ended, and plans their successors unless they ended well while draining.
 * Returns how many have. */
unsigned generation_bury(struct generation *generation, int64_t now);

/* The worker in this slot serves, or is about to end because its sandbox is not as it has to be. */
void generation_worker_reports(struct generation *generation, struct slot *slot,
                               const struct worker_report *report, int64_t now);

/* Tells the workers to end (SIGUSR1 or SIGTERM, see enum order), and kills them if they take longer than
 * timeouts.drain, or than until latest (SLOT_NEVER: no such limit). */
void generation_drain(struct generation *generation, int signal_number, int64_t latest, int64_t now);

/* A second, more urgent request to a generation that drains: no more time, and no successors. */
void generation_hurry(struct generation *generation, int signal_number, int64_t now);

/* Whether every worker has failed START_TRIES times before any was ready. */
bool generation_cannot_start(const struct generation *generation);

/* Whether it has drained: nobody is left, nor will be. */
bool generation_is_over(const struct generation *generation);

/* Whether any of its threads that run still accepts clients. */
bool generation_is_accepting(const struct generation *generation);

/* A generation that drains and takes nobody any more gives its listening sockets back; keep: see
 * sockets_close(). */
void generation_release_sockets(struct generation *generation, bool keep);

/* Sends every worker a signal. */
void generation_signal(const struct generation *generation, int signal_number);

/* Kills workers that make no progress, or do not end. Returns when to look again (monotonic ns, SLOT_NEVER
 * for never). */
int64_t generation_check(struct generation *generation, int64_t now);

/* Whether any of its threads has shown a heartbeat within what supervision allows. */
bool generation_is_alive(const struct generation *generation, int64_t now);

#endif
