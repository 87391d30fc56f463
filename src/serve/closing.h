/* SPDX-License-Identifier: MIT */
/* closing: closes several descriptors with one system call. Clients that connect together have consecutive
 * descriptors and often end together. */
#ifndef SOCKGREET_CLOSING_H
#define SOCKGREET_CLOSING_H

struct closing {
    int first, last; /* the range to be closed; 0: none, since 0 is standard input */
};

/* Adds fd to the range. The range is closed when a descriptor is added that is not adjacent to it, or by
 * closing_finish(). */
void closing_add(struct closing *closing, int fd);

void closing_finish(struct closing *closing);

#endif
