/* SPDX-License-Identifier: MIT */
#include "base/suggest.h"

#include <criterion/criterion.h>

Test(suggest, distances)
{
    cr_assert_eq(suggest_distance("port", "port"), 0);
    cr_assert_eq(suggest_distance("prot", "port"), 1);
    cr_assert_eq(suggest_distance("adress", "address"), 1);
    cr_assert_eq(suggest_distance("lingr_totall", "linger_total"), 2);
    cr_assert_eq(suggest_distance("processes", "workers.processes"), 1);
    cr_assert_eq(suggest_distance("HostName", "hostname"), 0);
    cr_assert_gt(suggest_distance("a", "b"), SUGGEST_MAX);
    cr_assert_gt(suggest_distance("colour", "port"), SUGGEST_MAX);
}

Test(suggest, takes_the_nearest_and_none_that_is_far)
{
    struct suggestion meant = SUGGESTION_NONE;

    suggest_try(&meant, "ofice", "guests", 6);
    cr_assert_str_eq(meant.name, "");
    suggest_try(&meant, "ofice", "offices", 7);
    cr_assert_str_eq(meant.name, "offices");
    suggest_try(&meant, "ofice", "office.rest", 6);
    cr_assert_str_eq(meant.name, "office");
    suggest_try(&meant, "ofice", "offices", 7);
    cr_assert_str_eq(meant.name, "office");
}
