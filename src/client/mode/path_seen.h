/* SPDX-License-Identifier: MIT */
/* path_seen: what a server received, as its JSON greeting says (doc/greeting.schema.json). The server is not
 * trusted: a member that is not an address or a number in its range is not known. */
#ifndef SOCKGREET_PATH_SEEN_H
#define SOCKGREET_PATH_SEEN_H

#include "base/address.h"

#include <stdbool.h>
#include <stddef.h>

#define PATH_SEEN_SCHEMA  1
#define PATH_SEEN_LETTERS 41 /* TCP options in a header, and the NUL */
#define PATH_SEEN_NAME    65

enum path_says {
    PATH_SAYS_NOTHING, /* the greeting is not JSON */
    PATH_SAYS_CUT,     /* it is truncated JSON */
    PATH_SAYS_OTHER,   /* it is JSON, but not a greeting of sockgreetd */
    PATH_SAYS_LATER,   /* its schema is newer than this client's */
    PATH_SAYS_ENOUGH   /* it has at least the client's address */
};

enum path_ecn { PATH_ECN_NONE, PATH_ECN_ECT1, PATH_ECN_ECT0, PATH_ECN_CE, PATH_ECN_ASKED };

struct path_seen {
    enum path_says says;
    char instance[PATH_SEEN_NAME];   /* printable ASCII; the server that answered */
    struct address client, server;   /* length 0: not known */
    int proxied;                     /* 0 or 1; -1, as in all numbers here: not known */
    struct address proxy;            /* length 0: not known */
    int ttl, dscp, ecn;              /* ecn: enum path_ecn */
    int mss, path_mtu;               /* bytes */
    double rtt_ms;                   /* negative: not known */
    bool has_options;                /* options is known */
    char options[PATH_SEEN_LETTERS]; /* letters of the TCP options */
};

/* Reads a greeting. */
void path_seen_parse(struct path_seen *seen, const char *greeting, size_t length);

#endif
