/* SPDX-License-Identifier: MIT */
#include "net/socket.h"

#include "base/util.h"
#include "system/notify.h"

#include <fcntl.h>
#include <linux/filter.h>
#include <poll.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define UDP_RECEIVE_BUFFER (1024 * 1024) /* room for a burst while all threads are busy */
#define NO_INTERFACE       0x7ffffff0    /* an interface's index that there never is */
#define NO_PORT            1             /* a loopback port from which nobody sends */

/* Labels of our own: short, because systemd passes all of them in one variable of at most 128 KiB. A socket
 * with a file has its numbers in the label too. Version 0.1.0 wrote the second kind. */
#define LABEL_PREFIX     "sg."
#define LABEL_PREFIX_OLD "sockgreet/"

static bool get_int(int fd, int level, int option, int *value)
{
    return getsockopt(fd, level, option, value, &(socklen_t){sizeof(*value)}) == 0;
}

static bool set_int(int fd, int level, int option, int value)
{
    return setsockopt(fd, level, option, &value, sizeof(value)) == 0;
}

static bool is_ipv6(const struct address *address)
{
    return address->sa.sa_family == AF_INET6;
}

static bool is_stream(enum transport transport)
{
    return transport_socket_type(transport) == SOCK_STREAM;
}

/* --- Noting what it is --- */

/* A link-local address is one of its interface's, and the kernel binds the socket to that (ipv6(7)). */
static bool needs_scope(const struct address *address)
{
    const struct in6_addr *in6 = &address->in6.sin6_addr;

    return is_ipv6(address) &&
           (IN6_IS_ADDR_LINKLOCAL(in6) || IN6_IS_ADDR_MC_LINKLOCAL(in6) || IN6_IS_ADDR_MC_NODELOCAL(in6));
}

static bool has_ipv6(void)
{
    int fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    bool has = fd >= 0 || errno != EAFNOSUPPORT;

    close_fd(&fd);
    return has;
}

/* Any address of both families, where there is only one. */
static void leave_out_ipv6(struct conf_endpoint *endpoint)
{
    struct sockaddr_in any = {.sin_family = AF_INET, .sin_port = endpoint->address.in6.sin6_port};

    address_set(&endpoint->address, (const struct sockaddr *)&any, sizeof(any));
    endpoint->dual_stack = false;
}

struct socket_wanted socket_want(const struct conf_listener *conf, const struct conf_endpoint *endpoint)
{
    struct socket_wanted wanted = {.conf = conf, .endpoint = *endpoint};
    struct sockaddr_in6 *in6 = &wanted.endpoint.address.in6;

    if (transport_is_unix(conf->transport))
        return wanted;
    if (endpoint->dual_stack && !has_ipv6())
        leave_out_ipv6(&wanted.endpoint);
    if (*conf->interface)
        wanted.interface = if_nametoindex(conf->interface);
    if (is_ipv6(&wanted.endpoint.address) && !needs_scope(&endpoint->address))
        in6->sin6_scope_id = 0; /* the kernel does not keep it */
    if (!needs_scope(&endpoint->address))
        return wanted;
    if (in6->sin6_scope_id == 0)
        in6->sin6_scope_id = wanted.interface;
    if (!*conf->interface)
        wanted.interface = in6->sin6_scope_id;
    return wanted;
}

static void note_interface(struct socket *socket)
{
    int index = 0;

    /* The index, unlike the name, is known also when the interface is gone. */
    if (get_int(socket->fd, SOL_SOCKET, SO_BINDTOIFINDEX, &index))
        socket->interface = (unsigned)index;
    if (socket->interface && !if_indextoname(socket->interface, socket->interface_name))
        socket->interface_name[0] = '\0';
}

static void note_v6only(struct socket *socket)
{
    int v6only = 0;

    if (is_ipv6(&socket->address))
        socket->v6only = get_int(socket->fd, IPPROTO_IPV6, IPV6_V6ONLY, &v6only) && v6only;
}

