/* SPDX-License-Identifier: MIT */
/* terminal: the width and the colours of an output. */
#ifndef SOCKGREET_CLIENT_TERMINAL_H
#define SOCKGREET_CLIENT_TERMINAL_H

#include <stdbool.h>

#define TERMINAL_WIDTH 80 /* columns, where it is not known */

struct terminal {
    bool is_terminal;
    bool has_colour; /* a terminal, not "dumb", and NO_COLOR is not set (no-color.org) */
    unsigned width;  /* columns */
};

enum terminal_colour { TERMINAL_RED, TERMINAL_YELLOW, TERMINAL_PLAIN };

/* The terminal on a descriptor. */
struct terminal terminal_of(int fd);

/* The sequence that begins a colour, or ends it; "" without colours. */
const char *terminal_colour(const struct terminal *terminal, enum terminal_colour colour);

#endif
