/* SPDX-License-Identifier: MIT */
/* What a worker does: it accepts, greets, and drains. */

#ifdef MUTATION_COUNTED_LATE
#define AT_ONCE 0 /* a client is counted as taken only when it leaves */
#else
#define AT_ONCE 1
#endif

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

/* Whether drain_is_over() lets a draining thread stop accepting. */
#ifdef MUTATION_SWEEP_ENDS
#define QUEUES_SERVED(i) true
#else
#define QUEUES_SERVED(i) (!other[GENERATION_OF(i)] || !refusing[OTHER] || queue[OTHER] == 0)
#endif
#define DRAINED(i, g) (order[i] != RUN && (clock[g] > 0 || ((old[i] == 0 || order[i] == RETIRE) && QUEUES_SERVED(i))))

proctype work(byte i)
{
    byte g = GENERATION_OF(i);

end:
    do
    /* worker_run(): it starts, or cannot; account_reconcile() comes before the first accept */
    :: d_step { ACTS(i) && worker[i] == FORKED && !BROKEN ->
#ifndef MUTATION_NOT_RECONCILED
        done[i] = taken[i];
#endif
        printf("worker %d: accepts\n", i);
        worker[i] = ACCEPTS }
    :: d_step { ACTS(i) && worker[i] == FORKED && (BROKEN || failures > 0) ->
        printf("worker %d: cannot start\n", i);
        failures = failures - 1 + BROKEN; die(i, DIED) }
    :: d_step { ACTS(i) && worker[i] == ACCEPTS && !said[i] ->
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

    /* handle_signals(), ordered(); finish_without_master() where the master is dead */
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

    /* drain_is_over() */
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
