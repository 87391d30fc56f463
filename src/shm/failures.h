/* SPDX-License-Identifier: MIT */
/* failures: what the log did not accept, shared by all processes of the service. */
#ifndef SOCKGREET_LOG_FAILURES_H
#define SOCKGREET_LOG_FAILURES_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct log_failures {
    _Atomic uint64_t events; /* events of the service that were lost */
    _Atomic bool line_cut;   /* the last line on standard error was cut short */
    _Atomic bool journal;    /* the journal did not accept the last entry, which was reported */
};

#endif
