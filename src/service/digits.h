/* SPDX-License-Identifier: MIT */
/* digits: numbers as text, without the cost of printf(3): a greeting can have forty of them. What is beyond
 * the room is cut. All return the length; nothing is terminated. */
#ifndef SOCKGREET_DIGITS_H
#define SOCKGREET_DIGITS_H

#include <stddef.h>
#include <stdint.h>

/* "42", "-1". */
size_t digits_write(char *out, size_t room, int64_t number);

/* A number of tenths, hundredths and so on: 1234 with 3 decimals is "1.234". */
size_t digits_write_fixed(char *out, size_t room, uint64_t number, unsigned decimals);

/* So many digits of a number that has no more, with zeros before them. */
size_t digits_write_padded(char *out, size_t room, uint64_t number, size_t length);

/* Hexadecimal, with zeros before it if it has less digits than these. */
size_t digits_write_hex(char *out, size_t room, uint64_t number, size_t least);

/* "192.0.2.1", of bytes in network order. */
size_t digits_write_ipv4(char *out, size_t room, const uint8_t ip[4]);

#endif
