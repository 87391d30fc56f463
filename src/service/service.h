/* SPDX-License-Identifier: MIT */
/* service: what a listener tells its clients. Each kind of answer is a file of this room and a row of the
 * table in services.c; who serves knows only what is here. */
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

/* What is said out of files. */
struct files {
    /* Returns 0 and the content, which lasts until the text is compiled, or -errno with an error that begins
     * behind the file's name. NULL: no file can be read. */
    int (*read)(void *context, const char *path, const char **content, struct message *error);
    /* The quotes as a format has them, or NULL if there are none. NULL: there are none. */
    const struct quotes *(*quotes)(void *context, enum format format);
    void *context;
};

struct metrics;

/* What is known of a listener when the configuration is loaded. NULL: not known, and taken as empty. */
struct site {
    const struct host *host;
    const char *listener;  /* its name */
    const char *transport; /* one of transport_name()'s */
    const char *path;      /* of a Unix listener */
    enum format format;
    bool has_proxies; /* clients come through them */
    struct files files;
    bool is_daily;       /* service qotd: says the quote of the day */
    bool weighs_by_load; /* service agent */
};

/* Who answers: one thread of a worker. */
struct speaker {
    pid_t pid;
    unsigned worker, generation; /* its slot, and of which generation it is */
    uint64_t id;                 /* random: no other thread has it, nor had */
    int64_t service_began;       /* monotonic ns */
};

/* What the answer to one client can depend on. */
struct occasion {
    const struct peer *peer;
    const struct speaker *speaker;
    unsigned needs;                 /* of the plan, for this answer */
    uint64_t answers;               /* that the speaker had given */
    struct service_request request; /* of a service that waits for one */
    const struct moment *moment;    /* now, as exactly as the plan needs it */
    int64_t now;                    /* monotonic ns, of the turn of the thread */
    int64_t arrived;                /* monotonic ns, when it was accepted, or its datagram read */
    const struct moment *accepted;  /* the same by the calendar, if the plan needs it */
    const struct seen *seen;        /* as far as the plan needs it */
    const unsigned long *load;      /* of the machine, in hundredths; NULL: not needed, or not known */
    const char *interface;          /* that the client came in by, if the plan needs it; "": not known */
    uint32_t received;              /* bytes that had come of the client, if the plan needs it */
    uint32_t held;                  /* connections of its source, if the plan needs it; 0: not known */
    const struct state *state;      /* of the service; NULL if the plan does not need it */
    const struct metrics *metrics;  /* likewise, what the whole service has counted */
};

/* How exactly a plan has to know the time. */
enum plan_time { PLAN_NO_TIME, PLAN_SECOND, PLAN_INSTANT };

/* What else a plan has to know, which costs something for each client: a system call, or more bytes. */
enum plan_need {
    PLAN_PACKET = 1 << 0,     /* the headers of the client's first packet */
    PLAN_CONNECTION = 1 << 1, /* what the kernel measured of the connection */
    PLAN_ORIGINAL = 1 << 2,   /* what a proxy says of the client, but for its address */
    PLAN_STATE = 1 << 3,      /* of the service */
    PLAN_INTERFACE = 1 << 4,  /* that the client came in by */
    PLAN_STAMP = 1 << 5,      /* when the kernel got the client's datagram */
    PLAN_ACCEPTED = 1 << 6,   /* when the client was accepted, by the calendar */
    PLAN_RECEIVED = 1 << 7,   /* how much the client had sent */
    PLAN_HELD = 1 << 8,       /* how many connections the client's source has */
    PLAN_METRICS = 1 << 9,    /* what the whole service counted: see shared_metrics() */
    PLAN_TOTALS = 1 << 10,    /* of that, what is not of a listener */
    PLAN_LOAD = 1 << 11       /* of the machine */
};

#define PLAN_SOCKET  (PLAN_PACKET | PLAN_INTERFACE | PLAN_STAMP) /* what a socket is prepared for */
#define PLAN_NETWORK (PLAN_PACKET | PLAN_CONNECTION | PLAN_ORIGINAL | PLAN_INTERFACE)

/* What a service made of a listener's text. It begins the service's own struct, and lives in the arena. */
struct plan {
    const struct service *service;
    const char *bytes; /* the whole answer if is_constant */
    size_t length;     /* of bytes; 0 if not is_constant */
    bool is_constant;  /* the same for every client */
    enum plan_time time;
    unsigned needs;     /* enum plan_need */
    size_t longest;     /* bytes that an answer can have */
    const char *prefix; /* what every answer begins with */
    size_t prefix_length;
};

struct service {
    const char *name;
    unsigned transports; /* a bit for each enum transport that it can answer on */
    bool says_text;      /* the greeting of its listener, in the format of that */
    bool says_quotes;    /* of its site, which has some */
    bool tells_weight;   /* which can depend on the load of the machine */
    bool is_private;     /* what it tells is not for everybody */

    /* Makes a plan of length bytes of text, the listener's greeting if it says that, all of it in arena.
     * Returns NULL with errors. NULL: the service says the same whatever the listener, see fixed. */
    const struct plan *(*compile)(struct arena *arena, const char *text, size_t length,
                                  const struct site *site, struct template_errors *errors);
    const struct plan *fixed; /* the plan without compile */

    /* Reads what has come of a client's request. NULL: the service speaks first. */
    void (*read)(const char *bytes, size_t length, enum request_input input, struct service_request *request);

    /* What the answer to a request needs of what the plan needs (enum plan_need). NULL: all of it. */
    unsigned (*needs)(const struct plan *plan, const struct service_request *request);

    /* Writes the answer to one client; out has room for the plan's longest. Returns the length. */
    size_t (*answer)(const struct plan *plan, const struct occasion *occasion, char *out);
};

#define SERVICE_ON(transport) (1u << (transport))
#define SERVICE_ON_ALL        (SERVICE_ON(TRANSPORT_COUNT) - 1)
#define SERVICE_ON_STREAMS    (SERVICE_ON(TRANSPORT_TCP) | SERVICE_ON(TRANSPORT_UNIX))

#endif
