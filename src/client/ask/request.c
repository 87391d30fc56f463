/* SPDX-License-Identifier: MIT */
#include "client/ask/request.h"

#include "base/util.h"
#include "client/errors.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ATTEMPT_DELAY_MAX (250 * NS_PER_MS) /* RFC 8305, section 5: recommended value, and minimum */
#define ATTEMPT_DELAY_MIN (10 * NS_PER_MS)
#define LATE_MAX          16 /* addresses that are found later, and also tried */

static void report_step(struct request *request, const struct attempt *attempt, enum request_step step)
{
    request->owner->step(request->owner->context, request, attempt, step);
}

static void end(struct request *request, enum outcome outcome, const struct attempt *decisive)
{
    struct loop *loop = request->settings->loop;

    loop_unset(loop, &request->deadline);
    loop_unset(loop, &request->next);
    for (size_t i = 0; i < request->attempt_count; i++)
        attempt_cancel(&request->attempts[i]);
    request->outcome = outcome;
    request->decisive = decisive;
    if (decisive) {
        request->phase = decisive->phase;
        snprintf(request->text, sizeof(request->text), "%s", decisive->text);
    }
    request->owner->ended(request->owner->context, request);
}

/* Reports the failure that got furthest; among equals, the first, whose address is preferred. */
static const struct attempt *decisive_failure(const struct request *request)
{
    const struct attempt *decisive = NULL;

    for (size_t i = 0; i < request->attempt_count; i++) {
        const struct attempt *attempt = &request->attempts[i];

        if (!attempt->cancelled && (!decisive || attempt->phase > decisive->phase))
            decisive = attempt;
    }
    return decisive;
}

static void end_by(struct request *request, const struct attempt *attempt)
{
    bool answered = attempt->outcome == OUTCOME_ANSWERED;

    if (!answered && attempt->outcome != OUTCOME_LOCAL)
        attempt = decisive_failure(request);
    end(request, attempt->outcome, attempt);
}

static bool is_outstanding(const struct request *request)
{
    for (size_t i = 0; i < request->attempt_count; i++)
        if (!request->attempts[i].over)
            return true;
    return false;
}

static void try_next(struct request *request);

/* A stream wins when it is connected, a datagram when it is answered. */
static bool has_won(const struct attempt *attempt)
{
    return transport_is_stream(attempt->transport) && attempt->connected_ns != 0;
}

static bool is_won(const struct request *request)
{
    for (size_t i = 0; i < request->attempt_count; i++)
        if (!request->attempts[i].over && has_won(&request->attempts[i]))
            return true;
    return false;
}

static void connected(void *context, struct attempt *attempt)
{
    struct request *request = context;

    report_step(request, attempt, REQUEST_CONNECTED);
    if (!has_won(attempt))
        return;
    loop_unset(request->settings->loop, &request->next);
    for (size_t i = 0; i < request->attempt_count; i++)
        if (&request->attempts[i] != attempt)
            attempt_cancel(&request->attempts[i]);
}

/* What to do after an attempt that is over: end, or try the next address at once. */
static void go_on(struct request *request, const struct attempt *attempt)
{
    if (attempt->outcome == OUTCOME_ANSWERED || attempt->outcome == OUTCOME_LOCAL)
        end_by(request, attempt);
    else if (request->attempt_count < request->address_count)
        try_next(request);
    else if (!is_outstanding(request) && !request->awaits_more)
        end_by(request, attempt);
}

static void attempt_ended(void *context, struct attempt *attempt)
{
    if (attempt->outcome != OUTCOME_ANSWERED)
        report_step(context, attempt, REQUEST_GIVEN_UP);
    go_on(context, attempt);
}

static struct attempt *begin_next(struct request *request)
{
    struct attempt *attempt = &request->attempts[request->attempt_count];

    attempt->peer = request->addresses[request->attempt_count++];
    attempt->fd = -1;
    attempt->connected = connected;
    attempt->ended = attempt_ended;
    attempt->context = request;
    report_step(request, attempt, REQUEST_TRYING);
    attempt_begin(attempt, request->settings, request->target->endpoint.transport);
    if (attempt->over && attempt->outcome != OUTCOME_ANSWERED)
        report_step(request, attempt, REQUEST_GIVEN_UP);
    return attempt;
}

static void try_next(struct request *request)
{
    const struct attempt *attempt = begin_next(request);

    while (attempt->over && attempt->outcome != OUTCOME_ANSWERED && attempt->outcome != OUTCOME_LOCAL &&
           request->attempt_count < request->address_count)
        attempt = begin_next(request);
    if (attempt->over)
        go_on(request, attempt);
    else if (request->attempt_count < request->address_count && !has_won(attempt))
        loop_set(request->settings->loop, &request->next, attempt->started_ns + request->delay_ns);
}

static void next_due(void *context)
{
    try_next(context);
}

