/* SPDX-License-Identifier: MIT */
/* summary: logs the number of clients that were not logged one by one, for the whole service.
 *
 * Each logger adds what its slot's counters have grown by to shared counts; the first logger that is due logs
 * and resets these. */
#ifndef SOCKGREET_SUMMARY_H
#define SOCKGREET_SUMMARY_H

#include "conf/conf.h"
#include "shm/shared.h"

#include <stdbool.h>
#include <stdint.h>

/* Adds what the slot has counted since the last call. */
void summary_hand_over(const struct conf *conf, const struct shared *shared, unsigned worker);

/* Whether the caller has to log the next summary, because the interval since the last one, at *since, is
 * over.
 */
bool summary_take_turn(const struct conf *conf, struct shared_service *service, int64_t *since, int64_t now);

/* Writes a line with its count. Returns false if the log did not accept it; it is then logged later. */
typedef bool summary_write(int level, const char *message_id, uint64_t count, const char *message);

/* Logs the shared counts, a line for each kind; each: log.greetings is "each". */
void summary_report(struct shared_counts *unreported, bool each, double seconds, summary_write *write);

/* Logs how many clients were over a limit, and the source of most of them. Not repeated if the log does not
 * accept it. */
void summary_report_refused(const struct talkers *refused, bool dry_run, summary_write *write);

#endif
