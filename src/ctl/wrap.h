/* SPDX-License-Identifier: MIT */
/* wrap: prints a text between two margins. */
#ifndef SOCKGREET_CTL_WRAP_H
#define SOCKGREET_CTL_WRAP_H

#include <stddef.h>
#include <stdio.h>

#define WRAP_WIDTH 80 /* of everything that is printed for people */

/* Prints a text from the column where the output stands, with further lines indented as far, none beyond
 * WRAP_WIDTH. Lines of the text stay lines; words are cut only where one alone is too long. Ends the line. */
void wrap_print(FILE *out, size_t indent, const char *text);

#endif
