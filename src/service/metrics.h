/* SPDX-License-Identifier: MIT */
/* metrics: what the service has counted and how it is, and the texts that tell it to monitoring systems. */
#ifndef SOCKGREET_METRICS_H
#define SOCKGREET_METRICS_H

#include "base/state.h"
#include "base/totals.h"
#include "base/transport.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define METRICS_NAME      72   /* bytes of a listener's name, with its end */
#define METRICS_LISTENERS 1089 /* with those that are gone */
#define METRICS_GONE      "(gone)"

/* A listener, now or earlier; the one named METRICS_GONE stands for all that there is no room for, and has no
 * transport (TRANSPORT_COUNT). */
struct metrics_listener {
    char name[METRICS_NAME];
    uint64_t transport; /* enum transport */
    struct tally clients;
};

/* Numbers alone, since they are copied through shared memory. */
struct metrics {
    int64_t started_ns, summed_ns; /* CLOCK_REALTIME: the service; when all this was true */
    uint64_t generation;
    uint64_t workers, workers_wanted; /* that serve; that should */
    uint64_t restarts;                /* of workers */
    uint64_t reloads, reloads_refused;
    uint64_t written;   /* log entries */
    struct state state; /* as who answers has it from the master: every worker can write the sums */
    struct totals totals;
    uint64_t listener_count;
    struct metrics_listener listeners[];
};

enum metrics_format {
    METRICS_OPEN,   /* OpenMetrics 1.0 */
    METRICS_CLASSIC /* Prometheus' text format 0.0.4 */
};

/* Bytes of a struct with so many listeners. */
size_t metrics_size(size_t listeners);

/* Whether size bytes that were read are a whole struct; what is not as it should be in it is mended. */
bool metrics_are_whole(struct metrics *metrics, size_t size);

/* Bytes that a text of so many listeners can have, or a JSON object. */
size_t metrics_longest(size_t listeners);

/* Clients of the whole service at that moment. */
uint64_t metrics_connections(const struct metrics *metrics);

/* The metrics as text, or as a JSON object, with what the service is called. The caller frees them; NULL
 * without memory. */
char *metrics_text(const struct metrics *metrics, enum metrics_format format, size_t *length);
char *metrics_json(const struct metrics *metrics, const char *instance, size_t *length);

#endif
