/* SPDX-License-Identifier: MIT */
/* escape: makes bytes from a client safe to print. */
#ifndef SOCKGREET_ESCAPE_H
#define SOCKGREET_ESCAPE_H

#include <stddef.h>

/* Writes bytes as printable ASCII: \n \r \t \\ as such, every other byte outside 0x20..0x7e as \xHH. Always
 * terminates, and never cuts an escape in half. Returns the length written; if size is too small, the end is
 * missing. */
size_t escape_bytes(char *text, size_t size, const void *bytes, size_t count);

#endif
