/* SPDX-License-Identifier: MIT */
/* entry: the log entry about one client: its text and its fields. */
#ifndef SOCKGREET_ENTRY_H
#define SOCKGREET_ENTRY_H

#include "conf/conf.h"
#include "shm/record.h"

#include <stdbool.h>

/* Writes the entry, and may wait for the log. proxy is used if the record is proxied. Returns false if the
 * log did not accept it, or if the record is invalid: a worker may have died while writing it. */
bool entry_write(const struct conf *conf, const struct record *record, const struct peer_address *proxy);

#endif
