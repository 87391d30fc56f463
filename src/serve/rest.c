/* SPDX-License-Identifier: MIT */
#include "serve/rest.h"

#include "base/util.h"
#include "guard/guard.h"
#include "net/observe.h"
#include "serve/door.h"
#include "serve/told.h"
#include "service/service.h"

#include <stdlib.h>
#include <string.h>

#define COPIES_MAX (16 * 1024 * 1024)

/* Asks only what the answer says. Returns NULL if that is nothing. */
static const struct seen *observe(struct conn *conn, unsigned needs, struct seen *seen)
{
    const struct door *door = conn->door;

    if (!(needs & PLAN_NETWORK))
        return NULL;
    observe_stream(conn->fd, address_is_ipv6(&door->member->socket->address), needs, seen);
    conn_learn_server(conn, seen);
    if (conn->told)
        told_show(conn->told, seen);
    return seen;
}

/* A request has been read, and what comes after it counts no more. */
static uint32_t received(const struct conn *conn, const struct seen *seen)
{
    if (seen && (seen->what & SEEN_SILENCE))
        return 0;
    return conn->door->conf->plan->service->read ? conn->request.length : observe_unread(conn->fd);
}

/* Of the client's source; one that was not counted is one more. */
static uint32_t held(const struct conn *conn)
{
    const struct door *door = conn->door;

    return guard_held(door->doors->guard, door->member->listener, &conn->peer.client) + !conn->is_held;
}

static unsigned needs_of(const struct conn *conn)
{
    const struct plan *plan = conn->door->conf->plan;

    return plan->service->needs ? plan->service->needs(plan, &conn->request) : plan->needs;
}

static void render(struct conn *conn)
{
    const struct conf_listener *listener = conn->door->conf;
    struct render *render = conn->rests->render;
    struct seen seen __attribute__((uninitialized));
    const unsigned needs = needs_of(conn);
    const struct seen *known = observe(conn, needs, &seen);
    struct occasion occasion = {.peer = &conn->peer,
                                .needs = needs,
                                .request = conn->request,
                                .now = conn->door->doors->loop->now,
                                .arrived = conn->arrived,
                                .seen = known,
                                .received = needs & PLAN_RECEIVED ? received(conn, known) : 0};

    conn_learn_peer(conn);
    if (needs & PLAN_HELD)
        occasion.held = held(conn);
    render_begin(render);
    conn->rest = render->buffer;
    conn->rest_length = (uint32_t)render_answer(render, listener, &occasion, render->buffer);
}

void rest_render(struct conn *conn)
{
    const struct plan *plan = conn->door->conf->plan;

    if (!plan->is_constant) {
        render(conn);
        return;
    }
    conn->rest = plan->bytes;
    conn->rest_length = (uint32_t)plan->length;
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
