/* SPDX-License-Identifier: MIT */
/* decimal: reads and writes numbers that are digits with at most one point. */
#ifndef SOCKGREET_DECIMAL_H
#define SOCKGREET_DECIMAL_H

#include <stddef.h>

#define DECIMAL_MAX 340 /* bytes of the longest double without an exponent, six decimals and the end */

/* Reads the number at the beginning of text: "30", "0.5", ".5", "5."; no sign, exponent or name. Returns its
 * length; 0: there is none, and number is not set. */
size_t decimal_read(const char *text, double *number);

/* Writes a number, rounded to at most that many decimals (0 to 6), without zeros at its end: "0.5", "30",
 * "0". Returns text. */
const char *decimal_text(char text[DECIMAL_MAX], double number, int decimals);

#endif
