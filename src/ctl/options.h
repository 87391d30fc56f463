/* SPDX-License-Identifier: MIT */
/* options: the command line of sockgreetctl. */
#ifndef SOCKGREET_CTL_OPTIONS_H
#define SOCKGREET_CTL_OPTIONS_H

#include "control/protocol.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define OPTIONS_NAME_MAX 64

enum options_command {
    CTL_STATUS,
    CTL_LISTENERS,
    CTL_WORKERS,
    CTL_COUNTERS,
    CTL_CONFIG,
    CTL_STATE,
    CTL_RELOAD,
    CTL_TOP
};

struct options {
    enum options_command command;
    char request[PROTOCOL_REQUEST_MAX]; /* the command's name, with the state to set if any; "": none yet */
    const char *name;                   /* of an instance; NULL: none */
    pid_t pid;                          /* of the master; 0: not given */
    unsigned timeout;                   /* seconds */
    bool json;
    bool once;           /* top: one frame */
    int64_t interval_ns; /* top: between frames */
};

/* Whether an instance may have this name. */
bool options_name_valid(const char *name);

/* Reads argv. Exits after --help and --version with 0, or 71 (EX_OSERR) if they cannot be printed, and after
 * an error with 64 (EX_USAGE). */
void options_parse(int argc, char **argv, struct options *options);

#endif
