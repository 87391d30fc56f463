/* SPDX-License-Identifier: MIT */
/* Generations come, serve, drain and go, and so do the workers in their slots. Nothing here knows why. */

/* Whether the loss of a queued client would be a fault: not past the deadline, not after a second SIGTERM. */
#define IN_TIME(g) (clock[g] == 0 && obeyed < 2)

/* Somebody else has the socket: generations.keep_sockets. */
#ifdef MUTATION_UPGRADE_CLOSES
#define KEEPS(sock) (STORE && stop != STOP_NO && stored[sock])
#else
#define KEEPS(sock) (replaced || (STORE && stop != STOP_NO && stored[sock]))
#endif

/* The last generation that has a socket closes it, and the kernel resets who is queued there. */
inline release(gen, sock)
{
    holders[sock] = holders[sock] & ~BIT(gen);
    if
    :: holders[sock] == 0 && open[sock] && !KEEPS(sock) ->
        cut = cut || (sock == OTHER && queue[sock] + half[sock] > 0 && stop == STOP_NO && promoted[gen] && !unserved);
        unserved = unserved && sock != OTHER;
        broken = broken || (sock == KEPT && promised > 0 && !released);
        turned_away = turned_away || (sock == KEPT && queue[sock] > 0 && WAITS_FOR_CLIENTS);
        open[sock] = false; refusing[sock] = false; stored[sock] = false; queue[sock] = 0; half[sock] = 0
    :: else
    fi
}

/* sockets_close() */
inline release_all(gen)
{
    unserved = unserved || (other[gen] && serving != NONE && !other[serving] && !IN_TIME(gen));
    released = released || (gen == last && !IN_TIME(gen));
    release(gen, KEPT);
    if
    :: other[gen] -> release(gen, OTHER)
    :: else
    fi
}

inline hold(gen, sock)
{
    holders[sock] = holders[sock] | BIT(gen);
    open[sock] = true
}

/* sockets_retire(): a socket that the next generation does not have takes no new connections. */
inline retire_sockets(gen, after)
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

/* signal_workers() */
inline signal_all(gen, how)
{
    drain_order[gen] = how;
    x = gen * WORKERS;
    do
    :: x < (gen + 1) * WORKERS ->
        signalled[x] = (IS_ALIVE(x) && signalled[x] < how -> how : signalled[x]);
        x++
    :: else -> break
    od;
    x = 0
}

/* generation_hurry(): nobody is started any more, and kill_at is near. */
inline hurry(gen, how)
{
    clock[gen] = (clock[gen] == 0 -> 1 : clock[gen]);
    x = gen * WORKERS;
    do
    :: x < (gen + 1) * WORKERS ->
        killed[gen] = killed[gen] || (worker[x] == NOBODY && due[x]);
        due[x] = due[x] && worker[x] != NOBODY;
        x++
    :: else -> break
    od;
    signal_all(gen, how)
}

/* generation_drain(): one that has never served has no clients to wait for. */
inline drain(gen, how)
{
    state[gen] = DRAINING;
    draining_count++;
    assert(draining_count <= GENERATIONS); /* generations.all has room */
    if
    :: served[gen] -> signal_all(gen, how)
    :: else -> hurry(gen, FINISH)
    fi
}

/* generations_prepare(), once everything could be had: hold the sockets, plan the workers. */
inline prepare(gen)
{
    printf("master: generation %d starts, other listener %d\n", gen, HAS_OTHER(loaded));
    state[gen] = STARTING; other[gen] = HAS_OTHER(loaded); starting = gen;
    hold(gen, KEPT);
    if
    :: other[gen] -> hold(gen, OTHER)
    :: else
    fi;
    x = gen * WORKERS;
    do
    :: x < (gen + 1) * WORKERS -> due[x] = true; x++
    :: else -> break
    od;
    x = 0
}

/* generations_promote() */
inline promote(gen)
{
    printf("master: generation %d serves\n", gen);
    state[gen] = SERVING; promoted[gen] = true; starting = NONE; up = true; served_version = loaded;
#ifndef MUTATION_NOT_SETTLED
    refusing[OTHER] = refusing[OTHER] && !other[gen]; /* sockets_apply_conf() */
    unserved = unserved && !other[gen];
#endif
    stored[KEPT] = true;
    stored[OTHER] = stored[OTHER] || other[gen];
    if
    :: serving != NONE ->
        retire_sockets(serving, gen);
        drain(serving, RETIRE)
    :: else
    fi;
    serving = gen
}

/* generations_abandon(): a generation that does not come up is drained like an old one. */
inline abandon()
{
    printf("master: gives generation %d up\n", starting);
    retire_sockets(starting, serving);
    drain(starting, RETIRE);
    starting = NONE
}

