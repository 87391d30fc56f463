/* SPDX-License-Identifier: MIT */
/* show_readiness: whether the service wants clients, since when, and who says so. */
#ifndef SOCKGREET_CTL_SHOW_READINESS_H
#define SOCKGREET_CTL_SHOW_READINESS_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <time.h>

/* The answer to state, on lines of its own. False if it is not what it should be. */
bool show_readiness(FILE *out, const json_t *answer, time_t now);

/* The same in words that are not printed yet, for a line of something else. */
void show_readiness_words(FILE *out, const json_t *state, time_t now);

#endif
