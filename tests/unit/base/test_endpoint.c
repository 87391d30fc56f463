/* SPDX-License-Identifier: MIT */
#include "base/endpoint.h"
#include "base/message.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

static struct endpoint parsed(const char *text)
{
    struct endpoint endpoint;
    struct message error = {0};

    cr_assert_eq(endpoint_parse(text, &endpoint, &error), 0);
    return endpoint;
}

static void assert_error(const char *text, const char *expected)
{
    struct endpoint endpoint;
    struct message error = {0};

    cr_assert_eq(endpoint_parse(text, &endpoint, &error), -1);
    cr_assert_str_eq(error.text, expected);
}

static void assert_inet(const char *text, enum transport transport, const char *host, const char *port)
{
    struct endpoint endpoint = parsed(text);

    cr_assert_eq(endpoint.transport, transport);
    cr_assert_str_eq(endpoint.host, host);
    cr_assert_str_eq(endpoint.port, port);
    cr_assert_str_eq(endpoint.path, "");
}

Test(endpoint, host_alone_means_tcp_and_the_default_port)
{
    struct endpoint endpoint = parsed("localhost");

    assert_inet("localhost", TRANSPORT_TCP, "localhost", "12345");
    cr_assert_eq(endpoint.transport_given, false);
    cr_assert_eq(endpoint.port_given, false);
}

Test(endpoint, host_and_port)
{
    assert_inet("192.0.2.1:80", TRANSPORT_TCP, "192.0.2.1", "80");
    assert_inet("a.example:qotd", TRANSPORT_TCP, "a.example", "qotd");
    assert_inet("a.example.:65535", TRANSPORT_TCP, "a.example.", "65535");
    assert_inet("3232235777:1", TRANSPORT_TCP, "3232235777", "1");
    cr_assert_eq(parsed("a:1").port_given, true);
}

Test(endpoint, ipv6)
{
    assert_inet("::1", TRANSPORT_TCP, "::1", "12345");
    assert_inet("2001:db8::7", TRANSPORT_TCP, "2001:db8::7", "12345");
    assert_inet("::ffff:192.0.2.1", TRANSPORT_TCP, "::ffff:192.0.2.1", "12345");
    assert_inet("fe80::1%eth0", TRANSPORT_TCP, "fe80::1%eth0", "12345");
    assert_inet("[::1]", TRANSPORT_TCP, "::1", "12345");
    assert_inet("[::1]:80", TRANSPORT_TCP, "::1", "80");
    assert_inet("[fe80::1%eth0]:80", TRANSPORT_TCP, "fe80::1%eth0", "80");
}

/* The fuzzer found an address that was printed as something which is not read again. */
Test(endpoint, an_interface_has_no_name_that_could_end_the_brackets)
{
    static const char *const bad[] = {"fe80::1%a]", "fe80::1%a]:80", "fe80::1%a:b", "fe80::1%[", "fe80::1%"};

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct endpoint endpoint;
        struct message error;

        cr_expect_eq(endpoint_parse(bad[i], &endpoint, &error), -1, "%s", bad[i]);
    }
    assert_inet("fe80::1%0123456789-_.ab", TRANSPORT_TCP, "fe80::1%0123456789-_.ab", "12345");
}

Test(endpoint, named_transports)
{
    assert_inet("tcp://a", TRANSPORT_TCP, "a", "12345");
    assert_inet("udp://a:9", TRANSPORT_UDP, "a", "9");
    assert_inet("udp://[::1]:9", TRANSPORT_UDP, "::1", "9");
    assert_inet("UDP://::1", TRANSPORT_UDP, "::1", "12345");
    cr_assert_eq(parsed("tcp://a").transport_given, true);
}

Test(endpoint, urls_may_end_in_a_slash)
{
    assert_inet("tcp://a/", TRANSPORT_TCP, "a", "12345");
    assert_inet("tcp://a:1/", TRANSPORT_TCP, "a", "1");
    assert_inet("udp://[::1]:9/", TRANSPORT_UDP, "::1", "9");
    assert_error("tcp:///",
                 "\"tcp:///\": nothing may follow HOST or HOST:PORT; a path is written unix:PATH or "
                 "unix-dgram:PATH");
    assert_error("a:1/", "\"a:1/\": the port must be a number from 1 to 65535 or the name of a service");
    assert_error("tcp://a:1//",
                 "\"tcp://a:1//\": the port must be a number from 1 to 65535 or the name of a service");
}

