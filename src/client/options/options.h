/* SPDX-License-Identifier: MIT */
/* cmdline: the options of the client. */
#ifndef SOCKGREET_CLIENT_OPTIONS_H
#define SOCKGREET_CLIENT_OPTIONS_H

#include "client/ask/dial.h"
#include "client/exit_profile.h"
#include "client/options/ask_options.h"
#include "client/options/discover_options.h"
#include "client/options/load_options.h"
#include "client/options/path_options.h"
#include "client/streams.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum cmdline_exit { CMDLINE_ANSWERED = 0, CMDLINE_NO_ANSWER = 1, CMDLINE_ERROR = 2 };

struct cmdline {
    int family; /* AF_UNSPEC, AF_INET (-4), AF_INET6 (-6) */
    bool udp;
    const char *port; /* NULL: not given */
    const char *file; /* of targets; "-": standard input; NULL: none */
    bool counting;    /* -c or -i: a line per answer and a summary */
    unsigned count;   /* 0: until Ctrl-C or the deadline */
    int64_t interval_ns;
    int64_t deadline_ns; /* of the whole run; 0: none */
    int64_t timeout_ns;  /* of one request */
    struct dial_source source;
    struct ask_options ask;
    enum exit_profile exit_profile;
    bool all;   /* -a */
    bool json;  /* -j */
    bool watch; /* counting is set as well */
    bool resolve_once;
    bool stamps;           /* -D */
    bool tell_outstanding; /* -O */
    bool quiet;
    bool verbose;
    bool resolve;
    struct discover_options discover;
    struct path_options path;
    struct load_options load;

    char **operands;
    size_t operand_count;
};

/* Fills cmdline from the arguments. Ends the program after --help and -V, and with CMDLINE_ERROR on wrong
 * usage. */
void cmdline_parse(struct cmdline *cmdline, int argc, char **argv, struct streams *streams);

#endif
