/* SPDX-License-Identifier: MIT */
/* asking: how requests are made, the same for all of a run. */
#ifndef SOCKGREET_ASKING_H
#define SOCKGREET_ASKING_H

#include "client/ask/dial.h"
#include "client/ask/loop.h"
#include "client/ask/proxy_writer.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ASKING_SCRATCH 65536 /* no datagram is larger */

struct asking {
    struct loop *loop;
    char *scratch; /* ASKING_SCRATCH bytes to receive into */
    const struct dial_source *source;
    int64_t timeout_ns; /* for all of a request */
    size_t pad;         /* bytes of a datagram that asks, at least */
    bool connect_only;  /* -z */
    bool whole;         /* wait for the end of file, also after a line and silence */
    bool first_only;    /* a connection request that TCP had to repeat counts as lost */
    bool http;          /* the message is an HTTP request, the answer has a header */
    struct proxy_writer proxy;
    const char *message; /* what is sent; NULL: nothing */
    size_t message_length;
};

#endif
