/* SPDX-License-Identifier: MIT */
/* plan: what a load is: the targets, how many requests at once or a second, for how long. */
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
    struct plan_target *targets; /* asked in turn; all of them streams, or all datagrams */
    size_t target_count;
    struct dial_source source;
    unsigned sources; /* IPv4 loopback addresses to ask from in turn; 0: as source says */

    unsigned connections; /* at once, in all threads; open loop: at most */
    double rate;          /* requests a second in all threads; 0: closed loop */
    unsigned threads;
    unsigned cpus[PLAN_THREADS_MAX], cpu_count; /* which threads are bound to, in turn; 0: to none */
    int64_t duration_ns;                        /* INT64_MAX: no limit */
    uint64_t requests;                          /* in all threads; 0: no limit */
    int64_t timeout_ns;                         /* of one request */

    const char *greeting; /* what every answer must be; NULL: anything but nothing */
    size_t greeting_length;
    const char *message; /* what stream clients send before they read, and datagrams are; NULL: nothing */
    size_t message_length;
    size_t pad; /* bytes of a datagram at least; zeros follow the message */
};

#endif
