/* SPDX-License-Identifier: MIT */
/* summary: prints the statistics of a target. */
#ifndef SOCKGREET_SUMMARY_H
#define SOCKGREET_SUMMARY_H

#include "client/visit.h"

#include <stdint.h>
#include <stdio.h>

/* Prints the lines at the end of a run. */
void summary_print(FILE *out, const struct visit *visit, int64_t run_ns);

/* Prints one line with the statistics so far. */
void summary_print_interim(FILE *out, const struct visit *visit, int64_t run_ns);

#endif
