/* SPDX-License-Identifier: MIT */
/* request: asks a target once: its addresses race for the first connection or, of datagrams, the first answer
 * (RFC 8305, section 5). */
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
    REQUEST_CONNECTED, /* it knows local and connected_ns */
    REQUEST_GIVEN_UP   /* it gave no answer */
};

struct request;

/* Called as requests go on. */
struct request_owner {
    void (*step)(void *context, const struct request *request, const struct attempt *attempt,
                 enum request_step step);
    void (*ended)(void *context, struct request *request); /* once; to be freed then or later */
    void *context;
};

struct request {
    const struct target *target;
    unsigned long sequence;  /* from 1 */
    void *visit;             /* this and the next two are the owner's */
    struct request *waiting; /* next in a list */
    TAILQ_ENTRY(request) siblings;

    int64_t started_ns;            /* of the monotonic clock: when it was due */
    int64_t raced_ns;              /* when its first attempt began; 0: no address yet */
    struct attempt *attempts;      /* in the order in which they began */
    size_t attempt_count;          /* that have begun */
    const struct attempt *telling; /* once ended: that with the answer, or whose failure is the request's;
                                      NULL: there was none */
    enum outcome outcome;          /* once ended */
    enum phase phase;              /* in which it ended */
    char text[ATTEMPT_ERROR_MAX];  /* why there is no answer */
    bool ended;

    const struct asking *asking;
    const struct request_owner *owner;
    struct address *addresses; /* to be tried */
    size_t address_count;
    size_t address_room; /* of addresses and attempts, which stay where they are */
    bool awaits_more;    /* addresses, of the other family */
    int64_t delay_ns;    /* from one attempt to the next */
    struct loop_timer deadline;
    struct loop_timer next;
};

TAILQ_HEAD(request_list, request);

/* A request that waits for its addresses, or NULL if there is no memory. Free it with request_free(). */
struct request *request_new(const struct asking *asking, const struct request_owner *owner,
                            const struct target *target, unsigned long sequence);

/* Goes on with the addresses, or with the failure of the look-up. ended() may be called before it returns. */
void request_race(struct request *request, const struct addresses *addresses);

/* Goes on with what was found later, after request_race(). ended() may be called before it returns. */
void request_extend(struct request *request, const struct addresses *addresses);

/* Nanoseconds from the first attempt to the end of the answer, and to its first byte. */
int64_t request_time(const struct request *request);
int64_t request_first_byte(const struct request *request);

/* Also ends one that is outstanding, without a word to its owner. */
void request_free(struct request *request);

#endif
