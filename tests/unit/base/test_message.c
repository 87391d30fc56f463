/* SPDX-License-Identifier: MIT */
#include "base/message.h"

#include <criterion/criterion.h>
#include <string.h>

Test(message, set_replaces_and_add_appends)
{
    struct message message = {"before"};

    cr_assert_eq(message_set(&message, "%d", 7), -1);
    message_add(&message, " and %s", "more");
    cr_assert_str_eq(message.text, "7 and more");
}

Test(message, too_long_is_cut)
{
    struct message message = {0};
    char text[2 * MESSAGE_MAX];

    memset(text, 'x', sizeof(text));
    text[sizeof(text) - 1] = '\0';
    message_set(&message, "%s", text);
    cr_assert_eq(strlen(message.text), MESSAGE_MAX - 1u);
    message_add(&message, "more");
    cr_assert_eq(strlen(message.text), MESSAGE_MAX - 1u);
    message_set(&message, "%.*s", MESSAGE_MAX - 3, text);
    message_add(&message, "more");
    cr_assert_str_eq(message.text + MESSAGE_MAX - 3, "mo");
}

Test(message, change_says_whether_it_is_another)
{
    struct message message = {0};

    cr_expect(message_change(&message, "%d", 7));
    cr_expect_not(message_change(&message, "%d", 7));
    cr_expect(message_change(&message, "%d", 8));
    cr_expect_str_eq(message.text, "8");
}
