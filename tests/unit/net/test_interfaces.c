/* SPDX-License-Identifier: MIT */
#include "net/interfaces.h"

#include "base/util.h"

#include <criterion/criterion.h>
#include <string.h>

static struct interfaces interfaces;

Test(interfaces, knows_the_name)
{
    unsigned loopback = if_nametoindex("lo");

    cr_assert_neq(loopback, 0);
    cr_assert_str_eq(interfaces_name(&interfaces, loopback, NS_PER_S), "lo");
    cr_assert_str_eq(interfaces_name(&interfaces, loopback, NS_PER_S), "lo");
}

Test(interfaces, one_that_is_gone_has_no_name)
{
    cr_assert_str_eq(interfaces_name(&interfaces, 0, NS_PER_S), "");
    cr_assert_str_eq(interfaces_name(&interfaces, 1u << 30, NS_PER_S), "");
}

/* A name is kept for a second, and asked for again after it: here one that nobody has. */
Test(interfaces, a_name_is_asked_for_once_a_second)
{
    unsigned loopback = if_nametoindex("lo");
    const char *name = interfaces_name(&interfaces, loopback, NS_PER_S);

    strcpy(interfaces.kept[loopback % INTERFACES_KEPT].name, "old");
    cr_assert_str_eq(interfaces_name(&interfaces, loopback, 2 * NS_PER_S - 1), "old");
    cr_assert_str_eq(interfaces_name(&interfaces, loopback, 2 * NS_PER_S), "lo");
    cr_assert_str_eq(name, "lo", "where it was");
}

/* Two may have the same place, and neither is called as the other. */
Test(interfaces, another_with_the_same_place_has_its_own_name)
{
    unsigned loopback = if_nametoindex("lo");

    cr_assert_str_eq(interfaces_name(&interfaces, loopback + (INTERFACES_KEPT << 20), NS_PER_S), "");
    cr_assert_str_eq(interfaces_name(&interfaces, loopback, NS_PER_S), "lo");
    cr_assert_str_eq(interfaces_name(&interfaces, loopback + (INTERFACES_KEPT << 20), NS_PER_S), "");
}
