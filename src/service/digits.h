/* SPDX-License-Identifier: MIT */
/* digits: writes numbers as text, without the cost of printf(3): a greeting can have forty of them. The text
 * is truncated to room, and not terminated. All functions return its length. */
#ifndef SOCKGREET_DIGITS_H
#define SOCKGREET_DIGITS_H

#include <stddef.h>
#include <stdint.h>

/* "42", "-1". */
size_t digits_write(char *out, size_t room, int64_t number);

/* A number of tenths, hundredths and so on: 1234 with 3 decimals is "1.234". */
size_t digits_write_fixed(char *out, size_t room, uint64_t number, unsigned decimals);

/* A number with leading zeros, length digits in all; it has at most this many. */
size_t digits_write_padded(char *out, size_t room, uint64_t number, size_t length);

/* Hexadecimal, with leading zeros up to this number of digits. */
size_t digits_write_hex(char *out, size_t room, uint64_t number, size_t least);

/* "192.0.2.1", of bytes in network order. */
size_t digits_write_ipv4(char *out, size_t room, const uint8_t ip[4]);

#endif
