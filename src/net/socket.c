/* SPDX-License-Identifier: MIT */
#include "net/socket.h"

#include "base/util.h"

#include <fcntl.h>
#include <libgen.h>
#include <linux/filter.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define UDP_RECEIVE_BUFFER (1024 * 1024) /* room for a burst while all threads are busy */

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

bool bind_matches(int fd, const struct conf_listener *conf, const struct conf_endpoint *endpoint)
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

/* What every socket needs, also an adopted one. Returns false with errno. */
static bool set_options(int fd, const struct conf_listener *conf, const struct address *address)
{
    bool udp = conf->transport == TRANSPORT_UDP;

    if (conf->transport == TRANSPORT_UNIX_DGRAM)
        return set_int(fd, SOL_SOCKET, SO_PASSCRED, 1); /* uid and pid of senders, for the log */
    if (!udp)
        return true;
    set_int(fd, SOL_SOCKET, SO_RCVBUF, UDP_RECEIVE_BUFFER); /* the kernel clips it to net.core.rmem_max */
    /* The address that was asked, so that the answer leaves from it: mapped addresses come with IP_PKTINFO
     * too. */
    if (!set_int(fd, IPPROTO_IP, IP_PKTINFO, 1))
        return false;
    return address->sa.sa_family != AF_INET6 || set_int(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1);
}

static bool set_bind_options(int fd, const struct conf_listener *conf, const struct conf_endpoint *endpoint)
{
    if (transport_is_unix(conf->transport))
        return true;
    /* A restart must not wait for connections in TIME_WAIT. With UDP it would let two programs share the
     * port. */
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

    snprintf(copy, sizeof(copy), "%s", path);
    mkdir(dirname(copy), 0755);
}

bool bind_is_path(const struct address *address)
{
    return address->sa.sa_family == AF_UNIX && address->un.sun_path[0] != '\0';
}

int bind_set_mode(const char *path, const struct conf_listener *conf)
{
    bool keep_owner = conf->owner_id == (uid_t)-1 && conf->group_id == (gid_t)-1;

    if (chmod(path, conf->mode_bits) < 0 || (!keep_owner && chown(path, conf->owner_id, conf->group_id) < 0))
        return -errno;
    return 0;
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
    errno = -bind_set_mode(path, conf);
    if (errno == 0)
        return true;
    bound = errno;
    unlink(path);
    errno = bound;
    return false;
}

static bool bind_address(int fd, const struct conf_listener *conf, const struct address *address)
{
    return bind_is_path(address) ? bind_unix_path(fd, conf, address)
                                 : bind(fd, &address->sa, address->length) == 0;
}

static bool bind_and_listen(int fd, const struct conf_listener *conf, const struct address *address,
                            const char **step)
{
    int error;

    *step = "bind";
    if (!bind_address(fd, conf, address))
        return false;
    *step = "listen";
    if (transport_socket_type(conf->transport) != SOCK_STREAM || listen(fd, conf->backlog) == 0)
        return true;
    error = errno;
    if (bind_is_path(address))
        unlink(address->un.sun_path);
    errno = error;
    return false;
}

int bind_new(const struct conf_listener *conf, const struct conf_endpoint *endpoint, bool shared,
             const char **step)
{
    int type = transport_socket_type(conf->transport) | SOCK_CLOEXEC | SOCK_NONBLOCK, error;
    int fd = socket(endpoint->address.sa.sa_family, type, 0);

    *step = "socket";
    if (fd < 0)
        return -errno;
    *step = "setsockopt";
    /* Later shards share the first one's port; the first is bound without, so that nobody else's is shared.
     */
    if ((!shared || set_int(fd, SOL_SOCKET, SO_REUSEPORT, 1)) && set_bind_options(fd, conf, endpoint) &&
        set_options(fd, conf, &endpoint->address) && bind_and_listen(fd, conf, &endpoint->address, step))
        return fd;
    error = -errno;
    close(fd);
    return error;
}

int bind_allow_sharing(int fd)
{
    return set_int(fd, SOL_SOCKET, SO_REUSEPORT, 1) ? 0 : -errno;
}

int bind_adopted(int fd, const struct conf_listener *conf, const struct address *address)
{
    bool stream = transport_socket_type(conf->transport) == SOCK_STREAM;
    int flags = fcntl(fd, F_GETFL);

    if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0 || fcntl(fd, F_SETFD, FD_CLOEXEC) < 0 ||
        !set_options(fd, conf, address) || (stream && listen(fd, conf->backlog) < 0))
        return -errno;
    set_int(fd, SOL_SOCKET, SO_DETACH_FILTER, 0); /* see bind_refuse_new(); there may be none */
    return 0;
}

void bind_refuse_new(int fd)
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

    setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program));
}
