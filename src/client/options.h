/* SPDX-License-Identifier: MIT */
/* cmdline: the options of the client. */
#ifndef SOCKGREET_CMDLINE_H
#define SOCKGREET_CMDLINE_H

#include "client/streams.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CMDLINE_PAD_DEFAULT 512   /* no greeting over UDP is longer, so no reply is larger than its request */
#define CMDLINE_PAD_MAX     65507 /* 65535 less the headers of IPv4 and UDP */

enum cmdline_exit { CMDLINE_ANSWERED = 0, CMDLINE_NO_ANSWER = 1, CMDLINE_ERROR = 2 };

struct cmdline {
    int family; /* AF_UNSPEC, AF_INET (-4), AF_INET6 (-6) */
    bool udp;
    const char *port; /* NULL: not given */
    bool counting;    /* -c: a line per answer and a summary */
    unsigned count;   /* 0: until Ctrl-C or the deadline */
    int64_t interval_ns;
    int64_t deadline_ns; /* of the whole run; 0: none */
    int64_t timeout_ns;  /* of one request */
    const char *source;  /* NULL: the kernel chooses */
    bool quiet;
    bool verbose;
    bool resolve;
    size_t pad; /* bytes of a datagram that asks */

    char **operands;
    size_t operand_count;
};

/* Fills cmdline from the arguments. Ends the program after --help and -V, and with CMDLINE_ERROR on wrong
 * usage. */
void cmdline_parse(struct cmdline *cmdline, int argc, char **argv, struct streams *streams);

#endif
