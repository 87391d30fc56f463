/* SPDX-License-Identifier: MIT */
#include "serve/stages.h"

#include "base/util.h"

#include <errno.h>
#include <stdlib.h>

#define HOLD_MOST         (3600 * NS_PER_S) /* with end = "hold" */
#define LISTS_OF_LISTENER 4                 /* of timers, for a listener with its own times */
#define LISTS_OF_ALL      9

static struct timer_list *idle(const struct stages *s, int64_t duration, const void *kind)
{
    return timers_list(s->timers, duration, s->idle_expired, kind);
}

static struct timer_list *total(const struct stages *s, int64_t duration, const void *kind)
{
    return timers_list(s->timers, duration, s->total_expired, kind);
}

/* The total time of the pauses between the pieces: at most years. */
static int64_t pieces_total(const struct conf *conf, const struct conf_listener *listener)
{
    return conf->send_total_ns +
           (int64_t)(listener->plan->longest / listener->chunk) * listener->chunk_pause_ns;
}

static struct stage stage_greet(const struct stages *s, const struct conf_listener *listener)
{
    const struct conf *conf = s->conf;

    if (listener->chunk)
        return (struct stage){.step = &step_pieces,
                              .idle = idle(s, listener->chunk_pause_ns, &step_pieces),
                              .total = total(s, pieces_total(conf, listener), &step_pieces)};
    return (struct stage){.step = &step_greet,
                          .idle = idle(s, conf->send_ns, &step_greet),
                          .total = total(s, conf->send_total_ns, &step_greet)};
}

static struct stage stage_request(const struct stages *s)
{
    s->eviction->silent = idle(s, s->conf->request_ns, &step_request);
    return (struct stage){.step = &step_request, .idle = s->eviction->silent};
}

static struct stage stage_hold(const struct stages *s)
{
    s->eviction->held = idle(s, HOLD_MOST, &step_hold);
    return (struct stage){.step = &step_hold, .idle = s->eviction->held};
}

static struct stage stage_end(const struct stages *s, const struct conf_listener *listener)
{
    if (listener->end == CONF_END_RESET)
        return (struct stage){.step = &step_reset};
    if (listener->end == CONF_END_HOLD)
        return stage_hold(s);
    if (!listener->linger_ns)
        return (struct stage){.step = NULL};
    return (struct stage){.step = &step_linger,
                          .idle = idle(s, listener->linger_ns, &step_linger),
                          .total = s->eviction->lingering};
}

static void fill_stages(const struct stages *s, const struct conf_listener *listener, struct stage *stage)
{
    const struct conf *conf = s->conf;

    if (conf_is_proxied(listener))
        *stage++ = (struct stage){.step = &step_proxy,
                                  .idle = idle(s, conf->proxy_ns, &step_proxy),
                                  .total = total(s, conf->proxy_ns, &step_proxy)};
    if (guard_is_needed(s->guard, (size_t)(listener - conf->listeners)))
        *stage++ = (struct stage){.step = &step_admit};
    if (listener->plan->service->read)
        *stage++ = stage_request(s);
    if (listener->delay_ns)
        *stage++ = (struct stage){.step = &step_delay, .idle = idle(s, listener->delay_ns, &step_delay)};
    *stage++ = stage_greet(s, listener);
    *stage++ = stage_end(s, listener);
    stage->step = NULL;
}

size_t stages_lists(const struct conf *conf)
{
    return LISTS_OF_LISTENER * conf->listener_count + LISTS_OF_ALL;
}

int stages_open(struct stages *stages)
{
    const struct conf *conf = stages->conf;

    stages->list = calloc(conf->listener_count * STEPS_MAX, sizeof(*stages->list));
    if (!stages->list)
        return -ENOMEM;
    stages->eviction->lingering = total(stages, conf->linger_total_ns, &step_linger);
    for (size_t i = 0; i < conf->listener_count; i++)
        fill_stages(stages, &conf->listeners[i], &stages->list[i * STEPS_MAX]);
    return 0;
}

void stages_close(struct stages *stages)
{
    free(stages->list);
    stages->list = NULL;
}

const struct stage *stages_of(const struct stages *stages, size_t listener)
{
    return &stages->list[listener * STEPS_MAX];
}
