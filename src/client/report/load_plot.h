/* SPDX-License-Identifier: MIT */
/* load_plot: latency by percentile as a picture (SVG 1.1). */
#ifndef SOCKGREET_LOAD_PLOT_H
#define SOCKGREET_LOAD_PLOT_H

#include "client/report/load_report.h"

#include <stdio.h>

/* Draws it. Percentiles are spread by nines, latency is logarithmic. Whether it was written is known when out
 * is closed. */
void load_plot_print(FILE *out, const struct load_report *report);

#endif
