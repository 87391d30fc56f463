/* SPDX-License-Identifier: MIT */
/* output: what a program prints arrives whole, or it is said that it did not. */
#ifndef SOCKGREET_OUTPUT_H
#define SOCKGREET_OUTPUT_H

#include <stdio.h>

/* Not to be copied while it is open. */
struct output {
    FILE *stream; /* to print on */
    int fd;
    int error; /* of the first write that failed, 0 for none; what is printed after it is dropped */
};

/* Opens a stream that waits where the descriptor is full, even if the descriptor does not wait. Returns 0, or
 * -errno, and then output_close() must not be called. */
int output_open(struct output *output, int fd);

/* Writes what is left, and leaves the descriptor open. Returns 0, or -errno if not everything was written. */
int output_close(struct output *output);

/* Opens, and closes, standard output; where that or a write failed, prints "PROGRAM: standard output: why" on
 * standard error. Both return as the above. */
int output_open_standard(struct output *output, const char *program);
int output_close_standard(struct output *output, const char *program);

#endif
