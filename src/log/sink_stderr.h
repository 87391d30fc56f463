/* SPDX-License-Identifier: MIT */
/* sink_stderr: writes entries as lines: with a time for people, with a level for journald's stream. */
#ifndef SOCKGREET_SINK_STDERR_H
#define SOCKGREET_SINK_STDERR_H

#include <stdatomic.h>
#include <stdbool.h>

struct sink_stderr {
    int fd;
    bool is_journal;   /* journald's stream: "<6>text" */
    _Atomic bool *cut; /* shared by all writers: the last line was cut short */
};

/* Whether standard error is the stream that systemd connected to the journal. */
bool sink_stderr_is_journal(void);

/* Writes one line; starts a new one if the last was cut. May wait for the reader. Returns 0, or -errno if not
 * all of it was accepted. */
int sink_stderr_write(const struct sink_stderr *sink, int level, const char *message);

/* The same without ever waiting: -EAGAIN if there is no room now. */
int sink_stderr_write_now(const struct sink_stderr *sink, int level, const char *message);

#endif
