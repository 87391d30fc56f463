/* SPDX-License-Identifier: MIT */
/* nagios: states, ranges and the line of output that monitors read (Monitoring Plugins Development
 * Guidelines). */
#ifndef SOCKGREET_NAGIOS_H
#define SOCKGREET_NAGIOS_H

#include "base/message.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

enum nagios_state { NAGIOS_OK, NAGIOS_WARNING, NAGIOS_CRITICAL, NAGIOS_UNKNOWN, NAGIOS_STATES };

/* Values outside the range alert; with inside, values in it do. Both ends are in the range. */
struct nagios_range {
    double start, end; /* may be infinite */
    bool inside;
    const char *text; /* as given */
};

/* What was measured. */
struct nagios_value {
    const char *label;
    double value;                                  /* NAN: it could not be measured */
    const char *unit;                              /* "s", "%", or "" for a count */
    const struct nagios_range *warning, *critical; /* NULL: no threshold */
    double min, max;                               /* possible values; NAN: no limit */
};

/* Reads "10" (0 to 10), "10:" (from 10), "~:10" (up to 10), "10:20", each with "@" in front to alert inside
 * it. text must outlive it. Returns 0, or -1 with a message in error. */
int nagios_range_parse(struct nagios_range *range, const char *text, struct message *error);

/* Whether a value alerts. */
bool nagios_range_alerts(const struct nagios_range *range, double value);

/* CRITICAL, WARNING or OK by the thresholds, UNKNOWN of a value that could not be measured. */
enum nagios_state nagios_judge(const struct nagios_value *value);

/* Prints "SOCKGREET OK - text|'time'=0.0012s;0.5;1;0;10" and a newline. Characters that would end or split
 * the line are escaped, since the text may come from a server. */
void nagios_print(FILE *out, enum nagios_state state, const char *text, const struct nagios_value *values,
                  size_t count);

#endif
