/* SPDX-License-Identifier: MIT */
/* request_settings: how requests are made; the same for all requests to a target. */
#ifndef SOCKGREET_REQUEST_SETTINGS_H
#define SOCKGREET_REQUEST_SETTINGS_H

#include "client/ask/dial.h"
#include "client/ask/loop.h"
#include "client/ask/proxy_writer.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define REQUEST_SETTINGS_SCRATCH 65536 /* no datagram is larger */

struct request_settings {
    struct loop *loop;
    char *scratch; /* REQUEST_SETTINGS_SCRATCH bytes to receive into */
    const struct dial_source *source;
    int64_t timeout_ns; /* of a whole request */
    size_t pad;         /* minimum size of a request datagram in bytes */
    bool connect_only;  /* -z */
    bool whole;         /* wait for the end of file, even after a line and silence */
    bool first_only;    /* a connection request that TCP had to retransmit counts as lost */
    bool http;          /* the message is an HTTP request, the answer has a header */
    struct proxy_writer proxy;
    const char *message; /* what is sent; NULL: nothing */
    size_t message_length;
};

#endif
