/* SPDX-License-Identifier: MIT */
/* proxy_header: what a proxy or load balancer says of its client in front of the client's own bytes: the
 * PROXY protocol of HAProxy, versions 1 (a line of text) and 2 (binary); its specification is
 * proxy-protocol.txt of that project. */
#ifndef SOCKGREET_PROXY_HEADER_H
#define SOCKGREET_PROXY_HEADER_H

#include "base/peer.h"

#include <stdbool.h>
#include <stddef.h>

#define PROXY_HEADER_MAX    2048 /* bytes; of version 2, with all that senders add: no sender known has 600 */
#define PROXY_UNIQUE_ID_MAX 128

enum proxy_verdict {
    PROXY_HEADER_WHOLE,
    PROXY_HEADER_PART, /* valid so far; more bytes must come */
    PROXY_HEADER_BAD
};

/* What a header says in words. It is in the header's bytes, not terminated, and may hold anything. */
struct proxy_text {
    const char *bytes; /* NULL: nothing */
    size_t length;
};

struct proxy_header {
    size_t length; /* bytes, after which the client's own begin */
    bool local;    /* the proxy asks for itself */
    bool known;    /* it names the client; otherwise (LOCAL, UNKNOWN, UNSPEC, Unix) that is the sender */
    struct peer_address client, server; /* if known: whence the client came, and what it asked for */
    struct proxy_text authority;        /* the host that the client named (2.2.2) */
    struct proxy_text unique_id;        /* what the proxy calls this connection (2.2.5) */
};

/* Reads the header that bytes begin with. Of version 1: a line of at most 107 bytes with its CRLF, numbers
 * without leading zeros (2.1). Of version 2: a version, command, family or protocol that is not in 2.2 is
 * bad, as are a length in which the addresses or the TLVs do not fit, and a PP2_TYPE_CRC32C that is wrong
 * (2.2.3); TLVs that nothing here is made of are skipped. */
enum proxy_verdict proxy_header_read(const void *bytes, size_t length, struct proxy_header *header);

/* The same of a datagram of size bytes, of which the first length are here: version 2, whole. */
enum proxy_verdict proxy_header_read_datagram(const void *bytes, size_t length, struct proxy_header *header);

#endif
