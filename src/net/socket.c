/* SPDX-License-Identifier: MIT */
#include "net/socket.h"

#include "base/util.h"
#include "net/observe.h"
#include "net/option.h"
#include "system/notify.h"

#include <fcntl.h>
#include <poll.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define UDP_RECEIVE_BUFFER (1024 * 1024) /* room for a burst while all threads are busy */

/* Answers that their clients have not read fill the send buffer of a unix-dgram listener, and then no client
 * gets one. systemd lets 512 wait for each client (net.unix.max_dgram_qlen), each in some 800 bytes. */
#define UNIX_SEND_BUFFER (4 * 1024 * 1024)

/* Labels of sockets created by this service: short, because systemd passes all of them in one variable of at
 * most 128 KiB. For a Unix path they contain device and inode. Version 0.1.0 used the second prefix. */
#define LABEL_PREFIX     "sg."
#define LABEL_PREFIX_OLD "sockgreet/"

/* --- Identity --- */

static void note_interface(struct socket *socket)
{
    int index = 0;

    /* The index, unlike the name, is known even if the interface is gone. */
    if (option_get(socket->fd, SOL_SOCKET, SO_BINDTOIFINDEX, &index))
        socket->interface = (unsigned)index;
    if (socket->interface && !if_indextoname(socket->interface, socket->interface_name))
        socket->interface_name[0] = '\0';
}

static void note_v6only(struct socket *socket)
{
    int v6only = 0;

    if (address_is_ipv6(&socket->address))
        socket->v6only = option_get(socket->fd, IPPROTO_IPV6, IPV6_V6ONLY, &v6only) && v6only;
}

/* "sg.SOCKET", or "sg.SOCKET.DEVICE.INODE", with ".b" if it has the temporary name. */
static void make_label(struct socket *socket)
{
    struct stat st = {0};
    int used;

    fstat(socket->fd, &st); /* the inode of a socket is unique while it exists */
    used = snprintf(socket->label, sizeof(socket->label), LABEL_PREFIX "%jx", (uintmax_t)st.st_ino);
    if (socket->file.inode)
        snprintf(socket->label + used, sizeof(socket->label) - (size_t)used, ".%jx.%jx%s",
                 (uintmax_t)socket->file.device, (uintmax_t)socket->file.inode, socket->beside ? ".b" : "");
}

const char *socket_short_label(const struct socket *socket)
{
    return socket->owned && !path_is(&socket->address) ? LABEL_PREFIX : socket->label;
}

static bool has_prefix(const char *text, const char *prefix)
{
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

/* Normalises an address for comparison: zeroes the bytes after a path, and removes PATH_BESIDE, which the
 * kernel keeps in the name of a socket that was bound under the temporary name. */
static void trim_path(struct address *address, bool beside)
{
    size_t length = strnlen(address->un.sun_path, sizeof(address->un.sun_path));

    if (beside && length && address->un.sun_path[length - 1] == PATH_BESIDE)
        length--;
    memset(address->un.sun_path + length, 0, sizeof(address->un.sun_path) - length);
    address->length = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length + 1);
}

static void note_file(struct socket *socket)
{
    uintmax_t device = 0, inode = 0;
    char beside = '\0';

    if (!path_is(&socket->address) || !socket->owned)
        return;
    if (sscanf(socket->label, LABEL_PREFIX "%*x.%jx.%jx.%c", &device, &inode, &beside) >= 2)
        socket->file = (struct path_id){(dev_t)device, (ino_t)inode};
    else
        socket->file = path_inherited(socket->fd, &socket->address);
    if (beside == 'b')
        trim_path(&socket->address, true);
    socket->directory = path_directory(&socket->address);
}

static void note_address(struct socket *socket)
{
    struct sockaddr_storage bound = {0};
    socklen_t length = sizeof(bound);

    if (getsockname(socket->fd, (struct sockaddr *)&bound, &length) == 0)
        address_set(&socket->address, (const struct sockaddr *)&bound, length);
    if (path_is(&socket->address))
        trim_path(&socket->address, false);
}

/* Returns TRANSPORT_COUNT for any other kind of socket. */
static enum transport transport_of(int fd, int family)
{
    int type = 0, protocol = 0;

    if (!option_get(fd, SOL_SOCKET, SO_TYPE, &type) || !option_get(fd, SOL_SOCKET, SO_PROTOCOL, &protocol))
        return TRANSPORT_COUNT;
    if (family == AF_UNIX)
        return type == SOCK_STREAM  ? TRANSPORT_UNIX
               : type == SOCK_DGRAM ? TRANSPORT_UNIX_DGRAM
                                    : TRANSPORT_COUNT;
    if (family != AF_INET && family != AF_INET6)
        return TRANSPORT_COUNT;
    return type == SOCK_STREAM && protocol == IPPROTO_TCP  ? TRANSPORT_TCP
           : type == SOCK_DGRAM && protocol == IPPROTO_UDP ? TRANSPORT_UDP
                                                           : TRANSPORT_COUNT;
}

