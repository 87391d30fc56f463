/* SPDX-License-Identifier: MIT */
#include "client/exit_profile.h"

#include <string.h>

#define EXIT_PROFILE_NAME(id, name, ok, warning, critical, unknown)     name,
#define EXIT_PROFILE_STATUSES(id, name, ok, warning, critical, unknown) {ok, warning, critical, unknown},

bool exit_profile_from_name(const char *name, enum exit_profile *profile)
{
    static const char *const names[] = {EXIT_PROFILES(EXIT_PROFILE_NAME)};

    for (unsigned i = 0; i < EXIT_PROFILE_COUNT; i++) {
        if (strcmp(name, names[i]) == 0) {
            *profile = (enum exit_profile)i;
            return true;
        }
    }
    return false;
}

int exit_profile_status(enum exit_profile profile, enum nagios_state state)
{
    static const int statuses[][NAGIOS_STATES] = {EXIT_PROFILES(EXIT_PROFILE_STATUSES)};

    return statuses[profile][state];
}
