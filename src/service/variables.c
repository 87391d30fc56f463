/* SPDX-License-Identifier: MIT */
#include "service/variables.h"

enum moment { AT_LOAD, PER_EPOCH, PER_CLIENT, QUOTED };

static const struct row {
    const char *name;
    enum moment known;
    size_t longest_ip;
    size_t longest_unix;
    enum template_argument argument;
} rows[VARIABLE_COUNT] = {
#define ROW(identifier, name, known, ip, un, argument) {#name, known, ip, un, TEMPLATE_ARGUMENT_##argument},
    VARIABLES(ROW)
#undef ROW
};

const char *variables_name(enum variable variable)
{
    return rows[variable].name;
}

bool variables_known_at_load(enum variable variable)
{
    return rows[variable].known == AT_LOAD;
}

bool variables_known_per_epoch(enum variable variable)
{
    return rows[variable].known == PER_EPOCH;
}

size_t variables_longest(enum variable variable, bool ip, bool unix_too)
{
    size_t of_ip = ip ? rows[variable].longest_ip : 0, of_unix = unix_too ? rows[variable].longest_unix : 0;

    return of_ip > of_unix ? of_ip : of_unix;
}

enum template_argument variables_argument(enum variable variable)
{
    return rows[variable].argument;
}
