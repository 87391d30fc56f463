/* SPDX-License-Identifier: MIT */
#include "client/answerers.h"

#include <criterion/criterion.h>
#include <stdio.h>

Test(answerers, are_counted_in_the_order_of_their_first_answers)
{
    struct answerers answerers = {0};

    answerers_add(&answerers, "web-2");
    answerers_add(&answerers, "web-1");
    answerers_add(&answerers, "web-2");
    answerers_add(&answerers, "");
    cr_assert_eq(answerers.count, 2);
    cr_assert_str_eq(answerers.list[0].who, "web-2");
    cr_assert_eq(answerers.list[0].count, 2);
    cr_assert_str_eq(answerers.list[1].who, "web-1");
    cr_assert_eq(answerers.list[1].count, 1);
    cr_assert_eq(answerers.unnamed, 1);
    cr_assert_eq(answerers.others, 0);
    answerers_free(&answerers);
    cr_assert_eq(answerers.count, 0);
}

/* A server that calls itself something else each time takes no memory without end. */
Test(answerers, no_more_than_so_many_names)
{
    struct answerers answerers = {0};
    char who[WHO_MAX];

    for (int i = 0; i < ANSWERERS_MAX + 1000; i++) {
        snprintf(who, sizeof(who), "host-%d", i);
        answerers_add(&answerers, who);
    }
    answerers_add(&answerers, "host-0");
    cr_assert_eq(answerers.count, ANSWERERS_MAX);
    cr_assert_eq(answerers.others, 1000);
    cr_assert_eq(answerers.list[0].count, 2);
    answerers_free(&answerers);
}
