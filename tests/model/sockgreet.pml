/* SPDX-License-Identifier: MIT */
/* The life of sockgreetd's processes: master, workers of several generations, reload, crash and drain.
 *
 * doc/model.md says what is modelled, what is left out and what each property means; tests/model/run checks them all.
 * Names in comments are those of C functions in src/master/. Every budget below is finite and nothing is done twice for
 * nothing, so that each run comes to rest: "in the end" needs no assumption of fairness. */

/* --- Sizes and budgets --- */

#ifndef GENERATIONS
#define GENERATIONS 2 /* that live at a time; one less may drain before a reload waits (DRAINING_MAX is 4 in the code) */
#endif
#ifndef WORKERS
#define WORKERS 1     /* of a generation, each of one thread */
#endif
#ifndef CLIENTS
#define CLIENTS 2     /* who connect, in all */
#endif
#ifndef ROOM
#define ROOM CLIENTS  /* clients that a thread may hold at once */
#endif
#ifndef RELOADS
#define RELOADS 1     /* asked for, each with another configuration or the same */
#endif
#ifndef FAILURES
#define FAILURES 1    /* of a load, a bind, a worker's start, a start in time */
#endif
#ifndef KILLS
#define KILLS 1       /* kill -9 of a worker, at any time */
#endif
#ifndef STOPPED
#define STOPPED 0     /* SIGSTOP of a worker, or a thread that is stuck */
#endif
#ifndef TERMS
#define TERMS 2       /* SIGTERMs */
#endif
#ifndef MASTER_KILLS
#define MASTER_KILLS 0
#endif
#ifndef STORE
#define STORE 0       /* the service manager keeps the sockets, and starts the service again when it is gone */
#endif
#ifndef HANDSHAKES
#define HANDSHAKES 0  /* 1: a connection is made in two steps, a round trip apart */
#endif

/* --- What the code does: 0 as it is, 1 as it could be. See "Findings" in doc/model.md --- */

#ifndef DRAIN_SUCCESSOR
#define DRAIN_SUCCESSOR 1   /* a worker killed while its generation drains has a successor, which drains in its place */
#endif
#ifndef SWEEP_WAITS
#define SWEEP_WAITS 1       /* accepting goes on until the queues of removed listeners are empty, or to drain_end */
#endif
#ifndef ADOPT_CLEANS
#define ADOPT_CLEANS 1      /* bind_adopted() detaches the filter that bind_refuse_new() attached in an earlier life */
#endif
#ifndef COUNTS_AT_ONCE
#define COUNTS_AT_ONCE 1    /* nobody is killed between accept4() and account_taken(): 0 lets it happen */
#endif
#ifndef EXCUSES
#define EXCUSES 0           /* 1: a client whose loss is a known finding is no violation */
#endif

#define SLOTS (GENERATIONS * WORKERS)
#define GENERATION_OF(slot) ((slot) / WORKERS)
#define NONE GENERATIONS
#define KEPT 0  /* a listener that every configuration has */
#define OTHER 1 /* one that a reload may add or remove */

/* --- The kernel: listening sockets, and who is queued there --- */

bool open[2];     /* somebody has the socket */
bool refusing[2]; /* bind_refuse_new(): no new connection comes in */
bool stored[2];   /* listener_store() */
byte queue[2];
byte half[2];     /* handshakes under way */
byte holders[2];  /* generations that have it (bound_socket.references), a bit each */

/* --- Generations (struct generation), slots (struct slot), and what a slot has in shared memory (struct stats) --- */

mtype = {FREE, STARTING, SERVING, DRAINING};
mtype state[GENERATIONS] = FREE;
bool other[GENERATIONS];    /* its configuration has OTHER */
bool served[GENERATIONS];   /* it was promoted */
bool killed[GENERATIONS];   /* a worker of it was killed and has no successor */
byte clock[GENERATIONS];    /* while it drains: 0 in time, 1 past drain_end, 2 past kill_at */

