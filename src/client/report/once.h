/* SPDX-License-Identifier: MIT */
/* once: what the client prints of one request to each target: greetings on standard output, as they came, and
 * failures on standard error. */
#ifndef SOCKGREET_ONCE_H
#define SOCKGREET_ONCE_H

#include "client/report/report.h"
#include "client/report/terminal.h"
#include "client/streams.h"

struct once {
    struct streams *streams;
    struct terminal terminal; /* standard output: greetings are made safe for one */
    bool quiet;
    bool verbose;
    bool whole; /* the end of file was waited for */
    bool many_targets;
};

/* Its context is a struct once. */
extern const struct report_ops once_ops;

#endif
