/* SPDX-License-Identifier: MIT */
#include "ctl/frame.h"

#include <criterion/criterion.h>
#include <locale.h>
#include <stdint.h>
#include <stdlib.h>

static const struct frame_look plain = {.width = 10, .height = SIZE_MAX};
static const struct frame_look screen = {.width = 10, .height = 3, .escapes = true, .colours = true};

static void expect(struct frame *frame, const char *expected)
{
    frame_end(frame);
    cr_assert_str_eq(frame->text, expected);
    free(frame->text);
}

static void put_line(struct frame *frame, enum frame_style style, const char *text)
{
    frame_put(frame, style, text);
    frame_line(frame);
}

Test(frame, plain_lines_have_neither_escapes_nor_spaces_at_their_end)
{
    struct frame frame;

    frame_begin(&frame, &plain);
    frame_put(&frame, FRAME_TROUBLE, "a");
    frame_to(&frame, 4);
    frame_put(&frame, FRAME_STRONG, "b");
    frame_to(&frame, 8);
    frame_line(&frame);
    frame_to(&frame, 3);
    frame_line(&frame);
    expect(&frame, "a   b\n\n");
}

Test(frame, lines_are_cut)
{
    struct frame frame;

    frame_begin(&frame, &plain);
    frame_put(&frame, FRAME_PLAIN, "12345");
    put_line(&frame, FRAME_PLAIN, "67890xyz");
    frame_to(&frame, 10);
    put_line(&frame, FRAME_PLAIN, "beyond");
    expect(&frame, "1234567890\n\n");
}

Test(frame, a_character_of_two_columns_is_not_halved)
{
    struct frame frame;

    cr_assert(setlocale(LC_CTYPE, "C.UTF-8"));
    frame_begin(&frame, &plain);
    frame_put(&frame, FRAME_PLAIN, "123456789");
    put_line(&frame, FRAME_PLAIN, "\xe4\xb8\xad");
    expect(&frame, "123456789\n");
}

Test(frame, what_a_terminal_would_obey_is_escaped)
{
    struct frame frame;

    frame_begin(&frame, &screen);
    put_line(&frame, FRAME_PLAIN, "\033[2J\n");
    expect(&frame, "\033[H\\x1b[2J\\n\033[K\r\n\033[J");
}

Test(frame, lines_of_a_screen_replace_those_before)
{
    struct frame frame;

    frame_begin(&frame, &screen);
    put_line(&frame, FRAME_STRONG, "a");
    put_line(&frame, FRAME_TROUBLE, "b");
    expect(&frame, "\033[H\033[1ma\033[m\033[K\r\n\033[1;31mb\033[m\033[K\r\n\033[J");
}

Test(frame, a_full_screen_does_not_scroll_and_a_full_line_keeps_its_last_column)
{
    struct frame frame;

    frame_begin(&frame, &screen);
    put_line(&frame, FRAME_PLAIN, "1234567890");
    put_line(&frame, FRAME_PLAIN, "2");
    put_line(&frame, FRAME_PLAIN, "3");
    put_line(&frame, FRAME_PLAIN, "4");
    cr_assert_eq(frame_left(&frame), 0);
    expect(&frame, "\033[H1234567890\r\n2\033[K\r\n3\033[K");
}

Test(frame, without_colours_what_wants_attention_is_bold)
{
    struct frame_look look = screen;
    struct frame frame;

    look.colours = false;
    frame_begin(&frame, &look);
    frame_put(&frame, FRAME_TROUBLE, "a");
    frame_put(&frame, FRAME_NOTICE, "b");
    frame_line(&frame);
    expect(&frame, "\033[H\033[1ma\033[m\033[1mb\033[m\033[K\r\n\033[J");
}