mtype = {NOBODY, FORKED, ACCEPTS, TAKES, CLOSES, EXITED, DIED};
mtype worker[SLOTS] = NOBODY;
bool due[SLOTS];            /* start_at is not SLOT_NEVER */
bool said[SLOTS];           /* the worker has written to ready_fd */
bool ready[SLOTS];          /* and the master has read it */
bool stuck[SLOTS];
byte taken[SLOTS];          /* account_taken() */
byte done[SLOTS];           /* results, and abandoned */

#define RUN 0
#define DRAIN 1
#define RETIRE 2
#define FINISH 3
byte signalled[SLOTS];      /* the most urgent order that was sent */
byte order[SLOTS];          /* the one obeyed (enum serve_order) */
byte old[SLOTS];            /* clients in hand since before the drain (serve.old_clients) */
byte young[SLOTS];          /* and those that came later */

/* --- The master --- */

bool begun;
byte serving = NONE, starting = NONE;
byte draining_count;
bool requested, running, loading; /* struct reload */
bool refused;                     /* the last reload failed */
mtype = {STOP_NO, STOP_DELAY, STOP_DRAIN};
mtype stop = STOP_NO;
bool dead;                        /* by kill -9 */
bool again;                       /* the service manager has started it again */
byte retired_done;                /* counters of generations that are gone (master.retired) */

/* --- The operator, and budgets left --- */

bool file_other = true; /* the configuration file has OTHER */
byte terms, obeyed;     /* SIGTERMs sent, and seen to */
byte failures = FAILURES, kills = KILLS, stops = STOPPED;

/* --- Ghosts: only the properties look at them --- */

bool up;       /* a generation was ever promoted */
byte accepted; /* clients that accept4() returned */
byte promised; /* clients queued at KEPT when the service began to drain, and not accepted yet */
bool unserved; /* the queue of OTHER need not be served: past the deadline, or a known finding */
bool cut;      /* somebody queued at a removed listener was reset */
byte last = NONE; /* the generation that served then */
bool released; /* the promise need not be kept: past the deadline, or a known finding */
bool broken;   /* somebody promised was reset */
bool refusal;  /* a client found KEPT closed, or refusing */

byte x;        /* scratch of d_steps, 0 outside */

#define BIT(g) (1 << (g))
#define OVER (stop == STOP_DRAIN && draining_count == 0) /* is_over(): the master has ended */
#define ENDED (OVER || dead)
#define ACTIVE(i) (old[i] + young[i])
#define IS_ALIVE(i) (worker[i] == FORKED || worker[i] == ACCEPTS || worker[i] == TAKES || worker[i] == CLOSES)
#define ACTS(i) (IS_ALIVE(i) && !stuck[i])
#define GONE(i) (worker[i] == NOBODY || worker[i] == EXITED || worker[i] == DIED)
#define EMPTY(i) (worker[i] == NOBODY && !(due[i] && DRAIN_SUCCESSOR && clock[GENERATION_OF(i)] < 2))
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

#define READY(i) ready[i]
#define NOT_STUCK(i) (!stuck[i])
#define NO_WORKER(g) EACH_WORKER(g, GONE)

#ifdef MUTATION_COUNTED_LATE
#define AT_ONCE 0 /* a client is counted as taken only when it leaves */
#else
#define AT_ONCE 1
#endif

/* Whether the loss of a queued client would be a fault: not past the deadline, not after a second SIGTERM. */
#define IN_TIME(g) (clock[g] == 0 && obeyed < 2 && !(EXCUSES && killed[g]))

/* --- What the master does, in pieces: each is part of a d_step, because nobody else writes what it looks at --- */

/* bound_release(): the last generation that has a socket closes it, and the kernel resets who is queued there. */
inline release(gen, sock)
{
    holders[sock] = holders[sock] & ~BIT(gen);
    if
    :: holders[sock] == 0 && open[sock] && !(STORE && stop != STOP_NO && stored[sock]) ->
        cut = cut || (sock == OTHER && queue[sock] + half[sock] > 0 && stop == STOP_NO && served[gen] && !unserved);
        unserved = unserved && sock != OTHER;
        broken = broken || (sock == KEPT && promised > 0 && !released);
        open[sock] = false; refusing[sock] = false; stored[sock] = false; queue[sock] = 0; half[sock] = 0
    :: else
    fi
}

