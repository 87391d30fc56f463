/* SPDX-License-Identifier: MIT */
/* watch: what the client prints of many requests with --watch: a line only when something changes, and at the
 * end every outage. Takes results by their sequence. */
#ifndef SOCKGREET_WATCH_H
#define SOCKGREET_WATCH_H

#include "client/report/report.h"
#include "client/report/terminal.h"
#include "client/streams.h"

struct watch {
    struct streams *streams;
    struct terminal terminal; /* standard output */
    bool quiet;               /* the end only */
    bool verbose;
    bool stamps; /* whole ones, in UTC */
    int64_t interval_ns;
};

/* Its context is a struct watch. */
extern const struct report_ops watch_ops;

#endif
