/* SPDX-License-Identifier: MIT */
/* show_status: what the service does, and whether anything is wrong. */
#ifndef SOCKGREET_CTL_SHOW_STATUS_H
#define SOCKGREET_CTL_SHOW_STATUS_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <time.h>

/* The command that reloads this service is printed where it would help. False if the answer is not what it
 * should be.
 */
bool show_status(FILE *out, const json_t *answer, time_t now, const char *reload);

#endif
