/* SPDX-License-Identifier: MIT */
/* summary: the counters of a target, in words. */
#ifndef SOCKGREET_SUMMARY_H
#define SOCKGREET_SUMMARY_H

#include "client/visit.h"

#include <stdint.h>
#include <stdio.h>

/* The closing lines of a run of so many nanoseconds. */
void summary_print(FILE *out, const struct visit *visit, int64_t run_ns);

/* One line of where things stand. */
void summary_print_interim(FILE *out, const struct visit *visit, int64_t run_ns);

#endif
