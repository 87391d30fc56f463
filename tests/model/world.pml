/* SPDX-License-Identifier: MIT */
/* What happens to the service: clients, its operator, a service manager. */

proctype clients()
{
    byte n;

end:
    do
    :: d_step { n < CLIENTS && (!ENDED || (STORE && up) || replaced) ->
        n++;
        printf("client: connects to listener 0\n");
        if
        :: open[KEPT] && !refusing[KEPT] ->
            half[KEPT] = half[KEPT] + HANDSHAKES; queue[KEPT] = queue[KEPT] + 1 - HANDSHAKES
        :: else ->
            turned_away = turned_away || WAITS_FOR_CLIENTS;
            refusal = refusal || (STORE && up) || replaced || stop != STOP_DRAIN
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
    :: d_step { reloads < RELOADS && stop == STOP_NO && !dead ->
        printf("operator: edits the file\n");
        version++; request_reload(reloads); reloads++ }
    :: d_step { reloads < RELOADS && stop == STOP_NO && !dead -> request_reload(reloads); reloads++ }
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
/* The service manager starts the service again, with what is in the file then; bind_adopted() finds the sockets. */
proctype manager()
{
    bool edited;

end:
    do
    :: d_step { !edited && up ->
        printf("operator: edits the file\n");
        edited = true; version++ }
    :: d_step { ENDED && up && !again && EACH_GENERATION(NO_WORKER) ->
        printf("manager: starts the service again, other listener %d\n", HAS_OTHER(version));
        again = true;
#ifndef MUTATION_ADOPTED_REFUSES
        refusing[KEPT] = false; refusing[OTHER] = false;
#endif
        skip }
    od
}
#endif
