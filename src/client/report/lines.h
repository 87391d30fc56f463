/* SPDX-License-Identifier: MIT */
/* lines: prints a line for each request, and a summary, as ping does (-c). */
#ifndef SOCKGREET_LINES_H
#define SOCKGREET_LINES_H

#include "client/report/report.h"
#include "client/report/terminal.h"
#include "client/streams.h"

struct lines {
    struct streams *streams;
    struct terminal terminal; /* standard output */
    bool quiet;               /* the summary only */
    bool verbose;
    bool stamps;           /* -D */
    bool tell_outstanding; /* -O */
    bool many_targets;
};

/* Its context is a struct lines. */
extern const struct report_ops lines_ops;

#endif
