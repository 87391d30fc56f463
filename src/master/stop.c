/* SPDX-License-Identifier: MIT */
/* The ends of generations: one that another replaces, and all of them when the service stops. */
#include "base/deadlines.h"
#include "base/util.h"
#include "log/log.h"
#include "master/master_internal.h"
#include "net/store.h"
#include "system/notify.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

static void drain(struct master *master, struct generation *generation, int signal_number, int64_t now)
{
    generation_drain(generation, signal_number, now);
    master->draining[master->draining_count++] = generation;
}

void master_retire_generation(struct master *master, struct generation *generation, int64_t now)
{
    sockets_retire(&generation->sockets, &master->serving->sockets, generation->shared.retired);
    drain(master, generation, SIGUSR1, now);
}

void master_abandon_start(struct master *master, int64_t now)
{
    struct generation *generation = master->starting;

    master->starting = NULL;
    master_retire_generation(master, generation, now);
}

void master_drain_everything(struct master *master, int64_t now)
{
    struct generation *all[] = {master->serving, master->starting};

    master->stop = STOP_DRAIN;
    master->serving = master->starting = NULL;
    for (size_t i = 0; i < ARRAY_SIZE(all); i++)
        if (all[i])
            drain(master, all[i], master->upgrade.done ? SIGUSR1 : SIGTERM, now);
    status_update(master, now);
}

static int64_t drain_time(const struct master *master)
{
    const struct generation *generation = master->serving ? master->serving : master->starting;

    return generation ? generation->conf->drain_ns : 0;
}

static void begin_stop(struct master *master, int signal_number, int64_t now)
{
    char first[64] = "";
    const struct generation *generation = master->serving ? master->serving : master->starting;
    int64_t delay = generation && signal_number != SIGQUIT && !master->upgrade.done
                        ? generation->conf->drain_delay_ns
                        : 0;

    if (delay)
        snprintf(first, sizeof(first), "greeting on for %.1f s, then ", (double)delay / NS_PER_S);
    log_event(LOG_INFO, MESSAGE_STOPPING, NULL, "Stopping on SIG%s: %sclients have up to %.1f s",
              sigabbrev_np(signal_number), first,
              signal_number == SIGQUIT ? 0.0 : (double)drain_time(master) / NS_PER_S);
    reload_close(master);
    if (master->serving && master->starting) /* nobody waits for it any more */
        master_abandon_start(master, now);
    if (master->serving && !master->upgrade.done) /* a restart soon after the start finds them, too */
        store_rest(&master->serving->sockets, DEADLINE_STORE);
    master->stop = STOP_DELAY;
    master->drain_at = now + delay;
    status_update(master, now);
    notify_stopping(master->status, delay + drain_time(master) + DEADLINE_EXIT);
    if (delay == 0)
        master_drain_everything(master, now);
}

void master_stop(struct master *master, int signal_number, int64_t now)
{
    bool again = master->stop != STOP_NO;

    if (!again)
        begin_stop(master, signal_number, now);
    if (!again && signal_number != SIGQUIT)
        return;
    if (master->stop == STOP_DELAY)
        master_drain_everything(master, now);
    FOR_EACH_GENERATION (master, generation) {
        generation_hurry(generation, signal_number == SIGQUIT ? SIGQUIT : SIGUSR2, now);
    }
}
