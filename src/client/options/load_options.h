/* SPDX-License-Identifier: MIT */
/* load_options: --load, and the options that need it. */
#ifndef SOCKGREET_LOAD_OPTIONS_H
#define SOCKGREET_LOAD_OPTIONS_H

#include "client/load/limit.h"
#include "client/load/plan.h"

#include <argp.h>
#include <stdbool.h>
#include <stdint.h>

#define LOAD_LIMITS_MAX 16

struct load_options {
    bool chosen;
    const char *needs_load; /* an option that was given and needs --load; NULL: none */
    double rate;            /* 0: closed loop */
    unsigned connections;   /* 0: not given; so are the next two */
    unsigned threads;
    int64_t duration_ns;
    unsigned cpus[PLAN_THREADS_MAX], cpu_count;
    unsigned sources;
    const char *greeting; /* NULL: not given */
    size_t greeting_length;
    const char *plot; /* a path, or NULL */
    struct limit limits[LOAD_LIMITS_MAX];
    size_t limit_count;
};

/* A child parser whose input is a struct load_options, all zero to begin with. */
extern const struct argp load_options_argp;

#endif
