/* SPDX-License-Identifier: MIT */
/* path_seen: what a server says that it saw, out of its greeting as JSON (doc/greeting.schema.json). Nothing
 * of it is believed: each member is a number in its range or an address, or is not known. */
#ifndef SOCKGREET_PATH_SEEN_H
#define SOCKGREET_PATH_SEEN_H

#include "base/address.h"

#include <stdbool.h>
#include <stddef.h>

#define PATH_SEEN_SCHEMA  1
#define PATH_SEEN_LETTERS 41 /* TCP options in a header, and an end */
#define PATH_SEEN_NAME    65

enum path_says {
    PATH_SAYS_NOTHING, /* the greeting is not JSON */
    PATH_SAYS_CUT,     /* it begins as JSON, but does not end so */
    PATH_SAYS_OTHER,   /* it is JSON, but of something else */
    PATH_SAYS_LATER,   /* of a schema that is not known here */
    PATH_SAYS_ENOUGH   /* it has at least the client's address */
};

enum path_ecn { PATH_ECN_NONE, PATH_ECN_ECT1, PATH_ECN_ECT0, PATH_ECN_CE, PATH_ECN_ASKED };

struct path_seen {
    enum path_says says;
    char instance[PATH_SEEN_NAME];   /* printable ASCII; who answered */
    struct address client, server;   /* length 0: not known */
    int proxied;                     /* 0 or 1; as all numbers here -1: not known */
    struct address proxy;            /* length 0: not known */
    int ttl, dscp, ecn;              /* ecn: enum path_ecn */
    int mss, path_mtu;               /* bytes */
    double rtt_ms;                   /* negative: not known */
    bool has_options;                /* the next is known */
    char options[PATH_SEEN_LETTERS]; /* letters of the TCP options */
};

/* Reads a greeting. */
void path_seen_parse(struct path_seen *seen, const char *greeting, size_t length);

#endif
