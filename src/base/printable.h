/* SPDX-License-Identifier: MIT */
/* printable: which characters of untrusted text may be printed to a terminal unchanged. */
#ifndef SOCKGREET_PRINTABLE_H
#define SOCKGREET_PRINTABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define PRINTABLE_INVALID   UINT32_MAX /* a byte that is not UTF-8 */
#define PRINTABLE_BYTES_MAX 4          /* of a character */
#define PRINTABLE_MARKS_MAX 4          /* marks that one character may carry */

/* Whether the encoding of LC_CTYPE is UTF-8. */
bool printable_is_utf8(void);

/* Decodes the character at the beginning of count bytes of UTF-8, and reads nothing past a NUL. Returns its
 * length in bytes, 1 if it is not UTF-8. */
size_t printable_read(const char *bytes, size_t count, uint32_t *character);

/* Whether the character can be printed unchanged, in the locale of LC_CTYPE: not control characters,
 * direction marks and invisible characters, and only ASCII if the encoding is not UTF-8. *marks_left must be
 * 0 at the start of a text; the function keeps in it how many combining marks may follow: too many would
 * reach into other lines, and one at the start would change the character before the text. */
bool printable_shows(uint32_t character, unsigned *marks_left);

/* The columns of a character that is shown: 0, 1 or 2. */
unsigned printable_columns(uint32_t character);

/* Prints valid JSON on one line and without a newline at its end; characters that cannot be shown become
 * \uXXXX. */
void printable_json(FILE *out, const char *json, size_t size);

#endif
