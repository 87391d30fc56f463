/* SPDX-License-Identifier: MIT */
/* path_verdicts: compares what a leg was sent with and what the server saw, and says of each thing what
 * became of it. */
#ifndef SOCKGREET_PATH_VERDICTS_H
#define SOCKGREET_PATH_VERDICTS_H

#include "client/mode/path_leg.h"

#include <stddef.h>

#define PATH_VERDICT_TEXT (2 * ADDRESS_TEXT_MAX + 64)

/* What a verdict is about, with its word in JSON, in the order in which they are given. */
#define PATH_TOPICS(X)                                                           \
    X(ANSWER, "answer")           /* that there is none */                       \
    X(SAYS, "says")               /* that the server does not say what it saw */ \
    X(WHO, "who")                 /* who answered */                             \
    X(SOURCE, "source")           /* address and port of this side */            \
    X(DESTINATION, "destination") /* those that were asked */                    \
    X(PROXY, "proxy")                                                            \
    X(HOPS, "hops")                                                              \
    X(DSCP, "dscp")                                                              \
    X(ECN, "ecn")                                                                \
    X(MSS, "mss")                                                                \
    X(MSS_BACK, "mss_back")                                                      \
    X(OPTIONS, "tcp_options")                                                    \
    X(MTU, "path_mtu")                                                           \
    X(MTU_BACK, "path_mtu_back")                                                 \
    X(LOSS, "loss") /* that requests were repeated */                            \
    X(RTT, "rtt")                                                                \
    X(NOT_SAID, "not_said") /* what a server that says something leaves out */

#define PATH_TOPIC_ENUMERATOR(id, word) PATH_TOPIC_##id,
enum path_topic { PATH_TOPICS(PATH_TOPIC_ENUMERATOR) PATH_TOPIC_COUNT };

enum path_finding {
    PATH_KEPT,    /* arrived as it was sent */
    PATH_CHANGED, /* did not */
    PATH_FIGURE,  /* a value that can be neither */
    PATH_MISSING, /* it is not known */
    PATH_FINDING_COUNT
};

struct path_verdict {
    enum path_topic topic;
    enum path_finding finding;
    char text[PATH_VERDICT_TEXT]; /* one line, printable ASCII */
};

struct path_verdicts {
    size_t count;
    struct path_verdict list[PATH_TOPIC_COUNT]; /* at most one of each topic, in their order */
};

/* Judges a leg. */
void path_verdicts_judge(struct path_verdicts *verdicts, const struct path_leg *leg);

/* "source", "dscp", ...; "kept", "changed", "figure", "missing". */
const char *path_verdicts_topic(enum path_topic topic);
const char *path_verdicts_finding(enum path_finding finding);

#endif
