/* SPDX-License-Identifier: MIT */
#include "client/ask/addresses.h"

#include "base/util.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

/* How long the addresses of one family wait for those of the other. IPv6 comes first (RFC 8305, section 3);
 * IPv4 would not be tried before the second time is over anyway, even if IPv6 does not answer (section 5). */
#define IPV4_WAITS_NS (50 * NS_PER_MS)
#define IPV6_WAITS_NS (250 * NS_PER_MS)

enum query { QUERY_IPV6, QUERY_IPV4 };

static struct addrinfo hints_of(const struct addresses *addresses, int family)
{
    return (struct addrinfo){.ai_family = family,
                             .ai_socktype = transport_socket_type(addresses->endpoint->transport)};
}

/* The same word as in the daemon's configuration. */
static const char *host_of(const struct addresses *addresses)
{
    const char *host = addresses->endpoint->host;

    return strcmp(host, "<broadcast>") == 0 ? "255.255.255.255" : host;
}

static size_t length_of(const struct addrinfo *found)
{
    size_t length = 0;

    for (; found; found = found->ai_next)
        length++;
    return length;
}

/* Connecting a datagram socket sends nothing, but fails without a route (RFC 6724, section 5, rule 1). */
static bool is_routed(const struct addrinfo *found)
{
    int fd = socket(found->ai_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    bool routed = fd >= 0 && connect(fd, found->ai_addr, found->ai_addrlen) == 0;

    close_fd(&fd);
    return routed;
}

static bool has(const struct address *list, size_t count, const struct address *address)
{
    for (size_t i = 0; i < count; i++)
        if (address_equal(&list[i], address))
            return true;
    return false;
}

/* getaddrinfo repeats 127.0.0.1 if /etc/hosts has "::1 localhost", too. */
static void add(struct addresses *addresses, const struct addrinfo *found)
{
    struct address *next = &addresses->list[addresses->count];

    address_set(next, found->ai_addr, found->ai_addrlen);
    if (!has(addresses->list, addresses->count, next))
        addresses->count++;
}

static void interleave(struct addresses *addresses, const struct addrinfo *first,
                       const struct addrinfo *second)
{
    while (first) {
        const struct addrinfo *taken = first;

        add(addresses, taken);
        first = second ? second : taken->ai_next;
        second = second ? taken->ai_next : NULL;
    }
}

static bool differs(const struct addresses *addresses, const struct address *list, size_t count)
{
    if (addresses->count != count)
        return true;
    for (size_t i = 0; i < count; i++)
        if (!has(addresses->list, addresses->count, &list[i]))
            return true;
    return false;
}

static void use_found(struct addresses *addresses, const struct addrinfo *ipv6, const struct addrinfo *ipv4)
{
    bool ipv4_first = !ipv6 || (ipv4 && !is_routed(ipv6));
    struct address *old = addresses->list;
    size_t old_count = addresses->count;

    addresses->list = calloc(length_of(ipv6) + length_of(ipv4), sizeof(struct address));
    if (!addresses->list) {
        addresses->list = old;
        addresses->code = EAI_MEMORY;
        return;
    }
    addresses->count = 0;
    interleave(addresses, ipv4_first ? ipv4 : ipv6, ipv4_first ? ipv6 : ipv4);
    /* The second family of the first look-up is not a change. */
    addresses->changed =
        old ? addresses->look_ups > 1 && differs(addresses, old, old_count) : addresses->code != 0;
    addresses->code = 0;
    free(old);
}

static bool says_no_address(int code)
{
    return code == EAI_NONAME || code == EAI_NODATA || code == EAI_ADDRFAMILY;
}

/* The failure of a name server for one family is reported before a missing address of the other. */
static void use_failure(struct addresses *addresses)
{
    const struct addresses_query *ipv6 = &addresses->queries[QUERY_IPV6];
    const struct addresses_query *ipv4 = &addresses->queries[QUERY_IPV4];
    const struct addresses_query *decisive =
        ipv4->code == 0 || (says_no_address(ipv4->code) && ipv6->code != 0 && !says_no_address(ipv6->code))
            ? ipv6
            : ipv4;

    addresses->code = decisive->code;
    addresses->error = decisive->error;
}

static void set_found(struct addresses_query *query, struct addrinfo *found)
{
    if (query->found)
        freeaddrinfo(query->found);
    query->found = found;
}

static void stop_query(struct addresses_query *query)
{
    if (query->lookup) {
        loop_unwatch(query->addresses->loop, lookup_fd(query->lookup), &query->watch);
        lookup_abandon(query->lookup);
    }
    query->lookup = NULL;
}

/* A family that is still being looked up is reported later: the other one may not be reachable. */
static void finish(struct addresses *addresses)
{
    const struct addrinfo *ipv6 = addresses->queries[QUERY_IPV6].found;
    const struct addrinfo *ipv4 = addresses->queries[QUERY_IPV4].found;

    loop_unset(addresses->loop, &addresses->delay);
    addresses->late = !addresses->running;
    addresses->running = false;
    addresses->changed = false;
    addresses->took_ns = monotonic_ns() - addresses->started_ns;
    if (ipv6 || ipv4)
        use_found(addresses, ipv6, ipv4);
    else
        use_failure(addresses);
    addresses->found(addresses->context);
}

static void finish_query(struct addresses_query *query)
{
    struct lookup *lookup = query->lookup;
    struct addrinfo *found;

    loop_unwatch(query->addresses->loop, lookup_fd(lookup), &query->watch);
    query->lookup = NULL;
    query->code = lookup_finish(lookup, &found);
    query->error = errno;
    query->has_ended = true;
    set_found(query, found);
}

static void query_ended(void *context)
{
    struct addresses_query *query = context;
    struct addresses *addresses = query->addresses;
    int64_t wait_ns = query == &addresses->queries[QUERY_IPV6] ? IPV6_WAITS_NS : IPV4_WAITS_NS;

    finish_query(query);
    if (!addresses->running ||
        (!addresses->queries[QUERY_IPV6].lookup && !addresses->queries[QUERY_IPV4].lookup))
        finish(addresses);
    else if (query->found && !loop_set(addresses->loop, &addresses->delay, monotonic_ns() + wait_ns))
        finish(addresses);
}

static void delay_over(void *context)
{
    finish(context);
}

static void start_query(struct addresses *addresses, enum query which, int family)
{
    struct addresses_query *query = &addresses->queries[which];
    const struct addrinfo hints = hints_of(addresses, family);
    int error;

    if (query->lookup) /* the earlier look-up is still running */
        return;
    query->addresses = addresses;
    query->watch = (struct loop_watch){.ready = query_ended, .context = query};
    query->lookup = lookup_start(host_of(addresses), addresses->endpoint->port, &hints);
    error = query->lookup ? -loop_watch(addresses->loop, lookup_fd(query->lookup), EPOLLIN, &query->watch)
                          : errno;
    if (error == 0)
        return;
    stop_query(query);
    query->code = EAI_SYSTEM;
    query->error = error;
    query->has_ended = true;
}

static void look_up_unix(struct addresses *addresses)
{
    struct address *list = calloc(1, sizeof(struct address));

    addresses->running = false;
    if (list && address_set_unix(list, addresses->endpoint->path)) {
        free(addresses->list);
        addresses->list = list;
        addresses->count = 1;
        addresses->code = 0;
    } else {
        addresses->code = list ? EAI_NONAME : EAI_MEMORY;
        free(list);
    }
    addresses->found(addresses->context);
}

static bool look_up_number(struct addresses *addresses)
{
    const struct addrinfo hints = hints_of(addresses, addresses->family);
    struct addrinfo *found;

    if (lookup_numeric(host_of(addresses), addresses->endpoint->port, &hints, &found) != 0)
        return false;
    set_found(&addresses->queries[QUERY_IPV4], found);
    return true;
}

void addresses_open(struct addresses *addresses, struct loop *loop, const struct endpoint *endpoint,
                    int family, void (*found)(void *context), void *context)
{
    *addresses = (struct addresses){.loop = loop,
                                    .endpoint = endpoint,
                                    .family = family,
                                    .found = found,
                                    .context = context,
                                    .delay = {.due = delay_over, .context = addresses}};
}

void addresses_look_up(struct addresses *addresses)
{
    if (addresses->running)
        return;
    addresses->running = true;
    addresses->look_ups++;
    addresses->started_ns = monotonic_ns();
    for (size_t i = 0; i < ARRAY_SIZE(addresses->queries); i++)
        addresses->queries[i].code = 0;
    if (transport_is_unix(addresses->endpoint->transport)) {
        look_up_unix(addresses);
        return;
    }
    if (!look_up_number(addresses)) {
        if (addresses->family != AF_INET)
            start_query(addresses, QUERY_IPV6, AF_INET6);
        if (addresses->family != AF_INET6)
            start_query(addresses, QUERY_IPV4, AF_INET);
    }
    if (!addresses->queries[QUERY_IPV6].lookup && !addresses->queries[QUERY_IPV4].lookup)
        finish(addresses);
}

bool addresses_are_complete(const struct addresses *addresses)
{
    for (size_t i = 0; i < ARRAY_SIZE(addresses->queries); i++)
        if (addresses->queries[i].lookup && !addresses->queries[i].has_ended)
            return false;
    return true;
}

bool addresses_is_name(const struct addresses *addresses)
{
    const struct addrinfo hints = hints_of(addresses, AF_UNSPEC);
    struct addrinfo *found;

    if (transport_is_unix(addresses->endpoint->transport))
        return false;
    if (lookup_numeric(host_of(addresses), addresses->endpoint->port, &hints, &found) != 0)
        return true;
    freeaddrinfo(found);
    return false;
}

void addresses_close(struct addresses *addresses)
{
    for (size_t i = 0; i < ARRAY_SIZE(addresses->queries); i++) {
        stop_query(&addresses->queries[i]);
        set_found(&addresses->queries[i], NULL);
    }
    if (addresses->loop)
        loop_unset(addresses->loop, &addresses->delay);
    free(addresses->list);
    addresses->list = NULL;
    addresses->count = 0;
}
