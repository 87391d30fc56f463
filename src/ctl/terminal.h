/* SPDX-License-Identifier: MIT */
/* terminal: a screen of its own on standard output, and the terminal's previous mode on every way out. */
#ifndef SOCKGREET_CTL_TERMINAL_H
#define SOCKGREET_CTL_TERMINAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum terminal_event {
    TERMINAL_TIME,    /* the time is over */
    TERMINAL_CHANGED, /* the size has changed, or the program has the screen again */
    TERMINAL_DRAW,    /* a key that asks for a new frame at once */
    TERMINAL_END      /* a key that ends the program, or the terminal is gone */
};

/* Prepares standard output for drawing. Returns false if it is not a terminal, or one whose cursor cannot be
 * moved. From then on SIGINT ends the program with 0, and other signals that end or stop it restore the
 * terminal first. */
bool terminal_open(void);

/* Leaves the screen. */
void terminal_close(void);

/* The size of the terminal on standard output; false if it is not one. */
bool terminal_size(size_t *columns, size_t *lines);

/* Writes a frame, with one write(2) if the terminal accepts that. Enters the screen first if needed, also
 * after the program was stopped. Returns 0 or -errno. */
int terminal_draw(const char *text, size_t size);

/* Waits for a key or a change until a time of monotonic_ns(). */
enum terminal_event terminal_wait(int64_t until_ns);

#endif
