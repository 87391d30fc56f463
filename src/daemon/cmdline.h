/* SPDX-License-Identifier: MIT */
/* cmdline: the daemon's command line. */
#ifndef SOCKGREET_CMDLINE_H
#define SOCKGREET_CMDLINE_H

#include "conf/conf.h"

enum cmdline_action { CMDLINE_RUN, CMDLINE_TEST, CMDLINE_PRINT };

struct cmdline {
    struct conf_source source;
    enum cmdline_action action;
};

#define CMDLINE_GO_ON (-1)

/* Reads argv into *cmdline. Returns CMDLINE_GO_ON, or the code to exit with: 0 after --help and --version, 64
 * (EX_USAGE) after a message on stderr. After CMDLINE_GO_ON *cmdline must be freed with cmdline_free(). */
int cmdline_parse(int argc, char **argv, struct cmdline *cmdline);

void cmdline_free(struct cmdline *cmdline);

#endif
