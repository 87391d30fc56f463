/* SPDX-License-Identifier: MIT */
#include "serve/render.h"

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
    render->metrics = needs & PLAN_METRICS ? malloc(metrics_size(METRICS_LISTENERS)) : NULL;
    return render->buffer && (render->metrics || !(needs & PLAN_METRICS));
}

int render_open(struct render *render, const struct conf *conf, const struct speaker *speaker,
                const struct shared *shared)
{
    uint64_t *id = &render->speaker.id;

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
    free(render->buffer);
    free(render->metrics);
    render->buffer = NULL;
    render->metrics = NULL;
}

size_t render_answer(struct render *render, const struct conf_listener *listener, const struct peer *peer,
                     const struct seen *seen, const struct service_request *request, char *out)
{
    const struct plan *plan = listener->plan;
    struct occasion occasion = {.peer = peer,
                                .speaker = &render->speaker,
                                .answers = ++render->answers,
                                .moment = &render->moment,
                                .seen = seen};
    struct timespec now;

    if (request)
        occasion.request = *request;
    if (plan->time != PLAN_NO_TIME) {
        clock_gettime(plan->time == PLAN_INSTANT ? CLOCK_REALTIME : CLOCK_REALTIME_COARSE, &now);
        moment_set(&render->moment, now);
    }
    if (plan->needs & PLAN_STATE) {
        notice_read(render->notice, &render->notice_seen, &render->state);
        occasion.state = &render->state;
    }
    if (plan->needs & PLAN_METRICS && shared_metrics(render->service, render->metrics))
        occasion.metrics = render->metrics;
    return plan->service->answer(plan, &occasion, out);
}
