/* SPDX-License-Identifier: MIT */
/* probe: one request to one target, and its answer. */
#ifndef SOCKGREET_PROBE_H
#define SOCKGREET_PROBE_H

#include "client/ask/dial.h"
#include "client/ask/target.h"
#include "client/errors.h"

#define PROBE_ERROR_MAX    192
#define PROBE_GREETING_MAX (16 * 1024 * 1024) /* bytes; more is an error */

enum probe_outcome {
    PROBE_ANSWERED,
    PROBE_FAILED,     /* no answer, and why is in error */
    PROBE_BROKEN,     /* something is wrong on this side, and what is in error */
    PROBE_INTERRUPTED /* by the user */
};

enum probe_step {
    PROBE_TRYING,    /* peer is about to be asked */
    PROBE_CONNECTED, /* local and connect_ns are known */
    PROBE_GIVEN_UP   /* peer gave no answer, see error */
};

struct probe {
    const struct target *target;
    unsigned long sequence; /* from 1 */

    struct address peer;  /* last asked or, to a group, the one that answered */
    struct address local; /* where the request left from */
    int64_t started_ns;   /* of the monotonic clock, when peer was tried */
    int64_t connect_ns;   /* from then until connected */
    int64_t first_ns;     /* until the first byte */
    int64_t last_ns;      /* until the end of the greeting */
    bool unended;         /* the time was over before the end of file */
    char error[PROBE_ERROR_MAX];

    char *greeting;
    size_t length;
    size_t capacity;
};

struct probe_settings {
    const struct dial_source *source;
    size_t pad; /* bytes of a datagram that asks */

    /* Hears of every step; may do nothing. */
    void (*step)(void *context, const struct probe *probe, enum probe_step step);
    void *context;
};

/* Asks the addresses one after the other until one answers; each gets its share of the time that is left. */
enum probe_outcome probe_run(struct probe *probe, const struct probe_settings *settings,
                             const struct dial_list *list, const struct patience *patience);

/* Frees the greeting. */
void probe_free(struct probe *probe);

#endif
