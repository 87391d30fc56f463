/* SPDX-License-Identifier: MIT */
/* listener: the listening sockets. All socket(2), bind(2) and listen(2) calls of the daemon are here, and so is the
 * adoption of sockets that systemd passes. */
#ifndef SOCKGREET_LISTENER_H
#define SOCKGREET_LISTENER_H

#include "../common/address.h"
#include "conf.h"

struct listener_socket {
    int fd;
    uint16_t index;                   /* of its listener in the configuration */
    const struct conf_listener *conf; /* likewise */
    struct address address;           /* as bound */
    bool any;                         /* the server's address differs from client to client */
    bool unlink_path;                 /* a Unix path made here, so removed in the end */
};

struct listener_set {
    struct listener_socket *sockets;
    size_t count;
};

/* Takes the descriptors that systemd passed (sd_listen_fds(3)) and clears the environment of them. Call once, before
 * any other descriptor is opened. Returns 0 or -errno. */
int listener_inherit(void);

/* Opens every socket of conf, adopting inherited ones by type and address; the rest of those are closed with a warning.
 * Every failure is logged with the listener's name and line. Returns 0, or -errno of the first failure with nothing
 * left open. */
int listener_open(struct listener_set *set, const struct conf *conf);

/* Closes all sockets and removes the Unix paths that were made here; the paths of adopted sockets stay. */
void listener_close(struct listener_set *set);

#endif
