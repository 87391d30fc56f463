/* SPDX-License-Identifier: MIT */
#include "client/options/path_options.h"

enum key { KEY_PATH = 0x400 };

static const struct argp_option options[] = {
    {"path", KEY_PATH, NULL, 0, "Show what the network changes: addresses, DSCP, MSS, path MTU and more", 0},
    {0},
};

static error_t parse_option(int key, char *argument, struct argp_state *state)
{
    struct path_options *path = state->input;

    (void)argument;
    if (key != KEY_PATH)
        return ARGP_ERR_UNKNOWN;
    path->chosen = true;
    return 0;
}

const struct argp path_options_argp = {.options = options, .parser = parse_option};
