/* SPDX-License-Identifier: MIT */
/* visit: the state of a target during a run: its addresses, its counters and its last answer. */
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

struct visit {
    const struct target *target;
    struct request_settings settings;
    char *http_request; /* NULL: none is sent */
    struct addresses addresses;
    unsigned long looked_up; /* number of look-ups */
    struct statistics statistics;
    struct answerers answerers;
    struct outages outages; /* --watch only */
    bool is_name;           /* a host name, whose addresses may change */

    struct visits *visits;
    struct request *waiting;  /* for the first addresses */
    struct request_list held; /* requests that ended before an earlier one, by sequence */
    unsigned long next;       /* sequence to be reported next */
    struct result_memory memory;
};

#endif
