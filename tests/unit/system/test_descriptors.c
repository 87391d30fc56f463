/* SPDX-License-Identifier: MIT */
#include "system/descriptors.h"

#include <criterion/criterion.h>

Test(limits, shares_add_up_to_the_total)
{
    static const unsigned totals[] = {0, 1, 2, 7, 64, 10000};

    for (size_t t = 0; t < sizeof(totals) / sizeof(totals[0]); t++)
        for (unsigned count = 1; count < 20; count++) {
            unsigned sum = 0;

            for (unsigned i = 0; i < count; i++)
                sum += descriptors_share(totals[t], count, i);
            cr_assert_eq(sum, totals[t], "%u in %u shares", totals[t], count);
        }
}

Test(limits, shares_differ_by_one_at_most)
{
    cr_assert_eq(descriptors_share(10, 4, 0), 3);
    cr_assert_eq(descriptors_share(10, 4, 1), 3);
    cr_assert_eq(descriptors_share(10, 4, 2), 2);
    cr_assert_eq(descriptors_share(10, 4, 3), 2);
}
