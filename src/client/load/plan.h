/* SPDX-License-Identifier: MIT */
/* plan: the parameters of a load: targets, requests at once or a second, duration. */
#ifndef SOCKGREET_LOAD_PLAN_H
#define SOCKGREET_LOAD_PLAN_H

#include "base/address.h"
#include "base/transport.h"
#include "client/ask/dial.h"

#include <stddef.h>
#include <stdint.h>

#define PLAN_THREADS_MAX 64

struct plan_target {
    struct address address;
    enum transport transport;
};

struct load_plan {
    struct plan_target *targets; /* in turn; all of them streams, or all datagrams */
    size_t target_count;
    struct dial_source source;
    unsigned sources; /* number of IPv4 loopback source addresses, in turn; 0: as in source */

    unsigned connections; /* at once, in all threads; open loop: at most */
    double rate;          /* requests a second in all threads; 0: closed loop */
    unsigned threads;
    unsigned cpus[PLAN_THREADS_MAX], cpu_count; /* to which threads are bound in turn; 0: not bound */
    int64_t duration_ns;                        /* INT64_MAX: no limit */
    uint64_t requests;                          /* in all threads; 0: no limit */
    int64_t timeout_ns;                         /* of one request */

    const char *greeting; /* the expected answer; NULL: any that is not empty */
    size_t greeting_length;
    const char *message; /* sent first over each stream, and in each datagram; NULL: nothing */
    size_t message_length;
    size_t pad; /* minimum size of a datagram; zeros follow the message */
};

#endif
