/* SPDX-License-Identifier: MIT */
/* show_status: a summary of the service, with what is wrong. */
#ifndef SOCKGREET_CTL_SHOW_STATUS_H
#define SOCKGREET_CTL_SHOW_STATUS_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <time.h>

/* reload is the command that reloads this service, printed where it would help. Returns false if the answer
 * is not as expected. */
bool show_status(FILE *out, const json_t *answer, time_t now, const char *reload);

#endif
