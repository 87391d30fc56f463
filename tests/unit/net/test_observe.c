/* SPDX-License-Identifier: MIT */
#include "net/observe.h"

#include "service/service.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* SYNs as Linux sends them: MSS 1460, SACK, timestamps, NOP, window scale 7. */
static const uint8_t ipv4[] = {0x45, 0xb8, 0x00, 0x3c, 0x00, 0x00, 0x40, 0x00, 0x3e, 0x06, 0x00, 0x00,
                               192,  0,    2,    1,    198,  51,   100,  1,    0x9c, 0x40, 0x00, 0x50,
                               0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0xa0, 0xc2, 0xfa, 0xf0,
                               0x00, 0x00, 0x00, 0x00, 0x02, 0x04, 0x05, 0xb4, 0x04, 0x02, 0x08, 0x0a,
                               0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x01, 0x03, 0x03, 0x07};
static const uint8_t ipv6[] = {0x6b, 0x8a, 0xbc, 0xde, 0x00, 0x18, 0x06, 0x7f, 0,    0,    0,    0,    0,
                               0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    1,    0,    0,
                               0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0,
                               1,    0x9c, 0x40, 0x00, 0x50, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
                               0x60, 0x02, 0xfa, 0xf0, 0x00, 0x00, 0x00, 0x00, 0x02, 0x04, 0x05, 0xa0};

/* A copy of exactly this length, so that a sanitizer sees a read beyond it. */
static struct seen observed(const uint8_t *packet, size_t length)
{
    uint8_t *copy = malloc(length ? length : 1);
    struct seen seen;

    seen_begin(&seen);
    memcpy(copy, packet, length);
    observe_syn(copy, length, &seen);
    free(copy);
    return seen;
}

/* Port 80 of this address, and not a byte else: addresses are compared as bytes. */
static void assert_to(const struct seen *seen, int family, const uint8_t *ip, size_t length)
{
    struct peer_address expected;

    memset(&expected, 0, sizeof(expected));
    expected.family = (uint8_t)family;
    expected.port = 80;
    memcpy(expected.ip, ip, length);
    cr_assert_eq(memcmp(&seen->to, &expected, sizeof(expected)), 0);
}

/* Of each transport what it can keep, and nothing else. */
Test(observe, what_a_socket_keeps_is_known_again)
{
    int stream = socket(AF_INET, SOCK_STREAM, 0), dgram = socket(AF_INET6, SOCK_DGRAM, 0);

    cr_assert_eq(observe_prepared(stream, TRANSPORT_TCP), 0);
    cr_assert_eq(observe_prepared(dgram, TRANSPORT_UDP), 0);
    observe_prepare(stream, TRANSPORT_TCP, PLAN_SOCKET, true);
    observe_prepare(dgram, TRANSPORT_UDP, PLAN_SOCKET, true);
    cr_assert_eq(observe_prepared(stream, TRANSPORT_TCP), PLAN_PACKET | PLAN_INTERFACE);
    cr_assert_eq(observe_prepared(dgram, TRANSPORT_UDP), PLAN_PACKET | PLAN_STAMP);
    observe_prepare(stream, TRANSPORT_TCP, PLAN_PACKET, false);
    observe_prepare(dgram, TRANSPORT_UDP, PLAN_STAMP, false);
    cr_assert_eq(observe_prepared(stream, TRANSPORT_TCP), PLAN_INTERFACE);
    cr_assert_eq(observe_prepared(dgram, TRANSPORT_UDP), PLAN_PACKET);
    close(stream);
    close(dgram);
}

Test(observe, reads_when_a_datagram_came)
{
    struct {
        _Alignas(struct cmsghdr) char bytes[CMSG_SPACE(sizeof(struct timespec))];
    } control = {{0}};
    struct cmsghdr *message = (struct cmsghdr *)control.bytes;
    const struct timespec stamp = {951827696, 7654321};
    struct seen seen = {0};

    *message = (struct cmsghdr){
        .cmsg_len = CMSG_LEN(sizeof(stamp)), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_TIMESTAMPNS};
    memcpy(CMSG_DATA(message), &stamp, sizeof(stamp));
    observe_control(message, &seen);
    cr_assert_eq(seen.what, SEEN_STAMP);
    cr_assert_eq(seen.stamp, INT64_C(951827696007654321));
    seen = (struct seen){0};
    message->cmsg_len = CMSG_LEN(sizeof(stamp) - 1);
    observe_control(message, &seen);
    cr_assert_eq(seen.what, 0, "cut");
    message->cmsg_type = SCM_CREDENTIALS;
    observe_control(message, &seen);
    cr_assert_eq(seen.what, 0, "another one");
}

