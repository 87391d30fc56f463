/* SPDX-License-Identifier: MIT */
#include "serve/render.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/random.h>
#include <unistd.h>

int render_open(struct render *render, const struct conf *conf, const struct speaker *speaker,
                const struct notice *notice)
{
    uint64_t *id = &render->speaker.id;
    size_t longest = 1;

    render->notice = notice;
    render->state = STATE_DEFAULT;
    render->speaker = *speaker;
    render->speaker.pid = getpid();
    if (getrandom(id, sizeof(*id), 0) != sizeof(*id))
        return -errno;
    for (size_t i = 0; i < conf->listener_count; i++) {
        const struct plan *plan = conf->listeners[i].plan;

        if (!plan->is_constant && plan->longest > longest)
            longest = plan->longest;
    }
    render->buffer = malloc(longest);
    return render->buffer ? 0 : -ENOMEM;
}

void render_close(struct render *render)
{
    free(render->buffer);
    render->buffer = NULL;
}

size_t render_answer(struct render *render, const struct conf_listener *listener, const struct peer *peer,
                     const struct seen *seen, const struct service_request *request, char *out)
{
    const struct plan *plan = listener->plan;
    const struct occasion occasion = {.peer = peer,
                                      .speaker = &render->speaker,
                                      .answers = ++render->answers,
                                      .request = request ? *request : (struct service_request){0},
                                      .moment = &render->moment,
                                      .seen = seen,
                                      .state = plan->needs & PLAN_STATE ? &render->state : NULL};
    struct timespec now;

    if (plan->time != PLAN_NO_TIME) {
        clock_gettime(plan->time == PLAN_INSTANT ? CLOCK_REALTIME : CLOCK_REALTIME_COARSE, &now);
        moment_set(&render->moment, now);
    }
    if (plan->needs & PLAN_STATE)
        notice_read(render->notice, &render->notice_seen, &render->state);
    return plan->service->answer(plan, &occasion, out);
}
