/* SPDX-License-Identifier: MIT */
#include "client/ask/greeters.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

static struct greeter greeter(const char *address, unsigned scope, const char *name, int64_t ns)
{
    struct greeter made = {.ns = ns};
    struct sockaddr_in in = {.sin_family = AF_INET};
    struct sockaddr_in6 in6 = {.sin6_family = AF_INET6, .sin6_scope_id = scope};

    if (inet_pton(AF_INET6, address, &in6.sin6_addr) == 1)
        address_set(&made.address, (struct sockaddr *)&in6, sizeof(in6));
    else if (inet_pton(AF_INET, address, &in.sin_addr) == 1)
        address_set(&made.address, (struct sockaddr *)&in, sizeof(in));
    snprintf(made.identity.name, sizeof(made.identity.name), "%s", name);
    if (*name)
        strcpy(made.identity.boot_id, "boot");
    return made;
}

static void add(struct greeters *greeters, struct greeter one)
{
    cr_assert(greeters_add(greeters, &one));
}

/* "ADDRESS=NAME" of each, joined by spaces. */
static const char *all(const struct greeters *greeters)
{
    static char text[1024];

    text[0] = '\0';
    for (size_t i = 0; i < greeters->count; i++) {
        char host[ADDRESS_TEXT_MAX];

        address_host(&greeters->list[i].address, host, sizeof(host));
        snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s%s=%s", i ? " " : "", host,
                 greeters->list[i].identity.name);
    }
    return text;
}

Test(greeters, addresses_of_a_server_are_together)
{
    struct greeters greeters = {0};

    add(&greeters, greeter("2001:db8::1", 0, "a", 1));
    add(&greeters, greeter("10.0.0.2", 0, "b", 1));
    add(&greeters, greeter("10.0.0.10", 0, "a", 1));
    add(&greeters, greeter("2001:db8::3", 0, "c", 1));
    add(&greeters, greeter("10.0.0.9", 0, "a", 1));
    greeters_sort(&greeters);
    cr_expect_str_eq(all(&greeters), "10.0.0.2=b 10.0.0.9=a 10.0.0.10=a 2001:db8::1=a 2001:db8::3=c");
    cr_expect_eq(greeters.servers, 3);
    cr_expect_neq(greeters.list[0].server, greeters.list[1].server);
    cr_expect_eq(greeters.list[1].server, greeters.list[3].server);
    greeters_free(&greeters);
}

Test(greeters, servers_that_do_not_say_who_they_are_count_each)
{
    struct greeters greeters = {0};

    add(&greeters, greeter("10.0.0.2", 0, "", 1));
    add(&greeters, greeter("10.0.0.1", 0, "", 1));
    greeters_sort(&greeters);
    cr_expect_str_eq(all(&greeters), "10.0.0.1= 10.0.0.2=");
    cr_expect_eq(greeters.servers, 2);
    greeters_free(&greeters);
}

Test(greeters, the_first_answer_of_an_address_counts)
{
    struct greeters greeters = {0};

    add(&greeters, greeter("fe80::1", 1, "a", 5));
    add(&greeters, greeter("fe80::1", 1, "b", 7));
    add(&greeters, greeter("fe80::1", 2, "c", 7)); /* another link */
    cr_expect_eq(greeters.count, 2);
    cr_expect_eq(greeters.list[0].ns, 5);
    cr_expect_str_eq(greeters.list[0].identity.name, "a");
    greeters_free(&greeters);
}

Test(greeters, nobody)
{
    struct greeters greeters = {0};

    greeters_sort(&greeters);
    cr_expect_eq(greeters.servers, 0);
    greeters_free(&greeters);
}

Test(greeters, no_more_than_allowed)
{
    struct greeters greeters = {0};

    for (unsigned i = 0; i < GREETERS_MAX + 2; i++) {
        struct greeter one = greeter("10.0.0.0", 0, "", 1);

        cr_expect_eq(greeters.more, i > GREETERS_MAX);
        one.address.in.sin_addr.s_addr = htonl(0x0a000000 + i);
        add(&greeters, one);
    }
    cr_expect_eq(greeters.count, GREETERS_MAX);
    cr_expect(greeters.more);
    greeters_free(&greeters);
}
