/* SPDX-License-Identifier: MIT */
/* wrap: prints a text between two margins. */
#ifndef SOCKGREET_CTL_WRAP_H
#define SOCKGREET_CTL_WRAP_H

#include <stddef.h>
#include <stdio.h>

#define WRAP_WIDTH 80 /* columns of the output for people */

/* Prints a text from the current column, which is indent; further lines are indented to it too, and none is
 * longer than WRAP_WIDTH. Line breaks in the text are kept; only words longer than a line are cut. Ends the
 * line. */
void wrap_print(FILE *out, size_t indent, const char *text);

#endif
