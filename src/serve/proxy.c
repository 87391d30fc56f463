/* SPDX-License-Identifier: MIT */
/* The first step if clients come through a proxy: reads the PROXY header, which names the client. Refuses a
 * sender that is not a configured proxy, and a proxy without a header. */
#include "base/proxy_header.h"
#include "guard/access.h"
#include "serve/acceptor.h"
#include "serve/proxy_info.h"
#include "serve/steps.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

/* An incomplete header. */
struct part {
    size_t length;
    char bytes[PROXY_HEADER_MAX];
};

/* Peeks at the queue, and adds its bytes to the kept ones. They stay in the queue, since the client's input
 * follows the header. Returns the number of new bytes. */
static ssize_t peek_queue(const struct conn *conn, char bytes[PROXY_HEADER_MAX], size_t kept)
{
    const struct part *part = conn->part;
    ssize_t n;

    if (part)
        memcpy(bytes, part->bytes, kept);
    do
        n = recv(conn->fd, bytes + kept, PROXY_HEADER_MAX - kept, MSG_PEEK | MSG_DONTWAIT);
    while (n < 0 && errno == EINTR);
    return n;
}

static bool take_from_queue(const struct conn *conn, char *bytes, size_t length)
{
    return recv(conn->fd, bytes, length, MSG_DONTWAIT) == (ssize_t)length;
}

/* A proxy's own connection has the command LOCAL, or the proxy's own address. */
static void set_client(struct conn *conn, const struct proxy_header *header)
{
    struct peer *peer = &conn->peer;

    conn_learn_client(conn);
    conn->for_itself = header->local || memcmp(&header->client, &peer->client, sizeof(peer->client)) == 0;
    if (!header->known || conn->for_itself)
        return;
    peer->via = peer->client;
    peer->client = header->client;
    if (conn->acceptor->conf->plan->needs & PLAN_ORIGINAL)
        conn->proxy_info = proxy_info_keep(header);
}

/* Most headers arrive complete, so memory is allocated only for one that does not. */
static enum step_verdict keep_part(struct conn *conn, size_t more, struct step_outcome *outcome)
{
    struct part *part = conn->part ? conn->part : calloc(1, sizeof(*part));

    conn->part = part;
    if (!part || !take_from_queue(conn, part->bytes + part->length, more))
        return step_end(outcome, RESULT_NO_HEADER);
    part->length += more;
    return STEP_STAY;
}

static enum step_verdict ready(struct conn *conn, uint32_t events, struct step_outcome *outcome)
{
    char bytes[PROXY_HEADER_MAX] __attribute__((uninitialized));
    size_t kept = conn->part ? ((struct part *)conn->part)->length : 0;
    struct proxy_header header;
    ssize_t n = peek_queue(conn, bytes, kept);

    (void)events;
    outcome->events = EPOLLIN;
    if (n < 0 && errno == EAGAIN)
        return STEP_STAY;
    if (n <= 0)
        return step_end(outcome, RESULT_NO_HEADER);
    switch (proxy_header_read(bytes, kept + (size_t)n, &header)) {
    case PROXY_HEADER_PART:
        return keep_part(conn, (size_t)n, outcome);
    case PROXY_HEADER_WHOLE:
        if (!take_from_queue(conn, bytes, header.length - kept))
            break;
        free(conn->part);
        conn->part = NULL;
        set_client(conn, &header);
        return STEP_NEXT;
    case PROXY_HEADER_BAD:
        break;
    }
    return step_end(outcome, RESULT_NO_HEADER);
}

static enum step_verdict enter(struct conn *conn, struct step_outcome *outcome)
{
    if (!access_trusts(conn->acceptor->conf, &conn->peer.client))
        return step_end(outcome, RESULT_UNTRUSTED);
    return ready(conn, 0, outcome);
}

static enum result give_up(const struct conn *conn)
{
    (void)conn;
    return RESULT_NO_HEADER;
}

const struct step step_proxy = {.enter = enter, .ready = ready, .give_up = give_up};
