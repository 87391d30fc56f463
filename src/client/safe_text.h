/* SPDX-License-Identifier: MIT */
/* safe_text: what a server says, written so that a terminal shows it and does nothing else. */
#ifndef SOCKGREET_SAFE_TEXT_H
#define SOCKGREET_SAFE_TEXT_H

#include <stddef.h>
#include <stdio.h>

/* Writes a greeting: lines and tabs stay, everything else that does not print is escaped as \xHH, and the
 * last line ends. */
void safe_text_print(FILE *out, const char *bytes, size_t count);

/* Writes a greeting, without the newlines at its end, as a part of a line into size bytes: what does not
 * print is escaped, other newlines and tabs too (\n \r \t), and what takes more than that many columns of a
 * terminal, or more bytes than there are, is cut, never inside a character or an escape, and ends in an
 * ellipsis if there is room for one. Always terminates. Returns the length in bytes. */
size_t safe_text_line(char *line, size_t size, size_t columns, const char *bytes, size_t count);

/* The length without the newlines at the end. */
size_t safe_text_trimmed(const char *bytes, size_t count);

#endif
