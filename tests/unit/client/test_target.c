/* SPDX-License-Identifier: MIT */
#include "base/message.h"
#include "client/ask/target.h"

#include <criterion/criterion.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

Test(target, a_second_operand_that_is_no_port_is_a_host)
{
    cr_assert_str_eq(targets(&no_defaults, OPERANDS("a", "b")), "tcp://a:12345 tcp://b:12345");
    cr_assert_str_eq(targets(&no_defaults, OPERANDS("a", "b.qotd")), "tcp://a:12345 tcp://b.qotd:12345");
    cr_assert_str_eq(targets(&no_defaults, OPERANDS("qotd", "a")), "tcp://qotd:12345 tcp://a:12345");
    cr_assert_str_eq(targets(&no_defaults, OPERANDS("a", "qotd", "b")),
                     "tcp://a:12345 tcp://qotd:12345 tcp://b:12345");
}

Test(target, the_name_of_a_service_is_the_port_of_the_host_before_it)
{
    cr_assert(getservbyname("qotd", "tcp"), "/etc/services (netbase) is missing");
    cr_assert_str_eq(targets(&no_defaults, OPERANDS("a", "qotd")), "tcp://a:qotd");
    cr_assert_str_eq(targets(&no_defaults, OPERANDS("udp://a", "domain")), "udp://a:domain");
    cr_assert_str_eq(targets(&no_defaults, OPERANDS("a", "tcp://qotd")), "tcp://a:12345 tcp://qotd:12345");
}

/* "sockgreet host 70000" asked the hosts host and 0.1.17.112. */
Test(target, a_number_is_a_port_and_never_a_host)
{
    static const struct {
        const char *operands[3];
        const char *expected;
    } cases[] = {
        {{"80"}, "tcp://localhost:80"},
        {{"70000"}, "!70000 is not a port; allowed: 1 to 65535"},
        {{"0"}, "!0 is not a port; allowed: 1 to 65535"},
        {{"a", "0"}, "!0 is not a port; allowed: 1 to 65535"},
        {{"a", "70000"}, "!70000 is not a port; allowed: 1 to 65535"},
        {{"a", "99999999999999999999999999999999999999"},
         "!99999999999999999999999999999999999999 is not a port; allowed: 1 to 65535"},
        {{"80", "a"}, "!80 is a port, not a host; allowed: HOST:80"},
        {{"80", "81"}, "!80 is a port, not a host; allowed: HOST:80"},
        {{"a", "80", "b"}, "!80 is a port, not a host; allowed: HOST:80"},
        {{"a", "80", "81"}, "!80 is a port, not a host; allowed: HOST:80"},
        {{"a", "b", "70000"}, "!70000 is not a port; allowed: 1 to 65535"},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char *operands[3];
        size_t count = 0;

        for (; count < 3 && cases[i].operands[count]; count++)
            operands[count] = strdup(cases[i].operands[count]);
        cr_expect_str_eq(targets(&no_defaults, operands, count), cases[i].expected);
        while (count > 0)
            free(operands[--count]);
    }
}

Test(target, link_local_addresses_need_their_interface)
{
    const struct target_defaults with_interface = {.interface = true};

    cr_expect_str_eq(targets(&no_defaults, OPERANDS("fe80::1")),
                     "!fe80::1 is link-local and needs an interface, such as fe80::1%eth0");
    cr_expect_str_eq(targets(&no_defaults, OPERANDS("udp://[ff02::1]:80")),
                     "!ff02::1 is link-local and needs an interface, such as ff02::1%eth0");
    cr_expect_str_eq(targets(&no_defaults, OPERANDS("fe80::1%eth0")), "tcp://[fe80::1%eth0]:12345");
    cr_expect_str_eq(targets(&no_defaults, OPERANDS("ff05::1")), "tcp://[ff05::1]:12345");
    cr_expect_str_eq(targets(&with_interface, OPERANDS("fe80::1")), "tcp://[fe80::1]:12345");
}

/* What is printed is read as the same again, also where "25" begins the name of an interface. */
Test(target, interfaces_in_the_form_of_urls)
{
    cr_expect_str_eq(targets(&no_defaults, OPERANDS("tcp://[fe80::1%25eth0]:80/")),
                     "tcp://[fe80::1%eth0]:80");
    cr_expect_str_eq(targets(&no_defaults, OPERANDS("fe80::1%25eth0")), "tcp://[fe80::1%eth0]:12345");
    cr_expect_str_eq(targets(&no_defaults, OPERANDS("fe80::1%2525ge")), "tcp://[fe80::1%2525ge]:12345");
    cr_expect_str_eq(targets(&no_defaults, OPERANDS("fe80::1%25")), "tcp://[fe80::1%25]:12345");
    cr_expect_str_eq(targets(&no_defaults, OPERANDS("fe80::1%251")), "tcp://[fe80::1%251]:12345");
}

Test(target, what_is_added_follows)
{
    struct target_list list;

    cr_assert_eq(target_list_parse(&list, OPERANDS("a"), &no_defaults, &error), 0);
    cr_assert_eq(target_list_add(&list, OPERANDS("b", "80"), &no_defaults, &error), 0);
    cr_assert_eq(target_list_add(&list, OPERANDS("c", "[d"), &no_defaults, &error), -1);
    cr_assert_eq(list.count, 2);
    cr_expect_str_eq(list.targets[0].label, "a port 12345");
    cr_expect_str_eq(list.targets[1].label, "b port 80");
    target_list_free(&list);
}

Test(target, a_second_port_is_an_error)
{
    cr_assert_str_eq(targets(&no_defaults, OPERANDS("a:1", "80")),
                     "!a port 1: already includes a port; remove the port 80");
    cr_assert_str_eq(targets(&no_defaults, OPERANDS("unix:/x", "80")),
                     "!/x: a Unix socket has no port; remove the port 80");
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
