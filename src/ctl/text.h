/* SPDX-License-Identifier: MIT */
/* text: makes a text from the service safe to print, and measures it. */
#ifndef SOCKGREET_CTL_TEXT_H
#define SOCKGREET_CTL_TEXT_H

#include <stddef.h>
#include <stdio.h>

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
