/* SPDX-License-Identifier: MIT */
#include "base/prefix.h"

#include <criterion/criterion.h>
#include <string.h>
#include <sys/socket.h>

static void assert_reads(const char *text, const char *expected, unsigned family, unsigned length)
{
    char found[PREFIX_TEXT_MAX];
    struct prefix prefix;
    struct message error;

    cr_assert_eq(prefix_parse(text, &prefix, &error), 0, "%s %s", text, error.text);
    cr_assert_str_eq(prefix_text(&prefix, found), expected);
    cr_assert_eq(prefix.family, family, "%s", text);
    cr_assert_eq(prefix.length, length, "%s", text);
}

static void assert_error(const char *text, const char *expected)
{
    struct prefix prefix;
    struct message error;

    cr_assert_eq(prefix_parse(text, &prefix, &error), -1, "%s", text);
    cr_assert_str_eq(error.text, expected, "%s: %s", text, error.text);
}

Test(prefix, networks_and_addresses)
{
    assert_reads("192.0.2.0/24", "192.0.2.0/24", AF_INET, 24);
    assert_reads("192.0.2.1", "192.0.2.1", AF_INET, 32);
    assert_reads("192.0.2.1/32", "192.0.2.1", AF_INET, 32);
    assert_reads("128.0.0.0/1", "128.0.0.0/1", AF_INET, 1);
    assert_reads("0.0.0.0/0", "0.0.0.0/0", AF_INET, 0);
    assert_reads("2001:DB8::/32", "2001:db8::/32", AF_INET6, 32);
    assert_reads("2001:db8::1", "2001:db8::1", AF_INET6, 128);
    assert_reads("2001:db8:0:0:0:0:0:0/127", "2001:db8::/127", AF_INET6, 127);
    assert_reads("::/0", "::/0", AF_INET6, 0);
}

Test(prefix, mapped_addresses_are_ipv4)
{
    assert_reads("::ffff:192.0.2.1", "192.0.2.1", AF_INET, 32);
    assert_reads("::ffff:192.0.2.0/120", "192.0.2.0/24", AF_INET, 24);
    assert_reads("::ffff:0:0/96", "0.0.0.0/0", AF_INET, 0);
    assert_reads("::fffe:0:0/95", "::fffe:0:0/95", AF_INET6, 95);
}

#define NEITHER                                                                               \
    "is not an IP address or network; allowed: for example \"192.0.2.1\", \"192.0.2.0/24\", " \
    "\"2001:db8::/32\""

Test(prefix, what_is_no_address)
{
    static const char *const texts[] = {"",
                                        "/",
                                        "/24",
                                        "192.0.2",
                                        "192.0.2/24",
                                        "192.0.2.256",
                                        "192.0.2.01",
                                        " 192.0.2.1",
                                        "192.0.2.1:80",
                                        "a.b",
                                        "[::1]",
                                        "fe80::1%lo",
                                        "2001:db8",
                                        "0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000"};

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        assert_error(texts[i], NEITHER);
}

Test(prefix, wrong_lengths)
{
    static const char *const lengths[] = {"33",  "-1",  "+1",        "024", "00", "", "255.255.255.0",
                                          " 24", "24 ", "4294967320"};

    for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
        char text[64] = "192.0.2.0/";

        assert_error(strcat(text, lengths[i]), "has a wrong prefix length; allowed: /0 to /32");
    }
    assert_error("2001:db8::/129", "has a wrong prefix length; allowed: /0 to /128");
    assert_error("2001:db8::/32::", "has a wrong prefix length; allowed: /0 to /128");
}

Test(prefix, bits_behind_the_prefix_are_refused_with_what_would_be_right)
{
    assert_error("192.0.2.1/24", "has host bits set; allowed: \"192.0.2.0/24\" for the network, "
                                 "\"192.0.2.1\" for the address");
    assert_error("128.0.0.0/0", "has host bits set; allowed: \"0.0.0.0/0\" for the network, "
                                "\"128.0.0.0\" for the address");
    assert_error("2001:db8::1/127", "has host bits set; allowed: \"2001:db8::/127\" for the network, "
                                    "\"2001:db8::1\" for the address");
    assert_error("::ffff:10.0.0.1/104", "has host bits set; allowed: \"10.0.0.0/8\" for the network, "
                                        "\"10.0.0.1\" for the address");
}

/* A network comes before what lies in it: the flattening of prefixes.c rests on that. */
Test(prefix, order)
{
    static const char *const sorted[] = {"0.0.0.0/0", "10.0.0.0/8",    "10.0.0.0/9",   "10.0.0.0",
                                         "10.0.0.1",  "10.128.0.0/9",  "192.0.2.0/24", "::/0",
                                         "::",        "2001:db8::/32", "2001:db8::/33"};
    struct prefix before = {0}, prefix;
    struct message error;

    for (size_t i = 0; i < sizeof(sorted) / sizeof(sorted[0]); i++) {
        cr_assert_eq(prefix_parse(sorted[i], &prefix, &error), 0);
        cr_assert_eq(prefix_compare(&prefix, &prefix), 0);
        cr_assert_lt(prefix_compare(&before, &prefix), 0, "%s", sorted[i]);
        before = prefix;
    }
}
