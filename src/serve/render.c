/* SPDX-License-Identifier: MIT */
#include "serve/render.h"

#include "base/util.h"
#include "service/load.h"
#include "service/metrics.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/random.h>
#include <unistd.h>

/* Returns false without memory. */
static bool make_room(struct render *render, const struct conf *conf)
{
    size_t longest = 1;
    unsigned needs = 0;

    for (size_t i = 0; i < conf->listener_count; i++) {
        const struct plan *plan = conf->listeners[i].plan;

        needs |= plan->needs;
        if (!plan->is_constant && plan->longest > longest)
            longest = plan->longest;
    }
    render->buffer = malloc(longest);
    render->kept = calloc(conf->listener_count, sizeof(*render->kept));
    if (needs & (PLAN_METRICS | PLAN_TOTALS))
        render->metrics = malloc(metrics_size(needs & PLAN_METRICS ? METRICS_LISTENERS : 0));
    return render->buffer && render->kept && (render->metrics || !(needs & (PLAN_METRICS | PLAN_TOTALS)));
}

int render_open(struct render *render, const struct conf *conf, const struct speaker *speaker,
                const struct shared *shared)
{
    uint64_t *id = &render->speaker.id;

    render->conf = conf;
    render->kept = NULL;
    render->metrics = NULL;
    render->totals_seen = 0;
    render->epoch = 0;
    render->second_ends = INT64_MIN;
    render->notice = shared->notice;
    render->service = shared->service;
    render->state = STATE_DEFAULT;
    render->speaker = *speaker;
    render->speaker.pid = getpid();
    if (getrandom(id, sizeof(*id), 0) != sizeof(*id))
        return -errno;
    return make_room(render, conf) ? 0 : -ENOMEM;
}

void render_close(struct render *render)
{
    for (size_t i = 0; render->kept && i < render->conf->listener_count; i++)
        free(render->kept[i]);
    free(render->kept);
    free(render->buffer);
    free(render->metrics);
    render->kept = NULL;
    render->buffer = NULL;
    render->metrics = NULL;
}

/* From the time that has passed since, because the wall clock may have been set meanwhile. */
static const struct moment *date_arrival(struct render *render, int64_t ago)
{
    int64_t now = (int64_t)render->moment.second * NS_PER_S + render->moment.nanosecond;
    int64_t then = now - ago;

    if (ago == 0)
        return &render->moment;
    moment_set(&render->accepted, (struct timespec){then / NS_PER_S, then % NS_PER_S});
    return &render->accepted;
}

static void read_clock(struct render *render, enum plan_time exactness)
{
    struct timespec now;

    clock_gettime(exactness == PLAN_INSTANT ? CLOCK_REALTIME : CLOCK_REALTIME_COARSE, &now);
    render->epoch += moment_set(&render->moment, now);
    render->dated = exactness;
}

/* At each new second of the service's uptime. */
static void begin_second(struct render *render, int64_t now)
{
    int64_t began = render->speaker.service_began;

    if (now < render->second_ends)
        return;
    render->second_ends = began + ((now - began) / NS_PER_S + 1) * NS_PER_S;
    render->load_asked = false;
    render->epoch++;
}

static void read_state(struct render *render)
{
    uint32_t before = render->notice_seen;

    notice_read(render->notice, &render->notice_seen, &render->state);
    render->epoch += render->notice_seen != before;
}

/* Reads them only if they have changed. */
static bool read_totals(struct render *render)
{
    uint64_t before = render->totals_seen;
    bool is_read = shared_totals(render->service, &render->totals_seen, render->metrics);

    render->epoch += render->totals_seen != before;
    return is_read;
}

/* Reads all of them each time, since that is rare. */
static bool read_metrics(struct render *render)
{
    render->totals_seen = 0; /* they were overwritten */
    return shared_metrics(render->service, render->metrics);
}

static bool count(struct render *render, unsigned needs)
{
    bool is_read = needs & PLAN_METRICS ? read_metrics(render) : read_totals(render);

    if (is_read)
        render->metrics->state = render->state; /* from the notice, which workers cannot write */
    return is_read;
}

/* The kernel updates it every five seconds, and reading it is the most expensive of the system calls here. */
static const unsigned long *read_load(struct render *render)
{
    if (!render->load_asked)
        render->load_known = load_hundredths(&render->load);
    render->load_asked = true;
    return render->load_known ? &render->load : NULL;
}

/* Adds what does not depend on the client, as far as the plan needs it. */
static void add_needed(struct render *render, struct occasion *occasion)
{
    unsigned needs = occasion->needs;

    if (needs & (PLAN_STATE | PLAN_METRICS)) {
        read_state(render);
        occasion->state = &render->state;
    }
    if (needs & (PLAN_METRICS | PLAN_TOTALS) && count(render, needs))
        occasion->metrics = render->metrics;
    if (needs & PLAN_LOAD)
        occasion->load = read_load(render);
    if (needs & PLAN_ACCEPTED)
        occasion->accepted = date_arrival(render, occasion->now - occasion->arrived);
    if ((needs & PLAN_INTERFACE) && occasion->seen)
        occasion->interface = interfaces_name(&render->interfaces, occasion->seen->interface, occasion->now);
}

void render_begin(struct render *render)
{
    render->dated = PLAN_NO_TIME;
}

/* Returns NULL if the plan keeps nothing, or without memory. */
static void *kept_for(struct render *render, const struct conf_listener *listener)
{
    void **kept = &render->kept[listener - render->conf->listeners];

    if (!*kept && listener->plan->kept)
        *kept = calloc(1, listener->plan->kept);
    return *kept;
}

size_t render_answer(struct render *render, const struct conf_listener *listener, struct occasion *occasion,
                     char *out)
{
    const struct plan *plan = listener->plan;

    occasion->speaker = &render->speaker;
    occasion->answers = ++render->answers;
    occasion->moment = &render->moment;
    if (plan->time > render->dated)
        read_clock(render, plan->time);
    begin_second(render, occasion->now);
    add_needed(render, occasion);
    occasion->epoch = render->epoch;
    occasion->kept = kept_for(render, listener);
    return plan->service->answer(plan, occasion, out);
}
