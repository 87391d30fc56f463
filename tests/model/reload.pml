/* SPDX-License-Identifier: MIT */
/* Reloads, from the request to the answer. */

/* reload_over(): whoever has this run's ticket has an answer. */
inline over(good)
{
    running = false; refused = !good;
    printf("master: reload %d is over, good %d\n", run_number, good);
    x = 0;
    do
    :: x < RELOADS ->
        if
        :: waits[x] && ticket[x] == run_number ->
            assert(!good || loaded >= wish[x]); /* who is told that it was reloaded has got what the file said then */
            waits[x] = false; ticket[x] = 0; wish[x] = 0
        :: else
        fi;
        x++
    :: else -> break
    od;
    x = 0
}

/* reload_cancel() */
inline cancel_reload()
{
    loading = false;
    if
    :: serving != NONE && starting != NONE ->
#ifndef MUTATION_START_FORGOTTEN
        abandon();
#endif
        starting = NONE
    :: else
    fi;
    if
    :: running -> over(false)
    :: else
    fi;
#ifndef MUTATION_CANCELLED_SILENTLY
    if
    :: wanted -> wanted = false; run_number++; over(false)
    :: else
    fi;
#endif
    wanted = false
}

/* reload_request() */
inline request_reload(who)
{
    printf("operator: asks for a reload of version %d\n", version);
    wanted = true; waits[who] = true; wish[who] = version;
#ifdef MUTATION_TICKET_OF_RUN
    ticket[who] = (running -> run_number : run_number + 1)
#else
    ticket[who] = run_number + 1
#endif
}

#ifdef MUTATION_RELOADS_WHILE_UPGRADING
#define MAY_RELOAD (serving != NONE && stop == STOP_NO)
#else
#define MAY_RELOAD (serving != NONE && stop == STOP_NO && heir != HEIR_STARTS && heir != HEIR_SERVES)
#endif

proctype reload()
{
    byte g;

end:
    do
    /* reload_step(), begin(): several requests are one. The loader reads what the file says now. */
    :: d_step { !dead && wanted && !running && MAY_RELOAD && start_phase == START_DONE &&
                draining_count < GENERATIONS - 1 ->
        printf("master: begins a reload\n");
        wanted = false; running = true; run_number++;
        if
#ifndef MUTATION_STRAY_IGNORED
        :: stray -> over(false)
#endif
        :: else ->
            assert(!stray); /* there is one loader at a time */
            loading = true; loaded = version
        fi }

    /* loaded(): the file is good and everything can be bound */
    :: d_step { !dead && loading ->
        g = 0;
        do
        :: g < GENERATIONS && state[g] != FREE -> g++
        :: else -> break
        od;
        assert(g < GENERATIONS);
        loading = false;
        prepare(g);
#ifdef MUTATION_DRAINED_FIRST
        drain(serving, RETIRE); serving = NONE;
#endif
        g = 0 }

    /* The loader, or generations_prepare(), failed */
    :: d_step { !dead && loading && failures > 0 ->
        printf("master: load or bind fails\n");
        failures--;
#ifdef MUTATION_FAILURE_CLOSES
        release(serving, KEPT); /* a close that does not count who else has the socket */
#endif
        loading = false; over(false) }

    /* The loader is not done in time: it is killed, and left behind. */
    :: d_step { !dead && loading && hangs > 0 ->
        printf("world: the loader hangs, and can be ended\n");
        hangs--; stray = true; hopeless = false; loading = false; over(false) }
    :: d_step { !dead && loading && hangs > 0 ->
        printf("world: the loader hangs for ever\n");
        hangs--; stray = true; hopeless = true; loading = false; over(false) }
    :: d_step { !dead && stray && !hopeless ->
        printf("master: buries a process left behind\n");
        stray = false }

    /* wait_for_workers(): all are ready; one has failed; or the time is over; or the sockets cannot be put in their place */
    :: d_step { !dead && running && starting != NONE && serving != NONE && EACH_WORKER(starting, READY) ->
        g = starting; promote(g); g = 0 }
    :: d_step { !dead && running && starting != NONE && serving != NONE && failed[starting] &&
                !EACH_WORKER(starting, READY) ->
        abandon(); over(false) }
    :: d_step { !dead && running && starting != NONE && serving != NONE &&
                (failures > 0 || !EACH_WORKER(starting, NOT_STUCK)) ->
        failures = (failures > 0 -> failures - 1 : 0);
        abandon(); over(false) }

    /* wait_for_retirement(): the old generation has stopped accepting, or DEADLINE_RETIRE is over */
    :: d_step { !dead && running && !loading && starting == NONE && serving != NONE ->
#ifdef MUTATION_REQUEST_LOST
        wanted = false; /* one that came meanwhile is taken for answered */
#endif
        over(true) }
    od
}
