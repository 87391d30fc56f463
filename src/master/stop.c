/* SPDX-License-Identifier: MIT */
#include "master/stop.h"

#include "base/message.h"
#include "base/util.h"
#include "log/log.h"
#include "system/notify.h"

#include <signal.h>
#include <string.h>

/* The configuration in effect; NULL if none was loaded yet. */
static const struct conf *current(const struct stop *stop)
{
    const struct generation *generation = generations_current(stop->generations);

    return generation ? generation->conf : NULL;
}

static int64_t delay_of(const struct stop *stop, int signal_number)
{
    const struct conf *conf = current(stop);

    return conf && signal_number != SIGQUIT && !stop->replaced ? conf->drain_delay_ns : 0;
}

static void begin(struct stop *stop, int signal_number, int64_t now)
{
    const struct conf *conf = current(stop);
    int64_t delay = delay_of(stop, signal_number), drain = conf ? conf->drain_ns : 0;
    struct message cause = {"Draining"}, first = {""};

    if (!stop->replaced)
        message_set(&cause, "Stopping on SIG%s", sigabbrev_np(signal_number));
    if (delay)
        message_set(&first, "accepting clients for %.1f s more, then ", (double)delay / NS_PER_S);
    log_event(LOG_INFO, MESSAGE_STOPPING, NULL, "%s: %swaiting up to %.1f s for connected clients",
              cause.text, first.text, signal_number == SIGQUIT ? 0.0 : (double)drain / NS_PER_S);
    stop->phase = STOP_DELAY;
    stop->drain_at = now + delay;
    stop->end_at = stop->replaced ? SLOT_NEVER : stop->drain_at + drain;
    if (stop->replaced) /* the new process serves */
        stop_drain(stop, now);
}

int64_t stop_longest(const struct stop *stop)
{
    const struct conf *conf = current(stop);

    return conf ? delay_of(stop, SIGTERM) + conf->drain_ns : 0;
}

void stop_drain(struct stop *stop, int64_t now)
{
    stop->phase = STOP_DRAIN;
    generations_drain_all(stop->generations, stop->replaced ? SIGUSR1 : SIGTERM,
                          stop->replaced || notify_enabled(), stop->end_at, now);
}

void stop_request(struct stop *stop, int signal_number, int64_t now)
{
    bool again = stop->phase != STOP_NO;

    if (!again)
        begin(stop, signal_number, now);
    if (!again && signal_number != SIGQUIT)
        return;
    if (stop->phase != STOP_DRAIN)
        stop_drain(stop, now);
    generations_hurry(stop->generations, signal_number == SIGQUIT ? SIGQUIT : SIGUSR2, now);
}

int64_t stop_step(struct stop *stop, int64_t now)
{
    if (stop->phase == STOP_DELAY && now >= stop->drain_at)
        stop->phase = STOP_OLDER;
    if (stop->phase == STOP_OLDER && (generations_draining(stop->generations) == 0 || now >= stop->end_at))
        stop_drain(stop, now);
    if (stop->phase == STOP_DELAY)
        return stop->drain_at;
    return stop->phase == STOP_OLDER ? stop->end_at : SLOT_NEVER;
}

bool stop_is_over(const struct stop *stop)
{
    return stop->phase == STOP_DRAIN && stop->generations->count == 0;
}
