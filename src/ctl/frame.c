/* SPDX-License-Identifier: MIT */
#include "ctl/frame.h"

#include "ctl/memory.h"
#include "ctl/text.h"

#include <stdarg.h>
#include <stdlib.h>

#define HOME        "\033[H"
#define ERASE_LINE  "\033[K"
#define ERASE_BELOW "\033[J"
#define PLAIN       "\033[m"

void frame_begin(struct frame *frame, const struct frame_look *look)
{
    *frame = (struct frame){.look = look};
    frame->out = memory_checked(open_memstream(&frame->text, &frame->size));
    if (look->escapes)
        fputs(HOME, frame->out);
}

/* Colours mark what needs attention; without them it is bold. */
static const char *style_begin(const struct frame *frame, enum frame_style style)
{
    bool colours = frame->look->colours;

    if (!frame->look->escapes)
        return "";
    switch (style) {
    case FRAME_PLAIN:
        return "";
    case FRAME_STRONG:
        return "\033[1m";
    case FRAME_NOTICE:
        return colours ? "\033[33m" : "\033[1m";
    case FRAME_TROUBLE:
        return colours ? "\033[1;31m" : "\033[1m";
    }
    return "";
}

static void put_printable(struct frame *frame, enum frame_style style, char *printable)
{
    size_t room = frame->look->width - frame->column;
    const char *begin = style_begin(frame, style);

    printable[text_fitting(printable, room)] = '\0';
    if (text_width(printable) > room) /* a single character that is too wide */
        *printable = '\0';
    if (*printable)
        fprintf(frame->out, "%s%s%s", begin, printable, *begin ? PLAIN : "");
    frame->column += text_width(printable);
}

void frame_put(struct frame *frame, enum frame_style style, const char *text)
{
    size_t start = frame->column + frame->pad;
    char *printable;

    if (frame_left(frame) == 0 || *text == '\0' || start >= frame->look->width)
        return;
    fprintf(frame->out, "%*s", (int)frame->pad, "");
    frame->column = start;
    frame->pad = 0;
    printable = text_printable(text, "");
    put_printable(frame, style, printable);
    free(printable);
}

void frame_print(struct frame *frame, enum frame_style style, const char *format, ...)
{
    va_list arguments;
    char *text;

    va_start(arguments, format);
    if (vasprintf(&text, format, arguments) < 0)
        memory_checked(NULL);
    va_end(arguments);
    frame_put(frame, style, text);
    free(text);
}

void frame_to(struct frame *frame, size_t column)
{
    if (column > frame->column)
        frame->pad = column - frame->column;
}

/* A terminal would scroll after its last line, and one whose cursor is past its last column would erase that
 * column. */
void frame_line(struct frame *frame)
{
    if (frame_left(frame) == 0)
        return;
    if (frame->look->escapes && frame->column < frame->look->width)
        fputs(ERASE_LINE, frame->out);
    frame->lines++;
    if (!frame->look->escapes)
        fputc('\n', frame->out);
    else if (frame_left(frame) > 0)
        fputs("\r\n", frame->out);
    frame->column = frame->pad = 0;
}

size_t frame_left(const struct frame *frame)
{
    return frame->look->height - frame->lines;
}

void frame_end(struct frame *frame)
{
    if (frame->look->escapes && frame_left(frame) > 0)
        fputs(ERASE_BELOW, frame->out);
    if (fclose(frame->out) != 0)
        memory_checked(NULL);
}
