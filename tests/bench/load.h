/* SPDX-License-Identifier: MIT */
/* load: what the load generator's threads and transports share.
 *
 * Closed loop: a fixed number of clients, each asks again as soon as it has its answer. Open loop: clients
 * start at a fixed rate, whatever the server does, and latency counts from the moment each was due, so a
 * stalled server cannot hide (coordinated omission). */
#ifndef BENCH_LOAD_H
#define BENCH_LOAD_H

#include "histogram.h"

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>

#define NS_PER_S   1000000000LL
#define CHECK_NS   (50LL * 1000 * 1000) /* between two looks for clients that waited too long */
#define ANSWER_MAX (1u << 20)

#define LOAD_THREADS_MAX 64

#define FAILURES(X)                                                        \
    X(REFUSED, "refused") /* nobody listens */                             \
    X(RESET, "reset")     /* broken off before the clean end of file */    \
    X(SHORT, "short")     /* a clean end, but not the whole greeting */    \
    X(WRONG, "wrong")     /* other bytes than expected, or more of them */ \
    X(TIMEOUT, "timeout") /* neither answer nor end in time */             \
    X(LOCAL, "local")     /* the generator itself could not: no port, no descriptor */

#define FAILURE_ENUMERATOR(id, name) FAILURE_##id,
enum failure { FAILURES(FAILURE_ENUMERATOR) FAILURE_COUNT };

struct epoll_event;

struct load_target {
    const char *text;
    int type; /* SOCK_STREAM, SOCK_DGRAM */
    union {
        struct sockaddr sa;
        struct sockaddr_in in;
        struct sockaddr_in6 in6;
        struct sockaddr_un un;
    };
    socklen_t length;
    unsigned ports; /* TCP: how many in a row, which clients take turns with */
};

struct load_options {
    struct load_target target;
    unsigned clients; /* at once, in all threads; open loop: at most */
    double rate;      /* starts a second in all threads; 0: closed loop */
    unsigned threads;
    unsigned cores[LOAD_THREADS_MAX], core_count; /* which threads take turns with; 0: any */
    double seconds;
    uint64_t requests; /* stop after so many in all threads; 0: no limit */
    double timeout;
    const char *expected; /* NULL: any text that ends in a newline */
    size_t expected_length;
    size_t talk;      /* bytes sent before reading */
    size_t payload;   /* bytes of a datagram */
    unsigned sources; /* loopback source addresses to take turns with; 0: the kernel's choice */
    bool quiet;
};

/* One thread: its share of the options, its results, and what the transports need. */
struct load_thread {
    const struct load_options *options;
    unsigned index, clients;
    uint64_t requests; /* its share; UINT64_MAX: no limit */
    int64_t start, stop, now;
    int epoll;

    int64_t gap;  /* open loop: nanoseconds between starts */
    int64_t next; /* open loop: when the next start is due */
    uint64_t started;

    uint64_t answered, failures[FAILURE_COUNT], unexpected;
    uint64_t late; /* open loop: starts more than 1 ms behind schedule */
    int64_t finished;
    uint64_t cpu_ns, queued_ns; /* ran, and was runnable but had to wait for a processor */
    struct histogram latency;
};

/* Fills in what the command line says. Returns false if it cannot be right. */
bool load_parse(struct load_options *options, int argc, char **argv);
void load_usage(FILE *out);

/* Adds up what all threads have and prints it. Returns whether every answer was right. */
bool load_report(const struct load_options *options, struct load_thread *threads);

int64_t load_now(void);

/* Each source address is in a network of its own (/24), as different hosts' are. */
in_addr_t load_source(unsigned number);

/* Whether a client may start now; if so, *due says from when its latency counts. */
bool load_may_start(struct load_thread *thread, int64_t *due);

/* Whether another client may start, now or later. */
bool load_goes_on(const struct load_thread *thread);

/* Waits for events, a due start, or CHECK_NS. Returns the number of events. */
int load_wait(struct load_thread *thread, struct epoll_event *events, int room, bool idle_client);

void load_answered(struct load_thread *thread, int64_t due);
void load_failed(struct load_thread *thread, enum failure failure);

/* Transports: run until no client is left. Return false if memory or descriptors did not suffice to begin. */
bool load_stream(struct load_thread *thread);
bool load_dgram(struct load_thread *thread);

#endif
