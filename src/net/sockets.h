/* SPDX-License-Identifier: MIT */
/* listener: the listening sockets. All socket(2), bind(2) and listen(2) calls of the daemon are here, and so
 * is the adoption of sockets: from systemd, from the process that an upgrade replaces, or from the generation
 * before. */
#ifndef SOCKGREET_LISTENER_H
#define SOCKGREET_LISTENER_H

#include "base/address.h"
#include "conf/conf.h"

#include <stdatomic.h>

#define LISTENER_LABEL_MAX    255 /* of a descriptor in systemd's store (sd_pid_notify_with_fds(3)) */
#define LISTENER_LABEL_PREFIX "sockgreet/" /* tells our own from those of a .socket unit */

/* A socket in the kernel. It lives as long as a generation has it. */
struct bound_socket {
    struct bound_socket *next; /* of all there are */
    int fd;
    unsigned references;
    const struct listener_set *newest; /* that took it */
    struct address address;            /* as bound */
    bool owned;   /* made by us or an earlier life of ours: its Unix path is ours to remove */
    bool retired; /* takes no new connections: only generations that end have it */
    bool stored;  /* the service manager holds a copy */
    char label[LISTENER_LABEL_MAX + 1];
};

/* The same socket as one generation configures it. */
struct listener_socket {
    struct bound_socket *bound;
    int fd;
    uint16_t index;                   /* of its listener in the configuration */
    const struct conf_listener *conf; /* likewise */
    struct address address;           /* as bound */
    bool any;                         /* the server's address differs from client to client */
};

struct listener_set {
    struct listener_socket *sockets;
    size_t count;
};

/* Takes the descriptors that systemd or an upgraded process passed (sd_listen_fds(3)) and clears the
 * environment of them. Call once, before any other descriptor is opened. Returns how many of them an earlier
 * life of this service had, or -errno. */
int listener_inherit(void);

/* Opens every socket of conf: those that any set or the inherited ones have already are shared or adopted by
 * type and address, the rest are new. Every failure is logged with the listener's name and line. Returns 0,
 * or -errno of the first failure, when nothing has changed. */
int listener_open(struct listener_set *set, const struct conf *conf);

/* Has the service manager keep a copy of each socket that it does not have yet. */
void listener_store(const struct listener_set *set);

/* Applies what a kept socket can still change, now that it is certain that it will serve: backlog, mode and
 * owner. */
void listener_settle(const struct listener_set *set);

/* Closes the inherited descriptors that no listener wanted. */
void listener_forget_inherited(void);

/* Whether set has this socket. */
bool listener_has(const struct listener_set *set, const struct bound_socket *bound);

/* Stops new connections from coming in at those of set's sockets that other does not have, as far as a
 * protocol can, so that who is queued there can be served before they close. retired has a flag for each of
 * set's sockets, set for these. */
void listener_retire(const struct listener_set *set, const struct listener_set *other, _Atomic bool *retired);

/* In a worker: closes the sockets of other generations, which would otherwise stay open as long as it lives.
 */
void listener_close_others(const struct listener_set *set);

/* Gives the set back; sockets that nobody else has are closed. Their Unix paths, and systemd.s copies, are
 * removed unless keep. */
void listener_close(struct listener_set *set, bool keep);

#endif
