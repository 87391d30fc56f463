/* SPDX-License-Identifier: MIT */
#include "serve/render.h"

#include "service/service.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

int render_open(struct render *render, const struct conf *conf)
{
    size_t longest = 1;

    for (size_t i = 0; i < conf->listener_count; i++) {
        const struct plan *plan = conf->listeners[i].plan;

        if (!plan->is_constant && plan->longest > longest)
            longest = plan->longest;
    }
    render->pid = getpid();
    render->buffer = malloc(longest);
    return render->buffer ? 0 : -ENOMEM;
}

void render_close(struct render *render)
{
    free(render->buffer);
    render->buffer = NULL;
}

size_t render_answer(struct render *render, const struct conf_listener *listener, const struct peer *peer,
                     char *out)
{
    const struct plan *plan = listener->plan;
    const struct occasion occasion = {
        .peer = peer, .path = listener->path, .pid = render->pid, .moment = &render->moment};
    struct timespec now;

    if (plan->uses_time) {
        clock_gettime(CLOCK_REALTIME_COARSE, &now);
        moment_set(&render->moment, now.tv_sec);
    }
    return plan->service->answer(plan, &occasion, out);
}
