/* SPDX-License-Identifier: MIT */
/* events: what the client prints with -j: a JSON object on a line for each thing that happens, after
 * doc/client.schema.json. */
#ifndef SOCKGREET_EVENTS_H
#define SOCKGREET_EVENTS_H

#include "client/ask/target.h"
#include "client/options/options.h"
#include "client/report/report.h"
#include "client/streams.h"

struct events {
    struct streams *streams;
    const struct cmdline *cmdline;
};

/* The event before all others. */
void events_start(const struct events *events, const struct target_list *targets);

/* Its context is a struct events. */
extern const struct report_ops events_ops;

#endif
