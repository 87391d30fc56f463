/* SPDX-License-Identifier: MIT */
#include "shm/record.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>

static void round_trip(const char *text)
{
    struct address in = {0}, out;
    struct record_address packed;

    if (inet_pton(AF_INET, text, &in.in.sin_addr) == 1) {
        in.sa.sa_family = AF_INET;
    } else {
        cr_assert_eq(inet_pton(AF_INET6, text, &in.in6.sin6_addr), 1);
        in.sa.sa_family = AF_INET6;
        in.in6.sin6_scope_id = 3;
    }
    address_set_port(&in, 54321);
    record_pack(&packed, &in);
    record_unpack(&packed, &out);
    address_unmap(&in);
    cr_assert(address_equal(&in, &out), "%s", text);
    cr_assert_eq(packed.port, 54321);
}

Test(record, keeps_addresses_whole)
{
    round_trip("192.0.2.77");
    round_trip("2001:db8::7:1");
    round_trip("fe80::1");
    round_trip("::1");
}

Test(record, stores_a_mapped_address_as_ipv4)
{
    struct address mapped = {.sa = {.sa_family = AF_INET6}};
    struct record_address packed;

    cr_assert_eq(inet_pton(AF_INET6, "::ffff:192.0.2.1", &mapped.in6.sin6_addr), 1);
    record_pack(&packed, &mapped);
    cr_assert_eq(packed.family, AF_INET);
    cr_assert_eq(packed.ip[0], 192);
    cr_assert_eq(packed.ip[3], 1);
}
