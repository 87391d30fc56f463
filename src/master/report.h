/* SPDX-License-Identifier: MIT */
/* report: logs the start and the end of the service, and its counters. */
#ifndef SOCKGREET_REPORT_H
#define SOCKGREET_REPORT_H

#include "master/generations.h"

/* Logs how many listeners, workers and threads serve, and where. */
void report_start(const struct generation *first, const struct conf_source *source);

/* Logs the counters of all generations as an entry of this level (LOG_DEBUG, ...). */
void report_counters(const struct generations *generations, int level);

/* At the end, when no worker runs any more: logs what has not been logged yet, and how many clients were
 * served. */
void report_end(const struct generations *generations);

#endif
