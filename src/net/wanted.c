/* SPDX-License-Identifier: MIT */
#include "net/wanted.h"

#include "base/util.h"

#include <net/if.h>

/* A link-local address belongs to an interface, and the kernel binds the socket to that (ipv6(7)). */
static bool needs_scope(const struct address *address)
{
    const struct in6_addr *in6 = &address->in6.sin6_addr;

    return address_is_ipv6(address) &&
           (IN6_IS_ADDR_LINKLOCAL(in6) || IN6_IS_ADDR_MC_LINKLOCAL(in6) || IN6_IS_ADDR_MC_NODELOCAL(in6));
}

static bool has_ipv6(void)
{
    int fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    bool has = fd >= 0 || errno != EAFNOSUPPORT;

    close_fd(&fd);
    return has;
}

/* Changes a dual-stack wildcard to IPv4 only. */
static void leave_out_ipv6(struct conf_endpoint *endpoint)
{
    struct sockaddr_in any = {.sin_family = AF_INET, .sin_port = endpoint->address.in6.sin6_port};

    address_set(&endpoint->address, (const struct sockaddr *)&any, sizeof(any));
    endpoint->dual_stack = false;
}

struct wanted wanted_make(const struct conf_listener *conf, const struct conf_endpoint *endpoint)
{
    struct wanted wanted = {.conf = conf, .endpoint = *endpoint};
    struct sockaddr_in6 *in6 = &wanted.endpoint.address.in6;

    if (path_is(&endpoint->address))
        wanted.directory = path_directory(&endpoint->address);
    if (transport_is_unix(conf->transport))
        return wanted;
    if (endpoint->dual_stack && !has_ipv6())
        leave_out_ipv6(&wanted.endpoint);
    if (*conf->interface)
        wanted.interface = if_nametoindex(conf->interface);
    if (address_is_ipv6(&wanted.endpoint.address) && !needs_scope(&endpoint->address))
        in6->sin6_scope_id = 0; /* the kernel does not store it */
    if (!needs_scope(&endpoint->address))
        return wanted;
    if (in6->sin6_scope_id == 0)
        in6->sin6_scope_id = wanted.interface;
    if (!*conf->interface)
        wanted.interface = in6->sin6_scope_id;
    return wanted;
}
