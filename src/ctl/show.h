/* SPDX-License-Identifier: MIT */
/* show: prints the answers that are only a text or a list of numbers. */
#ifndef SOCKGREET_CTL_SHOW_H
#define SOCKGREET_CTL_SHOW_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

/* Both return false if the answer is not as expected. */
bool show_counters(FILE *out, const json_t *answer);

/* Prints the member "text", and a newline if it has none at its end. */
bool show_text(FILE *out, const json_t *answer);

#endif
