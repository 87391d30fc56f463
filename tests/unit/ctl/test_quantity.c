/* SPDX-License-Identifier: MIT */
#include "ctl/quantity.h"

#include <criterion/criterion.h>

static char room[QUANTITY_MAX];

Test(quantity, rates)
{
    static const struct {
        double value;
        const char *text;
    } cases[] = {{-1, "-"},
                 {0, "0"},
                 {0.04, "0"},
                 {0.24, "0.2"},
                 {1, "1"},
                 {99.94, "99.9"},
                 {99.96, "100"},
                 {100.4, "100"},
                 {12345, "12345"},
                 {999999, "999999"},
                 {1000000, "1.00 M"},
                 {12345678, "12.3 M"},
                 {999999999, "1.00 G"},
                 {9e18, "9.00 E"},
                 {9e30, "9000000000000 E"}};

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        cr_expect_str_eq(quantity_rate(room, cases[i].value), cases[i].text, "%f: %s", cases[i].value, room);
}

Test(quantity, bytes)
{
    static const struct {
        double value;
        const char *text;
    } cases[] = {{-1, "-"},          {0, "0 B"},          {999, "999 B"},
                 {999.6, "1.00 kB"}, {1500, "1.50 kB"},   {98765, "98.8 kB"},
                 {123456, "123 kB"}, {999600, "1.00 MB"}, {2.5e9, "2.50 GB"}};

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        cr_expect_str_eq(quantity_bytes(room, cases[i].value), cases[i].text, "%f: %s", cases[i].value, room);
}
