/* SPDX-License-Identifier: MIT */
/* slots: the table of a generation's worker processes: whether each runs and makes progress, since when, how
 * the last one ended, and when to start the next. */
#ifndef SOCKGREET_SLOTS_H
#define SOCKGREET_SLOTS_H

#include "base/child.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define SLOT_NEVER INT64_MAX

struct slot {
    struct child child;    /* the worker */
    int log_wake_fd;       /* eventfd of the slot's logger; outlives workers */
    bool ready;            /* it serves */
    int64_t suspect_since; /* when it was first found stuck; 0: it is not */
    bool killed_stuck;     /* the master killed it because it made no progress */
    int64_t started_at;    /* monotonic ns, as all times here */
    int64_t ready_at;
    int64_t start_at;   /* when to start the next worker; SLOT_NEVER while one runs */
    unsigned failures;  /* workers in a row that ended too soon */
    unsigned starts;    /* workers started so far */
    char last_exit[96]; /* how the last worker ended, as text; "" if none has */
};

struct slots {
    struct slot *table;
    unsigned count;
};

/* Creates count empty slots whose workers are due now. Returns 0 or -errno. */
int slots_open(struct slots *slots, unsigned count, int64_t now);
void slots_close(struct slots *slots);

/* Notes that a worker was forked, or that it has reported that it serves. */
void slot_started(struct slot *slot, int64_t now);
void slot_is_ready(struct slot *slot, int64_t now);

/* Notes how a worker ended (a wait status) and when the next one is due: after 0.1, 0.2, 0.4 … 10 s if it
 * failed before it was ready, or within a second after that, which also limits such starts to 12 per minute;
 * otherwise at once, but at most 20 times per second. Returns that delay; 0: at once. */
int64_t slot_ended(struct slot *slot, int status, int64_t now);

/* A worker could not be forked: schedules it again, with the same delays, and returns the delay. */
int64_t slot_failed(struct slot *slot, int64_t now);

/* The slot of a process, or NULL. */
struct slot *slots_find(const struct slots *slots, pid_t pid);

unsigned slots_alive(const struct slots *slots);
unsigned slots_ready(const struct slots *slots);

/* Workers started after the first of each slot. */
unsigned slots_restarts(const struct slots *slots);

/* When the youngest worker will have run long enough to count as good; SLOT_NEVER while one is missing. */
int64_t slots_proven_at(const struct slots *slots);

/* When the next worker is due; SLOT_NEVER if none is. */
int64_t slots_next_start(const struct slots *slots);

/* A wait status as text: "killed by signal 11 (SEGV), core dumped", "exited with status 71 (operating system
 * error)". */
void slots_describe(int status, char *text, size_t size);

#endif
