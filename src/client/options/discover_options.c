/* SPDX-License-Identifier: MIT */
#include "client/options/discover_options.h"

enum key { KEY_DISCOVER = 0x300 };

static const struct argp_option options[] = {
    {"discover", KEY_DISCOVER, NULL, 0,
     "List the servers that answer a broadcast (IPv6: ff02::1) on the local networks", 0},
    {0},
};

static error_t parse_option(int key, char *argument, struct argp_state *state)
{
    struct discover_options *discover = state->input;

    (void)argument;
    if (key != KEY_DISCOVER)
        return ARGP_ERR_UNKNOWN;
    discover->chosen = true;
    return 0;
}

const struct argp discover_options_argp = {.options = options, .parser = parse_option};
