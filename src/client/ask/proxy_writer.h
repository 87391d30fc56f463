/* SPDX-License-Identifier: MIT */
/* proxy_writer: the header that a proxy puts in front of a client's bytes: the PROXY protocol, versions 1 and
 * 2 (proxy-protocol.txt of the HAProxy project, sections 2.1 and 2.2). */
#ifndef SOCKGREET_PROXY_WRITER_H
#define SOCKGREET_PROXY_WRITER_H

#include "base/address.h"
#include "base/message.h"

#include <stdbool.h>
#include <stddef.h>

#define PROXY_WRITER_MAX 128 /* bytes */

struct proxy_writer {
    unsigned version;           /* 1 or 2; 0: no header */
    bool is_given;              /* the addresses were given; otherwise those of the connection */
    struct address source;      /* client address in the header */
    struct address destination; /* server address in the header, of the same family */
};

/* Reads "v1" or "v2", with ",SOURCE,DESTINATION" after it where each is ADDRESS:PORT. Returns 0, or -1 with a
 * message in error. */
int proxy_writer_parse(struct proxy_writer *writer, const char *text, struct message *error);

/* Writes the header for a connection from local to peer; of type SOCK_STREAM or SOCK_DGRAM. For a Unix
 * connection without given addresses, the client is unknown. Returns the length. */
size_t proxy_writer_write(const struct proxy_writer *writer, int type, const struct address *local,
                          const struct address *peer, char header[PROXY_WRITER_MAX]);

#endif