/* "sg.SOCKET", or "sg.SOCKET.DEVICE.INODE", and ".b" where it was bound beside. */
static void make_label(struct socket *socket)
{
    struct stat st = {0};
    int used;

    fstat(socket->fd, &st); /* the number is the kernel's, and unique while the socket lives */
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

/* An address as it is compared: nothing follows the end of a path, and the mark of one that was bound beside
 * another, which the kernel keeps in the name, is gone. */
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

/* TRANSPORT_COUNT: none that is ours to serve. */
static enum transport transport_of(int fd, int family)
{
    int type = 0, protocol = 0;

    if (!get_int(fd, SOL_SOCKET, SO_TYPE, &type) || !get_int(fd, SOL_SOCKET, SO_PROTOCOL, &protocol))
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

static bool is_connected(const struct socket *socket)
{
    struct sockaddr_storage peer;

    return getpeername(socket->fd, (struct sockaddr *)&peer, &(socklen_t){sizeof(peer)}) == 0;
}

static bool is_own_label(const char *label)
{
    size_t digits =
        strspn(label + strlen(LABEL_PREFIX) * has_prefix(label, LABEL_PREFIX), "0123456789abcdef.");

    if (has_prefix(label, LABEL_PREFIX)) /* and not a unit that is called so */
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
    set_nonblocking(fd); /* a thread that tries it before anybody waits must not wait itself */
    socket->fd = fd;
    socket->inherited = true;
    socket->owned = is_own_label(label);
    socket->stored = socket->owned && notify_enabled();
    snprintf(socket->label, sizeof(socket->label), "%s", label);
    note_address(socket);
    socket->transport = transport_of(fd, socket->address.sa.sa_family);
    note_interface(socket);
    note_v6only(socket);
    note_file(socket);
    socket->broken = socket->transport != TRANSPORT_TCP && socket_is_shut(socket);
    /* A retired one, of a process that an upgrade replaces or that was killed. */
    socket->detached =
        socket->interface == NO_INTERFACE || (!is_stream(socket->transport) && is_connected(socket));
    return socket;
}

/* --- Comparing --- */

static unsigned mix(unsigned hash, const void *bytes, size_t count)
{
    const unsigned char *at = bytes;

    while (count--)
        hash = (hash ^ *at++) * 16777619u; /* FNV-1a */
    return hash;
}

static unsigned hash_of(enum transport transport, const struct address *address)
{
    unsigned hash = mix(2166136261u, &(int){transport}, sizeof(int));

    switch (address->sa.sa_family) {
    case AF_INET:
        hash = mix(hash, &address->in.sin_port, sizeof(address->in.sin_port));
        return mix(hash, &address->in.sin_addr, sizeof(address->in.sin_addr));
    case AF_INET6:
        hash = mix(hash, &address->in6.sin6_port, sizeof(address->in6.sin6_port));
        return mix(hash, &address->in6.sin6_addr, sizeof(address->in6.sin6_addr));
    default:
        return mix(hash, &address->sa, address->length);
    }
}

unsigned socket_hash(const struct socket *socket)
{
    return hash_of(socket->transport, &socket->address);
}

unsigned socket_wanted_hash(const struct socket_wanted *wanted)
{
    return hash_of(wanted->conf->transport, &wanted->endpoint.address);
}

/* An interface that is gone is not the same as none, nor as one that has its name again. */
static bool same_interface(const struct socket *socket, const struct socket_wanted *wanted)
{
    return socket->interface == wanted->interface && (wanted->interface || !*wanted->conf->interface);
}

bool socket_matches(const struct socket *socket, const struct socket_wanted *wanted)
{
    const struct conf_endpoint *endpoint = &wanted->endpoint;

    if (socket->detached || socket->broken || socket->transport != wanted->conf->transport ||
        !address_equal(&socket->address, &endpoint->address))
        return false;
    if (path_is(&socket->address))
        return !socket->owned || path_is_there(&socket->address, socket->beside, &socket->file);
    if (socket->address.sa.sa_family == AF_UNIX)
        return true;
    return same_interface(socket, wanted) &&
           (!is_ipv6(&socket->address) || socket->v6only != endpoint->dual_stack);
}

/* Which families a socket takes: bit 0 IPv4, bit 1 IPv6. */
static unsigned families(const struct address *address, bool v6only)
{
    if (!is_ipv6(address))
        return 1;
    return v6only || !address_is_any(address) ? 2 : 3;
}

static bool addresses_overlap(const struct socket *socket, const struct socket_wanted *wanted)
{
    const struct address *a = &socket->address, *b = &wanted->endpoint.address;

    if (address_port(a) != address_port(b) ||
        !(families(a, socket->v6only) & families(b, !wanted->endpoint.dual_stack)))
        return false;
    return address_is_any(a) || address_is_any(b) || address_equal(a, b);
}

bool socket_overlaps(const struct socket *socket, const struct socket_wanted *wanted)
{
    if (transport_is_unix(socket->transport) || socket->transport == TRANSPORT_COUNT)
        return path_is(&socket->address) && address_equal(&socket->address, &wanted->endpoint.address);
    if (socket->transport != wanted->conf->transport || !addresses_overlap(socket, wanted))
        return false;
    return !socket->interface || !wanted->interface || socket->interface == wanted->interface;
}

bool socket_is_covered(const struct socket *socket, const struct socket_wanted *wanted)
{
    const struct address *address = &wanted->endpoint.address;

    if (!socket_overlaps(socket, wanted) || (wanted->interface && wanted->interface != socket->interface) ||
        (families(&socket->address, socket->v6only) & ~families(address, !wanted->endpoint.dual_stack)))
        return false;
    return address_is_any(address) || address_equal(&socket->address, address);
}

/* --- Making --- */

/* What every socket needs, also an adopted one. Returns false with errno. */
static bool set_options(int fd, enum transport transport, const struct address *address)
{
    if (transport == TRANSPORT_UNIX_DGRAM)
        return set_int(fd, SOL_SOCKET, SO_PASSCRED, 1); /* uid and pid of senders, for the log */
    if (transport != TRANSPORT_UDP)
        return true;
    set_int(fd, SOL_SOCKET, SO_RCVBUF, UDP_RECEIVE_BUFFER); /* the kernel clips it to net.core.rmem_max */
    /* The address that was asked, so that the answer leaves from it: mapped addresses come with IP_PKTINFO
     * too. */
    if (!set_int(fd, IPPROTO_IP, IP_PKTINFO, 1))
        return false;
    return !is_ipv6(address) || set_int(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1);
}

static bool set_bind_options(int fd, const struct socket_wanted *wanted)
{
    const struct conf_listener *conf = wanted->conf;

    if (transport_is_unix(conf->transport))
        return true;
    /* A restart must not wait for connections in TIME_WAIT. With UDP it would let two programs share the
     * port. */
    if (conf->transport == TRANSPORT_TCP && !set_int(fd, SOL_SOCKET, SO_REUSEADDR, 1))
        return false;
    if (is_ipv6(&wanted->endpoint.address) &&
        !set_int(fd, IPPROTO_IPV6, IPV6_V6ONLY, !wanted->endpoint.dual_stack))
        return false;
    if (conf->free_bind && !set_int(fd, IPPROTO_IP, IP_FREEBIND, 1))
        return false;
    return *conf->interface == '\0' || setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, conf->interface,
                                                  (socklen_t)strlen(conf->interface) + 1) == 0;
}

/* A multicast address hears nothing before its group is joined (ip(7), ipv6(7)). */
static bool join_group(int fd, const struct socket_wanted *wanted)
{
    const struct address *address = &wanted->endpoint.address;

    if (transport_is_unix(wanted->conf->transport) || address_scope(address) != ADDRESS_MULTICAST)
        return true;
    if (is_ipv6(address)) {
        unsigned scope = address->in6.sin6_scope_id;
        struct ipv6_mreq group = {address->in6.sin6_addr, scope ? scope : wanted->interface};

        return setsockopt(fd, IPPROTO_IPV6, IPV6_JOIN_GROUP, &group, sizeof(group)) == 0;
    } else {
        struct ip_mreqn group = {.imr_multiaddr = address->in.sin_addr,
                                 .imr_ifindex = (int)wanted->interface};

        return setsockopt(fd, IPPROTO_IP, IP_ADD_MEMBERSHIP, &group, sizeof(group)) == 0;
    }
}

static int bind_socket(struct socket *socket, const struct socket_wanted *wanted, const char **step)
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

static int open_socket(struct socket *socket, const struct socket_wanted *wanted, bool shared,
                       const char **step)
{
    const struct address *address = &wanted->endpoint.address;

    *step = "make a socket for";
    socket->fd = new_descriptor(address->sa.sa_family, socket->transport);
    if (socket->fd < 0)
        return -errno;
    *step = "set the options of";
    if ((shared && !set_int(socket->fd, SOL_SOCKET, SO_REUSEPORT, 1)) ||
        !set_bind_options(socket->fd, wanted) || !set_options(socket->fd, wanted->conf->transport, address))
        return -errno;
    return bind_socket(socket, wanted, step);
}

int socket_make(const struct socket_wanted *wanted, enum socket_sharing sharing, struct socket **made,
                const char **step)
{
    struct socket *socket = calloc(1, sizeof(*socket));
    int error;

    *step = "make a socket for";
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

int socket_allow_sharing(const struct socket *socket, bool allow)
{
    return set_int(socket->fd, SOL_SOCKET, SO_REUSEPORT, allow) ? 0 : -errno;
}

int socket_listen(const struct socket *socket, const struct conf_listener *conf)
{
    return !is_stream(socket->transport) || listen(socket->fd, conf->backlog) == 0 ? 0 : -errno;
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

static bool set_least_ttl(const struct socket *socket, int ttl)
{
    return set_int(socket->fd, IPPROTO_IP, IP_MINTTL, ttl) &&
           (!is_ipv6(&socket->address) || set_int(socket->fd, IPPROTO_IPV6, IPV6_MINHOPCOUNT, ttl));
}

/* Drops every new connection attempt at a listening TCP socket; connections already made are not touched. */
static void refuse_new(struct socket *socket)
{
    /* A TCP segment is dropped if its SYN flag is set: the peer tries again, and finds the port closed then.
     */
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 13),
        BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, 0x02, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, 0),
        BPF_STMT(BPF_RET | BPF_K, UINT32_MAX),
    };
    struct sock_fprog program = {.len = ARRAY_SIZE(code), .filter = code};

    /* Without privilege a full limit on filters (net.core.bpf_jit_limit) is EPERM. Segments that have crossed
     * a router, or left with the usual TTL, can be refused all the same. */
    socket->filtered = setsockopt(socket->fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program)) == 0 ||
                       set_least_ttl(socket, 255);
}

