/* SPDX-License-Identifier: MIT */
#include "serve/rest.h"

#include "base/util.h"
#include "net/observe.h"
#include "serve/door.h"
#include "service/service.h"

#include <stdlib.h>
#include <string.h>

#define COPIES_MAX (16 * 1024 * 1024)

/* Asks only what the answer says. Returns NULL if that is nothing. */
static const struct seen *observe(const struct conn *conn, struct seen *seen)
{
    unsigned needs = conn->door->conf->plan->needs;

    if (!(needs & PLAN_NETWORK))
        return NULL;
    observe_stream(conn->fd, needs & PLAN_PACKET, needs & PLAN_CONNECTION, seen);
    if (conn->asked)
        seen->asked = *conn->asked;
    return seen;
}

void rest_render(struct conn *conn)
{
    const struct conf_listener *listener = conn->door->conf;
    const struct plan *plan = listener->plan;
    struct render *render = conn->rests->render;
    struct seen seen __attribute__((uninitialized));

    if (plan->is_constant) {
        conn->rest = plan->bytes;
        conn->rest_length = (uint32_t)plan->length;
        return;
    }
    conn_learn_peer(conn);
    conn->rest = render->buffer;
    conn->rest_length = (uint32_t)render_answer(render, listener, &conn->peer, observe(conn, &seen),
                                                &conn->request, render->buffer);
}

static bool have_room(struct rests *rests, size_t size)
{
    while (rests->copied + size > COPIES_MAX) {
        struct timer *first = timer_list_first(rests->owners);

        if (!first)
            return false;
        rests->give_up(CONTAINER_OF(first, struct conn, idle));
    }
    return true;
}

bool rest_keep(struct conn *conn)
{
    struct rests *rests = conn->rests;

    if (conn->door->conf->plan->is_constant || conn->copy)
        return true;
    if (!have_room(rests, conn->rest_length) || !(conn->copy = malloc(conn->rest_length)))
        return false;
    conn->copy_size = conn->rest_length;
    rests->copied += conn->copy_size;
    conn->rest = memcpy(conn->copy, conn->rest, conn->rest_length);
    return true;
}

void rest_drop(struct conn *conn)
{
    if (!conn->copy)
        return;
    conn->rests->copied -= conn->copy_size;
    free(conn->copy);
    conn->copy = NULL;
}
