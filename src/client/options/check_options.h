/* SPDX-License-Identifier: MIT */
/* check_options: the options of check_sockgreet, with the letters of the Monitoring Plugins Development
 * Guidelines and of check_tcp. */
#ifndef SOCKGREET_CHECK_OPTIONS_H
#define SOCKGREET_CHECK_OPTIONS_H

#include "client/nagios.h"
#include "client/options/options.h"

#include <stdbool.h>

struct check_options {
    struct cmdline cmdline; /* one request to operands[0] */
    char *operand;
    bool has_warning, has_critical;
    struct nagios_range warning, critical; /* of the time of the answer in seconds */
};

/* Fills options from the arguments. Ends the program after --help and -V, and on wrong usage, with the status
 * UNKNOWN. */
void check_options_parse(struct check_options *options, int argc, char **argv, struct streams *streams);

#endif
