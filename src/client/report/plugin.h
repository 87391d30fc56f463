/* SPDX-License-Identifier: MIT */
/* plugin: the one result of check_sockgreet, kept until its line is printed. */
#ifndef SOCKGREET_PLUGIN_H
#define SOCKGREET_PLUGIN_H

#include "client/nagios.h"
#include "client/options/check_options.h"
#include "client/report/report.h"

#define PLUGIN_TEXT_MAX 512

struct plugin {
    const struct check_options *options;
    enum nagios_state state; /* UNKNOWN until there is a result */
    double seconds;          /* of the answer, NAN without one */
    char text[PLUGIN_TEXT_MAX];
};

/* Its context is a struct plugin. */
extern const struct report_ops plugin_ops;

/* Prints the line with its performance data. */
void plugin_print(FILE *out, const struct plugin *plugin);

#endif
