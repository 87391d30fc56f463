/* SPDX-License-Identifier: MIT */
/* entry: the log entry about one client: its text and its fields. */
#ifndef SOCKGREET_ENTRY_H
#define SOCKGREET_ENTRY_H

#include "conf/conf.h"
#include "shm/record.h"

#include <stdbool.h>

/* Writes the entry (proxy counts if the record is proxied), and may wait for the log. Returns false if the
 * log did not take it, or if the record, which may come from a worker that died while writing it, makes no
 * sense. */
bool entry_write(const struct conf *conf, const struct record *record, const struct peer_address *proxy);

#endif
