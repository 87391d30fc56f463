/* SPDX-License-Identifier: MIT */
/* safe_text: text from a server, printed so that it cannot control a terminal. */
#ifndef SOCKGREET_SAFE_TEXT_H
#define SOCKGREET_SAFE_TEXT_H

#include <stddef.h>
#include <stdio.h>

/* Prints a greeting: newlines and tabs are kept, other unprintable characters are escaped as \xHH, and a
 * missing newline at the end is added. */
void safe_text_print(FILE *out, const char *bytes, size_t count);

/* Writes a greeting to line, without the newlines at its end. Unprintable characters are escaped, as are
 * other newlines and tabs (\n \r \t). If it needs more columns or bytes, it is cut, never inside a character
 * or an escape, and ends in an ellipsis if there is room for one. Always terminates line. Returns its length
 * in bytes. */
size_t safe_text_line(char *line, size_t size, size_t columns, const char *bytes, size_t count);

/* The length without the newlines at the end. */
size_t safe_text_trimmed(const char *bytes, size_t count);

#endif
