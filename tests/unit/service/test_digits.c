/* SPDX-License-Identifier: MIT */
#include "service/digits.h"

#include <criterion/criterion.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void check(const char *text, size_t length, const char *expected)
{
    cr_assert_eq(length, strlen(expected), "%s", expected);
    cr_assert_eq(memcmp(text, expected, length), 0, "%.*s, not %s", (int)length, text, expected);
}

/* What printf(3) writes. */
static void compare(uint64_t number)
{
    char text[64], expected[64];

    snprintf(expected, sizeof(expected), "%" PRId64, (int64_t)number);
    check(text, digits_write(text, sizeof(text), (int64_t)number), expected);
    snprintf(expected, sizeof(expected), "%" PRIu64 ".%03" PRIu64, number / 1000, number % 1000);
    check(text, digits_write_fixed(text, sizeof(text), number, 3), expected);
    snprintf(expected, sizeof(expected), "%05" PRIx64, number);
    check(text, digits_write_hex(text, sizeof(text), number, 5), expected);
    snprintf(expected, sizeof(expected), "%016" PRIx64, number);
    check(text, digits_write_hex(text, sizeof(text), number, 16), expected);
}

Test(digits, are_those_of_printf)
{
    static const uint64_t some[] = {
        0, 1, 9, 10, 99, 100, 999, 1000, 65535, UINT32_MAX, INT64_MAX, (uint64_t)INT64_MIN, UINT64_MAX};

    for (size_t i = 0; i < sizeof(some) / sizeof(some[0]); i++)
        compare(some[i]);
    srandom(1);
    for (int i = 0; i < 10000; i++)
        compare(((uint64_t)random() << 32 | (uint64_t)random()) >> random() % 64);
}

Test(digits, are_those_of_addresses)
{
    char text[16];

    check(text, digits_write_ipv4(text, sizeof(text), (const uint8_t[]){192, 0, 2, 1}), "192.0.2.1");
    check(text, digits_write_ipv4(text, sizeof(text), (const uint8_t[]){0, 0, 0, 0}), "0.0.0.0");
    check(text, digits_write_ipv4(text, sizeof(text), (const uint8_t[]){255, 255, 255, 255}),
          "255.255.255.255");
}

Test(digits, are_cut_where_there_is_no_room)
{
    char text[4] = "xxxx";

    check(text, digits_write(text, 3, 123456), "123");
    check(text, digits_write(text, 0, 123456), "");
    cr_assert_eq(text[3], 'x');
}
