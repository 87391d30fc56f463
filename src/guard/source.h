/* SPDX-License-Identifier: MIT */
/* source: which datagrams are answered at all, by where they come from and where they were sent to. */
#ifndef SOCKGREET_SOURCE_H
#define SOCKGREET_SOURCE_H

#include "base/address.h"
#include "conf/conf.h"

#include <stdbool.h>

/* What was seen of a datagram's way. */
struct source {
    const struct address *client;
    sa_family_t family; /* of the packet: AF_INET or AF_INET6, whatever the socket's */
    bool to_many;       /* it was sent to a broadcast or multicast address */
};

/* A UDP listener's answer would harm nobody: its client is one host, and not likely to answer it. */
bool source_is_answerable(const struct conf *conf, const struct conf_listener *listener,
                          const struct source *source);

/* Bytes of payload that may go to a UDP client that sent so many: to one in global address space no more than
 * it would take to have them without us (limits on amplification). */
size_t source_allowance(const struct conf_listener *listener, const struct address *client, size_t request);

#endif