static void expire(void *context)
{
    struct request *request = context;
    const struct attempt *last = NULL;

    for (size_t i = 0; i < request->attempt_count; i++) {
        struct attempt *attempt = &request->attempts[i];

        if (attempt->over)
            continue;
        attempt_catch_up(attempt);
        attempt_expire(attempt);
        last = attempt;
        if (attempt->outcome == OUTCOME_ANSWERED)
            break;
        report_step(request, attempt, REQUEST_GIVEN_UP);
    }
    if (!last)
        last = decisive_failure(request); /* of the addresses that were tried */
    if (last) {
        end_by(request, last);
        return;
    }
    errors_lookup(request->text, sizeof(request->text),
                  &(struct errors_lookup){.host = request->target->endpoint.host,
                                          .code = EAI_CANCELED,
                                          .nanoseconds = request->settings->timeout_ns});
    end(request, OUTCOME_DNS, NULL);
}

struct request *request_new(const struct request_settings *settings, const struct request_owner *owner,
                            const struct target *target, unsigned long sequence)
{
    struct request *request = calloc(1, sizeof(*request));

    if (!request)
        return NULL;
    request->settings = settings;
    request->owner = owner;
    request->target = target;
    request->sequence = sequence;
    request->started_ns = monotonic_ns();
    request->deadline = (struct loop_timer){.due = expire, .context = request};
    request->next = (struct loop_timer){.due = next_due, .context = request};
    if (loop_set(settings->loop, &request->deadline, request->started_ns + settings->timeout_ns))
        return request;
    free(request);
    return NULL;
}

static bool copy_addresses(struct request *request, const struct addresses *addresses)
{
    request->awaits_more = !addresses_are_complete(addresses);
    request->address_room = addresses->count + (request->awaits_more ? LATE_MAX : 0);
    request->addresses = calloc(request->address_room, sizeof(struct address));
    request->attempts = calloc(request->address_room, sizeof(struct attempt));
    if (!request->addresses || !request->attempts)
        return false;
    memcpy(request->addresses, addresses->list, addresses->count * sizeof(struct address));
    request->address_count = addresses->count;
    return true;
}

/* All addresses are started in half of the timeout, so that the last one has the other half. */
static int64_t attempt_delay(const struct request *request)
{
    int64_t delay_ns = request->settings->timeout_ns / 2 / (int64_t)request->address_count;

    if (delay_ns > ATTEMPT_DELAY_MAX)
        return ATTEMPT_DELAY_MAX;
    return delay_ns < ATTEMPT_DELAY_MIN ? ATTEMPT_DELAY_MIN : delay_ns;
}

/* A look-up for which this machine had no thread, file or memory says nothing about the name. */
static enum outcome lookup_outcome(const struct addresses *addresses)
{
    if (addresses->code == EAI_MEMORY)
        return OUTCOME_LOCAL;
    if (addresses->code != EAI_SYSTEM)
        return OUTCOME_DNS;
    switch (addresses->error) {
    case EAGAIN: /* no thread */
    case EMFILE:
    case ENFILE:
    case ENOMEM:
        return OUTCOME_LOCAL;
    default:
        return OUTCOME_DNS;
    }
}

void request_race(struct request *request, const struct addresses *addresses)
{
    request->phase = PHASE_NAME;
    if (addresses->count == 0) {
        errors_lookup(request->text, sizeof(request->text),
                      &(struct errors_lookup){.host = request->target->endpoint.host,
                                              .code = addresses->code,
                                              .error = addresses->error,
                                              .family = addresses->family,
                                              .nanoseconds = addresses->took_ns});
        end(request, lookup_outcome(addresses), NULL);
        return;
    }
    if (!copy_addresses(request, addresses)) {
        errors_errno(request->text, sizeof(request->text), ENOMEM);
        end(request, OUTCOME_LOCAL, NULL);
        return;
    }
    request->delay_ns = attempt_delay(request);
    request->raced_ns = monotonic_ns();
    try_next(request);
}

static bool was_tried(const struct request *request, const struct address *address)
{
    for (size_t i = 0; i < request->attempt_count; i++)
        if (address_equal(&request->addresses[i], address))
            return true;
    return false;
}

static void replace_untried(struct request *request, const struct addresses *addresses)
{
    size_t count = request->attempt_count;

    for (size_t i = 0; i < addresses->count && count < request->address_room; i++)
        if (!was_tried(request, &addresses->list[i]))
            request->addresses[count++] = addresses->list[i];
    request->address_count = count;
    request->delay_ns = attempt_delay(request);
}

void request_extend(struct request *request, const struct addresses *addresses)
{
    const struct attempt *last = &request->attempts[request->attempt_count - 1];

    request->awaits_more = !addresses_are_complete(addresses);
    replace_untried(request, addresses);
    if (!is_outstanding(request))
        go_on(request, last);
    else if (request->attempt_count < request->address_count && !is_won(request))
        loop_set(request->settings->loop, &request->next, last->started_ns + request->delay_ns);
}

int64_t request_time(const struct request *request)
{
    return request->decisive ? request->decisive->last_ns - request->raced_ns : 0;
}

int64_t request_first_byte(const struct request *request)
{
    return request->decisive ? request->decisive->first_ns - request->raced_ns : 0;
}

void request_free(struct request *request)
{
    if (!request)
        return;
    loop_unset(request->settings->loop, &request->deadline);
    loop_unset(request->settings->loop, &request->next);
    for (size_t i = 0; i < request->attempt_count; i++)
        attempt_free(&request->attempts[i]);
    free(request->attempts);
    free(request->addresses);
    free(request);
}
