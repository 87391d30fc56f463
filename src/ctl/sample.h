/* SPDX-License-Identifier: MIT */
/* sample: the answers of a service at one moment. */
#ifndef SOCKGREET_CTL_SAMPLE_H
#define SOCKGREET_CTL_SAMPLE_H

#include "base/message.h"
#include "ctl/options.h"

#include <jansson.h>
#include <stdint.h>

struct sample {
    json_t *status, *counters, *listeners, *workers; /* its answers */
    int64_t at;                                      /* monotonic ns */
};

/* Queries the service that the options name. Returns 0, or an exit status with a message. To be freed in any
 * case. */
int sample_take(struct sample *sample, const struct options *options, struct message *error);
void sample_free(struct sample *sample);

/* Whether both are of one process: another one has new counters. */
bool sample_is_same_process(const struct sample *sample, const struct sample *other);

#endif
