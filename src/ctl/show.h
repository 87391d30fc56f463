/* SPDX-License-Identifier: MIT */
/* show: prints the answers that are no more than a text or a list of numbers. */
#ifndef SOCKGREET_CTL_SHOW_H
#define SOCKGREET_CTL_SHOW_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

/* Each returns false if the answer is not what it should be. */
bool show_counters(FILE *out, const json_t *answer);

/* A member that is a text, and the end of its last line. */
bool show_text(FILE *out, const json_t *answer);

#endif
