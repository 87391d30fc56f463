/* SPDX-License-Identifier: MIT */
/* text: makes text from the service safe to print, and measures it. */
#ifndef SOCKGREET_CTL_TEXT_H
#define SOCKGREET_CTL_TEXT_H

#include <stddef.h>
#include <stdio.h>

/* A copy in which characters that cannot be shown are escaped: newline, return and tab as \n \r \t, other
 * bytes as \xHH. Control characters in kept are not. The caller frees it. */
char *text_printable(const char *text, const char *kept);

/* Prints the text in that form. */
void text_print(FILE *out, const char *text, const char *kept);

/* The columns that a printable text takes. */
size_t text_width(const char *printable);

/* The number of bytes that fit into that many columns; at least one character. */
size_t text_fitting(const char *printable, size_t columns);

#endif
