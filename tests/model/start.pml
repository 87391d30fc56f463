/* SPDX-License-Identifier: MIT */
/* The first generation. */

#define TRIED(i) (tries[i] == TRIES)

proctype start()
{
    byte g;

end:
    do
    /* step_workers() */
    :: d_step { !dead && start_phase == START_WORKERS && starting != NONE && EACH_WORKER(starting, READY) ->
        g = starting; promote(g); g = 0;
        start_phase = START_DONE }
#ifndef MUTATION_TRIES_FOR_EVER
    /* generation_cannot_start(), start_failed() */
    :: d_step { !dead && start_phase == START_WORKERS && starting != NONE && !served[starting] &&
                EACH_WORKER(starting, TRIED) ->
        printf("master: no worker can start\n");
        start_phase = START_FAILED;
#ifndef MUTATION_FAILS_SILENTLY
        cancel_reload();
#endif
        drain_everything() }
#endif
    od
}
