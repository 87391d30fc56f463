/* SPDX-License-Identifier: MIT */
/* json: builds the JSON objects of events (doc/client.schema.json).
 */
#ifndef SOCKGREET_REPORT_JSON_H
#define SOCKGREET_REPORT_JSON_H

#include "base/address.h"
#include "base/transport.h"
#include "client/ask/outcome.h"
#include "client/statistics.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define REPORT_JSON_SCHEMA       1           /* changes if a member is removed or redefined */
#define REPORT_JSON_GREETING_MAX 65536       /* bytes of a greeting in an event */
#define REPORT_JSON_UNKNOWN      INT64_C(-1) /* of times: null in JSON */

/* In all of these a text may be NULL, which is null in JSON, and may have any bytes: each that is not UTF-8
 * becomes U+FFFD. Points in time are nanoseconds since 1970 (CLOCK_REALTIME), durations are nanoseconds. */

/* The request that an event is about. */
struct report_json_request {
    const char *target; /* as an operand that can be used again: "tcp://localhost:12345" */
    const char *name;   /* of the host, as given; NULL for a path */
    enum transport transport;
    const struct address *peer; /* NULL: none is known */
    uint64_t sequence;
};

struct report_json_start {
    const char *const *targets;
    size_t target_count;
    uint64_t count;      /* of requests to each; 0: until interrupted */
    int64_t interval_ns; /* REPORT_JSON_UNKNOWN: there is a single request */
    int64_t timeout_ns;
};

struct report_json_answer {
    struct report_json_request request;
    const struct address *local; /* the source address */
    int64_t lookup_ns;           /* REPORT_JSON_UNKNOWN: the address was known */
    int64_t connect_ns;          /* REPORT_JSON_UNKNOWN of datagrams */
    int64_t first_ns, last_ns;   /* from the beginning to the first and the last byte */
    const char *greeting;
    size_t length;
    const char *whole; /* the whole answer; different from the greeting if that is a member of it */
    size_t whole_length;
    bool complete; /* the server ended it, not the timeout */
    const char *who;
};

/* A request that failed. The answer has what is known: a greeting only if it was not the expected one. */
struct report_json_loss {
    struct report_json_answer answer; /* last_ns: until it failed */
    enum outcome outcome;
    const char *phase; /* phase_word() of ask/attempt.h */
    const char *error; /* in words */
};

/* One address of several that are tried for a request. */
struct report_json_attempt {
    struct report_json_request request;
    const struct address *local;
    const char *result; /* "started", "connected", "failed" */
    int64_t time_ns;    /* since the request began */
    enum outcome outcome;
    const char *phase, *error; /* of a failure, else NULL */
};

/* How a target answers. */
struct report_json_state {
    enum outcome outcome;
    const char *who;
    const struct address *peer;
    const char *error; /* NULL of an answer */
};

struct report_json_change {
    struct report_json_request request;     /* the first with the new state */
    const struct report_json_state *before; /* NULL: this is the first result */
    const struct report_json_state *after;
};

struct report_json_outage {
    struct report_json_request request; /* the first that failed */
    int64_t start_ns, end_ns;           /* points in time; end_ns REPORT_JSON_UNKNOWN: not over */
    int64_t length_ns;
    uint64_t lost;
    const uint64_t *losses; /* by class, OUTCOME_COUNT of them */
    const char *who_before, *who_after;
};

struct report_json_who {
    const char *who; /* NULL: without a name */
    uint64_t answers;
};

struct report_json_summary {
    const char *target, *name;
    enum transport transport;
    int64_t duration_ns;
    const struct statistics *statistics;
    const struct report_json_who *answered_by;
    size_t answered_by_count;
    bool final; /* false: during the run */
};

/* Each builds the event of its name, with now_ns as its timestamp. The caller owns the object. NULL if out of
 * memory. */
json_t *report_json_start(const struct report_json_start *start, int64_t now_ns);
json_t *report_json_answer(const struct report_json_answer *answer, int64_t now_ns);
json_t *report_json_loss(const struct report_json_loss *loss, int64_t now_ns);
json_t *report_json_attempt(const struct report_json_attempt *attempt, int64_t now_ns);
json_t *report_json_change(const struct report_json_change *change, int64_t now_ns);
json_t *report_json_outage(const struct report_json_outage *outage, int64_t now_ns);
json_t *report_json_summary(const struct report_json_summary *summary, int64_t now_ns);

/* Prints an event on a line, safe for a terminal, and frees it. False if event is NULL or writing failed. */
bool report_json_print(FILE *out, json_t *event);

#endif
