/* SPDX-License-Identifier: MIT */
/* terminal: standard output as a screen of its own, and the terminal as it was before on every way out. */
#ifndef SOCKGREET_CTL_TERMINAL_H
#define SOCKGREET_CTL_TERMINAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum terminal_event {
    TERMINAL_TIME,    /* it is over */
    TERMINAL_CHANGED, /* the screen has another size, or is ours again */
    TERMINAL_DRAW,    /* a key that wants it drawn at once */
    TERMINAL_END      /* a key that ends the program, or the terminal is gone */
};

/* Prepares standard output for drawing. False if it is not a terminal, or one that has no cursor to move.
 * From then on SIGINT ends the program with 0, and other signals that end or stop it leave the terminal as it
 * was. */
bool terminal_open(void);

/* Leaves the screen. */
void terminal_close(void);

/* The size of the terminal that standard output is; false if it is none. */
bool terminal_size(size_t *columns, size_t *lines);

/* Writes a frame, with one write(2) where the terminal takes it. Enters the screen before, after the program
 * was stopped too. Returns 0 or -errno. */
int terminal_draw(const char *text, size_t size);

/* Waits for a key or a change until a time of monotonic_ns(). */
enum terminal_event terminal_wait(int64_t until_ns);

#endif
