/* SPDX-License-Identifier: MIT */
#include "base/message.h"
#include "client/ask/target.h"

#include <criterion/criterion.h>
#include <stdio.h>

static const struct target_defaults no_defaults;
static struct message error;

/* The targets as text, joined by spaces; the message after a '!'. */
static const char *targets(const struct target_defaults *defaults, char *const *operands, size_t count)
{
    static char all[4096];
    struct target_list list;
    size_t used = 0;

    all[0] = '\0';
    if (target_list_parse(&list, operands, count, defaults, &error) < 0)
        snprintf(all, sizeof(all), "!%s", error.text);
    else
        for (size_t i = 0; i < list.count; i++) {
            if (i > 0)
                all[used++] = ' ';
            used += target_text(&list.targets[i], all + used, sizeof(all) - used);
        }
    target_list_free(&list);
    return all;
}

#define OPERANDS(...) (char *[]){__VA_ARGS__}, sizeof((char *[]){__VA_ARGS__}) / sizeof(char *)

Test(target, one_operand)
{
    cr_assert_str_eq(targets(&no_defaults, OPERANDS("localhost")), "tcp://localhost:12345");
    cr_assert_str_eq(targets(&no_defaults, OPERANDS("::1")), "tcp://[::1]:12345");
    cr_assert_str_eq(targets(&no_defaults, OPERANDS("unix:/run/x")), "unix:/run/x");
    cr_assert_str_eq(targets(&no_defaults, OPERANDS("unix-dgram:@x")), "unix-dgram:@x");
}

Test(target, host_and_port_are_one_target)
{
    cr_assert_str_eq(targets(&no_defaults, OPERANDS("localhost", "80")), "tcp://localhost:80");
    cr_assert_str_eq(targets(&no_defaults, OPERANDS("udp://::1", "65535")), "udp://[::1]:65535");
}

Test(target, the_port_that_follows_beats_the_option)
{
    const struct target_defaults defaults = {.port = "7", .udp = true};

    cr_assert_str_eq(targets(&defaults, OPERANDS("a", "80")), "udp://a:80");
}

Test(target, only_a_port_number_is_taken_for_a_port)
{
    cr_assert_str_eq(targets(&no_defaults, OPERANDS("a", "b")), "tcp://a:12345 tcp://b:12345");
    cr_assert_str_eq(targets(&no_defaults, OPERANDS("a", "qotd")), "tcp://a:12345 tcp://qotd:12345");
    cr_assert_str_eq(targets(&no_defaults, OPERANDS("a", "0")), "tcp://a:12345 tcp://0:12345");
    cr_assert_str_eq(targets(&no_defaults, OPERANDS("a", "65536")), "tcp://a:12345 tcp://65536:12345");
    cr_assert_str_eq(targets(&no_defaults, OPERANDS("a", "80", "b")),
                     "tcp://a:12345 tcp://80:12345 tcp://b:12345");
}

Test(target, a_second_port_is_an_error)
{
    cr_assert_str_eq(targets(&no_defaults, OPERANDS("a:1", "80")),
                     "!a port 1: names its port already, so the port 80 cannot follow");
    cr_assert_str_eq(targets(&no_defaults, OPERANDS("unix:/x", "80")),
                     "!/x: a Unix socket has no port, so the port 80 cannot follow");
}

Test(target, options_fill_what_targets_leave_open)
{
    const struct target_defaults defaults = {.port = "qotd", .udp = true};

    cr_assert_str_eq(targets(&defaults, OPERANDS("a", "b:2", "tcp://c", "unix:/x")),
                     "udp://a:qotd udp://b:2 tcp://c:qotd unix:/x");
}

Test(target, errors_are_the_endpoints)
{
    cr_assert_str_eq(targets(&no_defaults, OPERANDS("a", ":")), "!\":\": the host is missing");
}

Test(target, no_operands)
{
    cr_assert_str_eq(targets(&no_defaults, NULL, 0), "");
}

Test(target, labels)
{
    struct target_list list;

    cr_assert_eq(target_list_parse(&list, OPERANDS("::1", "unix:/a\nb"), &no_defaults, &error), 0);
    cr_assert_str_eq(list.targets[0].label, "::1 port 12345");
    cr_assert_str_eq(list.targets[1].label, "/a\\nb");
    target_list_free(&list);
}

Test(target, text_is_cut_to_the_buffer)
{
    struct target_list list;
    char text[6];

    cr_assert_eq(target_list_parse(&list, OPERANDS("a"), &no_defaults, &error), 0);
    cr_assert_eq(target_text(&list.targets[0], text, sizeof(text)), 5);
    cr_assert_str_eq(text, "tcp:/");
    target_list_free(&list);
}
