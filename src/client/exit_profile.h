/* SPDX-License-Identifier: MIT */
/* exit_profile: the exit status that another program expects (--exit-code). */
#ifndef SOCKGREET_EXIT_PROFILE_H
#define SOCKGREET_EXIT_PROFILE_H

#include "client/nagios.h"

#include <stdbool.h>

/* keepalived takes 2 and more as healthy, with a weight of the status minus 2, so only 0 and 1 are used, even
 * for a local error. */
#define EXIT_PROFILES(X)                        \
    /*  id          name          OK W  C  U */ \
    X(PING, "ping", 0, 0, 1, 2)                 \
    X(NAGIOS, "nagios", 0, 1, 2, 3)             \
    X(KEEPALIVED, "keepalived", 0, 0, 1, 1)

#define EXIT_PROFILE_ENUMERATOR(id, name, ok, warning, critical, unknown) EXIT_PROFILE_##id,
enum exit_profile { EXIT_PROFILES(EXIT_PROFILE_ENUMERATOR) EXIT_PROFILE_COUNT };

/* Finds the profile of this name; false if there is none. */
bool exit_profile_from_name(const char *name, enum exit_profile *profile);

/* The exit status: OK: answered, WARNING: answered, but slower than -w allows, CRITICAL: no answer, or not
 * the expected one, UNKNOWN: a usage or local error. */
int exit_profile_status(enum exit_profile profile, enum nagios_state state);

#endif
