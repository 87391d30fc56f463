/* SPDX-License-Identifier: MIT */
/* frame: lines of one screen, cut to its width, with pieces in several styles. On a terminal it overwrites
 * the lines of the previous frame, without blank lines in between; otherwise it is plain text. */
#ifndef SOCKGREET_CTL_FRAME_H
#define SOCKGREET_CTL_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* Where the lines will be shown. */
struct frame_look {
    size_t width;  /* columns */
    size_t height; /* lines; SIZE_MAX: no limit */
    bool escapes;  /* to a terminal */
    bool colours;
    bool blocks; /* it shows block characters */
};

enum frame_style { FRAME_PLAIN, FRAME_STRONG, FRAME_NOTICE, FRAME_TROUBLE };

struct frame {
    const struct frame_look *look;
    FILE *out;
    size_t lines;  /* complete ones */
    size_t column; /* columns used in the current line */
    size_t pad;    /* spaces before the next piece */
    char *text;    /* all of it, after frame_end() */
    size_t size;
};

/* The look must live as long as the frame. */
void frame_begin(struct frame *frame, const struct frame_look *look);

/* Adds any text: it is made printable, and cut at the end of the line. */
void frame_put(struct frame *frame, enum frame_style style, const char *text);
void frame_print(struct frame *frame, enum frame_style style, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The next piece begins at this column, if the line is not past it. */
void frame_to(struct frame *frame, size_t column);

/* Ends the line. Lines that do not fit the screen are dropped. */
void frame_line(struct frame *frame);

/* Lines that still fit. */
size_t frame_left(const struct frame *frame);

/* Completes frame->text, which the caller frees. */
void frame_end(struct frame *frame);

#endif
