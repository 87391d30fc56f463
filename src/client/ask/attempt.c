/* SPDX-License-Identifier: MIT */
#include "client/ask/attempt.h"

#include "base/util.h"
#include "client/ask/dial.h"
#include "client/errors.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

#define CATCH_UP_MAX 4 /* to connect, and to read all that a socket buffer holds */

#define PHASE_WORD(id, word) word,

const char *phase_word(enum phase phase)
{
    static const char *const words[] = {PHASES(PHASE_WORD)};

    return words[phase];
}

static void finish(struct attempt *attempt, enum outcome outcome)
{
    struct loop *loop = attempt->settings->loop;

    attempt->over = true;
    attempt->outcome = outcome;
    loop_unset(loop, &attempt->timer);
    if (attempt->fd >= 0)
        loop_unwatch(loop, attempt->fd, &attempt->watch);
    close_fd(&attempt->fd);
}

uint32_t attempt_answer(struct attempt *attempt)
{
    finish(attempt, OUTCOME_ANSWERED);
    return 0;
}

uint32_t attempt_end(struct attempt *attempt, enum outcome outcome, const char *text)
{
    snprintf(attempt->text, sizeof(attempt->text), "%s", text);
    finish(attempt, outcome);
    return 0;
}

uint32_t attempt_fail(struct attempt *attempt, int error)
{
    const struct errors_attempt why = {.transport = attempt->transport,
                                       .error = error,
                                       .connected = attempt->connected_ns != 0,
                                       .connect_ns = attempt->connected_ns - attempt->started_ns,
                                       .total_ns = monotonic_ns() - attempt->started_ns,
                                       .length = attempt->length};

    attempt->error = error;
    errors_attempt(attempt->text, sizeof(attempt->text), &why);
    finish(attempt, outcome_of_errno(error));
    return 0;
}

uint32_t attempt_fail_local(struct attempt *attempt, const char *what, int error)
{
    char words[ERRORS_MAX];

    errors_errno(words, sizeof(words), error);
    snprintf(attempt->text, sizeof(attempt->text), "%s: %s", what, words);
    attempt->error = error;
    finish(attempt, OUTCOME_LOCAL);
    return 0;
}

static void wait_for(struct attempt *attempt, uint32_t events)
{
    int error;

    if (events == ATTEMPT_TIMER_ONLY)
        return;
    error = -loop_watch(attempt->settings->loop, attempt->fd, events, &attempt->watch);
    if (error)
        attempt_fail_local(attempt, "cannot wait for a socket", error);
}

static void go_on(void *context)
{
    struct attempt *attempt = context;
    uint32_t events = attempt->ops->ready(attempt);

    if (events)
        wait_for(attempt, events);
    if (attempt->over && !attempt->cancelled)
        attempt->ended(attempt->context, attempt);
}

static int open_socket(struct attempt *attempt)
{
    attempt->fd = dial_socket(&attempt->peer, attempt->transport, attempt->settings->source);
    return attempt->fd < 0 ? -attempt->fd : 0;
}

static void refuse_socket(struct attempt *attempt, int error)
{
    char words[ERRORS_MAX];

    attempt->fd = -1;
    errors_dial(words, sizeof(words), attempt->settings->source, error);
    /* A kernel without the address family counts as an unreachable host. */
    if (error == EAFNOSUPPORT)
        attempt_fail(attempt, error);
    else
        attempt_end(attempt, OUTCOME_LOCAL, words);
}

bool attempt_begin(struct attempt *attempt, const struct request_settings *settings, enum transport transport)
{
    int error;
    uint32_t events;

    attempt->settings = settings;
    attempt->transport = transport;
    attempt->ops = transport_is_stream(transport) ? &attempt_stream_ops : &attempt_dgram_ops;
    attempt->watch = (struct loop_watch){.ready = go_on, .context = attempt};
    attempt->timer = (struct loop_timer){.due = go_on, .context = attempt};
    attempt->phase = PHASE_CONNECT;
    attempt->started_ns = monotonic_ns();
    error = open_socket(attempt);
    if (error) {
        refuse_socket(attempt, error);
        return false;
    }
    events = attempt->ops->begin(attempt);
    if (events)
        wait_for(attempt, events);
    return !attempt->over;
}

static bool is_ready(const struct attempt *attempt)
{
    bool is_stream = transport_is_stream(attempt->transport);
    bool reads = is_stream ? attempt->phase != PHASE_CONNECT : attempt->is_sent;
    struct pollfd polled = {.fd = attempt->fd, .events = reads ? POLLIN : POLLOUT};

    return poll(&polled, 1, 0) > 0;
}

void attempt_catch_up(struct attempt *attempt)
{
    for (int i = 0; i < CATCH_UP_MAX && !attempt->over && is_ready(attempt); i++)
        attempt->ops->ready(attempt);
}

void attempt_expire(struct attempt *attempt)
{
    int error;

    if (attempt->over)
        return;
    error = dial_error(attempt->fd); /* that the kernel took as temporary */
    /* A server that greets and then waits, such as a mail server, has answered. */
    attempt->unended = attempt->length > 0 && attempt->transport != TRANSPORT_UDP;
    if (attempt->unended)
        attempt_answer(attempt);
    else
        attempt_fail(attempt, error ? error : ETIMEDOUT);
}

void attempt_cancel(struct attempt *attempt)
{
    if (attempt->over)
        return;
    attempt->cancelled = true;
    finish(attempt, OUTCOME_OTHER);
}

void attempt_free(struct attempt *attempt)
{
    if (attempt->settings)
        attempt_cancel(attempt);
    free(attempt->request);
    free(attempt->greeting);
    attempt->request = attempt->greeting = NULL;
}

void attempt_note_connected(struct attempt *attempt)
{
    attempt->connected_ns = monotonic_ns();
    attempt->phase = PHASE_GREETING;
    attempt->local.length = sizeof(attempt->local.un);
    if (getsockname(attempt->fd, &attempt->local.sa, &attempt->local.length) < 0)
        attempt->local.length = 0;
    attempt->connected(attempt->context, attempt);
}

bool attempt_make_room(struct attempt *attempt, size_t least)
{
    size_t capacity = attempt->capacity ? attempt->capacity : 1024;
    char *larger;

    while (capacity < attempt->length + least)
        capacity *= 2;
    if (capacity == attempt->capacity)
        return true;
    larger = realloc(attempt->greeting, capacity);
    if (!larger)
        return false;
    attempt->greeting = larger;
    attempt->capacity = capacity;
    return true;
}

void attempt_note_bytes(struct attempt *attempt, size_t count)
{
    attempt->last_ns = monotonic_ns();
    if (attempt->first_ns == 0)
        attempt->first_ns = attempt->last_ns;
    attempt->phase = PHASE_END;
    attempt->length += count;
}
