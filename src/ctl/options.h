/* SPDX-License-Identifier: MIT */
/* cmdline: the command line of sockgreetctl. */
#ifndef SOCKGREET_CTL_CMDLINE_H
#define SOCKGREET_CTL_CMDLINE_H

#include <sys/types.h>

enum ctl_command { CTL_RELOAD, CTL_STATUS };

struct ctl_cmdline {
    enum ctl_command command;
    pid_t pid;        /* of the master; 0: the one in the pid file */
    unsigned timeout; /* seconds */
};

/* Reads argv. Leaves by itself, with 0 after --help and --version and 64 (EX_USAGE) after an error. */
void ctl_cmdline_parse(int argc, char **argv, struct ctl_cmdline *cmdline);

#endif
