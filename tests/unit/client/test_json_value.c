/* SPDX-License-Identifier: MIT */
#include "client/report/json_value.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <stdlib.h>

/* A value as it is written, freed. */
static void expect(json_t *value, const char *expected)
{
    char *text = json_dumps(value, JSON_ENCODE_ANY | JSON_REAL_PRECISION(15));

    cr_assert_str_eq(text, expected);
    free(text);
    json_decref(value);
}

Test(json_value, bytes)
{
    expect(json_value_bytes("Gr\xc3\xbc\xc3\x9f"
                            "e\r\n",
                            9),
           "\"Gr\xc3\xbc\xc3\x9f"
           "e\\r\\n\"");
    expect(json_value_bytes("a\0b", 3), "\"a\\u0000b\"");
    expect(json_value_bytes("", 0), "\"\"");
    expect(json_value_bytes(NULL, 0), "null");
    expect(json_value_text("a\"\\"), "\"a\\\"\\\\\"");
    expect(json_value_text(NULL), "null");
}

Test(json_value, what_is_not_utf_8_is_replaced)
{
    expect(json_value_bytes("\xff"
                            "a\xc3",
                            3),
           "\"\xef\xbf\xbd"
           "a\xef\xbf\xbd\"");
    expect(json_value_bytes("\xed\xa0\x80", 3), "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"");
    expect(json_value_bytes("\xe6\xbc\xa2", 2), "\"\xef\xbf\xbd\xef\xbf\xbd\"");
    expect(json_value_bytes("\xef\xbf\xbf\xf4\x8f\xbf\xbf", 7), "\"\xef\xbf\xbf\xf4\x8f\xbf\xbf\"");
}

Test(json_value, milliseconds)
{
    expect(json_value_ms(0), "0.0");
    expect(json_value_ms(140000), "0.14");
    expect(json_value_ms(1), "1e-6");
    expect(json_value_ms(INT64_C(1000000123456)), "1000000.123456");
    expect(json_value_ms(-1), "null");
}

Test(json_value, timestamps)
{
    expect(json_value_timestamp(0), "\"1970-01-01T00:00:00.000000Z\"");
    expect(json_value_timestamp(INT64_C(1795850529000456789)), "\"2026-11-28T07:22:09.000456Z\"");
    expect(json_value_timestamp(INT64_C(1709164799999999999)), "\"2024-02-28T23:59:59.999999Z\"");
    expect(json_value_timestamp(-1), "null");
}

static void expect_address(const struct address *address, const char *endpoint, const char *host,
                           const char *family, const char *port)
{
    expect(json_value_endpoint(address), endpoint);
    expect(json_value_host(address), host);
    expect(json_value_family(address), family);
    expect(json_value_port(address), port);
}

Test(json_value, addresses)
{
    struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons(80), .sin_addr = {htonl(0xc0000201)}};
    struct sockaddr_in6 in6 = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
    struct address address, nameless = {.length = 0};

    address_set(&address, (const struct sockaddr *)&in, sizeof(in));
    expect_address(&address, "\"192.0.2.1:80\"", "\"192.0.2.1\"", "\"ipv4\"", "80");
    address_set(&address, (const struct sockaddr *)&in6, sizeof(in6));
    expect_address(&address, "\"[::1]:0\"", "\"::1\"", "\"ipv6\"", "0");
    address_set_unix(&address, "@\xff");
    expect_address(&address, "\"@\\\\xff\"", "\"@\\\\xff\"", "\"unix\"", "null");
    expect_address(&nameless, "null", "null", "null", "null");
    expect_address(NULL, "null", "null", "null", "null");
}
