/* SPDX-License-Identifier: MIT */
/* report_text: what the client prints for people: greetings, ping-like lines, errors, summaries. */
#ifndef SOCKGREET_REPORT_TEXT_H
#define SOCKGREET_REPORT_TEXT_H

#include "client/ask/probe.h"
#include "client/statistics.h"
#include "client/streams.h"

#include <stdbool.h>
#include <stdio.h>

struct report_text {
    struct streams *streams;
    bool counting; /* a line per answer instead of the greeting itself */
    bool quiet;
    bool verbose;
    bool terminal;  /* standard output is one: make greetings safe for it */
    char *failures; /* held back until no address answered */
    size_t failures_length;
};

/* Prints a step of a probe, or keeps it until the outcome is known; for probe_settings. */
void report_text_step(void *report, const struct probe *probe, enum probe_step step);

/* Prints that the target's name could not be looked up. */
void report_text_no_address(const struct report_text *report, const struct target *target, const char *error);

/* Prints what came of a probe. False if standard output does not take it. */
bool report_text_outcome(struct report_text *report, const struct probe *probe, enum probe_outcome outcome);

/* Prints the closing lines about a target that took nanoseconds in all, on standard error if standard output
 * was full for too long. False as above. */
bool report_text_summary(const struct report_text *report, const struct target *target,
                         const struct statistics *statistics, int64_t nanoseconds);

/* Writes a greeting for a terminal: what does not print is escaped, and the last line ends. */
void report_text_safely(FILE *out, const char *bytes, size_t count);

/* Frees what was held back. */
void report_text_free(struct report_text *report);

#endif
