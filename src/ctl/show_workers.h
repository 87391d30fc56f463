/* SPDX-License-Identifier: MIT */
/* show_workers: a table of worker processes. */
#ifndef SOCKGREET_CTL_SHOW_WORKERS_H
#define SOCKGREET_CTL_SHOW_WORKERS_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <time.h>

/* False if the answer is not what it should be. */
bool show_workers(FILE *out, const json_t *answer, time_t now);

#endif
