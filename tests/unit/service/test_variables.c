/* SPDX-License-Identifier: MIT */
#include "service/variables.h"

#include <criterion/criterion.h>
#include <string.h>

/* What people write in their greetings. */
Test(variables, names_are_stable)
{
    static const char *const names[] = {"hostname",
                                        "instance",
                                        "version",
                                        "os",
                                        "kernel",
                                        "boot_id",
                                        "env",
                                        "file",
                                        "motd",
                                        "quote",
                                        "quote_of_the_day",
                                        "listener",
                                        "transport",
                                        "family",
                                        "client_address",
                                        "client_port",
                                        "client_uid",
                                        "client_gid",
                                        "client_pid",
                                        "client_connections",
                                        "server_address",
                                        "server_port",
                                        "interface",
                                        "proxied",
                                        "proxy_address",
                                        "proxy_port",
                                        "original_address",
                                        "original_port",
                                        "proxy_authority",
                                        "proxy_unique_id",
                                        "ttl",
                                        "hops",
                                        "dscp",
                                        "ecn",
                                        "flow_label",
                                        "mss",
                                        "window_scale",
                                        "syn_options",
                                        "path_mtu",
                                        "rtt",
                                        "pid",
                                        "worker",
                                        "generation",
                                        "uptime",
                                        "load",
                                        "state",
                                        "weight",
                                        "reason",
                                        "connections",
                                        "greetings_total",
                                        "request_id",
                                        "received_bytes",
                                        "accept_time",
                                        "queue_time",
                                        "time",
                                        "unix",
                                        "unix_us"};

    cr_assert_eq(sizeof(names) / sizeof(names[0]), VARIABLE_COUNT);
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        cr_assert_str_eq(variables_name((enum variable)i), names[i]);
}

Test(variables, no_two_have_the_same_name)
{
    for (enum variable a = 0; a < VARIABLE_COUNT; a++)
        for (enum variable b = a + 1; b < VARIABLE_COUNT; b++)
            cr_assert_str_neq(variables_name(a), variables_name(b));
}

/* A value is cut at its longest, so one that comes with each client and has none would always be empty. */
Test(variables, what_is_known_per_client_has_a_longest_value)
{
    for (enum variable i = 0; i < VARIABLE_COUNT; i++) {
        cr_assert_eq(variables_longest(i, true, false) > 0, !variables_known_at_load(i), "%s",
                     variables_name(i));
        cr_assert_eq(variables_longest(i, false, true) > 0, !variables_known_at_load(i), "%s",
                     variables_name(i));
    }
}

Test(variables, the_service_is_known_at_load_and_the_client_is_not)
{
    cr_assert(variables_known_at_load(VARIABLE_HOSTNAME));
    cr_assert(variables_known_at_load(VARIABLE_LISTENER));
    cr_assert(variables_known_at_load(VARIABLE_TRANSPORT));
    cr_assert_not(variables_known_at_load(VARIABLE_CLIENT_ADDRESS));
    cr_assert_not(variables_known_at_load(VARIABLE_PID));
    cr_assert_not(variables_known_at_load(VARIABLE_TIME));
}

Test(variables, addresses_of_unix_clients_are_users)
{
    cr_assert_eq(variables_longest(VARIABLE_CLIENT_ADDRESS, true, false),
                 strlen("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff%interface123456"));
    cr_assert_eq(variables_longest(VARIABLE_CLIENT_ADDRESS, false, true), strlen("uid 4294967295"));
}

Test(variables, an_epoch_has_the_second_but_no_part_of_it)
{
    cr_assert(variables_known_per_epoch(VARIABLE_STATE));
    cr_assert(variables_known_per_epoch(VARIABLE_UNIX));
    cr_assert(variables_known_per_epoch(VARIABLE_TIME));
    cr_assert_not(variables_known_per_epoch(VARIABLE_UNIX_US));
    cr_assert_not(variables_known_per_epoch(VARIABLE_CLIENT_ADDRESS));
    cr_assert_not(variables_known_per_epoch(VARIABLE_QUOTE));
    cr_assert_not(variables_known_per_epoch(VARIABLE_HOSTNAME));
}
