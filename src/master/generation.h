/* SPDX-License-Identifier: MIT */
/* generation: one configuration and the workers that serve it. A reload creates a new generation; the old one
 * drains and ends. */
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
    GENERATION_STARTING, /* not all of its workers are ready yet */
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
    unsigned connections;   /* that it may have at the same time */
    int64_t opened_at;      /* monotonic ns, as all times here */
    int64_t promoted_at;    /* when it became the serving one; 0: it has not */
    bool served;            /* at least one worker has been ready */
    bool start_failed;      /* a worker has ended before it was ready */
    int drain_signal;       /* draining: the last signal sent to the workers */
    int64_t kill_at;        /* draining: when the remaining workers are killed */
    struct sandbox sandbox; /* of the worker that reported last */
    char last_failure[256]; /* of a worker; "" if none has failed */
};

/* What workers of every generation inherit from the master. */
struct inheritance {
    struct children *children;
    int lifeline[2];  /* workers read the first; end of file means that the master is gone */
    int ready[2];     /* a worker writes a struct worker_report to the second */
    int announce_fd;  /* eventfd: tells workers to check every listening socket */
    int attention_fd; /* eventfd: a worker has found a listening socket shut down, or has closed its own */
    void (*forget)(void *context, const struct generation *own); /* in a worker: what only the master may
                                                                    have, and other generations */
    void *context;
};

/* Opens the sockets (see binding_open()) and everything else that workers need, but forks no worker. Takes
 * ownership of conf on success. Returns NULL on failure; then nothing has changed, and the reason is logged
 * unless it is the same as *reason, that of the last attempt. */
struct generation *generation_new(unsigned number, const struct conf *conf, struct shared_service *service,
                                  struct registry *registry, struct message *reason);

/* A generation of one worker that drains from the start: it serves the clients queued at inherited sockets
 * that those of serving have replaced. NULL if there are no such sockets. */
struct generation *generation_new_leftover(const struct generation *serving, struct shared_service *service,
                                           int64_t now);

/* Frees everything; no worker may be left. keep: sockets that no other generation has outlive the process
 * (see sockets_close()). NULL is allowed. */
void generation_free(struct generation *generation, bool keep);

/* In a worker of another generation: unmaps this generation's memory. */
void generation_forget(struct generation *generation);

/* Forks the workers that are due. */
void generation_start_due(struct generation *generation, const struct inheritance *inheritance, int64_t now);

/* Logs the workers that have ended, and schedules their successors unless they ended successfully while
 * draining. Returns how many workers have ended. */
unsigned generation_reap(struct generation *generation, int64_t now);

/* The worker in this slot has reported that it serves, or that it ends because its sandbox does not meet the
 * configuration. */
void generation_worker_reports(struct generation *generation, struct slot *slot,
                               const struct worker_report *report, int64_t now);

/* Tells the workers to end (SIGUSR1 or SIGTERM, see enum order), and kills those that take longer than
 * timeouts.drain, or than until latest (SLOT_NEVER: no such limit). */
void generation_drain(struct generation *generation, int signal_number, int64_t latest, int64_t now);

/* A second, more urgent request to a generation that drains: workers end now and are not replaced. */
void generation_hurry(struct generation *generation, int signal_number, int64_t now);

/* Whether every worker has failed START_TRIES times and none has been ready. */
bool generation_cannot_start(const struct generation *generation);

/* Whether it has drained: no worker is left, and none will be started. */
bool generation_is_over(const struct generation *generation);

/* Whether any of its running threads still accepts clients. */
bool generation_is_accepting(const struct generation *generation);

/* Releases the listening sockets of a draining generation that no longer accepts clients; keep: see
 * sockets_close(). */
void generation_release_sockets(struct generation *generation, bool keep);

/* Kills workers that make no progress, or do not end. Returns when to call again (monotonic ns, or
 * SLOT_NEVER). */
int64_t generation_check(struct generation *generation, int64_t now);

/* Whether any of its threads has had a heartbeat within the time that supervision allows. */
bool generation_is_alive(const struct generation *generation, int64_t now);

#endif
