/* SPDX-License-Identifier: MIT */
/* TCP and Unix stream sockets: connect, send the request, read until the end of file. */
#include "base/util.h"
#include "client/ask/attempt.h"
#include "client/ask/dial.h"
#include "client/ask/payload.h"
#include "client/errors.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>

#define FULL_QUEUE_PAUSE_NS (10 * NS_PER_MS)
#define SILENCE_NS          (200 * NS_PER_MS) /* after a line: the server waits for us */
#define READS_MAX           16                /* in a row, so that a fast server does not delay the others */

static uint32_t go_on_sending(struct attempt *attempt)
{
    while (attempt->sent < attempt->request_length) {
        ssize_t n = send(attempt->fd, attempt->request + attempt->sent,
                         attempt->request_length - attempt->sent, MSG_NOSIGNAL);

        if (n >= 0) {
            attempt->sent += (size_t)n;
        } else if (errno == EAGAIN || errno == EINTR) {
            return EPOLLIN | EPOLLOUT;
        } else {
            /* The greeting may have arrived before: read it first. */
            attempt->error = errno;
            attempt->sent = attempt->request_length;
        }
    }
    return EPOLLIN;
}

static uint32_t connected(struct attempt *attempt)
{
    int error;

    attempt_note_connected(attempt);
    if (attempt->settings->connect_only) {
        attempt->last_ns = attempt->connected_ns;
        return attempt_answer(attempt);
    }
    error = payload_build(attempt);
    return error ? attempt_fail_local(attempt, "request", error) : go_on_sending(attempt);
}

/* TCP retransmits an unanswered connection request after a second, and again after two more. */
static bool was_repeated(const struct attempt *attempt)
{
    struct tcp_info info = {0};
    socklen_t length = sizeof(info);

    return attempt->transport == TRANSPORT_TCP &&
           getsockopt(attempt->fd, IPPROTO_TCP, TCP_INFO, &info, &length) == 0 && info.tcpi_total_retrans > 0;
}

static uint32_t refuse_repeated(struct attempt *attempt)
{
    char text[ATTEMPT_ERROR_MAX];

    errors_repeated(text, sizeof(text), monotonic_ns() - attempt->started_ns);
    return attempt_end(attempt, OUTCOME_TIMEOUT, text);
}

static uint32_t end_connecting(struct attempt *attempt, int error)
{
    if (error == 0 && dial_self_connected(attempt->fd))
        error = ECONNREFUSED;
    /* The connection was established and then reset, so bytes may have arrived before. */
    if (error == ECONNRESET) {
        attempt->error = error;
        return connected(attempt);
    }
    if (error == 0 && attempt->settings->first_only && was_repeated(attempt))
        return refuse_repeated(attempt);
    return error ? attempt_fail(attempt, error) : connected(attempt);
}

static uint32_t finish_connecting(struct attempt *attempt)
{
    return end_connecting(attempt, dial_error(attempt->fd));
}

static uint32_t start_connecting(struct attempt *attempt)
{
    if (connect(attempt->fd, &attempt->peer.sa, attempt->peer.length) == 0)
        return finish_connecting(attempt);
    if (errno == EINPROGRESS) {
        /* An ICMP error during connect() is kept, and the kernel keeps trying. */
        int error = dial_error(attempt->fd);

        return error ? end_connecting(attempt, error) : EPOLLOUT;
    }
    /* A Unix listener whose queue is full; the kernel does not report when there is room. */
    attempt->queue_full = errno == EAGAIN && attempt->transport == TRANSPORT_UNIX;
    if (!attempt->queue_full)
        return attempt_fail(attempt, errno);
    if (!loop_set(attempt->settings->loop, &attempt->timer, monotonic_ns() + FULL_QUEUE_PAUSE_NS))
        return attempt_fail_local(attempt, "connection", ENOMEM);
    return ATTEMPT_TIMER_ONLY;
}

static uint32_t stream_ended(struct attempt *attempt)
{
    char text[ATTEMPT_ERROR_MAX];

    if (attempt->error)
        return attempt_fail(attempt, attempt->error);
    if (attempt->length == 0) {
        errors_connected(text, sizeof(text), attempt->connected_ns - attempt->started_ns,
                         "then closed without a greeting");
        return attempt_end(attempt, OUTCOME_OTHER, text);
    }
    attempt->last_ns = monotonic_ns();
    return attempt_answer(attempt);
}

static bool is_silent_after_a_line(const struct attempt *attempt)
{
    const struct request_settings *settings = attempt->settings;

    return !settings->whole && !settings->http && attempt->length > 0 &&
           memchr(attempt->greeting, '\n', attempt->length) != NULL;
}

static uint32_t nothing_to_read(struct attempt *attempt)
{
    int64_t until_ns = attempt->last_ns + SILENCE_NS;

    if (!is_silent_after_a_line(attempt))
        return go_on_sending(attempt);
    if (monotonic_ns() >= until_ns) {
        attempt->unended = true;
        return attempt_answer(attempt);
    }
    if (!loop_set(attempt->settings->loop, &attempt->timer, until_ns))
        return attempt_fail_local(attempt, "greeting", ENOMEM);
    return go_on_sending(attempt);
}

static uint32_t keep(struct attempt *attempt, size_t count)
{
    char text[ATTEMPT_ERROR_MAX];

    if (attempt->length + count > ATTEMPT_GREETING_MAX) {
        snprintf(text, sizeof(text), "the greeting is larger than %d MiB", ATTEMPT_GREETING_MAX >> 20);
        return attempt_end(attempt, OUTCOME_OTHER, text);
    }
    if (!attempt_make_room(attempt, count))
        return attempt_fail_local(attempt, "greeting", ENOMEM);
    memcpy(attempt->greeting + attempt->length, attempt->settings->scratch, count);
    attempt_note_bytes(attempt, count);
    return EPOLLIN;
}

static uint32_t read_greeting(struct attempt *attempt)
{
    for (int i = 0; i < READS_MAX; i++) {
        ssize_t n = recv(attempt->fd, attempt->settings->scratch, REQUEST_SETTINGS_SCRATCH, 0);

        if (n == 0)
            return stream_ended(attempt);
        if (n < 0 && (errno == EAGAIN || errno == EINTR))
            return nothing_to_read(attempt);
        if (n < 0)
            return attempt_fail(attempt, errno);
        if (keep(attempt, (size_t)n) == 0)
            return 0;
    }
    return EPOLLIN;
}

static uint32_t ready(struct attempt *attempt)
{
    if (attempt->phase != PHASE_CONNECT)
        return read_greeting(attempt);
    return attempt->queue_full ? start_connecting(attempt) : finish_connecting(attempt);
}

const struct attempt_ops attempt_stream_ops = {.begin = start_connecting, .ready = ready};
