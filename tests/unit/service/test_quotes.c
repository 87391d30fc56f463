/* SPDX-License-Identifier: MIT */
#include "service/quotes.h"

#include <criterion/criterion.h>

#define DAY 86400

static const struct quote list[] = {{"a", 1}, {"bb", 2}, {"ccc", 3}};
static const struct quotes quotes = {list, 3, 3};

Test(quotes, a_day_has_one_and_the_next_day_the_next)
{
    const time_t day = 20000;
    const struct quote *first = quotes_of_the_day(&quotes, day * DAY);

    cr_assert_eq(first, &list[20000 % 3]);
    cr_assert_eq(quotes_of_the_day(&quotes, day * DAY + DAY - 1), first);
    cr_assert_eq(quotes_of_the_day(&quotes, (day + 1) * DAY), &list[20001 % 3]);
    cr_assert_eq(quotes_of_the_day(&quotes, (day + 3) * DAY), first);
}

Test(quotes, before_1970_it_is_the_first)
{
    cr_assert_eq(quotes_of_the_day(&quotes, -1), &list[0]);
}

Test(quotes, random_ones_are_the_same_when_asked_for_again)
{
    cr_assert_eq(quotes_random(&quotes, 7, 1), quotes_random(&quotes, 7, 1));
}

/* Of 30000 about 10000 each; the deviation is 82, so 500 is six of it. */
static void assert_spread(const unsigned *counts)
{
    for (size_t i = 0; i < 3; i++)
        cr_assert(counts[i] > 9500 && counts[i] < 10500, "%u", counts[i]);
}

Test(quotes, each_is_as_likely_as_the_others)
{
    unsigned by_request[3] = {0}, by_speaker[3] = {0};

    for (uint64_t i = 0; i < 30000; i++) {
        by_request[quotes_random(&quotes, 42, i) - list]++;
        by_speaker[quotes_random(&quotes, i, 1) - list]++;
    }
    assert_spread(by_request);
    assert_spread(by_speaker);
}

Test(quotes, what_comes_next_does_not_follow_from_what_came)
{
    unsigned pairs[3][3] = {{0}};

    for (uint64_t i = 0; i < 90000; i++)
        pairs[quotes_random(&quotes, 42, i) - list][quotes_random(&quotes, 42, i + 1) - list]++;
    for (size_t i = 0; i < 3; i++)
        assert_spread(pairs[i]);
}
