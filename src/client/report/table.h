/* SPDX-License-Identifier: MIT */
/* table: prints a row for each address of the targets (-a). */
#ifndef SOCKGREET_REPORT_TABLE_H
#define SOCKGREET_REPORT_TABLE_H

#include "client/report/report.h"
#include "client/report/terminal.h"
#include "client/streams.h"

struct table {
    struct streams *streams;
    struct terminal terminal; /* standard output */
    bool quiet;
    bool verbose;
    int width; /* of the addresses */
    bool has_head;
};

/* The width of the addresses of targets. */
int table_width(const struct target_list *targets);

/* Its context is a struct table. */
extern const struct report_ops table_ops;

#endif
