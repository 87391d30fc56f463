/* SPDX-License-Identifier: MIT */
/* conn: a connected stream client while a thread serves it, and the pool of them. */
#ifndef SOCKGREET_CONN_H
#define SOCKGREET_CONN_H

#include "base/peer.h"
#include "base/seen.h"
#include "serve/loop.h"
#include "serve/timers.h"
#include "service/request.h"

#include <stdbool.h>

struct acceptor;
struct unsent_copies;
struct stage;
struct proxy_info;

struct conn {
    struct watch watch;
    struct acceptor *acceptor;
    struct unsent_copies *copies;
    struct conn *next_free;    /* in the pool */
    const struct stage *stage; /* its current step, see steps.h */
    int fd;                    /* -1: not in use */
    uint8_t epoch;
    bool is_deferred : 1;           /* its events are handled later (see deferred.h) */
    bool peer_ended : 1;            /* the client's end of file was received */
    bool input_full : 1;            /* it has sent more than is discarded */
    bool ended : 1;                 /* our end of file was sent: the close may come later */
    bool client_known : 1;          /* see conn_learn_client() */
    bool server_known : 1;          /* see conn_learn_peer() */
    bool for_itself : 1;            /* a proxy's own connection, such as a health check */
    struct service_request request; /* if the listener's service reads one */
    uint32_t discarded;
    uint32_t sent;
    uint32_t unsent_length;
    const char *unsent;            /* rest of the greeting */
    char *copy;                    /* holds unsent if it was rendered for this client; malloc'ed */
    void *part;                    /* of an incomplete PROXY header or request; malloc'ed */
    struct proxy_info *proxy_info; /* or NULL; malloc'ed */
    uint32_t copy_size;            /* bytes of copy */
    uint32_t watched;              /* events that the loop watches it for */
    struct timer idle;             /* deadline of its next progress */
    struct timer total;            /* deadline of the step */
    struct peer peer;
    int64_t arrived; /* monotonic ns */
    uint64_t held;   /* counted for its source: see guard_hold(); 0: not */
};

_Static_assert(sizeof(struct conn) <= 256, "the memory that a lingering client needs");

/* A fixed number of clients; memory pages are used only as they are needed, the lowest first. */
struct conn_pool {
    struct conn *all;
    struct conn *free;
    unsigned room;    /* capacity */
    unsigned touched; /* how many have been used */
    unsigned active;
    uint8_t epoch;
    unsigned old; /* active clients of an earlier epoch */
};

/* Reserves room. Returns 0 or -errno. */
int conn_pool_open(struct conn_pool *pool, unsigned room);
void conn_pool_close(struct conn_pool *pool);

/* Begins a new epoch: clients that are active now count as old. */
void conn_pool_begin_epoch(struct conn_pool *pool);

/* A zeroed client, or NULL if all are in use. */
struct conn *conn_new(struct conn_pool *pool);
void conn_free(struct conn_pool *pool, struct conn *conn);

/* Returns memory to the system if all clients have ended and there were many. */
void conn_pool_trim(struct conn_pool *pool);

/* Fills conn->peer. Asks the kernel for what is not known yet, once. */
void conn_learn_peer(struct conn *conn);

/* The same, only for the client's end. */
void conn_learn_client(struct conn *conn);

/* Takes the server's address from the client's SYN, if it is known, which saves a system call. */
void conn_learn_server(struct conn *conn, const struct seen *seen);

#endif
