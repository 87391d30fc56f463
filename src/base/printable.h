/* SPDX-License-Identifier: MIT */
/* printable: which characters of a text from elsewhere may go to a terminal as they are. */
#ifndef SOCKGREET_PRINTABLE_H
#define SOCKGREET_PRINTABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define PRINTABLE_INVALID   UINT32_MAX /* a byte that is not UTF-8 */
#define PRINTABLE_BYTES_MAX 4          /* of a character */
#define PRINTABLE_MARKS_MAX 4          /* marks that one character may carry */

/* Decodes the character at the beginning of count bytes of UTF-8, and reads nothing past a NUL. Returns its
 * length in bytes, 1 if it is not UTF-8. */
size_t printable_read(const char *bytes, size_t count, uint32_t *character);

/* Whether the terminal shows the character as it is, in the locale of LC_CTYPE. Not so controls, marks of
 * direction and invisible characters, and nothing but ASCII where the encoding is not UTF-8. *marks_left is 0
 * at the beginning of a text; the function keeps in it how many combining marks may follow: a flood of them
 * reaches into other lines, and one without a character changes what stands before the text. */
bool printable_shows(uint32_t character, unsigned *marks_left);

/* The columns of a character that is shown: 0, 1 or 2. */
unsigned printable_columns(uint32_t character);

/* Prints valid JSON on one line and without a newline at its end; in it, what is not shown becomes \uXXXX. */
void printable_json(FILE *out, const char *json, size_t size);

#endif