/* generations_drain_all(): the deadline of the stop is that of all generations. */
inline drain_all(how)
{
    printf("master: drains everything\n");
#ifndef MUTATION_DEADLINE_OF_ITS_OWN
    y = 0;
    do
    :: y < GENERATIONS ->
        if
        :: late && state[y] == DRAINING -> hurry(y, FINISH)
        :: else
        fi;
        y++
    :: else -> break
    od;
    y = 0;
#endif
    promised = (serving != NONE -> queue[KEPT] : 0);
    last = serving;
    if
    :: serving != NONE ->
        drain(serving, how);
        clock[serving] = (late && clock[serving] == 0 -> 1 : clock[serving])
    :: else
    fi;
    if
    :: starting != NONE -> drain(starting, how)
    :: else
    fi;
    serving = NONE; starting = NONE
}

/* free_drained() and accounts_keep() of a generation that has no workers left */
inline free(gen)
{
    printf("master: generation %d is gone\n", gen);
    x = gen * WORKERS;
    do
    :: x < (gen + 1) * WORKERS ->
        assert(killed[gen] || !COUNTS_AT_ONCE || taken[x] == done[x]);
#ifdef MUTATION_KILLED_FORGOTTEN
        retired_done = retired_done + done[x];
#else
        retired_done = retired_done + taken[x]; /* accounts_keep() */
#endif
        taken[x] = 0; done[x] = 0; due[x] = false; tries[x] = 0;
        x++
    :: else -> break
    od;
    x = 0;
    release_all(gen);
    last = (gen == last -> NONE : last);
    state[gen] = FREE; other[gen] = false; clock[gen] = 0; drain_order[gen] = RUN;
    promoted[gen] = false; served[gen] = false; failed[gen] = false; killed[gen] = false;
    draining_count--
}

/* Whether no worker of the slot has the sockets, nor will have them: has_left_sockets() */
#ifdef MUTATION_LEFT_TOO_SOON
#define HAS_LEFT(i) (worker[i] == CLOSES || worker[i] == EXITED || worker[i] == NOBODY)
#else
#define HAS_LEFT(i) (worker[i] == CLOSES || worker[i] == EXITED || EMPTY(i))
#endif

#ifdef MUTATION_TRIES_AT_ONCE
#define BACKS_OFF(i) false
#else
#define BACKS_OFF(i) (BROKEN && tries[i] == TRIES)
#endif

/* What the master does about a slot. */
proctype slot(byte i)
{
    byte g = GENERATION_OF(i);

end:
    do
    /* generation_start_due(). Where no worker can start, something else happens before the next try. */
    :: d_step { !dead && due[i] && worker[i] == NOBODY && !BACKS_OFF(i) ->
        printf("master: forks worker %d\n", i);
        worker[i] = FORKED; due[i] = false }

    /* read_reports(), generation_worker_ready() */
    :: d_step { !dead && said[i] && !ready[i] ->
        printf("master: worker %d is ready\n", i);
        ready[i] = true; served[g] = true; tries[i] = 0;
        if
        :: state[g] == DRAINING && IS_ALIVE(i) && signalled[i] < drain_order[g] -> signalled[i] = drain_order[g]
        :: else
        fi }

    /* generation_reap(): also while it drains there is a successor, for as long as clients may wait in the queue of a socket
     * that nobody else serves. */
    :: d_step { !dead && (worker[i] == EXITED || worker[i] == DIED) ->
        printf("master: buries worker %d\n", i);
        if
        :: state[g] == DRAINING ->
#ifndef MUTATION_DRAINS_ALONE
            due[i] = worker[i] == DIED && served[g] && clock[g] == 0;
#endif
            killed[g] = killed[g] || (worker[i] == DIED && !due[i])
        :: else ->
            failed[g] = failed[g] || !ready[i];
            tries[i] = (ready[i] || tries[i] == TRIES -> tries[i] : tries[i] + 1);
#ifndef MUTATION_NOT_REPLACED
            due[i] = true
#endif
        fi;
        worker[i] = NOBODY; said[i] = false; ready[i] = false }

    /* check_worker(): it shows no heartbeat, or has not become ready */
    :: d_step { !dead && stuck[i] && state[g] != DRAINING ->
        printf("master: kills worker %d, which is stuck\n", i);
        die(i, DIED) }
    od
}

/* A generation: its clock, and its end. Time passes only when nobody is late: a worker that is not stuck has obeyed
 * drain_end long before kill_at. */
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
    /* generation_release_sockets() */
    :: d_step { !dead && state[g] == DRAINING && (holders[KEPT] & BIT(g)) != 0 && EACH_WORKER(g, HAS_LEFT) ->
        printf("master: closes the sockets of generation %d\n", g);
        release_all(g) }
    :: d_step { !dead && state[g] == DRAINING && EACH_WORKER(g, EMPTY) -> free(g) }
    od
}
