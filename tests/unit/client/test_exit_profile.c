/* SPDX-License-Identifier: MIT */
#include "client/exit_profile.h"

#include <criterion/criterion.h>

static void expect(const char *name, int ok, int warning, int critical, int unknown)
{
    enum exit_profile profile;

    cr_assert(exit_profile_from_name(name, &profile));
    cr_assert_eq(exit_profile_status(profile, NAGIOS_OK), ok);
    cr_assert_eq(exit_profile_status(profile, NAGIOS_WARNING), warning);
    cr_assert_eq(exit_profile_status(profile, NAGIOS_CRITICAL), critical);
    cr_assert_eq(exit_profile_status(profile, NAGIOS_UNKNOWN), unknown);
}

Test(exit_profile, statuses)
{
    expect("ping", 0, 0, 1, 2);
    expect("nagios", 0, 1, 2, 3);
    expect("keepalived", 0, 0, 1, 1);
}

Test(exit_profile, other_names)
{
    enum exit_profile profile;

    cr_assert_not(exit_profile_from_name("", &profile));
    cr_assert_not(exit_profile_from_name("Ping", &profile));
    cr_assert_not(exit_profile_from_name("nagios2", &profile));
}
