/* SPDX-License-Identifier: MIT */
/* sink_journal: writes entries with fields to journald; the only module that knows its interface. */
#ifndef SOCKGREET_SINK_JOURNAL_H
#define SOCKGREET_SINK_JOURNAL_H

#include <stddef.h>

/* Sends one entry, and may wait for journald. message_id may be NULL; each field is one "KEY=VALUE" string.
 * Returns 0, or -errno if the journal did not accept it. */
int sink_journal_write(int level, const char *message_id, const char *message, const char *const *fields,
                       size_t field_count);

#endif
