/* SPDX-License-Identifier: MIT */
/* phrases: the parts of lines that several writers print in the same way. */
#ifndef SOCKGREET_PHRASES_H
#define SOCKGREET_PHRASES_H

#include "client/report/terminal.h"
#include "client/result.h"
#include "client/visit.h"

#include <stddef.h>
#include <stdio.h>

#define PHRASES_PLACE_MAX 512

/* A target as given: "web.example:12345", "/run/x.sock". */
void phrases_target(char text[PHRASES_PLACE_MAX], const struct target *target);

/* The address of an attempt or, if it is NULL, the target: "192.0.2.7:12345 tcp". */
void phrases_place(char text[PHRASES_PLACE_MAX], const struct target *target, const struct attempt *attempt);

/* The first address that was tried, if another one answered, else NULL. */
const struct attempt *phrases_preferred(const struct request *request);

/* Prints "instead of fd88::77 (TIMEOUT)". */
void phrases_instead(FILE *out, const struct attempt *preferred);

/* How many bytes of text to print after used columns of a line: without the remark in parentheses at its end
 * if the line would be too long. */
int phrases_fit(const struct terminal *terminal, size_t used, const char *text);

/* Milliseconds of a time in nanoseconds. */
double phrases_ms(int64_t ns);

#endif
