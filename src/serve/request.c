/* SPDX-License-Identifier: MIT */
/* The step before the greeting, if the listener's service waits for a request: reads the request, which the
 * service parses. */
#include "serve/acceptor.h"
#include "serve/steps.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#define PART_GROWS 512 /* bytes by which the memory for an incomplete request grows */

/* An incomplete request. */
struct part {
    size_t length, room;
    char bytes[];
};

static void parse(struct conn *conn, const char *bytes, size_t length, enum request_input input)
{
    conn->acceptor->conf->plan->service->read(bytes, length, input, &conn->request);
    conn->request.length = (uint16_t)length;
}

/* Most requests arrive complete, so memory is allocated only for one that does not. */
static bool keep_part(struct conn *conn, const char *bytes, size_t length)
{
    struct part *part = conn->part;

    if (!part || part->room < length) {
        size_t room = (length / PART_GROWS + 1) * PART_GROWS;

        part = realloc(part, sizeof(*part) + room);
        if (!part)
            return false;
        part->room = room;
        conn->part = part;
    }
    memcpy(part->bytes, bytes, length);
    part->length = length;
    return true;
}

static enum step_verdict ask_more(struct conn *conn, const char *bytes, size_t length,
                                  struct step_outcome *outcome)
{
    outcome->events = EPOLLIN;
    return keep_part(conn, bytes, length) ? STEP_STAY : step_end(outcome, RESULT_NO_REQUEST);
}

static enum step_verdict finish(struct conn *conn)
{
    free(conn->part);
    conn->part = NULL;
    return STEP_NEXT;
}

static enum step_verdict ready(struct conn *conn, uint32_t events, struct step_outcome *outcome)
{
    char bytes[REQUEST_MAX] __attribute__((uninitialized));
    const struct part *part = conn->part;
    size_t length = part ? part->length : 0;
    ssize_t n;

    (void)events;
    outcome->events = EPOLLIN;
    n = recv(conn->fd, bytes + length, sizeof(bytes) - length, MSG_DONTWAIT);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return STEP_STAY;
    if (n < 0)
        return step_end(outcome, RESULT_RESET);
    if (part)
        memcpy(bytes, part->bytes, length);
    length += (size_t)n;
    conn->peer_ended = n == 0;
    parse(conn, bytes, length,
          n == 0                    ? REQUEST_ENDED
          : length == sizeof(bytes) ? REQUEST_FULL
                                    : REQUEST_OPEN);
    return conn->request.kind == REQUEST_PART ? ask_more(conn, bytes, length, outcome) : finish(conn);
}

static enum step_verdict enter(struct conn *conn, struct step_outcome *outcome)
{
    return ready(conn, 0, outcome);
}

static enum step_verdict late(struct conn *conn, struct step_outcome *outcome)
{
    const struct part *part = conn->part;

    (void)outcome;
    parse(conn, part ? part->bytes : "", part ? part->length : 0, REQUEST_LATE);
    return finish(conn);
}

static enum result give_up(const struct conn *conn)
{
    (void)conn;
    return RESULT_NO_REQUEST;
}

const struct step step_request = {.enter = enter, .ready = ready, .give_up = give_up, .late = late};
