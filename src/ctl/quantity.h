/* SPDX-License-Identifier: MIT */
/* quantity: numbers in a short form. */
#ifndef SOCKGREET_CTL_QUANTITY_H
#define SOCKGREET_CTL_QUANTITY_H

#define QUANTITY_MAX 32

/* Up to six digits, below 100 with one decimal unless it is 0, above with M, G and so on; "-" for negative
 * numbers. Returns room. */
const char *quantity_rate(char room[QUANTITY_MAX], double value);

/* Bytes with a unit: "512 B", "1.5 kB". Returns room. */
const char *quantity_bytes(char room[QUANTITY_MAX], double bytes);

#endif
