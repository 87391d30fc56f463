/* SPDX-License-Identifier: MIT */
/* SIGUSR2: another process gets the sockets, and when it serves this one drains. */

/* upgrade_cancel() */
inline cancel_upgrade()
{
#ifndef MUTATION_UPGRADE_FORGOTTEN
    if
    :: !replaced && (heir == HEIR_STARTS || heir == HEIR_SERVES) ->
        printf("master: kills the new process, which was not ready\n");
        heir = HEIR_ENDED
    :: else
    fi;
#endif
    skip
}

proctype upgrade()
{
    byte left = UPGRADES;

end:
    do
    /* upgrade(), upgrade_start() */
    :: d_step { left > 0 && !dead && start_phase == START_DONE && !running && stop == STOP_NO && !stray &&
                heir != HEIR_STARTS && heir != HEIR_SERVES ->
        printf("master: starts a new process\n");
        left--; heir = HEIR_STARTS; heir_version = version }

    /* The new process becomes ready, or fails, which may be that it takes too long. */
    :: d_step { heir == HEIR_STARTS ->
        printf("world: the new process says that it serves\n");
        heir = HEIR_SERVES }
    :: d_step { heir == HEIR_STARTS && !dead && failures > 0 ->
        printf("world: the new process fails\n");
        failures--; heir = HEIR_ENDED }

    /* It serves whoever is queued. */
    :: d_step { heir == HEIR_SERVES && queue[KEPT] > 0 ->
        printf("world: the new process takes a client\n");
        queue[KEPT]--; promised = (promised > 0 -> promised - 1 : 0) }
    od
}
