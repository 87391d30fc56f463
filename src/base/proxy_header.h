/* SPDX-License-Identifier: MIT */
/* proxy_header: the header with which a proxy or load balancer names its client before the client's own
 * bytes: the PROXY protocol of HAProxy, versions 1 (text) and 2 (binary), specified in that project's
 * proxy-protocol.txt. */
#ifndef SOCKGREET_PROXY_HEADER_H
#define SOCKGREET_PROXY_HEADER_H

#include "base/peer.h"

#include <stdbool.h>
#include <stddef.h>

#define PROXY_HEADER_MAX    2048 /* bytes; no known sender exceeds 600 */
#define PROXY_UNIQUE_ID_MAX 128

enum proxy_verdict {
    PROXY_HEADER_WHOLE,
    PROXY_HEADER_PART, /* valid so far; more bytes are needed */
    PROXY_HEADER_BAD
};

/* A text in a header: it points into the header's bytes, is not terminated, and may contain any bytes. */
struct proxy_text {
    const char *bytes; /* NULL: nothing */
    size_t length;
};

struct proxy_header {
    size_t length; /* bytes; the client's own follow */
    bool local;    /* the connection is the proxy's own, such as a health check */
    bool known; /* it names the client; otherwise (LOCAL, UNKNOWN, UNSPEC, Unix) the client is the sender */
    struct peer_address client, server; /* if known: the client's address, and the one that it connected to */
    struct proxy_text authority;        /* the host that the client named (2.2.2) */
    struct proxy_text unique_id;        /* the proxy's ID of this connection (2.2.5) */
};

/* Reads the header at the start of bytes. Version 1: a line of at most 107 bytes including its CRLF, numbers
 * without leading zeros (2.1). Version 2 is bad if its version, command, family or protocol is not in 2.2, if
 * the addresses or the TLVs do not fit into their length, or if a PP2_TYPE_CRC32C is wrong (2.2.3); other
 * TLVs are skipped. */
enum proxy_verdict proxy_header_read(const void *bytes, size_t length, struct proxy_header *header);

/* The same for a datagram: only version 2, and only whole. */
enum proxy_verdict proxy_header_read_datagram(const void *bytes, size_t length, struct proxy_header *header);

#endif
