/* SPDX-License-Identifier: MIT */
/* show_workers: a table of worker processes. */
#ifndef SOCKGREET_CTL_SHOW_WORKERS_H
#define SOCKGREET_CTL_SHOW_WORKERS_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <time.h>

/* Returns false if the answer is not as expected. */
bool show_workers(FILE *out, const json_t *answer, time_t now);

#endif