/* Undoes that; there may be nothing to undo. */
static void accept_new(const struct socket *socket)
{
    set_int(socket->fd, SOL_SOCKET, SO_DETACH_FILTER, 0);
    set_least_ttl(socket, 0);
}

int socket_settle(struct socket *socket, const struct conf_listener *conf, const char **step)
{
    int error;

    *step = "set the options of";
    if (!set_nonblocking(socket->fd) || !set_options(socket->fd, conf->transport, &socket->address))
        return -errno;
    if (socket->owned && socket->transport == TRANSPORT_TCP)
        accept_new(socket);
    socket->filtered = false;
    *step = "listen on";
    error = socket_listen(socket, conf);
    if (error || !socket->owned || !path_is(&socket->address))
        return error;
    *step = "give mode and owner to";
    return path_settle(socket->fd, conf, &socket->address, &socket->file);
}

static bool connect_to(int fd, const struct sockaddr *sa, socklen_t length)
{
    return connect(fd, sa, length) == 0;
}

/* The kernel gives a datagram to a connected socket only if its sender is the peer. What is queued already
 * can still be read and answered. Which peer can be had depends on address, interface and families. */
static bool connect_away(int fd, const struct address *address)
{
    struct sockaddr_in ipv4 = {
        .sin_family = AF_INET, .sin_port = htons(NO_PORT), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct sockaddr_in6 ipv6 = {
        .sin6_family = AF_INET6, .sin6_port = htons(NO_PORT), .sin6_addr = IN6ADDR_LOOPBACK_INIT};
    struct sockaddr_in6 mapped = {
        .sin6_family = AF_INET6,
        .sin6_port = htons(NO_PORT),
        .sin6_addr = {{{[10] = 0xff, [11] = 0xff, [12] = IN_LOOPBACKNET, [15] = 1}}}};
    struct address own = *address;

    address_set_port(&own, NO_PORT);
    if (is_ipv6(address))
        return connect_to(fd, (struct sockaddr *)&ipv6, sizeof(ipv6)) ||
               connect_to(fd, (struct sockaddr *)&mapped, sizeof(mapped)) ||
               connect_to(fd, &own.sa, own.length);
    return connect_to(fd, (struct sockaddr *)&ipv4, sizeof(ipv4)) || connect_to(fd, &own.sa, own.length);
}

bool socket_can_be_detached(const struct socket *socket, bool privileged)
{
    return socket->owned && (socket->transport == TRANSPORT_UDP ||
                             (socket->transport == TRANSPORT_TCP && (privileged || !socket->interface)));
}

static bool detach(const struct socket *socket)
{
    if (socket->transport == TRANSPORT_UDP)
        return connect_away(socket->fd, &socket->address);
    /* Bound to an interface that does not exist it is never found for a new connection: the next socket that
     * has the address is, or the port is closed. Handshakes under way and the queue go on. */
    return set_int(socket->fd, SOL_SOCKET, SO_BINDTOIFINDEX, NO_INTERFACE);
}

void socket_retire(struct socket *socket)
{
    if (!socket->owned)
        return;
    if (path_is(&socket->address)) {
        path_remove(&socket->address, socket->beside, &socket->file);
        socket->detached = true;
    } else if (!transport_is_unix(socket->transport)) {
        socket->detached = detach(socket);
        if (!socket->detached && socket->transport == TRANSPORT_TCP)
            refuse_new(socket); /* not privileged to change its interface */
    }
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
        return "its path is gone or somebody else's";
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
