/* SPDX-License-Identifier: MIT */
/* The life of sockgreetd's processes: a master, workers of several generations, the loader, and a process that replaces
 * this one.
 *
 * The files are named after those of src/master/ whose rules they have: generations.pml, start.pml, reload.pml,
 * upgrade.pml, stop.pml and master.pml; worker.pml is what a worker does, world.pml what happens to all of them, properties.pml what must hold.
 * doc/model.md says what is left out and what each property means; tests/model/run checks them all. Names in comments are
 * those of C functions. Every budget below is finite and nothing is done twice for nothing, so that each run comes to
 * rest: "in the end" needs no assumption of fairness. */

/* --- Sizes and budgets --- */

#ifndef GENERATIONS
#define GENERATIONS 2  /* that live at a time; one less may drain before a reload waits (GENERATIONS_DRAINING_MAX is 4) */
#endif
#ifndef WORKERS
#define WORKERS 1      /* of a generation, each of one thread */
#endif
#ifndef CLIENTS
#define CLIENTS 2      /* who connect, in all */
#endif
#ifndef ROOM
#define ROOM CLIENTS   /* clients that a thread may hold at once */
#endif
#ifndef RELOADS
#define RELOADS 1      /* asked for, each with another configuration or the same */
#endif
#ifndef FAILURES
#define FAILURES 1     /* of a load, a bind, a worker's start, a start in time, sockets put in their place */
#endif
#ifndef BROKEN
#define BROKEN 0       /* no worker can start */
#endif
#ifndef TRIES
#define TRIES 2        /* START_TRIES, which is larger */
#endif
#ifndef KILLS
#define KILLS 1        /* kill -9 of a worker, at any time */
#endif
#ifndef STOPPED
#define STOPPED 0      /* SIGSTOP of a worker, or a thread that is stuck */
#endif
#ifndef HANGS
#define HANGS 0        /* loaders that do not end in time, and perhaps never */
#endif
#ifndef UPGRADES
#define UPGRADES 0     /* SIGUSR2s */
#endif
#ifndef TERMS
#define TERMS 2        /* SIGTERMs */
#endif
#ifndef MASTER_KILLS
#define MASTER_KILLS 0
#endif
#ifndef STORE
#define STORE 0        /* the service manager keeps the sockets, and starts the service again when it is gone */
#endif
#ifndef HANDSHAKES
#define HANDSHAKES 0   /* 1: a connection is made in two steps, a round trip apart */
#endif

#ifndef COUNTS_AT_ONCE
#define COUNTS_AT_ONCE 1 /* nobody is killed between accept4() and account_taken(): 0 lets it happen */
#endif

#define SLOTS (GENERATIONS * WORKERS)
#define GENERATION_OF(slot) ((slot) / WORKERS)
#define NONE GENERATIONS
#define KEPT 0  /* a listener that every configuration has */
#define OTHER 1 /* one that a reload may add or remove */

/* --- The kernel: listening sockets, and who is queued there --- */

bool open[2];     /* somebody has the socket, and clients find it */
bool refusing[2]; /* refuse_new(): no new connection comes in */
bool stored[2];   /* store_some() */
byte queue[2];
byte half[2];     /* handshakes under way */
byte holders[2];  /* generations that have it, a bit each */

/* --- Generations (struct generation), slots (struct slot), and what a slot has in shared memory (struct stats) --- */

mtype = {FREE, STARTING, SERVING, DRAINING};
mtype state[GENERATIONS] = FREE;
bool other[GENERATIONS];    /* its configuration has OTHER */
bool promoted[GENERATIONS];
bool served[GENERATIONS];   /* a worker of it was ready */
bool failed[GENERATIONS];   /* start_failed */
bool killed[GENERATIONS];   /* a worker of it was killed and has no successor */
byte drain_order[GENERATIONS]; /* drain_signal */
byte clock[GENERATIONS];    /* while it drains: 0 in time, 1 past drain_end, 2 past kill_at */

mtype = {NOBODY, FORKED, ACCEPTS, TAKES, CLOSES, EXITED, DIED};
mtype worker[SLOTS] = NOBODY;
bool due[SLOTS];            /* start_at is not SLOT_NEVER */
byte tries[SLOTS];          /* failures, of the first generation */
bool said[SLOTS];           /* the worker has written to ready_fd */
bool ready[SLOTS];          /* and the master has read it */
bool stuck[SLOTS];
byte taken[SLOTS];          /* account_taken() */
byte done[SLOTS];           /* results, and abandoned */

#define RUN 0
#define DRAIN 1  /* SIGTERM */
#define RETIRE 2 /* SIGUSR1 */
#define FINISH 3 /* SIGUSR2 */
byte signalled[SLOTS];      /* the most urgent order that was sent */
byte order[SLOTS];          /* the one obeyed (enum serve_order) */
byte old[SLOTS];            /* clients in hand since before the drain (serve.old_clients) */
byte young[SLOTS];          /* and those that came later */

/* --- The master --- */

