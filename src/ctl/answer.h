/* SPDX-License-Identifier: MIT */
/* answer: a service's answer as a value. What is missing, or not what it should be, is like nothing. */
#ifndef SOCKGREET_CTL_ANSWER_H
#define SOCKGREET_CTL_ANSWER_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

/* The object that the bytes are; NULL if they are not one. The caller gives it to json_decref(). */
json_t *answer_parse(const char *bytes, size_t size);

/* A member that is a text; "" without. */
const char *answer_text(const json_t *object, const char *name);

/* A member that is a whole number; 0 without. */
long long answer_number(const json_t *object, const char *name);

/* The exit status: 0, or what a failed request says. */
int answer_status(const json_t *object);

/* Prints an answer of that size as it came, on one line. What the terminal does not show is written as
 * \uXXXX, which means the same. */
void answer_print(FILE *out, const char *bytes, size_t size);

#endif
