/* SPDX-License-Identifier: MIT */
#include "listener.h"

#include "../common/util.h"
#include "log.h"

#include <fcntl.h>
#include <libgen.h>
#include <net/if.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <systemd/sd-daemon.h>

#define UDP_RECEIVE_BUFFER (1024 * 1024) /* room for a burst while all threads are busy */

static struct {
    int *fds; /* -1: adopted */
    size_t count;
} inherited;

int listener_inherit(void)
{
    int count = sd_listen_fds(1);

    if (count <= 0)
        return count;
    inherited.fds = calloc((size_t)count, sizeof(int));
    if (!inherited.fds)
        return -ENOMEM;
    for (int i = 0; i < count; i++)
        inherited.fds[inherited.count++] = SD_LISTEN_FDS_START + i;
    return 0;
}

static void close_inherited(void)
{
    for (size_t i = 0; i < inherited.count; i++)
        if (inherited.fds[i] >= 0) {
            log_warning("file descriptor %d passed by systemd belongs to no configured listener: closed",
                        inherited.fds[i]);
            close_fd(&inherited.fds[i]);
        }
    free(inherited.fds);
    inherited.fds = NULL;
    inherited.count = 0;
}

static bool get_int(int fd, int level, int option, int *value)
{
    return getsockopt(fd, level, option, value, &(socklen_t){sizeof(*value)}) == 0;
}

static bool set_int(int fd, int level, int option, int value)
{
    return setsockopt(fd, level, option, &value, sizeof(value)) == 0;
}

static bool same_interface(int fd, const char *interface)
{
    char name[IF_NAMESIZE] = "";

    if (getsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, name, &(socklen_t){sizeof(name)}) < 0)
        return *interface == '\0';
    return strcmp(name, interface) == 0;
}

/* Whether a passed socket is the one that the configuration means: type, address, v6only and interface. */
static bool matches(int fd, const struct conf_listener *conf, const struct conf_endpoint *endpoint)
{
    struct address bound = {.length = sizeof(bound.un)};
    int type = 0, v6only = 0;

    if (!get_int(fd, SOL_SOCKET, SO_TYPE, &type) || type != transport_socket_type(conf->transport) ||
        getsockname(fd, &bound.sa, &bound.length) < 0)
        return false;
    if (bound.sa.sa_family == AF_UNIX) {
        /* The length may or may not count the path's terminator: compare as text. */
        char a[ADDRESS_TEXT_MAX], b[ADDRESS_TEXT_MAX];

        address_text(&bound, a, sizeof(a));
        address_text(&endpoint->address, b, sizeof(b));
        return transport_is_unix(conf->transport) && *a && strcmp(a, b) == 0;
    }
    if (!address_equal(&bound, &endpoint->address) || !same_interface(fd, conf->interface))
        return false;
    return bound.sa.sa_family != AF_INET6 ||
           (get_int(fd, IPPROTO_IPV6, IPV6_V6ONLY, &v6only) && !v6only == endpoint->dual_stack);
}

static int adopt(const struct conf_listener *conf, const struct conf_endpoint *endpoint)
{
    for (size_t i = 0; i < inherited.count; i++)
        if (inherited.fds[i] >= 0 && matches(inherited.fds[i], conf, endpoint)) {
            int fd = inherited.fds[i];

            inherited.fds[i] = -1;
            return fd;
        }
    return -1;
}

/* What every socket needs, also an adopted one. Returns false with errno. */
static bool set_options(int fd, const struct conf_listener *conf, const struct address *address)
{
    bool udp = conf->transport == TRANSPORT_UDP;

    if (conf->transport == TRANSPORT_UNIX_DGRAM)
        return set_int(fd, SOL_SOCKET, SO_PASSCRED, 1); /* uid and pid of senders, for the log */
    if (!udp)
        return true;
    set_int(fd, SOL_SOCKET, SO_RCVBUF, UDP_RECEIVE_BUFFER); /* the kernel clips it to net.core.rmem_max */
    /* The address that was asked, so that the answer leaves from it: mapped addresses come with IP_PKTINFO too. */
    if (!set_int(fd, IPPROTO_IP, IP_PKTINFO, 1))
        return false;
    return address->sa.sa_family != AF_INET6 || set_int(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1);
}