/* RFC 6874 */
Test(endpoint, the_percent_sign_of_an_interface_may_be_escaped)
{
    assert_inet("tcp://[fe80::1%25eth0]:80", TRANSPORT_TCP, "fe80::1%eth0", "80");
    assert_inet("[fe80::1%25eth0]", TRANSPORT_TCP, "fe80::1%eth0", "12345");
    assert_inet("fe80::1%25eth0", TRANSPORT_TCP, "fe80::1%eth0", "12345");
    assert_inet("fe80::1%25", TRANSPORT_TCP, "fe80::1%25", "12345");
    assert_inet("fe80::1%257", TRANSPORT_TCP, "fe80::1%257", "12345");
    assert_inet("a%25b", TRANSPORT_TCP, "a%25b", "12345");
}

Test(endpoint, forms_of_other_tools_are_errors_that_say_ours)
{
    assert_error("@a", "\"@a\": a host name does not begin with @; an abstract Unix socket is written "
                       "unix:@NAME");
    assert_error("a#53", "\"a#53\": a port is written HOST:PORT, not HOST#PORT");
}

/* A locale may have other pairs of letters: in Turkish, "I" is not the capital of "i". */
Test(endpoint, schemes_in_any_case)
{
    cr_assert_str_eq(parsed("UNIX:/x").path, "/x");
    cr_assert_eq(parsed("UNIX-DGRAM:/x").transport, TRANSPORT_UNIX_DGRAM);
    assert_inet("Tcp://a", TRANSPORT_TCP, "a", "12345");
}

Test(endpoint, the_daemons_words_are_hosts)
{
    assert_inet("*:80", TRANSPORT_TCP, "*", "80");
    assert_inet("udp://<broadcast>:80", TRANSPORT_UDP, "<broadcast>", "80");
}

Test(endpoint, unix_paths)
{
    struct endpoint stream = parsed("unix:/run/a:b.sock");
    struct endpoint datagram = parsed("unix-dgram:@name");

    cr_assert_eq(stream.transport, TRANSPORT_UNIX);
    cr_assert_eq(stream.transport_given, true);
    cr_assert_str_eq(stream.path, "/run/a:b.sock");
    cr_assert_str_eq(stream.host, "");
    cr_assert_str_eq(stream.port, "");
    cr_assert_eq(datagram.transport, TRANSPORT_UNIX_DGRAM);
    cr_assert_str_eq(datagram.path, "@name");
}

Test(endpoint, longest_path)
{
    char text[5 + ENDPOINT_PATH_MAX + 2] = "unix:";

    memset(text + 5, 'p', ENDPOINT_PATH_MAX);
    cr_assert_eq(strlen(parsed(text).path), ENDPOINT_PATH_MAX);
    text[5 + ENDPOINT_PATH_MAX] = 'p';
    cr_assert_eq(endpoint_parse(text, &(struct endpoint){0}, &(struct message){0}), -1);
}

Test(endpoint, longest_host)
{
    char text[ENDPOINT_HOST_MAX + 2] = "";

    memset(text, 'h', ENDPOINT_HOST_MAX);
    cr_assert_eq(strlen(parsed(text).host), ENDPOINT_HOST_MAX);
    text[ENDPOINT_HOST_MAX] = 'h';
    cr_assert_eq(endpoint_parse(text, &(struct endpoint){0}, &(struct message){0}), -1);
}

Test(endpoint, errors_about_hosts)
{
    assert_error("", "\"\": the host is missing");
    assert_error(":80", "\":80\": the host is missing");
    assert_error("tcp://", "\"tcp://\": the host is missing");
    assert_error("a b", "\"a b\": a host is a name or an address in printable ASCII without spaces");
    assert_error("a\x1b[2J",
                 "\"a\\x1b[2J\": a host is a name or an address in printable ASCII without spaces");
    assert_error(
        "/run/x",
        "\"/run/x\": nothing may follow HOST or HOST:PORT; a path is written unix:PATH or unix-dgram:PATH");
}

