/* SPDX-License-Identifier: MIT */
/* text: makes a text from the service safe to print, and measures it. */
#ifndef SOCKGREET_CTL_TEXT_H
#define SOCKGREET_CTL_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define TEXT_INVALID UINT32_MAX /* a byte that is not UTF-8 */

/* Reads the character that a text begins with. Returns its bytes, 1 for one that is not UTF-8. */
size_t text_character(const char *text, uint32_t *character);

/* Whether the terminal shows it as a character, and where it stands. */
bool text_shows(uint32_t character);

/* A copy in which whatever does not show is escaped: newline, return and tab as \n \r \t, other bytes as
 * \xHH. Control characters that are in kept stay. The caller frees it. */
char *text_printable(const char *text, const char *kept);

/* Prints it so. */
void text_print(FILE *out, const char *text, const char *kept);

/* The columns that a printable text takes. */
size_t text_width(const char *printable);

/* The bytes of what fits into so many columns, one character at least. */
size_t text_fitting(const char *printable, size_t columns);

#endif
