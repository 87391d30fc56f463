/* SPDX-License-Identifier: MIT */
/* conf_scan: reads the text of a configuration before libconfig does: refuses what libconfig would misread
 * silently, and explains what libconfig only calls a "syntax error". */
#ifndef SOCKGREET_CONF_SCAN_H
#define SOCKGREET_CONF_SCAN_H

#include "conf/conf.h"

#include <stddef.h>

/* Reports every value that libconfig 1.5 would change (numbers cut, saturated or read in another base,
 * unknown escapes), what would make it exit or stop early (@include, NUL), and where and why it would fail.
 * Returns 0 if the text can be parsed (arrays may still be of mixed types), -1 if not; the report says
 * whether there were errors. */
int conf_scan(const char *text, size_t length, struct conf_report *report);

#endif