Test(endpoint, errors_about_ports)
{
    static const char *const bad[] = {"a:",     "a:0",     "a:65536",   "a:-1",  "a:80x y",
                                      "[::1]:", "[::1]:0", "udp://a:0", "a: 80", "a:99999999999999999999"};

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        char expected[256];

        snprintf(expected, sizeof(expected),
                 "\"%s\": the port must be a number from 1 to 65535 or the name of a service", bad[i]);
        assert_error(bad[i], expected);
    }
}

Test(endpoint, errors_about_ipv6)
{
    assert_error("a:b:c",
                 "\"a:b:c\": neither HOST:PORT nor an IPv6 address; an IPv6 address with a port is written "
                 "[IPV6]:PORT");
    assert_error("[a]", "\"[a]\": the brackets must hold an IPv6 address");
    assert_error("[127.0.0.1]:80", "\"[127.0.0.1]:80\": the brackets must hold an IPv6 address");
    assert_error("[fe80::1%]", "\"[fe80::1%]\": the brackets must hold an IPv6 address");
    assert_error("[fe80::1%a-name-so-long-as]",
                 "\"[fe80::1%a-name-so-long-as]\": the brackets must hold an IPv6 address");
    assert_error("[::1", "\"[::1\": the closing bracket is missing; allowed: [IPV6] or [IPV6]:PORT");
    assert_error("::1]:80", "\"::1]:80\": the opening bracket is missing; allowed: [IPV6] or [IPV6]:PORT");
    assert_error("fe80::1%lo]:80",
                 "\"fe80::1%lo]:80\": the opening bracket is missing; allowed: [IPV6] or [IPV6]:PORT");
    assert_error("[::1]80", "\"[::1]80\": only :PORT may follow the closing bracket");
}

Test(endpoint, errors_about_the_rest)
{
    assert_error("unix:", "\"unix:\": the path of the socket is missing");
    assert_error("unix-dgram:@", "\"unix-dgram:@\": the path of the socket is missing");
    assert_error("http://a", "\"http://a\": the transport must be tcp://, udp://, unix: or unix-dgram:");
}

static struct endpoint parsed_local(const char *text)
{
    struct endpoint endpoint;
    struct message error = {0};

    cr_assert_eq(endpoint_parse_local(text, &endpoint, &error), 0, "%s", error.text);
    return endpoint;
}

/* "-l :2000" was an error, and "-l 2000" served the address 0.0.7.208. */
Test(endpoint, places_to_listen_at)
{
    static const char *const any[] = {":80", "*:80", "tcp://:80", "tcp://*:80", "udp://:80"};
    struct message error;

    for (size_t i = 0; i < sizeof(any) / sizeof(any[0]); i++) {
        struct endpoint endpoint = parsed_local(any[i]);

        cr_expect_str_eq(endpoint.host, "", "%s", any[i]);
        cr_expect_str_eq(endpoint.port, "80");
        cr_expect_eq(endpoint.transport, any[i][0] == 'u' ? TRANSPORT_UDP : TRANSPORT_TCP);
    }
    cr_expect_str_eq(parsed_local("*").host, "");
    cr_expect_str_eq(parsed_local("localhost").host, "localhost");
    cr_expect_str_eq(parsed_local("[::1]:80").host, "::1");
    cr_expect_str_eq(parsed_local("::1").host, "::1");
    cr_expect_str_eq(parsed_local("tcp://::").host, "::");
    cr_expect_str_eq(parsed_local("unix:/a").path, "/a");
    for (size_t i = 0; i < 2; i++) {
        const char *text = i ? "udp://2000" : "2000";

        cr_assert_eq(endpoint_parse_local(text, &(struct endpoint){0}, &error), -1);
        cr_expect(
            strstr(error.text, "could be a port or an address; a port on all addresses is written :PORT"));
    }
    cr_assert_eq(endpoint_parse_local(":70000", &(struct endpoint){0}, &error), -1);
}

Test(endpoint, ports)
{
    cr_assert_eq(endpoint_port_valid("1"), true);
    cr_assert_eq(endpoint_port_valid("65535"), true);
    cr_assert_eq(endpoint_port_valid("http-alt"), true);
    cr_assert_eq(endpoint_port_valid(""), false);
    cr_assert_eq(endpoint_port_valid("0"), false);
    cr_assert_eq(endpoint_port_valid("65536"), false);
    cr_assert_eq(endpoint_port_valid("-http"), false);
    cr_assert_eq(endpoint_port_valid("a-name-of-thirty-three-characters"), false);
}
