/* SPDX-License-Identifier: MIT */
#include "base/bar.h"

#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

static char room[BAR_MAX];

Test(bar, blocks_are_eighths_of_a_column)
{
    cr_assert_str_eq(bar_draw(room, 0.5, 4, true), "██");
    cr_assert_str_eq(bar_draw(room, 0.5, 5, true), "██▌");
    cr_assert_str_eq(bar_draw(room, 7 / 8.0, 1, true), "▉");
    cr_assert_str_eq(bar_draw(room, 1, 3, true), "███");
}

Test(bar, without_blocks_it_is_ascii)
{
    cr_assert_str_eq(bar_draw(room, 0.5, 4, false), "##");
    cr_assert_str_eq(bar_draw(room, 1, 10, false), "##########");
}

Test(bar, a_little_shows_and_nothing_does_not)
{
    cr_assert_str_eq(bar_draw(room, 1e-9, 10, true), "▏");
    cr_assert_str_eq(bar_draw(room, 1e-9, 10, false), "#");
    cr_assert_str_eq(bar_draw(room, 0, 10, true), "");
    cr_assert_str_eq(bar_draw(room, -1, 10, false), "");
    cr_assert_str_eq(bar_draw(room, NAN, 10, true), "");
}

Test(bar, it_is_never_longer_than_its_room)
{
    cr_assert_str_eq(bar_draw(room, 1e300, 2, true), "██");
    cr_assert_eq(strlen(bar_draw(room, 1, 1000, true)), BAR_COLUMNS * strlen("█"));
    cr_assert_eq(strlen(bar_draw(room, INFINITY, 1000, false)), BAR_COLUMNS);
    cr_assert_str_eq(bar_draw(room, 1, 0, true), "");
}