Test(observe, reads_a_syn_of_ipv4)
{
    struct seen seen = observed(ipv4, sizeof(ipv4));

    cr_assert_eq(seen.what, SEEN_TTL | SEEN_MSS | SEEN_SCALE | SEEN_SYN);
    cr_assert_eq(seen.ttl, 62);
    cr_assert_eq(seen.dscp, 46);
    cr_assert_eq(seen.ecn, 0);
    cr_assert(seen.asks_ecn);
    cr_assert_eq(seen.mss, 1460);
    cr_assert_eq(seen.window_scale, 7);
    cr_assert_str_eq(seen.options, "MSTNW");
    assert_to(&seen, AF_INET, ipv4 + 16, sizeof(struct in_addr));
}

Test(observe, reads_a_syn_of_ipv6)
{
    struct seen seen = observed(ipv6, sizeof(ipv6));

    cr_assert_eq(seen.what, SEEN_TTL | SEEN_FLOW | SEEN_MSS | SEEN_SYN);
    cr_assert_eq(seen.ttl, 127);
    cr_assert_eq(seen.dscp, 46);
    cr_assert_eq(seen.flow_label, 0xabcde);
    cr_assert_not(seen.asks_ecn);
    cr_assert_eq(seen.mss, 1440);
    cr_assert_str_eq(seen.options, "M");
    assert_to(&seen, AF_INET6, ipv6 + 24, sizeof(struct in6_addr));
}

/* An extension comes first, here a fragment's header. */
Test(observe, options_behind_an_extension_are_not_guessed)
{
    uint8_t packet[sizeof(ipv6)];

    memcpy(packet, ipv6, sizeof(packet));
    packet[6] = 44;
    cr_assert_eq(observed(packet, sizeof(packet)).what, SEEN_TTL | SEEN_FLOW);
}

/* Connections under SYN cookies have none. */
Test(observe, of_nothing_nothing_is_known)
{
    cr_assert_eq(observed(ipv4, 0).what, 0);
    cr_assert_eq(observed((const uint8_t[]){0x50, 0, 0}, 3).what, 0);
}

/* However it is cut, nothing is read beyond it, and nothing is made up. */
Test(observe, what_is_cut_is_not_known)
{
    for (size_t length = 0; length < sizeof(ipv4); length++)
        cr_assert_eq(observed(ipv4, length).what, length < 20 ? 0 : SEEN_TTL, "%zu", length);
    for (size_t length = 0; length < sizeof(ipv6); length++)
        cr_assert_eq(observed(ipv6, length).what, length < 40 ? 0 : SEEN_TTL | SEEN_FLOW, "%zu", length);
}

static struct seen with_options(const uint8_t *options, size_t length)
{
    uint8_t packet[100];

    memcpy(packet, ipv4, 40);
    packet[32] = (uint8_t)((20 + length) / 4 << 4);
    memcpy(packet + 40, options, length);
    return observed(packet, 40 + length);
}

Test(observe, options_end_where_they_are_wrong)
{
    cr_assert_str_eq(with_options((const uint8_t[]){1, 1, 0, 1}, 4).options, "NN");
    cr_assert_str_eq(with_options((const uint8_t[]){1, 2, 0, 1}, 4).options, "N");
    cr_assert_str_eq(with_options((const uint8_t[]){1, 2, 1, 1}, 4).options, "N");
    cr_assert_str_eq(with_options((const uint8_t[]){1, 1, 1, 2}, 4).options, "NNN");
    cr_assert_str_eq(with_options((const uint8_t[]){2, 9, 1, 1}, 4).options, "");
    cr_assert_str_eq(with_options((const uint8_t[]){99, 3, 7, 1}, 4).options, "?N");
    cr_assert_eq(with_options((const uint8_t[]){2, 3, 7, 1}, 4).what, SEEN_TTL | SEEN_SYN,
                 "an MSS of a byte");
}

Test(observe, as_many_options_as_there_can_be)
{
    uint8_t many[40];

    memset(many, 1, sizeof(many));
    cr_assert_eq(strlen(with_options(many, sizeof(many)).options), 40);
}

Test(observe, hops_are_guessed_from_the_usual_limits)
{
    cr_assert_eq(seen_hops(64), 0);
    cr_assert_eq(seen_hops(62), 2);
    cr_assert_eq(seen_hops(127), 1);
    cr_assert_eq(seen_hops(250), 5);
    cr_assert_eq(seen_hops(0), 64);
}
