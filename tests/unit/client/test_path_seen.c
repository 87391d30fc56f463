/* SPDX-License-Identifier: MIT */
#include "client/mode/path_seen.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

static struct path_seen seen;

static void parse(const char *greeting)
{
    path_seen_parse(&seen, greeting, strlen(greeting));
}

/* A greeting with the least that is enough, and these members. */
static void parse_with(const char *members)
{
    char greeting[1024];

    snprintf(greeting, sizeof(greeting),
             "{\"schema\":1,\"greeting\":\"\",\"client_address\":\"192.0.2.1\",\"client_port\":7%s%s}\n",
             *members ? "," : "", members);
    parse(greeting);
}

static const char *text_of(const struct address *address)
{
    static char text[ADDRESS_TEXT_MAX];

    address_text(address, text, sizeof(text));
    return text;
}

Test(path_seen, a_greeting)
{
    parse_with("\"server_address\":\"fe80::1%eth0\",\"server_port\":80,\"ttl\":62,\"dscp\":0,\"ecn\":\"ce\","
               "\"mss\":1360,\"path_mtu\":1500,\"rtt\":0.25,\"syn_options\":\"MSTNW\",\"proxied\":\"yes\","
               "\"proxy_address\":\"203.0.113.9\",\"instance\":\"web-1\"");
    cr_assert_eq(seen.says, PATH_SAYS_ENOUGH);
    cr_assert_str_eq(text_of(&seen.client), "192.0.2.1:7");
    cr_assert_str_eq(text_of(&seen.server), "[fe80::1]:80");
    cr_assert_str_eq(text_of(&seen.proxy), "203.0.113.9:0");
    cr_assert_eq(seen.proxied, 1);
    cr_assert_eq(seen.ttl, 62);
    cr_assert_eq(seen.dscp, 0);
    cr_assert_eq(seen.ecn, PATH_ECN_CE);
    cr_assert_eq(seen.mss, 1360);
    cr_assert_eq(seen.path_mtu, 1500);
    cr_assert_eq(seen.rtt_ms > 0.249 && seen.rtt_ms < 0.251, true);
    cr_assert_eq(seen.has_options, true);
    cr_assert_str_eq(seen.options, "MSTNW");
    cr_assert_str_eq(seen.instance, "web-1");
}

static void assert_nothing_else_known(void)
{
    cr_assert_eq(seen.says, PATH_SAYS_ENOUGH);
    cr_assert_eq(seen.server.length, 0);
    cr_assert_eq(seen.proxy.length, 0);
    cr_assert_eq(seen.proxied, -1);
    cr_assert_eq(seen.ttl, -1);
    cr_assert_eq(seen.dscp, -1);
    cr_assert_eq(seen.ecn, -1);
    cr_assert_eq(seen.mss, -1);
    cr_assert_eq(seen.path_mtu, -1);
    cr_assert_eq(seen.rtt_ms < 0, true);
    cr_assert_eq(seen.has_options, false);
}

Test(path_seen, what_is_missing_is_not_known)
{
    parse_with("");
    assert_nothing_else_known();
}

Test(path_seen, what_is_null_is_not_known)
{
    parse_with(
        "\"server_address\":null,\"server_port\":null,\"ttl\":null,\"dscp\":null,\"ecn\":\"\",\"mss\":null,"
        "\"path_mtu\":null,\"rtt\":null,\"syn_options\":\"\",\"proxied\":\"\",\"proxy_address\":\"\"");
    assert_nothing_else_known();
}

Test(path_seen, what_is_of_another_type_is_not_known)
{
    parse_with(
        "\"server_address\":80,\"server_port\":\"80\",\"ttl\":\"62\",\"dscp\":4.5,\"ecn\":1,\"mss\":[],"
        "\"path_mtu\":{},\"rtt\":\"1\",\"syn_options\":5,\"proxied\":true,\"proxy_address\":[\"::1\"]");
    assert_nothing_else_known();
}

Test(path_seen, what_is_out_of_range_is_not_known)
{
    parse_with("\"server_address\":\"::1\",\"server_port\":65536,\"ttl\":256,\"dscp\":64,\"ecn\":\"ect2\","
               "\"mss\":-1,\"path_mtu\":9223372036854775807,\"rtt\":1e300,\"syn_options\":\"MX\","
               "\"proxied\":\"maybe\",\"proxy_address\":\"::1::1\"");
    assert_nothing_else_known();
}

Test(path_seen, a_mapped_address_is_the_one_of_ipv4)
{
    parse_with("\"server_address\":\"::ffff:198.51.100.7\",\"server_port\":80");
    cr_assert_str_eq(text_of(&seen.server), "198.51.100.7:80");
}

Test(path_seen, a_name_is_bounded_and_printable)
{
    parse_with(
        "\"instance\":\"\\u001b[2J\\u202e0123456789012345678901234567890123456789012345678901234567890\"");
    cr_assert_str_eq(seen.instance, "\\x1b[2J\\xe2\\x80\\xae012345678");
}

Test(path_seen, more_options_than_a_header_has_are_none)
{
    parse_with("\"syn_options\":\"NNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNN\"");
    cr_assert_eq(seen.has_options, true);
    parse_with("\"syn_options\":\"NNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNN\"");
    cr_assert_eq(seen.has_options, false);
}

struct other {
    const char *greeting;
    enum path_says says;
};

Test(path_seen, what_is_no_such_greeting)
{
    static const struct other others[] = {
        {"", PATH_SAYS_NOTHING},
        {"Thank you for connecting\r\n", PATH_SAYS_NOTHING},
        {"{", PATH_SAYS_CUT},
        {"{\"schema\":1,\"greeting\":\"a", PATH_SAYS_CUT},
        {"{\"schema\":1,}", PATH_SAYS_NOTHING},
        {"{\"schema\":1,\"schema\":1,\"greeting\":\"\"}", PATH_SAYS_NOTHING},
        {"{} x", PATH_SAYS_NOTHING},
        {"{}", PATH_SAYS_OTHER},
        {"[]", PATH_SAYS_OTHER},
        {"{\"schema\":1}", PATH_SAYS_OTHER},
        {"{\"schema\":0,\"greeting\":\"\"}", PATH_SAYS_OTHER},
        {"{\"schema\":\"1\",\"greeting\":\"\"}", PATH_SAYS_OTHER},
        {"{\"schema\":2,\"greeting\":\"\"}", PATH_SAYS_LATER},
        {"{\"schema\":1,\"greeting\":\"\"}", PATH_SAYS_OTHER},
        {"{\"schema\":1,\"greeting\":\"\",\"client_address\":\"uid 0\",\"client_port\":null}",
         PATH_SAYS_OTHER},
    };

    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        parse(others[i].greeting);
        cr_assert_eq(seen.says, others[i].says, "%s", others[i].greeting);
        cr_assert_eq(seen.client.length, 0);
    }
}
