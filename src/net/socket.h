/* SPDX-License-Identifier: MIT */
/* socket: one listening socket. All socket(2), bind(2) and listen(2) calls for listeners are here. What it is
 * (type, address, interface, file) is noted once, when it is made or inherited; whether it is the one that a
 * configuration means, or is in its way, is then a comparison in memory. */
#ifndef SOCKGREET_SOCKET_H
#define SOCKGREET_SOCKET_H

#include "base/address.h"
#include "conf/conf.h"
#include "net/path.h"
#include "net/wanted.h"

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
    struct path_id file;      /* of a Unix path */
    struct path_id directory; /* that the file is in */
    bool beside;              /* its file is not yet in its place (see path_bind()) */

    bool owned;        /* made by us or an earlier life of ours: its Unix path is ours to remove */
    bool inherited;    /* until the start has succeeded it is given back, not closed, if it fails */
    bool detached;     /* no new client reaches it, for good */
    bool filtered;     /* the same, but it can be undone */
    bool lent;         /* see socket_lend() */
    bool stored;       /* the service manager holds a copy */
    bool broken;       /* it was shut down, and cannot listen again */
    unsigned observed; /* see socket_observe() */
    char label[SOCKET_LABEL_MAX + 1];
};

/* What to bind beside. */
enum socket_sharing {
    SOCKET_ALONE,  /* nothing may be there */
    SOCKET_SHARED, /* SO_REUSEPORT: other sockets of ours are, which have it too */
    SOCKET_BESIDE  /* a Unix path that is ours is replaced: see path_bind() */
};

/* Creates, configures and binds a socket, and does not listen yet. Returns 0 with
 * *made, which the caller frees with socket_free(), or -errno with the
 * step that failed. */
int socket_make(const struct wanted *wanted, enum socket_sharing sharing, struct socket **made,
                const char **step);

/* Notes what the inherited descriptor fd is; its label says whether it is ours. Returns NULL with errno on
 * failure; fd stays open then. */
struct socket *socket_inherit(int fd, const char *label);

/* Closes it. Its file and the service manager's copy are removed unless keep. NULL is allowed. */
void socket_free(struct socket *socket, bool keep);

/* What socket_inherit() needs to know of it after an upgrade, when there is no service manager. */
const char *socket_short_label(const struct socket *socket);

/* Lets further sockets of this user share its port (SO_REUSEPORT), or not any more. Returns 0 or -errno. */
int socket_share(struct socket *socket, bool share);

/* Shares it until another is bound beside it; socket->lent says that this has to be undone. Returns 0 or
 * -errno. */
int socket_lend(struct socket *socket);

/* Listens, with the configured backlog; does nothing for datagrams. Returns 0 or -errno. */
int socket_listen(const struct socket *socket, const struct conf_listener *conf);

/* Puts a Unix socket that was bound beside old in its place, and undoes that (see path_publish()). */
int socket_publish(struct socket *socket, const struct socket *old);
void socket_unpublish(struct socket *socket);

/* Gives a socket that will serve what a new one would have, as far as that can be changed: options, backlog,
 * mode and owner. Returns 0, or -errno with the step that failed. */
int socket_apply_conf(struct socket *socket, const struct conf_listener *conf, const char **step);

/* Why no client reaches a socket that should serve; NULL if nothing is wrong. */
const char *socket_trouble(const struct socket *socket);

/* Whether it was made by a process of another user, so that it can share its port with none of ours. */
bool socket_is_of_other_user(const struct socket *socket);

/* Whether the socket was shut down, which any process that has it can do. */
bool socket_is_shut(const struct socket *socket);

/* "[::]:12345 on eth0", for messages. */
size_t socket_text(const struct socket *socket, char *text, size_t size);

/* Has it keep of clients' packets what plans with these needs say of them, and no more. */
void socket_observe(struct socket *socket, unsigned needs);

#endif
