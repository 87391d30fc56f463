/* SPDX-License-Identifier: MIT */
/* output: what a program prints arrives whole, or it is said that it did not. */
#ifndef SOCKGREET_OUTPUT_H
#define SOCKGREET_OUTPUT_H

#include <stdio.h>

/* Waits until fd can be written to. Returns 0, or why it is not waited for any longer, an errno value. */
typedef int output_wait(void *context, int fd);

/* Not to be copied while it is open. */
struct output {
    FILE *stream; /* to print on; by lines if the descriptor is a terminal */
    int fd;
    int error; /* of the first write that failed, 0 for none; what is printed after it is dropped */
    output_wait *wait;
    void *context; /* for wait */
};

/* Opens a stream that waits where the descriptor is full, even if the descriptor does not wait. Returns 0, or
 * -errno, and then output_close() must not be called. */
int output_open(struct output *output, int fd);

/* The same, with a wait that may end. It does so also for a descriptor that would wait by itself. */
int output_open_waiting(struct output *output, int fd, output_wait *wait, void *context);

/* Writes what was printed so far. Returns 0, or -errno if not everything was written. */
int output_flush(struct output *output);

/* Writes what is left, and leaves the descriptor open. Returns 0, or -errno if not everything was written. */
int output_close(struct output *output);

/* Opens, and closes, standard output; where that or a write failed, prints "PROGRAM: standard output: why" on
 * standard error, except when the reader went away (EPIPE). Both return as the above. */
int output_open_standard(struct output *output, const char *program);
int output_close_standard(struct output *output, const char *program);

/* Opens standard error as stderr, which is written by lines then; a wait of NULL has no end. The output must
 * live as long as the program. Returns 0, or -errno with stderr as it was. */
int output_replace_stderr(struct output *output, output_wait *wait, void *context);

/* Opens the standard streams that the caller closed, so that they still fail: a socket would otherwise get
 * the number of one, and be printed on. */
void output_occupy_standard(void);

#endif
