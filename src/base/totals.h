/* SPDX-License-Identifier: MIT */
/* totals: counters as plain numbers. */
#ifndef SOCKGREET_TOTALS_H
#define SOCKGREET_TOTALS_H

#include "base/result.h"
#include "base/times.h"

#include <stddef.h>
#include <stdint.h>

/* All counters besides results: member, meaning. The first kind is counted for each listener. */
#define COUNTERS(BY_LISTENER, BY_THREAD)                                       \
    BY_LISTENER(taken, "clients accepted, and datagrams received")             \
    BY_LISTENER(bytes, "bytes of greetings")                                   \
    BY_THREAD(summarised, "greetings counted instead of logged one by one")    \
    BY_THREAD(dropped, "log records that the log did not accept")              \
    BY_LISTENER(abandoned, "clients being served by a worker that was killed") \
    BY_THREAD(spared, "clients over a limit that limits.dry_run admitted")     \
    BY_THREAD(accept_pauses, "times accepting paused for lack of descriptors, memory or room")

#define COUNTER_MEMBER(member, text) uint64_t member;
#define COUNTER_NONE(member, text)

/* Of the clients of one listener, or of all. */
struct tally {
    uint64_t results[RESULT_COUNT];
    COUNTERS(COUNTER_MEMBER, COUNTER_NONE)
};

struct totals {
    struct tally clients;
    COUNTERS(COUNTER_NONE, COUNTER_MEMBER)
    uint64_t times[TIMES]; /* streams: greetings by the time from accept until they were sent */
};

/* Adds other to tally, or to totals. */
void tally_add(struct tally *tally, const struct tally *other);
void totals_add(struct totals *totals, const struct totals *other);

/* Clients whose result is known, and those of them that were refused. */
uint64_t tally_served(const struct tally *tally);
uint64_t tally_refused(const struct tally *tally);
uint64_t totals_served(const struct totals *totals);

/* Clients connected now. Approximate while clients come and go, since the counters are not read at one
 * instant. */
uint64_t tally_connections(const struct tally *tally);

/* One line of text with every counter: "taken=3 sent=3 truncated=0 …". Always terminates. */
void totals_text(const struct totals *totals, char *text, size_t size);

#endif
