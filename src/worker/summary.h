/* SPDX-License-Identifier: MIT */
/* summary: what was counted instead of written, said once for the whole service.
 *
 * Each logger hands over what its slot's counters have grown by; the first that is due says what all
 * have handed over. */
#ifndef SOCKGREET_SUMMARY_H
#define SOCKGREET_SUMMARY_H

#include "conf/conf.h"
#include "shm/shared.h"

#include <stdbool.h>
#include <stdint.h>

/* Hands over what the slot has counted since the last time. */
void summary_hand_over(const struct conf *conf, const struct shared *shared, unsigned worker);

/* Whether the caller is to say the next summary, because the last one was an interval ago: at *since. */
bool summary_take_turn(const struct conf *conf, struct shared_service *service, int64_t *since, int64_t now);

/* Writes a line with its count. Returns false if the log did not take it: it is said again later. */
typedef bool summary_write(int level, const char *message_id, uint64_t count, const char *message);

/* Says what was handed over, in a line for each kind; each: clients have entries of their own as well. */
void summary_say(struct shared_counts *unreported, bool each, double seconds, summary_write *write);

/* Says how many were over a limit, and who most of them were. They are not said again if the log does not
 * take it. */
void summary_say_refused(const struct talkers *refused, bool dry_run, summary_write *write);

#endif
