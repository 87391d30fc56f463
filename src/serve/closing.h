/* SPDX-License-Identifier: MIT */
/* closing: descriptors that are closed together. Clients that came together have numbers in a row and end
 * together, and a row is closed with one system call. */
#ifndef SOCKGREET_CLOSING_H
#define SOCKGREET_CLOSING_H

struct closing {
    int first, last; /* the row that is to be closed; none if 0: standard input is nobody's client */
};

/* fd is to be closed, which happens with the next one that is not beside it, or with closing_finish(). */
void closing_add(struct closing *closing, int fd);

void closing_finish(struct closing *closing);

#endif
