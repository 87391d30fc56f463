/* SPDX-License-Identifier: MIT */
/* path_leg: what one request over one transport was sent with, and what is learnt by its answer. */
#ifndef SOCKGREET_PATH_LEG_H
#define SOCKGREET_PATH_LEG_H

#include "base/address.h"
#include "base/transport.h"
#include "client/ask/outcome.h"
#include "client/errors.h"
#include "client/mode/path_seen.h"

#include <stdbool.h>
#include <stdint.h>

#define PATH_UNKNOWN (-1) /* of every number below that is not known */

/* TCP options of a connection request, as bits. */
enum path_option { PATH_SCALE = 1, PATH_SACK = 2, PATH_TIMESTAMPS = 4 };

/* How the path MTU was found. */
enum path_mtu_source {
    PATH_MTU_NOT_SEARCHED,
    PATH_MTU_OWN,   /* a datagram as large as the own interface takes arrived */
    PATH_MTU_TOLD,  /* a router said so, and it is so */
    PATH_MTU_FOUND, /* larger ones are lost without a word */
    PATH_MTU_UNSURE /* a router said something that is not so, or the time was over: at least so much */
};

struct path_mtu {
    enum path_mtu_source source;
    int own;               /* bytes of the largest packet that the own interface takes */
    int there;             /* of the largest packet that arrived */
    struct address teller; /* the router that said so; length 0: none */
    unsigned datagrams;    /* sent for the search */
};

struct path_leg {
    enum transport transport;
    struct address peer, local;
    int64_t started_ns; /* of the monotonic clock */
    int64_t connect_ns; /* that it took; PATH_UNKNOWN: not connected */
    int sends; /* requests, because those before were not answered; of TCP requests for a connection */
    enum outcome outcome;   /* ANSWERED; LOCAL: this side could not even ask; OTHER also before it is known */
    char error[ERRORS_MAX]; /* if there is no answer, why */

    bool marks_lost;  /* the leg is what came of packets without dscp and ecn; those with them were lost */
    int lost_dscp;    /* that they had */
    int ttl, dscp;    /* sent */
    int ecn;          /* sent, 0 to 3; over TCP 1 if the connection request asks for ECN, else 0 */
    int mss;          /* TCP: sent */
    int offered;      /* TCP: enum path_option, sent */
    int request_size; /* UDP: bytes of the payload */

    int back_ttl;        /* of the answer on arrival */
    int back_dscp;       /* the same */
    int back_mss;        /* TCP: of the server's, as this side uses it */
    int agreed;          /* TCP: enum path_option that both ends use */
    bool ecn_agreed;     /* TCP */
    int own_mtu;         /* TCP: path MTU as this kernel knows it */
    int64_t rtt_ns;      /* TCP: of the handshake, by the kernel; UDP: request to answer */
    struct path_mtu mtu; /* UDP */
    struct path_seen seen;
};

#endif
