/* SPDX-License-Identifier: MIT */
/* discover_options: --discover. */
#ifndef SOCKGREET_DISCOVER_OPTIONS_H
#define SOCKGREET_DISCOVER_OPTIONS_H

#include <argp.h>
#include <stdbool.h>

struct discover_options {
    bool chosen;
};

/* A child parser whose input is a struct discover_options, all zero to begin with. */
extern const struct argp discover_options_argp;

#endif
