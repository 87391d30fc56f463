/* SPDX-License-Identifier: MIT */
/* outcome: the classes of results of requests. */
#ifndef SOCKGREET_OUTCOME_H
#define SOCKGREET_OUTCOME_H

/* Scripts look for these words in messages, summaries and JSON. */
#define OUTCOMES(X)                                                                    \
    X(ANSWERED, "ANSWERED")                                                            \
    X(DNS, "DNS")                 /* the name has no address, or its look-up failed */ \
    X(REFUSED, "REFUSED")         /* the host reports that nothing listens there */    \
    X(TIMEOUT, "TIMEOUT")         /* no answer in time */                              \
    X(RESET, "RESET")             /* the connection was reset */                       \
    X(UNREACHABLE, "UNREACHABLE") /* reported by a router, a filter or this host */    \
    X(UNEXPECTED, "UNEXPECTED")   /* an answer, but not the expected one */            \
    X(OTHER, "OTHER")             /* closed without a greeting, a greeting too long */ \
    X(LOCAL, "LOCAL")             /* this machine could not send it: not a loss */

#define OUTCOME_ENUMERATOR(id, word) OUTCOME_##id,
enum outcome { OUTCOMES(OUTCOME_ENUMERATOR) OUTCOME_COUNT };

/* "ANSWERED", "DNS", ... */
const char *outcome_word(enum outcome outcome);

/* The class of an errno value that ended a request; 0 is OUTCOME_ANSWERED. */
enum outcome outcome_of_errno(int error);

#endif
