/* SPDX-License-Identifier: MIT */
/* load_text: a load for people: what is about to happen, how far it is, what came of it. */
#ifndef SOCKGREET_LOAD_TEXT_H
#define SOCKGREET_LOAD_TEXT_H

#include "client/report/load_report.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#define LOAD_TEXT_MAX 128

/* What is about to happen, in two lines. */
void load_text_begin(FILE *out, const struct load_report *report);

/* How far it is, in one line without its end: time, rate since the line before, what failed. */
void load_text_progress(char text[LOAD_TEXT_MAX], double seconds, double rate,
                        const struct engine_pulse *pulse);

/* The result. Bars are left out if columns are few; blocks: the terminal shows them. */
void load_text_result(FILE *out, const struct load_report *report, bool with_histogram, size_t columns,
                      bool blocks);

/* Why a target cannot be asked, on standard error. */
void load_text_failure(const struct target *target, unsigned class, const char *words);

/* A line for each limit that was broken. Returns whether there was none. */
bool load_text_limits(FILE *out, const struct load_report *report);

#endif