static bool set_bind_options(int fd, const struct conf_listener *conf, const struct conf_endpoint *endpoint)
{
    if (transport_is_unix(conf->transport))
        return true;
    /* A restart must not wait for connections in TIME_WAIT. With UDP it would let two programs share the port. */
    if (conf->transport == TRANSPORT_TCP && !set_int(fd, SOL_SOCKET, SO_REUSEADDR, 1))
        return false;
    if (endpoint->address.sa.sa_family == AF_INET6 &&
        !set_int(fd, IPPROTO_IPV6, IPV6_V6ONLY, !endpoint->dual_stack))
        return false;
    if (conf->free_bind && !set_int(fd, IPPROTO_IP, IP_FREEBIND, 1))
        return false;
    return *conf->interface == '\0' || setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, conf->interface,
                                                  (socklen_t)strlen(conf->interface) + 1) == 0;
}

/* Removes the socket file of a server that is gone; anything that is not a socket, or that answers, stays. */
static void remove_stale(const struct address *address, int type)
{
    struct stat st;
    int fd;

    if (lstat(address->un.sun_path, &st) < 0 || !S_ISSOCK(st.st_mode))
        return;
    fd = socket(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return;
    if (connect(fd, &address->sa, address->length) < 0 && errno == ECONNREFUSED)
        unlink(address->un.sun_path);
    close(fd);
}

/* The directory a socket is made in may be missing where no unit's RuntimeDirectory= made it. */
static void make_directory(const char *path)
{
    char copy[sizeof(((struct sockaddr_un *)0)->sun_path)];

    strncpy(copy, path, sizeof(copy) - 1);
    copy[sizeof(copy) - 1] = '\0';
    mkdir(dirname(copy), 0755);
}

static bool is_path(const struct address *address)
{
    return address->sa.sa_family == AF_UNIX && address->un.sun_path[0] != '\0';
}

static bool bind_unix_path(int fd, const struct conf_listener *conf, const struct address *address)
{
    const char *path = address->un.sun_path;
    mode_t mask;
    int bound;

    make_directory(path);
    remove_stale(address, transport_socket_type(conf->transport));
    mask = umask(0177); /* nobody else connects before owner and mode are as configured */
    bound = bind(fd, &address->sa, address->length);
    umask(mask);
    if (bound < 0)
        return false;
    if (chmod(path, conf->mode_bits) == 0 &&
        ((conf->owner_id == (uid_t)-1 && conf->group_id == (gid_t)-1) ||
         chown(path, conf->owner_id, conf->group_id) == 0))
        return true;
    unlink(path);
    return false;
}

static bool bind_and_listen(int fd, const struct conf_listener *conf, const struct conf_endpoint *endpoint,
                            const char **step)
{
    *step = "bind";
    if (is_path(&endpoint->address) ? !bind_unix_path(fd, conf, &endpoint->address)
                                    : bind(fd, &endpoint->address.sa, endpoint->address.length) < 0)
        return false;
    *step = "listen";
    return transport_socket_type(conf->transport) != SOCK_STREAM || listen(fd, conf->backlog) == 0;
}

/* A new socket, bound and listening. Returns it, or -errno with the step that failed. */
static int open_socket(const struct conf_listener *conf, const struct conf_endpoint *endpoint, bool share,
                       const char **step)
{
    int type = transport_socket_type(conf->transport) | SOCK_CLOEXEC | SOCK_NONBLOCK, error;
    int fd = socket(endpoint->address.sa.sa_family, type, 0);

    *step = "socket";
    if (fd < 0)
        return -errno;
    *step = "setsockopt";
    /* Later shards share the first one's port; the first is bound without, so that nobody else's is shared. */
    if ((!share || set_int(fd, SOL_SOCKET, SO_REUSEPORT, 1)) && set_bind_options(fd, conf, endpoint) &&
        set_options(fd, conf, &endpoint->address) && bind_and_listen(fd, conf, endpoint, step)) {
        *step = "setsockopt";
        if (conf->transport != TRANSPORT_UDP || conf->shards == 1 || set_int(fd, SOL_SOCKET, SO_REUSEPORT, 1))
            return fd;
    }
    error = -errno;
    close(fd);
    return error;
}

/* The same socket option and backlog as a new one's, on an adopted one. */
static int prepare_adopted(int fd, const struct conf_listener *conf, const struct address *address)
{
    bool stream = transport_socket_type(conf->transport) == SOCK_STREAM;
    int flags = fcntl(fd, F_GETFL);

    if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0 || fcntl(fd, F_SETFD, FD_CLOEXEC) < 0 ||
        !set_options(fd, conf, address) || (stream && listen(fd, conf->backlog) < 0))
        return -errno;
    return fd;
}

