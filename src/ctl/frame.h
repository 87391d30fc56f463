/* SPDX-License-Identifier: MIT */
/* frame: lines of one screen, cut to its width, each with pieces in a style. For a terminal it overwrites the
 * lines of the frame before, without anything being blank in between; else it is plain text. */
#ifndef SOCKGREET_CTL_FRAME_H
#define SOCKGREET_CTL_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* What the lines are for. */
struct frame_look {
    size_t width;  /* columns */
    size_t height; /* lines; SIZE_MAX: no limit */
    bool escapes;  /* to a terminal */
    bool colours;
    bool blocks; /* it shows more than ASCII */
};

enum frame_style { FRAME_PLAIN, FRAME_STRONG, FRAME_NOTICE, FRAME_TROUBLE };

struct frame {
    const struct frame_look *look;
    FILE *out;
    size_t lines;  /* that are ended */
    size_t column; /* where the line stands */
    size_t pad;    /* spaces before the next piece */
    char *text;    /* of the whole, after frame_end() */
    size_t size;
};

/* The look must live as long. */
void frame_begin(struct frame *frame, const struct frame_look *look);

/* Adds text from the service, or any other: it is made printable, and cut to the line's end. */
void frame_put(struct frame *frame, enum frame_style style, const char *text);
void frame_print(struct frame *frame, enum frame_style style, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The next piece begins at this column, if the line is not there already. */
void frame_to(struct frame *frame, size_t column);

/* Ends the line. Lines that are too many for the screen are dropped. */
void frame_line(struct frame *frame);

/* Lines that still have room. */
size_t frame_left(const struct frame *frame);

/* Completes frame->text, which the caller frees. */
void frame_end(struct frame *frame);

#endif
