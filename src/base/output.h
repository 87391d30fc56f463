/* SPDX-License-Identifier: MIT */
/* output: output of a program that is either complete or reported as incomplete. */
#ifndef SOCKGREET_OUTPUT_H
#define SOCKGREET_OUTPUT_H

#include <stdio.h>

/* Waits until fd is writable. Returns 0, or an errno value as the reason to stop waiting. */
typedef int output_wait(void *context, int fd);

/* Not to be copied while it is open. */
struct output {
    FILE *stream; /* to print to; line-buffered if the descriptor is a terminal */
    int fd;
    int error; /* of the first write that failed, 0 for none; later output is dropped */
    output_wait *wait;
    void *context; /* for wait */
};

/* Opens a stream whose writes wait while the descriptor is full, even if it is non-blocking. Returns 0, or
 * -errno, and then output_close() must not be called. */
int output_open(struct output *output, int fd);

/* The same with the caller's wait, which may end early. It is used even if the descriptor is blocking. */
int output_open_waiting(struct output *output, int fd, output_wait *wait, void *context);

/* Writes what was printed so far. Returns 0, or -errno if not everything was written. */
int output_flush(struct output *output);

/* Writes what is left, and leaves the descriptor open. Returns 0, or -errno if not everything was written. */
int output_close(struct output *output);

/* Open and close standard output. If that or a write fails, they print "PROGRAM: standard output: REASON" on
 * standard error, unless the reader has gone (EPIPE). They return as above. */
int output_open_standard(struct output *output, const char *program);
int output_close_standard(struct output *output, const char *program);

/* Replaces stderr with a line-buffered output on standard error; a wait of NULL has no end. The output must
 * live as long as the program. Returns 0, or -errno with stderr unchanged. */
int output_replace_stderr(struct output *output, output_wait *wait, void *context);

/* Opens standard streams that the caller closed, so that using them still fails: a socket would otherwise get
 * the number of one, and be written to. */
void output_occupy_standard(void);

#endif
