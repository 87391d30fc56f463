/* SPDX-License-Identifier: MIT */
/* path_options: --path, which compares what was sent with what the server received. */
#ifndef SOCKGREET_PATH_OPTIONS_H
#define SOCKGREET_PATH_OPTIONS_H

#include <argp.h>
#include <stdbool.h>

struct path_options {
    bool chosen;
};

/* A child parser whose input is a struct path_options, all zero to begin with. */
extern const struct argp path_options_argp;

#endif
