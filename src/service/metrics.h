/* SPDX-License-Identifier: MIT */
/* metrics: the counters and the state of the whole service, and their formats for monitoring systems. */
#ifndef SOCKGREET_METRICS_H
#define SOCKGREET_METRICS_H

#include "base/state.h"
#include "base/totals.h"
#include "base/transport.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define METRICS_NAME      72   /* bytes of a listener's name, with its end */
#define METRICS_LISTENERS 1089 /* including those that were removed */
#define METRICS_GONE      "(gone)"

/* A listener, present or removed. The one named METRICS_GONE sums all that there is no room for, and has no
 * transport (TRANSPORT_COUNT). */
struct metrics_listener {
    char name[METRICS_NAME];
    uint64_t transport; /* enum transport */
    struct tally clients;
};

/* Without pointers, since it is copied through shared memory. */
struct metrics {
    int64_t started_ns, summed_ns; /* CLOCK_REALTIME: start of the service; time of these values */
    uint64_t generation;
    uint64_t workers, workers_wanted; /* that serve; that should serve */
    uint64_t restarts;                /* of workers */
    uint64_t reloads, reloads_refused;
    uint64_t written;   /* log entries */
    struct state state; /* set by the thread that answers, from the master's notice (see render.c) */
    struct totals totals;
    uint64_t listener_count;
    struct metrics_listener listeners[];
};

enum metrics_format {
    METRICS_OPEN,   /* OpenMetrics 1.0 */
    METRICS_CLASSIC /* Prometheus' text format 0.0.4 */
};

/* Bytes of a struct with this many listeners. */
size_t metrics_size(size_t listeners);

/* Whether size bytes from shared memory are a complete struct; corrects invalid values in it. */
bool metrics_are_whole(struct metrics *metrics, size_t size);

/* The longest text or JSON object with this many listeners, in bytes. */
size_t metrics_longest(size_t listeners);

/* Open connections of the whole service. */
uint64_t metrics_connections(const struct metrics *metrics);

/* The metrics as text, or as a JSON object with the name of the instance. The caller frees them; NULL without
 * memory. */
char *metrics_text(const struct metrics *metrics, enum metrics_format format, size_t *length);
char *metrics_json(const struct metrics *metrics, const char *instance, size_t *length);

#endif
