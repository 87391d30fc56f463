/* SPDX-License-Identifier: MIT */
/* conn: a connected stream client while it is in a thread's hands, and the pool they come from. */
#ifndef SOCKGREET_CONN_H
#define SOCKGREET_CONN_H

#include "base/peer.h"
#include "base/seen.h"
#include "serve/loop.h"
#include "serve/timers.h"
#include "service/request.h"

#include <stdbool.h>
#include <stddef.h>

struct acceptor;
struct unsent_copies;
struct stage;
struct proxy_info;

struct conn {
    struct watch watch;
    struct acceptor *acceptor;
    struct unsent_copies *copies;
    struct conn *next_free;    /* in the pool */
    const struct stage *stage; /* what happens to it now, see steps.h */
    int fd;                    /* -1: not in use */
    uint8_t epoch;
    bool is_deferred : 1;           /* watched, but not waited for (see deferred.h) */
    bool peer_ended : 1;            /* the client's end of file was seen */
    bool input_full : 1;            /* it has sent more than is read away */
    bool ended : 1;                 /* our end of file was sent: nobody waits for the close */
    bool client_known : 1;          /* see conn_learn_client() */
    bool server_known : 1;          /* see conn_learn_peer() */
    bool is_held : 1;               /* counted as its source's: see guard_hold() */
    bool for_itself : 1;            /* a proxy that asks in nobody's name */
    struct service_request request; /* where the listener's service waits for one */
    uint32_t discarded;
    uint32_t sent;
    uint32_t unsent_length;
    const char *unsent;            /* of the greeting */
    char *copy;                    /* holds rest if it was rendered for this client; malloc'ed */
    void *part;                    /* of a proxy's header or a request that is not whole; malloc'ed */
    struct proxy_info *proxy_info; /* what else it says of the client, or NULL; malloc'ed */
    uint32_t copy_size;            /* bytes of it */
    uint32_t watched;              /* by the loop, for these events */
    struct timer idle;             /* until its next progress */
    struct timer total;            /* until it is done with the step */
    struct peer peer;
    int64_t arrived; /* monotonic ns */
};

_Static_assert(sizeof(struct conn) <= 256, "what a lingering client may cost");

/* Fixed room for clients; pages are touched only as they are needed, the lowest first. */
struct conn_pool {
    struct conn *all;
    struct conn *free;
    unsigned room;    /* how many fit */
    unsigned touched; /* how many were ever in use */
    unsigned active;
    uint8_t epoch;
    unsigned old; /* active ones of an earlier epoch */
};

/* Reserves room. Returns 0 or -errno. */
int conn_pool_open(struct conn_pool *pool, unsigned room);
void conn_pool_close(struct conn_pool *pool);

/* From now on those that are active count as old. */
void conn_pool_begin_epoch(struct conn_pool *pool);

/* A zeroed client, or NULL if all are in use. */
struct conn *conn_new(struct conn_pool *pool);
void conn_free(struct conn_pool *pool, struct conn *conn);

/* Gives memory back to the system if it was many clients' and all have gone. */
void conn_pool_trim(struct conn_pool *pool);

/* Fills conn->peer, as far as it did not come with the client: the kernel is asked, once. */
void conn_learn_peer(struct conn *conn);

/* The same, of the client alone. */
void conn_learn_client(struct conn *conn);

/* The server's address, if the client's SYN says it: then the kernel need not be asked. */
void conn_learn_server(struct conn *conn, const struct seen *seen);

#endif
