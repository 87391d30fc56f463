/* SPDX-License-Identifier: MIT */
#include "client/load/tally.h"

#include <errno.h>
#include <string.h>

const char *tally_word(unsigned class)
{
    if (class == TALLY_SHORT)
        return "SHORT";
    return class == TALLY_WRONG ? "WRONG" : outcome_word((enum outcome) class);
}

unsigned tally_class_of(int error)
{
    switch (error) {
    case EADDRINUSE:
    case EADDRNOTAVAIL: /* all ports are in use */
    case EMFILE:
    case ENFILE:
    case ENOBUFS:
    case ENOMEM:
        return OUTCOME_LOCAL;
    default:
        return outcome_of_errno(error);
    }
}

unsigned tally_judge(const char *greeting, size_t greeting_length, const char *bytes, size_t length)
{
    if (!greeting)
        return length ? OUTCOME_ANSWERED : OUTCOME_OTHER;
    if (length > greeting_length || memcmp(greeting, bytes, length) != 0)
        return TALLY_WRONG;
    return length == greeting_length ? OUTCOME_ANSWERED : TALLY_SHORT;
}

void tally_merge(struct tally *tally, const struct tally *other)
{
    for (unsigned class = 0; class < TALLY_CLASSES; class ++)
        tally->ended[class] += other->ended[class];
    tally->unexpected += other->unexpected;
    tally->unfinished += other->unfinished;
    if (other->local_error)
        tally->local_error = other->local_error;
    if (other->last_ns > tally->last_ns)
        tally->last_ns = other->last_ns;
    histogram_merge(&tally->latency, &other->latency);
}

uint64_t tally_errors(const struct tally *tally)
{
    uint64_t errors = 0;

    for (unsigned class = 0; class < TALLY_CLASSES; class ++)
        if (class != OUTCOME_ANSWERED)
            errors += tally->ended[class];
    return errors;
}
