/* SPDX-License-Identifier: MIT */
/* show_readiness: the readiness of the service, since when, and who set it. */
#ifndef SOCKGREET_CTL_SHOW_READINESS_H
#define SOCKGREET_CTL_SHOW_READINESS_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <time.h>

/* Prints the answer to state on lines of its own. Returns false if it is not as expected. */
bool show_readiness(FILE *out, const json_t *answer, time_t now);

/* Writes the same without a newline, as a part of a line. */
void show_readiness_words(FILE *out, const json_t *state, time_t now);

#endif
