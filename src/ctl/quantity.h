/* SPDX-License-Identifier: MIT */
/* quantity: numbers as people read them at a glance. */
#ifndef SOCKGREET_CTL_QUANTITY_H
#define SOCKGREET_CTL_QUANTITY_H

#define QUANTITY_MAX 32

/* Up to six digits, one decimal below 100 if there is something to say with it, then with M, G and so on;
 * "-" for what is negative. Returns room. */
const char *quantity_rate(char room[QUANTITY_MAX], double value);

/* Bytes with a unit: "512 B", "1.5 kB". Returns room. */
const char *quantity_bytes(char room[QUANTITY_MAX], double bytes);

#endif
