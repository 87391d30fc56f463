/* SPDX-License-Identifier: MIT */
/* socket: one listening socket. All socket(2), bind(2) and listen(2) calls for listeners are here. Its
 * identity (type, address, interface, file) is stored once, when it is created or inherited; whether it is
 * the one that a configuration wants, or overlaps it, is then a comparison in memory. */
#ifndef SOCKGREET_SOCKET_H
#define SOCKGREET_SOCKET_H

#include "base/address.h"
#include "conf/conf.h"
#include "net/path.h"
#include "net/wanted.h"

#include <net/if.h>
#include <stdbool.h>

#define SOCKET_LABEL_MAX 255 /* of a descriptor in systemd's store (sd_pid_notify_with_fds(3)) */

/* A socket in the kernel. It exists as long as a generation has it. */
struct socket {
    struct socket *next;      /* in the registry */
    struct socket **link;     /* the pointer to this one */
    struct socket *next_same; /* with the same hash */
    int fd;
    unsigned references; /* generations that have it */
    unsigned mark;       /* see registry_mark() */

    enum transport transport;
    struct address address; /* as bound */
    bool v6only;            /* an IPv6 socket that does not accept IPv4 clients */
    unsigned interface;     /* index; 0: none */
    char interface_name[IF_NAMESIZE];
    struct path_id file;      /* of a Unix path */
    struct path_id directory; /* that the file is in */
    bool beside;              /* its file still has the temporary name (see path_bind()) */

    bool owned;     /* created by this process or an earlier one of the service, which may remove its path */
    bool inherited; /* and the start has not succeeded yet: if it fails, the socket is not removed */
    bool detached;  /* new clients do not reach it, permanently */
    bool filtered;  /* the same, but it can be undone */
    bool lent;      /* see socket_lend() */
    bool stored;    /* the service manager has a copy */
    bool broken;    /* it was shut down, and cannot listen again */
    unsigned observed; /* see socket_observe() */
    char label[SOCKET_LABEL_MAX + 1];
};

/* Which existing sockets a new one may overlap. */
enum socket_sharing {
    SOCKET_ALONE,  /* none */
    SOCKET_SHARED, /* those of this service that have SO_REUSEPORT set, too */
    SOCKET_BESIDE  /* a Unix path of this service, which it will replace: see path_bind() */
};

/* Creates, configures and binds a socket, and does not listen yet. Returns 0 with
 * *made, which the caller frees with socket_free(), or -errno with the
 * step that failed. */
int socket_make(const struct wanted *wanted, enum socket_sharing sharing, struct socket **made,
                const char **step);

/* Creates it from the inherited descriptor fd; its label tells whether this service had created it. Returns
 * NULL with errno on failure; fd then stays open. */
struct socket *socket_inherit(int fd, const char *label);

/* Closes it, and removes its file and the service manager's copy unless keep. NULL is allowed. */
void socket_free(struct socket *socket, bool keep);

/* The label that an upgrade passes to socket_inherit() of the new process. */
const char *socket_short_label(const struct socket *socket);

/* Sets whether other sockets of this user can share its port (SO_REUSEPORT). Returns 0 or -errno. */
int socket_share(struct socket *socket, bool share);

/* Shares its port until an overlapping socket is bound; sets socket->lent if that has to be undone. Returns 0
 * or -errno. */
int socket_lend(struct socket *socket);

/* Listens with the configured backlog; does nothing for datagram sockets. Returns 0 or -errno. */
int socket_listen(const struct socket *socket, const struct conf_listener *conf);

/* Moves a Unix socket from its temporary name to its path, replacing old; or undoes that (see
 * path_publish()). */
int socket_publish(struct socket *socket, const struct socket *old);
void socket_unpublish(struct socket *socket);

/* Applies the configuration to an existing socket, as far as it can be changed: options, backlog, mode and
 * owner. Returns 0, or -errno with the step that failed. */
int socket_apply_conf(struct socket *socket, const struct conf_listener *conf, const char **step);

/* Why clients cannot reach a socket that should serve; NULL if they can. */
const char *socket_trouble(const struct socket *socket);

/* Whether it was created by a process of another user, so that no socket of this process can share its port.
 */
bool socket_is_of_other_user(const struct socket *socket);

/* Whether the socket was shut down, as any process that has it can do. */
bool socket_is_shut(const struct socket *socket);

/* "[::]:12345 on eth0", for messages. */
size_t socket_text(const struct socket *socket, char *text, size_t size);

/* Sets it up to keep the packet information that plans with these needs use, and no other. */
void socket_observe(struct socket *socket, unsigned needs);

#endif