static bool is_own_label(const char *label)
{
    size_t digits =
        strspn(label + strlen(LABEL_PREFIX) * has_prefix(label, LABEL_PREFIX), "0123456789abcdef.");

    if (has_prefix(label, LABEL_PREFIX)) /* and not a unit with such a name */
        return strlen(label) <= strlen(LABEL_PREFIX) + digits;
    return has_prefix(label, LABEL_PREFIX_OLD);
}

static bool set_nonblocking(int fd)
{
    int flags = fcntl(fd, F_GETFL);

    return flags >= 0 && ((flags & O_NONBLOCK) || fcntl(fd, F_SETFL, flags | O_NONBLOCK) == 0);
}

struct socket *socket_inherit(int fd, const char *label)
{
    struct socket *socket = calloc(1, sizeof(*socket));

    if (!socket)
        return NULL;
    fcntl(fd, F_SETFD, FD_CLOEXEC);
    set_nonblocking(fd); /* accept(2) on an empty queue must not block the thread */
    socket->fd = fd;
    socket->inherited = true;
    socket->owned = is_own_label(label);
    socket->stored = socket->owned && notify_enabled();
    snprintf(socket->label, sizeof(socket->label), "%s", label);
    note_address(socket);
    socket->transport = transport_of(fd, socket->address.sa.sa_family);
    socket->observed = observe_prepared(fd, socket->transport);
    note_interface(socket);
    note_v6only(socket);
    note_file(socket);
    socket->broken = socket->transport != TRANSPORT_TCP && socket_is_shut(socket);
    return socket;
}

/* --- Creation --- */

/* The options of every socket, including inherited ones. Returns false with errno. */
static bool set_options(int fd, enum transport transport, const struct address *address)
{
    if (transport == TRANSPORT_UNIX_DGRAM) {
        option_set(fd, SOL_SOCKET, SO_SNDBUF, UNIX_SEND_BUFFER); /* limited to net.core.wmem_max */
        return option_set(fd, SOL_SOCKET, SO_PASSCRED, 1);       /* uid and pid of senders, for the log */
    }
    if (transport != TRANSPORT_UDP)
        return true;
    option_set(fd, SOL_SOCKET, SO_RCVBUF, UDP_RECEIVE_BUFFER); /* the kernel limits it to net.core.rmem_max */
    /* The destination address of datagrams, from which the answer has to leave; IPv4-mapped ones come with
     * IP_PKTINFO, too. */
    if (!option_set(fd, IPPROTO_IP, IP_PKTINFO, 1))
        return false;
    return !address_is_ipv6(address) || option_set(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1);
}

static bool set_bind_options(int fd, const struct wanted *wanted)
{
    const struct conf_listener *conf = wanted->conf;

    if (transport_is_unix(conf->transport))
        return true;
    /* A restart must not wait for connections in TIME_WAIT. With UDP it would let two programs share the
     * port. */
    if (conf->transport == TRANSPORT_TCP && !option_set(fd, SOL_SOCKET, SO_REUSEADDR, 1))
        return false;
    if (address_is_ipv6(&wanted->endpoint.address) &&
        !option_set(fd, IPPROTO_IPV6, IPV6_V6ONLY, !wanted->endpoint.dual_stack))
        return false;
    if (conf->free_bind && !option_set(fd, IPPROTO_IP, IP_FREEBIND, 1))
        return false;
    return *conf->interface == '\0' || setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, conf->interface,
                                                  (socklen_t)strlen(conf->interface) + 1) == 0;
}

/* A socket receives multicast datagrams only after joining the group (ip(7), ipv6(7)). */
static bool join_group(int fd, const struct wanted *wanted)
{
    const struct address *address = &wanted->endpoint.address;

    if (transport_is_unix(wanted->conf->transport) || address_scope(address) != ADDRESS_MULTICAST)
        return true;
    if (address_is_ipv6(address)) {
        unsigned scope = address->in6.sin6_scope_id;
        struct ipv6_mreq group = {address->in6.sin6_addr, scope ? scope : wanted->interface};

        return setsockopt(fd, IPPROTO_IPV6, IPV6_JOIN_GROUP, &group, sizeof(group)) == 0;
    } else {
        struct ip_mreqn group = {.imr_multiaddr = address->in.sin_addr,
                                 .imr_ifindex = (int)wanted->interface};

        return setsockopt(fd, IPPROTO_IP, IP_ADD_MEMBERSHIP, &group, sizeof(group)) == 0;
    }
}

static int bind_socket(struct socket *socket, const struct wanted *wanted, const char **step)
{
    const struct address *address = &wanted->endpoint.address;

    if (path_is(address))
        return path_bind(socket->fd, wanted->conf, address, socket->beside, &socket->file, step);
    *step = "bind";
    if (bind(socket->fd, &address->sa, address->length) < 0)
        return -errno;
    *step = "join the group of";
    return join_group(socket->fd, wanted) ? 0 : -errno;
}

