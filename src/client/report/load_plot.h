/* SPDX-License-Identifier: MIT */
/* load_plot: a plot of latency by percentile (SVG 1.1). */
#ifndef SOCKGREET_LOAD_PLOT_H
#define SOCKGREET_LOAD_PLOT_H

#include "client/report/load_report.h"

#include <stdio.h>

/* Writes the plot. Percentiles are spread by nines, latency is logarithmic. Check for write errors when
 * closing out. */
void load_plot_print(FILE *out, const struct load_report *report);

#endif