inline hold(gen, sock)
{
    holders[sock] = holders[sock] | BIT(gen);
    open[sock] = true
}

/* listener_retire(): a socket that the next generation does not have takes no new connections. */
inline retire_listeners(gen, after)
{
    if
    :: other[gen] && !other[after] ->
#ifndef MUTATION_NO_FILTER
        refusing[OTHER] = true;
#endif
#ifdef MUTATION_CLOSED_EARLY
        release(gen, OTHER);
#endif
        skip
    :: else
    fi
}

/* master.c's drain(): a slot without a worker gets none any more. */
inline drain(gen, how)
{
    state[gen] = DRAINING;
    draining_count++;
    assert(draining_count <= GENERATIONS); /* the array master.draining is one larger than DRAINING_MAX */
    x = gen * WORKERS;
    do
    :: x < (gen + 1) * WORKERS ->
        if
        :: IS_ALIVE(x) && signalled[x] < how -> signalled[x] = how
        :: worker[x] == NOBODY && due[x] && !DRAIN_SUCCESSOR -> killed[gen] = true; due[x] = false
        :: else
        fi;
        x++
    :: else -> break
    od;
    x = 0
}

/* reload.c's abandon_start(): a generation that does not come up is drained like an old one. */
inline abandon_start()
{
    printf("master: gives generation %d up\n", starting);
    retire_listeners(starting, serving);
    drain(starting, RETIRE);
    starting = NONE; running = false; refused = true
}

/* generation_new(), once everything could be had: hold the sockets, plan the workers. */
inline open_generation(gen)
{
    state[gen] = STARTING; other[gen] = file_other; starting = gen;
    hold(gen, KEPT);
    if
    :: file_other -> hold(gen, OTHER)
    :: else
    fi;
    x = gen * WORKERS;
    do
    :: x < (gen + 1) * WORKERS -> due[x] = true; x++
    :: else -> break
    od;
    x = 0
}

/* reload_promote() */
inline promote(gen)
{
    printf("master: generation %d serves\n", gen);
    state[gen] = SERVING; served[gen] = true; starting = NONE; up = true;
#ifndef MUTATION_NOT_SETTLED
    refusing[OTHER] = refusing[OTHER] && !other[gen]; /* listener_settle() */
    unserved = unserved && !other[gen];
#endif
    stored[KEPT] = true;
    stored[OTHER] = stored[OTHER] || other[gen];
    if
    :: serving != NONE ->
        retire_listeners(serving, gen);
        drain(serving, RETIRE)
    :: else
    fi;
    serving = gen
}

/* retire(): status_retire() and generation_free() of a generation that has no workers left. */
inline retire(gen)
{
    printf("master: generation %d is gone\n", gen);
    x = gen * WORKERS;
    do
    :: x < (gen + 1) * WORKERS ->
        assert(killed[gen] || DRAIN_SUCCESSOR || !COUNTS_AT_ONCE || taken[x] == done[x]);
#ifdef MUTATION_KILLED_FORGOTTEN
        retired_done = retired_done + done[x];
#else
        retired_done = retired_done + taken[x]; /* settle_accounts() */
#endif
        taken[x] = 0; done[x] = 0; due[x] = false;
        x++
    :: else -> break
    od;
    x = 0;
    unserved = unserved || (other[gen] && serving != NONE && !other[serving] && !IN_TIME(gen));
    released = released || (gen == last && !IN_TIME(gen));
    last = (gen == last -> NONE : last);
    release(gen, KEPT);
    if
    :: other[gen] -> release(gen, OTHER)
    :: else
    fi;
    state[gen] = FREE; other[gen] = false; served[gen] = false; killed[gen] = false; clock[gen] = 0;
    draining_count--
}

