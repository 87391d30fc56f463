/* SPDX-License-Identifier: MIT */
/* The end of the service. */

/* stop_drain() */
inline drain_everything()
{
    stop = STOP_DRAIN;
    if
    :: replaced -> drain_all(RETIRE)
    :: else -> drain_all(DRAIN)
    fi
}

/* generations_hurry(SIGUSR2) */
inline hurry_all()
{
    y = 0;
    do
    :: y < GENERATIONS ->
        if
        :: state[y] != FREE -> hurry(y, FINISH)
        :: else
        fi;
        y++
    :: else -> break
    od;
    y = 0
}

#ifdef MUTATION_DRAINS_TOGETHER
#define OLDER_HAVE_DRAINED true
#else
#define OLDER_HAVE_DRAINED (draining_count == 0)
#endif

proctype stopping()
{
end:
    do
    /* stop_step() */
    :: d_step { !dead && stop == STOP_DELAY -> stop = STOP_OLDER }
    :: d_step { !dead && stop == STOP_OLDER && OLDER_HAVE_DRAINED -> drain_everything() }
    :: d_step { !dead && stop == STOP_OLDER && draining_count > 0 ->
        printf("time: the stop's deadline\n");
        late = true;
        drain_everything() }
    /* stop_request(), again */
    :: d_step { !dead && stop != STOP_NO && !OVER && terms > obeyed && obeyed < 2 ->
        printf("master: ends the drain\n");
        obeyed = 2;
        if
        :: stop == STOP_DELAY || stop == STOP_OLDER -> drain_everything()
        :: else
        fi;
        hurry_all() }

#ifndef MUTATION_STRAY_WAITED_FOR
    /* is_over(): a process that cannot be ended is not waited for, from leave_at on. */
    :: d_step { !dead && stop == STOP_DRAIN && draining_count == 0 && stray && !leave ->
        printf("time: the process left behind is not waited for\n");
        leave = true }
#endif
    od
}
