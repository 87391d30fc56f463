/* SPDX-License-Identifier: MIT */
/* watch: prints a line only when something changes, and each outage at the end (--watch). Results come in the
 * order of their sequence numbers. */
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
    bool stamps; /* -D: with the date, in UTC */
    int64_t interval_ns;
};

/* Its context is a struct watch. */
extern const struct report_ops watch_ops;

#endif
