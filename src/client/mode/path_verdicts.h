/* SPDX-License-Identifier: MIT */
/* path_verdicts: compares what was sent with what the server received, with a verdict for each topic. */
#ifndef SOCKGREET_PATH_VERDICTS_H
#define SOCKGREET_PATH_VERDICTS_H

#include "client/mode/path_leg.h"

#include <stddef.h>

#define PATH_VERDICT_TEXT (2 * ADDRESS_TEXT_MAX + 64)

/* The topics of verdicts, with their words in JSON, in the order of output. */
#define PATH_TOPICS(X)                                                           \
    X(ANSWER, "answer")           /* there is none */                            \
    X(SAYS, "says")               /* the server does not say what it received */ \
    X(WHO, "who")                 /* the server that answered */                 \
    X(SOURCE, "source")           /* address and port of the client */           \
    X(DESTINATION, "destination") /* those of the server */                      \
    X(PROXY, "proxy")                                                            \
    X(HOPS, "hops")                                                              \
    X(DSCP, "dscp")                                                              \
    X(ECN, "ecn")                                                                \
    X(MSS, "mss")                                                                \
    X(MSS_BACK, "mss_back")                                                      \
    X(OPTIONS, "tcp_options")                                                    \
    X(MTU, "path_mtu")                                                           \
    X(MTU_BACK, "path_mtu_back")                                                 \
    X(LOSS, "loss") /* requests were repeated */                                 \
    X(RTT, "rtt")                                                                \
    X(NOT_SAID, "not_said") /* what the server does not report */

#define PATH_TOPIC_ENUMERATOR(id, word) PATH_TOPIC_##id,
enum path_topic { PATH_TOPICS(PATH_TOPIC_ENUMERATOR) PATH_TOPIC_COUNT };

enum path_finding {
    PATH_KEPT,    /* arrived as it was sent */
    PATH_CHANGED, /* did not arrive as it was sent */
    PATH_FIGURE,  /* a measured value */
    PATH_MISSING, /* not known */
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

/* Compares, for one leg. */
void path_verdicts_judge(struct path_verdicts *verdicts, const struct path_leg *leg);

/* "source", "dscp", ...; "kept", "changed", "figure", "missing". */
const char *path_verdicts_topic(enum path_topic topic);
const char *path_verdicts_finding(enum path_finding finding);

#endif
