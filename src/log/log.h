/* SPDX-License-Identifier: MIT */
/* log: levels, events and their destination; the only process-wide singleton.
 *
 * An event is something that happened to the service (a worker died, a file was refused); events of clients
 * are records (record.h). Neither the master nor a greeting thread ever waits for a log: once log_use_ring()
 * was called, events go into a ring that a logger thread drains; before that, straight to standard error if
 * it accepts them. Lost events are counted, and a logger reports how many. */
#ifndef SOCKGREET_LOG_H
#define SOCKGREET_LOG_H

#include "conf/conf.h"
#include "conf/conf_messages.h"
#include "log/message_ids.h"
#include "shm/event.h"
#include "shm/failures.h"
#include "shm/ring.h"

#include <stdatomic.h>
#include <syslog.h>

/* Sets where to write, and the lowest level. Before it is called: standard error, from LOG_INFO. */
void log_open(enum conf_log_target target, int level);

/* Sets where all processes of the service note entries that the log did not accept; NULL: in this process
 * alone. */
void log_share(struct log_failures *failures);

/* Whether an entry of this level would be written. */
bool log_wants(int level);

/* From now on events of this process go into ring; asleep and wake_fd (an eventfd) serve to wake its
 * reader. */
void log_use_ring(const struct ring *ring, _Atomic uint32_t *asleep, int wake_fd);

/* From now on events go straight to standard error. log_flush() writes the events that the ring still holds;
 * to be called first, by the ring's only remaining reader. */
void log_use_stderr(void);
void log_flush(void);

/* Wakes a logger that sleeps (see logger.h). */
void log_wake(_Atomic uint32_t *asleep, int wake_fd);

/* Writes an event. message_id is one of message_ids.h or NULL; fields are KEY, VALUE pairs ended by NULL, or
 * NULL. */
void log_event(int level, const char *message_id, const char *const fields[], const char *format, ...)
    __attribute__((format(printf, 4, 5)));
#define LOG_FIELDS(...) ((const char *const[]){__VA_ARGS__, NULL})

/* Writes each message of the loader as an event: warnings as such, errors as those of a refused
 * configuration. NULL is allowed. */
void log_conf_messages(const struct conf_messages *messages);

/* From now on errors are also collected in buffer, one per line, as far as they fit; NULL ends that. */
void log_capture(char *buffer, size_t size);

/* Shorthands for events without fields or kind. */
#define log_error(...)   log_event(LOG_ERR, NULL, NULL, __VA_ARGS__)
#define log_warning(...) log_event(LOG_WARNING, NULL, NULL, __VA_ARGS__)
#define log_notice(...)  log_event(LOG_NOTICE, NULL, NULL, __VA_ARGS__)
#define log_info(...)    log_event(LOG_INFO, NULL, NULL, __VA_ARGS__)

/* For logger threads only, because all of them may wait. One entry; each field is one "KEY=VALUE" string, so
 * that no value can forge another field. Returns false if the log did not accept all of it. */
bool log_write(int level, const char *message_id, const char *message, const char *const *fields,
               size_t field_count);

/* The same, with the field SOCKGREET_COUNT. */
bool log_write_count(int level, const char *message_id, uint64_t count, const char *message);

/* Writes an event that was copied from a ring, whose strings may lack their ends. */
void log_write_event(struct event *event);

/* Reports how many events were lost since the last report. */
void log_report_lost(void);

#endif