/* drain_everything() */
inline drain_everything()
{
    printf("master: drains everything\n");
    stop = STOP_DRAIN;
    promised = (serving != NONE -> queue[KEPT] : 0);
    last = serving;
    if
    :: serving != NONE -> drain(serving, DRAIN)
    :: else
    fi;
    if
    :: starting != NONE -> drain(starting, DRAIN)
    :: else
    fi;
    serving = NONE; starting = NONE
}

/* generation_signal(SIGUSR2) for every generation, on a second SIGTERM */
inline finish_all()
{
    x = 0;
    do
    :: x < SLOTS ->
        if
        :: IS_ALIVE(x) -> signalled[x] = FINISH
        :: else
        fi;
        x++
    :: else -> break
    od;
    x = 0
}

/* --- What a worker does --- */

/* accept4() and take() */
inline take(nth, sock)
{
    printf("worker %d: takes a client of listener %d\n", nth, sock);
    queue[sock] = queue[sock] - 1;
    accepted++;
    promised = (sock == KEPT && promised > 0 -> promised - 1 : promised);
    if
    :: COUNTS_AT_ONCE -> taken[nth] = taken[nth] + AT_ONCE; young[nth]++
    :: else -> worker[nth] = TAKES
    fi
}

/* finish(): greeted, or given up, which is counted too. */
inline finish(nth)
{
    printf("worker %d: is done with a client\n", nth);
    taken[nth] = taken[nth] + 1 - AT_ONCE;
    done[nth]++
}

/* stop_accepting(): what is queued is taken as far as there is room, then the sockets are left to others. */
inline stop_accepting(nth)
{
#ifndef MUTATION_NO_SWEEP
    do
    :: queue[KEPT] > 0 && ACTIVE(nth) < ROOM -> take(nth, KEPT)
    :: else -> break
    od;
    do
    :: other[GENERATION_OF(nth)] && queue[OTHER] > 0 && ACTIVE(nth) < ROOM -> take(nth, OTHER)
    :: else -> break
    od;
#endif
    printf("worker %d: stops accepting\n", nth);
    worker[nth] = CLOSES
}

/* The kernel closes a dead worker's descriptors: its clients are reset. What it counted, and the word in its pipe, stay. */
inline die(nth, how)
{
    worker[nth] = how; old[nth] = 0; young[nth] = 0; stuck[nth] = false; signalled[nth] = RUN; order[nth] = RUN
}

/* Whether serve.c's drained() lets a draining thread stop accepting. */
#define QUEUES_SERVED(i) (!SWEEP_WAITS || !other[GENERATION_OF(i)] || !refusing[OTHER] || queue[OTHER] == 0)
#define DRAINED(i, g) (order[i] != RUN && (clock[g] > 0 || ((old[i] == 0 || order[i] == RETIRE) && QUEUES_SERVED(i))))

/* --- Processes. The master's steps are spread over several, to keep each small: all of them are d_steps, so they come
 *     one at a time as in turn(), but in any order, which is more than the code does. --- */

