/* SPDX-License-Identifier: MIT */
#include "base/address.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <stddef.h>
#include <string.h>

static struct address ip(const char *text, unsigned port)
{
    struct address address;
    struct sockaddr_in in = {.sin_family = AF_INET};
    struct sockaddr_in6 in6 = {.sin6_family = AF_INET6};

    if (inet_pton(AF_INET, text, &in.sin_addr) == 1) {
        address_set(&address, (const struct sockaddr *)&in, sizeof(in));
    } else {
        cr_assert_eq(inet_pton(AF_INET6, text, &in6.sin6_addr), 1);
        address_set(&address, (const struct sockaddr *)&in6, sizeof(in6));
    }
    address_set_port(&address, port);
    return address;
}

static const char *text_of(const struct address *address)
{
    static char text[ADDRESS_TEXT_MAX];

    cr_assert_eq(address_text(address, text, sizeof(text)), strlen(text));
    return text;
}

Test(address, prints_both_families)
{
    struct address v4 = ip("192.0.2.1", 80), v6 = ip("2001:db8::1", 80);

    cr_assert_str_eq(text_of(&v4), "192.0.2.1:80");
    cr_assert_str_eq(text_of(&v6), "[2001:db8::1]:80");
}

Test(address, prints_a_mapped_address_as_ipv4)
{
    struct address mapped = ip("::ffff:192.0.2.1", 7);

    cr_assert_str_eq(text_of(&mapped), "192.0.2.1:7");
    address_unmap(&mapped);
    cr_assert_eq(mapped.sa.sa_family, AF_INET);
    cr_assert_eq(address_port(&mapped), 7);
}

Test(address, prints_the_scope)
{
    struct address local = ip("fe80::1", 1);

    local.in6.sin6_scope_id = 1; /* lo, everywhere */
    cr_assert_str_eq(text_of(&local), "[fe80::1%lo]:1");
    local.in6.sin6_scope_id = 99999;
    cr_assert_str_eq(text_of(&local), "[fe80::1%99999]:1");
}

Test(address, knows_unix_paths_and_abstract_names)
{
    struct address path, name, unnamed = {.length = sizeof(sa_family_t), .sa = {.sa_family = AF_UNIX}};

    cr_assert(address_set_unix(&path, "/run/x.sock"));
    cr_assert_str_eq(text_of(&path), "/run/x.sock");
    cr_assert(address_set_unix(&name, "@greet"));
    cr_assert_eq(name.un.sun_path[0], '\0');
    cr_assert_eq(name.length, offsetof(struct sockaddr_un, sun_path) + 6);
    cr_assert_str_eq(text_of(&name), "@greet");
    cr_assert_str_eq(text_of(&unnamed), "");
    cr_assert_eq(address_port(&path), 0);
}

Test(address, escapes_what_a_client_chose_as_its_name)
{
    struct address name;

    cr_assert(address_set_unix(&name, "@a\nb"));
    cr_assert_str_eq(text_of(&name), "@a\\nb");
}

Test(address, refuses_paths_that_do_not_fit)
{
    struct address address;
    char path[109];

    memset(path, 'x', sizeof(path));
    path[108] = '\0';
    cr_assert(!address_set_unix(&address, path));
    path[107] = '\0';
    cr_assert(address_set_unix(&address, path));
    cr_assert(!address_set_unix(&address, ""));
    cr_assert(!address_set_unix(&address, "@"));
}

Test(address, never_writes_past_the_end)
{
    struct address v6 = ip("2001:db8:1111:2222:3333:4444:5555:6666", 65535);
    char text[ADDRESS_TEXT_MAX];

    for (size_t size = 1; size < 60; size++) {
        memset(text, 'x', sizeof(text));
        address_text(&v6, text, size);
        cr_assert_lt(strlen(text), size);
        cr_assert_eq(text[size], 'x');
    }
}

Test(address, compares_all_that_makes_an_endpoint)
{
    struct address a = ip("fe80::1", 80), b = a, c = ip("127.0.0.1", 80);

    cr_assert(address_equal(&a, &b));
    b.in6.sin6_scope_id = 2;
    cr_assert(!address_equal(&a, &b));
    b = a;
    address_set_port(&b, 81);
    cr_assert(!address_equal(&a, &b));
    cr_assert(!address_equal(&a, &c));
}

Test(address, classifies_the_address_space)
{
    static const struct {
        const char *text;
        enum address_scope scope;
    } cases[] = {
        {"0.0.0.0", ADDRESS_UNSPECIFIED},
        {"0.1.2.3", ADDRESS_UNSPECIFIED},
        {"127.0.0.1", ADDRESS_LOOPBACK},
        {"127.255.255.255", ADDRESS_LOOPBACK},
        {"10.1.2.3", ADDRESS_PRIVATE},
        {"172.16.0.1", ADDRESS_PRIVATE},
        {"172.31.255.255", ADDRESS_PRIVATE},
        {"172.32.0.1", ADDRESS_GLOBAL},
        {"192.168.1.1", ADDRESS_PRIVATE},
        {"100.64.0.1", ADDRESS_PRIVATE},
        {"100.128.0.1", ADDRESS_GLOBAL},
        {"169.254.1.1", ADDRESS_LINK_LOCAL},
        {"224.0.0.1", ADDRESS_MULTICAST},
        {"239.1.2.3", ADDRESS_MULTICAST},
        {"255.255.255.255", ADDRESS_BROADCAST},
        {"8.8.8.8", ADDRESS_GLOBAL},
        {"::", ADDRESS_UNSPECIFIED},
        {"::1", ADDRESS_LOOPBACK},
        {"fe80::1", ADDRESS_LINK_LOCAL},
        {"fc00::1", ADDRESS_PRIVATE},
        {"fd12::1", ADDRESS_PRIVATE},
        {"ff02::1", ADDRESS_MULTICAST},
        {"2001:db8::1", ADDRESS_GLOBAL},
        {"::ffff:10.0.0.1", ADDRESS_PRIVATE},
        {"::ffff:127.0.0.1", ADDRESS_LOOPBACK},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct address address = ip(cases[i].text, 1);

        cr_assert_eq(address_scope(&address), cases[i].scope, "%s", cases[i].text);
    }
}

Test(address, knows_any)
{
    struct address v4 = ip("0.0.0.0", 1), v6 = ip("::", 1), one = ip("::1", 1);

    cr_assert(address_is_any(&v4));
    cr_assert(address_is_any(&v6));
    cr_assert(!address_is_any(&one));
}

static bool is_autobound(const char *path)
{
    struct address address = {.length = sizeof(sa_family_t), .un.sun_family = AF_UNIX};

    cr_assert(!*path || address_set_unix(&address, path));
    return address_is_autobound(&address);
}

/* unix(7): an autobound name is NUL and five digits. */
Test(address, an_autobound_name_is_one_that_the_kernel_chose)
{
    cr_assert(is_autobound("@0000a"));
    cr_assert(is_autobound("@f1234"));
    cr_assert_not(is_autobound("@F1234"));
    cr_assert_not(is_autobound("@1234"));
    cr_assert_not(is_autobound("@12345 "));
    cr_assert_not(is_autobound("@12g45"));
    cr_assert_not(is_autobound("/tmp/a"));
    cr_assert_not(is_autobound(""));
}
