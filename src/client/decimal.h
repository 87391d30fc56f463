/* SPDX-License-Identifier: MIT */
/* decimal: numbers with no more digits than they need. */
#ifndef SOCKGREET_DECIMAL_H
#define SOCKGREET_DECIMAL_H

#define DECIMAL_MAX 340 /* bytes of the longest double without an exponent, six decimals and the end */

/* Writes a number, rounded to at most that many decimals (0 to 6), without zeros at its end: "0.5", "30",
 * "0". Returns text. */
const char *decimal_text(char text[DECIMAL_MAX], double number, int decimals);

#endif
