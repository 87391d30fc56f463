/* SPDX-License-Identifier: MIT */
/* request: one request to a target. Its addresses race for the first connection or, with datagrams, the first
 * answer (RFC 8305, section 5). */
#ifndef SOCKGREET_REQUEST_H
#define SOCKGREET_REQUEST_H

#include "client/ask/addresses.h"
#include "client/ask/attempt.h"
#include "client/ask/target.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

enum request_step {
    REQUEST_TRYING,    /* an attempt begins */
    REQUEST_CONNECTED, /* its local and connected_ns are set */
    REQUEST_GIVEN_UP   /* it failed */
};

struct request;

/* The callbacks of requests. */
struct request_owner {
    void (*step)(void *context, const struct request *request, const struct attempt *attempt,
                 enum request_step step);
    void (*ended)(void *context, struct request *request); /* called once; free the request then or later */
    void *context;
};

struct request {
    const struct target *target;
    unsigned long sequence;  /* from 1 */
    void *visit;             /* this and the next two are for the owner */
    struct request *waiting; /* next in a list */
    TAILQ_ENTRY(request) siblings;

    int64_t started_ns;       /* of the monotonic clock: when it was due */
    int64_t raced_ns;         /* when its first attempt began; 0: no address yet */
    struct attempt *attempts; /* in the order in which they began */
    size_t attempt_count;     /* that have begun */
    const struct attempt
        *decisive; /* once ended: the attempt that was answered, or whose failure is reported; NULL: none */
    enum outcome outcome;         /* once ended */
    enum phase phase;             /* in which it ended */
    char text[ATTEMPT_ERROR_MAX]; /* why there is no answer */

    const struct request_settings *settings;
    const struct request_owner *owner;
    struct address *addresses; /* to be tried */
    size_t address_count;
    size_t address_room; /* of addresses and attempts, which do not move */
    bool awaits_more;    /* addresses of the other family are being looked up */
    int64_t delay_ns;    /* from one attempt to the next */
    struct loop_timer deadline;
    struct loop_timer next;
};

TAILQ_HEAD(request_list, request);

/* A request that waits for its addresses, or NULL if out of memory. Free it with request_free(). */
struct request *request_new(const struct request_settings *settings, const struct request_owner *owner,
                            const struct target *target, unsigned long sequence);

/* Tries the addresses, or ends with the failure of the look-up. May call ended() before it returns. */
void request_race(struct request *request, const struct addresses *addresses);

/* Adds addresses that were found after request_race(). May call ended() before it returns. */
void request_extend(struct request *request, const struct addresses *addresses);

/* Nanoseconds from the first attempt to the end of the answer, and to its first byte. */
int64_t request_time(const struct request *request);
int64_t request_first_byte(const struct request *request);

/* Also cancels one that is outstanding, without calling its owner. */
void request_free(struct request *request);

#endif
