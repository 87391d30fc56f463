/* SPDX-License-Identifier: MIT */
/* once: prints the result of one request to each target: greetings on standard output, unchanged, and
 * failures on standard error. */
#ifndef SOCKGREET_ONCE_H
#define SOCKGREET_ONCE_H

#include "client/report/report.h"
#include "client/report/terminal.h"
#include "client/streams.h"

struct once {
    struct streams *streams;
    struct terminal terminal; /* standard output: on a terminal, greetings are escaped */
    bool quiet;
    bool verbose;
    bool whole; /* --whole: wait for the end of file */
    bool many_targets;
};

/* Its context is a struct once. */
extern const struct report_ops once_ops;

#endif