static int new_descriptor(int family, enum transport transport)
{
    return socket(family, transport_socket_type(transport) | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
}

static int open_socket(struct socket *socket, const struct wanted *wanted, bool shared, const char **step)
{
    const struct address *address = &wanted->endpoint.address;

    *step = "create a socket for";
    socket->fd = new_descriptor(address->sa.sa_family, socket->transport);
    if (socket->fd < 0)
        return -errno;
    *step = "set the options of";
    if ((shared && !option_set(socket->fd, SOL_SOCKET, SO_REUSEPORT, 1)) ||
        !set_bind_options(socket->fd, wanted) || !set_options(socket->fd, wanted->conf->transport, address))
        return -errno;
    return bind_socket(socket, wanted, step);
}

int socket_make(const struct wanted *wanted, enum socket_sharing sharing, struct socket **made,
                const char **step)
{
    struct socket *socket = calloc(1, sizeof(*socket));
    int error;

    *step = "create a socket for";
    if (!socket)
        return -ENOMEM;
    socket->fd = -1;
    socket->owned = true;
    socket->transport = wanted->conf->transport;
    socket->beside = sharing == SOCKET_BESIDE;
    error = open_socket(socket, wanted, sharing == SOCKET_SHARED, step);
    if (error) {
        close_fd(&socket->fd);
        free(socket);
        return error;
    }
    socket->address = wanted->endpoint.address;
    if (path_is(&socket->address))
        socket->directory = path_directory(&socket->address);
    note_interface(socket);
    note_v6only(socket);
    make_label(socket);
    *made = socket;
    return 0;
}

void socket_free(struct socket *socket, bool keep)
{
    if (!socket)
        return;
    if (socket->owned && !keep && path_is(&socket->address))
        path_remove(&socket->address, socket->beside, &socket->file);
    if (socket->stored && !keep)
        notify_unstore(socket->label);
    close_fd(&socket->fd);
    free(socket);
}

/* --- While it serves --- */

int socket_share(struct socket *socket, bool share)
{
    socket->lent = false;
    return option_set(socket->fd, SOL_SOCKET, SO_REUSEPORT, share) ? 0 : -errno;
}

int socket_lend(struct socket *socket)
{
    int shared = 0, error;

    if (option_get(socket->fd, SOL_SOCKET, SO_REUSEPORT, &shared) && shared)
        return 0;
    error = socket_share(socket, true);
    socket->lent = error == 0;
    return error;
}

int socket_listen(const struct socket *socket, const struct conf_listener *conf)
{
    return !transport_is_stream(socket->transport) || listen(socket->fd, conf->backlog) == 0 ? 0 : -errno;
}

int socket_publish(struct socket *socket, const struct socket *old)
{
    int error = path_publish(&socket->address, &socket->file, old ? &old->file : NULL);

    if (error == 0)
        socket->beside = false;
    return error;
}

void socket_unpublish(struct socket *socket)
{
    path_unpublish(&socket->address);
    socket->beside = true;
}

int socket_apply_conf(struct socket *socket, const struct conf_listener *conf, const char **step)
{
    int error;

    *step = "set the options of";
    if (!set_nonblocking(socket->fd) || !set_options(socket->fd, conf->transport, &socket->address))
        return -errno;
    *step = "listen on";
    error = socket_listen(socket, conf);
    if (error || !socket->owned || !path_is(&socket->address))
        return error;
    *step = "set mode and owner of";
    return path_apply_conf(socket->fd, conf, &socket->address, &socket->file);
}

bool socket_is_of_other_user(const struct socket *socket)
{
    struct stat st;

    return fstat(socket->fd, &st) == 0 && st.st_uid != geteuid();
}

bool socket_is_shut(const struct socket *socket)
{
    struct pollfd state = {.fd = socket->fd, .events = POLLRDHUP};

    return poll(&state, 1, 0) == 1 && (state.revents & (POLLHUP | POLLRDHUP));
}

const char *socket_trouble(const struct socket *socket)
{
    char name[IF_NAMESIZE];

    if (socket->broken)
        return "a worker has shut it down";
    if (socket->interface && !if_indextoname(socket->interface, name))
        return "its interface is gone";
    if (socket->owned && path_is(&socket->address) &&
        !path_is_there(&socket->address, socket->beside, &socket->file))
        return "its path is gone, or belongs to another program";
    return NULL;
}

size_t socket_text(const struct socket *socket, char *text, size_t size)
{
    size_t used = address_text(&socket->address, text, size);

    if (socket->interface && used < size)
        used +=
            (size_t)snprintf(text + used, size - used, " on %s",
                             *socket->interface_name ? socket->interface_name : "an interface that is gone");
    return used < size ? used : size - 1;
}

void socket_observe(struct socket *socket, unsigned needs)
{
    observe_prepare(socket->fd, socket->transport, needs & ~socket->observed, true);
    observe_prepare(socket->fd, socket->transport, socket->observed & ~needs, false);
    socket->observed = needs & PLAN_SOCKET;
}