/* A slot: what the master does about it, the worker in it, and what may happen to that. */
proctype slot(byte i)
{
    byte g = GENERATION_OF(i);
    bool yes;

end:
    do
    /* generation_start_due() */
    :: d_step { !dead && due[i] && worker[i] == NOBODY && state[g] != FREE &&
                (state[g] != DRAINING || (DRAIN_SUCCESSOR && clock[g] < 2)) ->
        printf("master: forks worker %d\n", i);
        worker[i] = FORKED; due[i] = false;
        signalled[i] = (state[g] != DRAINING -> RUN : (obeyed > 1 -> FINISH : (stop == STOP_DRAIN -> DRAIN : RETIRE))) }

    /* read_ready(), worker_ready() */
    :: d_step { !dead && said[i] && !ready[i] && (state[g] == STARTING || state[g] == SERVING) ->
        printf("master: worker %d is ready\n", i);
        ready[i] = true;
        yes = EACH_WORKER(g, READY);
        if
        :: yes && g == starting -> promote(g)
        :: else
        fi;
        yes = false }

    /* reap_worker(), generation_worker_ended() */
    :: d_step { !dead && (worker[i] == EXITED || worker[i] == DIED) ->
        printf("master: reaps worker %d\n", i);
        if
        :: state[g] == DRAINING ->
            due[i] = (DRAIN_SUCCESSOR && worker[i] == DIED && clock[g] < 2);
            killed[g] = killed[g] || (worker[i] == DIED && !due[i])
        :: else ->
#ifndef MUTATION_NOT_REPLACED
            due[i] = true
#endif
        fi;
        worker[i] = NOBODY; yes = ready[i]; said[i] = false; ready[i] = false;
        if
        :: g == starting && serving != NONE && !yes -> abandon_start()
        :: else
        fi;
        yes = false }

    /* check_worker(): it shows no heartbeat */
    :: d_step { !dead && stuck[i] && ready[i] && state[g] != DRAINING ->
        printf("master: kills worker %d, which is stuck\n", i);
        die(i, DIED) }

    /* worker_run(): it starts, or cannot; account_reconcile() comes before the first accept */
    :: d_step { ACTS(i) && worker[i] == FORKED ->
#ifndef MUTATION_NOT_RECONCILED
        done[i] = taken[i];
#endif
        printf("worker %d: accepts\n", i);
        worker[i] = ACCEPTS }
    :: d_step { ACTS(i) && worker[i] == FORKED && failures > 0 ->
        printf("worker %d: cannot start\n", i);
        failures--; die(i, DIED) }
    :: d_step { ACTS(i) && worker[i] == ACCEPTS && !said[i] && state[g] != DRAINING ->
        printf("worker %d: says that it serves\n", i);
        said[i] = true }

    /* serve_stream_ready() */
    :: d_step { ACTS(i) && worker[i] == ACCEPTS && queue[KEPT] > 0 && ACTIVE(i) < ROOM -> take(i, KEPT) }
    :: d_step { ACTS(i) && worker[i] == ACCEPTS && other[g] && queue[OTHER] > 0 && ACTIVE(i) < ROOM -> take(i, OTHER) }
    :: d_step { ACTS(i) && worker[i] == TAKES ->
        printf("worker %d: counts it\n", i);
        worker[i] = ACCEPTS; taken[i] = taken[i] + AT_ONCE; young[i]++ }

    /* The client is done, or its time is up */
    :: d_step { ACTS(i) && old[i] > 0 -> old[i] = old[i] - 1; finish(i) }
    :: d_step { ACTS(i) && young[i] > 0 -> young[i] = young[i] - 1; finish(i) }

    /* handle_signals(), ordered(); orphaned() where the master is dead */
    :: d_step { ACTS(i) && worker[i] == ACCEPTS && signalled[i] > order[i] ->
        printf("worker %d: obeys order %d\n", i, signalled[i]);
        if
        :: order[i] == RUN -> old[i] = old[i] + young[i]; young[i] = 0
        :: else
        fi;
        order[i] = signalled[i];
        if
        :: order[i] == FINISH || (order[i] == RETIRE && QUEUES_SERVED(i)) -> stop_accepting(i)
        :: else
        fi }
    :: d_step { dead && ACTS(i) && signalled[i] < FINISH -> signalled[i] = FINISH }

    /* drained() */
    :: d_step { ACTS(i) && worker[i] == ACCEPTS && DRAINED(i, g) -> stop_accepting(i) }
    :: d_step { ACTS(i) && worker[i] == CLOSES && ACTIVE(i) == 0 ->
        printf("worker %d: exits\n", i);
        die(i, EXITED) }

    /* kill -9, SIGSTOP */
    :: d_step { kills > 0 && IS_ALIVE(i) ->
        printf("world: kill -9 of worker %d, %d clients in its hands\n", i, ACTIVE(i));
        kills--; die(i, DIED) }
    :: d_step { stops > 0 && ACTS(i) ->
        printf("world: worker %d is stuck\n", i);
        stops--; stuck[i] = true }
    od
}

/* A generation: its clock, and its end. Time passes only when nobody is late: a worker that is not stuck has obeyed
 * drain_end long before kill_at, 1.5 s later. */