static bool is_any(const struct conf_listener *conf, const struct address *address, bool broadcast)
{
    return !transport_is_unix(conf->transport) && (address_is_any(address) || broadcast);
}

static int open_shard(struct listener_set *set, const struct conf *conf, size_t index, const struct conf_endpoint *wanted,
                      bool share, const char **step)
{
    const struct conf_listener *listener = &conf->listeners[index];
    struct conf_endpoint endpoint = *wanted;
    struct listener_socket *s = &set->sockets[set->count];
    int fd = adopt(listener, &endpoint);
    bool adopted = fd >= 0;

    if (adopted) {
        *step = "adopt";
        fd = prepare_adopted(fd, listener, &endpoint.address);
    } else {
        fd = open_socket(listener, &endpoint, share, step);
    }
    if (fd == -EAFNOSUPPORT && endpoint.dual_stack) {
        struct sockaddr_in any = {.sin_family = AF_INET, .sin_port = endpoint.address.in6.sin6_port};

        address_set(&endpoint.address, (const struct sockaddr *)&any, sizeof(any));
        endpoint.dual_stack = false;
        fd = open_socket(listener, &endpoint, share, step);
    }
    if (fd < 0)
        return fd;
    *s = (struct listener_socket){.fd = fd, .index = (uint16_t)index, .conf = listener, .address = endpoint.address};
    s->any = is_any(listener, &endpoint.address, endpoint.broadcast);
    s->unlink_path = !adopted && is_path(&endpoint.address);
    set->count++;
    return 0;
}

static void report(const struct conf *conf, const struct conf_listener *listener, const struct address *address,
                   const char *step, int error)
{
    char where[ADDRESS_TEXT_MAX], place[256] = "";
    const char *hint = "";

    address_text(address, where, sizeof(where));
    if (conf->file && listener->line)
        snprintf(place, sizeof(place), "%s:%u: ", conf->file, listener->line);
    if (error == -EADDRINUSE)
        hint = ": another program listens there (ss -lntup shows which)";
    if (error == -EACCES && address_port(address) && address_port(address) < 1024)
        hint = ": ports under 1024 need CAP_NET_BIND_SERVICE";
    if (error == -EADDRNOTAVAIL)
        hint = ": no interface has this address (free_bind = true binds it all the same)";
    log_event(LOG_ERR, MESSAGE_LISTENER_FAILED,
              LOG_FIELDS("SOCKGREET_LISTENER", listener->name, "SOCKGREET_REASON", strerror(-error)),
              "%slisteners.%s: cannot %s %s: %s%s", place, listener->name, step, where, strerror(-error), hint);
}

static int open_endpoint(struct listener_set *set, const struct conf *conf, size_t index,
                         const struct conf_endpoint *endpoint)
{
    const struct conf_listener *listener = &conf->listeners[index];
    unsigned shards = listener->transport == TRANSPORT_UDP ? listener->shards : 1;

    for (unsigned shard = 0; shard < shards; shard++) {
        const char *step = "open";
        int error = open_shard(set, conf, index, endpoint, shard > 0, &step);

        if (error < 0) {
            report(conf, listener, &endpoint->address, step, error);
            return error;
        }
    }
    return 0;
}

static size_t count_sockets(const struct conf *conf)
{
    size_t count = 0;

    for (size_t i = 0; i < conf->listener_count; i++)
        count += conf->listeners[i].endpoint_count *
                 (conf->listeners[i].transport == TRANSPORT_UDP ? conf->listeners[i].shards : 1);
    return count;
}

int listener_open(struct listener_set *set, const struct conf *conf)
{
    int first = 0;

    set->count = 0;
    set->sockets = calloc(count_sockets(conf) + 1, sizeof(*set->sockets));
    if (!set->sockets)
        return -ENOMEM;
    for (size_t i = 0; i < conf->listener_count; i++)
        for (size_t j = 0; j < conf->listeners[i].endpoint_count; j++) {
            int error = open_endpoint(set, conf, i, &conf->listeners[i].endpoints[j]);

            first = first ? first : error;
        }
    close_inherited();
    if (first)
        listener_close(set);
    return first;
}

void listener_close(struct listener_set *set)
{
    for (size_t i = 0; i < set->count; i++) {
        if (set->sockets[i].unlink_path)
            unlink(set->sockets[i].address.un.sun_path);
        close_fd(&set->sockets[i].fd);
    }
    free(set->sockets);
    set->sockets = NULL;
    set->count = 0;
}