bool begun;
byte serving = NONE, starting = NONE;
byte draining_count;
byte retired_done;                /* counters of generations that are gone (generations.gone) */
mtype = {START_WORKERS, START_DONE, START_FAILED};
mtype start_phase = START_WORKERS;
bool wanted, running, loading;    /* struct reload */
byte run_number;                  /* reload.run */
bool refused;                     /* the last reload failed */
mtype = {STOP_NO, STOP_DELAY, STOP_OLDER, STOP_DRAIN};
mtype stop = STOP_NO;
bool late;                        /* past stop.end_at, while older generations drain */
bool replaced;                    /* by the process that an upgrade has started */
bool stray, hopeless;             /* a process left behind, and that nothing can end it */
bool leave;                       /* past leave_at */
bool dead;                        /* by kill -9 */
bool again;                       /* the service manager has started it again */

mtype = {NO_HEIR, HEIR_STARTS, HEIR_SERVES, HEIR_ENDED};
mtype heir = NO_HEIR;             /* the process that is to replace this one */

/* --- The operator, and budgets left --- */

byte version;           /* of the configuration file: how often it was edited */
byte terms, obeyed;     /* SIGTERMs sent, and seen to */
byte failures = FAILURES, kills = KILLS, stops = STOPPED, hangs = HANGS;
#define HAS_OTHER(v) (!((v) & 1))

/* Who asks for a reload waits at the control socket for its ticket. */
bool waits[RELOADS + 1];
byte ticket[RELOADS + 1];
byte wish[RELOADS + 1];  /* the version that was to be loaded */

/* --- Ghosts: only the properties look at them --- */

byte loaded;         /* the version that the reload under way has read, or the last one has */
byte served_version; /* the version that serves */
byte heir_version;   /* the one that the heir has read */
bool up;             /* a generation was ever promoted */
byte accepted;       /* clients that accept4() returned */
byte promised;       /* clients queued at KEPT when the service began to drain, and not accepted yet */
bool unserved;       /* the queue of OTHER need not be served: past the deadline, or a known finding */
bool cut;            /* somebody queued at a removed listener was reset */
byte last = NONE;    /* the generation that served then */
bool released;       /* the promise need not be kept: past the deadline, or a known finding */
bool broken;         /* somebody promised was reset */
bool refusal;        /* a client found KEPT closed, or refusing */
bool turned_away;    /* and that, or was reset, while a stop waited for clients in time */

byte x, y;           /* scratch of d_steps, 0 outside */

#define BIT(g) (1 << (g))
#define OVER (stop == STOP_DRAIN && draining_count == 0 && (!stray || leave)) /* is_over(): the master has ended */
#define ENDED (OVER || dead)
#define ACTIVE(i) (old[i] + young[i])
#define IS_ALIVE(i) (worker[i] == FORKED || worker[i] == ACCEPTS || worker[i] == TAKES || worker[i] == CLOSES)
#define ACTS(i) (IS_ALIVE(i) && !stuck[i])
#define GONE(i) (worker[i] == NOBODY || worker[i] == EXITED || worker[i] == DIED)
#define EMPTY(i) (worker[i] == NOBODY && !due[i])
#define EMPTY_OR_STUCK(i) (stuck[i] || EMPTY(i))

#if WORKERS == 1
#define EACH_WORKER(g, P) P((g))
#else
#define EACH_WORKER(g, P) (P((g) * 2) && P((g) * 2 + 1))
#endif
#if GENERATIONS == 2
#define EACH_GENERATION(P) (P(0) && P(1))
#define SUM_DONE_1 (done[0] + done[WORKERS])
#else
#define EACH_GENERATION(P) (P(0) && P(1) && P(2))
#define SUM_DONE_1 (done[0] + done[WORKERS] + done[2 * WORKERS])
#endif
#if WORKERS == 1
#define SUM_DONE SUM_DONE_1
#elif GENERATIONS == 2
#define SUM_DONE (SUM_DONE_1 + done[1] + done[3])
#else
#define SUM_DONE (SUM_DONE_1 + done[1] + done[3] + done[5])
#endif

/* Whether a stop waits for a client that was there before, in time. */
#define OLD_GONE(i) (old[i] == 0 || !IS_ALIVE(i) || clock[GENERATION_OF(i)] > 0)
#define NO_OLD(g) EACH_WORKER(g, OLD_GONE)
#define WAITS_FOR_CLIENTS (stop != STOP_NO && !replaced && obeyed < 2 && !late && !EACH_GENERATION(NO_OLD))

#define READY(i) ready[i]
#define NOT_STUCK(i) (!stuck[i])
#define NO_WORKER(g) EACH_WORKER(g, GONE)

/* The master's steps are d_steps of several processes: they come one at a time as in turn(), but in any order, which is
 * more than the code does. */
#include "worker.pml"
#include "generations.pml"
#include "reload.pml"
#include "upgrade.pml"
#include "stop.pml"
#include "start.pml"
#include "master.pml"
#include "world.pml"
#include "properties.pml"

init
{
    byte i;

    d_step { prepare(0); begun = true };
    atomic {
        for (i : 0 .. SLOTS - 1) { run slot(i); run work(i) }
        for (i : 0 .. GENERATIONS - 1) { run generation(i) }
        run master(); run start(); run reload(); run stopping(); run clients(); run operator();
#if UPGRADES
        run upgrade();
#endif
#if STORE
        run manager();
#endif
#ifdef REST
        run rest();
#endif
        i = 0
    }
}