proctype generation(byte g)
{
end:
    do
    :: d_step { state[g] == DRAINING && clock[g] == 0 && !dead ->
        printf("time: drain_end of generation %d\n", g);
        clock[g] = 1 }
    :: d_step { state[g] == DRAINING && clock[g] == 1 && !dead && EACH_WORKER(g, EMPTY_OR_STUCK) &&
                !EACH_WORKER(g, EMPTY) ->
        printf("time: kill_at of generation %d\n", g);
        clock[g] = 2 }
#ifndef MUTATION_NOT_KILLED
    /* check_drain() */
    :: d_step { !dead && state[g] == DRAINING && clock[g] == 2 && !EACH_WORKER(g, GONE) ->
        printf("master: kills the workers of generation %d\n", g);
        x = g * WORKERS;
        do
        :: x < (g + 1) * WORKERS ->
            if
            :: IS_ALIVE(x) -> die(x, DIED)
            :: else
            fi;
            x++
        :: else -> break
        od;
        x = 0 }
#endif
    /* retire_drained() */
    :: d_step { !dead && state[g] == DRAINING && EACH_WORKER(g, EMPTY) -> retire(g) }
    od
}

/* Reloads, from the request to the result. */
proctype reload()
{
    byte g;

end:
    do
    /* reload_step(), begin(): several requests are one */
    :: d_step { !dead && requested && !running && serving != NONE && stop == STOP_NO &&
                draining_count < GENERATIONS - 1 ->
        printf("master: begins a reload\n");
        requested = false; running = true; loading = true; refused = false }

    /* loaded(): the file is good and everything can be bound */
    :: d_step { !dead && loading ->
        g = 0;
        do
        :: g < GENERATIONS && state[g] != FREE -> g++
        :: else -> break
        od;
        assert(g < GENERATIONS);
        printf("master: generation %d, other listener %d\n", g, file_other);
        loading = false;
        open_generation(g);
#ifdef MUTATION_DRAINED_FIRST
        drain(serving, RETIRE); serving = NONE;
#endif
        g = 0 }

    /* finish_retirement(): the old generation has stopped accepting, or RETIRE_NS is over */
    :: d_step { !dead && running && !loading && starting == NONE && serving != NONE ->
#ifdef MUTATION_REQUEST_LOST
        requested = false; /* one that came meanwhile is taken for answered */
#endif
        running = false }

    /* The loader, or listener_open(), failed */
    :: d_step { !dead && loading && failures > 0 ->
        printf("master: load or bind fails\n");
        failures--;
#ifdef MUTATION_FAILURE_CLOSES
        release(serving, KEPT); /* a listener_close() that does not count who else has the socket */
#endif
        loading = false; running = false; refused = true }

    /* The new generation is not up in START_NS */
    :: d_step { !dead && running && !loading && starting != NONE && serving != NONE &&
                (failures > 0 || !EACH_WORKER(starting, NOT_STUCK)) ->
        failures = (failures > 0 -> failures - 1 : 0);
        abandon_start() }
    od
}

/* The end of the service. */
proctype stopping()
{
end:
    do
    /* begin_stop(): what is being started is not waited for, and then drain_delay passes */
    :: d_step { !dead && terms > 0 && stop == STOP_NO ->
        printf("master: stops\n");
        obeyed = 1; requested = false; running = false; loading = false;
        if
        :: serving != NONE && starting != NONE ->
#ifndef MUTATION_START_FORGOTTEN
            drain(starting, RETIRE);
#endif
            starting = NONE
        :: else
        fi;
        stop = STOP_DELAY }
    :: d_step { !dead && stop == STOP_DELAY -> drain_everything() }
    :: d_step { !dead && terms > 1 && obeyed == 1 ->
        printf("master: ends the drain\n");
        obeyed = 2;
        if
        :: stop == STOP_DELAY -> drain_everything()
        :: else
        fi;
        finish_all() }
    od
}

/* --- The world --- */

