/* SPDX-License-Identifier: MIT */
#include "client/ask/dial.h"
#include "client/errors.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <netdb.h>
#include <string.h>

static struct dial_source source;

static const char *words(int error)
{
    static char text[ERRORS_MAX];

    errors_dial(text, sizeof(text), &source, error);
    return text;
}

static void begin(const char *host)
{
    struct message error;

    source = (struct dial_source){0};
    if (*host)
        cr_assert_eq(dial_source_parse(&source, host, &error), 0);
}

Test(errors, an_address_of_another_machine)
{
    begin("192.0.2.250");
    cr_assert_str_eq(words(EADDRNOTAVAIL), "192.0.2.250 is not an address of this machine");
    source.port = 4000;
    cr_assert_str_eq(words(EADDRNOTAVAIL), "192.0.2.250 is not an address of this machine");
}

Test(errors, ports)
{
    begin("");
    cr_assert_str_eq(words(EADDRNOTAVAIL), "no free source port on this machine");
    source.port = 4000;
    cr_assert_str_eq(words(EADDRINUSE), "port 4000 of this machine is in use");
    cr_assert_str_eq(words(EADDRNOTAVAIL),
                     "port 4000 of this machine is in use by an earlier connection to the same server");
    cr_assert_str_eq(words(EACCES), "cannot create a socket: permission denied");
    source.port = 90;
    cr_assert_str_eq(words(EACCES), "port 90 needs the capability CAP_NET_BIND_SERVICE");
}

Test(errors, what_is_not_permitted)
{
    begin("");
    cr_assert_str_eq(words(EPERM), "cannot create a socket: operation not permitted");
    strcpy(source.interface, "eth0");
    cr_assert_str_eq(words(EPERM), "-I eth0 needs the capability CAP_NET_RAW");
    cr_assert_str_eq(words(ENODEV), "this machine no longer has the network interface eth0");
    source.mark = 7;
    cr_assert_str_eq(words(EPERM), "--mark needs the capability CAP_NET_ADMIN");
}

Test(errors, a_link_local_address_without_its_interface)
{
    begin("fe80::1");
    cr_assert_str_eq(words(EINVAL), "-I fe80::1 needs an interface, such as fe80::1%eth0");
    begin("");
    cr_assert_str_eq(words(EINVAL), "cannot create a socket: invalid argument");
}

Test(errors, a_socket_that_cannot_be_made)
{
    begin("");
    cr_assert_str_eq(words(EMFILE), "cannot create a socket: too many open files");
}

static const char *lookup_words(const char *host, int code, int family)
{
    static char text[ERRORS_MAX];

    errors_lookup(
        text, sizeof(text),
        &(struct errors_lookup){
            .host = host, .code = code, .error = EMFILE, .family = family, .nanoseconds = 1500000000});
    return text;
}

Test(errors, look_ups)
{
    cr_assert_str_eq(lookup_words("nosuch.invalid", EAI_NONAME, AF_UNSPEC), "no such host");
    cr_assert_str_eq(lookup_words("web.example", EAI_NODATA, AF_INET6), "no IPv6 address");
    cr_assert_str_eq(lookup_words("web.example", EAI_ADDRFAMILY, AF_INET), "no IPv4 address");
    cr_assert_str_eq(lookup_words("192.0.2.1", EAI_ADDRFAMILY, AF_INET6),
                     "this is an IPv4 address, but IPv6 was requested (-4, -6 or -I)");
    cr_assert_str_eq(lookup_words("fe80::1%nosuch0", EAI_NONAME, AF_UNSPEC),
                     "this machine has no network interface 'nosuch0'");
    cr_assert_str_eq(lookup_words("x", EAI_SERVICE, AF_UNSPEC), "no such service");
    cr_assert_str_eq(lookup_words("x", EAI_AGAIN, AF_UNSPEC), "the name service does not answer");
    cr_assert_str_eq(lookup_words("x", EAI_CANCELED, AF_UNSPEC), "the name service did not answer in 1.5 s");
    cr_assert_str_eq(lookup_words("x", EAI_SYSTEM, AF_UNSPEC),
                     "cannot look up the name: too many open files");
}

static const char *attempt_words(struct errors_attempt attempt)
{
    static char text[256];

    errors_attempt(text, sizeof(text), &attempt);
    return text;
}

#define WORDS(...) attempt_words((struct errors_attempt){__VA_ARGS__})

/* In which phase the time was over. */
Test(errors, times_that_are_over)
{
    cr_assert_str_eq(WORDS(.transport = TRANSPORT_TCP, .error = ETIMEDOUT, .total_ns = 1000000000),
                     "no answer to the connection request in 1.0 s (filtered, or no such host)");
    cr_assert_str_eq(WORDS(.transport = TRANSPORT_TCP, .error = ETIMEDOUT, .connected = true,
                           .connect_ns = 100000, .total_ns = 5000000000),
                     "connected in 0.1 ms, but no greeting in 5.0 s");
    cr_assert_str_eq(
        WORDS(.transport = TRANSPORT_UDP, .error = ETIMEDOUT, .connected = true, .total_ns = 50000000),
        "no answer in 50 ms (lost, filtered, or no server)");
    cr_assert_str_eq(WORDS(.transport = TRANSPORT_UNIX, .error = ETIMEDOUT, .total_ns = 300000000),
                     "the queue of the socket stayed full for 0.3 s");
}

Test(errors, what_came_instead_of_a_greeting)
{
    cr_assert_str_eq(WORDS(.transport = TRANSPORT_TCP, .error = ECONNREFUSED), "connection refused");
    cr_assert_str_eq(
        WORDS(.transport = TRANSPORT_TCP, .error = ECONNRESET, .connected = true, .connect_ns = 20000000),
        "connected in 20 ms, then reset before a greeting");
    cr_assert_str_eq(WORDS(.transport = TRANSPORT_TCP, .error = ECONNRESET, .connected = true, .length = 11),
                     "connection reset by peer after 11 bytes");
    cr_assert_str_eq(WORDS(.transport = TRANSPORT_UDP, .error = EACCES),
                     "blocked by a packet filter (administratively prohibited)");
    cr_assert_str_eq(WORDS(.transport = TRANSPORT_UNIX, .error = EACCES), "permission denied");
    cr_assert_str_eq(WORDS(.transport = TRANSPORT_UDP, .error = EPERM),
                     "blocked by a packet filter of this machine");
    cr_assert_str_eq(WORDS(.transport = TRANSPORT_TCP, .error = 9999), "unknown error");
}

/* A text too long for its place is cut, and ended. */
Test(errors, are_bounded)
{
    char text[12];

    errors_attempt(text, sizeof(text),
                   &(struct errors_attempt){.transport = TRANSPORT_TCP, .error = ETIMEDOUT});
    cr_assert_eq(strlen(text), sizeof(text) - 1);
    errors_errno(text, sizeof(text), ENAMETOOLONG);
    cr_assert_eq(strlen(text), sizeof(text) - 1);
}
