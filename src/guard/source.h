/* SPDX-License-Identifier: MIT */
/* source: which datagrams are answered at all, by their source and destination. */
#ifndef SOCKGREET_SOURCE_H
#define SOCKGREET_SOURCE_H

#include "base/address.h"
#include "conf/conf.h"

#include <stdbool.h>

/* The path of a datagram. */
struct source {
    const struct address *client;
    sa_family_t family; /* of the packet: AF_INET or AF_INET6, whatever the socket's */
    bool to_many;       /* it was sent to a broadcast or multicast address */
};

/* Whether a UDP listener's answer would do no harm: its client is one host, and unlikely to answer it. */
bool source_is_answerable(const struct conf *conf, const struct conf_listener *listener,
                          const struct source *source);

/* The bytes of payload that may be sent to a UDP client whose request had this size: to a client in global
 * address space no larger IP packet than max_amplification allows. */
size_t source_allowance(const struct conf_listener *listener, const struct address *client, size_t request);

#endif
