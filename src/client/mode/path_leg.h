/* SPDX-License-Identifier: MIT */
/* path_leg: how one request over one transport was sent, and what its answer shows. */
#ifndef SOCKGREET_PATH_LEG_H
#define SOCKGREET_PATH_LEG_H

#include "base/address.h"
#include "base/transport.h"
#include "client/ask/outcome.h"
#include "client/errors.h"
#include "client/mode/path_seen.h"

#include <stdbool.h>
#include <stdint.h>

#define PATH_UNKNOWN (-1) /* for every number below that is not known */

/* TCP options of a connection request, as bits. */
enum path_option { PATH_SCALE = 1, PATH_SACK = 2, PATH_TIMESTAMPS = 4 };

/* How the path MTU was found. */
enum path_mtu_source {
    PATH_MTU_NOT_SEARCHED,
    PATH_MTU_OWN,      /* a datagram of the interface's MTU arrived */
    PATH_MTU_REPORTED, /* reported by a router, and verified */
    PATH_MTU_FOUND,    /* larger ones are lost without a report */
    PATH_MTU_UNSURE    /* a wrong report, or no time left: a lower bound */
};

struct path_mtu {
    enum path_mtu_source source;
    int own;               /* MTU of this machine's interface */
    int there;             /* bytes of the largest packet that arrived */
    struct address router; /* that reported it; length 0: none */
    unsigned datagrams;    /* sent for the search */
};

struct path_leg {
    enum transport transport;
    struct address peer, local;
    int64_t started_ns;     /* of the monotonic clock */
    int64_t connect_ns;     /* duration; PATH_UNKNOWN: not connected */
    int sends;              /* number of requests until one was answered; TCP: of connection requests */
    enum outcome outcome;   /* LOCAL: this machine could not send; OTHER also before it is known */
    char error[ERRORS_MAX]; /* why there is no answer */

    bool marks_lost;  /* packets with DSCP and ECN were lost; all else is of packets without */
    int lost_dscp;    /* DSCP of the lost packets */
    int ttl, dscp;    /* sent */
    int ecn;          /* sent, 0 to 3; over TCP 1 if the connection request asks for ECN, else 0 */
    int mss;          /* TCP: sent */
    int offered;      /* TCP: enum path_option, sent */
    int request_size; /* UDP: bytes of the payload */

    int back_ttl;        /* of the answer, as received */
    int back_dscp;       /* of the answer, as received */
    int back_mss;        /* TCP: the server's, as received */
    int agreed;          /* TCP: enum path_option that both ends use */
    bool ecn_agreed;     /* TCP */
    int own_mtu;         /* TCP: path MTU as this kernel knows it */
    int64_t rtt_ns;      /* TCP: of the handshake, by the kernel; UDP: request to answer */
    struct path_mtu mtu; /* UDP */
    struct path_seen seen;
};

#endif
