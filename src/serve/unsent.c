/* SPDX-License-Identifier: MIT */
#include "serve/unsent.h"

#include "base/util.h"
#include "guard/guard.h"
#include "net/observe.h"
#include "serve/acceptor.h"
#include "serve/proxy_info.h"
#include "service/service.h"

#include <stdlib.h>
#include <string.h>

#define COPIES_MAX (16 * 1024 * 1024)

/* Reads from the kernel only what the answer needs. Returns NULL if that is nothing. */
static const struct seen *observe(struct conn *conn, unsigned needs, struct seen *seen)
{
    const struct acceptor *acceptor = conn->acceptor;

    if (!(needs & PLAN_NETWORK))
        return NULL;
    observe_stream(conn->fd, address_is_ipv6(&acceptor->member->socket->address), needs, seen);
    conn_learn_server(conn, seen);
    if (conn->proxy_info)
        proxy_info_show(conn->proxy_info, seen);
    return seen;
}

/* After a request was read, later input does not count. */
static uint32_t received(const struct conn *conn, const struct seen *seen)
{
    if (seen && (seen->what & SEEN_SILENCE))
        return 0;
    return conn->acceptor->conf->plan->service->read ? conn->request.length : observe_unread(conn->fd);
}

/* The connections of the client's source, including this one. */
static uint32_t held(const struct conn *conn)
{
    const struct acceptor *acceptor = conn->acceptor;

    return guard_held(acceptor->acceptors->guard, acceptor->member->listener, &conn->peer.client,
                      conn->held) +
           !conn->held;
}

static unsigned needs_of(const struct conn *conn)
{
    const struct plan *plan = conn->acceptor->conf->plan;

    return plan->service->needs ? plan->service->needs(plan, &conn->request) : plan->needs;
}

/* All greetings of a turn have the same time: reading the clock takes as long as writing a few values. */
static void begin_turn(struct unsent_copies *copies, int64_t now)
{
    if (copies->turn != now)
        render_begin(copies->render);
    copies->turn = now;
}

static void render(struct conn *conn)
{
    const struct conf_listener *listener = conn->acceptor->conf;
    struct render *render = conn->copies->render;
    struct seen seen __attribute__((uninitialized));
    const unsigned needs = needs_of(conn);
    const struct seen *known = observe(conn, needs, &seen);
    struct occasion occasion = {.peer = &conn->peer,
                                .needs = needs,
                                .request = conn->request,
                                .now = conn->acceptor->acceptors->loop->now,
                                .arrived = conn->arrived,
                                .seen = known,
                                .received = needs & PLAN_RECEIVED ? received(conn, known) : 0};

    conn_learn_peer(conn);
    if (needs & PLAN_HELD)
        occasion.held = held(conn);
    begin_turn(conn->copies, occasion.now);
    conn->unsent = render->buffer;
    conn->unsent_length = (uint32_t)render_answer(render, listener, &occasion, render->buffer);
}

void unsent_render(struct conn *conn)
{
    const struct plan *plan = conn->acceptor->conf->plan;

    if (!plan->is_constant) {
        render(conn);
        return;
    }
    conn->unsent = plan->bytes;
    conn->unsent_length = (uint32_t)plan->length;
}

static bool have_room(struct unsent_copies *copies, size_t size)
{
    while (copies->copied + size > COPIES_MAX) {
        struct timer *first = timer_list_first(copies->owners);

        if (!first)
            return false;
        copies->give_up(CONTAINER_OF(first, struct conn, idle));
    }
    return true;
}

bool unsent_keep(struct conn *conn)
{
    struct unsent_copies *copies = conn->copies;

    if (conn->acceptor->conf->plan->is_constant || conn->copy)
        return true;
    if (!have_room(copies, conn->unsent_length) || !(conn->copy = malloc(conn->unsent_length)))
        return false;
    conn->copy_size = conn->unsent_length;
    copies->copied += conn->copy_size;
    conn->unsent = memcpy(conn->copy, conn->unsent, conn->unsent_length);
    return true;
}

void unsent_drop(struct conn *conn)
{
    if (!conn->copy)
        return;
    conn->copies->copied -= conn->copy_size;
    free(conn->copy);
    conn->copy = NULL;
}
