/* SPDX-License-Identifier: MIT */
/* UDP and Unix datagram sockets: send one datagram, and receive the first answer. */
#include "base/util.h"
#include "client/ask/attempt.h"
#include "client/ask/dial.h"
#include "client/ask/payload.h"
#include "client/errors.h"

#include <string.h>

static uint32_t too_large(struct attempt *attempt)
{
    char text[ATTEMPT_ERROR_MAX];

    errors_too_large(text, sizeof(text), attempt->fd, &attempt->peer, attempt->request_length);
    return attempt_end(attempt, attempt->settings->source->df ? OUTCOME_OTHER : OUTCOME_LOCAL, text);
}

static uint32_t send_request(struct attempt *attempt)
{
    struct iovec request = {.iov_base = attempt->request, .iov_len = attempt->request_length};
    struct msghdr message = {.msg_iov = &request, .msg_iovlen = 1};

    if (attempt->group) {
        message.msg_name = &attempt->peer.sa;
        message.msg_namelen = attempt->peer.length;
    }
    if (sendmsg(attempt->fd, &message, MSG_NOSIGNAL) >= 0) {
        attempt->is_sent = true;
        return EPOLLIN;
    }
    if (errno == EAGAIN || errno == EINTR)
        return EPOLLOUT;
    return errno == EMSGSIZE ? too_large(attempt) : attempt_fail(attempt, errno);
}

static uint32_t begin(struct attempt *attempt)
{
    int error;

    attempt->group = dial_is_group(attempt->fd, &attempt->peer);
    if (!attempt->group && connect(attempt->fd, &attempt->peer.sa, attempt->peer.length) < 0)
        return attempt_fail(attempt, errno);
    attempt_note_connected(attempt);
    error = payload_build(attempt);
    return error ? attempt_fail_local(attempt, "request", error) : send_request(attempt);
}

/* An error is also queued (IP_RECVERR), and keeps the socket ready until it is read from the queue. */
static void empty_error_queue(const struct attempt *attempt)
{
    char byte;

    while (attempt->transport == TRANSPORT_UDP && recv(attempt->fd, &byte, 1, MSG_ERRQUEUE) >= 0)
        continue;
}

static uint32_t failed(struct attempt *attempt, int error)
{
    empty_error_queue(attempt);
    if (error == EAGAIN || error == EINTR)
        return EPOLLIN;
    /* The kernel has just learnt a smaller path MTU, and fragments the next datagram. */
    if (error == EMSGSIZE && !attempt->resent && !attempt->settings->source->df) {
        attempt->resent = true;
        return send_request(attempt);
    }
    return error == EMSGSIZE ? too_large(attempt) : attempt_fail(attempt, error);
}

static uint32_t ready(struct attempt *attempt)
{
    struct address from = {.length = sizeof(from.un)};
    ssize_t n;

    if (!attempt->is_sent)
        return send_request(attempt);
    n = recvfrom(attempt->fd, attempt->settings->scratch, REQUEST_SETTINGS_SCRATCH, 0, &from.sa,
                 &from.length);
    if (n < 0)
        return failed(attempt, errno);
    if (!attempt_make_room(attempt, (size_t)n))
        return attempt_fail_local(attempt, "greeting", ENOMEM);
    memcpy(attempt->greeting, attempt->settings->scratch, (size_t)n);
    attempt_note_bytes(attempt, (size_t)n);
    if (from.length > 0 && from.sa.sa_family != AF_UNIX)
        attempt->peer = from;
    return attempt_answer(attempt);
}

const struct attempt_ops attempt_dgram_ops = {.begin = begin, .ready = ready};
