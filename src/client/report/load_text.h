/* SPDX-License-Identifier: MIT */
/* load_text: prints the parameters, the progress and the result of a load. */
#ifndef SOCKGREET_LOAD_TEXT_H
#define SOCKGREET_LOAD_TEXT_H

#include "client/report/load_report.h"

#include <stdbool.h>
#include <stdio.h>

#define LOAD_TEXT_MAX 128

/* Prints the parameters, in two lines. */
void load_text_begin(FILE *out, const struct load_report *report);

/* Writes the progress, one line without a newline: time, rate since the last line, counts. */
void load_text_progress(char text[LOAD_TEXT_MAX], double seconds, double rate,
                        const struct engine_progress *counts);

/* Prints the result. Bars are left out if there are few columns; blocks: draw them with block characters. */
void load_text_result(FILE *out, const struct load_report *report, bool with_histogram, size_t columns,
                      bool blocks);

/* Prints why a target cannot be asked, on standard error. */
void load_text_failure(const struct target *target, unsigned class, const char *words);

/* Prints a line for each limit that was broken. True if there was none. */
bool load_text_limits(FILE *out, const struct load_report *report);

#endif
