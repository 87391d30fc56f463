/* SPDX-License-Identifier: MIT */
#include "client/ask/places.h"

#include "client/errors.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static bool has_place(const struct places *places, const struct address *address, unsigned interface)
{
    for (size_t i = 0; i < places->count; i++)
        if (places->list[i].interface == interface && address_equal(&places->list[i].address, address))
            return true;
    return false;
}

static void add(struct places *places, const struct ifaddrs *interface, const struct address *address)
{
    struct place *place = &places->list[places->count];
    unsigned index = if_nametoindex(interface->ifa_name);

    if (index == 0 || has_place(places, address, index)) /* 0: it has just been removed */
        return;
    if (places->count == PLACES_MAX) {
        places->more = true;
        return;
    }
    *place = (struct place){.address = *address, .interface = index};
    strncpy(place->name, interface->ifa_name, sizeof(place->name) - 1);
    places->count++;
}

static void add_ipv4(struct places *places, const struct ifaddrs *interface, struct in_addr host,
                     unsigned port)
{
    const struct sockaddr_in in = {
        .sin_family = AF_INET, .sin_addr = host, .sin_port = htons((uint16_t)port)};
    struct address address;

    address_set(&address, (const struct sockaddr *)&in, sizeof(in));
    add(places, interface, &address);
}

/* 255.255.255.255 also reaches a server that is bound to it, and needs no broadcast address on the interface.
 */
static void add_broadcast(struct places *places, const struct ifaddrs *interface, unsigned port)
{
    const struct sockaddr_in *own = (const struct sockaddr_in *)(const void *)interface->ifa_broadaddr;

    add_ipv4(places, interface, (struct in_addr){htonl(INADDR_BROADCAST)}, port);
    if (own && own->sin_family == AF_INET && own->sin_addr.s_addr != htonl(INADDR_ANY))
        add_ipv4(places, interface, own->sin_addr, port);
}

static void add_all_nodes(struct places *places, const struct ifaddrs *interface, unsigned port)
{
    struct sockaddr_in6 in6 = {.sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port)};
    struct address address;

    in6.sin6_addr.s6_addr[0] = 0xff;
    in6.sin6_addr.s6_addr[1] = 0x02;
    in6.sin6_addr.s6_addr[15] = 0x01;
    in6.sin6_scope_id = if_nametoindex(interface->ifa_name);
    address_set(&address, (const struct sockaddr *)&in6, sizeof(in6));
    add(places, interface, &address);
}

static bool is_link_local(const struct ifaddrs *interface)
{
    const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)(const void *)interface->ifa_addr;

    return IN6_IS_ADDR_LINKLOCAL(&in6->sin6_addr);
}

static void add_of(struct places *places, const struct places_wanted *wanted, const struct ifaddrs *interface)
{
    int family = interface->ifa_addr->sa_family;

    if (wanted->family != AF_UNSPEC && wanted->family != family)
        return;
    if (family == AF_INET && interface->ifa_flags & IFF_BROADCAST)
        add_broadcast(places, interface, wanted->port);
    if (family == AF_INET6 && interface->ifa_flags & IFF_MULTICAST && is_link_local(interface))
        add_all_nodes(places, interface, wanted->port);
}

static bool is_at(const struct ifaddrs *interface, const struct address *wanted)
{
    struct address own;

    if (!interface->ifa_addr || interface->ifa_addr->sa_family != wanted->sa.sa_family)
        return false;
    if (wanted->sa.sa_family == AF_INET6)
        address_set(&own, interface->ifa_addr, sizeof(own.in6));
    else
        address_set(&own, interface->ifa_addr, sizeof(own.in));
    address_set_port(&own, address_port(wanted));
    return address_equal(&own, wanted);
}

/* The name of the only interface to use; NULL: all; "": none. */
static const char *only_interface(const struct dial_source *source, const struct ifaddrs *interfaces)
{
    if (source->interface[0])
        return source->interface;
    if (source->address.length == 0)
        return NULL;
    for (const struct ifaddrs *one = interfaces; one; one = one->ifa_next)
        if (is_at(one, &source->address))
            return one->ifa_name;
    return "";
}

bool places_choose(struct places *places, const struct places_wanted *wanted,
                   const struct ifaddrs *interfaces)
{
    const char *only = only_interface(wanted->source, interfaces);

    *places = (struct places){.list = calloc(PLACES_MAX + 1, sizeof(struct place))};
    if (!places->list)
        return false;
    for (const struct ifaddrs *one = interfaces; one; one = one->ifa_next)
        if (one->ifa_addr && one->ifa_flags & IFF_UP && one->ifa_flags & IFF_RUNNING &&
            (!only || strcmp(one->ifa_name, only) == 0))
            add_of(places, wanted, one);
    return true;
}

int places_find(struct places *places, const struct places_wanted *wanted, struct message *error)
{
    struct ifaddrs *interfaces;
    char words[ERRORS_MAX];
    bool chosen;

    *places = (struct places){0};
    if (getifaddrs(&interfaces) < 0) {
        errors_errno(words, sizeof(words), errno);
        return message_set(error, "cannot list the network interfaces: %s", words);
    }
    chosen = places_choose(places, wanted, interfaces);
    freeifaddrs(interfaces);
    return chosen ? 0 : message_set(error, "out of memory");
}

void places_free(struct places *places)
{
    free(places->list);
    *places = (struct places){0};
}
