/* SPDX-License-Identifier: MIT */
/* service: what a listener answers its clients. Each service is a file of this room and a row of the table in
 * services.c; the code that serves clients uses only this interface. */
#ifndef SOCKGREET_SERVICE_H
#define SOCKGREET_SERVICE_H

#include "base/arena.h"
#include "base/peer.h"
#include "base/seen.h"
#include "base/state.h"
#include "base/transport.h"
#include "service/format.h"
#include "service/host.h"
#include "service/moment.h"
#include "service/quotes.h"
#include "service/request.h"
#include "service/template.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* The texts that come from files. */
struct files {
    /* Returns 0 and the content, which is valid until the text is compiled, or -errno with an error message
     * to be printed after the file's name. NULL: files cannot be read. */
    int (*read)(void *context, const char *path, const char **content, struct message *error);
    /* Returns the quotes, escaped for the format; NULL if there are none. NULL: there are none. */
    const struct quotes *(*quotes)(void *context, enum format format);
    void *context;
};

struct metrics;

/* The properties of a listener when the configuration is loaded. NULL or TRANSPORT_COUNT: unknown, and taken
 * as empty. */
struct site {
    const struct host *host;
    const char *listener; /* its name */
    enum transport transport;
    const char *path; /* of a Unix listener */
    enum format format;
    bool has_proxies; /* clients come through proxies */
    struct files files;
    bool is_daily;       /* service qotd: sends the quote of the day */
    bool weighs_by_load; /* service agent: reduces the weight by the load */
};

/* The thread of a worker that answers. */
struct speaker {
    pid_t pid;
    unsigned worker, generation; /* its slot, and number of its generation */
    uint64_t id;                 /* random, unique to this thread */
    int64_t service_began;       /* start of the service, monotonic ns */
};

/* What the answer to one client can depend on. */
struct occasion {
    const struct peer *peer;
    const struct speaker *speaker;
    unsigned needs;   /* of the plan, for this answer */
    uint64_t answers; /* that the speaker has given before */
    uint64_t epoch;   /* changes with the second, and with the state and counts of the service */
    void *kept;       /* plan->kept bytes of the speaker's, zeroed at first; NULL: none */
    struct service_request request; /* if the service reads one */
    const struct moment *moment;    /* now, as precise as the plan needs it */
    int64_t now;                    /* monotonic ns, of the thread's turn */
    int64_t arrived;                /* monotonic ns, when the client was accepted, or its datagram received */
    const struct moment *accepted;  /* the same as wall-clock time, if the plan needs it */
    const struct seen *seen;        /* as far as the plan needs it */
    const unsigned long *load;      /* of the machine, in hundredths; NULL: not needed, or unknown */
    const char *interface;          /* that the client came in on, if the plan needs it; "": unknown */
    uint32_t received;              /* bytes received from the client, if the plan needs it */
    uint32_t held;                  /* connections of its source, if the plan needs it; 0: unknown */
    const struct state *state;      /* of the service; NULL if the plan does not need it */
    const struct metrics *metrics;  /* of the service; NULL if the plan does not need them */
};

/* The precision of the time that a plan needs. */
enum plan_time { PLAN_NO_TIME, PLAN_SECOND, PLAN_INSTANT };

/* What else a plan needs to know of each client, at the cost of a system call or of more bytes. */
enum plan_need {
    PLAN_PACKET = 1 << 0,     /* the headers of the client's first packet */
    PLAN_CONNECTION = 1 << 1, /* what the kernel measured of the connection */
    PLAN_ORIGINAL = 1 << 2,   /* what a PROXY header contains besides the client's address */
    PLAN_STATE = 1 << 3,      /* state of the service */
    PLAN_INTERFACE = 1 << 4,  /* network interface that the client came in on */
    PLAN_STAMP = 1 << 5,      /* when the kernel received the client's datagram */
    PLAN_ACCEPTED = 1 << 6,   /* when the client was accepted, as wall-clock time */
    PLAN_RECEIVED = 1 << 7,   /* how many bytes the client has sent */
    PLAN_HELD = 1 << 8,       /* how many connections the client's source has */
    PLAN_METRICS = 1 << 9,    /* metrics of the whole service: see shared_metrics() */
    PLAN_TOTALS = 1 << 10,    /* the same without those of listeners */
    PLAN_LOAD = 1 << 11       /* load of the machine */
};

#define PLAN_SOCKET  (PLAN_PACKET | PLAN_INTERFACE | PLAN_STAMP) /* set up on the listening socket */
#define PLAN_NETWORK (PLAN_PACKET | PLAN_CONNECTION | PLAN_ORIGINAL | PLAN_INTERFACE)

/* A listener's text as compiled by its service. It is the first member of the service's own struct, in the
 * arena. */
struct plan {
    const struct service *service;
    const char *bytes; /* the whole answer if is_constant */
    size_t length;     /* of bytes; 0 if not is_constant */
    bool is_constant;  /* the same for every client */
    enum plan_time time;
    unsigned needs; /* enum plan_need */
    size_t kept;    /* bytes that each speaker keeps for it */
    size_t longest; /* bytes of the longest answer */
};

struct service {
    const char *name;
    unsigned transports; /* a bit for each enum transport that it supports */
    bool says_text;      /* sends the greeting of its listener, in the listener's format */
    bool says_quotes;    /* needs the quotes of its site */
    bool tells_weight;   /* sends the weight, which can depend on the load of the machine */
    bool is_private;     /* its answers are not meant for all clients */

    /* Compiles length bytes of text (the listener's greeting if says_text) to a plan in arena. Returns NULL
     * with errors. NULL: the plan is the same for all listeners, see fixed. */
    const struct plan *(*compile)(struct arena *arena, const char *text, size_t length,
                                  const struct site *site, struct template_errors *errors);
    const struct plan *fixed; /* the plan without compile */

    /* Reads the bytes received of a client's request. NULL: the service does not wait for a request. */
    void (*read)(const char *bytes, size_t length, enum request_input input, struct service_request *request);

    /* Which of the plan's needs the answer to this request has (enum plan_need). NULL: all of them. */
    unsigned (*needs)(const struct plan *plan, const struct service_request *request);

    /* Writes the answer to one client; out has room for the plan's longest answer. Returns the length. */
    size_t (*answer)(const struct plan *plan, const struct occasion *occasion, char *out);
};

#define SERVICE_ON(transport) (1u << (transport))
#define SERVICE_ON_ALL        (SERVICE_ON(TRANSPORT_COUNT) - 1)
#define SERVICE_ON_STREAMS    (SERVICE_ON(TRANSPORT_TCP) | SERVICE_ON(TRANSPORT_UNIX))

#endif
