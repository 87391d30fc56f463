/* SPDX-License-Identifier: MIT */
#include "client/ask/places.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#define PORT 2000
#define ON   (IFF_UP | IFF_RUNNING | IFF_BROADCAST | IFF_MULTICAST)

/* The places must have interfaces that exist; there is always lo. */
struct entry {
    struct ifaddrs ifaddrs;
    struct address address, broadcast;
};

static struct entry entry(const char *address, const char *broadcast, unsigned flags)
{
    struct entry made = {.ifaddrs = {.ifa_name = (char *)(uintptr_t) "lo", .ifa_flags = flags}};
    struct sockaddr_in in = {.sin_family = AF_INET};
    struct sockaddr_in6 in6 = {.sin6_family = AF_INET6};

    if (inet_pton(AF_INET6, address, &in6.sin6_addr) == 1)
        address_set(&made.address, (struct sockaddr *)&in6, sizeof(in6));
    else if (inet_pton(AF_INET, address, &in.sin_addr) == 1)
        address_set(&made.address, (struct sockaddr *)&in, sizeof(in));
    if (broadcast && inet_pton(AF_INET, broadcast, &in.sin_addr) == 1)
        address_set(&made.broadcast, (struct sockaddr *)&in, sizeof(in));
    return made;
}

/* The places of some entries as text, joined by spaces. */
static const char *places_of(struct entry *entries, size_t count, int family,
                             const struct dial_source *source)
{
    static char all[1024];
    const struct places_wanted wanted = {.family = family, .source = source, .port = PORT};
    struct places places;

    for (size_t i = 0; i < count; i++) {
        entries[i].ifaddrs.ifa_next = i + 1 < count ? &entries[i + 1].ifaddrs : NULL;
        entries[i].ifaddrs.ifa_addr = entries[i].address.length ? &entries[i].address.sa : NULL;
        entries[i].ifaddrs.ifa_broadaddr = entries[i].broadcast.length ? &entries[i].broadcast.sa : NULL;
    }
    cr_assert(places_choose(&places, &wanted, &entries[0].ifaddrs));
    all[0] = '\0';
    for (size_t i = 0; i < places.count; i++) {
        char text[ADDRESS_TEXT_MAX];

        cr_assert_str_eq(places.list[i].name, "lo");
        cr_assert_eq(places.list[i].interface, if_nametoindex("lo"));
        address_text(&places.list[i].address, text, sizeof(text));
        snprintf(all + strlen(all), sizeof(all) - strlen(all), "%s%s", i ? " " : "", text);
    }
    places_free(&places);
    return all;
}

static const struct dial_source anywhere;

Test(places, broadcast_addresses_and_all_nodes)
{
    struct entry entries[] = {entry("10.0.0.1", "10.0.0.255", ON), entry("10.0.0.2", "10.0.0.255", ON),
                              entry("fe80::1", NULL, ON), entry("fe80::2", NULL, ON),
                              entry("2001:db8::1", NULL, ON)};

    cr_expect_str_eq(places_of(entries, 5, AF_UNSPEC, &anywhere),
                     "255.255.255.255:2000 10.0.0.255:2000 [ff02::1%lo]:2000");
    cr_expect_str_eq(places_of(entries, 5, AF_INET, &anywhere), "255.255.255.255:2000 10.0.0.255:2000");
    cr_expect_str_eq(places_of(entries, 5, AF_INET6, &anywhere), "[ff02::1%lo]:2000");
}

Test(places, none)
{
    struct entry entries[] = {
        entry("127.0.0.1", NULL, IFF_UP | IFF_RUNNING | IFF_LOOPBACK),
        entry("10.0.0.1", "10.0.0.255", ON & ~(unsigned)IFF_UP),
        entry("10.0.0.1", "10.0.0.255", ON & ~(unsigned)IFF_RUNNING),
        entry("2001:db8::1", NULL, ON),
        entry("fe80::1", NULL, ON & ~(unsigned)IFF_MULTICAST),
        entry("no address", NULL, ON),
    };

    cr_expect_str_eq(places_of(entries, 6, AF_UNSPEC, &anywhere), "");
}

Test(places, an_address_without_a_broadcast_address)
{
    struct entry none = entry("10.0.0.1", NULL, ON), zero = entry("10.0.0.1", "0.0.0.0", ON);

    cr_expect_str_eq(places_of(&none, 1, AF_UNSPEC, &anywhere), "255.255.255.255:2000");
    cr_expect_str_eq(places_of(&zero, 1, AF_UNSPEC, &anywhere), "255.255.255.255:2000");
}

Test(places, a_source_limits_them_to_its_interface)
{
    struct entry entries[] = {entry("10.0.0.1", "10.0.0.255", ON)};
    struct dial_source source = {.interface = "lo"};

    cr_expect_str_eq(places_of(entries, 1, AF_UNSPEC, &source), "255.255.255.255:2000 10.0.0.255:2000");
    strcpy(source.interface, "other");
    cr_expect_str_eq(places_of(entries, 1, AF_UNSPEC, &source), "");
    source = (struct dial_source){.address = entries[0].address};
    cr_expect_str_eq(places_of(entries, 1, AF_UNSPEC, &source), "255.255.255.255:2000 10.0.0.255:2000");
    source.address.in.sin_addr.s_addr = htonl(0x0a000002);
    cr_expect_str_eq(places_of(entries, 1, AF_UNSPEC, &source), "");
}
