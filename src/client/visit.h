/* SPDX-License-Identifier: MIT */
/* visit: a target on its way through a run: its addresses, its counters, and what it said last. */
#ifndef SOCKGREET_VISIT_H
#define SOCKGREET_VISIT_H

#include "client/answerers.h"
#include "client/ask/addresses.h"
#include "client/ask/request.h"
#include "client/ask/target.h"
#include "client/outages.h"
#include "client/result.h"
#include "client/statistics.h"

#include <stdbool.h>
#include <stdint.h>

struct visit {
    const struct target *target;
    struct asking asking;
    char *http_request; /* NULL: none is sent */
    struct addresses addresses;
    unsigned long looked_up; /* times */
    struct statistics statistics;
    struct answerers answerers;
    struct outages outages; /* --watch only */
    bool is_name;           /* which may mean something else later */

    struct visits *visits;
    struct request *waiting;  /* for the first addresses */
    struct request_list held; /* ended before an earlier one, by sequence */
    unsigned long next;       /* sequence that is to be reported next */
    struct result_memory memory;
};

#endif
