/* SPDX-License-Identifier: MIT */
/* answer: reads a service's answer. A member that is missing or has the wrong type reads as empty. */
#ifndef SOCKGREET_CTL_ANSWER_H
#define SOCKGREET_CTL_ANSWER_H

#include <jansson.h>
#include <stdio.h>

/* Parses the bytes as a JSON object; NULL if they are not one. The caller releases it with json_decref(). */
json_t *answer_parse(const char *bytes, size_t size);

/* A member that is a string; "" if there is none. */
const char *answer_text(const json_t *object, const char *name);

/* A member that is a whole number; 0 if there is none. */
long long answer_number(const json_t *object, const char *name);

/* The exit status: 0, or the code of a failed request. */
int answer_status(const json_t *object);

/* Prints an answer of that size unchanged, on one line, except that characters that the terminal cannot show
 * become \uXXXX, which means the same. */
void answer_print(FILE *out, const char *bytes, size_t size);

#endif
