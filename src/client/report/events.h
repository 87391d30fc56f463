/* SPDX-License-Identifier: MIT */
/* events: prints a JSON object on a line for each event (-j; doc/client.schema.json). */
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

/* Prints the first event. */
void events_start(const struct events *events, const struct target_list *targets);

/* Its context is a struct events. */
extern const struct report_ops events_ops;

#endif
