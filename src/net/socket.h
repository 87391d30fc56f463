/* SPDX-License-Identifier: MIT */
/* socket: one listening socket. All socket(2), bind(2) and listen(2) calls for listeners are here. What it is
 * (type, address, interface, file) is noted once, when it is made or inherited; whether it is the one that a
 * configuration means, or is in its way, is then a comparison in memory. */
#ifndef SOCKGREET_SOCKET_H
#define SOCKGREET_SOCKET_H

#include "base/address.h"
#include "conf/conf.h"
#include "net/path.h"

#include <net/if.h>
#include <stdbool.h>

#define SOCKET_LABEL_MAX 255 /* of a descriptor in systemd's store (sd_pid_notify_with_fds(3)) */

/* A socket in the kernel. It lives as long as a generation has it. */
struct socket {
    struct socket *next;      /* of all there are */
    struct socket **link;     /* to this one */
    struct socket *next_same; /* of those with the same hash */
    int fd;
    unsigned references; /* generations that have it */
    unsigned mark;       /* see registry_mark() */

    enum transport transport;
    struct address address; /* as bound */
    bool v6only;            /* an IPv6 address that serves no IPv4 */
    unsigned interface;     /* index; 0: none */
    char interface_name[IF_NAMESIZE];
    struct path_id file; /* of a Unix path */
    bool beside;         /* its file is not yet in its place (see path_bind()) */

    bool owned;     /* made by us or an earlier life of ours: its Unix path is ours to remove */
    bool inherited; /* until the start has succeeded it is given back, not closed, if it fails */
    bool detached;  /* no new client reaches it, for good */
    bool filtered;  /* the same, but it can be undone */
    bool stored;    /* the service manager holds a copy */
    bool broken;    /* somebody has shut it down, and it cannot be opened again */
    char label[SOCKET_LABEL_MAX + 1];
};

/* One endpoint of a listener, with what the kernel says of it now. */
struct socket_wanted {
    const struct conf_listener *conf;
    struct conf_endpoint endpoint;
    unsigned interface; /* index of conf->interface; 0: it has none, or there is no such interface */
};

/* A dual-stack endpoint becomes 0.0.0.0 where there is no IPv6. */
struct socket_wanted socket_want(const struct conf_listener *conf, const struct conf_endpoint *endpoint);

/* What to bind beside. */
enum socket_sharing {
    SOCKET_ALONE,  /* nothing may be there */
    SOCKET_SHARED, /* SO_REUSEPORT: other sockets of ours are, which have it too */
    SOCKET_BESIDE  /* a Unix path that is ours is replaced: see path_bind() */
};

/* Creates, configures and binds a socket, and does not listen yet. Returns 0 with
 * *made, which the caller frees with socket_free(), or -errno with the
 * step that failed. */
int socket_make(const struct socket_wanted *wanted, enum socket_sharing sharing, struct socket **made,
                const char **step);

/* Notes what the inherited descriptor fd is; its label says whether it is ours. Returns NULL with errno on
 * failure; fd stays open then. */
struct socket *socket_inherit(int fd, const char *label);

/* Closes it. Its file and the service manager's copy are removed unless keep. NULL is allowed. */
void socket_free(struct socket *socket, bool keep);

/* What socket_inherit() needs to know of it after an upgrade, when there is no service manager. */
const char *socket_short_label(const struct socket *socket);

/* A number that is the same for sockets and endpoints that may match. */
unsigned socket_hash(const struct socket *socket);
unsigned socket_wanted_hash(const struct socket_wanted *wanted);

/* Whether it is the socket that is wanted, and can serve: type, address, v6only, interface, file. */
bool socket_matches(const struct socket *socket, const struct socket_wanted *wanted);

/* Whether the two cannot be bound side by side without SO_REUSEPORT. */
bool socket_overlaps(const struct socket *socket, const struct socket_wanted *wanted);

/* Whether every client of the socket would reach the one that is wanted, if that were alone. */
bool socket_is_covered(const struct socket *socket, const struct socket_wanted *wanted);

/* Lets further sockets of this user share a socket's port, or not any more. Returns 0 or -errno. */
int socket_allow_sharing(const struct socket *socket, bool allow);

/* Listens, with the configured backlog; does nothing for datagrams. Returns 0 or -errno. */
int socket_listen(const struct socket *socket, const struct conf_listener *conf);

/* Puts a Unix socket that was bound beside old in its place, and undoes that (see path_publish()). */
int socket_publish(struct socket *socket, const struct socket *old);
void socket_unpublish(struct socket *socket);

/* Gives a socket that will serve what a new one would have, as far as that can be changed: options, backlog,
 * mode and owner. Returns 0, or -errno with the step that failed. */
int socket_settle(struct socket *socket, const struct conf_listener *conf, const char **step);

/* From now on no new client reaches it; whoever is queued can still be served. A Unix path is removed. What
 * systemd owns stays as it is. */
void socket_retire(struct socket *socket);

/* Whether socket_retire() can take it out of the way of others. A TCP socket that has an interface can be
 * given another one by the privileged only (CAP_NET_RAW). */
bool socket_can_be_detached(const struct socket *socket, bool privileged);

/* Why no client reaches a socket that should serve; NULL if nothing is wrong. */
const char *socket_trouble(const struct socket *socket);

/* Whether it was made by a process of another user, so that it can share its port with none of ours. */
bool socket_is_of_other_user(const struct socket *socket);

/* Whether somebody shut the socket down, which any process that has it can do. */
bool socket_is_shut(const struct socket *socket);

/* "[::]:12345 on eth0", for messages. */
size_t socket_text(const struct socket *socket, char *text, size_t size);

#endif