proctype clients()
{
    byte n;

end:
    do
    :: d_step { n < CLIENTS && (!ENDED || (STORE && up)) ->
        n++;
        printf("client: connects to listener 0\n");
        if
        :: open[KEPT] && !refusing[KEPT] ->
            half[KEPT] = half[KEPT] + HANDSHAKES; queue[KEPT] = queue[KEPT] + 1 - HANDSHAKES
        :: else -> refusal = true
        fi }
    :: d_step { n < CLIENTS && open[OTHER] && !refusing[OTHER] && !ENDED ->
        n++;
        printf("client: connects to listener 1\n");
        half[OTHER] = half[OTHER] + HANDSHAKES; queue[OTHER] = queue[OTHER] + 1 - HANDSHAKES }
#if HANDSHAKES
    :: d_step { half[KEPT] > 0 -> printf("client: connected to listener 0\n"); half[KEPT]--; queue[KEPT]++ }
    :: d_step { half[OTHER] > 0 -> printf("client: connected to listener 1\n"); half[OTHER]--; queue[OTHER]++ }
#endif
    od
}

proctype operator()
{
    byte reloads;

end:
    do
    :: d_step { reloads < RELOADS && terms == 0 && !dead ->
        printf("operator: edits the file, reloads\n");
        reloads++; file_other = !file_other; requested = true }
    :: d_step { reloads < RELOADS && terms == 0 && !dead ->
        printf("operator: reloads\n");
        reloads++; requested = true }
    :: d_step { terms < TERMS && !ENDED ->
        printf("operator: SIGTERM\n");
        terms++ }
#if MASTER_KILLS
    :: d_step { !ENDED ->
        printf("world: kill -9 of the master\n");
        dead = true }
#endif
    od
}

#if STORE
/* The service manager starts the service again, with what is in the file then; listener_inherit() finds the sockets. */
proctype manager()
{
    bool edited;

end:
    do
    :: d_step { !edited && up ->
        printf("operator: edits the file\n");
        edited = true; file_other = !file_other }
    :: d_step { ENDED && up && !again && EACH_GENERATION(NO_WORKER) ->
        printf("manager: starts the service again, other listener %d\n", file_other);
        again = true;
        if
        :: ADOPT_CLEANS -> refusing[KEPT] = false; refusing[OTHER] = false
        :: else
        fi }
    od
}
#endif

init
{
    byte i;

    d_step { open_generation(0); begun = true };
    atomic {
        for (i : 0 .. SLOTS - 1) { run slot(i) }
        for (i : 0 .. GENERATIONS - 1) { run generation(i) }
        run reload(); run stopping(); run clients(); run operator();
#if STORE
        run manager();
#endif
        i = 0
    }
}

/* --- Properties. Runs are finite: []<> p says that p holds when everything has come to rest. --- */

#define FREED(g) (state[g] != DRAINING)

ltl owner { [] (!begun || ENDED || (open[KEPT] && holders[KEPT] != 0 && !refusing[KEPT] && !refusal)) }
ltl owner_other { [] (serving == NONE || ENDED || !other[serving] || (open[OTHER] && (holders[OTHER] & BIT(serving)) != 0 && !refusing[OTHER])) }
ltl keeps_serving { [] (!up || ENDED || stop != STOP_NO || (serving != NONE && state[serving] == SERVING)) }
ltl one_generation { []<> (dead || (EACH_GENERATION(FREED) && draining_count == 0)) }
ltl counted { []<> (dead || accepted == retired_done + SUM_DONE) }
ltl taken_up { [] (queue[KEPT] == 0 || <> (queue[KEPT] == 0 || ENDED)) }
ltl removed { [] !cut }
ltl drained { [] !broken }
ltl reload_ends { []<> (dead || !(requested || running)) }
ltl reload_last { []<> (ENDED || stop != STOP_NO || refused || serving == NONE || other[serving] == file_other) }
ltl stops { [] (terms == 0 || <> ENDED) }
ltl no_orphans { []<> (!ENDED || EACH_GENERATION(NO_WORKER)) }
ltl restart { [] (!refusal && (!again || (open[KEPT] && !refusing[KEPT] && !(file_other && open[OTHER] && refusing[OTHER])))) }
