/* SPDX-License-Identifier: MIT */
/* What the master does with the modules that know nothing of each other. */

/* stop(): whatever is under way is not waited for, and then drain_delay passes. Who is replaced drains at once. */
inline begin_stop()
{
    printf("master: stops\n");
    cancel_upgrade();
    if
    :: replaced -> drain_everything()
    :: else -> stop = STOP_DELAY
    fi;
    start_phase = (start_phase == START_WORKERS -> START_FAILED : start_phase); /* start_cancel() */
    cancel_reload()
}

#ifdef MUTATION_DRAINED_UNREADY
#define HAS_HEIR (heir == HEIR_STARTS || heir == HEIR_SERVES)
#else
#define HAS_HEIR (heir == HEIR_SERVES)
#endif

proctype master()
{
end:
    do
    /* on_signal() */
    :: d_step { !dead && terms > 0 && stop == STOP_NO ->
        obeyed = 1;
        begin_stop() }

    /* step_upgrade() */
    :: d_step { !dead && HAS_HEIR && stop == STOP_NO ->
        printf("master: the new process serves\n");
        replaced = true;
        assert(heir_version >= served_version); /* nothing that was reloaded is taken back */
        begin_stop() }
    od
}
