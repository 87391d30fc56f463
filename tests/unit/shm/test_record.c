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

/* Arrival and duration, as they are read so long after the end. */
static void times(int64_t arrived, int64_t ended, int64_t after, int64_t wanted_duration)
{
    struct record record = {.bytes = 1};
    int64_t got, duration;

    record_set_times(&record, arrived, ended);
    record_times(&record, ended + after, &got, &duration);
    cr_expect_eq(duration, wanted_duration);
    cr_expect_eq(got, ended - wanted_duration);
}

#define HOUR (3600 * NS_PER_S)

Test(record, keeps_times_to_the_microsecond)
{
    times(0, 0, 0, 0);
    times(5000, 1234567000, NS_PER_S, 1234562000);
    times(1000 * HOUR, 1000 * HOUR + 26000, 0, 26000);
    times(400 * HOUR, 500 * HOUR, 200 * HOUR, 100 * HOUR);
}

Test(record, what_lasts_longer_than_fits_is_as_long_as_fits)
{
    times(0, 1000 * HOUR, NS_PER_S, ((INT64_C(1) << 40) - 1) * 1000);
}
